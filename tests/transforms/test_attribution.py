"""Whose each model is, as known now and as known when the week closed."""

import csv
import dataclasses
import gzip
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ATTRIBUTION, MODEL_WEEK, RANKING_ENTRY
from schemas.fields import CONFIDENCES, OVERRIDES, Knowledge
from schemas.reference import Reference, load
from tests.support import frames
from tests.support.examples import examples
from tests.support.frames import (
    DAY,
    LARGEST,
    LATER,
    MONDAY,
    TICK,
    WEEK,
    Capture,
    captured,
    coverage,
    frame,
    midnight,
    reference,
    said,
    seven_days,
)
from transforms.attribution import attribution, author, variant
from transforms.model_week import model_tokens
from transforms.standings import every_table
from transforms.vintages import MOMENT, PRESENT

SUNDAY = MONDAY + 6 * DAY
ALPHA = "openrouter/alpha"
ORGANISATIONS = {"alibaba": "CN", "openai": "US", "mistral": "FR"}
AUTHORS = [
    {"author": "qwen", "organisation": "alibaba"},
    {"author": "openai", "organisation": "openai"},
    {"author": "openrouter", "kind": "cloaked"},
    {"author": "hobbyist", "kind": "undecided"},
]


def facts(*overrides: dict[str, Any], **options: Any) -> Reference:
    return reference(ORGANISATIONS, AUTHORS, overrides, **options)


def reveal(**columns: Any) -> dict[str, Any]:
    usual = {"permaslug": ALPHA, "kind": "reveal", "organisation": "alibaba"}
    return usual | {"known_from": date(2026, 1, 1), **columns}


def whose(
    slug: str, knowledge: Knowledge, known: Reference, week: date = MONDAY, at: datetime = PRESENT
) -> tuple[str | None, str, str]:
    """Organisation, country and attribution of one model in one week, as of a moment."""
    asked = pl.DataFrame({"week_start": [week], "model_permaslug": [slug]}).with_columns(
        known_at=pl.lit(at, MOMENT),
        author=pl.when(pl.col("model_permaslug") != "other").then(author(pl.col("model_permaslug"))),
    )
    both = attribution(asked, known)
    assert sorted(both["knowledge"]) == ["now", "then"]
    assert both["known_at"].unique().to_list() == [at]
    published = ATTRIBUTION.conform(both.with_columns(as_of="known_at"))
    assert list(ATTRIBUTION.problems(published)) == []
    found = both.filter(knowledge=knowledge)
    return found.select("organisation", "country_code", "attribution").row(0)


BY_REVEAL = ("alibaba", "CN", "reveal")
CLOAKED = (None, "ZZ", "cloaked")


@pytest.mark.parametrize(
    ("slug", "found"),
    [
        ("qwen/qwen3", ("alibaba", "CN", "organisation")),
        ("qwen/qwen3:free", ("alibaba", "CN", "organisation")),
        ("openai/gpt", ("openai", "US", "organisation")),
        (ALPHA, CLOAKED),
        (f"{ALPHA}:free", CLOAKED),
        ("hobbyist/merge", (None, "ZZ", "undecided")),
        ("newcomer/model", (None, "ZZ", "unknown")),
        ("qwen-lookalike/model", (None, "ZZ", "unknown")),
        ("Qwen/model", ("alibaba", "CN", "organisation")),
        ("QWEN/Model:FREE", ("alibaba", "CN", "organisation")),
        ("OpenAI/gpt", ("openai", "US", "organisation")),
        (f"OpenRouter/{ALPHA.partition('/')[2]}", CLOAKED),
        # Letters that only look like Latin ones, and full width.
        ("оpenai/gpt", (None, "ZZ", "unknown")),
        ("ｏｐｅｎａｉ/gpt", (None, "ZZ", "unknown")),
        ("model-without-author", (None, "ZZ", "unknown")),
        ("other", (None, "ZZ", "other")),
    ],
)
@pytest.mark.parametrize("knowledge", ["then", "now"])
def test_why_a_model_has_the_country_it_has(
    slug: str, found: tuple[str | None, str, str], knowledge: Knowledge
) -> None:
    assert whose(slug, knowledge, facts()) == found


