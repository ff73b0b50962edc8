"""Captured API answers -> raw, from where they take the same path as the source's own."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.lake import lake
from flows.lake.captures import LARGEST_BODY, Asked, land, slice_of
from flows.sanitize import safe
from flows.settings import Settings
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from schemas.fields import GRAINS, ORIGINS

log = logging.getLogger("standings")

SIDECAR = ".request.json"
_SIDECAR_FIELDS = {"period", "origin", "start_date", "end_date", *RANKINGS_DAILY.slices}


@dataclass(frozen=True)
class Landed:
    """How many files were found, and how many of them were not in the lake yet."""

    files: int
    new: int


def ingest(settings: Settings, paths: Sequence[Path], period: str | None, origin: str | None) -> Landed:
    """Lands captured answers as they are; nothing is looked into.

    paths: files, or folders whose `*.json` files are taken. period and origin: what was asked, where no
    sidecar `FILE.request.json` says so; None for a day's grain from the API.
    Raises `StandingsError` where a path cannot be read, a sidecar is malformed or contradicts what is given,
    or the figures are of another kind than the lake's.
    """
    files = [file for path in paths for file in _files(path) if not file.name.endswith(SIDECAR)]
    if not files:
        raise StandingsError(f"{paths[0]}: there is no *.json file in this folder, or it is a sidecar")
    captures = [(file, _read(file), _asked(file, period, origin)) for file in files]
    kinds = {"simulated" if asked.origin == "simulated" else "real" for _, _, asked in captures}
    if len(kinds) > 1:
        raise StandingsError("real and simulated captures cannot go into one lake: ingest them apart")
    store = lake.claim(settings, "simulated" if "simulated" in kinds else "real")
    new = 0
    for file, body, asked in captures:
        _, first_time = land(store, body, asked)
        new += first_time
        log.info("ingest: %s%s", file, "" if first_time else " (landed before)")
    return Landed(len(captures), new)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = sorted(path.rglob("*.json"))
    if not found:
        raise StandingsError(f"{path}: there is no *.json file in this folder")
    yield from found


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            # Not the size that the folder tells: a device has none and never ends.
            content = opened.read(LARGEST_BODY + 1)
    except OSError as error:
        raise StandingsError(f"{file}: cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_BODY:
        raise StandingsError(f"{file}: is larger than {LARGEST_BODY:,} bytes: no answer of the source's is")
    return content


def _asked(file: Path, period: str | None, origin: str | None) -> Asked:
    sidecar = _sidecar(file)
    return Asked(
        source=str(file),
        retrieved_at=datetime.now(UTC),
        period=_agreed(file, "period", sidecar, period, GRAINS),
        origin=_agreed(file, "origin", sidecar, origin, ORIGINS),
        slice=slice_of(sidecar),
        request={name: str(value) for name, value in sorted(sidecar.items()) if name != "origin"},
    )


def _sidecar(file: Path) -> dict[str, Any]:
    """What the file beside a capture says was asked for; empty where there is none."""
    path = file.with_name(file.name + SIDECAR)
    if not path.exists():
        return {}
    try:
        content = json.loads(_read(path))
    except (ValueError, RecursionError):
        raise StandingsError(f"{path}: not JSON") from None
    if not isinstance(content, dict):
        raise StandingsError(f"{path}: not an object of what was asked for")
    if unknown := sorted(set(content) - _SIDECAR_FIELDS):
        raise StandingsError(f"{path}: field {safe(unknown[0])[:60]} is not known")
    for name in _SIDECAR_FIELDS - {"period", "origin"}:
        if not isinstance(content.get(name, ""), str):
            raise StandingsError(f"{path}: {name} is not a text")
    return content


def _agreed(
    file: Path, name: str, sidecar: dict[str, Any], given: str | None, values: tuple[str, ...]
) -> str:
    """The value that the sidecar or the caller gives, or the usual one."""
    told = sidecar.get(name)
    if told is not None and told not in values:
        raise StandingsError(f"{file}{SIDECAR}: {name} is {told!r}; it must be one of {', '.join(values)}")
    if told and given and told != given:
        raise StandingsError(f"{file}: its sidecar says {name} {told}, not {given}: leave --{name} out")
    return str(told or given or values[0])
