"""How old the published figures are, by their own dates: a run that succeeds proves nothing of what it found."""

from datetime import date, datetime, timedelta

from flows.lake.lake import open_lake
from flows.lake.manifest import published
from flows.lake.reader import newest_complete_week
from flows.monitoring.alerts import notify
from flows.settings import Settings
from schemas.errors import StandingsError
from transforms import weeks

GRACE = timedelta(days=1)
"""How long after its end a week may be missing: it is asked for on the Monday that follows, at 06:00 UTC."""


def demand_fresh(settings: Settings, now: datetime) -> date:
    """The newest complete week; raises `StandingsError` where a later one should be published at `now`."""
    store = open_lake(settings)
    manifest = published(store)
    newest, due = newest_complete_week(store, manifest), weeks.last_complete(now - GRACE)
    if newest is None or newest < due:
        line = (
            f"{store.url}: stale: the newest complete week is {newest or 'none'}, and that of {due} has ended; "
            f"the newest answer is of {manifest.as_of:%Y-%m-%dT%H:%M:%SZ}"
        )
        notify(settings, "stale", line)
        raise StandingsError(line)
    return newest
