"""Lineage: what a release was made from, as OpenLineage events, for whoever keeps a catalogue of such.

A release is one run of one job. Its inputs are the raw answers behind the parts that changed, its outputs the
tables that those parts belong to; a facet of our own leads from each part to its answers.
"""

import json
import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from flows import web
from flows.lake import captures, keys
from flows.lake.lake import citation
from flows.lake.listeners import telling
from flows.lake.manifest import Manifest, Partition
from flows.settings import Settings
from flows.storage.object_store import Store
from schemas import TABLES
from schemas.licence import CAVEAT
from schemas.table import Table

log = logging.getLogger("standings")

SPEC = "https://openlineage.io/spec"
RUN_EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "documentation": "1-1-0/DocumentationDatasetFacet",
    "lineage": "1-0-0/LineageFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "symlinks": "1-0-1/SymlinksDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
}
"""The standard's facets that are told, by the name under which each is told: its version and its schema's file."""

NAMES = {"lineage": "LineageDatasetFacet"}
"""Facets whose definition is not called as its file is."""

PARTS = "token_standings_parts"
"""Our own facet: each changed part with its digest, its size, its vintage and the keys of its raw answers."""

JOB = "publish"

Facet = dict[str, Any]
Event = dict[str, Any]


def tell(settings: Settings, store: Store, before: Manifest | None, after: Manifest) -> None:
    """Tells of a release, where one was made and somebody is to be told.

    A file's lines are appended to. Whatever goes wrong is a warning: the release is published.
    """
    if settings.lineage is None or (before and before.release == after.release):
        return
    with telling(store, "STANDINGS_LINEAGE", f"lineage: release {after.release} could not be told"):
        _send(settings.lineage, events(store, before, after))
        log.info("lineage: release %s is told", after.release)


def events(store: Store, before: Manifest | None, after: Manifest) -> tuple[Event, Event]:
    """A release's start and its completion. The same release gives the same events, whoever tells them and when.

    Both have the moment of publication: what is before it leaves nothing that lasts.
    """
    producer = f"urn:token-standings:{after.code}"
    changed = {table: _changed(table, before, after) for table in TABLES if table.name in after.tables}
    changed = {table: parts for table, parts in changed.items() if parts}
    answers = _answers(after)
    used = sorted({key for parts in changed.values() for key in _keys(parts.values(), answers)})
    run = {
        "runId": str(uuid5(NAMESPACE_URL, f"{store.url}/{keys.manifest(after.release)}")),
        "facets": {
            "processing_engine": _facet(
                "processing_engine", producer, name="token-standings", version=after.code
            )
        },
    }
    job = {
        "namespace": store.url,
        "name": JOB,
        "facets": {
            "jobType": _facet(
                "jobType", producer, processingType="BATCH", integration="TOKEN_STANDINGS", jobType="JOB"
            )
        },
    }
    common = {
        "eventTime": after.published_at.astimezone(UTC).isoformat(),
        "producer": producer,
        "schemaURL": RUN_EVENT,
        "run": run,
        "job": job,
        "inputs": [_input(store, producer, key) for key in used],
    }
    outputs = [_output(store, producer, after, table, parts, answers) for table, parts in changed.items()]
    return (
        common | {"eventType": "START", "outputs": []},
        common | {"eventType": "COMPLETE", "outputs": outputs},
    )


def _changed(table: Table, before: Manifest | None, after: Manifest) -> dict[date, Partition]:
    """A table's parts that the release before does not have."""
    held = before.tables.get(table.name, {}) if before else {}
    return {
        week: each
        for week, each in sorted(after.tables[table.name].items())
        if week not in held or held[week].key != each.key
    }


def _answers(manifest: Manifest) -> dict[str, list[str]]:
    """The keys of the raw answers that a release counts, by their sha256."""
    found: dict[str, list[str]] = {}
    for capture in manifest.captures:
        if capture.key.slice == captures.WHOLE:
            found.setdefault(capture.key.sha256, []).append(capture.key.body)
    return found


def _keys(parts: Iterable[Partition], answers: dict[str, list[str]]) -> list[str]:
    """The keys of the raw answers behind parts."""
    return sorted({key for part in parts for source in part.sources for key in answers.get(source, ())})


def _input(store: Store, producer: str, key: str) -> dict[str, Any]:
    """A raw answer: it never changes, so its digest is its version."""
    return {
        "namespace": store.url,
        "name": key,
        "facets": {
            "dataSource": _facet("dataSource", producer, name=store.url, uri=store.url),
            "version": _facet("version", producer, datasetVersion=keys.digest_in(key)),
        },
    }


def _output(
    store: Store,
    producer: str,
    release: Manifest,
    table: Table,
    parts: dict[date, Partition],
    answers: dict[str, list[str]],
) -> dict[str, Any]:
    """A table, and of it the parts that changed."""
    sources = [
        {"namespace": store.url, "name": key, "type": "DATASET"} for key in _keys(parts.values(), answers)
    ]
    place = {"namespace": store.url, "name": f"{keys.LATEST}{table.name}", "type": "TABLE"}
    fields = [
        {
            "name": column.name,
            "type": column.kind.value,
            "description": column.doc,
            "ordinal_position": position,
        }
        for position, column in enumerate(table.columns, start=1)
    ]
    words = f"{table.doc} {citation(release.kind, release.as_of)} {CAVEAT}"
    facets: dict[str, dict[str, Any]] = {
        "dataSource": {"name": store.url, "uri": store.url},
        "documentation": {"description": words},
        "lineage": {"inputs": sources},
        "schema": {"fields": fields},
        "symlinks": {"identifiers": [place]},
        "version": {"datasetVersion": release.release},
    }
    statistics = {
        "rowCount": sum(each.rows for each in parts.values()),
        "size": sum(each.bytes for each in parts.values()),
        "fileCount": len(parts),
    }
    told = [
        {
            "week": str(week),
            "key": each.key,
            "sha256": each.sha256,
            "rows": each.rows,
            "bytes": each.bytes,
            "as_of": _moment(each.as_of),
            "inputs": _keys([each], answers),
        }
        for week, each in parts.items()
    ]
    return {
        "namespace": store.url,
        "name": f"{keys.PARTS}{table.name}",
        "facets": {name: _facet(name, producer, **content) for name, content in facets.items()}
        | {PARTS: {"_producer": producer, "_schemaURL": f"urn:token-standings:{PARTS}:1", "parts": told}},
        "outputFacets": {"outputStatistics": _facet("outputStatistics", producer, **statistics)},
    }


def _facet(facet: str, producer: str, /, **content: Any) -> Facet:
    """A facet of the standard's with what every facet says of itself."""
    file = FACETS[facet]
    defined = NAMES.get(facet, file.partition("/")[2])
    return {"_producer": producer, "_schemaURL": f"{SPEC}/facets/{file}.json#/$defs/{defined}"} | content


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _send(where: str, told: Iterable[Event]) -> None:
    """Posts events one by one, or appends them to a file, a line each."""
    scheme, _, rest = where.partition("://")
    if scheme in ("http", "https") and rest:
        for event in told:
            web.send("POST", where, event)
        return
    if rest and scheme != "file":
        raise ValueError(f"neither a file nor an http address: {scheme}")
    path = Path(unquote(urlsplit(where).path) if rest else where)
    path.parent.mkdir(parents=True, exist_ok=True)
    # In one write, so that the lines of two runs do not run into each other.
    lines = "".join(f"{json.dumps(event)}\n" for event in told)
    with path.open("a") as file:
        file.write(lines)
