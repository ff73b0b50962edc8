"""The only place where object keys are built or parsed."""

from dataclasses import dataclass
from datetime import date

LAKE = "lake.json"
POINTER = "pointer.json"
LATEST_MARK = "latest.json"
LATEST = "latest/"
RAW = "raw/"
REJECTED = "quarantine/captures/"

_BODY = ".body"


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
        return f"{self._stem}.request.json"

    @property
    def rejection(self) -> str:
        return f"{REJECTED}{self._name}.json"

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
    return RawKey(origin, period, part, sha256)


def part(table: str, week: date, sha256: str) -> str:
    """An immutable partition, named by its content."""
    return f"parts/{table}/week={week}/{sha256}.parquet"


def latest(table: str, week: date) -> str:
    """The same partition of the newest release, for readers that glob."""
    return f"{LATEST}{table}/week={week}/{table}.parquet"


def manifest(release: str) -> str:
    return f"manifests/{release}.json"


def staged(stage: str, name: str) -> str:
    """What a step leaves for the next one."""
    return f"staging/{stage}/{name}"


def report(sha256: str) -> str:
    """A validation report, named by its content."""
    return f"reports/{sha256}.json"
