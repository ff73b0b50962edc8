"""The simulated data set: it repeats itself to the byte, restates young days only, and conserves totals."""

import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path

import pytest

from flows.sample_api import simulator
from flows.sample_api.simulator import OTHER, Period, Row, answer, rows

SEED = 11
ROOT = Path(__file__).resolve().parents[3]
SUNDAY_NIGHT = datetime(2026, 7, 19, 0, 5, 16, tzinfo=UTC)
CHINESE = {"deepseek", "qwen", "moonshotai", "z-ai", "minimax", "xiaomi", "stepfun", "tencent"}
ELSEWHERE = {"mistralai", "cohere", "upstage", "openrouter", simulator.UNLISTED_AUTHOR, OTHER}


def total(found: Iterable[Row]) -> int:
    return sum(int(row["total_tokens"]) for row in found)


def by_date(found: Iterable[Row]) -> dict[str, list[Row]]:
    return {day: list(group) for day, group in groupby(found, key=lambda row: row["date"])}


def cells(found: Iterable[Row]) -> dict[tuple[str, str], int]:
    return {(row["date"], row["model_permaslug"]): int(row["total_tokens"]) for row in found}


def leader(found: Iterable[Row]) -> str:
    tokens: dict[str, int] = defaultdict(int)
    for row in found:
        author = row["model_permaslug"].split("/")[0]
        if author not in ELSEWHERE:
            tokens["CN" if author in CHINESE else "US"] += int(row["total_tokens"])
    return max(tokens, key=lambda country: tokens[country])


@pytest.fixture(scope="module")
def history() -> list[Row]:
    """Every settled day of the two years."""
    now = datetime(2027, 1, 5, tzinfo=UTC)
    return rows(SEED, now, date(2025, 1, 1), date(2026, 12, 31))


def test_bytes_are_these_on_every_machine() -> None:
    body = answer(SEED, SUNDAY_NIGHT, date(2026, 3, 9), date(2026, 3, 15))
    assert (
        hashlib.sha256(body).hexdigest() == "ad3f602eacd6c449d30ecd8ff4036af8227d0443a9732fa35dc4961ee1eafe87"
    )


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    program = (
        "import sys; from datetime import *; from flows.sample_api.simulator import answer;"
        "now = datetime(2026, 7, 19, 0, 5, 16, tzinfo=UTC);"
        "window = date(2026, 7, 1), date(2026, 7, 19);"
        "sys.stdout.buffer.write(answer(11, now, *window, 'week', {'modality': 'text'}))"
    )
    env = {**os.environ, "PYTHONHASHSEED": "4242", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, check=True)
    here = answer(SEED, SUNDAY_NIGHT, date(2026, 7, 1), date(2026, 7, 19), "week", {"modality": "text"})
    assert done.stdout == here


def test_seeds_are_different_worlds() -> None:
    window = date(2026, 7, 1), date(2026, 7, 7)
    assert rows(1, SUNDAY_NIGHT, *window) != rows(2, SUNDAY_NIGHT, *window)


def test_the_body_has_the_documented_form() -> None:
    moment = datetime(2026, 7, 19, 9, 5, 16, 48_999, tzinfo=UTC)
    body = json.loads(answer(SEED, moment, date(2026, 7, 1), date(2026, 7, 31)))
    assert body.keys() == {"data", "meta"}
    assert body["meta"] == {
        "as_of": "2026-07-19T09:05:16.048Z",
        "version": "v1",
        "start_date": "2026-07-01",
        "end_date": "2026-07-31",
    }
    assert all(row.keys() == {"date", "model_permaslug", "total_tokens"} for row in body["data"])
    assert all(str(int(row["total_tokens"])) == row["total_tokens"] for row in body["data"])
    assert body["data"][-1]["date"] == "2026-07-19"


def test_as_of_is_utc_whatever_zone_the_moment_is_told_in() -> None:
    tokyo = SUNDAY_NIGHT.astimezone(timezone(timedelta(hours=9)))
    window = date(2026, 7, 17), date(2026, 7, 19)
    assert answer(SEED, tokyo, *window) == answer(SEED, SUNDAY_NIGHT, *window)


def test_every_day_has_fifty_named_entries_in_order_and_other_last(history: list[Row]) -> None:
    days = by_date(history)
    assert list(days) == sorted(days)
    for day in days.values():
        named = [(-int(row["total_tokens"]), row["model_permaslug"]) for row in day[:-1]]
        assert len(named) == 50
        assert named == sorted(named)
        assert day[-1]["model_permaslug"] == OTHER
        assert int(day[-1]["total_tokens"]) > 0
    assert len(cells(history)) == len(history)


