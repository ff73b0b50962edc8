"""PostgreSQL: the schema, its rights and its migrations, on a real server."""

import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import psycopg
import pytest
from psycopg import sql

from flows.lake.lake import citation, open_lake
from flows.lake.manifest import read_manifest
from flows.settings import Settings
from flows.warehouses import duckdb as duck
from flows.warehouses.postgres import differences, load, loaded_release
from flows.warehouses.postgres_connection import LOCK
from flows.warehouses.postgres_schema import LOADER, READER
from schemas import COUNTRY_WEEK, COUNTRY_WEEK_HISTORY, MODEL_WEEK, TABLES, Table
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.projections.views import AS_OF, VIEWS
from schemas.table import POSTGRES, about
from tests.support import lakes, servers

pytestmark = pytest.mark.slow

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of two releases, of which the second restates two days, and its DuckDB file."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("lake"))
    monday = datetime(2026, 7, 6, tzinfo=UTC).date()
    models = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7, "openrouter/cloaked": 3, "other": 9}
    days = lakes.week_of(monday, models) | lakes.week_of(monday - timedelta(7), models)
    lakes.land_bytes(settings, lakes.body(days))
    lakes.publish(settings)
    other = {day: models | {"deepseek/delta": 2**49} for day in list(days)[3:5]}
    lakes.land_bytes(settings, lakes.body(other, "2026-08-03T00:00:00.000Z"))
    lakes.publish(settings)
    duck.load(settings, open_lake(settings), lakes.manifest_of(settings))
    return settings


@pytest.fixture
def settings(lake: Settings, postgres_url: str) -> Settings:
    """That lake, and an empty database."""
    return replace(lake, postgres=servers.make_database(postgres_url))


@pytest.fixture(scope="module")
def once(lake: Settings, postgres_url: str) -> Settings:
    """That lake, loaded, for tests that only read."""
    settings = replace(lake, postgres=servers.make_database(postgres_url))
    bring(settings)
    return settings


@pytest.fixture
def loaded(once: Settings, postgres_url: str) -> Settings:
    """That lake, loaded."""
    return replace(once, postgres=servers.make_database(postgres_url, urlsplit(once.postgres or "").path[1:]))


def bring(settings: Settings) -> None:
    load(settings, open_lake(settings), lakes.manifest_of(settings))


def wrong(settings: Settings) -> list[str]:
    return list(differences(settings, open_lake(settings), lakes.manifest_of(settings)))


def ask(settings: Settings, query: str, *values: object) -> Rows:
    assert settings.postgres is not None
    with psycopg.connect(settings.postgres) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        cursor = connection.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def refused(settings: Settings) -> str:
    """The one line in which a load is refused."""
    with pytest.raises(StandingsError) as caught:
        bring(settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@contextmanager
def login(settings: Settings, *roles: str) -> Iterator[Settings]:
    """The same database for a user who is nobody but a member of these roles."""
    name = f"user_{urlsplit(settings.postgres or '').path[-8:]}"
    ask(
        settings,
        f"CREATE ROLE {name} LOGIN PASSWORD 'theirs' {'IN ROLE ' + ', '.join(roles) if roles else ''}",
    )
    parts = urlsplit(settings.postgres or "")
    place = f"{parts.hostname}:{parts.port}{parts.path}"
    try:
        yield replace(settings, postgres=f"postgresql://{name}:theirs@{place}")
    finally:
        ask(settings, f"DROP OWNED BY {name} CASCADE")
        ask(settings, f"DROP ROLE {name}")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_tables_are_as_they_are_defined(table: Table, once: Settings) -> None:
    found = ask(
        once,
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'standings' AND table_name = %s ORDER BY ordinal_position",
        table.name,
    )
    assert found == [
        (each.name, POSTGRES[each.kind], "YES" if each.nullable else "NO") for each in table.columns
    ]
    key = ask(
        once,
        "SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = 'standings' "
        "AND table_name = %s ORDER BY ordinal_position",
        table.name,
    )
    assert tuple(name for (name,) in key) == table.key


def test_tables_and_columns_say_what_they_mean_and_whose_figures_they_are(once: Settings) -> None:
    manifest = lakes.manifest_of(once)
    line = citation(manifest.kind, manifest.as_of)
    comments = ask(
        once,
        "SELECT c.relname, d.objsubid, d.description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid "
        "WHERE c.relnamespace = 'standings'::regnamespace",
    )
    told = {(table, place): words for table, place, words in comments}
    for table in TABLES:
        assert told[table.name, 0] == f"{table.doc} {line} {CAVEAT}"
        for place, column in enumerate(table.columns, start=1):
            assert told[table.name, place] == about(column)
    assert {(view.name, 0) for view in VIEWS} <= told.keys()
    row = ask(once, "SELECT release, published_at, kind, citation, caveat FROM standings.release")
    assert row == [(manifest.release, manifest.published_at, "real", line, CAVEAT)]
    assert loaded_release(once) == manifest.release


def test_each_partition_is_on_record_with_its_part_and_sums(once: Settings) -> None:
    found = ask(once, "SELECT table_name, week, sha256, rows FROM standings.loaded_partition")
    assert set(found) == {
        (table, week, each.sha256, each.rows) for table, week, each in lakes.manifest_of(once).partitions()
    }
    recorded = dict(
        ask(
            once,
            "SELECT week, tokens::bigint FROM standings.loaded_partition WHERE table_name = 'country_week'",
        )
    )
    summed = dict(ask(once, "SELECT week_start, sum(tokens)::bigint FROM standings.country_week GROUP BY 1"))
    assert recorded == summed
    assert min(summed.values()) > 2**53


def from_duck(settings: Settings, query: str) -> Rows:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(query).fetchall()


def plain(rows: Rows) -> Rows:
    """Rows of which a moment is the same whichever library its time zone is of."""
    return [
        tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in row)
        for row in rows
    ]


