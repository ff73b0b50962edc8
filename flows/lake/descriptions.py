"""Where a release's descriptions are, and whether they are all there: `flows.pipeline.describe` writes them."""

from collections.abc import Iterable, Iterator
from typing import Any

from flows.lake import keys
from flows.lake.manifest import Manifest
from flows.storage.checksummed_json import unseal
from flows.storage.object_store import Store
from schemas.errors import StandingsError

DESCRIPTORS = (keys.PACKAGE, keys.CROISSANT)


def descriptors(store: Store) -> set[str]:
    """Every descriptor in the lake; none in one that only versions before them wrote."""
    return {key for name in DESCRIPTORS for key in store.list(f"{name}.")}


def described(store: Store, release: str) -> bool:
    """Whether a release's descriptors are there, and what they name beside its parts."""
    if not {keys.descriptor(name, release) for name in DESCRIPTORS} <= descriptors(store):
        return False
    return _named(store, release) <= set(store.list(keys.METADATA))


def problems(store: Store, manifest: Manifest, releases: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is missing or out of date, as a key and what is wrong with it.

    The published release must be described, and so must the newest one's usual names; of every release that is, all
    that its Data Package names must be there. Bytes that were changed are not told here.
    """
    there, present = descriptors(store), set(store.list(keys.METADATA))
    for name in DESCRIPTORS:
        key, newest = keys.descriptor(name, manifest.release), keys.newest(name)
        for each in (key, newest):
            if each not in there:
                yield each, "is missing: run it again"
        own, usual = _sound(store, key), _sound(store, newest)
        if own and usual and own != usual:
            yield newest, f"its bytes are not those of release {manifest.release}: run it again"
    for release in releases:
        for key in sorted(_named(store, release) - present):
            yield key, f"is missing; the description of release {release} names it"


def _named(store: Store, release: str) -> set[str]:
    """The keys of the dictionary and the schemas that a release's Data Package names; none where it is broken."""
    package = _sound(store, keys.descriptor(keys.PACKAGE, release))
    resources = package["resources"] if package else ()
    paths = {each for resource in resources for each in (resource["path"], resource.get("schema"))}
    return {path for path in paths if path and path.startswith(keys.METADATA)}


def _sound(store: Store, key: str) -> dict[str, Any] | None:
    """A descriptor's content; None where it is not there, or broken."""
    try:
        return unseal(store.get(key), f"{store.url}/{key}")
    except StandingsError:
        return None
