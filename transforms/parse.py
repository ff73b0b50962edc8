"""Response bytes -> typed rows. A field that is missing, or a value that is not exact, raises."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Literal, TypeVar

import polars as pl

from schemas.errors import StandingsError
from schemas.fields import OTHER
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
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[Tt ](?P<clock>\d{2}:\d{2}(:\d{2}(\.(?P<fraction>\d+))?)?)"
    r"(?P<offset>[Zz]|[+-]\d{2}(:?\d{2}){0,2})?",
    re.ASCII,
)
_MOMENT_EXAMPLE = "2026-07-21T00:05:19Z"
_COUNT = re.compile(r"0|[1-9][0-9]*")
_STATUS = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_KEY = re.compile(r"\bsk-[\w-]{8,}")
"""What the source's keys look like: whatever it repeats of one is not shown."""

_REST = ("other", "others")
"""What the sum of every model outside the list is called here and there, in any case; the contract says `other`."""


class Unreadable(StandingsError):
    """An answer that is not the contract's. The message names the row and the field, not the file."""


class Torn(Unreadable):
    """A body that is no JSON at all, such as one that was cut short: another attempt may bring it whole."""


class Misnamed(Unreadable):
    """A row whose name is no model's. Earlier versions counted some of these as models."""


class SourceError(Unreadable):
    """The source's own error in the place of an answer, whatever the HTTP status it came with.

    status: the HTTP status that the error names, None where it names none. words: what the source says, as it
    came but for anything that looks like a key.
    """

    def __init__(self, status: int | None, words: str) -> None:
        self.status, self.words = status, words
        number = "" if status is None else f" {status}"
        reason = _excerpt(words, 150) or "it gives no reason"
        super().__init__(f"this is the source's error{number}, not figures: {reason}")


@dataclass(frozen=True)
class NewField:
    """A field that the contract did not have. level: `answer`, `meta` or `row`; place: the first that has it."""

    level: str
    name: str
    place: str


@dataclass(frozen=True)
class Answer:
    """One answer of `rankings-daily`: its vintage, the window it covers, and its rows (schema `ROWS`).

    new_fields: what else it has, each level and name once.
    """

    as_of: datetime
    start: date
    end: date
    rows: pl.DataFrame
    new_fields: tuple[NewField, ...] = ()


@dataclass
class _Reader:
    """Takes the known fields out of objects, and notes the others."""

    seen: dict[tuple[str, str], NewField] = field(default_factory=dict)

    def fields(self, content: object, known: tuple[str, ...], level: str, place: str) -> dict[str, Any]:
        """The content as an object that has all the known fields."""
        if not isinstance(content, dict):
            raise Unreadable(f"{place}: is {_kind(content)}, not an object with {', '.join(known)}")
        if missing := [name for name in known if name not in content]:
            raise Unreadable(f"{place}: field {missing[0]} is missing")
        if len(content) > len(known):
            for name in content.keys() - set(known):
                self.seen.setdefault((level, name), NewField(level, _excerpt(name), place))
        return content


def parse(body: bytes, period: Period) -> Answer:
    """The typed content of an answer's body.

    period: the grain that was asked for, which the body does not say.
    Raises `Unreadable` on anything but the contract: a body that is not JSON or is cut short, an error of the
    source's, a field that is missing, a count that is not a whole number of 0 to 2^63 - 1 (as a plain decimal
    string or as a JSON integer), an impossible date or one outside the window or `YEARS`, a name that is neither
    `author/model` nor `other`, and a model that is there twice in a bucket. `other` may be absent, and a field
    that the contract did not have is noted: the source says that such fields can come.
    """
    content = _json(body)
    if (error := _error(content)) is not None:
        raise error
    reader = _Reader()
    whole = reader.fields(content, ("data", "meta"), "answer", "answer")
    meta = reader.fields(whole["meta"], META_FIELDS, "meta", "meta")
    if meta["version"] != VERSION:
        raise Unreadable(f"meta: version is {_excerpt(str(meta['version']))!r}; only {VERSION!r} can be read")
    start = _date(meta["start_date"], "meta", "start_date")
    end = _date(meta["end_date"], "meta", "end_date")
    if end < start:
        raise Unreadable(f"meta: end_date {end} lies before start_date {start}")
    if not isinstance(whole["data"], list):
        raise Unreadable(f"answer: data is {_kind(whole['data'])}, not a list of rows")
    if not whole["data"]:
        raise Unreadable(f"answer: data is empty: the source gave nothing for {start} to {end}")
    rows = list(_rows(reader, whole["data"], period, start, end))
    return Answer(
        as_of=_moment(meta["as_of"]),
        start=start,
        end=end,
        rows=pl.DataFrame(rows, schema=ROWS, orient="row"),
        new_fields=tuple(reader.seen[key] for key in sorted(reader.seen)),
    )


def source_error(body: bytes) -> SourceError | None:
    """The source's own error that a body holds; None where it holds none or cannot be read."""
    try:
        return _error(_json(body))
    except Torn:
        return None