def test_the_function_answers_as_of_any_moment_as_the_macro_does(once: Settings) -> None:
    history = [
        moment.astimezone(UTC)
        for (moment,) in ask(once, "SELECT DISTINCT known_at FROM standings.country_week_history ORDER BY 1")
    ]
    assert len(history) > 1
    moments = [each + shift for each in history for shift in (timedelta(0), timedelta(microseconds=-1))]
    answers = []
    for moment in [*moments, history[-1] + timedelta(days=400)]:
        query = f"{AS_OF.name}(TIMESTAMPTZ '{moment.isoformat()}')"
        found = ask(once, f"SELECT * FROM standings.{query}")
        assert plain(found) == plain(from_duck(once, f"FROM {query}")), moment
        answers.append(tuple(found))
    assert len(set(answers)) > 2
    now = ask(once, f"SELECT * FROM standings.country_week ORDER BY {', '.join(COUNTRY_WEEK.key)}")
    assert answers[-1] == tuple(now)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_views_are_the_same_as_in_duckdb(view: Any, once: Settings) -> None:
    query = f"SELECT * FROM {{}}{view.name} ORDER BY week_start, country_code"
    found = ask(once, query.format("standings."))
    assert found
    assert plain(found) == plain(from_duck(once, query.format("")))


def test_a_column_that_may_be_empty_is_added_and_filled(loaded: Settings) -> None:
    assert MODEL_WEEK["organisation"].nullable
    named = "SELECT count(organisation) FROM standings.model_week"
    before = ask(loaded, named)
    assert before > [(0,)]
    ask(loaded, "ALTER TABLE standings.model_week DROP COLUMN organisation")
    (line,) = wrong(loaded)
    assert line.endswith("the table standings.model_week has no column organisation yet: load again")
    bring(loaded)
    assert ask(loaded, named) == before
    assert wrong(loaded) == []


def test_a_column_may_be_empty_once_its_definition_lets_it(loaded: Settings) -> None:
    ask(loaded, "UPDATE standings.model_week SET organisation = 'x' WHERE organisation IS NULL")
    ask(loaded, "ALTER TABLE standings.model_week ALTER COLUMN organisation SET NOT NULL")
    ask(loaded, "DELETE FROM standings.loaded_partition WHERE table_name = 'model_week'")
    bring(loaded)
    assert ask(loaded, "SELECT count(*) FROM standings.model_week WHERE organisation IS NULL") > [(0,)]
    assert wrong(loaded) == []


