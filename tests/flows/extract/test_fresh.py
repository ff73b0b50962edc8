"""Runs in folders that hold nothing: what a run has done is known from the lake, not from a file beside it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.lake import captures
from flows.lake.lake import open_lake
from flows.lake.manifest import was_loaded
from flows.pipeline import fetch
from flows.pipeline.run import Outcome, raw_to_warehouse
from flows.settings import Settings
from flows.storage.checksummed_json import seal
from flows.version import code_version
from schemas.errors import StandingsError
from tests.chaos import fresh
from tests.chaos.fresh import FIRST, PLAN, MovingApi
from tests.support import lakes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("store_url", ["s3"], indirect=True)
def test_every_run_from_an_empty_folder_asks_what_it_has_to_and_the_week_settles(
    store_url: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "k")
    monkeypatch.setattr(fresh, "raw_to_warehouse", lambda settings: raw_to_warehouse(settings, lakes.loading))
    statuses = []
    with MovingApi() as api:
        for number, (verb, after, requests) in enumerate(PLAN):
            folder = tmp_path / f"container-{number}"
            folder.mkdir()
            monkeypatch.chdir(folder)
            made = lakes.settings(store_url, folder, request)
            settings = Settings(made.lake, folder / "warehouse.duckdb", api.base_url, made.s3)
            api.moment = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + after
            api.asked.clear()
            fresh.begin(settings, verb, api.moment, FIRST)
            assert (verb, sum(api.asked.values())) == (verb, requests)
            assert settings.warehouse.is_file()
            assert was_loaded(open_lake(settings), lakes.manifest_of(settings), code_version())
            statuses.append(fresh.status_of(settings, FIRST))
    assert statuses == ["provisional", *["settled"] * (len(PLAN) - 1)]


MONDAY_AFTER = datetime(FIRST.year, FIRST.month, FIRST.day, 6, tzinfo=UTC) + timedelta(days=7)
LATER = MONDAY_AFTER + timedelta(days=12)


@pytest.mark.parametrize(
    ("moment", "age", "requests"),
    [
        (MONDAY_AFTER, timedelta(), 1),
        (MONDAY_AFTER, timedelta(days=2), 2),
        # Both weeks are final by then, so that no answer about them grows old.
        (LATER, timedelta(days=2), 1),
    ],
)
def test_what_a_container_that_died_had_landed_is_taken_up_while_it_is_good(
    moment: datetime, age: timedelta, requests: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "k")

    def dying(settings: Settings) -> Outcome:
        raw_to_warehouse(settings, lakes.unchecked)
        raise StandingsError("the container is gone")

    def loading(settings: Settings) -> Outcome:
        return raw_to_warehouse(settings, lakes.loading)

    with MovingApi() as api:
        api.moment = moment
        settings = Settings(f"file://{tmp_path}/lake", tmp_path / "warehouse.duckdb", api.base_url)
        with pytest.raises(StandingsError, match="the container is gone"):
            fetch.one_week(settings, moment, FIRST, dying)
        store = open_lake(settings)
        assert not was_loaded(store, lakes.manifest_of(settings), code_version())
        for key in captures.landed(store):
            record = captures.request_of(store, key)
            landed = datetime.fromisoformat(record["retrieved_at"]) - age
            store.put(key.request, seal(record | {"retrieved_at": landed.isoformat()}))
        fetch.one_week(settings, moment, FIRST, loading)
        assert sum(api.asked.values()) == requests
    assert was_loaded(store, lakes.manifest_of(settings), code_version())
