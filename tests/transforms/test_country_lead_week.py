"""Who leads, how surely, and for how many weeks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import permutations
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import COUNTRY_LEAD_WEEK
from schemas.methods import METHODS
from schemas.reference import load
from tests.support.examples import examples
from tests.support.frames import LARGEST, MONDAY, WEEK, counted, countries, coverage, model
from transforms.country_lead_week import country_lead_week
from transforms.country_week import country_week

Row = dict[str, Any]
METHOD_NAMES = [method.name for method in METHODS]


@dataclass(frozen=True)
class Week:
    """A week's tokens by country.

    ranked: False where the chart is cut short, so that nobody has a rank; hidden: what it may lack then.
    contested: tokens by the country that has them and the one that contests them.
    """

    number: int
    tokens: dict[str, int]
    unattributed: int = 0
    status: str = "settled"
    ranked: bool = True
    hidden: int = 0
    contested: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def monday(self) -> date:
        return MONDAY + self.number * WEEK

    @property
    def incomplete(self) -> bool:
        return self.status == "incomplete"

    def bounds(self, country: str) -> tuple[int, int]:
        """The least and the most tokens that a country can have."""
        lost = sum(tokens for (seat, _), tokens in self.contested.items() if seat == country)
        gained = sum(tokens for (_, contester), tokens in self.contested.items() if contester == country)
        own = self.tokens.get(country, 0)
        return own - lost, own + gained + self.unattributed + self.hidden


def rows_of(week: Week, **series: str) -> list[Row]:
    """The week's rows of `country_week`."""
    spare = week.unattributed + week.hidden
    same = {"week_start": week.monday, "status": week.status, **series}
    counts = [
        {
            "country_code": code,
            "tokens": tokens,
            "tokens_lo": week.bounds(code)[0],
            "tokens_hi": week.bounds(code)[1],
            "rank": 1 + sum(each > tokens for each in week.tokens.values()) if week.ranked else None,
            **same,
        }
        for code, tokens in week.tokens.items()
    ]
    nobody = {"country_code": "ZZ", "tokens": week.unattributed, "tokens_lo": 0, "tokens_hi": spare, **same}
    return [*counts, nobody]


def computed(counts: pl.DataFrame) -> pl.DataFrame:
    found = COUNTRY_LEAD_WEEK.conform(country_lead_week(counts))
    assert list(COUNTRY_LEAD_WEEK.problems(found)) == []
    return found


def leads(weeks: Iterable[Week]) -> list[Row]:
    found = computed(countries(row for week in weeks for row in rows_of(week)))
    return list(found.iter_rows(named=True))


def lead(tokens: dict[str, int], unattributed: int = 0, **columns: Any) -> Row:
    """The lead of a single week."""
    (found,) = leads([Week(0, tokens, unattributed, **columns)])
    return found


def pick(rows: Iterable[Row], *columns: str) -> list[Any]:
    if len(columns) == 1:
        return [row[columns[0]] for row in rows]
    return [tuple(row[name] for name in columns) for row in rows]


def test_one_week() -> None:
    assert lead({"US": 50, "CN": 40, "FR": 5}, 9) == {
        "week_start": MONDAY,
        "method": "all_models",
        "knowledge": "now",
        "leader": "US",
        "runner_up": "CN",
        "lead_tokens": 10,
        "lead_ratio": 1.25,
        "lead_certain": True,
        "streak_weeks": 1,
        "streak_certain_weeks": 1,
        "streak_is_lower_bound": True,
        "crossover": None,
        "status": "settled",
        "as_of": countries(rows_of(Week(0, {})))["as_of"][0],
    }


@pytest.mark.parametrize(("unattributed", "certain"), [(0, True), (9, True), (10, False), (11, False)])
def test_a_lead_is_certain_if_the_rest_could_not_make_it_level(unattributed: int, certain: bool) -> None:
    found = lead({"US": 50, "CN": 40}, unattributed)
    assert (found["leader"], found["lead_certain"]) == ("US", certain)
    assert found["streak_certain_weeks"] == int(certain)


@pytest.mark.parametrize(("hidden", "certain"), [(0, True), (3, True), (4, False), (9, False)])
def test_what_a_chart_hides_makes_a_lead_uncertain_too(hidden: int, certain: bool) -> None:
    found = lead({"US": 50, "CN": 40}, 6, hidden=hidden)
    assert (found["leader"], found["lead_certain"]) == ("US", certain)