BREAKING = {
    "has tokens as numeric, and this release's has it as bigint": (
        "ALTER TABLE standings.country_week_history ALTER COLUMN tokens TYPE numeric"
    ),
    "has a column extra that is there no more or has another name": (
        "ALTER TABLE standings.country_week_history ADD COLUMN extra text"
    ),
    "has a column was that is there no more or has another name": (
        "ALTER TABLE standings.country_week_history RENAME COLUMN share TO was"
    ),
    "has no column tokens, which may not be empty": (
        "ALTER TABLE standings.country_week_history DROP COLUMN tokens"
    ),
    "lets tokens be empty, and this release's does not": (
        "ALTER TABLE standings.country_week_history ALTER COLUMN tokens DROP NOT NULL"
    ),
    "has the key (week_start, method), and this release's has (week_start, method, knowledge, known_at, "
    "country_code)": (
        "TRUNCATE standings.country_week_history; "
        "ALTER TABLE standings.country_week_history DROP CONSTRAINT country_week_history_pkey; "
        "ALTER TABLE standings.country_week_history ADD PRIMARY KEY (week_start, method)"
    ),
    f"has version 0, and this release's has {COUNTRY_WEEK_HISTORY.version}": (
        "UPDATE standings.definition SET version = 0 WHERE name = 'country_week_history'"
    ),
}


@pytest.mark.parametrize("told", BREAKING)
def test_a_change_that_would_mislead_readers_stops_with_what_to_run(told: str, loaded: Settings) -> None:
    ask(loaded, BREAKING[told])
    if "version" not in told:
        (found,) = wrong(loaded)
        assert found.endswith(f": the table standings.country_week_history {told}")
    line = refused(loaded)
    assert f"the table standings.country_week_history {told}: it is not altered" in line
    (advice,) = re.findall(r"run (DROP TABLE [^;]+;)", line)
    ask(loaded, advice)
    bring(loaded)
    assert wrong(loaded) == []
    assert ask(loaded, "SELECT count(*) FROM standings.country_week_as_of(now())") > [(0,)]


def test_a_table_that_is_gone_is_told_and_made_anew(loaded: Settings) -> None:
    ask(loaded, "DROP TABLE standings.revisions")
    (line,) = wrong(loaded)
    assert line.endswith("the table standings.revisions is missing: load again")
    bring(loaded)
    assert wrong(loaded) == []


def test_views_come_back_after_a_table_is_dropped_with_them(loaded: Settings) -> None:
    ask(loaded, "DROP TABLE standings.country_week CASCADE; DROP FUNCTION standings.country_week_as_of")
    bring(loaded)
    assert ask(loaded, "SELECT count(*) FROM standings.latest_standings") > [(0,)]
    assert ask(loaded, "SELECT count(*) FROM standings.country_week_as_of(now())") > [(0,)]
    comment = "SELECT obj_description('standings.country_week'::regclass) LIKE '%Source: OpenRouter%'"
    assert ask(loaded, comment) == [(True,)]


