"""What a step leaves in the lake for the next one, so that a step that is tried again reads storage anew."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import polars as pl

from flows import keys
from flows.sealed import BrokenSeal, seal, unseal
from flows.store import NotFound, Store

_DIGEST_BYTES = 32


@dataclass(frozen=True)
class Stage:
    """Frames on their way to a release, under a name of this run's own."""

    store: Store
    name: str

    def write(self, name: str, frame: pl.DataFrame) -> None:
        sink = io.BytesIO()
        frame.write_parquet(sink)
        data = sink.getvalue()
        self.store.put(keys.staged(self.name, f"{name}.parquet"), _digest(data) + data)

    def write_all(self, frames: dict[str, pl.DataFrame]) -> None:
        for name, frame in frames.items():
            self.write(name, frame)

    def read(self, name: str) -> pl.DataFrame:
        """What was written under a name; raises `BrokenSeal` where the store gives back other bytes."""
        key = keys.staged(self.name, f"{name}.parquet")
        found = self.store.get(key)
        digest, data = found[:_DIGEST_BYTES], found[_DIGEST_BYTES:]
        if digest != _digest(data):
            raise BrokenSeal(
                f"{self.store.url}/{key}: its bytes are not those that were staged: run it again"
            )
        return pl.read_parquet(io.BytesIO(data))

    def note(self, name: str, content: Any) -> None:
        self.store.put(keys.staged(self.name, f"{name}.json"), seal({"noted": content}))

    def noted(self, name: str) -> Any:
        """What was noted under a name; None where nothing was."""
        key = keys.staged(self.name, f"{name}.json")
        try:
            return unseal(self.store.get(key), f"{self.store.url}/{key}")["noted"]
        except NotFound:
            return None

    def clear(self) -> None:
        for key in list(self.store.list(keys.staged(self.name, ""))):
            self.store.delete(key)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
