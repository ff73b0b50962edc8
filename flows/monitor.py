"""The flow that notices when nothing comes any more."""

from datetime import date, timedelta

from prefect import State, flow
from prefect.states import Completed

from flows import logs
from flows.monitoring.freshness import demand_fresh
from flows.orchestration import as_task, is_superseded, scheduled_time
from flows.settings import from_environment

EVERY = timedelta(days=1)
"""How long after one run the next is due, as infra/prefect.yaml has it."""


@flow(name="monitor")
def monitor() -> date | State[None]:
    """Fails where the newest complete week is older than it should be, going by the data's own dates.

    A run so late that the next one is due looks at nothing: after an outage of the server only the last one looks.
    """
    logs.start_in_flow()
    if is_superseded(EVERY):
        return Completed(name="Skipped", message="so late that a later run looks in its place")
    return as_task(demand_fresh)(from_environment(), scheduled_time())
