"""parts -> manifest -> pointer -> latest/: a release is there whole or not at all."""

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

import polars as pl

from flows.derive import HELD
from flows.lake import keys
from flows.lake.captures import WHOLE, exists
from flows.lake.lake import citation, kind_of, open_lake
from flows.lake.latest import refresh_latest
from flows.lake.manifest import (
    Capture,
    Manifest,
    Partition,
    Partitions,
    current,
    parts_from_json,
    parts_to_json,
    point_to,
    records,
)
from flows.lake.reference import reference_of
from flows.lake.staging import Stage
from flows.settings import Settings
from flows.storage.object_store import CONNECTIONS, LostRace, Store
from flows.storage.parquet import encode
from flows.version import code_version
from schemas import OBSERVATION, RANKING_ENTRY, TABLES, WEEK_COVERAGE
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.table import Table
from transforms.vintages import states, used

log = logging.getLogger("standings")

WRITTEN = "parts/"
"""Under what the partitions that are written are noted, block by block."""


def publish(settings: Settings, stage_name: str, report: str) -> str:
    """Makes the staged tables the published release; returns its name.

    Where no partition changed, no release is made and the published one's name is returned. Raises `LostRace`
    where another run published captures that this stage does not have: conform again and retry.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    pointer = current(store)
    before = pointer.manifest
    captures = tuple(Capture.from_json(each) for each in stage.noted("captures"))
    unseen = set(before.captures) - set(captures) if before else set()
    if any(not exists(store, capture.key.rejection) for capture in unseen):
        raise LostRace("another run has published captures that this one has not seen")
    if before and (unknown := before.tables.keys() - {table.name for table in TABLES}):
        raise StandingsError(
            f"{store.url}: its release has a table {min(unknown)} that this version does not know: upgrade it"
        )
    tables = _all_parts(stage)
    if before and tables == before.tables and _has_its_records(store, before):
        return _let_stand(store, stage, before, set(captures) - set(before.captures))
    manifest = Manifest(
        number=before.number + 1 if before else 1,
        previous=before.release if before else None,
        published_at=datetime.now(UTC),
        kind=kind_of(store) or "real",
        code=code_version(),
        reference=reference_of(settings).identity(),
        report=report,
        docs=_keep_docs(store, stage),
        accepted=tuple(stage.noted("accepted") or ()),
        schemas={table.name: table.version for table in TABLES},
        captures=captures,
        tables=tables,
    )
    point_to(store, manifest, pointer.version)
    log.info("publish: release %s", manifest.release)
    refresh_latest(store, manifest, before)
    stage.clear()
    return manifest.release


def confirm(settings: Settings, stage_name: str) -> str | None:
    """The published release, where slices are all that has landed since: no table counts them, so none is computed.

    The next release lists them. None where there is anything else to do: the code or the reference files are others,
    or something of the release is missing.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    before = current(store).manifest
    captures = {Capture.from_json(each) for each in stage.noted("captures")}
    if before is None or not captures > set(before.captures):
        return None
    new = captures - set(before.captures)
    made_by = (before.code, before.reference)
    if (
        any(capture.key.slice == WHOLE for capture in new)
        or made_by != (code_version(), reference_of(settings).identity())
        or not {part.key for _, _, part in before.partitions()} <= set(stage.noted(HELD))
        or not _has_its_records(store, before)
    ):
        return None
    return _let_stand(store, stage, before, new)


def _let_stand(store: Store, stage: Stage, manifest: Manifest, new: set[Capture]) -> str:
    """Ends a run that found nothing to publish; returns the name of the release that stands."""
    log.info("publish: nothing changed; release %s stands", manifest.release)
    refresh_latest(store, manifest, manifest)
    stage.clear()
    # Last, since a capture that is marked so is done with.
    for capture in new:
        store.put(capture.key.confirmation, b"")
    return manifest.release


