"""The only place where object keys are built or parsed."""

import re
from dataclasses import dataclass
from datetime import date

from transforms.parse import Period

LAKE = "lake.json"
POINTER = "pointer.json"
LEDGER = "ledger.json"
LATEST_MARK = "latest.json"
UNREACHED = "unreached.json"
LATEST = "latest/"
RAW = "raw/"
PARTS = "parts/"
MANIFESTS = "manifests/"
REPORTS = "reports/"
STAGING = "staging/"
ACCEPTED = "accepted/"
BROKEN = "quarantine/objects/"
REJECTED = "quarantine/captures/"
HELD = "quarantine/releases/"
OFFENDING = "quarantine/rows/"
DOCS = "docs/"
CONFIRMED = "confirmed/"
PARSED = "parsed/"
CHECKED = "checked/"
LOADED = "loaded/"
METADATA = "metadata/"
PACKAGE = "datapackage"
CROISSANT = "croissant"

REQUEST = ".request.json"
FETCH = f".fetch{REQUEST}"
_BODY = ".body"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RawKey:
    """A capture's identity: what was asked for, where the answer came from, and its bytes' sha256."""

    origin: str
    period: str
    slice: str
    sha256: str

    @property
    def body(self) -> str:
        return f"{self._stem}{_BODY}"

    @property
    def request(self) -> str:
        return f"{self._stem}{REQUEST}"

    @property
    def fetch(self) -> str:
        """The record of the request that fetched the same bytes, where the first record is of an ingested file."""
        return f"{self._stem}{FETCH}"

    @property
    def rejection(self) -> str:
        return f"{REJECTED}{self._name}.json"

    @property
    def confirmation(self) -> str:
        """The mark of a capture that only confirmed what was published."""
        return f"{CONFIRMED}{self._name}"

    @property
    def _stem(self) -> str:
        return f"{RAW}{self._name}"

    @property
    def _name(self) -> str:
        return f"origin={self.origin}/period={self.period}/slice={self.slice}/{self.sha256}"


def raw(key: str) -> RawKey | None:
    """The identity that a body's key spells; None for any other key."""
    if not (key.startswith(RAW) and key.endswith(_BODY)):
        return None
    parts = key.removeprefix(RAW).removesuffix(_BODY).split("/")
    if len(parts) != 4:
        return None
    origin, period, part, sha256 = (each.partition("=")[2] or each for each in parts)
    found = RawKey(origin, period, part, sha256)
    return found if found.body == key else None


def confirmed(key: str) -> RawKey | None:
    """The capture whose confirmation a key marks; None for any other key."""
    return raw(f"{RAW}{key.removeprefix(CONFIRMED)}{_BODY}") if key.startswith(CONFIRMED) else None


def parsed(version: str, key: RawKey) -> str:
    """What a version of the parser made of a capture. The grain decides how a body is read, its origin does not."""
    return f"{PARSED}{version}/{period_of(key)}-{key.sha256}.parquet"


def parsed_of(key: str) -> tuple[str, str] | None:
    """The version and the capture's sha256 in such a key; None for any other key."""
    version, _, name = key.removeprefix(PARSED).partition("/")
    digest = name.removesuffix(".parquet").rpartition("-")[2]
    return (version, digest) if key.startswith(PARSED) and _DIGEST.fullmatch(digest) else None


def checked(release: str) -> str:
    """What the checks found in each partition of a release."""
    return f"{CHECKED}{release}.json"


def part(table: str, week: date, sha256: str) -> str:
    """An immutable partition, named by its content."""
    return f"{PARTS}{table}/week={week}/{sha256}.parquet"


def digest_in(key: str) -> str | None:
    """The sha256 that an object's name says its bytes have; None for an object that is not named so."""
    name, _, ending = key.rpartition("/")[2].partition(".")
    return name if _DIGEST.fullmatch(name) and f".{ending}" not in (REQUEST, FETCH) else None


def latest(table: str, week: date) -> str:
    """The same partition of the newest release, for readers that glob."""
    return f"{LATEST}{table}/week={week}/{table}.parquet"


def manifest(release: str) -> str:
    return f"{MANIFESTS}{release}.json"


def release(manifest_key: str) -> str:
    """The release whose manifest a key names."""
    return manifest_key.removeprefix(MANIFESTS).removesuffix(".json")


def loaded(release: str) -> str:
    """The mark of a release that every warehouse of some run has been brought to."""
    return f"{LOADED}{release}"


def staged(stage: str, name: str) -> str:
    """What a step leaves for the next one."""
    return f"{STAGING}{stage}/{name}"


def report(sha256: str) -> str:
    """A validation report, named by its content."""
    return f"{REPORTS}{sha256}.json"


def docs(sha256: str) -> str:
    """What was checked of a release, as a page, named by its content."""
    return f"{DOCS}{sha256}.html"


def offending(sha256: str) -> str:
    """The rows that fail a check, named by their content."""
    return f"{OFFENDING}{sha256}.parquet"


def metadata(sha256: str, ending: str) -> str:
    """What describes tables: a schema or the dictionary, named by its content."""
    return f"{METADATA}{sha256}.{ending}"


def descriptor(name: str, release: str) -> str:
    """A description of one release, `PACKAGE` or `CROISSANT`.

    It stands at the lake's root, since both formats take paths from where they stand and may not leave that place.
    """
    return f"{name}.{release}.json"


def newest(name: str) -> str:
    """The same description of the newest release, for readers that look for it under its usual name."""
    return f"{name}.json"


def held(release: str) -> str:
    """A release that a critical check stopped."""
    return f"{HELD}{release}.json"


def held_name(key: str) -> str:
    return key.removeprefix(HELD).removesuffix(".json")


def accepted(release: str) -> str:
    """A person's word that a stopped release is let through."""
    return f"{ACCEPTED}{release}.json"


def accepted_name(key: str) -> str:
    return key.removeprefix(ACCEPTED).removesuffix(".json")


def period_of(key: RawKey) -> Period:
    """The grain that was asked for."""
    return "week" if key.period == "week" else "day"
