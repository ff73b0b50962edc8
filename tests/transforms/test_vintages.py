"""Vintages and coverage: what the source said, when, and what a week therefore rests on."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import BUCKET_COVERAGE, OBSERVATION, RANKING_ENTRY, WEEK_COVERAGE
from schemas.reference import load
from tests.support.examples import examples
from tests.support.frames import (
    DAY,
    LARGEST,
    LATER,
    MONDAY,
    TICK,
    WEEK,
    Capture,
    captured,
    digest,
    midnight,
    said,
    seven_days,
)
from transforms import vintages
from transforms.standings import every_table
from transforms.vintages import FULL_DEPTH, PRESENT, buckets, coverage, latest, one_origin, states, used

SUNDAY = MONDAY + 6 * DAY
ENDS = midnight(MONDAY + WEEK)
FRIDAY = datetime(2026, 3, 20, tzinfo=UTC)
A = {"anthropic/a": 5, "other": 1}
B = {"anthropic/a": 6, "other": 1}
WHOLE = {"anthropic/a": 7} | {f"hobby/{n}": 1 for n in range(49)} | {"other": 2}


def whole_week(
    name: str, as_of: datetime, models: Mapping[str, int], monday: date = MONDAY, **kind: Any
) -> Capture:
    """A capture of seven equal days."""
    return Capture(as_of, monday, monday + 6 * DAY, seven_days(models, monday), **kind, name=name)


def week_bucket(name: str, as_of: datetime, models: Mapping[str, int], **window: date) -> Capture:
    window = {"start": MONDAY, "end": SUNDAY, **window}
    return Capture(as_of, buckets={MONDAY: models}, period="week", **window, name=name)


def one_day(name: str, as_of: datetime, models: Mapping[str, int] | None, day: date = MONDAY) -> Capture:
    """A capture of one day; models: None where the source omits the day."""
    return Capture(as_of, day, day, {} if models is None else {day: models}, name=name)


def entries_of(*captures: Capture) -> pl.DataFrame:
    entries, _ = said(*captured(*captures))
    assert list(RANKING_ENTRY.problems(entries)) == []
    return entries


def vintages_of(*captures: Capture) -> list[tuple[datetime, str]]:
    """(as_of, capture) of each vintage of the only bucket there is."""
    entries = entries_of(*captures)
    assert entries.select("period", "date").n_unique() <= 1
    return entries.select("as_of", "capture").unique(maintain_order=True).rows()


def covered(entries: pl.DataFrame, observations: pl.DataFrame) -> pl.DataFrame:
    """The coverage of every week at present, with `STATE`."""
    return coverage(buckets(entries.lazy(), observations, states(entries)))


def published(entries: pl.DataFrame, observations: pl.DataFrame) -> pl.DataFrame:
    """`week_coverage`."""
    state = covered(entries, observations)
    assert set(state["known_at"]) <= {PRESENT}
    found = WEEK_COVERAGE.conform(state)
    assert list(WEEK_COVERAGE.problems(found)) == []
    return found


def newest_of(*captures: Capture) -> pl.DataFrame:
    """The rows of the newest vintage of every bucket."""
    entries = entries_of(*captures)
    return latest(entries.lazy(), states(entries)).sort(RANKING_ENTRY.key).collect()


def observations_of(*captures: Capture) -> list[tuple[datetime, str, bool]]:
    """(as_of, capture, found) of each observation of the only bucket there is."""
    _, observations = said(*captured(*captures))
    assert list(OBSERVATION.problems(observations)) == []
    assert observations.select("period", "date").n_unique() <= 1
    return observations.select("as_of", "capture", "found").rows()


def coverage_of(*captures: Capture) -> pl.DataFrame:
    return published(*said(*captured(*captures)))


def week_of(*captures: Capture) -> dict[str, Any]:
    """The coverage of the only week there is."""
    return coverage_of(*captures).row(0, named=True) | {"weeks": coverage_of(*captures).height}


# Vintages


def test_a_return_to_older_content_is_a_third_vintage() -> None:
    times = [LATER + n * DAY for n in range(3)]
    captures = [
        one_day(name, time, models) for name, time, models in zip("012", times, (A, B, A), strict=True)
    ]
    assert vintages_of(*captures) == [(time, digest(name)) for time, name in zip(times, "012", strict=True)]


def test_a_confirmation_is_no_vintage() -> None:
    captures = [one_day(name, LATER + n * DAY, A) for n, name in enumerate("3210")]
    assert vintages_of(*captures) == [(LATER, digest("3"))]


def test_a_run_keeps_its_first_moment_and_capture_and_ends_with_other_content() -> None:
    contents = {"0": A, "1": A, "2": B, "3": B, "4": A, "5": A}
    captures = [one_day(name, LATER + int(name) * DAY, models) for name, models in contents.items()]
    assert [digest_ for _, digest_ in vintages_of(*captures)] == [digest("0"), digest("2"), digest("4")]


def test_order_of_rows_within_an_answer_is_not_content() -> None:
    turned = dict(reversed(A.items()))
    assert list(turned) != list(A)
    assert vintages_of(one_day("0", LATER, A), one_day("1", LATER + DAY, turned)) == [(LATER, digest("0"))]


@pytest.mark.parametrize(
    "other",
    [
        {"anthropic/a": 5},
        {"anthropic/a": 1, "other": 5},
        {"anthropic/a": 5, "other": 1, "b/b": 0},
        {"b/b": 5, "other": 1},
    ],
)
def test_a_changed_name_count_or_row_is_other_content(other: dict[str, int]) -> None:
    assert len(vintages_of(one_day("0", LATER, A), one_day("1", LATER + DAY, other))) == 2


def test_captures_of_one_moment_are_ordered_by_their_digest() -> None:
    captures = [one_day(name, LATER, models) for name, models in (("f", A), ("0", B))]
    assert vintages_of(*captures) == [(LATER, digest("0")), (LATER, digest("f"))]
    newest = newest_of(*captures)
    assert newest["capture"].unique().to_list() == [digest("f")]


def test_each_vintage_is_kept_whole_with_its_origin_and_week() -> None:
    chart = Capture(LATER + DAY, SUNDAY, SUNDAY, {SUNDAY: B}, origin="chart", name="1")
    entries = entries_of(one_day("0", LATER, A, SUNDAY), chart)
    assert entries.select("week_start", "date", "model_permaslug", "tokens", "origin").rows() == [
        (MONDAY, SUNDAY, "anthropic/a", 5, "api"),
        (MONDAY, SUNDAY, "other", 1, "api"),
        (MONDAY, SUNDAY, "anthropic/a", 6, "chart"),
        (MONDAY, SUNDAY, "other", 1, "chart"),
    ]


def test_counts_are_kept_to_the_token() -> None:
    assert entries_of(one_day("0", LATER, {"a/a": LARGEST}))["tokens"].to_list() == [LARGEST]
    close = [{"a/a": 2**53 + 1}, {"a/a": 2**53}]
    assert (
        len(vintages_of(*(one_day(name, LATER, each) for name, each in zip("01", close, strict=True)))) == 2
    )


def test_a_model_that_left_the_top_is_not_counted_twice() -> None:
    rest = {f"hobby/{n}": 0 for n in range(FULL_DEPTH - 2)}
    before = {**rest, "anthropic/a": 10, "small/s": 3, "other": 1}
    after = {**rest, "anthropic/a": 10, "new/n": 2, "other": 2}
    newest = newest_of(one_day("0", LATER, before), one_day("1", LATER + DAY, after))
    assert dict(newest.select("model_permaslug", "tokens").rows()) == after


def test_the_latest_of_every_bucket_is_chosen_by_itself() -> None:
    first = whole_week("0", ENDS, A)
    again = one_day("1", ENDS + DAY, B, MONDAY + DAY)
    newest = newest_of(first, again)
    restated = newest.filter(pl.col("capture") == digest("1"))
    assert restated["date"].unique().to_list() == [MONDAY + DAY]
    assert newest.height == 7 * len(A)


@pytest.mark.parametrize(("as_of", "rows"), [(-TICK, 0), (timedelta(), 2), (TICK, 2)])
def test_a_day_that_was_seen_before_it_closed_is_left_out(as_of: timedelta, rows: int) -> None:
    assert entries_of(one_day("0", midnight(MONDAY + DAY) + as_of, A)).height == rows


@pytest.mark.parametrize(("as_of", "rows"), [(-TICK, 0), (timedelta(), 2), (TICK, 2)])
def test_a_week_that_was_seen_before_it_closed_is_left_out(as_of: timedelta, rows: int) -> None:
    assert entries_of(week_bucket("0", ENDS + as_of, A)).height == rows


@pytest.mark.parametrize(
    ("start", "end", "rows"),
    [
        (MONDAY, SUNDAY, 2),
        (MONDAY - 3 * DAY, SUNDAY + 3 * DAY, 2),
        (MONDAY + DAY, SUNDAY, 0),
        (MONDAY, SUNDAY - DAY, 0),
        (MONDAY + DAY, SUNDAY + WEEK, 0),
        (MONDAY, MONDAY, 0),
        (MONDAY + 2 * DAY, MONDAY + 3 * DAY, 0),
        (SUNDAY, SUNDAY, 0),
    ],
)
def test_a_week_bucket_counts_only_where_all_of_its_days_were_asked_for(
    start: date, end: date, rows: int
) -> None:
    capture = week_bucket("0", LATER, A, start=start, end=end)
    assert entries_of(capture).height == rows
    assert coverage_of(capture).height == (rows > 0)


def test_a_bucket_that_was_open_or_partial_leaves_no_trace_beside_a_good_one() -> None:
    good = whole_week("5", ENDS, A)
    open_day = one_day("6", midnight(SUNDAY) + TICK, B, SUNDAY)
    partial = week_bucket("7", LATER, B, start=MONDAY + DAY)
    assert entries_of(good, open_day, partial).equals(entries_of(good))
    assert coverage_of(good, open_day, partial).equals(coverage_of(good))


def test_no_captures_are_no_rows() -> None:
    assert entries_of().height == 0
    assert observations_of() == []
    assert coverage_of().height == 0


# Observations


def test_a_look_that_only_confirms_is_no_observation() -> None:
    first, settling = one_day("3", ENDS, A), one_day("1", FRIDAY, B)
    assert observations_of(first, one_day("2", ENDS + DAY, B), settling, one_day("0", LATER, A)) == [
        (ENDS, digest("3"), True),
        (FRIDAY, digest("1"), True),
    ]


def test_a_look_that_finds_a_day_gone_or_back_is_an_observation() -> None:
    looks = {"0": A, "1": None, "2": None, "3": A, "4": None}
    captures = [one_day(name, LATER + int(name) * DAY, models) for name, models in looks.items()]
    assert [(name, there) for _, name, there in observations_of(*captures)] == [
        (digest("0"), True),
        (digest("1"), False),
        (digest("3"), True),
        (digest("4"), False),
    ]


def test_a_day_that_was_never_there_was_looked_at() -> None:
    assert observations_of(one_day("0", ENDS, None)) == [(ENDS, digest("0"), False)]


# Coverage


def test_a_week_of_seven_days() -> None:
    assert week_of(whole_week("0", FRIDAY, A)) == {
        "weeks": 1,
        "week_start": MONDAY,
        "iso_year": 2026,
        "iso_week": 11,
        "grain": "day",
        "days_observed": 7,
        "vanished_days": 0,
        "extent": "complete",
        "depth": 1,
        "truncated": True,
        "nine_known": False,
        "status": "settled",
        "as_of": FRIDAY,
    }


@pytest.mark.parametrize(
    ("as_of", "status"),
    [(ENDS, "provisional"), (FRIDAY - TICK, "provisional"), (FRIDAY, "settled"), (FRIDAY + TICK, "settled")],
)
@pytest.mark.parametrize("kind", [whole_week, week_bucket])
def test_a_week_is_settled_from_friday_midnight_on(kind: Any, as_of: datetime, status: str) -> None:
    assert week_of(kind("0", as_of, A))["status"] == status


def test_one_day_that_was_not_read_again_keeps_the_week_provisional() -> None:
    young = whole_week("0", ENDS, A)
    rest = Capture(FRIDAY, MONDAY + DAY, SUNDAY, {day: A for day in seven_days(A) if day != MONDAY}, name="1")
    assert week_of(young, rest)["status"] == "provisional"
    assert week_of(young, rest, one_day("2", FRIDAY, A))["status"] == "settled"


def test_a_confirmation_settles_a_week_and_leaves_its_vintage() -> None:
    found = week_of(whole_week("0", ENDS, A), whole_week("1", FRIDAY, A))
    assert (found["status"], found["as_of"]) == ("settled", ENDS)


def test_a_weeks_vintage_is_that_of_its_newest_day() -> None:
    restated = one_day("1", ENDS + DAY, B, MONDAY + 2 * DAY)
    assert week_of(whole_week("0", ENDS, A), restated)["as_of"] == ENDS + DAY


@pytest.mark.parametrize("days", range(1, 7))
def test_fewer_than_seven_days_are_incomplete_however_late_they_were_read(days: int) -> None:
    last = MONDAY + (days - 1) * DAY
    capture = Capture(LATER, MONDAY, SUNDAY, {day: A for day in seven_days(A) if day <= last}, name="0")
    found = week_of(capture)
    assert (found["status"], found["grain"], found["days_observed"]) == ("incomplete", "day", days)


def test_seven_whole_days_go_before_a_week_bucket() -> None:
    found = week_of(whole_week("0", ENDS, WHOLE), week_bucket("1", LATER, WHOLE))
    assert (found["grain"], found["as_of"], found["status"]) == ("day", ENDS, "provisional")


def test_a_week_bucket_goes_before_six_days() -> None:
    days = Capture(LATER, MONDAY, SUNDAY, {day: A for day in seven_days(A) if day != SUNDAY}, name="0")
    found = week_of(days, week_bucket("1", ENDS, B))
    assert (found["grain"], found["as_of"], found["days_observed"]) == ("week", ENDS, 7)
    assert found["status"] == "provisional"


def test_the_grains_of_one_week_are_never_added() -> None:
    captures = captured(
        whole_week("0", ENDS, WHOLE), week_bucket("1", LATER, B), one_day("2", LATER, B, SUNDAY + DAY)
    )
    entries, observations = said(*captures)
    assert set(entries["period"]) == {"day", "week"}
    rows = used(entries.lazy(), covered(entries, observations)).collect()
    assert rows["period"].unique().to_list() == ["day"]
    assert rows.group_by("week_start").agg(pl.col("tokens").sum()).sort("week_start").rows() == [
        (MONDAY, 7 * sum(WHOLE.values())),
        (MONDAY + WEEK, 7),
    ]


def test_a_vanished_day_keeps_its_older_figures_and_counts_as_read_again() -> None:
    without_sunday = {day: A for day in seven_days(A) if day != SUNDAY}
    before = whole_week("0", ENDS, B)
    after = Capture(FRIDAY, MONDAY, SUNDAY, without_sunday, name="1")
    found = week_of(before, after)
    assert (found["vanished_days"], found["days_observed"], found["status"]) == (1, 7, "settled")
    newest = newest_of(before, after)
    assert newest.filter(date=SUNDAY).select("model_permaslug", "tokens", "as_of").rows() == [
        (slug, tokens, ENDS) for slug, tokens in B.items()
    ]


def test_a_day_that_vanished_before_friday_is_not_settled_by_that() -> None:
    after = Capture(FRIDAY - TICK, SUNDAY, SUNDAY, {}, name="1")
    found = week_of(whole_week("0", ENDS, A), after)
    assert (found["vanished_days"], found["status"]) == (1, "provisional")


def test_a_day_that_came_back_is_not_vanished() -> None:
    found = week_of(
        whole_week("0", ENDS, A),
        one_day("1", FRIDAY, None),
        one_day("2", FRIDAY + DAY, A),
        whole_week("3", LATER, A),
    )
    assert (found["vanished_days"], found["as_of"]) == (0, ENDS)


def test_a_day_that_was_never_there_is_missing_and_not_vanished() -> None:
    capture = Capture(LATER, MONDAY, SUNDAY, {day: A for day in seven_days(A) if day != SUNDAY}, name="0")
    found = week_of(capture)
    assert (found["vanished_days"], found["days_observed"]) == (0, 6)


def test_a_vanished_week_bucket_stands_and_is_flagged_for_its_seven_days() -> None:
    empty = Capture(FRIDAY, MONDAY, SUNDAY, {}, period="week", name="1")
    found = week_of(week_bucket("0", ENDS, A), empty)
    assert (found["grain"], found["vanished_days"], found["status"]) == ("week", 7, "settled")


def named(count: int) -> dict[str, int]:
    return {f"a/{n}": 1 for n in range(count)}


@pytest.mark.parametrize(
    ("models", "depth", "truncated"),
    [
        (named(50) | {"other": 9}, 50, False),
        (named(49) | {"other": 1}, 49, True),
        (named(9) | {"other": 1}, 9, True),
        (named(9) | {"other": 0}, 9, False),
        (named(9), 9, False),
        (named(51) | {"other": 1}, 51, False),
        ({"other": 3}, 0, True),
    ],
)
def test_a_chart_is_cut_short_where_other_stands_behind_too_few_names(
    models: dict[str, int], depth: int, truncated: bool
) -> None:
    assert FULL_DEPTH == 50
    for capture in (whole_week("0", LATER, models), week_bucket("0", LATER, models)):
        found = week_of(capture)
        assert (found["depth"], found["truncated"]) == (depth, truncated)


def test_one_short_day_makes_the_week_short() -> None:
    short = one_day("1", LATER + DAY, named(20) | {"other": 1}, SUNDAY)
    days = {day: WHOLE for day in seven_days(WHOLE) if day != SUNDAY}
    found = week_of(Capture(LATER, MONDAY, SUNDAY, days, name="0"), short)
    assert (found["depth"], found["truncated"], found["nine_known"]) == (20, True, False)


def test_depth_is_that_of_the_newest_vintage() -> None:
    short = whole_week("0", LATER, named(20) | {"other": 1})
    found = week_of(short, whole_week("1", LATER + DAY, named(50) | {"other": 1}))
    assert (found["depth"], found["truncated"]) == (50, False)


@pytest.mark.parametrize(
    ("day", "monday", "year", "week"),
    [
        (date(2025, 1, 1), date(2024, 12, 30), 2025, 1),
        (date(2025, 12, 28), date(2025, 12, 22), 2025, 52),
        (date(2026, 1, 1), date(2025, 12, 29), 2026, 1),
        (date(2026, 12, 28), date(2026, 12, 28), 2026, 53),
        (date(2027, 1, 1), date(2026, 12, 28), 2026, 53),
        (date(2027, 1, 4), date(2027, 1, 4), 2027, 1),
    ],
)
def test_the_iso_year_goes_with_the_iso_week(day: date, monday: date, year: int, week: int) -> None:
    found = week_of(one_day("0", midnight(day + DAY), A, day))
    assert (found["week_start"], found["iso_year"], found["iso_week"]) == (monday, year, week)
    assert day.isocalendar()[:2] == (year, week)


def test_the_first_week_of_the_history_is_always_incomplete() -> None:
    start = date(2025, 1, 1)
    days = {start + n * DAY: A for n in range(5)}
    found = week_of(Capture(LATER, start, date(2025, 1, 5), days, name="0"))
    assert (found["week_start"], found["days_observed"], found["status"]) == (
        date(2024, 12, 30),
        5,
        "incomplete",
    )


# What a capture shows

NINE_NAMES = {f"a/{n}": 9 - n for n in range(9)}


def held(*captures: Capture) -> list[tuple[str, str | None, int, bool, bool]]:
    """(capture's digit, why it is not used, tier, vanished, settled) of each bucket and poverty, the richest first."""
    made = standings(*captures)["bucket_coverage"].sort("date", "tier", "depth")
    columns = ("capture", "unused_reason", "tier", "vanished", "settled")
    return [(capture[0], *rest) for capture, *rest in made.select(columns).rows()]


def standings(*captures: Capture) -> dict[str, pl.DataFrame]:
    entries, observations = said(*captured(*captures))
    tables = every_table(entries, observations, load())
    for table in (BUCKET_COVERAGE, WEEK_COVERAGE):
        assert list(table.problems(tables[table.name])) == []
    return tables


@pytest.mark.parametrize(
    ("models", "origin", "fetched", "tier"),
    [
        (WHOLE, "api", False, 1),
        (WHOLE, "simulated", False, 1),
        (WHOLE, "chart", False, 2),
        (WHOLE, "reconstructed", False, 2),
        (named(3), "api", True, 1),
        (named(60), "api", True, 1),
        (named(49) | {"other": 1}, "api", True, 3),
        (named(9) | {"other": 1}, "chart", False, 3),
        (named(9) | {"other": 0}, "api", False, 3),
        ({"other": 1}, "api", False, 3),
        (named(60), "api", False, 4),
        (named(9), "chart", False, 4),
    ],
)
def test_a_tier_is_read_off_the_bucket_and_not_off_what_is_said_of_it(
    models: dict[str, int], origin: str, fetched: bool, tier: int
) -> None:
    entries = entries_of(Capture(LATER, MONDAY, MONDAY, {MONDAY: models}, "day", origin, fetched, name="0"))
    assert set(entries["tier"]) == {tier}
    assert set(entries["depth"]) == {len(models.keys() - {"other"})}


def test_the_same_bytes_under_two_origins_count_as_the_poorer() -> None:
    both = [
        Capture(LATER, MONDAY, MONDAY, {MONDAY: named(9)}, "day", origin, fetched, name="0")
        for origin, fetched in (("chart", False), ("api", True))
    ]
    for order in (both, both[::-1]):
        heads, _ = captured(*order)
        assert one_origin(heads).select("origin", "fetched").rows() == [("chart", False)]


@pytest.mark.parametrize("poor", [named(9) | {"other": 44}, named(49) | {"other": 4}, named(60)])
def test_a_newer_capture_that_shows_less_replaces_nothing(poor: dict[str, int]) -> None:
    rich, later = whole_week("0", ENDS, WHOLE), whole_week("1", LATER, poor, fetched=False)
    found = week_of(rich, later)
    assert (found["as_of"], found["status"], found["depth"]) == (ENDS, "provisional", 50)
    assert newest_of(rich, later).equals(newest_of(rich))
    assert held(rich, later)[0] == ("0", None, 1, False, False)
    assert held(rich, later)[1][:2] == ("1", "poorer")


def test_an_older_capture_that_shows_more_replaces_what_shows_less() -> None:
    poor, rich = whole_week("0", LATER, A), whole_week("1", ENDS, WHOLE)
    assert newest_of(poor, rich).equals(newest_of(rich))


def test_as_of_a_moment_what_shows_most_of_those_known_by_then_stands() -> None:
    entries = entries_of(one_day("0", ENDS, A), one_day("1", LATER, WHOLE), one_day("2", LATER + DAY, B))
    for moment, capture in ((ENDS, "0"), (LATER - TICK, "0"), (LATER, "1"), (PRESENT, "1")):
        rows = latest(entries.lazy(), states(entries, moment)).collect()
        assert rows["capture"].unique().to_list() == [digest(capture)]


def test_what_stands_for_a_poor_bucket_is_also_judged_by_richer_looks() -> None:
    chart = whole_week("0", ENDS, A, origin="chart")
    silent = Capture(FRIDAY, MONDAY, SUNDAY, {day: WHOLE for day in seven_days(A) if day != MONDAY}, name="1")
    assert ("0", None, 3, True, True) in held(chart, silent)


def test_a_run_goes_on_across_captures_that_show_less() -> None:
    entries = entries_of(one_day("0", ENDS, WHOLE), one_day("1", LATER, A), one_day("2", LATER + DAY, WHOLE))
    assert set(entries["capture"]) == {digest("0"), digest("1")}


def test_confirmations_that_take_turns_with_poorer_looks_are_no_observations() -> None:
    rich = [one_day(name, LATER + n * DAY, WHOLE) for n, name in enumerate("024")]
    poor = [one_day(name, LATER + n * DAY + TICK, A) for n, name in enumerate("135")]
    _, observations = said(*captured(*rich, *poor))
    assert observations["capture"].to_list() == [digest("0")]


def test_rows_go_before_their_absence_of_the_same_moment() -> None:
    days = [
        Capture(LATER, MONDAY, SUNDAY, {day: WHOLE}, name=name)
        for name, day in zip("6543210", seven_days(A), strict=True)
    ]
    found = week_of(*days)
    assert (found["days_observed"], found["vanished_days"], found["status"]) == (7, 0, "settled")


def test_a_day_of_unknown_total_is_not_observed() -> None:
    six = Capture(LATER, MONDAY, SUNDAY, {day: WHOLE for day in seven_days(A) if day != SUNDAY}, name="0")
    listed = Capture(LATER, SUNDAY, SUNDAY, {SUNDAY: named(60)}, fetched=False, name="1")
    found = week_of(six, listed)
    assert (found["days_observed"], found["status"], found["extent"]) == (6, "incomplete", "complete")
    assert ("1", "unknown total", 4, False, True) in held(six, listed)
    entries, observations = said(*captured(six, listed))
    rows = used(entries.lazy(), covered(entries, observations)).collect()
    assert digest("1") not in set(rows["capture"])


def test_days_of_unknown_total_alone_are_a_list_of_an_incomplete_week() -> None:
    found = week_of(whole_week("0", LATER, named(60), fetched=False))
    assert (found["days_observed"], found["status"], found["extent"]) == (0, "incomplete", "unknown")
    assert not found["nine_known"]


@pytest.mark.parametrize(
    ("origin", "names", "nine"), [("chart", 9, True), ("chart", 8, False), ("api", 60, False)]
)
def test_of_a_week_of_unknown_total_the_nine_are_known_of_the_chart_alone(
    origin: str, names: int, nine: bool
) -> None:
    found = week_of(week_bucket("0", LATER, named(names), origin=origin, fetched=False))
    assert (found["extent"], found["days_observed"], found["status"]) == ("unknown", 7, "settled")
    assert found["nine_known"] == nine


NINE = named(9) | {"other": 5}
TWENTY = named(20) | {"other": 5}


@pytest.mark.parametrize(
    ("days", "week", "grain"),
    [
        ([WHOLE] * 7, WHOLE, "day"),
        ([NINE] * 7, WHOLE, "week"),
        ([NINE] * 7, NINE, "week"),
        ([TWENTY] * 7, NINE, "day"),
        ([WHOLE] * 6 + [NINE], TWENTY, "week"),
        ([WHOLE] * 6 + [NINE], NINE, "day"),
        ([WHOLE] * 6, NINE, "week"),
        ([WHOLE] * 6 + [named(60)], NINE, "week"),
        ([WHOLE] * 6, named(60), "day"),
        ([WHOLE] * 6 + [NINE], named(60), "day"),
        ([named(60)] * 7, NINE, "week"),
        ([named(60)] * 7, named(9), "week"),
    ],
)
def test_a_week_is_made_of_the_grain_that_shows_more(
    days: list[dict[str, int]], week: dict[str, int], grain: str
) -> None:
    by_day = {MONDAY + n * DAY: models for n, models in enumerate(days)}
    captures = [
        Capture(LATER, MONDAY, SUNDAY, by_day, fetched=False, name="0"),
        week_bucket("1", LATER, week, fetched=False),
    ]
    assert week_of(*captures)["grain"] == grain
    reasons = {
        reason for capture, reason, *_ in held(*captures) if capture == ("0" if grain == "week" else "1")
    }
    assert reasons == {"other grain"}


# Against plain Python, whatever was captured in whatever order

MODELS = st.dictionaries(st.sampled_from(["a/a", "b/b", "other"]), st.integers(0, 2), min_size=1)
OFFSETS = st.integers(min_value=-2, max_value=15)
FEW = 2
"""Names that a whole bucket has in these histories, so that few models make every tier."""


@st.composite
def captures(draw: st.DrawFn) -> Capture:
    period = draw(st.sampled_from(["day", "day", "week"]))
    start = MONDAY + draw(OFFSETS) * DAY
    end = start + draw(st.integers(min_value=0, max_value=16)) * DAY
    first = start if period == "day" else start - start.weekday() * DAY
    step = DAY if period == "day" else WEEK
    shown = [first + n * step for n in range((end - first) // step + 1)]
    buckets = {bucket: draw(MODELS) for bucket in shown if draw(st.integers(0, 5))}
    as_of = ENDS + draw(
        st.sampled_from([-3 * DAY, -TICK, 0 * DAY, 4 * DAY - TICK, 4 * DAY, 11 * DAY, 20 * DAY])
    )
    origin, fetched = draw(st.sampled_from([("api", True), ("api", False), ("chart", False)]))
    return Capture(as_of, start, end, buckets, period, origin, fetched, name="?")


@st.composite
def histories(draw: st.DrawFn) -> list[Capture]:
    found = draw(st.lists(captures(), min_size=1, max_size=5))
    names = draw(st.permutations("0123456789abcdef"))
    return [replace(each, name=name) for name, each in zip(names, found, strict=False)]


def covers(capture: Capture, period: str, bucket: date) -> bool:
    length = DAY if period == "day" else WEEK
    inside = capture.start <= bucket and bucket + length - DAY <= capture.end
    return capture.period == period and inside and midnight(bucket + length) <= capture.as_of


Kind = tuple[int, int]
"""The tier, and for the last two the names: (3, -9) goes before (3, -5)."""


def kind_of(capture: Capture, models: Mapping[str, int]) -> Kind:
    """How much of a bucket the capture shows; the least is the richest."""
    names = sum(slug != "other" for slug in models)
    if "other" not in models:
        return (1, 0) if capture.fetched else (4, -names)
    if names >= FEW:
        return (1, 0) if capture.origin == "api" else (2, 0)
    return (3, -names)


def looks_at(
    history: Iterable[Capture], period: str, bucket: date
) -> list[tuple[Kind, datetime, bool, Capture]]:
    """Every look at a bucket in order: how much it shows, when, and whether it found the bucket."""
    found = []
    for capture in history:
        if not covers(capture, period, bucket):
            continue
        models = capture.buckets.get(bucket)
        shown = [
            kind_of(capture, each) for day, each in capture.buckets.items() if covers(capture, period, day)
        ]
        best = (1, 0) if capture.origin == "api" else (2, 0)
        kind = kind_of(capture, models) if models is not None else max(shown, default=best)
        found.append((kind, capture.as_of, models is not None, capture))
    return sorted(found, key=lambda look: (look[1], look[2], look[3].name))


def expected(
    history: Iterable[Capture],
) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of every vintage, every observation, and the coverage of every week, without its ISO number."""
    history = list(history)
    days = [MONDAY + n * DAY for n in range(-7, 35)]
    every = [("day", day) for day in days] + [("week", day) for day in days if day.weekday() == 0]
    rows: set[tuple[Any, ...]] = set()
    observations: set[tuple[Any, ...]] = set()
    # Of each bucket what stands: how much it shows, its vintage, rows and origin, and the last look that counts.
    stands: dict[tuple[str, date], tuple[Kind, datetime, Mapping[str, int], str, tuple[datetime, bool]]] = {}
    for period, bucket in every:
        settles = midnight(bucket - bucket.weekday() * DAY + 11 * DAY)
        looked = looks_at(history, period, bucket)
        for kind in sorted({kind for kind, *_ in looked}):
            content = told = None
            for each, as_of, found, capture in looked:
                if each <= kind and told != (told := (found, as_of >= settles)):
                    observations.add((period, bucket, as_of, digest(capture.name), found))
                if each != kind or not found or (given := capture.buckets[bucket]) == content:
                    continue
                content = given
                rows |= {(period, bucket, as_of, digest(capture.name), *cell) for cell in given.items()}
                if (period, bucket) not in stands or stands[period, bucket][0] == kind:
                    last = [look for look in looked if look[0] <= kind][-1]
                    stands[period, bucket] = (kind, as_of, given, capture.origin, (last[1], last[2]))
    return rows, observations, [week for day in days if day.weekday() == 0 for week in week_row(day, stands)]


def week_row(monday: date, stands: Mapping[tuple[str, date], Any]) -> list[tuple[Any, ...]]:
    """The coverage of a week, if anything is held of it."""
    buckets = [("day", monday + n * DAY) for n in range(7)]
    listed = [stands[each] for each in buckets if each in stands and stands[each][0][0] == 4]
    days = [stands[each] for each in buckets if each in stands and stands[each][0][0] < 4]
    week = stands.get(("week", monday))
    kinds = [each[0] for each in days]
    if len(days) == 7 and max(kinds) <= (2, 0):
        grain, chosen, observed = "day", days, 7
    elif (
        week is not None
        and week[0][0] < 4
        and (len(days) < 7 or week[0] < max(kinds) or week[0] <= min(kinds))
    ):
        grain, chosen, observed = "week", [week], 7
    elif days:
        grain, chosen, observed = "day", days, len(days)
    elif week is not None:
        grain, chosen, observed = "week", [week], 7
    elif listed:
        grain, chosen, observed = "day", listed, 0
    else:
        return []
    known = chosen[0][0][0] < 4
    depths = [sum(slug != "other" for slug in each[2]) for each in chosen]
    cut = any(depth < FEW and each[2].get("other", 0) > 0 for each, depth in zip(chosen, depths, strict=True))
    late = all(each[4][0] >= midnight(monday + 11 * DAY) for each in chosen)
    return [
        (
            monday,
            grain,
            observed,
            sum(not each[4][1] for each in chosen) * (7 if grain == "week" else 1),
            "complete" if known else "unknown",
            min(depths),
            cut,
            # No bucket has nine names here.
            known and not cut,
            "incomplete" if observed < 7 else "settled" if late else "provisional",
            max(each[1] for each in chosen),
        )
    ]


@contextmanager
def few_names() -> Iterator[None]:
    """A world in which a whole bucket has few names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vintages, "FULL_DEPTH", FEW)
        yield


@examples(60)
@given(histories())
def test_vintages_and_coverage_are_what_the_definitions_say(history: list[Capture]) -> None:
    with few_names():
        entries, observations = said(*captured(*history))
        coverage = published(entries, observations)
    rows, looked, weeks = expected(history)
    assert entries.height == len(rows)
    assert (
        set(entries.select("period", "date", "as_of", "capture", "model_permaslug", "tokens").rows()) == rows
    )
    assert observations.height == len(looked)
    assert set(observations.select("period", "date", "as_of", "capture", "found").rows()) == looked
    assert coverage.drop("iso_year", "iso_week").rows() == weeks


@examples(60)
@given(histories())
def test_at_every_moment_coverage_is_that_of_the_captures_until_then(history: list[Capture]) -> None:
    with few_names():
        entries, observations = said(*captured(*history))
    for moment in {each.as_of for each in history}:
        with few_names():
            state = coverage(buckets(entries.lazy(), observations, states(entries, moment)))
        assert set(state["known_at"]) <= {moment}
        _, _, weeks = expected(each for each in history if each.as_of <= moment)
        assert WEEK_COVERAGE.conform(state).drop("iso_year", "iso_week").rows() == weeks


@examples(60)
@given(histories(), st.randoms(use_true_random=False))
def test_order_of_captures_and_rows_never_matters(history: list[Capture], shuffle: Any) -> None:
    entries, observations = said(*captured(*history))
    shuffle.shuffle(history)
    shuffled = said(
        *(each.sample(fraction=1, shuffle=True, seed=shuffle.getrandbits(30)) for each in captured(*history))
    )
    assert shuffled[0].equals(entries)
    assert shuffled[1].equals(observations)
    again = published(*(each.sample(fraction=1, shuffle=True, seed=1) for each in shuffled))
    assert again.equals(published(entries, observations))
