"""Real captures beside real print: what the press said, which method it counted by, and what was restated since."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import schemas
from schemas.methods import METHODS
from schemas.reference import UNSETTLED, Reference, load
from tests.support.frames import DAY, WEEK, Row, find, one
from transforms.parse import parse
from transforms.standings import Computed, every_table
from transforms.vintages import CAPTURE_ROWS, CAPTURES, PRESENT, looks, observation, ranking_entry
from transforms.weeks import moment

FOLDERS = ("reconstructed", "responses", "chart")

HEADLINE = date(2026, 3, 9)
"""The week of which the press wrote that China had overtaken the United States."""

IN_JULY = datetime(2026, 7, 19, 12, tzinfo=UTC)
RESTATED = date(2026, 7, 18)


class Captured:
    """All captures of some folders, and the tables that come of them as of any moment."""

    def __init__(self, paths: Iterable[Path], reference: Reference) -> None:
        heads, rows = [], [CAPTURE_ROWS.to_frame()]
        self.capture_of: dict[str, str] = {}
        for path in paths:
            body, request = path.read_bytes(), asked(path)
            answer = parse(body, request["period"])
            capture = self.capture_of[path.name] = hashlib.sha256(body).hexdigest()
            heads.append(
                (capture, answer.as_of, request["period"], request["origin"], answer.start, answer.end, False)
            )
            rows.append(answer.rows.select(pl.lit(capture).alias("capture"), pl.all()))
        captures = pl.DataFrame(heads, schema=CAPTURES, orient="row")
        seen = looks(captures, pl.concat(rows))
        self.entries, self.observations = ranking_entry(seen, pl.concat(rows)), observation(seen)
        self.reference = reference

    def tables(self, at: datetime = PRESENT) -> Computed:
        return every_table(self.entries, self.observations, self.reference, at)


def asked(path: Path) -> dict[str, Any]:
    """What was asked for the file: the sidecar says so, where there is one."""
    sidecar = path.with_name(f"{path.name}.request.json")
    return {"period": "day", "origin": "api"} | (json.loads(sidecar.read_text()) if sidecar.exists() else {})


@pytest.fixture(scope="module")
def captured(shared_data: Path) -> Captured:
    paths = [path for folder in FOLDERS for path in sorted((shared_data / folder).glob("*.json"))]
    return Captured((path for path in paths if not path.name.endswith(".request.json")), load())


@pytest.fixture(scope="module")
def tables(captured: Captured) -> Computed:
    return captured.tables()


def verdicts(tables: Computed, metric: str) -> Counter[str]:
    """How many claims there are of each verdict; for reproduced ones whatever the method."""
    rows = find(tables["claims"], metric=metric)
    return Counter(row["verdict"].partition(" under ")[0] for row in rows)


def lead(tables: Computed, week: date, method: str, knowledge: str = "then") -> Row:
    return one(tables["country_lead_week"], week_start=week, method=method, knowledge=knowledge)


# Claims


def test_of_the_printed_totals_all_but_two_are_explained_by_the_chart(tables: Computed) -> None:
    found = verdicts(tables, "tokens")
    without_data = found.pop("no data")
    assert found == {"reproduced": 24, "consistent": 6, "off by a factor of ten": 1, "not reproduced": 1}
    assert without_data == len(find(tables["claims"], metric="tokens")) - 32


@pytest.fixture(scope="module")
def with_autumn(shared_data: Path) -> Computed:
    """The tables of every capture that there is."""
    folders = (*FOLDERS, "autumn")
    paths = [path for folder in folders for path in sorted((shared_data / folder).glob("*.json"))]
    return Captured((path for path in paths if not path.name.endswith(".request.json")), load()).tables()


def test_of_all_claims_four_are_refuted_and_one_is_off_by_ten(with_autumn: Computed) -> None:
    found = Counter(
        row["verdict"].partition(" under ")[0].partition(" for ")[0]
        for row in with_autumn["claims"].rows(named=True)
    )
    assert found == {
        "reproduced": 30,
        "true": 5,
        "consistent": 14,
        "off by a factor of ten": 1,
        "not reproduced": 4,
        "no data": 42,
    }
    refuted = with_autumn["claims"].filter(verdict="not reproduced")["claim"].to_list()
    assert refuted == [
        "2026-02-16-us-tokens-nbd",
        "2026-06-01-cn-share-thakicloud",
        "2026-06-01-us-share-thakicloud",
        "2026-06-15-us-share-bloomberg",
    ]


@pytest.mark.parametrize(
    ("claim", "verdict", "value"),
    [
        ("2026-05-18-cn-streak-yuanbao", "consistent", 3),
        ("2026-06-01-cn-streak-digest", "consistent", 5),
        ("2026-06-29-cn-streak-tongbi", "consistent", 9),
        ("2026-09-28-cn-share-cacheregister", "reproduced under all_models", 77.6),
        ("2026-05-25-cn-share-adyog", "consistent", 44.8),
        ("2026-05-25-cn-share-cryptobriefing", "consistent", 61.9),
        ("2026-06-15-us-share-bloomberg", "not reproduced", 32.0),
        ("2026-06-01-cn-share-thakicloud", "not reproduced", 50.5),
        ("2026-06-01-us-share-thakicloud", "not reproduced", 35.2),
    ],
)
def test_claims_that_are_no_totals(with_autumn: Computed, claim: str, verdict: str, value: float) -> None:
    row = one(with_autumn["claims"], claim=claim)
    assert (row["verdict"], round(row["value"], 1)) == (verdict, value)
    assert row["difference"] == (row["value"] - row["value_printed"]) / row["value_printed"]


def test_a_streak_that_began_before_the_data_is_a_lower_bound(with_autumn: Computed) -> None:
    row = one(with_autumn["claims"], claim="2026-06-29-cn-streak-tongbi")
    assert row["remark"].startswith("under top9_named CN has led for at least 9 weeks")
    for each in find(with_autumn["claim_value"], claim=row["claim"]):
        way = {name: each[name] for name in ("week_start", "method", "knowledge")}
        streak = one(with_autumn["country_lead_week"], **way)
        assert (each["value"], each["leader"]) == (streak["streak_weeks"], "CN")
        assert (each["holds"], each["possible"], streak["streak_is_lower_bound"]) == (False, True, True)


def test_a_single_model_is_the_sources_own_count(with_autumn: Computed) -> None:
    row = one(with_autumn["claims"], claim="2026-06-01-v4-flash-digest")
    assert row["verdict"] == "reproduced under top9_named"
    models = find(with_autumn["model_week"], week_start=row["week_start"], model_permaslug=row["subject"])
    assert row["tokens"] == sum(each["tokens"] for each in models) == 3_685_130_902_674


def test_what_cannot_be_settled_says_why(with_autumn: Computed) -> None:
    rows = with_autumn["claims"].filter(pl.col("metric").is_in(UNSETTLED)).rows(named=True)
    assert {row["verdict"] for row in rows} == {"no data"}
    assert len(rows) == 7
    assert {row["remark"] for row in rows if row["metric"] == "spend"} == {
        "No prices are held, so nothing can be said of what was spent."
    }
    assert all(row["remark"].endswith(".") for row in rows)


def test_every_claim_has_its_outlet() -> None:
    assert load().claims["outlet"].null_count() == 0


def test_what_is_without_data_is_exactly_what_no_complete_week_is_there_for(tables: Computed) -> None:
    complete = set(tables["week_coverage"].filter(pl.col("status") != "incomplete")["week_start"])
    for row in tables["claims"].rows(named=True):
        settled = row["week_start"] in complete and row["metric"] not in UNSETTLED
        assert (row["verdict"] != "no data") == settled


def test_a_countrys_figure_is_the_nines_and_the_worlds_is_all_models(tables: Computed) -> None:
    totals = tables["claims"].filter(pl.col("metric").is_in(["tokens", "leader"]))
    for row in totals.filter(pl.col("verdict").str.starts_with("reproduced")).rows(named=True):
        method = "all_models" if row["country_code"] == "WORLD" else "top9_named"
        assert (row["verdict"], row["method"]) == (f"reproduced under {method}", method)


def test_printed_figures_are_those_of_the_shared_list(tables: Computed, shared_data: Path) -> None:
    """The claims that are shipped are the figures that were collected, to the token, each with its link."""
    first, second = (
        pl.read_csv(shared_data / f"published_figures{name}.csv").rows(named=True) for name in ("", "_2")
    )
    collected = Counter((row["source_url"], round(row["tokens_trillion"] * 10**12)) for row in first)
    for row in second:
        scale = 10**12 if row["unit"] == "T" else 1
        collected[row["url"].split(" ")[0] if row["url"] else "no link", round(row["value"] * scale, 2)] += 1
    assert len(second) == 41
    claims = tables["claims"].filter(pl.col("metric") != "leader")
    assert collected == Counter(
        (row["source"], row["tokens_printed"] or row["value_printed"]) for row in claims.rows(named=True)
    )


def test_printed_figures_are_about_the_weeks_of_the_shared_list(tables: Computed, shared_data: Path) -> None:
    first, second = (
        pl.read_csv(shared_data / f"published_figures{name}.csv").rows(named=True) for name in ("", "_2")
    )
    expected = Counter((row["week_start"], row["country"]) for row in first)
    expected.update((row["week_start"], row["subject"]) for row in second if row["metric"] == "tokens")
    dated = Counter(
        (row["week_start"].isoformat(), row["country_code"])
        for row in find(tables["claims"], metric="tokens")
    )
    assert sum((expected - dated).values()) == sum(
        1 for row in second if row["metric"] == "tokens" and not row["week_start"]
    )


def test_the_headlines_figure(tables: Computed) -> None:
    row = one(tables["claims"], claim="2026-03-09-cn-tokens-cctv")
    assert row["tokens_printed"] == 4_690_000_000_000
    assert (row["verdict"], row["method"], row["knowledge"]) == (
        "reproduced under top9_named",
        "top9_named",
        "then",
    )
    assert "5.351T" in row["remark"].split("; ")[0]
    assert "under now" in row["remark"].split("; ")[0]
    assert row["remark"].split("; ")[1] == "over all models US led, certainly"


def test_the_figure_with_the_misplaced_point(tables: Computed) -> None:
    (row,) = find(tables["claims"], verdict="off by a factor of ten")
    assert (row["tokens_printed"], row["country_code"]) == (46_900_000_000_000, "CN")
    assert row["week_start"] == HEADLINE


def test_the_figure_that_left_a_model_out(tables: Computed) -> None:
    (row,) = find(tables["claims"], verdict="not reproduced", metric="tokens")
    assert (row["week_start"], row["country_code"]) == (date(2026, 2, 16), "US")
    assert row["tokens_printed"] == 2_700_000_000_000
    assert "arcee-ai/trinity-large-preview:free" in row["explanation"]
    explained = tables["claims"].filter(pl.col("explanation").is_not_null())
    assert explained["claim"].to_list() == [row["claim"]]


def test_that_china_led_is_true_for_the_nine_and_not_for_all(tables: Computed) -> None:
    row = one(tables["claims"], claim="2026-03-09-cn-leads-cctv")
    assert row["verdict"] == "true for top9_named only"
    ways = find(tables["claim_value"], claim=row["claim"])
    assert {each["method"]: each["leader"] for each in ways} == {
        method.name: "CN" if method.name == "top9_named" else "US" for method in METHODS
    }


def test_the_figures_that_were_tried_are_those_of_the_countries(tables: Computed) -> None:
    for row in find(tables["claim_value"], claim="2026-03-09-cn-tokens-cctv"):
        way = {name: row[name] for name in ("week_start", "method", "knowledge")}
        assert row["tokens"] == one(tables["country_week"], country_code="CN", **way)["tokens"]


# Leads


def test_a_lead_that_is_not_certain_and_one_that_is(tables: Computed) -> None:
    doubtful, sure = (lead(tables, week, "all_models") for week in (date(2026, 2, 16), HEADLINE))
    assert (doubtful["leader"], doubtful["lead_certain"]) == ("US", False)
    assert (sure["leader"], sure["lead_certain"]) == ("US", True)


def test_china_led_the_nine_for_the_second_week(tables: Computed) -> None:
    row = lead(tables, HEADLINE, "top9_named")
    assert (row["leader"], row["streak_weeks"]) == ("CN", 2)
    assert lead(tables, HEADLINE - 2 * WEEK, "top9_named")["leader"] == "US"


# Restatements


def total(tables: Computed, day: date) -> Row:
    return one(tables["bucket_coverage"], period="day", date=day)


def test_in_july_a_day_stood_as_it_was_first_told(captured: Captured, tables: Computed) -> None:
    first, second = (
        captured.capture_of[f"day_{name}.json"]
        for name in (
            "2026-06-19_2026-07-18_asof_20260719T000516Z",
            "2026-06-21_2026-07-20_asof_20260721T000519Z",
        )
    )
    then = captured.tables(IN_JULY)
    assert total(then, RESTATED)["capture"] == first
    assert total(tables, RESTATED)["capture"] == second

    sums = {
        capture: captured.entries.filter(
            pl.col("period") == "day", pl.col("date") == RESTATED, pl.col("capture") == capture
        )["tokens"].sum()
        for capture in (first, second)
    }
    assert sums[first] != sums[second]
    week = RESTATED - RESTATED.weekday() * DAY
    (row,) = find(
        tables["revisions"], week_start=week, date=RESTATED, level="total", capture=second, period="day"
    )
    assert (row["tokens_before"], row["tokens"]) == (sums[first], sums[second])
    assert row["change"] == sums[second] - sums[first]
    assert find(then["revisions"], date=RESTATED) == []

    others = [week + n * DAY for n in range(5)]
    shown = captured.entries.join(
        then["bucket_coverage"].filter(pl.col("date").is_in(others)), on=["date", "capture", "period"]
    )
    expected = shown["tokens"].sum() + sums[first]
    assert then["model_week"].filter(pl.col("week_start") == week)["tokens"].sum() == expected


def test_as_of_july_is_what_the_captures_of_by_then_say(captured: Captured) -> None:
    entries, observations = (
        frame.filter(pl.col("as_of") <= IN_JULY) for frame in (captured.entries, captured.observations)
    )
    stood = captured.tables(IN_JULY)
    alone = every_table(entries, observations, captured.reference, IN_JULY)
    assert [name for name in stood if not stood[name].equals(alone[name])] == []


def test_the_history_gives_july_back(captured: Captured, tables: Computed) -> None:
    told = tables["country_week_history"].filter(pl.col("known_at") <= IN_JULY)
    newest = pl.col("known_at") == pl.col("known_at").max().over("week_start", "method", "knowledge")
    stood = captured.tables(IN_JULY)["country_week"]
    assert told.filter(newest).drop("known_at").equals(stood)


def test_every_revision_is_of_a_day_first_seen_young_and_sums_up(tables: Computed) -> None:
    revisions = tables["revisions"]
    seen_young = pl.col("as_of_before") - moment(pl.col("date")) <= DAY + 4 * DAY
    assert revisions.filter(~seen_young).is_empty()
    sums = revisions.group_by("date", "period", "as_of", "level").agg(pl.col("change").sum())
    changes = {
        key: {row["level"]: row["change"] for row in group.rows(named=True)}
        for key, group in sums.group_by("date", "period", "as_of")
    }
    assert changes
    assert all(each["model"] == each["country"] == each.get("total", 0) for each in changes.values())


# Two grains


def test_both_grains_of_the_same_weeks_agree(tables: Computed) -> None:
    frame = tables["reconciliation_week"]
    weeks = {date(2026, 5, 25), date(2026, 6, 1)}
    assert set(frame["week_start"]) == weeks
    assert frame["within_tolerance"].all()
    for week in weeks:
        assert one(frame, week_start=week, model_permaslug="total")["tokens_week"] > 0
        assert len(find(frame, week_start=week)) == 10


# All of it


def test_every_table_is_sound(captured: Captured, tables: Computed) -> None:
    made = dict(tables) | {"ranking_entry": captured.entries, "observation": captured.observations}
    problems = {table.name: list(table.problems(made[table.name])) for table in schemas.TABLES}
    assert problems == {table.name: [] for table in schemas.TABLES}


def test_every_bound_is_on_its_side(tables: Computed) -> None:
    made = [table for table in schemas.TABLES if table.name in tables and table.ordered]
    assert {table.name for table in made} == {"country_week", "country_week_history", "concentration_week"}
    for table in made:
        for low, high in table.ordered:
            assert tables[table.name].filter(pl.col(low) > pl.col(high)).is_empty(), (table.name, low, high)


def test_growth_is_told_out_of_its_parts(tables: Computed) -> None:
    parts = ("from_reveals", "from_new_models", "from_free_variants", "from_rest")
    growth = tables["country_growth"]
    assert growth.filter(pl.sum_horizontal(parts) != pl.col("change")).is_empty()
    assert growth.filter(pl.col("tokens") - pl.col("tokens_before") != pl.col("change")).is_empty()
    revealed = one(
        growth,
        week_start=HEADLINE,
        method="all_models",
        knowledge="now",
        country_code="CN",
        span_weeks=1,
    )
    cloaked = find(tables["model_week"], week_start=HEADLINE, attribution="reveal")
    assert revealed["from_reveals"] == sum(row["tokens"] for row in cloaked) > 0


def test_no_growth_is_observed_against_a_cut_off_chart(tables: Computed) -> None:
    """The nine rows of early May are fewer than the models of June, so nothing grew by their difference."""
    short = set(tables["week_coverage"].filter("truncated")["week_start"])
    rows = tables["forecast_path"].rows(named=True)
    assert any(row["observed_weekly"] is not None for row in rows)
    for row in rows:
        if row["week_start"] in short or row["week_start"] - 4 * WEEK in short:
            assert row["observed_weekly"] is None
