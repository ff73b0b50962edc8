"""What a capture cuts off is inside the bounds, and what is poorer changes nothing: real weeks and made-up ones."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.methods import METHODS
from schemas.reference import load
from tests.support.examples import examples
from tests.support.frames import DAY, LATER, MONDAY, Capture, captured, chosen, said
from transforms import vintages
from transforms.standings import Computed, every_table
from transforms.vintages import FULL_DEPTH

FIGURES = (
    "country_week",
    "country_lead_week",
    "country_top_models",
    "concentration_week",
    "unattributed_week",
    "model_week",
    "week_coverage",
    "revisions",
)
SLACK = 1e-12
"""Shares are floats; of what they are shares of is whole."""


@cache
def reference() -> Any:
    return load()


def tables(*captures: Capture) -> Computed:
    return every_table(*said(*captured(*captures)), reference())


# Real weeks, cut


@pytest.fixture(scope="module")
def weeks(shared_data: Path) -> dict[date, dict[date, dict[str, int]]]:
    """A real week of each season, as the API gave it: 50 names and `other` on each of its days."""
    found: dict[date, dict[date, dict[str, int]]] = {}
    wanted = {
        "autumn/day_2026-09-28_2026-10-09_asof_20261011T0027Z.json": date(2026, 9, 28),
        "responses/day_2026-05-25_2026-07-19_asof_20260822T000521Z.json": date(2026, 6, 15),
        "reconstructed/day_2026-02-02_2026-03-15.json": date(2026, 3, 9),
    }
    for name, monday in wanted.items():
        days = found.setdefault(monday, {})
        for row in json.loads((shared_data / name).read_bytes())["data"]:
            day = date.fromisoformat(row["date"])
            if monday <= day < monday + 7 * DAY:
                days.setdefault(day, {})[row["model_permaslug"]] = int(row["total_tokens"])
    assert all(len(days) == 7 for days in found.values())
    return found


MONDAYS = [date(2026, 9, 28), date(2026, 6, 15), date(2026, 3, 9)]


def cut(models: Mapping[str, int], names: int, other: bool) -> dict[str, int]:
    """The largest so many names, and where asked for the rest as `other`."""
    named = sorted((name for name in models if name != "other"), key=lambda name: (-models[name], name))
    kept = {name: models[name] for name in named[:names]}
    return kept | ({"other": sum(models.values()) - sum(kept.values())} if other else {})


def week_of(days: Mapping[date, Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for models in days.values():
        for name, tokens in models.items():
            total[name] = total.get(name, 0) + tokens
    return total


@pytest.mark.parametrize("other", [True, False], ids=["other", "list"])
@pytest.mark.parametrize("names", [5, 9, 20, 50])
@pytest.mark.parametrize("grain", ["day", "week"])
@pytest.mark.parametrize("monday", MONDAYS, ids=str)
def test_the_bounds_of_what_is_cut_hold_the_whole(
    monday: date, grain: str, names: int, other: bool, weeks: dict[date, dict[date, dict[str, int]]]
) -> None:
    days = weeks[monday]
    # The API names fifty of a day, or of a week: what is named of one is not what is named of the other.
    whole = days if grain == "day" else {monday: cut(week_of(days), 50, other=True)}
    truth = week_of(whole)
    buckets = {day: cut(models, names, other) for day, models in whole.items()}
    as_of = LATER.replace(year=2027)
    capture = Capture(as_of, monday, monday + 6 * DAY, buckets, grain, "chart", fetched=False, name="0")
    found = tables(capture)
    whose = countries_of(monday, frozenset(truth.items()))
    for method in METHODS:
        counted = {name: truth[name] for name in chosen(truth, method.name)}
        rows = found["country_week"].filter(week_start=monday, method=method.name, knowledge="now")
        check(rows, by_country(counted, whose), method.name)


@cache
def countries_of(monday: date, truth: frozenset[tuple[str, int]]) -> dict[str, str]:
    """The country of each model, as the whole week is attributed."""
    whole = Capture(
        LATER.replace(year=2027), monday, monday + 6 * DAY, {monday: dict(truth)}, "week", name="0"
    )
    found = tables(whole)["model_week"]
    return dict(found.select("model_permaslug", "country_code").rows())


def by_country(counted: Mapping[str, int], whose: Mapping[str, str]) -> dict[str, int]:
    sums = {"ZZ": 0}
    for name, tokens in counted.items():
        sums[whose[name]] = sums.get(whose[name], 0) + tokens
    return sums


def check(rows: pl.DataFrame, truth: Mapping[str, int], method: str) -> None:
    """Every country's tokens, share and rank are inside its bounds; one without a row is inside those of `ZZ`."""
    total = sum(truth.values())
    shown = {row["country_code"]: row for row in rows.iter_rows(named=True)}
    for code, tokens in truth.items():
        row = shown.get(code, shown["ZZ"])
        assert (row["share_lo"] if code in shown else 0) <= tokens / total + SLACK, (method, code)
        assert row["share_hi"] >= tokens / total - SLACK, (method, code)
    ranked = sorted((tokens for code, tokens in truth.items() if code != "ZZ"), reverse=True)
    for code, row in shown.items():
        if code == "ZZ":
            assert (row["share"], row["rank"], row["rank_best"], row["rank_worst"]) == (None,) * 4
            continue
        rank = 1 + sum(tokens > truth.get(code, 0) for tokens in ranked)
        assert row["tokens_lo"] <= truth.get(code, 0), (method, code)
        assert row["tokens_hi"] is None or row["tokens_hi"] >= truth.get(code, 0), (method, code)
        assert row["rank_best"] <= rank, (method, code)
        assert row["rank_worst"] is None or rank <= row["rank_worst"] or truth.get(code, 0) == 0, (
            method,
            code,
        )
        if row["rank"] is not None and row["rank_best"] == row["rank_worst"]:
            assert row["rank"] == rank, (method, code)


