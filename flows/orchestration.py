"""Steps as Prefect tasks. Import it late: Prefect takes a second or more to import."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

from prefect import runtime, task
from prefect.cache_policies import NO_CACHE

from schemas.errors import StandingsError

P = ParamSpec("P")
R = TypeVar("R")


def as_task(step: Callable[P, R], /) -> Callable[P, R]:
    """The step as a task of its own name.

    It is tried twice more where something unforeseen breaks; an error that is told to a person is final.
    Nothing is cached: a step's result depends on the lake.
    """
    decorate = task(
        name=step.__name__,
        cache_policy=NO_CACHE,
        retries=2,
        retry_delay_seconds=5,
        retry_condition_fn=lambda _task, _run, state: not isinstance(state.data, StandingsError),
    )
    return decorate(step)


def scheduled_time() -> datetime:
    """When the run was due, which is what it is about, however late it starts."""
    moment = runtime.flow_run.scheduled_start_time
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.now(UTC)
