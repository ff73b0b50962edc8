"""The backfill flow: many weeks in the fewest requests."""

from datetime import date, timedelta

from prefect import flow

from flows.extract import extract
from flows.orchestration import as_task, scheduled_time
from flows.path import Outcome, raw_to_warehouse
from flows.settings import from_environment
from schemas.errors import StandingsError
from transforms import weeks, windows


@flow(name="backfill")
def backfill(first: date, last: date | None = None) -> Outcome:
    """Asks for every day from first to last and publishes their weeks.

    last: by default the end of the last week that had ended when the run was due. A day before the source's
    history or one that is not over is left out.
    """
    settings = from_environment()
    due = scheduled_time()
    yesterday = due.date() - timedelta(days=1)
    until = min(last or weeks.last_complete(due) + weeks.WEEK - windows.DAY, yesterday)
    since = max(first, windows.HISTORY_STARTS)
    if since > until:
        raise StandingsError(f"no complete day lies between {since} and {until}")

    for window in windows.cover(since, until):
        as_task(extract)(settings, window)
    return raw_to_warehouse(settings, run=as_task)