def test_volume_grows_a_hundredfold_and_weekends_are_quiet(history: list[Row]) -> None:
    tokens = {date.fromisoformat(day): total(found) for day, found in by_date(history).items()}
    assert 40e9 < tokens[date(2025, 1, 2)] < 70e9
    assert 4.5e12 < tokens[date(2026, 12, 15)] < 6e12
    weekday = [sum(n for day, n in tokens.items() if day.weekday() == i) for i in range(7)]
    assert max(weekday[5:]) < min(weekday[:5])


def test_models_launch_and_fade(history: list[Row]) -> None:
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for row in history:
        first.setdefault(row["model_permaslug"], row["date"])
        last[row["model_permaslug"]] = row["date"]
    assert len([slug for slug, day in first.items() if day > "2025-06-01"]) > 50
    assert len([slug for slug, day in last.items() if day < "2026-06-01"]) > 50


def test_slugs_are_real_authors_and_invented_models(history: list[Row]) -> None:
    slugs = {row["model_permaslug"] for row in history} - {OTHER}
    assert all(slug == simulator.CLOAKED or slug.split("/")[1].startswith("sim-") for slug in slugs)
    assert CHINESE | {"anthropic", "openai", "google", "x-ai", "mistralai"} <= {
        slug.split("/")[0] for slug in slugs
    }
    assert any(slug.endswith(":free") for slug in slugs)
    assert any(slug.endswith("-20260318") for slug in slugs)


def test_an_author_that_nobody_knows_has_a_small_part(history: list[Row]) -> None:
    unlisted = [row for row in history if row["model_permaslug"].startswith(simulator.UNLISTED_AUTHOR + "/")]
    day_total = {day: total(found) for day, found in by_date(history).items()}
    assert len({row["date"] for row in unlisted}) > 30
    assert all(int(row["total_tokens"]) < 0.02 * day_total[row["date"]] for row in unlisted)


def test_the_cloaked_model_hands_over_to_its_author(history: list[Row]) -> None:
    days = {
        slug: sorted(row["date"] for row in history if row["model_permaslug"] == slug)
        for slug in (simulator.CLOAKED, simulator.REVEALED)
    }
    assert days[simulator.CLOAKED] == [f"2026-03-{day}" for day in range(11, 19)]
    assert days[simulator.REVEALED][0] == "2026-03-19"
    found = cells(history)
    before = found["2026-03-18", simulator.CLOAKED]
    after = found["2026-03-19", simulator.REVEALED]
    assert 0.7 < after / before < 1.4


def test_the_ways_to_count_disagree_in_some_weeks() -> None:
    now = datetime(2026, 12, 31, tzinfo=UTC)
    weeks = by_date(rows(SEED, now, date(2026, 1, 5), date(2026, 12, 27), "week"))
    everything = [leader(found) for found in weeks.values()]
    nine = [leader(found[:9]) for found in weeks.values()]
    assert everything[0] == "US"
    assert {"US", "CN"} == set(everything)
    assert sum(a != b for a, b in zip(everything, nine, strict=True)) >= 3


def test_only_young_days_differ_between_two_moments() -> None:
    window = date(2026, 7, 10), date(2026, 7, 18)
    early = cells(rows(SEED, SUNDAY_NIGHT, *window))
    late = cells(rows(SEED, SUNDAY_NIGHT + timedelta(days=2), *window))
    changed = {
        day for day, slug in early.keys() | late.keys() if early.get((day, slug)) != late.get((day, slug))
    }
    # At five past midnight on Sunday, Friday ended a day ago and Saturday just now; both may still move.
    assert changed == {"2026-07-17", "2026-07-18"}
    both = [key for key in early.keys() & late.keys() if key[1] != OTHER]
    assert all(0.995 * late[key] <= early[key] <= late[key] for key in both)
    assert any(early[key] < late[key] for key in both)


@pytest.mark.parametrize("hours", [36, 37, 24 * 30, 24 * 300])
def test_a_day_is_final_a_day_and_a_half_after_its_end(hours: int) -> None:
    day, end = date(2026, 2, 3), datetime(2026, 2, 4, tzinfo=UTC)
    settled = rows(SEED, end + timedelta(hours=36), day, day)
    assert rows(SEED, end + timedelta(hours=hours), day, day) == settled
    assert rows(SEED, end + timedelta(hours=36, milliseconds=-1), day, day) != settled


