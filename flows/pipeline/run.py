"""The data's path from raw captures to the warehouse, told once for every way of running it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ParamSpec, Protocol, TypeVar

from flows import logs
from flows.lake import approvals, keys
from flows.lake.approvals import PublicationRefused
from flows.lake.lake import demand_format, open_lake
from flows.lake.manifest import current, read_manifest
from flows.lake.reference import ensure_operator
from flows.lake.staging import Stage
from flows.pipeline import lineage
from flows.pipeline.compute import compare, count, gather
from flows.pipeline.conform import Conformed, conform
from flows.pipeline.describe import describe
from flows.pipeline.partitions import write_parts
from flows.pipeline.publish import confirm, publish
from flows.pipeline.validate import Invalid, batches, check, validate
from flows.settings import Settings
from flows.storage.object_store import LostRace, Store
from flows.version import code_version
from flows.warehouses.load import load
from schemas.errors import StandingsError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Runner(Protocol):
    """How a step is run: as it stands, or as an orchestrator's task."""

    def __call__(self, step: Callable[P, R], /) -> Callable[P, R]: ...


class Fan(Protocol):
    """How a step is run for many parts of its work, be it one after the other or beside each other."""

    def __call__(
        self, step: Callable[[Settings, str, T], R], settings: Settings, stage: str, parts: Iterable[T], /
    ) -> list[R]: ...


ATTEMPTS = 10


@dataclass(frozen=True)
class Outcome:
    """The release that is now published, and the captures that could not be read on the way."""

    release: str
    rejected: tuple[str, ...]


def directly(step: Callable[P, R], /) -> Callable[P, R]:
    """Runs a step as it stands."""
    return step


def in_turn(
    step: Callable[[Settings, str, T], R], settings: Settings, stage: str, parts: Iterable[T], /
) -> list[R]:
    """Runs a step for one part after the other."""
    return [step(settings, stage, part) for part in parts]


def raw_to_warehouse(
    settings: Settings, run: Runner = directly, fan: Fan = in_turn, without_operator: bool = False
) -> Outcome:
    """Publishes and loads what has landed in `raw/`.

    without_operator: whether facts of an operator's that the published release rests on may be let go; else a run
    that does not have them raises `StandingsError`.

    A capture whose tables are refused is passed over from then on, and the others are published. A run that
    loses the race to publish starts again from what the winner published, so both end up in it.
    """
    store = open_lake(settings)
    demand_format(store)
    before = current(store).manifest
    if before and not without_operator:
        ensure_operator(settings, before)
    rejected: tuple[str, ...] = ()
    for _ in range(ATTEMPTS):
        conformed = run(conform)(settings)
        rejected += conformed.rejected
        try:
            release = confirm(settings, conformed.stage)
            if release is None:
                report = tables(settings, conformed, run, fan)
                release = publication(settings, conformed, report, run, fan)
        except Invalid as problem:
            _clear(settings, conformed)
            rejected += _pass_over(settings, conformed, problem)
            continue
        except LostRace:
            _clear(settings, conformed)
            continue
        with logs.bind(release=release):
            approvals.settle(store)
            run(describe)(settings, release)
            run(load)(settings)
            lineage.tell(settings, store, before, read_manifest(store, release))
        return Outcome(release, rejected)
    raise StandingsError(f"{settings.lake}: lost the race to publish {ATTEMPTS} times; run it again")


def tables(settings: Settings, conformed: Conformed, run: Runner = directly, fan: Fan = in_turn) -> str:
    """Computes and checks every table; returns the report's key. Raises `Invalid`."""
    sizes = computed(settings, conformed, run, fan)
    fan(run(check), settings, conformed.stage, batches(sizes, settings.block_rows))
    return run(validate)(settings, conformed.stage)


def computed(
    settings: Settings, conformed: Conformed, run: Runner = directly, fan: Fan = in_turn
) -> list[dict[str, int]]:
    """Computes every table; returns how many rows each has in each block. Those of all weeks are in the first."""
    stage = conformed.stage
    own = fan(run(count), settings, stage, conformed.blocks)
    series = run(gather)(settings, stage)
    beside = fan(run(compare), settings, stage, conformed.blocks)
    sizes = [some | more for some, more in zip(own, beside, strict=True)]
    sizes[0] |= series
    return sizes


def publication(
    settings: Settings, conformed: Conformed, report: str, run: Runner = directly, fan: Fan = in_turn
) -> str:
    """Makes what was computed and checked the published release; returns its name. Raises `LostRace`."""
    fan(run(write_parts), settings, conformed.stage, conformed.blocks)
    return run(publish)(settings, conformed.stage, report)


def _pass_over(settings: Settings, conformed: Conformed, problem: Invalid) -> tuple[str, ...]:
    """Puts on record those new captures that make a check fail, each tried with those that do not.

    Raises the problem anew where no new capture is to blame: then what is published does not pass either. In
    both cases the refused release is held, for a person to decide.
    """
    store = open_lake(settings)
    if not conformed.new:
        raise _held(store, problem)
    sound: tuple[str, ...] = ()
    told = []
    for body in conformed.new:
        tried = conform(settings, (*sound, body))
        try:
            tables(settings, tried)
            sound += (body,)
        except Invalid as why:
            if (key := keys.raw(body)) is not None:
                told.append(
                    approvals.refuse(store, key, replace(why.refused, captures=(body,)), code_version())
                )
        finally:
            _clear(settings, tried)
    if not told:
        raise _held(store, problem)
    if not sound and current(store).manifest is None:
        raise PublicationRefused(*told)
    return tuple(told)


def _held(store: Store, problem: Invalid) -> PublicationRefused:
    """The problem, with how a person can decide it."""
    return PublicationRefused(
        f"{problem}; {approvals.advice(approvals.hold(store, problem.refused), problem.refused)}"
    )


def _clear(settings: Settings, conformed: Conformed) -> None:
    Stage(open_lake(settings), conformed.stage).clear()
