"""The flows as deployments: a real Prefect server and worker on loopback run what infra/prefect.yaml says."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from flows.manifest import published
from flows.sample_api import SampleApi
from flows.store import S3Options, open_store

ROOT = Path(__file__).resolve().parents[1]
PREFECT = str(Path(sys.executable).with_name("prefect"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of a server of its own that reports to nobody and writes nothing outside the test's folder."""
    port = _free_port()
    return os.environ | {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


@pytest.fixture
def server(environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    started = {name: value for name, value in environment.items() if name != "PREFECT_API_URL"}
    arguments = [PREFECT, "server", "start", "--host", "127.0.0.1", "--no-ui"]
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(arguments, env=started, cwd=tmp_path, stdout=log, stderr=log)
        try:
            _wait_for(f"{environment['PREFECT_API_URL']}/health", process)
            yield
        finally:
            process.terminate()
            process.wait(30)


def test_a_worker_runs_the_weekly_deployment(
    environment: dict[str, str], server: None, tmp_path: Path
) -> None:
    lake = f"file://{tmp_path}/lake"
    with SampleApi(now=datetime(2026, 11, 24, tzinfo=UTC)) as api:
        settings = {"STANDINGS_LAKE": lake, "OPENROUTER_API_KEY": "k", "OPENROUTER_BASE_URL": api.base_url}
        _prefect(environment, "work-pool", "create", "standings", "--type", "process")
        for _ in range(2):
            _prefect(environment, "--no-prompt", "deploy", "--all", "--prefect-file", "infra/prefect.yaml")
        deployments = _prefect(environment, "deployment", "ls")
        _prefect(environment, "deployment", "run", "weekly/weekly", "--param", 'week="2026-03-11"')
        log = _prefect(environment | settings, "worker", "start", "--pool", "standings", "--run-once")

    # Deploying twice makes no deployment twice.
    assert [deployments.count(name) for name in ("weekly/weekly", "backfill/backfill")] == [1, 1]
    steps = ("extract", "conform", "attribute", "count", "validate", "publish", "load")
    assert [f"Task run '{step}-" in log for step in steps] == [True] * len(steps), log
    manifest = published(open_store(lake, S3Options()))
    assert sorted(map(str, manifest.tables["country_week"])) == ["2026-03-02", "2026-03-09"]
    assert manifest.kind == "simulated"


def _prefect(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [PREFECT, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _wait_for(url: str, process: "subprocess.Popen[bytes]", seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, "the server stopped before it answered"
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise AssertionError(f"{url} did not answer within {seconds} s")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
