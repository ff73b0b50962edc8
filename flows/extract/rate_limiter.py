"""The source's quotas, held across every process and machine that shares a lake, by the lake's ledger."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from flows.lake import ledger
from flows.lake.ledger import Spent
from flows.quota import Quota
from flows.storage.object_store import LostRace, Store
from schemas.errors import StandingsError

log = logging.getLogger("standings")


class QuotaSpent(StandingsError):
    """The day's requests are spent: waiting for more is no use now."""


class Limiter:
    """Lets requests through as the minute's and the day's quotas allow."""

    def __init__(
        self,
        store: Store,
        minute: Quota,
        day: Quota,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._minute, self._day = minute, day
        self._clock, self._sleep = clock, sleep

    @contextmanager
    def request(self) -> Iterator[None]:
        """Waits until the minute's quota has room, and enters the request that is made inside.

        Raises `QuotaSpent` at once where the day's has none.
        """
        entry = self._enter()
        try:
            yield
        finally:
            self._change(lambda spent: [_end(each, entry, self._clock()) for each in spent])

    def _enter(self) -> str:
        entry = uuid.uuid4().hex
        while True:
            spent, version = self._read()
            now = self._clock()
            if (free := _free_at(spent, self._day, now)) > now:
                moment = datetime.fromtimestamp(free, UTC)
                raise QuotaSpent(
                    f"the quota of {self._day.limit} requests a day is spent; the next is free at "
                    f"{moment:%Y-%m-%dT%H:%M:%SZ}; what has landed is kept: run it again then"
                )
            if (free := _free_at(spent, self._minute, now)) > now:
                if free - now >= 1:
                    log.info("extract: waiting %.0f s for the minute's quota", free - now)
                self._sleep(free - now)
                continue
            try:
                self._write([*spent, Spent(entry, now, None)], version)
            except LostRace:
                continue
            return entry

    def _change(self, change: Callable[[list[Spent]], list[Spent]]) -> None:
        while True:
            spent, version = self._read()
            try:
                return self._write(change(spent), version)
            except LostRace:
                continue

    def _read(self) -> tuple[list[Spent], str | None]:
        """Requests that still count against a quota, and the ledger's version."""
        while True:
            spent, version = ledger.read(self._store)
            now, longest = self._clock(), max(self._minute, self._day, key=lambda quota: quota.seconds)
            if all(max(each.begun, each.ended or 0) <= now + ledger.SKEW for each in spent):
                return [each for each in spent if each.leaves(longest) > now], version
            # A clock was ahead. Its entries are put down as made now, else they would count until that time comes.
            with suppress(LostRace):
                self._write([each.until(now) for each in spent], version)

    def _write(self, spent: list[Spent], version: str | None) -> None:
        ledger.write(self._store, spent, version)


def _end(each: Spent, entry: str, now: float) -> Spent:
    return Spent(each.id, each.begun, now) if each.id == entry else each


def _free_at(spent: list[Spent], quota: Quota, now: float) -> float:
    """The moment from which the quota has room for one more request."""
    counting = sorted(leaves for each in spent if (leaves := each.leaves(quota)) > now)
    return counting[-quota.limit] if len(counting) >= quota.limit else now
