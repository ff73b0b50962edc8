"""Every expectation that a table's definition gives rise to catches the row that breaks it."""

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from schemas import TABLES
from schemas.reference import AMONG, PUBLISHED
from schemas.table import Column, Kind, Table
from schemas.tables.claims import VERDICT

pytestmark = pytest.mark.slow

SAMPLES = {
    r"^[A-Z]{2}$": ("CN", ["cn", "CHN", "C", "", "C1"]),
    r"^[0-9a-f]{64}$": ("0f" * 32, ["0f" * 31, "0F" * 32, "0g" * 32]),
    r"^\S+$": ("qwen/qwen3:free", ["", "qwen qwen3", " qwen"]),
    r"^(?:[A-Z]{2}|WORLD)$": ("WORLD", ["world", "WORLDS", "XWORLD", "CHN", "C", ""]),
    r"^[a-z0-9][a-z0-9.-]*$": ("gs-2026.03", ["", "-gs", "gs 1", "GS", "gs_1"]),
    PUBLISHED: ("2026-06", ["", "June 2026", "2026", "2026-6", "2026-06-1", "2026-06-01T"]),
    AMONG: ("CN+openai", ["", "some", "top", "top0", "CN", "+CN", "CN+", "CN openai"]),
    VERDICT: (
        "true for all_models, paid_only only",
        ["", "reproduced", "reproduced under", "no data at all", "it is consistent", "true for only"],
    ),
}
"""For each pattern a text that fits it, and texts that do not."""

PAIR = "expect_column_pair_values_a_to_be_greater_than_b"

Failed = dict[tuple[str, ...], list[int]]
"""For each expectation that failed, its type and columns -> the positions of the rows that fail it."""


@dataclass(frozen=True)
class Bad:
    """A row that breaks one expectation."""

    expectation: tuple[str, ...]
    values: dict[str, Any]


def name_of(config: Any) -> tuple[str, ...]:
    columns = (config.kwargs.get(name) for name in ("column", "column_A", "column_B"))
    return (config.type, *(column for column in columns if column))


def raised(info: Any) -> bool:
    """Whether a check could not be made; Great Expectations nests what it says of that by metric."""
    if not isinstance(info, dict):
        return False
    return bool(info.get("raised_exception")) or any(raised(each) for each in info.values())


@pytest.fixture(scope="module")
def check() -> Iterator[Callable[[Table, pl.DataFrame], Failed]]:
    """Runs a table's suite over a frame, as a release does; Great Expectations is imported only here."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setitem(os.environ, "GX_ANALYTICS_ENABLED", "false")
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        from schemas.projections.suites import suite

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_pandas("frames")
        number = iter(range(1000))

        def run(table: Table, frame: pl.DataFrame) -> Failed:
            asset = source.add_dataframe_asset(f"{table.name}_{next(number)}")
            batch = asset.add_batch_definition_whole_dataframe("all").get_batch(
                {"dataframe": frame.to_pandas(use_pyarrow_extension_array=True)}
            )
            wanted = suite(table)
            results = batch.validate(wanted, result_format="COMPLETE").results
            assert len(results) == len(wanted.expectations)
            assert not [each for each in results if raised(each.exception_info)]
            return {
                name_of(each.expectation_config): list(each.result["unexpected_index_list"])
                for each in results
                if not each.success
            }

        yield run


def sound(table: Table) -> dict[str, Any]:
    """A row that breaks nothing: columns of an ordered pair get their smallest value, and so are equal."""
    usual = {
        Kind.TEXT: "text",
        Kind.INTEGER: 1,
        Kind.NUMBER: 1.0,
        Kind.FLAG: True,
        Kind.DATE: date(2026, 3, 9),
        Kind.MOMENT: datetime(2026, 3, 20, tzinfo=UTC),
    }
    row = {}
    for column in table.columns:
        value = SAMPLES[column.pattern][0] if column.pattern else usual[column.kind]
        if column.minimum is not None:
            value = type(value)(column.minimum)
        row[column.name] = column.values[0] if column.values else value
    return row


def emptied(table: Table) -> dict[str, Any]:
    """A row that is sound, with nothing in every cell that may be empty."""
    return sound(table) | {column.name: None for column in table.columns if column.nullable}


def bad_rows(table: Table) -> list[Bad]:
    """For each thing that the table's definition says, rows that break it."""
    found = [bad for column in table.columns for bad in bad_values(column)]
    for low, high in (*table.ordered, *table.usual):
        pair = ("expect_column_pair_values_a_to_be_greater_than_b", high, low)
        found += [
            Bad(pair, {low: low_value, high: high_value}) for low_value, high_value in inverted(table[low])
        ]
    return found


