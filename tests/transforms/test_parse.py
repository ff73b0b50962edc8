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
from transforms.parse import ROWS, Answer, NewField, SourceError, Torn, Unreadable, parse, source_error

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
    "answer: no data": (without("data"), ("answer", "data", "missing")),
    "answer: no meta": (without("meta"), ("answer", "meta", "missing")),
    "answer: data is an object": (in_answer(data={}), ("answer", "data", "an object")),
    "answer: data is null": (in_answer(data=None), ("answer", "data", "null")),
    "answer: data is empty": (in_answer(data=[]), ("answer", "data", "empty", "2026-03-09", "2026-03-15")),
    "meta: is a list": (in_answer(meta=[]), ("meta", "a list")),
    "meta: no as_of": (without("meta", "as_of"), ("meta", "as_of", "missing")),
    "meta: no version": (without("meta", "version"), ("meta", "version", "missing")),
    "meta: no start_date": (without("meta", "start_date"), ("meta", "start_date", "missing")),
    "meta: no end_date": (without("meta", "end_date"), ("meta", "end_date", "missing")),
    "meta: another version": (in_meta(version="v2"), ("meta", "version", "v2")),
    "meta: version is a number": (in_meta(version=1), ("meta", "version", "1")),
    "meta: version is long": (in_meta(version=LONG), ("meta", "version", "xxx")),
    "meta: as_of in other digits": (in_meta(as_of="٢٠٢٦-03-16T00:00:00Z"), ("meta", "as_of")),
    "meta: as_of is a day": (in_meta(as_of="2026-03-16"), ("meta", "as_of", "2026-03-16")),
    "meta: as_of is impossible": (in_meta(as_of="2026-02-30T00:00:00Z"), ("meta", "as_of", "02-30")),
    "meta: as_of is long": (in_meta(as_of=LONG + "Z"), ("meta", "as_of")),
    "meta: start_date is impossible": (in_meta(start_date="2026-02-30"), ("meta", "start_date", "02-30")),
    "meta: start_date is null": (in_meta(start_date=None), ("meta", "start_date")),
    "meta: end_date is a moment": (in_meta(end_date="2026-03-15T00:00:00Z"), ("meta", "end_date")),
    "meta: end before start": (in_meta(end_date="2026-03-08"), ("meta", "end_date", "start_date")),
    "row: is null": (lambda content: content["data"].insert(1, None), ("row 2", "null")),
    "row: is a text": (lambda content: content["data"].insert(1, "x"), ("row 2", "a text")),
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
    "count: a long whole number": (in_row(total_tokens=10**4000), ("row 2", "total_tokens")),
    "count: a negative whole number": (in_row(total_tokens=-3), ("row 2", "total_tokens", "-3", "negative")),
    "count: a whole number of 2^63": (in_row(total_tokens=2**63), ("row 2", "total_tokens", "above 2^63 - 1")),
    "count: blank before": (in_row(total_tokens=" 5"), ("row 2", "total_tokens '5' has blanks around it",)),
    "count: blank after": (in_row(total_tokens="5 "), ("row 2", "total_tokens '5' has blanks around it",)),
    "count: line end after it": (in_row(total_tokens="5\n"), ("row 2", "total_tokens '5' has blanks",)),
    "count: blanks alone": (in_row(total_tokens="  "), ("row 2", "total_tokens", "not a whole number")),
    "count: blank in it": (in_row(total_tokens="1 000"), ("row 2", "total_tokens '1 000' is not a whole")),
    "count: blanks around a point": (in_row(total_tokens=" 1.5 "), ("row 2", "'1.5' is not a whole number")),
    "count: null": (in_row(total_tokens=None), ("row 2", "total_tokens", "null")),
    "count: true": (in_row(total_tokens=True), ("row 2", "total_tokens", "true")),
    "count: a list": (in_row(total_tokens=["5"]), ("row 2", "total_tokens", "a list")),
    "count: an object": (in_row(total_tokens={}), ("row 2", "total_tokens", "an object")),
    "count: empty": (in_row(total_tokens=""), ("row 2", "total_tokens")),
    "count: an exponent": (in_row(total_tokens="1e15"), ("row 2", "total_tokens", "1e15")),
    "count: a point": (in_row(total_tokens="1.0"), ("row 2", "total_tokens", "1.0")),
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


# Names

