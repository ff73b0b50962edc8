"""Printed claims: which method reproduces them, and what is said of those that none does."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.fields import KNOWLEDGE
from schemas.methods import METHODS
from schemas.reference import WORLD
from tests.support.frames import (
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

BILLION = 10**9

WEEKS_MODELS: Models = {
    "z-ai/big": 1000,
    "openai/a": 900,
    "z-ai/gratis:free": 400,
    "openrouter/alpha": 200,
    "openai/b": 100,
    "openai/c": 90,
    "anthropic/d": 80,
    "anthropic/e": 70,
    "anthropic/f": 60,
    "mistralai/tenth": 50,
    "deepseek/small": 40,
    "openai/tiny": 6,
}
"""China over all models 1440, among the nine 1400, each 200 more once `alpha` was revealed, and 1040 of what is paid,
among which `alpha` never is; the United States 1306, and 1300 among the nine. All tokens are 2996, and those of the
nine 2900."""

REVEAL = override("openrouter/alpha", "zhipu", MONDAY + 9 * DAY)


def claim(country: str, tokens: int | None = None, **columns: Any) -> Row:
    """A claim of a country's billions of tokens, or, without a figure, that it leads."""
    metric = "leader" if tokens is None else "tokens"
    printed = None if tokens is None else tokens * BILLION
    usual = {"claim": "c", "week_start": MONDAY, "country_code": country, "metric": metric}
    return usual | {"tokens": printed} | columns


def judged(*captures: Capture, claims: list[Row]) -> Computed:
    return standings(*captures, reference=facts(REVEAL, claims=claims))


def verdict_on(country: str, tokens: int | None = None, models: Models = WEEKS_MODELS, **columns: Any) -> Row:
    """The row of `claims` for one claim, with the week's models in billions."""
    week = week_of({name: each * BILLION for name, each in models.items()})
    tables = judged(week, claims=[claim(country, tokens, **columns)])
    return one(tables["claims"], claim="c")


def way(row: Row) -> tuple[str, str, str]:
    return row["verdict"], row["method"], row["knowledge"]


# Which method


@pytest.mark.parametrize(
    ("country", "tokens", "named", "method", "knowledge"),
    [
        pytest.param("CN", 1400, None, "top9_named", "then", id="the nine, as known then"),
        pytest.param("CN", 1600, None, "top9_named", "now", id="the nine, as known now"),
        pytest.param("CN", 1440, None, "all_models", "then", id="the registry's first that fits"),
        pytest.param("CN", 1440, "author_chart", "author_chart", "then", id="the one that is named"),
        pytest.param("CN", 1040, None, "paid_only", "then", id="the only one that fits"),
        pytest.param("CN", 1040, "top9_named", "paid_only", "then", id="another than the one that is named"),
        pytest.param("US", 1303, None, "top9_named", "then", id="the nine before all"),
        pytest.param("US", 1303, "all_models", "all_models", "then", id="all where they are named"),
        pytest.param(WORLD, 2996, None, "all_models", "then", id="all for the world"),
        pytest.param(WORLD, 2900, None, "top9_named", "then", id="the nine for the world where they fit"),
    ],
)
def test_a_figure_is_reproduced_under(
    country: str, tokens: int, named: str | None, method: str, knowledge: str
) -> None:
    row = verdict_on(country, tokens, method_named=named)
    assert way(row) == (f"reproduced under {method}", method, knowledge)
    assert row["tokens_printed"] == tokens * BILLION
    assert row["difference"] == (row["tokens"] - row["tokens_printed"]) / row["tokens_printed"]
    assert abs(row["difference"]) <= 0.005
    assert row["tried"] == len(METHODS) * len(KNOWLEDGE)
    assert (row["status"], row["as_of"]) == ("settled", midnight(MONDAY + 25 * DAY))


def test_for_the_world_all_models_go_before_the_nine_where_both_fit() -> None:
    few = {"openai/a": 60, "z-ai/b": 40}
    assert way(verdict_on(WORLD, 100, few)) == ("reproduced under all_models", "all_models", "then")
    assert way(verdict_on("US", 60, few)) == ("reproduced under top9_named", "top9_named", "then")


def test_every_way_that_fits_is_told_in_order_of_preference() -> None:
    row = verdict_on("US", 1303, method_named="named_only")
    expected = ("named_only", "top9_named", "all_models", "paid_only", "author_chart")
    assert row["fits"].split(", ") == [f"{name}/{known}" for name in expected for known in KNOWLEDGE]
    assert verdict_on("CN", 1420)["fits"] is None


