"""What stands behind a figure: models, growth, concentration, what nobody can claim; and by every method."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import schemas
from schemas.methods import METHODS
from tests.support.examples import examples
from tests.support.frames import (
    AUTHOR,
    COUNTRY,
    DAY,
    MONDAY,
    WEEK,
    Capture,
    Models,
    Row,
    days_of,
    facts,
    find,
    midnight,
    one,
    override,
    standings,
    week_of,
    whole,
)
from transforms.standings import Computed

NEXT = MONDAY + WEEK
METHOD_NAMES = [method.name for method in METHODS]
KNOWLEDGES = ("then", "now")
REVEAL = override("openrouter/alpha", "zhipu", MONDAY + 9 * DAY)
FACTS = facts(REVEAL)

NAMES = (
    "openai/a",
    "openai/a:free",
    "anthropic/b",
    "z-ai/c",
    "z-ai/c:thinking",
    "z-ai/d:free",
    "deepseek/e",
    "mistralai/f",
    "openrouter/alpha",
    "openrouter/alpha:free",
    "openrouter/beta",
    "hobby/g",
    "nobody/h",
    "somebody/i",
    "other",
)
contents = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 30), min_size=1)
some = examples(8)
few = settings(some, phases=[Phase.generate])
"""Without looking for the smallest example, which takes minutes among sixty models."""


def country_of(permaslug: str, knowledge: str) -> str:
    """Whose a model of the week of `MONDAY` is, in plain Python."""
    base = permaslug.partition(":")[0]
    if base == "openrouter/alpha":
        return "CN" if knowledge == "now" else "ZZ"
    return COUNTRY.get(AUTHOR.get(base.partition("/")[0], ""), "ZZ")


def counted(models: Models, method: str) -> dict[str, int]:
    """Those that a method counts, in plain Python."""
    by_size = sorted(models.items(), key=lambda item: (-item[1], item[0]))
    named = [(name, tokens) for name, tokens in by_size if name != "other"]
    if method == "top9_named":
        return dict(named[:9])
    if method == "named_only":
        return dict(named)
    if method == "paid_only":
        unpaid = ("openrouter/", "stealth/")
        return {
            name: tokens
            for name, tokens in by_size
            if not name.endswith(":free") and not name.startswith(unpaid)
        }
    if method == "author_chart":
        authors: dict[str, int] = defaultdict(int)
        for name, tokens in named:
            authors[name.partition("/")[0]] += tokens
        largest = sorted(authors, key=lambda author: (-authors[author], author))[:9]
        return {name: tokens for name, tokens in named if name.partition("/")[0] in largest}
    assert method == "all_models"
    return dict(by_size)


def by_country(models: Models, knowledge: str) -> dict[str, int]:
    """Tokens by country; of nobody's, be they none."""
    sums: dict[str, int] = defaultdict(int, {"ZZ": 0})
    for name, tokens in models.items():
        sums[country_of(name, knowledge)] += tokens
    return dict(sums)


def ways(frame: pl.DataFrame) -> Iterable[tuple[str, str, list[Row]]]:
    """The rows of each method and knowledge."""
    rows = frame.sort("method", "knowledge", maintain_order=True).rows(named=True)
    for (method, knowledge), group in groupby(rows, key=lambda row: (row["method"], row["knowledge"])):
        yield method, knowledge, list(group)


# Methods


@some
@given(models=contents)
def test_every_method_counts_what_it_says(models: Models) -> None:
    tables = standings(week_of(whole(models)), reference=FACTS)
    found = {
        (method, knowledge): {row["country_code"]: row["tokens"] for row in rows}
        for method, knowledge, rows in ways(tables["country_week"])
    }
    assert found == {
        (method, knowledge): by_country(counted(whole(models), method), knowledge)
        for method in METHOD_NAMES
        for knowledge in KNOWLEDGES
        if counted(whole(models), method)
    }


