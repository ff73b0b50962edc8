"""Readers who look on: each look takes the published release whole, every part against its digest."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from flows.lake.manifest import Manifest, published
from flows.lake.reader import part_bytes
from flows.storage.object_store import Store
from tests.support.lakes import digest

Parts = dict[str, str]
"""The sha256 of each part of a release, by key."""

PAUSE = 0.02
"""Seconds between two looks, at least."""


class Mixture(Exception):
    """What was read is no release that was ever published."""


def parts_of(manifest: Manifest) -> Parts:
    """What a manifest promises."""
    return {each.key: each.sha256 for _, _, each in manifest.partitions()}


def look(store: Store, known: Mapping[str, Parts]) -> str:
    """Reads from the pointer to the last part; returns which of the known releases that was.

    Raises `Mixture` where it is none of them, `StandingsError` where it cannot be read.
    """
    manifest = published(store)
    found = {each.key: digest(part_bytes(store, each)) for _, _, each in manifest.partitions()}
    for name, parts in known.items():
        if found == parts:
            return name
    raise Mixture(f"release {manifest.release} is none of {', '.join(known)}")


class Reader:
    """Looks over and over, from a thread, while the `with` block lasts.

    known: the releases that may be seen, in the order in which they are published.
    seen: counts how often each was. wrong: gets a line for each look that did not see one of them whole.
    """

    def __init__(
        self, store: Store, known: Mapping[str, Parts], seen: Counter[str], wrong: list[str]
    ) -> None:
        self._store, self._known = store, known
        self._seen, self._wrong = seen, wrong
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        order, newest, rest = list(self._known), 0, PAUSE
        while not self._over.wait(rest):
            started = time.monotonic()
            try:
                name = look(self._store, self._known)
                self._seen[name] += 1
                if order.index(name) < newest:
                    self._wrong.append(f"a reader saw {name} after {order[newest]}")
                newest = order.index(name)
            except Exception as error:
                self._wrong.append(f"a reader met {type(error).__name__}: {error}")
            # It rests as long as it looked, so as not to slow down what it watches.
            rest = max(PAUSE, time.monotonic() - started)