def test_every_way_that_was_tried_has_its_figure() -> None:
    week = week_of({name: each * BILLION for name, each in WEEKS_MODELS.items()})
    values = judged(week, claims=[claim("CN", 1400)])["claim_value"]
    found = {
        (row["method"], row["knowledge"]): (row["tokens"], row["holds"]) for row in values.rows(named=True)
    }
    then = {
        "all_models": 1440,
        "top9_named": 1400,
        "named_only": 1440,
        "paid_only": 1040,
        "author_chart": 1440,
    }
    assert found == {
        (method, known): ((tokens + extra) * BILLION, tokens + extra == 1400)
        for method, tokens in then.items()
        for known, extra in (("then", 0), ("now", 0 if method == "paid_only" else 200))
    }
    assert all(
        row["difference"] == (row["tokens"] - 1400 * BILLION) / (1400 * BILLION)
        and row["leader"] is None
        and row["lead_certain"] is None
        for row in values.rows(named=True)
    )


# How near


@pytest.mark.parametrize(
    ("ours", "fits"), [(1000, True), (1005, True), (1006, False), (995, True), (994, False)]
)
def test_half_a_percent_is_near_enough(ours: int, fits: bool) -> None:
    row = verdict_on("US", 1000, {"openai/a": ours})
    assert row["verdict"] == ("reproduced under top9_named" if fits else "not reproduced")
    assert row["difference"] == (ours - 1000) / 1000


@pytest.mark.parametrize("claims", [1, 2])
@pytest.mark.parametrize("printed", [10**12, 2_247_000 * BILLION])
def test_half_a_percent_is_counted_to_the_token_however_many_claims_there_are(
    printed: int, claims: int
) -> None:
    rows = [claim("US", claim=f"c-{n}", metric="tokens") | {"tokens": printed} for n in range(claims)]
    for factor, beyond, verdict in (
        (1005, 0, "reproduced under top9_named"),
        (1005, 1, "not reproduced"),
        (995, 0, "reproduced under top9_named"),
        (995, -1, "not reproduced"),
    ):
        week = week_of({"openai/a": printed * factor // 1000 + beyond})
        assert set(judged(week, claims=rows)["claims"]["verdict"]) == {verdict}


def test_where_nothing_fits_the_closest_is_told() -> None:
    row = verdict_on("CN", 1430)
    assert way(row) == ("not reproduced", "all_models", "then")
    assert (row["tokens"], row["difference"]) == (1440 * BILLION, 10 / 1430)
    row = verdict_on("CN", 1415)
    assert way(row) == ("not reproduced", "top9_named", "then")


# Off by a factor of ten


@pytest.mark.parametrize(
    ("printed", "ours", "verdict"),
    [
        (10_000, 1000, "off by a factor of ten"),
        (10_000, 1005, "off by a factor of ten"),
        (10_000, 995, "off by a factor of ten"),
        (10_000, 1006, "not reproduced"),
        (10_000, 994, "not reproduced"),
        (1_000, 10_000, "not reproduced"),
        (9_000, 1000, "not reproduced"),
        (100_000, 1000, "not reproduced"),
    ],
)
def test_a_figure_is_off_by_ten_where_its_tenth_is_near_enough(printed: int, ours: int, verdict: str) -> None:
    assert verdict_on("US", printed, {"openai/a": ours})["verdict"] == verdict


def test_a_figure_that_is_off_by_ten_names_the_way_that_its_tenth_fits() -> None:
    assert way(verdict_on("CN", 14_000)) == ("off by a factor of ten", "top9_named", "then")
    assert way(verdict_on("CN", 10_400)) == ("off by a factor of ten", "paid_only", "then")
    row = verdict_on("CN", 14_000)
    assert (row["tokens"], row["difference"], row["fits"]) == (1400 * BILLION, -0.9, None)
    assert row["explanation"] is None


def test_a_figure_that_fits_somewhere_is_not_off_by_ten_elsewhere() -> None:
    """China's 1000 among the paid is a tenth of what is printed, and that is what it has over all models."""
    models = {"z-ai/big": 1000, "z-ai/gratis:free": 9000}
    assert way(verdict_on("CN", 10_000, models)) == ("reproduced under top9_named", "top9_named", "then")


# A week that is not named


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        (1000, "consistent"),
        (1050, "consistent"),
        (950, "consistent"),
        (1051, "not reproduced"),
        (949, "not reproduced"),
    ],
)
def test_a_figure_without_its_week_is_consistent_at_best(ours: int, verdict: str) -> None:
    row = verdict_on("US", 1000, {"openai/a": ours}, basis="week inferred")
    assert row["verdict"] == verdict


