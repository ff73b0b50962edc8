"""The Iceberg tables: exactly what the manifest lists, week by week, whatever gets in between."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import pytest

from flows.lake import manifest
from flows.lake.lake import citation, open_lake
from flows.lake.manifest import Manifest
from flows.lake.reader import rows_of
from flows.settings import Settings
from flows.storage.object_store import S3Options, Store
from flows.warehouses import iceberg, ownership
from flows.warehouses.iceberg import KIND, PARTITIONS, RELEASE, SNAPSHOT, differences, load
from flows.warehouses.iceberg_catalog import catalogue, s3_properties
from schemas import COUNTRY_WEEK, MODEL_WEEK, RANKING_ENTRY, TABLES, WEEK_COVERAGE, Table
from schemas.errors import StandingsError
from schemas.fields import optional
from schemas.licence import CAVEAT
from schemas.projections.sql import SCHEMA
from schemas.table import Column, Kind, about
from tests.support import lakes, servers
from tests.support.rest_catalogue import TOKEN, rest_catalogue

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]

MONDAYS = [date(2026, 6, 29), date(2026, 7, 6), date(2026, 7, 13)]
MODELS = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7, "openrouter/cloaked:free": 3, "other": 9}
RESTATED = MODELS | {"openai/osprey": 2**53 - 1}

FEW = (MODEL_WEEK, WEEK_COVERAGE)
"""Tables enough where each costs time and shows nothing more."""


@pytest.fixture(autouse=True)
def _releases_in_part(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A release of a few tables, or another number, is of no lake's history; only what is about that asks for it."""
    if "histories" not in request.fixturenames:
        monkeypatch.setattr(ownership, "is_ours", lambda *_: True)


@pytest.fixture
def histories() -> None:
    """The test's releases are those of lakes, as they were published."""


def land(settings: Settings, monday: date, models: Mapping[str, object], day: int) -> None:
    """Lands a week as the source gave it on a day of August."""
    as_of = f"2026-08-{day:02}T00:00:00.000Z"
    lakes.land_bytes(settings, lakes.body(lakes.week_of(monday, models), as_of))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of three weeks; `second` has one of them restated."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("lake"))
    for monday in MONDAYS:
        land(settings, monday, MODELS, 1)
    lakes.publish(settings)
    return settings


@pytest.fixture(scope="module")
def first(lake: Settings) -> Manifest:
    return lakes.manifest_of(lake)


@pytest.fixture(scope="module")
def second(lake: Settings, first: Manifest) -> Manifest:
    land(lake, MONDAYS[1], RESTATED, 2)
    lakes.publish(lake)
    return lakes.manifest_of(lake)


@pytest.fixture
def settings(lake: Settings, tmp_path: Path) -> Settings:
    """The lake, with a catalogue that holds nothing yet."""
    return replace(lake, iceberg=f"sqlite:///{tmp_path}/catalogue/iceberg.db")


