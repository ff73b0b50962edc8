"""Lakes, captures and digests that several test modules share."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ParamSpec, TypeVar

import pytest

from flows.extract.ingest import ingest
from flows.lake import captures, keys
from flows.lake.captures import Asked
from flows.lake.lake import claim, open_lake
from flows.lake.manifest import Manifest, published
from flows.lake.staging import Run
from flows.pipeline.run import Outcome, raw_to_warehouse
from flows.pipeline.validate import NOTHING_FOUND, RECORD
from flows.sample_api import simulator
from flows.settings import Settings
from flows.storage.object_store import S3Options, Store
from schemas import TABLES, Table

P = ParamSpec("P")
R = TypeVar("R")

# Great Expectations imports modules that Python 3.11 has deprecated; this is for whoever imports it first.
GREAT_EXPECTATIONS = pytest.mark.filterwarnings("ignore:module 'sre_.*' is deprecated:DeprecationWarning")

SOMETIMES_EMPTY = tuple(table.name for table in TABLES if table.may_be_empty)
"""Tables that a lake of a few weeks may have no row of, or rows of other weeks than the data's."""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def settings(store_url: str, folder: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings for the lake at `store_url`, warehouse in `folder`; the S3 server starts for a bucket only."""
    if store_url.startswith("s3://"):
        options = request.getfixturevalue("s3_options")
        return Settings(lake=store_url, warehouse=folder / "warehouse.duckdb", s3=options)
    return Settings(lake=store_url, warehouse=folder / "warehouse.duckdb")


def on_disk(folder: Path) -> Settings:
    """Settings for a lake in a folder."""
    return Settings(lake=f"file://{folder}/lake", warehouse=folder / "warehouse.duckdb")


def body(days: Mapping[date, Mapping[str, object]], as_of: str = "2026-08-01T00:00:00.000Z") -> bytes:
    """An answer in the API's form: for each day the tokens of each model."""
    rows = [
        {"date": str(day), "model_permaslug": slug, "total_tokens": str(tokens)}
        for day, models in days.items()
        for slug, tokens in models.items()
    ]
    window = {"start_date": str(min(days)), "end_date": str(max(days))}
    return json.dumps({"data": rows, "meta": {"as_of": as_of, "version": "v1", **window}}).encode()


def week_of(monday: date, models: Mapping[str, object]) -> dict[date, Mapping[str, object]]:
    """The same tokens on each day of a week."""
    return {date.fromordinal(monday.toordinal() + day): models for day in range(7)}


def simulated(first: date, last: date, now: datetime, seed: int = 11) -> bytes:
    """What the sample API answers at `now` for the days from first to last."""
    return simulator.answer(seed, now, first, last)


def at(day: date) -> datetime:
    """Noon UTC."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def write(folder: Path, name: str, content: bytes, **sidecar: str) -> Path:
    """A capture as a file, with the file beside it that says what was asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    if sidecar:
        (folder / f"{name}.request.json").write_text(json.dumps(sidecar))
    return path


def responses(shared_data: Path) -> list[Path]:
    """The real day captures, in the order of their vintages."""
    found = list((shared_data / "responses").glob("*.json"))
    return sorted(found, key=lambda path: json.loads(path.read_bytes())["meta"]["as_of"])


def unchecked(step: Callable[P, R], /) -> Callable[P, R]:
    """Runs a step as it stands, but neither validates, describes nor loads: for tests of what is published."""
    done = {"check": _nothing, "validate": _no_report, "describe": _nothing, "load": _nothing}
    return done.get(step.__name__, step)  # type: ignore


NO_REPORT = keys.report(digest(b"{}"))


def loading(step: Callable[P, R], /) -> Callable[P, R]:
    """Runs a step as it stands, but neither validates nor describes."""
    return step if step.__name__ == "load" else unchecked(step)


def describing(step: Callable[P, R], /) -> Callable[P, R]:
    """Runs a step as it stands, but neither validates nor loads."""
    return step if step.__name__ == "describe" else unchecked(step)


def not_loading(step: Callable[P, R], /) -> Callable[P, R]:
    """Runs a step as it stands, but neither describes nor loads."""
    return unchecked(step) if step.__name__ in ("describe", "load") else step


def _nothing(*_: object) -> None:
    """A step that is left out."""


def _no_report(run: Run) -> str:
    run.store.put_once(NO_REPORT, b"{}")
    run.stage.note("docs", "nothing was checked")
    run.stage.note(RECORD, dict.fromkeys([table.name for table in TABLES], NOTHING_FOUND))
    return NO_REPORT


AT_START = Path(__file__).with_name("at_start")


