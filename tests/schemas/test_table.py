"""One definition of a table and what is projected from it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pyarrow as pa
import pytest

from schemas import TABLES
from schemas.reference import FILES
from schemas.table import DUCKDB, POLARS, Column, Kind, Table
from tests.support.frames import LARGEST

DESSERTS = Table(
    name="desserts",
    doc="What was served.",
    key=("served_on", "dish"),
    columns=(
        Column("dish", Kind.TEXT, "Which.", pattern=r"^\w+$", brief=True),
        Column("served_on", Kind.DATE, "When."),
        Column("portions", Kind.INTEGER, "How many.", minimum=0, nullable=True),
        Column("sweetness", Kind.NUMBER, "How sweet.", nullable=True),
        Column("vegan", Kind.FLAG, "Whether."),
        Column("written_at", Kind.MOMENT, "When it was noted."),
    ),
)
MAY = date(2026, 5, 1)
NOTED = datetime(2026, 5, 2, 3, 4, 5, 678901, tzinfo=UTC)
ROWS = [("cake", MAY, LARGEST, 0.5, False, NOTED), ("fig", MAY, None, None, True, NOTED)]


def desserts(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows or ROWS), schema=DESSERTS.polars_schema(), orient="row")


def problems(frame: pl.DataFrame) -> list[str]:
    return list(DESSERTS.problems(frame))


# What the project declares


@pytest.mark.parametrize("table", [*TABLES, *FILES], ids=lambda table: table.name)
def test_every_table_is_well_declared(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert {name for pair in table.ordered for name in pair} <= set(table.names)
    assert table.doc.endswith(".")
    for column in table.columns:
        assert column.doc[-1] in ".:", column.name
        bounded = column.minimum is not None or column.maximum is not None
        assert not bounded or column.kind in (Kind.INTEGER, Kind.NUMBER), column.name
        assert not (column.values or column.pattern) or column.kind is Kind.TEXT, column.name


PERHAPS_WITHOUT_DATA = {"claims"}
"""What was printed stands there though there be no data of its week."""


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_published_table_is_keyed_by_week_and_says_its_vintage(table: Table) -> None:
    assert table.key[0] == "week_start"
    assert not any(table[name].nullable for name in table.key)
    assert table["week_start"].kind is Kind.DATE
    assert table["as_of"].kind is Kind.MOMENT
    assert table["as_of"].nullable is (table.name in PERHAPS_WITHOUT_DATA)
    assert any(column.brief for column in table.columns)


def test_names_of_tables_are_unique() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES)


CHANGES = {"change", "difference", "from_reveals", "from_new_models", "from_free_variants", "from_rest"}
"""Tokens, or a part of them, that may be fewer than none."""
RATES = {
    "growth",
    "difference",
    "difference_ratio",
    "implied_yearly",
    "implied_weekly",
    "observed_weekly",
    "observed_yearly",
}
"""Fractions that may lie below none or above all."""


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_counts_are_whole_numbers_and_shares_are_within_one(table: Table) -> None:
    for column in table.columns:
        if column.unit in ("tokens", "rows", "models", "weeks") or (
            column.unit == "days" and column.name != "age_days"
        ):
            assert column.kind is Kind.INTEGER, column.name
            signed = column.unit == "tokens" and column.name in CHANGES
            assert column.minimum in ((None,) if signed else (0, 1)), column.name
        if column.unit == "fraction":
            limits = (None, None) if column.name in RATES else (0, 1)
            assert (column.kind, column.minimum, column.maximum) == (Kind.NUMBER, *limits), column.name
        if "share" in column.name:
            assert column.unit == "fraction", column.name


PROMISED = {
    "country_week": "week_start iso_year iso_week method knowledge country_code country_name tokens tokens_hi"
    " share share_lo share_hi rank rank_best rank_worst models days_observed grain depth status as_of tokens_lo",
    "country_lead_week": "week_start method knowledge leader runner_up lead_tokens lead_ratio lead_certain"
    " streak_weeks streak_certain_weeks streak_is_lower_bound crossover status as_of",
    "model_week": "week_start model_permaslug author variant organisation country_code attribution tokens"
    " share rank days_observed days_listed status as_of",
}


@pytest.mark.parametrize("name", PROMISED)
def test_columns_that_readers_rely_on_are_there_in_their_order(name: str) -> None:
    table = next(table for table in TABLES if table.name == name)
    promised = PROMISED[name].split()
    assert [column for column in table.names if column in promised] == promised


# Projections


def test_every_kind_has_a_type_in_every_engine() -> None:
    assert set(POLARS) == set(Kind)
    assert set(DUCKDB) == set(Kind)


def test_polars_schema() -> None:
    assert dict(DESSERTS.polars_schema()) == {
        "dish": pl.String(),
        "served_on": pl.Date(),
        "portions": pl.Int64(),
        "sweetness": pl.Float64(),
        "vegan": pl.Boolean(),
        "written_at": pl.Datetime("us", "UTC"),
    }


def test_arrow_schema() -> None:
    assert DESSERTS.arrow_schema() == pa.schema(
        [
            pa.field("dish", pa.string(), nullable=False),
            pa.field("served_on", pa.date32(), nullable=False),
            pa.field("portions", pa.int64()),
            pa.field("sweetness", pa.float64()),
            pa.field("vegan", pa.bool_(), nullable=False),
            pa.field("written_at", pa.timestamp("us", "UTC"), nullable=False),
        ]
    )


@pytest.mark.parametrize("table", [DESSERTS, *TABLES], ids=lambda table: table.name)
def test_both_schemas_are_of_the_same_columns(table: Table) -> None:
    arrow = table.arrow_schema()
    assert arrow.names == table.names == list(table.polars_schema())
    assert pl.from_arrow(arrow.empty_table()).schema == table.polars_schema()


def test_rows_go_through_arrow_unchanged() -> None:
    arrow = desserts().to_arrow().cast(DESSERTS.arrow_schema())
    assert pl.from_arrow(arrow).equals(desserts())


def test_a_column_is_found_by_its_name() -> None:
    assert DESSERTS["vegan"] is DESSERTS.columns[4]
    assert "vegan" in DESSERTS
    assert "taste" not in DESSERTS


# conform


def test_conform_puts_columns_types_and_rows_in_order() -> None:
    untidy = (
        desserts()
        .reverse()
        .select("vegan", "written_at", "sweetness", "served_on", "portions", "dish", extra=pl.lit("x"))
        .with_columns(pl.col("dish").cast(pl.Categorical), pl.col("portions").cast(pl.Int128))
        .with_columns(pl.col("written_at").dt.cast_time_unit("ns"))
    )
    for frame in (untidy, untidy.lazy()):
        found = DESSERTS.conform(frame)
        assert found.equals(desserts())
        assert problems(found) == []


def test_conform_orders_by_the_key() -> None:
    rows = [("b", MAY, 1), ("a", date(2026, 5, 2), 2), ("a", MAY, 3)]
    found = DESSERTS.conform(desserts(*((*row, 1.0, True, NOTED) for row in rows)))
    assert found["portions"].to_list() == [3, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        pl.lit(2**63).cast(pl.Int128).alias("portions"),
        pl.lit("many").alias("portions"),
        pl.lit("2026-02-30").alias("served_on"),
    ],
)
def test_conform_refuses_what_does_not_fit(change: pl.Expr) -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError):
        DESSERTS.conform(desserts().with_columns(change))


def test_conform_refuses_a_frame_that_lacks_a_column() -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        DESSERTS.conform(desserts().drop("vegan"))


# problems


def test_a_sound_frame_has_no_problems() -> None:
    assert problems(desserts()) == []
    assert problems(desserts().clear()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.drop("vegan"),
        lambda frame: frame.with_columns(extra=1),
        lambda frame: frame.select(reversed(frame.columns)),
        lambda frame: frame.rename({"vegan": "Vegan"}),
        lambda frame: frame.with_columns(pl.col("portions").cast(pl.Int32, strict=False)),
        lambda frame: frame.with_columns(pl.col("portions").cast(pl.Float64)),
        lambda frame: frame.with_columns(pl.col("written_at").dt.cast_time_unit("ms")),
        lambda frame: frame.with_columns(pl.col("written_at").dt.replace_time_zone(None)),
    ],
)
def test_another_structure_is_one_problem(change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    (problem,) = problems(change(desserts()))
    assert problem.startswith("columns are ")


@pytest.mark.parametrize("name", ["vegan", "written_at", "dish", "served_on"])
@pytest.mark.parametrize("row", [0, 1])
def test_an_empty_cell_is_named_by_row_and_column(name: str, row: int) -> None:
    empty = pl.when(pl.int_range(pl.len()) != row).then(name).alias(name)
    assert f"row {row + 1}: {name} is empty" in problems(desserts().with_columns(empty))


def test_columns_that_may_be_empty_are_no_problem() -> None:
    assert problems(desserts().with_columns(pl.lit(None, pl.Int64).alias("portions"))) == []


def test_a_key_that_is_there_twice_is_named() -> None:
    cake, fig = ROWS
    (problem,) = problems(desserts(cake, fig, fig))
    assert problem.startswith("row 2: key (")
    assert "'fig'" in problem
    assert "is there twice" in problem


def test_the_same_dish_on_another_day_is_another_key() -> None:
    assert problems(desserts(ROWS[0], ("cake", date(2026, 5, 2), 1, 1.0, True, NOTED))) == []


def test_rows_out_of_order_are_a_problem() -> None:
    (problem,) = problems(desserts(*reversed(ROWS)))
    assert problem == "rows are not in the order of served_on, dish"


def test_every_problem_is_told() -> None:
    cake, fig = ROWS
    wrong = desserts(fig, cake, fig).with_columns(pl.lit(None, pl.Boolean).alias("vegan"))
    empty, repeated, order = problems(wrong)
    assert empty == "row 1: vegan is empty"
    assert repeated.startswith("row 1: key (")
    assert "'fig'" in repeated
    assert order.startswith("rows are not in the order")


def test_a_definition_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        DESSERTS.name = "other"  # type: ignore[misc]
    assert replace(DESSERTS, name="other").name == "other"
