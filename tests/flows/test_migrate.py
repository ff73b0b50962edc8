"""Lakes of an older format are read, and moved up before they are written to."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.lake import keys
from flows.lake.lake import FORMAT, open_lake
from flows.lake.latest import refresh_latest
from flows.lake.manifest import chain, current, point_to
from flows.lake.query import Selection, select
from flows.maintenance import migrate
from flows.monitoring import status
from flows.monitoring.verify import verify
from flows.settings import Settings
from flows.storage.checksummed_json import seal, unseal
from flows.warehouses.load import load
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = pytest.mark.slow

MONDAY = date(2026, 7, 6)


@pytest.fixture
def old(tmp_path: Path) -> Settings:
    """A lake as format 1 left it: its release knows neither docs nor acceptances, nor the table of drift."""
    settings = lakes.on_disk(tmp_path)
    lakes.begun(settings, lakes.body(lakes.week_of(MONDAY, {"openai/osprey": 5})))
    store = open_lake(settings)
    manifest = lakes.manifest_of(settings)
    without = {name: each for name, each in manifest.tables.items() if name != "drift_week"}
    first = replace(manifest, format=1, docs=None, accepted=(), tables=without)
    assert "docs" not in first.to_json() and first.to_json()["format"] == 1
    point_to(store, first, current(store).version)
    store.put(keys.LAKE, seal({"format": 1, "kind": "real"}))
    store.delete(keys.LATEST_MARK)
    return settings


def test_an_older_lake_is_read(old: Settings) -> None:
    assert select(old, "country_week", Selection()).rows.height > 0
    load(old)


def test_a_table_that_an_older_release_lacks_is_told_of(old: Settings) -> None:
    with pytest.raises(StandingsError, match=r"is older than .* table drift_week: run `standings rebuild`$"):
        select(old, "drift_week", Selection())


def test_a_table_of_an_older_version_is_told_of(old: Settings) -> None:
    """Its parts lack a column, and the tables that are as they were are read."""
    store = open_lake(old)
    manifest = lakes.manifest_of(old)
    older = replace(manifest, schemas=manifest.schemas | {"country_week": 1})
    point_to(store, older, current(store).version)
    with pytest.raises(
        StandingsError, match=r"is older than .* table country_week: run `standings rebuild`$"
    ):
        select(old, "country_week", Selection())
    assert select(old, "country_lead_week", Selection()).rows.height > 0


def test_an_older_lake_is_not_written_to(old: Settings, tmp_path: Path) -> None:
    before = lakes.objects(old)
    more = lakes.write(
        tmp_path, "more.json", lakes.body(lakes.week_of(date(2026, 7, 13), {"openai/osprey": 5}))
    )
    for write in (lambda: lakes.bring(old, more), lambda: lakes.publish(old)):
        with pytest.raises(
            StandingsError, match=f"has format 1, and this version writes {FORMAT}: move it up with"
        ):
            write()
    assert lakes.objects(old) == before


def test_an_older_lake_moves_up_and_its_releases_stay(old: Settings) -> None:
    first = lakes.manifest_of(old)
    before, outcome = migrate(old, lakes.unchecked)
    assert before == 1
    store = open_lake(old)
    assert unseal(store.get(keys.LAKE), "lake") == {"format": FORMAT, "kind": "real"}
    second = lakes.manifest_of(old)
    assert (second.release, second.previous, second.format) == (outcome.release, first.release, FORMAT)
    assert [each.release for each in chain(store, second)] == [second.release, first.release]
    assert "drift_week" in second.tables
    load(old)
    assert list(verify(old)) == []
    assert migrate(old, lakes.unchecked) == (None, outcome)


def test_a_newer_lake_is_refused_in_one_line(old: Settings) -> None:
    open_lake(old).put(keys.LAKE, seal({"format": FORMAT + 1, "kind": "real"}))
    for use in (lambda: lakes.publish(old), lambda: migrate(old)):
        with pytest.raises(
            StandingsError,
            match=rf"has format {FORMAT + 1}, .* reads up to {FORMAT}: upgrade it$",
        ):
            use()


def test_a_table_of_a_newer_version_is_refused_in_one_line(old: Settings) -> None:
    store = open_lake(old)
    newer = replace(lakes.manifest_of(old), schemas={"country_week": 99})
    point_to(store, newer, current(store).version)
    with pytest.raises(
        StandingsError,
        match=r"table country_week has version 99, and this version reads up to 2: upgrade it$",
    ):
        select(old, "model_week", Selection())


def test_a_release_with_a_table_that_is_not_known_is_not_built_on(old: Settings) -> None:
    migrate(old, lakes.unchecked)
    store = open_lake(old)
    manifest = lakes.manifest_of(old)
    point_to(store, replace(manifest, tables=manifest.tables | {"zodiac_week": {}}), current(store).version)
    assert select(old, "country_week", Selection()).rows.height > 0
    with pytest.raises(
        StandingsError, match=r"has a table zodiac_week that this version does not know: upgrade it$"
    ):
        lakes.publish(old)


def test_a_release_with_a_table_of_an_earlier_version_is_sound_and_named_as_older(old: Settings) -> None:
    migrate(old, lakes.loading)
    store, manifest = open_lake(old), lakes.manifest_of(old)
    earlier = replace(manifest, schemas=manifest.schemas | {"week_coverage": 0}).follow(
        manifest, lakes.at(MONDAY)
    )
    point_to(store, earlier, current(store).version)
    refresh_latest(store, earlier, manifest)
    load(old)
    assert [str(problem) for problem in verify(old)] == []
    assert any("run `standings rebuild`" in line for line in status.lines(old, lakes.at(MONDAY)))


def test_there_must_be_a_lake_to_move(tmp_path: Path) -> None:
    with pytest.raises(StandingsError, match=r"there is no lake$"):
        migrate(lakes.on_disk(tmp_path / "nothing"))
