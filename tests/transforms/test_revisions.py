"""What the source changed its mind about, and whether the two grains of a week agree."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.frames import (
    DAY,
    MONDAY,
    WEEK,
    Capture,
    Models,
    Row,
    days_of,
    facts,
    find,
    midnight,
    one,
    override,
    standings,
    week_of,
    whole,
)
from transforms import vintages

CLOSED = midnight(MONDAY + DAY)
"""When the Monday had ended."""


def monday(*vintages: Models, every: timedelta = DAY) -> list[Capture]:
    """A capture of Monday alone for each content, the first as it ends, the others each so much later."""
    return [
        Capture(CLOSED + n * every, MONDAY, MONDAY, {MONDAY: models}) for n, models in enumerate(vintages)
    ]


def revised(*captures: Capture, **options: Any) -> list[Row]:
    """Of captures that all show as much, however few models they name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vintages, "FULL_DEPTH", 0)
        return standings(*captures, **options)["revisions"].rows(named=True)


def test_a_capture_that_shows_less_revises_nothing() -> None:
    whole_day = whole({"openai/a": 10, "z-ai/b": 6, "other": 3})
    poor = {"openai/a": 9, "other": 11}
    tables = standings(*monday(whole_day, poor, {**whole_day, "other": 4}))
    assert told(tables["revisions"].rows(named=True), "tokens_before", "tokens") == {
        ("model", "other"): (3, 4),
        ("country", "ZZ"): (3, 4),
        ("total", "total"): (19, 20),
    }


