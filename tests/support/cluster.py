"""A Dask scheduler and workers in processes of their own on loopback, one thread each."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import servers

START_SECONDS = 60.0
ENVIRONMENT = {
    # Two workers share this machine's cores.
    "POLARS_MAX_THREADS": "1",
    # As Dask's own nanny starts a worker: what was freed goes back to the system at once.
    "MALLOC_TRIM_THRESHOLD_": "65536",
    # Dask's sampling of stacks can crash Python 3.11, in PyFrame_GetCode.
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    # Nobody looks at what each process measures of itself fifty times a second.
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
}
DASK = Path(sys.executable).with_name("dask")


@dataclass
class Cluster:
    """A scheduler's address and its workers. environment: what the workers are started with."""

    home: Path
    environment: Mapping[str, str]
    address: str = ""
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def add_worker(self) -> None:
        number = len(self.workers)
        command = [DASK, "worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny"]
        command += ["--no-dashboard", "--name", str(number), "--memory-limit", "0"]
        command += ["--local-directory", self.home / f"dask-{number}"]
        with (self.home / f"worker-{number}.log").open("wb") as log:
            self.workers.append(
                subprocess.Popen(command, env=self.environment, cwd=self.home, stdout=log, stderr=log)
            )

    def peak_mib(self) -> list[float]:
        """The most memory that each worker ever had resident."""
        return [_status(worker.pid, "VmHWM") / 1024 for worker in self.workers]


@contextmanager
def dask_cluster(home: Path, workers: int, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """A scheduler with so many workers."""
    home.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(home, os.environ | ENVIRONMENT | dict(environment))
    log = home / "scheduler.log"
    with log.open("wb") as out:
        scheduler = subprocess.Popen(
            [DASK, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
            env=cluster.environment,
            cwd=home,
            stdout=out,
            stderr=out,
        )
    try:
        cluster.address = _announced(scheduler, log)
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            servers.stop(process)


def _announced(scheduler: "subprocess.Popen[bytes]", log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and scheduler.poll() is None:
        if found := re.search(r"(tcp://127\.0\.0\.1:\d+)", log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"the scheduler did not start: {log.read_text(errors='replace')}")


def _status(pid: int, name: str) -> int:
    """A figure in kB that the kernel tells of a process."""
    (line,) = (each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith(name))
    return int(line.split()[1])
