"""The backfill flow: many weeks in the fewest requests."""

import logging
from collections.abc import Callable, Sequence
from contextvars import copy_context
from datetime import date, datetime
from functools import partial
from threading import Thread
from typing import TypeVar

from prefect import flow

from flows import logs
from flows.extract import extract
from flows.orchestration import as_task, fan_of, scheduled_time, task_runner
from flows.path import Outcome, raw_to_warehouse
from flows.plan import plan, told
from flows.settings import Settings, from_environment
from flows.validate import import_checks

log = logging.getLogger("standings")

T = TypeVar("T")

AT_ONCE = 4
"""Requests under way at a time: what an answer takes to come must not add to what the quota makes them wait."""


@flow(name="backfill", task_runner=task_runner())
def backfill(
    first: date, last: date | None = None, slices: list[dict[str, str]] | None = None, refetch: bool = False
) -> Outcome:
    """Asks for the days from first to last that are missing or not final, and publishes their weeks.

    last: by default the end of the last week that had ended when the run was due. slices: what to ask for beside
    the whole, a parameter each; they land in raw and are never added to the whole. refetch: ask for every day,
    for a new vintage of each.
    """
    logs.start_in_flow()
    return bring(from_environment(), scheduled_time(), first, last, [{}, *(slices or [])], refetch)


def bring(
    settings: Settings,
    due: datetime,
    first: date,
    last: date | None = None,
    slices: Sequence[dict[str, str]] = ({},),
    refetch: bool = False,
) -> Outcome:
    """Plans, tells the plan, asks and publishes, each step as a task of the flow that calls it."""
    planned = plan(settings, due, first, last, slices, refetch)
    for line in told(settings, planned):
        log.info(line)

    # More than a minute's requests wait for the quota, and what comes after them is made ready in that time.
    waits = len(planned) > settings.minute.limit and not settings.dask
    _side_by_side(partial(as_task(extract), settings), planned, import_checks if waits else None)
    return raw_to_warehouse(settings, as_task, fan_of(settings))


def _side_by_side(
    step: Callable[[T], object], items: Sequence[T], meanwhile: Callable[[], None] | None = None
) -> None:
    """Runs a step for each item, some at a time, and what there is to do meanwhile.

    After one has failed none is begun, and what it raised is raised once those under way are done.
    """
    # One iterator for all: each item is given out once.
    waiting, problems = iter(items), list[Exception]()

    def work() -> None:
        for item in waiting:
            if problems:
                return
            try:
                step(item)
            except Exception as problem:
                problems.append(problem)

    # Daemons, so that Ctrl-C need not wait for one that waits for the quota; each knows the flow that it is of.
    threads = [Thread(target=copy_context().run, args=(work,), daemon=True) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    if meanwhile:
        meanwhile()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
