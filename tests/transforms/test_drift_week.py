"""How far a week is from the weeks before it, and what of that is unusual."""

import json
import random
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from schemas import DRIFT_WEEK
from schemas.tables.drift_week import MEASURES, WHOLE_WEEK
from tests.support import frames
from tests.support.frames import MONDAY, WEEK, Capture, days_of, find, midnight, one, standings, whole
from transforms.parse import parse

pytestmark = pytest.mark.slow

USUAL = {each.name: each for each in MEASURES}


def weeks(*models: Mapping[str, int], first: date = MONDAY) -> list[Capture]:
    """One capture a week, of the models on each of its days."""
    return [days_of(whole(each), first + n * WEEK) for n, each in enumerate(models)]


def drift(*captures: Capture, measure: str) -> pl.DataFrame:
    return standings(*captures)["drift_week"].filter(pl.col("measure") == measure)


def values(*captures: Capture, measure: str) -> dict[tuple[date, str], float]:
    """The measure by week and subject."""
    rows = drift(*captures, measure=measure)
    return dict(zip(rows.select("week_start", "subject").iter_rows(), rows["value"], strict=True))


def test_a_total_is_set_against_the_eight_weeks_before() -> None:
    steady = [{"openai/a": 100}] * 8
    ninth = MONDAY + 8 * WEEK
    assert values(*weeks(*steady, {"openai/a": 150}), measure="total") == {(ninth, WHOLE_WEEK): 1.5}
    growing = [{"openai/a": 100 * n} for n in range(1, 9)]
    found = values(*weeks(*growing, {"openai/a": 900}, {"openai/a": 1100}), measure="total")
    assert found == {(ninth, WHOLE_WEEK): 2.0, (ninth + WEEK, WHOLE_WEEK): 2.0}


def test_across_a_long_gap_no_total_is_usual() -> None:
    early = weeks(*[{"openai/a": 100}] * 8)
    near = days_of(whole({"openai/a": 100}), MONDAY + 12 * WEEK)
    far = days_of(whole({"openai/a": 100}), MONDAY + 13 * WEEK)
    assert values(*early, near, measure="total") == {(MONDAY + 12 * WEEK, WHOLE_WEEK): 1.0}
    assert values(*early, far, measure="total") == {}


def test_an_incomplete_week_is_not_measured_and_measures_nothing() -> None:
    short = days_of(whole({"openai/a": 100}), MONDAY, count=6)
    next_week = days_of(whole({"openai/a": 100, "openai/b": 3}), MONDAY + WEEK)
    table = standings(short, next_week)["drift_week"]
    assert set(table["week_start"]) == {MONDAY + WEEK}
    assert set(table["measure"]) == {"unattributed"}


def test_churn_is_the_part_of_the_named_that_is_new() -> None:
    before, after = {"openai/a": 5, "openai/b": 5, "other": 9}, {"openai/a": 5, "openai/c": 5, "other": 9}
    # 48 fillers without tokens stand in both.
    found = values(*weeks(before, after), measure="churn")
    assert found == {(MONDAY + WEEK, WHOLE_WEEK): pytest.approx(1 / 50)}


def test_a_chart_that_is_cut_short_tells_nothing_of_who_is_new_or_unattributed() -> None:
    chart = {f"openai/{n}": 9 for n in range(9)} | {"other": 50}
    captures = [frames.week_of(chart, MONDAY + n * WEEK) for n in range(9)]
    assert set(standings(*captures)["drift_week"]["measure"]) == {"total"}


def test_a_share_jumps_also_where_a_country_comes_or_goes() -> None:
    captures = weeks(
        {"openai/a": 75, "z-ai/b": 25}, {"openai/a": 50, "z-ai/b": 25, "mistralai/c": 25}, {"openai/a": 1}
    )
    second, third = MONDAY + WEEK, MONDAY + 2 * WEEK
    assert values(*captures, measure="share_jump") == {
        (second, "CN"): 0.0,
        (second, "FR"): 0.25,
        (second, "US"): -0.25,
        (third, "CN"): -0.25,
        (third, "FR"): -0.25,
        (third, "US"): 0.5,
    }


def test_an_author_is_new_who_was_not_named_in_any_of_the_eight_weeks_before() -> None:
    old = {"openai/a": 90}
    ninth = MONDAY + 8 * WEEK
    new = {"openai/a": 90, "deepseek/b": 10}
    assert values(*weeks(*[old] * 8, new), measure="new_author") == {(ninth, "deepseek"): 0.1}
    assert values(*weeks(*[old] * 7, new), measure="new_author") == {}
    assert values(*weeks(new, *[old] * 7, new), measure="new_author") == {}
    assert values(*weeks(new, *[old] * 8, new), measure="new_author") == {(ninth + WEEK, "deepseek"): 0.1}


