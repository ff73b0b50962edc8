"""Bytes that carry their own digest: its 32 bytes of SHA-256 go before them."""

import hashlib

_DIGEST_BYTES = 32


def with_digest(data: bytes) -> bytes:
    """The bytes as they are kept."""
    return hashlib.sha256(data).digest() + data


def without_digest(found: bytes) -> bytes | None:
    """The bytes that were kept; None where they are not those that the digest was made of."""
    digest, data = found[:_DIGEST_BYTES], found[_DIGEST_BYTES:]
    return data if digest == hashlib.sha256(data).digest() else None
