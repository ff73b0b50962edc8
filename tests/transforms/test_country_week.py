"""Tokens by country: conserved to the token, and bounds that no way of sharing what is unknown escapes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas import COUNTRY_WEEK
from schemas.methods import METHODS
from schemas.reference import load
from tests.support.examples import examples
from tests.support.frames import LARGEST, MONDAY, WEEK, chosen, counted, coverage, model
from transforms.country_week import country_week

EXACT = 2**53
"""Up to here a float holds every whole number."""

Row = dict[str, Any]


METHOD_NAMES = [method.name for method in METHODS]
WITHOUT_OTHER = [method.name for method in METHODS if not method.with_other]


def by_week(rows: Iterable[Mapping[str, Any]], covered: pl.DataFrame) -> pl.DataFrame:
    """`country_week` of the models, every method and knowledge; covered: the coverage of their weeks."""
    found = COUNTRY_WEEK.conform(country_week(counted(rows, covered), covered, load().countries))
    assert list(COUNTRY_WEEK.problems(found)) == []
    return found


def weeks_of(rows: Iterable[Mapping[str, Any]], **columns: Any) -> pl.DataFrame:
    """The same, where the columns are those of the coverage of every week."""
    rows = list(rows)
    return by_week(rows, coverage(*sorted({row["week_start"] for row in rows}), **columns))


def by_country(
    rows: Iterable[Mapping[str, Any]], method: str = "all_models", knowledge: str = "now", **columns: Any
) -> dict[str, Row]:
    """One week's rows by one method."""
    found = weeks_of(rows, **columns).filter(method=method, knowledge=knowledge)
    return {row["country_code"]: row for row in found.iter_rows(named=True)}


def one_model_each(tokens: Mapping[str, int], unattributed: int) -> list[Row]:
    rows = [model(f"{code.lower()}/m", count, code) for code, count in tokens.items()]
    return [*rows, model("other", unattributed, "ZZ")]


def test_a_week_by_hand() -> None:
    found = by_country(
        [
            model("qwen/q", 30, "CN"),
            model("qwen/q:free", 10, "CN"),
            model("openai/o", 50, "US"),
            model("mistralai/m", 5, "FR"),
            model("openrouter/alpha", 4, "ZZ"),
            model("other", 1, "ZZ"),
        ]
    )
    assert list(found) == ["CN", "FR", "US", "ZZ"]
    columns = (
        "tokens",
        "tokens_hi",
        "share",
        "share_lo",
        "share_hi",
        "rank",
        "rank_best",
        "rank_worst",
        "models",
    )
    assert {code: tuple(row[name] for name in columns) for code, row in found.items()} == {
        "US": (50, 55, 50 / 95, 0.50, 0.55, 1, 1, 1, 1),
        "CN": (40, 45, 40 / 95, 0.40, 0.45, 2, 2, 2, 2),
        "FR": (5, 10, 5 / 95, 0.05, 0.10, 3, 3, 4, 1),
        "ZZ": (5, 5, None, 0.0, 0.05, None, None, None, 1),
    }
    assert found["CN"]["country_name"] == "China"
    assert found["ZZ"]["country_name"] == "Unattributed"


def test_what_was_known_then_is_counted_apart_from_what_is_known_now() -> None:
    rows = [model("openrouter/alpha", 7, now="CN", then="ZZ"), model("openai/o", 5, "US")]
    now, then = by_country(rows), by_country(rows, knowledge="then")
    assert {code: row["tokens"] for code, row in now.items()} == {"CN": 7, "US": 5, "ZZ": 0}
    assert {code: row["tokens"] for code, row in then.items()} == {"US": 5, "ZZ": 7}
    assert (now["US"]["rank"], then["US"]["rank"], then["US"]["rank_worst"]) == (2, 1, 2)


