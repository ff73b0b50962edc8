"""Walks the whole lake and says what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from flows.lake import captures, keys
from flows.lake.lake import kind_of, open_lake
from flows.lake.manifest import Manifest, current, read_manifest, records
from flows.lake.parsed import unsealed
from flows.lake.reader import digests, part_bytes
from flows.settings import Settings
from flows.storage.checksummed_json import BrokenSeal, unseal
from flows.storage.object_store import Damaged, NotFound, Store
from flows.storage.parquet import decode
from flows.warehouses.load import differences
from schemas import TABLES
from schemas.errors import StandingsError


class ProblemKind(StrEnum):
    """What is wrong with an object, and so what repairs it."""

    ALTERED = "altered"
    """Its bytes are not those that were written, or the store does not give them back."""

    MISSING = "missing"
    INVALID = "invalid"
    """Its bytes are those that were written, and they do not say what they should."""

    STALE = "stale"
    """An object under `latest/`, or its mark, that is not the published release's."""

    WAREHOUSE = "warehouse"
    """A warehouse holds anything but the published rows."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. key: the object's key, or None for a warehouse. message: a line for a person."""

    key: str | None
    kind: ProblemKind
    message: str

    def __str__(self) -> str:
        return self.message


def verify(settings: Settings) -> Iterator[Problem]:
    """Every problem; nothing if all is as it was written.

    Raw bodies against their names and records, every part and manifest, the pointer, `latest/`, reports, records of
    checks, rejection and acceptance, what captures were parsed to, the ledger, what is on record of a listener that
    was not reached, and the warehouses row by row.
    """
    store = open_lake(settings)
    yield from _named_by_content(store)
    yield from _checksummed(store)
    try:
        if kind_of(store) is None:
            yield _missing(store, keys.LAKE)
    except (BrokenSeal, Damaged):
        pass  # named above
    except StandingsError as error:
        yield Problem(keys.LAKE, ProblemKind.INVALID, str(error))
    yield from _raw(store)
    try:
        manifest = current(store).manifest
    except (BrokenSeal, Damaged):
        return  # named above; without a manifest nothing can be said of what it lists
    except StandingsError as error:
        yield Problem(keys.POINTER, ProblemKind.INVALID, str(error))
        return
    if manifest is None:
        return
    yield from _parts(store, manifest)
    yield from _history(store, manifest)
    yield from _latest(store, manifest)
    for line in differences(settings, manifest):
        yield Problem(None, ProblemKind.WAREHOUSE, line)


def demand_sound(settings: Settings) -> None:
    """Raises `StandingsError` with the first problem where anything is wrong."""
    if wrong := list(verify(settings)):
        raise StandingsError(
            f"{wrong[0]} ({len(wrong)} problems in all): `standings verify`, `standings repair`"
        )


def _missing(store: Store, key: str, why: str = "") -> Problem:
    return Problem(key, ProblemKind.MISSING, f"{store.url}/{key}: is missing{why}")


def _named_by_content(store: Store) -> Iterator[Problem]:
    """Objects whose name says what their bytes are."""
    named = {
        name: digest
        for prefix in (keys.PARTS, keys.RAW, keys.REPORTS, keys.DOCS, keys.OFFENDING)
        for name in store.list(prefix)
        if (digest := keys.digest_in(name)) is not None
    }
    for name, found in digests(store, named).items():
        if found != named[name]:
            message = f"{store.url}/{name}: its bytes are not those that its name says"
            yield Problem(name, ProblemKind.ALTERED, message)


def _checksummed(store: Store) -> Iterator[Problem]:
    """Small objects that carry their own digest."""
    names = [keys.LAKE, keys.POINTER, keys.LATEST_MARK, keys.LEDGER, keys.UNREACHED]
    for prefix in (keys.MANIFESTS, keys.CHECKED, keys.REJECTED, keys.HELD, keys.ACCEPTED):
        names += store.list(prefix)
    names += [name for name in store.list(keys.RAW) if name.endswith(keys.REQUEST)]
    for name in names:
        try:
            unseal(store.get(name), f"{store.url}/{name}")
        except NotFound:
            continue
        except (BrokenSeal, Damaged) as error:
            yield Problem(name, ProblemKind.ALTERED, str(error))
    for name in store.list(keys.PARSED):
        try:
            sound = unsealed(store.get(name)) is not None
        except NotFound:
            continue
        except Damaged:
            sound = False
        if not sound:
            message = f"{store.url}/{name}: its bytes are not those that were written"
            yield Problem(name, ProblemKind.ALTERED, message)


def _raw(store: Store) -> Iterator[Problem]:
    for key in captures.landed(store):
        try:
            record = captures.request_of(store, key)
        except NotFound:
            yield _missing(store, key.request)
        except StandingsError:
            continue
        else:
            if record["sha256"] != key.sha256:
                message = f"{store.url}/{key.request}: tells of another body"
                yield Problem(key.request, ProblemKind.INVALID, message)


def _parts(store: Store, manifest: Manifest) -> Iterator[Problem]:
    """The published parts: all there, of a known schema, with the rows that the manifest says."""
    # A table of an earlier version is read as it is, so nothing is said of its columns.
    tables = {table.name: table for table in filter(manifest.holds, TABLES)}
    present = set(store.list(keys.PARTS))
    landed = {key.body for key in captures.landed(store)}
    for name, week, partition in manifest.partitions():
        if partition.key not in present:
            yield _missing(store, partition.key, f"; release {manifest.release} lists it")
            continue
        try:
            frame = decode(part_bytes(store, partition))
        except StandingsError:
            continue  # told before, by its name
        wrong = []
        if frame.height != partition.rows:
            wrong.append(f"has {frame.height} rows, and the manifest says {partition.rows}")
        if name in tables and (problem := next(tables[name].problems(frame), None)):
            wrong.append(problem)
        if name in tables and (frame["week_start"] != week).any():
            wrong.append("has rows of another week")
        for each in wrong:
            yield Problem(partition.key, ProblemKind.INVALID, f"{store.url}/{partition.key}: {each}")
    for key in records(manifest):
        if not captures.exists(store, key):
            yield _missing(store, key, f"; release {manifest.release} was checked with it")
    for capture in manifest.captures:
        if capture.key.body not in landed:
            yield _missing(store, capture.key.body, f"; release {manifest.release} rests on it")


def _history(store: Store, manifest: Manifest) -> Iterator[Problem]:
    """Every release leads back to the first."""
    while (previous := manifest.previous) is not None:
        try:
            manifest = read_manifest(store, previous)
        except NotFound:
            yield _missing(store, keys.manifest(previous), f"; release {manifest.release} follows it")
            return
        except StandingsError:
            return


def _latest(store: Store, manifest: Manifest) -> Iterator[Problem]:
    wanted = {keys.latest(table, week): each.sha256 for table, week, each in manifest.partitions()}
    found = digests(store, store.list(keys.LATEST))
    try:
        mark = unseal(store.get(keys.LATEST_MARK), keys.LATEST_MARK)["release"]
    except StandingsError:
        mark = None
    stale = {}
    if mark != manifest.release:
        stale[keys.LATEST_MARK] = f"latest/ is not refreshed to release {manifest.release}: run it again"
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            stale[name] = "is missing"
        elif name not in wanted:
            stale[name] = f"belongs to no partition of release {manifest.release}"
        elif found[name] != wanted[name]:
            stale[name] = "is not the published partition"
    for name, message in stale.items():
        yield Problem(name, ProblemKind.STALE, f"{store.url}/{name}: {message}")
