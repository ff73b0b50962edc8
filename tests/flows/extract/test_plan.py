"""What is asked of the source, and what that costs, is told before anything is asked."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import cli
from flows.extract.client import extract
from flows.extract.plan import Request, gaps, looks, plan, told
from flows.extract.rate_limiter import Limiter
from flows.lake import captures
from flows.lake.captures import Asked
from flows.lake.lake import claim, open_lake
from flows.monitoring.freshness import demand_fresh
from flows.sample_api.server import SampleApi
from flows.settings import Settings
from schemas.errors import StandingsError
from tests.support import lakes
from transforms.request_windows import DAY

pytestmark = pytest.mark.slow

HISTORY = date(2025, 1, 1)
DUE = datetime(2026, 11, 24, 6, tzinfo=UTC)
"""A Tuesday; the week before it is provisional until Friday."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return lakes.on_disk(tmp_path)


def held(settings: Settings, first: date, last: date, now: datetime, **narrowed: str) -> None:
    """Lands and publishes what the source gives at a moment."""
    store = claim(settings, "simulated")
    body = lakes.simulated(first, last, now)
    captures.land(store, body, Asked("a test", now, origin="simulated", slice=captures.slice_of(narrowed)))
    lakes.publish(settings)


def test_full_history_takes_two_requests(settings: Settings) -> None:
    (first, second) = plan(settings, DUE, HISTORY)
    assert first.window == (HISTORY, date(2026, 1, 1))
    assert second.window == (date(2026, 1, 2), date(2026, 11, 22))
    assert first.query == {"start_date": "2025-01-01", "end_date": "2026-01-01", "period": "day"}
    assert list(told(settings, [first, second])) == [
        "plan: 2 requests; the minute has room for 30, the day for 500",
        "plan:   2025-01-01 to 2026-01-01 (366 days by the day)",
        "plan:   2026-01-02 to 2026-11-22 (325 days by the day)",
    ]


def test_what_is_final_is_not_asked_for_again_unless_it_is_said(settings: Settings) -> None:
    held(settings, date(2026, 10, 5), date(2026, 11, 15), DUE)
    (only,) = plan(settings, DUE, date(2026, 10, 5))
    # The week that settles on Friday, and the one that never was asked for.
    assert only.window == (date(2026, 11, 16), date(2026, 11, 22))
    (every,) = plan(settings, DUE, date(2026, 10, 5), refetch=True)
    assert every.window == (date(2026, 10, 5), date(2026, 11, 22))
    friday = DUE + timedelta(days=4)
    held(settings, date(2026, 11, 16), date(2026, 11, 22), friday)
    assert plan(settings, friday, date(2026, 10, 5), date(2026, 11, 22)) == []
    assert list(told(settings, [])) == ["plan: nothing is missing, and all is final"]


def test_a_confirmation_that_made_no_release_counts_all_the_same(settings: Settings) -> None:
    held(settings, date(2026, 10, 5), date(2026, 10, 11), DUE)
    release = lakes.manifest_of(settings).release
    held(settings, date(2026, 10, 5), date(2026, 10, 11), DUE + timedelta(days=1))
    assert lakes.manifest_of(settings).release == release
    assert len(list(looks(open_lake(settings), captures.WHOLE, "day"))) == 2


def test_a_slice_has_days_of_its_own_and_estimates_come_by_the_week(settings: Settings) -> None:
    held(settings, date(2026, 10, 5), date(2026, 11, 15), DUE)
    first, last = date(2026, 10, 7), date(2026, 11, 12)
    slices = [{}, {"modality": "text"}, {"category": "programming"}]
    text, programming = plan(settings, DUE, first, last, slices)
    assert (text.window, text.period, text.query["modality"]) == ((first, last), "day", "text")
    assert (programming.window, programming.period) == ((date(2026, 10, 12), date(2026, 11, 8)), "week")
    assert str(programming) == "2026-10-12 to 2026-11-08 (28 days by the week, category programming)"


def test_a_slice_may_be_narrowed_twice_and_is_asked_for_once(tmp_path: Path) -> None:
    both = "modality=text,context_bucket=1K"
    asked = ["backfill", "--from", "2026-10-05", "--to", "2026-10-11", "--plan", f"--slice={both}"]
    lake = {"STANDINGS_LAKE": f"file://{tmp_path}/lake"}
    done = CliRunner().invoke(cli, [*asked, f"--slice={both}"], env=lake)
    assert done.output.splitlines() == [
        "plan: 2 requests; the minute has room for 30, the day for 500",
        "plan:   2026-10-05 to 2026-10-11 (7 days by the day)",
        "plan:   2026-10-05 to 2026-10-11 (7 days by the day, modality text, context_bucket 1K)",
    ]
    for wrong in ("modality", "modality=", "modality=text,size=1K", "modality=text,"):
        refused = CliRunner().invoke(cli, [*asked, f"--slice={wrong}"], env=lake)
        assert (refused.exit_code, "must be NAME=VALUE" in refused.output) == (2, True), wrong


