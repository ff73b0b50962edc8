"""What is asked of the source, and published: told once for the flows and for the command line.

Each takes the moment at which the run was due, how a step is run, and what publishes what has landed, since whoever
starts a run sends the alerts that follow from it.
"""

import logging
from collections.abc import Callable, Sequence
from contextvars import copy_context
from datetime import date, datetime, timedelta
from functools import partial
from threading import Thread
from typing import TypeVar

from flows import logs
from flows.extract.client import extract
from flows.extract.plan import Request, plan, told
from flows.pipeline.run import Outcome, Runner, directly
from flows.settings import Settings
from schemas.errors import StandingsError
from transforms import request_windows, weeks
from transforms.request_windows import DAY, REFRESHED_DAYS

log = logging.getLogger("standings")

T = TypeVar("T")

Publish = Callable[[Settings], Outcome]

AT_ONCE = 4
"""Requests under way at a time: what an answer takes to come must not add to what the quota makes them wait."""


def one_week(
    settings: Settings, due: datetime, week: date | None, publish: Publish, runner: Runner = directly
) -> Outcome:
    """Asks for a week, and for the one before it, which has settled by now, and publishes both.

    week: any day of the week; None for the last week that had ended when the run was due.
    """
    newest = weeks.last_complete(due)
    asked = weeks.monday(week) if week else newest
    if asked > newest:
        raise StandingsError(f"the week of {asked} has not ended; the last complete one began on {newest}")
    with logs.bind(week=asked):
        runner(extract)(settings, Request(request_windows.trailing(asked)))
        return publish(settings)


def trailing_days(settings: Settings, due: datetime, publish: Publish, runner: Runner = directly) -> Outcome:
    """Asks for the last fourteen complete days again; a release is made only where that changes something."""
    yesterday = due.date() - DAY
    runner(extract)(settings, Request((yesterday - timedelta(days=REFRESHED_DAYS - 1), yesterday)))
    return publish(settings)


def many_weeks(
    settings: Settings,
    due: datetime,
    first: date,
    last: date | None,
    publish: Publish,
    runner: Runner = directly,
    slices: Sequence[dict[str, str]] = (),
    refetch: bool = False,
) -> Outcome:
    """Asks for the days from first to last that are missing or not final, and publishes their weeks.

    Plans, tells the plan, asks and publishes. last: None for the end of the last week that had ended when the run was
    due. slices: what to ask for beside the whole, a parameter each. refetch: asks for every day, for a new vintage of
    each.

    Only the whole is counted, so it is asked for first, and published while slices wait for the quota.
    """
    planned = plan(settings, due, first, last, [{}, *slices], refetch)
    for line in told(settings, planned):
        log.info(line)

    whole = [request for request in planned if not request.slice]
    narrowed = [request for request in planned if request.slice]
    ask, rejected = partial(runner(extract), settings), list[str]()

    def publish_landed() -> str:
        outcome = publish(settings)
        rejected.extend(outcome.rejected)
        return outcome.release

    _side_by_side(ask, whole)
    if narrowed:
        _side_by_side(ask, narrowed, publish_landed if whole else None)
    return Outcome(publish_landed(), tuple(rejected))


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
