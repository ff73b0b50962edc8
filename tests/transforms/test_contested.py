"""A headquarters that two countries claim: the point stays with the curated seat, and the bounds allow for both."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import CONCENTRATION_WEEK, COUNTRY_LEAD_WEEK, COUNTRY_WEEK
from schemas.reference import load
from tests.support import frames
from tests.support.examples import examples
from tests.support.frames import (
    DAY,
    LARGEST,
    LATER,
    MONDAY,
    Capture,
    captured,
    counted,
    coverage,
    model,
    said,
)
from tests.transforms.test_country_week import ways_to_share
from transforms.concentration_week import DECIDED, concentration_week
from transforms.country_lead_week import country_lead_week
from transforms.country_week import country_week
from transforms.standings import every_table

Row = dict[str, Any]
NOW = {"method": "all_models", "knowledge": "now"}


@dataclass(frozen=True)
class Organisation:
    tokens: int
    seat: str
    contested_by: str | None = None


def rows_of(organisations: Iterable[Organisation], unattributed: int) -> list[Row]:
    """A week in which each organisation has one model."""
    rows = [
        model(f"lab-{n}/m", each.tokens, each.seat)
        | {"organisation": f"lab-{n}", "contested_by": each.contested_by}
        for n, each in enumerate(organisations)
    ]
    return [*rows, model("other", unattributed, "ZZ")]


@dataclass(frozen=True)
class Tables:
    countries: dict[str, Row]
    lead: Row
    concentration: Row


def tables(organisations: Iterable[Organisation], unattributed: int = 0, **columns: Any) -> Tables:
    """The published rows of one week, all models counted, as known now."""
    covered = coverage(MONDAY, **columns)
    rows = counted(rows_of(organisations, unattributed), covered)
    figures = country_week(rows, covered, load().countries)
    found = {
        table: table.conform(frame)
        for table, frame in (
            (COUNTRY_WEEK, figures),
            (COUNTRY_LEAD_WEEK, country_lead_week(figures)),
            (CONCENTRATION_WEEK, concentration_week(rows, covered)),
        )
    }
    for table, frame in found.items():
        assert list(table.problems(frame)) == []
        for low, high in table.ordered:
            assert frame.filter(pl.col(low) > pl.col(high)).is_empty(), (low, high)
    countries, lead, concentration = (frame.filter(**NOW) for frame in found.values())
    return Tables(
        {row["country_code"]: row for row in countries.rows(named=True)},
        lead.row(0, named=True),
        concentration.row(by_predicate=pl.col("level") == "country", named=True),
    )


def pick(rows: Mapping[str, Row], *names: str) -> dict[str, tuple[Any, ...]]:
    return {code: tuple(row[name] for name in names) for code, row in rows.items()}


# By hand

BOUNDS = ("tokens_lo", "tokens", "tokens_hi", "share", "share_lo", "share_hi")
RANKS = ("rank_best", "rank", "rank_worst")


def test_a_contester_that_has_tokens() -> None:
    found = tables(
        [Organisation(40, "US"), Organisation(10, "US", "FR"), Organisation(45, "CN"), Organisation(3, "FR")],
        2,
    )
    assert pick(found.countries, *BOUNDS) == {
        "CN": (45, 45, 47, 45 / 98, 0.45, 0.47),
        "FR": (3, 3, 15, 3 / 98, 0.03, 0.15),
        "US": (40, 50, 52, 50 / 98, 0.40, 0.52),
        "ZZ": (0, 2, 2, None, 0.0, 0.02),
    }
    assert pick(found.countries, *RANKS) == {
        "CN": (1, 2, 2),
        "FR": (3, 3, 3),
        "US": (1, 1, 2),
        "ZZ": (None, None, None),
    }
    assert (found.lead["leader"], found.lead["lead_tokens"], found.lead["lead_certain"]) == ("US", 5, False)


def test_a_contester_without_tokens_has_a_row() -> None:
    found = tables([Organisation(40, "US"), Organisation(10, "US", "FR")], 5)
    assert pick(found.countries, "models", *BOUNDS) == {
        "FR": (0, 0, 0, 15, 0.0, 0.0, 15 / 55),
        "US": (2, 40, 50, 55, 1.0, 40 / 55, 1.0),
        "ZZ": (0, 0, 5, 5, None, 0.0, 5 / 55),
    }
    assert pick(found.countries, *RANKS) == {
        "FR": (2, 2, 3),
        "US": (1, 1, 1),
        "ZZ": (None, None, None),
    }
    assert found.countries["FR"]["country_name"] == "France"
    assert (found.lead["runner_up"], found.lead["lead_ratio"], found.lead["lead_certain"]) == (
        "FR",
        None,
        True,
    )


def test_a_contest_about_no_tokens_makes_no_row() -> None:
    assert list(tables([Organisation(5, "US"), Organisation(0, "US", "FR")]).countries) == ["US", "ZZ"]


def test_two_contests_add_up_and_each_counts_for_its_own_country() -> None:
    found = tables([Organisation(9, "US", "FR"), Organisation(4, "FR", "US"), Organisation(7, "US", "GB")], 1)
    assert pick(found.countries, "tokens_lo", "tokens", "tokens_hi") == {
        "FR": (0, 4, 14),
        "GB": (0, 0, 8),
        "US": (0, 16, 21),
        "ZZ": (0, 1, 1),
    }


@pytest.mark.parametrize(("contested", "certain"), [(5, True), (6, False)])
def test_a_contested_leader_makes_a_lead_uncertain(contested: int, certain: bool) -> None:
    """At most 5 of the 50 may go: 45 are more than 40 and the 4 that nobody can claim."""
    week = [Organisation(50 - contested, "US"), Organisation(contested, "US", "FR"), Organisation(40, "CN")]
    found = tables(week, 4).lead
    assert (found["leader"], found["lead_certain"]) == ("US", certain)


def test_the_largest_count_is_exact() -> None:
    found = tables([Organisation(LARGEST - 3, "US", "FR"), Organisation(2, "CN")], 1)
    assert pick(found.countries, "tokens_lo", "tokens", "tokens_hi") == {
        "CN": (2, 2, 3),
        "FR": (0, 0, LARGEST - 2),
        "US": (0, LARGEST - 3, LARGEST - 2),
        "ZZ": (0, 1, 1),
    }


def test_concentration_by_hand() -> None:
    found = tables([Organisation(40, "US"), Organisation(20, "US", "FR"), Organisation(40, "CN")])
    row = found.concentration
    assert row["entities"] == 2
    assert (row["hhi_lo"], row["hhi"], row["hhi_hi"]) == (3600.0, 5200.0, 5200.0)
    assert (row["top1_share_lo"], row["top1_share"], row["top1_share_hi"]) == (0.4, 0.6, 0.6)
    assert (row["top3_share_lo"], row["top3_share"], row["top3_share_hi"]) == (1.0, 1.0, 1.0)


def test_where_the_total_is_unknown_a_contest_bounds_nothing() -> None:
    found = tables([Organisation(40, "US"), Organisation(10, "US", "FR")], extent="unknown")
    for code, row in found.countries.items():
        assert (row["share_lo"], row["share_hi"], row["share"], row["tokens_hi"]) == (0, 1, None, None), code
        assert (row["tokens_lo"], row["rank"], row["rank_worst"]) == (0, None, None), code
    assert (found.lead["leader"], found.lead["lead_certain"]) == (None, False)


def test_a_chart_that_is_cut_short_bounds_with_what_it_hides_and_what_is_contested() -> None:
    week = [Organisation(60, "US"), Organisation(10, "US", "FR"), Organisation(20, "CN")]
    found = tables(week, 10, truncated=True)
    assert pick(found.countries, "tokens_lo", "tokens_hi", "rank_best", "rank", "rank_worst") == {
        "CN": (20, 30, 2, None, 3),
        "FR": (0, 20, 2, None, 4),
        "US": (60, 80, 1, 1, 1),
        "ZZ": (0, 10, None, None, None),
    }
    assert (found.lead["leader"], found.lead["lead_certain"]) == ("US", True)


# Against every decision and every way of sharing

CODES = ["CN", "FR", "US"]
contests = st.builds(
    Organisation, st.integers(0, 6), st.sampled_from(CODES), st.none() | st.sampled_from(["FR", "US", "GB"])
).map(lambda each: each if each.seat != each.contested_by else Organisation(each.tokens, each.seat))
weeks = st.lists(contests, min_size=1, max_size=5)


def worlds(organisations: list[Organisation], listed: Iterable[str], spare: int) -> Iterator[dict[str, int]]:
    """Tokens by country under every decision about every contest, and every way to share the unattributed.

    All countries that are not listed are one.
    """
    takers = [*listed, "unlisted"]
    choices = [sorted({each.seat, each.contested_by or each.seat}) for each in organisations]
    for decision in product(*choices):
        for gains in ways_to_share(spare, len(takers)):
            have = dict(zip(takers, gains, strict=True))
            for each, code in zip(organisations, decision, strict=True):
                have[code if code in have else "unlisted"] += each.tokens
            yield have


@examples(60)
@given(weeks, st.integers(0, 3))
def test_the_bounds_are_the_extremes_over_all_decisions(
    organisations: list[Organisation], spare: int
) -> None:
    found = tables(organisations, spare)
    shown = {code: row for code, row in found.countries.items() if code != "ZZ"}
    every = list(worlds(organisations, shown, spare))
    total = sum(each.tokens for each in organisations) + spare
    for code, row in shown.items():
        have = [world[code] for world in every]
        assert (row["tokens_lo"], row["tokens_hi"]) == (min(have), max(have))
        if total:
            assert (row["share_lo"], row["share_hi"]) == (min(have) / total, max(have) / total)
        rivals = [[tokens for rival, tokens in world.items() if rival != code] for world in every]
        ahead = [1 + sum(each > own for each in them) for own, them in zip(have, rivals, strict=True)]
        level = [1 + sum(each >= own for each in them) for own, them in zip(have, rivals, strict=True)]
        assert row["rank_best"] <= min(ahead) <= row["rank"] <= max(ahead) <= max(level) <= row["rank_worst"]
        others = [each for each in organisations if each.tokens and each.contested_by]
        if all(code in (each.seat, each.contested_by) for each in others):
            assert (row["rank_best"], row["rank_worst"]) == (min(ahead), max(level))
    leader = found.lead["leader"]
    stays_ahead = all(
        world[leader] > max(tokens for code, tokens in world.items() if code != leader) for world in every
    )
    assert found.lead["lead_certain"] is stays_ahead


@examples(60)
@given(weeks, st.integers(0, 3))
def test_concentration_is_between_its_extremes_over_all_decisions(
    organisations: list[Organisation], spare: int
) -> None:
    total = sum(each.tokens for each in organisations) + spare
    row = tables(organisations, spare).concentration
    codes = {each.seat for each in organisations} | {each.contested_by for each in organisations} - {None}
    listed = [code for code in codes if code]
    every = [sorted(world.values(), reverse=True) for world in worlds(organisations, listed, spare)]
    # Spread over ever so many others, the unattributed add nothing.
    least = [sorted(world.values(), reverse=True) for world in worlds(organisations, listed, 0)]
    for name, size in (
        ("hhi", lambda sizes: sum(each**2 for each in sizes) / total**2 * 10_000),
        ("top1_share", lambda sizes: sum(sizes[:1]) / total),
        ("top3_share", lambda sizes: sum(sizes[:3]) / total),
    ):
        if not total:
            continue
        assert row[f"{name}_lo"] == pytest.approx(min(map(size, least)), abs=1e-9)
        assert row[f"{name}_hi"] == pytest.approx(max(map(size, every)), abs=1e-9)


def test_of_many_contests_the_smaller_ones_widen_the_bounds_of_concentration() -> None:
    week = [Organisation(2**n, "US", "FR") for n in range(DECIDED + 3)]
    row = tables(week).concentration
    sizes = [2**n for n in range(DECIDED + 3)]
    total, small = sum(sizes), sum(sizes[:3])
    shares = [
        sum(each for n, each in enumerate(sizes) if chosen >> n & 1) for chosen in range(2 ** len(sizes))
    ]
    truth = [(each**2 + (total - each) ** 2) / total**2 * 10_000 for each in shares]
    assert row["hhi"] == row["hhi_hi"] == 10_000.0
    assert row["hhi_lo"] <= min(truth)
    half = [(each**2 + (total - small - each) ** 2) for each in shares if each % 8 == 0]
    assert row["hhi_lo"] == pytest.approx(min(half) / total**2 * 10_000)


# A real week

POOLSIDE = "poolside/"


@pytest.mark.parametrize("monday", [date(2026, 6, 15), date(2026, 9, 28)], ids=str)
def test_poolside_in_a_real_week(monday: date, shared_data: Path) -> None:
    name = {
        date(2026, 6, 15): "responses/day_2026-05-25_2026-07-19_asof_20260822T000521Z.json",
        date(2026, 9, 28): "autumn/day_2026-09-28_2026-10-09_asof_20261011T0027Z.json",
    }[monday]
    days: dict[date, dict[str, int]] = defaultdict(dict)
    for row in json.loads((shared_data / name).read_bytes())["data"]:
        day = date.fromisoformat(row["date"])
        if monday <= day < monday + 7 * DAY:
            days[day][row["model_permaslug"]] = int(row["total_tokens"])
    contested = sum(
        tokens for models in days.values() for name, tokens in models.items() if name.startswith(POOLSIDE)
    )
    total = sum(tokens for models in days.values() for tokens in models.values())
    assert contested > 0
    capture = Capture(LATER.replace(year=2027), monday, monday + 6 * DAY, days, name="0")
    made = every_table(*said(*captured(capture)), load())
    countries = {row["country_code"]: row for row in made["country_week"].filter(**NOW).rows(named=True)}
    us, france, nobody = (countries[code] for code in ("US", "FR", "ZZ"))
    assert us["tokens_lo"] == us["tokens"] - contested
    assert us["tokens_hi"] == us["tokens"] + nobody["tokens"]
    assert us["share_lo"] == us["tokens_lo"] / total
    assert france["tokens_lo"] == france["tokens"]
    assert france["tokens_hi"] == france["tokens"] + contested + nobody["tokens"]
    others = [row for code, row in countries.items() if code not in ("US", "FR", "ZZ")]
    assert [row for row in others if row["tokens_lo"] != row["tokens"]] == []
    assert [row for row in others if row["tokens_hi"] != row["tokens"] + nobody["tokens"]] == []
    assert sum(row["tokens"] for row in countries.values()) == total
    seats = made["attribution"].filter(pl.col("contested_by").is_not_null())
    assert set(seats.select("organisation", "country_code", "contested_by").rows()) == {
        ("poolside", "US", "FR")
    }


# When a contest became known, and for how long it held

WEEK = {"openai/a": 50, "mistralai/b": 20, "z-ai/c": 10}


def bounds_of_france(
    made: dict[str, pl.DataFrame], name: str = "country_week", **series: str
) -> list[tuple[Any, ...]]:
    rows = made[name].filter(**(NOW | series), country_code="FR")
    first = ["known_at"] if "known_at" in rows.columns else ["week_start"]
    return rows.select(*first, "tokens_lo", "tokens").rows()


def contest(**columns: Any) -> Row:
    return {"organisation": "mistral", "country_code": "FR", "contested_by": "US"} | columns


def test_a_contest_that_becomes_known_is_a_new_state_of_history() -> None:
    read, known_from = frames.midnight(MONDAY + 8 * DAY), MONDAY + 20 * DAY
    made = frames.standings(
        frames.days_of(WEEK, as_of=read),
        reference=frames.facts(organisations=[contest(known_from=known_from)]),
    )
    history = "country_week_history"
    assert bounds_of_france(made, history) == [(read, 140, 140), (frames.midnight(known_from), 0, 140)]
    assert bounds_of_france(made, history, knowledge="then") == [(read, 140, 140)]
    assert bounds_of_france(made) == [(MONDAY, 0, 140)]
    assert bounds_of_france(made, knowledge="then") == [(MONDAY, 140, 140)]


def test_as_of_a_moment_a_contest_that_became_known_later_does_not_count() -> None:
    known_from = MONDAY + 20 * DAY
    known = frames.facts(organisations=[contest(known_from=known_from)])
    capture = frames.days_of(WEEK, as_of=frames.midnight(MONDAY + 8 * DAY))
    learned = frames.midnight(known_from)
    before, after = (
        frames.standings(capture, reference=known, at=moment) for moment in (learned - frames.TICK, learned)
    )
    assert bounds_of_france(before) == [(MONDAY, 140, 140)]
    assert bounds_of_france(after) == [(MONDAY, 0, 140)]


def test_a_contest_holds_for_the_weeks_that_it_is_valid_in() -> None:
    ends = MONDAY + 7 * DAY
    known = frames.facts(organisations=[contest(valid_to=ends, known_from=MONDAY)])
    captures = [frames.days_of(WEEK, first) for first in (MONDAY, ends)]
    made = frames.standings(*captures, reference=known)
    assert bounds_of_france(made) == [(MONDAY, 0, 140), (ends, 140, 140)]
