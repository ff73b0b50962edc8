"""Windows to ask for: every day once, in the fewest requests."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.datasets import RANKINGS_DAILY
from tests.support.examples import examples
from tests.support.frames import DAY, MONDAY, WEEK, midnight
from transforms.request_windows import Gap, cover, days, fewest, gaps, trailing, unsettled, whole_weeks
from transforms.weeks import SETTLED_AFTER

FIRST = RANKINGS_DAILY.history_starts


@examples(200)
@given(st.dates(date(2025, 1, 1), date(2060, 1, 1)), st.integers(min_value=1, max_value=4000))
def test_every_day_is_covered_once_by_the_fewest_windows(first: date, days: int) -> None:
    last = first + (days - 1) * DAY
    windows = cover(first, last)
    assert windows[0][0] == first
    assert windows[-1][1] == last
    assert all(start - end == DAY for (_, end), (start, _) in pairwise(windows))
    assert all(0 <= (end - start).days < RANKINGS_DAILY.window_days for start, end in windows)
    assert len(windows) == -(-days // RANKINGS_DAILY.window_days)


@pytest.mark.parametrize(
    ("days", "windows"),
    [
        (1, [(FIRST, FIRST)]),
        (366, [(FIRST, date(2026, 1, 1))]),
        (367, [(FIRST, date(2026, 1, 1)), (date(2026, 1, 2), date(2026, 1, 2))]),
    ],
)
def test_the_longest_window_is_366_days(days: int, windows: list[tuple[date, date]]) -> None:
    assert cover(FIRST, FIRST + timedelta(days=days - 1)) == windows


def test_no_days_need_no_request() -> None:
    assert cover(FIRST, FIRST - DAY) == []


def test_a_week_is_read_with_the_one_before_it_which_has_settled_by_then() -> None:
    start, end = trailing(MONDAY)
    assert (start, end) == (MONDAY - WEEK, MONDAY + 6 * DAY)
    assert midnight(end + DAY) >= midnight(start) + SETTLED_AFTER


@pytest.mark.parametrize(
    ("week", "window"),
    [
        (date(2024, 12, 30), (date(2025, 1, 1), date(2025, 1, 5))),
        (date(2025, 1, 6), (date(2025, 1, 1), date(2025, 1, 12))),
        (date(2025, 1, 13), (date(2025, 1, 6), date(2025, 1, 19))),
    ],
)
def test_nothing_is_asked_of_the_time_before_the_history(week: date, window: tuple[date, date]) -> None:
    assert trailing(week) == window


def brute_fewest(wanted: set[date]) -> int:
    """The least number of windows, by trying: the first wanted day must begin one."""
    if not wanted:
        return 0
    first = min(wanted)
    return 1 + brute_fewest({day for day in wanted if (day - first).days >= RANKINGS_DAILY.window_days})


@examples(200)
@given(st.sets(st.dates(date(2025, 1, 1), date(2031, 1, 1)), max_size=30))
def test_scattered_days_take_the_fewest_windows_and_none_begins_or_ends_in_vain(wanted: set[date]) -> None:
    windows = fewest(wanted)
    assert len(windows) == brute_fewest(wanted)
    assert all(any(start <= day <= end for start, end in windows) for day in wanted)
    assert all(start in wanted and end in wanted for start, end in windows)
    assert all((end - start).days < RANKINGS_DAILY.window_days for start, end in windows)


def test_a_day_is_settled_by_a_look_on_or_after_the_friday_that_follows_its_week() -> None:
    week = (MONDAY, MONDAY + 6 * DAY)
    friday = midnight(MONDAY) + SETTLED_AFTER
    assert unsettled(*week, [(week, friday)]) == []
    assert unsettled(*week, [(week, friday - timedelta(microseconds=1))]) == list(days(*week))
    part = (MONDAY + DAY, MONDAY + 2 * DAY)
    assert unsettled(*week, [(part, friday)]) == [MONDAY, *days(MONDAY + 3 * DAY, MONDAY + 6 * DAY)]
    assert unsettled(*week, []) == list(days(*week))


def test_weeks_lie_in_a_window_entire_or_not_at_all() -> None:
    sunday = MONDAY + 6 * DAY
    assert whole_weeks(MONDAY, sunday) == (MONDAY, sunday)
    assert whole_weeks(MONDAY - DAY, sunday + 5 * DAY) == (MONDAY, sunday)
    start, end = whole_weeks(MONDAY + DAY, sunday + DAY)
    assert list(days(start, end)) == []


def test_every_gap_says_why() -> None:
    friday = midnight(MONDAY) + SETTLED_AFTER
    looks = [
        ((MONDAY, MONDAY + 3 * DAY), friday),
        ((MONDAY + 4 * DAY, MONDAY + 4 * DAY), midnight(MONDAY + 5 * DAY)),
    ]
    given = {MONDAY, MONDAY + 2 * DAY, MONDAY + 4 * DAY}
    found = gaps(MONDAY, MONDAY + 6 * DAY, looks, given, gone={MONDAY + 2 * DAY})
    assert found == [
        Gap(MONDAY + DAY, MONDAY + DAY, "the source had nothing when it was asked"),
        Gap(MONDAY + 2 * DAY, MONDAY + 2 * DAY, "gone at the source: its earlier figures stand"),
        Gap(MONDAY + 3 * DAY, MONDAY + 3 * DAY, "the source had nothing when it was asked"),
        Gap(
            MONDAY + 4 * DAY,
            MONDAY + 4 * DAY,
            "not final: standings backfill after the Friday that follows its week",
        ),
        Gap(MONDAY + 5 * DAY, MONDAY + 6 * DAY, "never asked for: standings backfill"),
    ]
    assert [each.days for each in found] == [1, 1, 1, 1, 2]
