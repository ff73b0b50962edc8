"""Plans that meet the source's real quotas: what they wait for is what the quotas make them wait for, and no more.

The command line asks the sample API, which allows what the source allows, 30 requests a minute and 500 a day, for
a year in ninety requests. The first thirty may go at once and the last thirty after two minutes, so that the floor is
two minutes; the plan, from its first request to its last answer, may take a tenth more. What reading the slices takes
after that, which is the machine's, is told beside it. A backfill of all of history alone waits for nothing.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from itertools import product
from pathlib import Path
from random import Random

from flows.lake.lake import open_lake
from flows.monitoring.verify import verify
from flows.quota import A_MINUTE
from flows.sample_api.server import CHOICES, Reply
from flows.settings import Settings, from_environment
from schemas.datasets import RANKINGS_DAILY
from tests.chaos.kills import landed_answers
from tests.chaos.tally import Tally
from tests.chaos.yard import CountingApi
from tests.support import lakes

ROUNDS = 1
REQUESTS = 90
RATIO = 1.1
NOW = lakes.at(date(2026, 11, 24))
YEAR_AND_MORE, LAST = date(2025, 11, 10), date(2026, 11, 22)
"""Days that take two requests, by the day and by the week."""


class TimedApi(CountingApi):
    """The sample API with the source's quotas, which keeps the moments and the ends of its answers."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.moments: list[float] = []
        self.ended = 0.0
        self.refused = 0

    def reply(self, method: str, target: str, authorization: str | None) -> Reply:
        self.moments.append(time.monotonic())
        reply = super().reply(method, target, authorization)
        self.refused += reply.status != 200
        self.ended = time.monotonic()
        return reply


def slices(count: int) -> list[str]:
    """So many slices as the command line takes them: combined ones, and each of its own."""
    exact = ("modality", "context_bucket")
    single = [f"{name}={value}" for name in (*exact, "category", "language_type") for value in CHOICES[name]]
    both = [f"modality={one},context_bucket={other}" for one, other in product(*(CHOICES[n] for n in exact))]
    return [*single, *both][:count]


def run(tally: Tally, rounds: int, random: Random, home: Path) -> None:
    for number in range(rounds):
        folder = home / f"round-{number}"
        folder.mkdir()
        _cold(tally, folder)
        _ninety(tally, folder)
        tally.count("rounds")


def _cold(tally: Tally, folder: Path) -> None:
    with TimedApi() as api:
        told, _, _ = backfill(folder / "cold", api, RANKINGS_DAILY.history_starts)
        tally.expect(len(api.moments) <= 3, f"all of history took {len(api.moments)} requests")
        tally.expect("waiting" not in told, "all of history waited for a quota")
        tally.note(f"all of history: {len(api.moments)} requests, no wait")


def _ninety(tally: Tally, folder: Path) -> None:
    with TimedApi() as api:
        named = slices(REQUESTS // 2 - 1)
        _, seconds, settings = backfill(folder / "ninety", api, YEAR_AND_MORE, named)
        floor = (REQUESTS - 1) // A_MINUTE.limit * A_MINUTE.seconds
        asking = api.ended - api.moments[0]
        tally.expect(len(api.asked) == len(api.moments) == REQUESTS, f"{len(api.moments)} requests were made")
        tally.expect(not api.refused, f"the source refused {api.refused} requests")
        tally.expect(len(landed_answers(open_lake(settings))) == REQUESTS, "an answer did not land")
        tally.expect(not list(verify(settings)), "verify finds problems")
        tally.expect(asking <= RATIO * floor, f"asking took {asking:.1f} s, and its floor is {floor:.0f} s")
        tally.note(
            f"{REQUESTS} requests: {asking:.1f} s to the last answer, {asking / floor:.3f} of the floor"
        )
        tally.note(f"to the end of the command, all published: {seconds:.1f} s, {seconds / floor:.3f} of it")


def backfill(
    folder: Path, api: TimedApi, first: date, named: Sequence[str] = ()
) -> tuple[str, float, Settings]:
    """Runs the command; returns what it told, the seconds from its first request to its end, and its settings."""
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STANDINGS_")}
    environment.pop("PREFECT_API_URL", None)
    environment |= {
        "STANDINGS_LAKE": f"file://{folder}/lake",
        "OPENROUTER_API_KEY": "k",
        "OPENROUTER_BASE_URL": api.base_url,
    }
    standings = str(Path(sys.executable).with_name("standings"))
    command = [
        standings,
        "backfill",
        "--from",
        str(first),
        "--to",
        str(LAST),
        *(f"--slice={each}" for each in named),
    ]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    ended = time.monotonic()
    if done.returncode:
        raise RuntimeError(f"the backfill ended with {done.returncode}: {done.stderr.splitlines()[-1]}")
    return done.stderr, ended - api.moments[0], from_environment(environment)