@pytest.mark.parametrize(
    ("known_from", "then"),
    [
        (MONDAY, BY_REVEAL),
        (SUNDAY, BY_REVEAL),
        (SUNDAY + DAY, CLOAKED),
        (SUNDAY + WEEK, CLOAKED),
    ],
)
def test_a_reveal_counts_then_if_it_was_out_before_the_monday_that_ends_the_week(
    known_from: date, then: tuple[str | None, str, str]
) -> None:
    known = facts(reveal(known_from=known_from))
    assert whose(ALPHA, "then", known) == then
    assert whose(ALPHA, "now", known) == BY_REVEAL


def test_then_moves_with_the_week() -> None:
    known = facts(reveal(known_from=SUNDAY + 3 * DAY))
    assert [whose(ALPHA, "then", known, MONDAY + n * WEEK) for n in (-1, 0, 1, 2)] == [
        CLOAKED,
        CLOAKED,
        BY_REVEAL,
        BY_REVEAL,
    ]


@pytest.mark.parametrize("minimum", CONFIDENCES)
@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("knowledge", ["then", "now"])
def test_a_reveal_counts_if_it_is_sure_enough(confidence: str, minimum: str, knowledge: Knowledge) -> None:
    known = facts(reveal(confidence=confidence), minimum_confidence=minimum)
    counts = CONFIDENCES.index(confidence) >= CONFIDENCES.index(minimum)
    assert whose(ALPHA, knowledge, known) == (BY_REVEAL if counts else CLOAKED)


def test_a_report_is_sure_enough_unless_told_otherwise() -> None:
    graded = {grade: whose(ALPHA, "now", facts(reveal(confidence=grade))) for grade in CONFIDENCES}
    assert [grade for grade, found in graded.items() if found == BY_REVEAL] == ["reported", "confirmed"]


def test_a_reveal_without_a_day_never_counts_as_known_then() -> None:
    known = facts(reveal(known_from=None))
    assert whose(ALPHA, "then", known) == CLOAKED
    assert whose(ALPHA, "now", known) == BY_REVEAL


@pytest.mark.parametrize("kind", OVERRIDES)
@pytest.mark.parametrize("knowledge", ["then", "now"])
def test_every_kind_of_override_counts_and_is_told(kind: str, knowledge: Knowledge) -> None:
    assert whose(ALPHA, knowledge, facts(reveal(kind=kind))) == ("alibaba", "CN", kind)


@pytest.mark.parametrize("knowledge", ["then", "now"])
def test_an_override_holds_from_the_monday_on_and_no_longer_than_it_did(knowledge: Knowledge) -> None:
    known = facts(reveal(valid_from=MONDAY, valid_to=MONDAY + 2 * WEEK))
    weeks = [MONDAY + n * WEEK for n in (-1, 0, 1, 2)]
    assert [whose(ALPHA, knowledge, known, week) for week in weeks] == [
        CLOAKED,
        BY_REVEAL,
        BY_REVEAL,
        CLOAKED,
    ]
    later = facts(reveal(valid_from=MONDAY + DAY, valid_to=MONDAY + WEEK + DAY))
    assert [whose(ALPHA, knowledge, later, week) for week in weeks] == [CLOAKED, CLOAKED, BY_REVEAL, CLOAKED]


@pytest.mark.parametrize(
    ("at", "then", "now"),
    [
        (midnight(MONDAY) - TICK, CLOAKED, CLOAKED),
        (midnight(MONDAY), BY_REVEAL, BY_REVEAL),
        (midnight(SUNDAY + WEEK) - TICK, BY_REVEAL, BY_REVEAL),
        (midnight(SUNDAY + WEEK), BY_REVEAL, CLOAKED),
        (PRESENT, BY_REVEAL, CLOAKED),
    ],
)
def test_at_a_moment_only_what_was_known_by_it_counts(
    at: datetime, then: tuple[str | None, str, str], now: tuple[str | None, str, str]
) -> None:
    known = facts(reveal(known_from=MONDAY, known_to=SUNDAY + WEEK))
    assert whose(ALPHA, "then", known, at=at) == then
    assert whose(ALPHA, "now", known, at=at) == now


