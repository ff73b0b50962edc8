"""Rows of the source -> tokens by model and week: what `model_week` is made of."""

import polars as pl

from schemas.fields import COMPLETE, OTHER
from transforms.attribution import MODEL, author, variant
from transforms.exact import exact_sum
from transforms.vintages import STATE, used


def model_tokens(entries: pl.LazyFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """In each state the tokens of each model and of `other`, with share and rank: `model_week` but for whose it is.

    entries: `ranking_entry` with every vintage. covered: the `coverage` of the same entries.
    """
    named, complete = pl.col("model_permaslug") != OTHER, pl.col("extent") == COMPLETE
    total = exact_sum("tokens").over(STATE)
    return (
        used(entries, covered)
        .group_by(MODEL)
        .agg(tokens=exact_sum("tokens"), days=pl.len())
        .collect()
        .join(covered, on=STATE)
        .with_columns(
            author=pl.when(named).then(author(pl.col("model_permaslug"))),
            variant=pl.when(named).then(variant(pl.col("model_permaslug"))),
            days_listed=pl.when(named & (pl.col("grain") == "day")).then("days"),
            share=pl.col("tokens") / pl.when(complete & (total > 0)).then(total),
            rank=pl.when(named & complete).then(
                pl.col("tokens").rank("min", descending=True).over(*STATE, named)
            ),
        )
    )