def test_a_slice_is_asked_for_and_lands_apart_from_the_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "k")
    with SampleApi(now=DUE) as api:
        settings = Settings(lake=settings.lake, warehouse=settings.warehouse, base_url=api.base_url)
        week = (date(2026, 10, 5), date(2026, 10, 11))
        keys = [
            extract(settings, Request(week)),
            extract(settings, Request(week, slice={"modality": "text"})),
            extract(settings, Request(week, "week", {"category": "programming"})),
        ]
    assert [(key.period, key.slice) for key in keys] == [
        ("day", "all"),
        ("day", "modality-text"),
        ("week", "category-programming"),
    ]
    lakes.publish(settings)
    assert len(lakes.manifest_of(settings).captures) == 3
    slices = [{}, {"modality": "text"}, {"category": "programming"}]
    assert plan(settings, DUE, *week, slices) == []


def test_a_plan_beyond_a_quota_says_so(settings: Settings) -> None:
    requests = [Request((HISTORY, HISTORY))] * 61
    assert list(told(settings, requests))[-1] == "plan: it waits for the minute's quota, some 120 s in all"
    store = open_lake(settings)
    for _ in range(3):
        with Limiter(store, settings.minute, settings.day).request():
            pass
    assert next(iter(told(settings, requests))) == (
        "plan: 61 requests; the minute has room for 27, the day for 497"
    )
    last = list(told(settings, [Request((HISTORY, HISTORY))] * 498))[-1]
    assert last == "plan: the day's quota ends it after 497; run it again tomorrow, and it goes on"


def test_days_that_are_not_over_or_before_history_are_not_asked_for(settings: Settings) -> None:
    with pytest.raises(StandingsError, match=r"^no complete day lies between 2026-11-24 and 2026-11-23$"):
        plan(settings, DUE, date(2026, 11, 24), date(2026, 12, 1))


def test_days_of_which_the_source_shows_more_are_asked_for(settings: Settings) -> None:
    week = (date(2026, 10, 5), date(2026, 10, 11))
    nine = {f"openai/m{n}": 9 for n in range(9)}
    for n, (origin, models) in enumerate({"chart": nine | {"other": 1}, "api": nine}.items()):
        days = lakes.body(lakes.week_of(week[0], models), f"2026-11-0{n + 1}T00:00:00Z")
        captures.land(claim(settings, "real"), days, Asked("a file", DUE, origin=origin))
        lakes.publish(settings)
        (only,) = plan(settings, DUE, *week)
        assert only.window == week
    fifty = {f"openai/m{n:02}": 2 for n in range(50)}
    lakes.land_bytes(
        settings, lakes.body(lakes.week_of(week[0], fifty | {"other": 1}), "2026-11-03T00:00:00Z")
    )
    lakes.publish(settings)
    assert plan(settings, DUE, *week) == []


def test_gaps_are_told_of_all_that_is_missing(settings: Settings) -> None:
    held(settings, date(2026, 11, 9), date(2026, 11, 22), DUE)
    found = gaps(settings, DUE, date(2026, 11, 2))
    assert [(each.first, each.last, each.why.partition(":")[0]) for each in found] == [
        (date(2026, 11, 2), date(2026, 11, 8), "never asked for"),
        (date(2026, 11, 16), date(2026, 11, 22), "not final"),
        (date(2026, 11, 23), date(2026, 11, 23), "never asked for"),
    ]
    assert gaps(settings, DUE)[0].first == HISTORY


def test_freshness_goes_by_the_dates_of_the_data(settings: Settings) -> None:
    held(settings, date(2026, 11, 9), date(2026, 11, 22), DUE)
    newest = date(2026, 11, 16)
    monday_after = datetime(2026, 11, 30, tzinfo=UTC)
    assert demand_fresh(settings, monday_after) == newest
    assert demand_fresh(settings, monday_after + DAY - timedelta(seconds=1)) == newest
    with pytest.raises(
        StandingsError, match="stale: the newest complete week is 2026-11-16, and that of 2026-11-23"
    ):
        demand_fresh(settings, monday_after + DAY)
