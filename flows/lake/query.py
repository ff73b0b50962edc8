"""Published rows for whoever asks, as they stand now or as they stood at a moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from flows.lake.lake import citation, open_lake
from flows.lake.manifest import Manifest, Partition, published
from flows.lake.reader import (
    _deciding,
    newest_complete_week,
    operator_notes,
    partitions_between,
    rows_of,
    stale_note,
)
from flows.settings import Settings
from flows.storage.object_store import Store
from schemas import (
    COUNTRY_LEAD_WEEK,
    COUNTRY_WEEK,
    OBSERVATION,
    RANKING_ENTRY,
    TABLES,
    UNATTRIBUTED_WEEK,
    WEEK_COVERAGE,
    reference,
)
from schemas.errors import StandingsError
from schemas.fields import country_code
from schemas.licence import CAVEAT
from schemas.table import Table
from transforms.weeks import monday


@dataclass(frozen=True)
class Selection:
    """Which rows to take: weeks from `first` to `last`, and columns that must have a value (None: any).

    as_of: the moment as of which to answer, from what had been captured and was known by then; None: now.
    """

    first: date | None = None
    last: date | None = None
    values: dict[str, str | None] = field(default_factory=dict)
    as_of: datetime | None = None


@dataclass(frozen=True)
class Found:
    """The rows, what goes with them wherever they go, and what to tell a person about them.

    stale: how old the newest complete week is, where that is more than it should be. It is for who reads the rows now,
    and goes into no file.
    """

    table: Table
    rows: pl.DataFrame
    metadata: dict[str, str]
    notes: tuple[str, ...]
    stale: str | None = None

    @property
    def footer(self) -> tuple[str, ...]:
        """What stands below the rows."""
        return (*self.notes, self.stale) if self.stale else self.notes


def select(settings: Settings, name: str, selection: Selection, now: datetime | None = None) -> Found:
    """Published rows of a table. now: the moment at which somebody reads them; None: nothing is said of their age.

    Raises `StandingsError` where there is no such table or column, nothing is published, or no row is found.
    """
    table = next((table for table in TABLES if table.name == name), None)
    if table is None:
        raise StandingsError(
            f"there is no table {name!r}: there are {', '.join(each.name for each in TABLES)}"
        )
    asked = {column: value for column, value in selection.values.items() if value is not None}
    if missing := [column for column in asked if column not in table]:
        raise StandingsError(f"{name} has no column {missing[0]}, so it cannot be asked for one")
    for column, value in asked.items():
        if (allowed := table[column].values) and value not in allowed:
            raise StandingsError(f"{column} {value!r} is not known: there is {', '.join(allowed)}")
    if country_code.name in asked:
        asked[country_code.name] = asked[country_code.name].upper()
    store = open_lake(settings)
    manifest = published(store)
    first, last = (day and monday(day) for day in (selection.first, selection.last))
    if selection.as_of:
        frames = _as_of(settings, store, manifest, selection.as_of)

        def rows_in(table: Table) -> pl.DataFrame:
            between = pl.col("week_start").is_between(first or date.min, last or date.max)
            return frames(table.name).filter(between)
    else:

        def rows_in(table: Table) -> pl.DataFrame:
            return rows_of(store, manifest, table, first, last)

    rows = rows_in(table)
    for column, value in asked.items():
        rows = rows.filter(pl.col(column) == value)
    if rows.is_empty():
        weeks = manifest.weeks(table)
        held = f"it holds weeks {min(weeks)} to {max(weeks)}" if weeks else "it holds no week"
        raise StandingsError(f"no row of {name} is like that; {held}")
    newest = rows["as_of"].max()
    line = citation(manifest.kind, newest if isinstance(newest, datetime) else manifest.as_of)
    metadata = {"table": name, "release": manifest.release, "citation": line, "caveat": CAVEAT}
    origins = _origin_note(manifest, partitions_between(manifest, table, first, last))
    changed = operator_notes(manifest, table)
    if changed:
        metadata["operator"] = "; ".join(changed)
    if selection.as_of and manifest.reference["sha256"] != reference.load().sha256:
        origins += ("These rows follow the reference files of this version, which the release does not yet.",)
    can_tell = all(manifest.holds(each) for each in (COUNTRY_LEAD_WEEK, COUNTRY_WEEK, UNATTRIBUTED_WEEK))
    deciding = _deciding(rows, rows_in) if can_tell and table in (COUNTRY_WEEK, COUNTRY_LEAD_WEEK) else ()
    # What was so at a moment of the past is as old as was asked for.
    stale = None
    if now and not selection.as_of and manifest.holds(WEEK_COVERAGE):
        stale = stale_note(newest_complete_week(store, manifest), now)
    return Found(table, rows, metadata, (line, CAVEAT, *changed, *origins, *deciding), stale)


def _as_of(
    settings: Settings, store: Store, manifest: Manifest, moment: datetime
) -> Callable[[str], pl.DataFrame]:
    """What gives a table as it stood at a moment, computed anew from what the source had said by then."""
    from flows.lake.reference import reference_as_published
    from transforms.standings import every_table

    facts = reference_as_published(settings, manifest)

    said = {
        each.name: rows_of(store, manifest, each).filter(pl.col("as_of") <= moment)
        for each in (RANKING_ENTRY, OBSERVATION)
    }
    if said[RANKING_ENTRY.name].is_empty():
        raise StandingsError(f"nothing had been captured by {moment:%Y-%m-%dT%H:%M:%SZ}")
    entries, observations = said.values()
    made = every_table(entries, observations, facts, moment)
    return lambda name: said[name] if name in said else made[name]


def _origin_note(manifest: Manifest, partitions: list[Partition]) -> tuple[str, ...]:
    """A line that says so where figures rest on anything but the source's own answers."""
    used = {source for partition in partitions for source in partition.sources}
    origins = {capture.key.origin for capture in manifest.captures if capture.key.sha256 in used}
    others = sorted(origins - {"api", "simulated"})
    return (f"Among the captures behind these rows are {' and '.join(others)} ones.",) if others else ()
