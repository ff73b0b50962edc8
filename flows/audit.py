"""The monthly flow: all of history once more, and every object against its digest."""

from prefect import flow

from flows import logs
from flows.monitoring.verify import demand_sound
from flows.orchestration import as_task, publish_landed, scheduled_time, task_runner
from flows.pipeline.fetch import many_weeks
from flows.pipeline.run import Outcome
from flows.settings import from_environment
from schemas.datasets import RANKINGS_DAILY


@flow(name="audit", task_runner=task_runner())
def audit() -> Outcome:
    """Asks for all of history anew, publishes what changed, and fails where anything in the lake is amiss."""
    logs.start_in_flow()
    settings = from_environment()
    outcome = many_weeks(
        settings,
        scheduled_time(),
        RANKINGS_DAILY.history_starts,
        None,
        publish_landed,
        as_task,
        refetch=True,
    )
    as_task(demand_sound)(settings)
    return outcome
