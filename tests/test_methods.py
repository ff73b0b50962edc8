"""The ways to count, each on ten rows."""

from datetime import date
from itertools import permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.methods import METHODS, Method
from tests.frames import LARGEST, MONDAY, WEEK, model, models
from transforms.methods import counted, ranks_truncated

BY_NAME = {each.name: each for each in METHODS}
ALL, TOP9 = BY_NAME["all_models"], BY_NAME["top9_named"]


def slugs(rows: pl.DataFrame, method: Method) -> list[str]:
    return counted(rows, method)["model_permaslug"].sort().to_list()


def test_names_are_unique_and_explained() -> None:
    assert len(BY_NAME) == len(METHODS)
    assert all(each.doc.endswith(".") for each in METHODS)


def test_all_models_counts_every_row() -> None:
    rows = models(*(model(f"a/{n}", n) for n in range(60)), model("other", 7), model("x/y", 0, "ZZ"))
    assert counted(rows, ALL).equals(rows)


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
    assert counted(rows, TOP9).height == 18


@pytest.mark.parametrize(
    ("method", "whole"),
    [
        (ALL, False),
        (TOP9, True),
        (Method("named_only", "", with_other=False), False),
        (Method("nine_and_other", "", with_other=True, largest=9), False),
        (Method("author_chart", "", with_other=False, largest=9, entry="author"), False),
    ],
)
def test_only_the_nine_of_the_chart_can_be_ranked_where_it_is_cut_short(method: Method, whole: bool) -> None:
    assert ranks_truncated(method) is whole


def test_the_largest_authors_are_taken_with_all_their_models() -> None:
    method = Method("two_authors", "", with_other=False, largest=2, entry="author")
    tokens = {"a/m": 3, "a/n": 3, "b/m": 5, "c/m": 4, "c/n": 1, "d/m": 4}
    named = [model(slug, count) | {"author": slug.split("/")[0]} for slug, count in tokens.items()]
    rows = models(*named, model("other", 99))
    assert slugs(rows, method) == ["a/m", "a/n", "b/m"]


@settings(deadline=None, derandomize=True, max_examples=100)
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
