"""Captures that are not what they are said to be, judged by all that has landed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.frames import DAY, LATER, MONDAY, WEEK, Capture, captured, digest, seven_days
from transforms.parse import parse
from transforms.suspects import SUSPECTS, suspects
from transforms.vintages import CAPTURES

NAMES = [f"a/{n:02}" for n in range(60)]
FIRST = date(2026, 6, 1)
"""A Monday, and the first of a month."""


def models(total: int, names: int = 50, other: bool = True) -> dict[str, int]:
    """So many names, equal but for the first, and `other` where there is one; in all so many tokens."""
    shares = names + other
    each = total // shares
    found = dict.fromkeys(NAMES[:names], each) | ({"other": each} if other else {})
    return found | {NAMES[0]: each + total - shares * each}


def days(name: str, *buckets: date, total: int = 1000, end: date | None = None, **kind: Any) -> Capture:
    shape = {key: kind.pop(key) for key in ("names", "other") if key in kind}
    rows = dict.fromkeys(buckets, models(total, **shape))
    return Capture(kind.pop("as_of", LATER), buckets[0], end or buckets[-1], rows, **kind, name=name)


def rules(*captures: Capture, listed: str = "", accepted: tuple[tuple[str, str], ...] = ()) -> dict[str, str]:
    """The rule that each suspect breaks, by the capture's name."""
    found = suspects(
        *captured(*captures), map(digest, listed), [(rule, digest(name)) for rule, name in accepted]
    )
    assert found.schema == SUSPECTS
    return {row["capture"][0]: row["rule"] for row in found.iter_rows(named=True)}


def likely(capture: Capture) -> str:
    return str(suspects(*captured(capture), (), ())["likely"].item())


# Grain


@pytest.mark.parametrize(
    ("buckets", "names", "grain"),
    [
        ([MONDAY, MONDAY + WEEK], 50, "week"),
        ([MONDAY, MONDAY + 3 * WEEK], 50, "week"),
        ([date(2026, 7, 1), date(2026, 8, 1)], 50, "month"),
        ([date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)], 50, "month"),
        ([MONDAY], 9, "week"),
        ([MONDAY], 49, "week"),
        ([date(2026, 7, 1)], 9, "month"),
        ([FIRST], 9, "week"),
    ],
)
def test_only_mondays_or_firsts_of_months_are_no_days(buckets: list[date], names: int, grain: str) -> None:
    capture = days("0", *buckets, names=names, end=buckets[-1] + 6 * DAY, as_of=LATER + 30 * WEEK)
    assert rules(capture) == {"0": "grain"}
    assert likely(capture) == grain
    assert rules(capture, accepted=(("grain", "0"),)) == {}


@pytest.mark.parametrize(
    ("buckets", "names"),
    [
        ([MONDAY], 50),
        ([date(2026, 7, 1)], 50),
        ([MONDAY + DAY], 9),
        ([MONDAY, MONDAY + DAY], 9),
        ([MONDAY, MONDAY + WEEK, MONDAY + WEEK + DAY], 50),
        (list(seven_days({})), 9),
    ],
)
def test_days_that_may_be_what_they_say_are_let_be(buckets: list[date], names: int) -> None:
    assert rules(days("0", *buckets, names=names, as_of=LATER + 30 * WEEK)) == {}


def test_a_list_without_other_of_a_lone_monday_says_nothing_of_a_total() -> None:
    assert rules(days("0", MONDAY, names=9, other=False, fetched=False)) == {}


def test_a_week_capture_is_of_mondays() -> None:
    assert rules(days("0", MONDAY, MONDAY + WEEK, period="week")) == {}


# Level


def test_a_day_of_a_weeks_tokens_is_held_whatever_came_first() -> None:
    good = days("0", *(MONDAY + n * DAY for n in range(14)))
    wrong = days("1", MONDAY + 3 * DAY, total=7000, as_of=LATER + DAY)
    assert rules(good, wrong) == rules(wrong, good) == {"1": "level"}
    assert rules(good, wrong, listed="01") == {"1": "level"}
    for rule in ("level", "grain", "absurd-total"):
        assert rules(good, wrong, accepted=((rule, "1"),)) == {}
    assert rules(good, wrong, accepted=(("contradiction", "1"),)) == {"1": "level"}


