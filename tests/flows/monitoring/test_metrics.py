"""Measures for Prometheus: read back by its own parser, from text, file and gateway."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from prometheus_client.parser import text_string_to_metric_families

from flows.extract.rate_limiter import Limiter
from flows.lake import ledger
from flows.lake.lake import open_lake
from flows.lake.ledger import Spent
from flows.lake.query import Selection, select
from flows.monitoring.metrics import push, registry, text, write
from flows.settings import Settings
from schemas.errors import StandingsError
from tests.support import lakes
from tests.support.servers import listener

MONDAY = date(2026, 11, 9)
NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = lakes.on_disk(tmp_path)
    body = lakes.simulated(MONDAY, MONDAY + timedelta(days=13), NOW)
    lakes.land_bytes(settings, body, origin="simulated")
    lakes.publish(settings)
    return settings


def read(content: str) -> dict[str, float]:
    """The samples by name and labels."""
    return {
        " ".join([sample.name.removeprefix("token_standings_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(content)
        for sample in family.samples
    }


def test_figures_are_measured_by_their_own_dates(settings: Settings) -> None:
    found = read(text(registry(settings, NOW)))
    assert found["newest_week_age_seconds"] == (24 + 6) * 3600
    assert found["release"] == 1
    assert found["newest_answer_age_seconds"] == 0
    manifest = lakes.manifest_of(settings)
    for table, weeks in manifest.tables.items():
        assert found[f"rows {table}"] == sum(each.rows for each in weeks.values())
        assert found[f"bytes {table}"] == sum(each.bytes for each in weeks.values())
    assert (found["requests_left minute"], found["requests_left day"]) == (30, 500)
    assert 0 < found["drift unattributed"] < 0.2
    assert found["refused_captures"] == 0


def test_what_is_nobody_s_is_measured_by_method(settings: Settings) -> None:
    found = read(text(registry(settings, NOW)))
    rows = select(settings, "country_week", Selection(values={"country_code": "ZZ", "knowledge": "now"})).rows
    newest = rows.filter(pl.col("week_start") == pl.col("week_start").max())
    assert newest.height == 5
    for row in newest.iter_rows(named=True):
        assert found[f"unattributed_share {row['method']}"] == row["share_hi"]
    assert found["unattributed_share all_models"] == pytest.approx(found["drift unattributed"])


def test_requests_are_measured_by_the_ledger_that_all_share(settings: Settings) -> None:
    limiter = Limiter(open_lake(settings), settings.minute, settings.day)
    for _ in range(3):
        with limiter.request():
            pass
    found = read(text(registry(settings, NOW)))
    assert (found["requests_made minute"], found["requests_left minute"]) == (3, 27)
    assert (found["requests_made day"], found["requests_left day"]) == (3, 497)


def test_nothing_is_negative_where_a_clock_was_ahead(settings: Settings) -> None:
    store, now = open_lake(settings), (NOW - timedelta(days=900)).timestamp()
    ahead = [Spent(str(each), now + 86_400, now + 86_401) for each in range(settings.minute.limit + 1)]
    ledger.write(store, ahead, ledger.read(store)[1])
    found = read(text(registry(settings, datetime.fromtimestamp(now, UTC))))
    assert {name: value for name, value in found.items() if "_age_" in name or "_left" in name} == {
        "newest_week_age_seconds": 0,
        "release_age_seconds": 0,
        "newest_answer_age_seconds": 0,
        "requests_left minute": 0,
        "requests_left day": 469,
    }
    waits: list[float] = []
    clock = [now]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    limiter = Limiter(store, settings.minute, settings.day, lambda: clock[0], sleep)
    with limiter.request():
        pass
    # For one window, and no day.
    assert waits == [settings.minute.seconds]
    # The clocks of two machines are never quite the same; that alone makes nobody write.
    ledger.write(store, [Spent("a", clock[0] + 1, None)], version := ledger.read(store)[1])
    assert limiter._read()[0] == [Spent("a", clock[0] + 1, None)]
    assert ledger.read(store)[1] != version


def test_a_gateway_that_cannot_be_reached_is_told_without_its_password(settings: Settings) -> None:
    for gateway in ("http://u:hidden@127.0.0.1:9/x", "http://127.0.0.1:hidden", "u:hidden@127.0.0.1:9"):
        with pytest.raises(StandingsError, match="cannot be pushed to: ") as caught:
            push(registry(settings, NOW), gateway)
        assert "u:" not in str(caught.value), gateway


def test_they_are_written_to_a_file(settings: Settings, tmp_path: Path) -> None:
    write(registry(settings, NOW), tmp_path / "standings.prom")
    assert read((tmp_path / "standings.prom").read_text())["captures"] == 1
    with pytest.raises(StandingsError, match="cannot be written"):
        write(registry(settings, NOW), tmp_path / "no" / "folder.prom")


def test_they_are_pushed(settings: Settings) -> None:
    with listener(202) as (gateway, heard):
        push(registry(settings, NOW), gateway)
    ((method, path, body),) = heard
    assert (method, path) == ("PUT", "/metrics/job/token_standings")
    assert read(body.decode())["captures"] == 1
    with pytest.raises(StandingsError, match=r"^http://127.0.0.1:9: cannot be pushed to: "):
        push(registry(settings, NOW), "http://127.0.0.1:9")
