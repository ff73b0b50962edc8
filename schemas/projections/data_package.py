"""Table -> Table Schema, and release -> Data Package: the formats of the Frictionless standards, version 2.

A Parquet file has no parts that could be put one behind the other, so each part is a resource of its own. Its
schema is a file beside it, which all parts of a table name.
"""

from collections.abc import Mapping
from typing import Any

from schemas.licence import CAVEAT, LICENCE, LICENCE_TITLE, LICENCE_URL, SOURCE_TITLE, SOURCE_URL
from schemas.projections.release import MAINTAINERS, NAME, TITLE, Part, Release
from schemas.table import Column, Kind, Table

PROFILES = "https://datapackage.org/profiles/2.0"
PARQUET = "application/vnd.apache.parquet"

TYPES: dict[Kind, str] = {
    Kind.TEXT: "string",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.FLAG: "boolean",
    Kind.DATE: "date",
    Kind.MOMENT: "datetime",
}

EMPTY: dict[Kind, str] = {Kind.INTEGER: "nan", Kind.NUMBER: "nan", Kind.MOMENT: "NaT"}
"""What an empty value looks like to a reader that goes by way of pandas, as the standard's own tool does."""


def table_schema(table: Table) -> dict[str, Any]:
    """The table's columns with their types, meanings, units and constraints."""
    return {
        "$schema": f"{PROFILES}/tableschema.json",
        "name": table.name,
        "description": table.doc,
        "fields": [_field(column) for column in table.columns],
        "primaryKey": list(table.key),
    }


def _field(column: Column) -> dict[str, Any]:
    said = {
        "required": not column.nullable or None,
        "enum": list(column.values) or None,
        "pattern": column.pattern,
        "minimum": column.minimum,
        "maximum": column.maximum,
    }
    field: dict[str, Any] = {
        "name": column.name,
        "type": TYPES[column.kind],
        "description": column.doc,
        "constraints": {name: value for name, value in said.items() if value is not None},
    }
    if column.unit:
        field["unit"] = column.unit
    if column.nullable and column.kind in EMPTY:
        field["missingValues"] = ["", EMPTY[column.kind]]
    return field


def package(release: Release, schemas: Mapping[str, str], dictionary: dict[str, Any]) -> dict[str, Any]:
    """The release's descriptor. Its paths are from the lake's root, so that is where it has to stand.

    schemas: the path of each table's schema. dictionary: the resource that holds the data dictionary.
    """
    content: dict[str, Any] = {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": NAME,
        "id": release.name,
        "title": TITLE,
        "description": release.description,
        "version": release.version,
        "created": release.published_at.isoformat(),
        "citation": release.citation,
        "caveat": CAVEAT,
        "as_of": release.as_of.isoformat(),
        "contributors": [{"title": MAINTAINERS, "roles": ["publisher"]}],
        "resources": [
            dictionary,
            *(
                _resource(table, part, schemas[table.name])
                for table, parts in release.tables
                for part in parts
            ),
        ],
    }
    if release.real:
        content["licenses"] = [{"name": LICENCE, "path": LICENCE_URL, "title": LICENCE_TITLE}]
        content["sources"] = [
            {"title": SOURCE_TITLE, "path": SOURCE_URL, "version": release.as_of.isoformat()}
        ]
    return content


def file(name: str, path: str, mediatype: str, sha256: str, size: int) -> dict[str, Any]:
    """A resource that is no table."""
    return {"name": name, "path": path, "mediatype": mediatype, "hash": f"sha256:{sha256}", "bytes": size}


def _resource(table: Table, part: Part, schema: str) -> dict[str, Any]:
    """One part. The standard's `bytes` is left out: its tool reads none of a Parquet file, and calls that wrong."""
    return {
        "name": f"{table.name}-{part.week}",
        "type": "table",
        "path": part.path,
        "format": "parquet",
        "mediatype": PARQUET,
        "hash": f"sha256:{part.sha256}",
        "byteSize": part.bytes,
        "rows": part.rows,
        "as_of": part.as_of.isoformat() if part.as_of else None,
        "schema": schema,
    }
