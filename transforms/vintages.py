"""What the source said of each bucket and when, and what a week therefore rests on.

The source's own bucket is the unit: a UTC day, or a week that was asked for whole. Two frames come in:

captures: one row an accepted capture, schema `CAPTURES`; `start_date` to `end_date` is its window.
rows: one row a capture and source row, schema `CAPTURE_ROWS`.

They become `ranking_entry` (what was said) and `observation` (whether it was still there, and late enough),
which together are all that any other table is computed from. What is computed is a state: a week as it stood
at a moment, columns `STATE`. The present is the state at `PRESENT`; the past is any earlier moment.
"""

from datetime import UTC, datetime

import polars as pl

from schemas.fields import OTHER
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
    }
)
CAPTURE_ROWS = pl.Schema(
    {"capture": pl.String(), "date": pl.Date(), "model_permaslug": pl.String(), "tokens": pl.Int64()}
)

_BUCKET = ("period", "date")
_ORDER = ("as_of", "capture")


def looks(captures: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Each bucket with each capture that covers it whole and saw it closed, and whether it was found there."""
    found = rows.select("capture", "date").unique().with_columns(found=True)
    days = captures.filter(pl.col("period") == "day").with_columns(
        date=pl.date_ranges("start_date", "end_date")
    )
    first, last = pl.col("start_date"), pl.col("end_date")
    whole = pl.date_ranges(week_start(first + pl.duration(days=6)), last - pl.duration(days=6), "1w")
    weeks = captures.filter(pl.col("period") == "week").with_columns(date=whole)
    length = pl.when(pl.col("period") == "day").then(pl.duration(days=1)).otherwise(pl.duration(days=7))
    return (
        pl.concat([days, weeks])
        .explode("date")
        .filter(moment(pl.col("date")) + length <= pl.col("as_of"))
        .join(found, on=["capture", "date"], how="left")
        .with_columns(pl.col("found").fill_null(False), week_start=week_start(pl.col("date")))
    )


def ranking_entry(seen: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """`ranking_entry`: the rows of every vintage of every bucket that was seen.

    seen: `looks`. A bucket's captures are ordered by (as_of, capture); a vintage is a run of equal content and
    takes the run's first `as_of` and capture, so that A, B, A is three vintages and a confirmation is none.
    """
    entries = rows.join(seen.drop("start_date", "end_date", "found"), on=["capture", "date"])
    content = (
        entries.sort("model_permaslug")
        .group_by(*_BUCKET, *_ORDER)
        .agg(content=pl.concat_str("model_permaslug", "tokens", separator=" ").str.join("\n"))
        .sort(*_BUCKET, *_ORDER)
    )
    firsts = content.filter(pl.col("content").ne_missing(pl.col("content").shift().over(_BUCKET)))
    return RANKING_ENTRY.conform(entries.join(firsts, on=[*_BUCKET, *_ORDER], how="semi"))


def observation(seen: pl.DataFrame) -> pl.DataFrame:
    """`observation`: those looks that told something of a bucket beside its content.

    seen: `looks`. That is the first look, one that finds the bucket gone or back, and the first on or after the
    Friday that settles it; a look that only confirms is left out, so that it makes no new release.
    """
    settling = pl.col("as_of") >= moment(pl.col("week_start")) + SETTLED_AFTER
    told = pl.struct("found", "settling")
    return OBSERVATION.conform(
        seen.with_columns(settling=settling)
        .sort(*_BUCKET, *_ORDER)
        .filter(told.ne_missing(told.shift().over(_BUCKET)))
    )


def states(entries: pl.DataFrame, at: datetime = PRESENT) -> pl.DataFrame:
    """The states to compute for every week to stand as it did at one moment."""
    weeks = entries.filter(pl.col("as_of") <= at).select("week_start").unique().sort("week_start")
    return weeks.with_columns(known_at=pl.lit(at, MOMENT))


def latest(entries: pl.LazyFrame, wanted: pl.DataFrame) -> pl.LazyFrame:
    """In each state, of each bucket the newest vintage, entire: a model that left the top 50 is not counted twice."""
    known = entries.join(wanted.lazy(), on="week_start").filter(pl.col("as_of") <= pl.col("known_at"))
    newest = pl.struct(_ORDER) == pl.struct(_ORDER).sort_by(_ORDER).last().over("known_at", *_BUCKET)
    return known.filter(newest)


def buckets(entries: pl.LazyFrame, observations: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """In each state each bucket that is held, with its vintage and what is known of it: columns `STATE` and more.

    vanished: the last look did not find it. settled: that look came on or after the Friday after its week.
    """
    named = pl.col("model_permaslug") != OTHER
    shapes = (
        latest(entries, wanted)
        .group_by(*STATE, *_BUCKET)
        .agg(
            depth=named.sum(),
            truncated=(named.sum() < FULL_DEPTH) & (~named & (pl.col("tokens") > 0)).any(),
            as_of=pl.col("as_of").first(),
            capture=pl.col("capture").first(),
        )
        .collect()
    )
    last_looks = (
        observations.join(wanted, on="week_start")
        .filter(pl.col("as_of") <= pl.col("known_at"))
        .sort(_ORDER)
        .group_by(*STATE, *_BUCKET)
        .agg(looked_at=pl.col("as_of").last(), vanished=~pl.col("found").last())
    )
    settles = moment(pl.col("week_start")) + SETTLED_AFTER
    return shapes.join(last_looks, on=[*STATE, *_BUCKET]).with_columns(settled=pl.col("looked_at") >= settles)


def coverage(held: pl.DataFrame) -> pl.DataFrame:
    """In each state the one grain that the week is made of, and how final that is: `week_coverage` and `STATE`.

    held: `buckets`. A week is made of its seven days where all are there, else of a week bucket, else of the
    days there are. It is settled when each of them is, be it only known to have vanished.
    """
    start, weekly = pl.col("week_start"), pl.col("period") == "week"
    weeks = held.group_by(*STATE, "period").agg(
        days_observed=pl.when(weekly).then(7).otherwise(pl.len()).first(),
        vanished_days=pl.when(weekly).then(7).otherwise(1).filter("vanished").sum(),
        depth=pl.col("depth").min(),
        truncated=pl.col("truncated").any(),
        settled=pl.col("settled").all(),
        as_of=pl.col("as_of").max(),
    )
    whole_days_first = pl.when(pl.col("days_observed") < 7).then(2).when(weekly).then(1).otherwise(0)
    status = (
        pl.when(pl.col("days_observed") < 7)
        .then(pl.lit("incomplete"))
        .when("settled")
        .then(pl.lit("settled"))
        .otherwise(pl.lit("provisional"))
    )
    return (
        weeks.sort(*STATE, whole_days_first)
        .unique(STATE, keep="first", maintain_order=True)
        .with_columns(
            iso_year=start.dt.iso_year().cast(pl.Int64),
            iso_week=start.dt.week().cast(pl.Int64),
            grain="period",
            status=status,
        )
    )


def used(entries: pl.LazyFrame, covered: pl.DataFrame) -> pl.LazyFrame:
    """The rows of `ranking_entry` that each state's figures are made of: one grain, newest vintages."""
    grains = covered.lazy().select(*STATE, period="grain")
    return latest(entries, covered.select(STATE)).join(grains, on=[*STATE, "period"], how="semi")
