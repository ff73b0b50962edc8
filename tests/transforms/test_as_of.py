"""As of a moment: whatever was captured or learned later might as well not be there."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import schemas
from tests.support.examples import examples
from tests.support.frames import (
    DAY,
    FRIDAY,
    MONDAY,
    TICK,
    WEEK,
    Capture,
    captured,
    facts,
    known_by,
    midnight,
    override,
    said,
)
from transforms.standings import Computed, every_table
from transforms.standings import history as every_state
from transforms.vintages import PRESENT, looks, observation, ranking_entry

pytestmark = pytest.mark.slow

REVEALED = MONDAY + 9 * DAY
WITHDRAWN = MONDAY + 15 * DAY
FACTS = facts(
    override("openrouter/alpha", "zhipu", REVEALED, known_to=WITHDRAWN),
    override("openrouter/alpha", "mistral", WITHDRAWN, confidence="reported"),
    override("openrouter/beta", "openai", MONDAY + 5 * DAY),
    override("z-ai/moved", "anthropic", MONDAY + 12 * DAY, kind="transfer"),
    override("hobby/guess", "deepseek", REVEALED, confidence="circumstantial"),
    authors=[
        {"author": "nobody", "organisation": "mistral", "known_from": MONDAY + 6 * DAY},
        {"author": "nobody", "organisation": "deepseek", "known_from": REVEALED},
    ],
    organisations=[
        {
            "organisation": "anthropic",
            "country_code": "FR",
            "valid_from": MONDAY + 7 * DAY,
            "known_from": MONDAY + 10 * DAY,
        }
    ],
    claims=[
        {"claim": "cn", "week_start": MONDAY, "country_code": "CN", "tokens": 140},
        {"claim": "lead", "week_start": MONDAY, "country_code": "US", "metric": "leader"},
    ],
    forecasts=[
        {
            "forecast": "f",
            "issuer": "A bank",
            "country_code": "CN",
            "scope": "Everything",
            "unit": "tokens a year",
            "year_from": 2025,
            "value_from": 10,
            "year_to": 2030,
            "value_to": 3900,
            "comparable": "no",
        }
    ],
)

CONTENTS = (
    {"openai/a": 20, "z-ai/b": 15, "openrouter/alpha": 9, "other": 4},
    {"openai/a": 20, "z-ai/b": 22, "openrouter/alpha": 9, "other": 4},
    {"openai/a": 18, "openai/a:free": 7, "z-ai/moved": 16, "openrouter/beta": 5, "openrouter/alpha:free": 3},
    {"mistralai/c": 6, "deepseek/d:free": 11, "openai/a": 12, "hobby/guess": 2, "nobody/knows": 1},
)

DAYS = [MONDAY + n * DAY for n in range(14)]
MOMENTS = [
    midnight(MONDAY + 4 * DAY),
    midnight(MONDAY + 8 * DAY),
    midnight(REVEALED),
    FRIDAY - TICK,
    FRIDAY,
    midnight(MONDAY + 14 * DAY),
    midnight(WITHDRAWN) + DAY / 2,
    FRIDAY + WEEK,
    midnight(MONDAY + 30 * DAY),
]
ASKED = sorted({*MOMENTS, *(moment - TICK for moment in MOMENTS), midnight(WITHDRAWN), PRESENT})


@st.composite
def captures(draw: st.DrawFn) -> Capture:
    """A look at some days, or at one or two whole weeks; the source may omit any of them."""
    period = draw(st.sampled_from(["day", "day", "day", "week"]))
    if period == "week":
        start = draw(st.sampled_from([MONDAY, MONDAY + WEEK]))
        end = draw(st.sampled_from([start + 6 * DAY, MONDAY + 13 * DAY]))
        dates = [day for day in (MONDAY, MONDAY + WEEK) if start <= day < end]
    else:
        start = draw(st.sampled_from([MONDAY, MONDAY, MONDAY + 3 * DAY, MONDAY + WEEK]))
        end = start + draw(st.integers(5, 13)) * DAY
        dates = [day for day in DAYS if start <= day <= end]
    usual = draw(st.sampled_from(CONTENTS))
    odd = draw(st.dictionaries(st.sampled_from(dates), st.sampled_from([None, *CONTENTS]), max_size=2))
    buckets = {day: content for day in dates if (content := odd.get(day, usual)) is not None}
    return Capture(draw(st.sampled_from(MOMENTS)), start, end, buckets, period)


histories = st.lists(captures(), min_size=1, max_size=5, unique_by=lambda capture: capture.digest)
some = examples(6)
many = examples(30)


def told_by(history: Iterable[Capture]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`ranking_entry` and `observation`."""
    return said(*captured(*history))


def same(left: Computed, right: Computed) -> None:
    """Every table is equal, to the bit."""
    assert left.keys() == right.keys()
    different = {name: (left[name], right[name]) for name in left if not left[name].equals(right[name])}
    assert different == {}


