"""Small frames for tests: say what matters to the case, and the rest is filled in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from schemas import ATTRIBUTION, COUNTRY_WEEK, MODEL_WEEK, WEEK_COVERAGE
from schemas.fields import KNOWLEDGE
from schemas.reference import AUTHORS, CLAIMS, COUNTRIES, FORECASTS, ORGANISATIONS, OVERRIDES, Reference
from schemas.table import Table
from transforms import methods
from transforms.vintages import (
    CAPTURE_ROWS,
    CAPTURES,
    MOMENT,
    PRESENT,
    STATE,
    looks,
    observation,
    ranking_entry,
)

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
    "grain": "day",
    "days_observed": 7,
    "vanished_days": 0,
    "depth": 50,
    "truncated": False,
    "extent": "complete",
    "nine_known": True,
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


def present(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows of the state of things at present."""
    return frame.with_columns(known_at=pl.lit(PRESENT, MOMENT))


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
    fetched: bool = True


def digest(name: str) -> str:
    """The sha256 that a capture's name stands for: one hexadecimal digit, repeated."""
    return name * 64


def captured(*captures: Capture) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two frames that `transforms.vintages` takes."""
    heads = [
        (digest(each.name), each.as_of, each.period, each.origin, each.start, each.end, each.fetched)
        for each in captures
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


def said(captures: pl.DataFrame, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`ranking_entry` and `observation` of captures and their rows."""
    seen = looks(captures, rows)
    return ranking_entry(seen, rows), observation(seen)


def seven_days(models: Mapping[str, int], monday: date = MONDAY) -> dict[date, Mapping[str, int]]:
    """The same models on each day of a week."""
    return {monday + n * DAY: models for n in range(7)}


# Models and countries


def model(slug: str, tokens: int, now: str = "US", then: str | None = None, week: date = MONDAY) -> dict:
    """One model of one week; then: the country as known when the week closed, where it is another."""
    name, _, variant = slug.partition(":")
    return {
        "week_start": week,
        "model_permaslug": slug,
        "author": None if slug == "other" else name.partition("/")[0],
        "variant": variant or None,
        "tokens": tokens,
        "country_code": now,
        "country_code_then": then or now,
    }


def models(*rows: Mapping[str, Any], covered: pl.DataFrame | None = None) -> pl.DataFrame:
    """What `model_tokens` gives; covered: the coverage of the rows' weeks, the usual one unless told."""
    names = set(MODEL_WEEK.names)
    found = frame(MODEL_WEEK, ({name: row[name] for name in row.keys() & names} for row in rows))
    facts = (
        "organisation",
        "country_code",
        "base_country",
        "attribution",
        "days_observed",
        "status",
        "as_of",
    )
    weeks = coverage(*found["week_start"].unique()) if covered is None else covered
    return present(found.drop(facts)).join(weeks, on=STATE)


def attributed(*rows: Mapping[str, Any]) -> pl.DataFrame:
    """What `attribution` gives: the country of each row as known then and now."""
    codes = {"now": "country_code", "then": "country_code_then"}
    known = (
        _without_then(row) | {"knowledge": knowledge, "country_code": row[codes[knowledge]]}
        for row in rows
        for knowledge in KNOWLEDGE
    )
    names = set(ATTRIBUTION.names)
    return present(frame(ATTRIBUTION, ({name: row[name] for name in row.keys() & names} for row in known)))


def counted(rows: Iterable[Mapping[str, Any]], covered: pl.DataFrame) -> pl.DataFrame:
    """The rows that every method counts, as known then and now."""
    rows = list(rows)
    return methods.counted(models(*rows, covered=covered), attributed(*rows))


def coverage(*weeks: date, **columns: Any) -> pl.DataFrame:
    # A chart that is cut short is the source's own week, unless it is said otherwise.
    usual: dict[str, Any] = {"grain": "week"} if columns.get("truncated") else {}
    listed = columns.get("depth", 50) >= 9 and columns.get("grain", "week") == "week"
    usual["nine_known"] = columns.get("extent") != "unknown" and (not columns.get("truncated") or listed)
    return present(frame(WEEK_COVERAGE, [{"week_start": week, **usual, **columns} for week in weeks]))


def countries(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """What `country_week` gives, with what it does not publish."""
    # Of a chart of authors that is cut short, what is there may be pushed out.
    return present(frame(COUNTRY_WEEK, rows)).with_columns(open=pl.lit(False), extent=pl.lit("complete"))


def chosen(tokens: Mapping[str, int], method: str) -> set[str]:
    """Those names of a week that a method counts, in plain Python."""
    names = set(tokens) - {"other"}
    if method == "all_models":
        return set(tokens)
    if method == "named_only":
        return names
    if method == "paid_only":
        return {
            name
            for name in tokens
            if not name.endswith(":free") and name.split("/")[0] not in ("openrouter", "stealth")
        }
    if method == "top9_named":
        return set(sorted(names, key=lambda name: (-tokens[name], name))[:9])
    assert method == "author_chart"
    sums: dict[str, int] = {}
    for name in names:
        sums[name.split("/")[0]] = sums.get(name.split("/")[0], 0) + tokens[name]
    largest = sorted(sums, key=lambda author: (-sums[author], author))[:9]
    return {name for name in names if name.split("/")[0] in largest}


def _without_then(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "country_code_then"}


# Reference facts


def reference(
    organisations: Mapping[str, str] | Iterable[Mapping[str, Any]],
    authors: Mapping[str, str] | Iterable[Mapping[str, Any]],
    overrides: Iterable[Mapping[str, Any]] = (),
    **options: Any,
) -> Reference:
    """Reference frames: organisation -> country and author -> organisation, or whole rows."""
    if isinstance(organisations, Mapping):
        organisations = [{"organisation": name, "country_code": code} for name, code in organisations.items()]
    if isinstance(authors, Mapping):
        authors = [{"author": name, "organisation": owner} for name, owner in authors.items()]
    organisations = frame(ORGANISATIONS, organisations)
    codes = sorted({*organisations["country_code"], *organisations["contested_by"].drop_nulls(), "ZZ"})
    return Reference(
        countries=frame(COUNTRIES, [{"country_code": code} for code in codes]),
        organisations=organisations,
        authors=frame(AUTHORS, authors),
        overrides=frame(OVERRIDES, overrides),
        claims=frame(CLAIMS, ()),
        forecasts=frame(FORECASTS, ()),
        sha256="",
        **options,
    )
