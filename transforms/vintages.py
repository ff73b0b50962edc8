"""What the source said of each bucket and when, and what a week therefore rests on.

The source's own bucket is the unit: a UTC day, or a week that was asked for whole. Two frames come in:

captures: one row an accepted capture, schema `CAPTURES`; `start_date` to `end_date` is its window, `fetched` whether
we got it from the API ourselves. rows: one row a capture and source row, schema `CAPTURE_ROWS`.

They become `ranking_entry` (what was said) and `observation` (whether it was still there, and late enough),
which together are all that any other table is computed from. What is computed is a state: a week as it stood
at a moment, columns `STATE`. The present is the state at `PRESENT`; the past is any earlier moment.

Captures differ in how much of a bucket they show, and a poorer one never replaces a richer one. `tier` and `depth`
are read off the bucket itself, and `poverty` orders them:

tier 1: the API's rows with `other` behind `FULL_DEPTH` names, or without `other` where we fetched them: the API
    leaves it out only where there is no tail.
tier 2: the same from any other origin.
tier 3: `other` behind fewer names; more names are richer.
tier 4: no `other`, so that the bucket's total is unknown; more names are richer.
"""

from datetime import UTC, datetime

import polars as pl

from schemas.fields import COMPLETE, OTHER, UNKNOWN
from schemas.methods import NINE
from schemas.table import POLARS, Kind
from schemas.tables.observation import OBSERVATION
from schemas.tables.ranking_entry import RANKING_ENTRY
from transforms.weeks import SETTLED_AFTER, moment, week_start

FULL_DEPTH = 50
"""Named rows in a bucket of the source; fewer before a nonzero `other` mean a chart that is cut short."""

PRESENT = datetime(9999, 1, 1, tzinfo=UTC)
"""After everything that any capture or fact can say."""

STATE = ("week_start", "known_at")
MOMENT = POLARS[Kind.MOMENT]

CAPTURES = pl.Schema(
    {
        "capture": pl.String(),
        "as_of": MOMENT,
        "period": pl.String(),
        "origin": pl.String(),
        "start_date": pl.Date(),
        "end_date": pl.Date(),
        "fetched": pl.Boolean(),
    }
)
CAPTURE_ROWS = pl.Schema(
    {"capture": pl.String(), "date": pl.Date(), "model_permaslug": pl.String(), "tokens": pl.Int64()}
)

_BUCKET = ("period", "date")
_ORDER = ("as_of", "capture")
_LOOKS = ("as_of", "found", "capture")
"""The order of looks: of one moment, rows come after their absence, so that they stand."""

FROM_API = ("api", "simulated")
"""Origins of what the API gave, or is said to have given."""

_WHOLE_TIERS = 2
"""Tiers up to this one show a bucket as the API does."""

_LIST = 4
_ONE_TIER = 2**32
"""More names than any bucket has."""


def poverty() -> pl.Expr:
    """How little of a bucket a capture shows, by tier and, where that counts, by names: the least is the richest."""
    names = pl.when(pl.col("tier") > _WHOLE_TIERS).then("depth").otherwise(0)
    return (pl.col("tier") * _ONE_TIER - names).alias("poverty")


def extent() -> pl.Expr:
    """Whether the total is known of what a tier shows."""
    return pl.when(pl.col("tier") < _LIST).then(pl.lit(COMPLETE)).otherwise(pl.lit(UNKNOWN)).alias("extent")


def one_origin(captures: pl.DataFrame) -> pl.DataFrame:
    """Of captures of the same bytes and grain the poorest: what some call the API's need not be.

    Every origin but the API's is as poor as the other, so the last by name stands for them.
    """
    return captures.sort("period", *_ORDER, "origin").unique(
        ["capture", "period"], keep="last", maintain_order=True
    )


def has_lists(rows: pl.DataFrame) -> bool:
    """Whether a capture shows a bucket without `other`: of such it matters who fetched it. rows: date and model."""
    tail = (pl.col("model_permaslug") == OTHER).any()
    return not rows.group_by("date").agg(tail=tail)["tail"].all()