def only_checking(*tables: Table) -> dict[str, str]:
    """Variables that make a process's validation check these tables alone; of none, it imports nothing to check with.

    For processes of which a test learns nothing from the checks of all tables, which take longer than all else.
    """
    paths = [str(AT_START), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "PYTHONPATH": os.pathsep.join(paths),
        "CHECKED_TABLES": ",".join(table.name for table in tables),
    }


def land(settings: Settings, paths: Iterable[Path], origin: str | None = None) -> None:
    """Lands captures without publishing them."""
    ingest(settings, paths, None, origin)


def bring(
    settings: Settings, *paths: Path, origin: str | None = None, run: Callable[..., object] = unchecked
) -> Outcome:
    """Lands captures and publishes what has landed."""
    land(settings, paths, origin)
    return raw_to_warehouse(settings, run)  # type: ignore[arg-type]


def publish(settings: Settings) -> Outcome:
    """Publishes what has landed, without validating and loading it."""
    return raw_to_warehouse(settings, unchecked)


Brought = Path | bytes
"""A capture: a file, or a body as the source gave it."""


@dataclass(frozen=True)
class Left:
    """What publishing left: how it ended, the lake's objects and the files beside the lake."""

    outcome: Outcome
    objects: Mapping[str, bytes]
    beside: Mapping[str, bytes]


_LEFT: dict[object, Left] = {}


def begun(
    settings: Settings,
    *releases: Brought | tuple[Brought, ...],
    origin: str = "api",
    run: Callable[..., object] = unchecked,
) -> Outcome:
    """Fills a lake and its warehouse as if each of these captures had landed and been published in turn.

    That is done once in a process for the same captures, and copied from then on: for tests of what comes after it,
    not of publishing itself. What the lake's records say of when a capture came, and from which path, is of the first.
    """
    steps = tuple(each if isinstance(each, tuple) else (each,) for each in releases)
    apart = replace(settings, lake="", warehouse=Path(), s3=S3Options())
    made = (apart, origin, run, tuple(tuple(map(_content, step)) for step in steps))
    if made not in _LEFT:
        with TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")) as folder:
            there = on_disk(Path(folder))
            _LEFT[made] = _left(
                replace(apart, lake=there.lake, warehouse=there.warehouse), steps, origin, run
            )
    left = _LEFT[made]
    store = open_lake(settings)
    for key, data in left.objects.items():
        store.put(key, data)
    for name, data in left.beside.items():
        settings.warehouse.with_name(name).write_bytes(data)
    return left.outcome


def _left(
    settings: Settings, steps: tuple[tuple[Brought, ...], ...], origin: str, run: Callable[..., object]
) -> Left:
    if steps[:-1]:
        begun(settings, *steps[:-1], origin=origin, run=run)
    for capture in steps[-1]:
        if isinstance(capture, bytes):
            land_bytes(settings, capture, origin=origin)
        else:
            land(settings, [capture])
    outcome = raw_to_warehouse(settings, run)  # type: ignore[arg-type]
    store = open_lake(settings)
    return Left(
        outcome,
        {key: store.get(key) for key in store.list()},
        {file.name: file.read_bytes() for file in settings.warehouse.parent.iterdir() if file.is_file()},
    )


def _content(capture: Brought) -> object:
    """What tells a capture from another."""
    if isinstance(capture, bytes):
        return capture
    files = [capture] if capture.is_file() else sorted(capture.rglob("*.json"))
    beside = [file.with_name(f"{file.name}.request.json") for file in files]
    return tuple((file.name, file.read_bytes()) for file in (*files, *beside) if file.exists())


def land_bytes(settings: Settings, *bodies: bytes, origin: str = "api", period: str = "day") -> None:
    """Lands bodies as if the source had given them."""
    store = claim(settings, "simulated" if origin == "simulated" else "real")
    for content in bodies:
        captures.land(store, content, Asked("a test", datetime.now(UTC), period, origin, status=200))


def objects(settings: Settings, prefix: str = "") -> dict[str, str]:
    """The sha256 of every object, by key."""
    store = open_lake(settings)
    return {key: digest(store.get(key)) for key in store.list(prefix)}


def wanted_latest(manifest: Manifest) -> dict[str, str]:
    """The sha256 that each object under `latest/` should have."""
    return {keys.latest(table, week): each.sha256 for table, week, each in manifest.partitions()}


def published_bytes(settings: Settings) -> dict[str, str]:
    """What readers can see: the parts that the manifest lists, and all of `latest/`."""
    store = open_lake(settings)
    parts = {each.key: digest(store.get(each.key)) for _, _, each in published(store).partitions()}
    return parts | objects(settings, keys.LATEST)


def manifest_of(settings: Settings) -> Manifest:
    return published(open_lake(settings))


class Wrapped:
    """A store of which a test replaces one method or more, as attributes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)
