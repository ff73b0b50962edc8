"""latest/: one object a partition of the newest release, for readers that glob."""

import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from flows.lake import keys
from flows.lake.manifest import Manifest, Partition, published
from flows.lake.reader import digests, known_bytes
from flows.storage.checksummed_json import BrokenSeal, seal, unseal
from flows.storage.object_store import CONNECTIONS, Damaged, LostRace, NotFound, Store

PATIENCE = 15.0
"""Seconds: longer than it takes another run to refresh `latest/`, and short for the next after a crash."""


def refresh_latest(store: Store, manifest: Manifest, before: Manifest | None) -> None:
    """Makes `latest/` the manifest's partitions, object by object.

    A mark says which release `latest/` holds whole. Where it is the release before, only what changed is
    written; else, after a crash or beside another run, every object is compared. Who finds that another run
    marked it meanwhile lets that one end, and starts again from what is published by then.
    """
    marked, version = _mark(store)
    held = _partitions(before) if before and marked == before.release else None
    wrote = False
    while wrote or marked != manifest.release:
        try:
            version = store.swap(keys.LATEST_MARK, seal({"release": None, "run": uuid.uuid4().hex}), version)
            # Whoever loses the mark from here on may have put old objects over new ones.
            wrote = True
            _bring_to(store, _partitions(manifest), held)
            store.swap(keys.LATEST_MARK, seal({"release": manifest.release}), version)
            return
        except LostRace:
            marked, version = _let_end(store)
            manifest, held = published(store), None


def _let_end(store: Store) -> tuple[str | None, str | None]:
    """The mark once no other run is at work, or once whoever is has not been heard of for long."""
    marked, version = _mark(store)
    # Not the same for all, so that one of those who wait goes first.
    until = time.monotonic() + PATIENCE * random.uniform(1, 2)
    while marked is None and time.monotonic() < until:
        time.sleep(0.1)
        before = version
        marked, version = _mark(store)
        if version != before:
            until = time.monotonic() + PATIENCE * random.uniform(1, 2)
    return marked, version


def _bring_to(store: Store, wanted: dict[str, Partition], held: dict[str, Partition] | None) -> None:
    """Writes and removes objects under `latest/`; held: what is known to be there, None to look."""
    if held is None:
        found = digests(store, store.list(keys.LATEST))
    else:
        found = {name: each.sha256 for name, each in held.items()}
    stale = [name for name, each in wanted.items() if found.get(name) != each.sha256]
    gone = [name for name in found if name not in wanted]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda name: store.put(name, known_bytes(store, wanted[name])), stale))
        list(pool.map(store.delete, gone))


def _partitions(manifest: Manifest) -> dict[str, Partition]:
    """The partitions by their names under `latest/`."""
    return {keys.latest(table, week): each for table, week, each in manifest.partitions()}


def held_by_latest(store: Store) -> str | None:
    """The release that `latest/` holds whole; None where a run is at work on it, or died."""
    return _mark(store)[0]


def _mark(store: Store) -> tuple[str | None, str | None]:
    try:
        body, version = store.read(keys.LATEST_MARK)
    except NotFound:
        return None, None
    except Damaged:
        store.delete(keys.LATEST_MARK)
        return None, None
    try:
        return unseal(body, f"{store.url}/{keys.LATEST_MARK}")["release"], version
    except BrokenSeal:
        # A mark that says nothing: every object is compared.
        return None, version
