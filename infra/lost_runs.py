"""What makes a run begin again whose process, worker or machine was lost: Prefect by itself leaves it Running for ever.

A run tells every minute that it lives. One that is silent for five is marked as crashed, by the server. One that
crashed, by its own worker's word or for its silence, is put back into the queue, twice at most: it keeps its
parameters and the moment at which it was due, and takes up what had landed.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect.events.schemas.automations import AutomationCore

SILENCE = timedelta(minutes=5, seconds=15)
"""Five of the beats that PREFECT_FLOWS_HEARTBEAT_FREQUENCY asks for in prefect.yaml.

Not less than five minutes: Prefect holds an event back for a quarter of an hour if one of the five minutes before, on
which it follows, was lost with the server.
"""

SETTLING = timedelta(seconds=10)
"""A worker tells of a crash twice, some seconds apart: the second word must not hit the run that began again."""

LOST = "lost: nothing was heard of it"


async def begin_again(pool: str) -> None:
    """Puts the automations on the server: what is there already is left, or updated in place."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName

    async with get_client() as client:
        ours = await client.read_deployments(
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))
        )
        for wanted in automations([f"prefect.deployment.{each.id}" for each in ours], pool):
            there = await client.read_automations_by_name(wanted.name)
            if not there:
                await client.create_automation(wanted)
            elif there[0].trigger.match_related != wanted.trigger.match_related:
                await client.update_automation(there[0].id, wanted)


def automations(deployments: list[str], pool: str) -> "list[AutomationCore]":
    """For the runs of these deployments alone: other runs on the server may tell less often that they live."""
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    def of(**labels: list[str]) -> ResourceSpecification:
        named = {f"prefect.{name.replace('_', '-')}": values for name, values in labels.items()}
        return ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"], **named})

    ours = ResourceSpecification(
        {"prefect.resource.role": "deployment", "prefect.resource.id": sorted(deployments)}
    )
    silent = EventTrigger(
        posture=Posture.Proactive,
        within=SILENCE,
        # A worker may die before the run does anything: to be handed to one is a sign of life too.
        after={"prefect.flow-run.Pending", "prefect.flow-run.Running", "prefect.flow-run.heartbeat"},
        expect={"prefect.flow-run.*"},
        match=of(),
        match_related=ours,
        for_each={"prefect.resource.id"},
    )

    def crashed(match: ResourceSpecification) -> EventTrigger:
        return EventTrigger(
            posture=Posture.Proactive,
            within=SETTLING,
            after={"prefect.flow-run.Crashed"},
            expect={"prefect.flow-run.*"},
            match=match,
            match_related=ours,
            for_each={"prefect.resource.id"},
        )

    crash = ChangeFlowRunState(state=StateType.CRASHED, message=LOST)
    again = ChangeFlowRunState(
        state=StateType.SCHEDULED, name="AwaitingRetry", message="its process was lost: it begins again"
    )
    return [
        AutomationCore(name=f"{pool}: silent runs have crashed", trigger=silent, actions=[crash]),
        AutomationCore(
            name=f"{pool}: crashed runs begin again",
            trigger=crashed(of(run_count=["1", "2"])),
            actions=[again],
        ),
        # One that its worker calls crashed before it ran would not start the next time either.
        AutomationCore(
            name=f"{pool}: runs lost before they began begin again",
            trigger=crashed(of(run_count=["0"], state_message=[LOST])),
            actions=[again],
        ),
    ]