@pytest.mark.parametrize(
    ("contested", "certain"),
    [
        ({("US", "FR"): 9}, True),
        ({("US", "FR"): 10}, False),
        ({("US", "CN"): 4}, True),
        ({("US", "CN"): 5}, False),
        ({("FR", "CN"): 9}, True),
        ({("FR", "CN"): 10}, False),
        ({("CN", "US"): 40}, True),
        ({("US", "FR"): 5, ("FR", "CN"): 5}, False),
    ],
)
def test_a_contested_headquarters_makes_a_lead_uncertain_where_it_could_decide_it(
    contested: dict[tuple[str, str], int], certain: bool
) -> None:
    found = lead({"US": 50, "CN": 40, "FR": 15}, contested=contested)
    assert (found["leader"], found["runner_up"], found["lead_tokens"]) == ("US", "CN", 10)
    assert found["lead_certain"] is certain


def test_a_rival_far_behind_that_contests_much_is_one_that_could_lead() -> None:
    """The runner-up cannot come level, and the third country can."""
    found = lead({"US": 50, "CN": 20, "FR": 5}, contested={("US", "FR"): 25})
    assert (found["runner_up"], found["lead_certain"]) == ("CN", False)


@pytest.mark.parametrize("order", [("US", "CN", "FR"), ("FR", "US", "CN")])
def test_level_countries_are_in_order_of_code_and_certain_of_nothing(order: tuple[str, ...]) -> None:
    found = lead(dict.fromkeys(order, 5))
    assert (found["leader"], found["runner_up"]) == ("CN", "FR")
    assert (found["lead_tokens"], found["lead_ratio"], found["lead_certain"]) == (0, 1.0, False)


@pytest.mark.parametrize(("unattributed", "certain"), [(0, True), (4, True), (5, False)])
def test_a_single_country_is_ahead_of_one_that_is_not_listed(unattributed: int, certain: bool) -> None:
    found = lead({"US": 5}, unattributed)
    assert (found["leader"], found["runner_up"]) == ("US", None)
    assert (found["lead_tokens"], found["lead_ratio"]) == (None, None)
    assert found["lead_certain"] is certain
    assert found["streak_weeks"] == 1


def test_no_country_is_no_leader() -> None:
    found = lead({}, 99)
    assert (found["leader"], found["runner_up"], found["lead_tokens"], found["lead_ratio"]) == (None,) * 4
    assert found["lead_certain"] is False
    assert (found["streak_weeks"], found["streak_certain_weeks"], found["crossover"]) == (None, None, None)


def test_the_unattributed_never_lead() -> None:
    found = lead({"US": 1}, 99)
    assert (found["leader"], found["lead_certain"]) == ("US", False)


def test_a_runner_up_without_tokens_has_no_ratio() -> None:
    found = lead({"US": 5, "CN": 0})
    assert (found["runner_up"], found["lead_tokens"], found["lead_ratio"]) == ("CN", 5, None)


def test_a_lead_of_one_token_in_quintillions_is_a_lead() -> None:
    found = lead({"CN": 2**61, "US": 2**61 + 1})
    assert (found["leader"], found["lead_tokens"], found["lead_certain"]) == ("US", 1, True)
    assert lead({"CN": LARGEST})["leader"] == "CN"


# Through country_week, where ranks and truncation come from


def leads_of_models(*rows: Row, truncated: bool = False, method: str = "all_models") -> Row:
    covered = coverage(MONDAY, truncated=truncated)
    found = country_week(counted(rows, covered), covered, load().countries)
    return computed(found).filter(method=method, knowledge="now").row(0, named=True)


@pytest.mark.parametrize("method", ["all_models", "named_only", "paid_only"])
def test_a_chart_that_is_cut_short_has_a_leader_only_where_that_is_certain(method: str) -> None:
    open_ = [model("a/a", 50, "US"), model("b/b", 40, "CN"), model("other", 10, "ZZ")]
    assert leads_of_models(*open_, method=method)["leader"] == "US"
    found = leads_of_models(*open_, truncated=True, method=method)
    assert (found["leader"], found["runner_up"], found["lead_certain"]) == (None, None, False)
    assert (found["streak_weeks"], found["lead_tokens"]) == (None, None)
    nine = leads_of_models(*open_, truncated=True, method="top9_named")
    assert (nine["leader"], nine["runner_up"], nine["lead_certain"]) == ("US", "CN", True)
    sure = [model("a/a", 50, "US"), model("b/b", 40, "CN"), model("other", 9, "ZZ")]
    found = leads_of_models(*sure, truncated=True, method=method)
    assert (found["leader"], found["runner_up"], found["lead_tokens"], found["lead_certain"]) == (
        "US",
        "CN",
        10,
        True,
    )


