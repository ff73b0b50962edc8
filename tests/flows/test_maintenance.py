"""A lake is checked, repaired, moved back, cleared up and copied: the damage is done for real."""

import dataclasses
import errno
import os
import random
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.extract.rate_limiter import Limiter
from flows.lake import approvals, keys
from flows.lake.approvals import Refused
from flows.lake.lake import open_lake
from flows.lake.listeners import telling
from flows.lake.manifest import chain, published
from flows.maintenance import copy, prune, repair, rollback
from flows.monitoring.verify import verify
from flows.pipeline.publish import publish
from flows.pipeline.run import raw_to_warehouse
from flows.quota import A_DAY, A_MINUTE
from flows.settings import Settings
from flows.storage.object_store import LostRace
from flows.warehouses.duckdb import loaded_release
from flows.warehouses.load import load
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = [lakes.GREAT_EXPECTATIONS, pytest.mark.slow]

MONDAYS = (date(2026, 6, 29), date(2026, 7, 6))
MODELS = {"openai/osprey": 7, "deepseek/delta": 5, "other": 3}


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of two releases, with a capture that could not be read, and its warehouse."""
    folder = tmp_path_factory.mktemp("once")
    made = lakes.on_disk(folder)
    for monday in MONDAYS:
        lakes.land_bytes(made, lakes.body(lakes.week_of(monday, MODELS)))
        raw_to_warehouse(made, lakes.loading)
    lakes.land_bytes(made, b"{")
    raw_to_warehouse(made, lakes.loading)
    store = open_lake(made)
    for finding in ("a strange total", "a stranger one"):
        name = approvals.hold(store, Refused(finding, (("country_week", "a check", "a row"),)))
    approvals.accept(store, name, "seen")
    store.put_once(keys.offending(lakes.digest(b"rows")), b"rows")
    with Limiter(store, A_MINUTE, A_DAY).request():
        pass
    with telling(store, "STANDINGS_PING", "a test"):
        raise OSError
    return folder


@pytest.fixture
def settings(made_once: Path, tmp_path: Path) -> Settings:
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return lakes.on_disk(tmp_path)


def wrong(settings: Settings) -> list[str]:
    return [str(problem) for problem in verify(settings)]


def flip(path: Path, seed: int = 7) -> None:
    """Turns one bit of a file."""
    chance, data = random.Random(f"{seed} {path.name}"), bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


RAW_BODY = "raw/**/*.body"
KINDS = (
    keys.LAKE,
    keys.POINTER,
    keys.LATEST_MARK,
    "manifests/*.json",
    RAW_BODY,
    "raw/**/*.request.json",
    "parts/country_week/*/*.parquet",
    "parts/ranking_entry/*/*.parquet",
    "latest/model_week/*/*.parquet",
    "quarantine/captures/**/*.json",
    "quarantine/releases/*.json",
    "quarantine/rows/*.parquet",
    "accepted/*.json",
    "reports/*.json",
    "docs/*.html",
    keys.LEDGER,
    keys.UNREACHED,
    "warehouse.duckdb",
)


def of_kind(settings: Settings, kind: str) -> Path:
    folder = Path(settings.lake.removeprefix("file://"))
    return settings.warehouse if kind == "warehouse.duckdb" else sorted(folder.glob(kind))[-1]


def test_a_sound_lake_has_nothing_wrong(settings: Settings) -> None:
    assert wrong(settings) == []


LEADING = (keys.LAKE, keys.POINTER, "manifests/*.json")
"""What leads to the other objects. A raw body is what all are rebuilt from."""


def test_what_a_bit_flipped_in_is_named_and_rebuilt_from_raw_and_loaded(settings: Settings) -> None:
    """Each kind by itself is tried in the tests of `verify`, in a lake without a warehouse."""
    before = lakes.published_bytes(settings)
    paths = [of_kind(settings, kind) for kind in KINDS if kind not in (*LEADING, RAW_BODY)]
    for path in paths:
        flip(path)
    found, _ = repair(settings, lakes.loading)
    assert [path.name for path in paths if not any(path.name in each.message for each in found)] == []
    assert wrong(settings) == []
    assert lakes.published_bytes(settings) == before
    assert loaded_release(settings.warehouse) == lakes.manifest_of(settings).release


def test_what_is_missing_is_rebuilt_from_raw(settings: Settings) -> None:
    before = lakes.published_bytes(settings)
    for kind in ("parts/country_week/*/*.parquet", "latest/model_week/*/*.parquet"):
        path = of_kind(settings, kind)
        path.unlink()
        key = path.relative_to(settings.lake.removeprefix("file://"))
        assert any("is missing" in line and str(key) in line for line in wrong(settings))
    repair(settings, lakes.loading)
    assert wrong(settings) == []
    assert lakes.published_bytes(settings) == before


UNREADABLE = (
    keys.POINTER,
    "manifests/*.json",
    keys.LATEST_MARK,
    "parts/country_week/*/*.parquet",
    "latest/model_week/*/*.parquet",
)


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a file one that the disk does not give back, until another is put in its place."""
    bad: dict[Path, int] = {}
    read = Path.read_bytes

    def reading(path: Path) -> bytes:
        if path.exists() and bad.get(path) == path.stat().st_mtime_ns:
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", reading)
    return lambda path: bad.update({path: path.stat().st_mtime_ns})


