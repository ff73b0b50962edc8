"""What to ask the source for, and what that costs, before anything is asked."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl

from flows.lake import keys, ledger
from flows.lake.captures import WHOLE, body_of, slice_of
from flows.lake.keys import RawKey, period_of
from flows.lake.lake import open_lake
from flows.lake.manifest import current, published
from flows.lake.reader import rows_of
from flows.settings import Settings
from flows.storage.object_store import Store
from schemas import BUCKET_COVERAGE
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from transforms import request_windows, weeks
from transforms.parse import Period, parse
from transforms.request_windows import Look, Window
from transforms.vintages import FROM_API


@dataclass(frozen=True)
class Request:
    """One request: its window, its grain, and the slice's parameters, if it asks for one."""

    window: Window
    period: Period = "day"
    slice: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        """The parameters as the source takes them."""
        first, last = self.window
        return {"start_date": str(first), "end_date": str(last), "period": self.period, **self.slice}

    def __str__(self) -> str:
        first, last = self.window
        narrowed = "".join(f", {name} {value}" for name, value in self.slice.items())
        return f"{first} to {last} ({(last - first).days + 1} days by the {self.period}{narrowed})"


def plan(
    settings: Settings,
    due: datetime,
    first: date,
    last: date | None = None,
    slices: Sequence[dict[str, str]] = ({},),
    refetch: bool = False,
) -> list[Request]:
    """The fewest requests for the days from first to last that are missing or not final; for all if refetch.

    due: the moment that the plan is made for. last: by default the end of the last week that had ended then. A
    day before the source's history or one that is not over is left out. slices: the parameters of each, such as
    {"modality": "text"}; {} is the whole. Raises `StandingsError` where no complete day is asked for.
    """
    until = min(
        last or weeks.last_complete(due) + weeks.WEEK - request_windows.DAY, due.date() - timedelta(days=1)
    )
    since = max(first, RANKINGS_DAILY.history_starts)
    if since > until:
        raise StandingsError(f"no complete day lies between {since} and {until}")
    store = open_lake(settings)
    planned = []
    for each in slices:
        period: Period = "week" if each.keys() & RANKINGS_DAILY.sampled else "day"
        start, end = request_windows.whole_weeks(since, until) if period == "week" else (since, until)
        held = () if refetch else looks(store, slice_of(each), period)
        wanted = set(request_windows.unsettled(start, end, held))
        if not each:
            wanted |= {day for day in poor_days(store) if start <= day <= end}
        asked = [Request(window, period, each) for window in request_windows.fewest(wanted)]
        planned += [request for request in asked if request not in planned]
    return planned


def looks(store: Store, slice_name: str, period: Period) -> Iterator[Look]:
    """Every answer of the source's to one kind of question that was read and accepted, also those that only confirmed.

    What others captured of it settles nothing.
    """
    manifest = current(store).manifest
    captures = manifest.captures if manifest else ()
    known = {capture.key for capture in captures}
    for capture in captures:
        if _answers(capture.key, slice_name, period):
            yield (capture.start, capture.end), capture.as_of
    for name in store.list(keys.CONFIRMED):
        key = keys.confirmed(name)
        if key and key not in known and _answers(key, slice_name, period):
            answer = parse(body_of(store, key), period_of(key))
            yield (answer.start, answer.end), answer.as_of


def poor_days(store: Store) -> set[date]:
    """The days of which less is held than the source shows, unless it has nothing of them any longer."""
    manifest = current(store).manifest
    if manifest is None or not manifest.holds(BUCKET_COVERAGE):
        return set()
    gone = pl.col("vanished") & pl.col("settled")
    days = rows_of(store, manifest, BUCKET_COVERAGE).filter(pl.col("period") == "day")
    best = days.sort("tier").unique("date", keep="first").filter(pl.col("tier") > 1, ~gone)
    return set(best["date"])


def _answers(key: RawKey, slice_name: str, period: Period) -> bool:
    return key.origin in FROM_API and (key.slice, key.period) == (slice_name, period)


def told(settings: Settings, planned: Sequence[Request]) -> Iterator[str]:
    """The plan and its cost against both quotas, a line each."""
    if not planned:
        yield "plan: nothing is missing, and all is final"
        return
    store, now = open_lake(settings), time.time()
    minute, day = (ledger.left(store, quota, now) for quota in (settings.minute, settings.day))
    requests = f"{len(planned)} request{'s' if planned[1:] else ''}"
    yield f"plan: {requests}; the minute has room for {minute}, the day for {day}"
    yield from (f"plan:   {each}" for each in planned)
    if len(planned) > day:
        yield f"plan: the day's quota ends it after {day}; run it again tomorrow, and it goes on"
    elif len(planned) > minute:
        waits = -(-(len(planned) - minute) // settings.minute.limit)
        yield f"plan: it waits for the minute's quota, some {waits * settings.minute.seconds:.0f} s in all"


def gaps(
    settings: Settings, now: datetime, first: date | None = None, last: date | None = None
) -> list[request_windows.Gap]:
    """The days from first to last that are missing or not final, and why; by default all of history up to `now`."""
    store = open_lake(settings)
    coverage = rows_of(store, published(store), BUCKET_COVERAGE).filter(pl.col("period") == "day")
    gone = coverage.filter(pl.col("vanished"))
    return request_windows.gaps(
        max(first or RANKINGS_DAILY.history_starts, RANKINGS_DAILY.history_starts),
        min(last or date.max, now.date() - request_windows.DAY),
        looks(store, WHOLE, "day"),
        set(coverage["date"]),
        set(gone["date"]),
    )
