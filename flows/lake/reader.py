"""Published rows, for whoever asks: straight from the lake, each part checked against its sha256."""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Lock

import polars as pl

from flows.lake.manifest import Manifest, Partition
from flows.sanitize import safe
from flows.storage.object_store import CONNECTIONS, Damaged, Store
from schemas import (
    CLAIM_VALUE,
    CLAIMS,
    COUNTRY_LEAD_WEEK,
    COUNTRY_WEEK,
    FORECAST_PATH,
    UNATTRIBUTED_WEEK,
    WEEK_COVERAGE,
)
from schemas.errors import StandingsError
from schemas.fields import COMPLETE, MINIMUM_CONFIDENCE
from schemas.table import Table
from transforms.decisive import decisive
from transforms.weeks import WEEK, midnight

STALE_AFTER = timedelta(days=9)
"""How long ago the newest complete week may have ended: the next one is published a week later, on its Monday."""

DECIDING = 3
"""How many leads that depend on one cloaked model are named."""


def operator_notes(manifest: Manifest, table: Table | None = None) -> tuple[str, ...]:
    """Lines that say what an operator changed of the reference facts that a release's table rests on; None: any."""
    facts = manifest.reference
    minimum = facts["minimum_confidence"]
    attributing = [
        facts.get("operator"),
        f"minimum confidence {minimum}" if minimum != MINIMUM_CONFIDENCE else None,
    ]
    lines = []
    if any(attributing):
        lines.append(f"attribution changed by the operator: {', '.join(filter(None, attributing))}")
    if (printed := facts.get("operator_printed")) and table in (None, CLAIMS, CLAIM_VALUE, FORECAST_PATH):
        lines.append(f"printed figures changed by the operator: {printed}")
    return tuple(lines)


def _deciding(rows: pl.DataFrame, rows_in: Callable[[Table], pl.DataFrame]) -> tuple[str, ...]:
    """Lines that name the cloaked models that decide the leads of these rows where they are not certain."""
    ways = rows.select("week_start", "method", "knowledge").unique()
    leads = rows_in(COUNTRY_LEAD_WEEK).join(ways, on=ways.columns, how="semi")
    if leads["lead_certain"].all():
        return ()
    found = (
        decisive(leads, rows_in(UNATTRIBUTED_WEEK), rows_in(COUNTRY_WEEK))
        .group_by("week_start", "leader", "name", "tokens", "method", maintain_order=True)
        .agg(pl.col("knowledge").str.join("/"))
        .group_by("week_start", "leader", "name", "tokens", maintain_order=True)
        .agg(ways=pl.format("{} ({})", "method", "knowledge").str.join(", "))
    )
    lines = [
        f"Week of {week}: {leader}'s lead is not certain under {counted}; "
        f"it depends on who is behind the cloaked model {safe(name)} ({tokens / 10**12:.3f}T)."
        for week, leader, name, tokens, counted in found.head(DECIDING).iter_rows()
    ]
    more = found.height - len(lines)
    return (
        (*lines, f"{more} more leads depend on one cloaked model: choose a week.") if more else tuple(lines)
    )


def rows_of(
    store: Store, manifest: Manifest, table: Table, first: date | None = None, last: date | None = None
) -> pl.DataFrame:
    """The published rows of a table in the weeks from `first` to `last`, in the table's order of weeks."""
    from flows.storage.parquet import decode

    partitions = partitions_between(manifest, table, first, last)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        frames = pool.map(lambda partition: decode(part_bytes(store, partition)), partitions)
        return pl.concat([table.polars_schema().to_frame(), *frames])


def partitions_between(
    manifest: Manifest, table: Table, first: date | None, last: date | None
) -> list[Partition]:
    return [
        partition
        for week, partition in sorted(manifest.weeks(table).items())
        if (first is None or first <= week) and (last is None or week <= last)
    ]


def part_bytes(store: Store, partition: Partition) -> bytes:
    """A part's bytes; raises `StandingsError` where they are not those that were published."""
    data = store.get(partition.key)
    if hashlib.sha256(data).hexdigest() != partition.sha256:
        raise StandingsError(f"{store.url}/{partition.key}: its bytes are not those that were published")
    return data


class _Written:
    """The bytes of parts that this process wrote, the latest of them, by their sha256."""

    def __init__(self, room: int) -> None:
        self._room, self._parts, self._lock = room, dict[str, bytes](), Lock()

    def keep(self, sha256: str, data: bytes) -> None:
        with self._lock:
            self._parts[sha256] = data
            while sum(map(len, self._parts.values())) > self._room:
                del self._parts[next(iter(self._parts))]

    def get(self, sha256: str) -> bytes | None:
        return self._parts.get(sha256)


written = _Written(64 * 2**20)


def known_bytes(store: Store, partition: Partition) -> bytes:
    """A part's bytes as `part_bytes` reads them, but for one that this process wrote, which need not be read again."""
    return written.get(partition.sha256) or part_bytes(store, partition)


def digests(store: Store, names: Iterable[str]) -> dict[str, str | None]:
    """The sha256 of objects by key; None where the store does not give back the bytes."""

    def digest(name: str) -> str | None:
        try:
            return hashlib.sha256(store.get(name)).hexdigest()
        except Damaged:
            return None

    listed = list(names)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return dict(zip(listed, pool.map(digest, listed), strict=True))


def newest_complete_week(store: Store, manifest: Manifest) -> date | None:
    """The newest week of which every day is there, and the total known."""
    for week in sorted(manifest.weeks(WEEK_COVERAGE), reverse=True):
        (row,) = rows_of(store, manifest, WEEK_COVERAGE, week, week).iter_rows(named=True)
        if row["status"] != "incomplete" and row["extent"] == COMPLETE:
            return week
    return None


def stale_note(newest: date | None, now: datetime) -> str | None:
    """A line that says so where the newest complete week ended more than `STALE_AFTER` before a moment."""
    if newest is None or now - midnight(newest + WEEK) <= STALE_AFTER:
        return None
    days = (now - midnight(newest + WEEK)).days
    return f"Stale: the newest complete week, that of {newest}, ended {days} days ago."
