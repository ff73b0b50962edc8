"""Staged tables -> parts: each changed partition as an immutable object, before anything leads to it."""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime

import polars as pl

from flows.lake import keys, reader
from flows.lake.lake import citation
from flows.lake.manifest import Partition, Partitions, parts_from_json, parts_to_json
from flows.lake.staging import Run
from flows.storage.object_store import CONNECTIONS
from flows.storage.parquet import encode
from schemas import OBSERVATION, RANKING_ENTRY, TABLES, WEEK_COVERAGE
from schemas.licence import CAVEAT
from schemas.table import Table
from transforms.vintages import states, used

WRITTEN = "parts/"
"""Under what the partitions that are written are noted, block by block; those of all weeks come last."""

HELD = "held"
"""Under what the parts that need not be written are noted."""


def write_parts(run: Run, block: int) -> None:
    """Writes those partitions of a block of weeks that the lake does not hold, and notes all of them.

    No release leads to them yet.
    """
    stage = run.stage
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
    made = _write(run, frames, rests)
    stage.note(f"{WRITTEN}{block:06d}", {"parts": parts_to_json(made), "rests": asdict(rests)})


def write_series(run: Run) -> None:
    """Writes the partitions of the tables that are made of all weeks, once those of every block are written."""
    stage = run.stage
    rests = Rests({}, {}, {})
    for name in stage.notes(WRITTEN):
        rests |= Rests(**stage.noted(name)["rests"])
    made = _write(run, {table: stage.read(table.name) for table in TABLES if table.all_weeks}, rests)
    stage.note(f"{WRITTEN}series", {"parts": parts_to_json(made)})


@dataclass(frozen=True)
class Rests:
    """What rows come from: for each week (as text) the captures of all looks and of the newest vintages, and of each
    capture its origin."""

    looked: dict[str, list[str]]
    newest: dict[str, list[str]]
    origins: dict[str, str]

    def __or__(self, other: "Rests") -> "Rests":
        return Rests(self.looked | other.looked, self.newest | other.newest, self.origins | other.origins)


def written(run: Run) -> Partitions:
    """The partitions that were noted, of all tables."""
    tables: Partitions = {table.name: {} for table in TABLES}
    for name in run.stage.notes(WRITTEN):
        for table, weeks in parts_from_json(run.stage.noted(name)["parts"]).items():
            tables[table] |= weeks
    return tables


def changed(parts: Partitions, before: Partitions) -> Iterator[tuple[str, date, Partition]]:
    """Those partitions that other ones do not have, or with other bytes."""
    for table, weeks in parts.items():
        held: Mapping[date, Partition] = before.get(table, {})
        for week, each in weeks.items():
            if week not in held or held[week].sha256 != each.sha256:
                yield table, week, each


def _write(run: Run, frames: dict[Table, pl.DataFrame], rests: Rests) -> Partitions:
    kind, held = run.kind or "real", set(run.stage.noted(HELD))

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
            run.store.put_once(key, data)
            reader.written.keep(digest, data)
        return Partition(key, digest, frame.height, len(data), as_of, tuple(sources))

    tables: Partitions = {}
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for table, whole in frames.items():
            by_week = whole.partition_by("week_start", as_dict=True, maintain_order=True)
            weeks = [week for (week,) in by_week]
            made = pool.map(write, [table] * len(weeks), weeks, by_week.values())
            tables[table.name] = dict(zip(weeks, made, strict=True))
    return tables


def _sources(entries: pl.DataFrame) -> dict[str, list[str]]:
    """For each week the sha256 of the captures that its rows come from."""
    weeks = entries.group_by("week_start").agg(pl.col("capture").unique().sort())
    return {str(week): captures for week, captures in weeks.iter_rows()}
