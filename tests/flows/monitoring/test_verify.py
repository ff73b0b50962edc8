"""Every kind of object that a lake gets is proven, named where it is broken, and made again where it can be."""

import shutil
from pathlib import Path

import pytest

from flows.lake import keys
from flows.lake.keys import FAMILIES, Family, Proof, Remedy
from flows.lake.lake import open_lake
from flows.lake.manifest import chain
from flows.maintenance import copy, prune, repair
from flows.monitoring.verify import _PROOFS, Problem, ProblemKind, verify
from flows.settings import Settings
from tests.support import lakes, whole

pytestmark = pytest.mark.slow

PROVEN = [each for each in FAMILIES if each.proof is not Proof.NONE]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch:
        whole.quick(patch)
        whole.every_kind(lakes.on_disk(folder))
    return folder


@pytest.fixture
def settings(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    whole.quick(monkeypatch)
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return lakes.on_disk(tmp_path)


def wrong(settings: Settings) -> list[Problem]:
    """What is wrong with the lake; no warehouse was loaded from it."""
    return [each for each in verify(settings) if each.kind is not ProblemKind.WAREHOUSE]


def of_kind(settings: Settings, family: Family) -> list[str]:
    return [name for name in open_lake(settings).list() if keys.family_of(name) is family]


def flip(settings: Settings, name: str) -> None:
    """Turns a bit in the middle of an object; an empty one gets a byte."""
    store = open_lake(settings)
    data = bytearray(store.get(name)) or bytearray(b"\1\0")
    data[len(data) // 2] ^= 1
    store.put(name, bytes(data))


def test_a_lake_with_every_kind_of_object_holds_no_other_and_is_sound(settings: Settings) -> None:
    unknown = [name for name in open_lake(settings).list() if keys.family_of(name) is None]
    assert unknown == []
    not_in_a_lake = {each.form for each in FAMILIES if "warehouse.duckdb" in each.form}
    assert {each.form for each in FAMILIES if not of_kind(settings, each)} == not_in_a_lake
    assert wrong(settings) == []


def test_every_way_to_prove_bytes_is_known_to_verify() -> None:
    assert _PROOFS.keys() == set(Proof)
    assert {each.form for each in FAMILIES if each.proof is Proof.NONE} == {
        each.form for each in FAMILIES if each.remedy is Remedy.NONE
    }


def broken_in(settings: Settings, family: Family) -> set[str]:
    """Turns a bit in the first and in the last object of a kind; returns which they are."""
    there = of_kind(settings, family)
    flipped = {there[0], there[-1]}
    for name in flipped:
        flip(settings, name)
    return flipped


def test_a_bit_that_flips_is_found_in_every_kind_of_object(settings: Settings) -> None:
    store = open_lake(settings)
    for family in PROVEN:
        sound = {name: store.get(name) for name in of_kind(settings, family)}
        assert broken_in(settings, family) <= {each.key for each in verify(settings)}, family.form
        for name, data in sound.items():
            store.put(name, data)


ALONE = (
    f"{keys.RAW}ORIGIN/PERIOD/SLICE/SHA256.body",
    keys.LAKE,
    keys.POINTER,
    f"{keys.MANIFESTS}RELEASE.json",
)
"""Kinds that others are found or made again by, so that each is tried by itself, and all others together."""


@pytest.mark.parametrize("form", [*ALONE, "all others"])
def test_what_is_broken_is_repaired(form: str, settings: Settings) -> None:
    alone = [each for each in PROVEN if each.form == form]
    families = alone or [each for each in PROVEN if each.form not in ALONE]
    before = lakes.objects(settings, keys.LATEST)
    flipped = {family: broken_in(settings, family) for family in families}
    found, _ = repair(settings, whole.all_but_loading)
    assert set().union(*flipped.values()) <= {each.key for each in found}
    assert wrong(settings) == []
    for family, names in flipped.items():
        if family.remedy is Remedy.REBUILT:
            assert names <= set(of_kind(settings, family)), family.form
    if form != ALONE[0]:
        assert lakes.objects(settings, keys.LATEST) == before


def test_what_nobody_knows_is_told_and_left_alone(settings: Settings) -> None:
    strays = [
        "notes.txt",
        "parts/country_week/x.parquet",
        "raw/odd",
        "metadata/readme.md",
        "elsewhere/a.json",
    ]
    for name in strays:
        open_lake(settings).put(name, b"mine")
    told = wrong(settings)
    assert [(each.key, each.kind) for each in told] == [
        (name, ProblemKind.UNKNOWN) for name in sorted(strays)
    ]
    assert all("nobody knows this object" in str(each) for each in told)
    repair(settings, whole.all_but_loading)
    assert {each.key for each in wrong(settings)} == set(strays)


def test_a_warehouse_in_the_lake_s_folder_is_no_stranger(settings: Settings) -> None:
    lake = Path(settings.lake.removeprefix("file://"))
    named = Settings(settings.lake, lake / "mine.duckdb")
    for name in (
        "warehouse.duckdb",
        "warehouse.duckdb.wal",
        ".warehouse.duckdb.0c",
        "mine.duckdb",
        ".mine.duckdb.0c",
    ):
        (lake / name).write_bytes(b"x")
    assert wrong(named) == []
    assert {each.key for each in wrong(settings)} == {"mine.duckdb", ".mine.duckdb.0c"}


def test_a_release_whose_manifest_is_lost_is_left_out_of_the_history(settings: Settings) -> None:
    store = open_lake(settings)
    before = [each.release for each in chain(store, lakes.manifest_of(settings))]
    flip(settings, keys.manifest(before[2]))
    repair(settings, whole.all_but_loading)
    after = [each.release for each in chain(store, lakes.manifest_of(settings))]
    assert after[-len(before) + 1 :] == [*before[:2], *before[3:]]
    assert wrong(settings) == []
    assert not [name for name in prune(settings, whole.AT_ONCE) if name.startswith(keys.PARTS)]


def test_what_goes_along_and_what_is_cleared_up_is_what_the_kinds_say(
    settings: Settings, tmp_path: Path
) -> None:
    store, there = open_lake(settings), f"file://{tmp_path}/there"
    store.put("notes.txt", b"mine")
    goes = {name for name in store.list() if (family := keys.family_of(name)) and family.copied}
    assert set(copy(settings, settings.lake, there)) == goes
    assert wrong(Settings(there, tmp_path / "w.duckdb")) == []
    removed = set(prune(settings, whole.AT_ONCE))
    assert {each.form for each in FAMILIES for name in removed if keys.family_of(name) is each} >= {
        each.form for each in FAMILIES if each.form.startswith(keys.STAGING)
    }
    kinds = {keys.family_of(name) for name in removed}
    assert all(family and family.pruned for family in kinds)
    assert [each.key for each in wrong(settings)] == ["notes.txt"]