@pytest.mark.parametrize("with_other", ["all_models", "paid_only"])
@pytest.mark.parametrize("without_other", ["top9_named", "named_only", "author_chart"])
def test_other_counts_as_unattributed_or_not_at_all(with_other: str, without_other: str) -> None:
    rows = [model("openai/o", 5, "US"), model("other", 95, "ZZ")]
    everything, nine = by_country(rows, with_other), by_country(rows, without_other)
    assert (everything["ZZ"]["tokens"], everything["US"]["share_lo"]) == (95, 0.05)
    assert (nine["ZZ"]["tokens"], nine["US"]["share_lo"], nine["US"]["share_hi"]) == (0, 1.0, 1.0)
    assert everything["US"]["share"] == nine["US"]["share"] == 1.0


def test_unattributed_is_that_of_the_methods_own_set() -> None:
    rows = [model(f"openai/{n}", 10, "US") for n in range(9)]
    rows += [model("openrouter/small", 1, "ZZ"), model("other", 9, "ZZ")]
    nine = by_country(rows, "top9_named")
    assert nine["ZZ"]["tokens"] == 0
    assert nine["US"]["tokens_hi"] == nine["US"]["tokens"] == 90
    assert by_country(rows)["ZZ"]["tokens"] == 10


def test_unattributed_is_that_of_the_largest_authors() -> None:
    rows = [model(f"a{n}/m", 10, "US") for n in range(9)]
    rows += [model("a0/n", 1, "ZZ"), model("small/m", 9, "ZZ"), model("other", 9, "ZZ")]
    authors = by_country(rows, "author_chart")
    assert {code: row["tokens"] for code, row in authors.items()} == {"US": 90, "ZZ": 1}
    assert authors["US"]["tokens_hi"] == 91


def test_free_variants_do_not_count_where_only_what_is_paid_does() -> None:
    rows = [
        model("openai/o", 5, "US"),
        model("openai/o:free", 7, "US"),
        model("qwen/q:free", 9, "CN"),
        model("x/y:free", 11, "ZZ"),
        model("other", 2, "ZZ"),
    ]
    paid = by_country(rows, "paid_only")
    assert {code: (row["tokens"], row["models"]) for code, row in paid.items()} == {
        "US": (5, 1),
        "ZZ": (2, 0),
    }


def test_the_unattributed_row_is_there_for_every_week_method_and_knowledge() -> None:
    rows = [model("openai/o", 5, "US"), model("other", 5, "ZZ", week=MONDAY + WEEK)]
    found = weeks_of(rows)
    assert found.filter(country_code="ZZ").height == 2 * 2 * len(METHODS)
    assert set(found["method"]) == set(METHOD_NAMES)
    for method in ("all_models", "paid_only"):
        only_other = by_country([model("other", 5, "ZZ")], method)
        assert list(only_other) == ["ZZ"]
        assert (only_other["ZZ"]["tokens"], only_other["ZZ"]["share_hi"]) == (5, 1.0)
    for method in WITHOUT_OTHER:
        nothing = by_country([model("other", 5, "ZZ")], method)
        assert {code: row["tokens"] for code, row in nothing.items()} == {"ZZ": 0}


def test_the_unattributed_have_no_share_and_no_rank() -> None:
    row = by_country([model("openai/o", 5, "US"), model("x/y", 95, "ZZ")])["ZZ"]
    assert (row["share"], row["share_lo"], row["share_hi"]) == (None, 0.0, 0.95)
    assert (row["rank"], row["rank_best"], row["rank_worst"]) == (None, None, None)


def test_nothing_counted_leaves_shares_open() -> None:
    found = by_country([model("openai/o", 0, "US"), model("other", 0, "ZZ")])
    assert (found["US"]["share"], found["US"]["share_lo"], found["US"]["share_hi"]) == (None, 0.0, 1.0)


def test_the_weeks_own_columns_are_carried() -> None:
    given = {"days_observed": 6, "vanished_days": 1, "grain": "day", "depth": 49, "status": "incomplete"}
    found = weeks_of([model("openai/o", 5, "US")], iso_year=2025, iso_week=53, **given)
    assert found.select("iso_year", "iso_week", *given).unique().rows() == [(2025, 53, *given.values())]


