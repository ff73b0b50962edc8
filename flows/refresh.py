"""The daily flow: the trailing days once more, in one request."""

from datetime import timedelta

from prefect import flow

from flows import logs
from flows.extract.client import extract
from flows.extract.plan import Request
from flows.orchestration import as_task, publish_landed, scheduled_time, task_runner
from flows.pipeline.run import Outcome
from flows.settings import from_environment
from transforms.request_windows import DAY, REFRESHED_DAYS


@flow(name="refresh", task_runner=task_runner())
def refresh() -> Outcome:
    """Reads the last fourteen complete days again; a release is made only where that changes something."""
    logs.start_in_flow()
    settings = from_environment()
    yesterday = scheduled_time().date() - DAY

    as_task(extract)(settings, Request((yesterday - timedelta(days=REFRESHED_DAYS - 1), yesterday)))
    return publish_landed(settings)
