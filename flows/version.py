"""Which code made a release."""

import hashlib
import importlib.metadata
from functools import cache
from pathlib import Path

import schemas
import transforms


@cache
def code_version() -> str:
    """The package's version and a digest of the source that decides what is computed."""
    digest = hashlib.sha256()
    for package in (schemas, transforms):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            digest.update(path.read_bytes())
    return f"{importlib.metadata.version('token-standings')}+{digest.hexdigest()[:12]}"
