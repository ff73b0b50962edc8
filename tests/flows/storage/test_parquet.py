"""Frames to Parquet and back: exact values, equal bytes for equal rows, and what the footer says."""

import io
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.storage.parquet import decode, encode
from schemas import TABLES, Table
from schemas.table import Kind

BEYOND_FLOAT = 2**53 + 1

VALUES: dict[Kind, list[Any]] = {
    Kind.TEXT: ["a/b:free", "Ωmega"],
    Kind.INTEGER: [BEYOND_FLOAT, 2**63 - 1],
    Kind.NUMBER: [0.1, 1.0],
    Kind.FLAG: [True, False],
    Kind.DATE: [date(2024, 12, 30), date(2026, 7, 6)],
    Kind.MOMENT: [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 19, 0, 5, 16, 123_000, tzinfo=UTC)],
}


def two_rows(table: Table) -> pl.DataFrame:
    """Two rows; in the second, every column that may be empty is."""
    columns = {
        column.name: [VALUES[column.kind][0], None if column.nullable else VALUES[column.kind][1]]
        for column in table.columns
    }
    return pl.DataFrame(columns, schema=table.polars_schema())


every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@every_table
def test_rows_come_back_as_they_were(table: Table) -> None:
    frame = two_rows(table)
    back = decode(encode(table, frame, {"citation": "a line"}))
    assert back.schema == table.polars_schema()
    assert back.equals(frame)


@every_table
def test_no_rows_keep_their_columns_and_types(table: Table) -> None:
    frame = table.polars_schema().to_frame()
    assert decode(encode(table, frame, {})).schema == table.polars_schema()


@every_table
def test_the_file_has_the_table_s_arrow_schema(table: Table) -> None:
    found = pq.read_schema(pa.BufferReader(encode(table, two_rows(table), {"citation": "a line"})))
    assert found.equals(table.arrow_schema())
    assert found.metadata == {b"citation": b"a line"}


@every_table
def test_every_column_is_compressed_with_zstd_and_has_statistics(table: Table) -> None:
    footer = pq.ParquetFile(io.BytesIO(encode(table, two_rows(table), {}))).metadata
    group = footer.row_group(0)
    columns = [group.column(position) for position in range(group.num_columns)]
    assert [column.path_in_schema for column in columns] == table.names
    assert {column.compression for column in columns} == {"ZSTD"}
    assert all(column.is_stats_set and column.statistics.has_min_max for column in columns)
    nullable = [column.statistics.null_count for column in columns]
    assert nullable == [int(column.nullable) for column in table.columns]


@every_table
def test_equal_rows_and_metadata_give_equal_bytes(table: Table) -> None:
    # Built anew in several chunks, since how rows lie in memory must not show.
    frame = two_rows(table)
    pieces = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert encode(table, frame, {"a": "1", "b": "2"}) == encode(table, pieces, {"a": "1", "b": "2"})


def test_other_rows_or_metadata_give_other_bytes() -> None:
    table = TABLES[0]
    frame = two_rows(table)
    made = {
        encode(table, frame, {"as_of": "1"}),
        encode(table, frame, {"as_of": "2"}),
        encode(table, frame[:1], {"as_of": "1"}),
        encode(table, frame[::-1], {"as_of": "1"}),
    }
    assert len(made) == 4


def test_a_null_where_none_may_be_is_refused() -> None:
    table = next(table for table in TABLES if table.name == "country_week")
    frame = two_rows(table).with_columns(tokens=pl.lit(None, pl.Int64))
    with pytest.raises((pa.ArrowInvalid, ValueError)):
        encode(table, frame, {})


@every_table
def test_counts_are_exact_for_another_reader(table: Table) -> None:
    found = pq.read_table(pa.BufferReader(encode(table, two_rows(table), {})))
    counts = [column.name for column in table.columns if column.kind is Kind.INTEGER]
    assert all(found.column(name)[0].as_py() == BEYOND_FLOAT for name in counts)
    assert all(pa.types.is_int64(found.schema.field(name).type) for name in counts)
