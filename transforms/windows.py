"""Which days to ask for: the fewest requests that cover them."""

from datetime import date, timedelta

from transforms.weeks import WEEK

HISTORY_STARTS = date(2025, 1, 1)
LONGEST_WINDOW = 366
"""Days that one request may span."""

DAY = timedelta(days=1)

Window = tuple[date, date]
"""First and last day, both included."""


def cover(first: date, last: date) -> list[Window]:
    """The fewest windows that cover every day from first to last, the earliest first."""
    windows = []
    while first <= last:
        end = min(first + (LONGEST_WINDOW - 1) * DAY, last)
        windows.append((first, end))
        first = end + DAY
    return windows


def trailing(week_start: date) -> Window:
    """A week and the one before it in one window, so that the earlier is read again once settled."""
    return max(week_start - WEEK, HISTORY_STARTS), week_start + WEEK - DAY
