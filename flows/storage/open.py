"""URL -> object store, and the probe that refuses a store that ignores conditional writes."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from flows.storage.local import FileStore, from_home
from flows.storage.object_store import LostRace, S3Options, Store, check_key
from flows.storage.s3 import S3Store
from schemas.errors import StandingsError

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")


def open_store(url: str, s3: S3Options) -> Store:
    """The store that `url` names: `file:///folder`, `file://./folder` or `s3://bucket/prefix`.

    Opening touches neither disk nor network: folders are made by the first write, and a bucket must exist.
    The path of a `file://` URL is taken as it stands (no percent-decoding); a relative one starts at the
    folder that the process is in now, and `~` is the home. Raises StandingsError for a URL or an option that
    cannot be used.
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


def _folder(path: str) -> Path:
    if not path.strip("/") or "\0" in path:
        raise StandingsError("the lake URL names no folder: write file:///folder or file://./folder")
    return Path(os.path.realpath(from_home(path)))


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
