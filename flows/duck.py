"""Manifest -> DuckDB: the embedded warehouse, one file, built aside and renamed."""

import hashlib
import logging
import time
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from flows.lake import citation
from flows.manifest import Manifest, stale
from flows.parts import Sums, batches, sums_query, unlike
from flows.settings import Settings
from flows.store import Store
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.table import DUCKDB, Table
from schemas.views import AS_OF, VIEWS
from schemas.warehouses import about, text

log = logging.getLogger("standings")

RELEASE_TABLE = "standings_release"


def load(settings: Settings, store: Store, manifest: Manifest) -> None:
    """Brings the file to a release.

    It is built aside and renamed, so that a reader's open connection neither blocks it nor sees it half done.
    Raises `StandingsError` where the file cannot be written.
    """
    import duckdb

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
            # First, so that a run that dies in between is noticed by the release that the old file holds.
            _digest_beside(path).write_text(f"{_digest(aside)}\n")
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


def differences(settings: Settings, store: Store, manifest: Manifest) -> Iterator[str]:
    """Where the file holds anything but the release's rows, a line a table."""
    path = settings.warehouse
    if loaded_release(path) != manifest.release:
        yield f"{path}: does not hold release {manifest.release}: run it again"
        return
    if sealed_digest(path) != _digest(path):
        yield f"{path}: its bytes are not those that were loaded"
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")

            def held(table: Table) -> Sums:
                return {
                    week: (rows, tokens)
                    for week, rows, tokens in connection.execute(sums_query(table, table.name)).fetchall()
                }

            def rows(table: Table, first: date, last: date) -> pl.DataFrame:
                query = f"SELECT {', '.join(table.names)} FROM {table.name} WHERE week_start BETWEEN ? AND ?"
                return pl.DataFrame(connection.sql(query, params=[first, last]).to_arrow_table())

            for line in unlike(store, manifest, held, rows):
                yield f"{path}: {line}"
    except duckdb.Error as error:
        yield f"{path}: cannot be read: {str(error).splitlines()[0]}"


def sealed_digest(path: Path) -> str | None:
    """The sha256 that the warehouse had when it was loaded, kept beside it."""
    beside = _digest_beside(path)
    return beside.read_text().strip() if beside.is_file() else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _build(path: Path, store: Store, manifest: Manifest) -> None:
    import duckdb

    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        line = citation(manifest.kind, manifest.as_of)
        # A statement by itself would be a transaction, and each of hundreds would be written to the disk.
        connection.execute("BEGIN")
        for table in filter(manifest.holds, TABLES):
            connection.execute(table.ddl(DUCKDB))
            connection.execute(";".join(comments(table, line)))
        connection.execute("COMMIT")
        for batch in batches(store, stale(manifest, {})[0]):
            connection.register("batch", batch.rows.to_arrow())
            connection.execute(f"INSERT INTO {batch.table.name} SELECT * FROM batch")
            connection.unregister("batch")
        for table in filter(manifest.holds, TABLES):
            found = connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()
            listed = sum(partition.rows for partition in manifest.weeks(table).values())
            if found != (listed,):
                raise StandingsError(
                    f"{table.name}: {found} rows were loaded, and the manifest lists {listed}"
                )
        for statement in _views(manifest):
            connection.execute(statement)
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
                line,
                CAVEAT,
            ],
        )


def comments(table: Table, citation: str) -> Iterator[str]:
    """What the table and its columns mean, and whose figures they are, as statements."""
    yield f"COMMENT ON TABLE {table.name} IS {text(f'{table.doc} {citation} {CAVEAT}')}"
    for column in table.columns:
        yield f"COMMENT ON COLUMN {table.name}.{column.name} IS {text(about(column))}"


def _views(manifest: Manifest) -> Iterator[str]:
    """The convenience views and `FROM country_week_as_of(TIMESTAMPTZ '...')`, where their tables are there."""
    for view in VIEWS:
        if all(map(manifest.holds, view.rests_on)):
            yield f"CREATE VIEW {view.name} AS {view.query()}"
            yield f"COMMENT ON VIEW {view.name} IS {text(view.doc)}"
    if all(map(manifest.holds, AS_OF.rests_on)):
        yield f"CREATE MACRO {AS_OF.name}(moment) AS TABLE {AS_OF.query()}"
        yield f"COMMENT ON MACRO TABLE {AS_OF.name} IS {text(AS_OF.doc)}"
