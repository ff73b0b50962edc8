"""The process that is killed: the real command line, which tells of each write before it begins and after it ended."""

import functools
import hashlib
import itertools
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from flows.cli.main import main
from flows.lake import keys
from flows.lake.staging import Run
from flows.pipeline import run as path
from flows.storage.local import FileStore
from flows.storage.s3 import S3Store
from transforms import request_windows

LIGHT = [
    "duckdb",
    "pyarrow.parquet",
    "flows.cli.main",
    "flows.extract.ingest",
    "flows.pipeline.run",
    "tests.chaos.victim",
]
PRELOADED = [*LIGHT, "boto3", "flows.backfill", "flows.weekly", "schemas.projections.suites"]
"""What the fork server imports once. It uses none of it: a pool of threads does not survive a fork."""

LOG = "log.txt"
NO_REPORT = keys.report(hashlib.sha256(b"{}").hexdigest())

WRITES = ("put_once", "put", "swap", "delete")
WAREHOUSE = "warehouse"

HELD_SECONDS = 20.0
"""How long a held write waits for the kill."""

STAGES = (
    ("probe/", "probe"),
    (keys.LAKE, "kind of lake"),
    (keys.LEDGER, "ledger"),
    (keys.RAW, "raw request"),
    (keys.PARSED, "parsed"),
    (keys.CHECKED, "record of checks"),
    (keys.REPORTS, "report"),
    (keys.OFFENDING, "report"),
    (keys.DOCS, "docs"),
    (keys.PARTS, "parts"),
    (keys.MANIFESTS, "manifest"),
    (keys.POINTER, "pointer"),
    (keys.LATEST_MARK, "latest mark"),
    (keys.LATEST, "latest objects"),
    (WAREHOUSE, "warehouse"),
)
"""Beginnings of keys, and the stage of a run that writes there."""


@dataclass(frozen=True)
class Event:
    """A write that begins or has ended, and when, in seconds of the machine's monotonic clock."""

    seconds: float
    begins: bool
    verb: str
    key: str

    @classmethod
    def parse(cls, line: bytes) -> "Event":
        seconds, when, verb, key = line.decode().split(" ", 3)
        return cls(float(seconds), when == "begin", verb, key)

    @property
    def stage(self) -> str:
        if self.key.startswith(keys.RAW) and not self.key.endswith(keys.REQUEST):
            return "raw body"
        if self.key.startswith(keys.STAGING) and self.verb == "delete":
            return "clearing up"
        return next((stage for start, stage in STAGES if self.key.startswith(start)), "other")


@dataclass(frozen=True)
class Order:
    """What to run and how.

    environment: all of it. folder: where it runs and logs. longest: days that one request may span. checked:
    whether it validates, which takes most of its time. hold: the number of the event at which its thread
    stops and waits for the kill; None to stop nowhere.
    """

    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    longest: int
    checked: bool
    hold: int | None


def run(order: Order, told: Connection) -> None:
    """Runs a command of `standings` in this process, as its own script does."""
    # As in a process of its own; the fork server's start method would outlive it in named semaphores.
    multiprocessing.set_start_method("fork", force=True)
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.folder)
    tempfile.tempdir = str(order.folder)
    with Path(LOG).open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    request_windows.RANKINGS_DAILY = replace(request_windows.RANKINGS_DAILY, window_days=order.longest)  # type: ignore[misc]
    if not order.checked:
        path.check, path.validate = _pass, _unchecked
    if "prefect" in sys.modules:
        # It read the environment when it was imported, which was before the fork.
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()
    _announce(told.fileno(), order.hold)
    sys.argv = ["standings", *order.arguments]
    main()


def _pass(_run: Run, _batch: object) -> None:
    """Checks nothing."""


def _unchecked(run: Run) -> str:
    run.store.put_once(NO_REPORT, b"{}")
    return NO_REPORT


def _announce(descriptor: int, hold: int | None) -> None:
    """Makes each write to a store, and each step of writing the warehouse, known on a pipe."""
    numbers, lock = itertools.count(), threading.Lock()

    def tell(when: str, verb: str, key: str) -> None:
        # Locked, so that the number of an event is its place in the pipe.
        with lock:
            number = next(numbers)
            os.write(descriptor, f"{time.monotonic()} {when} {verb} {key}\n".encode())
        if number == hold:
            time.sleep(HELD_SECONDS)

    def hear(event: str, details: tuple[Any, ...]) -> None:
        # An audit hook is called before the interpreter does what it tells of.
        if event in ("open", "os.rename", "os.remove") and "warehouse.duckdb" in str(details[0]):
            tell("begin", event, WAREHOUSE)

    for store in (FileStore, S3Store):
        for verb in WRITES:
            setattr(store, verb, _told(getattr(store, verb), verb, tell))
    sys.addaudithook(hear)


def _told(write: Callable[..., Any], verb: str, tell: Callable[[str, str, str], None]) -> Callable[..., Any]:
    @functools.wraps(write)
    def wrapped(store: Any, key: str, *arguments: Any) -> Any:
        tell("begin", verb, key)
        try:
            return write(store, key, *arguments)
        finally:
            tell("end", verb, key)

    return wrapped
