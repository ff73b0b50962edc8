"""The reference facts that count in a lake."""

from dataclasses import replace

from flows.lake.lake import kind_of, open_lake
from flows.settings import Settings
from schemas import reference
from schemas.reference import Reference


def reference_of(settings: Settings) -> Reference:
    """The reference facts that count in a lake. What was printed of the real world is no measure of a simulated one."""
    facts = reference.load(settings.reference, settings.minimum_confidence)
    if kind_of(open_lake(settings)) == "simulated":
        return replace(facts, claims=facts.claims.clear(), forecasts=facts.forecasts.clear())
    return facts
