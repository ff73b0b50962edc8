"""Reference facts of a release: which of them an operator changed, and that no run reverts them unawares."""

from dataclasses import replace

from flows.lake.lake import Kind
from flows.lake.manifest import Manifest
from flows.settings import Settings
from schemas import reference
from schemas.errors import StandingsError
from schemas.fields import MINIMUM_CONFIDENCE
from schemas.reference import Reference


def ensure_operator(settings: Settings, manifest: Manifest) -> None:
    """Raises `StandingsError` where a release rests on an operator's facts and these settings name none.

    Another folder, be it an empty one, or another confidence that is set is the operator's decision.
    """
    minimum = manifest.reference["minimum_confidence"]
    missing = []
    if _changes(manifest.reference) and settings.reference is None:
        missing.append("STANDINGS_REFERENCE to the folder of reference files")
    if minimum != MINIMUM_CONFIDENCE == settings.minimum_confidence:
        missing.append(f"STANDINGS_MINIMUM_CONFIDENCE={minimum}")
    if missing:
        raise StandingsError(
            f"{settings.lake}: release {manifest.release} was published with facts of the operator's, and this run "
            f"would revert them: set {' and '.join(missing)}, or let them go with "
            f"`standings rebuild --without-operator`"
        )


def reference_as_published(settings: Settings, manifest: Manifest) -> Reference:
    """The facts with which a release was published, for whoever computes anything beside it.

    Raises `StandingsError` where an operator's folder is not the one that the release was published with.
    """
    minimum = manifest.reference["minimum_confidence"] or MINIMUM_CONFIDENCE
    facts = reference_of(replace(settings, minimum_confidence=minimum), manifest.kind)
    if _changes(facts.identity()) != _changes(manifest.reference):
        raise StandingsError(
            f"{settings.lake}: release {manifest.release} was published with other facts of the operator's: set "
            f"STANDINGS_REFERENCE to the folder that it was published with, or run `standings rebuild` with this one"
        )
    return facts


def _changes(identity: dict[str, str | None]) -> str | None:
    """The digest of an operator's folder; None where there is none, or where it changes nothing."""
    if "operator" in identity and not (identity["operator"] or identity["operator_printed"]):
        return None
    return identity["operator_sha256"]


def reference_of(settings: Settings, kind: Kind | None) -> Reference:
    """The reference facts that count in a lake of a kind; what was printed of the real world is no measure of a
    simulated one."""
    facts = reference.load(settings.reference, settings.minimum_confidence)
    if kind == "simulated":
        return replace(facts, claims=facts.claims.clear(), forecasts=facts.forecasts.clear())
    return facts
