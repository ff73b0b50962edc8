"""The S3 server dies while a run publishes, and comes back: no release is lost or torn, and no reader sees half."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random

from flows.lake import keys
from flows.lake.lake import open_lake
from flows.maintenance import copy
from flows.monitoring.verify import verify
from flows.settings import Settings
from flows.storage.object_store import NotFound, Store
from flows.storage.open import open_store
from flows.warehouses.load import load
from schemas.errors import StandingsError
from tests.chaos import stores
from tests.chaos.reader import Parts, look, parts_of
from tests.chaos.tally import Tally
from tests.support import lakes

ROUNDS = 20
SERVERS: tuple[stores.Opener, ...] = (stores.ministack, stores.radosgw)
BUCKET = "lake"

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 22)
STAGES = {
    "parts": keys.PARTS,
    "manifest": keys.MANIFESTS,
    "pointer": keys.POINTER,
    "latest.json": keys.LATEST_MARK,
    "latest/": keys.LATEST,
}
"""Between the first part and the last object of `latest/`: what is written, in this order."""


def run(tally: Tally, rounds: int, random: Random, home: Path) -> None:
    # Warnings about simulated authors are no news here.
    logging.getLogger("standings").addHandler(logging.NullHandler())
    before, sound = _references(home)
    with stores.credentials():
        for opener in SERVERS:
            folder = home / opener.__name__
            folder.mkdir()
            try:
                with opener(folder) as server:
                    stores.make_bucket(server, BUCKET)
                    _rounds(Trial(tally, server, random, before, sound, folder), rounds)
            except stores.Absent as why:
                tally.note(f"not tried: {why}")


@dataclass(frozen=True)
class Trial:
    """One server's rounds. On disk, `before` is a lake with release 1, and `sound` what a sound run makes of it."""

    tally: Tally
    server: stores.Server
    random: Random
    before: Settings
    sound: Settings
    home: Path

    @property
    def releases(self) -> dict[str, Settings]:
        return {"release 1": self.before, "release 2": self.sound}

    def count(self, what: str, number: int = 1) -> None:
        self.tally.count(f"{self.server.name} {what}", number)

    def expect(self, sound: bool, what: str) -> None:
        self.tally.expect(sound, f"{self.server.name}, {what}")


def old() -> bytes:
    """The capture behind release 1."""
    return lakes.simulated(FIRST, date(2026, 3, 15), lakes.at(date(2026, 3, 16)))


def new() -> bytes:
    """A later capture: a week more, and days that were restated."""
    return lakes.simulated(date(2026, 3, 9), LAST, lakes.at(date(2026, 3, 28)))


def _references(home: Path) -> tuple[Settings, Settings]:
    """A lake on disk with release 1, and one with release 2 from a run that nothing disturbed."""
    before, sound = lakes.on_disk(home / "before"), lakes.on_disk(home / "sound")
    for settings, body in ((before, old()), (sound, old()), (sound, new())):
        lakes.land_bytes(settings, body, origin="simulated")
        lakes.publish(settings)
    return before, sound


def _rounds(trial: Trial, rounds: int) -> None:
    killed: Counter[str] = Counter()
    for number in range(1, rounds + 1):
        stage = trial.random.choice(list(STAGES))
        killed[stage] += _round(trial, number, stage)
    told = ", ".join(f"{stage} {killed[stage]}" for stage in STAGES)
    trial.tally.note(f"{trial.server.name} was killed while this was written: {told}")
    if trial.server.mended:
        trial.tally.note(f"{trial.server.name} itself left {trial.server.mended} objects half written")


def _round(trial: Trial, number: int, stage: str) -> bool:
    """Publishes while the server dies once; says whether it died in time."""
    place = f"round {number} ({stage})"
    settings = Settings(
        f"s3://{BUCKET}/{number:03}", trial.home / f"{number:03}.duckdb", s3=trial.server.options
    )
    for _ in copy(settings, trial.before.lake, settings.lake):
        pass
    lakes.land_bytes(settings, new(), origin="simulated")
    known = {name: parts_of(lakes.manifest_of(lake)) for name, lake in trial.releases.items()}
    reader = Reader(open_store(settings.lake, settings.s3), known)
    changed = len(known["release 2"].keys() - known["release 1"].keys())
    outage = Outage(trial.server, trial.random, stage, changed)
    outage.hook(open_lake(settings))
    reader.start()
    try:
        _publish(trial, settings, place)
    finally:
        outage.over()
        reader.stop()
    trial.count("kills", outage.happened)
    trial.count("whole reads", reader.whole)
    trial.count("reads that met no server", reader.unanswered)
    for problem in reader.problems:
        trial.tally.lose(f"{trial.server.name}, {place}: a reader was told: {problem}")
    _compare(trial, settings, place)
    trial.tally.say(f"{trial.server.name}, {place}: {reader.whole} whole reads, down {outage.seconds:.1f} s")
    return outage.happened


