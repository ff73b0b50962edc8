"""Small JSON objects that carry a digest of themselves, so that one flipped byte is noticed."""

import hashlib
import json
from functools import lru_cache
from typing import Any

from schemas.errors import StandingsError

SEAL = "seal"


class BrokenSeal(StandingsError):
    """An object's bytes are not those that were written."""


def seal(content: dict[str, Any]) -> bytes:
    """The content as JSON, with the sha256 of the rest in a field of its own."""
    return _encode(content | {SEAL: hashlib.sha256(_encode(content)).hexdigest()})


def unseal(data: bytes, name: str) -> dict[str, Any]:
    """The content of sealed bytes; raises `BrokenSeal` that names the object where they were changed."""
    try:
        content = json.loads(data)
        del content[SEAL]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BrokenSeal(f"{name}: its bytes are not those that were written") from None
    if not _is_whole(data):
        raise BrokenSeal(f"{name}: its bytes are not those that were written")
    return dict(content)


# Indented JSON is encoded slowly, and a run reads the same manifest many times.
@lru_cache(maxsize=16)
def _is_whole(data: bytes) -> bool:
    content = json.loads(data)
    del content[SEAL]
    # Compared as bytes, since JSON means the same with other blanks.
    return seal(content) == data


def _encode(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode()