def test_the_day_under_way_grows_and_tomorrow_is_empty() -> None:
    day = date(2026, 7, 19)
    totals = [
        total(rows(SEED, datetime(2026, 7, 19, tzinfo=UTC) + timedelta(hours=hours), day, day))
        for hours in (0, 6, 12, 24)
    ]
    assert totals[0] == 0
    assert totals[1] * 2 == pytest.approx(totals[2], rel=1e-6)
    assert totals[2] * 2 == pytest.approx(totals[3], rel=1e-6)
    assert rows(SEED, SUNDAY_NIGHT, date(2026, 7, 20), date(2026, 7, 30)) == []


def test_a_day_vanishes_from_every_later_answer() -> None:
    window = date(2025, 6, 9), date(2025, 6, 15)
    gone = datetime(2025, 9, 1, tzinfo=UTC)
    before = rows(SEED, gone - timedelta(seconds=1), *window)
    after = rows(SEED, gone, *window)
    assert [row for row in before if row["date"] != "2025-06-15"] == after
    assert "2025-06-15" in by_date(before)
    assert total(rows(SEED, gone, *window, "week")) == total(after)


@pytest.mark.parametrize("period", ["week", "month"])
@pytest.mark.parametrize("slices", [{}, {"modality": "text", "context_bucket": "100K"}])
@pytest.mark.parametrize("now", [SUNDAY_NIGHT, SUNDAY_NIGHT + timedelta(days=60)])
def test_buckets_conserve_the_total_of_their_days(
    period: Period, slices: dict[str, str], now: datetime
) -> None:
    window = date(2026, 6, 10), date(2026, 7, 18)
    days = by_date(rows(SEED, now, *window, "day", slices))
    expected: dict[str, int] = defaultdict(int)
    for day, found in days.items():
        at = date.fromisoformat(day)
        start = at - timedelta(days=at.weekday()) if period == "week" else at.replace(day=1)
        expected[start.isoformat()] += total(found)
    buckets = by_date(rows(SEED, now, *window, period, slices))
    assert {start: total(found) for start, found in buckets.items()} == expected


def test_a_week_is_ranked_from_all_models_not_from_the_days_top_fifty() -> None:
    window = date(2026, 6, 8), date(2026, 6, 14)
    now = datetime(2026, 8, 1, tzinfo=UTC)
    by_name: dict[str, int] = defaultdict(int)
    for row in rows(SEED, now, *window):
        by_name[row["model_permaslug"]] += int(row["total_tokens"])
    week = {row["model_permaslug"]: int(row["total_tokens"]) for row in rows(SEED, now, *window, "week")}
    assert len(week) == 51
    assert all(tokens >= by_name[slug] for slug, tokens in week.items() if slug != OTHER)
    assert any(tokens > by_name[slug] for slug, tokens in week.items() if slug != OTHER)
    assert week[OTHER] > by_name[OTHER]


def test_a_slice_is_a_part_of_the_whole_and_a_narrow_one_has_no_tail() -> None:
    day = date(2026, 6, 8)
    now = datetime(2026, 8, 1, tzinfo=UTC)
    whole = total(rows(SEED, now, day, day))
    text = rows(SEED, now, day, day, "day", {"modality": "text"})
    assert 0 < total(text) < whole
    images = rows(SEED, now, day, day, "day", {"modality": "image_output"})
    assert 0 < len(images) < 50
    assert OTHER not in {row["model_permaslug"] for row in images}


def test_estimates_come_in_whole_weeks() -> None:
    now = datetime(2026, 8, 20, tzinfo=UTC)
    slices = {"category": "programming"}
    whole = rows(SEED, now, date(2026, 6, 8), date(2026, 6, 21), "week", slices)
    assert rows(SEED, now, date(2026, 6, 2), date(2026, 6, 15), "week", slices) == whole
    months = by_date(rows(SEED, now, date(2026, 6, 1), date(2026, 7, 31), "month", slices))
    july = rows(SEED, now, date(2026, 7, 6), date(2026, 7, 27), "week", slices)
    assert list(months) == ["2026-06-01", "2026-07-01"]
    assert total(months["2026-07-01"]) == total(july)


def test_what_makes_no_sense_raises() -> None:
    day = date(2026, 6, 8)
    with pytest.raises(ValueError, match="period 'year'"):
        rows(SEED, SUNDAY_NIGHT, day, day, "year")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no period=day"):
        rows(SEED, SUNDAY_NIGHT, day, day, "day", {"category": "legal"})
    with pytest.raises(ValueError, match="no time zone"):
        rows(SEED, datetime(2026, 7, 19), day, day)  # noqa: DTZ001
