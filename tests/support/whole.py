"""A lake that has every kind of object which the pipeline, its operator and its source's refusals leave in one."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from flows import maintenance
from flows.extract.rate_limiter import Limiter
from flows.lake import approvals, captures, keys
from flows.lake.approvals import Refused
from flows.lake.captures import Asked
from flows.lake.lake import open_lake
from flows.lake.listeners import telling
from flows.lake.manifest import mark_loaded
from flows.lake.staging import LakeStage
from flows.pipeline import validate
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings
from flows.storage.object_store import Store
from tests.support import lakes

MONDAY = date(2026, 3, 2)
AT_ONCE = timedelta(days=-1)
"""How old what is removed must be: even what is of now."""


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation without its checks, but for one that warns: what is tried is what it writes."""
    rows = pl.DataFrame({"week_start": [MONDAY]})

    def unusual(_source: object, store: Store, _table: object, _frame: object) -> tuple[list[object], None]:
        return [
            validate.Failure(
                "warning", "a check", "it is unusual", str(MONDAY), all_rows=validate._quarantine(store, rows)
            )
        ], None

    monkeypatch.setattr(validate, "_pandas", lambda: None)
    monkeypatch.setattr(validate, "page", lambda _: "what was checked")
    monkeypatch.setattr(validate, "_failures", unusual)


def everything(settings: Settings) -> None:
    """Two releases, answers that are no JSON or no news, a rollback, one answer again, two requests, two alerts."""
    first = release(settings, week(1, at=9), b"not JSON")
    approvals.hold(open_lake(settings), Refused("a strange total", (("country_week", "a check", "a row"),)))
    release(settings, week(2, at=15))
    release(settings, week(2, at=16))
    maintenance.rollback(settings, first, "a test")
    lakes.land_bytes(settings, week(2, at=15))
    captures.forget_rejections(open_lake(settings))
    for _ in range(2):
        with Limiter(open_lake(settings), settings.minute, settings.day).request():
            pass
    for status in (500, 200, 500):
        with telling(open_lake(settings), "STANDINGS_PING", "a test"):
            assert status == 200


def release(settings: Settings, *bodies: bytes) -> str:
    lakes.land_bytes(settings, *bodies)
    return raw_to_warehouse(settings, all_but_loading).release


def week(tokens: int, at: int) -> bytes:
    """A week's answer, read on a day of its month."""
    return lakes.body(
        lakes.week_of(MONDAY, {"openai/x": tokens, "other": 1}), f"2026-03-{at:02}T00:00:00.000Z"
    )


def all_but_loading(step: Callable[..., Any], /) -> Callable[..., Any]:
    """Loads no warehouse, and only records in the lake that one was loaded."""
    return _mark_only if step.__name__ == "load" else step


def _mark_only(settings: Settings, _run: object) -> None:
    mark_loaded(open_lake(settings), lakes.manifest_of(settings))


def every_kind(settings: Settings) -> None:
    """The same, and what only some lakes have: an answer that a file had brought before, what is refused and held,
    what a person let through, what was broken once, and a run on Dask's workers that has not ended."""
    store = open_lake(settings)
    everything(settings)
    for status in (None, 200):
        captures.land(store, week(2, at=17), Asked("a test", datetime.now(UTC), status=status))
    release(settings, b"no JSON either")
    stage = LakeStage(store, "a-run")
    stage.note("a note", 1)
    stage.write("a table", pl.DataFrame({"x": [1]}))
    store.put(f"{keys.BROKEN}{keys.POINTER}", b"broken")
    store.put(f"{keys.PROBE}x", b"first")
    for finding in ("a strange total", "a stranger one"):
        name = approvals.hold(store, Refused(finding, (("country_week", "a check", "a row"),)))
    approvals.accept(store, name, "seen")
