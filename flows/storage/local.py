"""The object store over a folder (`file://`)."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from flows.storage.object_store import (
    _RESERVED,
    Damaged,
    NotFound,
    _digest,
    check_key,
    check_prefix,
    key_problem,
    lost_race,
)
from schemas.errors import StandingsError

_LOCK = f"{_RESERVED}lock"


def from_home(path: str) -> Path:
    """A path of which `~` at its start stands for the home of who runs this, as a shell has it.

    No shell has read it where it comes from a file of variables, or stands behind `file://`.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise StandingsError(f"{path}: there is no such home folder here: write the whole path") from None


class FileStore:
    """Objects as files below one folder. No symbolic link below that folder is followed.

    A folder cannot hold the object `a` and the object `a/b` at once: the second write is refused.
    """

    # Each time a deleting process prunes a folder between its being made and being used costs one try.
    _TRIES = 100

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self._root = root

    def put_once(self, key: str, data: bytes) -> bool:
        path = self._path(key)
        with self._telling(f"create {self.url}/{key}"):
            # Most writes of a second run stop here; what decides is the link.
            return not path.is_file() and self._create(path, data)

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with (
            self._telling(f"write {self.url}/{key}"),
            self._staged(path, data) as temporary,
            # Shared: writers need not wait for each other, only for a swap between its look and its rename.
            self._lock(fcntl.LOCK_SH),
        ):
            temporary.replace(path)
            _sync(path.parent)

    def swap(self, key: str, data: bytes, expected: str | None) -> str:
        path = self._path(key)
        if expected is None:
            if not self.put_once(key, data):
                raise lost_race(self.url, key)
            return _digest(data)
        # Looked at once before anything is written, so that a lost race leaves no folders behind.
        self._demand(key, expected)
        with (
            self._telling(f"replace {self.url}/{key}"),
            self._staged(path, data) as temporary,
            self._lock(fcntl.LOCK_EX),
        ):
            self._demand(key, expected)
            temporary.replace(path)
            _sync(path.parent)
        return _digest(data)

    def get(self, key: str) -> bytes:
        path = self._path(key)
        with self._telling(f"read {self.url}/{key}"):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise NotFound(f"cannot read {self.url}/{key}: it does not exist") from None
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                raise Damaged(self.url, key, str(error.strerror)) from None

    def read(self, key: str) -> tuple[bytes, str]:
        data = self.get(key)
        return data, _digest(data)

    def list(self, prefix: str = "") -> Iterator[str]:
        check_prefix(prefix)
        start, _, _ = prefix.rpartition("/")
        with self._telling(f"list {self.url}/{prefix}"):
            return iter(sorted(key for key in self._walk(start) if key.startswith(prefix)))

    def sweep(self, horizon: datetime) -> Iterator[str]:
        with self._telling(f"clear up {self.url}"):
            for path in sorted(self._root.rglob(f"{_RESERVED}*")):
                if path.name != _LOCK and path.stat().st_mtime < horizon.timestamp():
                    path.unlink(missing_ok=True)
                    yield str(path.relative_to(self._root))

    def modified(self, key: str) -> datetime:
        path = self._path(key)
        with self._telling(f"read {self.url}/{key}"):
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._telling(f"delete {self.url}/{key}"):
            if not path.is_file():
                return
            with self._lock(fcntl.LOCK_SH):
                path.unlink(missing_ok=True)
            self._prune(path.parent)

    def _path(self, key: str) -> Path:
        check_key(key)
        path = self._root / key
        if os.path.realpath(path) != str(path):
            raise StandingsError(f"the key {key!r} passes through a symbolic link in {self._root}")
        return path

    def _create(self, path: Path, data: bytes) -> bool:
        with self._staged(path, data) as temporary:
            try:
                # Unlike a rename, a link never replaces: the file system itself picks the one winner.
                os.link(temporary, path)
            except FileExistsError:
                if path.is_dir():
                    raise IsADirectoryError(f"{path} is a folder with objects in it") from None
                return False
            _sync(path.parent)
            return True

    def _demand(self, key: str, expected: str) -> None:
        """Raise LostRace unless the object is there and has the version `expected`."""
        with suppress(NotFound):
            if _digest(self.get(key)) == expected:
                return
        raise lost_race(self.url, key)

    @contextmanager
    def _staged(self, path: Path, data: bytes) -> Iterator[Path]:
        """A complete and synced temporary file beside `path`, gone afterwards unless renamed."""
        temporary = path.parent / f"{_RESERVED}{uuid4().hex}"
        try:
            self._write(temporary, data)
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
            self._prune(path.parent)

    def _write(self, path: Path, data: bytes) -> None:
        # Once the file exists its folder cannot be pruned any more, so only getting there needs more tries.
        for attempt in range(self._TRIES):
            try:
                if attempt:
                    _make_folder(path.parent)
                # Objects are replaced and never written to, so a stray write must not succeed.
                with open(path, "xb", opener=_read_only) as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                return
            except (FileNotFoundError, FileExistsError):
                # The second: mkdir met the folder and, looking again, found it pruned.
                if attempt + 1 == self._TRIES:
                    raise

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        """Hold the lake's lock. One file for the whole lake, never removed: a lock file that comes and goes
        can be held twice, by the one who opened it before and by the one who opened it after."""
        descriptor = os.open(self._root / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)

    def _walk(self, start: str) -> Iterator[str]:
        """Every valid key below the folder `start`, in no order."""
        folders = [f"{start}/" if start else ""]
        while folders:
            folder = folders.pop()
            for entry in self._entries(folder):
                key = folder + entry.name
                if key_problem(key):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{key}/")
                elif entry.is_file(follow_symlinks=False):
                    yield key

    def _entries(self, folder: str) -> tuple[os.DirEntry[str], ...]:
        if not folder:
            # A folder of objects may be gone or an object by now, but the lake itself must not be a file.
            return tuple(os.scandir(self._root)) if self._root.exists() else ()
        try:
            return tuple(os.scandir(self._path(folder[:-1])))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def _prune(self, folder: Path) -> None:
        """Remove folders that hold nothing any more, so that they do not outlive their objects."""
        with suppress(OSError):
            while folder != self._root:
                folder.rmdir()
                folder = folder.parent

    @contextmanager
    def _telling(self, action: str) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise StandingsError(
                f"cannot {action}: {error.strerror} (this user needs access to {self._root},"
                " and its file system needs hard links)"
            ) from error
        except OSError as error:
            raise StandingsError(f"cannot {action}: {error.strerror or error}") from error


def _read_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o444)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, and sync their entries: a file in a lost folder is lost too."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
