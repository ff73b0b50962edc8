"""The backfill flow: many weeks in the fewest requests."""

import logging
from collections.abc import Sequence
from datetime import date, datetime

from prefect import flow

from flows import logs
from flows.extract import extract
from flows.orchestration import as_task, fan_of, scheduled_time, task_runner
from flows.path import Outcome, raw_to_warehouse
from flows.plan import plan, told
from flows.settings import Settings, from_environment

log = logging.getLogger("standings")


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

    for request in planned:
        as_task(extract)(settings, request)
    return raw_to_warehouse(settings, as_task, fan_of(settings))
