"""Prefect's server, its worker and their runs are killed: what was asked for is published all the same.

A server on PostgreSQL and a worker, as `make up` starts them, run the backfill into a lake of each round's own. In
its midst the run's process is killed, or the worker with it, or the server, or all of them; what serves is started
again, as an init system would, and nobody does anything else. The run must end well, and what it published must be
what an undisturbed run publishes, without asking the source again for what had landed.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import httpx

from flows.lake import keys
from flows.lake.lake import open_lake
from flows.settings import from_environment
from tests.chaos.kills import asked_twice, differences, landed_answers
from tests.chaos.tally import Tally
from tests.chaos.yard import CountingApi
from tests.support import lakes, servers

ROUNDS = 5
ROOT = Path(__file__).resolve().parents[2]
UP = str(ROOT / "infra/up.py")
FIRST, LAST = date(2025, 3, 3), date(2025, 3, 23)
NOW = lakes.at(date(2025, 4, 1))
"""All is final by then: a run that begins again after it has published asks for nothing, and so adds no look."""

LONGEST = 600.0
"""Seconds within which a round must end: a silent run is noticed after five minutes."""

VICTIMS = (("run",), ("worker",), ("worker", "run"), ("server",), ("server", "worker", "run"))
"""What is killed, in turn."""

STAGES = {"raw": keys.RAW, "parsed": keys.PARSED, "parts": keys.PARTS, "latest": keys.LATEST}


@dataclass
class Orchestra:
    """A server and a worker that can be killed and started again. tracked: what runs now, by name."""

    home: Path
    environment: dict[str, str]
    tracked: dict[str, "subprocess.Popen[bytes]"]

    @property
    def api(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.environment['PREFECT_API_URL']}/", timeout=30)

    def start(self, name: str) -> None:
        """Starts the server, and returns once it answers; or the worker."""
        pool = ["--pool", "standings"]
        what = ["server", "start", "--no-ui"] if name == "server" else ["worker", "start", *pool]
        command = [str(Path(sys.executable).with_name("prefect")), *what]
        with (self.home / f"{name}.log").open("ab") as log:
            self.tracked[name] = subprocess.Popen(
                command, env=self.environment, cwd=self.home, stdout=log, stderr=log, start_new_session=True
            )
        if name == "server":
            until = time.monotonic() + 120
            while not self._answers():
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.3)

    def _answers(self) -> bool:
        try:
            with self.api as api:
                return api.get("health").is_success
        except httpx.TransportError:
            return False

    def deploy(self) -> None:
        done = subprocess.run(
            [sys.executable, str(ROOT / "infra/deploy.py")],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def trigger(self, deployment: str, environment: dict[str, str], **parameters: str) -> str:
        """Makes a run of a deployment, with variables of its own."""
        given = {"parameters": parameters, "job_variables": {"env": environment}}
        with self.api as api:
            found = api.get(f"deployments/name/{deployment}/{deployment}").raise_for_status().json()
            kept = found["job_variables"]["env"]
            given["job_variables"] = {"env": kept | environment}
            made = api.post(f"deployments/{found['id']}/create_flow_run", json=given).raise_for_status()
            return str(made.json()["id"])

    def run_of(self, run: str) -> dict[str, Any]:
        with self.api as api:
            found: dict[str, Any] = api.get(f"flow_runs/{run}").raise_for_status().json()
            return found

    def kill(self, name: str) -> None:
        """Kills a server or a worker, or the processes of the worker's runs, at once and for good."""
        if name == "run":
            for process in descendants(self.tracked["worker"].pid):
                os.kill(process, signal.SIGKILL)
            return
        process = self.tracked.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in ("run", "worker", "server"):
            if name == "run" and "worker" not in self.tracked:
                continue
            self.kill(name)


def descendants(parent: int) -> list[int]:
    """The processes that a process started, and theirs after them."""
    children: list[int] = []
    for path in Path(f"/proc/{parent}/task").glob("*/children"):
        # One that ends while somebody looks has no children.
        with suppress(OSError):
            children += map(int, path.read_text().split())
    return [*children, *(each for child in children for each in descendants(child))]


@contextmanager
def orchestra(home: Path, database: str) -> Iterator[Orchestra]:
    """A server on a PostgreSQL database, the deployments, and a worker."""
    port = servers.free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_API_DATABASE_CONNECTION_URL": database.replace("postgresql://", "postgresql+asyncpg://"),
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }
    made = Orchestra(home, environment, {})
    try:
        made.start("server")
        made.deploy()
        made.start("worker")
        yield made
    finally:
        made.stop()