@pytest.mark.parametrize("kinds", [*((kind,) for kind in UNREADABLE[:2]), UNREADABLE[2:]], ids="-".join)
def test_what_the_store_does_not_give_back_is_named_and_rebuilt(
    kinds: tuple[str, ...], settings: Settings, spoil: Callable[[Path], None]
) -> None:
    before = lakes.published_bytes(settings)
    paths = [of_kind(settings, kind) for kind in kinds]
    for path in paths:
        spoil(path)
    found = wrong(settings)
    assert [path.name for path in paths if not any(path.name in line for line in found)] == []
    repair(settings, lakes.loading)
    assert wrong(settings) == []
    assert lakes.published_bytes(settings) == before


def test_a_run_goes_on_where_latest_is_not_given_back(
    settings: Settings, spoil: Callable[[Path], None]
) -> None:
    for kind in (keys.LATEST_MARK, "latest/model_week/*/*.parquet"):
        spoil(of_kind(settings, kind))
    raw_to_warehouse(settings, lakes.loading)
    assert wrong(settings) == []


def test_a_raw_body_that_is_broken_is_set_aside_and_the_others_stand(settings: Settings) -> None:
    sound = [capture.key.body for capture in lakes.manifest_of(settings).captures]
    folder = Path(settings.lake.removeprefix("file://"))
    flip(folder / sound[0])
    repair(settings, lakes.loading)
    assert [capture.key.body for capture in lakes.manifest_of(settings).captures] == sound[1:]
    assert wrong(settings) == []
    assert (folder / f"{keys.BROKEN}{sound[0]}").exists()


def test_an_earlier_release_is_brought_back_as_a_new_one(settings: Settings) -> None:
    second, first = chain(open_lake(settings), lakes.manifest_of(settings))
    name = rollback(settings, first.release, "a bad week")
    again = lakes.manifest_of(settings)
    assert (again.release, again.number, again.previous) == (name, 3, second.release)
    assert (again.tables, again.captures) == (first.tables, first.captures)
    assert lakes.objects(settings, keys.LATEST) == lakes.wanted_latest(first)


def test_what_was_moved_back_stays_back_until_it_is_brought_again(settings: Settings) -> None:
    second, first = chain(open_lake(settings), lakes.manifest_of(settings))
    name = rollback(settings, first.release, "a bad week")
    load(settings)
    assert raw_to_warehouse(settings, lakes.loading).release == name
    assert wrong(settings) == []
    lakes.land_bytes(settings, lakes.body(lakes.week_of(MONDAYS[1], MODELS)))
    raw_to_warehouse(settings, lakes.loading)
    assert lakes.manifest_of(settings).tables == second.tables


