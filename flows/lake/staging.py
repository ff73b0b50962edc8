"""What the steps of one run share, and what each leaves for the next one."""

import io
import uuid
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Protocol

import polars as pl

from flows.lake import captures, keys
from flows.lake.lake import Kind, kind_of, open_lake
from flows.lake.manifest import Manifest, Pointer, current
from flows.lake.reference import reference_of
from flows.settings import Settings
from flows.storage.checksummed_bytes import with_digest, without_digest
from flows.storage.checksummed_json import BrokenSeal, seal, unseal
from flows.storage.object_store import NotFound, Store
from schemas.reference import Reference

IN_MEMORY = 8
"""Blocks of weeks whose tables stay in memory between the steps: with blocks of the usual size, two million rows of the
source and what is made of them."""


class Stage(Protocol):
    """Frames and notes on their way to a release, seen by the steps of one run alone."""

    def write(self, name: str, frame: pl.DataFrame, block: int = 0) -> None:
        """Leaves a frame, or that part of it which is of one block of weeks."""

    def read(self, name: str, blocks: Iterable[int] = (0,), columns: list[str] | None = None) -> pl.DataFrame:
        """What was written under a name, of all the blocks. Raises `NotFound` where nothing was written."""

    def note(self, name: str, content: Any) -> None:
        """Leaves a value that JSON can hold."""

    def noted(self, name: str) -> Any:
        """What was noted under a name; None where nothing was."""

    def notes(self, prefix: str) -> list[str]:
        """The names that begin so and under which something was noted, in order."""

    def clear(self) -> None:
        """Forgets everything."""


class MemoryStage:
    """The stage of a run whose steps are all in one process."""

    def __init__(self) -> None:
        self._frames: dict[tuple[str, int], pl.DataFrame] = {}
        self._notes: dict[str, Any] = {}

    def write(self, name: str, frame: pl.DataFrame, block: int = 0) -> None:
        self._frames[name, block] = frame

    def read(self, name: str, blocks: Iterable[int] = (0,), columns: list[str] | None = None) -> pl.DataFrame:
        try:
            frames = [self._frames[name, block] for block in blocks]
        except KeyError:
            raise NotFound(f"{name} was not staged") from None
        return pl.concat(frame.select(columns) if columns else frame for frame in frames)

    def note(self, name: str, content: Any) -> None:
        self._notes[name] = content

    def noted(self, name: str) -> Any:
        return self._notes.get(name)

    def notes(self, prefix: str) -> list[str]:
        return sorted(name for name in self._notes if name.startswith(prefix))

    def clear(self) -> None:
        self._frames.clear()
        self._notes.clear()


class LakeStage:
    """The stage of a run whose steps are on several machines: it lies in the lake, under a name of the run's own."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name

    def write(self, name: str, frame: pl.DataFrame, block: int = 0) -> None:
        sink = io.BytesIO()
        frame.write_parquet(sink)
        self.store.put(self._key(name, block), with_digest(sink.getvalue()))

    def read(self, name: str, blocks: Iterable[int] = (0,), columns: list[str] | None = None) -> pl.DataFrame:
        """Raises also `BrokenSeal` where the store gives back other bytes."""
        return pl.concat(self._read(self._key(name, block), columns) for block in blocks)

    def _read(self, key: str, columns: list[str] | None) -> pl.DataFrame:
        data = without_digest(self.store.get(key))
        if data is None:
            raise BrokenSeal(
                f"{self.store.url}/{key}: its bytes are not those that were staged: run it again"
            )
        return pl.read_parquet(io.BytesIO(data), columns=columns)

    def _key(self, name: str, block: int) -> str:
        return keys.staged(self.name, f"{name}/{block:06d}.parquet")

    def note(self, name: str, content: Any) -> None:
        self.store.put(keys.staged(self.name, f"{name}.json"), seal({"noted": content}))

    def noted(self, name: str) -> Any:
        key = keys.staged(self.name, f"{name}.json")
        try:
            return unseal(self.store.get(key), f"{self.store.url}/{key}")["noted"]
        except NotFound:
            return None

    def notes(self, prefix: str) -> list[str]:
        begin = keys.staged(self.name, "")
        found = (key.removeprefix(begin) for key in self.store.list(f"{begin}{prefix}"))
        return sorted(name.removesuffix(".json") for name in found if name.endswith(".json"))

    def clear(self) -> None:
        for key in list(self.store.list(keys.staged(self.name, ""))):
            self.store.delete(key)


class Run:
    """One run of the pipeline: its settings, its stage, and what was published when it began.

    No dataclass: an orchestrator would look into each step's parameters, and these hold the whole manifest. A copy
    that a worker gets leaves what was published behind, which no worker's step needs.
    """

    def __init__(self, settings: Settings, stage: Stage, kind: Kind | None, published: Pointer) -> None:
        self.settings, self.stage, self.kind, self.published = settings, stage, kind, published
        self.release = published.manifest
        """What is published as far as this run knows: `before`, until it publishes."""

    @property
    def store(self) -> Store:
        return open_lake(self.settings)

    @property
    def before(self) -> Manifest | None:
        """The release that was published when the run began."""
        return self.published.manifest

    @cached_property
    def raw(self) -> list[str]:
        """What lay in `raw/` when the run first looked."""
        return list(self.store.list(keys.RAW))

    @property
    def fetches(self) -> list[str]:
        """Of these, the records of bytes that the source gave us although a file had brought them before."""
        return [name for name in self.raw if name.endswith(keys.FETCH)]

    @cached_property
    def parts(self) -> list[str]:
        """The parts that were there when the run first looked."""
        return list(self.store.list(keys.PARTS))

    @cached_property
    def rejections(self) -> dict[str, str | None]:
        """The captures that were passed over when the run first looked, as `captures.rejections` tells."""
        return captures.rejections(self.store)

    @cached_property
    def facts(self) -> Reference:
        """The reference facts that count in this lake."""
        return reference_of(self.settings, self.kind)

    def make_room(self, blocks: int) -> None:
        """Moves the stage, in which nothing is yet, into the lake where so many blocks would fill the memory."""
        if blocks > IN_MEMORY and isinstance(self.stage, MemoryStage):
            self.stage = LakeStage(self.store, uuid.uuid4().hex)

    def again(self) -> "Run":
        """The same run with a stage of its own, to try something else."""
        return Run(self.settings, new_stage(self.settings), self.kind, self.published)

    def __reduce__(self) -> Any:
        assert isinstance(self.stage, LakeStage), "a stage in memory cannot be sent to a worker"
        return _on_a_worker, (self.settings, self.stage.name, self.kind)


def begin(settings: Settings) -> Run:
    """A new run on what is published now."""
    store = open_lake(settings)
    return Run(settings, new_stage(settings), kind_of(store), current(store))


def new_stage(settings: Settings) -> Stage:
    """A stage for one run: in memory, unless Dask's workers have to reach it or it grows (`Run.make_room`)."""
    return LakeStage(open_lake(settings), uuid.uuid4().hex) if settings.dask else MemoryStage()


def _on_a_worker(settings: Settings, stage: str, kind: Kind | None) -> Run:
    return Run(settings, LakeStage(open_lake(settings), stage), kind, Pointer(None, None))


def write_all(stage: Stage, frames: dict[str, pl.DataFrame], block: int = 0) -> dict[str, int]:
    """Leaves frames by name; returns how many rows each has."""
    for name, frame in frames.items():
        stage.write(name, frame, block)
    return {name: frame.height for name, frame in frames.items()}