def test_every_table_can_be_asked_for_as_of_a_moment() -> None:
    computed = every_table(*told_by([Capture(FRIDAY, MONDAY, MONDAY, {MONDAY: CONTENTS[0]})]), FACTS)
    assert {table.name for table in schemas.TABLES} == {*computed, "ranking_entry", "observation"}


@some
@given(history=histories)
def test_every_table_is_sound(history: list[Capture]) -> None:
    entries, observations = told_by(history)
    made = dict(every_table(entries, observations, FACTS))
    made |= {"ranking_entry": entries, "observation": observations}
    assert [problem for table in schemas.TABLES for problem in table.problems(made[table.name])] == []


@some
@given(history=histories, moment=st.sampled_from(ASKED))
def test_the_past_is_what_the_present_was(history: list[Capture], moment: datetime) -> None:
    """As of a moment, all captures give what those that were there by then gave, with the facts of then."""
    by_then = [capture for capture in history if capture.as_of <= moment]
    past = every_table(*told_by(history), FACTS, moment)
    same(past, every_table(*told_by(by_then), known_by(FACTS, moment)))


@some
@given(history=histories, moment=st.sampled_from(ASKED), kept=st.sets(st.integers(0, 4)))
def test_a_later_capture_changes_nothing_of_the_past(
    history: list[Capture], moment: datetime, kept: set[int]
) -> None:
    fewer = [each for n, each in enumerate(history) if each.as_of <= moment or n in kept]
    same(every_table(*told_by(history), FACTS, moment), every_table(*told_by(fewer), FACTS, moment))


@some
@given(history=histories, moment=st.sampled_from(ASKED))
def test_the_history_has_every_past_to_read(history: list[Capture], moment: datetime) -> None:
    """The rows of each series with the newest `known_at` by then are `country_week` as of then."""
    entries, observations = told_by(history)
    told = every_state(entries, observations, FACTS).filter(pl.col("known_at") <= moment)
    newest = pl.col("known_at") == pl.col("known_at").max().over("week_start", "method", "knowledge")
    asked = every_table(entries, observations, FACTS, moment)["country_week"]
    assert told.filter(newest).drop("known_at").rows() == asked.rows()
    assert told.drop("known_at").schema == asked.schema


@some
@given(history=histories, moment=st.sampled_from(ASKED))
def test_the_observations_that_are_kept_tell_as_much_as_every_look(
    history: list[Capture], moment: datetime
) -> None:
    entries, observations = told_by(history)
    every_look = schemas.OBSERVATION.conform(looks(*captured(*history)))
    assert observations.join(every_look, on=every_look.columns, how="anti").is_empty()
    same(every_table(entries, observations, FACTS, moment), every_table(entries, every_look, FACTS, moment))


@many
@given(history=histories, seed=st.integers(0, 99))
def test_order_of_captures_and_of_their_rows_never_matters(history: list[Capture], seed: int) -> None:
    heads, rows = (shuffled(part, seed) for part in captured(*history))
    seen = shuffled(looks(heads, rows), seed)
    entries, observations = told_by(history)
    assert ranking_entry(seen, rows).equals(entries)
    assert observation(seen).equals(observations)


@some
@given(history=histories, seed=st.integers(0, 99))
def test_order_of_what_was_said_never_matters(history: list[Capture], seed: int) -> None:
    entries, observations = told_by(history)
    mixed = (shuffled(part, seed) for part in (entries, observations))
    same(every_table(*mixed, FACTS), every_table(entries, observations, FACTS))


@many
@given(history=histories, which=st.integers(0, 4), hours=st.integers(1, 23))
def test_a_confirmation_leaves_no_trace(history: list[Capture], which: int, hours: int) -> None:
    """Nor can it change a table: `ranking_entry` and `observation` are all that any is computed from."""
    confirmed = history[which % len(history)]
    again = replace(confirmed, as_of=confirmed.as_of + timedelta(hours=hours))
    assume(again.as_of.date() == confirmed.as_of.date())  # no bucket closes or settles in between
    between = (confirmed.as_of <= each.as_of <= again.as_of for each in history if each != confirmed)
    assume(not any(between))
    before, after = told_by(history), told_by([*history, again])
    assert after[0].equals(before[0])
    assert after[1].equals(before[1])


def test_a_confirmation_that_settles_a_week_is_told() -> None:
    """The other side: what changes a status leaves its trace."""
    young = Capture(FRIDAY - TICK, MONDAY, MONDAY + 6 * DAY, dict.fromkeys(DAYS[:7], CONTENTS[0]))
    before, after = told_by([young]), told_by([young, replace(young, as_of=FRIDAY)])
    assert after[0].equals(before[0])
    assert after[1].height == 2 * before[1].height == 14


def shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return frame.sample(fraction=1, shuffle=True, seed=seed)