@pytest.fixture(scope="module")
def loaded(lake: Settings, first: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The lake, with a catalogue that holds the first release whole."""
    settings = replace(lake, iceberg=f"sqlite:///{tmp_path_factory.mktemp('loaded')}/iceberg.db")
    load(settings, open_lake(settings), first)
    return settings


def few(manifest: Manifest, *tables: Table) -> Manifest:
    """A release that has these tables alone."""
    names = {table.name for table in tables or FEW}
    return replace(
        manifest, tables={name: manifest.tables[name] for name in manifest.tables if name in names}
    )


def tables_of(settings: Settings, *tables: Table) -> dict[str, Any]:
    """What the catalogue holds, by name."""
    with catalogue(settings) as catalog:
        return {table.name: catalog.load_table((SCHEMA, table.name)) for table in tables or TABLES}


def rows_in(found: Any, table: Table) -> pl.DataFrame:
    return table.conform(pl.DataFrame(found.scan().to_arrow()))


def paths(found: Any) -> dict[str, set[str]]:
    """The files behind each week."""
    files: dict[str, set[str]] = {}
    for row in found.inspect.files().to_pylist():
        files.setdefault(str(row["partition"]["week_start"]), set()).add(row["file_path"])
    return files


def demand_equal(settings: Settings, manifest: Manifest) -> None:
    """Every table has the manifest's rows and no others, counted and compared without the loader's own help."""
    store = open_lake(settings)
    for name, found in tables_of(settings, *filter(manifest.holds, TABLES)).items():
        table = next(each for each in TABLES if each.name == name)
        rows = found.scan().to_arrow()
        counted = pl.DataFrame(rows).group_by("week_start").len()
        assert dict(counted.iter_rows()) == {
            w: each.rows for w, each in manifest.tables[name].items() if each.rows
        }
        published = rows_of(store, manifest, table)
        assert rows_in(found, table).equals(table.conform(published)), name
        if "tokens" in table:
            sums = [
                frame.group_by("week_start").agg(pl.col("tokens").cast(pl.Int128).sum()).sort("week_start")
                for frame in (pl.DataFrame(rows), published)
            ]
            assert sums[0].rows() == sums[1].rows()


def test_every_table_holds_exactly_what_the_manifest_lists(loaded: Settings, first: Manifest) -> None:
    demand_equal(loaded, first)
    assert list(differences(loaded, open_lake(loaded), first)) == []
    for name, found in tables_of(loaded).items():
        assert found.scan().count() > 0 or name in lakes.SOMETIMES_EMPTY


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_told_as_it_is_declared(table: Table, loaded: Settings, first: Manifest) -> None:
    found = tables_of(loaded, table)[table.name]
    types = {
        Kind.TEXT: "string",
        Kind.INTEGER: "long",
        Kind.NUMBER: "double",
        Kind.FLAG: "boolean",
        Kind.DATE: "date",
        Kind.MOMENT: "timestamptz",
    }
    assert [(each.name, str(each.field_type), each.required, each.doc) for each in found.schema().fields] == [
        (each.name, types[each.kind], not each.nullable, about(each)) for each in table.columns
    ]
    assert found.schema().identifier_field_names() == set(table.key)
    assert [(each.name, str(each.transform)) for each in found.spec().fields] == [("week_start", "identity")]
    assert found.properties["comment"] == f"{table.doc} {citation('real', first.as_of)} {CAVEAT}"
    assert found.properties[RELEASE] == first.release
    assert json.loads(found.properties[PARTITIONS]) == {
        str(week): each.sha256 for week, each in first.tables[table.name].items()
    }


def test_a_release_is_not_loaded_twice(loaded: Settings, first: Manifest) -> None:
    before = {name: found.metadata_location for name, found in tables_of(loaded).items()}
    load(loaded, open_lake(loaded), first)
    assert {name: found.metadata_location for name, found in tables_of(loaded).items()} == before
    with catalogue(loaded) as catalog:
        assert catalog.load_namespace_properties(SCHEMA)[RELEASE] == first.release


def test_a_restatement_replaces_only_the_weeks_that_it_changes(
    settings: Settings, first: Manifest, second: Manifest
) -> None:
    store = open_lake(settings)
    load(settings, store, first)
    before = tables_of(settings)
    load(settings, store, second)
    after = tables_of(settings)
    demand_equal(settings, second)
    changed = 0
    for name, found in after.items():
        was, now = first.tables[name], second.tables[name]
        same = {week for week in was.keys() & now.keys() if was[week].sha256 == now[week].sha256}
        old, new = paths(before[name]), paths(found)
        assert {str(week) for week in old.keys() & new.keys() if old[week] == new[week]} == {
            str(week) for week in same if was[week].rows
        }
        if was.keys() == now.keys() == same:
            assert found.metadata_location == before[name].metadata_location
        else:
            changed += 1
            assert len(found.snapshots()) == len(before[name].snapshots()) + 1
            assert found.current_snapshot().summary[RELEASE] == found.properties[RELEASE] == second.release
            if (snapshot := before[name].current_snapshot()) is not None:
                # Whoever asks for the snapshot before still gets the release before.
                asked = found.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
                table = next(each for each in TABLES if each.name == name)
                assert table.conform(pl.DataFrame(asked)).equals(table.conform(rows_of(store, first, table)))
    assert 0 < changed < len(TABLES)


def test_weeks_that_are_gone_go(settings: Settings, first: Manifest) -> None:
    load(settings, open_lake(settings), few(first))
    shorter = few(first)
    tables = {name: {MONDAYS[0]: weeks[MONDAYS[0]]} for name, weeks in shorter.tables.items()}
    shorter = replace(shorter, tables=tables, number=2)
    load(settings, open_lake(settings), shorter)
    demand_equal(settings, shorter)
    assert set(paths(tables_of(settings, MODEL_WEEK)["model_week"])) == {str(MONDAYS[0])}


class Breaking(lakes.Wrapped):
    """A store that breaks off at the nth part that is read."""

    def __init__(self, store: Store, after: int) -> None:
        super().__init__(store)
        self.left = after

    def get(self, key: str) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self._store.get(key)


@pytest.mark.parametrize("after", [0, 1])
def test_a_load_that_breaks_off_leaves_each_table_at_one_release(
    after: int, settings: Settings, first: Manifest, second: Manifest
) -> None:
    store, old, new = open_lake(settings), few(first), few(second)
    load(settings, store, old)
    with pytest.raises(KeyboardInterrupt):
        load(settings, Breaking(store, after), new)  # type: ignore[arg-type]
    at = []
    for table in FEW:
        found = tables_of(settings, table)[table.name]
        at.append(new if found.properties[RELEASE] == new.release else old)
        assert rows_in(found, table).equals(table.conform(rows_of(store, at[-1], table)))
    assert at.count(new) == after
    with catalogue(settings) as catalog:
        assert catalog.load_namespace_properties(SCHEMA)[RELEASE] == old.release
    told = list(differences(settings, store, new))
    assert len(told) == at.count(old)
    assert all(line.endswith(f"does not hold release {new.release}: run it again") for line in told)
    load(settings, store, new)
    demand_equal(settings, new)
    assert list(differences(settings, store, new)) == []


def test_a_first_load_that_breaks_off_is_taken_up_where_it_was(
    settings: Settings, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iceberg, "BATCH_ROWS", 1)
    store, wanted = open_lake(settings), few(first, MODEL_WEEK)
    with pytest.raises(KeyboardInterrupt):
        load(settings, Breaking(store, 2), wanted)  # type: ignore[arg-type]
    found = tables_of(settings, MODEL_WEEK)["model_week"]
    assert set(paths(found)) == {str(week) for week in MONDAYS[:2]}
    assert RELEASE not in found.properties
    # One part is left to read.
    load(settings, Breaking(store, 1), wanted)  # type: ignore[arg-type]
    demand_equal(settings, wanted)


def test_a_load_that_is_killed_is_ended_by_the_next(
    settings: Settings, first: Manifest, tmp_path: Path
) -> None:
    script = f"""
import time
from flows.lake import manifest
from flows.warehouses import iceberg
from flows.lake.lake import open_lake
from flows.lake.manifest import published
from flows.settings import Settings
settings = Settings(lake={settings.lake!r}, iceberg={settings.iceberg!r})
store = open_lake(settings)
iceberg.BATCH_ROWS = 1
committed = iceberg._commit
def slowly(*given):
    committed(*given)
    print("committed", flush=True)
    time.sleep(0.05)
iceberg._commit = slowly
iceberg.load(settings, store, published(store))
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout
    for _ in range(4):
        assert process.stdout.readline() == b"committed\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    now = lakes.manifest_of(settings)
    load(settings, open_lake(settings), few(now, RANKING_ENTRY, *FEW))
    demand_equal(settings, few(now, RANKING_ENTRY, *FEW))


class Meeting(lakes.Wrapped):
    """A store at which two loads wait for each other before the first part."""

    def __init__(self, store: Store, meeting: threading.Barrier) -> None:
        super().__init__(store)
        self.meeting, self.met, self.lock = meeting, False, threading.Lock()

    def get(self, key: str) -> bytes:
        with self.lock:
            if not self.met:
                self.meeting.wait(20)
            self.met = True
        return self._store.get(key)


def at_once(*loads: Callable[[], None]) -> list[Exception]:
    """Runs loads beside each other; what they raise."""
    raised: list[Exception] = []

    def run(each: Callable[[], None]) -> None:
        try:
            each()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(each,)) for each in loads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def meet(settings: Settings, *manifests: Manifest) -> list[Exception]:
    """Loads at once, of which each has seen the table before any of them writes to it."""
    store, meeting = open_lake(settings), threading.Barrier(len(manifests))
    return at_once(
        *(lambda each=each: load(settings, Meeting(store, meeting), each) for each in manifests)  # type: ignore
    )


