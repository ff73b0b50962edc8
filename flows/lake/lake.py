"""A lake: one object store that holds the raw captures, the releases and what leads from one to the other."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

from flows.lake import keys
from flows.settings import Settings
from flows.storage.checksummed_json import seal, unseal
from flows.storage.object_store import NotFound, Store
from flows.storage.open import open_store, probe
from schemas.errors import StandingsError
from schemas.licence import attribution_line

FORMAT = 2
"""2: releases have docs and acceptances, which a version that knows only format 1 would not carry on."""

Kind = Literal["real", "simulated"]


@cache
def open_lake(settings: Settings) -> Store:
    """The lake's store, for reading. One client serves every step of a run."""
    return open_store(settings.lake, settings.s3)


@cache
def writable(settings: Settings) -> Store:
    """The lake's store, for writing; raises `StandingsError` where it ignores conditional writes."""
    store = open_lake(settings)
    probe(store)
    return store


def claim(settings: Settings, kind: Kind) -> Store:
    """The lake's store, for writing figures of one kind.

    The first write decides what a lake holds. Raises `StandingsError` for the other kind, for a newer format,
    and for a store that ignores conditional writes.
    """
    store = writable(settings)
    if not say_kind(store, kind) and (found := kind_of(store)) != kind:
        raise StandingsError(
            f"{store.url}: this lake holds {found} figures, and these are {kind}: "
            f"set STANDINGS_LAKE to a lake of their own"
        )
    demand_format(store)
    return store


def say_kind(store: Store, kind: Kind) -> bool:
    """Says what a lake holds, once and for all; False where it is said already."""
    return store.put_once(keys.LAKE, seal({"format": FORMAT, "kind": kind}))


def kind_of(store: Store) -> Kind | None:
    """What the lake holds; None where nothing was ever written."""
    content = _content(store)
    return content["kind"] if content else None


def demand_format(store: Store) -> None:
    """Raises `StandingsError` where a lake of an older format would be written to."""
    content = _content(store)
    if content and content["format"] < FORMAT:
        raise StandingsError(
            f"{store.url}: this lake has format {content['format']}, and this version writes {FORMAT}: "
            f"move it up with `standings migrate`"
        )


def move_up(store: Store) -> int | None:
    """Marks a lake as of this version's format; returns the one that it had, None where it was so already.

    Nothing in it is rewritten: what an older version wrote is read as it is.
    """
    content = _content(store)
    if content is None or content["format"] == FORMAT:
        return None
    _, version = store.read(keys.LAKE)
    store.swap(keys.LAKE, seal({"format": FORMAT, "kind": content["kind"]}), version)
    return int(content["format"])


def _content(store: Store) -> dict[str, Any] | None:
    try:
        content = unseal(store.get(keys.LAKE), f"{store.url}/{keys.LAKE}")
    except NotFound:
        return None
    if content["format"] > FORMAT:
        raise StandingsError(
            f"{store.url}: this lake has format {content['format']}, "
            f"and this version reads up to {FORMAT}: upgrade it"
        )
    return content


def citation(kind: Kind, as_of: datetime) -> str:
    """The line that every artefact carries; figures that are simulated never carry the source's name."""
    moment = as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "simulated":
        return (
            f"SIMULATED figures from Token Standings' sample API, as of {moment}. They describe nothing real."
        )
    return attribution_line(moment)
