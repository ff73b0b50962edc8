"""Inputs that people really have, from file to table: what is right of each stands in the README of its folder."""

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.lake.lake import open_lake
from flows.lake.reader import rows_of
from flows.maintenance import accept, rebuild
from flows.monitoring.status import lines
from flows.monitoring.verify import ProblemKind, verify
from flows.settings import Settings
from schemas import BUCKET_COVERAGE, COUNTRY_LEAD_WEEK, COUNTRY_WEEK, WEEK_COVERAGE, Table
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = pytest.mark.slow

WEEK = date(2026, 9, 28)
TRUTH = {"CN": 76.394, "US": 39.867, "ZZ": 48.708}
"""Of that week, over all models, in trillions."""


@pytest.fixture
def cases(shared_data: Path) -> Path:
    return shared_data.parents[1] / "cases"


@pytest.fixture
def autumn(shared_data: Path) -> Path:
    """The real week and five days more."""
    return shared_data / "autumn"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return lakes.on_disk(tmp_path)


def rows(settings: Settings, table: Table, **values: object) -> pl.DataFrame:
    return rows_of(open_lake(settings), lakes.manifest_of(settings), table).filter(**values)


def trillions(settings: Settings, method: str = "all_models", week: date = WEEK) -> dict[str, float]:
    """What the countries have that are named in `TRUTH`."""
    found = rows(settings, COUNTRY_WEEK, week_start=week, method=method, knowledge="then")
    tokens = dict(found.select("country_code", "tokens").rows())
    return {code: round(tokens[code] / 1e12, 3) for code in TRUTH}


def ingested(settings: Settings, *paths: Path, period: str | None = None, origin: str | None = None) -> str:
    """Publishes what has landed by then; returns what was refused, a line each."""
    lakes.ingest(settings, paths, period, origin)
    return "\n".join(lakes.publish(settings).rejected)


