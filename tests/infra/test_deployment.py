"""The flows as deployments: a real Prefect server and worker on loopback run what infra/prefect.yaml says."""

import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.cli.app import PREFECT as QUIET
from flows.lake.manifest import published
from flows.sample_api.server import SampleApi
from flows.storage.object_store import S3Options
from flows.storage.open import open_store
from schemas import COUNTRY_WEEK, WEEK_COVERAGE
from tests.chaos import lost
from tests.chaos.lost import Orchestra
from tests.infra.test_infra import INFRA, PREFECT, run_tool, tool
from tests.support import lakes

pytestmark = pytest.mark.slow

POOL = "standings"


def test_what_is_brought_up_runs_the_deployments_one_at_a_time(up: Orchestra, tmp_path: Path) -> None:
    with SampleApi(now=datetime(2026, 11, 24, tzinfo=UTC)) as api, up.api as server:
        before = _deployments(server)
        assert sorted(before) == ["audit", "backfill", "monitor", "rebuild", "refresh", "weekly"]
        limits = _limits(server)
        assert limits == {"standings-lake": (1, {"audit", "backfill", "rebuild", "refresh", "weekly"})}
        again = subprocess.run(
            [sys.executable, lost.UP],
            env=up.environment,
            cwd=up.home,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "answers already; the deployments are applied, nothing else was changed" in again.stdout
        assert _deployments(server) == before
        assert _limits(server) == limits

        given = {
            "STANDINGS_LAKE": f"file://{tmp_path}/lake",
            "OPENROUTER_API_KEY": "k",
            "OPENROUTER_BASE_URL": api.base_url,
        }
        started = [
            up.trigger("weekly", given | lakes.only_checking(COUNTRY_WEEK, WEEK_COVERAGE), week="2026-03-11"),
            up.trigger("backfill", given | lakes.only_checking(), first="2026-02-23", last="2026-03-01"),
        ]
        spans = sorted(_wait_for(server, run) for run in started)
        assert spans[0][1] <= spans[1][0], "two runs wrote to the lake at once"

    manifest = published(open_store(f"file://{tmp_path}/lake", S3Options()))
    assert sorted(map(str, manifest.tables["country_week"])) == ["2026-02-23", "2026-03-02", "2026-03-09"]
    assert manifest.kind == "simulated"
    log = (up.home / "up.log").read_text()
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


def test_terraform_makes_the_deployments_once_and_again_when_their_definition_changes(
    up: Orchestra, tmp_path: Path
) -> None:
    terraform = tool("terraform", "the deployments that infra/terraform makes")
    infra = shutil.copytree(
        INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*")
    )
    defined, module = infra / "prefect.yaml", infra / "terraform/deployments"
    defined.write_text(re.sub(r"^  - name: ", "  - name: our-", defined.read_text(), flags=re.M))
    url = up.environment["PREFECT_API_URL"]
    given = {"python": sys.executable, "api_url": url, "work_pool": "ours", "work_pool_type": "docker"}
    variables = [f"-var={name}={value}" for name, value in given.items()]
    home = {"PREFECT_HOME": str(tmp_path / "prefect")}

    def run(*command: str) -> int:
        done = run_tool(terraform, *command, "-no-color", cwd=module, **QUIET, **home, CHECKPOINT_DISABLE="1")
        assert "Error" not in done.stderr, done.stderr
        return done.returncode

    assert [run(command) for command in ("init", "validate")] == [0, 0]
    assert run("apply", "-auto-approve", *variables) == 0
    unchanged = run("plan", "-detailed-exitcode", *variables)
    with defined.open("a") as file:
        file.write("# another version\n")
    changed = run("plan", "-detailed-exitcode", *variables)
    made = httpx.post(f"{url}/deployments/filter", json={}).json()
    assert (unchanged, changed) == (0, 2)
    ours = {each["name"] for each in made if each["work_pool_name"] == "ours"}
    assert ours == {f"our-{each['name']}" for each in PREFECT["deployments"]}


def _deployments(server: httpx.Client) -> dict[str, str]:
    """The ids of the pool's deployments by name."""
    found = _of_the_pool(server)
    assert len({each["name"] for each in found}) == len(found)
    return {each["name"]: each["id"] for each in found}


def _limits(server: httpx.Client) -> dict[str, tuple[int, set[str]]]:
    """Every limit of the pool or one of its deployments by name: how many runs it lets through, and whose."""
    deployments = _of_the_pool(server)
    own = {f"{POOL}-lake", *(f"deployment:{each['id']}" for each in deployments)}
    listed = server.post("v2/concurrency_limits/filter", json={}).raise_for_status().json()
    found = [limit for limit in listed if limit["name"] in own]
    under = {
        each["name"]: limit["name"] for each in deployments if (limit := each["global_concurrency_limit"])
    }
    return {
        limit["name"]: (limit["limit"], {name for name, of in under.items() if of == limit["name"]})
        for limit in found
    }


def _wait_for(server: httpx.Client, run: str, seconds: float = 180) -> tuple[datetime, datetime]:
    """When a run began and when it had ended."""
    until = time.monotonic() + seconds
    while (found := server.get(f"flow_runs/{run}").json())["state"]["type"] != "COMPLETED":
        assert found["state"]["type"] in ("SCHEDULED", "PENDING", "RUNNING"), found["state"]
        assert time.monotonic() < until, found["state"]
        time.sleep(0.5)
    return datetime.fromisoformat(found["start_time"]), datetime.fromisoformat(found["end_time"])


def _of_the_pool(server: httpx.Client) -> list[dict[str, Any]]:
    deployments = server.post("deployments/filter", json={}).raise_for_status().json()
    return [each for each in deployments if each["work_pool_name"] == POOL]
