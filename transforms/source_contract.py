"""What an answer may differ in from what was promised, and what is done about each.

A body that cannot be read at all is refused before, in `transforms.parse`. What can be read is looked at here.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import polars as pl

from schemas.fields import OTHER
from transforms.parse import Answer, NewField, Period
from transforms.vintages import FULL_DEPTH
from transforms.weeks import midnight, monday

Severity = Literal["critical", "warning", "info"]

MOST_TOKENS_A_DAY = 10**16
"""No day's total is plausible above this: a thousand times the largest that was ever seen."""

AHEAD = timedelta(days=1)
"""How far a source's clock may be ahead of ours."""

MOST_NAMED = 5
"""How many new fields a message names."""


@dataclass(frozen=True)
class Rule:
    """One way to differ: `critical` refuses the capture, `warning` and `info` are told and count all the same."""

    code: str
    severity: Severity
    doc: str


RULES: tuple[Rule, ...] = (
    Rule("absurd-total", "critical", "a bucket's total is above what is plausible"),
    Rule("slice", "critical", "it seems to be a slice that nobody says it is"),
    Rule("from-the-future", "critical", "the answer tells a moment more than a day after it was received"),
    Rule("window-cut", "warning", "the answer's window is not the one that was asked for"),
    Rule("days-missing", "warning", "the source gives nothing for days inside the window"),
    Rule("too-many-rows", "warning", f"more than {FULL_DEPTH} named rows in a bucket"),
    Rule("new-fields", "warning", "the source gives fields that are not read yet"),
    Rule("window-clamped", "info", "the window was moved to the beginning of the source's history"),
    Rule("in-progress", "info", "a bucket had not closed when the answer was given; it is not counted"),
    Rule("other-not-last", "info", "`other` is not the last row of its bucket"),
    Rule("unsorted", "info", "rows are not sorted by date and falling tokens"),
)
_BY_CODE = {rule.code: rule for rule in RULES}


@dataclass(frozen=True)
class Finding:
    """One rule that an answer breaks, and where."""

    code: str
    detail: str

    @property
    def severity(self) -> Severity:
        return _BY_CODE[self.code].severity

    def __str__(self) -> str:
        return f"{_BY_CODE[self.code].doc}: {self.detail}"


def findings(
    answer: Answer,
    period: Period,
    asked: tuple[date, date] | None,
    history: date,
    received: datetime | None = None,
    seeming: tuple[str, str] | None = None,
) -> Iterator[Finding]:
    """Every rule that an answer breaks, the gravest first.

    asked: the window that was asked for, None where nobody knows. history: the source's first day.
    received: when we got the answer, None where that proves nothing. seeming: `seeming_slice` of an answer that is
    said to be of everything.
    """
    found = [
        *_clock(answer, received),
        *_slice(seeming),
        *_window(answer, asked, history),
        *_rows(answer, period),
    ]
    order = [rule.code for rule in RULES]
    yield from sorted(found, key=lambda finding: order.index(finding.code))


def new_fields(found: Iterable[NewField]) -> Finding:
    """The one finding about the fields that answers have and the contract did not. found: one or more, in any order."""
    ordered = sorted(found, key=lambda each: (each.level, each.name))
    names = list(dict.fromkeys(f"{each.name!r} of the {each.level}" for each in ordered))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return Finding("new-fields", ", ".join(names[:MOST_NAMED]) + more)


def seeming_slice(file: str, meta: Mapping[str, object], parameters: Iterable[str]) -> tuple[str, str] | None:
    """The slice that an answer's `meta`, or the name of the file that it came in, tells of; None for neither.

    parameters: those of the source that ask for a slice.
    """
    for name in parameters:
        if meta.get(name):
            return name, str(meta[name])
        words = re.search(rf"(?:^|[^a-z]){re.escape(name)}[-_=]([a-z0-9]+(?:[-_][a-z]+)*)", file.lower())
        if words:
            return name, words[1]
    return None


def _slice(seeming: tuple[str, str] | None) -> Iterator[Finding]:
    if seeming is not None:
        name, value = seeming
        yield Finding(
            "slice", f"of {name} {value}: say so in FILE.request.json, such as " + json.dumps({name: value})
        )


def _clock(answer: Answer, received: datetime | None) -> Iterator[Finding]:
    """A vintage from the future would stand above every honest one that follows."""
    if received is not None and answer.as_of > received + AHEAD:
        yield Finding("from-the-future", f"as_of {answer.as_of.isoformat()}, received {received.isoformat()}")


def _window(answer: Answer, asked: tuple[date, date] | None, history: date) -> Iterator[Finding]:
    given = (answer.start, answer.end)
    if asked is None or asked == given:
        return
    code = "window-clamped" if asked[0] < history and given == (history, asked[1]) else "window-cut"
    yield Finding(code, f"asked for {asked[0]} to {asked[1]}, got {given[0]} to {given[1]}")


def _rows(answer: Answer, period: Period) -> Iterator[Finding]:
    length = timedelta(days=1 if period == "day" else 7)
    named = pl.col("model_permaslug") != OTHER
    buckets = (
        answer.rows.with_row_index()
        .group_by("date", maintain_order=True)
        .agg(
            named=named.sum(),
            total=pl.col("tokens").cast(pl.Int128).sum(),
            other_last=named.arg_min() == pl.len() - 1,
            has_other=(~named).any(),
            sorted=(pl.col("tokens").filter(named).diff().drop_nulls() <= 0).all(),
            together=pl.col("index").max() - pl.col("index").min() == pl.len() - 1,
        )
    )
    for bucket in buckets.iter_rows(named=True):
        day = bucket["date"]
        if bucket["total"] > MOST_TOKENS_A_DAY * length.days:
            yield Finding("absurd-total", f"{day}: {bucket['total']} tokens")
        if bucket["named"] > FULL_DEPTH:
            yield Finding("too-many-rows", f"{day}: {bucket['named']}")
        if midnight(day) + length > answer.as_of:
            yield Finding("in-progress", str(day))
        if bucket["has_other"] and not bucket["other_last"]:
            yield Finding("other-not-last", str(day))
        if not (bucket["sorted"] and bucket["together"]):
            yield Finding("unsorted", str(day))
    dates = buckets["date"]
    if not dates.is_sorted():
        yield Finding("unsorted", "dates")
    expected = _expected(answer, period, length)
    if missing := sorted(expected - set(dates)):
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        yield Finding("days-missing", f"{missing[0]}{more}")


def _expected(answer: Answer, period: Period, length: timedelta) -> set[date]:
    """The buckets that lie in the window and had closed when the answer was given."""
    first = answer.start if period == "day" else monday(answer.start + timedelta(days=6))
    days = []
    while first + length <= answer.end + timedelta(days=1) and midnight(first) + length <= answer.as_of:
        days.append(first)
        first += length
    return set(days)