def test_ties_have_equal_rank() -> None:
    found = by_country(one_model_each({"US": 5, "CN": 5, "FR": 5, "CA": 4}, 0))
    ranks = {code: (row["rank"], row["rank_best"], row["rank_worst"]) for code, row in found.items()}
    assert ranks == {
        "CA": (4, 4, 4),
        "CN": (1, 1, 3),
        "FR": (1, 1, 3),
        "US": (1, 1, 3),
        "ZZ": (None, None, None),
    }


@pytest.mark.parametrize(
    ("unattributed", "best", "worst"),
    [
        (0, 2, 2),
        (1, 2, 2),
        (2, 2, 3),
        (4, 2, 3),
        (5, 1, 3),
        (6, 1, 4),
        (9, 1, 4),
        (13, 1, 4),
        (14, 1, 5),
        (99, 1, 5),
    ],
)
def test_unattributed_tokens_open_the_ranks_at_exact_equality(
    unattributed: int, best: int, worst: int
) -> None:
    found = by_country(one_model_each({"US": 13, "CN": 8, "FR": 6, "CA": 4}, unattributed))
    assert (found["CN"]["rank"], found["CN"]["rank_best"], found["CN"]["rank_worst"]) == (2, best, worst)


# Against every way of sharing


def ways_to_share(spare: int, takers: int) -> Iterator[tuple[int, ...]]:
    """Every way to give `spare` whole tokens to so many takers."""
    for bars in combinations(range(spare + takers - 1), takers - 1):
        edges = (-1, *bars, spare + takers - 1)
        yield tuple(right - left - 1 for left, right in pairwise(edges))


def extreme_ranks(tokens: Mapping[str, int], spare: int) -> dict[str, tuple[int, int]]:
    """Each country's best and worst rank over all ways of sharing, with one more country that has none.

    At best those strictly ahead count against it, at worst those level with it too.
    """
    codes = [*tokens, "unlisted"]
    best = dict.fromkeys(tokens, len(codes))
    worst = dict.fromkeys(tokens, 1)
    for gains in ways_to_share(spare, len(codes)):
        have = {code: tokens.get(code, 0) + gain for code, gain in zip(codes, gains, strict=True)}
        for code in tokens:
            rivals = [have[rival] for rival in codes if rival != code]
            best[code] = min(best[code], 1 + sum(rival > have[code] for rival in rivals))
            if have[code] == tokens[code]:
                worst[code] = max(worst[code], 1 + sum(rival >= have[code] for rival in rivals))
    return {code: (best[code], worst[code]) for code in tokens}


CODES = ["CA", "CN", "FR", "US"]


@examples(80)
@given(
    st.dictionaries(st.sampled_from(CODES), st.integers(0, 7), min_size=1),
    st.integers(0, 8),
    st.sampled_from([("all_models", False), ("paid_only", False), ("named_only", True)]),
)
def test_ranks_are_the_extremes_over_all_ways_of_sharing(
    tokens: dict[str, int], spare: int, way: tuple[str, bool]
) -> None:
    """What is shared is `other`: unattributed, or hidden in a chart that is cut short."""
    method, truncated = way
    found = by_country(one_model_each(tokens, spare), method, truncated=truncated)
    ranks = {code: (row["rank_best"], row["rank_worst"]) for code, row in found.items() if code != "ZZ"}
    assert ranks == extreme_ranks(tokens, spare)
    for code, row in found.items():
        if code == "ZZ":
            continue
        if truncated and row["rank_best"] != row["rank_worst"]:
            assert row["rank"] is None
        else:
            assert row["rank"] == 1 + sum(each > tokens[code] for each in tokens.values())
            assert row["rank_best"] <= row["rank"] <= row["rank_worst"]


ENTRIES = st.tuples(st.sampled_from([*CODES, "ZZ"]), st.sampled_from([*CODES, "ZZ"]))


NAMES = st.tuples(st.sampled_from("abcdefghijkl"), st.sampled_from(["", "", "", ":free", ":beta"]))


