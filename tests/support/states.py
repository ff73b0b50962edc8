"""Small captures by hand, the tables that come of them, and a few facts to attribute them with."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from schemas.reference import AUTHORS, CLAIMS, COUNTRIES, FORECASTS, ORGANISATIONS, OVERRIDES, Reference
from schemas.table import Table
from transforms.standings import Computed, every_table
from transforms.vintages import CAPTURE_ROWS, CAPTURES, PRESENT, looks, observation, ranking_entry

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TICK = timedelta(microseconds=1)

MONDAY = date(2026, 3, 9)

Models = Mapping[str, int]
"""Tokens by permaslug."""

Row = dict[str, Any]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


FRIDAY = midnight(MONDAY + 11 * DAY)
"""From when on a look settles the week of `MONDAY`."""


@dataclass(frozen=True)
class Capture:
    """An answer of the source: when it was given, the window that was asked for, and tokens by bucket."""

    as_of: datetime
    start: date
    end: date
    buckets: Mapping[date, Models]
    period: str = "day"
    origin: str = "api"
    fetched: bool = True

    @cached_property
    def digest(self) -> str:
        content = [(day, sorted(models.items())) for day, models in sorted(self.buckets.items())]
        said = (self.as_of, self.start, self.end, content, self.period, self.origin, self.fetched)
        return hashlib.sha256(repr(said).encode()).hexdigest()


def days_of(models: Models, first: date = MONDAY, count: int = 7, as_of: datetime | None = None) -> Capture:
    """A capture of equal days; as_of: long after they have settled, unless told."""
    days = [first + n * DAY for n in range(count)]
    return Capture(as_of or midnight(first + 25 * DAY), first, days[-1], dict.fromkeys(days, models))


def week_of(models: Models, monday: date = MONDAY, as_of: datetime | None = None) -> Capture:
    """A capture of one week's bucket; as_of: long after it has settled, unless told."""
    window = (monday, monday + 6 * DAY)
    return Capture(as_of or midnight(monday + 25 * DAY), *window, {monday: models}, period="week")


def without(capture: Capture, *days: date, as_of: datetime) -> Capture:
    """The same answer at another moment, in which the source omits some of its days."""
    kept = {day: models for day, models in capture.buckets.items() if day not in days}
    return replace(capture, as_of=as_of, buckets=kept)


def whole(models: Models) -> Models:
    """The same models and as many without tokens as it takes for a chart that is not cut short before `other`."""
    return dict(models) | {f"hobby/filler-{n:02}": 0 for n in range(50 - len(models.keys() - {"other"}))}


def frames_of(captures: Iterable[Capture]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two frames that `transforms.vintages` takes."""
    captures = list(captures)
    heads = [
        (each.digest, each.as_of, each.period, each.origin, each.start, each.end, each.fetched)
        for each in captures
    ]
    rows = [
        (each.digest, bucket, permaslug, tokens)
        for each in captures
        for bucket, models in each.buckets.items()
        for permaslug, tokens in models.items()
    ]
    return (
        pl.DataFrame(heads, schema=CAPTURES, orient="row"),
        pl.DataFrame(rows, schema=CAPTURE_ROWS, orient="row"),
    )


def said(captures: Iterable[Capture]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`ranking_entry` and `observation`."""
    frame, rows = frames_of(captures)
    seen = looks(frame, rows)
    return ranking_entry(seen, rows), observation(seen)


def standings(*captures: Capture, reference: Reference | None = None, at: datetime = PRESENT) -> Computed:
    """Every table that comes of the captures."""
    return every_table(*said(captures), reference or facts(), at)


def find(frame: pl.DataFrame, **values: Any) -> list[Row]:
    """The rows in which the columns have these values."""
    conditions = [pl.col(name).eq_missing(pl.lit(value)) for name, value in values.items()]
    return frame.filter(*conditions).rows(named=True)


def one(frame: pl.DataFrame, **values: Any) -> Row:
    """The only row in which the columns have these values."""
    (row,) = find(frame, **values)
    return row


# Reference facts

COUNTRY = {"openai": "US", "anthropic": "US", "zhipu": "CN", "deepseek": "CN", "mistral": "FR"}
"""Organisations."""

AUTHOR = {
    "openai": "openai",
    "anthropic": "anthropic",
    "z-ai": "zhipu",
    "deepseek": "deepseek",
    "mistralai": "mistral",
}
"""Authors that are organisations; `openrouter` is cloaked, `hobby` undecided, every other one unknown."""


def frame(table: Table, rows: Iterable[Mapping[str, Any]], **usual: Any) -> pl.DataFrame:
    """A frame of the table's columns; what a row leaves out has its usual value, or none."""
    return pl.DataFrame([usual | dict(row) for row in rows], schema=table.polars_schema())


def override(permaslug: str, organisation: str, known_from: date | None, **columns: Any) -> Row:
    """A confirmed reveal, unless told otherwise."""
    usual = {"kind": "reveal", "confidence": "confirmed"}
    return usual | {"permaslug": permaslug, "organisation": organisation, "known_from": known_from} | columns


def facts(
    *overrides: Mapping[str, Any],
    claims: Iterable[Mapping[str, Any]] = (),
    forecasts: Iterable[Mapping[str, Any]] = (),
    authors: Iterable[Mapping[str, Any]] = (),
    organisations: Iterable[Mapping[str, Any]] = (),
    **options: Any,
) -> Reference:
    """The organisations and authors above, with these overrides, claims and forecasts, and more of either."""
    known = [{"author": name, "organisation": owner} for name, owner in AUTHOR.items()]
    others = [{"author": "openrouter", "kind": "cloaked"}, {"author": "hobby", "kind": "undecided"}]
    owners = [{"organisation": name, "country_code": code} for name, code in COUNTRY.items()]
    codes = [{"country_code": code} for code in sorted({*COUNTRY.values(), "ZZ"})]
    why = {"reason": "Because.", "evidence": "Seen."}
    return Reference(
        countries=frame(COUNTRIES, codes, country_name="Somewhere"),
        organisations=frame(ORGANISATIONS, [*owners, *organisations], name="Name", **why),
        authors=frame(AUTHORS, [*known, *others, *authors], kind="organisation", reason="Because."),
        overrides=frame(OVERRIDES, overrides, **why),
        claims=frame(
            CLAIMS, claims, metric="tokens", basis="stated", wording="It was said.", source="A paper"
        ),
        forecasts=frame(FORECASTS, forecasts, reason="Because.", source="A paper"),
        sha256="",
        **options,
    )


def known_by(reference: Reference, moment: datetime) -> Reference:
    """What was known of it by then: later facts are not there yet, later withdrawals not made."""
    day = pl.lit(moment.date())
    overrides = reference.overrides.filter(pl.col("known_from") <= day).with_columns(
        known_to=pl.when(pl.col("known_to") <= day).then("known_to")
    )
    always = pl.col("known_from").is_null() | (pl.col("known_from") <= day)
    known = {name: getattr(reference, name).filter(always) for name in ("authors", "organisations")}
    return replace(reference, overrides=overrides, **known)
