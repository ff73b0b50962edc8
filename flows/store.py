"""The object store behind the lake: one small interface over a folder (`file://`) and a bucket (`s3://`).

Both backends promise the same: an object is seen whole or not at all, a create-only write has exactly one
winner, and a swap replaces an object only if nobody else has replaced it since it was read.
Everything above this module relies on nothing more than that.
"""

from __future__ import annotations

import errno
import fcntl
import os
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from schemas.errors import StandingsError

# Names that the folder backend needs for itself; refused as keys on both backends so that keys stay portable.
_RESERVED = ".store-"
_LOCK = f"{_RESERVED}lock"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
# A file name holds 255 bytes at most, an S3 key 1,024 including the prefix of the lake.
_SEGMENT_BYTES = 255
_KEY_BYTES = 900
_SHOWN = 200


class NotFound(StandingsError):
    """There is no object under this key."""


class Damaged(StandingsError):
    """An object is there, and the store does not give back its bytes."""

    def __init__(self, url: str, key: str, why: str) -> None:
        super().__init__(f"{url}/{key}: its bytes are not given back: {why}")


class LostRace(StandingsError):
    """The object is no longer the one that was read: read it again, decide again, and swap again."""


class Store(Protocol):
    """A flat set of objects by key.

    A key is a relative path with `/` between its segments (see `check_key`). A version names the content that
    was read, so an object that went from A to B and back to A has the version of A again. Every method can be
    called from several threads at once, raises StandingsError for a key that is refused, and for a store
    that cannot be reached, read or written.
    """

    url: str
    """The URL as given, without a trailing slash. Never holds credentials."""

    def put_once(self, key: str, data: bytes) -> bool:
        """Create an object: True if this call did, False if the key existed, whose content then stays."""

    def put(self, key: str, data: bytes) -> None:
        """Create or replace an object; a reader sees the old bytes or the new ones, never a mixture."""

    def swap(self, key: str, data: bytes, expected: str | None) -> str:
        """Replace an object only if its version is `expected` (None: only if there is none).

        Returns the new version. Raises LostRace if the object has another version, or has come or gone.
        """

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises NotFound."""

    def read(self, key: str) -> tuple[bytes, str]:
        """The object's bytes and the version to hand to `swap`. Raises NotFound."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that start with `prefix` (any text, not only whole segments), in code point order.

        Objects whose name no key can have (temporary files, folder markers of web consoles) are left out.
        """

    def delete(self, key: str) -> None:
        """Remove an object. One that is not there is fine."""

    def sweep(self, horizon: datetime) -> Iterator[str]:
        """Remove what a writer that died before `horizon` left beside the objects; yields the names."""

    def modified(self, key: str) -> datetime:
        """When an object was last written, by the store's clock; raises `NotFound`."""


@dataclass(frozen=True)
class S3Options:
    """How to talk to an S3 service. Credentials are not among it: boto3 finds them where it always does.

    `endpoint` is None for AWS itself. `checksum` is `when_required` for services that reject the checksums
    that boto3 adds to every upload. `addressing` `auto` puts the bucket in the path where an endpoint
    is given, since few self-hosted services resolve a host name for each bucket.
    """

    endpoint: str | None = None
    region: str | None = None
    verify_tls: bool = True
    ca_bundle: str | None = None
    checksum: Literal["when_supported", "when_required"] = "when_supported"
    addressing: Literal["auto", "path", "virtual"] = "auto"


