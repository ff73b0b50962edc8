"""A release: which partitions it is made of, which captures it rests on, and what made it."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from flows.lake import keys
from flows.lake.keys import RawKey
from flows.lake.lake import Kind
from flows.storage.checksummed_json import BrokenSeal, seal, unseal
from flows.storage.object_store import Damaged, NotFound, Store
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.table import Table

FORMAT = 2
READABLE = (1, FORMAT)
"""Format 1 had neither `docs` nor `accepted`."""


@dataclass(frozen=True)
class Capture:
    """An answer that was read and accepted: its identity, its vintage and the window it covers."""

    key: RawKey
    as_of: datetime
    start: date
    end: date

    def to_json(self) -> dict[str, str]:
        return {
            "key": self.key.body,
            "request": self.key.request,
            "sha256": self.key.sha256,
            "origin": self.key.origin,
            "period": self.key.period,
            "slice": self.key.slice,
            "as_of": _text(self.as_of),
            "start_date": str(self.start),
            "end_date": str(self.end),
        }

    @classmethod
    def from_json(cls, content: dict[str, str]) -> "Capture":
        return cls(
            key=RawKey(content["origin"], content["period"], content["slice"], content["sha256"]),
            as_of=datetime.fromisoformat(content["as_of"]),
            start=date.fromisoformat(content["start_date"]),
            end=date.fromisoformat(content["end_date"]),
        )


@dataclass(frozen=True)
class Partition:
    """One week of one table: where its bytes are, what they are, and the captures that its rows come from.

    `as_of` is None where it holds no figure of the source's, such as a claim about a week without data.
    """

    key: str
    sha256: str
    rows: int
    bytes: int
    as_of: datetime | None
    sources: tuple[str, ...]


Partitions = dict[str, dict[date, Partition]]


@dataclass(frozen=True)
class Manifest:
    """The whole of one release. `tables` maps a table's name to its partitions by week."""

    number: int
    previous: str | None
    published_at: datetime
    kind: Kind
    code: str
    reference: dict[str, str | None]
    report: str
    docs: str | None
    accepted: tuple[str, ...]
    schemas: dict[str, int]
    captures: tuple[Capture, ...]
    tables: Partitions
    format: int = FORMAT

    @cached_property
    def release(self) -> str:
        """The release's name: its number, and a digest of its content so that two cannot be mistaken."""
        return f"{self.number:06d}-{hashlib.sha256(seal(self.to_json())).hexdigest()[:12]}"

    @property
    def as_of(self) -> datetime:
        """The newest vintage in it."""
        return max(capture.as_of for capture in self.captures)

    def weeks(self, table: Table) -> dict[date, Partition]:
        """A table's partitions by week; raises `StandingsError` where this release is older than the table."""
        if not self.holds(table):
            raise StandingsError(
                f"release {self.release} is older than this version's table {table.name}: "
                f"run `standings rebuild`"
            )
        return self.tables[table.name]

    def holds(self, table: Table) -> bool:
        """Whether the table is there in this version's form."""
        return table.name in self.tables and self.schemas.get(table.name) == table.version

    def partitions(self) -> Iterator[tuple[str, date, Partition]]:
        for table, weeks in self.tables.items():
            for week, partition in weeks.items():
                yield table, week, partition

    def to_json(self) -> dict[str, Any]:
        since_format_2 = {"docs": self.docs, "accepted": list(self.accepted)}
        return (since_format_2 if self.format >= 2 else {}) | {
            "format": self.format,
            "number": self.number,
            "previous": self.previous,
            "published_at": _text(self.published_at),
            "kind": self.kind,
            "code": self.code,
            "reference": self.reference,
            "report": self.report,
            "schemas": self.schemas,
            "captures": [capture.to_json() for capture in self.captures],
            "tables": parts_to_json(self.tables),
        }

    def follow(self, before: "Manifest", published_at: datetime) -> "Manifest":
        """The same content as the release that comes after another."""
        return replace(
            self,
            format=FORMAT,
            number=before.number + 1,
            previous=before.release,
            published_at=published_at,
        )

    def encode(self) -> bytes:
        return seal(self.to_json() | {"release": self.release})


@dataclass(frozen=True)
class Pointer:
    """The published release, and the version of the pointer that names it, for a later swap."""

    manifest: Manifest | None
    version: str | None


def changes(before: Manifest | None, after: Manifest) -> Iterator[str]:
    """What differs between two releases, a line a table: how many weeks are other, new or gone, and which is first."""
    old = before.tables if before else {}
    for table in sorted(old.keys() | after.tables.keys()):
        was, now = old.get(table, {}), after.tables.get(table, {})
        told = []
        for word, weeks in (
            ("other", [week for week in was.keys() & now.keys() if was[week].sha256 != now[week].sha256]),
            ("new", list(now.keys() - was.keys())),
            ("gone", list(was.keys() - now.keys())),
        ):
            if weeks:
                told.append(f"{len(weeks)} {word} (from {min(weeks)})")
        if told:
            yield f"{table}: weeks {', '.join(told)}"


def stale(
    manifest: Manifest, held: Mapping[tuple[str, date], str]
) -> tuple[list[tuple[Table, date, Partition]], list[tuple[str, date]]]:
    """What brings a warehouse to a release: the partitions to write anew, and those to remove.

    held: the sha256 of each part that the warehouse was loaded from, by table and week.
    """
    wanted = {
        (table.name, week): (table, week, partition)
        for table in filter(manifest.holds, TABLES)
        for week, partition in sorted(manifest.weeks(table).items())
    }
    other = [each for where, each in wanted.items() if held.get(where) != each[2].sha256]
    return other, sorted(held.keys() - wanted.keys())