def test_a_leader_without_its_week_is_consistent_at_best() -> None:
    assert verdict_on("CN", models={"z-ai/b": 5}, basis="week inferred")["verdict"] == "consistent"
    assert verdict_on("US", models={"z-ai/b": 5}, basis="week inferred")["verdict"] == "not reproduced"


def test_a_derived_figure_is_held_to_half_a_percent() -> None:
    assert verdict_on("US", 1000, {"openai/a": 1006}, basis="derived")["verdict"] == "not reproduced"


# Who leads


def test_a_leader_that_every_way_gives_is_reproduced() -> None:
    row = verdict_on("CN", models={"z-ai/b": 5, "openai/a": 3})
    assert way(row) == ("reproduced under top9_named", "top9_named", "then")
    assert (row["tokens_printed"], row["tokens"], row["difference"]) == (None, None, None)


def test_a_leader_that_only_some_ways_give_is_true_for_those() -> None:
    row = verdict_on("US")
    assert way(row) == ("true for paid_only only", "paid_only", "then")
    assert row["fits"] == "paid_only/then, paid_only/now"
    row = verdict_on("CN")
    assert way(row) == (
        "true for top9_named, all_models, named_only, author_chart only",
        "top9_named",
        "then",
    )
    row = verdict_on("CN", method_named="named_only")
    assert row["verdict"] == "true for named_only, top9_named, all_models, author_chart only"


def test_a_leader_as_known_now_alone_is_true_for_that() -> None:
    row = verdict_on("CN", models={"openai/a": 5, "z-ai/b": 3, "openrouter/alpha": 4})
    assert row["knowledge"] == "now"
    assert row["verdict"].startswith("true for ")
    assert all(each.endswith("/now") for each in row["fits"].split(", "))


def test_a_leader_that_no_way_gives_is_not_reproduced() -> None:
    row = verdict_on("FR")
    assert (row["verdict"], row["fits"], row["explanation"]) == ("not reproduced", None, None)


def test_who_leads_is_told_for_every_way() -> None:
    week = week_of({name: each * BILLION for name, each in WEEKS_MODELS.items()})
    values = judged(week, claims=[claim("US")])["claim_value"].rows(named=True)
    for row in values:
        paid = row["method"] == "paid_only"
        assert (row["leader"], row["holds"]) == (("US", True) if paid else ("CN", False))
        assert (row["tokens"], row["difference"]) == (None, None)
    certain = {(row["method"], row["knowledge"]): row["lead_certain"] for row in values}
    assert certain["all_models", "now"] is True
    assert certain["all_models", "then"] is False


# What cannot be said


def test_a_week_that_is_missing_or_incomplete_supports_nothing() -> None:
    claims = [
        claim("US", 7, claim="missing", week_start=MONDAY - WEEK),
        claim("US", 6, claim="incomplete"),
        claim("US", claim="leads"),
        claim(WORLD, 6, claim="world"),
    ]
    tables = judged(days_of({"openai/a": BILLION}, count=6), claims=claims)
    assert tables["claim_value"].is_empty()
    for row in tables["claims"].rows(named=True):
        assert (row["verdict"], row["tried"]) == ("no data", 0)
        nothing = (
            "method",
            "knowledge",
            "tokens",
            "difference",
            "fits",
            "explanation",
            "remark",
            "status",
            "as_of",
        )
        assert {row[name] for name in nothing} == {None}
    assert set(tables["claims"]["claim"]) == {"missing", "incomplete", "leads", "world"}


def test_a_country_without_tokens_in_a_whole_week_is_not_without_data() -> None:
    """The week is there, and says that the country has none."""
    row = verdict_on("FR", 70, {"openai/a": 100})
    assert row["verdict"] == "not reproduced"


