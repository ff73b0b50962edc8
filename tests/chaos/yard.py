"""Where the command line is tried: servers, a lake to start from, and runs that can be watched and killed."""

import multiprocessing
import os
import shutil
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qsl

from flows.lake.lake import open_lake
from flows.sample_api.server import Reply, SampleApi
from flows.settings import Settings, from_environment
from flows.storage.object_store import CONNECTIONS, Store
from tests.chaos.prefect_server import prefect_server
from tests.chaos.victim import LIGHT, LOG, PRELOADED, Event, Order
from tests.chaos.victim import run as victim
from tests.support import lakes, servers

SILENCE = 120.0
"""Seconds without a write after which a command is taken to hang."""

FIRST, SECOND, THIRD = date(2025, 3, 3), date(2025, 3, 10), date(2025, 3, 17)
LAST = date(2025, 3, 23)
EARLIER, LATER = lakes.at(date(2025, 3, 18)), lakes.at(date(2025, 3, 25))
"""When the base was captured, and when the source answers now."""

LONGEST = 14
"""Days that one request may span here, so that three weeks take two requests."""

# boto3 would look for credentials, and Great Expectations and Prefect would report that they were used.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}

Query = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Case:
    command: str
    backend: str

    def __str__(self) -> str:
        return f"{self.command} on {self.backend}"


CASES = tuple(
    Case(command, backend) for backend in ("file", "s3") for command in ("ingest", "weekly", "backfill")
)


@dataclass(frozen=True)
class Yard:
    """What all rounds share. base: a folder with a lake, its release and its warehouse, to start from.

    environment: how a command finds the servers. checked: whether commands validate.
    """

    home: Path
    environment: dict[str, str]
    s3: str | None
    checked: bool

    @property
    def base(self) -> Path:
        return self.home / "base"

    def arguments(self, command: str) -> tuple[str, ...]:
        return {
            "base": ("ingest", str(self.home / "old"), "--origin", "simulated"),
            "ingest": ("ingest", str(self.home / "new"), "--origin", "simulated"),
            "weekly": ("weekly", "--week", str(THIRD)),
            "backfill": ("backfill", "--from", str(FIRST), "--to", str(LAST)),
        }[command]


class CountingApi(SampleApi):
    """The sample API, which keeps count of each question."""

    def __init__(self, now: datetime | Callable[[], datetime] = LATER) -> None:
        super().__init__(now=now)
        self.asked: Counter[Query] = Counter()

    def reply(self, method: str, target: str, authorization: str | None) -> Reply:
        self.asked[frozenset(parse_qsl(target.partition("?")[2]))] += 1
        return super().reply(method, target, authorization)


@dataclass(frozen=True)
class Lake:
    """A lake of one round's own, and the source that its command asks."""

    folder: Path
    environment: dict[str, str]
    api: CountingApi

    @property
    def settings(self) -> Settings:
        return from_environment(self.environment)

    @property
    def store(self) -> Store:
        return open_lake(self.settings)


@dataclass(frozen=True)
class Moment:
    """When to kill: so long after an event of this number. held: its thread stops there until then."""

    event: int
    delay: float
    held: bool


@contextmanager
def open_yard(home: Path, cases: Sequence[Case], checked: bool) -> Iterator[Yard]:
    """Starts the servers that the cases need and makes the base."""
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, ENVIRONMENT))
        # Readers compute in threads of this process, and a kill must not wait for them.
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(0.0005)
        variables = {name: os.environ[name] for name in ("PATH", *ENVIRONMENT)} | {"HOME": str(home)}
        if any(each.command != "ingest" for each in cases):
            variables |= stack.enter_context(prefect_server(home))
        in_bucket = any(each.backend == "s3" for each in cases)
        endpoint = stack.enter_context(servers.s3_server()) if in_bucket else None
        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED if checked else LIGHT)
        yard = Yard(home, variables, endpoint, checked)
        lakes.write(home / "old", "both.json", lakes.simulated(FIRST, date(2025, 3, 16), EARLIER))
        lakes.write(home / "new", "newest.json", lakes.simulated(SECOND, LAST, LATER))
        lakes.write(home / "new", "oldest.json", lakes.simulated(FIRST, date(2025, 3, 9), LATER))
        yard.base.mkdir()
        with CountingApi() as api:
            lake = Lake(yard.base, _environment(yard, f"file://{yard.base}/lake", yard.base, api), api)
            run_whole(yard, "base", lake)
        (yard.base / LOG).unlink()
        yield yard