NAMES: dict[str, tuple[str, str]] = {
    "others": ("Others", 'the rest is called "other"'),
    "other in capitals": ("OTHER", 'the rest is called "other"'),
    "others in lower case": ("others", 'the rest is called "other"'),
    "other with a capital": ("Other", 'the rest is called "other"'),
    "other with blanks": (" other ", 'the rest is called "other"'),
    "other with a variant": ("other:free", 'the rest is called "other"'),
    "other in full width": ("ｏｔｈｅｒ", 'the rest is called "other"'),
    "no slash": ("gpt-oss-120b", "name the author too"),
    "an author": ("deepseek", "name the author too"),
    "a variant alone": (":free", "name the author too"),
    "other in look-alike letters": ("оther", "name the author too"),
    "a full-width slash": ("openai／gpt-4o", 'the slash has to be a plain "/"'),
    "two slashes": ("openrouter/openai/gpt-4o", 'it has 2 slashes: name the author and the model, such as "openai/'),
    "three slashes": ("a/b/c/d", 'it has 3 slashes: name the author and the model, such as "c/d"'),
    "an address": ("https://openrouter.ai/openai/gpt-4o", 'such as "openai/gpt-4o"'),
    "a slash twice": ("openai//gpt-4o", 'such as "openai/gpt-4o"'),
    "a slash at the end": ("openai/gpt-4o/", 'such as "openai/gpt-4o"'),
    "no author": ("/gpt-4o", "no author before the slash"),
    "no model": ("openai/", "no model after the slash"),
    "no model, a variant": ("openai/:free", "no model after the slash"),
    "an empty variant": ("openai/gpt-4o:", "no variant after the colon"),
    "blanks around it": (" openai/gpt-4o", "take away the blanks"),
    "a blank after it": ("openai/gpt-4o\u3000", "take away the blanks"),
    "a blank of no width": ("openai/gpt-4o\u200b", "a character that cannot be seen"),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMES)
@pytest.mark.parametrize("period", ["day", "week"])
def test_a_text_that_is_no_model_s_name_is_refused_with_the_likely_mend(case: str, period: str) -> None:
    name, mend = NAMES[case]
    content = answer()
    content["data"][2].update(date="2026-03-09", model_permaslug=name)
    message = refusal(encoded(content), period)
    assert message.startswith('row 3: model_permaslug "')
    assert mend in message
    content["data"][2]["model_permaslug"] = "other"
    assert parse(encoded(content), period).rows.height == 3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "openai/gpt-4o",
            "Qwen/Qwen3.8-27B",
            "perplexity/pplx-embed-v1-0.6B",
            "a/b:free:beta",
            "other/model",
        ),
        *("a/other", "a/others:free", "名前/模型", "ｏｐｅｎａｉ/gpt-4o", "~a/b", "a/" + "x" * 198),
    ],
)
def test_a_model_s_name_is_kept_as_the_source_wrote_it(name: str) -> None:
    content = answer()
    content["data"][0]["model_permaslug"] = name
    assert parse(encoded(content), "day").rows["model_permaslug"][0] == name


def test_a_model_under_two_spellings_of_its_author_is_there_twice() -> None:
    content = answer()
    content["data"][1]["model_permaslug"] = "DeepSeek/deepseek-v3.2"
    assert "row 2: model_permaslug 'DeepSeek/deepseek-v3.2' is there twice" in refusal(encoded(content))
    # Only looks the same: the sign for kelvin is no k.
    content["data"][1]["model_permaslug"] = "deepsee\u212a/deepseek-v3.2"
    assert parse(encoded(content), "day").rows.height == 3


# New fields


def test_fields_that_the_contract_did_not_have_are_noted_once_each() -> None:
    content = answer()
    expected = parse(encoded(content), "day").rows
    for number, row in enumerate(content["data"]):
        row["rank"] = number
        row.update({} if number == 0 else {"score": None})
    content["meta"]["cursor"] = {"next": [1]}
    content["meta"]["a\nb" * 99] = 1
    content["next"] = "more"
    content["error"] = None
    found = parse(encoded(content), "day")
    long = "a b" + "a b" * 98
    assert found.new_fields == (
        NewField("answer", "error", "answer"),
        NewField("answer", "next", "answer"),
        NewField("meta", long[:60] + "…", "meta"),
        NewField("meta", "cursor", "meta"),
        NewField("row", "rank", "row 1"),
        NewField("row", "score", "row 2"),
    )
    assert found.rows.equals(expected)


def test_an_answer_as_promised_has_no_new_fields() -> None:
    assert parse(encoded(answer()), "day").new_fields == ()


def test_a_field_that_vanishes_stops_though_another_came() -> None:
    content = answer()
    content["data"][1]["tokens"] = content["data"][1].pop("total_tokens")
    assert refusal(encoded(content)) == "row 2: field total_tokens is missing"


# Moments

UTC_MOMENTS = {
    "Z": "2026-03-16T00:05:16Z",
    "z": "2026-03-16t00:05:16z",
    "+00:00": "2026-03-16T00:05:16+00:00",
    "-00:00": "2026-03-16T00:05:16-00:00",
    "+0000": "2026-03-16T00:05:16+0000",
    "+00": "2026-03-16T00:05:16+00",
    "a blank between": "2026-03-16 00:05:16+00:00",
    "tenths": "2026-03-16T00:05:16.0Z",
    "milliseconds": "2026-03-16T00:05:16.000+00:00",
    "microseconds": "2026-03-16T00:05:16.000000+00:00",
}