@st.composite
def many_models(draw: st.DrawFn, largest: int = LARGEST) -> list[Row]:
    """A week's models, and perhaps `other`, that come to `largest` tokens at the most."""
    owners = draw(st.lists(st.tuples(NAMES, ENTRIES), min_size=1, max_size=16))
    counts = st.integers(0, 3) | st.integers(0, largest // (len(owners) + 1))
    rows = [
        model(f"{author}/{n}{variant}", draw(counts), now, then)
        for n, ((author, variant), (now, then)) in enumerate(owners)
    ]
    return [*rows, model("other", draw(counts), "ZZ")] if draw(st.booleans()) else rows


@examples(80)
@given(many_models(), many_models())
def test_every_token_is_in_one_country_or_in_none(first: list[Row], second: list[Row]) -> None:
    second = [row | {"week_start": MONDAY + WEEK} for row in second]
    found = weeks_of(first + second)
    for week, every in ((MONDAY, first), (MONDAY + WEEK, second)):
        for method in METHOD_NAMES:
            names = chosen({row["model_permaslug"]: row["tokens"] for row in every}, method)
            rows = [row for row in every if row["model_permaslug"] in names]
            for knowledge, column in (("now", "country_code"), ("then", "country_code_then")):
                mine = found.filter(week_start=week, method=method, knowledge=knowledge)
                tokens: dict[str, int] = {"ZZ": 0}
                for row in rows:
                    tokens[row[column]] = tokens.get(row[column], 0) + row["tokens"]
                assert dict(mine.select("country_code", "tokens").rows()) == tokens
                assert mine.height == len(tokens)
                assert sum(mine["tokens"].to_list()) == sum(row["tokens"] for row in rows)
                assert mine["models"].sum() == sum(row["model_permaslug"] != "other" for row in rows)


@examples(80)
@given(many_models(EXACT), st.booleans())
def test_the_point_lies_within_its_bounds(rows: list[Row], truncated: bool) -> None:
    other = sum(row["tokens"] for row in rows if row["model_permaslug"] == "other")
    truncated = truncated and other > 0
    found = weeks_of(rows, truncated=truncated)
    for (method, _), group in found.group_by("method", "knowledge"):
        whole = not truncated or method == "top9_named"
        hidden = 0 if whole or method not in WITHOUT_OTHER else other
        tokens_of = sum(group["tokens"].to_list())
        total = tokens_of + hidden
        nobody = group.row(by_predicate=pl.col("country_code") == "ZZ", named=True)["tokens"]
        for row in group.filter(pl.col("country_code") != "ZZ").iter_rows(named=True):
            tokens = row["tokens"]
            if truncated and method == "author_chart":
                # What is hidden may bring in an author that is listed, and not among the nine.
                assert row["tokens_lo"] == 0
                assert row["tokens_hi"] >= tokens + nobody + hidden
            else:
                assert row["tokens_lo"] == tokens
                assert row["tokens_hi"] == tokens + nobody + hidden
            assert 0 <= row["share_lo"] <= row["share_hi"] <= 1
            if truncated and method == "author_chart":
                assert (row["share_lo"], row["share_hi"]) == (0.0, 1.0)
            elif total:
                assert row["share_lo"] == float(Fraction(tokens, total))
                assert row["share_hi"] == float(Fraction(tokens + nobody + hidden, total))
            if whole and tokens_of > nobody:
                assert row["share"] == float(Fraction(tokens, tokens_of - nobody))
                assert row["share_lo"] <= row["share"] <= row["share_hi"]
            else:
                assert row["share"] is None
            if whole or row["rank_best"] == row["rank_worst"]:
                assert row["rank_best"] <= row["rank"] <= row["rank_worst"]
            else:
                assert row["rank"] is None


@examples(80)
@given(many_models(LARGEST // 2), st.integers(0, LARGEST // 2) | st.integers(0, 3), st.booleans())
def test_one_more_unknown_author_never_raises_anyones_lower_bound(
    rows: list[Row], tokens: int, first_by_name: bool
) -> None:
    newcomer = model("0/new" if first_by_name else "z/new", tokens, "ZZ")
    key = ["method", "knowledge", "country_code"]
    before, after = weeks_of(rows), weeks_of([*rows, newcomer])
    both = after.join(before, on=key, how="left", suffix="_before").filter(pl.col("country_code") != "ZZ")
    assert both["share_lo_before"].null_count() == 0
    assert both.filter(pl.col("share_lo") > pl.col("share_lo_before")).height == 0
    every = both.filter(pl.col("method").is_in(["all_models", "named_only", "paid_only"]))
    assert every.filter(pl.col("rank_worst") < pl.col("rank_worst_before")).height == 0


@pytest.mark.parametrize(
    "rows",
    [
        [model("a/a", LARGEST, "US"), model("a/b", 1, "US")],
        [model("a/a", LARGEST, "US"), model("a/b", 1, "CN")],
        [model("a/a", LARGEST, "US"), model("other", 1, "ZZ")],
        [model(f"a/{n}", LARGEST, "US") for n in range(9)],
        [model(f"a/{n}", 2**62, "ZZ") for n in range(4)],
    ],
)
def test_a_sum_beyond_the_largest_count_raises(rows: list[Row]) -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError):
        weeks_of(rows)


def test_a_sum_of_the_largest_count_is_exact() -> None:
    found = by_country([model("a/a", LARGEST - 3, "US"), model("b/b", 2, "CN"), model("other", 1, "ZZ")])
    assert {code: row["tokens"] for code, row in found.items()} == {"US": LARGEST - 3, "CN": 2, "ZZ": 1}
    assert found["US"]["tokens_hi"] == LARGEST - 2
    assert (found["US"]["rank_worst"], found["CN"]["rank_best"], found["CN"]["rank_worst"]) == (1, 2, 2)


def test_counts_that_floats_cannot_tell_apart_are_ranked() -> None:
    found = by_country(one_model_each({"CN": 2**60, "US": 2**60 + 1}, 0))
    assert (found["US"]["rank"], found["CN"]["rank"], found["US"]["rank_worst"]) == (1, 2, 1)


# A chart that is cut short


def test_a_chart_that_is_cut_short_ranks_only_its_nine() -> None:
    rows = one_model_each({"US": 13, "CN": 8, "FR": 6}, 20)
    everything = by_country(rows, truncated=True, depth=3)
    assert [(row["share"], row["rank"]) for row in everything.values()] == [(None, None)] * 4
    whole = by_country(rows)
    for code, row in everything.items():
        for name in ("tokens", "tokens_hi", "share_lo", "share_hi", "rank_best", "rank_worst"):
            assert row[name] == whole[code][name]
    nine = by_country(rows, "top9_named", truncated=True, depth=9)
    assert {code: row["rank"] for code, row in nine.items()} == {"US": 1, "CN": 2, "FR": 3, "ZZ": None}
    assert nine["US"]["share"] == 13 / 27


def test_a_chart_of_authors_that_is_cut_short_bounds_nothing() -> None:
    """A hidden author may push out a listed one."""
    rows = one_model_each({"US": 90, "CN": 5}, 1)
    found = by_country(rows, "author_chart", truncated=True)
    bounds = ("share", "share_lo", "share_hi", "rank", "rank_best", "rank_worst")
    assert [found["US"][name] for name in bounds] == [None, 0.0, 1.0, None, 1, 3]
    whole = by_country(rows, "author_chart")
    assert (whole["US"]["share"], whole["US"]["rank"]) == (90 / 95, 1)


@pytest.mark.parametrize("method", ["named_only"])
def test_without_other_a_chart_that_is_cut_short_has_the_bounds_of_all_models(method: str) -> None:
    rows = [*one_model_each({"US": 13, "CN": 8, "FR": 6}, 20), model("x/y", 2, "ZZ")]
    found, everything = by_country(rows, method, truncated=True), by_country(rows, truncated=True)
    assert [(row["share"], row["rank"]) for row in found.values()] == [(None, None)] * 4
    for code in ("US", "CN", "FR"):
        for name in ("tokens", "tokens_hi", "share_lo", "share_hi", "rank_best", "rank_worst"):
            assert found[code][name] == everything[code][name]
    assert (found["ZZ"]["tokens"], found["ZZ"]["tokens_hi"], found["ZZ"]["share_hi"]) == (2, 22, 22 / 49)
    whole = by_country(rows, method)
    assert (whole["US"]["share"], whole["US"]["share_lo"], whole["US"]["rank"]) == (13 / 27, 13 / 29, 1)


@pytest.mark.parametrize("method", ["all_models", "named_only", "paid_only"])
def test_a_rank_that_is_certain_stands_even_so(method: str) -> None:
    rows = one_model_each({"US": 90, "CN": 50, "FR": 5, "CA": 3}, 10)
    found = by_country(rows, method, truncated=True)
    assert {code: row["rank"] for code, row in found.items()} == {
        "US": 1,
        "CN": 2,
        "FR": None,
        "CA": None,
        "ZZ": None,
    }
    assert {row["share"] for row in found.values()} == {None}


def test_of_an_unknown_total_no_share_rank_or_bound_is_known() -> None:
    rows = one_model_each({"US": 90, "CN": 5}, 0)
    for method in ("all_models", "named_only", "paid_only", "author_chart", "top9_named"):
        found = by_country(rows, method, extent="unknown")
        bounds = ("tokens", "tokens_hi", "share", "share_lo", "share_hi", "rank", "rank_best", "rank_worst")
        assert [found["US"][name] for name in bounds] == [90, None, None, 0.0, 1.0, None, 1, None]
        assert [found["ZZ"][name] for name in bounds] == [0, None, None, 0.0, 1.0, None, None, None]


def test_of_a_charts_nine_all_is_known_though_the_total_is_not() -> None:
    rows = [*one_model_each({"US": 90, "CN": 5}, 0), model("x/y", 5, "ZZ")]
    found = by_country(rows, "top9_named", extent="unknown", grain="week", nine_known=True)
    bounds = ("tokens", "tokens_hi", "share", "share_lo", "share_hi", "rank", "rank_best", "rank_worst")
    assert [found["US"][name] for name in bounds] == [90, 95, 90 / 95, 0.9, 0.95, 1, 1, 1]


def test_a_method_that_counts_no_row_of_a_cut_week_is_not_certain_of_nothing() -> None:
    """There may be some outside of the list."""
    rows = [model("other", 7, "ZZ")]
    (nobody,) = by_country(rows, "named_only", truncated=True, depth=0).values()
    assert (nobody["tokens"], nobody["share_lo"], nobody["share_hi"]) == (0, 0.0, 1.0)


def test_of_nine_that_days_may_hide_a_country_has_at_most_what_it_has_of_all() -> None:
    rows = [model(f"us/{n}", 10 + n, "US") for n in range(9)] + [
        model("cn/1", 9, "CN"),
        model("fr/1", 1, "FR"),
    ]
    rows.append(model("other", 3, "ZZ"))
    found = by_country(rows, "top9_named", truncated=True, grain="day", depth=11)
    assert set(found) == {"US", "ZZ"}
    assert (found["US"]["tokens_hi"], found["US"]["share_lo"], found["US"]["share_hi"]) == (129, 0.0, 1.0)
    assert found["ZZ"]["tokens_hi"] == 3


def test_weeks_that_are_cut_short_leave_the_others_alone() -> None:
    later = MONDAY + timedelta(days=7)
    rows = one_model_each({"US": 5, "CN": 4}, 9)
    rows += [row | {"week_start": later} for row in rows]
    weeks = pl.concat([coverage(MONDAY, truncated=True), coverage(later)])
    found = by_week(rows, weeks).filter(method="all_models", country_code="US")
    assert found.select("week_start", "knowledge", "rank").rows() == [
        (MONDAY, "now", None), (MONDAY, "then", None), (later, "now", 1), (later, "then", 1),
    ]  # fmt: skip


@examples(40)
@given(many_models(1000), st.randoms(use_true_random=False))
def test_order_of_rows_never_matters(rows: list[Row], shuffle: Any) -> None:
    assume(len(rows) > 1)
    before = weeks_of(rows)
    shuffle.shuffle(rows)
    assert weeks_of(rows).equals(before)