def test_the_methods_differ_on_one_week() -> None:
    """Eleven authors, a free variant and a tail: no two methods count the same."""
    models = {f"author-{n:02}/m": 20 + n for n in range(9)} | {
        "openai/a": 100,
        "openai/a:free": 10,
        "mistralai/f": 10,
        "mistralai/g": 9,
        "z-ai/c": 15,
        "other": 40,
    }
    tables = standings(week_of(whole(models)))
    totals = {
        method: sum(row["tokens"] for row in rows)
        for method, knowledge, rows in ways(tables["country_week"])
        if knowledge == "now"
    }
    unlisted = sum(20 + n for n in range(9))
    assert totals == {
        "all_models": unlisted + 184,
        "named_only": unlisted + 144,
        "paid_only": unlisted + 174,
        "top9_named": unlisted - 20 + 100,
        "author_chart": unlisted - 20 + 110,
    }


# A chart that is cut short


@st.composite
def full_weeks(draw: st.DrawFn) -> Models:
    """A week of sixty models, of which the smallest ten may be told as `other`."""
    names = [f"{author}/m{n}{variant}" for n in range(4) for author in AUTHORS for variant in ("", ":free")]
    sizes = draw(st.lists(st.integers(1, 1000), min_size=60, max_size=60))
    models = dict(zip(draw(st.permutations(names))[:60], sizes, strict=True))
    return cut(models, 50) if draw(st.booleans()) else models


AUTHORS = (*AUTHOR, "openrouter", "hobby", "nobody", "somebody", "author-a", "author-b", "author-c")


def cut(models: Models, depth: int) -> Models:
    """The chart that shows only so many of the models, and the rest as `other`."""
    named = sorted(models.keys() - {"other"}, key=lambda name: (-models[name], name))[:depth]
    kept = {name: models[name] for name in named}
    return kept | {"other": sum(models.values()) - sum(kept.values())}


def cut_and_full(models: Models) -> Iterable[tuple[Row, Row]]:
    """Each country of the cut-off chart by each method, beside what the full week says of it."""
    chart, full = (
        standings(week_of(each), reference=FACTS)["country_week"] for each in (cut(models, 9), models)
    )
    for row in chart.filter(pl.col("country_code") != "ZZ").rows(named=True):
        way = {name: row[name] for name in ("method", "knowledge", "country_code")}
        (truth,) = find(full, **way) or [{"tokens": 0, "share": 0.0, "rank": None}]
        yield row, truth


def shares_and_ranks_hold(row: Row, truth: Row) -> None:
    if truth["share"] is not None:
        assert row["share_lo"] - 1e-12 <= truth["share"] <= row["share_hi"] + 1e-12
    if truth["rank"] is not None:
        assert (row["rank_best"] or 1) <= truth["rank"] <= (row["rank_worst"] or truth["rank"])
        assert row["rank"] in (None, truth["rank"])


@few
@given(models=full_weeks())
def test_the_bounds_of_a_cut_off_chart_hold_the_truth(models: Models) -> None:
    for row, truth in cut_and_full(models):
        if row["method"] != "author_chart":
            assert row["tokens"] <= truth["tokens"] <= row["tokens_hi"]
            shares_and_ranks_hold(row, truth)


@few
@given(models=full_weeks())
def test_the_bounds_of_authors_on_a_cut_off_chart_hold_the_truth(models: Models) -> None:
    """Not so the tokens: an author that is shown may fall out of the nine largest, and its tokens with it."""
    for row, truth in cut_and_full(models):
        if row["method"] == "author_chart":
            assert truth["tokens"] <= row["tokens_hi"]
            shares_and_ranks_hold(row, truth)