def bad_values(column: Column) -> Iterator[Bad]:
    if column.values:
        for value in (column.values[0].upper(), "", "none of these"):
            yield Bad(("expect_column_values_to_be_in_set", column.name), {column.name: value})
    if column.usual:
        assert column.kind is Kind.FLAG
        for flag in {True, False} - set(column.usual):
            yield Bad(("expect_column_values_to_be_in_set", column.name), {column.name: flag})
    if column.pattern:
        for value in SAMPLES[column.pattern][1]:
            yield Bad(("expect_column_values_to_match_regex", column.name), {column.name: value})
    step = 1 if column.kind is Kind.INTEGER else 1e-9
    for bound, sign in ((column.minimum, -1), (column.maximum, 1)):
        if bound is not None:
            yield Bad(("expect_column_values_to_be_between", column.name), {column.name: bound + sign * step})


def inverted(column: Column) -> list[tuple[Any, Any]]:
    """Values of a pair that are the wrong way round, by as little as can be."""
    if column.kind is Kind.NUMBER:
        return [(0.5000000000000001, 0.5)]
    return [(2, 1), (2**53 + 1, 2**53), (2**62 + 1, 2**62)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_expectation_catches_the_row_that_breaks_it_and_no_sound_one(
    check: Callable[[Table, pl.DataFrame], Failed], table: Table
) -> None:
    good, bad = sound(table), bad_rows(table)
    rows = [good, *(good | each.values for each in bad), emptied(table)]
    found = check(table, pl.DataFrame(rows, schema=table.polars_schema(), orient="row"))
    for position, each in enumerate(bad, start=1):
        assert position in found.get(each.expectation, []), each
    from schemas.projections.suites import suite

    declared = [name_of(each.configuration) for each in suite(table).expectations]
    assert sorted(set(found)) == sorted(declared)
    fine = {0, len(rows) - 1}
    assert not any(fine.intersection(positions) for positions in found.values())
    for position, each in enumerate(bad, start=1):
        if each.expectation[0] != PAIR:
            broken = {name for name, positions in found.items() if name[0] != PAIR and position in positions}
            assert broken == {each.expectation}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_that_are_empty_throughout_pass_where_they_may_be(
    check: Callable[[Table, pl.DataFrame], Failed], table: Table
) -> None:
    assert check(table, pl.DataFrame([emptied(table)], schema=table.polars_schema(), orient="row")) == {}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_expectation_stops_a_release_but_those_of_what_is_only_unusual(
    check: Callable[[Table, pl.DataFrame], Failed], table: Table
) -> None:
    from schemas.projections.suites import suite

    expectations = suite(table).expectations
    assert suite(table).name == table.name
    warned = [name_of(each.configuration) for each in expectations if each.severity == "warning"]
    unusual = [("expect_column_values_to_be_in_set", each.name) for each in table.columns if each.usual]
    far = [("expect_column_pair_values_a_to_be_greater_than_b", high, low) for low, high in table.usual]
    assert warned == unusual + far
    assert {each.severity for each in expectations} - {"warning"} == {"critical"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_is_empty_and_must_not_be_is_found_before_the_suite(table: Table) -> None:
    schema, empty = table.polars_schema(), emptied(table)
    assert list(table.problems(pl.DataFrame([empty], schema=schema, orient="row"))) == []
    for column in table.columns:
        if not column.nullable:
            frame = pl.DataFrame([empty | {column.name: None}], schema=schema, orient="row")
            assert list(table.problems(frame)) == [f"row 1: {column.name} is empty"]


THREE = Table(
    name="three",
    doc="Three numbers.",
    key=("a",),
    ordered=(("a", "b"), ("b", "c")),
    columns=(
        Column("a", Kind.INTEGER, "Low.", minimum=0),
        Column("b", Kind.INTEGER, "Between.", nullable=True),
        Column("c", Kind.INTEGER, "High.", nullable=True, maximum=2**62),
        Column("share", Kind.NUMBER, "Part.", nullable=True, minimum=0, maximum=1),
        Column("at", Kind.MOMENT, "When."),
    ),
)


def test_positions_are_right_beside_empty_cells_and_huge_counts(
    check: Callable[[Table, pl.DataFrame], Failed],
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    numbers = [
        (0, None, None, None),
        (2**53, 2**53 + 1, 2**53 + 2, 1.0),
        (2**53 + 1, 2**53, None, 0.0),
        (1, None, 0, None),
        (1, 2**62, 2**62, float("nan")),
        (1, 1, 2**62 + 1, float("inf")),
        (-1, 0, -1, -0.0),
    ]
    rows = [(*each, start + n * timedelta(hours=1)) for n, each in enumerate(numbers)]
    found = check(THREE, pl.DataFrame(rows, schema=THREE.polars_schema(), orient="row"))
    assert found == {
        ("expect_column_values_to_be_between", "a"): [6],
        ("expect_column_values_to_be_between", "c"): [5],
        ("expect_column_values_to_be_between", "share"): [4, 5],
        (PAIR, "b", "a"): [2],
        (PAIR, "c", "b"): [6],
    }
