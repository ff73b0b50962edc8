"""Alerts: what a run found that somebody should know. A run never fails because nobody could be reached."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from flows import logs, web
from flows.lake.approvals import PublicationRefused
from flows.lake.lake import open_lake
from flows.lake.listeners import telling
from flows.lake.manifest import Manifest, pointed, read_manifest
from flows.lake.reader import rows_of
from flows.monitoring.verify import verify
from flows.settings import Settings
from flows.storage.object_store import Store
from schemas import COUNTRY_LEAD_WEEK
from schemas.errors import StandingsError

log = logging.getLogger("standings")

UNREACHED = "notify: a listener was not reached"


@contextmanager
def sent_after(settings: Settings) -> Iterator[list[str]]:
    """Sends the alerts that follow from what is published inside it.

    The caller adds a line to the list for each capture that was refused. Whoever starts a run opens this, the flow
    or the command, so that the pipeline itself need not know who listens. Nothing is sent of a run whose process
    dies; what it published stands.
    """
    store = open_lake(settings)
    before = pointed(store)
    refused: list[str] = []
    try:
        yield refused
    except PublicationRefused as problem:
        for line in problem.lines:
            notify(settings, "refused", line)
        raise
    for line in refused:
        notify(settings, "refused", line)
    try:
        if (after := pointed(store)) and after != before:
            with logs.bind(release=after):
                earlier = read_manifest(store, before) if before else None
                _announce(settings, store, earlier, read_manifest(store, after))
    except Exception as error:
        # What is published stands, whatever becomes of telling it.
        log.warning("notify: it could not be found out what there is to tell: %s", error)


def _announce(settings: Settings, store: Store, before: Manifest | None, after: Manifest) -> None:
    """Sends the new leaders. The dead man's switch is pinged only where `verify` finds nothing wrong."""
    for line in leaders(store, after, before):
        log.info("notify: %s", line)
        notify(settings, "leader", line)
    if settings.ping and not any(each.is_harm for each in verify(settings)):
        with telling(store, "STANDINGS_PING", UNREACHED):
            web.send("GET", settings.ping)


def notify(settings: Settings, event: str, line: str) -> None:
    """Tells whoever listens of an event: `refused`, `stale` or `leader`; line: what there is to say."""
    store = open_lake(settings)
    if settings.webhook:
        with telling(store, "STANDINGS_WEBHOOK", UNREACHED):
            web.send("POST", settings.webhook, {"event": event, "lake": settings.lake, "text": line})
    if settings.slack:
        with telling(store, "STANDINGS_SLACK_WEBHOOK", UNREACHED):
            web.send("POST", settings.slack, {"text": f"Token Standings: {line}"})
    if settings.apprise:
        with telling(store, "STANDINGS_APPRISE", UNREACHED):
            _send_by_apprise(settings.apprise, event, line)


def leaders(store: Store, release: Manifest, before: Manifest | None) -> Iterator[str]:
    """A line for each new week with another leader than the week before, over all models, as known now.

    Nothing of a first release: all of history would be news.
    """
    new = release.weeks(COUNTRY_LEAD_WEEK).keys() - (
        before.tables.get(COUNTRY_LEAD_WEEK.name, {}) if before else {}
    )
    if before is None or not new:
        return
    rows = rows_of(store, release, COUNTRY_LEAD_WEEK, min(new), max(new)).filter(
        pl.col("week_start").is_in(list(new)), pl.col("crossover"), method="all_models", knowledge="now"
    )
    for row in rows.iter_rows(named=True):
        how = "certainly" if row["lead_certain"] else "though not certainly"
        yield (
            f"{row['leader']} leads the week of {row['week_start']}, {how}, before {row['runner_up']} "
            f"(all models, {row['status']}); another country led the week before"
        )


def _send_by_apprise(addresses: str, event: str, line: str) -> None:
    """Tells each of the addresses; one that is not reached does not keep the others from being told."""
    # Only here: most tell nobody this way, and finding its services takes it longer than sending does.
    from apprise import Apprise, NotifyFormat, NotifyType

    kind = NotifyType.INFO if event == "leader" else NotifyType.WARNING
    with web.unheard("apprise", "urllib3.connectionpool"):
        listeners = Apprise()
        known = listeners.add(addresses)
        # A line holds names from outside, so that it is text, whatever the service would make of it.
        reached = listeners.notify(line, "Token Standings", kind, body_format=NotifyFormat.TEXT)
    if not (known and reached):
        raise StandingsError("one of its addresses")
