"""The object store behind the lake: one small interface over a folder (`file://`) and a bucket (`s3://`).

Both backends promise the same: an object is seen whole or not at all, a create-only write has exactly one
winner, and a swap replaces an object only if nobody else has replaced it since it was read.
Everything above this module relies on nothing more than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, Protocol

from schemas.errors import StandingsError

# Names that the folder backend needs for itself; refused as keys on both backends so that keys stay portable.
_RESERVED = ".store-"

# A file name holds 255 bytes at most, an S3 key 1,024 including the prefix of the lake.
_SEGMENT_BYTES = 255
_KEY_BYTES = 900
_SHOWN = 200


class NotFound(StandingsError):
    """There is no object under this key."""


class Damaged(StandingsError):
    """An object is there, and the store does not give back its bytes."""

    def __init__(self, url: str, key: str, why: str) -> None:
        super().__init__(f"{url}/{key}: its bytes are not given back: {why}")


class LostRace(StandingsError):
    """The object is no longer the one that was read: read it again, decide again, and swap again."""


class Store(Protocol):
    """A flat set of objects by key.

    A key is a relative path with `/` between its segments (see `check_key`). A version names the content that
    was read, so an object that went from A to B and back to A has the version of A again. Every method can be
    called from several threads at once, raises StandingsError for a key that is refused, and for a store
    that cannot be reached, read or written.
    """

    url: str
    """The URL as given, without a trailing slash. Never holds credentials."""

    def put_once(self, key: str, data: bytes) -> bool:
        """Create an object: True if this call did, False if the key existed, whose content then stays."""

    def put(self, key: str, data: bytes) -> None:
        """Create or replace an object; a reader sees the old bytes or the new ones, never a mixture."""

    def swap(self, key: str, data: bytes, expected: str | None) -> str:
        """Replace an object only if its version is `expected` (None: only if there is none).

        Returns the new version. Raises LostRace if the object has another version, or has come or gone.
        """

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises NotFound."""

    def read(self, key: str) -> tuple[bytes, str]:
        """The object's bytes and the version to hand to `swap`. Raises NotFound."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that start with `prefix` (any text, not only whole segments), in code point order.

        Objects whose name no key can have (temporary files, folder markers of web consoles) are left out.
        """

    def delete(self, key: str) -> None:
        """Remove an object. One that is not there is fine."""

    def sweep(self, horizon: datetime) -> Iterator[str]:
        """Remove what a writer that died before `horizon` left beside the objects; yields the names."""

    def modified(self, key: str) -> datetime:
        """When an object was last written, by the store's clock; raises `NotFound`."""


@dataclass(frozen=True)
class S3Options:
    """How to talk to an S3 service. Credentials are not among it: boto3 finds them where it always does.

    `endpoint` is None for AWS itself. `checksum` is `when_required` for services that reject the checksums
    that boto3 adds to every upload. `addressing` `auto` puts the bucket in the path where an endpoint
    is given, since few self-hosted services resolve a host name for each bucket. `encryption` and `kms_key` go
    with every write, for buckets whose policy demands that each names its encryption; `requester_pays` with
    every request.
    """

    endpoint: str | None = None
    region: str | None = None
    verify_tls: bool = True
    ca_bundle: str | None = None
    checksum: Literal["when_supported", "when_required"] = "when_supported"
    addressing: Literal["auto", "path", "virtual"] = "auto"
    encryption: Literal["none", "AES256", "aws:kms", "aws:kms:dsse"] = "none"
    kms_key: str | None = None
    requester_pays: bool = False


def check_key(key: str) -> None:
    """Raise StandingsError for a key that could lead out of the lake, or mean another thing on another store.

    A key is relative, without empty, `.` or `..` segments, backslashes or control characters, which all are that
    cannot be seen where they stand (marks that turn the direction of writing, blanks but the plain one), at most
    900 bytes long with at most 255 a segment; segments that start with `.store-` are reserved.
    """
    problem = key_problem(key)
    if problem:
        shown = repr(key)
        raise StandingsError(f"the key {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'} {problem}")


def key_problem(key: str) -> str | None:
    """What is wrong with a key, or None."""
    if not key.isprintable():
        return "has a control character"
    if "\\" in key:
        return "has a backslash"
    if len(key.encode()) > _KEY_BYTES:
        return f"is longer than {_KEY_BYTES} bytes"
    return next((problem for segment in key.split("/") if (problem := _segment_problem(segment))), None)


def _segment_problem(segment: str) -> str | None:
    if segment == "":
        return "has an empty segment (a leading, trailing or doubled slash)"
    if segment in (".", ".."):
        return f"has the segment {segment!r}, which leads elsewhere"
    if segment.startswith(_RESERVED):
        return f"has a segment that starts with {_RESERVED!r}, which is reserved"
    if len(segment.encode()) > _SEGMENT_BYTES:
        return f"has a segment longer than {_SEGMENT_BYTES} bytes"
    return None


def check_prefix(prefix: str) -> None:
    """Raise StandingsError for a listing prefix that no key could start with."""
    folder, slash, beginning = prefix.rpartition("/")
    # The last segment may be cut off anywhere: nothing and dots are the only beginnings that no key can be.
    check_key(folder + slash + (beginning if beginning.strip(".") else "x"))


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def lost_race(url: str, key: str) -> LostRace:
    return LostRace(f"{url}/{key} was changed by another run in the meantime")


CONNECTIONS = 16
"""Objects that are read or written at once."""
