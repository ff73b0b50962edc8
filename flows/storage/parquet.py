"""Frames to Parquet bytes and back. Equal rows and metadata give equal bytes."""

import io

import polars as pl
import pyarrow.parquet as pq

from schemas.table import Table


def encode(table: Table, frame: pl.DataFrame, metadata: dict[str, str]) -> bytes:
    """The rows, in the table's columns and order, as one Parquet file with the metadata in its footer."""
    schema = table.arrow_schema().with_metadata(metadata)
    sink = io.BytesIO()
    pq.write_table(
        frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema),
        sink,
        compression="zstd",
        write_statistics=True,
        store_schema=True,
    )
    return sink.getvalue()


def decode(data: bytes) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(data), use_pyarrow=False)
