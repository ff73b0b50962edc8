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
UP = str(ROOT / "infra/up.py")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of a server of its own that reports to nobody and writes nothing outside the test's folder."""
    port = _free_port()
    return os.environ | {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
        "DO_NOT_TRACK": "1",
    }


@pytest.fixture
def up(environment: dict[str, str], tmp_path: Path) -> Iterator[SampleApi]:
    """What `make up` starts, over a lake of its own and a simulated source."""
    with SampleApi(now=datetime(2026, 11, 24, tzinfo=UTC)) as api, (tmp_path / "up.log").open("w") as log:
        settings = {"OPENROUTER_API_KEY": "k", "OPENROUTER_BASE_URL": api.base_url}
        environment |= settings | {"STANDINGS_LAKE": f"file://{tmp_path}/lake"}
        process = subprocess.Popen(
            [sys.executable, UP], env=environment, cwd=tmp_path, stdout=log, stderr=log
        )
        try:
            _wait_until("up: try it", tmp_path / "up.log", process)
            yield api
        finally:
            process.terminate()
            process.wait(60)


def test_what_is_brought_up_runs_the_deployments_one_at_a_time(
    environment: dict[str, str], up: SampleApi, tmp_path: Path
) -> None:
    with httpx.Client(base_url=f"{environment['PREFECT_API_URL']}/", timeout=30) as server:
        before = _deployments(server)
        assert sorted(before) == ["audit", "backfill", "monitor", "rebuild", "refresh", "weekly"]
        limits = _limits(server)
        assert limits == {"standings-lake": (1, {"audit", "backfill", "rebuild", "refresh", "weekly"})}
        again = subprocess.run(
            [sys.executable, UP], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert "answers already; the deployments are applied, nothing else was changed" in again.stdout
        assert _deployments(server) == before
        assert _limits(server) == limits

        started = [
            _run(server, before["weekly"], week="2026-03-11"),
            _run(server, before["backfill"], first="2026-02-23", last="2026-03-01"),
        ]
        spans = sorted(_wait_for(server, run) for run in started)
        assert spans[0][1] <= spans[1][0], "two runs wrote to the lake at once"

    manifest = published(open_store(f"file://{tmp_path}/lake", S3Options()))
    assert sorted(map(str, manifest.tables["country_week"])) == ["2026-02-23", "2026-03-02", "2026-03-09"]
    assert manifest.kind == "simulated"
    log = (tmp_path / "up.log").read_text()
    steps = (
        "extract",
        "conform",
        "count",
        "gather",
        "compare",
        "check",
        "validate",
        "write_parts",
        "publish",
        "describe",
        "load",
    )
    assert [f"Task run '{step}-" in log for step in steps] == [True] * len(steps), log


def _deployments(server: httpx.Client) -> dict[str, str]:
    """The deployments' ids by name."""
    found = server.post("deployments/filter", json={}).raise_for_status().json()
    assert len({each["name"] for each in found}) == len(found)
    return {each["name"]: each["id"] for each in found}


def _limits(server: httpx.Client) -> dict[str, tuple[int, set[str]]]:
    """Every limit by name: how many runs it lets through, and whose."""
    found = server.post("v2/concurrency_limits/filter", json={}).raise_for_status().json()
    deployments = server.post("deployments/filter", json={}).raise_for_status().json()
    under = {
        each["name"]: limit["name"] for each in deployments if (limit := each["global_concurrency_limit"])
    }
    return {
        limit["name"]: (limit["limit"], {name for name, of in under.items() if of == limit["name"]})
        for limit in found
    }


def _run(server: httpx.Client, deployment: str, **parameters: str) -> str:
    asked = server.post(f"deployments/{deployment}/create_flow_run", json={"parameters": parameters})
    return str(asked.raise_for_status().json()["id"])


def _wait_for(server: httpx.Client, run: str, seconds: float = 180) -> tuple[datetime, datetime]:
    """When a run began and when it had ended."""
    until = time.monotonic() + seconds
    while (found := server.get(f"flow_runs/{run}").json())["state"]["type"] != "COMPLETED":
        assert found["state"]["type"] in ("SCHEDULED", "PENDING", "RUNNING"), found["state"]
        assert time.monotonic() < until, found["state"]
        time.sleep(0.5)
    return datetime.fromisoformat(found["start_time"]), datetime.fromisoformat(found["end_time"])


def _wait_until(words: str, log: Path, process: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        if words in log.read_text():
            return
        time.sleep(0.2)
    raise AssertionError(f"{words!r} was not said within {seconds} s: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
