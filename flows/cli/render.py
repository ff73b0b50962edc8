"""Rows of a table as a person or a program takes them: terminal, CSV, JSON, Parquet."""

import io
import json
import textwrap
from datetime import datetime
from typing import Any, Literal

import polars as pl

from flows.sanitize import safe
from schemas.table import Column, Kind, Table

Format = Literal["table", "csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = ("table", "csv", "json", "parquet")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet would reckon out, as OWASP lists it."""

CLAIMS_WIDTH = 80
"""Characters of the longest line that `claims_text` makes."""

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
    """Each claim with our figure on a line, and below it the verdict, who printed it, where, and what else to know.

    No line is longer than `CLAIMS_WIDTH`.
    """
    line = "{:<40} {:>9} {:>9} {:>10}  {}"
    lines = [line.format("claim", "printed", "ours", "difference", "known")]
    for row in rows.iter_rows(named=True):
        off = "-" if row["difference"] is None else f"{row['difference']:+.2%}"
        claim, *more = _folded(row["claim"], 40)
        figures = (_claimed(row, "tokens_printed", "value_printed"), _claimed(row, "tokens", "value"))
        lines += [line.format(claim, *figures, off, row["knowledge"] or "-")]
        lines += [f"    {part}" for part in more]
        told = (_verdict(row), _printed_by(row), row["remark"], row["explanation"])
        for text in filter(None, told):
            lines += [f"    {part}" for part in _folded(text, CLAIMS_WIDTH - 4)]
    return "\n".join(lines) + "\n"


def _verdict(row: dict[str, Any]) -> str:
    """A claim's verdict with the method that fits it, or comes closest."""
    verdict, method = str(row["verdict"]), row["method"]
    if method is None or " under " in verdict or verdict.startswith("true for "):
        return verdict
    return (
        f"{verdict}; closest under {method}" if verdict == "not reproduced" else f"{verdict} under {method}"
    )


def _printed_by(row: dict[str, Any]) -> str:
    """Who printed a claim, when and where; where no link or no week was printed, that."""
    outlet = ", ".join(filter(None, (row["outlet"], row["published"])))
    linked = row["source"].startswith(("http://", "https://"))
    place = row["source"] if linked else "no link was printed"
    week = "" if row["basis"] in ("stated", "derived") else "; no week was printed"
    return f"{outlet}: {place}{week}" if outlet else f"{place}{week}"


def _claimed(row: dict[str, Any], tokens: str, value: str) -> str:
    """A claim's figure in its own unit."""
    if row[value] is None:
        return figure(row[tokens])
    unit = {"share": "%", "ratio": "x", "streak": " wk", "spend": "%"}.get(row["metric"], "")
    return f"{row[value]:,.4g}{unit}"


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(safe(text), width, break_on_hyphens=False) or [""]


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
