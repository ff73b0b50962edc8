"""The rebuild flow: the same raw captures, today's code, on as many workers as there are."""

import logging

from prefect import flow

from flows import logs, maintenance
from flows.monitoring.alerts import sent_after
from flows.orchestration import as_task, fan_of, task_runner
from flows.pipeline.run import Outcome
from flows.settings import from_environment

log = logging.getLogger("standings")


@flow(name="rebuild", task_runner=task_runner())
def rebuild(without_operator: bool = False) -> tuple[list[str], Outcome]:
    """Publishes the same captures anew; returns what that changed, a line a table. Nothing is asked of the source.

    without_operator: lets go of an operator's facts that the published release rests on.
    """
    logs.start_in_flow()
    settings = from_environment()
    with sent_after(settings) as refused:
        changed, outcome = maintenance.rebuild(settings, as_task, fan_of(settings), without_operator)
        refused.extend(outcome.rejected)
    for line in changed:
        log.info("rebuild: %s", line)
    return changed, outcome