def test_an_author_that_a_cut_off_chart_shows_need_not_be_among_the_nine_largest() -> None:
    """The small models of another author can push it out, so that its country has none of the tokens it shows."""
    shown = {f"author-{n}/m": 100 for n in range(8)} | {"mistralai/f": 10}
    models = shown | {f"deepseek/m{n:02}": 9 for n in range(41)}
    for row, truth in cut_and_full(models):
        if row["method"] == "author_chart":
            shares_and_ranks_hold(row, truth)
    full = standings(week_of(models))["country_week"]
    assert find(full, method="author_chart", country_code="FR") == []


def test_only_the_nine_of_a_cut_off_chart_have_points() -> None:
    models = {"openai/a": 30, "z-ai/c": 28, "anthropic/b": 9, "nobody/h": 1, "other": 7}
    models |= {f"hobby/m{n}": 1 for n in range(5)}
    tables = standings(week_of(models))
    for method, _, rows in ways(tables["country_week"]):
        points = {row["country_code"]: (row["share"], row["rank"]) for row in rows}
        nobody = {"ZZ": (None, None)}
        if method == "top9_named":
            assert points == nobody | {"US": (39 / 67, 1), "CN": (28 / 67, 2)}
        else:
            assert points == nobody | {"US": (None, None), "CN": (None, None)}
    leaders = {row["method"]: row["leader"] for row in find(tables["country_lead_week"], knowledge="now")}
    assert leaders == dict.fromkeys(METHOD_NAMES) | {"top9_named": "US"}


def test_a_leader_that_is_certain_stands_on_a_cut_off_chart_too() -> None:
    models = {"openai/a": 30, "z-ai/c": 8, "other": 7} | {f"z-ai/m{n}": 1 for n in range(7)}
    tables = standings(week_of(models))
    for method in set(METHOD_NAMES) - {"author_chart"}:
        row = one(tables["country_lead_week"], method=method, knowledge="now")
        assert (row["leader"], row["lead_certain"]) == ("US", True)
        rows = find(tables["country_week"], method=method, knowledge="now")
        shares = {row["country_code"]: row["share"] is not None for row in rows}
        assert shares == {"US": method == "top9_named", "CN": method == "top9_named", "ZZ": False}


def test_a_chart_of_fewer_than_nine_names_does_not_show_the_nine() -> None:
    """The ninth largest entry stands in `other`."""
    tables = standings(week_of({"openai/a": 30, "z-ai/c": 28, "other": 57}))
    row = one(tables["country_week"], method="top9_named", knowledge="now", country_code="CN")
    assert row["share"] is None
    assert row["tokens_hi"] > 28
    assert one(tables["country_lead_week"], method="top9_named", knowledge="now")["leader"] is None


def test_nine_names_a_day_need_not_show_the_nine_of_the_week() -> None:
    """A model that is tenth on every day can be the largest of the week."""
    full = [
        {f"mistralai/{half}-{n}": 10 for n in range(9)} | {"z-ai/tenth": 9}
        for half in ["spring"] * 4 + ["summer"] * 3
    ]
    shown, truth = (
        standings(
            Capture(
                midnight(MONDAY + 25 * DAY), MONDAY, MONDAY + 6 * DAY, dict(zip(dates, days, strict=True))
            )
        )
        for dates in [[MONDAY + n * DAY for n in range(7)]]
        for days in ([cut(models, 9) for models in full], full)
    )
    way = {"method": "top9_named", "knowledge": "now", "country_code": "FR"}
    assert one(truth["country_week"], **way)["tokens"] == 8 * 40
    assert one(shown["country_week"], **way)["share"] is None


# The largest models


