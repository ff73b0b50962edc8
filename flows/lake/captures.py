"""Raw captures: the source's bytes as they came, create-only, kept even if they cannot be read."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flows.lake import keys
from flows.lake.keys import RawKey
from flows.storage.checksummed_json import seal, unseal
from flows.storage.object_store import NotFound, Store
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError

WHOLE = "all"
"""The slice of an answer that was not narrowed: the only one that the tables count."""

LARGEST_BODY = 64 * 2**20
"""Bytes that an answer may have: twenty times what a year of rows takes."""


@dataclass(frozen=True)
class Asked:
    """What was asked and how it was answered: all that a body does not say of itself.

    source: the address or the file that the bytes came from.
    retrieved_at: when we got them.
    request: the query's parameters; never a key.
    """

    source: str
    retrieved_at: datetime
    period: str = "day"
    origin: str = "api"
    slice: str = WHOLE
    request: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


def slice_of(request: dict[str, Any]) -> str:
    """The slice that a request's parameters ask for, such as `category-programming`."""
    asked = [f"{name}-{request[name]}" for name in RANKINGS_DAILY.slices if request.get(name)]
    return "+".join(asked).replace("/", "-") or WHOLE


def land(store: Store, body: bytes, asked: Asked) -> tuple[RawKey, bool]:
    """Lands a body with what was asked for it; says whether this is the first time.

    The request goes first: once the body is there, so is everything about it. A capture that was passed over
    and comes again is due for another try.
    """
    digest = hashlib.sha256(body).hexdigest()
    key = RawKey(asked.origin, asked.period, asked.slice, digest)
    _write_request(store, key, body, asked)
    first_time = store.put_once(key.body, body)
    if not first_time:
        store.delete(key.rejection)
    return key, first_time


def _write_request(store: Store, key: RawKey, body: bytes, asked: Asked) -> None:
    record = {
        "source": asked.source,
        "retrieved_at": asked.retrieved_at.isoformat(),
        "period": asked.period,
        "origin": asked.origin,
        "slice": asked.slice,
        "request": asked.request,
        "status": asked.status,
        "headers": asked.headers,
        "sha256": key.sha256,
        "bytes": len(body),
    }
    first_time = store.put_once(key.request, seal(record))
    if not first_time and asked.status is not None and not fetched(store, key):
        store.put_once(key.fetch, seal(record))


def landed(store: Store, names: Iterable[str] | None = None) -> Iterator[RawKey]:
    """Every capture in the lake, in order of key. names: what lies in `raw/`, where that is known."""
    for name in store.list(keys.RAW) if names is None else names:
        if (key := keys.raw(name)) is not None:
            yield key


def body_of(store: Store, key: RawKey) -> bytes:
    """The body as it landed; raises `StandingsError` where the store gives back other bytes."""
    body = store.get(key.body)
    if hashlib.sha256(body).hexdigest() != key.sha256:
        raise StandingsError(f"{store.url}/{key.body}: its bytes are not those that landed")
    return body


def request_of(store: Store, key: RawKey) -> dict[str, Any]:
    """The record that landed with the body."""
    return unseal(store.get(key.request), f"{store.url}/{key.request}")


def fetched(store: Store, key: RawKey) -> bool:
    """Whether we got the body from the source ourselves, at any time; its origin alone proves nothing.

    False where the record was lost.
    """
    try:
        return request_of(store, key)["status"] is not None or exists(store, key.fetch)
    except NotFound:
        return False


def reject(store: Store, key: RawKey, problem: str, code: str, rule: str | None = None) -> str:
    """Puts on record why a capture cannot be read, so that it is passed over; returns that in one line."""
    line = f"{request_of(store, key)['source']}: {problem}"
    put_on_record(store, key, line, code, rule)
    return line


def put_on_record(store: Store, key: RawKey, line: str, code: str, rule: str | None = None) -> None:
    """Makes a capture be passed over, for the reason that a line gives."""
    why = {"rule": rule} if rule else {}
    store.put(key.rejection, seal({"capture": key.body, "problem": line, "code": code} | why))


def rejections(store: Store) -> dict[str, str | None]:
    """The records of captures that are passed over, each with the rule of `transforms.suspects` that it breaks.

    None for any other reason, and for a record that cannot be read: that there is one is enough.
    """
    found: dict[str, str | None] = {}
    for name in store.list(keys.REJECTED):
        try:
            found[name] = unseal(store.get(name), f"{store.url}/{name}").get("rule")
        except NotFound:
            continue
        except StandingsError:
            found[name] = None
    return found


def restore_request(store: Store, key: RawKey) -> None:
    """Writes a record for a body whose own was lost, with what its key still says."""
    if not exists(store, key.request):
        body = store.get(key.body)
        asked = Asked("its record was lost", datetime.now(UTC), key.period, key.origin, key.slice)
        _write_request(store, key, body, asked)


def unfinished(store: Store, published: Iterable[RawKey]) -> Iterator[RawKey]:
    """Captures that landed and that no run has published, rejected or found to change nothing."""
    done = {key.body for key in published}
    decided = {*store.list(keys.REJECTED), *store.list(keys.CONFIRMED)}
    for key in landed(store):
        if key.body not in done and key.rejection not in decided and key.confirmation not in decided:
            yield key


def confirm(store: Store, key: RawKey, release: str) -> None:
    """Marks a capture that changed nothing of a release."""
    store.put(key.confirmation, release.encode())


def confirmations(store: Store, wanted: Iterable[RawKey]) -> dict[RawKey, str | None]:
    """Of captures the release that each changed nothing of; None where it is not marked so."""
    wanted = list(wanted)
    marked = set(store.list(keys.CONFIRMED)) if wanted else set()
    return {
        key: store.get(key.confirmation).decode() if key.confirmation in marked else None for key in wanted
    }


def exists(store: Store, name: str) -> bool:
    return name in store.list(name)


def forget_rejections(store: Store) -> None:
    """Makes captures that could not be read due for another try."""
    for record in [*store.list(keys.REJECTED), *store.list(keys.HELD)]:
        store.delete(record)
