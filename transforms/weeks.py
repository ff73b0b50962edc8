"""Weeks are Monday to Sunday, UTC."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl

WEEK = timedelta(days=7)
SETTLED_AFTER = timedelta(days=11)
"""From a week's Monday to the Friday after it: nothing was ever restated later than four days."""


def monday(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def midnight(day: date) -> datetime:
    """00:00 UTC at the start of the day."""
    return datetime.combine(day, time(), UTC)


def last_complete(now: datetime) -> date:
    """The Monday of the last week that had ended at `now`."""
    return monday(now.astimezone(UTC).date()) - WEEK


def week_start(day: pl.Expr) -> pl.Expr:
    """The Monday of each day's week."""
    return day.dt.truncate("1w")


def moment(day: pl.Expr) -> pl.Expr:
    """00:00 UTC at the start of each day."""
    return day.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
