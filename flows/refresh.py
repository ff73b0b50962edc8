"""The daily flow: the trailing days once more, in one request."""

from prefect import flow

from flows import logs
from flows.orchestration import as_task, publish_landed, scheduled_time, task_runner
from flows.pipeline.fetch import trailing_days
from flows.pipeline.run import Outcome
from flows.settings import from_environment


@flow(name="refresh", task_runner=task_runner())
def refresh() -> Outcome:
    """Reads the last fourteen complete days again; a release is made only where that changes something."""
    logs.start_in_flow()
    return trailing_days(from_environment(), scheduled_time(), publish_landed, as_task)
