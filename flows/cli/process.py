"""What a process has to get right whatever the command is: its home, its streams and its end."""

import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

GRACE = 8.0
"""Seconds in which a run that is told to end has to do so by itself: whoever sends SIGTERM kills after ten."""

TERMINATED = 128 + signal.SIGTERM
"""The exit code of such a run."""

STOPPED = "stopped by SIGTERM"


class Terminated(BaseException):
    """The process is told to end. Like `KeyboardInterrupt` it is no error that anybody should handle on the way."""


@contextmanager
def process() -> Iterator[None]:
    """What is done inside has a home and three streams, and ends in time when it is told to."""
    with ExitStack() as stack:
        _open_streams()
        stack.enter_context(_home())
        stack.enter_context(_ends_in_time())
        try:
            yield
        finally:
            # A run whose words nobody hears has done what it did.
            try:
                sys.stderr.flush()
            except OSError:
                drop(2)


def drop(number: int) -> None:
    """Nothing more goes to standard output (1) or standard error (2): what is left must not raise at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _open_streams() -> None:
    """Standard streams that are closed are opened again, on nothing: else a file of the lake's would take their place.

    Standard output can then not be written to, so that a command whose output would be lost says so.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


@contextmanager
def _home() -> Iterator[None]:
    """A home for a user who has none, as in a container where the user id has no entry: Prefect looks for one."""
    with ExitStack() as stack:
        try:
            Path.home()
        except RuntimeError:
            # Without a place for temporary files either, the few commands that need a home say so.
            with suppress(OSError):
                folder = tempfile.TemporaryDirectory(prefix="standings-home-", ignore_cleanup_errors=True)
                os.environ["HOME"] = stack.enter_context(folder)
                stack.callback(os.environ.pop, "HOME", None)
        yield


@contextmanager
def _ends_in_time() -> Iterator[None]:
    """SIGTERM raises `Terminated`, and ends the process by force where that takes too long."""

    def end(*_: object) -> NoReturn:
        # Once is enough: what is put in order on the way is not disturbed.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    told, hears = socket.socketpair()
    hears.setblocking(False)
    before = signal.signal(signal.SIGTERM, end)
    fd = signal.set_wakeup_fd(hears.fileno(), warn_on_full_buffer=False)
    # A thread, since the handler waits for Python's turn, and a library may keep that for longer.
    ended = threading.Event()
    threading.Thread(target=_watch, args=(told, ended), name="sigterm", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(fd)
        signal.signal(signal.SIGTERM, before)
        hears.close()
        ended.set()


def _watch(told: socket.socket, ended: threading.Event) -> None:
    with told:
        while number := told.recv(1):
            if number[0] == signal.SIGTERM and not ended.wait(GRACE):
                os.write(2, f"standings: {STOPPED}\n".encode())
                os._exit(TERMINATED)
