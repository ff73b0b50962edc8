"""The data's path from raw captures to the warehouse, told once for every way of running it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ParamSpec, Protocol, TypeVar

from flows import logs
from flows.lake import approvals, keys
from flows.lake.approvals import PublicationRefused
from flows.lake.lake import demand_format, open_lake
from flows.lake.manifest import current
from flows.lake.reference import ensure_operator
from flows.lake.staging import Run, begin
from flows.pipeline import lineage
from flows.pipeline.compute import compare, count, gather
from flows.pipeline.conform import Conformed, conform
from flows.pipeline.describe import describe
from flows.pipeline.partitions import write_parts, write_series, written
from flows.pipeline.publish import captures_of, changes_nothing, let_stand, publish, settled, stands
from flows.pipeline.validate import Invalid, batches, check, unchecked, validate
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

    def __call__(self, step: Callable[[Run, T], R], run: Run, parts: Iterable[T], /) -> list[R]: ...


ATTEMPTS = 10


@dataclass(frozen=True)
class Outcome:
    """The release that is now published, and the captures that could not be read on the way."""

    release: str
    rejected: tuple[str, ...]


def directly(step: Callable[P, R], /) -> Callable[P, R]:
    """Runs a step as it stands."""
    return step


def in_turn(step: Callable[[Run, T], R], run: Run, parts: Iterable[T], /) -> list[R]:
    """Runs a step for one part after the other."""
    return [step(run, part) for part in parts]


def raw_to_warehouse(
    settings: Settings,
    runner: Runner = directly,
    fan: Fan = in_turn,
    without_operator: bool = False,
    anew: bool = False,
) -> Outcome:
    """Publishes and loads what has landed in `raw/`.

    without_operator: whether facts of an operator's that the published release rests on may be let go; else a run
    that does not have them raises `StandingsError`. anew: computes everything also where nothing has come since.

    A capture whose tables are refused is passed over from then on, and the others are published. A run that
    loses the race to publish starts again from what the winner published, so both end up in it.
    """
    store = open_lake(settings)
    rejected: tuple[str, ...] = ()
    for attempt in range(ATTEMPTS):
        run = begin(settings)
        if attempt == 0:
            demand_format(store)
            if run.before and not without_operator:
                ensure_operator(settings, run.before)
        try:
            if not anew and settled(run):
                let_stand(run)
            else:
                conformed = runner(conform)(run)
                rejected += conformed.rejected
                try:
                    if not anew and stands(run, {each.key for each in captures_of(run)}):
                        let_stand(run)
                    else:
                        publication(run, conformed, runner, fan)
                except Invalid as problem:
                    rejected += _pass_over(run, conformed, problem)
                    continue
        except LostRace:
            continue
        finally:
            run.stage.clear()
        assert run.release is not None
        with logs.bind(release=run.release.release):
            approvals.settle(store)
            runner(describe)(run)
            runner(load)(settings, run)
            lineage.tell(settings, store, run.before, run.release)
        return Outcome(run.release.release, rejected)
    raise StandingsError(f"{settings.lake}: lost the race to publish {ATTEMPTS} times; run it again")


def publication(run: Run, conformed: Conformed, runner: Runner = directly, fan: Fan = in_turn) -> None:
    """Computes every table, checks what changed, and publishes it. Raises `Invalid` or `LostRace`."""
    computed(run, conformed, runner, fan)
    runner(publish)(run, checked(run, conformed, runner, fan))


def computed(run: Run, conformed: Conformed, runner: Runner = directly, fan: Fan = in_turn) -> None:
    """Computes every table."""
    fan(runner(count), run, conformed.blocks)
    runner(gather)(run)
    fan(runner(compare), run, conformed.blocks)


def checked(run: Run, conformed: Conformed, runner: Runner = directly, fan: Fan = in_turn) -> str | None:
    """Writes the partitions that changed, to which nothing leads yet, and checks those that no check has seen.

    Returns the report's key; None where nothing changed and all was checked before. Raises `Invalid`.
    """
    fan(runner(write_parts), run, conformed.blocks)
    runner(write_series)(run)
    parts = written(run)
    rows = unchecked(run, parts)
    if not any(rows) and changes_nothing(run, parts):
        return None
    fan(runner(check), run, batches(rows, run.settings.block_rows))
    return runner(validate)(run)


def _pass_over(run: Run, conformed: Conformed, problem: Invalid) -> tuple[str, ...]:
    """Puts on record those new captures that make a check fail, each tried with those that do not.

    Raises the problem anew where no new capture is to blame: then what is published does not pass either. In
    both cases the refused release is held, for a person to decide.
    """
    store = run.store
    if not conformed.new:
        raise _held(store, problem)
    sound: tuple[str, ...] = ()
    told = []
    for body in conformed.new:
        trial = run.again()
        tried = conform(trial, (*sound, body))
        try:
            computed(trial, tried)
            checked(trial, tried)
            sound += (body,)
        except Invalid as why:
            if (key := keys.raw(body)) is not None:
                told.append(
                    approvals.refuse(store, key, replace(why.refused, captures=(body,)), code_version())
                )
        finally:
            trial.stage.clear()
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
