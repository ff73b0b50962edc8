"""The ways to count, each on ten rows."""

from datetime import date
from itertools import permutations
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.methods import METHODS, Method
from tests.support.examples import examples
from tests.support.frames import LARGEST, MONDAY, WEEK, chosen, counted, coverage, model, models
from transforms import methods
from transforms.methods import select

BY_NAME = {each.name: each for each in METHODS}
ALL, TOP9 = BY_NAME["all_models"], BY_NAME["top9_named"]
NAMED, PAID, AUTHORS = BY_NAME["named_only"], BY_NAME["paid_only"], BY_NAME["author_chart"]


def slugs(rows: pl.DataFrame, method: Method) -> list[str]:
    return select(rows, method)["model_permaslug"].sort().to_list()


def test_names_are_unique_and_explained() -> None:
    assert len(BY_NAME) == len(METHODS)
    assert all(each.doc.endswith(".") for each in METHODS)


def test_all_models_counts_every_row() -> None:
    rows = models(*(model(f"a/{n}", n) for n in range(60)), model("other", 7), model("x/y", 0, "ZZ"))
    assert select(rows, ALL).equals(rows)


def test_named_only_counts_every_row_but_other() -> None:
    rows = models(*(model(f"a/{n}", n) for n in range(60)), model("other", 7), model("x/y:free", 0, "ZZ"))
    assert slugs(rows, NAMED) == sorted(["x/y:free", *(f"a/{n}" for n in range(60))])


def test_paid_only_leaves_out_the_free_variants_and_no_other() -> None:
    names = ["a/m", "a/m:free", "a/m:beta", "a/m:freemium", "a/free", "free/m", "b/m:free", "other"]
    rows = models(*(model(name, 5) for name in names))
    assert slugs(rows, PAID) == sorted(set(names) - {"a/m:free", "b/m:free"})


@pytest.mark.parametrize("country", ["ZZ", "CN"], ids=["cloaked", "revealed"])
def test_paid_only_leaves_out_cloaked_models_also_once_they_are_revealed(country: str) -> None:
    cloaked = [
        "openrouter/alpha",
        "openrouter/alpha:beta",
        "openrouter/auto",
        "stealth/bunny",
        "stealth/ox:free",
    ]
    paid = ["openrouter-labs/m", "stealthy/m", "a/openrouter", "a/stealth", "other"]
    rows = models(*(model(name, 5, country, "ZZ") for name in cloaked), *(model(name, 5) for name in paid))
    assert slugs(rows, PAID) == sorted(paid)
    assert slugs(rows, ALL) == sorted(cloaked + paid)


def test_paid_only_says_what_it_cannot_know() -> None:
    assert "Prices are not held yet, so any other named model counts as paid." in PAID.doc


def test_top9_takes_the_nine_largest_names() -> None:
    rows = models(*(model(f"a/{n:02}", n) for n in range(12)), model("other", 1000))
    assert slugs(rows, TOP9) == [f"a/{n:02}" for n in range(3, 12)]


def test_cloaked_and_unknown_models_are_named_and_take_a_place() -> None:
    rows = models(*(model(f"a/{n}", 10 + n) for n in range(9)), model("openrouter/alpha", 99, "ZZ"))
    assert slugs(rows, TOP9) == [f"a/{n}" for n in range(1, 9)] + ["openrouter/alpha"]


def test_a_tie_at_the_edge_goes_by_name() -> None:
    tied = [model(f"a/{letter}", 5) for letter in "jihgfedcba"]
    for first in (tied, tied[::-1]):
        assert slugs(models(*first), TOP9) == [f"a/{letter}" for letter in "abcdefghi"]


def test_a_tie_at_the_edge_goes_by_name_in_any_order_of_rows() -> None:
    large = [model(f"z/{n}", 100) for n in range(8)]
    for order in permutations(("m/b", "m/a", "m/c")):
        rows = models(*(model(slug, 5) for slug in order), *large)
        assert slugs(rows, TOP9)[0] == "m/a"
        assert len(slugs(rows, TOP9)) == 9