def test_the_largest_models_of_a_country() -> None:
    models = {"openai/a": 40, "anthropic/b": 30, "openai/a:free": 30, "z-ai/c": 7, "openrouter/alpha": 3}
    tables = standings(week_of(models | {"openai/z": 0}), reference=FACTS)
    top = tables["country_top_models"]
    way = {"method": "all_models", "knowledge": "now"}
    shown = ("rank", "model_permaslug", "organisation", "tokens", "share")
    assert [tuple(row[name] for name in shown) for row in find(top, country_code="US", **way)] == [
        (1, "openai/a", "openai", 40, 0.4),
        (2, "anthropic/b", "anthropic", 30, 0.3),
        (2, "openai/a:free", "openai", 30, 0.3),
        (4, "openai/z", "openai", 0, 0.0),
    ]
    assert [tuple(row[name] for name in shown) for row in find(top, country_code="CN", **way)] == [
        (1, "z-ai/c", "zhipu", 7, 0.7),
        (2, "openrouter/alpha", "zhipu", 3, 0.3),
    ]
    then = find(top, country_code="CN", method="all_models", knowledge="then")
    assert [(row["model_permaslug"], row["share"]) for row in then] == [("z-ai/c", 1.0)]


def test_what_nobody_can_claim_has_no_largest_models() -> None:
    tables = standings(week_of({"nobody/h": 3, "hobby/g": 2, "openrouter/beta": 4}))
    assert tables["country_top_models"].is_empty()


def test_ten_at_most_and_of_level_ones_the_first_by_name() -> None:
    models = {f"openai/m{n:02}": 5 for n in range(12)} | {"openai/z": 6}
    tables = standings(week_of(models))
    top = find(tables["country_top_models"], method="all_models", knowledge="now")
    names = [(row["rank"], row["model_permaslug"]) for row in top]
    assert names == [(1, "openai/z")] + [(2, f"openai/m{n:02}") for n in range(9)]
    assert {row["share"] for row in top[1:]} == {5 / 66}


def test_a_country_without_tokens_has_models_without_a_share() -> None:
    (row, *_) = find(standings(week_of({"openai/a": 0}))["country_top_models"], method="all_models")
    assert (row["tokens"], row["share"], row["rank"]) == (0, None, 1)


def test_on_a_cut_off_chart_a_models_share_of_its_country_is_known_of_the_nine_alone() -> None:
    """More of the country's models stand behind `other`."""
    tables = standings(week_of({"openai/a": 30, "openai/b": 10, "other": 40}))
    shares = {
        method: [row["share"] for row in rows]
        for method, knowledge, rows in ways(tables["country_top_models"])
        if knowledge == "now" and method in ("all_models", "named_only")
    }
    assert shares == {"all_models": [None, None], "named_only": [None, None]}


@some
@given(models=contents)
def test_the_largest_models_are_those_that_sorting_gives(models: Models) -> None:
    tables = standings(week_of(whole(models)), reference=FACTS)
    found = {
        (method, knowledge, row["country_code"], row["model_permaslug"]): row["tokens"]
        for method, knowledge, rows in ways(tables["country_top_models"])
        for row in rows
    }
    expected = {}
    for method in METHOD_NAMES:
        for knowledge in KNOWLEDGES:
            for country in {*COUNTRY.values()}:
                theirs = [
                    (name, tokens)
                    for name, tokens in counted(whole(models), method).items()
                    if country_of(name, knowledge) == country
                ]
                for name, tokens in sorted(theirs, key=lambda item: (-item[1], item[0]))[:10]:
                    expected[method, knowledge, country, name] = tokens
    assert found == expected


# Growth


def growth(before: Models, after: Models, *more: Any, **options: Any) -> pl.DataFrame:
    """Of two weeks that follow each other, and of whatever else is captured."""
    return standings(week_of(before), week_of(after, NEXT), *more, **options)["country_growth"]


PARTS = ("from_reveals", "from_new_models", "from_free_variants", "from_rest")


def parts(frame: pl.DataFrame, country: str, method: str = "all_models", **values: Any) -> tuple[int, ...]:
    values = {"knowledge": "now", "span_weeks": 1} | values
    row = one(frame, week_start=NEXT, country_code=country, method=method, **values)
    assert row["tokens"] - row["tokens_before"] == row["change"]
    return (row["change"], *(row[part] for part in PARTS))


