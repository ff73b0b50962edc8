"""Small frames for tests: say what matters to the case, and the rest is filled in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from schemas import COUNTRY_WEEK, MODEL_WEEK, WEEK_COVERAGE
from schemas.reference import AUTHORS, COUNTRIES, ORGANISATIONS, REVEALS, Reference
from schemas.table import Table
from transforms.vintages import CAPTURE_ROWS, CAPTURES

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TICK = timedelta(microseconds=1)

MONDAY = date(2026, 3, 9)
LATER = datetime(2026, 4, 1, tzinfo=UTC)
"""Long after the week of `MONDAY` has settled."""

LARGEST = 2**63 - 1

USUAL: dict[str, Any] = {
    "week_start": MONDAY,
    "iso_year": 2026,
    "iso_week": 11,
    "method": "all_models",
    "knowledge": "now",
    "country_name": "Somewhere",
    "attribution": "organisation",
    "attribution_then": "organisation",
    "grain": "day",
    "days_observed": 7,
    "vanished_days": 0,
    "depth": 50,
    "truncated": False,
    "status": "settled",
    "as_of": LATER,
    "models": 1,
    "share_lo": 0.0,
    "share_hi": 1.0,
    "name": "Name",
    "reason": "Because.",
    "evidence": "Seen.",
    "confidence": "confirmed",
    "kind": "organisation",
}


def frame(table: Table, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """A frame of the table's columns and types; what a row leaves out has its usual value, or none."""
    usual = {name: USUAL.get(name) for name in table.names}
    return pl.DataFrame([{**usual, **row} for row in rows], schema=table.polars_schema(), orient="row")


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# Captures


@dataclass(frozen=True)
class Capture:
    """An answer of the source: when it was given, the window that was asked for, and tokens by bucket."""

    name: str
    as_of: datetime
    start: date
    end: date
    buckets: Mapping[date, Mapping[str, int]]
    period: str = "day"
    origin: str = "api"


def digest(name: str) -> str:
    """The sha256 that a capture's name stands for: one hexadecimal digit, repeated."""
    return name * 64


def captured(*captures: Capture) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two frames that `transforms.vintages` takes."""
    heads = [
        (digest(each.name), each.as_of, each.period, each.origin, each.start, each.end) for each in captures
    ]
    rows = [
        (digest(each.name), bucket, slug, tokens)
        for each in captures
        for bucket, models in each.buckets.items()
        for slug, tokens in models.items()
    ]
    return (
        pl.DataFrame(heads, schema=CAPTURES, orient="row"),
        pl.DataFrame(rows, schema=CAPTURE_ROWS, orient="row"),
    )


def seven_days(models: Mapping[str, int], monday: date = MONDAY) -> dict[date, Mapping[str, int]]:
    """The same models on each day of a week."""
    return {monday + n * DAY: models for n in range(7)}


# Models and countries


def model(slug: str, tokens: int, now: str = "US", then: str | None = None, week: date = MONDAY) -> dict:
    """One row of `model_week`; then: the country as known when the week closed, where it is another."""
    return {
        "week_start": week,
        "model_permaslug": slug,
        "tokens": tokens,
        "country_code": now,
        "country_code_then": then or now,
    }


def models(*rows: Mapping[str, Any]) -> pl.DataFrame:
    return frame(MODEL_WEEK, rows)


def coverage(*weeks: date, **columns: Any) -> pl.DataFrame:
    return frame(WEEK_COVERAGE, [{"week_start": week, **columns} for week in weeks])


def countries(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    return frame(COUNTRY_WEEK, rows)


# Reference facts


def reference(
    organisations: Mapping[str, str] | Iterable[Mapping[str, Any]],
    authors: Mapping[str, str] | Iterable[Mapping[str, Any]],
    reveals: Iterable[Mapping[str, Any]] = (),
    **options: Any,
) -> Reference:
    """Reference frames: organisation -> country and author -> organisation, or whole rows."""
    if isinstance(organisations, Mapping):
        organisations = [{"organisation": name, "country_code": code} for name, code in organisations.items()]
    if isinstance(authors, Mapping):
        authors = [{"author": name, "organisation": owner} for name, owner in authors.items()]
    organisations = frame(ORGANISATIONS, organisations)
    codes = sorted({*organisations["country_code"], "ZZ"})
    return Reference(
        countries=frame(COUNTRIES, [{"country_code": code} for code in codes]),
        organisations=organisations,
        authors=frame(AUTHORS, authors),
        reveals=frame(REVEALS, reveals),
        sha256="",
        **options,
    )
