"""What a step leaves in the lake for the next one, so that a step that is tried again reads storage anew."""

import io
import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from flows import keys
from flows.store import NotFound, Store


@dataclass(frozen=True)
class Stage:
    """Frames on their way to a release, under a name of this run's own."""

    store: Store
    name: str

    def write(self, name: str, frame: pl.DataFrame) -> None:
        sink = io.BytesIO()
        frame.write_parquet(sink)
        self.store.put(keys.staged(self.name, f"{name}.parquet"), sink.getvalue())

    def write_all(self, frames: dict[str, pl.DataFrame]) -> None:
        for name, frame in frames.items():
            self.write(name, frame)

    def read(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(io.BytesIO(self.store.get(keys.staged(self.name, f"{name}.parquet"))))

    def note(self, name: str, content: Any) -> None:
        self.store.put(keys.staged(self.name, f"{name}.json"), json.dumps(content).encode())

    def noted(self, name: str) -> Any:
        """What was noted under a name; None where nothing was."""
        try:
            return json.loads(self.store.get(keys.staged(self.name, f"{name}.json")))
        except NotFound:
            return None

    def clear(self) -> None:
        for key in list(self.store.list(keys.staged(self.name, ""))):
            self.store.delete(key)
