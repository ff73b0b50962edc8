"""The warehouse: exactly what the manifest lists, replaced by the week, and never in the way of its readers."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from flows.lake import keys
from flows.lake.lake import citation, open_lake
from flows.lake.query import Selection, select
from flows.lake.reader import rows_of
from flows.maintenance import repair, rollback
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings
from flows.warehouses.duckdb import LOADED_TABLE, RELEASE_TABLE, differences, loaded_release
from flows.warehouses.load import load
from schemas import COUNTRY_WEEK, TABLES, Table
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.projections.views import AS_OF, VIEWS
from schemas.table import DUCKDB, about
from tests.support import lakes

pytestmark = pytest.mark.slow

MONDAYS = [date(2026, 6, 29), date(2026, 7, 6), date(2026, 7, 13)]
MODELS = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7, "openrouter/cloaked:free": 3, "other": 9}


BODIES = [lakes.body(lakes.week_of(monday, MODELS)) for monday in MONDAYS]


def publish(settings: Settings, weeks: int) -> str:
    """Makes the lake one with so many weeks published, a release each, without loading it."""
    return lakes.begun(settings, *BODIES[:weeks]).release


def loading(step: Callable[..., Any], /) -> Callable[..., Any]:
    """Runs every step but the validation."""
    return step if step is load else lakes.unchecked(step)


def held(path: Path, table: Table) -> pl.DataFrame:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        order = ", ".join(table.key)
        return pl.DataFrame(connection.sql(f"SELECT * FROM {table.name} ORDER BY {order}").to_arrow_table())


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("once")
    publish(lakes.on_disk(folder), 1)
    return folder


@pytest.fixture(scope="module")
def loaded_once(published_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of that lake."""
    path = tmp_path_factory.mktemp("loaded") / "warehouse.duckdb"
    load(replace(lakes.on_disk(published_once), warehouse=path))
    return path


@pytest.fixture
def settings(published_once: Path, tmp_path: Path) -> Settings:
    """A lake with one week published and not yet loaded."""
    shutil.copytree(published_once, tmp_path, dirs_exist_ok=True)
    return lakes.on_disk(tmp_path)


@pytest.fixture
def loaded(settings: Settings, loaded_once: Path) -> Settings:
    """That lake, loaded."""
    shutil.copytree(loaded_once.parent, settings.warehouse.parent, dirs_exist_ok=True)
    assert loaded_release(settings.warehouse) == lakes.manifest_of(settings).release
    return settings