@pytest.mark.parametrize(
    ("slug", "found"),
    [
        ("Qwen/Qwen3:Free", "qwen"),
        ("x-AI/grok", "x-ai"),
        ("other", "other"),
        # The sign for kelvin has k as its small letter, and is another letter all the same.
        ("\u212awaipilot/kat", "\u212awaipilot"),
        ("ÄRZTE/m", "ÄRZTE"),
    ],
)
def test_an_author_is_known_in_any_case_of_its_latin_letters(slug: str, found: str) -> None:
    assert pl.select(author(pl.lit(slug))).item() == found


def test_a_reveal_counts_for_a_model_with_its_author_in_another_case() -> None:
    slug = ALPHA.replace("openrouter", "OpenRouter")
    assert [whose(each, "now", facts(reveal())) for each in (slug, f"{slug}:free")] == [BY_REVEAL] * 2


def test_every_variant_of_a_revealed_model_is_revealed() -> None:
    known = facts(reveal())
    slugs = [
        ALPHA,
        f"{ALPHA}:free",
        f"{ALPHA}:thinking",
        "openrouter/alpha-2",
        "openrouter/alph",
        "stealth/alpha",
    ]
    assert [whose(slug, "now", known)[2] for slug in slugs] == ["reveal"] * 3 + [
        "cloaked",
        "cloaked",
        "unknown",
    ]


def test_a_reveal_goes_before_the_author() -> None:
    known = facts(reveal(permaslug="openai/gpt", organisation="mistral"))
    assert whose("openai/gpt", "now", known) == ("mistral", "FR", "reveal")
    assert whose("openai/gpt-2", "now", known) == ("openai", "US", "organisation")


def test_a_withdrawn_reveal_counts_only_in_the_weeks_that_believed_it() -> None:
    weeks = [MONDAY + n * WEEK for n in (-1, 0, 1)]
    for withdrawn, then in (
        (SUNDAY, [CLOAKED, CLOAKED, CLOAKED]),
        (SUNDAY + DAY, [CLOAKED, BY_REVEAL, CLOAKED]),
        (SUNDAY + WEEK, [CLOAKED, BY_REVEAL, CLOAKED]),
        (SUNDAY + WEEK + DAY, [CLOAKED, BY_REVEAL, BY_REVEAL]),
    ):
        known = facts(reveal(known_from=MONDAY, known_to=withdrawn))
        assert [whose(ALPHA, "then", known, week) for week in weeks] == then
        assert [whose(ALPHA, "now", known, week) for week in weeks] == [CLOAKED] * 3


def test_a_corrected_reveal_replaces_the_earlier_one() -> None:
    known = facts(
        reveal(known_from=MONDAY, known_to=MONDAY + 9 * DAY),
        reveal(known_from=MONDAY + 9 * DAY, organisation="mistral"),
    )
    assert whose(ALPHA, "then", known) == BY_REVEAL
    assert whose(ALPHA, "then", known, MONDAY + WEEK) == ("mistral", "FR", "reveal")
    assert whose(ALPHA, "now", known) == ("mistral", "FR", "reveal")


def test_an_author_that_changed_hands_is_whose_it_was_on_the_monday() -> None:
    moved = MONDAY + 9 * DAY
    known = reference(
        ORGANISATIONS,
        [
            {"author": "shared", "organisation": "mistral", "valid_to": moved},
            {"author": "shared", "organisation": "openai", "valid_from": moved},
        ],
    )
    weeks = [MONDAY, MONDAY + WEEK, MONDAY + 2 * WEEK]
    for knowledge in ("then", "now"):
        assert [whose("shared/m", knowledge, known, week)[1] for week in weeks] == ["FR", "FR", "US"]


