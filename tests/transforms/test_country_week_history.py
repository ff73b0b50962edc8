"""The states in which a week stood, and from which vintage each of its buckets comes."""

from datetime import datetime, timedelta
from typing import Any

from schemas.reference import load
from tests.support.frames import (
    DAY,
    FRIDAY,
    MONDAY,
    TICK,
    WEEK,
    Capture,
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
    without,
)
from transforms.standings import Computed

A = {"openai/a": 5, "z-ai/b": 4, "openrouter/alpha": 3}
B = {"openai/a": 6, "z-ai/b": 4, "openrouter/alpha": 3}
ENDS = midnight(MONDAY + WEEK)
EARLY = ENDS + timedelta(hours=6)
LATE = FRIDAY + WEEK
REVEALED = MONDAY + 9 * DAY
REVEAL = override("openrouter/alpha", "zhipu", REVEALED)


def states_of(tables: Computed, country: str = "CN", **series: Any) -> list[tuple[datetime, int]]:
    """From when on which tokens stood for a country, under one method and knowledge."""
    series = {"method": "all_models", "knowledge": "now"} | series
    rows = find(tables["country_week_history"], country_code=country, **series)
    return [(row["known_at"], row["tokens"]) for row in rows]


def statuses_of(tables: Computed, knowledge: str = "now") -> list[tuple[datetime, str, int]]:
    series = {"method": "all_models", "knowledge": knowledge, "country_code": "US"}
    rows = find(tables["country_week_history"], **series)
    return [(row["known_at"], row["status"], row["days_observed"]) for row in rows]


# States


def test_one_look_is_one_state() -> None:
    tables = standings(days_of(A, as_of=EARLY))
    assert states_of(tables) == [(EARLY, 28)]
    (row,) = find(tables["country_week_history"], method="all_models", knowledge="then", country_code="CN")
    (standing,) = find(tables["country_week"], method="all_models", knowledge="then", country_code="CN")
    assert row == standing | {"known_at": EARLY}


def test_a_reveal_between_captures_is_a_new_state_of_now_alone() -> None:
    tables = standings(days_of(A, as_of=EARLY), days_of(B, as_of=LATE), reference=facts(REVEAL))
    assert states_of(tables) == [(EARLY, 28), (midnight(REVEALED), 49), (LATE, 49)]
    assert states_of(tables, knowledge="then") == [(EARLY, 28), (LATE, 28)]
    assert states_of(tables, "US") == [(EARLY, 35), (midnight(REVEALED), 35), (LATE, 42)]


def test_a_reveal_while_the_week_ran_is_a_state_of_both() -> None:
    midweek = midnight(MONDAY + 2 * DAY)
    reveal = override("openrouter/alpha", "zhipu", MONDAY + 4 * DAY)
    tables = standings(days_of(A, count=2, as_of=midweek), reference=facts(reveal))
    expected = [(midweek, 8), (midweek + 2 * DAY, 14)]
    assert states_of(tables) == states_of(tables, knowledge="then") == expected


def test_a_reveal_on_the_monday_that_ends_the_week_was_not_known_then() -> None:
    reveal = override("openrouter/alpha", "zhipu", MONDAY + WEEK)
    tables = standings(days_of(A, as_of=EARLY), reference=facts(reveal))
    assert states_of(tables) == [(EARLY, 49)]
    assert states_of(tables, knowledge="then") == [(EARLY, 28)]


def test_a_withdrawn_reveal_is_a_state_of_its_own() -> None:
    withdrawn = REVEAL | {"known_to": REVEALED + DAY}
    tables = standings(days_of(A, as_of=EARLY), reference=facts(withdrawn))
    expected = [(EARLY, 28), (midnight(REVEALED), 49), (midnight(REVEALED + DAY), 28)]
    assert states_of(tables) == expected
    assert states_of(tables, knowledge="then") == expected[:1]


