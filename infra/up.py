"""Prefect on this machine: a server, the deployments and a worker, until Ctrl-C. `make up`.

The server keeps its runs in SQLite under PREFECT_HOME, or in PostgreSQL where PREFECT_API_DATABASE_CONNECTION_URL
names one (postgresql+asyncpg://...). Where a server answers already, only the deployments are applied, and nothing
else changes. The worker's runs read the STANDINGS_* and OPENROUTER_* variables that this was started with.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "infra/deploy.py"
PREFECT = (str(Path(sys.executable).with_name("prefect")),)
SERVER = (sys.executable, str(ROOT / "infra/server.py"))
HOST = "127.0.0.1"
PORT = os.environ.get("PREFECT_SERVER_API_PORT", "4200")
URL = f"http://{HOST}:{PORT}"
START_SECONDS = 120

ENVIRONMENT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_DEFAULT_WORK_POOL_NAME": "standings",
    # In memory, which is the default, a server that dies would forget who holds a limit's slot; and a run that asks
    # to keep its own, and is not known, ends.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    **os.environ,
    "PREFECT_API_URL": f"{URL}/api",
}


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if answers():
        apply()
        print(f"up: {URL} answers already; the deployments are applied, nothing else was changed")
        return
    # A group of its own, so that Ctrl-C reaches this process first and the worker ends before the server.
    server = start(*SERVER, "server", "start", "--host", HOST, "--port", PORT, own_group=True)
    try:
        wait_for(server)
        apply()
        tell()
        worker = start(*PREFECT, "worker", "start", "--pool", ENVIRONMENT["PREFECT_DEFAULT_WORK_POOL_NAME"])
        try:
            watch(server=server, worker=worker)
        finally:
            stop(worker)
    except KeyboardInterrupt:
        print("\nup: stopping")
    finally:
        stop(server)


def watch(**processes: "subprocess.Popen[bytes]") -> None:
    """Ends this once one of them has ended: an init system can start it again, and lost runs then begin again."""
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                sys.exit(f"up: the {name} ended with code {process.returncode}: run it again, and it goes on")
        time.sleep(0.5)


def apply() -> None:
    """The work pool, the deployments and their limit: what is there already is left, or updated in place."""
    done = subprocess.run([sys.executable, str(DEPLOY)], env=ENVIRONMENT, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def tell() -> None:
    lake = os.environ.get("STANDINGS_LAKE") or "file://./lake"
    print(f"up: runs and schedules: {URL}")
    print(
        f"up: the lake: {lake}"
        + ("" if os.environ.get("OPENROUTER_API_KEY") else "; OPENROUTER_API_KEY is not set")
    )
    print(f"up: try it: PREFECT_API_URL={URL}/api prefect deployment run weekly/weekly", flush=True)


def answers() -> bool:
    try:
        with urllib.request.urlopen(f"{URL}/api/health", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def wait_for(server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while not answers():
        if server.poll() is not None:
            sys.exit(f"up: the server ended with code {server.returncode}: is port {PORT} taken?")
        if time.monotonic() > until:
            sys.exit(f"up: {URL} did not answer within {START_SECONDS} s")
        time.sleep(0.3)


def start(*command: str, own_group: bool = False) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, start_new_session=own_group)


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    main()
