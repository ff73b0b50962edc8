"""Manifest -> PostgreSQL: a schema of the published tables, brought to a release in one transaction."""

import logging
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from flows.lake.lake import citation
from flows.lake.manifest import Manifest, published, stale
from flows.settings import Settings
from flows.storage.object_store import Store
from flows.warehouses.batches import Batch, Sums, batches, sums_query, unlike
from flows.warehouses.ownership import ensure_ours
from flows.warehouses.postgres_connection import connected, snapshot, to_write
from flows.warehouses.postgres_schema import become_owner, catalogue, migrate, unfit
from schemas import TABLES
from schemas.licence import CAVEAT
from schemas.projections.sql import SCHEMA, text
from schemas.table import POSTGRES, Table

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

log = logging.getLogger("standings")

FETCHED = 20_000
"""Rows that are fetched at once."""


def load(settings: Settings, store: Store, manifest: Manifest) -> None:
    """Brings the schema to a release: what changed is replaced, all in one transaction.

    Readers see the release before until it is done, and are not blocked. Raises `StandingsError` where the server
    cannot be reached or refuses, where the schema is another lake's, and where a table or view is not as this
    version's and cannot be altered to it.
    """
    with connected(settings) as connection, to_write(connection):
        become_owner(connection)
        _ensure_ours(connection, store, manifest)
        migrate(connection)
        if _is_further(connection, manifest) and published(store).number > manifest.number:
            return  # The load of that release came first.
        changed = _replace(connection, store, manifest)
        _record(connection, manifest)
    log.info("load: PostgreSQL: %d partitions replaced or removed", changed)


def loaded_release(settings: Settings) -> str | None:
    """The release that the schema holds; None where there is none."""
    with connected(settings) as connection:
        return _release(connection)


def differences(settings: Settings, store: Store, manifest: Manifest) -> Iterator[str]:
    """Where the schema holds anything but the release's rows, a line a table."""
    with connected(settings) as connection, snapshot(connection):
        place = _place(connection)
        _ensure_ours(connection, store, manifest)
        if _release(connection) != manifest.release:
            yield f"{place}: does not hold release {manifest.release}: run it again"
            return
        if unlike_definitions := list(unfit(connection)):
            yield from (f"{place}: {line}" for line in unlike_definitions)
            return

        def held(table: Table) -> Sums:
            found = connection.execute(sums_query(table, f"{SCHEMA}.{table.name}")).fetchall()
            return {week: (rows, tokens if tokens is None else int(tokens)) for week, rows, tokens in found}

        def rows(table: Table, first: date, last: date) -> pl.DataFrame:
            return pl.concat([table.polars_schema().to_frame(), *_read(connection, table, first, last)])

        for line in unlike(store, manifest, held, rows):
            yield f"{place}: {line}: run DELETE FROM {SCHEMA}.loaded_partition; there, and load again"


def _read(connection: "Connection", table: Table, first: date, last: date) -> Iterator[pl.DataFrame]:
    """The rows from a week to another, a few at a time."""
    query = f"SELECT {', '.join(table.names)} FROM {SCHEMA}.{table.name} WHERE week_start BETWEEN %s AND %s"
    with connection.cursor("rows", binary=True) as cursor:
        cursor.execute(query, [first, last])
        while some := cursor.fetchmany(FETCHED):
            yield pl.DataFrame(some, table.polars_schema(), orient="row")


def _place(connection: "Connection") -> str:
    """Where the schema is, without the password."""
    info = connection.info
    return f"postgresql://{info.host}:{info.port}/{info.dbname}"


def _release(connection: "Connection") -> str | None:
    held = _held(connection)
    return held[0] if held else None


def _held(connection: "Connection") -> tuple[str, str] | None:
    """The release that the schema holds, and of which kind its figures are."""
    there = connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.release"]).fetchone()
    if there is None or there[0] is None:
        return None
    row = connection.execute(f"SELECT release, kind FROM {SCHEMA}.release").fetchone()
    return (str(row[0]), str(row[1])) if row else None


def _ensure_ours(connection: "Connection", store: Store, manifest: Manifest) -> None:
    """Raises `StandingsError` where the schema holds another lake's figures, or some of another kind."""
    release, kind = _held(connection) or (None, None)
    remedy = f"set STANDINGS_POSTGRES to another database, or run DROP SCHEMA {SCHEMA} CASCADE; there"
    place = f"{_place(connection)}: its schema {SCHEMA}"
    ensure_ours(store, manifest, place, kind, {release} if release else set(), remedy)


def _is_further(connection: "Connection", manifest: Manifest) -> bool:
    """Whether a release of a higher number is held."""
    held = _release(connection)
    return held is not None and int(held.partition("-")[0]) > manifest.number


def _replace(connection: "Connection", store: Store, manifest: Manifest) -> int:
    """Replaces the partitions of which other bytes were published, and removes those that are gone."""
    from psycopg import sql

    held = connection.execute(f"SELECT table_name, week, sha256 FROM {SCHEMA}.loaded_partition").fetchall()
    other, gone = stale(manifest, {(table, week): digest for table, week, digest in held})
    columns, _ = catalogue(connection)
    for name, week in gone:
        if name in columns:
            place = sql.Identifier(SCHEMA, name)
            connection.execute(sql.SQL("DELETE FROM {} WHERE week_start = %s").format(place), [week])
        connection.execute(
            f"DELETE FROM {SCHEMA}.loaded_partition WHERE table_name = %s AND week = %s", [name, week]
        )
    for name in {table.name for table, _, _ in other} - {table for table, _, _ in held}:
        # Where nothing is on record, whatever rows are there came some other way.
        connection.execute(f"DELETE FROM {SCHEMA}.{name}")
    for batch in batches(store, other):
        _replace_batch(connection, batch)
    return len(other) + len(gone)


def _replace_batch(connection: "Connection", batch: Batch) -> None:
    table, name = batch.table, f"{SCHEMA}.{batch.table.name}"
    weeks = list(batch.weeks)
    connection.execute(f"DELETE FROM {name} WHERE week_start = ANY(%s)", [weeks])
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {name} ({', '.join(table.names)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types([POSTGRES[column.kind] for column in table.columns])
        for row in batch.rows.iter_rows():
            copy.write_row(row)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {SCHEMA}.loaded_partition VALUES (%s, %s, %s, %s, %s) ON CONFLICT (table_name, week) "
            f"DO UPDATE SET sha256 = excluded.sha256, rows = excluded.rows, tokens = excluded.tokens",
            [
                (table.name, week, partition.sha256, *batch.sums.get(week, (0, None)))
                for week, partition in batch.weeks.items()
            ],
        )


def _record(connection: "Connection", manifest: Manifest) -> None:
    """Says which release is there now, and beside each table whose figures they are."""
    line = citation(manifest.kind, manifest.as_of)
    connection.execute(f"DELETE FROM {SCHEMA}.release")
    connection.execute(
        f"INSERT INTO {SCHEMA}.release VALUES (%s, %s, %s, %s, %s)",
        [manifest.release, manifest.published_at, manifest.kind, line, CAVEAT],
    )
    comments = (
        f"COMMENT ON TABLE {SCHEMA}.{table.name} IS {text(f'{table.doc} {line} {CAVEAT}')}"
        for table in TABLES
    )
    connection.execute("; ".join(comments))
