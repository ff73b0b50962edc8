"""Weeks are Monday to Sunday, UTC, at every edge of a year, a day and a time zone."""

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.frames import DAY, TICK
from transforms import weeks

DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 3, 9), date(2026, 3, 9)),
        (date(2026, 3, 15), date(2026, 3, 9)),
        (date(2026, 3, 16), date(2026, 3, 16)),
        (date(2025, 1, 1), date(2024, 12, 30)),
        (date(2027, 1, 1), date(2026, 12, 28)),
        (date(2024, 2, 29), date(2024, 2, 26)),
    ],
)
def test_a_day_belongs_to_the_week_of_its_monday(day: date, monday: date) -> None:
    assert weeks.monday(day) == monday


@examples(50)
@given(st.lists(DATES, min_size=1, max_size=20))
def test_one_day_and_a_column_of_days_give_the_same_monday(days: list[date]) -> None:
    found = pl.DataFrame({"day": days}).select(weeks.week_start(pl.col("day"))).to_series().to_list()
    assert found == [weeks.monday(day) for day in days]
    assert all(
        monday.weekday() == 0 and timedelta() <= day - monday < weeks.WEEK
        for day, monday in zip(days, found, strict=True)
    )


def test_a_day_begins_at_midnight_utc() -> None:
    day = date(2026, 3, 9)
    assert weeks.midnight(day) == datetime(2026, 3, 9, tzinfo=UTC)
    column = pl.DataFrame({"day": [day, None]}).select(weeks.moment(pl.col("day"))).to_series()
    assert column.dtype == pl.Datetime("us", "UTC")
    assert column.to_list() == [weeks.midnight(day), None]


def test_a_week_settles_on_the_friday_that_follows_it() -> None:
    monday = date(2026, 3, 9)
    friday = weeks.midnight(monday) + weeks.SETTLED_AFTER
    assert friday == datetime(2026, 3, 20, tzinfo=UTC)
    assert friday.weekday() == 4
    assert friday - weeks.midnight(monday + 6 * DAY + DAY) == 4 * DAY


END = datetime(2026, 3, 16, tzinfo=UTC)
"""The Monday on which the week of 2026-03-09 has ended."""


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (END - TICK, date(2026, 3, 2)),
        (END, date(2026, 3, 9)),
        (END + 7 * DAY - TICK, date(2026, 3, 9)),
        (END + 7 * DAY, date(2026, 3, 16)),
        (datetime(2026, 3, 16, 1, tzinfo=timezone(timedelta(hours=2))), date(2026, 3, 2)),
        (datetime(2026, 3, 15, 20, tzinfo=timezone(timedelta(hours=-5))), date(2026, 3, 9)),
    ],
)
def test_the_last_complete_week_had_ended_in_utc(now: datetime, monday: date) -> None:
    assert weeks.last_complete(now) == monday
