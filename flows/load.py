"""Manifest -> warehouse: the embedded DuckDB file holds exactly what the manifest lists."""

import logging
import os
from pathlib import Path

from flows.lake import CAVEAT, citation, open_lake
from flows.manifest import Manifest, published
from flows.read import rows_of
from flows.settings import Settings
from flows.store import Store
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.table import DUCKDB, Table

log = logging.getLogger("standings")

RELEASE_TABLE = "standings_release"


def load(settings: Settings) -> None:
    """Brings the warehouse to the published release.

    It is built aside and renamed, so that a reader's open connection neither blocks it nor sees it half done.
    Raises `StandingsError` where the file cannot be written; the release stays published, and the next run
    loads it.
    """
    store = open_lake(settings)
    manifest = published(store)
    path = settings.warehouse
    if loaded_release(path) == manifest.release:
        return
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _build(aside, store, manifest)
        aside.replace(path)
    except OSError as error:
        raise StandingsError(
            f"{path}: the warehouse cannot be written: {error.strerror}; the release {manifest.release} is "
            f"published, and the next run will load it"
        ) from None
    finally:
        aside.unlink(missing_ok=True)
    log.info("load: %s", path)


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


def _build(path: Path, store: Store, manifest: Manifest) -> None:
    import duckdb

    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in TABLES:
            connection.execute(ddl(table))
            rows = rows_of(store, manifest, table).to_arrow()
            connection.register("rows", rows)
            connection.execute(f"INSERT INTO {table.name} SELECT * FROM rows")
            connection.unregister("rows")
            found = connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()
            listed = sum(partition.rows for partition in manifest.tables[table.name].values())
            if found != (listed,):
                raise StandingsError(
                    f"{table.name}: {found} rows were loaded, and the manifest lists {listed}"
                )
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


def ddl(table: Table) -> str:
    """The table's definition as DuckDB takes it."""
    columns = [
        f"{column.name} {DUCKDB[column.kind]}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    ]
    return f"CREATE TABLE {table.name} ({', '.join(columns)}, PRIMARY KEY ({', '.join(table.key)}))"
