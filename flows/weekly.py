"""The weekly flow: one week from the source to the warehouse."""

from datetime import date

from prefect import flow

from flows import logs
from flows.extract.client import extract
from flows.extract.plan import Request
from flows.orchestration import as_task, publish_landed, scheduled_time, task_runner
from flows.pipeline.run import Outcome
from flows.settings import from_environment
from schemas.errors import StandingsError
from transforms import request_windows, weeks


@flow(name="weekly", task_runner=task_runner())
def weekly(week: date | None = None) -> Outcome:
    """Asks for a week, and for the one before it, which has settled by now, and publishes both.

    week: any day of the week; by default the last week that had ended when the run was due.
    """
    logs.start_in_flow()
    settings = from_environment()
    newest = weeks.last_complete(scheduled_time())
    asked = weeks.monday(week) if week else newest
    if asked > newest:
        raise StandingsError(f"the week of {asked} has not ended; the last complete one began on {newest}")

    with logs.bind(week=asked):
        as_task(extract)(settings, Request(request_windows.trailing(asked)))
        return publish_landed(settings)
