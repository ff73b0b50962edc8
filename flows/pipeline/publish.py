"""parts -> manifest -> pointer -> latest/: a release is there whole or not at all."""

import hashlib
import logging
from datetime import UTC, datetime

from flows.lake import keys
from flows.lake.captures import WHOLE, exists
from flows.lake.lake import kind_of, open_lake
from flows.lake.latest import refresh_latest
from flows.lake.manifest import Capture, Manifest, current, point_to, records
from flows.lake.reference import reference_of
from flows.lake.staging import Stage
from flows.pipeline.blocks import HELD
from flows.pipeline.partitions import all_parts
from flows.settings import Settings
from flows.storage.object_store import LostRace, Store
from flows.version import code_version
from schemas import TABLES
from schemas.errors import StandingsError

log = logging.getLogger("standings")


def publish(settings: Settings, stage_name: str, report: str) -> str:
    """Makes the staged tables the published release; returns its name.

    Where no partition changed, no release is made and the published one's name is returned. Raises `LostRace`
    where another run published captures that this stage does not have: conform again and retry.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    pointer = current(store)
    before = pointer.manifest
    captures = tuple(Capture.from_json(each) for each in stage.noted("captures"))
    unseen = set(before.captures) - set(captures) if before else set()
    if any(not exists(store, capture.key.rejection) for capture in unseen):
        raise LostRace("another run has published captures that this one has not seen")
    if before and (unknown := before.tables.keys() - {table.name for table in TABLES}):
        raise StandingsError(
            f"{store.url}: its release has a table {min(unknown)} that this version does not know: upgrade it"
        )
    tables = all_parts(stage)
    facts = reference_of(settings).identity()
    same_operator = before is not None and all(
        facts[name] == before.reference.get(name) for name in ("operator", "operator_printed")
    )
    if before and tables == before.tables and same_operator and _has_its_records(store, before):
        return _let_stand(store, stage, before, set(captures) - set(before.captures))
    manifest = Manifest(
        number=before.number + 1 if before else 1,
        previous=before.release if before else None,
        published_at=datetime.now(UTC),
        kind=kind_of(store) or "real",
        code=code_version(),
        reference=facts,
        report=report,
        docs=_keep_docs(store, stage),
        accepted=tuple(stage.noted("accepted") or ()),
        schemas={table.name: table.version for table in TABLES},
        captures=captures,
        tables=tables,
    )
    point_to(store, manifest, pointer.version)
    log.info("publish: release %s", manifest.release)
    refresh_latest(store, manifest, before)
    stage.clear()
    return manifest.release


def confirm(settings: Settings, stage_name: str) -> str | None:
    """The published release, where slices are all that has landed since: no table counts them, so none is computed.

    The next release lists them. None where there is anything else to do: the code or the reference files are others,
    or something of the release is missing.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    before = current(store).manifest
    captures = {Capture.from_json(each) for each in stage.noted("captures")}
    if before is None or not captures > set(before.captures):
        return None
    new = captures - set(before.captures)
    made_by = (before.code, before.reference)
    if (
        any(capture.key.slice == WHOLE for capture in new)
        or made_by != (code_version(), reference_of(settings).identity())
        or not {part.key for _, _, part in before.partitions()} <= set(stage.noted(HELD))
        or not _has_its_records(store, before)
    ):
        return None
    return _let_stand(store, stage, before, new)


def _let_stand(store: Store, stage: Stage, manifest: Manifest, new: set[Capture]) -> str:
    """Ends a run that found nothing to publish; returns the name of the release that stands."""
    log.info("publish: nothing changed; release %s stands", manifest.release)
    refresh_latest(store, manifest, manifest)
    stage.clear()
    # Last, since a capture that is marked so is done with.
    for capture in new:
        store.put(capture.key.confirmation, b"")
    return manifest.release


def _keep_docs(store: Store, stage: Stage) -> str | None:
    """Makes what was checked part of the release; returns its key, None where nothing was checked."""
    page: str | None = stage.noted("docs")
    if page is None:
        return None
    key = keys.docs(hashlib.sha256(page.encode()).hexdigest())
    store.put_once(key, page.encode())
    return key


def _has_its_records(store: Store, manifest: Manifest) -> bool:
    """Whether the report and the page of what was checked are there; a release that lost them is made anew."""
    return all(exists(store, key) for key in records(manifest))
