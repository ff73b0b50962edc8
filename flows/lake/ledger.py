"""The ledger of requests: when each was made, so that the source's quotas hold for everybody who shares a lake.

A request is entered before it is sent, and its end once it is known. The source counts it somewhere in between, so
it leaves a quota's window only when its end has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.lake import keys
from flows.quota import Quota
from flows.storage.checksummed_json import seal, unseal
from flows.storage.object_store import NotFound, Store

SKEW = 5.0
"""Seconds by which the clocks of two machines may differ."""

IN_FLIGHT = 180.0
"""Seconds after which a request whose end was never entered, because its process died, counts as ended."""


@dataclass(frozen=True)
class Spent:
    """One request: when it was entered and when it ended, in seconds since 1970; None while nobody knows."""

    id: str
    begun: float
    ended: float | None

    def leaves(self, quota: Quota) -> float:
        """When it no longer counts against a quota."""
        return (self.ended if self.ended is not None else self.begun + IN_FLIGHT) + quota.seconds

    def until(self, now: float) -> "Spent":
        """The same where it was made by `now`; else, since a clock was ahead, as if it were made now."""
        ended = self.ended if self.ended is None else min(self.ended, now)
        return Spent(self.id, min(self.begun, now), ended)


def read(store: Store) -> tuple[list[Spent], str | None]:
    """Every request in the ledger, and the ledger's version for a later swap; None where there is none yet."""
    try:
        body, version = store.read(keys.LEDGER)
    except NotFound:
        return [], None
    content = unseal(body, f"{store.url}/{keys.LEDGER}")
    return [Spent(*each) for each in content["spent"]], version


def write(store: Store, spent: Sequence[Spent], version: str | None) -> None:
    """Replaces the ledger. Raises `LostRace` where it no longer has the version that was read."""
    content = {"spent": [[each.id, each.begun, each.ended] for each in spent]}
    store.swap(keys.LEDGER, seal(content), version)


def left(store: Store, quota: Quota, now: float) -> int:
    """How many requests the quota has room for at `now`, in seconds since 1970."""
    return max(0, quota.limit - sum(each.leaves(quota) > now for each in read(store)[0]))
