"""Manifest -> DuckDB: the embedded warehouse, one file, brought to a release aside and renamed."""

import hashlib
import logging
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flows.lake.lake import citation
from flows.lake.manifest import Manifest, stale
from flows.settings import Settings
from flows.storage.object_store import Store
from flows.warehouses.batches import Batch, Sums, batches, sums_query, unlike
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.projections.sql import text
from schemas.projections.views import AS_OF, VIEWS
from schemas.table import DUCKDB, Table, about

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger("standings")

RELEASE_TABLE, LOADED_TABLE = "standings_release", "standings_loaded_partition"

BOOKS = f"""
CREATE TABLE {RELEASE_TABLE} (
    release VARCHAR, published_at TIMESTAMP WITH TIME ZONE, kind VARCHAR, citation VARCHAR, caveat VARCHAR,
    definition VARCHAR);
COMMENT ON TABLE {RELEASE_TABLE} IS 'The release that the tables hold, and what to print beside its figures.';
CREATE TABLE {LOADED_TABLE} (table_name VARCHAR, week DATE, sha256 VARCHAR, release VARCHAR,
    PRIMARY KEY (table_name, week));
COMMENT ON TABLE {LOADED_TABLE} IS
    'One row a table and week: the published part that its rows were loaded from, and the release they came with.';
"""

Held = dict[tuple[str, date], str]
"""The sha256 of the part that each table and week was loaded from."""


def load(settings: Settings, store: Store, manifest: Manifest) -> None:
    """Brings the file to a release: what changed is replaced, in one transaction.

    That is done in a copy, which is then renamed, so that a reader's open connection neither blocks it nor sees it
    half done. A file that is broken, or was made by other definitions, is made anew. Raises `StandingsError` where
    the file cannot be written.
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
            changed = _bring(aside, store, manifest, _copy(path, aside, manifest))
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
    log.info("load: %s: %d partitions replaced or removed", path, changed)


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


def _copy(path: Path, aside: Path, manifest: Manifest) -> Held | None:
    """Copies the file, and says what the copy holds; None, and no copy, where it is not as it was loaded."""
    import duckdb

    if (sealed := sealed_digest(path)) is None or not path.is_file():
        return None
    shutil.copyfile(path, aside)
    if _digest(aside) == sealed:
        with suppress(duckdb.Error), duckdb.connect(str(aside), read_only=True) as connection:
            made_from = connection.execute(f"SELECT definition FROM {RELEASE_TABLE}").fetchone()
            if made_from == (_definition(manifest),):
                found = connection.execute(f"SELECT table_name, week, sha256 FROM {LOADED_TABLE}").fetchall()
                return {(table, week): digest for table, week, digest in found}
    aside.unlink()
    return None


def _bring(path: Path, store: Store, manifest: Manifest, held: Held | None) -> int:
    """Makes the file hold a release; returns how many partitions were replaced or removed. held: None for no file."""
    import duckdb

    other, gone = stale(manifest, held or {})
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("BEGIN")
        if held is None:
            connection.execute(";".join(_statements(manifest)))
        for name, week in gone:
            connection.execute(f"DELETE FROM {name} WHERE week_start = ?", [week])
            connection.execute(f"DELETE FROM {LOADED_TABLE} WHERE table_name = ? AND week = ?", [name, week])
        for batch in batches(store, other):
            _replace(connection, batch, manifest.release)
        for table in filter(manifest.holds, TABLES):
            found = connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()
            listed = sum(partition.rows for partition in manifest.weeks(table).values())
            if found != (listed,):
                raise StandingsError(
                    f"{table.name}: {found} rows were loaded, and the manifest lists {listed}"
                )
        _record(connection, manifest)
        connection.execute("COMMIT")
    return len(other) + len(gone)


def _replace(connection: "duckdb.DuckDBPyConnection", batch: Batch, release: str) -> None:
    """Puts whole weeks of a table in the place of what was there."""
    name, weeks = batch.table.name, list(batch.weeks)
    loaded = pl.DataFrame({"week": weeks, "sha256": [partition.sha256 for partition in batch.weeks.values()]})
    connection.execute(f"DELETE FROM {name} WHERE week_start = ANY(?)", [weeks])
    connection.register("batch", batch.rows.to_arrow())
    connection.register("loaded", loaded.to_arrow())
    connection.execute(f"INSERT INTO {name} SELECT * FROM batch")
    connection.execute(
        f"INSERT OR REPLACE INTO {LOADED_TABLE} SELECT ?, week, sha256, ? FROM loaded", [name, release]
    )
    connection.unregister("batch")
    connection.unregister("loaded")


def _record(connection: "duckdb.DuckDBPyConnection", manifest: Manifest) -> None:
    """Says which release is there now, and beside each table whose figures they are."""
    line = citation(manifest.kind, manifest.as_of)
    connection.execute(f"DELETE FROM {RELEASE_TABLE}")
    connection.execute(
        f"INSERT INTO {RELEASE_TABLE} VALUES (?, ?, ?, ?, ?, ?)",
        [manifest.release, manifest.published_at, manifest.kind, line, CAVEAT, _definition(manifest)],
    )
    comments = (
        f"COMMENT ON TABLE {table.name} IS {text(f'{table.doc} {line} {CAVEAT}')}"
        for table in filter(manifest.holds, TABLES)
    )
    connection.execute(";".join(comments))


def _definition(manifest: Manifest) -> str:
    """A digest of what the file is made from, but its rows."""
    return hashlib.sha256("\n".join(_statements(manifest)).encode()).hexdigest()


def _statements(manifest: Manifest) -> Iterator[str]:
    """What makes an empty file: the tables, what their columns mean, the books, and the views.

    Of the views and `FROM country_week_as_of(TIMESTAMPTZ '...')` those whose tables are there.
    """
    yield BOOKS
    for table in filter(manifest.holds, TABLES):
        yield table.ddl(DUCKDB)
        for column in table.columns:
            yield f"COMMENT ON COLUMN {table.name}.{column.name} IS {text(about(column))}"
    for view in VIEWS:
        if all(map(manifest.holds, view.rests_on)):
            yield f"CREATE VIEW {view.name} AS {view.query()}"
            yield f"COMMENT ON VIEW {view.name} IS {text(view.doc)}"
    if all(map(manifest.holds, AS_OF.rests_on)):
        yield f"CREATE MACRO {AS_OF.name}(moment) AS TABLE {AS_OF.query()}"
        yield f"COMMENT ON MACRO TABLE {AS_OF.name} IS {text(AS_OF.doc)}"
