"""Manifest -> Apache Iceberg: one table each in the namespace `standings`, partitioned by week.

A table goes from one release to the next in one commit, in which only the weeks that differ are replaced. What it
holds is told by its own properties, set in the same commit; many tables cannot be committed at once in Iceberg, so
while a load runs, some are a release ahead of others:

    standings.release     of a table and a snapshot: the release that its rows are those of
    standings.release     of the namespace: the release that every table had reached when a load last ended
    standings.partitions  the sha256 of the part behind each week, as JSON
    standings.snapshot    the snapshot of which that is true

A table that a release does not change is not touched, and so keeps the name of the release that last changed it.
"""

import json
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import polars as pl

from flows.lake.lake import citation
from flows.lake.manifest import Manifest, Partition, published, stale
from flows.settings import Settings
from flows.storage.object_store import Store
from flows.warehouses.batches import Batch, Sums, batches, sums, unlike
from flows.warehouses.iceberg_catalog import catalogue
from flows.warehouses.ownership import ensure_ours
from schemas import TABLES, Table
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.projections.sql import SCHEMA
from schemas.table import Column, Kind, about

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.schema import Schema
    from pyiceberg.table import FileScanTask
    from pyiceberg.table import Table as Loaded
    from pyiceberg.types import IcebergType

log = logging.getLogger("standings")

RELEASE = "standings.release"
PARTITIONS = "standings.partitions"
SNAPSHOT = "standings.snapshot"
VERSION = "standings.version"
KIND = "standings.kind"
CITATION = "standings.citation"

ATTEMPTS = 20
"""How often a commit that another load got in the way of is tried again, each time from what stands then."""

BATCH_ROWS = 10_000_000
"""Rows of a commit while a table is first filled, so that a load that breaks off does not begin anew."""

MANIFESTS = 100
"""Lists of files that a snapshot may lead to before they are made one: every commit adds up to three."""

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Change:
    """What one commit does to a table: weeks to write, from their parts, and what it then holds in all.

    kept: the weeks whose rows stay as they are. whole: whether the table is then at the release.
    """

    write: list[tuple[date, Partition]]
    kept: dict[date, str]
    whole: bool

    @property
    def held(self) -> dict[date, str]:
        return self.kept | {week: partition.sha256 for week, partition in self.write}


def load(settings: Settings, store: Store, manifest: Manifest) -> None:
    """Brings every table of the catalogue to a release.

    A load that breaks off leaves each table at the release before or at this one, or, where it was being filled
    for the first time, with some of its weeks; the next load takes up from there. Data files of a commit that
    never came about stay beside the table's own until its orphan files are removed.

    Raises `StandingsError` where a table is not as this version makes it and no column that may be empty mends
    that, or where it holds figures of another kind or another lake's.
    """
    with catalogue(settings) as catalog:
        _make_namespace(catalog)
        _ensure_ours(catalog, store, manifest)
        tables = list(filter(manifest.holds, TABLES))
        if not all(_bring(catalog, store, manifest, table) for table in tables):
            return  # The load of a later release came first, and says so itself.
        _name_release(catalog, manifest)
    log.info("load: Iceberg, release %s", manifest.release)