def test_an_organisation_that_moved_is_where_it_was_on_the_monday() -> None:
    moved = MONDAY + WEEK
    known = reference(
        [
            {"organisation": "mover", "country_code": "FR", "valid_to": moved},
            {"organisation": "mover", "country_code": "US", "valid_from": moved},
        ],
        {"mover": "mover"},
        [reveal(organisation="mover")],
    )
    for slug in ("mover/m", ALPHA):
        assert [whose(slug, "now", known, week)[1] for week in (MONDAY, moved)] == ["FR", "US"]


def test_an_organisation_without_a_seat_that_week_gives_no_country() -> None:
    known = reference(
        [{"organisation": "late", "country_code": "FR", "valid_from": MONDAY}],
        {"late": "late"},
        [reveal(organisation="late")],
    )
    for slug, why in (("late/m", "organisation"), (ALPHA, "reveal")):
        for knowledge in ("then", "now"):
            weeks = [whose(slug, knowledge, known, week) for week in (MONDAY - WEEK, MONDAY)]
            assert weeks == [("late", "ZZ", "unknown"), ("late", "FR", why)]


@pytest.mark.parametrize(
    ("slug", "author_", "variant_"),
    [
        ("qwen/qwen3", "qwen", None),
        ("qwen/qwen3:free", "qwen", "free"),
        ("stepfun/step-3.5-flash:free", "stepfun", "free"),
        ("a/b/c:d", "a", "d"),
    ],
)
def test_a_permaslug_is_author_name_and_variant(slug: str, author_: str, variant_: str | None) -> None:
    parts = pl.DataFrame({"slug": [slug]}).select(author(pl.col("slug")), variant(pl.col("slug")).alias("v"))
    assert parts.row(0) == (author_, variant_)


# The model table


def model_rows(*captures: Capture) -> pl.DataFrame:
    """`model_week`, and beside each column of its attribution the same as known then."""
    tables = every_table(*said(*captured(*captures)), facts(reveal(known_from=SUNDAY + DAY)))
    found, whose_each = tables["model_week"], tables["attribution"]
    assert list(MODEL_WEEK.problems(found)) == []
    assert list(ATTRIBUTION.problems(whose_each)) == []
    key, columns = ["week_start", "model_permaslug"], ["organisation", "country_code", "attribution"]
    mine = ["author", *columns]
    now = whose_each.filter(knowledge="now").select(*key, *mine)
    assert now.equals(found.select(*key, *mine))
    then = whose_each.filter(knowledge="then").select(*key, *columns)
    return found.join(then, on=key, suffix="_then", validate="1:1", maintain_order="left")


def test_a_week_is_summed_ranked_and_attributed() -> None:
    days = seven_days({"qwen/q": 10, "openai/o:free": 10, ALPHA: 3, "other": 60})
    days[SUNDAY] = {"qwen/q": 10, "openai/o:free": 10, "other": 63}
    found = model_rows(Capture(LATER, MONDAY, SUNDAY, days, name="0"))
    facts_of_each = "author", "variant", "country_code", "country_code_then", "tokens", "rank", "days_listed"
    assert found.select("model_permaslug", *facts_of_each).rows() == [
        ("openai/o:free", "openai", "free", "US", "US", 70, 1, 7),
        (ALPHA, "openrouter", None, "CN", "ZZ", 18, 3, 6),
        ("other", None, None, "ZZ", "ZZ", 423, None, None),
        ("qwen/q", "qwen", None, "CN", "CN", 70, 1, 7),
    ]
    assert found["share"].to_list() == [70 / 581, 18 / 581, 423 / 581, 70 / 581]
    assert found.select("attribution", "attribution_then").row(1) == ("reveal", "cloaked")
    assert found.select("organisation", "organisation_then").row(1) == ("alibaba", None)
    assert found.select("days_observed", "status", "as_of").unique().rows() == [(7, "settled", LATER)]


