"""Reading what is published: selections, errors that say what there is, and bytes that are never trusted."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.lake.lake import open_lake
from flows.lake.manifest import published
from flows.lake.query import Selection, select
from flows.lake.reader import newest_complete_week, part_bytes, rows_of
from flows.settings import Settings
from schemas import COUNTRY_WEEK, TABLES, WEEK_COVERAGE, Table
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from tests.support import lakes

pytestmark = pytest.mark.slow

WEEKS = [date(2026, 6, 29), date(2026, 7, 6), date(2026, 7, 13)]
MODELS = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7, "sim-unlisted-lab/pebble": 3}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three weeks, of which the last one has five days."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("read"))
    days = {day: MODELS for week in WEEKS for day in lakes.week_of(week, MODELS)}
    lakes.land_bytes(settings, lakes.body(dict(list(days.items())[:-2])))
    lakes.publish(settings)
    return settings


def found(settings: Settings, name: str = "country_week", **asked: object) -> pl.DataFrame:
    values = {key: value for key, value in asked.items() if key not in ("first", "last")}
    return select(settings, name, Selection(asked.get("first"), asked.get("last"), values)).rows  # type: ignore


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_without_a_selection_every_row_is_there_in_order(table: Table, settings: Settings) -> None:
    listed = lakes.manifest_of(settings).tables[table.name]
    if not listed:
        assert table.name in lakes.SOMETIMES_EMPTY
        with pytest.raises(StandingsError, match=f"no row of {table.name} is like that; it holds no week$"):
            found(settings, table.name)
        return
    rows = found(settings, table.name)
    assert list(table.problems(rows)) == []
    weeks = rows["week_start"].unique().sort().to_list()
    assert weeks == (sorted(listed) if table.name in lakes.SOMETIMES_EMPTY else WEEKS)
    assert rows.height == sum(partition.rows for partition in listed.values())


def test_counts_beyond_a_float_s_reach_come_back_exactly(settings: Settings) -> None:
    rows = found(settings, "model_week", first=WEEKS[0], last=WEEKS[0])
    osprey = rows.filter(pl.col("model_permaslug") == "openai/osprey")
    assert osprey["tokens"].to_list() == [7 * (2**53 + 1)]


@pytest.mark.parametrize(
    ("first", "last", "weeks"),
    [
        (date(2026, 7, 8), date(2026, 7, 8), WEEKS[1:2]),
        (date(2026, 7, 12), None, WEEKS[1:]),
        (None, date(2026, 7, 6), WEEKS[:2]),
        (date(2020, 1, 1), date(2030, 1, 1), WEEKS),
    ],
    ids=["one week", "from", "to", "all"],
)
def test_any_day_of_a_week_names_it(
    first: date | None, last: date | None, weeks: list[date], settings: Settings
) -> None:
    rows = found(settings, first=first, last=last)
    assert rows["week_start"].unique().sort().to_list() == weeks


@pytest.mark.parametrize(
    ("asked", "column", "value"),
    [
        ({"method": "top9_named"}, "method", "top9_named"),
        ({"knowledge": "then"}, "knowledge", "then"),
        ({"country_code": "CN"}, "country_code", "CN"),
        ({"country_code": "cn"}, "country_code", "CN"),
        ({"country_code": "ZZ"}, "country_code", "ZZ"),
    ],
)
def test_a_value_keeps_its_rows_and_no_other(
    asked: dict[str, str], column: str, value: str, settings: Settings
) -> None:
    everything = found(settings)
    kept = found(settings, **asked)
    assert kept.equals(everything.filter(pl.col(column) == value))
    assert 0 < kept.height < everything.height


def test_values_narrow_each_other(settings: Settings) -> None:
    rows = found(
        settings, first=WEEKS[0], last=WEEKS[0], method="all_models", knowledge="now", country_code="US"
    )
    assert rows.select("tokens", "rank").rows() == [(7 * (2**53 + 1), 1)]


@pytest.mark.parametrize(
    ("name", "asked", "told"),
    [
        ("country_weeks", {}, "there is no table 'country_weeks': there are ranking_entry, observation, "),
        ("week_coverage", {"method": "all_models"}, "week_coverage has no column method"),
        ("country_lead_week", {"country_code": "CN"}, "country_lead_week has no column country_code"),
        ("country_week", {"method": "all"}, "method 'all' is not known: there is all_models, top9_named"),
        ("country_week", {"country_code": "XX"}, "it holds weeks 2026-06-29 to 2026-07-13"),
        ("country_week", {"first": date(2027, 1, 1)}, "it holds weeks 2026-06-29 to 2026-07-13"),
        ("country_week", {"first": WEEKS[2], "last": WEEKS[0]}, "no row of country_week is like that"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    name: str, asked: dict[str, object], told: str, settings: Settings
) -> None:
    with pytest.raises(StandingsError) as caught:
        found(settings, name, **asked)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rows_come_with_their_release_citation_and_caveat(settings: Settings) -> None:
    answer = select(settings, "country_week", Selection())
    line = (
        "Source: OpenRouter (openrouter.ai/rankings), as of 2026-08-01T00:00:00Z. Licensed under CC BY 4.0."
    )
    assert answer.notes == (line, CAVEAT)
    assert answer.metadata == {
        "table": "country_week",
        "release": lakes.manifest_of(settings).release,
        "citation": line,
        "caveat": CAVEAT,
    }


def test_rows_that_rest_on_other_captures_than_the_api_s_say_so(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, lakes.body(lakes.week_of(WEEKS[0], MODELS)), origin="reconstructed")
    lakes.land_bytes(settings, lakes.body(lakes.week_of(WEEKS[1], MODELS)))
    lakes.publish(settings)
    note = "Among the captures behind these rows are reconstructed ones."
    assert note in select(settings, "country_week", Selection()).notes
    assert note in select(settings, "country_week", Selection(WEEKS[0], WEEKS[0])).notes
    assert note not in select(settings, "country_week", Selection(WEEKS[1], WEEKS[1])).notes


def test_the_newest_complete_week_has_seven_days(settings: Settings) -> None:
    store = open_lake(settings)
    assert newest_complete_week(store, published(store)) == WEEKS[1]


def test_without_a_complete_week_there_is_none(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.begun(settings, lakes.body({WEEKS[0]: MODELS}))
    store = open_lake(settings)
    assert newest_complete_week(store, published(store)) is None
    assert rows_of(store, published(store), WEEK_COVERAGE)["status"].to_list() == ["incomplete"]


def test_nothing_published_is_told(tmp_path: Path) -> None:
    with pytest.raises(StandingsError, match="nothing is published there yet"):
        select(lakes.on_disk(tmp_path), "country_week", Selection())


def test_a_release_without_rows_is_told(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.bring(settings, lakes.write(tmp_path, "part.json", lakes.body({WEEKS[0]: MODELS}), modality="text"))
    with pytest.raises(StandingsError, match=r"no row of country_week is like that; it holds no week$"):
        found(settings)


def test_a_damaged_part_is_refused_with_its_key(
    store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = lakes.settings(store_url, tmp_path, request)
    lakes.begun(settings, lakes.body({WEEKS[0]: MODELS}))
    store = open_lake(settings)
    partition = published(store).tables[COUNTRY_WEEK.name][WEEKS[0]]
    sound = store.get(partition.key)
    assert part_bytes(store, partition) == sound
    one_bit = sound[:100] + bytes([sound[100] ^ 1]) + sound[101:]
    for damaged in (sound[:-1], sound + b" ", one_bit, b""):
        store.put(partition.key, damaged)
        with pytest.raises(StandingsError) as caught:
            select(settings, "country_week", Selection())
        assert str(caught.value).startswith(f"{store.url}/{partition.key}: ")
    assert found(settings, "week_coverage").height == 1


def test_a_part_that_is_gone_is_told_with_its_key(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.begun(settings, lakes.body({WEEKS[0]: MODELS}))
    store = open_lake(settings)
    partition = published(store).tables[COUNTRY_WEEK.name][WEEKS[0]]
    store.delete(partition.key)
    with pytest.raises(StandingsError) as caught:
        found(settings)
    assert partition.key in str(caught.value)


def test_readers_see_the_pointer_s_release_while_latest_is_half_done(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.begun(settings, lakes.body({WEEKS[0]: MODELS}))
    before = found(settings)
    store = open_lake(settings)
    for key in list(store.list("latest/")):
        store.delete(key)
    assert found(settings).equals(before)
    assert before["as_of"].max() == datetime(2026, 8, 1, tzinfo=UTC)