def differences(settings: Settings, store: Store, manifest: Manifest) -> Iterator[str]:
    """Where the catalogue's tables hold anything but the published rows, a line a table."""
    with catalogue(settings) as catalog:
        _ensure_ours(catalog, store, manifest)
        there: dict[str, Loaded] = {}
        for table in filter(manifest.holds, TABLES):
            found = _load(catalog, table)
            weeks = {week: each.sha256 for week, each in manifest.weeks(table).items()}
            if found is None or RELEASE not in found.properties or _held(found) != weeks:
                yield f"{_name(table)}: does not hold release {manifest.release}: run it again"
            else:
                there[table.name] = found
        sound = replace(manifest, tables={name: manifest.tables[name] for name in there})
        files = {name: _files_by_week(found) for name, found in there.items()}

        def held(table: Table) -> Sums:
            summed = [name for name in ("week_start", "tokens") if name in table]
            # Week by week, since a table may be larger than the memory.
            weeks = (_rows(there[table.name], tasks, *summed) for tasks in files[table.name].values())
            return dict(each for week in weeks for each in sums(table, week).items())

        def rows(table: Table, first: date, last: date) -> pl.DataFrame:
            tasks = [task for week, of in files[table.name].items() if first <= week <= last for task in of]
            return _rows(there[table.name], tasks, *table.names)

        for line in unlike(store, sound, held, rows):
            yield f"{SCHEMA}.{line}: drop the table in the Iceberg catalogue, and load again"


def schema(table: Table) -> "Schema":
    """A table's columns as Iceberg has them; what makes a row unique are its identifier fields."""
    from pyiceberg.schema import Schema
    from pyiceberg.types import NestedField

    types = iceberg_types()
    ids = {column.name: position for position, column in enumerate(table.columns, start=1)}
    return Schema(
        *(
            NestedField(
                field_id=ids[column.name],
                name=column.name,
                field_type=types[column.kind],
                required=not column.nullable,
                doc=about(column),
            )
            for column in table.columns
        ),
        identifier_field_ids=[ids[name] for name in table.key],
    )


def iceberg_types() -> "dict[Kind, IcebergType]":
    from pyiceberg import types

    return {
        Kind.TEXT: types.StringType(),
        Kind.INTEGER: types.LongType(),
        Kind.NUMBER: types.DoubleType(),
        Kind.FLAG: types.BooleanType(),
        Kind.DATE: types.DateType(),
        Kind.MOMENT: types.TimestamptzType(),
    }


def _make_namespace(catalog: "Catalog") -> None:
    from sqlalchemy.exc import IntegrityError

    if catalog.namespace_exists(SCHEMA):
        return
    # Of two that make it at once, one may fail, and it is there all the same.
    with suppress(IntegrityError):
        catalog.create_namespace_if_not_exists(SCHEMA)


def _ensure_ours(catalog: "Catalog", store: Store, manifest: Manifest) -> None:
    """Raises `StandingsError` where the namespace holds another lake's figures, or some of another kind.

    Where no load has ended yet, its tables tell.
    """
    said = catalog.load_namespace_properties(SCHEMA) if catalog.namespace_exists(SCHEMA) else {}
    releases = {said[RELEASE]} if RELEASE in said else _releases(catalog)
    remedy = (
        f"set STANDINGS_ICEBERG to a catalogue of their own, or drop the namespace's tables and then {SCHEMA}"
    )
    place = f"the namespace {SCHEMA} in the Iceberg catalogue"
    ensure_ours(store, manifest, place, said.get(KIND), releases, remedy)


def _releases(catalog: "Catalog") -> set[str]:
    """The releases that tables have reached whole."""
    found = (_load(catalog, table) for table in TABLES)
    return {each.properties[RELEASE] for each in found if each and RELEASE in each.properties}


def _name_release(catalog: "Catalog", manifest: Manifest) -> None:
    """Says of the namespace which release its tables have reached."""
    from sqlalchemy.exc import IntegrityError

    if catalog.load_namespace_properties(SCHEMA).get(RELEASE) == manifest.release:
        return
    # An SQL catalogue deletes and inserts: of two at once, one may fail, and the other one's word stands.
    with suppress(IntegrityError):
        catalog.update_namespace_properties(SCHEMA, updates={RELEASE: manifest.release, KIND: manifest.kind})