def _publish(trial: Trial, settings: Settings, place: str) -> None:
    """Publishes, and once more where the outage ended the run."""
    try:
        lakes.publish(settings)
        trial.count("rode out")
        return
    except StandingsError as error:
        trial.expect("\n" not in str(error), f"{place}: the error takes more than a line: {error}")
        trial.tally.say(f"{trial.server.name}, {place}: {error}")
    except Exception as error:
        trial.tally.lose(f"{trial.server.name}, {place}: the run ended with {type(error).__name__}: {error}")
    _wait_for(trial.server)
    trial.count("reruns")
    lakes.publish(replace(settings, warehouse=settings.warehouse.with_suffix(".again")))


def _compare(trial: Trial, settings: Settings, place: str) -> None:
    """Looks at the lake with fresh eyes: a client of its own, and no hook."""
    fresh = replace(settings, warehouse=settings.warehouse.with_suffix(".fresh"))
    equal = lakes.published_bytes(fresh) == lakes.published_bytes(trial.sound)
    trial.expect(equal, f"{place}: other bytes than a sound run's")
    load(fresh)
    wrong = list(verify(fresh))
    trial.expect(not wrong, f"{place}: verify says {wrong[:3]}")


def _wait_for(server: stores.Server) -> None:
    while not server.answers():
        time.sleep(0.05)


class Outage:
    """Kills a server at one of the writes of a stage, and starts it anew up to three seconds later.

    changed: how many partitions the release changes. One kill in four takes all that lies behind the server too.
    """

    def __init__(self, server: stores.Server, random: Random, stage: str, changed: int) -> None:
        self.happened = False
        self.seconds = 0.0
        self._server, self._prefix = server, STAGES[stage]
        # The mark is written before latest/ and after it.
        self._left = random.randint(1, {"parts": changed, "latest/": changed, "latest.json": 2}.get(stage, 1))
        # In the middle of the write rather than before it.
        self._delay, self.pause = random.choice([0, random.uniform(0, 0.02)]), random.uniform(0, 3)
        self._whole = random.random() < 0.25
        self._lock, self._thread = threading.Lock(), threading.Thread(target=self._happen)

    def hook(self, store: Store) -> None:
        """Makes every write of a store count; the store is this round's own."""
        for name in ("put", "put_once", "swap"):
            setattr(store, name, self._counting(getattr(store, name)))

    def over(self) -> None:
        """Returns once the server is up again."""
        if self.happened:
            self._thread.join()

    def _counting(self, write: Callable[..., object]) -> Callable[..., object]:
        def counted(key: str, *arguments: object) -> object:
            with self._lock:
                self._left -= key.startswith(self._prefix)
                due = not self.happened and self._left == 0
                self.happened |= due
            if due:
                self._thread.start()
            return write(key, *arguments)

        return counted

    def _happen(self) -> None:
        time.sleep(self._delay)
        down = time.monotonic()
        self._server.kill(self._whole)
        time.sleep(self.pause)
        self._server.start()
        self.seconds = time.monotonic() - down


class Reader(threading.Thread):
    """Reads the published release over and over, whole: its manifest, and every part against its digest.

    Unlike `tests.chaos.reader.Reader`, it takes a server that does not answer for what it is.
    """

    def __init__(self, store: Store, known: dict[str, Parts]) -> None:
        super().__init__()
        self.whole = self.unanswered = 0
        self.problems: list[str] = []
        self._store, self._known, self._end = store, known, threading.Event()

    def run(self) -> None:
        while not self._end.is_set():
            self.look()

    def look(self) -> None:
        """Reads once, and tells a server that does not answer from one that answers wrongly."""
        try:
            look(self._store, self._known)
            self.whole += 1
        except StandingsError as error:
            if is_outage(error):
                self.unanswered += 1
                time.sleep(0.1)
            else:
                self.problems.append(str(error))
        except Exception as error:
            # A mixture of releases, or what should have been told as a StandingsError.
            self.problems.append(f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        self._end.set()
        self.join()


def is_outage(error: StandingsError) -> bool:
    """Whether an error says that the server did not answer, or could not: nothing of what it holds."""
    from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError

    cause = error.__cause__
    if isinstance(error, NotFound) or isinstance(cause, FlexibleChecksumError):
        return False
    if isinstance(cause, ClientError):
        return cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return isinstance(cause, BotoCoreError)