def told(rows: list[Row], *columns: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """The columns by level and name."""
    found = {(row["level"], row["name"]): tuple(row[column] for column in columns) for row in rows}
    assert len(found) == len(rows)
    return found


# Revisions


def test_a_restated_day_is_told_by_model_by_country_and_in_total() -> None:
    first, second = monday(
        {"openai/a": 10, "z-ai/b": 6, "z-ai/c": 3, "other": 4},
        {"openai/a": 10, "z-ai/b": 12, "z-ai/c": 2, "other": 5},
        every=timedelta(hours=36),
    )
    rows = revised(first, second)
    assert told(rows, "tokens_before", "tokens", "change", "rank_before", "rank", "rank_changed") == {
        ("model", "z-ai/b"): (6, 12, 6, 2, 1, True),
        ("model", "z-ai/c"): (3, 2, -1, 3, 3, False),
        ("model", "other"): (4, 5, 1, None, None, False),
        ("country", "CN"): (9, 14, 5, 2, 1, True),
        ("country", "ZZ"): (4, 5, 1, None, None, False),
        ("total", "total"): (23, 29, 6, None, None, False),
    }
    shared = {
        "week_start": MONDAY,
        "period": "day",
        "date": MONDAY,
        "as_of": second.as_of,
        "as_of_before": first.as_of,
        "capture": second.digest,
        "leader_changed": True,
        "age_days": 1.5,
    }
    assert all(row | shared == row for row in rows)


def test_a_first_vintage_and_a_confirmation_revise_nothing() -> None:
    models = {"openai/a": 10, "other": 4}
    assert revised(*monday(models)) == []
    assert revised(*monday(models, models, models)) == []


def test_a_model_that_appears_had_no_tokens_and_no_rank() -> None:
    rows = revised(*monday({"openai/a": 10}, {"openai/a": 10, "mistralai/c": 12}))
    assert told(rows, "tokens_before", "tokens", "change", "rank_before", "rank", "rank_changed") == {
        ("model", "mistralai/c"): (None, 12, 12, None, 1, True),
        ("country", "FR"): (None, 12, 12, None, 1, True),
        ("total", "total"): (10, 22, 12, None, None, False),
    }


def test_a_model_that_disappears_has_no_tokens_and_no_rank() -> None:
    rows = revised(*monday({"openai/a": 10, "mistralai/c": 12, "other": 1}, {"openai/a": 10, "other": 13}))
    assert told(rows, "tokens_before", "tokens", "change", "rank_before", "rank", "rank_changed") == {
        ("model", "mistralai/c"): (12, None, -12, 1, None, True),
        ("model", "other"): (1, 13, 12, None, None, False),
        ("country", "FR"): (12, None, -12, 1, None, True),
        ("country", "ZZ"): (1, 13, 12, None, None, False),
    }


def test_a_model_that_appears_without_tokens_changes_nothing_but_its_being_there() -> None:
    rows = revised(*monday({"openai/a": 10}, {"openai/a": 10, "openai/b": 0}))
    assert told(rows, "tokens_before", "tokens", "change") == {("model", "openai/b"): (None, 0, 0)}


def test_content_that_comes_back_is_revised_twice() -> None:
    there, back = {"openai/a": 10}, {"openai/a": 13}
    rows = [row for row in revised(*monday(there, back, there)) if row["level"] == "total"]
    assert [(row["as_of_before"], row["as_of"], row["change"]) for row in rows] == [
        (CLOSED, CLOSED + DAY, 3),
        (CLOSED + DAY, CLOSED + 2 * DAY, -3),
    ]


def test_each_vintage_is_held_against_the_one_right_before() -> None:
    rows = revised(*monday({"openai/a": 1}, {"openai/a": 2}, {"openai/a": 2}, {"openai/a": 4}))
    totals = [row for row in rows if row["level"] == "total"]
    assert [(row["tokens_before"], row["tokens"]) for row in totals] == [(1, 2), (2, 4)]
    assert [row["as_of_before"] for row in totals] == [CLOSED, CLOSED + DAY]
    assert [row["as_of"] for row in totals] == [CLOSED + DAY, CLOSED + 3 * DAY]


@pytest.mark.parametrize(
    ("after_it_closed", "days"),
    [
        (timedelta(microseconds=1), 1 / 86_400e6),
        (timedelta(hours=6), 0.25),
        (timedelta(days=1), 1.0),
        (timedelta(days=400, hours=18), 400.75),
    ],
)
def test_the_age_is_counted_from_when_the_bucket_had_closed(after_it_closed: timedelta, days: float) -> None:
    (row,) = find(
        standings(*monday({"openai/a": 1}, {"openai/a": 2}, every=after_it_closed))["revisions"],
        level="total",
    )
    assert row["age_days"] == days


def test_a_weeks_bucket_closes_with_its_sunday() -> None:
    ends = midnight(MONDAY + WEEK)
    captures = week_of({"openai/a": 1}, as_of=ends), week_of({"openai/a": 2}, as_of=ends + DAY / 2)
    (row,) = [row for row in revised(*captures) if row["level"] == "total"]
    assert (row["period"], row["date"], row["age_days"]) == ("week", MONDAY, 0.5)


def test_days_and_the_weeks_bucket_are_revised_apart() -> None:
    ends = midnight(MONDAY + WEEK)
    rows = revised(
        days_of({"openai/a": 1}, as_of=ends),
        week_of({"openai/a": 9}, as_of=ends),
        week_of({"openai/a": 8}, as_of=ends + DAY),
    )
    assert {(row["period"], row["change"]) for row in rows} == {("week", -1)}


def test_a_vanished_day_is_no_revision() -> None:
    here = Capture(
        CLOSED + DAY, MONDAY, MONDAY + DAY, {MONDAY: {"openai/a": 1}, MONDAY + DAY: {"openai/a": 1}}
    )
    gone = Capture(CLOSED + 2 * DAY, MONDAY, MONDAY + DAY, {MONDAY: {"openai/a": 1}})
    assert revised(here, gone) == []


def test_countries_are_those_known_now_in_both_vintages() -> None:
    reveal = facts(override("openrouter/alpha", "zhipu", MONDAY + 30 * DAY))
    rows = revised(*monday({"openrouter/alpha": 5}, {"openrouter/alpha": 7}), reference=reveal)
    assert told(rows, "tokens_before", "tokens")["country", "CN"] == (5, 7)


def test_as_of_a_moment_a_later_reveal_is_not_known() -> None:
    reveal = facts(override("openrouter/alpha", "zhipu", MONDAY + 30 * DAY))
    captures = monday({"openrouter/alpha": 5}, {"openrouter/alpha": 7})
    rows = revised(*captures, reference=reveal, at=midnight(MONDAY + 29 * DAY))
    assert told(rows, "tokens_before", "tokens")["country", "ZZ"] == (5, 7)


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"openai/a": 10, "z-ai/b": 9}, {"openai/a": 10, "z-ai/b": 11}, True),
        ({"openai/a": 10, "z-ai/b": 8}, {"openai/a": 10, "z-ai/b": 9}, False),
        ({"openai/a": 10, "z-ai/b": 9}, {"z-ai/b": 9}, True),
        ({"openai/a": 10, "openrouter/x": 30}, {"openai/a": 10, "openrouter/x": 5}, False),
    ],
)
def test_the_leader_of_the_bucket_changes_or_not(before: Models, after: Models, changed: bool) -> None:
    rows = revised(*monday(before, after))
    assert {row["leader_changed"] for row in rows} == {changed}


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"openai/a": 10, "z-ai/b": 10}, {"openai/a": 9, "z-ai/b": 10}, False),
        ({"openai/a": 10, "z-ai/b": 9}, {"openai/a": 10, "z-ai/b": 10}, True),
        ({"openrouter/x": 5}, {"openrouter/x": 5, "openai/a": 1}, True),
    ],
)
def test_of_level_countries_the_first_by_code_leads(before: Models, after: Models, changed: bool) -> None:
    """As it does in `country_lead_week`; and a leader where there was none is another."""
    rows = revised(*monday(before, after))
    assert {row["leader_changed"] for row in rows} == {changed}


NAMES = ("openai/a", "z-ai/b", "z-ai/b:free", "openrouter/alpha", "nobody/knows", "other")
CODE = {"openai/a": "US", "z-ai/b": "CN", "z-ai/b:free": "CN"}
contents = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9), min_size=1)


def by_country(models: Models) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, tokens in models.items():
        code = CODE.get(name, "ZZ")
        sums[code] = sums.get(code, 0) + tokens
    return sums


