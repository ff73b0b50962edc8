"""Rows of a table as a person or a program takes them: terminal, CSV, JSON, Parquet."""

import io
import json
from datetime import datetime
from typing import Literal

import polars as pl

from flows.sanitize import safe
from schemas.table import Column, Kind, Table

Format = Literal["table", "csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = ("table", "csv", "json", "parquet")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet would reckon out, as OWASP lists it."""

_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"))


def render(
    table: Table,
    rows: pl.DataFrame,
    form: Format,
    metadata: dict[str, str],
    width: int,
    cited: bool = False,
) -> bytes:
    """The rows in one form. CSV, JSON and Parquet have every column; the terminal the brief ones.

    JSON and Parquet have every value exactly. CSV is opened in spreadsheets, where a text such as `=1+1` would
    be a formula: there a text that begins with one of `_FORMULA` stands behind an apostrophe, and a character
    that cannot be seen is written as its code, as on a terminal (`flows.sanitize.safe`). Numbers, also negative
    ones, stay as they are.

    metadata goes into a Parquet file's footer; cited: into CSV as lines that begin with `#`, and into JSON as an
    object that has the rows in it. width: the terminal's, in characters.
    """
    match form:
        case "table":
            return _terminal(table, rows, width).encode()
        case "csv":
            head = "".join(f"# {name}: {safe(text)}\n" for name, text in metadata.items()) if cited else ""
            return (head + _no_formulas(table, _texts(table, rows)).write_csv()).encode()
        case "json":
            listed = _texts(table, rows).to_dicts()
            content = {**metadata, "rows": listed} if cited else listed
            return (json.dumps(content, indent=1, default=str) + "\n").encode()
        case "parquet":
            from flows.storage.parquet import encode

            return encode(table, rows, metadata)


def claims_text(rows: pl.DataFrame) -> str:
    """Each claim on a line with its verdict and our figure, and below it what to know of it beside that."""
    head = ("claim", "printed", "verdict", "knowledge", "ours", "difference")
    line = "{:<34} {:>8}  {:<29}{:<10}{:>8}{:>12}"
    lines = [line.format(*head)]
    for row in rows.iter_rows(named=True):
        off = "-" if row["difference"] is None else f"{row['difference']:+.2%}"
        printed, ours = figure(row["tokens_printed"]), figure(row["tokens"])
        claim, verdict = safe(row["claim"]), safe(row["verdict"])
        lines.append(line.format(claim, printed, verdict, row["knowledge"] or "-", ours, off))
        lines += [f"    {safe(row[name])}" for name in ("remark", "explanation") if row[name]]
    return "\n".join(lines) + "\n"


def figure(tokens: int | None) -> str:
    """Tokens as the press prints them: 4.688T."""
    if tokens is None:
        return "-"
    for scale, letter in _SCALES:
        if abs(tokens) >= scale:
            return f"{tokens / scale:,.3f}{letter}"
    return f"{tokens:,}"


def _texts(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Moments as ISO 8601 texts in UTC, to the millisecond that the source gives."""
    moments = [column.name for column in table.columns if column.kind is Kind.MOMENT]
    return rows.with_columns(pl.col(moments).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))


def _no_formulas(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Texts that a spreadsheet shows and does not reckon out."""
    for name in (column.name for column in table.columns if column.kind is Kind.TEXT):
        texts = rows[name].drop_nulls().unique()
        if changed := {text: shown for text in texts if (shown := _no_formula(text)) != text}:
            rows = rows.with_columns(pl.col(name).replace(changed))
    return rows


def _no_formula(text: str) -> str:
    return ("'" if text.startswith(_FORMULA) else "") + safe(text)


def _terminal(table: Table, rows: pl.DataFrame, width: int) -> str:
    from rich.console import Console
    from rich.table import Table as Grid

    columns = [column for column in table.columns if column.brief]
    grid = Grid(box=None, pad_edge=False, header_style="", collapse_padding=True)
    for column in columns:
        number = column.kind in (Kind.INTEGER, Kind.NUMBER)
        grid.add_column(column.name, justify="right" if number else "left", overflow="fold")
    for row in _largest_first(table, rows).select(column.name for column in columns).iter_rows():
        grid.add_row(*(_cell(value, column) for value, column in zip(row, columns, strict=True)))
    sink = io.StringIO()
    Console(file=sink, width=width, markup=False, highlight=False).print(grid)
    return "\n".join(line.rstrip() for line in sink.getvalue().splitlines()) + "\n"


def _largest_first(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """In the order of the key but for its last column, and then the largest first."""
    if "tokens" not in table:
        return rows
    order = [*table.key[:-1], "tokens"]
    return rows.sort(order, descending=[name == "tokens" for name in order], maintain_order=True)


def _cell(value: object, column: Column) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.unit == "tokens" and isinstance(value, int):
        return figure(value)
    if column.unit == "fraction" and isinstance(value, float):
        return f"{value:.1%}" if column.minimum == 0 else f"{value:+.2%}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:.3f}" if isinstance(value, float) else safe(str(value))
