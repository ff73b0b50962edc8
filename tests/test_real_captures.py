"""Real captures through the whole of the pure middle, against plain arithmetic, print and golden files."""

import hashlib
import json
import os
from collections import ChainMap
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas import TABLES
from schemas.methods import METHODS
from schemas.reference import load
from tests.support.frames import DAY, WEEK, chosen, said
from transforms.parse import parse
from transforms.standings import every_table
from transforms.vintages import CAPTURE_ROWS, CAPTURES, latest, states

GOLDEN = Path(__file__).parent / "golden"
HEADLINE = date(2026, 3, 9)
"""The week of which the press wrote that China had overtaken the United States."""

MAY_BE_EMPTY = {"revisions", "reconciliation_week", "forecast_path"}
"""Tables of which a folder with one vintage, or one grain, has no rows."""


Tables = Mapping[str, pl.DataFrame]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.name.endswith(".request.json"))


def asked(path: Path) -> dict[str, str]:
    sidecar = path.with_name(path.name + ".request.json")
    told = json.loads(sidecar.read_text()) if sidecar.exists() else {}
    return {"period": "day", "origin": "api"} | told


def tables(paths: Iterable[Path]) -> Tables:
    """Everything that is computed from a folder of captures."""
    heads, rows = [], [CAPTURE_ROWS.to_frame()]
    for path in paths:
        body, request = path.read_bytes(), asked(path)
        answer = parse(body, request["period"])  # type: ignore[arg-type]
        capture = hashlib.sha256(body).hexdigest()
        heads.append(
            (capture, answer.as_of, request["period"], request["origin"], answer.start, answer.end, False)
        )
        rows.append(answer.rows.select(pl.lit(capture).alias("capture"), pl.all()))
    captures = pl.DataFrame(heads, schema=CAPTURES, orient="row")
    entries, observations = said(captures, pl.concat(rows))
    given = {"ranking_entry": entries, "observation": observations}
    return ChainMap(given, every_table(entries, observations, load()))


@pytest.fixture(scope="module")
def reconstructed(shared_data: Path) -> Tables:
    return tables(files(shared_data / "reconstructed"))


@pytest.fixture(scope="module")
def chart(shared_data: Path) -> Tables:
    return tables(files(shared_data / "chart"))


@pytest.fixture(scope="module")
def responses(shared_data: Path) -> Tables:
    return tables(files(shared_data / "responses"))


@pytest.fixture(params=["reconstructed", "chart", "responses"])
def any_tables(request: pytest.FixtureRequest) -> tuple[str, Tables]:
    return request.param, request.getfixturevalue(request.param)


def tokens(found: Tables, week: date, method: str, knowledge: str) -> dict[str, int]:
    rows = found["country_week"].filter(week_start=week, method=method, knowledge=knowledge)
    return dict(rows.select("country_code", "tokens").rows())


def lead(found: Tables, week: date, method: str, knowledge: str = "now") -> dict[str, Any]:
    rows = found["country_lead_week"].filter(week_start=week, method=method, knowledge=knowledge)
    return rows.row(0, named=True)


def trillions(count: int) -> float:
    return round(count / 1e12, 3)


# The week of the headline


def test_the_headline_is_the_nine_named_as_they_were_known_then(reconstructed: Tables) -> None:
    found = tokens(reconstructed, HEADLINE, "top9_named", "then")
    assert set(found) == {"CN", "US", "ZZ"}
    assert trillions(found["CN"]) == 4.688
    assert trillions(found["US"]) == 3.291
    hunter = reconstructed["model_week"].filter(
        week_start=HEADLINE, model_permaslug="openrouter/hunter-alpha"
    )
    assert hunter["tokens"].to_list() == [found["ZZ"]]
    whose = reconstructed["attribution"].filter(
        week_start=HEADLINE, model_permaslug="openrouter/hunter-alpha"
    )
    assert whose.select("knowledge", "attribution", "country_code").rows() == [
        ("now", "reveal", "CN"),
        ("then", "cloaked", "ZZ"),
    ]
    assert hunter.select("attribution", "country_code").rows() == [("reveal", "CN")]