def set_property(settings: Settings, table: Table, name: str, value: str) -> None:
    found = tables_of(settings, table)[table.name]
    found.transaction().set_properties({name: value}).commit_transaction()


def test_two_loads_at_once_fill_a_table_once(settings: Settings, first: Manifest) -> None:
    wanted = few(first, MODEL_WEEK)
    assert meet(settings, wanted, wanted) == []
    demand_equal(settings, wanted)
    assert len(tables_of(settings, MODEL_WEEK)["model_week"].snapshots()) == 1


@pytest.mark.parametrize("retries", ["0", "4"])
@pytest.mark.parametrize("filled", [False, True])
def test_two_loads_at_once_bring_a_table_further_once(
    filled: bool, retries: str, settings: Settings, first: Manifest, second: Manifest
) -> None:
    before = few(first, MODEL_WEEK) if filled else empty(first, MODEL_WEEK)
    load(settings, open_lake(settings), before)
    assert tables_of(settings, MODEL_WEEK)["model_week"].properties["commit.retry.num-retries"] == "0"
    set_property(settings, MODEL_WEEK, "commit.retry.num-retries", retries)
    wanted = few(second, MODEL_WEEK)
    assert meet(settings, wanted, wanted) == []
    demand_equal(settings, wanted)
    found = tables_of(settings, MODEL_WEEK)["model_week"]
    assert len(found.snapshots()) == 1 + filled
    # The files that the loser wrote are gone again.
    kept = {row["file_path"].removeprefix("file://") for row in found.inspect.all_files().to_pylist()}
    data = Path(found.location().removeprefix("file://")) / "data"
    assert {str(path) for path in data.rglob("*.parquet")} == kept