def test_a_cut_off_chart_supports_its_nine_and_the_worlds_total() -> None:
    models = {name: tokens * BILLION for name, tokens in WEEKS_MODELS.items()}
    largest = sorted(models, key=lambda name: -models[name])[:9]
    chart = {name: models[name] for name in largest} | {"other": 96 * BILLION}
    claims = [
        claim("CN", 1400, claim="cn"),
        claim("CN", 1440, claim="cn-all"),
        claim(WORLD, 2996, claim="world"),
        claim(WORLD, 2900, claim="world-nine"),
        claim("CN", claim="leads"),
    ]
    tables = judged(week_of(chart), claims=claims)
    tried = {
        name: sorted({(row["method"]) for row in find(tables["claim_value"], claim=name)})
        for name in ("cn", "cn-all", "world", "world-nine")
    }
    assert tried == {
        "cn": ["top9_named"],
        "cn-all": ["top9_named"],
        "world": ["all_models", "top9_named"],
        "world-nine": ["all_models", "top9_named"],
    }
    verdicts = {row["claim"]: row["verdict"] for row in tables["claims"].rows(named=True)}
    assert verdicts | {"leads": None} == {
        "cn": "reproduced under top9_named",
        "cn-all": "not reproduced",
        "world": "reproduced under all_models",
        "world-nine": "reproduced under top9_named",
        "leads": None,
    }
    certain = {row["method"] for row in find(tables["country_lead_week"], knowledge="then") if row["leader"]}
    assert {row["method"] for row in find(tables["claim_value"], claim="leads", knowledge="then")} == certain


def test_a_chart_without_other_supports_its_nine_and_says_nothing_of_the_world() -> None:
    largest = sorted(WEEKS_MODELS, key=lambda name: -WEEKS_MODELS[name])[:9]
    chart = {name: WEEKS_MODELS[name] * BILLION for name in largest}
    claims = [claim("CN", 1400, claim="cn"), claim(WORLD, 2900, claim="world"), claim("CN", claim="leads")]
    for origin, verdicts in {
        "chart": {
            "cn": "reproduced under top9_named",
            "world": "no data",
            "leads": "reproduced under top9_named",
        },
        "api": {"cn": "no data", "world": "no data", "leads": "no data"},
    }.items():
        tables = judged(replace(week_of(chart), origin=origin, fetched=False), claims=claims)
        assert dict(tables["claims"].select("claim", "verdict").rows()) == verdicts


# Beside the verdict


def test_leaving_out_one_of_the_nine_can_explain_a_figure_that_nothing_fits() -> None:
    row = verdict_on("CN", 1000)
    assert row["verdict"] == "not reproduced"
    assert "z-ai/gratis:free" in row["explanation"]
    assert str(400 * BILLION) in row["explanation"]


def test_the_entry_that_explains_best_is_named() -> None:
    models = {"openai/a": 500, "openai/b": 102, "openai/c": 100}
    assert "openai/b" in verdict_on("US", 600, models)["explanation"]
    assert "openai/c" in verdict_on("US", 602, models)["explanation"]


def test_only_what_was_known_then_and_stood_on_the_chart_explains() -> None:
    assert verdict_on("CN", 1200)["explanation"] is None
    assert verdict_on("FR", 20)["explanation"] is None


def test_nothing_is_explained_where_something_fits_or_nothing_would() -> None:
    """Without its free variant the nine would fit too, but what counts the paid ones fits as it is."""
    models = {name: tokens for name, tokens in WEEKS_MODELS.items() if name != "deepseek/small"}
    row = verdict_on("CN", 1000, models)
    assert (row["verdict"], row["explanation"]) == ("reproduced under paid_only", None)
    assert verdict_on("CN", 1100)["explanation"] is None


def test_the_other_knowledge_and_the_leader_over_all_models_are_remarked() -> None:
    models = {
        "z-ai/big": 1200,
        "openai/a": 900,
        "openrouter/alpha": 150,
        **{f"openai/m{n:02}": 35 for n in range(15)},
    }
    row = verdict_on("CN", 1200, models)
    assert way(row) == ("reproduced under top9_named", "top9_named", "then")
    assert row["remark"] == "under now it is 1.35T; over all models US led, certainly"
    row = verdict_on("CN", 1350, models)
    assert way(row) == ("reproduced under top9_named", "top9_named", "now")
    assert row["remark"] == "under then it is 1.2T; over all models US led, certainly"


def test_a_lead_over_all_models_that_is_not_certain_is_remarked_as_such() -> None:
    models = {"z-ai/big": 1000, "openai/a": 800, **{f"openai/m{n}": 25 for n in range(10)}}
    models = whole({**models, "other": 200})
    row = verdict_on("CN", 1000, models)
    assert row["remark"] == "over all models US led, not certainly"