def test_the_headline_is_what_was_printed(reconstructed: Tables, shared_data: Path) -> None:
    printed = pl.read_csv(shared_data / "published_figures.csv", try_parse_dates=True)
    misprint = pl.col("note").str.starts_with("ERROR").fill_null(False)
    printed = printed.filter(~misprint, week_start=HEADLINE, stated_or_derived="stated")
    found = tokens(reconstructed, HEADLINE, "top9_named", "then")
    assert set(printed["country"]) == {"CN", "US"}
    for country, trillion in printed.select("country", "tokens_trillion").rows():
        assert found[country] / 1e12 == pytest.approx(trillion, rel=0.003)


def test_over_all_models_the_united_states_led_that_week(reconstructed: Tables) -> None:
    found = tokens(reconstructed, HEADLINE, "all_models", "then")
    assert trillions(found["US"]) == 8.666
    assert trillions(found["CN"]) == 6.005
    assert sorted(found) == ["CN", "FR", "US", "ZZ"]
    row = lead(reconstructed, HEADLINE, "all_models", "then")
    assert (row["leader"], row["runner_up"], row["lead_certain"]) == ("US", "CN", True)
    assert row["lead_tokens"] == found["US"] - found["CN"] > found["ZZ"]


def test_the_three_largest_models_of_that_week_are_chinese(reconstructed: Tables) -> None:
    models = reconstructed["model_week"].filter(pl.col("rank") <= 3, week_start=HEADLINE).sort("rank")
    assert models.select("model_permaslug", "country_code", "variant").rows() == [
        ("minimax/minimax-m2.5-20260211", "CN", None),
        ("stepfun/step-3.5-flash:free", "CN", "free"),
        ("deepseek/deepseek-v3.2-20251201", "CN", None),
    ]
    whose = reconstructed["attribution"].join(models, on=["week_start", "model_permaslug"], how="semi")
    assert whose.select("knowledge", "country_code").rows() == [("now", "CN")] * 3 + [("then", "CN")] * 3
    assert [trillions(count) for count in models["tokens"]] == [1.749, 1.342, 1.037]


def test_china_had_led_the_nine_for_two_weeks(reconstructed: Tables) -> None:
    for knowledge in ("then", "now"):
        row = lead(reconstructed, HEADLINE, "top9_named", knowledge)
        assert (row["leader"], row["streak_weeks"], row["streak_is_lower_bound"]) == ("CN", 2, False)
    leaders = reconstructed["country_lead_week"].filter(method="top9_named", knowledge="then")
    assert leaders["leader"].to_list() == ["US", "CN", "CN", "US", "CN", "CN"]
    assert leaders["crossover"].to_list() == [None, True, False, True, True, False]


def test_the_same_weeks_have_another_leader_over_all_models(reconstructed: Tables) -> None:
    rows = reconstructed["country_lead_week"].filter(method="all_models", knowledge="now")
    assert rows["leader"].to_list() == ["US"] * 6
    assert rows["streak_weeks"].to_list() == [1, 2, 3, 4, 5, 6]
    assert rows["streak_is_lower_bound"].to_list() == [True] * 6
    assert rows["streak_certain_weeks"].to_list() == [1, 2, 0, 1, 2, 3]


def test_one_of_those_leads_is_not_certain(reconstructed: Tables) -> None:
    row = lead(reconstructed, date(2026, 2, 16), "all_models")
    found = tokens(reconstructed, date(2026, 2, 16), "all_models", "now")
    assert (row["leader"], row["lead_certain"]) == ("US", False)
    assert 0 < row["lead_tokens"] < found["ZZ"]


# Every week, against plain arithmetic


def plain_weeks(folder: Path) -> dict[date, int]:
    """Each week's tokens, added from the files with nothing but json and int.

    Of each bucket the content of the last answer that shows it once it has closed.
    """
    newest: dict[tuple[str, date], list[int]] = {}
    answers = [(asked(path)["period"], json.loads(path.read_text())) for path in files(folder)]
    for period, answer in sorted(answers, key=lambda each: each[1]["meta"]["as_of"]):
        rows: dict[tuple[str, date], list[int]] = {}
        for row in answer["data"]:
            bucket = period, date.fromisoformat(row["date"])
            rows.setdefault(bucket, []).append(int(row["total_tokens"]))
        as_of = datetime.fromisoformat(answer["meta"]["as_of"]).astimezone(UTC).date()
        length = DAY if period == "day" else WEEK
        newest |= {bucket: counts for bucket, counts in rows.items() if bucket[1] + length <= as_of}
    weeks: dict[date, int] = {}
    for (_, day), counts in newest.items():
        monday = day - timedelta(days=day.weekday())
        weeks[monday] = weeks.get(monday, 0) + sum(counts)
    return weeks