def test_only_the_newest_vintage_is_counted() -> None:
    old = Capture(LATER, MONDAY, SUNDAY, seven_days({"qwen/q": 10, "openai/o": 1}), name="0")
    new = Capture(LATER + DAY, MONDAY, MONDAY, {MONDAY: {"qwen/q": 11}}, name="1")
    found = model_rows(old, new)
    assert dict(found.select("model_permaslug", "tokens").rows()) == {"qwen/q": 71, "openai/o": 6}
    assert dict(found.select("model_permaslug", "days_listed").rows()) == {"qwen/q": 7, "openai/o": 6}


def test_a_week_bucket_does_not_say_on_how_many_days() -> None:
    found = model_rows(Capture(LATER, MONDAY, SUNDAY, {MONDAY: {"qwen/q": 10}}, "week", name="0"))
    assert found.select("tokens", "days_observed", "days_listed").rows() == [(10, 7, None)]


def test_a_week_without_tokens_has_no_shares() -> None:
    found = model_rows(Capture(LATER, MONDAY, MONDAY, {MONDAY: {"qwen/q": 0, "other": 0}}, name="0"))
    assert found.select("tokens", "share").rows() == [(0, None), (0, None)]


def test_every_week_has_its_own_attribution_shares_and_ranks() -> None:
    days = {MONDAY: {ALPHA: 1}, MONDAY + WEEK: {ALPHA: 9}}
    found = model_rows(Capture(LATER, MONDAY, MONDAY + WEEK, days, name="0"))
    assert found.select("share", "rank").rows() == [(1.0, 1), (1.0, 1)]
    assert found.select("country_code_then", "country_code").rows() == [("ZZ", "CN"), ("CN", "CN")]


def entry(day: date, tokens: int) -> dict[str, Any]:
    return {
        "period": "day", "date": day, "model_permaslug": "qwen/q",
        "tokens": tokens, "origin": "api", "capture": "0" * 64, "tier": 1, "depth": 1,
    }  # fmt: skip


@pytest.mark.parametrize("tokens", [2**53 + 1, LARGEST - 1, LARGEST])
def test_a_sum_is_exact_up_to_the_largest_count(tokens: int) -> None:
    entries = frame(RANKING_ENTRY, [entry(MONDAY, tokens - 1), entry(MONDAY + DAY, 1)])
    assert model_tokens(entries.lazy(), coverage(MONDAY))["tokens"].to_list() == [tokens]


def test_a_sum_beyond_the_largest_count_raises() -> None:
    entries = frame(RANKING_ENTRY, [entry(MONDAY, LARGEST), entry(MONDAY + DAY, 1)])
    with pytest.raises(pl.exceptions.InvalidOperationError):
        model_tokens(entries.lazy(), coverage(MONDAY))


# The facts that the project ships


@pytest.mark.parametrize(
    ("slug", "country"),
    [
        ("anthropic/claude-4.6-sonnet-20260217", "US"),
        ("openai/gpt-oss-120b", "US"),
        ("google/gemini-2.5-flash", "US"),
        ("x-ai/grok-4.1-fast", "US"),
        ("meta-llama/llama-3.3-70b-instruct:free", "US"),
        ("nvidia/nemotron-3-super:free", "US"),
        ("arcee-ai/trinity-large-preview:free", "US"),
        ("deepseek/deepseek-v3.2-20251201", "CN"),
        ("qwen/qwen3-coder-480b", "CN"),
        ("moonshotai/kimi-k2.5-0127", "CN"),
        ("minimax/minimax-m2.5-20260211", "CN"),
        ("z-ai/glm-5", "CN"),
        ("stepfun/step-3.5-flash:free", "CN"),
        ("xiaomi/mimo-v2-pro", "CN"),
        ("tencent/hy3-preview-20260421:free", "CN"),
        ("mistralai/mistral-nemo", "FR"),
        ("cohere/command-a", "CA"),
        ("upstage/solar-pro-3", "KR"),
        ("ai21/jamba-large-1.7", "IL"),
        ("tngtech/deepseek-r1t2-chimera:free", "DE"),
        ("typesafe/jev-1.13-20260917", "US"),
        ("thinkingmachines/a", "US"),
        ("sakana/a", "JP"),
        ("black-forest-labs/a", "DE"),
        ("voyageai/a", "US"),
        ("dots-studio/dots-3-note-preview", "CN"),
        ("poolside/laguna-m.1", "US"),
    ],
)
def test_the_big_authors_are_where_one_expects_them(slug: str, country: str) -> None:
    assert whose(slug, "then", load())[1:] == (country, "organisation")
    assert whose(slug, "now", load())[1:] == (country, "organisation")


