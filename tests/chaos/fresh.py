"""A lake in S3, and every run in a container of its own: a new process in an empty folder, with no warehouse in it.

Week after week: Monday's run and Friday's, a refresh, and backfills of what is final already. Each asks the source
exactly what it has to, and the week settles: what a run has done is known from the lake alone.
"""

import os
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from flows.lake.lake import open_lake
from flows.lake.manifest import published
from flows.lake.reader import rows_of
from flows.monitoring.verify import ProblemKind, verify
from flows.pipeline.fetch import many_weeks, one_week, trailing_days
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings, from_environment
from schemas import WEEK_COVERAGE
from tests.chaos.tally import Tally
from tests.chaos.yard import ENVIRONMENT, CountingApi
from tests.support import lakes, servers

ROUNDS = 20
ROOT = Path(__file__).resolve().parents[2]
FIRST = date(2025, 3, 3)
WEEK = timedelta(days=7)
PLAN = (
    ("weekly", timedelta(days=7, hours=6), 1),
    ("weekly", timedelta(days=11, hours=6), 1),
    ("refresh", timedelta(days=12, hours=6), 1),
    ("backfill", timedelta(days=12, hours=7), 0),
    ("refetch", timedelta(days=12, hours=8), 1),
)
"""Each run of a week: what it does, how long after the week's Monday, and how many requests that takes."""


class MovingApi(CountingApi):
    """The sample API, whose clock is set."""

    def __init__(self) -> None:
        self.moment = lakes.at(FIRST)
        super().__init__(lambda: self.moment)


def run(tally: Tally, rounds: int, random: Random, home: Path) -> None:
    with servers.s3_server() as endpoint, MovingApi() as api:
        name = f"lake-{uuid.uuid4().hex}"
        servers.make_bucket(endpoint, name)
        environment = {
            **{
                key: value
                for key, value in os.environ.items()
                if not key.startswith(("STANDINGS_", "PREFECT_"))
            },
            **ENVIRONMENT,
            **lakes.only_checking(),
            "STANDINGS_LAKE": f"s3://{name}/lake",
            "STANDINGS_S3_ENDPOINT": endpoint,
            "STANDINGS_S3_REGION": "us-east-1",
            "STANDINGS_QUOTA_MINUTE": "10000/60",
            "OPENROUTER_API_KEY": "any",
            "OPENROUTER_BASE_URL": api.base_url,
        }
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment["PYTHONPATH"]])
        os.environ.update(ENVIRONMENT)
        settings = from_environment(environment)
        for number in range(rounds):
            _one_week(tally, FIRST + number * WEEK, api, environment, home)
            tally.expect(
                status_of(settings, FIRST + number * WEEK) == "settled", f"week {number} did not settle"
            )
            tally.count("rounds")
        wrong = [each for each in verify(settings) if each.kind is not ProblemKind.WAREHOUSE]
        tally.expect(not wrong, f"verify: {wrong[:1]}")


def _one_week(tally: Tally, monday: date, api: MovingApi, environment: dict[str, str], home: Path) -> None:
    for verb, after, requests in PLAN:
        api.moment = datetime(monday.year, monday.month, monday.day, tzinfo=UTC) + after
        api.asked.clear()
        folder = home / uuid.uuid4().hex
        folder.mkdir()
        command = [sys.executable, "-m", "tests.chaos.fresh", verb, api.moment.isoformat(), str(monday)]
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        what = f"{verb} at {api.moment}"
        tally.expect(done.returncode == 0, f"{what} ended with {done.returncode}: {done.stderr[-300:]}")
        asked = sum(api.asked.values())
        tally.expect(
            asked == requests, f"{what} asked {asked} times instead of {requests}: {done.stderr[-300:]}"
        )
        tally.expect((folder / "warehouse.duckdb").is_file(), f"{what} loaded no warehouse")
        tally.count("runs")


def begin(settings: Settings, verb: str, due: datetime, monday: date) -> None:
    """One run, as the flow of that name makes it at a moment."""
    if verb == "weekly":
        one_week(settings, due, None, raw_to_warehouse)
    elif verb == "refresh":
        trailing_days(settings, due, raw_to_warehouse)
    else:
        last = monday + WEEK - timedelta(days=1)
        many_weeks(settings, due, monday, last, raw_to_warehouse, refetch=verb == "refetch")


def status_of(settings: Settings, week: date) -> str:
    store = open_lake(settings)
    return str(rows_of(store, published(store), WEEK_COVERAGE, week, week)["status"].item())


if __name__ == "__main__":
    begin(
        from_environment(), sys.argv[1], datetime.fromisoformat(sys.argv[2]), date.fromisoformat(sys.argv[3])
    )
