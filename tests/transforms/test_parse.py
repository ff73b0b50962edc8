"""An answer's bytes: read exactly, or refused with the place that is wrong."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import StandingsError
from tests.support.examples import examples
from tests.support.frames import DAY, LARGEST
from transforms.parse import ROWS, Answer, Torn, Unreadable, parse

LONGEST_MESSAGE = 250

Content = dict[str, Any]


def answer() -> Content:
    """A well-formed answer over the week of 2026-03-09."""
    return {
        "data": [
            {"date": "2026-03-09", "model_permaslug": "deepseek/deepseek-v3.2", "total_tokens": "500"},
            {"date": "2026-03-09", "model_permaslug": "deepseek/deepseek-v3.2:free", "total_tokens": "7"},
            {"date": "2026-03-10", "model_permaslug": "other", "total_tokens": "0"},
        ],
        "meta": {
            "as_of": "2026-03-16T00:05:16.123Z",
            "version": "v1",
            "start_date": "2026-03-09",
            "end_date": "2026-03-15",
        },
    }


def encoded(content: object) -> bytes:
    return json.dumps(content).encode()


def refusal(body: bytes, period: str = "day", torn: bool | None = None) -> str:
    """The message with which the body is refused, once its form has been checked.

    torn: whether the body must be refused as one that is no JSON, or must not; None where a test cannot know.
    """
    with pytest.raises(Unreadable) as caught:
        parse(body, period)  # type: ignore[arg-type]
    message = str(caught.value)
    assert torn is None or isinstance(caught.value, Torn) is torn
    assert isinstance(caught.value, StandingsError)
    assert message.isprintable()
    assert 0 < len(message) <= LONGEST_MESSAGE
    return message


def test_an_answer_is_read_as_it_stands() -> None:
    found = parse(encoded(answer()), "day")
    assert found.as_of == datetime(2026, 3, 16, 0, 5, 16, 123000, tzinfo=UTC)
    assert (found.start, found.end) == (date(2026, 3, 9), date(2026, 3, 15))
    assert found.rows.schema == ROWS
    assert found.rows.rows() == [
        (date(2026, 3, 9), "deepseek/deepseek-v3.2", 500),
        (date(2026, 3, 9), "deepseek/deepseek-v3.2:free", 7),
        (date(2026, 3, 10), "other", 0),
    ]


def in_row(**fields: object) -> Callable[[Content], None]:
    """Changes fields of the second row."""
    return lambda content: content["data"][1].update(fields)


def in_meta(**fields: object) -> Callable[[Content], None]:
    return lambda content: content["meta"].update(fields)


def in_answer(**fields: object) -> Callable[[Content], None]:
    return lambda content: content.update(fields)


def without(*path: str | int) -> Callable[[Content], None]:
    """Takes away the field at the end of the path."""

    def change(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        del content[path[-1]]

    return change


LONG = "x" * 5000

REFUSED: dict[str, tuple[Callable[[Content], object], tuple[str, ...]]] = {
    "answer: unknown field": (in_answer(next="more"), ("answer", "next")),
    "answer: long unknown field": (in_answer(**{LONG: 1}), ("answer", "xxx")),
    "answer: no data": (without("data"), ("answer", "data", "missing")),
    "answer: no meta": (without("meta"), ("answer", "meta", "missing")),
    "answer: data is an object": (in_answer(data={}), ("answer", "data", "an object")),
    "answer: data is null": (in_answer(data=None), ("answer", "data", "null")),
    "answer: data is empty": (in_answer(data=[]), ("answer", "data", "empty", "2026-03-09", "2026-03-15")),
    "meta: is a list": (in_answer(meta=[]), ("meta", "a list")),
    "meta: unknown field": (in_meta(cursor="x"), ("meta", "cursor")),
    "meta: no as_of": (without("meta", "as_of"), ("meta", "as_of", "missing")),
    "meta: no version": (without("meta", "version"), ("meta", "version", "missing")),
    "meta: no start_date": (without("meta", "start_date"), ("meta", "start_date", "missing")),
    "meta: no end_date": (without("meta", "end_date"), ("meta", "end_date", "missing")),
    "meta: another version": (in_meta(version="v2"), ("meta", "version", "v2")),
    "meta: version is a number": (in_meta(version=1), ("meta", "version", "1")),
    "meta: version is long": (in_meta(version=LONG), ("meta", "version", "xxx")),
    "meta: as_of in nanoseconds": (in_meta(as_of="2026-03-16T00:00:00.123456789Z"), ("meta", "as_of")),
    "meta: as_of without seconds": (in_meta(as_of="2026-03-16T00:00Z"), ("meta", "as_of")),
    "meta: as_of in other digits": (in_meta(as_of="٢٠٢٦-03-16T00:00:00Z"), ("meta", "as_of")),
    "meta: as_of is a day": (in_meta(as_of="2026-03-16"), ("meta", "as_of", "2026-03-16")),
    "meta: as_of has no zone": (in_meta(as_of="2026-03-16T00:00:00"), ("meta", "as_of")),
    "meta: as_of in another zone": (in_meta(as_of="2026-03-16T00:00:00+02:00"), ("meta", "as_of")),
    "meta: as_of is impossible": (in_meta(as_of="2026-02-30T00:00:00Z"), ("meta", "as_of", "02-30")),
    "meta: as_of is a number": (in_meta(as_of=1773619516), ("meta", "as_of", "1773619516")),
    "meta: as_of is null": (in_meta(as_of=None), ("meta", "as_of")),
    "meta: as_of is long": (in_meta(as_of=LONG + "Z"), ("meta", "as_of")),
    "meta: start_date is impossible": (in_meta(start_date="2026-02-30"), ("meta", "start_date", "02-30")),
    "meta: start_date is null": (in_meta(start_date=None), ("meta", "start_date")),
    "meta: end_date is a moment": (in_meta(end_date="2026-03-15T00:00:00Z"), ("meta", "end_date")),
    "meta: end before start": (in_meta(end_date="2026-03-08"), ("meta", "end_date", "start_date")),
    "row: is null": (lambda content: content["data"].insert(1, None), ("row 2", "null")),
    "row: is a text": (lambda content: content["data"].insert(1, "x"), ("row 2", "a text")),
    "row: unknown field": (in_row(rank=1), ("row 2", "rank")),
    "row: unknown field on many lines": (in_row(**{"a\nb" * 99: 1}), ("row 2", "a b")),
    "row: no date": (without("data", 1, "date"), ("row 2", "date", "missing")),
    "row: no model_permaslug": (without("data", 1, "model_permaslug"), ("row 2", "model_permaslug", "miss")),
    "row: no total_tokens": (without("data", 1, "total_tokens"), ("row 2", "total_tokens", "missing")),
    "date: impossible": (in_row(date="2026-02-30"), ("row 2", "date", "2026-02-30")),
    "date: month 13": (in_row(date="2026-13-01"), ("row 2", "date", "2026-13-01")),
    "date: short": (in_row(date="2026-3-9"), ("row 2", "date", "2026-3-9")),
    "date: a week's": (in_row(date="2026-W11-1"), ("row 2", "date", "2026-W11-1")),
    "date: without dashes": (in_row(date="20260309"), ("row 2", "date", "20260309")),
    "date: other digits": (in_row(date="٢٠٢٦-٠٣-٠٩"), ("row 2", "date")),
    "date: line end after it": (in_row(date="2026-03-09\n"), ("row 2", "date")),
    "date: null": (in_row(date=None), ("row 2", "date", "None")),
    "date: nested": (in_row(date=[[["2026-03-09"]] * 500]), ("row 2", "date")),
    "date: before the window": (in_row(date="2026-03-08"), ("row 2", "date", "2026-03-08", "2026-03-09")),
    "date: after the window": (in_row(date="2026-03-16"), ("row 2", "date", "2026-03-16", "2026-03-15")),
    "slug: empty": (in_row(model_permaslug=""), ("row 2", "model_permaslug", "empty")),
    "slug: null": (in_row(model_permaslug=None), ("row 2", "model_permaslug", "null")),
    "slug: a number": (in_row(model_permaslug=5), ("row 2", "model_permaslug", "5")),
    "slug: blank in it": (in_row(model_permaslug="a/b c"), ("row 2", "model_permaslug", "a/b c")),
    "slug: line end in it": (in_row(model_permaslug="a/b\nc"), ("row 2", "model_permaslug")),
    "slug: half a character": (in_row(model_permaslug="a/\ud800"), ("row 2", "model_permaslug")),
    "slug: long": (in_row(model_permaslug=LONG), ("row 2", "model_permaslug")),
    "slug: twice in a bucket": (
        in_row(model_permaslug="deepseek/deepseek-v3.2"),
        ("row 2", "row 1", "model_permaslug", "deepseek/deepseek-v3.2", "2026-03-09"),
    ),
    "count: a float": (in_row(total_tokens=5.0), ("row 2", "total_tokens", "5.0")),
    "count: a large float": (in_row(total_tokens=1e300), ("row 2", "total_tokens", "1e+300")),
    "count: a whole number": (in_row(total_tokens=5), ("row 2", "total_tokens", "5")),
    "count: a long whole number": (in_row(total_tokens=10**4000), ("row 2", "total_tokens")),
    "count: null": (in_row(total_tokens=None), ("row 2", "total_tokens", "null")),
    "count: true": (in_row(total_tokens=True), ("row 2", "total_tokens", "true")),
    "count: a list": (in_row(total_tokens=["5"]), ("row 2", "total_tokens", "a list")),
    "count: an object": (in_row(total_tokens={}), ("row 2", "total_tokens", "an object")),
    "count: empty": (in_row(total_tokens=""), ("row 2", "total_tokens")),
    "count: an exponent": (in_row(total_tokens="1e15"), ("row 2", "total_tokens", "1e15")),
    "count: a point": (in_row(total_tokens="1.0"), ("row 2", "total_tokens", "1.0")),
    "count: blank before": (in_row(total_tokens=" 5"), ("row 2", "total_tokens", "5")),
    "count: blank after": (in_row(total_tokens="5 "), ("row 2", "total_tokens", "5")),
    "count: line end after it": (in_row(total_tokens="5\n"), ("row 2", "total_tokens", "5")),
    "count: plus": (in_row(total_tokens="+5"), ("row 2", "total_tokens", "+5")),
    "count: leading zero": (in_row(total_tokens="05"), ("row 2", "total_tokens", "05")),
    "count: many zeros": (in_row(total_tokens="00"), ("row 2", "total_tokens", "00")),
    "count: negative": (in_row(total_tokens="-3"), ("row 2", "total_tokens", "-3", "negative")),
    "count: commas": (in_row(total_tokens="1,000"), ("row 2", "total_tokens", "1,000")),
    "count: underscore": (in_row(total_tokens="1_000"), ("row 2", "total_tokens", "1_000")),
    "count: other digits": (in_row(total_tokens="٥"), ("row 2", "total_tokens")),
    "count: hexadecimal": (in_row(total_tokens="0x5"), ("row 2", "total_tokens", "0x5")),
    "count: 2^63": (in_row(total_tokens=str(2**63)), ("row 2", "total_tokens", str(2**63))),
    "count: 20 digits": (in_row(total_tokens="1" + "0" * 19), ("row 2", "total_tokens")),
    "count: 9,000 digits": (in_row(total_tokens="9" * 9000), ("row 2", "total_tokens")),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_the_contract_is_refused_with_its_place(case: str) -> None:
    change, named = REFUSED[case]
    content = answer()
    change(content)
    message = refusal(encoded(content), torn=False)
    assert [each for each in named if each not in message] == []


GOOD = encoded(answer()).decode()

NOT_THE_ANSWER: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "blanks": (b" \n ", "not JSON"),
    "a text": (b'"hello"', "answer: is a text"),
    "null": (b"null", "answer: is null"),
    "a list": (b"[]", "answer: is a list"),
    "an error": (b'{"error":{"code":401,"message":"No auth"}}', "answer: field data is missing"),
    "an HTML page": (b"  <!DOCTYPE html>\n<html>" + b"<p>Bad gateway</p>" * 999, "HTML page"),
    "not UTF-8": (GOOD.encode().replace(b"deepseek", b"deep\xffseek", 1), "not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "not UTF-8"),
    "compressed": (b"\x1f\x8b\x08\x00" + b"\x00" * 20, "not UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), "BOM"),
    "two answers": ((GOOD + "\n" + GOOD).encode(), "not JSON"),
    "NaN": (GOOD.replace('"500"', "NaN").encode(), "NaN"),
    "Infinity": (GOOD.replace('"500"', "Infinity").encode(), "Infinity"),
    "-Infinity": (GOOD.replace('"500"', "-Infinity").encode(), "-Infinity"),
    "a float that overflows": (GOOD.replace('"500"', "1e999").encode(), "total_tokens"),
    "a number of 9,000 digits": (GOOD.replace('"500"', "9" * 9000).encode(), "not the API's JSON"),
    "a key twice in a row": (GOOD.replace('"date"', '"date": "2026-03-09", "date"', 1).encode(), "'date'"),
    "a key twice in the answer": (GOOD.replace('"data"', '"data": [], "data"', 1).encode(), "'data'"),
    "a key twice, once escaped": (GOOD.replace('"date"', '"d\\u0061te": "x", "date"', 1).encode(), "'date'"),
    "deep lists": (b"[" * 100_000, "nested too deeply"),
    "deep lists, closed": (b"[" * 50_000 + b"]" * 50_000, "nested too deeply"),
    "deep objects": (b'{"data":' * 50_000, "nested too deeply"),
    "deep in a row": (GOOD.replace('"500"', "[" * 50_000 + "]" * 50_000).encode(), "nested too deeply"),
}


JSON_OF_ANOTHER_KIND = {"a text", "null", "a list", "an error", "a float that overflows"}
"""Bodies that are JSON and came whole: another attempt would bring the same."""


@pytest.mark.parametrize("case", NOT_THE_ANSWER)
def test_a_body_of_another_kind_is_refused(case: str) -> None:
    body, why = NOT_THE_ANSWER[case]
    assert why in refusal(body, torn=case not in JSON_OF_ANOTHER_KIND)


@pytest.mark.parametrize("depth", range(900, 1000, 3))
@pytest.mark.parametrize("place", ["total_tokens", "date", "model_permaslug"])
def test_nesting_near_the_limit_of_what_python_reads_is_refused(place: str, depth: int) -> None:
    content = answer()
    content["data"][0][place] = "@"
    assert refusal(json.dumps(content).replace('"@"', "[" * depth + "]" * depth).encode())


def test_a_weekly_answer_has_mondays_only() -> None:
    content = answer()
    message = refusal(encoded(content), "week")
    assert "row 3" in message
    assert "date 2026-03-10 is no Monday" in message
    content["data"][2]["date"] = "2026-03-09"
    assert parse(encoded(content), "week").rows["date"].unique().to_list() == [date(2026, 3, 9)]


def test_a_weekly_answer_may_begin_within_its_first_week() -> None:
    content = answer()
    content["data"].pop()
    content["meta"]["start_date"] = "2026-03-11"
    assert parse(encoded(content), "week").start == date(2026, 3, 11)
    assert "row 1: date 2026-03-09 lies outside" in refusal(encoded(content), "day")
    content["data"][0]["date"] = "2026-03-02"
    assert "row 1: date 2026-03-02 lies outside" in refusal(encoded(content), "week")


def test_a_window_may_be_a_single_day() -> None:
    content = answer()
    content["data"].pop()
    content["meta"]["end_date"] = "2026-03-09"
    found = parse(encoded(content), "day")
    assert found.start == found.end == date(2026, 3, 9)


def test_the_same_model_may_be_there_on_two_days() -> None:
    content = answer()
    content["data"][1].update(date="2026-03-10", model_permaslug="deepseek/deepseek-v3.2")
    assert parse(encoded(content), "day").rows.height == 3


@pytest.mark.parametrize("tokens", [0, 1, 9, 10, 2**53 + 1, 10**18, LARGEST - 1, LARGEST])
def test_a_count_is_kept_to_the_token(tokens: int) -> None:
    content = answer()
    content["data"][0]["total_tokens"] = str(tokens)
    assert parse(encoded(content), "day").rows["tokens"][0] == tokens


def test_a_real_answer_cut_anywhere_is_refused(shared_data: Path) -> None:
    body = next((shared_data / "responses").glob("*asof_20260719*.json")).read_bytes()
    whole = parse(body, "day")
    assert whole.rows.height == 30 * 51
    body = body.rstrip()
    cuts = [*range(10), *(len(body) * n // 40 for n in range(1, 40)), *range(len(body) - 10, len(body))]
    assert len(cuts) >= 50
    messages = [refusal(body[:cut], torn=True) for cut in cuts]
    assert all("not JSON" in message for message in messages)


@examples(300)
@given(st.binary(max_size=200))
def test_no_bytes_raise_another_error(body: bytes) -> None:
    assert refusal(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2026-03-09", "5", "v1", "other", "2026-03-16T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@examples(120)
@given(JSON)
def test_no_json_raises_another_error(content: object) -> None:
    body = encoded(content)
    strict = b"NaN" not in body and b"Infinity" not in body
    assert refusal(body, torn=False if strict else None)


PLACES: list[tuple[str | int, ...]] = [
    ("data",),
    ("meta",),
    ("data", 1),
    *(("data", 1, field) for field in ("date", "model_permaslug", "total_tokens", "surprise")),
    *(("meta", field) for field in ("as_of", "start_date", "end_date", "surprise")),
]


@examples(300)
@given(st.sampled_from(PLACES), JSON, st.sampled_from(["day", "week"]))
def test_any_value_in_any_place_is_read_or_refused(
    place: tuple[str | int, ...], value: object, period: Any
) -> None:
    content: Any = answer()
    holder = content
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    body = encoded(content)
    try:
        found = parse(body, period)
    except Unreadable:
        assert refusal(body, period)
    else:
        assert isinstance(found, Answer)
        assert "surprise" not in place
        assert found.rows.schema == ROWS


SLUGS = st.from_regex(r"[a-z0-9~._-]{1,12}/[a-zA-Z0-9._-]{1,20}(:(free|beta|thinking))?", fullmatch=True)
START = date(2026, 3, 4)
WINDOW = st.integers(min_value=0, max_value=11).map(lambda n: START + n * DAY)
CELLS = st.tuples(WINDOW, SLUGS | st.just("other") | st.just("名前/模型"))


@examples(100)
@given(
    st.dictionaries(CELLS, st.integers(min_value=0, max_value=LARGEST), min_size=1, max_size=12),
    st.datetimes(datetime(2026, 3, 16), datetime(2030, 1, 1)),  # noqa: DTZ001
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_a_well_formed_answer_is_read_exactly(
    cells: dict[tuple[date, str], int], as_of: datetime, ascii_only: bool, shuffle: Any
) -> None:
    rows = [
        [("date", str(day)), ("model_permaslug", slug), ("total_tokens", str(tokens))]
        for (day, slug), tokens in cells.items()
    ]
    for row in rows:
        shuffle.shuffle(row)
    meta = {
        "version": "v1",
        "end_date": str(START + 11 * DAY),
        "start_date": str(START),
        "as_of": as_of.isoformat() + "Z",
    }
    content = {"meta": meta, "data": [dict(row) for row in rows]}
    body = json.dumps(content, ensure_ascii=ascii_only, indent=None if ascii_only else 2).encode()
    found = parse(body, "day")
    assert found.as_of == as_of.replace(tzinfo=UTC)
    assert (found.start, found.end) == (START, START + 11 * DAY)
    assert found.rows.rows() == [(day, slug, tokens) for (day, slug), tokens in cells.items()]
    assert found.rows["tokens"].dtype == pl.Int64