def test_of_two_releases_at_once_the_later_stays(
    settings: Settings, first: Manifest, second: Manifest
) -> None:
    assert meet(settings, few(second, MODEL_WEEK), few(first, MODEL_WEEK)) == []
    # Whichever was the last to write: the slower load of the earlier one then makes way.
    for late in (few(second, MODEL_WEEK), few(first, MODEL_WEEK)):
        load(settings, open_lake(settings), late)
        demand_equal(settings, few(second, MODEL_WEEK))
        with catalogue(settings) as catalog:
            said = catalog.load_namespace_properties(SCHEMA)
        assert said[RELEASE] == few(second, MODEL_WEEK).release


def test_what_the_lake_has_published_last_goes_before_a_larger_number(
    settings: Settings, second: Manifest
) -> None:
    ahead = replace(few(second), number=second.number + 5)
    load(settings, open_lake(settings), ahead)
    load(settings, open_lake(settings), replace(few(second), tables=ahead.tables | {"model_week": {}}))
    assert tables_of(settings, MODEL_WEEK)["model_week"].scan().count() == 0


def test_what_others_change_is_noticed_and_mended(settings: Settings, first: Manifest) -> None:
    store, wanted = open_lake(settings), few(first)
    load(settings, store, wanted)
    tables_of(settings, MODEL_WEEK)["model_week"].delete(f"week_start = '{MONDAYS[0]}'")
    told = f"{SCHEMA}.model_week: does not hold release {wanted.release}: run it again"
    assert list(differences(settings, store, wanted)) == [told]
    load(settings, store, wanted)
    demand_equal(settings, wanted)
    # Also where there should be no rows at all.
    nothing = replace(empty(first, MODEL_WEEK), number=first.number + 1)
    rows = tables_of(settings, MODEL_WEEK)["model_week"].scan().to_arrow()
    load(settings, store, nothing)
    tables_of(settings, MODEL_WEEK)["model_week"].append(rows)
    load(settings, store, nothing)
    assert tables_of(settings, MODEL_WEEK)["model_week"].scan().count() == 0
    load(settings, store, wanted)
    with catalogue(settings) as catalog:
        catalog.drop_table((SCHEMA, "model_week"))
    assert list(differences(settings, store, wanted)) == [
        f"{SCHEMA}.model_week: does not hold release {wanted.release}: run it again"
    ]


