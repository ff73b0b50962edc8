"""What a forecast implies, beside what was observed."""

import math
from typing import Any

import pytest

from schemas.reference import load
from tests.support.frames import (
    DAY,
    MONDAY,
    WEEK,
    Row,
    days_of,
    facts,
    find,
    one,
    override,
    standings,
    week_of,
    whole,
)

FORECAST: Row = {
    "forecast": "tenfold",
    "issuer": "A bank",
    "country_code": "CN",
    "scope": "Everything",
    "unit": "tokens a year",
    "year_from": 2025,
    "value_from": 10,
    "year_to": 2030,
    "value_to": 3900,
    "printed_multiple": 370,
    "comparable": "no",
    "note": "Rounded.",
}


def path(tokens: dict[int, int], *overrides: Row, **columns: Any) -> list[Row]:
    """`forecast_path` of weeks by their distance from `MONDAY`."""
    weeks = [week_of({"z-ai/c": each, "openai/a": 1}, MONDAY + n * WEEK) for n, each in tokens.items()]
    reference = facts(*overrides, forecasts=[FORECAST | columns])
    return standings(*weeks, reference=reference)["forecast_path"].rows(named=True)


def test_the_implied_growth_is_that_which_repeated_leads_from_first_to_last() -> None:
    (row,) = path({0: 5})
    assert row["multiple"] == 390.0
    assert 10 * (1 + row["implied_yearly"]) ** 5 == pytest.approx(3900, rel=1e-12)
    weeks = 5 * 365.25 / 7
    assert 10 * (1 + row["implied_weekly"]) ** weeks == pytest.approx(3900, rel=1e-12)
    assert row["implied_yearly"] == pytest.approx(2.2977, abs=1e-4)
    assert row["implied_weekly"] == pytest.approx(math.expm1(math.log(390) / weeks), rel=1e-12)


def test_a_forecast_of_shrinking_is_negative_growth() -> None:
    (row,) = path({0: 5}, value_from=400, value_to=100, year_to=2027)
    assert row["implied_yearly"] == pytest.approx(-0.5)
    assert row["implied_weekly"] < 0


def test_the_observed_growth_is_that_of_four_and_of_fifty_two_weeks() -> None:
    rows = path({-52: 100, -4: 1000, 0: 16_000})
    newest = rows[-1]
    assert (newest["week_start"], newest["tokens"]) == (MONDAY, 16_000)
    assert newest["observed_weekly"] == pytest.approx(1.0)
    assert newest["observed_yearly"] == pytest.approx(159.0)


@pytest.mark.parametrize(("gone", "kept"), [(-4, "observed_yearly"), (-52, "observed_weekly")])
def test_what_was_observed_is_open_where_the_other_week_is_missing(gone: int, kept: str) -> None:
    tokens = {-52: 100, -4: 1000, 0: 16_000}
    newest = path({n: each for n, each in tokens.items() if n != gone})[-1]
    assert {name for name in ("observed_weekly", "observed_yearly") if newest[name] is not None} == {kept}


def test_neighbouring_weeks_do_not_stand_in_for_the_one_that_is_missing() -> None:
    newest = path({-53: 1, -51: 1, -5: 1, -3: 1, -1: 1, 0: 2})[-1]
    assert (newest["observed_weekly"], newest["observed_yearly"]) == (None, None)


def test_an_incomplete_week_is_neither_told_nor_compared_with() -> None:
    incomplete = days_of({"z-ai/c": 10}, MONDAY - 4 * WEEK, count=6)
    reference = facts(forecasts=[FORECAST])
    tables = standings(incomplete, week_of({"z-ai/c": 20}), reference=reference)
    (row,) = tables["forecast_path"].rows(named=True)
    assert (row["week_start"], row["observed_weekly"]) == (MONDAY, None)


def test_growth_out_of_no_tokens_is_open() -> None:
    assert path({-4: 0, 0: 20})[-1]["observed_weekly"] is None


def test_a_cut_off_chart_is_not_compared_with_a_whole_one() -> None:
    """Its country's tokens are those that it shows: a lower bound, out of which no growth can be told."""
    short = week_of({"z-ai/c": 10, "openai/a": 5, "other": 90}, MONDAY - 4 * WEEK)
    full = week_of(whole({"z-ai/c": 40, "openai/a": 30, "other": 1}))
    tables = standings(short, full, reference=facts(forecasts=[FORECAST]))
    assert one(tables["forecast_path"], week_start=MONDAY)["observed_weekly"] is None


def test_all_models_as_known_now_are_observed() -> None:
    reveal = override("openrouter/alpha", "zhipu", MONDAY + 9 * DAY)
    models = {f"z-ai/m{n:02}": 1 for n in range(12)} | {"z-ai/x:free": 5, "openrouter/alpha": 100}
    tables = standings(week_of(models), reference=facts(reveal, forecasts=[FORECAST]))
    (row,) = tables["forecast_path"].rows(named=True)
    assert (row["method"], row["knowledge"], row["tokens"]) == ("all_models", "now", 117)
    assert row["status"] == "settled"


def test_only_the_country_of_the_forecast_is_told() -> None:
    assert path({0: 5}, country_code="FR") == []
    (row,) = path({0: 5}, country_code="US")
    assert row["tokens"] == 1


def test_every_forecast_is_told_beside_every_week() -> None:
    weeks = [week_of({"z-ai/c": 1}, MONDAY + n * WEEK) for n in range(2)]
    forecasts = [FORECAST, FORECAST | {"forecast": "other", "value_to": 20}]
    rows = standings(*weeks, reference=facts(forecasts=forecasts))["forecast_path"].rows(named=True)
    assert [(row["week_start"], row["forecast"], row["multiple"]) for row in rows] == [
        (MONDAY + n * WEEK, name, multiple)
        for n in range(2)
        for name, multiple in (("other", 2.0), ("tenfold", 390.0))
    ]


def test_levels_stay_not_comparable_and_the_reason_goes_with_them() -> None:
    (row,) = path({0: 5})
    told = {name: row[name] for name in FORECAST if name in row}
    assert told == {name: value for name, value in FORECAST.items() if name != "note"}
    assert row["comparable"] == "no"
    assert row["reason"] == "Because."


def test_the_forecast_that_is_shipped_is_of_growth_and_not_of_level() -> None:
    rows = standings(week_of({"deepseek/a": 10**13}), reference=load())["forecast_path"]
    row = one(rows, forecast="jpmorgan-china-inference-tokens")
    assert (row["comparable"], row["multiple"], row["printed_multiple"]) == ("no", 390.0, 370)
    assert row["implied_yearly"] == pytest.approx(390 ** (1 / 5) - 1)
    assert (row["tokens"], row["country_code"]) == (10**13, "CN")
    assert find(rows, comparable="yes") == []