def _bring(catalog: "Catalog", store: Store, manifest: Manifest, table: Table) -> bool:
    """Brings a table to a release; False where another load has brought it to a later one."""
    import stamina
    from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, ValidationException

    conflicts = (CommitFailedException, CommitStateUnknownException, ValidationException)
    for attempt in stamina.retry_context(
        on=conflicts, attempts=ATTEMPTS, timeout=None, wait_initial=0.05, wait_jitter=0.2, wait_max=2
    ):
        with attempt:
            # Whatever became of a commit, the table read anew says what it holds.
            while not _is_further(found := _as_declared(catalog, manifest, table), store, manifest):
                change = _change(manifest, table, found)
                if change is None:
                    return True
                _commit(found, store, manifest, table, change)
    return False


def _is_further(found: "Loaded", store: Store, manifest: Manifest) -> bool:
    """Whether another load has brought the table to a release that came after this one."""
    number = int(found.properties.get(RELEASE, "0").partition("-")[0])
    return number > manifest.number and published(store).number > manifest.number


def _load(catalog: "Catalog", table: Table) -> "Loaded | None":
    """The table as it stands now; None where there is none."""
    from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

    try:
        return catalog.load_table((SCHEMA, table.name))
    except (NoSuchNamespaceError, NoSuchTableError):
        return None


def _as_declared(catalog: "Catalog", manifest: Manifest, table: Table) -> "Loaded":
    """The table as it stands now, made or moved up to this version's columns."""
    found = _load(catalog, table)
    if found is None:
        return _create(catalog, manifest, table)
    _demand_ours(found, manifest, table)
    return _migrated(found, table)


def _create(catalog: "Catalog", manifest: Manifest, table: Table) -> "Loaded":
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.transforms import IdentityTransform

    columns = schema(table)
    week = columns.find_field("week_start").field_id
    spec = PartitionSpec(
        PartitionField(source_id=week, field_id=1000, transform=IdentityTransform(), name="week_start")
    )
    return catalog.create_table_if_not_exists(
        (SCHEMA, table.name),
        columns,
        partition_spec=spec,
        properties={
            **_about(table, citation(manifest.kind, manifest.as_of)),
            KIND: manifest.kind,
            VERSION: str(table.version),
            # A commit that came too late is made anew from what the table holds by then, not put on top of it.
            "commit.retry.num-retries": "0",
            "commit.manifest-merge.enabled": "true",
            "write.metadata.delete-after-commit.enabled": "true",
        },
    )


def _about(table: Table, line: str) -> dict[str, str]:
    """The properties that say what a table's rows are; line: their citation."""
    return {"comment": f"{table.doc} {line} {CAVEAT}", CITATION: line}


def _demand_ours(found: "Loaded", manifest: Manifest, table: Table) -> None:
    """Raises `StandingsError` for a table that is not ours to write to."""
    name, said = _name(table), found.properties
    if said.get(KIND) != manifest.kind:
        raise StandingsError(
            f"{name}: the table in the Iceberg catalogue holds {said.get(KIND, 'other')} figures, and these are "
            f"{manifest.kind}: set STANDINGS_ICEBERG to a catalogue of their own"
        )
    version = int(said.get(VERSION, "0"))
    if version > table.version:
        raise StandingsError(
            f"{name}: the table in the Iceberg catalogue has version {version}, and this version writes "
            f"{table.version}: upgrade it"
        )
    if version < table.version:
        raise _breaks(name, f"has version {version}, and this version writes {table.version}")
    spec = [(field.name, str(field.transform)) for field in found.spec().fields]
    if spec != [("week_start", "identity")]:
        raise _breaks(name, "is not partitioned by week_start alone")


def _breaks(name: str, why: str) -> StandingsError:
    return StandingsError(
        f"{name}: the table in the Iceberg catalogue {why}: drop it there, and the next load makes it anew"
    )