def differences(before: Models, after: Models) -> dict[str, tuple[int | None, int | None]]:
    return {
        name: (before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }


@examples(8)
@given(vintages=st.lists(contents, min_size=2, max_size=5))
def test_revisions_are_the_differences_of_neighbouring_vintages(vintages: list[Models]) -> None:
    rows = revised(*monday(*vintages))
    for n, (before, after) in enumerate(pairwise(vintages), start=1):
        of_this = [row for row in rows if row["as_of"] == CLOSED + n * DAY]
        totals = {"total": sum(before.values())}, {"total": sum(after.values())}
        expected = {
            "model": differences(before, after),
            "country": differences(by_country(before), by_country(after)),
            "total": differences(*totals),
        }
        for level, values in expected.items():
            found = [row for row in of_this if row["level"] == level]
            assert {row["name"]: (row["tokens_before"], row["tokens"]) for row in found} == values
            assert sum(row["change"] for row in found) == totals[1]["total"] - totals[0]["total"]


# Reconciliation


def reconciled(days: Models, week: Models, count: int = 7) -> list[Row]:
    return standings(days_of(days, count=count), week_of(week))["reconciliation_week"].rows(named=True)


def test_grains_that_agree() -> None:
    settled = midnight(MONDAY + 25 * DAY)
    rows = reconciled({"openai/a": 10, "z-ai/b": 4, "other": 1}, {"openai/a": 70, "other": 35})
    assert rows == [
        {
            "week_start": MONDAY,
            "model_permaslug": name,
            "tokens_days": tokens,
            "tokens_week": tokens,
            "difference": 0,
            "difference_ratio": 0.0,
            "within_tolerance": True,
            "as_of": settled,
        }
        for name, tokens in (("openai/a", 70), ("total", 105))
    ]


@pytest.mark.parametrize(
    ("week", "within"), [(7000, True), (7035, True), (7036, False), (6966, True), (6964, False)]
)
def test_grains_that_disagree_beyond_half_a_percent_are_flagged(week: int, within: bool) -> None:
    for row in reconciled({"openai/a": 1000}, {"openai/a": week}):
        assert row["difference"] == 7000 - week
        assert row["difference_ratio"] == (7000 - week) / week
        assert row["within_tolerance"] is within


def test_one_model_can_disagree_while_the_total_agrees() -> None:
    rows = reconciled({"openai/a": 10, "z-ai/b": 10}, {"openai/a": 60, "z-ai/b": 80})
    found = {row["model_permaslug"]: (row["difference"], row["within_tolerance"]) for row in rows}
    assert found == {"openai/a": (10, False), "z-ai/b": (-10, False), "total": (0, True)}


def test_nothing_is_reconciled_without_all_seven_days_or_without_the_weeks_bucket() -> None:
    models = {"openai/a": 10}
    assert reconciled(models, models, count=6) == []
    assert standings(days_of(models))["reconciliation_week"].is_empty()
    assert standings(week_of(models))["reconciliation_week"].is_empty()
    other_week = standings(days_of(models), week_of(models, MONDAY + WEEK))
    assert other_week["reconciliation_week"].is_empty()


def test_a_week_without_tokens_agrees_with_days_without_any() -> None:
    assert [
        (row["difference_ratio"], row["within_tolerance"])
        for row in reconciled({"openai/a": 0}, {"openai/a": 0})
    ] == [(None, True)] * 2
    assert not any(row["within_tolerance"] for row in reconciled({"openai/a": 1}, {"openai/a": 0}))


def test_the_newest_vintage_of_each_grain_is_compared() -> None:
    ends = midnight(MONDAY + WEEK)
    tables = standings(
        days_of({"openai/a": 1}, as_of=ends),
        days_of({"openai/a": 2}, as_of=ends + 2 * DAY),
        week_of({"openai/a": 7}, as_of=ends),
        week_of({"openai/a": 14}, as_of=ends + DAY),
    )
    row = one(tables["reconciliation_week"], model_permaslug="total")
    assert (row["tokens_days"], row["tokens_week"], row["as_of"]) == (14, 14, ends + 2 * DAY)


def test_only_days_that_were_seen_by_then_are_compared() -> None:
    ends = midnight(MONDAY + WEEK)
    looks = days_of({"openai/a": 1}, as_of=ends + DAY), week_of({"openai/a": 7}, as_of=ends)
    assert standings(*looks, at=ends)["reconciliation_week"].is_empty()
    assert not standings(*looks, at=ends + DAY)["reconciliation_week"].is_empty()


def test_a_vanished_day_still_counts_as_held() -> None:
    ends = midnight(MONDAY + WEEK)
    full = days_of({"openai/a": 1}, as_of=ends)
    days: dict[date, Models] = {day: models for day, models in full.buckets.items() if day != MONDAY}
    gone = Capture(ends + DAY, full.start, full.end, days)
    rows = standings(full, gone, week_of({"openai/a": 7}))["reconciliation_week"]
    assert one(rows, model_permaslug="total")["tokens_days"] == 7
