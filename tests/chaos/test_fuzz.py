"""Hostile input to the parser and to the keys: a few thousand of what `make chaos` tries, and what it found."""

import json
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.lake import captures, keys
from flows.lake.keys import RawKey
from flows.storage.object_store import check_key
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from schemas.fields import GRAINS, ORIGINS
from tests.chaos import fuzz
from tests.chaos.tally import Tally
from tests.support.examples import examples
from transforms.parse import Answer, Period, Unreadable, parse
from transforms.source_contract import findings

pytestmark = pytest.mark.slow

SHA = "ab" * 32


def body(**meta: str) -> bytes:
    """An answer of one row, on its window's first day."""
    meta = {"as_of": "2026-07-19T00:05:16Z", "version": "v1", "start_date": "2026-07-13", **meta}
    meta.setdefault("end_date", meta["start_date"])
    row = {"date": meta["start_date"], "model_permaslug": "a/b", "total_tokens": "1"}
    return json.dumps({"data": [row], "meta": meta}).encode()


# The trial itself


def test_a_few_thousand_hostile_inputs_are_read_or_refused(tmp_path: Path) -> None:
    tally = Tally("fuzz")
    fuzz.run(tally, 2000, Random(20260719), tmp_path)
    assert tally.losses == []
    assert tally.counts["inputs"] > 2000
    assert tally.counts["parsed"] > 200
    assert tally.counts["kinds of refusal"] > 60
    assert tally.counts["keys taken"] > 500
    assert tally.counts["keys refused"] > 300


def spoilt(answer: Answer) -> Answer:
    """What a parser would give that loses a row."""
    return Answer(answer.as_of, answer.start, answer.end, answer.rows[1:])


BREAKAGES: dict[str, tuple[Any, str]] = {
    "another error": (lambda body, period: [][0], "IndexError"),
    "a hang": (lambda body, period: next(n for n in iter(int, 1) if n), "Hung"),
    "a row lost": (lambda body, period: spoilt(parse(body, period)), "rows are not those of the body"),
    "a long message": (lambda body, period: refuse("x" * 5000), "a message has 5000 characters"),
    "an unprintable message": (lambda body, period: refuse("\x1b[2J"), "has control characters"),
}