def _error(content: object) -> SourceError | None:
    """The error that an answer consists of. An empty `error` next to figures is a new field, and no error."""
    if (
        not isinstance(content, dict)
        or "error" not in content
        or ("data" in content and not content["error"])
    ):
        return None
    error = content["error"]
    details = error if isinstance(error, dict) else {"message": error}
    code, words = (_scalar(details.get(name)) for name in ("code", "message"))
    return SourceError(
        status=int(code) if _STATUS.fullmatch(code) else None,
        words=_KEY.sub("(a key)", words),
    )


def _scalar(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


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


def _rows(
    reader: _Reader,
    data: list[object],
    period: Period,
    start: date,
    end: date,
) -> Iterator[tuple[date, str, int]]:
    seen: dict[tuple[date, str], int] = {}
    first = start if period == "day" else monday(start)
    for number, content in enumerate(data, start=1):
        place = f"row {number}"
        row = reader.fields(content, ROW_FIELDS, "row", place)
        day = _date(row["date"], place, "date")
        if not first <= day <= end:
            raise Unreadable(f"{place}: date {day} lies outside the window {start} to {end}")
        if period == "week" and day.weekday():
            raise Unreadable(f"{place}: date {day} is no Monday, so this is no weekly answer")
        slug = _slug(row["model_permaslug"], place)
        entry = day, _author_in_lower_case(slug)
        if entry in seen:
            raise Misnamed(
                f"{place}: model_permaslug {_excerpt(slug)!r} is there twice on {day}: "
                f"first in row {seen[entry]}"
            )
        seen[entry] = number
        yield day, slug, _count(row["total_tokens"], place)


def _author_in_lower_case(slug: str) -> str:
    """What two spellings of one model's name have in common."""
    author, slash, name = slug.partition("/")
    return (author.lower() if author.isascii() else author) + slash + name


def _slug(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"{place}: model_permaslug is {_kind(value)}, not a model's name")
    if not value:
        raise Unreadable(f"{place}: model_permaslug is empty")
    if value != OTHER and (problem := _name_problem(value)):
        raise Misnamed(f'{place}: model_permaslug "{_excerpt(value)}" is not a model\'s name: {problem}')
    return value


def _name_problem(name: str) -> str | None:
    """Why a text is no model's name, with the likely correction; None where it is one."""
    author, slash, model = name.partition("/")
    # Full-width and other compatible forms of a letter or slash are taken for a slip of the plain one.
    likely = unicodedata.normalize("NFKC", name[:200]).strip().casefold()
    if likely.partition(":")[0] in _REST:
        return f'the rest is called "{OTHER}"'
    if len(name) > 200:
        return "it has more than 200 characters"
    if name != name.strip():
        return "take away the blanks around it"
    if not name.isprintable() or " " in name:
        return "it has a blank or a character that cannot be seen"
    if not slash:
        if "/" in likely:
            return 'the slash has to be a plain "/"'
        return "name the author too, such as openai/gpt-4o; a list of authors cannot be counted"
    if "/" in model:
        likely = "/".join([part for part in name.split("/") if part][-2:])
        return (
            f'it has {name.count("/")} slashes: name the author and the model, such as "{_excerpt(likely)}"'
        )
    if not author:
        return "there is no author before the slash"
    if not model.partition(":")[0]:
        return "there is no model after the slash"
    if model.endswith(":"):
        return "there is no variant after the colon"
    return None


def _count(value: object, place: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        # A JSON integer is as exact as a text of digits, and is read by the same rules.
        value = str(value)
    if not isinstance(value, str):
        raise Unreadable(f"{place}: total_tokens is {_kind(value)}, not a whole number of tokens")
    if value.startswith("-"):
        raise Unreadable(f"{place}: total_tokens {_excerpt(value)!r} is negative")
    if value != (bare := value.strip()) and _COUNT.fullmatch(bare):
        raise Unreadable(f"{place}: total_tokens {_excerpt(value)!r} has blanks around it: take them away")
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
    """A moment in UTC, to the microsecond at most. Raises `Unreadable` that says what another one has."""
    if not isinstance(value, str):
        raise Unreadable(f"meta: as_of is {_kind(value)}, not a moment such as {_MOMENT_EXAMPLE}")
    place = f"meta: as_of {_excerpt(value)!r}"
    try:
        match = _MOMENT.fullmatch(value)
        moment = match and datetime.fromisoformat(f"{match['day']}T{match['clock'][:15]}").replace(tzinfo=UTC)
    except ValueError:
        moment = None
    if match is None or moment is None:
        raise Unreadable(f"{place} is not a moment (such as {_MOMENT_EXAMPLE})")
    if len(match["fraction"] or "") > 6:
        raise Unreadable(
            f"{place} has {len(match['fraction'])} digits after the second; 6, microseconds, are the most"
        )
    if match["offset"] is None:
        raise Unreadable(f"{place} has no offset: where it is meant in UTC, put a Z after it")
    if not set(match["offset"]) <= set("Zz+-:0"):
        raise Unreadable(f"{place} has the offset {match['offset']}: give the moment in UTC")
    return _in_years(moment, "meta", "as_of")


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