def looks(captures: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Each bucket with each capture that covers it whole and saw it closed, and whether it was found there.

    tier and depth tell how much of the bucket the capture shows. Where it is not found, they are those of the
    poorest bucket that the capture does show: the silence of a nine-row chart says no more than the chart.
    """
    named = pl.col("model_permaslug") != OTHER
    shown = rows.group_by("capture", "date").agg(found=pl.lit(True), depth=named.sum(), tail=(~named).any())
    days = captures.filter(pl.col("period") == "day").with_columns(
        date=pl.date_ranges("start_date", "end_date")
    )
    first, last = pl.col("start_date"), pl.col("end_date")
    whole = pl.date_ranges(week_start(first + pl.duration(days=6)), last - pl.duration(days=6), "1w")
    weeks = captures.filter(pl.col("period") == "week").with_columns(date=whole)
    length = pl.when(pl.col("period") == "day").then(pl.duration(days=1)).otherwise(pl.duration(days=7))
    # A capture that shows nothing at all is taken for the best that its origin gives.
    best = pl.when(pl.col("origin").is_in(FROM_API)).then(1).otherwise(_WHOLE_TIERS)
    seen = (
        pl.concat([days, weeks])
        .explode("date")
        .filter(moment(pl.col("date")) + length <= pl.col("as_of"))
        .join(shown, on=["capture", "date"], how="left")
        .with_columns(pl.col("found").fill_null(False), pl.col("depth").cast(pl.Int64), tier=_tier())
    )
    key = ["capture", "period"]
    poorest = seen.filter("found").sort(poverty()).group_by(key).agg(pl.col("tier", "depth").last())
    return seen.join(poorest, on=key, how="left", suffix="_poorest").with_columns(
        week_start=week_start(pl.col("date")),
        tier=pl.coalesce("tier", "tier_poorest", best).cast(pl.Int64),
        depth=pl.coalesce("depth", "depth_poorest", pl.lit(0)),
    )


def _tier() -> pl.Expr:
    """The tier of a bucket that was found; null where it was not."""
    from_api, full = pl.col("origin").is_in(FROM_API), pl.col("depth") >= FULL_DEPTH
    return (
        pl.when("found")
        .then(
            pl.when(pl.when("tail").then(from_api & full).otherwise("fetched"))
            .then(1)
            .when(pl.col("tail") & full)
            .then(2)
            .when("tail")
            .then(3)
            .otherwise(_LIST)
        )
        .cast(pl.Int64)
    )


def ranking_entry(seen: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """`ranking_entry`: the rows of every vintage of every bucket that was seen.

    seen: `looks`. A bucket's captures that show equally much of it are ordered by (as_of, capture); a vintage is a
    run of equal content among them and takes the run's first `as_of` and capture, so that A, B, A is three vintages
    and a confirmation is none.
    """
    kind = (*_BUCKET, "poverty")
    entries = rows.join(seen.filter("found").with_columns(poverty()), on=["capture", "date"])
    content = (
        entries.sort("model_permaslug")
        .group_by(*kind, *_ORDER)
        .agg(content=pl.concat_str("model_permaslug", "tokens", separator=" ").str.join("\n"))
        .sort(*kind, *_ORDER)
    )
    firsts = content.filter(pl.col("content").ne_missing(pl.col("content").shift().over(kind)))
    return RANKING_ENTRY.conform(entries.join(firsts, on=[*kind, *_ORDER], how="semi"))


def observation(seen: pl.DataFrame) -> pl.DataFrame:
    """`observation`: those looks that told something of a bucket beside its content.

    seen: `looks`. That is the first look, one that finds the bucket gone or back, and the first on or after the
    Friday that settles it; a look that only confirms is left out, so that it makes no new release. What stands for a
    bucket is judged by the looks that show as much of it or more, so each such series is gone through by itself.
    """
    settling = pl.col("as_of") >= moment(pl.col("week_start")) + SETTLED_AFTER
    told = pl.struct("found", "settling")
    ordered = seen.with_columns(
        settling=settling, place=poverty().rank("dense").over(_BUCKET).cast(pl.Int64)
    ).sort(*_BUCKET, *_LOOKS)
    most: int = ordered["place"].max() or 0  # type: ignore[assignment]
    series = (ordered.filter(pl.col("place") <= place) for place in range(1, most + 1))
    kept = [each.filter(told.ne_missing(told.shift().over(_BUCKET))) for each in series]
    return OBSERVATION.conform(pl.concat([ordered.clear(), *kept]).unique())


def states(entries: pl.DataFrame, at: datetime = PRESENT) -> pl.DataFrame:
    """The states to compute for every week to stand as it did at one moment."""
    weeks = entries.filter(pl.col("as_of") <= at).select("week_start").unique().sort("week_start")
    return weeks.with_columns(known_at=pl.lit(at, MOMENT))


def latest(entries: pl.LazyFrame, wanted: pl.DataFrame) -> pl.LazyFrame:
    """In each state, of each bucket the vintage that stands: of those that show most of it the newest, entire.

    So a model that left the top 50 is not counted twice.
    """
    known = _known(entries, wanted)
    order = pl.struct(-pl.col("poverty"), *_ORDER)
    return known.filter(order == order.sort_by(-pl.col("poverty"), *_ORDER).last().over("known_at", *_BUCKET))


def standing(entries: pl.DataFrame) -> pl.DataFrame:
    """The vintages of each bucket that show most of it: those that follow each other as what stands for it."""
    return entries.filter(poverty() == poverty().min().over(_BUCKET))


def buckets(entries: pl.LazyFrame, observations: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """In each state what is held of each bucket: columns `STATE` and more, a row for each poverty.

    That is its newest vintage and what is known of it. stands: no other shows more of the bucket. vanished: the last
    look that shows as much or more did not find it. settled: that look came on or after the Friday after its week.
    """
    named = pl.col("model_permaslug") != OTHER
    order = pl.struct(_ORDER)
    shapes = (
        _known(entries, wanted)
        .filter(order == order.sort_by(_ORDER).last().over("known_at", *_BUCKET, "poverty"))
        .group_by(*STATE, *_BUCKET, "poverty")
        .agg(
            pl.col("tier", "depth", "origin", *_ORDER).first(),
            truncated=(named.sum() < FULL_DEPTH) & (~named & (pl.col("tokens") > 0)).any(),
        )
        .collect()
        .with_columns(extent(), stands=pl.col("poverty") == pl.col("poverty").min().over(*STATE, *_BUCKET))
    )
    key = [*STATE, *_BUCKET]
    looked = observations.with_columns(poverty()).join(wanted, on="week_start")
    last_looks = (
        shapes.select(*key, "poverty")
        .join(looked.filter(pl.col("as_of") <= pl.col("known_at")), on=key, suffix="_look")
        .filter(pl.col("poverty_look") <= pl.col("poverty"))
        .sort(_LOOKS)
        .group_by(*key, "poverty")
        .agg(looked_at=pl.col("as_of").last(), vanished=~pl.col("found").last())
    )
    settles = moment(pl.col("week_start")) + SETTLED_AFTER
    return shapes.join(last_looks, on=[*key, "poverty"]).with_columns(settled=pl.col("looked_at") >= settles)


def coverage(held: pl.DataFrame) -> pl.DataFrame:
    """In each state the one grain that the week is made of, and how final that is: `week_coverage` and `STATE`.

    held: `buckets`. A week is made of its seven days where all are there as the API shows them. Else of a week's
    bucket, where a day is missing, or where it shows more than the poorest day or no less than the richest; else of
    the days there are. A bucket of unknown total serves only where nothing else is held, and such a day is not
    observed. The week is settled when each bucket is, be it only known to have vanished.
    """
    start, weekly, complete = (
        pl.col("week_start"),
        pl.col("period") == "week",
        pl.col("extent") == COMPLETE,
    )
    parts = (
        held.filter("stands")
        .group_by(*STATE, "period", "extent")
        .agg(
            days_observed=pl.when(weekly).then(7).when(complete).then(pl.len()).otherwise(0).first(),
            vanished_days=pl.when(weekly).then(7).otherwise(1).filter("vanished").sum(),
            depth=pl.col("depth").min(),
            truncated=pl.col("truncated").any(),
            charted=(pl.col("origin") == "chart").all(),
            settled=pl.col("settled").all(),
            as_of=pl.col("as_of").max(),
            richest=pl.col("poverty").min(),
            poorest=pl.col("poverty").max(),
        )
    )
    days = parts.filter(~weekly & complete).select(
        *STATE, days="days_observed", rich="richest", poor="poorest"
    )
    week_is_better = (
        (pl.col("days").fill_null(0) < 7)
        | (pl.col("poorest") < pl.col("poor"))
        | (pl.col("poorest") <= pl.col("rich"))
    )
    place = (
        pl.when(complete & ~weekly)
        .then(
            pl.when((pl.col("days_observed") == 7) & (pl.col("poorest") <= _WHOLE_TIERS * _ONE_TIER))
            .then(0)
            .otherwise(2)
        )
        .when(complete)
        .then(pl.when(week_is_better).then(1).otherwise(3))
        .otherwise(pl.when(weekly).then(4).otherwise(5))
    )
    status = (
        pl.when(pl.col("days_observed") < 7)
        .then(pl.lit("incomplete"))
        .when("settled")
        .then(pl.lit("settled"))
        .otherwise(pl.lit("provisional"))
    )
    nine = weekly & (pl.col("depth") >= NINE) & (complete | pl.col("charted"))
    return (
        parts.join(days, on=STATE, how="left")
        .sort(*STATE, place)
        .unique(STATE, keep="first", maintain_order=True)
        .with_columns(
            iso_year=start.dt.iso_year().cast(pl.Int64),
            iso_week=start.dt.week().cast(pl.Int64),
            grain="period",
            nine_known=(complete & ~pl.col("truncated")) | nine,
            status=status,
        )
        .drop("period", "days", "rich", "poor", "richest", "poorest", "charted")
    )


def used(entries: pl.LazyFrame, covered: pl.DataFrame) -> pl.LazyFrame:
    """The rows of `ranking_entry` that each state's figures are made of: one grain and extent, newest vintages."""
    grains = covered.lazy().select(*STATE, "extent", period="grain")
    return (
        latest(entries, covered.select(STATE))
        .with_columns(extent())
        .join(grains, on=[*STATE, "period", "extent"], how="semi")
    )


def _known(entries: pl.LazyFrame, wanted: pl.DataFrame) -> pl.LazyFrame:
    """The vintages that each state knows, with their poverty."""
    known = entries.join(wanted.lazy(), on="week_start").filter(pl.col("as_of") <= pl.col("known_at"))
    return known.with_columns(poverty())
