"""Several clients that share a lake ask a source with quotas over a line on which much goes wrong."""

import os
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.parse import parse_qsl

import httpx
import polars as pl
import stamina

from flows.extract import client
from flows.extract.plan import Request
from flows.extract.rate_limiter import Limiter, QuotaSpent
from flows.lake import captures, ledger
from flows.lake.keys import RawKey
from flows.lake.lake import open_lake
from flows.lake.manifest import published
from flows.lake.reader import rows_of
from flows.quota import Quota
from flows.sample_api import simulator
from flows.sample_api.server import Reply, SampleApi
from flows.settings import Settings
from schemas import RANKING_ENTRY
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from tests.chaos.faulty import Line, carrying
from tests.chaos.tally import Tally
from tests.support import lakes
from transforms.request_windows import Window

ROUNDS = 500
"""Requests that the source answers."""

CLIENTS = 4
MINUTE, DAY = Quota(30, 6), Quota(150, 60)
"""Short enough that both are spent several times in a run."""

PERCENT = 40
SEED, NOW = 11, datetime(2026, 8, 1, 12, tzinfo=UTC)
LAST = date(2026, 7, 26)


def run(
    tally: Tally, rounds: int, random: Random, home: Path, minute: Quota = MINUTE, day: Quota = DAY
) -> None:
    """Asks for ever other windows until the source has answered `rounds` times, then looks at what came of it."""
    with Source(minute, day) as source:
        line = Line(source.base_url, PERCENT, random)
        with carrying(line) as address:
            settings = replace(lakes.on_disk(home), base_url=f"{address}/api/v1", minute=minute, day=day)
            had = _ask_for_much(tally, rounds, random, source, line, settings)
    _quotas_held(tally, source, line, minute, day)
    _nothing_lost(tally, settings, had)
    _nothing_doubled(tally, settings, source, had)
    _published_as_simulated(tally, settings, had)
    tally.count("windows", len(had))
    tally.count("requests sent", len(line.moments))
    tally.count("of them answered by the source", len(source.asked))
    tally.note(", ".join(f"{number} {what}" for what, number in line.met.most_common()))


class Source(SampleApi):
    """A source that remembers when it was asked for which window, and what it answered."""

    def __init__(self, minute: Quota, day: Quota) -> None:
        # The client's clock, so that the two agree on how long a window is even where time is being adjusted.
        super().__init__(SEED, NOW, minute=minute, day=day, monotonic=time.time)
        self.asked: list[tuple[float, Window, int]] = []

    def reply(self, method: str, target: str, authorization: str | None) -> Reply:
        moment, asked = time.time(), dict(parse_qsl(target.partition("?")[2]))
        reply = super().reply(method, target, authorization)
        window = (date.fromisoformat(asked["start_date"]), date.fromisoformat(asked["end_date"]))
        self.asked.append((moment, window, reply.status))
        return reply


class Had(NamedTuple):
    """A window whose answer landed, and how often the client failed or waited for it."""

    window: Window
    key: RawKey
    failures: int
    waits: Counter[str]