def test_a_change_of_status_alone_is_a_state() -> None:
    tables = standings(days_of(A, as_of=EARLY), days_of(A, as_of=FRIDAY))
    expected = [(EARLY, "provisional", 7), (FRIDAY, "settled", 7)]
    assert statuses_of(tables) == statuses_of(tables, "then") == expected
    figures = [
        {name: value for name, value in row.items() if name not in ("known_at", "status")}
        for row in find(tables["country_week_history"], method="all_models", knowledge="now")
    ]
    assert figures[: len(figures) // 2] == figures[len(figures) // 2 :]


def test_a_look_a_moment_before_friday_is_no_state() -> None:
    tables = standings(days_of(A, as_of=EARLY), days_of(A, as_of=FRIDAY - TICK))
    assert statuses_of(tables) == [(EARLY, "provisional", 7)]


def test_a_state_that_is_like_the_one_before_is_not_repeated() -> None:
    """Neither a confirmation, nor a fact that changes nothing here, nor one from before there was anything to know."""
    nothing_new = facts(
        override("openrouter/alpha", "zhipu", REVEALED, confidence="circumstantial"),
        override("openrouter/beta", "zhipu", REVEALED),
        override("z-ai/b", "zhipu", REVEALED, kind="rename"),
        override("openai/a", "openai", MONDAY - DAY, kind="transfer"),
    )
    looks = [days_of(A, as_of=LATE + n * DAY) for n in range(3)]
    tables = standings(*looks, reference=nothing_new)
    assert tables["country_week_history"]["known_at"].unique().to_list() == [LATE]


def test_only_the_series_that_changed_have_a_new_state() -> None:
    """What is free does not count among the paid, so their figures stand as they stood; but each row's vintage does."""
    reveal = override("openrouter/alpha:free".removesuffix(":free"), "zhipu", REVEALED)
    tables = standings(
        days_of({"openai/a": 5, "openrouter/alpha:free": 3}, as_of=EARLY), reference=facts(reveal)
    )
    moments = {
        method: [known_at for known_at, _ in states_of(tables, "US", method=method)]
        for method in ("all_models", "paid_only")
    }
    assert moments == {"all_models": [EARLY, midnight(REVEALED)], "paid_only": [EARLY]}


def test_content_that_comes_back_is_a_third_state() -> None:
    looks = [days_of(models, as_of=LATE + n * DAY) for n, models in enumerate((A, B, A))]
    assert states_of(standings(*looks), "US") == [
        (LATE, 35),
        (LATE + DAY, 42),
        (LATE + 2 * DAY, 35),
    ]


def test_a_week_fills_up_state_by_state() -> None:
    looks = [days_of(A, count=n, as_of=midnight(MONDAY + n * DAY)) for n in (1, 3, 7)]
    expected = [
        (midnight(MONDAY + DAY), "incomplete", 1),
        (midnight(MONDAY + 3 * DAY), "incomplete", 3),
        (ENDS, "provisional", 7),
    ]
    assert statuses_of(standings(*looks)) == expected


def test_a_week_bucket_stands_until_all_days_are_there() -> None:
    tables = standings(
        days_of(A, count=6, as_of=EARLY),
        week_of({"openai/a": 50, "z-ai/b": 1}, as_of=EARLY + DAY),
        days_of(A, as_of=EARLY + 2 * DAY),
    )
    assert states_of(tables, "US") == [(EARLY, 30), (EARLY + DAY, 50), (EARLY + 2 * DAY, 35)]


def test_a_day_that_vanishes_and_comes_back_makes_states() -> None:
    full = days_of(A, as_of=EARLY)
    tables = standings(
        full,
        without(full, MONDAY, as_of=EARLY + DAY),
        days_of(A, as_of=EARLY + 2 * DAY),
    )
    rows = find(tables["country_week_history"], method="all_models", knowledge="now", country_code="CN")
    told = [(row["known_at"], row["vanished_days"], row["tokens"], row["as_of"]) for row in rows]
    assert told == [
        (EARLY, 0, 28, EARLY),
        (EARLY + DAY, 1, 28, EARLY),
        (EARLY + 2 * DAY, 0, 28, EARLY),
    ]


def test_a_method_that_no_longer_counts_anything_says_so() -> None:
    """Once every model is free, no row of the paid ones is left to stand as the newest state."""
    tables = standings(days_of({"openai/a": 5}, as_of=EARLY), days_of({"openai/a:free": 5}, as_of=LATE))
    paid = find(tables["country_week_history"], method="paid_only", knowledge="now")
    stood = [row for row in paid if row["known_at"] == max(each["known_at"] for each in paid)]
    standing = find(tables["country_week"], method="paid_only", knowledge="now")
    assert [row["tokens"] for row in stood] == [row["tokens"] for row in standing]


def test_the_newest_state_is_the_present_one_for_facts_without_a_day_too() -> None:
    """A reveal of which no day is known counts now, if one asks for so little: then the history ends so."""
    unsure = load(minimum_confidence="unverified")
    tables = standings(days_of({"openrouter/horizon-alpha": 5}, as_of=EARLY), reference=unsure)
    standing = find(tables["country_week"], method="all_models", knowledge="now")
    newest = tables["country_week_history"]["known_at"].max()
    stood = find(tables["country_week_history"], method="all_models", knowledge="now", known_at=newest)
    assert [(row["country_code"], row["tokens"]) for row in stood] == [
        (row["country_code"], row["tokens"]) for row in standing
    ]


# Buckets


def day_in(tables: Computed, nth: int = 0) -> Row:
    return one(tables["bucket_coverage"], period="day", date=MONDAY + nth * DAY)


def test_a_vanished_day_keeps_what_it_had_and_says_of_when_it_is() -> None:
    first, second = days_of(A, as_of=EARLY), days_of(B, as_of=FRIDAY)
    gone = without(days_of(B, as_of=LATE), MONDAY, MONDAY + DAY, as_of=LATE)
    tables = standings(first, second, gone)
    for nth in (0, 1):
        assert day_in(tables, nth) == {
            "week_start": MONDAY,
            "period": "day",
            "date": MONDAY + nth * DAY,
            "as_of": FRIDAY,
            "capture": second.digest,
            "used": True,
            "unused_reason": None,
            "vanished": True,
            "settled": True,
            "extent": "complete",
            "tier": 1,
            "depth": 3,
            "truncated": False,
        }
    assert [row["vanished"] for row in tables["bucket_coverage"].rows(named=True)] == [True] * 2 + [False] * 5
    week = one(tables["week_coverage"], week_start=MONDAY)
    assert (week["vanished_days"], week["days_observed"], week["status"]) == (2, 7, "settled")
    (model,) = find(tables["model_week"], model_permaslug="openai/a")
    assert model["tokens"] == 7 * 6


def test_a_day_that_came_back_is_not_flagged() -> None:
    full = days_of(A, as_of=EARLY)
    tables = standings(full, without(full, MONDAY, as_of=FRIDAY), days_of(A, as_of=LATE))
    row = day_in(tables)
    assert (row["vanished"], row["settled"], row["as_of"], row["capture"]) == (
        False,
        True,
        EARLY,
        full.digest,
    )


def test_a_day_that_came_back_changed_has_its_new_vintage() -> None:
    full, again = days_of(A, as_of=EARLY), days_of(B, as_of=LATE)
    row = day_in(standings(full, without(full, MONDAY, as_of=FRIDAY), again))
    assert (row["vanished"], row["as_of"], row["capture"]) == (False, LATE, again.digest)


def test_a_day_that_vanished_before_friday_is_not_settled_by_that() -> None:
    full = days_of(A, as_of=EARLY)
    tables = standings(full, without(full, MONDAY, as_of=FRIDAY - TICK))
    assert (day_in(tables)["vanished"], day_in(tables)["settled"]) == (True, False)


def test_a_day_that_was_never_there_is_no_bucket() -> None:
    full = days_of(A, as_of=EARLY)
    tables = standings(without(full, MONDAY, as_of=LATE))
    dates = tables["bucket_coverage"]["date"].to_list()
    assert dates == [MONDAY + n * DAY for n in range(1, 7)]
    week = one(tables["week_coverage"], week_start=MONDAY)
    assert (week["days_observed"], week["vanished_days"], week["status"]) == (6, 0, "incomplete")


def test_a_look_whose_window_leaves_a_day_out_says_nothing_of_it() -> None:
    full = days_of(A, as_of=EARLY)
    tables = standings(full, days_of(A, first=MONDAY + DAY, count=6, as_of=LATE))
    assert not any(row["vanished"] for row in tables["bucket_coverage"].rows(named=True))
    assert [day_in(tables, nth)["settled"] for nth in range(7)] == [False] + [True] * 6
    assert one(tables["week_coverage"], week_start=MONDAY)["status"] == "provisional"


def test_a_week_bucket_beside_seven_days_is_held_and_not_used() -> None:
    week = week_of({"openai/a": 35}, as_of=LATE)
    tables = standings(days_of(A, as_of=EARLY), week)
    row = one(tables["bucket_coverage"], period="week")
    assert (row["used"], row["date"], row["as_of"], row["capture"]) == (False, MONDAY, LATE, week.digest)
    assert all(day_in(tables, nth)["used"] for nth in range(7))
    assert one(tables["week_coverage"], week_start=MONDAY)["grain"] == "day"


def test_a_week_bucket_beside_six_days_is_used_in_their_place() -> None:
    tables = standings(days_of(A, count=6, as_of=EARLY), week_of({"openai/a": 35}, as_of=LATE))
    assert one(tables["bucket_coverage"], period="week")["used"]
    assert not any(day_in(tables, nth)["used"] for nth in range(6))
    week = one(tables["week_coverage"], week_start=MONDAY)
    assert (week["grain"], week["days_observed"]) == ("week", 7)


def test_a_week_bucket_that_vanished_is_seven_vanished_days() -> None:
    week = week_of(A, as_of=EARLY)
    tables = standings(week, without(week, MONDAY, as_of=LATE))
    assert one(tables["bucket_coverage"], period="week")["vanished"]
    found = one(tables["week_coverage"], week_start=MONDAY)
    assert (found["vanished_days"], found["status"]) == (7, "settled")


def test_depth_and_the_cut_are_those_of_each_bucket() -> None:
    buckets = {
        MONDAY: {"openai/a": 5, "other": 1},
        MONDAY + DAY: {"openai/a": 5, "other": 0},
        MONDAY + 2 * DAY: {"openai/a": 5},
        MONDAY + 3 * DAY: whole({"openai/a": 5, "other": 1}),
    }
    tables = standings(Capture(LATE, MONDAY, MONDAY + 3 * DAY, buckets))
    told = [(row["depth"], row["truncated"]) for row in tables["bucket_coverage"].rows(named=True)]
    assert told == [(1, True), (1, False), (1, False), (50, False)]


def test_as_of_a_moment_the_flags_are_those_of_then() -> None:
    full = days_of(A, as_of=EARLY)
    looks = (full, without(full, MONDAY, as_of=FRIDAY), days_of(B, as_of=LATE))
    flags = [
        (row["vanished"], row["settled"], row["as_of"])
        for at in (EARLY, FRIDAY - TICK, FRIDAY, LATE - TICK, LATE)
        for row in [day_in(standings(*looks, at=at))]
    ]
    assert flags == [
        (False, False, EARLY),
        (False, False, EARLY),
        (True, True, EARLY),
        (True, True, EARLY),
        (False, True, LATE),
    ]