def records(manifest: Manifest) -> list[str]:
    """The keys of what tells how a release was checked."""
    return [manifest.report, *([manifest.docs] if manifest.docs else [])]


def current(store: Store) -> Pointer:
    """What is published now. Raises `BrokenSeal` where its bytes were changed."""
    try:
        body, version = store.read(keys.POINTER)
    except NotFound:
        return Pointer(None, None)
    pointer = unseal(body, f"{store.url}/{keys.POINTER}")
    return Pointer(read_manifest(store, pointer["release"]), version)


def pointed(store: Store) -> str | None:
    """The name of the release that is published now; None where nothing is."""
    try:
        return str(unseal(store.get(keys.POINTER), f"{store.url}/{keys.POINTER}")["release"])
    except NotFound:
        return None


def read_manifest(store: Store, release: str) -> Manifest:
    """A release's manifest, whether or not it is the published one."""
    key = keys.manifest(release)
    return _decode(store, unseal(store.get(key), f"{store.url}/{key}"))


def published(store: Store) -> Manifest:
    """What is published now; raises `StandingsError` where nothing is."""
    manifest = current(store).manifest
    if manifest is None:
        raise StandingsError(
            f"{store.url}: nothing is published there yet: run `standings ingest`, `backfill` or `demo`, "
            f"or set STANDINGS_LAKE"
        )
    return manifest


def point_to(store: Store, manifest: Manifest, expected: str | None) -> None:
    """Publishes a manifest: writes it, then swaps the pointer. Raises `LostRace` if the pointer has moved."""
    key = keys.manifest(manifest.release)
    store.put_once(key, manifest.encode())
    store.swap(keys.POINTER, seal({"release": manifest.release, "manifest": key}), expected)


def mark_loaded(store: Store, manifest: Manifest) -> None:
    """Records that a run has brought its warehouses to a release, so that nobody has to open one to know."""
    store.put_once(keys.loaded(manifest.release), b"")


def was_loaded(store: Store, manifest: Manifest, code: str) -> bool:
    """Whether a run has brought its warehouses to a release; code: the version that asks.

    Versions before this kept no such record, so a release without one counts as loaded if other code made it.
    """
    key = keys.loaded(manifest.release)
    return key in store.list(key) or manifest.code != code


def _decode(store: Store, content: dict[str, Any]) -> Manifest:
    if content["format"] not in READABLE:
        raise StandingsError(
            f"{store.url}: its release has format {content['format']}, "
            f"and this version reads up to {FORMAT}: upgrade it"
        )
    versions = {table.name: table.version for table in TABLES}
    for table, version in content["schemas"].items():
        if version > versions.get(table, version):
            raise StandingsError(
                f"{store.url}: its table {table} has version {version}, "
                f"and this version reads up to {versions[table]}: upgrade it"
            )
    return Manifest(
        format=content["format"],
        number=content["number"],
        previous=content["previous"],
        published_at=datetime.fromisoformat(content["published_at"]),
        kind=content["kind"],
        code=content["code"],
        reference=content["reference"],
        report=content["report"],
        docs=content.get("docs"),
        accepted=tuple(content.get("accepted", ())),
        schemas=content["schemas"],
        captures=tuple(Capture.from_json(each) for each in content["captures"]),
        tables=parts_from_json(content["tables"]),
    )


def parts_to_json(tables: Partitions) -> dict[str, dict[str, dict[str, Any]]]:
    """Partitions as a manifest has them."""
    return {
        table: {
            str(week): {
                "key": each.key,
                "sha256": each.sha256,
                "rows": each.rows,
                "bytes": each.bytes,
                "as_of": _text(each.as_of) if each.as_of else None,
                "sources": list(each.sources),
            }
            for week, each in weeks.items()
        }
        for table, weeks in tables.items()
    }


def parts_from_json(content: dict[str, dict[str, dict[str, Any]]]) -> Partitions:
    """What `parts_to_json` gave."""
    return {
        table: {
            date.fromisoformat(week): Partition(
                key=each["key"],
                sha256=each["sha256"],
                rows=each["rows"],
                bytes=each["bytes"],
                as_of=datetime.fromisoformat(each["as_of"]) if each["as_of"] else None,
                sources=tuple(each["sources"]),
            )
            for week, each in weeks.items()
        }
        for table, weeks in content.items()
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def is_ours(store: Store, manifest: Manifest, release: str) -> bool:
    """Whether a release is this lake's, as the history of what is published there tells.

    A manifest that is broken ends that history: then a release counts which was loaded from this lake, or which
    `repair` has set aside. A copy of a lake shares what the lake had published before.
    """
    if release in (manifest.release, manifest.previous):
        return True
    with suppress(NotFound, BrokenSeal, Damaged):
        if any(each.release == release for each in chain(store, current(store).manifest)):
            return True
    marks = (keys.loaded(release), keys.BROKEN + keys.manifest(release))
    return any(mark in store.list(mark) for mark in marks)


def chain(store: Store, manifest: Manifest | None) -> Iterator[Manifest]:
    """A release and all that it followed.

    One whose manifest was broken and set aside is left out, and the newest before it comes next.
    """
    while manifest is not None:
        yield manifest
        manifest = release_before(store, manifest)


def release_before(store: Store, manifest: Manifest) -> Manifest | None:
    """The release that one followed, or the newest before that where its manifest was set aside."""
    if manifest.previous is None:
        return None
    key = keys.manifest(manifest.previous)
    try:
        return read_manifest(store, manifest.previous)
    except NotFound:
        if not any(store.list(f"{keys.BROKEN}{key}")):
            raise
    # Names begin with the release's number, in digits of one width.
    for name in sorted((each for each in store.list(keys.MANIFESTS) if each < key), reverse=True):
        with suppress(StandingsError):
            return read_manifest(store, keys.release(name))
    return None