def test_every_weeks_rows_sum_to_the_sources_to_the_token(
    any_tables: tuple[str, Tables], shared_data: Path
) -> None:
    name, found = any_tables
    plain = plain_weeks(shared_data / name)
    assert sorted(plain) == found["week_coverage"]["week_start"].to_list()
    for week, total in plain.items():
        for knowledge in ("then", "now"):
            assert sum(tokens(found, week, "all_models", knowledge).values()) == total
        assert sum(found["model_week"].filter(week_start=week)["tokens"].to_list()) == total


def test_every_table_is_sound(any_tables: tuple[str, Tables]) -> None:
    _, found = any_tables
    assert set(found) == {table.name for table in TABLES}
    for table in TABLES:
        frame = found[table.name]
        assert list(table.problems(frame)) == []
        assert frame.height > 0 or table.name in MAY_BE_EMPTY
        for low, high in table.ordered:
            assert frame.filter(pl.col(low) > pl.col(high)).height == 0


def test_every_author_is_decided(any_tables: tuple[str, Tables]) -> None:
    _, found = any_tables
    assert found["model_week"].filter(attribution="unknown")["author"].to_list() == []
    countries = found["model_week"].filter(pl.col("author").is_in(["openrouter", "stealth"]))
    undecided = countries.filter(pl.col("attribution") != "reveal")
    assert set(undecided["country_code"]) <= {"ZZ"}


@pytest.mark.parametrize("method", [each.name for each in METHODS])
def test_what_counts_is_what_sorting_gives(any_tables: tuple[str, Tables], method: str) -> None:
    _, found = any_tables
    for week in found["week_coverage"]["week_start"]:
        counts = dict(found["model_week"].filter(week_start=week).select("model_permaslug", "tokens").rows())
        names = chosen(counts, method)
        for knowledge in ("then", "now"):
            whose = found["attribution"].filter(week_start=week, knowledge=knowledge)
            plain: dict[str, int] = {"ZZ": 0}
            for name, country in whose.select("model_permaslug", "country_code").rows():
                if name in names:
                    plain[country] = plain.get(country, 0) + counts[name]
            assert tokens(found, week, method, knowledge) == plain


# The weekly chart


def test_the_chart_is_of_whole_weeks_with_nine_names(chart: Tables) -> None:
    coverage = chart["week_coverage"]
    assert coverage.height == 22
    assert coverage["week_start"].min() == date(2025, 8, 18)
    assert coverage["week_start"].max() == date(2026, 6, 1)
    assert coverage.select("grain", "days_observed", "depth", "truncated").unique().rows() == [
        ("week", 7, 9, True)
    ]
    assert set(chart["model_week"]["days_listed"]) == {None}


def test_the_chart_ranks_its_nine_and_over_all_models_only_what_is_certain(chart: Tables) -> None:
    named = pl.col("country_code") != "ZZ"
    nine = chart["country_week"].filter(named, method="top9_named")
    assert nine["rank"].null_count() == 0
    assert nine["share"].null_count() == 0
    leads = chart["country_lead_week"]
    assert leads.filter(method="top9_named")["leader"].null_count() == 0
    for method in ("all_models", "named_only", "paid_only", "author_chart"):
        everything = chart["country_week"].filter(named, method=method)
        assert everything.height > 0
        assert everything["share"].null_count() == everything.height
        certain = everything.filter(pl.col("rank").is_not_null())
        assert certain.filter(pl.col("rank_best") != pl.col("rank_worst")).height == 0
        led = leads.filter(pl.col("leader").is_not_null(), method=method)
        assert led["lead_certain"].to_list() == [True] * led.height


def test_streaks_of_the_chart_restart_after_the_winter_gap(chart: Tables) -> None:
    row = lead(chart, date(2026, 5, 4), "top9_named")
    assert (row["streak_weeks"], row["streak_is_lower_bound"], row["crossover"]) == (1, True, None)


