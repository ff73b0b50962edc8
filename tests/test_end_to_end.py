"""The whole path: from the API over HTTP through Prefect's flows to the release and the warehouse."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.cli.app import PREFECT
from flows.lake import captures, keys
from flows.lake.lake import kind_of, open_lake
from flows.lake.manifest import published
from flows.lake.reader import rows_of
from flows.sample_api.server import SampleApi
from flows.settings import Settings
from flows.warehouses.duckdb import RELEASE_TABLE, loaded_release
from schemas import COUNTRY_WEEK, TABLES, WEEK_COVERAGE
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from tests.chaos.lost import Orchestra
from tests.support import lakes
from transforms import weeks
from transforms.request_windows import REFRESHED_DAYS

pytestmark = [lakes.GREAT_EXPECTATIONS, pytest.mark.slow]

SCRIPT = Path(sys.executable).with_name("standings")
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 15)
NEXT = date(2026, 3, 18)
NOW = datetime(2026, 3, 24, 6, tzinfo=UTC)
"""The first of the weeks has settled at this moment, the last one not."""


@pytest.fixture
def prefect(up: Orchestra, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Prefect as the command line sets it, with that server."""
    from prefect.context import refresh_global_settings_context

    with monkeypatch.context() as patch:
        for name in ("PREFECT_HOME", "PREFECT_API_URL"):
            patch.setenv(name, up.environment[name])
        for name, value in PREFECT.items():
            patch.setenv(name, value)
        refresh_global_settings_context()
        yield
    refresh_global_settings_context()


@pytest.fixture
def settings(
    store_url: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """A lake, and the sample API as the source, both told by the environment as in production."""
    stored = lakes.settings(store_url, tmp_path, request)
    with SampleApi(now=NOW, keys={"sk-the-key"}) as api:
        told = {
            "STANDINGS_LAKE": stored.lake,
            "STANDINGS_WAREHOUSE": str(stored.warehouse),
            "STANDINGS_S3_ENDPOINT": stored.s3.endpoint or "",
            "STANDINGS_S3_REGION": stored.s3.region or "",
            "OPENROUTER_BASE_URL": api.base_url,
            "OPENROUTER_API_KEY": "sk-the-key",
        }
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        yield Settings(stored.lake, stored.warehouse, api.base_url, stored.s3)


def test_from_the_api_to_the_warehouse_and_the_same_without_prefect(
    settings: Settings,
    prefect: None,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """All tables are checked on the one backend, and two on the other."""
    if settings.lake.startswith("s3://"):
        request.getfixturevalue("two_tables")
    from flows.backfill import backfill
    from flows.weekly import weekly

    first = backfill(FIRST, LAST)
    store = open_lake(settings)
    assert first.rejected == ()
    assert first.release == published(store).release
    assert loaded_release(settings.warehouse) == first.release

    second = weekly(NEXT)
    manifest = published(store)
    assert second.release == manifest.release
    assert (manifest.number, manifest.previous) == (2, first.release)
    assert [(capture.start, capture.end) for capture in manifest.captures] in (
        [(FIRST, LAST), (date(2026, 3, 9), date(2026, 3, 22))],
        [(date(2026, 3, 9), date(2026, 3, 22)), (FIRST, LAST)],
    )
    assert kind_of(store) == manifest.kind == "simulated"
    coverage = rows_of(store, manifest, WEEK_COVERAGE)
    assert coverage.select("week_start", "status").rows() == [
        (date(2026, 3, 2), "settled"),
        (date(2026, 3, 9), "settled"),
        (date(2026, 3, 16), "provisional"),
    ]
    assert lakes.objects(settings, "latest/") == lakes.wanted_latest(manifest)
    assert lakes.objects(settings, "staging/") == {}
    assert not [key for key in store.list() if b"sk-the-key" in store.get(key)]

    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        assert connection.execute(f"SELECT release, kind FROM {RELEASE_TABLE}").fetchall() == [
            (second.release, "simulated")
        ]
        held = {
            table.name: connection.execute(f"SELECT count(*) FROM {table.name}").fetchall()[0][0]
            for table in TABLES
        }
        tokens = connection.execute(
            "SELECT sum(tokens)::BIGINT FROM country_week WHERE method = 'all_models' AND knowledge = 'now'"
        ).fetchall()
    assert held == {
        name: sum(each.rows for each in weeks.values()) for name, weeks in manifest.tables.items()
    }
    entries = rows_of(store, manifest, COUNTRY_WEEK)
    assert entries["country_code"].n_unique() > 2
    asked = lakes.simulated(FIRST, date(2026, 3, 22), NOW)
    assert tokens == [(_total(asked),)]

    plain = lakes.on_disk(tmp_path / "plain")
    bodies = [captures.body_of(store, key) for key in captures.landed(store)]
    lakes.land_bytes(plain, *bodies, origin="simulated")
    lakes.publish(plain)
    assert lakes.published_bytes(plain) == lakes.published_bytes(settings)


def _total(body: bytes) -> int:
    return sum(int(row["total_tokens"]) for row in json.loads(body)["data"])


def test_the_daily_and_the_monthly_flows(
    prefect: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they publish is that of the clock, since they have nothing else to go by when nobody scheduled them."""
    import flows.audit
    from flows.monitor import monitor
    from flows.refresh import refresh

    today = datetime.now(UTC).date()
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (WEEK_COVERAGE,))
    shorter = replace(RANKINGS_DAILY, history_starts=today - timedelta(days=28))
    monkeypatch.setattr(flows.audit, "RANKINGS_DAILY", shorter)
    settings = lakes.on_disk(tmp_path)
    monkeypatch.setenv("STANDINGS_LAKE", settings.lake)
    monkeypatch.setenv("STANDINGS_WAREHOUSE", str(settings.warehouse))
    monkeypatch.setenv("OPENROUTER_API_KEY", "k")
    with SampleApi() as api:
        monkeypatch.setenv("OPENROUTER_BASE_URL", api.base_url)
        refresh()
        first = lakes.manifest_of(settings)
        assert (first.captures[0].end - first.captures[0].start).days == REFRESHED_DAYS - 1
        assert monitor() == weeks.last_complete(datetime.now(UTC))
        flows.audit.audit()
        second = lakes.manifest_of(settings)
        assert len(second.tables[COUNTRY_WEEK.name]) > len(first.tables[COUNTRY_WEEK.name])
        open_lake(settings).put(keys.checked("broken"), b"{}")
        with pytest.raises(StandingsError, match="its bytes are not those that were written"):
            flows.audit.audit()


def test_a_week_that_has_not_ended_is_refused_before_anything_is_asked(
    prefect: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.backfill import backfill
    from flows.weekly import weekly

    monkeypatch.setenv("STANDINGS_LAKE", f"file://{tmp_path}/lake")
    with pytest.raises(StandingsError, match=r"^the week of 2099-01-05 has not ended"):
        weekly(date(2099, 1, 7))
    with pytest.raises(StandingsError, match=r"^no complete day lies between 2099-01-05 and"):
        backfill(date(2099, 1, 5), date(2099, 1, 11))
    assert list(tmp_path.iterdir()) == []
