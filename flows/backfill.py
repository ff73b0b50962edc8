"""The backfill flow: many weeks in the fewest requests."""

from datetime import date

from prefect import flow

from flows import logs
from flows.orchestration import as_task, publish_landed, scheduled_time, task_runner
from flows.pipeline.fetch import many_weeks
from flows.pipeline.run import Outcome
from flows.settings import from_environment


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
    return many_weeks(
        from_environment(), scheduled_time(), first, last, publish_landed, as_task, slices or [], refetch
    )