def open_store(url: str, s3: S3Options) -> Store:
    """The store that `url` names: `file:///folder`, `file://./folder` or `s3://bucket/prefix`.

    Opening touches neither disk nor network: folders are made by the first write, and a bucket must exist.
    The path of a `file://` URL is taken as it stands (no percent-decoding); a relative one starts at the
    folder that the process is in now. Raises StandingsError for a URL or an option that cannot be used.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "file":
        return FileStore(url.rstrip("/"), _folder(rest))
    if separator and scheme == "s3":
        bucket, prefix = _bucket_and_prefix(rest)
        return S3Store(url.rstrip("/"), bucket, prefix, s3)
    raise StandingsError(
        "the lake must be a file:// or s3:// URL, such as file://./lake or s3://bucket/prefix"
        + (f", not {scheme}://" if separator else "")
    )


def probe(store: Store, prefix: str = "probe") -> None:
    """Refuse a store that ignores conditional writes, by trying them on one throw-away object under `prefix`.

    Raises StandingsError, which says what the store did wrong. The object is removed again in either case.
    """
    key = f"{prefix}/{uuid4().hex}"
    if not store.put_once(key, b"first"):
        raise _unusable(store, "says that a key exists which has never been written")
    try:
        if store.put_once(key, b"second") or store.get(key) != b"first":
            raise _unusable(store, "overwrites an object on a create-only write")
        _probe_swap(store, key)
    finally:
        store.delete(key)


def check_key(key: str) -> None:
    """Raise StandingsError for a key that could lead out of the lake, or mean another thing on another store.

    A key is relative, without empty, `.` or `..` segments, backslashes or control characters, which all are that
    cannot be seen where they stand (marks that turn the direction of writing, blanks but the plain one), at most
    900 bytes long with at most 255 a segment; segments that start with `.store-` are reserved.
    """
    problem = _problem(key)
    if problem:
        shown = repr(key)
        raise StandingsError(f"the key {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'} {problem}")


def _problem(key: str) -> str | None:
    """What is wrong with a key, or None."""
    if not key.isprintable():
        return "has a control character"
    if "\\" in key:
        return "has a backslash"
    if len(key.encode()) > _KEY_BYTES:
        return f"is longer than {_KEY_BYTES} bytes"
    return next((problem for segment in key.split("/") if (problem := _segment_problem(segment))), None)


def _segment_problem(segment: str) -> str | None:
    if segment == "":
        return "has an empty segment (a leading, trailing or doubled slash)"
    if segment in (".", ".."):
        return f"has the segment {segment!r}, which leads elsewhere"
    if segment.startswith(_RESERVED):
        return f"has a segment that starts with {_RESERVED!r}, which is reserved"
    if len(segment.encode()) > _SEGMENT_BYTES:
        return f"has a segment longer than {_SEGMENT_BYTES} bytes"
    return None


def _check_prefix(prefix: str) -> None:
    """Raise StandingsError for a listing prefix that no key could start with."""
    folder, slash, beginning = prefix.rpartition("/")
    # The last segment may be cut off anywhere: nothing and dots are the only beginnings that no key can be.
    check_key(folder + slash + (beginning if beginning.strip(".") else "x"))


def _folder(path: str) -> Path:
    if not path.strip("/") or "\0" in path:
        raise StandingsError("the lake URL names no folder: write file:///folder or file://./folder")
    return Path(os.path.realpath(path))


def _bucket_and_prefix(rest: str) -> tuple[str, str]:
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.rstrip("/")
    if "@" in bucket:
        # Not echoed: what stands before the @ may be a secret.
        raise StandingsError("an s3:// URL must not hold credentials: set them in the environment")
    if not _BUCKET.fullmatch(bucket):
        raise StandingsError(f"the lake URL names no usable bucket ({bucket!r}): write s3://bucket/prefix")
    if prefix:
        check_key(prefix)
    return bucket, prefix


def _probe_swap(store: Store, key: str) -> None:
    _, version = store.read(key)
    try:
        store.swap(key, b"third", version)
    except LostRace as error:
        raise _unusable(store, "refuses to replace an object by its current version") from error
    for stale in (version, None):
        with suppress(LostRace):
            store.swap(key, b"fourth", stale)
            raise _unusable(store, "replaces an object that has changed since it was read")
    if store.get(key) != b"third":
        raise _unusable(store, "does not return what was written last")


def _unusable(store: Store, fault: str) -> StandingsError:
    return StandingsError(
        f"{store.url} cannot hold the lake: it {fault}, so two runs could undo each other's publication"
        " (a store with conditional writes is needed, such as AWS S3, MinIO, Ceph or a local folder)"
    )


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
                raise _lost(self.url, key)
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
        _check_prefix(prefix)
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
        raise _lost(self.url, key)

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
            except FileNotFoundError:
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
                if _problem(key):
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


class S3Store:
    """Objects in one bucket, below one prefix, through boto3."""

    # boto3 tries each request four times by itself; these pauses are for outcomes that only we can judge.
    _PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
    # Tells our own write from another's of the same bytes when the answer to a write was lost.
    _MARK = "write-id"

    def __init__(self, url: str, bucket: str, prefix: str, options: S3Options) -> None:
        _check_options(options)
        self.url = url
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._options = options
        self._service = options.endpoint or "AWS S3"
        self._opening = threading.Lock()
        self._opened: Any = None

    def put_once(self, key: str, data: bytes) -> bool:
        with self._telling(f"create {self.url}/{key}"):
            return self._put_if(key, data, expected=None) is not None

    def put(self, key: str, data: bytes) -> None:
        name = self._name(key)
        with self._telling(f"write {self.url}/{key}"):
            self._client().put_object(Bucket=self._bucket, Key=name, Body=data)

    def swap(self, key: str, data: bytes, expected: str | None) -> str:
        with self._telling(f"replace {self.url}/{key}"):
            version = self._put_if(key, data, expected)
        if version is None:
            raise _lost(self.url, key)
        return version

    def get(self, key: str) -> bytes:
        data, _ = self.read(key)
        return data

    def read(self, key: str) -> tuple[bytes, str]:
        name = self._name(key)
        with self._telling(f"read {self.url}/{key}"):
            return self._download(key, name)

    def list(self, prefix: str = "") -> Iterator[str]:
        _check_prefix(prefix)
        with self._telling(f"list {self.url}/{prefix}"):
            pages = self._client().get_paginator("list_objects_v2")
            names = (
                str(entry["Key"])
                for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix)
                for entry in page.get("Contents", ())
            )
            keys = (name.removeprefix(self._prefix) for name in names)
            # Sorted here too, since not every service lists in code point order.
            return iter(sorted(key for key in keys if not _problem(key)))

    def sweep(self, horizon: datetime) -> Iterator[str]:  # noqa: ARG002
        yield from ()

    def modified(self, key: str) -> datetime:
        name = self._name(key)
        with self._telling(f"read {self.url}/{key}"):
            moment: datetime = self._client().head_object(Bucket=self._bucket, Key=name)["LastModified"]
            return moment.astimezone(UTC)

    def delete(self, key: str) -> None:
        name = self._name(key)
        with suppress(NotFound), self._telling(f"delete {self.url}/{key}"):
            self._client().delete_object(Bucket=self._bucket, Key=name)

    def _name(self, key: str) -> str:
        check_key(key)
        return self._prefix + key

    def _client(self) -> Any:
        # Locked, because making a boto3 client is not safe between threads; using one is.
        with self._opening:
            if self._opened is None:
                self._opened = _make_client(self._options)
            return self._opened

    def _put_if(self, key: str, data: bytes, expected: str | None) -> str | None:
        """Write an object if its version is `expected` (None: if there is none).

        Returns the new version, or None if the condition did not hold. A refusal does not always mean that
        another has won: boto3 repeats a request whose answer was lost, and then meets its own first try.
        So where the answer is not plain, the object itself is asked who wrote it.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        name, mark = self._name(key), uuid4().hex
        quoted = False
        pauses = iter(self._PAUSES)
        while True:
            try:
                answer = self._client().put_object(
                    Bucket=self._bucket,
                    Key=name,
                    Body=data,
                    Metadata={self._MARK: mark},
                    **_condition(expected, quoted),
                )
                return _etag(answer)
            except (BotoCoreError, ClientError) as error:
                refused = _is_refusal(error)
                if not (refused or _is_conflict(error) or _is_unclear(error)):
                    raise
                if refused and expected is None and not _was_repeated(error):
                    return None
                version, author = self._version_and_author(name)
                if author == mark:
                    return version
                pause = next(pauses, None)
                if version != expected or (refused and pause is None):
                    return None
                if pause is None:
                    raise
                # Refused although the version is right: this service compares the ETag in its other form.
                quoted = not quoted if refused else quoted
            time.sleep(pause * random.uniform(0.5, 1))

    def _version_and_author(self, name: str) -> tuple[str | None, str | None]:
        from botocore.exceptions import ClientError

        try:
            answer = self._client().head_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if _is_absent(error):
                return None, None
            raise
        return _etag(answer), answer.get("Metadata", {}).get(self._MARK)

    def _download(self, key: str, name: str) -> tuple[bytes, str]:
        from botocore.exceptions import FlexibleChecksumError, HTTPClientError, IncompleteReadError

        # boto3 repeats a request that fails, but not an answer that breaks off half way.
        pauses = iter(self._PAUSES)
        while True:
            answer = self._client().get_object(Bucket=self._bucket, Key=name)
            try:
                with closing(answer["Body"]) as body:
                    return bytes(body.read()), _etag(answer)
            except (FlexibleChecksumError, HTTPClientError, IncompleteReadError) as error:
                pause = next(pauses, None)
                if pause is None:
                    raise Damaged(self.url, key, self._why_broken_off(error)) from error
            time.sleep(pause)

    @contextmanager
    def _telling(self, action: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            kind = NotFound if _is_absent(error) else StandingsError
            raise kind(self._told_by_service(error, action)) from error
        except BotoCoreError as error:
            raise StandingsError(self._told_by_client(error, action)) from error

    def _told_by_service(self, error: Any, action: str) -> str:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code == "NoSuchBucket":
            return f"cannot {action}: {self._service} has no bucket {self._bucket}: create it first"
        if _is_absent(error):
            return f"cannot {action}: it does not exist"
        if code in _REJECTED_CREDENTIALS:
            return f"cannot {action}: {self._service} rejects the credentials ({code}): renew or correct them"
        if _status(error) == 403:
            return (
                f"cannot {action}: access denied by {self._service}: the credentials need s3:GetObject,"
                f" s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket {self._bucket}"
            )
        if code == "NotImplemented":
            return f"cannot {action}: {self._service} has no conditional writes, which the lake needs"
        return f"cannot {action}: {self._service} answers {_status(error)} {code}"

    def _why_broken_off(self, error: Exception) -> str:
        from botocore.exceptions import HTTPClientError

        if isinstance(error, HTTPClientError):
            return f"{self._service} broke off the answer or took too long"
        return " ".join(str(error).split())

    def _told_by_client(self, error: Exception, action: str) -> str:
        from botocore import exceptions as boto

        if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
            return (
                f"cannot {action}: no credentials for S3:"
                " set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        if isinstance(error, boto.SSLError):
            return (
                f"cannot {action}: {self._service} shows a certificate not trusted here: give its CA bundle"
            )
        if isinstance(error, boto.ConnectionError):
            return f"cannot {action}: {self._service} cannot be reached: check the endpoint and the network"
        if isinstance(error, boto.HTTPClientError):
            return f"cannot {action}: {self._service} broke off the answer or took too long"
        return f"cannot {action}: {' '.join(str(error).split())}"


_REJECTED_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
}


def _check_options(options: S3Options) -> None:
    if options.endpoint is not None:
        if "@" in options.endpoint:
            raise StandingsError("the S3 endpoint must not hold credentials: set them in the environment")
        if not _is_web_address(options.endpoint):
            raise StandingsError(
                f"the S3 endpoint {options.endpoint!r} is not a URL such as https://s3.example.org"
            )
    if options.ca_bundle is not None and not Path(options.ca_bundle).is_file():
        raise StandingsError(f"the CA bundle {options.ca_bundle} does not exist")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _make_client(options: S3Options) -> Any:
    # Imported late: boto3 takes longer to import than most lakes on disk take to be read.
    import boto3
    from botocore.config import Config

    style = "path" if options.addressing == "auto" and options.endpoint else options.addressing
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=16,
        # This mode waits up to 1, 2, 4 and 8 s, and so rides out a server that is started anew; "standard"
        # waits less than half a second in all, and its budget of retries is soon spent by many threads.
        retries={"mode": "legacy", "total_max_attempts": 5},
        request_checksum_calculation=options.checksum,
        response_checksum_validation=options.checksum,
        s3={"addressing_style": style},
    )
    verify: bool | str | None = options.ca_bundle if options.verify_tls else False
    return boto3.session.Session().client(
        "s3", region_name=options.region, endpoint_url=options.endpoint, verify=verify, config=config
    )