def _migrated(found: "Loaded", table: Table) -> "Loaded":
    """The table with this version's columns: new ones that may be empty, and what the columns mean.

    Raises `StandingsError` for any other change: readers would break.
    """
    name, types = _name(table), iceberg_types()
    there = {field.name: field for field in found.schema().fields}
    if gone := [column for column in there if column not in table]:
        raise _breaks(name, f"has a column {gone[0]} that this version has not")
    if set(table.key) != found.schema().identifier_field_names():
        raise _breaks(name, f"has other identifier fields than {', '.join(table.key)}")
    for column in table.columns:
        if (field := there.get(column.name)) is None:
            if not column.nullable:
                raise _breaks(name, f"has no column {column.name}, which must have a value")
        elif field.field_type != types[column.kind]:
            raise _breaks(name, f"has {field.field_type} in column {column.name}, not {types[column.kind]}")
        elif not (field.required or column.nullable):
            raise _breaks(name, f"lets column {column.name} be empty")
    if not _moves(found, table):
        return found
    with found.transaction() as transaction:
        with transaction.update_schema() as update:
            for before, column in zip((None, *table.columns), table.columns, strict=False):
                _move(update, column, before, column.name in there)
        transaction.set_properties(_about(table, found.properties.get(CITATION, "")))
    return found


def _moves(found: "Loaded", table: Table) -> bool:
    """Whether columns, what they mean or whether they may be empty is told otherwise than by this version."""
    told = {field.name: (field.required, field.doc) for field in found.schema().fields}
    declared = {column.name: (not column.nullable, about(column)) for column in table.columns}
    return told != declared or not found.properties.get("comment", "").startswith(table.doc)


def _move(update: Any, column: Column, before: Column | None, there: bool) -> None:
    """Adds a column where it is declared, after another, or says anew what an old one means."""
    if there:
        update.update_column(column.name, required=not column.nullable, doc=about(column))
        return
    update.add_column(column.name, iceberg_types()[column.kind], doc=about(column))
    if before:
        update.move_after(column.name, before.name)
    else:
        update.move_first(column.name)


def _held(found: "Loaded") -> dict[date, str] | None:
    """The sha256 of the part behind each week of a table; None where anybody else has changed its rows.

    A rewrite of its files by another engine does not change rows, and what the table holds stays known.
    """
    from pyiceberg.table.snapshots import Operation

    recorded = found.properties.get(SNAPSHOT)
    snapshot = found.current_snapshot()
    while snapshot is not None and str(snapshot.snapshot_id) != recorded:
        if snapshot.summary is None or snapshot.summary.operation is not Operation.REPLACE:
            return None
        parent = snapshot.parent_snapshot_id
        snapshot = found.snapshot_by_id(parent) if parent is not None else None
    if snapshot is None and recorded is not None:
        return None
    held = json.loads(found.properties.get(PARTITIONS, "{}"))
    return {date.fromisoformat(week): sha256 for week, sha256 in held.items()}


def _change(manifest: Manifest, table: Table, found: "Loaded") -> Change | None:
    """What the next commit has to do; None where the table is at the release."""
    known = _held(found)
    held = known or {}
    every, gone = stale(manifest, {(table.name, week): sha256 for week, sha256 in held.items()})
    write = [(week, partition) for each, week, partition in every if each.name == table.name]
    if not (write or gone) and known is not None and RELEASE in found.properties:
        return None
    batch = write if RELEASE in found.properties else list(_first(write, BATCH_ROWS))
    replaced = {week for week, _ in batch} | {week for _, week in gone}
    kept = {week: sha256 for week, sha256 in held.items() if week not in replaced}
    return Change(batch, kept, whole=len(batch) == len(write))


def _first(weeks: Iterable[tuple[date, Partition]], rows: int) -> Iterator[tuple[date, Partition]]:
    """The first weeks that have so many rows together, at least one."""
    taken = 0
    for week, partition in weeks:
        if taken and taken + partition.rows > rows:
            return
        taken += partition.rows
        yield week, partition