def test_each_variant_is_its_own_entry() -> None:
    rows = models(
        model("a/m", 50),
        model("a/m:free", 40),
        model("a/m:beta", 1),
        *(model(f"b/{n}", 10) for n in range(8)),
    )
    assert slugs(rows, TOP9) == ["a/m", "a/m:free", *(f"b/{n}" for n in range(7))]


def test_two_spellings_of_one_author_are_one_entry() -> None:
    split = [model("Qwen/q", 6), model("qwen/q", 5), model("Qwen/q:free", 9)]
    rows = models(*split, *(model(f"b/{n}", 10) for n in range(7)), model("other", 99))
    assert slugs(rows, TOP9) == ["Qwen/q", "Qwen/q:free", *(f"b/{n}" for n in range(7)), "qwen/q"]
    larger = models(*split, *(model(f"b/{n}", 10) for n in range(8)))
    assert slugs(larger, TOP9) == ["Qwen/q", *(f"b/{n}" for n in range(8)), "qwen/q"]


@pytest.mark.parametrize("count", [0, 1, 8, 9])
def test_no_more_than_nine_are_all_taken(count: int) -> None:
    rows = models(*(model(f"a/{n}", 5) for n in range(count)), model("other", 9))
    assert slugs(rows, TOP9) == [f"a/{n}" for n in range(count)]


def test_every_week_has_its_own_nine() -> None:
    later = MONDAY + WEEK
    rows = models(
        *(model(f"a/{n:02}", n) for n in range(12)),
        *(model(f"a/{n:02}", 50 - n, week=later) for n in range(12)),
    )
    weeks: dict[date, list[str]] = {
        week: slugs(rows.filter(week_start=week), TOP9) for week in (MONDAY, later)
    }
    assert weeks == {MONDAY: [f"a/{n:02}" for n in range(3, 12)], later: [f"a/{n:02}" for n in range(9)]}
    assert select(rows, TOP9).height == 18


@pytest.mark.parametrize(
    ("method", "whole"),
    [
        (ALL, False),
        (TOP9, True),
        (NAMED, False),
        (PAID, False),
        (AUTHORS, False),
        (Method("nine_and_other", "", with_other=True, largest=9), False),
        (Method("three_named", "", with_other=False, largest=3), True),
    ],
)
@pytest.mark.parametrize("truncated", [False, True])
def test_only_the_nine_of_the_chart_can_be_ranked_where_it_is_cut_short(
    monkeypatch: pytest.MonkeyPatch, method: Method, whole: bool, truncated: bool
) -> None:
    monkeypatch.setattr(methods, "METHODS", (method,))
    rows = [model("a/m", 5), model("a/n:beta", 3), model("other", 7)]
    found = counted(rows, coverage(MONDAY, truncated=truncated))
    assert set(found["method"]) == {method.name}
    assert set(found["point"]) == {whole or not truncated}


@pytest.mark.parametrize("truncated", [False, True])
def test_a_chart_that_is_cut_short_hides_what_is_in_other_from_those_that_do_not_count_it(
    truncated: bool,
) -> None:
    later = MONDAY + WEEK
    rows = [
        model("a/m", 5),
        model("other", 7),
        model("a/m", 5, week=later),
        model("other", 9, week=later),
    ]
    covered = pl.concat([coverage(MONDAY, truncated=truncated), coverage(later)])
    found = counted(rows, covered)
    hidden = found.filter(week_start=MONDAY).select("method", "hidden").unique().rows()
    some = 7 if truncated else 0
    assert dict(hidden) == {
        "all_models": 0,
        "top9_named": 0,
        "named_only": some,
        "paid_only": 0,
        "author_chart": some,
    }
    assert found.filter(week_start=later)["hidden"].unique().to_list() == [0]


@pytest.mark.parametrize(("depth", "whole"), [(8, False), (9, True), (50, True)])
def test_a_chart_of_fewer_than_nine_names_may_lack_some_of_the_nine(depth: int, whole: bool) -> None:
    rows = [*(model(f"a/{n}", 5) for n in range(depth)), model("other", 7)]
    found = counted(rows, coverage(MONDAY, truncated=True, depth=depth)).filter(method="top9_named")
    assert found.select("point", "hidden").unique().rows() == [(whole, 0 if whole else 7)]