def test_the_unattributed_are_a_part_of_the_total() -> None:
    models = {"openai/a": 60, "openrouter/cloaked": 10, "hobby/x": 10, "other": 20}
    assert values(*weeks(models), measure="unattributed") == {(MONDAY, WHOLE_WEEK): pytest.approx(0.4)}


def test_a_day_is_set_against_its_vintage_before() -> None:
    first, last = midnight(MONDAY + 8 * frames.DAY), midnight(MONDAY + 25 * frames.DAY)
    early = days_of(whole({"openai/a": 100}), as_of=first)
    between = days_of(whole({"openai/a": 400}), as_of=midnight(MONDAY + 9 * frames.DAY))
    late = days_of(whole({"openai/a": 360}), as_of=last)
    assert values(early, measure="restated") == {}
    assert values(early, between, late, measure="restated") == {(MONDAY, WHOLE_WEEK): pytest.approx(0.1)}


def test_every_order_of_arrival_gives_the_same_verdict() -> None:
    models = [{"openai/a": 100 + 7 * n, f"z-ai/{n}": n, "other": 5} for n in range(9)]
    captures = weeks(*models)
    wanted = standings(*captures)["drift_week"]
    for seed in range(3):
        shuffled = random.Random(seed).sample(captures, len(captures))
        assert standings(*shuffled)["drift_week"].equals(wanted)


def test_a_range_goes_with_each_measure() -> None:
    table = standings(*weeks(*[{"openai/a": 100, "z-ai/b": 1}] * 8, {"openai/a": 9, "deepseek/c": 1}))[
        "drift_week"
    ]
    assert set(table["measure"]) == set(USUAL) - {"restated"}
    for row in table.iter_rows(named=True):
        usual = USUAL[row["measure"]]
        assert (row["usual_low"], row["usual_high"]) == (usual.low, usual.high)
    assert list(DRIFT_WEEK.problems(table)) == []


def test_the_ranges_hold_what_the_source_has_given_so_far(shared_data: Path) -> None:
    captures = []
    vintages = (
        "responses/*asof_20260719T*.json",
        "responses/*asof_202607[26]*.json",
        "responses/*asof_202608*.json",
    )
    for file in [
        each for like in ("reconstructed/day*15.json", *vintages) for each in shared_data.glob(like)
    ]:
        answer = parse(file.read_bytes(), "day")
        days = {
            day: dict(rows.select("model_permaslug", "tokens").iter_rows())
            for (day,), rows in answer.rows.partition_by("date", as_dict=True).items()
        }
        captures.append(Capture(answer.as_of, answer.start, answer.end, days))  # type: ignore[arg-type]
    from schemas import reference

    table = standings(*captures, reference=reference.load())["drift_week"]
    unusual = table.filter((pl.col("value") < pl.col("usual_low")) | (pl.col("value") > pl.col("usual_high")))
    assert unusual.is_empty(), unusual
    restated = one(table, week_start=date(2026, 7, 13), measure="restated")
    assert restated["value"] == pytest.approx((8_050_764_751_145 - 7_865_670_510_190) / 7_865_670_510_190)
    assert len(find(table, measure="churn")) >= 12


def test_totals_since_2025_ran_as_the_definition_says(shared_data: Path) -> None:
    daily = pl.read_csv(shared_data / "daily_totals.csv", try_parse_dates=True)
    totals = (
        daily.group_by(week=pl.col("date").dt.truncate("1w"))
        .agg(total=pl.col("total_tokens_billion").sum(), days=pl.len())
        .filter(pl.col("days") == 7)
        .sort("week")
    )
    ratio = totals["total"] / totals["total"].shift(1).rolling_mean(8)
    low, high = float(ratio.min()), float(ratio.max())  # type: ignore[arg-type]
    assert (round(low, 2), round(high, 2)) == (0.91, 1.84)
    assert f"ran {low:.2f} to {high:.2f}" in USUAL["total"].doc
    assert json.dumps([USUAL["total"].low, USUAL["total"].high]) == "[0.8, 2.0]"


def test_the_readme_gives_the_ranges_of_the_definition() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    for each in MEASURES:
        (row,) = (line for line in readme.splitlines() if line.startswith(f"| `{each.name}`:"))
        usual = row.split("|")[2]
        assert str(each.high) in usual
        assert each.low is None or str(abs(each.low)) in usual
