"""The only place where object keys are built or parsed."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, cached_property

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
PROBE = "probe/"
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


class Proof(StrEnum):
    """What shows that an object's bytes are those that were written."""

    NAME = "its name is their SHA-256"
    SEAL = "JSON that holds its own SHA-256"
    HEAD = "begins with the SHA-256 of the rest"
    RELEASE = "names a release of this lake"
    PUBLISHED = "equals the published partition"
    EMPTY = "is empty"
    NONE = "none"
    """Nobody relies on the bytes: what was broken already, and what is not the lake's."""


class Remedy(StrEnum):
    """What `repair` does about an object whose bytes are broken, once it is set aside."""

    REBUILT = "rebuilt"
    NEWEST = "rebuilt for the published release; an older release's is set aside"
    RECORDED = "set aside and put on record: it cannot be made again"
    ASIDE = "set aside: it is not needed, or comes back with the next run or decision"
    NONE = "none"


@dataclass(frozen=True)
class Family:
    """Objects of one kind.

    form: their key, in which a word in capitals stands for any one segment or part of one, `SHA256` and `DATE` for
    what they say, and `...` for any rest. holds: what they are, for a person. pruned: whether `prune` removes those
    that no release leads to. copied: whether they go along to another lake.
    """

    form: str
    holds: str
    proof: Proof
    remedy: Remedy
    pruned: bool = False
    copied: bool = True

    @cached_property
    def place(self) -> str:
        """What all of their keys begin with, up to the last slash."""
        head = re.split(r"[A-Z]|\.\.\.", self.form)[0]
        return head[: head.rfind("/") + 1]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        parts = {"SHA256": "[0-9a-f]{64}", "DATE": r"\d{4}-\d\d-\d\d", "...": ".*"}
        pieces = re.split(r"(SHA256|[A-Z]+|\.\.\.)", self.form)
        return re.compile(
            "".join(
                parts.get(each, "[^/]+") if place % 2 else re.escape(each)
                for place, each in enumerate(pieces)
            )
        )


FAMILIES = (
    Family(LAKE, "the lake's format, and whether its figures are real", Proof.SEAL, Remedy.REBUILT),
    Family(POINTER, "which release is published", Proof.SEAL, Remedy.REBUILT),
    Family(LATEST_MARK, "which release `latest/` holds", Proof.SEAL, Remedy.REBUILT),
    Family(LEDGER, "when the source was asked", Proof.SEAL, Remedy.ASIDE),
    Family(UNREACHED, "the last listener that was not reached", Proof.SEAL, Remedy.ASIDE, pruned=True),
    Family(f"{PACKAGE}.json", "the newest release as a Data Package", Proof.SEAL, Remedy.REBUILT),
    Family(f"{PACKAGE}.RELEASE.json", "each release as a Data Package", Proof.SEAL, Remedy.REBUILT),
    Family(f"{CROISSANT}.json", "the newest release as a Croissant data set", Proof.SEAL, Remedy.REBUILT),
    Family(f"{CROISSANT}.RELEASE.json", "each release as a Croissant data set", Proof.SEAL, Remedy.REBUILT),
    Family(f"{METADATA}SHA256.ENDING", "schemas and dictionaries", Proof.NAME, Remedy.REBUILT),
    Family(f"{RAW}ORIGIN/PERIOD/SLICE/SHA256{_BODY}", "answers as they came", Proof.NAME, Remedy.RECORDED),
    Family(
        f"{RAW}ORIGIN/PERIOD/SLICE/SHA256{REQUEST}", "what was asked for each", Proof.SEAL, Remedy.REBUILT
    ),
    Family(
        f"{RAW}ORIGIN/PERIOD/SLICE/SHA256{FETCH}",
        "the request that fetched what a file had brought",
        Proof.SEAL,
        Remedy.ASIDE,
    ),
    Family(f"{PARTS}TABLE/week=DATE/SHA256.parquet", "partitions", Proof.NAME, Remedy.NEWEST, pruned=True),
    Family(
        f"{LATEST}TABLE/week=DATE/TABLE.parquet",
        "the published partitions, for readers that glob",
        Proof.PUBLISHED,
        Remedy.REBUILT,
    ),
    Family(
        f"{MANIFESTS}RELEASE.json", "what each release is made of", Proof.SEAL, Remedy.NEWEST, pruned=True
    ),
    Family(f"{LOADED}RELEASE", "marks of releases that warehouses hold", Proof.EMPTY, Remedy.NEWEST),
    Family(
        f"{CONFIRMED}ORIGIN/PERIOD/SLICE/SHA256",
        "the release that an answer changed nothing of",
        Proof.RELEASE,
        Remedy.ASIDE,
    ),
    Family(
        f"{PARSED}VERSION/PERIOD-SHA256.parquet",
        "answers as they were parsed: a cache",
        Proof.HEAD,
        Remedy.REBUILT,
        pruned=True,
    ),
    Family(
        f"{CHECKED}RELEASE.json", "what the checks found in a release", Proof.SEAL, Remedy.NEWEST, pruned=True
    ),
    Family(f"{REPORTS}SHA256.json", "reports of checks", Proof.NAME, Remedy.NEWEST, pruned=True),
    Family(f"{DOCS}SHA256.html", "pages of checks", Proof.NAME, Remedy.NEWEST, pruned=True),
    Family(f"{OFFENDING}SHA256.parquet", "rows that failed a check", Proof.NAME, Remedy.NEWEST),
    Family(f"{ACCEPTED}RELEASE.json", "what a person let through, and why", Proof.SEAL, Remedy.ASIDE),
    Family(f"{REJECTED}ORIGIN/PERIOD/SLICE/SHA256.json", "answers passed over", Proof.SEAL, Remedy.ASIDE),
    Family(f"{HELD}RELEASE.json", "releases that a check stopped", Proof.SEAL, Remedy.ASIDE),
    Family(f"{BROKEN}...", "broken objects, as `repair` found them", Proof.NONE, Remedy.NONE),
    Family(
        f"{STAGING}...json", "notes of a run on its way", Proof.SEAL, Remedy.ASIDE, pruned=True, copied=False
    ),
    Family(
        f"{STAGING}...parquet",
        "tables of a run on its way",
        Proof.HEAD,
        Remedy.ASIDE,
        pruned=True,
        copied=False,
    ),
    Family(
        f"{PROBE}...",
        "what tries whether the store keeps its promises",
        Proof.NONE,
        Remedy.NONE,
        copied=False,
    ),
    Family(
        "warehouse.duckdb...", "the warehouse of a lake in a folder", Proof.NONE, Remedy.NONE, copied=False
    ),
    Family(".warehouse.duckdb...", "a warehouse that is being loaded", Proof.NONE, Remedy.NONE, copied=False),
)
"""Every kind of object that a lake gets. `verify`, `repair`, `prune` and `copy` go by it, and so does the README."""


@cache
def family_of(key: str) -> Family | None:
    """The kind of object that a key names; None for one that nothing here writes."""
    return next((each for each in FAMILIES if each.pattern.fullmatch(key)), None)
