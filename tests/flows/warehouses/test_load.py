"""Loading as a whole: every warehouse that the settings name, and none at the mercy of another."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from flows.lake.lake import open_lake
from flows.lake.manifest import Manifest, was_loaded
from flows.monitoring import status
from flows.monitoring.verify import verify
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings
from flows.storage.object_store import Store
from flows.warehouses import load as loading
from flows.warehouses import postgres
from flows.warehouses.duckdb import loaded_release
from flows.warehouses.load import differences, load
from schemas.errors import StandingsError
from tests.support import lakes, servers

pytestmark = pytest.mark.slow

MONDAY = date(2026, 7, 6)
MODELS = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7, "other": 9}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake with one week published and not yet loaded."""
    settings = lakes.on_disk(tmp_path)
    lakes.begun(settings, lakes.body(lakes.week_of(MONDAY, MODELS)))
    return settings


@pytest.fixture
def both(settings: Settings, postgres_url: str) -> Settings:
    """The same with an empty PostgreSQL database besides."""
    return replace(settings, postgres=servers.make_database(postgres_url))


def unreachable(settings: Settings) -> Settings:
    return replace(settings, postgres=f"postgresql://me@127.0.0.1:{servers.free_port()}/x")


def told(settings: Settings) -> str:
    """The one line in which a load fails."""
    with pytest.raises(StandingsError) as caught:
        load(settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_was_loaded_is_recorded_in_the_lake(settings: Settings) -> None:
    store, manifest = open_lake(settings), lakes.manifest_of(settings)
    assert not was_loaded(store, manifest, manifest.code)
    # Other code may be a version that kept no record.
    assert was_loaded(store, manifest, "another")
    load(settings)
    assert was_loaded(store, manifest, manifest.code)


def test_all_warehouses_that_are_set_hold_the_release(both: Settings) -> None:
    load(both)
    release = lakes.manifest_of(both).release
    assert loaded_release(both.warehouse) == postgres.loaded_release(both) == release
    assert list(differences(both, lakes.manifest_of(both))) == []
    assert "postgres   holds this release" in status.lines(both)


def test_without_a_setting_there_is_only_the_file(settings: Settings) -> None:
    assert [each.__name__ for each in loading.warehouses(settings)] == ["flows.warehouses.duckdb"]  # type: ignore[attr-defined]
    load(settings)
    assert not any(line.startswith("postgres") for line in status.lines(settings))


def test_a_warehouse_that_fails_does_not_keep_the_others_from_being_loaded(both: Settings) -> None:
    release = lakes.manifest_of(both).release
    line = told(unreachable(both))
    assert line.startswith("PostgreSQL (STANDINGS_POSTGRES): connection ")
    assert loaded_release(both.warehouse) == release
    blocked = replace(both, warehouse=Path("/proc/w.duckdb"))
    assert told(blocked).startswith("/proc/w.duckdb: the warehouse cannot be written")
    assert postgres.loaded_release(both) == release


def test_every_warehouse_that_failed_is_named(settings: Settings) -> None:
    first, second = told(unreachable(replace(settings, warehouse=Path("/proc/w.duckdb")))).split(
        "; PostgreSQL"
    )
    assert first.startswith("/proc/w.duckdb: the warehouse cannot be written")
    assert second.startswith(" (STANDINGS_POSTGRES): connection ")


def test_what_is_unforeseen_is_raised_after_the_others_were_loaded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def load(self, *_: object) -> None:
            raise ZeroDivisionError("a mistake")

    def warehouses(settings: Settings) -> Iterator[Any]:
        yield Broken()
        yield from named(settings)

    named: Callable[[Settings], Iterator[Any]] = loading.warehouses
    monkeypatch.setattr(loading, "warehouses", warehouses)
    with pytest.raises(ZeroDivisionError, match="a mistake"):
        load(settings)
    assert loaded_release(settings.warehouse) == lakes.manifest_of(settings).release


def test_the_next_run_catches_up_with_what_failed(both: Settings) -> None:
    with pytest.raises(StandingsError, match="STANDINGS_POSTGRES"):
        raw_to_warehouse(unreachable(both), lakes.loading)
    assert postgres.loaded_release(both) is None
    assert raw_to_warehouse(both, lakes.loading).release == postgres.loaded_release(both)


def test_what_another_run_publishes_meanwhile_is_loaded_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    class Slow:
        def load(self, settings: Settings, store: Store, manifest: Manifest) -> None:
            loaded.append(manifest.number)
            if len(loaded) == 1:
                days = lakes.week_of(date(2026, 7, 13), MODELS)
                lakes.land_bytes(settings, lakes.body(days, "2026-08-09T00:00:00.000Z"))
                lakes.publish(settings)

    monkeypatch.setattr(loading, "warehouses", lambda _: [Slow()])
    load(settings)
    assert loaded == [1, 2]


def test_verify_tells_of_every_warehouse(both: Settings) -> None:
    load(both)
    assert list(verify(both)) == []
    with psycopg.connect(both.postgres or "") as connection:
        connection.execute("UPDATE standings.country_week SET models = models + 1")
    both.warehouse.write_bytes(both.warehouse.read_bytes() + b"more")
    lines = [str(problem) for problem in verify(both)]
    assert [str(both.warehouse) in line for line in lines] == [True, False]
    assert "country_week: its rows are not those that were published" in lines[1]


def test_a_warehouse_that_cannot_be_asked_is_told_and_the_others_are_compared(settings: Settings) -> None:
    load(settings)
    (problem,) = verify(unreachable(settings))
    line = problem.message
    assert line.startswith("PostgreSQL (STANDINGS_POSTGRES): connection ")
    assert any(f"postgres   {line[:20]}" in each for each in status.lines(unreachable(settings)))


def test_against_a_part_that_is_broken_nothing_is_said_of_a_warehouse(both: Settings) -> None:
    load(both)
    key = lakes.manifest_of(both).tables["country_week"][MONDAY].key
    open_lake(both).put(key, b"other bytes")
    assert list(differences(both, lakes.manifest_of(both))) == []