@pytest.mark.parametrize(("week", "country"), [(date(2025, 10, 20), "DE"), (date(2025, 10, 27), "US")])
def test_sentence_transformers_moved(week: date, country: str) -> None:
    assert whose("sentence-transformers/all-minilm-l6-v2", "now", load(), week)[1] == country


@pytest.mark.parametrize(
    ("slug", "week", "then", "now"),
    [
        ("openrouter/hunter-alpha", date(2026, 3, 9), "ZZ", "CN"),
        ("openrouter/hunter-alpha", date(2026, 3, 16), "CN", "CN"),
        ("openrouter/pony-alpha", date(2026, 2, 2), "ZZ", "CN"),
        ("openrouter/pony-alpha", date(2026, 2, 9), "CN", "CN"),
        ("openrouter/quasar-alpha", date(2025, 4, 7), "ZZ", "US"),
        ("openrouter/quasar-alpha", date(2025, 4, 14), "US", "US"),
        ("openrouter/owl-alpha", date(2026, 6, 22), "ZZ", "CN"),
        ("openrouter/owl-alpha", date(2026, 6, 29), "CN", "CN"),
        ("openrouter/elephant-alpha", date(2026, 4, 13), "ZZ", "CN"),
        ("openrouter/elephant-alpha", date(2026, 4, 20), "CN", "CN"),
        ("openrouter/horizon-beta", date(2025, 8, 4), "ZZ", "ZZ"),
        ("openrouter/sonoma-sky-alpha", date(2025, 9, 8), "ZZ", "US"),
        ("openrouter/sonoma-sky-alpha", date(2025, 9, 15), "US", "US"),
        ("openrouter/sonoma-dusk-alpha", date(2025, 9, 15), "ZZ", "ZZ"),
        ("openrouter/polaris-alpha", date(2025, 11, 10), "ZZ", "ZZ"),
        ("openrouter/aurora-alpha", date(2026, 2, 9), "ZZ", "ZZ"),
        ("stealth/ox-alpha", date(2026, 8, 17), "ZZ", "CN"),
        ("stealth/ox-alpha", date(2026, 8, 24), "CN", "CN"),
        ("stealth/union-alpha", date(2026, 9, 14), "US", "US"),
        ("stealth/space-bunny-alpha", date(2026, 9, 28), "ZZ", "ZZ"),
        ("openrouter/auto", date(2026, 3, 9), "ZZ", "ZZ"),
    ],
)
def test_the_cloaked_models(slug: str, week: date, then: str, now: str) -> None:
    assert (whose(slug, "then", load(), week)[1], whose(slug, "now", load(), week)[1]) == (then, now)


@examples(60)
@given(
    st.sampled_from(["openrouter", "stealth"]),
    st.from_regex(r"[a-z0-9-]{1,16}(:free)?", fullmatch=True),
    st.dates(date(2025, 1, 1), date(2027, 1, 1)),
)
def test_a_cloaked_model_is_nobodys_until_a_reveal(name: str, model: str, day: date) -> None:
    slug = f"{name}/{model}"
    assert slug.split(":")[0] not in set(load().overrides["permaslug"])
    monday = day - day.weekday() * DAY
    assert whose(slug, "then", load(), monday) == whose(slug, "now", load(), monday) == CLOAKED


def test_a_revealed_models_first_week_is_never_american_by_default() -> None:
    unsure = dataclasses.replace(load(), overrides=load().overrides.clear())
    assert {whose(slug, "now", unsure) for slug in load().overrides["permaslug"]} == {CLOAKED}