def refused(settings: Settings) -> str:
    """What the run ends with where there is nothing that could be published."""
    with pytest.raises(StandingsError) as caught:
        lakes.publish(settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def told(settings: Settings) -> str:
    return "\n".join(lines(settings))


def test_a_list_is_not_the_world(settings: Settings, cases: Path) -> None:
    """The README: CN has 49% at most, and the lead is not certain."""
    lakes.ingest(settings, [cases / "no-other-topN"], "week", "chart")
    lakes.publish(settings)
    week = date(2026, 11, 2)
    assert rows(settings, WEEK_COVERAGE)["extent"].to_list() == ["unknown"]
    assert rows(settings, BUCKET_COVERAGE)["extent"].to_list() == ["unknown"]
    found = rows(settings, COUNTRY_WEEK, week_start=week)
    assert {"CN", "US", "ZZ"} <= set(found["country_code"])
    assert set(found.select("share_lo", "share_hi").rows()) == {(0.0, 1.0)}
    assert set(found.select("share", "rank", "tokens_hi", "rank_worst").rows()) == {(None,) * 4}
    leads = rows(settings, COUNTRY_LEAD_WEEK)
    assert set(leads.select("leader", "lead_certain").rows()) == {(None, False)}
    assert round(found.filter(method="all_models", country_code="CN")["tokens"][0] / 1e12, 2) == 101.33
    assert "complete   up to the week of none" in told(settings)


def test_a_poorer_capture_replaces_nothing(settings: Settings, cases: Path, autumn: Path) -> None:
    lakes.begun(settings, autumn)
    before = {table: rows(settings, table) for table in (COUNTRY_WEEK, COUNTRY_LEAD_WEEK, WEEK_COVERAGE)}
    assert trillions(settings) == TRUTH
    assert ingested(settings, cases / "poorer-origin-replaces", origin="chart") == ""
    for table, frame in before.items():
        assert rows(settings, table).equals(frame)
    held = rows(settings, BUCKET_COVERAGE, unused_reason="poorer")
    assert held["date"].to_list() == [date.fromordinal(WEEK.toordinal() + n) for n in range(7)]
    (capture,) = set(held["capture"])
    manifest = lakes.manifest_of(settings)
    for table, rests_on_it in ((BUCKET_COVERAGE, True), (COUNTRY_WEEK, False)):
        sources = manifest.weeks(table)[WEEK].sources
        assert any(capture in source for source in sources) == rests_on_it
    assert (
        f"unused     {cases}/poorer-origin-replaces/day.json: 7 days from 2026-09-28 to 2026-10-04: "
        f"another capture shows more of them" in told(settings)
    )


def test_the_poorer_may_come_first(settings: Settings, cases: Path, autumn: Path) -> None:
    ingested(settings, cases / "poorer-origin-replaces", origin="chart")
    ingested(settings, autumn)
    assert trillions(settings) == TRUTH


def test_a_forgotten_period_is_stopped_with_the_flag_to_give(settings: Settings, cases: Path) -> None:
    lakes.land(settings, [cases / "chart-period-forgotten"])
    line = refused(settings)
    assert "--period week" in line
    assert "standings accept" in line
    assert f"{cases}/chart-period-forgotten/week.json: " in line
    assert ingested(settings, cases / "chart-period-forgotten", period="week", origin="chart") == ""
    assert trillions(settings, "top9_named") == {"CN": 57.469, "US": 16.204, "ZZ": 38.661}
    printed = json.loads((cases / "chart-period-forgotten" / "week.json").read_bytes())["data"]
    found = rows(settings, COUNTRY_WEEK, method="all_models", knowledge="now")
    assert sum(found["tokens"]) == sum(int(row["total_tokens"]) for row in printed)


@pytest.mark.parametrize("first", ["week", "chart"])
def test_a_forgotten_period_changes_no_good_week(
    first: str, settings: Settings, cases: Path, autumn: Path
) -> None:
    chart = cases / "chart-period-forgotten-after"
    lakes.ingest(settings, [chart] if first == "chart" else [autumn], None, None)
    if first == "chart":
        refused(settings)
    else:
        lakes.publish(settings)
    lakes.ingest(settings, [autumn, chart], None, None)
    lakes.publish(settings)
    assert trillions(settings) == TRUTH
    assert "--period week" in told(settings)


def test_a_month_is_no_day(settings: Settings, cases: Path) -> None:
    lakes.land(settings, [cases / "month-as-day"])
    assert "period=month" in refused(settings)


def test_a_page_is_no_day(settings: Settings, cases: Path, autumn: Path) -> None:
    pages = cases / "paged"
    lakes.land(settings, [pages])
    line = refused(settings)
    assert f"{pages}/page1.json: " in line
    assert f"{pages}/page2.json: " in line
    assert line.count("standings accept") == 2


def test_a_page_does_not_stand_for_the_day_that_is_there(
    settings: Settings, cases: Path, autumn: Path
) -> None:
    lakes.begun(settings, autumn)
    ingested(settings, cases / "paged")
    assert trillions(settings) == TRUTH


def test_files_of_a_day_that_tell_the_windows_meta_make_no_day_vanish(
    settings: Settings, cases: Path
) -> None:
    assert ingested(settings, cases / "file-a-day-window-meta") == ""
    assert trillions(settings) == TRUTH
    week = rows(settings, WEEK_COVERAGE, week_start=WEEK)
    assert week.select("vanished_days", "days_observed").rows() == [(0, 7)]


# What is held, and what a person decides

PAST = date(2026, 7, 6)
MODELS = {"openai/osprey": 500, "deepseek/delta": 700, "other": 300}


def day_file(folder: Path, name: str, day: date, tokens: int, as_of: str = "2026-08-01T00:00:00Z") -> Path:
    return lakes.write(
        folder, f"{name}.json", lakes.body({day: {"openai/osprey": tokens, "other": 1}}, as_of)
    )


def named_of(settings: Settings, line: str) -> str:
    """The name by which a line says that its capture can be accepted."""
    return line.split("standings accept ")[1].split(" ")[0]


def test_a_published_capture_that_later_looks_wrong_is_held_until_a_person_accepts_it(
    settings: Settings, tmp_path: Path
) -> None:
    tuesday = PAST + timedelta(days=1)
    wrong = day_file(tmp_path, "wrong", tuesday, 7000, "2026-08-02T00:00:00Z")
    week = lakes.write(tmp_path, "week.json", lakes.body(lakes.week_of(PAST, MODELS)))
    assert ingested(settings, wrong) == ""
    line = ingested(settings, week)
    assert line.startswith(
        f"{wrong}: is passed over: {tuesday} has 7,001 tokens, above three times the median"
    )
    assert len(lakes.manifest_of(settings).captures) == 1
    published = lakes.published_bytes(settings)
    assert line in told(settings)
    # It stays held, and is told of once.
    assert lakes.publish(settings).rejected == ()
    assert lakes.published_bytes(settings) == published

    accept(settings, named_of(settings, line), "a load test", lakes.unchecked)
    assert len(lakes.manifest_of(settings).captures) == 2
    assert lakes.publish(settings).rejected == ()

    changed, outcome = rebuild(settings, lakes.unchecked)
    assert (changed, outcome.rejected) == ([], ())


def test_what_is_held_is_published_once_the_days_after_it_are_as_high(
    settings: Settings, tmp_path: Path
) -> None:
    high = {name: tokens * 5 for name, tokens in MODELS.items()}
    next_week = PAST + timedelta(days=7)
    days = [
        lakes.week_of(PAST, MODELS),
        {next_week + timedelta(days=1): high},
        {next_week + timedelta(days=n): high for n in range(8)},
    ]
    files = [
        lakes.write(tmp_path, f"{n}.json", lakes.body(each, f"2026-08-0{n + 1}T00:00:00Z"))
        for n, each in enumerate(days)
    ]
    ingested(settings, files[0])
    assert "above three times the median" in ingested(settings, files[1])
    assert ingested(settings, files[2]) == ""
    assert len(lakes.manifest_of(settings).captures) == 3
    assert "unreadable" not in told(settings)
    other_way = lakes.on_disk(tmp_path / "other")
    for file in reversed(files):
        ingested(other_way, file)
    assert lakes.published_bytes(other_way) == lakes.published_bytes(settings)


def test_of_two_that_contradict_each_other_the_published_stands_until_a_person_says_otherwise(
    settings: Settings, tmp_path: Path
) -> None:
    day = PAST + timedelta(days=1)
    one, two = (day_file(tmp_path, name, day, tokens) for name, tokens in (("one", 5), ("two", 6)))
    ingested(settings, one)
    line = ingested(settings, two)
    assert line.startswith(
        f"{two}: is passed over: {day} has other rows than in {one}, and both are as of 2026-08-01"
    )
    assert [capture.key.sha256 for capture in lakes.manifest_of(settings).captures] == [
        lakes.digest(one.read_bytes())
    ]
    outcome = accept(settings, named_of(settings, line), "the first was typed by hand", lakes.unchecked)
    assert f"{one}: " in outcome.rejected[0]
    assert [capture.key.sha256 for capture in lakes.manifest_of(settings).captures] == [
        lakes.digest(two.read_bytes())
    ]


@pytest.mark.parametrize(
    ("name", "slice"),
    [
        ("day_2026-07-06_modality_text.json", "modality text"),
        ("day_modality_image_output_2026-07-06.json", "modality image_output"),
        ("week_category_marketing-seo_2026.json", "category marketing-seo"),
        ("language_type=natural.json", "language_type natural"),
    ],
)
def test_a_slice_that_only_its_files_name_tells_of_is_no_whole(
    name: str, slice: str, settings: Settings, tmp_path: Path
) -> None:
    body = lakes.body(lakes.week_of(PAST, MODELS))
    lakes.land(settings, [lakes.write(tmp_path, name, body)])
    assert f"of {slice}: say so in FILE.request.json" in refused(settings)
    parameter, value = slice.split(" ")
    lakes.ingest(settings, [lakes.write(tmp_path, name, body, **{parameter: value})], None, None)
    lakes.publish(settings)
    assert lakes.manifest_of(settings).captures[0].key.slice == f"{parameter}-{value}"


def test_a_slice_that_its_meta_tells_of_is_no_whole(settings: Settings, tmp_path: Path) -> None:
    body = lakes.body(lakes.week_of(PAST, MODELS)).replace(b'"version"', b'"modality": "text", "version"')
    lakes.land(settings, [lakes.write(tmp_path, "a.json", body)])
    assert "modality" in refused(settings)


def test_a_name_that_only_sounds_like_a_slice_is_none(settings: Settings, tmp_path: Path) -> None:
    for name in ("category.json", "all-modalities_2026.json", "multimodality-text.json"):
        lakes.ingest(
            settings,
            [lakes.write(tmp_path, name, lakes.body(lakes.week_of(PAST, MODELS)) + b" " * len(name))],
            None,
            None,
        )
    assert lakes.publish(settings).rejected == ()


# Who fetched


@pytest.mark.parametrize("first", ["source", "file"])
def test_bytes_that_the_source_gave_us_are_whole_though_a_file_has_them_too(
    first: str, settings: Settings, tmp_path: Path
) -> None:
    body = lakes.body(lakes.week_of(PAST, {"openai/osprey": 5, "deepseek/delta": 7}))
    steps = [
        lambda: lakes.land_bytes(settings, body),
        lambda: lakes.land(settings, [lakes.write(tmp_path, "a.json", body)]),
    ]
    for step in steps if first == "source" else reversed(steps):
        step()
        lakes.publish(settings)
    assert rows(settings, WEEK_COVERAGE).select("extent", "days_observed").rows() == [("complete", 7)]
    assert [each for each in verify(settings) if each.kind != ProblemKind.WAREHOUSE] == []
    ingested(settings, lakes.write(tmp_path, "a.json", body), origin="chart")
    assert rows(settings, WEEK_COVERAGE)["extent"].to_list() == ["unknown"]


def test_a_file_without_other_is_a_list(settings: Settings, tmp_path: Path) -> None:
    body = lakes.body(lakes.week_of(PAST, {"openai/osprey": 5, "deepseek/delta": 7}))
    ingested(settings, lakes.write(tmp_path, "a.json", body))
    assert rows(settings, WEEK_COVERAGE).select("extent", "status", "days_observed").rows() == [
        ("unknown", "incomplete", 0)
    ]