def test_a_reader_reads_everything_and_changes_nothing(loaded: Settings) -> None:
    ask(loaded, "DROP TABLE standings.country_growth")
    bring(loaded)  # which makes a table anew
    names = [each.name for each in (*TABLES, *VIEWS)] + ["release", "loaded_partition", "definition"]
    with login(loaded, READER) as reader:
        for name in names:
            ask(reader, f"SELECT * FROM standings.{name} LIMIT 1")
        assert ask(reader, "SELECT count(*) FROM standings.country_week_as_of(now())") > [(0,)]
        for forbidden in (
            "DELETE FROM standings.country_week",
            "INSERT INTO standings.release VALUES ('x', now(), 'real', '', '')",
            "TRUNCATE standings.country_week",
            "CREATE TABLE standings.mine (x int)",
            f"SET ROLE {LOADER}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ask(reader, forbidden)
        assert f"GRANT {LOADER} TO" in refused(reader)
        assert wrong(reader) == []


def test_whoever_is_only_a_loader_can_load_again(settings: Settings) -> None:
    store = open_lake(settings)
    manifest = lakes.manifest_of(settings)
    earlier = read_manifest(store, str(manifest.previous))
    bring(settings)
    ask(settings, "DELETE FROM standings.loaded_partition")
    ask(settings, "UPDATE standings.release SET release = %s", earlier.release)
    ask(settings, "ALTER TABLE standings.model_week DROP COLUMN organisation")
    with login(settings, LOADER) as loader:
        bring(loader)
        assert wrong(loader) == []
    assert earlier.release != loaded_release(settings) == manifest.release


def test_who_may_make_neither_roles_nor_schema_is_told_what_to_run(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with login(settings) as stranger:
        line = refused(stranger)
        (advice,) = re.findall(r"run: (GRANT CREATE ON DATABASE .+;)$", line)
        ask(settings, advice)
        with without_roles(settings), caplog.at_level(logging.WARNING, "standings"):
            bring(stranger)
            assert wrong(stranger) == []
        assert f"CREATE ROLE {LOADER} NOLOGIN; CREATE ROLE {READER} NOLOGIN; GRANT {LOADER} TO" in caplog.text
        # Once they are there, readers may read what belongs to somebody else than the loaders.
        bring(stranger)
        ask(settings, f"SET ROLE {READER}; SELECT * FROM standings.latest_standings")


@contextmanager
def without_roles(settings: Settings) -> Iterator[None]:
    """As if nobody had made the roles on this server yet."""
    for role in (LOADER, READER):
        with psycopg.connect(settings.postgres or "", autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        ask(settings, f"ALTER ROLE {role} RENAME TO {role}_aside")
    try:
        yield
    finally:
        for role in (LOADER, READER):
            ask(settings, f"ALTER ROLE {role}_aside RENAME TO {role}")


def test_readers_see_the_release_before_until_a_load_is_done(settings: Settings) -> None:
    store, manifest = open_lake(settings), lakes.manifest_of(settings)
    earlier = read_manifest(store, str(manifest.previous))
    load(settings, store, earlier)
    state = "SELECT (SELECT release FROM standings.release), (SELECT sum(tokens) FROM standings.country_week)"
    before = ask(settings, state)
    seen = []

    def get(key: str) -> bytes:
        seen.append(ask(settings, state))
        return store.get(key)

    watched: Any = lakes.Wrapped(store)
    watched.get = get
    load(settings, watched, manifest)
    after = ask(settings, state)
    assert len(seen) > 10
    assert all(each == before for each in seen)
    assert after != before
    assert after[0][0] == manifest.release


def test_a_load_waits_for_another(settings: Settings) -> None:
    with psycopg.connect(settings.postgres or "", application_name="another load") as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        line = refused(replace(settings, postgres=f"{settings.postgres}?options=-c%20lock_timeout%3D50"))
        assert "lock timeout" in line
        pid = other.info.backend_pid
        assert f"locks are held by process {pid} of postgres (another load): load again" in line
        assert line.endswith(f"end it with SELECT pg_terminate_backend({pid});")
    bring(settings)


def test_a_load_that_has_waited_sees_what_was_committed_meanwhile(loaded: Settings) -> None:
    """Also where a database's own settings say that a transaction sees only what was there when it began."""
    (name,) = ask(loaded, "SELECT current_database()")[0]
    ask(loaded, f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    ask(loaded, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    before = str(lakes.manifest_of(loaded).previous)
    with (
        psycopg.connect(loaded.postgres or "", options="-c default_transaction_read_only=off") as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        other.execute("UPDATE standings.release SET release = %s", [before])
        other.execute("DELETE FROM standings.loaded_partition")
        load = pool.submit(bring, loaded)
        while not ask(loaded, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            assert not load.done()
        other.commit()
        load.result()
    assert wrong(loaded) == []


def test_every_load_and_read_goes_through_a_pooler_of_transactions(
    settings: Settings, pooled_url: str
) -> None:
    path = urlsplit(settings.postgres or "").path
    pooled = replace(settings, postgres=urlsplit(pooled_url)._replace(path=path).geturl())
    store, manifest = open_lake(pooled), lakes.manifest_of(pooled)
    load(pooled, store, read_manifest(store, str(manifest.previous)))
    for _ in range(3):
        bring(pooled)
        assert wrong(pooled) == []
        assert loaded_release(pooled) == manifest.release


def test_a_database_of_which_every_table_is_replicated_is_loaded(settings: Settings) -> None:
    store, manifest = open_lake(settings), lakes.manifest_of(settings)
    load(settings, store, read_manifest(store, str(manifest.previous)))
    ask(settings, "ALTER TABLE standings.release DROP CONSTRAINT release_pkey")  # as earlier versions made it
    ask(settings, "CREATE PUBLICATION everything FOR ALL TABLES")
    bring(settings)
    assert wrong(settings) == []


def test_an_error_has_the_servers_detail_and_hint(loaded: Settings) -> None:
    ask(loaded, "CREATE PUBLICATION everything FOR ALL TABLES")
    ask(loaded, "ALTER TABLE standings.country_week DROP CONSTRAINT country_week_pkey CASCADE")
    ask(
        loaded,
        "ALTER TABLE standings.country_week ADD PRIMARY KEY (week_start, method, knowledge, country_code)",
    )
    ask(loaded, "ALTER TABLE standings.country_week REPLICA IDENTITY NOTHING")
    ask(loaded, "DELETE FROM standings.loaded_partition WHERE false")
    again = f"UPDATE standings.loaded_partition SET sha256 = '' WHERE table_name = '{COUNTRY_WEEK.name}'"
    ask(loaded, again)
    assert refused(loaded).endswith(
        "HINT: To enable deleting from the table, set REPLICA IDENTITY using ALTER TABLE."
    )
    ask(loaded, "ALTER TABLE standings.country_week REPLICA IDENTITY DEFAULT")
    ask(loaded, "ALTER TABLE standings.country_week ADD CHECK (week_start < '2000-01-01') NOT VALID")
    assert " DETAIL: Failing row contains (2026-" in refused(loaded)


OTHERS = "CREATE VIEW public.mine AS SELECT country_code FROM standings.latest_standings"


def test_a_view_of_somebody_elses_outlives_other_definitions_of_ours(loaded: Settings) -> None:
    ask(loaded, OTHERS)
    ask(loaded, "UPDATE standings.definition SET sha256 = 'of an older version' WHERE name = 'views'")
    bring(loaded)
    assert ask(loaded, "SELECT * FROM public.mine") == ask(
        loaded, "SELECT country_code FROM standings.latest_standings"
    )
    line = refused_to_break(loaded, "country_week")
    assert line.endswith("; that drops VIEW public.mine too: keep what pg_get_viewdef says of it")


def refused_to_break(settings: Settings, table: str) -> str:
    ask(settings, f"UPDATE standings.definition SET version = 0 WHERE name = '{table}'")
    return refused(settings)


def test_where_our_views_have_other_columns_somebody_elses_are_named(loaded: Settings) -> None:
    ask(loaded, "DROP VIEW standings.latest_standings")
    ask(loaded, "CREATE VIEW standings.latest_standings AS SELECT 'CN' AS country_code, 1 AS other")
    ask(loaded, f"ALTER VIEW standings.latest_standings OWNER TO {LOADER}")
    ask(loaded, OTHERS)
    ask(loaded, 'CREATE MATERIALIZED VIEW "Mine" AS SELECT * FROM mine')
    ask(loaded, "UPDATE standings.definition SET sha256 = 'of an older version' WHERE name = 'views'")
    line = refused(loaded)
    assert "view mine depends on view standings.latest_standings" in line
    (advice,) = re.findall(r"run (DROP .+;) there", line)
    assert advice == 'DROP MATERIALIZED VIEW public."Mine"; DROP VIEW public.mine;'
    ask(loaded, advice)
    bring(loaded)
    assert ask(loaded, "SELECT count(tokens) FROM standings.latest_standings") > [(0,)]


def test_another_lakes_figures_do_not_take_the_place_of_what_the_schema_holds(
    loaded: Settings, tmp_path: Path
) -> None:
    other = replace(lakes.on_disk(tmp_path), postgres=loaded.postgres)
    lakes.land_bytes(other, lakes.body(lakes.week_of(datetime(2026, 7, 6, tzinfo=UTC).date(), {"other": 5})))
    lakes.publish(other)
    line = refused(other)
    assert (
        f"its schema standings holds release {loaded_release(loaded)} of another lake than {other.lake}"
        in line
    )
    with pytest.raises(StandingsError, match="of another lake"):
        wrong(other)
    assert wrong(loaded) == []
    (advice,) = re.findall(r"run (DROP SCHEMA [^;]+;)", line)
    ask(loaded, advice)
    bring(other)
    assert wrong(other) == []


def test_a_release_is_not_followed_by_one_that_came_before_it(loaded: Settings) -> None:
    store, manifest = open_lake(loaded), lakes.manifest_of(loaded)
    load(loaded, store, read_manifest(store, str(manifest.previous)))
    assert loaded_release(loaded) == manifest.release
    assert wrong(loaded) == []


def test_simulated_figures_do_not_take_the_place_of_real_ones(loaded: Settings) -> None:
    store, manifest = open_lake(loaded), lakes.manifest_of(loaded)
    with pytest.raises(StandingsError, match="holds real figures, and these are simulated"):
        load(loaded, store, replace(manifest, kind="simulated", number=manifest.number + 1))
    assert wrong(loaded) == []


def changed(table: str) -> str:
    return f"UPDATE standings.{table} SET as_of = as_of + interval '1 microsecond' WHERE week_start = '2026-07-06'"


DAMAGE = {
    "that of 2026-07-06 has other values": changed("country_week"),
    "that of 2026-06-29 has 0 rows, and": "DELETE FROM standings.country_week WHERE week_start = '2026-06-29'",
    "tokens were published": "UPDATE standings.country_week SET tokens = tokens + 1",
    "that of 2020-01-06 is not part of the release": (
        "UPDATE standings.country_week SET week_start = '2020-01-06' WHERE week_start = '2026-06-29'"
    ),
}


@pytest.mark.parametrize("told", DAMAGE)
def test_rows_that_are_not_those_that_were_published_are_told_and_mended(told: str, loaded: Settings) -> None:
    ask(loaded, DAMAGE[told])
    (line,) = wrong(loaded)
    assert "country_week: its rows are not those that were published" in line
    assert told in line
    (advice,) = re.findall(r"run (DELETE FROM [^;]+;)", line)
    ask(loaded, advice)
    bring(loaded)
    assert wrong(loaded) == []


def test_another_release_and_none_are_told(settings: Settings) -> None:
    release = lakes.manifest_of(settings).release
    place = str(settings.postgres).replace("postgres:let-me-in@", "")
    assert wrong(settings) == [f"{place}: does not hold release {release}: run it again"]
    assert loaded_release(settings) is None
    bring(settings)
    before = str(lakes.manifest_of(settings).previous)
    ask(settings, "UPDATE standings.release SET release = %s", before)
    assert wrong(settings) == [f"{place}: does not hold release {release}: run it again"]


SECRET = "hunter2-hunter2"

UNREACHABLE: dict[str, Callable[[str], str]] = {
    "a wrong password": lambda place: f"postgresql://postgres:{SECRET}@{place}/postgres",
    "a user of the same name": lambda place: f"postgresql://{SECRET}:{SECRET}@{place}/postgres",
    "a closed port": lambda _: f"host=127.0.0.1 port={servers.free_port()} user=me password={SECRET}",
    "no such host": lambda _: f"postgresql://me:{SECRET}@no-such-host.invalid/x",
    "no port": lambda _: f"postgresql://me:{SECRET}@127.0.0.1:port/x",
    "an @ as it stands": lambda place: f"postgresql://me:p@{SECRET}@{place}/x",
    "a / as it stands": lambda place: f"postgresql://me:p/{SECRET}@{place}/x",
    "no string": lambda _: f"password={SECRET} {SECRET}",
    "no option": lambda _: f"postgresql://127.0.0.1/x?{SECRET}={SECRET}",
}


@pytest.mark.parametrize("how", UNREACHABLE)
def test_the_password_is_in_no_error_and_no_log(
    how: str, lake: Settings, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    place = urlsplit(postgres_url).netloc.rpartition("@")[2]
    settings = replace(lake, postgres=UNREACHABLE[how](place))
    assert SECRET not in repr(settings)
    with caplog.at_level(logging.DEBUG), pytest.raises(StandingsError) as caught:
        bring(settings)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in str(caught.value) + shown + caplog.text
    assert "STANDINGS_POSTGRES" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_password_of_one_letter_changes_nothing_else(lake: Settings, postgres_url: str) -> None:
    place = urlsplit(postgres_url).netloc.rpartition("@")[2]
    line = refused(replace(lake, postgres=f"postgresql://e:e@{place}/x"))
    assert line.endswith('failed: FATAL: password authentication failed for user "***"')


def test_without_the_library_it_is_told_what_to_install(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg.conninfo", None)
    line = refused(replace(lake, postgres="postgresql://127.0.0.1/x"))
    assert "psycopg cannot be imported" in line
    assert "pip install 'psycopg[binary]'" in line
