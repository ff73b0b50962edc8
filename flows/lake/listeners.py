"""Whoever is told of a release cannot undo it: a listener that is not reached is a warning, and on record."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from flows.lake import keys
from flows.storage.checksummed_json import seal, unseal
from flows.storage.object_store import NotFound, Store
from schemas.errors import StandingsError

log = logging.getLogger("standings")


@dataclass(frozen=True)
class Unreached:
    """A listener that was not reached: the variable that names it, when that was, and why."""

    variable: str
    at: str
    why: str


@contextmanager
def telling(store: Store, variable: str, doing: str) -> Iterator[None]:
    """Tells a listener inside it. Whatever goes wrong there is a warning, which begins with `doing`.

    The last one that was not reached is on record in the lake until it is reached again.
    """
    try:
        yield
    except Exception as error:
        # The words of an error that is not ours may hold the address, and so a secret.
        why = str(error) if isinstance(error, StandingsError) else type(error).__name__
        log.warning("%s: %s: %s", doing, variable, why)
        _keep(store, Unreached(variable, datetime.now(UTC).isoformat(timespec="seconds"), why))
    else:
        _forget(store, variable)


def last_unreached(store: Store) -> Unreached | None:
    """The last listener that was not reached, and has not been since."""
    try:
        content = unseal(store.get(keys.UNREACHED), f"{store.url}/{keys.UNREACHED}")
    except NotFound:
        return None
    return Unreached(content["variable"], content["at"], content["why"])


def _keep(store: Store, unreached: Unreached) -> None:
    try:
        store.put(keys.UNREACHED, seal(vars(unreached)))
    except StandingsError as error:
        log.warning("notify: that is not on record: %s", error)


def _forget(store: Store, variable: str) -> None:
    try:
        if (held := last_unreached(store)) and held.variable == variable:
            store.delete(keys.UNREACHED)
    except StandingsError as error:
        log.warning("notify: what is on record of %s stays: %s", variable, error)
