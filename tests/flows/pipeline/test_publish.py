"""Publication on both backends: order never matters, nothing is half there, and no writer undoes another."""

import io
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import flows.lake.latest
import flows.pipeline.publish
import flows.pipeline.run
from flows.lake import keys
from flows.lake.lake import citation, open_lake
from flows.lake.latest import refresh_latest
from flows.lake.manifest import current, published
from flows.lake.reader import rows_of
from flows.lake.staging import Run, begin
from flows.pipeline.conform import conform
from flows.pipeline.publish import publish
from flows.settings import Settings
from flows.storage.checksummed_json import seal, unseal
from flows.storage.object_store import LostRace, Store
from schemas import RANKING_ENTRY, TABLES, Table
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from tests.support import lakes

pytestmark = pytest.mark.slow

MONDAY = date(2026, 7, 6)
WEEK = timedelta(days=7)


on_disk_only = pytest.mark.parametrize("store_url", ["file"], indirect=True)
"""For what depends on the protocol and not on the store, which has tests of its own on both backends."""


@pytest.fixture
def settings(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return lakes.settings(store_url, tmp_path, request)


@pytest.fixture
def folder(tmp_path: Path) -> Settings:
    """A lake in a folder, for what cannot depend on the backend."""
    return lakes.on_disk(tmp_path)


def capture(folder: Path, name: str, monday: date, osprey: int, as_of: str = "2026-08-01T00:00:00Z") -> Path:
    """A week of two models, one a file."""
    models = {"openai/osprey": osprey, "deepseek/delta": 7, "other": 0}
    return lakes.write(folder, f"{name}.json", lakes.body(lakes.week_of(monday, models), as_of))


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two captures of the same week that differ, the later vintage second."""
    return (
        capture(tmp_path, "early", MONDAY, 5, "2026-07-14T00:00:00Z"),
        capture(tmp_path, "late", MONDAY, 6, "2026-07-20T00:00:00Z"),
    )


# Order never matters


@pytest.fixture(scope="module")
def in_order(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is published once every real capture was brought, some at a time, the oldest vintages first."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("in-order"))
    files = lakes.responses(shared_data)
    for first in range(0, len(files), 4):
        lakes.bring(settings, *files[first : first + 4])
    assert lakes.manifest_of(settings).number > 1
    return lakes.published_bytes(settings)


def test_captures_in_any_order_end_in_the_same_bytes(
    store_url: str, settings: Settings, shared_data: Path, in_order: dict[str, str]
) -> None:
    """One at a time in a folder, and in a bucket, where the runs do the same with another store, in three runs."""
    in_a_bucket = store_url.startswith("s3://")
    files = lakes.responses(shared_data)
    random.Random(0 if in_a_bucket else 1).shuffle(files)
    runs = 3 if in_a_bucket else len(files)
    releases = {lakes.bring(settings, *files[number::runs]).release for number in range(runs)}
    assert len(releases) > 1
    assert lakes.published_bytes(settings) == in_order


@on_disk_only
def test_captures_all_at_once_end_in_the_same_bytes(
    settings: Settings, shared_data: Path, in_order: dict[str, str]
) -> None:
    lakes.bring(settings, *lakes.responses(shared_data))
    assert lakes.manifest_of(settings).number == 1
    assert lakes.published_bytes(settings) == in_order


def test_a_capture_that_was_rejected_at_first_ends_in_the_same_bytes(
    folder: Settings, tmp_path: Path, two: tuple[Path, Path]
) -> None:
    lakes.bring(folder, *two)
    lakes.bring(folder, lakes.write(tmp_path, "bad.json", b"<html>"))
    other = lakes.on_disk(tmp_path / "other")
    lakes.bring(other, *reversed(two))
    assert lakes.published_bytes(folder) == lakes.published_bytes(other)


# Nothing new, nothing done


def test_a_capture_brought_twice_publishes_nothing_new(settings: Settings, two: tuple[Path, Path]) -> None:
    first = lakes.bring(settings, *two)
    before = lakes.objects(settings)
    again = lakes.bring(settings, two[1])
    assert again.release == first.release
    assert lakes.objects(settings) == before


def test_a_confirmation_makes_no_release_and_is_listed_in_the_next(folder: Settings, tmp_path: Path) -> None:
    first = lakes.begun(folder, capture(tmp_path, "a", MONDAY, 5, "2026-07-20T00:00:00Z"))
    confirmed = lakes.bring(folder, capture(tmp_path, "b", MONDAY, 5, "2026-07-21T00:00:00Z"))
    assert confirmed.release == first.release
    assert len(lakes.manifest_of(folder).captures) == 1
    lakes.bring(folder, capture(tmp_path, "c", MONDAY + WEEK, 5, "2026-08-01T00:00:00Z"))
    assert len(lakes.manifest_of(folder).captures) == 3


def test_a_release_writes_only_what_changed(folder: Settings, tmp_path: Path) -> None:
    lakes.begun(folder, capture(tmp_path, "a", MONDAY, 5))
    first = lakes.manifest_of(folder)
    parts = lakes.objects(folder, "parts/")
    lakes.bring(folder, capture(tmp_path, "b", MONDAY + WEEK, 5))
    second = lakes.manifest_of(folder)
    assert (second.number, second.previous) == (2, first.release)
    new = set(lakes.objects(folder, "parts/")) - set(parts)
    later = {name: weeks[MONDAY + WEEK] for name, weeks in second.tables.items() if MONDAY + WEEK in weeks}
    assert new == {partition.key for partition in later.values()}
    assert set(later) | set(lakes.SOMETIMES_EMPTY) == {table.name for table in TABLES}
    assert {name: second.tables[name] | weeks for name, weeks in first.tables.items()} == second.tables


def test_an_earlier_week_that_comes_late_moves_the_later_ones(folder: Settings, tmp_path: Path) -> None:
    lakes.bring(folder, capture(tmp_path, "b", MONDAY + WEEK, 5))
    first = lakes.manifest_of(folder)
    lakes.bring(folder, capture(tmp_path, "a", MONDAY, 5))
    second = lakes.manifest_of(folder)
    moved = {
        name
        for name, weeks in first.tables.items()
        for week in weeks
        if second.tables[name][week].key != weeks[week].key
    }
    assert moved == {"country_lead_week", "drift_week"}
    grown = {
        name: set(weeks) for name, weeks in second.tables.items() if MONDAY + WEEK not in first.tables[name]
    }
    assert grown["country_growth"] == {MONDAY + WEEK}


def test_what_a_run_left_for_its_next_step_is_cleared(folder: Settings, two: tuple[Path, Path]) -> None:
    lakes.begun(folder, two[0])
    lakes.bring(folder, two[1])
    lakes.bring(folder, two[0])
    assert lakes.objects(folder, "staging/") == {}
    assert lakes.objects(folder, "probe/") == {}


# latest/


@on_disk_only
def test_latest_is_the_parts_byte_for_byte(settings: Settings, two: tuple[Path, Path]) -> None:
    store = open_lake(settings)
    for bring, file in zip((lakes.begun, lakes.bring), two, strict=True):
        bring(settings, file)
        manifest = published(store)
        assert lakes.objects(settings, keys.LATEST) == lakes.wanted_latest(manifest)
        for table, week, partition in manifest.partitions():
            assert store.get(keys.latest(table, week)) == store.get(partition.key)


def half_done(store: Store) -> None:
    """`latest/` as a crash and a stranger may leave it."""
    names = list(store.list(keys.LATEST))
    store.delete(names[0])
    store.put(names[1], b"half a fil")
    store.put("latest/country_week/week=1999-01-04/country_week.parquet", b"of no release")
    store.put("latest/notes.txt", b"of nobody")


MARKS = {
    "taken back": seal({"release": None, "run": "another"}),
    "of another release": seal({"release": "000000-no-such-thing"}),
    "broken": b'{"release": ',
    "unsealed": b'{"release": null}',
    "empty": b"",
}


@pytest.mark.parametrize("mark", MARKS)
def test_the_mark_of_a_half_done_latest_counts_for_nothing(
    mark: str, folder: Settings, two: tuple[Path, Path]
) -> None:
    lakes.begun(folder, two[0])
    store = open_lake(folder)
    half_done(store)
    store.put(keys.LATEST_MARK, MARKS[mark])
    lakes.bring(folder, two[1])
    assert lakes.objects(folder, keys.LATEST) == lakes.wanted_latest(published(store))


@on_disk_only
def test_a_half_done_latest_is_repaired_by_the_next_run(settings: Settings, two: tuple[Path, Path]) -> None:
    first = lakes.begun(settings, two[0])
    store = open_lake(settings)
    half_done(store)
    store.delete(keys.LATEST_MARK)
    assert lakes.objects(settings, keys.LATEST) != lakes.wanted_latest(published(store))
    again = lakes.bring(settings, two[0])
    assert again.release == first.release
    assert lakes.objects(settings, keys.LATEST) == lakes.wanted_latest(published(store))


@on_disk_only
def test_a_crash_between_the_pointer_and_latest_is_made_good(
    settings: Settings, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    lakes.begun(settings, two[0])
    store = open_lake(settings)
    with monkeypatch.context() as patched:
        patched.setattr(flows.pipeline.publish, "refresh_latest", _crash)
        with pytest.raises(MemoryError):
            lakes.bring(settings, two[1])
    assert published(store).number == 2
    assert lakes.objects(settings, keys.LATEST) != lakes.wanted_latest(published(store))
    lakes.publish(settings)
    assert published(store).number == 2
    assert lakes.objects(settings, keys.LATEST) == lakes.wanted_latest(published(store))


def _crash(*_: object) -> None:
    raise MemoryError


def test_latest_in_the_making_bears_no_release_s_mark(folder: Settings, two: tuple[Path, Path]) -> None:
    lakes.begun(folder, two[0])
    store = open_lake(folder)
    before = published(store)
    lakes.begun(folder, *two)
    crashing = lakes.Wrapped(store)
    crashing.put = _crash  # type: ignore[attr-defined]
    with pytest.raises(MemoryError):
        refresh_latest(crashing, before, published(store))  # type: ignore[arg-type]
    assert unseal(store.get(keys.LATEST_MARK), keys.LATEST_MARK)["release"] is None
    lakes.publish(folder)
    assert lakes.objects(folder, keys.LATEST) == lakes.wanted_latest(published(store))


def test_a_crash_before_the_pointer_publishes_nothing(
    folder: Settings, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    lakes.begun(folder, two[0])
    before = lakes.published_bytes(folder)
    store = open_lake(folder)
    pointer = store.get(keys.POINTER)
    with monkeypatch.context() as patched:
        patched.setattr(flows.pipeline.publish, "point_to", _crash)
        with pytest.raises(MemoryError):
            lakes.bring(folder, two[1])
    assert store.get(keys.POINTER) == pointer
    assert lakes.published_bytes(folder) == before


def test_a_slow_refresh_does_not_put_an_older_release_over_a_newer_one(
    folder: Settings, tmp_path: Path, two: tuple[Path, Path]
) -> None:
    """The slow run writes its last object after another has refreshed `latest/` for a newer release."""
    store = open_lake(folder)
    three = (*two, capture(tmp_path, "latest", MONDAY, 7, "2026-07-23T00:00:00Z"))
    releases = []
    for number in (1, 2, 3):
        lakes.begun(folder, *three[:number])
        releases.append(published(store))
    store.delete(keys.LATEST_MARK)
    refresh_latest(store, releases[0], None)
    waiting, go_on = threading.Event(), threading.Event()

    def slow_put(key: str, data: bytes) -> None:
        waiting.set()
        go_on.wait(30)
        store.put(key, data)

    slow = lakes.Wrapped(store)
    slow.put = slow_put  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as pool:
        slowly = pool.submit(refresh_latest, slow, releases[1], releases[0])  # type: ignore[arg-type]
        assert waiting.wait(30)
        refresh_latest(store, releases[2], releases[1])
        go_on.set()
        slowly.result(60)
    assert unseal(store.get(keys.LATEST_MARK), keys.LATEST_MARK) == {"release": releases[2].release}
    assert lakes.objects(folder, keys.LATEST) == lakes.wanted_latest(releases[2])


def test_many_that_refresh_at_once_let_each_other_end(
    folder: Settings, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    lakes.begun(folder, two[0])
    store, release = open_lake(folder), lakes.manifest_of(folder)
    store.delete(keys.LATEST_MARK)
    bring_to, passes, together = flows.lake.latest._bring_to, [], threading.Barrier(8)

    def slowly(*arguments: Any) -> None:
        passes.append(threading.get_ident())
        time.sleep(0.3)
        bring_to(*arguments)

    def refresh(_: int) -> None:
        together.wait(30)
        refresh_latest(store, release, release)

    monkeypatch.setattr(flows.lake.latest, "_bring_to", slowly)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(refresh, range(8)))
    # Each begins once at most before it knows of the others, and makes good once what it may have spoilt.
    assert len(passes) <= 16
    assert unseal(store.get(keys.LATEST_MARK), keys.LATEST_MARK) == {"release": release.release}


# Two writers


@on_disk_only
def test_a_rival_that_publishes_first_is_taken_in(settings: Settings, tmp_path: Path) -> None:
    """The rival's captures land after this run has read raw/, and are published before it publishes."""
    mine, theirs = capture(tmp_path, "mine", MONDAY, 5), capture(tmp_path, "theirs", MONDAY + WEEK, 5)
    attempts = []

    def racing(step: Callable[..., Any], /) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            if step is publish:
                attempts.append(step)
                if len(attempts) == 1:
                    lakes.bring(settings, theirs)
            return lakes.unchecked(step)(*arguments)

        return run

    outcome = lakes.bring(settings, mine, run=racing)
    # What the rival published has both, so that there is nothing left to publish.
    assert len(attempts) == 1
    manifest = lakes.manifest_of(settings)
    assert outcome.release == manifest.release
    assert {capture.start for capture in manifest.captures} == {MONDAY, MONDAY + WEEK}
    alone = lakes.on_disk(tmp_path / "alone")
    lakes.bring(alone, mine, theirs)
    assert lakes.published_bytes(settings) == lakes.published_bytes(alone)


@on_disk_only
def test_a_rival_that_swaps_the_pointer_in_between_is_taken_in(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rival, who has not seen this run's capture, publishes after its look at the pointer."""
    mine = capture(tmp_path, "mine", MONDAY, 5)
    theirs = capture(tmp_path, "theirs", MONDAY, 6, "2026-07-31T00:00:00Z")
    lakes.land(settings, [theirs])
    rival = prepared(settings)
    swap, swaps = flows.pipeline.publish.point_to, []

    def overtaken(*arguments: Any) -> None:
        swaps.append(arguments[1].number)
        if len(swaps) == 1:
            publish(rival, lakes.NO_REPORT)
        swap(*arguments)

    monkeypatch.setattr(flows.pipeline.publish, "point_to", overtaken)
    outcome = lakes.bring(settings, mine)
    assert swaps == [1, 1, 2]
    manifest = lakes.manifest_of(settings)
    assert manifest.release == outcome.release
    assert len(manifest.captures) == 2
    assert lakes.objects(settings, keys.LATEST) == lakes.wanted_latest(manifest)


def prepared(settings: Settings) -> Run:
    """A run that has got as far as publishing."""
    run = begin(settings)
    conformed = conform(run)
    flows.pipeline.run.computed(run, conformed)
    flows.pipeline.run.checked(run, conformed, lakes.unchecked)
    return run


def test_a_run_that_does_not_know_what_is_published_loses(folder: Settings, two: tuple[Path, Path]) -> None:
    lakes.land(folder, [two[0]])
    early = prepared(folder)
    lakes.bring(folder, two[1])
    pointer = current(open_lake(folder)).version
    with pytest.raises(LostRace, match="was changed by another run"):
        publish(early, lakes.NO_REPORT)
    assert current(open_lake(folder)).version == pointer


def test_a_run_that_always_loses_gives_up_with_one_line(
    folder: Settings, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def lose(*_: object) -> str:
        tries.append(1)
        raise LostRace("another was faster")

    monkeypatch.setattr(flows.pipeline.run, "publish", lose)
    monkeypatch.setattr(flows.pipeline.run, "ATTEMPTS", 2)
    with pytest.raises(StandingsError, match="lost the race to publish") as caught:
        lakes.bring(folder, *two)
    assert len(tries) == 2
    assert not isinstance(caught.value, LostRace)


def test_writers_that_race_all_end_up_in_the_release(settings: Settings, tmp_path: Path) -> None:
    files = [capture(tmp_path, str(number), MONDAY + number * WEEK, 5) for number in range(3)]
    together = threading.Barrier(len(files), timeout=60)

    def bring(file: Path) -> str:
        met = []

        def racing(step: Callable[..., Any], /) -> Callable[..., Any]:
            def run(*arguments: Any) -> Any:
                if step is publish and not met:
                    met.append(together.wait())
                return lakes.unchecked(step)(*arguments)

            return run

        return lakes.bring(settings, file, run=racing).release

    with ThreadPoolExecutor(len(files)) as pool:
        releases = list(pool.map(bring, files))
    manifest = lakes.manifest_of(settings)
    assert manifest.release in releases
    assert len(manifest.captures) == len(files)
    alone = lakes.on_disk(tmp_path / "alone")
    lakes.begun(alone, tuple(files))
    assert manifest.tables == lakes.manifest_of(alone).tables


# What readers find


@pytest.fixture(scope="module")
def read_by_others(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of simulated figures: two weeks."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("readers"))
    body = lakes.simulated(date(2026, 3, 2), date(2026, 3, 15), lakes.at(date(2026, 4, 1)))
    lakes.land_bytes(settings, body, origin="simulated")
    lakes.publish(settings)
    return settings


every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@every_table
def test_other_readers_glob_the_rows_that_the_manifest_lists(table: Table, read_by_others: Settings) -> None:
    store = open_lake(read_by_others)
    rows = rows_of(store, published(store), table)
    if table.name in ("revisions", "reconciliation_week", "claims", "claim_value", "forecast_path"):
        assert rows.is_empty()
        return
    assert rows["week_start"].n_unique() == (1 if table.name == "country_growth" else 2)
    folder = f"{read_by_others.lake.removeprefix('file://')}/latest/{table.name}"
    with_week = rows.with_columns(week="week_start").rows()

    scanned = pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).collect()
    assert scanned.columns == [*table.names, "week"]
    assert scanned.sort(table.key).rows() == with_week

    arrow = ds.dataset(folder, partitioning="hive").to_table().drop_columns("week")
    assert pl.DataFrame(arrow).sort(table.key).equals(rows)

    with duckdb.connect() as connection:
        query = f"SELECT * FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = true)"
        found = connection.sql(f"{query} ORDER BY {', '.join(table.key)}").to_arrow_table()
    assert found.column_names == [*table.names, "week"]
    assert pl.DataFrame(found).sort(table.key).rows() == with_week


WITHOUT_A_VINTAGE = {table.name for table in TABLES if "as_of" not in table}


def footer(store: Store, key: str) -> pq.FileMetaData:
    return pq.ParquetFile(io.BytesIO(store.get(key))).metadata


def test_each_object_carries_its_citation_vintage_and_version(
    folder: Settings, two: tuple[Path, Path]
) -> None:
    lakes.bring(folder, *two)
    store = open_lake(folder)
    versions = {table.name: table.version for table in TABLES}
    for table, _, partition in published(store).partitions():
        told = {
            name.decode(): value.decode() for name, value in footer(store, partition.key).metadata.items()
        }
        told.pop("ARROW:schema")
        if table in WITHOUT_A_VINTAGE:
            continue
        rests = bool(partition.sources)
        assert rests == (table != "claims")
        assert told == {
            "table": table,
            "schema_version": str(versions[table]),
            "as_of": "2026-07-20T00:00:00+00:00" if rests else "",
            "citation": "Source: OpenRouter (openrouter.ai/rankings), as of 2026-07-20T00:00:00Z. "
            "Licensed under CC BY 4.0."
            if rests
            else "",
            "caveat": CAVEAT,
            "origins": "api" if rests else "",
        }


def test_an_object_without_a_vintage_of_its_own_is_cited_all_the_same(
    folder: Settings, tmp_path: Path, read_by_others: Settings
) -> None:
    claimed = lakes.week_of(date(2026, 6, 15), {"openai/osprey": 5, "deepseek/delta": 7, "other": 0})
    lakes.bring(folder, lakes.write(tmp_path, "claimed.json", lakes.body(claimed)))
    without = {}
    for settings, begins in ((folder, b"Source: OpenRouter"), (read_by_others, b"SIMULATED")):
        store = open_lake(settings)
        for table, week, partition in published(store).partitions():
            told = footer(store, partition.key).metadata[b"citation"]
            if partition.sources and not told.startswith(begins):
                without[table, str(week)] = told
    assert without == {}


def test_simulated_objects_say_so_and_never_cite_the_source(read_by_others: Settings) -> None:
    store = open_lake(read_by_others)
    manifest = published(store)
    assert not manifest.tables["claims"] | manifest.tables["claim_value"] | manifest.tables["forecast_path"]
    for table, _, partition in manifest.partitions():
        told = footer(store, partition.key).metadata
        if table not in WITHOUT_A_VINTAGE:
            assert partition.as_of
            assert told[b"citation"] == citation("simulated", partition.as_of).encode()
            assert told[b"citation"].startswith(b"SIMULATED")
        assert told[b"origins"] == b"simulated"
        assert b"OpenRouter" not in b"".join(told.values())
    assert manifest.kind == "simulated"


def test_objects_are_compressed_and_have_statistics(read_by_others: Settings) -> None:
    store = open_lake(read_by_others)
    for key in store.list(keys.LATEST):
        group = footer(store, key).row_group(0)
        columns = [group.column(position) for position in range(group.num_columns)]
        assert {column.compression for column in columns} == {"ZSTD"}
        assert all(column.is_stats_set for column in columns)


def test_every_vintage_is_kept_and_the_newest_counted(folder: Settings, two: tuple[Path, Path]) -> None:
    lakes.begun(folder, *two)
    store = open_lake(folder)
    manifest = published(store)
    entries = rows_of(store, manifest, RANKING_ENTRY).filter(pl.col("model_permaslug") == "openai/osprey")
    assert sorted(entries["tokens"].to_list()) == [5] * 7 + [6] * 7
    models = next(table for table in TABLES if table.name == "model_week")
    newest = rows_of(store, manifest, models).filter(pl.col("model_permaslug") == "openai/osprey")
    assert newest["tokens"].to_list() == [42]