def _keep_docs(store: Store, stage: Stage) -> str | None:
    """Makes what was checked part of the release; returns its key, None where nothing was checked."""
    page: str | None = stage.noted("docs")
    if page is None:
        return None
    key = keys.docs(hashlib.sha256(page.encode()).hexdigest())
    store.put_once(key, page.encode())
    return key


def _has_its_records(store: Store, manifest: Manifest) -> bool:
    """Whether the report and the page of what was checked are there; a release that lost them is made anew."""
    return all(exists(store, key) for key in records(manifest))


def write_parts(settings: Settings, stage_name: str, block: int) -> None:
    """Writes those partitions of a block of weeks that the lake does not hold, and notes all of them.

    No release leads to them yet.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    entries, observations = (stage.read(table.name, [block]) for table in (RANKING_ENTRY, OBSERVATION))
    newest = stage.read(WEEK_COVERAGE.name, [block]).join(states(entries), on="week_start")
    rests = Rests(
        looked=_sources(observations),
        newest=_sources(used(entries.lazy(), newest).collect()),
        origins=dict(entries.select("capture", "origin").unique().iter_rows()),
    )
    frames = {table: stage.read(table.name, [block]) for table in TABLES if not table.all_weeks}
    made = _write(stage, frames, rests)
    stage.note(f"{WRITTEN}{block:06d}", {"parts": parts_to_json(made), "rests": asdict(rests)})


@dataclass(frozen=True)
class Rests:
    """What rows come from: for each week (as text) the captures of all looks and of the newest vintages, and of each
    capture its origin."""

    looked: dict[str, list[str]]
    newest: dict[str, list[str]]
    origins: dict[str, str]

    def __or__(self, other: "Rests") -> "Rests":
        return Rests(self.looked | other.looked, self.newest | other.newest, self.origins | other.origins)


def _all_parts(stage: Stage) -> Partitions:
    """The partitions that `write_parts` noted, and those of the tables that are made of all weeks."""
    noted = [stage.noted(name) for name in stage.notes(WRITTEN)]
    rests = Rests({}, {}, {})
    tables: Partitions = {table.name: {} for table in TABLES}
    for each in noted:
        rests |= Rests(**each["rests"])
        for name, weeks in parts_from_json(each["parts"]).items():
            tables[name] |= weeks
    series = {table: stage.read(table.name) for table in TABLES if table.all_weeks}
    return tables | _write(stage, series, rests)


def _write(stage: Stage, frames: dict[Table, pl.DataFrame], rests: Rests) -> Partitions:
    kind, held = kind_of(stage.store) or "real", set(stage.noted(HELD))

    def write(table: Table, week: date, frame: pl.DataFrame) -> Partition:
        sources = (rests.looked if table.every_vintage else rests.newest).get(str(week), [])
        as_of: datetime | None = frame["as_of"].max()  # type: ignore[assignment]
        metadata = {
            "table": table.name,
            "schema_version": str(table.version),
            "as_of": as_of.isoformat() if as_of else "",
            "citation": citation(kind, as_of) if as_of else "",
            "caveat": CAVEAT,
            "origins": ", ".join(sorted({rests.origins[each] for each in sources if each in rests.origins})),
        }
        data = encode(table, frame, metadata)
        digest = hashlib.sha256(data).hexdigest()
        key = keys.part(table.name, week, digest)
        if key not in held:
            stage.store.put_once(key, data)
        return Partition(key, digest, frame.height, len(data), as_of, tuple(sources))

    tables: Partitions = {}
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for table, whole in frames.items():
            by_week = whole.partition_by("week_start", as_dict=True, maintain_order=True)
            weeks = [week for (week,) in by_week]
            written = pool.map(write, [table] * len(weeks), weeks, by_week.values())
            tables[table.name] = dict(zip(weeks, written, strict=True))
    return tables


def _sources(entries: pl.DataFrame) -> dict[str, list[str]]:
    """For each week the sha256 of the captures that its rows come from."""
    weeks = entries.group_by("week_start").agg(pl.col("capture").unique().sort())
    return {str(week): captures for week, captures in weeks.iter_rows()}
