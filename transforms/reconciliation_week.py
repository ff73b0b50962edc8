"""A week by its days against the source's own week: `reconciliation_week`."""

import polars as pl

from schemas.fields import COMPLETE, OTHER
from schemas.tables.reconciliation_week import TOTAL
from transforms.exact import exact_sum
from transforms.vintages import extent, latest, states

TOLERANCE = 0.005
"""Days and week may differ by so much before it is worth a warning."""


def reconciliation_week(entries: pl.LazyFrame) -> pl.DataFrame:
    """Where both grains of a week are held and their totals known, how far they agree: `reconciliation_week`."""
    newest = latest(entries, states(entries.select("week_start", "as_of").collect()))
    rows = newest.filter(extent() == COMPLETE).collect()
    days = rows.filter(pl.col("period") == "day")
    whole = days.group_by("week_start").agg(days=pl.col("date").n_unique()).filter(pl.col("days") == 7)
    total = pl.lit(TOTAL).alias("model_permaslug")
    by_days, by_week = (
        pl.concat(
            [
                part.filter(pl.col("model_permaslug") != OTHER).select(columns),
                part.with_columns(total).select(columns),
            ]
        )
        .group_by("week_start", "model_permaslug")
        .agg(exact_sum("tokens"), as_of=pl.col("as_of").max())
        for columns in [["week_start", "model_permaslug", "tokens", "as_of"]]
        for part in (
            days.join(whole, on="week_start", how="semi"),
            rows.filter(pl.col("period") == "week"),
        )
    )
    ratio = pl.col("difference") / pl.when(pl.col("tokens_week") > 0).then("tokens_week")
    return (
        by_days.join(by_week, on=["week_start", "model_permaslug"], suffix="_week")
        .rename({"tokens": "tokens_days"})
        .with_columns(
            difference=pl.col("tokens_days") - pl.col("tokens_week"),
            as_of=pl.max_horizontal("as_of", "as_of_week"),
        )
        .with_columns(difference_ratio=ratio)
        .with_columns(
            within_tolerance=(pl.col("difference_ratio").abs() <= TOLERANCE).fill_null(
                pl.col("difference") == 0
            )
        )
    )
