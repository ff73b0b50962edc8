"""Weeks computed apart are the same bytes as weeks computed together, whatever the blocks and the threads."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flows.pipeline.validate
from flows.lake.lake import open_lake
from flows.lake.staging import begin
from flows.pipeline.conform import conform
from flows.pipeline.run import raw_to_warehouse
from flows.pipeline.validate import batches
from flows.settings import Settings
from schemas import DRIFT_WEEK, TABLES
from schemas.errors import StandingsError
from schemas.tables.observation import OBSERVATION
from schemas.tables.ranking_entry import RANKING_ENTRY
from tests.support import lakes
from transforms.standings import blocks

pytestmark = pytest.mark.slow

FIRST, LAST = date(2025, 12, 29), date(2026, 4, 5)
NOW = lakes.at(date(2026, 4, 12))
WEEKS = 14


def landed(folder: Path, block_rows: int, last: date = LAST) -> Settings:
    """A lake in which fourteen weeks have landed, some days of them twice."""
    settings = replace(lakes.on_disk(folder), block_rows=block_rows)
    early = lakes.simulated(date(2026, 1, 12), date(2026, 1, 18), lakes.at(date(2026, 1, 19)))
    lakes.land_bytes(settings, early, lakes.simulated(FIRST, last, NOW), origin="simulated")
    return settings


def published(folder: Path, block_rows: int) -> dict[str, str]:
    settings = landed(folder, block_rows)
    raw_to_warehouse(settings, lakes.unchecked)
    return lakes.published_bytes(settings)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return published(tmp_path_factory.mktemp("together"), 1_000_000)


@pytest.mark.parametrize("block_rows", [1, 900])
def test_blocks_make_no_difference(block_rows: int, together: dict[str, str], tmp_path: Path) -> None:
    assert published(tmp_path, block_rows) == together
    assert len(conform(begin(landed(tmp_path, block_rows))).blocks) > 4


def test_threads_make_no_difference(together: dict[str, str], tmp_path: Path) -> None:
    code = (
        "import json, pathlib, sys; from tests.flows.pipeline import test_blocks; "
        "print(json.dumps(test_blocks.published(pathlib.Path(sys.argv[1]), 900)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).resolve().parents[3],
        env=os.environ | {"POLARS_MAX_THREADS": "4"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == together


@lakes.GREAT_EXPECTATIONS
def test_the_checks_of_many_blocks_find_what_those_of_one_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (RANKING_ENTRY, DRIFT_WEEK))
    found = []
    for block_rows in (900, 1_000_000):
        settings = landed(tmp_path / str(block_rows), block_rows)
        raw_to_warehouse(settings, lakes.not_loading)
        report = json.loads(open_lake(settings).get(lakes.manifest_of(settings).report))
        found.append({name: sum(len(each["rows"]) for each in told) for name, told in report.items()})
    assert found[0] == found[1]


def test_a_table_that_was_not_checked_is_not_published(tmp_path: Path) -> None:
    settings = landed(tmp_path, 1, date(2026, 1, 18))

    def forgetful(step):  # type: ignore[no-untyped-def]
        return (lambda *_: None) if step.__name__ == "check" else step

    with pytest.raises(StandingsError, match="ranking_entry was not checked"):
        raw_to_warehouse(settings, forgetful)


def test_a_stage_holds_each_block_by_itself(tmp_path: Path) -> None:
    settings = landed(tmp_path, 1)
    run = begin(settings)
    conformed, stage = conform(run), run.stage
    weeks = [
        stage.read("ranking_entry", [block])["week_start"].unique().to_list() for block in conformed.blocks
    ]
    assert [len(each) for each in weeks] == [1] * WEEKS
    assert sorted(weeks) == weeks


rows_of_weeks = st.lists(st.integers(0, 40), max_size=12)


@given(rows_of_weeks, st.integers(1, 50))
def test_blocks_are_all_weeks_in_order_and_no_larger_than_asked(rows: list[int], most: int) -> None:
    weeks = [date.fromordinal(FIRST.toordinal() + 7 * number) for number in range(len(rows))]
    said = [week for week, count in zip(weeks, rows, strict=True) for _ in range(count)]
    entries = RANKING_ENTRY.polars_schema().to_frame().select("week_start")
    entries = pl.concat([entries, pl.DataFrame({"week_start": said}, schema=entries.schema)])
    looked = pl.DataFrame({"week_start": weeks}, schema={"week_start": pl.Date}).match_to_schema(
        entries.schema
    )
    parts = blocks(entries, OBSERVATION.polars_schema().to_frame().select("week_start").vstack(looked), most)
    assert [week for part in parts for week in part] == weeks
    held = dict(zip(weeks, rows, strict=True))
    assert all(len(part) <= 1 or sum(held[week] for week in part) <= most for part in parts)
    sizes = [sum(held[week] for week in part) for part in parts]
    assert all(size + held[after[0]] > most for size, after in zip(sizes, parts[1:], strict=False))


@given(
    st.lists(
        st.dictionaries(st.sampled_from([table.name for table in TABLES]), st.integers(0, 30)), max_size=6
    )
)
def test_batches_are_every_table_of_every_block_once(rows: list[dict[str, int]]) -> None:
    made = batches(rows, 40)
    each = [(name, number) for batch in made for name, numbers in batch for number in numbers]
    assert sorted(each) == sorted((name, number) for number, block in enumerate(rows) for name in block)
    width = {table.name: len(table.columns) for table in TABLES}
    sizes = [
        [rows[number][name] * width[name] for name, numbers in batch for number in numbers] for batch in made
    ]
    assert all(sum(size) <= 40 * width["ranking_entry"] or len(size) == 1 for size in sizes)
