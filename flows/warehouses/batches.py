"""Published parts, some rows at a time, for whoever loads them or compares what was loaded."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import polars as pl

from flows.lake.manifest import Manifest, Partition, stale
from flows.lake.reader import known_bytes
from flows.storage.object_store import CONNECTIONS, Store
from flows.storage.parquet import decode
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.table import Table

BATCH = 200_000
"""Rows that are in memory at once; more only where one part has more."""

Part = tuple[Table, date, Partition]
Sums = dict[date, tuple[int, int | None]]
"""By week: how many rows, and their tokens where the table has any."""


@dataclass(frozen=True)
class Batch:
    """Whole weeks of one table, where they come from, and what they sum to."""

    table: Table
    weeks: dict[date, Partition]
    rows: pl.DataFrame
    sums: Sums


def batches(store: Store, parts: Iterable[Part]) -> Iterator[Batch]:
    """The parts' rows, in the parts' order. Raises `StandingsError` where a part is not as it was published.

    A column that an older part does not have yet is empty.
    """
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for table, weeks in _grouped(parts):
            bodies = pool.map(lambda partition: known_bytes(store, partition), weeks.values())
            frames = [table.polars_schema().to_frame(), *map(decode, bodies)]
            rows = pl.concat(frames, how="diagonal").select(table.names)
            found = sums(table, rows)
            for week, partition in weeks.items():
                if found.get(week, (0, None))[0] != partition.rows:
                    raise StandingsError(
                        f"{store.url}/{partition.key}: has other rows than the manifest says: "
                        f"run `standings verify`"
                    )
            yield Batch(table, weeks, rows, found)


def _grouped(parts: Iterable[Part]) -> Iterator[tuple[Table, dict[date, Partition]]]:
    for table, listed in groupby(parts, key=lambda part: part[0]):
        weeks: dict[date, Partition] = {}
        for _, week, partition in listed:
            if weeks and sum(each.rows for each in weeks.values()) + partition.rows > BATCH:
                yield table, weeks
                weeks = {}
            weeks[week] = partition
        yield table, weeks


def sums(table: Table, rows: pl.DataFrame) -> Sums:
    """Rows and tokens by week."""
    tokens = pl.col("tokens").cast(pl.Int128).sum() if "tokens" in table else pl.lit(None, pl.Int128)
    counted = rows.group_by("week_start").agg(pl.len().alias("rows"), tokens.alias("tokens"))
    return {week: (count, total) for week, count, total in counted.iter_rows()}


def sums_query(table: Table, name: str) -> str:
    """The same in SQL, of the table under this name."""
    tokens = "coalesce(sum(tokens), 0)" if "tokens" in table else "NULL"
    return f"SELECT week_start, count(*), {tokens} FROM {name} GROUP BY week_start"


def unlike(
    store: Store,
    manifest: Manifest,
    held: Callable[[Table], Sums],
    rows: Callable[[Table, date, date], pl.DataFrame],
) -> Iterator[str]:
    """Where a warehouse's rows are not those that were published, a line a table.

    held: rows and tokens of each week of a table in the warehouse. rows: those from a week to another.
    """
    for table in filter(manifest.holds, TABLES):
        found = held(table)
        wrong = dict.fromkeys(found.keys() - manifest.weeks(table).keys(), "is not part of the release")
        for batch in _sound(store, (part for part in stale(manifest, {})[0] if part[0] is table)):
            for week, wanted in batch.sums.items():
                if found.get(week) != wanted:
                    wrong[week] = f"has {_told(found.get(week))}, and {_told(wanted)} were published"
            if not (alike := [week for week in batch.weeks if week not in wrong]):
                continue
            there, published = (
                table.conform(each.filter(pl.col("week_start").is_in(alike)))
                for each in (rows(table, min(alike), max(alike)), batch.rows)
            )
            if not there.equals(published):
                wrong |= dict.fromkeys(_unequal(there, published), "has other values")
        if wrong:
            first = min(wrong)
            yield (
                f"{table.name}: its rows are not those that were published, in {len(wrong)} of its weeks: "
                f"that of {first} {wrong[first]}"
            )


def _sound(store: Store, parts: Iterable[Part]) -> Iterator[Batch]:
    """The batches of which every part is as it was published: nothing can be compared with another."""
    for table, weeks in _grouped(parts):
        try:
            yield from batches(store, [(table, week, partition) for week, partition in weeks.items()])
        except StandingsError:
            continue


def _unequal(one: pl.DataFrame, other: pl.DataFrame) -> list[date]:
    return [
        week
        for (week,), rows in one.group_by("week_start", maintain_order=True)
        if isinstance(week, date) and not rows.equals(other.filter(pl.col("week_start") == week))
    ]


def _told(held: tuple[int, int | None] | None) -> str:
    rows, tokens = held or (0, None)
    return f"{rows} rows" + (f" with {tokens} tokens" if tokens is not None else "")
