"""Captures as they were parsed, so that a run need not parse what landed long ago once more.

A cache: what is missing or broken is parsed anew, and what another version parsed is never looked at. A raw body
whose bytes change later is noticed by `standings verify`, which reads every one.
"""

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

import schemas.fields
import transforms.parse
import transforms.weeks
from flows.lake import keys
from flows.lake.keys import RawKey, period_of
from flows.storage.checksummed_bytes import with_digest, without_digest
from flows.storage.object_store import Damaged, NotFound, Store
from transforms.parse import Answer, NewField, parse

_HEAD = "answer"


@dataclass(frozen=True)
class Parsed:
    """A capture's content, and what its answer says of itself in `meta`; nothing where it is of no such form."""

    answer: Answer
    meta: dict[str, Any]


@cache
def parser_version() -> str:
    """A digest of the source that decides what a body is parsed to."""
    digest = hashlib.sha256()
    for module in (transforms.parse, transforms.weeks, schemas.fields):
        assert module.__file__ is not None
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()[:12]


def parse_body(key: RawKey, body: bytes) -> Parsed:
    """The content of a body; raises `Unreadable` as `transforms.parse.parse` does."""
    return Parsed(parse(body, period_of(key)), _meta(body))


def keep(store: Store, key: RawKey, parsed: Parsed) -> None:
    """Keeps what a body was parsed to."""
    answer = parsed.answer
    head = {
        "as_of": answer.as_of.isoformat(),
        "start": str(answer.start),
        "end": str(answer.end),
        "new_fields": [asdict(each) for each in answer.new_fields],
        "meta": parsed.meta,
    }
    sink = io.BytesIO()
    answer.rows.write_parquet(sink, metadata={_HEAD: json.dumps(head)})
    store.put(_key(key), with_digest(sink.getvalue()))


def kept(store: Store, key: RawKey) -> Parsed | None:
    """What this version parsed a body to; None where it has not, or where its bytes are broken."""
    try:
        data = without_digest(store.get(_key(key)))
    except (NotFound, Damaged):
        return None
    if data is None:
        return None
    head = json.loads(pl.read_parquet_metadata(io.BytesIO(data))[_HEAD])
    return Parsed(
        Answer(
            as_of=datetime.fromisoformat(head["as_of"]),
            start=date.fromisoformat(head["start"]),
            end=date.fromisoformat(head["end"]),
            rows=pl.read_parquet(io.BytesIO(data)),
            new_fields=tuple(NewField(**each) for each in head["new_fields"]),
        ),
        head["meta"],
    )


def _key(key: RawKey) -> str:
    return keys.parsed(parser_version(), key)


def _meta(body: bytes) -> dict[str, Any]:
    try:
        meta = json.loads(body)["meta"]
    except (ValueError, KeyError, TypeError):
        return {}
    return meta if isinstance(meta, dict) else {}
