"""The same bytes from a Dask scheduler and its workers as from one process, also where one of them is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.cli.app import PREFECT
from flows.lake import keys
from flows.lake.lake import open_lake
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings, from_environment
from schemas import COUNTRY_WEEK, WEEK_COVERAGE
from tests.chaos.lost import Orchestra
from tests.support import lakes, servers
from tests.support.cluster import Cluster, dask_cluster

pytestmark = pytest.mark.slow

FIRST, LAST = date(2026, 1, 5), date(2026, 1, 25)
NOW = lakes.at(date(2026, 2, 20))
SCRIPT = Path(sys.executable).with_name("standings")
BUCKETS = "distributed"
BLOCK_ROWS = "1"
"""A block for each of the three weeks."""


@pytest.fixture(scope="module")
def cluster(up: Orchestra, s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers, and what a flow's process needs to find them, the Prefect server and S3."""
    home = tmp_path_factory.mktemp("cluster")
    servers.make_bucket(s3_endpoint, BUCKETS)
    secrets = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    environment = (
        PREFECT
        | {name: up.environment[name] for name in ("PREFECT_HOME", "PREFECT_API_URL")}
        | secrets
        | lakes.only_checking(COUNTRY_WEEK, WEEK_COVERAGE)
        | {"STANDINGS_S3_ENDPOINT": s3_endpoint, "STANDINGS_S3_REGION": "us-east-1"}
    )
    with dask_cluster(home, 2, environment) as cluster:
        yield cluster


def lake_in_s3(cluster: Cluster, name: str, tmp_path: Path) -> tuple[Settings, dict[str, str]]:
    """A lake in which three weeks have landed, and the environment of a command that works on it."""
    url = f"s3://{BUCKETS}/{name}"
    environment = dict(cluster.environment) | {
        "STANDINGS_LAKE": url,
        "STANDINGS_WAREHOUSE": str(tmp_path / "warehouse.duckdb"),
        "STANDINGS_DASK": cluster.address,
        "STANDINGS_BLOCK_ROWS": BLOCK_ROWS,
    }
    settings = replace(lakes.on_disk(tmp_path), lake=url, s3=from_environment(environment).s3)
    lakes.land_bytes(settings, lakes.simulated(FIRST, LAST, NOW), origin="simulated")
    return settings, environment


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """What one process publishes of the same captures."""
    settings = lakes.on_disk(tmp_path / "alone")
    lakes.land_bytes(settings, lakes.simulated(FIRST, LAST, NOW), origin="simulated")
    raw_to_warehouse(settings, lakes.unchecked)
    return lakes.published_bytes(settings)


def test_a_killed_workers_weeks_are_computed_by_the_other(
    cluster: Cluster, alone: dict[str, str], tmp_path: Path
) -> None:
    settings, environment = lake_in_s3(cluster, "killed", tmp_path)
    store = open_lake(settings)
    command = subprocess.Popen(
        [SCRIPT, "rebuild"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # Both are at work once some weeks are counted and others are not.
    until = time.monotonic() + 120
    while not any("/model_week/" in key for key in store.list(keys.STAGING)):
        assert time.monotonic() < until and command.poll() is None, command.communicate()[0]
        time.sleep(0.1)
    assert all(_computes(worker.pid) for worker in cluster.workers)
    victim = cluster.workers.pop(0)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    said, _ = command.communicate(timeout=300)
    assert command.returncode == 0, said
    assert lakes.published_bytes(settings) == alone


def _computes(pid: int) -> bool:
    """Whether a worker has begun with a step: until then it has not loaded what steps compute with."""
    return "polars" in Path(f"/proc/{pid}/maps").read_text()
