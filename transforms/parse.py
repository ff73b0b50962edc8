"""Response bytes -> typed rows. A field that is not known, or a value that is not exact, raises."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Literal, TypeVar

import polars as pl

from schemas.errors import StandingsError
from transforms.weeks import monday

Period = Literal["day", "week"]

VERSION = "v1"
LARGEST_COUNT = 2**63 - 1
YEARS = range(2000, 2101)
"""What lies outside is a slip: far enough out, the weeks and days around it are no dates at all."""

ROW_FIELDS = ("date", "model_permaslug", "total_tokens")
META_FIELDS = ("as_of", "version", "start_date", "end_date")

ROWS = pl.Schema({"date": pl.Date, "model_permaslug": pl.String, "tokens": pl.Int64})

Day = TypeVar("Day", date, datetime)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)
_COUNT = re.compile(r"0|[1-9][0-9]*")


class Unreadable(StandingsError):
    """An answer that is not the contract's. The message names the row and the field, not the file."""


class Torn(Unreadable):
    """A body that is no JSON at all, such as one that was cut short: another attempt may bring it whole."""


@dataclass(frozen=True)
class Answer:
    """One answer of `rankings-daily`: its vintage, the window it covers, and its rows (schema `ROWS`)."""

    as_of: datetime
    start: date
    end: date
    rows: pl.DataFrame


def parse(body: bytes, period: Period) -> Answer:
    """The typed content of an answer's body.

    period: the grain that was asked for, which the body does not say.
    Raises `Unreadable` on anything but the contract: a body that is not JSON or is cut short, a field that
    is missing or unknown, a count that is not a plain decimal string of 0 to 2^63 - 1, an impossible date or
    one outside the window or `YEARS`, and a model that is there twice in a bucket. `other` may be absent.
    """
    content = _fields(_json(body), ("data", "meta"), "answer")
    meta = _fields(content["meta"], META_FIELDS, "meta")
    if meta["version"] != VERSION:
        raise Unreadable(f"meta: version is {_excerpt(str(meta['version']))!r}; only {VERSION!r} can be read")
    start = _date(meta["start_date"], "meta", "start_date")
    end = _date(meta["end_date"], "meta", "end_date")
    if end < start:
        raise Unreadable(f"meta: end_date {end} lies before start_date {start}")
    if not isinstance(content["data"], list):
        raise Unreadable(f"answer: data is {_kind(content['data'])}, not a list of rows")
    if not content["data"]:
        raise Unreadable(f"answer: data is empty: the source gave nothing for {start} to {end}")
    rows = list(_rows(content["data"], period, start, end))
    return Answer(
        as_of=_moment(meta["as_of"]),
        start=start,
        end=end,
        rows=pl.DataFrame(rows, schema=ROWS, orient="row"),
    )


def _json(body: bytes) -> object:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Torn(f"byte {error.start}: not UTF-8 text") from None
    if text.lstrip()[:1] == "<":
        raise Torn(f"this is an HTML page, not the API's JSON: {_excerpt(text)}")
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        cut = "" if text.rstrip().endswith("}") else " (the body is cut short)"
        raise Torn(f"line {error.lineno}: not JSON{cut}: {error.msg}") from None
    except RecursionError:
        raise Torn("not the API's JSON: nested too deeply") from None
    except ValueError as error:
        raise Torn(f"not the API's JSON: {error}") from None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"field {_excerpt(twice)!r} is there twice in one object, {_excerpt(str(content))}")
    return content


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is not a JSON value")


def _fields(content: object, known: tuple[str, ...], place: str) -> dict[str, Any]:
    """The content as an object that has exactly the known fields."""
    if not isinstance(content, dict):
        raise Unreadable(f"{place}: is {_kind(content)}, not an object with {', '.join(known)}")
    if missing := [field for field in known if field not in content]:
        raise Unreadable(f"{place}: field {missing[0]} is missing")
    if unknown := [field for field in content if field not in known]:
        raise Unreadable(f"{place}: field {_excerpt(unknown[0])!r} is not known")
    return content


def _rows(
    data: list[object],
    period: Period,
    start: date,
    end: date,
) -> Iterator[tuple[date, str, int]]:
    seen: dict[tuple[date, str], int] = {}
    first = start if period == "day" else monday(start)
    for number, content in enumerate(data, start=1):
        place = f"row {number}"
        row = _fields(content, ROW_FIELDS, place)
        day = _date(row["date"], place, "date")
        if not first <= day <= end:
            raise Unreadable(f"{place}: date {day} lies outside the window {start} to {end}")
        if period == "week" and day.weekday():
            raise Unreadable(f"{place}: date {day} is no Monday, so this is no weekly answer")
        slug = _slug(row["model_permaslug"], place)
        if (day, slug) in seen:
            raise Unreadable(
                f"{place}: model_permaslug {_excerpt(slug)!r} is there twice on {day}: "
                f"first in row {seen[day, slug]}"
            )
        seen[day, slug] = number
        yield day, slug, _count(row["total_tokens"], place)


def _slug(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"{place}: model_permaslug is {_kind(value)}, not a model's name")
    if not value:
        raise Unreadable(f"{place}: model_permaslug is empty")
    if not value.isprintable() or " " in value or len(value) > 200:
        raise Unreadable(f"{place}: model_permaslug {_excerpt(value)!r} is not a model's name")
    return value


def _count(value: object, place: str) -> int:
    if not isinstance(value, str):
        raise Unreadable(f"{place}: total_tokens is {_kind(value)}, not a decimal string")
    if value.startswith("-"):
        raise Unreadable(f"{place}: total_tokens {_excerpt(value)!r} is negative")
    if not _COUNT.fullmatch(value):
        raise Unreadable(f"{place}: total_tokens {_excerpt(value)!r} is not a whole number of tokens")
    if len(value) > 19 or int(value) > LARGEST_COUNT:
        raise Unreadable(f"{place}: total_tokens {_excerpt(value)!r} is above 2^63 - 1")
    return int(value)


def _date(value: object, place: str, field: str) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return _in_years(date.fromisoformat(value), place, field)
        except ValueError:
            pass
    raise Unreadable(f"{place}: {field} {_excerpt(str(value))!r} is not a date (YYYY-MM-DD)")


def _moment(value: object) -> datetime:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return _in_years(datetime.fromisoformat(value).astimezone(UTC), "meta", "as_of")
        except ValueError:
            pass
    raise Unreadable(f"meta: as_of {_excerpt(str(value))!r} is not a moment in UTC")


def _in_years(value: Day, place: str, field: str) -> Day:
    if value.year not in YEARS:
        raise Unreadable(f"{place}: {field} {value} lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", type(None): "null", bool: "true or false"}
    return names.get(type(value), f"the number {_excerpt(str(value))}")


def _excerpt(text: str, length: int = 60) -> str:
    """So much of a text as an error message can bear, on one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in islice(text, length + 1)).split())
    return line if len(line) <= length else line[:length] + "…"