@pytest.mark.parametrize(("total", "held"), [(3000, False), (3001, True)])
def test_three_times_the_median_is_the_most(total: int, held: bool) -> None:
    good = days("0", *(MONDAY + n * DAY for n in range(1, 7)))
    found = suspects(*captured(good, days("1", MONDAY, total=total)), (), ())
    assert found.select("capture", "date", "tokens", "usual").rows() == (
        [(digest("1"), MONDAY, total, 1000)] if held else []
    )


def test_alone_no_day_is_high() -> None:
    assert rules(days("0", MONDAY + DAY, total=10**15)) == {}
    assert rules(days("0", MONDAY + DAY, total=10**15), days("1", MONDAY + 9 * DAY)) == {}


def test_lists_make_no_day_look_high_but_may_be_too_high_themselves() -> None:
    good = days("0", *(MONDAY + n * DAY for n in range(7)))
    low = days("1", *(MONDAY + n * DAY for n in range(7, 14)), total=5, names=5, other=False, fetched=False)
    high = days("2", MONDAY + 2 * DAY, total=9000, names=5, other=False, fetched=False)
    assert rules(good, low) == {}
    assert rules(good, low, high) == {"2": "level"}


def test_what_is_held_is_let_go_once_the_days_after_it_are_as_high() -> None:
    before = days("0", *(MONDAY + n * DAY for n in range(7)))
    jump = days("1", MONDAY + WEEK, total=4000)
    after = days("2", *(MONDAY + n * DAY for n in range(8, 15)), total=4000)
    assert rules(before, jump) == {"1": "level"}
    assert rules(before, jump, after) == {}


# Contradictions


def test_other_rows_of_one_moment_contradict_each_other() -> None:
    one, two = days("0", MONDAY + DAY), days("1", MONDAY + DAY, total=1001)
    assert rules(one, two) == {"0": "contradiction", "1": "contradiction"}
    assert rules(one, two, listed="0") == {"1": "contradiction"}
    assert rules(one, two, listed="1") == {"0": "contradiction"}
    assert rules(one, two, listed="01") == {"0": "contradiction", "1": "contradiction"}
    chosen = (("contradiction", "1"),)
    assert (
        rules(one, two, listed="0", accepted=chosen)
        == rules(one, two, accepted=chosen)
        == {"0": "contradiction"}
    )
    found = suspects(*captured(one, two), (), ())
    assert found["rival"].to_list() == found["capture"].reverse().to_list()


def test_what_is_refuted_refutes_nothing() -> None:
    listed, refuted = days("0", MONDAY + DAY), days("1", MONDAY + DAY, MONDAY + 2 * DAY, total=1001)
    other = days("2", MONDAY + 2 * DAY)
    assert rules(listed, refuted, other, listed="0") == {"1": "contradiction"}


@pytest.mark.parametrize(
    "other",
    [
        days("1", MONDAY + DAY),
        days("1", MONDAY + DAY, total=1001, as_of=LATER + timedelta(microseconds=1)),
        days("1", MONDAY + 2 * DAY, total=1001),
        days("1", MONDAY + DAY, total=990, origin="chart"),
        days("1", MONDAY + DAY, total=990, names=9),
        days("1", MONDAY + DAY, total=990, names=49, other=False, fetched=False),
        Capture(LATER, MONDAY, MONDAY + WEEK, {MONDAY + WEEK: models(1000)}, name="1"),
    ],
)
def test_agreement_silence_another_moment_and_a_poorer_look_contradict_nothing(other: Capture) -> None:
    assert rules(days("0", MONDAY + DAY), other) == {}


PAGES = {name: 1000 - n for n, name in enumerate(NAMES[:50])}