def test_every_author_that_was_seen_is_decided(shared_data: Path) -> None:
    with (shared_data / "permaslugs_seen.csv").open() as file:
        slugs = {row["model_permaslug"] for row in csv.DictReader(file)}
    catalogues = sorted((shared_data / "catalog").glob("models_*.json.gz"))
    assert len(catalogues) == 3
    for path in catalogues:
        listed = json.loads(gzip.decompress(path.read_bytes()))["data"]
        slugs |= {each[name] for each in listed for name in ("id", "canonical_slug")}
    authors = {slug.split("/")[0] for slug in slugs if slug != "other" and not slug.startswith("~")}
    assert len(authors) > 50
    assert authors - set(load().authors["author"]) == set()


# When a fact about an author or a seat became known

WRONG = {"author": "newlab", "organisation": "mistral"}
RIGHT = {"author": "newlab", "organisation": "deepseek", "known_from": MONDAY + 7 * DAY}
"""First it was taken for a French lab, and on the Monday that ends the week it turned out to be Chinese."""


@pytest.mark.parametrize(
    ("week", "then", "now"),
    [(MONDAY, "FR", "CN"), (MONDAY + 7 * DAY, "CN", "CN"), (MONDAY - 7 * DAY, "FR", "CN")],
)
def test_of_two_facts_about_an_author_the_last_that_was_known_counts(week: date, then: str, now: str) -> None:
    known = frames.facts(authors=[RIGHT, WRONG])
    assert whose("newlab/a", "then", known, week)[1] == then
    assert whose("newlab/a", "now", known, week)[1] == now


def test_as_of_a_moment_what_was_learned_about_an_author_later_does_not_count() -> None:
    known = frames.facts(authors=[WRONG, RIGHT])
    learned = frames.midnight(MONDAY + 7 * DAY)
    assert whose("newlab/a", "now", known, at=learned - frames.TICK)[1] == "FR"
    assert whose("newlab/a", "now", known, at=learned)[1] == "CN"


def test_an_author_of_whom_nothing_was_known_yet_is_unknown() -> None:
    known = frames.facts(authors=[RIGHT])
    assert whose("newlab/a", "then", known) == (None, "ZZ", "unknown")
    assert whose("newlab/a", "now", known) == ("deepseek", "CN", "organisation")


def test_a_seat_counts_from_the_day_on_which_it_became_known() -> None:
    moved = {
        "organisation": "mistral",
        "country_code": "US",
        "valid_from": MONDAY,
        "known_from": MONDAY + 7 * DAY,
    }
    known = frames.facts(organisations=[moved])
    assert whose("mistralai/a", "then", known)[1] == "FR"
    assert whose("mistralai/a", "now", known)[1] == "US"
    assert whose("mistralai/a", "now", known, MONDAY - 7 * DAY)[1] == "FR"


@pytest.mark.parametrize(
    ("confidence", "minimum"), [("circumstantial", "reported"), ("reported", "confirmed")]
)
def test_an_author_that_is_not_sure_enough_is_undecided(confidence: str, minimum: str) -> None:
    doubtful = {"author": "newlab", "organisation": "mistral", "confidence": confidence}
    asked = frames.facts(authors=[doubtful], minimum_confidence=minimum)
    assert whose("newlab/a", "now", asked) == (None, "ZZ", "undecided")
    assert (
        whose("newlab/a", "now", frames.facts(authors=[doubtful], minimum_confidence=confidence))[1] == "FR"
    )
    assert whose("mistralai/a", "now", asked)[1] == "FR"


def test_when_an_author_became_known_is_a_moment_of_history() -> None:
    """A nine-row week that is read once still has two states: before and after."""
    tables = frames.standings(
        frames.week_of({"newlab/a": 5, "openai/b": 3}, as_of=frames.midnight(MONDAY + 7 * DAY)),
        reference=frames.facts(authors=[{**RIGHT, "known_from": MONDAY + 20 * DAY}]),
    )
    history = tables["country_week_history"].filter(method="all_models", knowledge="now", country_code="CN")
    assert history["known_at"].to_list() == [frames.midnight(MONDAY + 20 * DAY)]