def test_rows_that_are_not_the_published_ones_are_told(settings: Settings, first: Manifest) -> None:
    store, wanted = open_lake(settings), few(first)
    load(settings, store, wanted)
    found = tables_of(settings, MODEL_WEEK)["model_week"]
    rows = found.scan(row_filter=f"week_start = '{MONDAYS[0]}'").to_arrow()
    found.overwrite(rows.slice(1), overwrite_filter=f"week_start = '{MONDAYS[0]}'")
    set_property(settings, MODEL_WEEK, SNAPSHOT, str(found.current_snapshot().snapshot_id))
    (line,) = differences(settings, store, wanted)
    assert line.startswith(f"{SCHEMA}.model_week: its rows are not those that were published")
    assert f"{MONDAYS[0]} has 3 rows with {7 * (sum(MODELS.values()) - 7)} tokens" in line
    assert line.endswith(": drop the table in the Iceberg catalogue, and load again")


def test_a_rewrite_of_files_by_another_engine_changes_nothing_for_us(
    settings: Settings, first: Manifest
) -> None:
    from pyiceberg.table.snapshots import Operation, Summary

    load(settings, open_lake(settings), few(first))
    found = tables_of(settings, MODEL_WEEK)["model_week"]
    held = {week: each.sha256 for week, each in first.tables["model_week"].items()}
    with found.transaction() as transaction, transaction.update_snapshot().merge_append():
        pass
    assert iceberg._held(found) is None
    # pyiceberg makes no such snapshots itself.
    replaced = found.current_snapshot().model_copy(update={"summary": Summary(Operation.REPLACE)})
    found.metadata.snapshots[-1] = replaced
    assert iceberg._held(found) == held


def test_lists_of_files_do_not_grow_without_end(
    settings: Settings, first: Manifest, second: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iceberg, "MANIFESTS", 5)
    store, counts = open_lake(settings), []
    for number in range(1, 9):
        manifest = replace(few((first, second)[number % 2], MODEL_WEEK), number=number)
        load(settings, store, manifest)
        found = tables_of(settings, MODEL_WEEK)["model_week"]
        counts.append(len(found.current_snapshot().manifests(found.io)))
        demand_equal(settings, manifest)
    assert max(counts) <= 5 + 3


def declared(monkeypatch: pytest.MonkeyPatch, table: Table) -> None:
    """What this version declares, for a moment."""
    monkeypatch.setattr(iceberg, "TABLES", (table,))


def empty(manifest: Manifest, table: Table) -> Manifest:
    return replace(manifest, tables={table.name: {}})


def without(table: Table, *names: str) -> Table:
    return replace(table, columns=tuple(column for column in table.columns if column.name not in names))