def page(name: str, first: int, last: int, **other: int) -> Capture:
    rows = dict(list(PAGES.items())[first:last]) | other
    return Capture(LATER, MONDAY + DAY, MONDAY + DAY, {MONDAY + DAY: rows}, fetched=False, name=name)


@pytest.mark.parametrize("cut", [1, 9, 25, 30, 49, 50])
def test_pages_of_one_day_are_no_day(cut: int) -> None:
    pages = [page("0", 0, cut), page("1", cut, 50, other=7)]
    assert rules(*pages) == {"0": "contradiction", "1": "contradiction"}


def test_a_chart_that_is_cut_shorter_contradicts_nothing() -> None:
    twenty, nine = page("0", 0, 20, other=900), page("1", 0, 9, other=9000)
    assert rules(twenty, nine, page("2", 0, 30)) == {}


# Whatever has landed, in whatever order


@st.composite
def landed(draw: st.DrawFn) -> list[Capture]:
    found = []
    for name in draw(st.permutations("0123"))[: draw(st.integers(1, 4))]:
        first = MONDAY + draw(st.integers(0, 8)) * DAY
        count = draw(st.integers(1, 5))
        found.append(
            days(
                name,
                *(first + n * DAY for n in range(count)),
                total=draw(st.sampled_from([100, 250, 301, 1000])),
                names=draw(st.sampled_from([2, 9, 50])),
                other=draw(st.booleans()),
                fetched=draw(st.booleans()),
                as_of=LATER + draw(st.integers(0, 1)) * DAY,
            )
        )
    return found


@examples(60)
@given(landed(), st.sets(st.sampled_from("0123")), st.randoms(use_true_random=False))
def test_the_verdict_does_not_depend_on_order(history: list[Capture], listed: set[str], shuffle: Any) -> None:
    first = rules(*history, listed="".join(sorted(listed)))
    shuffle.shuffle(history)
    heads, rows = captured(*history)
    again = suspects(heads, rows.sample(fraction=1, shuffle=True, seed=1), map(digest, listed), ())
    assert {row["capture"][0]: row["rule"] for row in again.iter_rows(named=True)} == first


def median(values: list[int]) -> float:
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


@examples(40)
@given(st.dictionaries(st.integers(0, 15), st.integers(0, 40), min_size=1))
def test_a_level_is_what_counting_gives(totals: Mapping[int, int]) -> None:
    names = dict(zip(totals, "0123456789abcdef", strict=False))
    captures = [days(name, MONDAY + n * DAY, total=totals[n], origin="chart") for n, name in names.items()]
    expected = set()
    for n, tokens in totals.items():
        about = [each for m, each in totals.items() if 0 < abs(m - n) <= 7]
        if about and 0 < 3 * median(about) < tokens:
            expected.add(names[n])
    assert set(rules(*captures)) == expected


# Real captures


def test_no_real_capture_is_a_suspect_and_real_days_stay_far_from_the_limit(shared_data: Path) -> None:
    heads, rows = [], []
    folders = ("responses", "autumn", "reconstructed", "chart")
    for path in sorted(path for folder in folders for path in (shared_data / folder).glob("*.json")):
        if path.name.endswith(".request.json"):
            continue
        sidecar = path.with_name(f"{path.name}.request.json")
        asked = {"period": "day", "origin": "api"} | (
            json.loads(sidecar.read_bytes()) if sidecar.exists() else {}
        )
        answer = parse(path.read_bytes(), asked["period"])
        name = hashlib.sha256(path.read_bytes()).hexdigest()
        heads.append((name, answer.as_of, asked["period"], asked["origin"], answer.start, answer.end, False))
        rows.append(answer.rows.select(pl.lit(name).alias("capture"), pl.all()))
    captures = pl.DataFrame(heads, schema=CAPTURES, orient="row")
    assert captures.height == 11
    assert suspects(captures, pl.concat(rows), (), ()).rows() == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transforms.suspects.TIMES", 2)
        assert suspects(captures, pl.concat(rows), (), ()).rows() == []