def test_days_go_before_the_chart_of_the_same_week(shared_data: Path, responses: Tables) -> None:
    both = tables(files(shared_data / "responses") + files(shared_data / "chart"))
    grains = dict(both["week_coverage"].select("week_start", "grain").rows())
    assert grains[date(2026, 5, 25)] == grains[date(2026, 6, 1)] == "day"
    assert grains[date(2026, 5, 18)] == grains[date(2026, 5, 4)] == "week"
    shared = [date(2026, 5, 25), date(2026, 6, 1)]
    mine = both["country_week"].filter(pl.col("week_start").is_in(shared))
    assert mine.equals(responses["country_week"].filter(pl.col("week_start").is_in(shared)))


# Restatements


def test_two_captures_of_a_young_day_are_two_vintages(shared_data: Path) -> None:
    folder = shared_data / "responses"
    paths = [path for path in files(folder) if "asof_20260719" in path.name or "asof_20260721" in path.name]
    found = tables(paths)["ranking_entry"].filter(date=date(2026, 7, 18))
    moments = [datetime(2026, 7, 19, 0, 5, 16, tzinfo=UTC), datetime(2026, 7, 21, 0, 5, 19, tzinfo=UTC)]
    assert found["as_of"].unique().sort().to_list() == moments
    assert latest(found.lazy(), states(found)).collect()["as_of"].unique().to_list() == moments[1:]
    totals = dict(found.group_by("as_of").agg(pl.col("tokens").sum()).rows())
    assert 1.02 < totals[moments[1]] / totals[moments[0]] < 1.03


def test_only_young_days_were_restated(responses: Tables) -> None:
    vintages = responses["ranking_entry"].group_by("date").agg(pl.col("as_of").unique().sort())
    restated = vintages.filter(pl.col("as_of").list.len() > 1).sort("date")
    assert restated["date"].to_list() == [
        date(2026, 6, 28), date(2026, 7, 4), date(2026, 7, 5), date(2026, 7, 12), date(2026, 7, 18),
    ]  # fmt: skip
    for day, moments in restated.rows():
        assert moments[0] < datetime(day.year, day.month, day.day, tzinfo=UTC) + 3 * DAY


def test_weeks_read_again_are_settled_and_their_edges_incomplete(responses: Tables) -> None:
    status = dict(responses["week_coverage"].select("week_start", "status").rows())
    assert status.pop(date(2026, 5, 18)) == status.pop(date(2026, 7, 20)) == "incomplete"
    assert set(status.values()) == {"settled"}
    assert len(status) == 8


def test_as_it_stood_in_july_the_last_week_was_provisional(shared_data: Path) -> None:
    early = [path for path in files(shared_data / "responses") if "asof_2026082" not in path.name]
    status = dict(tables(early)["week_coverage"].select("week_start", "status").rows())
    assert status[date(2026, 7, 13)] == "provisional"
    assert status[date(2026, 7, 6)] == "settled"


def test_order_of_files_never_matters(shared_data: Path, responses: Tables) -> None:
    backwards = tables(reversed(files(shared_data / "responses")))
    assert backwards.keys() == responses.keys()
    for name, frame in backwards.items():
        assert frame.equals(responses[name]), name


# Golden files


@pytest.mark.parametrize("table", ["country_week", "country_lead_week"])
@pytest.mark.parametrize("captures", ["reconstructed", "chart"])
def test_figures_are_those_of_the_golden_file(
    request: pytest.FixtureRequest, captures: str, table: str
) -> None:
    text = request.getfixturevalue(captures)[table].write_csv()
    golden = GOLDEN / f"{captures}_{table}.csv"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(text.encode())
    kept = golden.read_bytes().decode() if golden.exists() else ""
    if text != kept:
        old, new = kept.splitlines(), text.splitlines()
        gone = [line for line in old if line not in set(new)][:3]
        come = [line for line in new if line not in set(old)][:3]
        pytest.fail(
            f"{golden} differs ({len(old)} lines there, {len(new)} computed).\n"
            + "".join(f"- {line}\n" for line in gone)
            + "".join(f"+ {line}\n" for line in come)
            + "If the change is meant, run the test with UPDATE_GOLDEN=1, read the diff and commit it."
        )
    assert text == kept
