"""Manifest -> PostgreSQL: a schema of the published tables, brought to a release in one transaction."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from flows.lake.lake import citation
from flows.lake.manifest import Manifest, published, stale
from flows.settings import Settings
from flows.storage.object_store import Store
from flows.warehouses.batches import Batch, Sums, batches, sums_query, unlike
from flows.warehouses.postgres_schema import become_owner, catalogue, migrate, unfit
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.projections.sql import SCHEMA, text
from schemas.table import POSTGRES, Table

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

log = logging.getLogger("standings")

LOCK = int.from_bytes(b"standing")
"""Whoever loads holds this advisory lock, so that of two loads at once one waits for the other."""

FETCHED = 20_000
"""Rows that are fetched at once."""


def load(settings: Settings, store: Store, manifest: Manifest) -> None:
    """Brings the schema to a release: what changed is replaced, all in one transaction.

    Readers see the release before until it is done, and are not blocked. Raises `StandingsError` where the server
    cannot be reached or refuses, and where a table is not as this version's and cannot be altered to it.
    """
    with _connected(settings) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        become_owner(connection)
        migrate(connection)
        _demand_kind(connection, manifest)
        if _is_further(connection, manifest) and published(store).number > manifest.number:
            return  # The load of that release came first.
        changed = _replace(connection, store, manifest)
        _record(connection, manifest)
    log.info("load: PostgreSQL: %d partitions replaced or removed", changed)


def loaded_release(settings: Settings) -> str | None:
    """The release that the schema holds; None where there is none."""
    with _connected(settings) as connection:
        return _release(connection)


def differences(settings: Settings, store: Store, manifest: Manifest) -> Iterator[str]:
    """Where the schema holds anything but the release's rows, a line a table."""
    with _connected(settings) as connection, _snapshot(connection):
        place = _place(connection)
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


@contextmanager
def _snapshot(connection: "Connection") -> Iterator[None]:
    """One state of things for several queries, whatever is loaded meanwhile."""
    from psycopg import IsolationLevel

    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        yield


@contextmanager
def _connected(settings: Settings) -> Iterator["Connection"]:
    """A connection whose errors are told in one line, which never holds the password."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo
    except ImportError as problem:
        raise StandingsError(
            f"STANDINGS_POSTGRES is set, and psycopg cannot be imported ({problem}): "
            f"pip install 'psycopg[binary]'"
        ) from None
    try:
        given = conninfo_to_dict(settings.postgres or "")
    except psycopg.Error:
        # Its own words repeat the string.
        raise StandingsError(
            "STANDINGS_POSTGRES is no connection string: it must be such as postgresql://user@host:5432/database"
        ) from None
    usual = {"connect_timeout": "10", "application_name": "standings"}
    missing = {name: value for name, value in usual.items() if name not in given}
    conninfo = make_conninfo(settings.postgres or "", client_encoding="utf8", **missing)
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    except psycopg.Error as problem:
        told = problem.diag.message_primary or str(problem).strip().partition("\n")[0]
        if password := str(given.get("password") or ""):
            told = told.replace(password, "...")
        raise StandingsError(f"PostgreSQL (STANDINGS_POSTGRES): {told}") from None


def _place(connection: "Connection") -> str:
    """Where the schema is, without the password."""
    info = connection.info
    return f"postgresql://{info.host}:{info.port}/{info.dbname}"


def _release(connection: "Connection") -> str | None:
    there = connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.release"]).fetchone()
    if there is None or there[0] is None:
        return None
    row = connection.execute(f"SELECT release FROM {SCHEMA}.release").fetchone()
    return str(row[0]) if row else None


def _demand_kind(connection: "Connection", manifest: Manifest) -> None:
    """Raises `StandingsError` where simulated figures would take the place of real ones, or the reverse."""
    row = connection.execute(f"SELECT kind FROM {SCHEMA}.release").fetchone()
    if row and row[0] != manifest.kind:
        raise StandingsError(
            f"{_place(connection)}: its schema {SCHEMA} holds {row[0]} figures, and these are {manifest.kind}: "
            f"set STANDINGS_POSTGRES to another database, or run DROP SCHEMA {SCHEMA} CASCADE; there"
        )


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
