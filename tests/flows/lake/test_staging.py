"""What a step leaves for the next one is read as it was written, or not at all."""

from pathlib import Path

import polars as pl
import pytest

from flows.lake import keys
from flows.lake.lake import open_lake
from flows.lake.staging import Stage
from flows.storage.checksummed_json import BrokenSeal
from tests.support import lakes


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(open_lake(lakes.on_disk(tmp_path)), "s")


def test_what_is_staged_is_read_back(stage: Stage) -> None:
    frame = pl.DataFrame({"tokens": [2**63 - 1, None]})
    stage.write_all({"a": frame})
    stage.note("b", [1, "ü"])
    assert stage.read("a").equals(frame)
    assert stage.noted("b") == [1, "ü"]
    assert stage.noted("c") is None
    stage.clear()
    assert list(stage.store.list()) == []


@pytest.mark.parametrize("position", [0, 40, -1])
def test_a_bit_that_flips_on_the_way_is_noticed(stage: Stage, position: int) -> None:
    stage.write("a", pl.DataFrame({"tokens": [5]}))
    stage.note("b", {"x": "y" * 50})
    for name in ("a/000000.parquet", "b.json"):
        key = keys.staged("s", name)
        data = bytearray(stage.store.get(key))
        data[position] ^= 1
        stage.store.put(key, bytes(data))
    for read in (lambda: stage.read("a"), lambda: stage.noted("b")):
        with pytest.raises(BrokenSeal, match=r"its bytes are not those"):
            read()