@pytest.mark.parametrize("method", ["all_models", "named_only", "paid_only"])
def test_a_chart_that_is_cut_short_names_no_runner_up_that_is_not_certain(method: str) -> None:
    rows = [model("a/a", 90, "US"), model("b/b", 40, "CN"), model("c/c", 38, "FR"), model("other", 5, "ZZ")]
    found = leads_of_models(*rows, truncated=True, method=method)
    assert (found["leader"], found["runner_up"], found["lead_tokens"]) == ("US", None, None)
    assert (found["lead_certain"], found["streak_weeks"]) == (True, 1)


# Streaks

US = {"US": 50, "CN": 40}
CN = {"US": 40, "CN": 50}


def test_a_streak_grows_from_week_to_week_and_restarts_with_a_new_leader() -> None:
    found = leads(Week(n, tokens) for n, tokens in enumerate([US, US, CN, CN, CN, US]))
    assert pick(found, "leader") == ["US", "US", "CN", "CN", "CN", "US"]
    assert pick(found, "streak_weeks") == [1, 2, 1, 2, 3, 1]
    assert pick(found, "streak_is_lower_bound") == [True, True, False, False, False, False]
    assert pick(found, "crossover") == [None, False, True, False, False, True]


def test_a_missing_week_restarts_the_count_and_says_so() -> None:
    found = leads([Week(0, CN), Week(1, US), Week(2, US), Week(4, US), Week(5, US), Week(6, CN)])
    assert pick(found, "streak_weeks") == [1, 1, 2, 1, 2, 1]
    assert pick(found, "streak_is_lower_bound") == [True, False, False, True, True, False]
    assert pick(found, "crossover") == [None, True, False, None, False, True]


def test_an_incomplete_week_has_no_streak_and_restarts_the_count() -> None:
    found = leads([Week(0, CN), Week(1, US), Week(2, US, status="incomplete"), Week(3, US), Week(4, US)])
    assert pick(found, "leader") == ["CN", "US", "US", "US", "US"]
    assert pick(found, "streak_weeks") == [1, 1, None, 1, 2]
    assert pick(found, "streak_certain_weeks") == [1, 1, None, 1, 2]
    assert pick(found, "streak_is_lower_bound") == [True, False, None, True, True]


def test_a_provisional_week_counts() -> None:
    found = leads([Week(0, CN), Week(1, US, status="provisional"), Week(2, US, status="provisional")])
    assert pick(found, "streak_weeks") == [1, 1, 2]


def test_a_week_without_a_leader_restarts_the_count() -> None:
    found = leads(
        [Week(0, CN), Week(1, US), Week(2, {}, 9), Week(3, US), Week(4, US, ranked=False), Week(5, CN)]
    )
    assert pick(found, "leader") == ["CN", "US", None, "US", None, "CN"]
    assert pick(found, "streak_weeks") == [1, 1, None, 1, None, 1]
    assert pick(found, "streak_is_lower_bound") == [True, False, None, True, None, True]
    assert pick(found, "crossover") == [None, True, None, None, None, None]


def test_the_certain_streak_is_broken_by_doubt_and_by_a_new_leader() -> None:
    doubt = [0, 0, 10, 0, 0, 10, 0]
    found = leads(Week(n, CN if n == 4 else US, spare) for n, spare in enumerate(doubt))
    assert pick(found, "streak_weeks") == [1, 2, 3, 4, 1, 1, 2]
    assert pick(found, "streak_certain_weeks") == [1, 2, 0, 1, 1, 0, 1]


def test_a_tie_goes_on_with_the_first_by_code_and_is_certain_of_nothing() -> None:
    found = leads([Week(0, US), Week(1, {"US": 5, "CN": 5}), Week(2, CN)])
    assert pick(found, "leader", "streak_weeks", "streak_certain_weeks") == [
        ("US", 1, 1),
        ("CN", 1, 0),
        ("CN", 2, 1),
    ]


def test_a_streak_goes_over_the_end_of_a_year() -> None:
    start = (date(2026, 12, 21) - MONDAY).days // 7
    found = leads(Week(start + n, US) for n in range(4))
    assert pick(found, "week_start")[1:3] == [date(2026, 12, 28), date(2027, 1, 4)]
    assert pick(found, "streak_weeks") == [1, 2, 3, 4]


def test_each_method_and_knowledge_has_its_own_streak() -> None:
    series = {
        ("all_models", "now"): [US, US, US],
        ("all_models", "then"): [CN, US, US],
        ("top9_named", "now"): [US, US, CN],
        ("top9_named", "then"): [US, CN, US],
        ("named_only", "now"): [CN, CN, US],
        ("paid_only", "then"): [CN, CN, CN],
        ("author_chart", "now"): [CN, US, CN],
    }
    rows = [
        row
        for (method, knowledge), weeks in series.items()
        for n, tokens in enumerate(weeks)
        for row in rows_of(Week(n, tokens), method=method, knowledge=knowledge)
    ]
    found = computed(countries(rows))
    assert {
        key: found.filter(method=key[0], knowledge=key[1])["streak_weeks"].to_list() for key in series
    } == {
        ("all_models", "now"): [1, 2, 3],
        ("all_models", "then"): [1, 1, 2],
        ("top9_named", "now"): [1, 2, 1],
        ("top9_named", "then"): [1, 1, 1],
        ("named_only", "now"): [1, 2, 1],
        ("paid_only", "then"): [1, 2, 3],
        ("author_chart", "now"): [1, 1, 1],
    }