def shape(**week: Any) -> dict[str, tuple[bool, bool, bool]]:
    """point, open and unknown of each method, in a week of this coverage."""
    found = methods.shapes(coverage(MONDAY, **week))
    return {name: tuple(rest) for name, *rest in found.select("method", "point", "open", "unknown").rows()}


POINT, CUT, OPEN, UNKNOWN = (
    (True, False, False),
    (False, False, False),
    (False, True, False),
    (False, True, True),
)


@pytest.mark.parametrize(
    ("week", "nine", "authors", "rest"),
    [
        ({}, POINT, POINT, POINT),
        ({"truncated": True}, POINT, OPEN, CUT),
        ({"truncated": True, "depth": 8}, OPEN, OPEN, CUT),
        ({"truncated": True, "grain": "day", "depth": 49}, OPEN, OPEN, CUT),
        ({"extent": "unknown", "nine_known": True}, POINT, UNKNOWN, UNKNOWN),
        ({"extent": "unknown", "nine_known": False}, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_what_is_cut_or_unknown_is_said_of_each_method(
    week: dict[str, Any], nine: Any, authors: Any, rest: Any
) -> None:
    assert shape(**week) == {
        "all_models": rest,
        "top9_named": nine,
        "named_only": rest,
        "paid_only": rest,
        "author_chart": authors,
    }


def test_every_row_that_counts_is_there_as_known_then_and_now() -> None:
    rows = [model("a/m", 5, "CN", "ZZ"), model("b/m:free", 3, "US"), model("other", 7, "ZZ")]
    found = counted(rows, coverage(MONDAY))
    for method in METHODS:
        mine = found.filter(method=method.name)
        for knowledge, country in (("now", "CN"), ("then", "ZZ")):
            known = mine.filter(knowledge=knowledge).select("model_permaslug", "tokens", "country_code")
            expected = {("a/m", 5, country), ("b/m:free", 3, "US"), ("other", 7, "ZZ")}
            names = chosen({"a/m": 5, "b/m:free": 3, "other": 7}, method.name)
            assert set(known.rows()) == {row for row in expected if row[0] in names}
            assert known.height == len(names)


def test_the_largest_authors_are_taken_with_all_their_models() -> None:
    method = Method("two_authors", "", with_other=False, largest=2, entry="author")
    tokens = {"a/m": 3, "a/n": 3, "b/m": 5, "c/m": 4, "c/n": 1, "d/m": 4}
    rows = models(*(model(slug, count) for slug, count in tokens.items()), model("other", 99))
    assert slugs(rows, method) == ["a/m", "a/n", "b/m"]


def test_nine_authors_are_taken_with_all_their_models_and_variants() -> None:
    tokens = {f"{letter}/m": 10 for letter in "abcdefghij"} | {"j/n:free": 1, "k/n": 4, "k/o": 5}
    rows = models(*(model(slug, count) for slug, count in tokens.items()), model("other", 99))
    assert slugs(rows, AUTHORS) == [*(f"{letter}/m" for letter in "abcdefgh"), "j/m", "j/n:free"]


@examples(100)
@given(
    st.dictionaries(
        st.from_regex(r"([a-l]|openrouter|stealth)/[a-c]{1,2}(:free)?", fullmatch=True) | st.just("other"),
        st.integers(0, 4) | st.integers(LARGEST // 26 - 2, LARGEST // 26),
        max_size=26,
    )
)
def test_every_method_counts_what_sorting_gives(tokens: dict[str, int]) -> None:
    rows = models(*(model(slug, count) for slug, count in tokens.items()))
    for method in METHODS:
        assert slugs(rows, method) == sorted(chosen(tokens, method.name))


@examples(100)
@given(
    st.dictionaries(
        st.from_regex(r"[a-c]/[a-z]{1,3}(:free)?", fullmatch=True) | st.just("other"),
        st.integers(0, 4) | st.integers(LARGEST - 2, LARGEST),
        max_size=16,
    )
)
def test_the_nine_are_those_that_sorting_gives(tokens: dict[str, int]) -> None:
    ordered = sorted((slug for slug in tokens if slug != "other"), key=lambda slug: (-tokens[slug], slug))
    rows = models(*(model(slug, count) for slug, count in tokens.items()))
    assert slugs(rows, TOP9) == sorted(ordered[:9])
