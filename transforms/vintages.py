"""What the source said of each bucket, when it said so, and what a week therefore rests on.

The source's own bucket is the unit: a UTC day, or a week that was asked for whole. Two frames come in:

captures: one row an accepted capture, schema `CAPTURES`; `start_date` to `end_date` is its window.
rows: one row a capture and source row, schema `CAPTURE_ROWS`.
"""

import polars as pl

from schemas.fields import OTHER
from schemas.ranking_entry import RANKING_ENTRY
from schemas.table import POLARS, Kind
from schemas.week_coverage import WEEK_COVERAGE
from transforms.weeks import SETTLED_AFTER, moment, week_start

FULL_DEPTH = 50
"""Named rows in a bucket of the source; fewer before a nonzero `other` mean a chart that is cut short."""

CAPTURES = pl.Schema(
    {
        "capture": pl.String(),
        "as_of": POLARS[Kind.MOMENT],
        "period": pl.String(),
        "origin": pl.String(),
        "start_date": pl.Date(),
        "end_date": pl.Date(),
    }
)
CAPTURE_ROWS = pl.Schema(
    {"capture": pl.String, "date": pl.Date, "model_permaslug": pl.String, "tokens": pl.Int64}
)

_BUCKET = ("period", "date")
_ORDER = ("as_of", "capture")


def ranking_entry(captures: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """`ranking_entry`: the rows of every vintage of every bucket.

    A bucket's captures are ordered by (as_of, capture); a vintage is a run of equal content and takes the
    run's first `as_of` and capture, so that A, B, A is three vintages and a confirmation is none.
    A bucket that a capture saw before it had closed, or a week that it covers in part, is left out.
    """
    seen = rows.join(captures.join(_usable(captures), on="capture"), on=["capture", "date"])
    content = (
        seen.sort("model_permaslug")
        .group_by(*_BUCKET, *_ORDER)
        .agg(content=pl.concat_str("model_permaslug", "tokens", separator=" ").str.join("\n"))
        .sort(*_BUCKET, *_ORDER)
    )
    firsts = content.filter(pl.col("content").ne_missing(pl.col("content").shift().over(_BUCKET)))
    entries = seen.join(firsts, on=[*_BUCKET, *_ORDER], how="semi")
    return RANKING_ENTRY.conform(entries.with_columns(week_start=week_start(pl.col("date"))))


def latest(entries: pl.LazyFrame) -> pl.LazyFrame:
    """Of each bucket the newest vintage, entire: a model that left the top 50 is not counted twice."""
    newest = pl.struct(_ORDER) == pl.struct(_ORDER).sort_by(_ORDER).last().over(_BUCKET)
    return entries.filter(newest)


def week_coverage(captures: pl.DataFrame, rows: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """`week_coverage`: for each week the one grain it is made of, and how final that is.

    A week is made of its seven days where all are there, else of a week bucket, else of the days there are.
    It is settled when each of its days was covered by a capture on or after the Friday that follows, be it
    only to find that the day has vanished. entries: the `ranking_entry` of the same captures and rows.
    """
    start, weekly = pl.col("week_start"), pl.col("period") == "week"
    weeks = (
        _shape(entries)
        .join(_last_look(captures, rows), on=_BUCKET)
        .group_by("week_start", "period")
        .agg(
            days_observed=pl.when(weekly).then(7).otherwise(pl.len()).first(),
            vanished_days=pl.when(weekly).then(7).otherwise(1).filter("vanished").sum(),
            depth=pl.col("depth").min(),
            truncated=pl.col("truncated").any(),
            looked_at=pl.col("looked_at").min(),
            as_of=pl.col("as_of").max(),
        )
    )
    whole_days_first = pl.when(pl.col("days_observed") < 7).then(2).when(weekly).then(1).otherwise(0)
    chosen = weeks.sort("week_start", whole_days_first).unique("week_start", keep="first")
    status = (
        pl.when(pl.col("days_observed") < 7)
        .then(pl.lit("incomplete"))
        .when(pl.col("looked_at") >= moment(start) + SETTLED_AFTER)
        .then(pl.lit("settled"))
        .otherwise(pl.lit("provisional"))
    )
    return WEEK_COVERAGE.conform(
        chosen.with_columns(
            iso_year=start.dt.iso_year(), iso_week=start.dt.week(), grain="period", status=status
        )
    )


def used(entries: pl.LazyFrame, coverage: pl.DataFrame) -> pl.LazyFrame:
    """The rows of `ranking_entry` that each week's figures are made of: one grain, newest vintages."""
    grains = coverage.lazy().select("week_start", period="grain")
    return latest(entries).join(grains, on=["week_start", "period"], how="semi")


def _shape(entries: pl.DataFrame) -> pl.DataFrame:
    """For each bucket, in its newest vintage, how many named rows there are and whether more were cut off."""
    named = pl.col("model_permaslug") != OTHER
    return (
        latest(entries.lazy())
        .group_by("week_start", *_BUCKET)
        .agg(
            depth=named.sum(),
            truncated=(named.sum() < FULL_DEPTH) & (~named & (pl.col("tokens") > 0)).any(),
            as_of=pl.col("as_of").first(),
        )
        .collect()
    )


def _last_look(captures: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """For each bucket the moment of the last capture that covers it, and whether it was missing there."""
    found = rows.select("capture", "date").unique().with_columns(found=True)
    return (
        captures.join(_usable(captures), on="capture")
        .join(found, on=["capture", "date"], how="left")
        .sort(_ORDER)
        .group_by(_BUCKET)
        .agg(looked_at=pl.col("as_of").last(), vanished=pl.col("found").last().is_null())
    )


def _usable(captures: pl.DataFrame) -> pl.DataFrame:
    """Each capture with each bucket that it covers whole and saw closed: columns capture, date."""
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
        .select("capture", "date")
    )
