"""The flow that notices when nothing comes any more."""

from datetime import date

from prefect import flow

from flows import logs
from flows.monitoring.freshness import demand_fresh
from flows.orchestration import as_task, scheduled_time
from flows.settings import from_environment


@flow(name="monitor")
def monitor() -> date:
    """Fails where the newest complete week is older than it should be, going by the data's own dates."""
    logs.start_in_flow()
    return as_task(demand_fresh)(from_environment(), scheduled_time())
