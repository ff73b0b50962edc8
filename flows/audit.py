"""The monthly flow: all of history once more, and every object against its digest."""

from prefect import flow

from flows import logs
from flows.backfill import bring
from flows.monitoring.verify import demand_sound
from flows.orchestration import as_task, scheduled_time, task_runner
from flows.pipeline.run import Outcome
from flows.settings import from_environment
from schemas.datasets import RANKINGS_DAILY


@flow(name="audit", task_runner=task_runner())
def audit() -> Outcome:
    """Asks for all of history anew, publishes what changed, and fails where anything in the lake is amiss."""
    logs.start_in_flow()
    settings = from_environment()
    outcome = bring(settings, scheduled_time(), RANKINGS_DAILY.history_starts, refetch=True)
    as_task(demand_sound)(settings)
    return outcome
