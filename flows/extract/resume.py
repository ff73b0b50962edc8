"""Answers that landed in a run that died, so that nothing is asked for twice."""

from datetime import UTC, datetime, timedelta

import httpx

from flows.extract.plan import Request
from flows.lake import captures
from flows.lake.keys import RawKey, period_of
from flows.lake.latest import held_by_latest
from flows.lake.manifest import Manifest, current, release_before, was_loaded
from flows.storage.object_store import Store
from flows.version import code_version
from transforms.parse import SourceError, Torn, Unreadable, parse
from transforms.request_windows import unsettled

GOOD_FOR = timedelta(days=1)
"""How long an answer about days that are not final stands for what the source would say now."""


def landed_answer(store: Store, request: Request) -> RawKey | None:
    """An answer to the same question that landed, that no run has taken all the way, and that is still good.

    One about final days always is. Of others the source may say something else by now: Friday's run does not take up
    what Monday's could not load.
    """
    finished = _finished(store)
    kind = (request.period, captures.slice_of(request.slice))
    for key in captures.unfinished(store, [capture.key for capture in finished.captures] if finished else []):
        # The key tells most of them apart: of a plan of many slices, few records need to be read.
        if (key.period, key.slice) != kind:
            continue
        record = captures.request_of(store, key)
        if record["status"] == httpx.codes.OK and record["request"] == request.query:
            age = datetime.now(UTC) - datetime.fromisoformat(record["retrieved_at"])
            try:
                answer = parse(captures.body_of(store, key), period_of(key))
            except (Torn, SourceError) as problem:
                # Who landed it died, or is about to put that on record.
                captures.reject(store, key, str(problem), code_version())
                continue
            except Unreadable:
                final = False
            else:
                window = (answer.start, answer.end)
                final = not unsettled(*window, [(window, answer.as_of)])
            if final or age < GOOD_FOR:
                return key
    return None


def _finished(store: Store) -> Manifest | None:
    """The newest release that `latest/` and the warehouses hold: a run that died may not have come so far."""
    manifest = current(store).manifest
    if manifest is None:
        return None
    if held_by_latest(store) == manifest.release and was_loaded(store, manifest, code_version()):
        return manifest
    return release_before(store, manifest)