def test_a_streak_never_goes_on_from_another_series() -> None:
    rows = [*rows_of(Week(0, US)), *rows_of(Week(1, US), method="top9_named")]
    found = computed(countries(rows))
    assert found.select("streak_weeks", "streak_is_lower_bound", "crossover").rows() == [(1, True, None)] * 2


# Against plain Python


def leader_of(week: Week) -> str | None:
    ordered = sorted(week.tokens, key=lambda code: (-week.tokens[code], code))
    return ordered[0] if ordered and week.ranked else None


def is_certain(week: Week) -> bool:
    """The leader stays strictly ahead of each rival, one that is not listed among them, however that one fares."""
    leader = leader_of(week)
    rivals = {*week.tokens, "an unlisted one"} - {leader}
    return leader is not None and all(week.bounds(leader)[0] > week.bounds(rival)[1] for rival in rivals)


def run_back(weeks: dict[date, Week], monday: date, certain: bool = False) -> int:
    """How many weeks in a row up to this one count and have this one's leader."""
    leader = leader_of(weeks[monday])
    length = 0
    while (week := weeks.get(monday - length * WEEK)) is not None:
        if week.incomplete or leader_of(week) != leader or (certain and not is_certain(week)):
            break
        length += 1
    return length


def expected(weeks: dict[date, Week], monday: date) -> Row:
    week, before = weeks[monday], weeks.get(monday - WEEK)
    leader = leader_of(week)
    row: Row = {"leader": leader, "lead_certain": is_certain(week), "status": week.status}
    if leader is None or week.incomplete:
        return row | {"streak_weeks": None, "streak_certain_weeks": None, "streak_is_lower_bound": None}
    length = run_back(weeks, monday)
    preceding = weeks.get(monday - length * WEEK)
    row |= {
        "streak_weeks": length,
        "streak_certain_weeks": run_back(weeks, monday, certain=True),
        "streak_is_lower_bound": preceding is None or preceding.incomplete or leader_of(preceding) is None,
    }
    if before is None or leader_of(before) is None:
        row["crossover"] = None
    elif not before.incomplete:
        row["crossover"] = leader_of(before) != leader
    return row


@st.composite
def histories(draw: st.DrawFn) -> list[Week]:
    numbers = draw(st.lists(st.integers(0, 9), min_size=1, max_size=9, unique=True))
    tokens = st.dictionaries(st.sampled_from(["US", "CN", "FR"]), st.integers(0, 3), max_size=3)
    usual = st.sampled_from([US, US, CN]) | tokens
    status = st.sampled_from(["settled", "settled", "settled", "provisional", "incomplete"])
    ranked = st.sampled_from([True, True, True, False])
    spare = st.sampled_from([0, 0, 0, 1, 9, 10])
    return [
        Week(
            number,
            tokens := draw(usual),
            draw(spare),
            draw(status),
            draw(ranked),
            draw(spare) // 2,
            draw(contests(tokens)),
        )
        for number in numbers
    ]


def contests(tokens: dict[str, int]) -> st.SearchStrategy[dict[tuple[str, str], int]]:
    """Some of a country's tokens that another listed country contests."""
    pairs = [pair for pair in permutations(tokens, 2) if tokens[pair[0]]]
    if not pairs:
        return st.just({})
    one = st.sampled_from(pairs).flatmap(
        lambda pair: st.fixed_dictionaries({pair: st.integers(1, tokens[pair[0]])})
    )
    return st.just({}) | one


@examples(80)
@given(histories())
def test_leads_are_what_the_definitions_say(history: list[Week]) -> None:
    weeks = {week.monday: week for week in history}
    found = {row["week_start"]: row for row in leads(history)}
    assert list(found) == sorted(weeks)
    for monday, row in found.items():
        wanted = expected(weeks, monday)
        assert {name: row[name] for name in wanted} == wanted


@examples(40)
@given(histories(), st.randoms(use_true_random=False))
def test_order_of_rows_never_matters(history: list[Week], shuffle: Any) -> None:
    rows = [row for week in history for row in rows_of(week)]
    before = computed(countries(rows))
    shuffle.shuffle(rows)
    after = computed(countries(rows))
    assert isinstance(after, pl.DataFrame)
    assert after.equals(before)
