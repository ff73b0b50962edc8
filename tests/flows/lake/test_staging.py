"""What a step leaves for the next one is read as it was written, or not at all, in memory and in the lake."""

import pickle
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flows.lake import keys
from flows.lake.lake import claim, open_lake
from flows.lake.staging import IN_MEMORY, LakeStage, MemoryStage, Run, Stage, begin, write_all
from flows.storage.checksummed_json import BrokenSeal
from flows.storage.object_store import NotFound
from tests.support import lakes


@pytest.fixture
def in_lake(tmp_path: Path) -> LakeStage:
    return LakeStage(open_lake(lakes.on_disk(tmp_path)), "s")


@pytest.fixture(params=["memory", "lake"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return MemoryStage() if request.param == "memory" else request.getfixturevalue("in_lake")


def test_what_is_staged_is_read_back(stage: Stage) -> None:
    frames = [pl.DataFrame({"tokens": [2**63 - 1, None], "model": ["x", "y"]}), pl.DataFrame({"tokens": [1]})]
    assert write_all(stage, {"a": frames[0]}) == {"a": 2}
    stage.write("a", frames[1], 1)
    stage.note("b/1", [1, "ü"])
    stage.note("b/0", {})
    assert stage.read("a").equals(frames[0])
    assert stage.read("a", [1, 0], ["tokens"])["tokens"].to_list() == [1, 2**63 - 1, None]
    assert stage.noted("b/1") == [1, "ü"]
    assert stage.noted("c") is None
    assert stage.notes("b/") == ["b/0", "b/1"]
    with pytest.raises(NotFound):
        stage.read("a", [2])
    stage.clear()
    assert stage.notes("") == []
    with pytest.raises(NotFound):
        stage.read("a")


@pytest.mark.parametrize("position", [0, 40, -1])
def test_a_bit_that_flips_on_the_way_is_noticed(in_lake: LakeStage, position: int) -> None:
    in_lake.write("a", pl.DataFrame({"tokens": [5]}))
    in_lake.note("b", {"x": "y" * 50})
    for name in ("a/000000.parquet", "b.json"):
        key = keys.staged("s", name)
        data = bytearray(in_lake.store.get(key))
        data[position] ^= 1
        in_lake.store.put(key, bytes(data))
    for read in (lambda: in_lake.read("a"), lambda: in_lake.noted("b")):
        with pytest.raises(BrokenSeal, match=r"its bytes are not those"):
            read()


def test_a_stage_that_would_fill_the_memory_lies_in_the_lake(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    claim(settings, "simulated")
    run = begin(settings)
    run.make_room(IN_MEMORY)
    assert isinstance(run.stage, MemoryStage)
    run.make_room(IN_MEMORY + 1)
    assert isinstance(run.stage, LakeStage)


def test_only_a_run_that_workers_share_has_its_stage_in_the_lake(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    claim(settings, "simulated")
    run = begin(settings)
    assert isinstance(run.stage, MemoryStage)
    with pytest.raises(AssertionError, match="cannot be sent"):
        pickle.dumps(run)
    shared = begin(replace(settings, dask="tcp://127.0.0.1:1"))
    shared.stage.note("a", 1)
    sent: Run = pickle.loads(pickle.dumps(shared))
    assert sent.stage.noted("a") == 1
    assert (sent.kind, sent.settings) == ("simulated", shared.settings)
    assert shared.again().stage.noted("a") is None