def _environment(yard: Yard, url: str, folder: Path, api: SampleApi) -> dict[str, str]:
    """All that a command is told; quotas are so wide that no round waits for another's."""
    place = {"STANDINGS_S3_ENDPOINT": yard.s3, "STANDINGS_S3_REGION": "us-east-1"} if yard.s3 else {}
    return {
        **yard.environment,
        **place,
        "STANDINGS_LAKE": url,
        "STANDINGS_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "STANDINGS_QUOTA_MINUTE": "10000/60",
        "STANDINGS_QUOTA_DAY": "10000/86400",
        "OPENROUTER_API_KEY": "any",
        "OPENROUTER_BASE_URL": api.base_url,
    }


_PROCESSES = threading.Lock()
"""To start a process looks at how the others ended, which only one thread at a time may ask."""


@contextmanager
def fresh_lake(yard: Yard, case: Case) -> Iterator[Lake]:
    """A copy of the base on the case's backend."""
    name = f"lake-{uuid.uuid4().hex}"
    folder = yard.home / name
    shutil.copytree(yard.base, folder)
    url = f"file://{folder}/lake" if case.backend == "file" else f"s3://{name}/lake"
    try:
        with CountingApi() as api:
            lake = Lake(folder, _environment(yard, url, folder, api), api)
            if case.backend == "s3":
                assert yard.s3
                servers.make_bucket(yard.s3, name)
                _upload(folder / "lake", lake.store)
            yield lake
    finally:
        open_lake.cache_clear()
        shutil.rmtree(folder)


def _upload(folder: Path, store: Store) -> None:
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    names = [name for name in files if not name.startswith(".")]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda name: store.put(name, files[name].read_bytes()), names))


def run_whole(yard: Yard, command: str, lake: Lake) -> list[Event]:
    """Runs a command to its end."""
    events, code = run_command(yard, command, lake, None)
    if code:
        raise RuntimeError(f"{command} that nobody disturbed ended with {code}: {last_words(lake)}")
    return events


def run_command(
    yard: Yard, command: str, lake: Lake, moment: Moment | None
) -> tuple[list[Event], int | None]:
    """Runs a command until it ends or is killed; returns its writes and how it ended."""
    hold = moment.event if moment and moment.held else None
    order = Order(yard.arguments(command), lake.environment, lake.folder, LONGEST, yard.checked, hold)
    context = multiprocessing.get_context("forkserver")
    heard, told = context.Pipe(duplex=False)
    process = context.Process(target=victim, args=(order, told), daemon=True)
    with _PROCESSES:
        process.start()
    told.close()
    events = []
    try:
        for event in _events(heard):
            events.append(event)
            if moment and len(events) == moment.event + 1:
                time.sleep(moment.delay)
                process.kill()
        _wait(process)
    finally:
        process.kill()
        code = _wait(process)
        heard.close()
    return events, code


def _wait(process: BaseProcess) -> int | None:
    """How a process ended; None where it does not."""
    until = time.monotonic() + SILENCE
    while time.monotonic() < until:
        with _PROCESSES:
            if (code := process.exitcode) is not None:
                return code
        time.sleep(0.01)
    return None


def _events(heard: Connection) -> Iterator[Event]:
    """What a process tells until it is no more."""
    rest = b""
    while True:
        if not heard.poll(SILENCE):
            raise TimeoutError(f"nothing was written for {SILENCE:.0f} s")
        data = os.read(heard.fileno(), 1 << 16)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from map(Event.parse, lines)


def last_words(lake: Lake) -> str:
    lines = (lake.folder / LOG).read_text(errors="replace").splitlines()
    return lines[-1] if lines else "without a word"
