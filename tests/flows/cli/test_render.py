"""Rows in each form: exact where a program reads them, legible where a person does."""

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from flows.cli.render import figure, render
from schemas import COUNTRY_LEAD_WEEK, COUNTRY_WEEK, MODEL_WEEK, TABLES, Table
from schemas.table import Kind

EXACT = 2**53 + 1
MOMENT = datetime(2026, 7, 19, 0, 5, 16, 123_456, tzinfo=UTC)

FULL: dict[Kind, Any] = {
    Kind.TEXT: 'one, "two"',
    Kind.INTEGER: EXACT,
    Kind.NUMBER: 0.1,
    Kind.FLAG: True,
    Kind.DATE: date(2026, 7, 6),
    Kind.MOMENT: MOMENT,
}
LONGEST = {
    "model_permaslug": "some-rather-long-author/some-rather-long-model-name-preview-20260706:free",
    "country_name": "Bosnia and Herzegovina",
    "capture": "ab" * 32,
}


def rows(table: Table) -> pl.DataFrame:
    """A full row, and one in which every column that may be empty is."""
    columns = {column.name: [FULL[column.kind], FULL[column.kind]] for column in table.columns}
    for column in table.columns:
        if column.values:
            columns[column.name] = [max(column.values, key=len)] * 2
        if column.pattern == r"^[A-Z]{2}$":
            columns[column.name] = ["CN", "ZZ"]
        if column.name in LONGEST:
            columns[column.name] = [LONGEST[column.name]] * 2
        if column.nullable:
            columns[column.name][1] = None
    return pl.DataFrame(columns, schema=table.polars_schema())


every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@every_table
def test_json_is_a_list_of_objects_with_the_table_s_columns(table: Table) -> None:
    full, sparse = json.loads(render(table, rows(table), "json", {}, 80))
    assert list(full) == list(sparse) == table.names
    for column in table.columns:
        value = full[column.name]
        match column.kind:
            case Kind.INTEGER:
                assert (type(value), value) == (int, EXACT)
            case Kind.NUMBER:
                assert (type(value), value) == (float, 0.1)
            case Kind.FLAG:
                assert value is True
            case Kind.DATE:
                assert value == "2026-07-06"
            case Kind.MOMENT:
                assert value == "2026-07-19T00:05:16.123Z"
            case Kind.TEXT:
                assert isinstance(value, str)
        assert (sparse[column.name] is None) == column.nullable


@every_table
def test_csv_has_a_header_and_exact_values(table: Table) -> None:
    text = render(table, rows(table), "csv", {}, 80)
    header, *_ = text.decode().splitlines()
    assert header == ",".join(table.names)
    back = pl.read_csv(io.BytesIO(text), infer_schema=False)
    assert back.height == 2
    for column in table.columns:
        if column.kind is Kind.INTEGER:
            assert back[column.name][0] == str(EXACT)
        if column.kind is Kind.DATE:
            assert back[column.name][0] == "2026-07-06"
        if column.kind is Kind.MOMENT:
            assert back[column.name][0] == "2026-07-19T00:05:16.123Z"
        if column.kind is Kind.TEXT:
            assert back[column.name][0] == rows(table)[column.name][0]
        assert (back[column.name][1] is None) == column.nullable


CITED = {"table": "country_week", "citation": "Source: somebody, as of\n2026", "caveat": "a caveat"}


@every_table
def test_csv_begins_with_what_goes_with_it_where_that_is_asked_for(table: Table) -> None:
    plain, cited = (render(table, rows(table), "csv", CITED, 80, each).decode() for each in (False, True))
    head = "# table: country_week\n# citation: Source: somebody, as of\\n2026\n# caveat: a caveat\n"
    assert cited == head + plain
    assert pl.read_csv(io.BytesIO(cited.encode()), comment_prefix="#").columns == table.names


def test_json_has_what_goes_with_it_beside_its_rows_where_that_is_asked_for() -> None:
    plain, cited = (
        json.loads(render(COUNTRY_WEEK, rows(COUNTRY_WEEK), "json", CITED, 80, each))
        for each in (False, True)
    )
    assert cited == {**CITED, "rows": plain}


@every_table
def test_parquet_has_the_table_s_schema_and_what_goes_with_it(table: Table) -> None:
    data = render(table, rows(table), "parquet", {"citation": "a line"}, 80)
    file = pq.ParquetFile(io.BytesIO(data))
    assert file.schema_arrow.equals(table.arrow_schema())
    assert file.metadata.metadata[b"citation"] == b"a line"
    assert pl.read_parquet(io.BytesIO(data)).equals(rows(table))