def _ask_for_much(
    tally: Tally, rounds: int, random: Random, source: Source, line: Line, settings: Settings
) -> list[Had]:
    windows, had = _windows(random), list[Had]()

    def ask(pool: ProcessPoolExecutor, choice: Random) -> None:
        """One client: it also asks again for what it or another has, as a doubled run would."""
        while windows and len(source.asked) < rounds:
            had.append(pool.submit(get, settings, windows.pop()).result())
            _ledger_tells_all(tally, settings, line)
            if len(had) % 100 == 0:
                tally.say(f"{len(had)} windows, {len(source.asked)} answers, {len(tally.losses)} lost")
            known = choice.choice(had)
            if choice.randrange(4) == 0:
                again = pool.submit(get, settings, known.window).result()
                tally.expect(
                    again.key == known.key, f"{known.window}: landed as {known.key}, then {again.key}"
                )

    choices = [Random(random.getrandbits(64)) for _ in range(CLIENTS)]
    with (
        ProcessPoolExecutor(CLIENTS, get_context("spawn"), _impatient) as pool,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        list(clients.map(partial(ask, pool), choices))
    tally.count("failed runs", sum(each.failures for each in had))
    for quota, number in sum((each.waits for each in had), Counter[str]()).items():
        tally.count(f"waits for the {quota}'s quota", number)
    return had


def _windows(random: Random) -> list[Window]:
    """Days, weeks and other short spans of history, in any order. A day that vanished has no answer of its own."""
    spans = [
        (first, first + timedelta(days=days - 1))
        for days in (1, 7, 2, 3)
        for number in range((LAST - RANKINGS_DAILY.history_starts).days // days)
        if (first := RANKINGS_DAILY.history_starts + timedelta(days=number * days)) != simulator.VANISHED_DAY
        or days > 1
    ]
    random.shuffle(spans)
    return spans


# In a client's process


waits: Counter[str] = Counter()
"""How often this client waited for a quota since it was last asked."""


def _impatient() -> None:
    """Shortens a client's own waits, so that a trial of hours takes minutes. What it waits for stays as it is."""
    os.environ[client.KEY] = "any"
    # Longer than the source takes on a busy machine: a request that is given up before it arrives, and arrives
    # all the same, would be out of step with every ledger.
    client.TIMEOUT = httpx.Timeout(5.0)
    client.ATTEMPT_SECONDS = 3.0
    client.Limiter = partial(Limiter, sleep=_wait_for_the_minute)  # type: ignore
    shorter = {"wait_initial": 0.05, "wait_max": 0.5, "wait_jitter": 0.1}
    usual = stamina.retry_context
    stamina.retry_context = lambda **told: usual(**told | shorter)  # type: ignore


def _wait_for_the_minute(seconds: float) -> None:
    waits["minute"] += 1
    time.sleep(seconds)


def get(settings: Settings, window: Window) -> Had:
    """Asks as a schedule would: again after a failed run, and once there is room after a spent day."""
    waits.clear()
    failures = 0
    while True:
        try:
            return Had(window, client.extract(settings, Request(window)), failures, waits.copy())
        except QuotaSpent:
            waits["day"] += 1
            while not ledger.left(open_lake(settings), settings.day, time.time()):
                time.sleep(0.2)
        except StandingsError:
            failures += 1


# What must be so


def _ledger_tells_all(tally: Tally, settings: Settings, line: Line) -> None:
    """The lake's ledger has every request of the day past, also those that the source never heard of."""
    before = time.time()
    spent = settings.day.limit - ledger.left(open_lake(settings), settings.day, time.time())
    after = time.time()
    sent = sum(after - settings.day.seconds < moment <= before for moment in line.moments)
    tally.expect(spent >= sent, f"the ledger has {spent} requests of the last day, and {sent} were sent")


def _quotas_held(tally: Tally, source: Source, line: Line, minute: Quota, day: Quota) -> None:
    moments = [moment for moment, _, _ in source.asked]
    for name, quota in (("minute", minute), ("day", day)):
        most, sent = _most_within(moments, quota.seconds), _most_within(line.moments, quota.seconds)
        tally.expect(most <= quota.limit, f"the source was asked {most} times in a {name} of {quota}")
        tally.note(f"in any {name} at most {most} of {quota} reached the source, and {sent} were sent")
    refused = sum(status == 429 for _, _, status in source.asked)
    tally.expect(not refused, f"the source itself refused {refused} requests: its quota was spent")


def _most_within(moments: Iterable[float], seconds: float) -> int:
    ordered, begin, most = sorted(moments), 0, 0
    for end, moment in enumerate(ordered):
        while moment - ordered[begin] >= seconds:
            begin += 1
        most = max(most, end - begin + 1)
    return most


def _nothing_lost(tally: Tally, settings: Settings, had: list[Had]) -> None:
    """Every window's answer is in the lake byte for byte, and of every other body it is on record why not."""
    store = open_lake(settings)
    whole = {each.key for each in had}
    for window, key, _, _ in had:
        wanted = simulator.answer(SEED, NOW, *window)
        tally.expect(captures.body_of(store, key) == wanted, f"{window}: another body landed: {key.body}")
        tally.expect(
            not captures.exists(store, key.rejection), f"{window}: its answer is passed over: {key.body}"
        )
    torn = set(captures.landed(store)) - whole
    for key in torn:
        tally.expect(
            captures.exists(store, key.rejection), f"{key.body}: is no answer, and not on record as such"
        )
    tally.count("torn bodies on record", len(torn))


def _nothing_doubled(tally: Tally, settings: Settings, source: Source, had: list[Had]) -> None:
    """No window was asked for once its answer had landed, and each landed once."""
    store = open_lake(settings)
    tally.expect(len({each.key for each in had}) == len(had), "two windows landed as one")
    landed = {
        each.window: datetime.fromisoformat(captures.request_of(store, each.key)["retrieved_at"]).timestamp()
        for each in had
    }
    for moment, window, _ in source.asked:
        late = moment - landed[window]
        tally.expect(late <= 0, f"{window}: asked for {late:.3f} s after its answer had come")


def _published_as_simulated(tally: Tally, settings: Settings, had: list[Had]) -> None:
    """What is published of each day is what the simulator gives, to the token."""
    outcome = lakes.publish(settings)
    tally.expect(not outcome.rejected, f"captures are passed over: {outcome.rejected[:3]}")
    store = open_lake(settings)
    by_day = rows_of(store, published(store), RANKING_ENTRY).group_by("date").agg(pl.col("tokens").sum())
    found = dict(by_day.iter_rows())
    wanted = {day: tokens for day in _days(had) if (tokens := _simulated(day))}
    tally.expect(found.keys() == wanted.keys(), f"published are {len(found)} days, and {len(wanted)} landed")
    for day, tokens in wanted.items():
        tally.expect(found.get(day) == tokens, f"{day}: published are {found.get(day)} tokens of {tokens}")
    tally.count("days published", len(found))


def _days(had: list[Had]) -> set[date]:
    return {
        first + timedelta(days=number)
        for (first, last), *_ in had
        for number in range((last - first).days + 1)
    }


def _simulated(day: date) -> int:
    return sum(int(row["total_tokens"]) for row in simulator.rows(SEED, NOW, day, day))
