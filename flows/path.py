"""The data's path from raw captures to the warehouse, told once for every way of running it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from flows.derive import attribute, conform, count
from flows.load import load
from flows.publish import publish
from flows.settings import Settings
from flows.store import LostRace
from flows.validate import validate
from schemas.errors import StandingsError

P = ParamSpec("P")
R = TypeVar("R")


class Runner(Protocol):
    """How a step is run: as it stands, or as an orchestrator's task."""

    def __call__(self, step: Callable[P, R], /) -> Callable[P, R]: ...


ATTEMPTS = 10


@dataclass(frozen=True)
class Outcome:
    """The release that is now published, and the captures that could not be read on the way."""

    release: str
    rejected: tuple[str, ...]


def directly(step: Callable[P, R], /) -> Callable[P, R]:
    """Runs a step as it stands."""
    return step


def raw_to_warehouse(settings: Settings, run: Runner = directly) -> Outcome:
    """Publishes and loads what has landed in `raw/`.

    A run that loses the race to publish starts again from what the winner published, so both end up in it.
    """
    rejected: tuple[str, ...] = ()
    for _ in range(ATTEMPTS):
        conformed = run(conform)(settings)
        rejected += conformed.rejected
        run(attribute)(settings, conformed.stage)
        run(count)(settings, conformed.stage)
        report = run(validate)(settings, conformed.stage)
        try:
            release = run(publish)(settings, conformed.stage, report)
        except LostRace:
            continue
        run(load)(settings)
        return Outcome(release, rejected)
    raise StandingsError(f"{settings.lake}: lost the race to publish {ATTEMPTS} times; run it again")
