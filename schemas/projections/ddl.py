"""Table -> SQL for the warehouses that load the lake's Parquet files by themselves: tables, and their load.

What is loaded is `latest/`, one object a partition. Each load replaces a table's rows as a whole, in one statement
or one transaction where the engine has them. `LAKE` stands for the lake's place, as the file's head says.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schemas.licence import CAVEAT, attribution_line
from schemas.projections.sql import SCHEMA, escaped, text
from schemas.table import Column, Kind, Table, about

SOURCE = attribution_line("each row's as_of") + f" {CAVEAT}"


@dataclass(frozen=True)
class Warehouse:
    """How one engine writes a table's definition and its load.

    lake: what to put for `LAKE`. types: what each kind is there. table, load: the statements for one table.
    """

    name: str
    lake: str
    types: dict[Kind, str]
    table: Callable[["Warehouse", Table], str]
    load: Callable[["Warehouse", Table], str]

    def script(self, tables: tuple[Table, ...]) -> str:
        """Everything for one engine, as a file."""
        head = [
            f"-- {self.name}: the published tables and their load. Made from the definitions in schemas/: do not edit.",
            f"-- Put for LAKE: {self.lake}",
            f"-- {SOURCE}",
        ]
        made = [part for table in tables for part in ("", self.table(self, table), self.load(self, table))]
        return "\n".join([*head, *made]) + "\n"

    def type(self, column: Column) -> str:
        return self.types[column.kind]


def of_table(table: Table) -> str:
    """What a table's rows are, and the line that has to stand beside them."""
    return f"{table.doc} {SOURCE}"


def _types(integer: str, number: str, flag: str, moment: str, words: str) -> dict[Kind, str]:
    return {
        Kind.TEXT: words,
        Kind.INTEGER: integer,
        Kind.NUMBER: number,
        Kind.FLAG: flag,
        Kind.DATE: "DATE",
        Kind.MOMENT: moment,
    }


def _columns(lines: Iterator[str]) -> str:
    return ",\n".join(f"  {line}" for line in lines)


def _required(column: Column) -> str:
    return "" if column.nullable else " NOT NULL"


def _bigquery(engine: Warehouse, table: Table) -> str:
    columns = _columns(
        f"{each.name} {engine.type(each)}{_required(each)} OPTIONS (description={_json(about(each))})"
        for each in table.columns
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table.name} (\n{columns}\n)\n"
        f"PARTITION BY week_start\nOPTIONS (description={_json(of_table(table))});"
    )


def _json(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bigquery_load(_: Warehouse, table: Table) -> str:
    return (
        f"LOAD DATA OVERWRITE {SCHEMA}.{table.name}\n"
        f"FROM FILES (format = 'PARQUET', uris = ['LAKE/latest/{table.name}/*']);"
    )


def _commented(engine: Warehouse, table: Table, quoted: Callable[[str], str]) -> str:
    """A table as Snowflake and Databricks write it, but for its end."""
    columns = _columns(
        f"{each.name} {engine.type(each)}{_required(each)} COMMENT {quoted(about(each))}"
        for each in table.columns
    )
    return f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table.name} (\n{columns}\n)"


def _snowflake(engine: Warehouse, table: Table) -> str:
    return f"{_commented(engine, table, text)}\nCOMMENT = {text(of_table(table))};"


def _snowflake_load(_: Warehouse, table: Table) -> str:
    return (
        f"BEGIN;\nDELETE FROM {SCHEMA}.{table.name};\n"
        f"COPY INTO {SCHEMA}.{table.name} FROM LAKE/latest/{table.name}/\n"
        f"FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;\nCOMMIT;"
    )


def _databricks(engine: Warehouse, table: Table) -> str:
    return f"{_commented(engine, table, escaped)}\nUSING DELTA\nCOMMENT {escaped(of_table(table))};"


def _databricks_load(_: Warehouse, table: Table) -> str:
    return (
        f"INSERT OVERWRITE {SCHEMA}.{table.name}\n"
        f"SELECT {', '.join(table.names)} FROM parquet.`LAKE/latest/{table.name}/`;"
    )


