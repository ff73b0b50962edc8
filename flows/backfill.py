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
from flows.extract.client import extract
from flows.extract.plan import plan, told
from flows.orchestration import as_task, publish_landed, scheduled_time, task_runner
from flows.pipeline.run import Outcome
from flows.settings import Settings, from_environment

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
    """Plans, tells the plan, asks and publishes, each step as a task of the flow that calls it.

    Only the whole is counted, so it is asked for first, and published while slices wait for the quota.
    """
    planned = plan(settings, due, first, last, slices, refetch)
    for line in told(settings, planned):
        log.info(line)

    whole = [request for request in planned if not request.slice]
    narrowed = [request for request in planned if request.slice]
    ask, rejected = partial(as_task(extract), settings), list[str]()

    def publish() -> str:
        outcome = publish_landed(settings)
        rejected.extend(outcome.rejected)
        return outcome.release

    _side_by_side(ask, whole)
    if narrowed:
        _side_by_side(ask, narrowed, publish if whole else None)
    return Outcome(publish(), tuple(rejected))


def _side_by_side(
    step: Callable[[T], object], items: Sequence[T], meanwhile: Callable[[], object] | None = None
) -> None:
    """Runs a step for each item, some at a time, and what there is to do meanwhile.

    After one of these has failed none is begun, and what it raised is raised once those under way are done.
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
        try:
            meanwhile()
        except Exception as problem:
            problems.append(problem)
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
