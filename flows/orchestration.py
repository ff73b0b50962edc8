"""Steps as Prefect tasks. Import it late: Prefect takes a second or more to import."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from prefect import Task, runtime, task, unmapped
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.lake.staging import Run
from flows.monitoring.alerts import sent_after
from flows.pipeline.run import Fan, Outcome, in_turn, raw_to_warehouse
from flows.settings import Settings, from_environment
from schemas.errors import StandingsError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def as_task(step: Callable[P, R], /) -> Callable[P, R]:
    """The step as a task of its own name; outside of a flow's run, the step as it stands.

    It is tried twice more where something unforeseen breaks; an error that is told to a person is final.
    Nothing is cached: a step's result depends on the lake.
    """
    if FlowRunContext.get() is None:
        return step
    decorate = task(
        name=step.__name__,
        cache_policy=NO_CACHE,
        retries=2,
        retry_delay_seconds=5,
        retry_condition_fn=lambda _task, _run, state: not isinstance(state.data, StandingsError),
    )
    return decorate(step)


def publish_landed(settings: Settings) -> Outcome:
    """Publishes and loads what has landed, each step as a task of the flow's run, and sends the alerts that follow."""
    with sent_after(settings) as refused:
        outcome = raw_to_warehouse(settings, as_task, fan_of(settings))
        refused.extend(outcome.rejected)
    return outcome


def scheduled_time() -> datetime:
    """When the run was due, which is what it is about, however late it starts."""
    moment = runtime.flow_run.scheduled_start_time
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.now(UTC)


def is_superseded(every: timedelta) -> bool:
    """Whether the run is so late that the next one of its schedule is due as well; every: how far these are apart."""
    return datetime.now(UTC) - scheduled_time() >= every


def task_runner() -> TaskRunner[Any]:
    """Where a flow's tasks run: on the workers of a Dask scheduler where `STANDINGS_DASK` names one, else here.

    Raises `StandingsError` where the extra that this needs is not installed.
    """
    address = from_environment().dask
    if address is None:
        return ThreadPoolTaskRunner()
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise StandingsError(
            "STANDINGS_DASK is set, and its extra is not installed: in the checkout, pip install '.[distributed]'"
        ) from None
    return DaskTaskRunner(address=address)


def fan_of(settings: Settings) -> Fan:
    """How the blocks of weeks are computed: beside each other on Dask's workers, else one after the other.

    Not beside each other on one machine: Polars uses all of its cores for one block already.
    """
    return mapped if settings.dask else in_turn


def mapped(step: Callable[[Run, T], R], run: Run, parts: Iterable[T], /) -> list[R]:
    """Runs a task for all parts at once, as far as there are workers; raises what the first that failed raised."""
    if not isinstance(step, Task):
        return in_turn(step, run, parts)
    futures = step.map(unmapped(run), list(parts))
    return [future.result() for future in futures]
