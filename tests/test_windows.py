"""Windows to ask for: every day once, in the fewest requests."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.frames import DAY, MONDAY, WEEK, midnight
from transforms.weeks import SETTLED_AFTER
from transforms.windows import HISTORY_STARTS, LONGEST_WINDOW, cover, trailing

FIRST = HISTORY_STARTS


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.dates(date(2025, 1, 1), date(2060, 1, 1)), st.integers(min_value=1, max_value=4000))
def test_every_day_is_covered_once_by_the_fewest_windows(first: date, days: int) -> None:
    last = first + (days - 1) * DAY
    windows = cover(first, last)
    assert windows[0][0] == first
    assert windows[-1][1] == last
    assert all(start - end == DAY for (_, end), (start, _) in pairwise(windows))
    assert all(0 <= (end - start).days < LONGEST_WINDOW for start, end in windows)
    assert len(windows) == -(-days // LONGEST_WINDOW)


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
