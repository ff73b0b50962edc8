"""One definition of a table, from which every other description of it is projected.

A `Table` gives its Polars schema, its Arrow schema, its warehouse columns and, in `schemas.projections.suites`,
its Great Expectations suite. Nothing else in the project lists a table's columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa


class Kind(Enum):
    """What a column holds. Every engine's type is a projection of it."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    MOMENT = "moment"


POLARS: dict[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.INTEGER: pl.Int64(),
    Kind.NUMBER: pl.Float64(),
    Kind.FLAG: pl.Boolean(),
    Kind.DATE: pl.Date(),
    Kind.MOMENT: pl.Datetime("us", "UTC"),
}

DUCKDB: dict[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.FLAG: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.MOMENT: "TIMESTAMP WITH TIME ZONE",
}

POSTGRES: dict[Kind, str] = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "double precision",
    Kind.FLAG: "boolean",
    Kind.DATE: "date",
    Kind.MOMENT: "timestamp with time zone",
}


@dataclass(frozen=True)
class Column:
    """One column: what it means, its unit, and what a value of it may be.

    `usual`: the values that raise no warning; another is published all the same.
    `brief` columns are the ones that a terminal shows; every other output has all of them.
    """

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    usual: tuple[bool, ...] = ()
    brief: bool = False


@dataclass(frozen=True)
class Table:
    """A table: its columns in order, the key that makes a row unique and orders the rows.

    `ordered` lists pairs (low, high) of columns with low <= high in every row where both have a value.
    `usual` lists such pairs that raise a warning where they are not in order; the row is published all the same.
    `summary`: what it is about in a few words, for lists of tables.
    `every_vintage`: its rows rest on every vintage of a week, not only on the newest.
    `all_weeks`: it is made of all weeks together, and not of a week at a time.
    `may_be_empty`: a lake of a few weeks may have no row of it.
    `version` rises when a reader of the old columns would break or be misled.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    summary: str = ""
    every_vintage: bool = False
    all_weeks: bool = False
    may_be_empty: bool = False
    ordered: tuple[tuple[str, str], ...] = ()
    usual: tuple[tuple[str, str], ...] = ()
    version: int = 1

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def polars_schema(self) -> pl.Schema:
        return pl.Schema({column.name: POLARS[column.kind] for column in self.columns})

    def arrow_schema(self) -> pa.Schema:
        import pyarrow as pa

        types = {
            Kind.TEXT: pa.string(),
            Kind.INTEGER: pa.int64(),
            Kind.NUMBER: pa.float64(),
            Kind.FLAG: pa.bool_(),
            Kind.DATE: pa.date32(),
            Kind.MOMENT: pa.timestamp("us", "UTC"),
        }
        return pa.schema(
            pa.field(column.name, types[column.kind], nullable=column.nullable) for column in self.columns
        )

    def ddl(self, types: dict[Kind, str], schema: str = "") -> str:
        """The table's definition as an engine with these types takes it."""
        columns = [
            f"{column.name} {types[column.kind]}{'' if column.nullable else ' NOT NULL'}"
            for column in self.columns
        ]
        name = schema and f"{schema}."
        return f"CREATE TABLE {name}{self.name} ({', '.join(columns)}, PRIMARY KEY ({', '.join(self.key)}))"

    def conform(self, frame: pl.LazyFrame | pl.DataFrame) -> pl.DataFrame:
        """The frame with exactly this table's columns, types and row order.

        Casts are strict: a number out of its column's range raises a Polars error.
        """
        return (
            frame.lazy()
            .select(pl.col(name).cast(dtype) for name, dtype in self.polars_schema().items())
            .sort(self.key)
            .collect()
        )

    def problems(self, frame: pl.DataFrame) -> Iterator[str]:
        """What is wrong with the frame's columns, types, nulls, keys and row order; nothing if sound."""
        if frame.schema != self.polars_schema():
            yield f"columns are {dict(frame.schema)}, not {dict(self.polars_schema())}"
            return
        for column in self.columns:
            empty = frame[column.name].is_null()
            if not column.nullable and empty.any():
                yield f"row {_first(empty)}: {column.name} is empty"
        repeated = frame.select(self.key).is_duplicated()
        if repeated.any():
            position = _first(repeated)
            yield f"row {position}: key {frame.select(self.key).row(position - 1)} is there twice"
        if not frame.select(self.key).equals(frame.select(self.key).sort(self.key)):
            yield f"rows are not in the order of {', '.join(self.key)}"


def _first(flags: pl.Series) -> int:
    """The position, counted from 1, of the first true value."""
    return (flags.arg_max() or 0) + 1


def about(column: Column) -> str:
    """What a column means, and its unit."""
    return column.doc + (f" Unit: {column.unit}." if column.unit else "")
