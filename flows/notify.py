"""Word to people: what a run found that somebody should know. A run never fails for want of a listener."""

import logging
from collections.abc import Iterator

import httpx
import polars as pl

from flows.inspect import verify
from flows.lake import open_lake
from flows.manifest import Manifest, current
from flows.read import rows_of
from flows.settings import Settings
from flows.store import Store
from schemas import COUNTRY_LEAD_WEEK

log = logging.getLogger("standings")

SECONDS = 10.0
"""How long a listener may take."""


def announce(settings: Settings, before: Manifest | None, rejected: tuple[str, ...]) -> None:
    """Tells of what came of a run: captures that were refused, and weeks that another country leads than the last.

    A dead man's switch hears of it only where a release was made and the whole lake is verified. Who dies before
    this tells nothing; what is published stands.
    """
    for line in rejected:
        notify(settings, "refused", line)
    store = open_lake(settings)
    release = current(store).manifest
    if release is None or (before and before.release == release.release):
        return
    for line in leaders(store, release, before):
        log.info("notify: %s", line)
        notify(settings, "leader", line)
    if settings.ping and next(verify(settings), None) is None:
        _send("GET", settings.ping)


def notify(settings: Settings, event: str, line: str) -> None:
    """Tells the webhooks of an event: `refused`, `stale` or `leader`; line: what there is to say."""
    if settings.webhook:
        _send("POST", settings.webhook, {"event": event, "lake": settings.lake, "text": line})
    if settings.slack:
        _send("POST", settings.slack, {"text": f"Token Standings: {line}"})


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


def _send(method: str, url: str, content: dict[str, str] | None = None) -> None:
    try:
        httpx.request(method, url, json=content, timeout=SECONDS).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # An address may hold a secret, and so may the error.
        log.warning("notify: a listener was not reached: %s", type(error).__name__)