def _commit(found: "Loaded", store: Store, manifest: Manifest, table: Table, change: Change) -> None:
    """Writes the weeks' files, then puts them in the place of those that the table is to lose."""
    from pyiceberg.exceptions import CommitFailedException, ValidationException

    lost = [
        task.file
        for week, tasks in _files_by_week(found).items()
        if week not in change.kept
        for task in tasks
    ]
    parts = [(table, week, partition) for week, partition in change.write]
    files = [file for batch in batches(store, parts) for file in _write(found, batch)]
    try:
        _swap(found, manifest, table, change, lost, files)
    except (CommitFailedException, ValidationException):
        # Certainly not committed: nothing leads to these files.
        for file in files:
            with suppress(OSError):
                found.io.delete(file.file_path)
        raise


def _swap(
    found: "Loaded",
    manifest: Manifest,
    table: Table,
    change: Change,
    lost: "list[DataFile]",
    files: "list[DataFile]",
) -> None:
    """One commit: the files, and what the table then holds."""
    release = {RELEASE: manifest.release}
    current = found.current_snapshot()
    last = current.snapshot_id if current else None
    with found.transaction() as transaction:
        if lost or files:
            # An overwrite, and no append: of two that fill the same weeks, the later one is refused even where
            # somebody lets commits of this table be tried again.
            with transaction.update_snapshot(snapshot_properties=release).overwrite() as overwrite:
                for file in lost:
                    overwrite.delete_data_file(file)
                for file in files:
                    overwrite.append_data_file(file)
            last = overwrite.snapshot_id
            if current and len(current.manifests(found.io)) >= MANIFESTS:
                with transaction.update_snapshot(snapshot_properties=release).merge_append() as merge:
                    pass
                last = merge.snapshot_id
        said = {
            PARTITIONS: json.dumps({str(week): sha256 for week, sha256 in sorted(change.held.items())}),
            **_about(table, citation(manifest.kind, manifest.as_of)),
        }
        if last is not None:
            said[SNAPSHOT] = str(last)
        transaction.set_properties(said | (release if change.whole else {}))


def _write(found: "Loaded", batch: Batch) -> "list[DataFile]":
    """A batch's rows as files of the table, week by week, which nothing leads to yet."""
    from pyiceberg.io.pyarrow import bin_pack_arrow_table, schema_to_pyarrow, write_file
    from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
    from pyiceberg.table import TableProperties, WriteTask

    columns, spec = found.schema(), found.spec()
    types = schema_to_pyarrow(columns, include_field_ids=False)
    size, name, number = TableProperties.WRITE_TARGET_FILE_SIZE_BYTES_DEFAULT, uuid.uuid4(), count()
    tasks = (
        WriteTask(
            write_uuid=name, task_id=next(number), schema=columns, record_batches=rows, partition_key=key
        )
        for week in batch.weeks
        if (frame := batch.rows.filter(pl.col("week_start") == week)).height
        for key in [PartitionKey([PartitionFieldValue(spec.fields[0], week)], spec, columns)]
        for rows in bin_pack_arrow_table(frame.select(types.names).to_arrow().cast(types), size)
    )
    return list(write_file(found.io, found.metadata, tasks))


def _files_by_week(found: "Loaded") -> "dict[date, list[FileScanTask]]":
    """A table's files, by the week that their rows are of."""
    files = defaultdict(list)
    for task in found.scan().plan_files():
        week = task.file.partition[0]
        files[week if isinstance(week, date) else EPOCH + timedelta(days=int(week))].append(task)
    return dict(sorted(files.items()))


def _rows(found: "Loaded", files: "list[FileScanTask]", *columns: str) -> pl.DataFrame:
    """The files' rows, in these columns."""
    from pyiceberg.expressions import AlwaysTrue
    from pyiceberg.io.pyarrow import ArrowScan

    scan = ArrowScan(found.metadata, found.io, found.schema().select(*columns), AlwaysTrue())
    return pl.DataFrame(scan.to_table(files))


def _name(table: Table) -> str:
    return f"{SCHEMA}.{table.name}"
