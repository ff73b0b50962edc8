"""What the lake and the warehouse hold, and what needs a person."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from flows.lake import approvals, captures, keys
from flows.lake.lake import citation, kind_of, open_lake
from flows.lake.listeners import last_unreached
from flows.lake.manifest import Manifest, current
from flows.lake.reader import newest_complete_week, operator_notes, rows_of, stale_note
from flows.settings import Settings
from flows.storage.checksummed_json import unseal
from flows.storage.object_store import Store
from flows.warehouses.duckdb import loaded_release
from schemas import BUCKET_COVERAGE, MODEL_WEEK, WEEK_COVERAGE
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.tables.bucket_coverage import OTHER_GRAIN, POORER, UNKNOWN_TOTAL
from transforms.attribution import unknown_authors

UNUSED_REASONS = {
    POORER: "another capture shows more of them",
    OTHER_GRAIN: "their weeks are made of the other grain",
    UNKNOWN_TOTAL: "they have no `other`, so their total is unknown",
}


def lines(settings: Settings, now: datetime | None = None) -> Iterator[str]:
    """The state of things, a line each. now: the moment at which somebody asks; None: nothing is said of its age."""
    store = open_lake(settings)
    kind = kind_of(store)
    yield f"lake       {store.url} ({f'{kind} figures' if kind else 'nothing was ever written there'})"
    manifest = current(store).manifest
    landed = list(captures.landed(store))
    waiting = f", {len(landed) - len(manifest.captures)} not published" if manifest else ""
    yield f"captures   {len(landed)} in raw/{waiting}"
    if manifest is None:
        yield "release    none yet: run `standings ingest`, `backfill` or `demo`"
    else:
        yield from _release(settings, store, manifest, now)
    for key in store.list(keys.REJECTED):
        yield f"unreadable {unseal(store.get(key), f'{store.url}/{key}')['problem']}"
    if unreached := last_unreached(store):
        yield f"unreached  {unreached.variable} at {unreached.at}: {unreached.why}"
    for name, content in approvals.held(store):
        # Those of a capture are told with it.
        if not content["captures"]:
            yield f"refused    {name}: {content['problem']}"


def _release(settings: Settings, store: Store, manifest: Manifest, now: datetime | None) -> Iterator[str]:
    weeks = manifest.tables.get(MODEL_WEEK.name, {})
    yield f"release    {manifest.release}, published at {manifest.published_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"weeks      {f'{len(weeks)}, {min(weeks)} to {max(weeks)}' if weeks else 'none'}"
    readable = all(manifest.holds(table) for table in (MODEL_WEEK, WEEK_COVERAGE, BUCKET_COVERAGE))
    if readable:
        newest = newest_complete_week(store, manifest)
        yield f"complete   up to the week of {newest or 'none'}"
        if now and (note := stale_note(newest, now)):
            yield f"stale      {note}"
    else:
        yield "older      an earlier version made this release: run `standings rebuild` to read all of it"
    if manifest.docs:
        yield f"checked    {store.url}/{manifest.docs}"
    loaded = loaded_release(settings.warehouse)
    state = (
        "holds this release" if loaded == manifest.release else f"holds {loaded or 'nothing'}: run it again"
    )
    yield f"warehouse  {settings.warehouse} {state}"
    if settings.postgres:
        yield f"postgres   {_postgres(settings, manifest)}"
    if readable:
        yield from _unused(store, manifest)
        for author, tokens in unknown_authors(rows_of(store, manifest, MODEL_WEEK)).iter_rows():
            yield f"unknown    author {author}, {tokens:,} tokens: ZZ until the reference files decide it"
    for line in operator_notes(manifest):
        yield f"operator   {line}"
    yield f"           {citation(manifest.kind, manifest.as_of)}"
    yield f"           {CAVEAT}"


def _unused(store: Store, manifest: Manifest) -> Iterator[str]:
    """The captures that are held and that figures are not made of, and why, a line each."""
    sources = {
        (capture.key.sha256, capture.key.period): captures.request_of(store, capture.key)["source"]
        for capture in manifest.captures
        if capture.key.slice == captures.WHOLE
    }
    unused = (
        rows_of(store, manifest, BUCKET_COVERAGE)
        .drop_nulls("unused_reason")
        .group_by("capture", "period", "unused_reason")
        .agg(count=pl.len(), first=pl.col("date").min(), last=pl.col("date").max())
    )
    for capture, period, reason, count, first, last in sorted(
        unused.iter_rows(), key=lambda row: (row[4], *row[:3])
    ):
        source = sources.get((capture, period), capture)
        buckets = f"{count} {period}{'s' if count > 1 else ''} from {first} to {last}"
        yield f"unused     {source}: {buckets}: {UNUSED_REASONS[reason]}"


def _postgres(settings: Settings, manifest: Manifest) -> str:
    from flows.warehouses import postgres

    try:
        held = postgres.loaded_release(settings)
    except StandingsError as problem:
        return str(problem)
    return "holds this release" if held == manifest.release else f"holds {held or 'nothing'}: run it again"