def refuse(message: str) -> Answer:
    raise Unreadable(message)


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_the_trial_notices_a_parser_that_is_broken(breakage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, told = BREAKAGES[breakage]
    monkeypatch.setattr(fuzz, "parse", broken)
    if breakage == "a hang":
        monkeypatch.setattr(fuzz, "CPU_SECONDS", 0.05)
    tally = Tally("fuzz")
    fuzz.parse_either(body(), fuzz.Guide(), tally, set(), "round 1")
    assert len(tally.losses) == 2
    assert told in tally.losses[0]
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_the_guide_sees_where_an_input_gets_to() -> None:
    guide = fuzz.Guide()
    reached = []
    for text in (b"", b"{}", body(), body()):
        with guide.watching():
            fuzz.read(text, "day")
        reached.append(len(guide.steps))
    assert 0 < reached[0] < reached[1] < reached[2] == reached[3]


# What it found


@pytest.mark.parametrize(
    "meta",
    [
        {"start_date": "9999-12-30", "end_date": "9999-12-31"},
        {"start_date": "0001-01-01", "end_date": "2026-07-19"},
        {"end_date": "9999-12-31"},
        {"as_of": "9999-12-31T23:59:59Z"},
        {"as_of": "0001-01-01T00:00:00Z"},
    ],
    ids=lambda meta: " ".join(meta.values()),
)
def test_a_day_at_the_end_of_the_calendar_is_refused(meta: dict[str, str]) -> None:
    for period in GRAINS:
        with pytest.raises(Unreadable, match="lies outside the years 2000 to 2100"):
            parse(body(**meta), period)


def test_the_widest_window_there_can_be_is_looked_at_quickly() -> None:
    wide = body(start_date="2000-01-03", end_date="2100-12-31", as_of="2100-12-31T23:59:59Z")
    for period in GRAINS:
        with fuzz.limited():
            (missing,) = findings(parse(wide, period), period, None, RANKINGS_DAILY.history_starts)
        assert missing.code == "days-missing"


def test_the_repeated_field_among_very_many_is_found_quickly() -> None:
    many = b"{" + b",".join(b'"%d":0' % n for n in range(100_000)) + b',"z":0,"z":0}'
    with fuzz.limited(), pytest.raises(Unreadable, match="field 'z' is there twice"):
        parse(many, "day")


def test_a_refused_key_is_told_in_a_short_line() -> None:
    for name in ("x" * 10_000, "\u202e" * 500, "\x1b" * 500):
        with pytest.raises(StandingsError) as caught:
            check_key(f"raw/{name}")
        fuzz.check_message(str(caught.value))


@pytest.mark.parametrize("character", ["\u202e", "\u200f", "\u2066", "\ufeff", "\u200b", "\x1b", "\x9b"])
def test_a_key_has_no_character_that_a_terminal_obeys(character: str) -> None:
    with pytest.raises(StandingsError, match="control character"):
        check_key(f"raw/a{character}b")


# Properties


DAYS = st.dates(date(2025, 1, 1), date(2027, 1, 1))


@examples(150)
@given(
    DAYS,
    st.integers(0, 9),
    st.lists(st.tuples(st.text(min_size=1, max_size=8), st.integers(0, 2**63 - 1)), max_size=6),
    st.sampled_from(GRAINS),
    st.one_of(st.none(), st.tuples(DAYS, DAYS)),
)
def test_whatever_is_read_is_looked_at_without_an_error(
    start: date, days: int, models: list[tuple[str, int]], period: Period, asked: tuple[date, date] | None
) -> None:
    end = start + timedelta(days=days)
    rows = [{"date": str(start), "model_permaslug": slug, "total_tokens": str(n)} for slug, n in models]
    meta = {"as_of": f"{end}T12:00:00Z", "version": "v1", "start_date": str(start), "end_date": str(end)}
    try:
        answer = parse(json.dumps({"data": rows, "meta": meta}).encode(), period)
    except Unreadable as refusal:
        fuzz.check_message(str(refusal))
        return
    for finding in findings(answer, period, asked, RANKINGS_DAILY.history_starts):
        fuzz.check_message(str(finding))
    assert answer.as_of == datetime(end.year, end.month, end.day, 12, tzinfo=UTC)


HOSTILE = st.text(st.sampled_from("ab/\\.=+:~ %\0\n\u202e\u00e9\u754c") | st.characters(), max_size=12)
REQUESTS = st.dictionaries(st.sampled_from(RANKINGS_DAILY.slices), HOSTILE, max_size=4)


@examples(300)
@given(REQUESTS, st.sampled_from(ORIGINS), st.sampled_from(GRAINS))
def test_a_key_that_a_store_takes_leads_back_to_its_capture(
    request: dict[str, str], origin: str, period: str
) -> None:
    key = RawKey(origin, period, captures.slice_of(request), SHA)
    try:
        check_key(key.body)
    except StandingsError:
        return
    assert keys.raw(key.body) == key
    assert key.body.split("/")[:3] == ["raw", f"origin={origin}", f"period={period}"]
    assert len(key.body.split("/")) == 5
    assert (key.slice == captures.WHOLE) == (not any(request.values()))
    assert keys.digest_in(key.body) == keys.digest_in(keys.part("claims", date(2026, 7, 6), SHA)) == SHA


@examples(300)
@given(HOSTILE, HOSTILE)
def test_no_text_is_a_capture_unless_it_is_spelt_as_one(text: str, other: str) -> None:
    for name in (text, f"raw/{text}.body", f"raw/{text}/{other}/slice={text}/{SHA}.body"):
        found = keys.raw(name)
        assert found is None or found.body == name


@examples(200)
@given(HOSTILE)
def test_a_release_s_name_survives_its_key(release: str) -> None:
    assert keys.release(keys.manifest(release)) == release
