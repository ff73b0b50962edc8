"""A Prefect server on loopback that reports to nobody, for the flows that run against it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from flows.cli.app import PREFECT
from tests.support import servers

START_SECONDS = 120.0


@contextmanager
def prefect_server(home: Path) -> Iterator[dict[str, str]]:
    """Starts a server whose folder is in `home`; yields the variables by which a flow finds it."""
    port = _free_port()
    quiet = {**PREFECT, "PREFECT_HOME": str(home / "prefect"), "PREFECT_SERVER_API_PORT": str(port)}
    command = [
        str(Path(sys.executable).with_name("prefect")),
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--no-ui",
    ]
    with (home / "prefect.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | quiet, cwd=home, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}/api"
            _wait_for(f"{url}/health", process)
            yield {**quiet, "PREFECT_API_URL": url}
        finally:
            servers.stop(process)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the Prefect server stopped before it answered")
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise RuntimeError(f"{url} did not answer within {START_SECONDS:.0f} s")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
