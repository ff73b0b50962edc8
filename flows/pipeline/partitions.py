"""Staged tables -> parts: each changed partition as an immutable object."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime

import polars as pl

from flows.lake import keys
from flows.lake.lake import citation, kind_of, open_lake
from flows.lake.manifest import Partition, Partitions, parts_from_json, parts_to_json
from flows.lake.staging import Stage
from flows.pipeline.blocks import HELD
from flows.settings import Settings
from flows.storage.object_store import CONNECTIONS
from flows.storage.parquet import encode
from schemas import OBSERVATION, RANKING_ENTRY, TABLES, WEEK_COVERAGE
from schemas.licence import CAVEAT
from schemas.table import Table
from transforms.vintages import states, used

WRITTEN = "parts/"
"""Under what the partitions that are written are noted, block by block."""


def write_parts(settings: Settings, stage_name: str, block: int) -> None:
    """Writes those partitions of a block of weeks that the lake does not hold, and notes all of them.

    No release leads to them yet.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    entries, observations = (stage.read(table.name, [block]) for table in (RANKING_ENTRY, OBSERVATION))
    newest = stage.read(WEEK_COVERAGE.name, [block]).join(states(entries), on="week_start")
    rests = Rests(
        looked=_sources(
            pl.concat(frame.select("week_start", "capture") for frame in (entries, observations))
        ),
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


def all_parts(stage: Stage) -> Partitions:
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
