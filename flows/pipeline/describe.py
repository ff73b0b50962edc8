"""What describes a release to others: a Data Package, a Croissant data set and the data dictionary.

They are written once the release is published, so a run that dies in between leaves it undescribed until the next.
"""

import hashlib
import json
import logging
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import polars as pl

from flows.lake import keys
from flows.lake.descriptions import DESCRIPTORS, descriptors
from flows.lake.descriptions import described as is_described
from flows.lake.lake import citation
from flows.lake.manifest import Manifest, chain
from flows.lake.reader import known_bytes, operator_notes
from flows.lake.staging import Run
from flows.sanitize import safe
from flows.storage.checksummed_json import seal, unseal
from flows.storage.object_store import CONNECTIONS, Damaged, LostRace, NotFound, Store
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.projections import croissant, data_package
from schemas.projections.dictionary import Examples, dictionary
from schemas.projections.release import Part, Release
from schemas.table import Table

log = logging.getLogger("standings")

WRITES = (keys.METADATA, *(f"{name}." for name in DESCRIPTORS))
"""What the keys begin with of all that is written here."""

EXAMPLES = 2
"""How many different values of a column the dictionary shows."""

WIDTH = 60
"""Characters of a value that the dictionary shows."""


def describe(run: Run) -> None:
    """The step: `write` for what is published."""
    assert run.release is not None
    write(run.store, run.release)


def write(store: Store, manifest: Manifest) -> None:
    """Sees to it that a release is described, and the newest one under the descriptions' usual names too.

    What is there is not written again. Raises `StandingsError` where a part that examples are taken from is broken.
    """
    if not is_described(store, manifest.release):
        release = described(manifest)
        files, package = _package(release, _examples(store, manifest))
        # What the descriptors name goes first, so that whoever finds one finds all of it.
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(store.put_once, files.keys(), files.values()))
        store.put_once(keys.descriptor(keys.PACKAGE, release.name), seal(package))
        store.put_once(keys.descriptor(keys.CROISSANT, release.name), seal(croissant.dataset(release)))
        log.info("metadata: release %s is described", release.name)
    for name in DESCRIPTORS:
        _renew(store, name)


def restore(store: Store, manifest: Manifest, lost: Collection[str]) -> None:
    """Describes again every release of which a descriptor, or what one names, was lost; lost: the keys."""
    known = descriptors(store) | set(lost)
    for release in chain(store, manifest):
        own = {keys.descriptor(name, release.release) for name in DESCRIPTORS}
        if not own & known or is_described(store, release.release):
            continue
        # What is left of it may name what today's code no longer makes.
        for key in own:
            store.delete(key)
        try:
            write(store, release)
        except StandingsError as problem:
            log.warning("metadata: release %s cannot be described: %s", release.release, problem)
    for name in DESCRIPTORS:
        _renew(store, name)


def described(manifest: Manifest) -> Release:
    """The release as its descriptions tell of it; tables that this version does not know are left out."""
    return Release(
        name=manifest.release,
        number=manifest.number,
        published_at=manifest.published_at,
        as_of=manifest.as_of,
        citation=citation(manifest.kind, manifest.as_of),
        real=manifest.kind == "real",
        changed=operator_notes(manifest),
        tables=tuple(
            (
                table,
                tuple(
                    Part(week, each.key, each.sha256, each.rows, each.bytes, each.as_of)
                    for week, each in sorted(manifest.weeks(table).items())
                ),
            )
            for table in filter(manifest.holds, TABLES)
        ),
    )


def examples(frame: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """The first different values of each column, as texts that are fit to be shown."""
    return {
        column.name: tuple(
            _text(value) for value in column.drop_nulls().unique(maintain_order=True)[:EXAMPLES]
        )
        for column in frame.iter_columns()
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    shown = safe(str(value))
    return shown if len(shown) <= WIDTH else f"{shown[: WIDTH - 1]}…"


def _examples(store: Store, manifest: Manifest) -> Examples:
    """Values from the newest week of each table."""
    from flows.storage.parquet import decode

    def take(table: Table) -> dict[str, tuple[str, ...]]:
        weeks = manifest.weeks(table)
        return examples(decode(known_bytes(store, weeks[max(weeks)]))) if weeks else {}

    tables = list(filter(manifest.holds, TABLES))
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return dict(zip((table.name for table in tables), pool.map(take, tables), strict=True))


def _package(release: Release, shown: Examples) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files that a Data Package names beside the parts, by key, and its descriptor."""
    tables = [table for table, _ in release.tables]
    notes = (release.citation, CAVEAT, f"The examples are from the newest week of release {release.name}.")
    text = dictionary(tables, shown, notes).encode()
    files = {keys.metadata(_digest(text), "md"): text}
    schemas = {}
    for table in tables:
        schema = json.dumps(data_package.table_schema(table), indent=1).encode()
        schemas[table.name] = keys.metadata(_digest(schema), "json")
        files[schemas[table.name]] = schema
    words = data_package.file(
        "dictionary", keys.metadata(_digest(text), "md"), "text/markdown", _digest(text), len(text)
    )
    return files, data_package.package(release, schemas, words)


def _renew(store: Store, name: str) -> None:
    """Makes the description under its usual name the published release's."""
    newest = keys.newest(name)
    while True:
        # Before the pointer is read, so that whoever swaps an older release in later loses the race.
        body, version = _read(store, newest)
        pointer = unseal(store.get(keys.POINTER), f"{store.url}/{keys.POINTER}")
        wanted = _bytes(store, keys.descriptor(name, pointer["release"]))
        # Where the newest release is not described yet, the run that published it does so in a moment.
        if wanted is None or body == wanted:
            return
        try:
            store.swap(newest, wanted, version)
            return
        except LostRace:
            continue


def _read(store: Store, key: str) -> tuple[bytes | None, str | None]:
    try:
        return store.read(key)
    except NotFound:
        return None, None
    except Damaged:
        store.delete(key)
        return None, None


def _bytes(store: Store, key: str) -> bytes | None:
    """An object's bytes; None where it is not there, or not given back."""
    try:
        return store.get(key)
    except (NotFound, Damaged):
        return None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
