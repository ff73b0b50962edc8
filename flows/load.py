"""Manifest -> warehouse: the embedded DuckDB file holds exactly what the manifest lists."""

import hashlib
import logging
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from flows.lake import citation, open_lake
from flows.manifest import Manifest, published
from flows.read import rows_of
from flows.settings import Settings
from flows.store import Store
from schemas import COUNTRY_WEEK, COUNTRY_WEEK_HISTORY, TABLES
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.table import DUCKDB, Table

log = logging.getLogger("standings")

RELEASE_TABLE = "standings_release"


def load(settings: Settings) -> None:
    """Brings the warehouse to the published release.

    It is built aside and renamed, so that a reader's open connection neither blocks it nor sees it half done.
    Raises `StandingsError` where the file cannot be written; the release stays published, and the next run
    loads it.
    """
    import duckdb

    store = open_lake(settings)
    manifest = published(store)
    path = settings.warehouse
    if loaded_release(path) == manifest.release:
        return
    if path.exists() and not path.is_dir() and loaded_release(path) is None and sealed_digest(path) is None:
        raise StandingsError(
            f"{path}: is no warehouse of ours and is not replaced: move it or set STANDINGS_WAREHOUSE"
        )
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_up(path)
        try:
            _build(aside, store, manifest)
            digest = hashlib.sha256(aside.read_bytes()).hexdigest()
            # First, so that a run that dies in between is noticed by the release that the old file holds.
            _digest_beside(path).write_text(f"{digest}\n")
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except (OSError, duckdb.Error) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise StandingsError(
            f"{path}: the warehouse cannot be written: {why}; the release {manifest.release} is "
            f"published, and the next run will load it"
        ) from None
    log.info("load: %s", path)
    if published(store).release != manifest.release:
        # Another run published meanwhile, and its load may have ended before this one.
        load(settings)


def _clear_up(path: Path) -> None:
    """Removes what loads that died a day ago or longer left beside the warehouse."""
    for aside in path.parent.glob(f".{path.name}.*"):
        if time.time() - aside.stat().st_mtime > 86_400:
            aside.unlink(missing_ok=True)


def loaded_release(path: Path) -> str | None:
    """The release that the warehouse holds; None where there is none, or no warehouse of ours."""
    if not path.is_file():
        return None
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            row = connection.execute(f"SELECT release FROM {RELEASE_TABLE}").fetchone()
    except duckdb.Error:
        return None
    return str(row[0]) if row else None


def differences(settings: Settings, manifest: Manifest) -> Iterator[str]:
    """Where the warehouse holds anything but the published rows, a line a table."""
    path, store = settings.warehouse, open_lake(settings)
    if loaded_release(path) != manifest.release:
        yield f"{path}: does not hold release {manifest.release}: run it again"
        return
    if sealed_digest(path) != hashlib.sha256(path.read_bytes()).hexdigest():
        yield f"{path}: its bytes are not those that were loaded"
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for table in filter(manifest.holds, TABLES):
                order = ", ".join(table.key)
                loaded = connection.sql(f"SELECT * FROM {table.name} ORDER BY {order}").to_arrow_table()
                if not table.conform(pl.DataFrame(loaded)).equals(rows_of(store, manifest, table)):
                    yield f"{path}: {table.name}: its rows are not those that were published"
    except duckdb.Error as error:
        yield f"{path}: cannot be read: {str(error).splitlines()[0]}"


def sealed_digest(path: Path) -> str | None:
    """The sha256 that the warehouse had when it was loaded, kept beside it."""
    beside = _digest_beside(path)
    return beside.read_text().strip() if beside.is_file() else None


def _digest_beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _build(path: Path, store: Store, manifest: Manifest) -> None:
    import duckdb

    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in filter(manifest.holds, TABLES):
            connection.execute(ddl(table))
            rows = rows_of(store, manifest, table).to_arrow()
            connection.register("rows", rows)
            connection.execute(f"INSERT INTO {table.name} SELECT * FROM rows")
            connection.unregister("rows")
            found = connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()
            listed = sum(partition.rows for partition in manifest.weeks(table).values())
            if found != (listed,):
                raise StandingsError(
                    f"{table.name}: {found} rows were loaded, and the manifest lists {listed}"
                )
        if manifest.holds(COUNTRY_WEEK) and manifest.holds(COUNTRY_WEEK_HISTORY):
            connection.execute(as_of_macro())
        connection.execute(
            f"CREATE TABLE {RELEASE_TABLE} (release VARCHAR, published_at TIMESTAMP WITH TIME ZONE, "
            f"kind VARCHAR, citation VARCHAR, caveat VARCHAR)"
        )
        connection.execute(
            f"INSERT INTO {RELEASE_TABLE} VALUES (?, ?, ?, ?, ?)",
            [
                manifest.release,
                manifest.published_at,
                manifest.kind,
                citation(manifest.kind, manifest.as_of),
                CAVEAT,
            ],
        )


def as_of_macro() -> str:
    """`FROM country_week_as_of(TIMESTAMPTZ '...')`: the country tables as they stood at a moment."""
    return (
        f"CREATE MACRO country_week_as_of(moment) AS TABLE "
        f"SELECT {', '.join(COUNTRY_WEEK.names)} FROM {COUNTRY_WEEK_HISTORY.name} WHERE known_at <= moment "
        f"QUALIFY rank() OVER (PARTITION BY week_start, method, knowledge ORDER BY known_at DESC) = 1 "
        f"ORDER BY {', '.join(COUNTRY_WEEK.key)}"
    )


def ddl(table: Table) -> str:
    """The table's definition as DuckDB takes it."""
    columns = [
        f"{column.name} {DUCKDB[column.kind]}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    ]
    return f"CREATE TABLE {table.name} ({', '.join(columns)}, PRIMARY KEY ({', '.join(table.key)}))"
