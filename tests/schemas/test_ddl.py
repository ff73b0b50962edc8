"""What other warehouses are given: as new as the definitions, and SQL to each one's own parser."""

import runpy
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from schemas import TABLES
from schemas.projections.ddl import SOURCE, WAREHOUSES, Warehouse

INFRA = Path(__file__).resolve().parents[2] / "infra"

LOADS_THAT_SQLGLOT_DOES_NOT_KNOW = ("LOAD DATA", "COPY INTO")


def test_the_files_are_what_the_definitions_make() -> None:
    files = runpy.run_path(str(INFRA / "generate.py"))["files"]()
    assert {path.name for path in (INFRA / "warehouse").iterdir()} == {path.name for path in files}
    stale = [path.name for path, content in files.items() if path.read_text() != content]
    assert stale == [], "make generate"


def test_the_list_of_tables_in_the_readme_is_that_of_the_definitions() -> None:
    made = runpy.run_path(str(INFRA / "generate.py"))
    assert made["README"].read_text() == made["readme"](), "make generate"
    assert all(table.summary for table in TABLES)


@pytest.mark.parametrize("engine", WAREHOUSES, ids=lambda engine: engine.name)
def test_every_statement_is_the_engine_s_sql(engine: Warehouse) -> None:
    statements = [
        each for each in sqlglot.parse(engine.script(TABLES), dialect=engine.name) if each is not None
    ]
    opaque = [each for each in statements if isinstance(each, exp.Command)]
    for each in opaque:
        assert each.sql().lstrip().upper().startswith(LOADS_THAT_SQLGLOT_DOES_NOT_KNOW), each.sql()[:80]
    made = [each for each in statements if isinstance(each, exp.Create)]
    assert [each.find(exp.Table).name for each in made] == [table.name for table in TABLES]
    for each, table in zip(made, TABLES, strict=True):
        defined = [column.name for column in each.this.find_all(exp.ColumnDef)]
        assert defined[: len(table.names)] == list(table.names)


@pytest.mark.parametrize("engine", WAREHOUSES, ids=lambda engine: engine.name)
def test_every_file_names_the_source_and_loads_every_table(engine: Warehouse) -> None:
    script = engine.script(TABLES)
    assert SOURCE in script
    for table in TABLES:
        assert f"LAKE/latest/{table.name}/" in script
