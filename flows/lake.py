"""A lake: one object store that holds the raw captures, the releases and what leads from one to the other."""

from datetime import UTC, datetime
from functools import cache
from typing import Literal

from flows import keys
from flows.sealed import seal, unseal
from flows.settings import Settings
from flows.store import NotFound, Store, open_store, probe
from schemas.errors import StandingsError

FORMAT = 1

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
    return store


def say_kind(store: Store, kind: Kind) -> bool:
    """Says what a lake holds, once and for all; False where it is said already."""
    return store.put_once(keys.LAKE, seal({"format": FORMAT, "kind": kind}))


def kind_of(store: Store) -> Kind | None:
    """What the lake holds; None where nothing was ever written."""
    try:
        content = unseal(store.get(keys.LAKE), f"{store.url}/{keys.LAKE}")
    except NotFound:
        return None
    if content.get("format") != FORMAT:
        raise StandingsError(
            f"{store.url}: this lake has format {content.get('format')}, "
            f"and this version reads {FORMAT}: upgrade it"
        )
    kind: Kind = content["kind"]
    return kind


def citation(kind: Kind, as_of: datetime) -> str:
    """The line that every artefact carries; figures that are simulated never carry the source's name."""
    moment = as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "simulated":
        return (
            f"SIMULATED figures from Token Standings' sample API, as of {moment}. They describe nothing real."
        )
    return f"Source: OpenRouter (openrouter.ai/rankings), as of {moment}. Licensed under CC BY 4.0."


CAVEAT = "Tokens of different providers' tokenizers are not strictly comparable."