def test_nothing_is_remarked_where_all_agree() -> None:
    assert verdict_on("US", 60, {"openai/a": 60, "z-ai/b": 40})["remark"] is None
    assert verdict_on(WORLD, 100, {"openai/a": 60, "z-ai/b": 40})["remark"] is None


def test_a_claim_is_told_with_its_source_and_words() -> None:
    row = verdict_on("US", 60, {"openai/a": 60}, wording="Sixty.", source="A paper", note="Ours.")
    assert (row["wording"], row["source"], row["note"], row["basis"]) == (
        "Sixty.",
        "A paper",
        "Ours.",
        "stated",
    )
    assert (row["country_code"], row["metric"], row["method_named"]) == ("US", "tokens", None)


# Shares, ratios, models and counts


def number(
    metric: str, value: str, country: str = "CN", models: Models = WEEKS_MODELS, **columns: Any
) -> Row:
    """The row of `claims` for a claim of another kind than tokens."""
    return verdict_on(country, None, models, metric=metric, value=value, **columns)


@pytest.mark.parametrize(
    ("value", "of", "subject", "method"),
    [
        pytest.param("47.9", "all", None, "all_models", id="1440 of 2996, near enough"),
        pytest.param("48.3", "all", None, "top9_named", id="1400 of 2900 among the nine"),
        pytest.param("51.5", "attributed", None, "all_models", id="1440 of 2796"),
        pytest.param("57.0", "CN+openai", None, "all_models", id="1440 of 2536, near enough"),
        pytest.param("47.5", "top10", None, "all_models", id="1400 of 2950 in the ten largest entries"),
        pytest.param("100.0", "top1", None, "top9_named", id="all of the largest entry"),
        pytest.param("1.3", "all", "deepseek", "all_models", id="40 of 2996, one company's"),
    ],
)
def test_a_share_says_what_it_is_of(value: str, of: str, subject: str | None, method: str) -> None:
    row = number("share", value, among=of, subject=subject)
    assert way(row) == (f"reproduced under {method}", method, "then")
    assert row["value_printed"] == float(value)
    assert row["tokens"] is None
    assert abs(row["value"] - float(value)) <= max(0.05, float(value) * 0.005)


@pytest.mark.parametrize(
    ("value", "verdict"), [("46", "not reproduced"), ("47", "reproduced under top9_named")]
)
def test_a_share_is_held_to_the_digits_that_are_printed(value: str, verdict: str) -> None:
    """China has 475 of a thousand, and half a percent of that is less than the digit that is not printed."""
    models = {"z-ai/a": 4749, "openai/b": 5251}
    assert number("share", value, models=models, among="all")["verdict"] == verdict
    assert number("share", f"{value}.0", models=models, among="all")["verdict"] == "not reproduced"


def test_a_ratio_is_of_two_countries() -> None:
    row = number("ratio", "1.1", subject="US")
    assert way(row) == ("reproduced under top9_named", "top9_named", "then")
    assert row["value"] == 1400 / 1300
    assert number("ratio", "1.2", subject="FR")["verdict"] == "not reproduced"
    assert number("ratio", "1.2", subject="FR", models={"z-ai/a": 5})["verdict"] == "no data"


def test_a_model_counts_with_all_of_its_variants() -> None:
    models = {"z-ai/a": 50, "z-ai/a:free": 30, "openai/b": 40}
    claimed = {"metric": "model", "subject": "z-ai/a"}
    assert way(verdict_on("CN", 80, models, **claimed)) == (
        "reproduced under top9_named",
        "top9_named",
        "then",
    )
    assert way(verdict_on("CN", 50, models, **claimed)) == ("reproduced under paid_only", "paid_only", "then")
    assert verdict_on("CN", 60, models, **claimed)["verdict"] == "not reproduced"


def test_a_model_that_is_not_named_has_no_figure() -> None:
    """What it has may be inside `other`."""
    assert verdict_on("CN", 80, metric="model", subject="z-ai/nowhere")["verdict"] == "no data"
    among = find_values(verdict_tables(metric="model", subject="deepseek/small", tokens=40 * BILLION))
    assert {row["method"] for row in among} == {"all_models", "named_only", "paid_only", "author_chart"}


def verdict_tables(**columns: Any) -> Computed:
    week = week_of({name: each * BILLION for name, each in WEEKS_MODELS.items()})
    return judged(week, claims=[{"claim": "c", "week_start": MONDAY, "country_code": "CN"} | columns])


def find_values(tables: Computed) -> list[Row]:
    return find(tables["claim_value"], claim="c")