def test_new_columns_that_may_be_empty_are_added_where_they_are_declared(
    settings: Settings, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_lake(settings)
    now = replace(
        MODEL_WEEK, columns=(Column("note", Kind.TEXT, "A note.", nullable=True), *MODEL_WEEK.columns)
    )
    old = replace(without(MODEL_WEEK, "author", "variant", "base_country"), doc="As it was.")
    tokens = replace(old["tokens"], doc="As it was.")
    old = replace(old, columns=tuple(tokens if each.name == "tokens" else each for each in old.columns))
    declared(monkeypatch, old)
    load(settings, store, empty(first, MODEL_WEEK))
    declared(monkeypatch, now)
    # The parts know nothing of the newest column yet.
    monkeypatch.setattr(manifest, "TABLES", (now,))
    load(settings, store, few(first, MODEL_WEEK))
    found = tables_of(settings, MODEL_WEEK)["model_week"]
    assert [(each.name, each.doc) for each in found.schema().fields] == [
        (each.name, about(each)) for each in now.columns
    ]
    assert found.scan().to_arrow()["note"].null_count == found.scan().count() > 0
    assert found.properties["comment"].startswith(f"{MODEL_WEEK.doc} Source: ")
    demand_equal(settings, few(first, MODEL_WEEK))


def test_a_column_may_come_to_be_empty(
    settings: Settings, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_lake(settings)
    load(settings, store, few(first, MODEL_WEEK))
    looser = tuple(optional(each) if each.name == "status" else each for each in MODEL_WEEK.columns)
    declared(monkeypatch, replace(MODEL_WEEK, columns=looser))
    load(settings, store, few(first, MODEL_WEEK))
    assert not tables_of(settings, MODEL_WEEK)["model_week"].schema().find_field("status").required


def column(table: Table, name: str, **changed: Any) -> Table:
    return replace(
        table,
        columns=tuple(replace(each, **changed) if each.name == name else each for each in table.columns),
    )


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (column(MODEL_WEEK, "tokens", kind=Kind.NUMBER), "has long in column tokens, not double"),
        (without(MODEL_WEEK, "rank"), "has a column rank that this version has not"),
        (column(MODEL_WEEK, "rank", nullable=False), "lets column rank be empty"),
        (
            replace(MODEL_WEEK, key=(*MODEL_WEEK.key, "status")),
            "has other identifier fields than week_start,",
        ),
        (
            replace(MODEL_WEEK, columns=(*MODEL_WEEK.columns, Column("more", Kind.TEXT, "More."))),
            "has no column more, which must have a value",
        ),
        (replace(MODEL_WEEK, version=2), "has version 1, and this version writes 2"),
    ],
    ids=["type", "gone", "required", "key", "added", "version"],
)
def test_a_change_that_would_break_readers_stops_the_load(
    now: Table, told: str, settings: Settings, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared(monkeypatch, MODEL_WEEK)
    load(settings, open_lake(settings), empty(first, MODEL_WEEK))
    declared(monkeypatch, now)
    with pytest.raises(StandingsError) as caught:
        newer = replace(empty(first, MODEL_WEEK), schemas={"model_week": now.version})
        load(settings, open_lake(settings), newer)
    assert str(caught.value).startswith(f"standings.model_week: the table in the Iceberg catalogue {told}")
    assert str(caught.value).endswith(": drop it there, and the next load makes it anew")
    assert "\n" not in str(caught.value)


def test_a_newer_table_is_not_written_to(
    settings: Settings, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = replace(MODEL_WEEK, version=2)
    declared(monkeypatch, newer)
    load(settings, open_lake(settings), replace(empty(first, newer), schemas={"model_week": 2}))
    declared(monkeypatch, MODEL_WEEK)
    with pytest.raises(StandingsError, match=r"has version 2, and this version writes 1: upgrade it$"):
        load(settings, open_lake(settings), few(first, MODEL_WEEK))


def test_real_and_simulated_figures_do_not_share_tables(settings: Settings, first: Manifest) -> None:
    load(settings, open_lake(settings), few(first))
    with pytest.raises(
        StandingsError, match=r"holds real figures, and these are simulated: set STANDINGS_ICEBERG"
    ):
        load(settings, open_lake(settings), replace(few(first), kind="simulated", number=9))
    with catalogue(settings) as catalog:
        assert catalog.load_namespace_properties(SCHEMA)[KIND] == "real"


@pytest.fixture
def _polars_plans_by_pyiceberg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polars warns where its own planner is not installed, which is a package of its own."""
    monkeypatch.setenv("POLARS_ICEBERG_PLANNER", "pyiceberg")


@pytest.mark.usefixtures("_polars_plans_by_pyiceberg")
def test_polars_reads_the_tables(loaded: Settings, first: Manifest) -> None:
    found = tables_of(loaded, COUNTRY_WEEK)["country_week"]
    published = COUNTRY_WEEK.conform(rows_of(open_lake(loaded), first, COUNTRY_WEEK))
    for reader in ("native", "pyiceberg"):
        scanned = pl.scan_iceberg(found.metadata_location, reader_override=reader)  # type: ignore[arg-type]
        assert COUNTRY_WEEK.conform(scanned).equals(published)
    one_week = pl.scan_iceberg(found.metadata_location).filter(pl.col("week_start") == MONDAYS[1]).collect()
    assert one_week.height == first.tables["country_week"][MONDAYS[1]].rows


@pytest.mark.filterwarnings("ignore:Iceberg scan planning")
def test_the_way_to_read_them_that_is_written_down_works(loaded: Settings, first: Manifest) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "infra" / "iceberg.md").read_text(), re.DOTALL)
    known: dict[str, Any] = {}
    exec(code.replace("sqlite:////srv/iceberg.db", str(loaded.iceberg)), known)
    published = rows_of(open_lake(loaded), first, COUNTRY_WEEK).filter(method="all_models", knowledge="now")
    assert COUNTRY_WEEK.conform(known["polars"]).equals(COUNTRY_WEEK.conform(published))
    columns = ["week_start", "country_code", "tokens", "share"]
    assert sorted(known["duck"].fetchall()) == sorted(published.select(columns).rows())


def test_a_rest_catalogue(lake: Settings, first: Manifest, second: Manifest, tmp_path: Path) -> None:
    with rest_catalogue(tmp_path) as (url, asked):
        settings = replace(lake, iceberg=f"{url}?token={TOKEN}")
        store = open_lake(settings)
        assert meet(settings, few(first), few(first)) == []
        demand_equal(settings, few(first))
        load(settings, store, few(second))
        demand_equal(settings, few(second))
        assert list(differences(settings, store, few(second))) == []
        commits = [path for method, path in asked if method == "POST" and path.endswith("/tables/model_week")]
        asked.clear()
        load(settings, store, few(second))
        assert {method for method, _ in asked} <= {"GET", "HEAD"}
        assert len(commits) >= 2
        with pytest.raises(StandingsError) as caught:
            load(replace(settings, iceberg=f"{url}?token=another-word"), store, few(second))
    assert str(caught.value).startswith(f"{url}: the Iceberg catalogue cannot be used: ")
    assert "***" in str(caught.value) and "another-word" not in str(caught.value)


class Losing(servers.Tamper):
    """Loses the answer to the first commit of rows."""

    lost = False

    def answer(self, method: str, status: int, body: bytes) -> servers.Answer:
        if self.lost or method != "POST" or not json.loads(body).get("metadata", {}).get("snapshots"):
            return status, body
        self.lost = True
        told = json.dumps({"error": {"message": "too late", "type": "Timeout", "code": 504}}).encode()
        return 504, told.ljust(len(body))


def test_a_commit_of_which_nobody_knows_the_outcome_is_not_made_twice(
    lake: Settings, first: Manifest, tmp_path: Path
) -> None:
    losing = Losing()
    with (
        rest_catalogue(tmp_path) as (url, _),
        servers.proxy(url.removesuffix("/catalogue"), losing) as between,
    ):
        settings = replace(lake, iceberg=f"{between}/catalogue?token={TOKEN}")
        load(settings, open_lake(settings), few(first))
        assert losing.lost
        demand_equal(settings, few(first))
        assert {len(found.snapshots()) for found in tables_of(settings, *FEW).values()} == {1}


@pytest.mark.usefixtures("histories")
def test_another_lakes_figures_do_not_take_the_place_of_what_the_tables_hold(
    loaded: Settings, first: Manifest, tmp_path: Path
) -> None:
    other = replace(lakes.on_disk(tmp_path), iceberg=loaded.iceberg)
    land(other, MONDAYS[0], {"other": 5}, 1)
    lakes.publish(other)
    told = rf"the namespace standings .* holds release {first.release} of another lake than {other.lake}.*STANDINGS_ICE"
    with pytest.raises(StandingsError, match=told):
        load(other, open_lake(other), lakes.manifest_of(other))
    with pytest.raises(StandingsError, match=told):
        list(differences(other, open_lake(other), lakes.manifest_of(other)))
    load(loaded, open_lake(loaded), first)
    demand_equal(loaded, first)


def test_a_catalogue_in_postgresql_through_a_pooler_of_transactions(
    lake: Settings, first: Manifest, second: Manifest, postgres_url: str, pooled_url: str, tmp_path: Path
) -> None:
    path = urlsplit(servers.make_database(postgres_url)).path
    address = urlsplit(pooled_url)._replace(path=path).geturl()
    settings = replace(lake, iceberg=f"{address}?warehouse=file://{tmp_path}/tables")
    for each in (first, second):
        load(settings, open_lake(settings), few(each))
        demand_equal(settings, few(each))


def test_a_catalogue_in_postgresql(
    lake: Settings, first: Manifest, second: Manifest, postgres_url: str, tmp_path: Path
) -> None:
    address = servers.make_database(postgres_url)
    settings = replace(lake, iceberg=f"{address}?warehouse=file://{tmp_path}/tables")
    assert meet(settings, few(first), few(first)) == []
    demand_equal(settings, few(first))
    load(settings, open_lake(settings), few(second))
    demand_equal(settings, few(second))
    wrong = address.replace("let-me-in", "another-word")
    with pytest.raises(StandingsError, match=r"the Iceberg catalogue cannot be used: .*password") as caught:
        load(
            replace(settings, iceberg=f"{wrong}?warehouse=file://{tmp_path}/tables"),
            open_lake(settings),
            first,
        )
    assert "another-word" not in str(caught.value)


@pytest.mark.usefixtures("_polars_plans_by_pyiceberg")
def test_the_lake_and_the_tables_in_s3(s3_endpoint: str, s3_options: S3Options, tmp_path: Path) -> None:
    bucket = f"tables-{os.getpid()}-{time.time_ns()}"
    servers.make_bucket(s3_endpoint, bucket)
    settings = Settings(
        lake=f"s3://{bucket}/lake",
        s3=s3_options,
        iceberg=f"sqlite:///{tmp_path}/iceberg.db?warehouse=s3://{bucket}/iceberg/",
    )
    land(settings, MONDAYS[0], MODELS, 1)
    lakes.publish(settings)
    manifest = few(lakes.manifest_of(settings))
    load(settings, open_lake(settings), manifest)
    demand_equal(settings, manifest)
    found = tables_of(settings, MODEL_WEEK)["model_week"]
    assert found.location() == f"s3://{bucket}/iceberg/standings/model_week"
    scanned = pl.scan_iceberg(found.metadata_location, storage_options=s3_properties(s3_options))
    assert MODEL_WEEK.conform(scanned).equals(
        MODEL_WEEK.conform(rows_of(open_lake(settings), manifest, MODEL_WEEK))
    )
