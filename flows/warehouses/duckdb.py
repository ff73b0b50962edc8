"""Manifest -> DuckDB: the embedded warehouse, one file, brought to a release aside and renamed."""

import hashlib
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from flows.lake.lake import citation
from flows.lake.manifest import Manifest, stale
from flows.settings import Settings
from flows.storage.object_store import Store
from flows.warehouses.batches import Batch, Sums, batches, sums_query, unlike
from flows.warehouses.ownership import ensure_ours
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


STORAGE: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": "v1.0.0"}
"""In which form the file is written: DuckDB from 1.1 on reads it, and from 1.0 on what has no primary keys."""


@dataclass(frozen=True)
class Loaded:
    """What a warehouse says of itself: the release that it holds, and of which kind its figures are."""

    release: str
    kind: str | None


def load(settings: Settings, store: Store, manifest: Manifest) -> None:
    """Brings the file to a release: what changed is replaced, in one transaction.

    That is done in a copy, which is then renamed, so that a reader's open connection neither blocks it nor sees it
    half done. A file that is broken, or was made by other definitions, is made anew. Raises `StandingsError` where
    the file cannot be written, is another lake's, or is just being written to by somebody else.
    """
    import duckdb

    path = settings.warehouse
    if (
        (held := _ours(settings, store, manifest))
        and held.release == manifest.release
        and not _leftovers(path)
    ):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_up(path)
        with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            aside = Path(folder) / path.name
            changed = _bring(aside, store, manifest, _copy(path, aside, manifest))
            # First, so that a run that dies in between is noticed by the release that the old file holds.
            _digest_beside(path).write_text(f"{_digest(aside)}\n")
            _drop_leftovers(path)
            aside.replace(path)
        if loaded_release(path) != manifest.release:
            raise StandingsError(
                f"{path}: the warehouse was written and cannot be read back: {_why_not(path)}: "
                f"run `standings repair`"
            )
    except (OSError, duckdb.Error) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise StandingsError(
            f"{path}: the warehouse cannot be written: {why}; the release {manifest.release} is "
            f"published, and the next run will load it"
        ) from None
    log.info("load: %s: %d partitions replaced or removed", path, changed)


def discard(settings: Settings, store: Store, manifest: Manifest | None) -> None:
    """Removes the file, so that the next load makes it from nothing; not where it is another lake's, or nobody's."""
    with suppress(StandingsError):
        if manifest and (_ours(settings, store, manifest) or sealed_digest(settings.warehouse)):
            _drop_leftovers(settings.warehouse)
            settings.warehouse.unlink(missing_ok=True)


def _ours(settings: Settings, store: Store, manifest: Manifest) -> Loaded | None:
    """What this lake's warehouse holds; None where there is none, or one that is broken.

    Raises `StandingsError` where something else is in its place, or where somebody is writing to it.
    """
    path = settings.warehouse
    remedy = "set STANDINGS_WAREHOUSE to another file, or move this one away"
    held = _read(path)
    if held:
        ensure_ours(store, manifest, f"{path}:", held.kind, {held.release}, remedy)
    elif path.exists() and not path.is_dir():
        if "Could not set lock" in (why := _why_not(path)):
            raise StandingsError(
                f"{path}: somebody is writing to the warehouse: close that, and load again: {why}"
            )
        if "Permission denied" in why:
            raise StandingsError(f"{path}: the warehouse cannot be read: {why}")
        if sealed_digest(path) is None:
            raise StandingsError(f"{path}: is no warehouse of ours and is not replaced: {remedy}")
    return held


def _leftovers(path: Path) -> list[Path]:
    """What a client that wrote to the warehouse and died left beside it: it is none of the release.

    Beside another file of that name, DuckDB does not open either.
    """
    return sorted(path.parent.glob(f"{escape(path.name)}.wal*"))


def _drop_leftovers(path: Path) -> None:
    for leftover in _leftovers(path):
        log.warning("load: %s: is removed: a client that wrote to the warehouse died and left it", leftover)
        leftover.unlink(missing_ok=True)


def _clear_up(path: Path) -> None:
    """Removes what loads that died a day ago or longer left beside the warehouse."""
    for aside in path.parent.glob(f".{escape(path.name)}.*"):
        if time.time() - aside.stat().st_mtime > 86_400:
            shutil.rmtree(aside) if aside.is_dir() else aside.unlink(missing_ok=True)


def loaded_release(path: Path) -> str | None:
    """The release that the warehouse holds; None where there is none, or no warehouse of ours."""
    held = _read(path)
    return held.release if held else None


def _read(path: Path) -> Loaded | None:
    """What a warehouse says of itself; None where it cannot be asked, or is none."""
    if not path.is_file():
        return None
    import duckdb

    try:
        with _opened(path) as connection:
            found = connection.execute(f"FROM warehouse.{RELEASE_TABLE}")
            names = [name for name, *_ in found.description or ()]
            row = dict(zip(names, found.fetchone() or (), strict=False))
    except duckdb.Error:
        return None
    return Loaded(row["release"], row.get("kind")) if "release" in row else None


def _why_not(path: Path) -> str:
    """Why a file is not opened, in DuckDB's words."""
    import duckdb

    try:
        _opened(path).close()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return "it does not hold the release"


def _opened(path: Path) -> "duckdb.DuckDBPyConnection":
    """A connection to which the file is attached, to be read, as `warehouse`.

    Connected to by its name it may be the one before it, which a reader in this process has open.
    """
    import duckdb

    connection = duckdb.connect()
    try:
        connection.execute(f"ATTACH {text(str(path))} AS warehouse (READ_ONLY)")
    except duckdb.Error:
        connection.close()
        raise
    return connection


def differences(settings: Settings, store: Store, manifest: Manifest) -> Iterator[str]:
    """Where the file holds anything but the release's rows, a line a table."""
    path = settings.warehouse
    held = _ours(settings, store, manifest)
    yield from (f"{leftover}: a client that died left it: load again" for leftover in _leftovers(path))
    if held is None and path.is_file():
        yield f"{path}: cannot be read: {_why_not(path)}: load again"
        return
    if held is None or held.release != manifest.release:
        yield f"{path}: does not hold release {manifest.release}: run it again"
        return
    if sealed_digest(path) != _digest(path):
        yield f"{path}: its bytes are not those that were loaded"
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")

            def summed(table: Table) -> Sums:
                return {
                    week: (rows, tokens)
                    for week, rows, tokens in connection.execute(sums_query(table, table.name)).fetchall()
                }

            def rows(table: Table, first: date, last: date) -> pl.DataFrame:
                query = f"SELECT {', '.join(table.names)} FROM {table.name} WHERE week_start BETWEEN ? AND ?"
                return pl.DataFrame(connection.sql(query, params=[first, last]).to_arrow_table())

            for line in unlike(store, manifest, summed, rows):
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
    with duckdb.connect(str(path), config=STORAGE) as connection:
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
    return hashlib.sha256("\n".join([str(STORAGE), *_statements(manifest)]).encode()).hexdigest()


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