def test_a_release_that_never_was_is_told(settings: Settings) -> None:
    with pytest.raises(StandingsError, match="there is no release '000009-no'"):
        rollback(settings, "000009-no", "why")


def test_only_what_no_release_leads_to_is_removed(settings: Settings) -> None:
    store = open_lake(settings)
    strays = (
        "parts/country_week/week=2026-07-06/stray.parquet",
        "staging/x/a.json",
        "manifests/000009-x.json",
    )
    for name in strays:
        store.put(name, b"{}")
    before = lakes.objects(settings)
    assert list(prune(settings, timedelta(days=1))) == []
    removed = [*strays, keys.UNREACHED]
    assert sorted(prune(settings, timedelta(days=-1))) == sorted(removed)
    assert lakes.objects(settings).keys() == before.keys() - set(removed)
    assert wrong(settings) == []


def test_what_killed_writers_left_is_cleared_up(settings: Settings) -> None:
    folder = Path(settings.lake.removeprefix("file://"))
    old, new = folder / "latest/.store-0a", folder / "parts/.store-0b"
    aside = settings.warehouse.with_name(".warehouse.duckdb.0c")
    for path in (old, new, aside):
        path.write_bytes(b"half")
    for path in (old, aside):
        os.utime(path, (1, 1))
    assert "latest/.store-0a" in list(prune(settings, timedelta(days=7)))
    settings.warehouse.unlink()
    load(settings)
    assert [path.exists() for path in (old, new, aside)] == [False, True, False]
    assert (folder / ".store-lock").exists()


def test_a_lake_moves_between_stores(
    settings: Settings, tmp_path: Path, store_url: str, request: pytest.FixtureRequest
) -> None:
    goal = lakes.settings(f"{store_url}-there", tmp_path / "there", request)
    both = dataclasses.replace(settings, s3=goal.s3)
    there = dataclasses.replace(goal, warehouse=tmp_path / "there" / "w.duckdb")
    assert len(list(copy(both, settings.lake, there.lake))) == len(list(open_lake(there).list()))
    load(there)
    assert wrong(there) == []
    assert lakes.published_bytes(there) == lakes.published_bytes(settings)
    back = dataclasses.replace(both, lake=f"file://{tmp_path}/back", warehouse=tmp_path / "back.duckdb")
    list(copy(both, there.lake, back.lake))
    load(back)
    assert wrong(back) == []


def test_another_lake_is_not_copied_over(settings: Settings, tmp_path: Path) -> None:
    other = dataclasses.replace(settings, lake=f"file://{tmp_path}/other", warehouse=tmp_path / "o.duckdb")
    lakes.land_bytes(other, lakes.body(lakes.week_of(MONDAYS[0], {"qwen/q": 1})))
    lakes.publish(other)
    before = lakes.objects(other)
    with pytest.raises(StandingsError, match="holds another lake's release"):
        list(copy(settings, settings.lake, other.lake))
    assert lakes.objects(other) == before


def test_a_lost_race_leaves_no_staged_tables(settings: Settings) -> None:
    lost = iter([True, False])

    def racing(step: Callable[..., object], /) -> Callable[..., object]:
        if step is publish and next(lost, False):
            return lambda *_: (_ for _ in ()).throw(LostRace("lost"))
        return lakes.unchecked(step)

    lakes.land_bytes(settings, lakes.body(lakes.week_of(date(2026, 7, 13), MODELS)))
    raw_to_warehouse(settings, racing)
    assert lakes.objects(settings, keys.STAGING) == {}
    assert date(2026, 7, 13) in published(open_lake(settings)).tables["country_week"]