@pytest.mark.parametrize(
    ("value", "of", "verdict"),
    [
        ("2", "top5", "reproduced under top9_named"),
        ("4", "top5", "not reproduced"),
        ("1", "top1", "reproduced under top9_named"),
    ],
)
def test_how_many_of_the_first_are_a_countrys(value: str, of: str, verdict: str) -> None:
    row = number("count", value, among=of)
    assert row["verdict"] == verdict
    assert row["value"] == int(value) or verdict == "not reproduced"


def test_a_list_is_cut_only_from_a_count_that_has_as_many() -> None:
    for of, methods in (("top9", {"top9_named"}), ("top10", set())):
        tried = {row["method"] for row in find_values(verdict_tables(metric="count", among=of, value="2"))}
        assert tried == methods | {"all_models", "named_only", "paid_only"}


def test_a_chart_that_is_cut_short_supports_shares_of_its_nine_alone() -> None:
    names = sorted(WEEKS_MODELS, key=lambda name: -WEEKS_MODELS[name])[:9]
    chart = week_of({name: WEEKS_MODELS[name] for name in names} | {"other": 96})
    for metric, columns in {
        "share": {"among": "all"},
        "ratio": {"subject": "US"},
        "count": {"among": "top5"},
    }.items():
        rows = [claim("CN", metric=metric, value="2", **columns)]
        values = judged(chart, claims=rows)["claim_value"]
        assert set(values["method"]) == {"top9_named"}


# Weeks in a row


def led(*leaders: str | None) -> list[Capture]:
    """A capture a week up to `MONDAY`: who led in it, or None where the week is missing."""
    models = {"CN": {"z-ai/a": 5, "openai/b": 3}, "US": {"z-ai/a": 3, "openai/b": 5}}
    weeks = [MONDAY - back * WEEK for back in reversed(range(len(leaders)))]
    return [week_of(models[code], monday) for monday, code in zip(weeks, leaders, strict=True) if code]


@pytest.mark.parametrize(
    ("leaders", "weeks", "verdict"),
    [
        pytest.param(
            ["US", "CN", "CN"], 2, "reproduced under top9_named", id="as long, and it began in the data"
        ),
        pytest.param(["US", "CN", "CN"], 3, "not reproduced", id="it began later"),
        pytest.param(["US", "CN", "CN"], 1, "not reproduced", id="it began earlier"),
        pytest.param(["CN", "CN"], 2, "consistent", id="at least as long"),
        pytest.param(["CN", "CN"], 9, "consistent", id="at least as long, and nothing is known of before"),
        pytest.param(["CN", "CN"], 1, "not reproduced", id="at least longer"),
        pytest.param(["US", None, "CN", "CN"], 3, "consistent", id="the missing week may be one"),
        pytest.param(["US", None, "CN", "CN"], 4, "not reproduced", id="before the gap another led"),
        pytest.param(["CN", None, "CN"], 9, "consistent", id="before the gap it led too"),
        pytest.param(["CN", "US"], 1, "not reproduced", id="another leads"),
        pytest.param(["CN", None], 1, "no data", id="the week itself is missing"),
    ],
)
def test_a_streak_is_checked_against_ours(leaders: list[str | None], weeks: int, verdict: str) -> None:
    tables = judged(*led(*leaders), claims=[claim("CN", metric="streak", value=str(weeks))])
    row = one(tables["claims"], claim="c")
    assert row["verdict"] == verdict
    if verdict == "consistent":
        assert f"for at least {int(row['value'])} weeks" in row["remark"]


def test_a_streak_that_only_some_methods_give_is_true_for_those() -> None:
    before, now = WEEKS_MODELS, dict(WEEKS_MODELS)
    weeks = [
        week_of({"z-ai/a": 3, "openai/b": 5}, MONDAY - 2 * WEEK),
        week_of(before, MONDAY - WEEK),
        week_of(now),
    ]
    row = one(judged(*weeks, claims=[claim("CN", metric="streak", value="2")])["claims"], claim="c")
    assert row["verdict"] == "true for top9_named, all_models, named_only, author_chart only"


# What no figure of ours can settle


@pytest.mark.parametrize("metric", ["spend", "unmeasured"])
def test_what_is_not_measured_has_no_data_and_a_reason(metric: str) -> None:
    row = number(metric, "33", reason="No prices are held.")
    assert (row["verdict"], row["remark"], row["tried"]) == ("no data", "No prices are held.", 0)