@contextmanager
def brought_up(home: Path, given: Mapping[str, str]) -> Iterator[Orchestra]:
    """What `make up` starts; its worker is itself. given: variables such as the one that names a database."""
    port = servers.free_port()
    ours = ("STANDINGS_", "OPENROUTER_", "PREFECT_")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        **given,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
        "DO_NOT_TRACK": "1",
    }
    log = home / "up.log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, UP], env=environment, cwd=home, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 300
        while b"up: try it" not in (told := log.read_bytes()):
            assert process.poll() is None and time.monotonic() < until, told.decode()
            time.sleep(0.2)
        yield Orchestra(home, environment, {"up": process, "worker": process})
    finally:
        process.terminate()
        process.wait(60)


def run(tally: Tally, rounds: int, random: Random, home: Path) -> None:
    if servers.POSTGRES is None:
        tally.note("not tried: there is no PostgreSQL server (Debian: postgresql)")
        return
    with servers.postgres_server() as postgres, orchestra(home, servers.make_database(postgres)) as played:
        wanted = rehearse(played, home / "rehearsal")
        for number in range(rounds):
            victims, stage = VICTIMS[number % len(VICTIMS)], random.choice([*STAGES])
            where = f"round {number}, {' and '.join(victims)} killed at {stage}"
            folder = home / f"round-{number}"
            try:
                wrong = disturbed(played, folder, victims, STAGES[stage], random.uniform(0, 0.5), wanted)
            except Exception as error:
                wrong = [f"{type(error).__name__}: {error}"]
            tally.count("rounds")
            for line in wrong:
                if line.startswith("note: "):
                    tally.note(f"{where}: {line.removeprefix('note: ')}")
                else:
                    tally.lose(f"{where}: {line}")


def variables(folder: Path, api: CountingApi) -> dict[str, str]:
    folder.mkdir()
    return {
        "STANDINGS_LAKE": f"file://{folder}/lake",
        "OPENROUTER_API_KEY": "k",
        "OPENROUTER_BASE_URL": api.base_url,
    }


def rehearse(played: Orchestra, folder: Path) -> dict[str, str]:
    """What a run publishes that nobody disturbs."""
    with CountingApi(NOW) as api:
        given = variables(folder, api)
        run = played.trigger("backfill", given, first=str(FIRST), last=str(LAST))
        await_end(played, run)
    return lakes.published_bytes(from_environment(given))


def disturbed(
    played: Orchestra,
    folder: Path,
    victims: tuple[str, ...],
    prefix: str,
    delay: float,
    wanted: dict[str, str],
) -> list[str]:
    """Kills in the midst of a run; returns what is wrong at its end."""
    with CountingApi(NOW) as api:
        given = variables(folder, api)
        run = played.trigger("backfill", given, first=str(FIRST), last=str(LAST))
        await_object(folder / "lake" / prefix)
        time.sleep(delay)
        settings = from_environment(given)
        # The worker first, so that it cannot tell what becomes of its run.
        runs = descendants(played.tracked["worker"].pid) if "run" in victims else []
        for name in victims:
            if name != "run":
                played.kill(name)
        for process in runs:
            os.kill(process, signal.SIGKILL)
        killed = time.monotonic()
        landed, asked = landed_answers(open_lake(settings)), Counter(api.asked)
        time.sleep(2)
        for name in victims:
            if name != "run":
                played.start(name)
        await_end(played, run)
        found = played.run_of(run)
        note = (
            f"note: ended {time.monotonic() - killed:.0f} s after the kill, at attempt {found['run_count']}"
        )
        return [
            note,
            *asked_twice(landed, asked, api.asked),
            *differences(settings, wanted),
        ]


def await_object(folder: Path) -> None:
    until = time.monotonic() + LONGEST
    while not any(folder.rglob("*.*")):
        if time.monotonic() > until:
            raise TimeoutError(f"nothing came to {folder}")
        time.sleep(0.02)


def await_end(played: Orchestra, run: str) -> None:
    """Returns once a run has ended well, however often it began."""
    until = time.monotonic() + LONGEST
    while (state := played.run_of(run)["state"])["type"] != "COMPLETED":
        if time.monotonic() > until or state["type"] in ("FAILED", "CANCELLED"):
            raise RuntimeError(f"the run is {state['name']}: {state['message']}")
        time.sleep(0.5)