@pytest.mark.parametrize("names", [5, 9, 20, 50])
@pytest.mark.parametrize("monday", MONDAYS, ids=str)
def test_of_a_real_week_without_other_nothing_is_certain_but_the_charts_nine(
    monday: date, names: int, weeks: dict[date, dict[date, dict[str, int]]]
) -> None:
    as_of = LATER.replace(year=2027)
    for origin in ("chart", "api"):
        buckets = {monday: cut(week_of(weeks[monday]), names, other=False)}
        found = tables(
            Capture(as_of, monday, monday + 6 * DAY, buckets, "week", origin, fetched=False, name="0")
        )
        rows, leads = found["country_week"], found["country_lead_week"]
        nine = origin == "chart" and names >= 9
        led = set(leads.filter(pl.col("leader").is_not_null())["method"])
        assert led == ({"top9_named"} if nine else set())
        vague = rows.filter(~(pl.lit(nine) & (pl.col("method") == "top9_named")))
        assert set(vague.select("share_lo", "share_hi", "tokens_hi", "rank_worst").rows()) == {
            (0, 1, None, None)
        }
        assert not leads.filter(~pl.col("method").is_in(list(led)))["lead_certain"].any()


# Whatever is poorer

FEW = 2
POORER = st.dictionaries(
    st.sampled_from(["openai/a", "deepseek/b", "mistralai/c", "x/y", "other"]), st.integers(0, 9), min_size=1
)
RICH = {"openai/a": 5, "deepseek/b": 4, "other": 3}


@st.composite
def poorer(draw: st.DrawFn, chart: bool) -> Capture:
    """Anything that shows less than `RICH` of the API or, as a chart, of a chart; of any moment, grain and window."""
    period = draw(st.sampled_from(["day", "week"]))
    start = MONDAY + draw(st.integers(-8, 8)) * DAY
    end = start + draw(st.integers(0, 15)) * DAY
    days = [start + n * DAY for n in range((end - start).days + 1)]
    if period == "week":
        days = [day for day in days if day.weekday() == 0]
    origin = draw(st.sampled_from(["api", "chart"]))
    buckets = {}
    for day in days:
        models = draw(POORER)
        if "other" in models and (chart or origin == "api"):
            models = dict(list(models.items())[:1])
        if draw(st.booleans()):
            buckets[day] = models
    as_of = LATER + draw(st.integers(-20, 20)) * DAY
    return Capture(as_of, start, end, buckets, period, origin, fetched=False, name="?")


def several(chart: bool) -> st.SearchStrategy[list[Capture]]:
    return st.lists(poorer(chart).filter(lambda each: bool(each.buckets)), min_size=1, max_size=3)


@examples(30)
@given(st.booleans().flatmap(lambda chart: st.tuples(st.just(chart), several(chart))))
def test_what_is_poorer_changes_no_figure_of_what_a_richer_capture_covers(
    drawn: tuple[bool, list[Capture]],
) -> None:
    chart, more = drawn
    named = [replace(each, name=name) for each, name in zip(more, "234", strict=False)]
    alone, together = told_alone(chart), told(chart, *rich(chart), *named)
    for what, rows in alone.items():
        assert together[what].equals(rows), what


def rich(chart: bool) -> list[Capture]:
    """Two captures of the week, of which the second restates a model; chart: of a chart, not of the API."""
    week = {MONDAY + n * DAY: RICH for n in range(7)}
    again = {day: {**RICH, "openai/a": 6} for day in week}
    origin = "chart" if chart else "api"
    return [
        Capture(LATER - 5 * DAY, MONDAY, MONDAY + 6 * DAY, week, origin=origin, name="0"),
        Capture(LATER, MONDAY, MONDAY + 6 * DAY, again, origin=origin, name="1"),
    ]


def told(chart: bool, *captures: Capture) -> dict[str, pl.DataFrame]:
    """What there is of the week: every figure at present, and the countries as they stood after each rich capture."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vintages, "FULL_DEPTH", FULL_DEPTH if chart else FEW)
        what_was_said = said(*captured(*captures))
        now = every_table(*what_was_said, reference())
        found = {name: of_the_week(now[name]) for name in FIGURES}
        for moment in (each.as_of for each in rich(chart)):
            then = every_table(*what_was_said, reference(), moment)
            found[f"country_week at {moment}"] = of_the_week(then["country_week"])
    return found


@cache
def told_alone(chart: bool) -> dict[str, pl.DataFrame]:
    return told(chart, *rich(chart))


def of_the_week(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of the week that the rich captures cover; streaks also tell of the weeks before."""
    streaks = ["streak_weeks", "streak_certain_weeks", "streak_is_lower_bound", "crossover"]
    rows = frame.filter(week_start=MONDAY).drop(streaks, strict=False)
    # A week's bucket is another than its days'.
    return rows.filter(period="day") if "period" in rows.columns else rows
