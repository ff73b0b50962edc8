"""Figures that are old say so when they are shown, by a clock that is given, and never in what is published."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from flows.cli.main import VERBS, cli
from flows.lake.lake import open_lake
from flows.lake.query import Selection, select
from flows.lake.reader import newest_complete_week, stale_note
from flows.monitoring.status import lines
from flows.settings import Settings
from tests.support import lakes
from transforms.weeks import WEEK, midnight

MONDAY = date(2026, 6, 29)
NEXT = date(2026, 7, 6)
ENDED = midnight(MONDAY + WEEK)
LIMIT = ENDED + timedelta(days=9)
MODELS = {"openai/a": 60, "z-ai/b": 40}
LINE = "Stale: the newest complete week, that of 2026-06-29, ended 9 days ago."
LATE = LIMIT + timedelta(seconds=1)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A complete week, and five days of the next."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("stale"))
    days = {day: MODELS for week in (MONDAY, NEXT) for day in lakes.week_of(week, MODELS)}
    lakes.land_bytes(settings, lakes.body(dict(list(days.items())[:-2])))
    lakes.publish(settings)
    return settings


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> "Runner":
    return Runner(settings, monkeypatch)


class Runner:
    """Runs the command line at a moment."""

    def __init__(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.environment = {"STANDINGS_LAKE": settings.lake, "STANDINGS_WAREHOUSE": str(settings.warehouse)}
        self.monkeypatch = monkeypatch

    def __call__(self, now: datetime, *arguments: str) -> str:
        for module in VERBS:
            self.monkeypatch.setattr(module, "now", lambda: now, raising=False)
        ran = CliRunner().invoke(cli, arguments, env=self.environment, catch_exceptions=False)
        assert ran.exit_code == 0
        return ran.output


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (ENDED, None),
        (LIMIT, None),
        (LATE, LINE),
        (ENDED + timedelta(days=46, hours=23), LINE.replace("9 days ago", "46 days ago")),
        (ENDED - timedelta(days=400), None),
    ],
)
def test_a_week_is_stale_more_than_nine_days_after_its_end(now: datetime, line: str | None) -> None:
    assert stale_note(MONDAY, now) == line


def test_where_no_week_is_complete_none_is_stale() -> None:
    assert stale_note(None, LATE) is None


def test_the_week_that_counts_is_the_newest_complete_one(settings: Settings) -> None:
    assert newest_complete_week(open_lake(settings), lakes.manifest_of(settings)) == MONDAY


@pytest.mark.parametrize(
    "arguments",
    [
        ["table", "country_week"],
        ["table", "country_week", "--week", "2026-07-06"],
        ["table", "ranking_entry", "--format", "csv"],
        ["table", "country_lead_week", "--format", "json", "--citation"],
        ["claims", "--all"],
    ],
)
def test_every_footer_says_so(run: Runner, arguments: list[str]) -> None:
    assert LINE in run(LATE, *arguments).splitlines()
    assert "Stale:" not in run(LIMIT, *arguments)


def test_status_says_so(settings: Settings, run: Runner) -> None:
    assert f"stale      {LINE}" in list(lines(settings, LATE))
    assert f"stale      {LINE}" in run(LATE, "status").splitlines()
    for now in (LIMIT, None):
        assert not [line for line in lines(settings, now) if "Stale:" in line]


def test_what_stood_at_a_moment_is_not_stale(run: Runner) -> None:
    assert "Stale:" not in run(LATE, "table", "country_week", "--as-of", "2026-08-02")


def test_it_is_in_no_file(run: Runner, tmp_path: Path) -> None:
    """The same rows asked for at two moments are the same bytes."""
    for form in ("csv", "json", "parquet", "table"):
        written = []
        for now in (LIMIT, LATE):
            path = tmp_path / f"{now:%s}.{form}"
            text = run(now, "table", "country_week", "--format", form, "--citation", "--output", str(path))
            assert (LINE in text) == (now is LATE)
            written.append(path.read_bytes())
        assert written[0] == written[1]
        if form == "parquet":
            assert not any(b"Stale" in each for each in pq.read_metadata(path).metadata.values())


def test_who_gives_no_clock_is_told_nothing_of_age(settings: Settings) -> None:
    found = select(settings, "country_week", Selection())
    assert (found.stale, found.footer) == (None, found.notes)
    shown = select(settings, "country_week", Selection(), LATE)
    assert (shown.stale, shown.footer) == (LINE, (*found.notes, LINE))
    assert shown.rows.equals(found.rows)
    assert shown.metadata == found.metadata


def test_reading_leaves_no_trace(settings: Settings, run: Runner) -> None:
    before = lakes.objects(settings)
    run(datetime(2027, 1, 1, tzinfo=UTC), "table", "country_week")
    run(datetime(2027, 1, 1, tzinfo=UTC), "status")
    assert lakes.objects(settings) == before


def test_a_fresh_lake_of_today_says_nothing(settings: Settings) -> None:
    rows = select(settings, "week_coverage", Selection(), ENDED).rows
    assert rows.filter(pl.col("status") != "incomplete")["week_start"].to_list() == [MONDAY]
    assert select(settings, "week_coverage", Selection(), ENDED).stale is None
