"""Small captures and frames for tests, and the tables that come of them: say what matters, the rest is filled in."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from schemas import ATTRIBUTION, COUNTRY_WEEK, MODEL_WEEK, WEEK_COVERAGE
from schemas.fields import KNOWLEDGE
from schemas.reference import AUTHORS, CLAIMS, COUNTRIES, FORECASTS, ORGANISATIONS, OVERRIDES, Reference
from schemas.table import Table
from transforms import methods
from transforms.standings import Computed, every_table
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

Models = Mapping[str, int]
"""Tokens by permaslug."""

Row = dict[str, Any]

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


def frame(table: Table, rows: Iterable[Mapping[str, Any]], usual: Mapping[str, Any] = USUAL) -> pl.DataFrame:
    """A frame of the table's columns and types; what a row leaves out has its usual value, or none."""
    filled = {name: usual.get(name) for name in table.names}
    return pl.DataFrame([{**filled, **row} for row in rows], schema=table.polars_schema(), orient="row")


def present(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows of the state of things at present."""
    return frame.with_columns(known_at=pl.lit(PRESENT, MOMENT))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


FRIDAY = midnight(MONDAY + 11 * DAY)
"""From when on a look settles the week of `MONDAY`."""


def find(frame: pl.DataFrame, **values: Any) -> list[Row]:
    """The rows in which the columns have these values."""
    conditions = [pl.col(name).eq_missing(pl.lit(value)) for name, value in values.items()]
    return frame.filter(*conditions).rows(named=True)


def one(frame: pl.DataFrame, **values: Any) -> Row:
    """The only row in which the columns have these values."""
    (row,) = find(frame, **values)
    return row


# Captures


@dataclass(frozen=True)
class Capture:
    """An answer of the source: when it was given, the window that was asked for, and tokens by bucket.

    name: what a test calls it, where it matters; it is the digest then.
    """

    as_of: datetime
    start: date
    end: date
    buckets: Mapping[date, Models]
    period: str = "day"
    origin: str = "api"
    fetched: bool = True
    name: str | None = None

    @cached_property
    def digest(self) -> str:
        if self.name is not None:
            return digest(self.name)
        content = [(day, sorted(models.items())) for day, models in sorted(self.buckets.items())]
        said = (self.as_of, self.start, self.end, content, self.period, self.origin, self.fetched)
        return hashlib.sha256(repr(said).encode()).hexdigest()


def digest(name: str) -> str:
    """The sha256 that a capture's name stands for: one hexadecimal digit, repeated."""
    return name * 64


def captured(*captures: Capture) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two frames that `transforms.vintages` takes."""
    heads = [
        (each.digest, each.as_of, each.period, each.origin, each.start, each.end, each.fetched)
        for each in captures
    ]
    rows = [
        (each.digest, bucket, slug, tokens)
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


def standings(*captures: Capture, reference: Reference | None = None, at: datetime = PRESENT) -> Computed:
    """Every table that comes of the captures."""
    return every_table(*said(*captured(*captures)), reference or facts(), at)


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


SAID = {"metric": "tokens", "basis": "stated", "wording": "It was said.", "source": "A paper"}
"""What a claim has that does not say otherwise."""


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
        countries=frame(COUNTRIES, codes),
        organisations=frame(ORGANISATIONS, [*owners, *organisations], {"name": "Name", **why}),
        authors=frame(AUTHORS, [*known, *others, *authors], {"kind": "organisation", "reason": "Because."}),
        overrides=frame(OVERRIDES, overrides, why),
        claims=frame(CLAIMS, claims, SAID),
        forecasts=frame(FORECASTS, forecasts, {"reason": "Because.", "source": "A paper"}),
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