def _condition(expected: str | None, quoted: bool) -> dict[str, str]:
    """The request parameter that makes an upload conditional.

    HTTP wants an ETag in quotes, but Ceph and DigitalOcean compare it without, and AWS, MinIO and most others
    take both. So it goes without at first, and with quotes where that is refused.
    """
    if expected is None:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": f'"{expected}"' if quoted else expected}


def _etag(answer: Any) -> str:
    return str(answer["ETag"]).strip('"')


def _status(error: Any) -> int:
    """The HTTP status that an error carries, 0 if there was no answer."""
    response = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_absent(error: Any) -> bool:
    """The object, not the bucket, is missing. A HEAD answer has no body, so its code is the bare status."""
    return error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404")


def _is_refusal(error: Any) -> bool:
    """The condition did not hold. AWS answers 404 to an If-Match on an object that is gone, Ceph 412."""
    return _status(error) == 412 or (_status(error) == 404 and _is_absent(error))


def _is_conflict(error: Any) -> bool:
    """Another write was under way and neither was judged: AWS asks for the same request once more."""
    return _status(error) == 409


def _is_unclear(error: Any) -> bool:
    """The write may have happened: the service failed, or the connection broke, after it was sent."""
    from botocore.exceptions import HTTPClientError

    return _status(error) in (500, 502, 503, 504) or isinstance(error, HTTPClientError)


def _was_repeated(error: Any) -> bool:
    """boto3 sent the request more than once, so the last answer may be about its own earlier try."""
    return int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0


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


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _lost(url: str, key: str) -> LostRace:
    return LostRace(f"{url}/{key} was changed by another run in the meantime")
