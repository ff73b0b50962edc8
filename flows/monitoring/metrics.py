"""How fresh, how large and how sure the published figures are, for Prometheus."""

from datetime import datetime
from http.client import HTTPException
from pathlib import Path

import polars as pl
from prometheus_client import CollectorRegistry, Gauge, generate_latest, push_to_gateway, write_to_textfile

from flows import web
from flows.lake import keys, ledger
from flows.lake.lake import open_lake
from flows.lake.manifest import published
from flows.lake.reader import newest_complete_week, rows_of
from flows.settings import Settings
from schemas import COUNTRY_WEEK, DRIFT_WEEK
from schemas.errors import StandingsError
from schemas.fields import UNATTRIBUTED
from transforms.weeks import WEEK, midnight

JOB = "token_standings"


def registry(settings: Settings, now: datetime) -> CollectorRegistry:
    """What is to be measured at a moment; raises `StandingsError` where nothing is published."""
    store = open_lake(settings)
    manifest = published(store)
    made = CollectorRegistry()

    def gauge(name: str, doc: str, value: float, **labels: str) -> None:
        known = gauges.get(name) or Gauge(f"{JOB}_{name}", doc, list(labels), registry=made)
        gauges[name] = known
        (known.labels(**labels) if labels else known).set(value)

    gauges: dict[str, Gauge] = {}
    newest = newest_complete_week(store, manifest)
    if newest is not None:
        age = _since(midnight(newest + WEEK), now)
        gauge("newest_week_age_seconds", "Since the newest complete week ended.", age)
        for measure, value in _drift(rows_of(store, manifest, DRIFT_WEEK, newest, newest)):
            gauge("drift", "Measures of the newest complete week.", value, measure=measure)
        for method, share in _unattributed(rows_of(store, manifest, COUNTRY_WEEK, newest, newest)):
            gauge(
                "unattributed_share",
                "The share of the newest complete week that no country can claim, as known now.",
                share,
                method=method,
            )
    gauge("release", "The number of the published release.", manifest.number)
    published_ago = _since(manifest.published_at, now)
    gauge("release_age_seconds", "Since the published release was made.", published_ago)
    gauge("newest_answer_age_seconds", "Since the newest vintage in it.", _since(manifest.as_of, now))
    gauge("captures", "Answers that the release rests on.", len(manifest.captures))
    gauge("refused_captures", "Answers that are passed over.", len(list(store.list(keys.REJECTED))))
    for table, weeks in manifest.tables.items():
        gauge("rows", "Published rows.", sum(each.rows for each in weeks.values()), table=table)
        gauge(
            "bytes", "Bytes of the published parts.", sum(each.bytes for each in weeks.values()), table=table
        )
    for name, quota in (("minute", settings.minute), ("day", settings.day)):
        left = ledger.left(store, quota, now.timestamp())
        gauge("requests_made", "Requests that count against a quota now.", quota.limit - left, quota=name)
        gauge("requests_left", "Requests that a quota has room for now.", left, quota=name)
    return made


def _since(moment: datetime, now: datetime) -> float:
    """Seconds, none where the clock that gave the moment was ahead of this one."""
    return max(0.0, (now - moment).total_seconds())


def text(registry: CollectorRegistry) -> str:
    """The measures in Prometheus' text format."""
    return generate_latest(registry).decode()


def write(registry: CollectorRegistry, path: Path) -> None:
    """Writes them for a node exporter's textfile collector."""
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise StandingsError(f"{path}: cannot be written: {error.strerror}") from None


def push(registry: CollectorRegistry, gateway: str) -> None:
    """Pushes them to a Pushgateway, in place of the last ones."""
    try:
        push_to_gateway(gateway, JOB, registry)
    except (HTTPException, OSError, ValueError) as error:
        raise StandingsError(
            f"{web.shown(gateway)}: cannot be pushed to: {web.reason(error, gateway)}"
        ) from None


def _drift(rows: pl.DataFrame) -> list[tuple[str, float]]:
    """Of each measure the value that is furthest from nothing."""
    furthest = rows.group_by("measure").agg(pl.col("value").get(pl.col("value").abs().arg_max()))
    return [(str(measure), float(value)) for measure, value in furthest.sort("measure").iter_rows()]


def _unattributed(rows: pl.DataFrame) -> list[tuple[str, float]]:
    """By method the share of the total that is nobody's: the most that any country's share could rise by."""
    nobodys = rows.filter(pl.col("country_code") == UNATTRIBUTED, pl.col("knowledge") == "now").sort("method")
    return list(nobodys.select("method", "share_hi").iter_rows())
