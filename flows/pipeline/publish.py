"""manifest -> pointer -> latest/: a release is there whole or not at all."""

import hashlib
import logging
from collections.abc import Set
from datetime import UTC, datetime

from flows.lake import keys
from flows.lake.captures import WHOLE, confirm, confirmations, exists, landed
from flows.lake.keys import RawKey
from flows.lake.latest import refresh_latest
from flows.lake.manifest import Capture, Manifest, Partitions, point_to, pointed, records
from flows.lake.staging import Run
from flows.pipeline.partitions import written
from flows.pipeline.validate import Record, keep_record
from flows.storage.object_store import LostRace, Store
from flows.version import code_version
from schemas import TABLES
from schemas.errors import StandingsError

log = logging.getLogger("standings")


def publish(run: Run, report: str | None) -> None:
    """Makes what was written and checked the published release, which is `run.release` from then on.

    report: the key of the checks' report, None where nothing was to be checked. Where no partition changed, no release
    is made and the published one stands. Raises `LostRace` where another run has published meanwhile.
    """
    store, before, stage = run.store, run.before, run.stage
    parts = written(run)
    if report is None or changes_nothing(run, parts):
        let_stand(run)
        return
    if before and (unknown := before.tables.keys() - {table.name for table in TABLES}):
        raise StandingsError(
            f"{store.url}: its release has a table {min(unknown)} that this version does not know: upgrade it"
        )
    page = _keep_docs(run)
    manifest = Manifest(
        number=before.number + 1 if before else 1,
        previous=before.release if before else None,
        published_at=datetime.now(UTC),
        kind=run.kind or "real",
        code=code_version(),
        reference=run.facts.identity(),
        report=report,
        docs=page,
        accepted=tuple(stage.noted("accepted") or ()),
        schemas={table.name: table.version for table in TABLES},
        captures=captures_of(run),
        tables=parts,
    )
    keep_record(run, manifest.release, page)
    point_to(store, manifest, run.published.version)
    log.info("publish: release %s", manifest.release)
    refresh_latest(store, manifest, before)
    stage.clear()
    run.release = manifest


def settled(run: Run) -> bool:
    """Whether a run before this one has decided on every capture that landed, so that there is nothing to read."""
    before, passed_over = run.before, run.rejections
    # What breaks a rule is judged anew with all that has landed.
    if before is None or any(passed_over.values()):
        return False
    accepted = {each.key for each in before.captures}
    due = {key for key in landed(run.store, run.raw) if key.rejection not in passed_over}
    known = confirmations(run.store, due - accepted)
    return (
        accepted <= due and all(name == before.release for name in known.values()) and stands(run, accepted)
    )


def stands(run: Run, captures: Set[RawKey]) -> bool:
    """Whether the published release is what comes of captures, so that there is nothing to compute.

    So it is where the same code and facts made it of the same ones, and nothing of it was lost, nor fetched since.
    One that was found to change nothing of it counts as known, and so does a slice, which no table counts; the next
    release lists both.
    """
    before, store = run.before, run.store
    if before is None or (before.code, before.reference) != (code_version(), run.facts.identity()):
        return False
    accepted = {each.key for each in before.captures}
    new = [key for key in captures - accepted if key.slice == WHOLE]
    return (
        accepted <= captures
        and all(name == before.release for name in confirmations(store, new).values())
        and {part.key for _, _, part in before.partitions()} <= set(run.parts)
        and _has_its_records(store, before)
        and (record := Record.of(store, before)) is not None
        and record.fetches == run.fetches
    )


def changes_nothing(run: Run, parts: Partitions) -> bool:
    """Whether the published release already is what was computed, with all that belongs to it."""
    before = run.before
    if before is None or parts != before.tables:
        return False
    # One that rests on an answer which is gone, though its rows are those of another, must not go on saying so.
    if {each.key for each in before.captures} - {each.key for each in captures_of(run)}:
        return False
    facts = run.facts.identity()
    same_operator = all(
        facts[name] == before.reference.get(name) for name in ("operator", "operator_printed")
    )
    return same_operator and _has_its_records(run.store, before)


def let_stand(run: Run) -> None:
    """Ends a run that found nothing to publish. Raises `LostRace` where another run has published."""
    store, manifest = run.store, run.before
    assert manifest is not None
    if pointed(store) != manifest.release:
        raise LostRace("another run has published meanwhile")
    log.info("publish: nothing changed; release %s stands", manifest.release)
    keep_record(run, manifest.release, _keep_docs(run))
    refresh_latest(store, manifest, manifest)
    # Last, since a capture that is marked so is done with.
    known = set(manifest.captures)
    for capture in captures_of(run):
        if capture not in known:
            confirm(store, capture.key, manifest.release)
    run.stage.clear()


def captures_of(run: Run) -> tuple[Capture, ...]:
    """The captures that a run accepts; none where it has not looked."""
    return tuple(Capture.from_json(each) for each in run.stage.noted("captures") or ())


def _keep_docs(run: Run) -> str | None:
    """Keeps the page of what was checked; returns its key, None where nothing was checked."""
    page: str | None = run.stage.noted("docs")
    if page is None:
        return None
    key = keys.docs(hashlib.sha256(page.encode()).hexdigest())
    run.store.put_once(key, page.encode())
    return key


def _has_its_records(store: Store, manifest: Manifest) -> bool:
    """Whether the report and the page of what was checked are there; a release that lost them is made anew."""
    return all(exists(store, key) for key in records(manifest))
