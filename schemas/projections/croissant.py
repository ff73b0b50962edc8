"""Release -> Croissant, the vocabulary in which machine learning's tools and data set searches take data sets.

Every part is a file with its digest; a table's parts are a file set that names each of them, since beside them lie
those of other releases; and each table is a record set.
"""

from datetime import timedelta
from typing import Any

from schemas.licence import LICENCE_URL, SOURCE_URL
from schemas.projections.release import MAINTAINERS, TITLE, Part, Release
from schemas.table import Column, Kind, Table, about

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
PARQUET = "application/x-parquet"

TYPES: dict[Kind, str] = {
    Kind.TEXT: "sc:Text",
    Kind.INTEGER: "sc:Integer",
    Kind.NUMBER: "sc:Float",
    Kind.FLAG: "sc:Boolean",
    Kind.DATE: "sc:Date",
    Kind.MOMENT: "sc:DateTime",
}

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the standard prescribes."""


def dataset(release: Release) -> dict[str, Any]:
    """The release's descriptor. Its paths are from the lake's root, so that is where it has to stand."""
    held = [(table, parts) for table, parts in release.tables if parts]
    content: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": TITLE,
        "alternateName": release.name,
        "description": release.description,
        "version": release.version,
        "datePublished": release.published_at.isoformat(),
        "citeAs": release.citation,
        "creator": {"@type": "sc:Organization", "name": MAINTAINERS},
        "distribution": [
            *(_file(table, part) for table, parts in held for part in parts),
            *(_file_set(table, parts) for table, parts in held),
        ],
        "recordSet": [_record_set(table) for table, _ in held],
    }
    if weeks := release.weeks:
        content["temporalCoverage"] = f"{weeks[0]}/{weeks[-1] + timedelta(days=6)}"
    if release.real:
        content |= {"license": LICENCE_URL, "isBasedOn": SOURCE_URL}
    return content


def _file(table: Table, part: Part) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": part.path,
        "name": f"{table.name}-{part.week}.parquet",
        "contentUrl": part.path,
        "contentSize": f"{part.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": part.sha256,
    }


def _file_set(table: Table, parts: tuple[Part, ...]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": _parts_of(table),
        "name": _parts_of(table),
        "description": f"Every week of {table.name}.",
        "encodingFormat": PARQUET,
        "includes": [part.path for part in parts],
    }


def _record_set(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.doc,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
        "field": [_field(table, column) for column in table.columns],
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": about(column),
        "dataType": TYPES[column.kind],
        "source": {"fileSet": {"@id": _parts_of(table)}, "extract": {"column": column.name}},
    }


def _parts_of(table: Table) -> str:
    return f"{table.name}-parts"
