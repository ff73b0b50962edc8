"""What a step leaves in the lake for the next one, so that a step that is tried again reads storage anew."""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from flows.lake import keys
from flows.storage.checksummed_json import BrokenSeal, seal, unseal
from flows.storage.object_store import NotFound, Store

_DIGEST_BYTES = 32


@dataclass(frozen=True)
class Stage:
    """Frames on their way to a release, under a name of this run's own."""

    store: Store
    name: str

    def write(self, name: str, frame: pl.DataFrame, block: int = 0) -> None:
        """Leaves a frame, or that part of it which is of one block of weeks."""
        sink = io.BytesIO()
        frame.write_parquet(sink)
        data = sink.getvalue()
        self.store.put(self._key(name, block), _digest(data) + data)

    def write_all(self, frames: dict[str, pl.DataFrame], block: int = 0) -> dict[str, int]:
        """Leaves frames by name; returns how many rows each has."""
        for name, frame in frames.items():
            self.write(name, frame, block)
        return {name: frame.height for name, frame in frames.items()}

    def read(self, name: str, blocks: Iterable[int] = (0,), columns: list[str] | None = None) -> pl.DataFrame:
        """What was written under a name, of all the blocks.

        Raises `BrokenSeal` where the store gives back other bytes, `NotFound` where nothing was written.
        """
        return pl.concat(self._read(self._key(name, block), columns) for block in blocks)

    def _read(self, key: str, columns: list[str] | None) -> pl.DataFrame:
        found = self.store.get(key)
        digest, data = found[:_DIGEST_BYTES], found[_DIGEST_BYTES:]
        if digest != _digest(data):
            raise BrokenSeal(
                f"{self.store.url}/{key}: its bytes are not those that were staged: run it again"
            )
        return pl.read_parquet(io.BytesIO(data), columns=columns)

    def _key(self, name: str, block: int) -> str:
        return keys.staged(self.name, f"{name}/{block:06d}.parquet")

    def note(self, name: str, content: Any) -> None:
        self.store.put(keys.staged(self.name, f"{name}.json"), seal({"noted": content}))

    def noted(self, name: str) -> Any:
        """What was noted under a name; None where nothing was."""
        key = keys.staged(self.name, f"{name}.json")
        try:
            return unseal(self.store.get(key), f"{self.store.url}/{key}")["noted"]
        except NotFound:
            return None

    def notes(self, prefix: str) -> list[str]:
        """The names that begin so and under which something was noted, in order."""
        begin = keys.staged(self.name, "")
        found = (key.removeprefix(begin) for key in self.store.list(f"{begin}{prefix}"))
        return sorted(name.removesuffix(".json") for name in found if name.endswith(".json"))

    def clear(self) -> None:
        for key in list(self.store.list(keys.staged(self.name, ""))):
            self.store.delete(key)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