@every_table
@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_terminal_s_width_is_kept_and_nothing_is_cut_off(table: Table, width: int) -> None:
    text = render(table, rows(table), "table", {}, width).decode()
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert text.endswith("\n")
    # A cell that is too wide goes on below itself, so its characters are all there.
    printed = "".join(text.split())
    for column in table.columns:
        if column.brief:
            assert set(column.name) <= set(printed)


def of_a_week(table: Table, status: str) -> pl.DataFrame:
    """A row of usual figures."""
    tokens = [column.name for column in table.columns if column.unit == "tokens"]
    return rows(table)[:1].with_columns(
        pl.lit(status).alias("status"),
        pl.col(tokens).mul(0).add(268_263_000_000),
        *(
            pl.col(column.name).mul(0).add(7)
            for column in table.columns
            if column.kind is Kind.INTEGER and column.unit != "tokens"
        ),
    )


@pytest.mark.parametrize(
    ("table", "status"),
    [
        pytest.param(COUNTRY_WEEK, "settled", id="country_week settled"),
        pytest.param(COUNTRY_WEEK, "provisional", id="country_week provisional"),
        pytest.param(COUNTRY_LEAD_WEEK, "settled", id="country_lead_week settled"),
        pytest.param(COUNTRY_LEAD_WEEK, "provisional", id="country_lead_week provisional"),
    ],
)
def test_a_country_table_fits_100_columns_without_a_break(table: Table, status: str) -> None:
    header, *lines = render(table, of_a_week(table, status), "table", {}, 100).decode().splitlines()
    assert header.split() == [column.name for column in table.columns if column.brief]
    assert [line.split()[-1] for line in lines] == [status]


def test_the_terminal_shows_figures_as_the_press_prints_them() -> None:
    frame = rows(COUNTRY_WEEK)[:1].with_columns(
        tokens=4_688_123_456_789, share=0.645, share_lo=0.5, share_hi=1.0, rank=1
    )
    frame = frame.with_columns(pl.col("tokens", "rank").cast(pl.Int64))
    _, line = render(COUNTRY_WEEK, frame, "table", {}, 120).decode().splitlines()
    assert line.split() == [
        "2026-07-06",
        "author_chart",
        "then",
        "CN",
        "4.688T",
        "64.5%",
        "50.0%",
        "100.0%",
        "1",
        "provisional",
    ]


def test_the_terminal_lists_the_largest_first_within_each_group() -> None:
    frame = pl.concat([rows(MODEL_WEEK)[:1]] * 4).with_columns(
        model_permaslug=pl.Series(["a/a", "b/b", "c/c", "d/d"]),
        week_start=pl.Series([date(2026, 7, 6)] * 3 + [date(2026, 7, 13)]),
        tokens=pl.Series([5, 50, 20, 99]),
    )
    lines = render(MODEL_WEEK, frame, "table", {}, 120).decode().splitlines()[1:]
    assert [line.split()[1] for line in lines] == ["b/b", "c/c", "a/a", "d/d"]


def test_a_program_gets_the_rows_in_the_order_that_they_have() -> None:
    frame = pl.concat([rows(MODEL_WEEK)[:1]] * 2).with_columns(
        model_permaslug=pl.Series(["a/a", "b/b"]), tokens=pl.Series([5, 50])
    )
    listed = json.loads(render(MODEL_WEEK, frame, "json", {}, 80))
    assert [row["model_permaslug"] for row in listed] == ["a/a", "b/b"]


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (None, "-"),
        (0, "0"),
        (999_999, "999,999"),
        (1_000_000, "1.000M"),
        (89_312_000_000, "89.312B"),
        (4_688_123_456_789, "4.688T"),
        (1_234_567_000_000_000, "1,234.567T"),
    ],
)
def test_figures(tokens: int | None, text: str) -> None:
    assert figure(tokens) == text


def test_markup_in_a_name_is_printed_as_it_stands() -> None:
    frame = rows(MODEL_WEEK)[:1].with_columns(model_permaslug=pl.lit("a/[bold]b[/bold]"))
    assert "a/[bold]b[/bold]" in render(MODEL_WEEK, frame, "table", {}, 120).decode()
