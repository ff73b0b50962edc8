"""Walks the whole lake and says what is wrong with it."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from flows.lake import captures, descriptions, keys
from flows.lake.keys import Proof
from flows.lake.lake import kind_of, open_lake
from flows.lake.manifest import Manifest, chain, current, records
from flows.lake.reader import digests, part_bytes
from flows.settings import Settings
from flows.storage.checksummed_bytes import without_digest
from flows.storage.checksummed_json import BrokenSeal, unseal
from flows.storage.object_store import CONNECTIONS, Damaged, NotFound, Store
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

    UNKNOWN = "unknown"
    """It is of no kind that a lake has. Nothing is done about it: it may be somebody's."""

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

    @property
    def is_harm(self) -> bool:
        """Whether anything of the lake suffers: an object that nobody knows harms none."""
        return self.kind is not ProblemKind.UNKNOWN


def verify(settings: Settings) -> Iterator[Problem]:
    """Every problem; nothing if all is as it was written.

    Every object by what proves its kind (`keys.FAMILIES`); raw bodies against their records, the published parts and
    the history against the manifests, `latest/` and the descriptions against the release, and the warehouses row by
    row.
    """
    store = open_lake(settings)
    yield from (each for each in unproven(store) if not _is_warehouse(settings, each))
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


def _is_warehouse(settings: Settings, problem: Problem) -> bool:
    """Whether an object is the warehouse that the settings put into the lake's folder, or lies there for it."""
    if problem.kind is not ProblemKind.UNKNOWN or not settings.lake.startswith("file://"):
        return False
    place = Path(settings.lake.removeprefix("file://"), problem.key or "").resolve()
    warehouse = settings.warehouse.resolve()
    return place.parent == warehouse.parent and place.name.lstrip(".").startswith(warehouse.name)


def demand_sound(settings: Settings) -> None:
    """Raises `StandingsError` with the first problem where anything is wrong."""
    if wrong := [each for each in verify(settings) if each.is_harm]:
        raise StandingsError(
            f"{wrong[0]} ({len(wrong)} problems in all): `standings verify`, `standings repair`"
        )


def _missing(store: Store, key: str, why: str = "") -> Problem:
    return Problem(key, ProblemKind.MISSING, f"{store.url}/{key}: is missing{why}")


def unproven(store: Store) -> Iterator[Problem]:
    """Objects whose bytes are not those that were written, by what proves each kind, and those of no kind."""
    manifests = list(store.list(keys.MANIFESTS))
    broken: set[str] = set()

    def look(name: str) -> Problem | None:
        family = keys.family_of(name)
        if family is None:
            message = (
                f"{store.url}/{name}: nobody knows this object: no version of this lake writes such a one"
            )
            return Problem(name, ProblemKind.UNKNOWN, message)
        try:
            wrong = _PROOFS[family.proof](store, name)
        except NotFound:
            return None
        except (BrokenSeal, Damaged) as error:
            wrong = str(error)
        return Problem(name, ProblemKind.ALTERED, wrong) if wrong else None

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for problem in filter(None, pool.map(look, store.list())):
            broken.add(problem.key or "")
            yield problem
    releases = {keys.release(name) for name in manifests if name not in broken}
    for name in store.list(keys.CONFIRMED):
        if name not in broken and not _names_one_of(releases, store, name):
            yield Problem(
                name, ProblemKind.ALTERED, f"{store.url}/{name}: its bytes are not the name of a release"
            )


def _names_one_of(releases: Collection[str], store: Store, name: str) -> bool:
    try:
        mark = store.get(name)
        # Versions before this one left the mark empty.
        return not mark or mark.decode(errors="replace") in releases
    except NotFound:
        return True
    except Damaged:
        return False


def _by_name(store: Store, name: str) -> str | None:
    try:
        found = hashlib.sha256(store.get(name)).hexdigest()
    except Damaged:
        found = None
    if found == keys.digest_in(name):
        return None
    return f"{store.url}/{name}: its bytes are not those that its name says"


def _by_seal(store: Store, name: str) -> None:
    unseal(store.get(name), f"{store.url}/{name}")


def _by_head(store: Store, name: str) -> str | None:
    try:
        sound = without_digest(store.get(name)) is not None
    except Damaged:
        sound = False
    return None if sound else f"{store.url}/{name}: its bytes are not those that were written"


def _by_emptiness(store: Store, name: str) -> str | None:
    return f"{store.url}/{name}: is a mark, and has bytes" if store.get(name) else None


def _elsewhere(_store: Store, _name: str) -> None:
    """It is looked at as a whole with others, or nobody relies on it."""


_PROOFS: dict[Proof, Callable[[Store, str], str | None]] = {
    Proof.NAME: _by_name,
    Proof.SEAL: _by_seal,
    Proof.HEAD: _by_head,
    Proof.EMPTY: _by_emptiness,
    Proof.RELEASE: _elsewhere,
    Proof.PUBLISHED: _elsewhere,
    Proof.NONE: _elsewhere,
}


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
    """Every release leads back to the first, and is described in full where it is described."""
    releases = []
    try:
        for each in chain(store, manifest):
            releases.append(each.release)
    except NotFound:
        yield _missing(store, keys.manifest(each.previous or ""), f"; release {each.release} follows it")
    except StandingsError:
        pass  # named above
    if descriptions.descriptors(store):
        for key, problem in descriptions.problems(store, manifest, releases):
            kind = ProblemKind.MISSING if problem.startswith("is missing") else ProblemKind.STALE
            yield Problem(key, kind, f"{store.url}/{key}: {problem}")


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