def _athena(engine: Warehouse, table: Table) -> str:
    columns = _columns(
        f"{each.name} {engine.type(each)} COMMENT {escaped(about(each))}" for each in table.columns
    )
    place = f"LAKE/latest/{table.name}/"
    projection = {
        "projection.enabled": "true",
        "projection.week.type": "date",
        "projection.week.format": "yyyy-MM-dd",
        "projection.week.range": "2024-12-30,NOW",
        "projection.week.interval": "7",
        "projection.week.interval.unit": "DAYS",
        "storage.location.template": f"{place}week=${{week}}/",
    }
    properties = _columns(f"'{name}' = '{value}'" for name, value in projection.items())
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {SCHEMA}.{table.name} (\n{columns}\n)\n"
        f"COMMENT {escaped(of_table(table))}\nPARTITIONED BY (week STRING)\nSTORED AS PARQUET\n"
        f"LOCATION '{place}'\nTBLPROPERTIES (\n{properties}\n);"
    )


def _redshift(engine: Warehouse, table: Table) -> str:
    columns = _columns(f"{each.name} {engine.type(each)}" for each in table.columns)
    return (
        f"-- {of_table(table)}\nCREATE EXTERNAL TABLE {SCHEMA}.{table.name} (\n{columns}\n)\n"
        f"STORED AS PARQUET\nLOCATION 'LAKE/latest/{table.name}/';"
    )


def _in_place(_: Warehouse, table: Table) -> str:
    return f"-- {table.name} is read where it is: there is nothing to load."


def _clickhouse(engine: Warehouse, table: Table) -> str:
    columns = _columns(
        f"{each.name} {f'Nullable({engine.type(each)})' if each.nullable else engine.type(each)} "
        f"COMMENT {text(about(each))}"
        for each in table.columns
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table.name} (\n{columns}\n)\nENGINE = MergeTree\n"
        f"ORDER BY ({', '.join(table.key)})\nCOMMENT {text(of_table(table))};"
    )


def _clickhouse_load(_: Warehouse, table: Table) -> str:
    return (
        f"TRUNCATE TABLE {SCHEMA}.{table.name};\n"
        f"INSERT INTO {SCHEMA}.{table.name} SELECT {', '.join(table.names)}\n"
        f"FROM s3('LAKE/latest/{table.name}/**.parquet', 'Parquet');"
    )


WAREHOUSES: tuple[Warehouse, ...] = (
    Warehouse(
        "bigquery",
        "gs://bucket/prefix, where the lake was copied to",
        _types("INT64", "FLOAT64", "BOOL", "TIMESTAMP", "STRING"),
        _bigquery,
        _bigquery_load,
    ),
    Warehouse(
        "snowflake",
        "@stage, a stage over s3://bucket/prefix",
        _types("NUMBER(19, 0)", "FLOAT", "BOOLEAN", "TIMESTAMP_TZ", "VARCHAR"),
        _snowflake,
        _snowflake_load,
    ),
    Warehouse(
        "redshift",
        "s3://bucket/prefix; standings is an external schema (Spectrum)",
        _types("BIGINT", "DOUBLE PRECISION", "BOOLEAN", "TIMESTAMP", "VARCHAR(65535)"),
        _redshift,
        _in_place,
    ),
    Warehouse(
        "athena",
        "s3://bucket/prefix",
        _types("BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP", "STRING"),
        _athena,
        _in_place,
    ),
    Warehouse(
        "clickhouse",
        "https://bucket.s3.amazonaws.com/prefix",
        _types("Int64", "Float64", "Bool", "DateTime64(6, 'UTC')", "String"),
        _clickhouse,
        _clickhouse_load,
    ),
    Warehouse(
        "databricks",
        "s3://bucket/prefix",
        _types("BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP", "STRING"),
        _databricks,
        _databricks_load,
    ),
)
