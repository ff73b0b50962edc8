"""Which lake a warehouse follows: another lake's figures do not take the place of those that it holds."""

from flows.lake.manifest import Manifest, is_ours
from flows.storage.object_store import Store
from schemas.errors import StandingsError


def ensure_ours(
    store: Store, manifest: Manifest, place: str, kind: object, releases: set[str], remedy: str
) -> None:
    """Raises `StandingsError` for a warehouse that was loaded from another lake, or with figures of another kind.

    place: what is told of it before the verb. kind, releases: what it holds, nothing where it is empty. remedy: how
    to load there all the same.
    """
    if kind and kind != manifest.kind:
        raise StandingsError(f"{place} holds {kind} figures, and these are {manifest.kind}: {remedy}")
    for release in sorted(releases):
        if not is_ours(store, manifest, release):
            raise StandingsError(
                f"{place} holds release {release} of another lake than {store.url}, and is left as it is: {remedy}"
            )
