"""Walks the whole lake and says what is wrong with it."""

from collections.abc import Iterator

from flows import keys, raw
from flows.lake import kind_of, open_lake
from flows.load import differences
from flows.manifest import Manifest, current, read_manifest, records
from flows.parquet import decode
from flows.read import digests, part_bytes
from flows.sealed import unseal
from flows.settings import Settings
from flows.store import NotFound, Store
from schemas import TABLES
from schemas.errors import StandingsError


def verify(settings: Settings) -> Iterator[str]:
    """Every problem, a line each that names the object: nothing if all is as it was written.

    Raw bodies against their names and records, every part and manifest, the pointer, `latest/`, reports,
    records of rejection and confirmation, the ledger, and the warehouses row by row.
    """
    store = open_lake(settings)
    try:
        if kind_of(store) is None:
            yield f"{store.url}/{keys.LAKE}: is missing"
    except StandingsError as problem:
        yield str(problem)
    yield from _named_by_content(store)
    yield from _sealed(store)
    yield from _raw(store)
    try:
        manifest = current(store).manifest
    except StandingsError as problem:
        # Without a manifest nothing can be said of what it lists.
        yield str(problem)
        return
    if manifest is None:
        return
    yield from _parts(store, manifest)
    yield from _history(store, manifest)
    yield from _latest(store, manifest)
    yield from differences(settings, manifest)


def demand_sound(settings: Settings) -> None:
    """Raises `StandingsError` with the first problem where anything is wrong."""
    if wrong := list(verify(settings)):
        raise StandingsError(
            f"{wrong[0]} ({len(wrong)} problems in all): `standings verify`, `standings repair`"
        )


def _named_by_content(store: Store) -> Iterator[str]:
    """Objects whose name says what their bytes are."""
    named = {
        name: digest
        for prefix in (keys.PARTS, keys.RAW, keys.REPORTS, keys.DOCS, keys.OFFENDING)
        for name in store.list(prefix)
        if (digest := keys.digest_in(name)) is not None
    }
    for name, found in digests(store, named).items():
        if found != named[name]:
            yield f"{store.url}/{name}: its bytes are not those that its name says"


def _sealed(store: Store) -> Iterator[str]:
    """Small objects that carry their own digest."""
    names = [keys.POINTER, keys.LATEST_MARK, keys.LEDGER]
    for prefix in (keys.MANIFESTS, keys.REJECTED, keys.HELD, keys.ACCEPTED):
        names += store.list(prefix)
    names += [name for name in store.list(keys.RAW) if name.endswith(keys.REQUEST)]
    for name in names:
        try:
            unseal(store.get(name), f"{store.url}/{name}")
        except NotFound:
            continue
        except StandingsError as problem:
            yield str(problem)


def _raw(store: Store) -> Iterator[str]:
    for key in raw.landed(store):
        try:
            record = raw.request_of(store, key)
        except NotFound:
            yield f"{store.url}/{key.request}: is missing"
        except StandingsError:
            continue
        else:
            if record["sha256"] != key.sha256:
                yield f"{store.url}/{key.request}: tells of another body"


def _parts(store: Store, manifest: Manifest) -> Iterator[str]:
    """The published parts: all there, of a known schema, with the rows that the manifest says."""
    tables = {table.name: table for table in TABLES}
    present = set(store.list(keys.PARTS))
    landed = {key.body for key in raw.landed(store)}
    for name, week, partition in manifest.partitions():
        if partition.key not in present:
            yield f"{store.url}/{partition.key}: is missing; release {manifest.release} lists it"
            continue
        try:
            frame = decode(part_bytes(store, partition))
        except StandingsError:
            continue  # told before, by its name
        if frame.height != partition.rows:
            yield f"{store.url}/{partition.key}: has {frame.height} rows, and the manifest says {partition.rows}"
        if name in tables and (problem := next(tables[name].problems(frame), None)):
            yield f"{store.url}/{partition.key}: {problem}"
        if name in tables and (frame["week_start"] != week).any():
            yield f"{store.url}/{partition.key}: has rows of another week"
    for key in records(manifest):
        if not raw.exists(store, key):
            yield f"{store.url}/{key}: is missing; release {manifest.release} was checked with it"
    for capture in manifest.captures:
        if capture.key.body not in landed:
            yield f"{store.url}/{capture.key.body}: is missing; release {manifest.release} rests on it"


def _history(store: Store, manifest: Manifest) -> Iterator[str]:
    """Every release leads back to the first."""
    while (previous := manifest.previous) is not None:
        try:
            manifest = read_manifest(store, previous)
        except NotFound:
            yield f"{store.url}/{keys.manifest(previous)}: is missing; release {manifest.release} follows it"
            return
        except StandingsError:
            return


def _latest(store: Store, manifest: Manifest) -> Iterator[str]:
    wanted = {keys.latest(table, week): each.sha256 for table, week, each in manifest.partitions()}
    found = digests(store, store.list(keys.LATEST))
    try:
        mark = unseal(store.get(keys.LATEST_MARK), keys.LATEST_MARK)["release"]
    except StandingsError:
        mark = None
    if mark != manifest.release:
        yield f"{store.url}/{keys.LATEST_MARK}: latest/ is not refreshed to release {manifest.release}: run it again"
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"{store.url}/{name}: is missing"
        elif name not in wanted:
            yield f"{store.url}/{name}: belongs to no partition of release {manifest.release}"
        elif found[name] != wanted[name]:
            yield f"{store.url}/{name}: is not the published partition"
