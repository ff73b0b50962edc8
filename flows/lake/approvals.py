"""What was refused, and what a person released all the same: who, when and why.

An offence is one thing that a critical check found: where, which check, and the row with the values that fail it.
A release of it holds for exactly these values; should they change, the check refuses them anew.
"""

import hashlib
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flows.lake import approvals, keys
from flows.lake.captures import reject
from flows.lake.keys import RawKey
from flows.lake.manifest import current
from flows.settings import user_name
from flows.storage.checksummed_json import seal, unseal
from flows.storage.object_store import NotFound, Store
from schemas.errors import StandingsError

log = logging.getLogger("standings")

Offence = tuple[str, str, str]
"""A table or `captures`, the check, and the row as JSON or the capture's sha256."""


@dataclass(frozen=True)
class Refused:
    """A release that a critical check stopped.

    captures: the bodies that it would have rested on newly and is refused for; none where the fault lies in what
    is published already. offences: what was found; none where a check could not be made at all.
    """

    problem: str
    offences: tuple[Offence, ...]
    captures: tuple[str, ...] = ()


class PublicationRefused(StandingsError):
    """Nothing was published, because critical checks stopped everything that was new; lines: one for each refusal."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def hold(store: Store, refused: Refused) -> str:
    """Puts a refused release on record; returns the name by which a person can release it."""
    manifest = current(store).manifest
    number = manifest.number + 1 if manifest else 1
    content = {
        "captures": list(refused.captures),
        "offences": [list(each) for each in refused.offences],
        "problem": refused.problem,
    }
    name = f"{number:06d}-refused-{hashlib.sha256(seal(content)).hexdigest()[:12]}"
    store.put(keys.held(name), seal(content))
    return name


def advice(name: str, refused: Refused) -> str:
    """What a person can do about a refused release."""
    if not refused.offences:
        return "it cannot be accepted, since the check itself could not be made"
    return f"`standings accept {name} --reason WHY` releases it all the same"


def held(store: Store) -> list[tuple[str, dict[str, Any]]]:
    """Every refused release that a person has not decided, by name."""
    found = []
    for key in store.list(keys.HELD):
        with suppress(NotFound):
            found.append((keys.held_name(key), unseal(store.get(key), f"{store.url}/{key}")))
    return found


def accept(store: Store, name: str, reason: str) -> None:
    """Releases what was refused under a name: its captures are due for another try, its offences let through.

    Raises `StandingsError` where nothing is held under that name, or where it cannot be accepted.
    """
    try:
        content = unseal(store.get(keys.held(name)), f"{store.url}/{keys.held(name)}")
    except NotFound:
        raise StandingsError(f"{store.url}: no release {name!r} is held: see `standings status`") from None
    if not content["offences"]:
        raise StandingsError(f"{name} cannot be accepted: {content['problem']}")
    said = {"by": user_name(), "at": datetime.now(UTC).isoformat(), "reason": reason}
    store.put(keys.accepted(name), seal(content | said))
    for body in content["captures"]:
        if (key := keys.raw(body)) is not None:
            store.delete(key.rejection)
    store.delete(keys.held(name))
    log.info("accept: %s: %s", name, content["problem"])


def accepted(store: Store) -> dict[str, frozenset[Offence]]:
    """What persons have released, by the name under which it was held."""
    found = {}
    for key in store.list(keys.ACCEPTED):
        content = unseal(store.get(key), f"{store.url}/{key}")
        found[keys.accepted_name(key)] = frozenset(
            (where, check, row) for where, check, row in content["offences"]
        )
    return found


def released(offences: Iterable[Offence], accepted: dict[str, frozenset[Offence]]) -> bool:
    """Whether all that was found was released; a check that could not be made never is."""
    found = set(offences)
    return bool(found) and found <= frozenset().union(*accepted.values())


def settle(store: Store) -> None:
    """Forgets refused releases of which nothing is refused any longer."""
    refused = set(store.list(keys.REJECTED))
    for name, content in held(store):
        captures: list[RawKey] = [key for body in content["captures"] if (key := keys.raw(body)) is not None]
        if not any(key.rejection in refused for key in captures):
            store.delete(keys.held(name))


def refuse(store: Store, key: RawKey, refused: Refused, code: str, rule: str | None = None) -> str:
    """Passes over a capture that makes a check fail, and holds it for a person to decide; returns that in one line.

    rule: the rule of `transforms.suspects` that it breaks, which is judged again whenever another capture is there.
    """
    name = approvals.hold(store, refused)
    return reject(
        store, key, f"is passed over: {refused.problem}; {approvals.advice(name, refused)}", code, rule
    )