@pytest.mark.parametrize("case", UTC_MOMENTS)
def test_a_moment_in_utc_is_read_in_any_of_its_forms(case: str) -> None:
    content = answer()
    content["meta"]["as_of"] = UTC_MOMENTS[case]
    assert parse(encoded(content), "day").as_of == datetime(2026, 3, 16, 0, 5, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("00.1", 100_000),
        ("00.12", 120_000),
        ("00.123", 123_000),
        ("00.1234", 123_400),
        ("00.123456", 123_456),
    ],
)
@pytest.mark.parametrize("offset", ["Z", "+00:00", "-0000"])
def test_a_moment_is_kept_to_the_microsecond(text: str, microseconds: int, offset: str) -> None:
    content = answer()
    content["meta"]["as_of"] = f"2026-03-16T00:05:{text}{offset}"
    assert parse(encoded(content), "day").as_of == datetime(2026, 3, 16, 0, 5, 0, microseconds, UTC)


def test_a_moment_to_the_minute_is_that_minute() -> None:
    content = answer()
    content["meta"]["as_of"] = "2026-03-16T00:05Z"
    assert parse(encoded(content), "day").as_of == datetime(2026, 3, 16, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-03-16T00:05:16+02:00", "'2026-03-16T00:05:16+02:00' has the offset +02:00: give the moment in UTC"),
        ("2026-03-16T00:05:16-0530", "has the offset -0530"),
        ("2026-03-16T00:05:16+00:00:01", "has the offset +00:00:01"),
        ("2026-03-16T00:05:16", "has no offset: where it is meant in UTC, put a Z after it"),
        ("2026-03-16T00:05:16.1234567Z", "has 7 digits after the second; 6, microseconds, are the most"),
        ("2026-03-16T00:05:16.123456789+00:00", "has 9 digits after the second"),
        ("2026-03-16", "is not a moment (such as 2026-07-21T00:05:19Z)"),
        ("2026-02-30T00:00:00Z", "is not a moment"),
        ("2026-03-16T24:30:00Z", "is not a moment"),
        ("2026-03-16T00:05:16.Z", "is not a moment"),
        ("2026-03-16T00:05:16 Z", "is not a moment"),
        ("2026-03-16T00Z", "is not a moment"),
        ("Mon, 16 Mar 2026 00:05:16 GMT", "is not a moment"),
        ("", "'' is not a moment"),
        (1773619516, "is the number 1773619516, not a moment"),
        (None, "is null, not a moment"),
        (["2026-03-16T00:05:16Z"], "is a list, not a moment"),
    ],
)  # fmt: skip
def test_a_moment_that_cannot_be_read_is_refused_with_what_is_wrong(value: object, told: str) -> None:
    content = answer()
    content["meta"]["as_of"] = value
    message = refusal(encoded(content))
    assert message.startswith("meta: as_of ")
    assert told in message


# Errors in the place of an answer


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ({"error": {"code": 429, "message": "Rate limit exceeded"}}, 429, "Rate limit exceeded"),
        ({"error": {"code": "503", "message": "Busy"}}, 503, "Busy"),
        ({"error": {"code": "rate_limited", "message": "Busy"}}, None, "Busy"),
        ({"error": {"code": 7, "message": "Odd"}}, None, "Odd"),
        ({"error": {"code": True, "message": None}}, None, ""),
        ({"error": {}}, None, ""),
        ({"error": None}, None, ""),
        ({"error": "plain words"}, None, "plain words"),
        ({"error": {"message": ["listed"]}}, None, ""),
        ({"error": {"message": "no key sk-or-v1-0123456789abcdef-x is"}}, None, "no key (a key) is"),
        ({**answer(), "error": {"code": 500, "message": "half of it"}}, 500, "half of it"),
        ({**answer(), "error": "half of it"}, None, "half of it"),
    ],
)
def test_an_error_in_the_place_of_an_answer_is_the_source_s(
    content: Content, status: int | None, words: str
) -> None:
    body = encoded(content)
    with pytest.raises(SourceError) as caught:
        parse(body, "day")
    found = source_error(body)
    assert found is not None
    assert (found.status, found.words) == (caught.value.status, caught.value.words) == (status, words)
    message = refusal(body, torn=False)
    assert message.startswith("this is the source's error")
    assert (words or "it gives no reason") in message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"error"', b"{}", encoded(answer()), b'{"error": '])
def test_what_is_no_error_of_the_source_s(body: bytes) -> None:
    assert source_error(body) is None


GOOD = encoded(answer()).decode()

NOT_THE_ANSWER: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "blanks": (b" \n ", "not JSON"),
    "a text": (b'"hello"', "answer: is a text"),
    "null": (b"null", "answer: is null"),
    "a list": (b"[]", "answer: is a list"),
    "an error": (
        b'{"error":{"code":401,"message":"No auth"}}',
        "the source's error 401, not figures: No auth",
    ),
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
@pytest.mark.parametrize("form", [str, int])
def test_a_count_is_kept_to_the_token(tokens: int, form: type) -> None:
    content = answer()
    content["data"][0]["total_tokens"] = form(tokens)
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
        assert bool(found.new_fields) == ("surprise" in place)
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
