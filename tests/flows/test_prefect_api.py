"""A Prefect server that is not there, refuses or is none: one line that names the variable, and no traceback."""

import asyncio
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.prefect_api import errors_in_one_line
from schemas.errors import StandingsError
from tests.infra.test_infra import PREFECT
from tests.support import servers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
API_URL, AUTH = "check PREFECT_API_URL", "check PREFECT_API_AUTH_STRING, or PREFECT_API_KEY for Prefect Cloud"


@pytest.fixture(scope="module")
def deploy() -> dict[str, Any]:
    """What infra/deploy.py defines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "infra"))
        return runpy.run_path(str(ROOT / "infra/deploy.py"))


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, f"Prefect's server answered 401: Unauthorized; {AUTH}"),
        (404, f"Prefect's server answered 404: Not Found; {API_URL}, which ends in /api"),
        (500, "Prefect's server answered 500: Internal Server Error; see the server's log"),
        (200, f"Prefect's server does not answer as Prefect's API does; {API_URL}, which ends in /api"),
        (None, "Prefect's server cannot be reached: "),
    ],
)
def test_a_server_that_refuses_is_told_in_one_line(
    status: int | None, told: str, deploy: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    from flows.refresh import refresh

    monkeypatch.setenv("STANDINGS_LAKE", f"file://{tmp_path}/lake")
    with servers.listener(status or 200) as (url, _):
        place = f"{url if status else f'http://127.0.0.1:{servers.free_port()}'}/api"
        with temporary_settings(
            {PREFECT_API_URL: place.replace("//", "//user:secret@"), PREFECT_HOME: tmp_path}
        ):
            for others, ask in (((ValueError,), lambda: asyncio.run(deploy["pool_exists"]())), ((), refresh)):
                with pytest.raises(StandingsError) as problem, errors_in_one_line(*others):
                    ask()
                said = str(problem.value)
                assert said.startswith(f"{place}: {told}"), said
                assert "\n" not in said
                assert "secret" not in said
                assert status or API_URL in said
    # Prefect's loops, which end later, log nothing that a test would hear.
    assert not (tmp_path / "lake").exists()


STANDINGS = [str(Path(sys.executable).with_name("standings")), "refresh"]
DEPLOY = [sys.executable, str(ROOT / "infra/deploy.py")]


@pytest.mark.parametrize(
    ("command", "url", "told"),
    [
        (DEPLOY, "http://127.0.0.1:1/api", f"deploy: .*: Prefect's server cannot be reached: .*; {API_URL}"),
        # Prefect itself has told before that it cannot read them, on lines of its own.
        (
            STANDINGS,
            "http://[::1/api",
            "standings: Prefect's settings cannot be read: .*; check the PREFECT_.*",
        ),
    ],
)
def test_a_command_and_the_script_end_with_one_line(
    command: list[str], url: str, told: str, tmp_path: Path
) -> None:
    given = {"PREFECT_API_URL": url, "PREFECT_HOME": str(tmp_path), "OPENROUTER_API_KEY": "k"}
    done = subprocess.run(
        command, env=os.environ | given, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(told, done.stderr.splitlines()[-1]), done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_not_the_server_s_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="ours"), errors_in_one_line():
        raise ValueError("ours")
    with pytest.raises(StandingsError, match=r"^ours$"), errors_in_one_line(ValueError):
        raise StandingsError("ours")
    elsewhere = httpx.Response(500, request=httpx.Request("GET", "https://elsewhere.example/"))
    monkeypatch.setattr("prefect.settings.get_current_settings", lambda: SETTINGS)
    with pytest.raises(httpx.HTTPStatusError), errors_in_one_line():
        elsewhere.raise_for_status()


class SETTINGS:
    class api:
        url = "http://127.0.0.1:4200/api"


def test_prefect_s_own_command_is_told_by_what_it_raised(deploy: dict[str, Any]) -> None:
    reason: Callable[[str], str] = deploy["_reason"]
    traceback = (
        "Traceback (most recent call last):\n  File\nhttpx.ConnectError: refused\nAn exception occurred.\n"
    )
    assert reason(traceback) == "httpx.ConnectError: refused"
    assert reason("no pool\n") == "no pool"


@pytest.mark.parametrize(("late", "looks"), [(timedelta(hours=23), True), (timedelta(days=1), False)])
def test_only_the_last_of_late_monitor_runs_looks(
    late: timedelta, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import monitor

    asked: list[datetime] = []
    due = datetime.now(UTC) - late
    monkeypatch.setattr("flows.orchestration.scheduled_time", lambda: due)
    monkeypatch.setattr(monitor, "scheduled_time", lambda: due)
    monkeypatch.setattr(monitor, "demand_fresh", lambda _settings, now: asked.append(now))
    found = monitor.monitor.fn()
    assert asked == ([due] if looks else [])
    assert looks or found.name == "Skipped"


def test_a_monitor_run_is_superseded_when_the_next_is_due() -> None:
    from prefect.server.schemas.schedules import CronSchedule

    from flows.monitor import EVERY

    (deployment,) = [each for each in PREFECT["deployments"] if each["name"] == "monitor"]
    (schedule,) = deployment["schedules"]
    dates = asyncio.run(CronSchedule(**schedule).get_dates(8))
    assert {(later - earlier).total_seconds() for earlier, later in pairwise(dates)} == {
        EVERY.total_seconds()
    }