def test_growth_out_of_each_part() -> None:
    before = {"openai/a": 50, "openai/a:free": 20, "z-ai/c": 5, "openrouter/alpha": 8}
    after = {"openai/a": 53, "openai/a:free": 31, "openai/new": 7, "z-ai/c": 4, "openrouter/alpha": 6}
    frame = growth(before, after, reference=FACTS)
    assert parts(frame, "US") == (21, 0, 7, 11, 3)
    assert parts(frame, "CN") == (-3, -2, 0, 0, -1)
    row = one(frame, week_start=NEXT, country_code="US", method="all_models", knowledge="now", span_weeks=1)
    assert (row["tokens_before"], row["tokens"], row["growth"]) == (70, 91, 0.3)
    assert (row["status"], row["as_of"]) == ("settled", midnight(NEXT + 25 * DAY))


def test_a_model_that_is_gone_takes_its_tokens_along() -> None:
    frame = growth({"openai/a": 5, "openai/b": 9, "openai/c:free": 2}, {"openai/a": 5})
    assert parts(frame, "US") == (-11, 0, 0, -2, -9)


def test_a_new_free_variant_is_a_new_model() -> None:
    assert parts(growth({"openai/a": 5}, {"openai/a": 5, "openai/a:free": 4}), "US") == (4, 0, 4, 0, 0)


def test_a_model_that_is_back_is_not_new() -> None:
    earlier = week_of({"openai/a": 5, "openai/b": 3}, MONDAY - WEEK)
    assert parts(growth({"openai/a": 5}, {"openai/a": 5, "openai/b": 4}, earlier), "US") == (4, 0, 0, 0, 4)


def test_a_model_that_was_seen_in_an_incomplete_week_is_not_new() -> None:
    earlier = days_of({"openai/b": 3}, MONDAY - WEEK, count=2)
    assert parts(growth({"openai/a": 5}, {"openai/a": 5, "openai/b": 4}, earlier), "US") == (4, 0, 0, 0, 4)


def test_a_model_that_a_method_had_left_out_is_not_new_to_it() -> None:
    """The tenth of the week before, which the nine did not count."""
    before = {f"openai/m{n}": 10 for n in range(9)} | {"z-ai/c": 1}
    after = {f"openai/m{n}": 10 for n in range(8)} | {"z-ai/c": 20, "openai/m8": 1}
    assert parts(growth(before, after), "CN", "top9_named") == (20, 0, 0, 0, 20)


def test_a_reveal_gives_to_the_country_and_takes_from_nobodys() -> None:
    """As then known, the model was nobody's in the week before the reveal and the country's in the week of it."""
    models = {"openai/a": 5, "openrouter/alpha": 8}
    frame = growth(models, models | {"openrouter/alpha": 9}, reference=FACTS)
    assert parts(frame, "CN", knowledge="then") == (9, 9, 0, 0, 0)
    assert parts(frame, "ZZ", knowledge="then") == (-8, -8, 0, 0, 0)
    assert parts(frame, "CN", knowledge="now") == (1, 1, 0, 0, 0)


def test_a_transfer_takes_from_the_author_what_it_gives_to_another() -> None:
    transfer = facts(override("openai/a", "mistral", MONDAY + 9 * DAY, kind="transfer"))
    frame = growth({"openai/a": 8, "openai/b": 1}, {"openai/a": 8, "openai/b": 1}, reference=transfer)
    assert parts(frame, "FR", knowledge="then") == (8, 8, 0, 0, 0)
    assert parts(frame, "US", knowledge="then") == (-8, -8, 0, 0, 0)


def test_growth_out_of_nothing_has_no_rate() -> None:
    frame = growth({"openai/a": 5}, {"openai/a": 5, "z-ai/c": 4})
    row = one(frame, country_code="CN", method="all_models", knowledge="now", span_weeks=1)
    assert (row["tokens_before"], row["change"], row["growth"]) == (0, 4, None)


