"""Which days to ask for: the fewest requests that cover them; and which are missing, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schemas.datasets import RANKINGS_DAILY
from transforms.weeks import SETTLED_AFTER, WEEK, midnight, monday

REFRESHED_DAYS = 14
"""Days that are read again every day: nothing was ever restated later than four days."""

DAY = timedelta(days=1)

Window = tuple[date, date]
"""First and last day, both included."""

Look = tuple[Window, datetime]
"""An answer: the window that it covers, and its vintage."""


def days(first: date, last: date) -> Iterator[date]:
    """Every day from first to last."""
    while first <= last:
        yield first
        first += DAY


def fewest(wanted: Iterable[date]) -> list[Window]:
    """The fewest windows that cover every wanted day, the earliest first; none begins or ends with another day."""
    windows: list[Window] = []
    for day in sorted(set(wanted)):
        if windows and (day - windows[-1][0]).days < RANKINGS_DAILY.window_days:
            windows[-1] = (windows[-1][0], day)
        else:
            windows.append((day, day))
    return windows


def cover(first: date, last: date) -> list[Window]:
    """The fewest windows that cover every day from first to last, the earliest first."""
    return fewest(days(first, last))


def unsettled(first: date, last: date, looks: Iterable[Look]) -> list[date]:
    """Those days from first to last that no look has covered on or after the Friday that settles their week."""
    settled: set[date] = set()
    for (start, end), as_of in looks:
        settled.update(day for day in days(max(start, first), min(end, last)) if _settles(day, as_of))
    return [day for day in days(first, last) if day not in settled]


def trailing(week_start: date) -> Window:
    """A week and the one before it in one window, so that the earlier is read again once settled."""
    return max(week_start - WEEK, RANKINGS_DAILY.history_starts), week_start + WEEK - DAY


def whole_weeks(first: date, last: date) -> Window:
    """The weeks that lie in a window entire."""
    return monday(first + 6 * DAY), monday(last + DAY) - DAY


@dataclass(frozen=True)
class Gap:
    """Days in a row that something is amiss with, and what."""

    first: date
    last: date
    why: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def gaps(first: date, last: date, looks: Iterable[Look], given: set[date], gone: set[date]) -> list[Gap]:
    """What is missing or not final from first to last, the earliest first.

    looks: every answer; given: days of which there are figures; gone: those of them that the source no longer has.
    """
    looks = list(looks)
    asked = {day for (start, end), _ in looks for day in days(max(start, first), min(end, last))}
    open_days = set(unsettled(first, last, looks))
    found: list[Gap] = []
    for day in days(first, last):
        why = _why(day in asked, day in given, day in gone, day in open_days)
        if why and found and (found[-1].why, found[-1].last) == (why, day - DAY):
            found[-1] = Gap(found[-1].first, day, why)
        elif why:
            found.append(Gap(day, day, why))
    return found


def _why(asked: bool, given: bool, gone: bool, is_open: bool) -> str | None:
    if not asked:
        return "never asked for: standings backfill"
    if not given:
        return "the source had nothing when it was asked"
    if gone:
        return "gone at the source: its earlier figures stand"
    return "not final: standings backfill after the Friday that follows its week" if is_open else None


def _settles(day: date, as_of: datetime) -> bool:
    return as_of >= midnight(monday(day)) + SETTLED_AFTER