def test_the_warehouse_holds_exactly_what_the_manifest_lists(
    store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = lakes.settings(store_url, tmp_path, request)
    for weeks in (1, 2, 3):
        publish(settings, weeks)
        load(settings)
    store, manifest = open_lake(settings), lakes.manifest_of(settings)
    assert manifest.number == len(MONDAYS)
    for table in TABLES:
        rows = held(settings.warehouse, table)
        assert rows.height == sum(each.rows for each in manifest.tables[table.name].values())
        assert rows.height > 0 or table.name in lakes.SOMETIMES_EMPTY
        assert rows.rows() == rows_of(store, manifest, table).rows()
        assert rows.columns == table.names
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
        assert tables == {each.name for each in (*TABLES, *VIEWS)} | {RELEASE_TABLE, LOADED_TABLE}
        connection.execute("SET TimeZone = 'UTC'")
        (told,) = connection.execute(
            f"SELECT * EXCLUDE (published_at, definition) FROM {RELEASE_TABLE}"
        ).fetchall()
    assert told == (manifest.release, "real", citation("real", manifest.as_of), CAVEAT)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_have_the_types_keys_and_nulls_of_the_table(table: Table, loaded_once: Path) -> None:
    with duckdb.connect(str(loaded_once), read_only=True) as connection:
        described = connection.execute(f"DESCRIBE {table.name}").fetchall()
    assert [(name, type_, nullable) for name, type_, nullable, *_ in described] == [
        (column.name, DUCKDB[column.kind], "YES" if column.nullable else "NO") for column in table.columns
    ]
    assert {name for name, _, _, key, *_ in described if key == "PRI"} == set(table.key)


def test_tables_and_columns_say_what_they_mean_and_whose_figures_they_are(
    loaded_once: Path, published_once: Path
) -> None:
    manifest = lakes.manifest_of(lakes.on_disk(published_once))
    line = citation(manifest.kind, manifest.as_of)
    with duckdb.connect(str(loaded_once), read_only=True) as connection:
        tables = dict(connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
        columns = connection.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns()"
        ).fetchall()
        views = dict(
            connection.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall()
        )
        macros = connection.execute(
            "SELECT comment FROM duckdb_functions() WHERE function_name = ?", [AS_OF.name]
        ).fetchall()
    assert {table.name: f"{table.doc} {line} {CAVEAT}" for table in TABLES}.items() <= tables.items()
    told = {(table, column): comment for table, column, comment in columns}
    for table in TABLES:
        assert {(table.name, each.name): about(each) for each in table.columns}.items() <= told.items()
    assert views == {view.name: view.doc for view in VIEWS}
    assert macros == [(AS_OF.doc,)]


def test_the_views_are_what_the_command_line_shows(loaded_once: Path, published_once: Path) -> None:
    asked = Selection(values={"method": "all_models", "knowledge": "now"})
    wanted = select(lakes.on_disk(published_once), "country_week", asked).rows.sort("country_code")
    with duckdb.connect(str(loaded_once), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        standings, latest = (
            pl.DataFrame(connection.sql(f"FROM {view.name} ORDER BY country_code").to_arrow_table())
            for view in VIEWS
        )
        first = connection.execute("SELECT rank, country_code FROM latest_standings").fetchall()
    assert standings.rows() == wanted.select(standings.columns).rows()
    assert latest.equals(standings)
    assert first == [(1, "US"), (None, "CN"), (None, "ZZ")]


def test_what_the_warehouse_sums_is_exact(loaded: Settings) -> None:
    with duckdb.connect(str(loaded.warehouse), read_only=True) as connection:
        query = (
            "SELECT sum(tokens)::BIGINT FROM country_week WHERE method = 'all_models' AND knowledge = 'now'"
        )
        assert connection.execute(query).fetchall() == [(7 * sum(MODELS.values()),)]


def test_an_open_reader_neither_blocks_a_load_nor_sees_it(loaded: Settings) -> None:
    first = lakes.manifest_of(loaded).release
    file = loaded.warehouse.stat().st_ino
    with duckdb.connect(str(loaded.warehouse), read_only=True) as reader:
        query = f"SELECT release, (SELECT count(*) FROM week_coverage) FROM {RELEASE_TABLE}"
        assert reader.execute(query).fetchall() == [(first, 1)]
        second = publish(loaded, 2)
        load(loaded)
        assert reader.execute(query).fetchall() == [(first, 1)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            reader.execute(f"DELETE FROM {RELEASE_TABLE}")
    # A file of its own took the name, since to write into the reader's would change what it reads next.
    assert loaded.warehouse.stat().st_ino != file
    assert loaded_release(loaded.warehouse) == second
    with duckdb.connect(str(loaded.warehouse), read_only=True) as reader:
        assert reader.execute(query).fetchall() == [(second, 2)]


def test_a_loaded_release_is_not_loaded_again(loaded: Settings) -> None:
    before = loaded.warehouse.stat()
    load(loaded)
    after = loaded.warehouse.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_folders_on_the_way_are_made(settings: Settings, tmp_path: Path) -> None:
    deeper = Settings(lake=settings.lake, warehouse=tmp_path / "a" / "b" / "w.duckdb")
    load(deeper)
    assert loaded_release(deeper.warehouse) == lakes.manifest_of(settings).release


def blocked_by_a_folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder.duckdb"
    path.mkdir()
    return path


def blocked_by_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("mine")
    return tmp_path / "file" / "w.duckdb"


def blocked_by_the_system(_: Path) -> Path:
    """Nobody can make a file there, not even root."""
    return Path("/proc/w.duckdb")


@pytest.mark.parametrize(
    "blocked",
    [
        blocked_by_a_folder,
        blocked_by_a_file,
        blocked_by_the_system,
    ],
)
def test_a_load_that_fails_leaves_the_release_published_and_is_told(
    blocked: object, settings: Settings, tmp_path: Path
) -> None:
    path = blocked(tmp_path)  # type: ignore[operator]
    unwritable = Settings(lake=settings.lake, warehouse=path)
    with pytest.raises(StandingsError) as caught:
        load(unwritable)
    release = lakes.manifest_of(settings).release
    assert str(caught.value).startswith(f"{path}: the warehouse cannot be written")
    assert f"the release {release} is published" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob(".*"))


def test_the_next_run_catches_up_after_a_failed_load(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    settings.warehouse.mkdir()
    lakes.land_bytes(settings, BODIES[0])
    with pytest.raises(StandingsError, match="the warehouse cannot be written"):
        raw_to_warehouse(settings, loading)
    release = lakes.manifest_of(settings).release
    assert loaded_release(settings.warehouse) is None
    settings.warehouse.rmdir()
    assert raw_to_warehouse(settings, loading).release == release
    assert loaded_release(settings.warehouse) == release


def test_a_load_that_breaks_half_way_leaves_the_old_warehouse(loaded: Settings, tmp_path: Path) -> None:
    before = loaded.warehouse.read_bytes()
    publish(loaded, 2)
    store = open_lake(loaded)
    broken = lakes.manifest_of(loaded).tables["country_lead_week"][MONDAYS[1]].key
    sound = store.get(broken)
    store.put(broken, b"other bytes")
    with pytest.raises(StandingsError, match=broken):
        load(loaded)
    assert loaded.warehouse.read_bytes() == before
    assert not list(tmp_path.glob(".*"))
    store.put(broken, sound)
    load(loaded)
    assert loaded_release(loaded.warehouse) == lakes.manifest_of(loaded).release


def test_what_loads_left_that_were_killed_long_ago_goes_with_the_next(
    settings: Settings, tmp_path: Path
) -> None:
    left, folder, fresh = (tmp_path / f".warehouse.duckdb.{name}" for name in ("file", "folder", "fresh"))
    folder.mkdir()
    for path in (folder / "warehouse.duckdb", left, fresh):
        path.write_bytes(b"half of it")
    for path in (left, folder):
        os.utime(path, (1, 1))
    load(settings)
    assert list(tmp_path.glob(".*")) == [fresh]


def test_no_warehouse_holds_no_release(tmp_path: Path) -> None:
    assert loaded_release(tmp_path / "none.duckdb") is None


@pytest.mark.parametrize("kind", ["text", "database"])
def test_a_file_that_is_no_warehouse_of_ours_is_not_replaced(kind: str, settings: Settings) -> None:
    if kind == "text":
        settings.warehouse.write_text("notes of somebody's")
    else:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("CREATE TABLE mine AS SELECT 1 AS x")
    before = settings.warehouse.read_bytes()
    with pytest.raises(StandingsError) as caught:
        load(settings)
    assert str(caught.value).startswith(f"{settings.warehouse}: is no warehouse of ours and is not replaced")
    assert "\n" not in str(caught.value)
    assert settings.warehouse.read_bytes() == before


def test_its_digest_lies_beside_the_warehouse(settings: Settings) -> None:
    for weeks in (1, 2):
        publish(settings, weeks)
        load(settings)
        beside = settings.warehouse.with_name("warehouse.duckdb.sha256")
        assert beside.read_text() == f"{lakes.digest(settings.warehouse.read_bytes())}\n"


def test_a_broken_warehouse_of_ours_is_built_anew(loaded: Settings) -> None:
    loaded.warehouse.write_bytes(b"torn")
    load(loaded)
    assert loaded_release(loaded.warehouse) == lakes.manifest_of(loaded).release


@pytest.mark.parametrize("resealed", [False, True], ids=["altered by hand", "made by other definitions"])
def test_a_warehouse_that_is_not_as_this_version_loads_it_is_built_anew(
    resealed: bool, loaded: Settings
) -> None:
    path = loaded.warehouse
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM country_week")
        if resealed:
            connection.execute(f"UPDATE {RELEASE_TABLE} SET definition = 'of an older version'")
    if resealed:
        path.with_name(f"{path.name}.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    release = publish(loaded, 2)
    load(loaded)
    wanted = rows_of(open_lake(loaded), lakes.manifest_of(loaded), COUNTRY_WEEK)
    assert held(path, COUNTRY_WEEK).rows() == wanted.rows()
    with duckdb.connect(str(path), read_only=True) as connection:
        came_with = connection.execute(f"SELECT DISTINCT release FROM {LOADED_TABLE}").fetchall()
    assert came_with == [(release,)]


def interrupted(path: Path) -> None:
    """A client writes to the warehouse and dies before its words are in the file."""
    code = (
        "import duckdb, os, sys; connection = duckdb.connect(sys.argv[1]); "
        f"connection.execute('DELETE FROM {COUNTRY_WEEK.name}'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.with_name(f"{path.name}.wal").is_file()


@pytest.mark.parametrize("mended", ["by the next release", "by a load", "by a repair"])
def test_what_a_client_that_died_left_beside_the_warehouse_spoils_nothing(
    mended: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    path = settings.warehouse
    load(settings)
    interrupted(path)
    wal = path.with_name(f"{path.name}.wal")
    manifest = lakes.manifest_of(settings)
    assert f"{wal}: a client that died left it: load again" in differences(
        settings, open_lake(settings), manifest
    )
    if mended == "by the next release":
        publish(settings, 2)
    if mended == "by a repair":
        repair(settings, loading)
    else:
        load(settings)
    manifest = lakes.manifest_of(settings)
    assert not wal.exists()
    assert f"{wal}: is removed" in caplog.text
    assert loaded_release(path) == manifest.release
    wanted = rows_of(open_lake(settings), manifest, COUNTRY_WEEK)
    assert held(path, COUNTRY_WEEK).rows() == wanted.rows()
    assert list(differences(settings, open_lake(settings), manifest)) == []


def test_a_warehouse_that_somebody_writes_to_is_not_replaced_under_them(settings: Settings) -> None:
    load(settings)
    publish(settings, 2)
    before = settings.warehouse.read_bytes()
    code = "import duckdb, sys; connection = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(settings.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(StandingsError, match=f"somebody is writing to the warehouse.*PID {writer.pid}"):
            load(settings)
        assert settings.warehouse.read_bytes() == before
    load(settings)
    assert loaded_release(settings.warehouse) == lakes.manifest_of(settings).release


def test_duckdb_from_1_1_on_can_read_the_file(settings: Settings) -> None:
    load(settings)
    publish(settings, 2)
    load(settings)  # which changes a copy of it
    # The number of the storage's form stands behind a checksum and four letters; DuckDB 1.1 reads up to 64.
    assert int.from_bytes(settings.warehouse.read_bytes()[12:20], "little") <= 64


def another_lake(settings: Settings, folder: Path) -> Settings:
    """A lake with figures of its own, and the same warehouse."""
    other = replace(lakes.on_disk(folder), warehouse=settings.warehouse)
    days = lakes.week_of(MONDAYS[0], {"deepseek/delta": 5})
    lakes.land_bytes(other, lakes.body(days))
    lakes.publish(other)
    return other


def test_another_lakes_figures_do_not_take_the_place_of_what_the_warehouse_holds(
    settings: Settings, tmp_path: Path
) -> None:
    load(settings)
    before = settings.warehouse.read_bytes()
    other = another_lake(settings, tmp_path / "other")
    release = lakes.manifest_of(settings).release
    told = (
        f"{settings.warehouse}: holds release {release} of another lake than {other.lake}, and is left as it is: "
        "set STANDINGS_WAREHOUSE to another file, or move this one away"
    )
    for each in (load, lambda other: repair(other, loading)):
        with pytest.raises(StandingsError) as caught:
            each(other)
        assert str(caught.value) == told
        assert settings.warehouse.read_bytes() == before
    with pytest.raises(StandingsError, match="of another lake"):
        list(differences(other, open_lake(other), lakes.manifest_of(other)))
    settings.warehouse.rename(tmp_path / "away.duckdb")
    load(other)
    assert loaded_release(settings.warehouse) == lakes.manifest_of(other).release


def test_a_lake_knows_its_warehouse_after_its_copy_a_rollback_and_a_repair(
    settings: Settings, tmp_path: Path
) -> None:
    load(settings)
    first = lakes.manifest_of(settings).release
    shutil.copytree(tmp_path / "lake", tmp_path / "copy/lake")
    copied = replace(settings, lake=f"file://{tmp_path}/copy/lake")
    publish(copied, 2)
    load(copied)  # A copy goes on from what both had.
    lakes.land_bytes(settings, BODIES[2])
    lakes.publish(settings)
    with pytest.raises(StandingsError, match="of another lake"):
        load(settings)
    settings.warehouse.unlink()
    load(settings)
    rollback(settings, first, "a test")
    load(settings)
    assert loaded_release(settings.warehouse) == lakes.manifest_of(settings).release
    broken = keys.manifest(lakes.manifest_of(settings).release)
    open_lake(settings).put(broken, b"broken")
    repair(settings, loading)
    assert loaded_release(settings.warehouse) == lakes.manifest_of(settings).release


def test_an_empty_lake_has_nothing_to_load(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    with pytest.raises(StandingsError, match="nothing is published there yet"):
        load(settings)
    assert not settings.warehouse.exists()
    assert keys.POINTER not in lakes.objects(settings)


def test_the_warehouse_answers_as_of_any_moment_like_the_command_line(
    shared_data: Path, tmp_path: Path
) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.bring(settings, *lakes.responses(shared_data)[2:], run=lakes.loading)
    history = select(settings, "country_week_history", Selection()).rows["known_at"].unique().sort()
    first, last = history[0], datetime(2026, 9, 1, tzinfo=UTC)
    drawn = [first + (last - first) * n / 15 for n in range(1, 15)]
    moments = [*drawn, *history[1:4], *(each - timedelta(microseconds=1) for each in history[1:4])]
    assert len(moments) == 20
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for moment in moments:
            found = connection.sql(
                f"FROM country_week_as_of(TIMESTAMPTZ '{moment.isoformat()}')"
            ).to_arrow_table()
            wanted = select(settings, "country_week", Selection(as_of=moment)).rows
            assert COUNTRY_WEEK.conform(pl.DataFrame(found)).equals(COUNTRY_WEEK.conform(wanted)), moment