def test_growth_over_four_weeks_is_that_between_its_ends() -> None:
    weeks = [week_of({"openai/a": 10 + n * n}, MONDAY + n * WEEK) for n in range(5)]
    frame = standings(*weeks)["country_growth"]
    rows = find(frame, method="all_models", knowledge="now", country_code="US")
    assert [
        ((row["week_start"] - MONDAY) // WEEK, row["span_weeks"], row["tokens_before"], row["change"])
        for row in rows
    ] == [(1, 1, 10, 1), (2, 1, 11, 3), (3, 1, 14, 5), (4, 1, 19, 7), (4, 4, 10, 16)]


def test_over_four_weeks_a_model_is_new_that_was_not_there_before_them() -> None:
    contents = [{"openai/a": 10}, {"openai/a": 10, "openai/new": 3}] + [{"openai/a": 10, "openai/new": 5}] * 3
    weeks = [week_of(models, MONDAY + n * WEEK) for n, models in enumerate(contents)]
    frame = standings(*weeks)["country_growth"]
    way = {"week_start": MONDAY + 4 * WEEK, "country_code": "US", "method": "all_models", "knowledge": "now"}
    assert one(frame, span_weeks=4, **way)["from_new_models"] == 5
    assert one(frame, span_weeks=1, **way)["from_new_models"] == 0


@pytest.mark.parametrize("gap", ["missing", "incomplete"])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_no_growth_to_or_from_a_week_that_is_not_whole(gap: str, which: int) -> None:
    weeks = []
    for n in range(3):
        monday = MONDAY + n * WEEK
        if n != which:
            weeks.append(week_of({"openai/a": 10}, monday))
        elif gap == "incomplete":
            weeks.append(days_of({"openai/a": 10}, monday, count=6))
    rows = find(standings(*weeks)["country_growth"], method="all_models", knowledge="now", country_code="US")
    pairs = {(row["week_start"] - MONDAY) // WEEK for row in rows}
    assert pairs == {0: {2}, 1: set(), 2: {1}}[which]


def test_no_growth_to_or_from_a_cut_off_chart_but_of_its_nine() -> None:
    short = {"openai/a": 10, "other": 5} | {f"openai/m{n}": 6 for n in range(8)}
    for before, after in ((short, whole(short)), (whole(short), short), (short, short)):
        assert set(growth(before, after)["method"]) == {"top9_named"}


@some
@given(before=contents, after=contents, earlier=st.none() | contents)
def test_parts_sum_to_the_change_and_countries_to_the_whole(
    before: Models, after: Models, earlier: Models | None
) -> None:
    more = [] if earlier is None else [week_of(whole(earlier), MONDAY - 3 * WEEK)]
    tables = standings(week_of(whole(before)), week_of(whole(after), NEXT), *more, reference=FACTS)
    weeks = tables["country_week"]
    totals = {
        (row["week_start"], row["method"], row["knowledge"]): row["tokens"]
        for row in weeks.group_by("week_start", "method", "knowledge")
        .agg(pl.col("tokens").sum())
        .rows(named=True)
    }
    for row in tables["country_growth"].rows(named=True):
        assert sum(row[part] for part in PARTS) == row["change"] == row["tokens"] - row["tokens_before"]
        way = {name: row[name] for name in ("method", "knowledge", "country_code")}
        for column, week in (
            ("tokens", row["week_start"]),
            ("tokens_before", row["week_start"] - row["span_weeks"] * WEEK),
        ):
            assert [row[column]] == ([each["tokens"] for each in find(weeks, week_start=week, **way)] or [0])
    changes = tables["country_growth"].group_by("week_start", "method", "knowledge", "span_weeks")
    sums = changes.agg(pl.col("change", *PARTS).sum()).rows(named=True)
    assert sums
    for row in sums:
        way = (row["method"], row["knowledge"])
        other = row["week_start"] - row["span_weeks"] * WEEK
        change = totals[row["week_start"], *way] - totals[other, *way]
        assert row["change"] == sum(row[part] for part in PARTS) == change


# Concentration


def holders(models: Models, level: str, knowledge: str) -> tuple[dict[str, int], int]:
    """What each holds, and what is left over, in plain Python."""
    held: dict[str, int] = defaultdict(int)
    spare = 0
    for name, tokens in models.items():
        country = country_of(name, knowledge)
        alpha = name.partition(":")[0] == "openrouter/alpha"
        holder = {
            "model": name if name != "other" else None,
            "country": country if country != "ZZ" else None,
            "organisation": None
            if country == "ZZ"
            else ("zhipu" if alpha else AUTHOR[name.partition("/")[0]]),
        }[level]
        if holder is None:
            spare += tokens
        else:
            held[holder] += tokens
    return dict(held), spare


def index(tokens: Iterable[int], total: int) -> float:
    return sum((100 * each / total) ** 2 for each in tokens)


def expected_concentration(held: dict[str, int], spare: int) -> dict[str, Any]:
    known, total = sum(held.values()), sum(held.values()) + spare
    largest = sorted(held.values(), reverse=True)
    with_spare = [largest[0] + spare, *largest[1:]] if largest else [spare]
    top1, top3 = sum(largest[:1]), sum(largest[:3])
    return {
        "entities": len(held),
        "hhi": index(largest, known) if known else None,
        "hhi_lo": index(largest, total) if total else 0.0,
        "hhi_hi": index(with_spare, total) if total else 10_000.0,
        "top1_share": top1 / known if known else None,
        "top1_share_lo": top1 / total if total else 0.0,
        "top1_share_hi": (top1 + spare) / total if total else 1.0,
        "top3_share": top3 / known if known else None,
        "top3_share_lo": top3 / total if total else 0.0,
        "top3_share_hi": (top3 + spare) / total if total else 1.0,
    }


@examples(10)
@given(models=contents)
def test_concentration_is_what_the_definition_says(models: Models) -> None:
    tables = standings(week_of(whole(models)), reference=FACTS)
    for method, knowledge, rows in ways(tables["concentration_week"]):
        for row in rows:
            held = holders(counted(whole(models), method), row["level"], knowledge)
            for name, value in expected_concentration(*held).items():
                assert row[name] == (value if value is None else pytest.approx(value, rel=1e-9)), name
            if row["hhi"] is not None:
                assert row["hhi_lo"] <= row["hhi"] <= row["hhi_hi"] * (1 + 1e-12)


def test_one_holder_of_everything_has_ten_thousand_points() -> None:
    tables = standings(week_of({"openai/a": 7}))
    for row in tables["concentration_week"].rows(named=True):
        assert row["entities"] == 1
        assert row["hhi_lo"] == row["hhi"] == row["hhi_hi"] == 10_000.0
        assert row["top1_share"] == row["top3_share"] == row["top1_share_lo"] == row["top3_share_hi"] == 1.0


def test_equal_holders_share_the_points() -> None:
    tables = standings(week_of({f"openai/m{n}": 5 for n in range(4)}))
    row = one(tables["concentration_week"], method="all_models", knowledge="now", level="model")
    assert (row["hhi"], row["top1_share"], row["top3_share"]) == (2500.0, 0.25, 0.75)


def test_concentration_of_what_is_attributed_to_nobody_is_open() -> None:
    tables = standings(week_of({"nobody/h": 3, "hobby/g": 2}))
    for level in ("organisation", "country"):
        row = one(tables["concentration_week"], method="all_models", knowledge="now", level=level)
        assert (row["entities"], row["hhi"], row["hhi_lo"], row["hhi_hi"]) == (0, None, 0.0, 10_000.0)
        assert (row["top1_share"], row["top1_share_lo"], row["top1_share_hi"]) == (None, 0.0, 1.0)


def test_concentration_of_no_tokens_is_open() -> None:
    tables = standings(week_of({"openai/a": 0}))
    row = one(tables["concentration_week"], method="all_models", knowledge="now", level="country")
    assert (row["hhi"], row["hhi_lo"], row["hhi_hi"]) == (None, 0.0, 10_000.0)
    assert (row["top3_share"], row["top3_share_lo"], row["top3_share_hi"]) == (None, 0.0, 1.0)


def test_on_a_cut_off_chart_only_the_nine_have_an_index() -> None:
    models = {"openai/a": 10, "other": 5} | {f"z-ai/m{n}": 1 for n in range(8)}
    for method, _, rows in ways(standings(week_of(models))["concentration_week"]):
        for row in rows:
            assert (row["hhi"] is not None) == (row["top1_share"] is not None) == (method == "top9_named")
            assert row["hhi_lo"] <= row["hhi_hi"]


# The unattributed


def test_the_unattributed_by_name() -> None:
    models = {
        "openai/a": 60,
        "openrouter/alpha": 5,
        "openrouter/alpha:free": 4,
        "openrouter/beta": 3,
        "hobby/g": 6,
        "hobby/g:free": 1,
        "nobody/h": 9,
        "nobody/i": 2,
        "other": 10,
    }
    frame = standings(week_of(whole(models)), reference=FACTS)["unattributed_week"]
    then = {
        ("cloaked", "openrouter/alpha"): (5, 0.05),
        ("cloaked", "openrouter/alpha:free"): (4, 0.04),
        ("cloaked", "openrouter/beta"): (3, 0.03),
        ("other", "other"): (10, 0.1),
        ("undecided", "hobby"): (7, 0.07),
        ("unknown", "nobody"): (11, 0.11),
    }
    for knowledge in KNOWLEDGES:
        rows = find(frame, method="all_models", knowledge=knowledge)
        found = {(row["attribution"], row["name"]): (row["tokens"], row["share"]) for row in rows}
        revealed = knowledge == "now"
        assert found == {key: value for key, value in then.items() if not (revealed and "alpha" in key[1])}


def test_an_organisation_without_a_seat_yet_is_told_among_the_unattributed() -> None:
    """Its seat is known only from a later week on, so that in this one no country can claim its models."""
    later = FACTS.organisations.with_columns(valid_from=pl.lit(NEXT))
    tables = standings(week_of({"openai/a": 60}), reference=replace(FACTS, organisations=later))
    (row,) = find(tables["unattributed_week"], method="all_models", knowledge="now")
    assert row["tokens"] == one(tables["country_week"], method="all_models", knowledge="now")["tokens"] == 60
    assert row["attribution"] in schemas.UNATTRIBUTED_WEEK["attribution"].values


@some
@given(models=contents)
def test_the_unattributed_sum_to_what_no_country_can_claim(models: Models) -> None:
    tables = standings(week_of(whole(models)), reference=FACTS)
    nobodys = find(tables["country_week"], country_code="ZZ")
    assert nobodys
    for row in nobodys:
        named = find(tables["unattributed_week"], method=row["method"], knowledge=row["knowledge"])
        assert sum(each["tokens"] for each in named) == row["tokens"]
        total = sum(counted(whole(models), row["method"]).values())
        assert all(each["share"] == (each["tokens"] / total if total else 0.0) for each in named)


@pytest.mark.parametrize("as_of", [timedelta(days=7), timedelta(days=11)])
def test_status_and_vintage_are_the_weeks(as_of: timedelta) -> None:
    tables: Computed = standings(days_of({"openai/a": 1, "nobody/h": 1}, as_of=midnight(MONDAY) + as_of))
    status = "settled" if as_of.days == 11 else "provisional"
    for name in ("country_top_models", "concentration_week", "unattributed_week"):
        assert set(tables[name].select("status", "as_of").rows()) == {(status, midnight(MONDAY) + as_of)}
