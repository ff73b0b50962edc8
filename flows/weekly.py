"""The weekly flow: one week from the source to the warehouse."""

from datetime import date

from prefect import flow

from flows import logs
from flows.orchestration import as_task, publish_landed, scheduled_time, task_runner
from flows.pipeline.fetch import one_week
from flows.pipeline.run import Outcome
from flows.settings import from_environment


@flow(name="weekly", task_runner=task_runner())
def weekly(week: date | None = None) -> Outcome:
    """Asks for a week, and for the one before it, which has settled by now, and publishes both.

    week: any day of the week; by default the last week that had ended when the run was due.
    """
    logs.start_in_flow()
    return one_week(from_environment(), scheduled_time(), week, publish_landed, as_task)
