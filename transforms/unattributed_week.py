"""Counted models -> what no country can claim, by name: `unattributed_week`."""

import polars as pl

from schemas.fields import UNATTRIBUTED
from transforms.country_week import COUNT, totals
from transforms.exact import exact_sum, positive
from transforms.vintages import STATE


def unattributed_week(counted: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """What no country can claim, by name: `unattributed_week`."""
    by_model = pl.col("attribution").is_in(["other", "cloaked"])
    return (
        counted.with_columns(totals())
        .filter(pl.col("country_code") == UNATTRIBUTED)
        .with_columns(name=pl.when(by_model).then("model_permaslug").otherwise("author"))
        .group_by(*COUNT, "attribution", "name")
        .agg(
            exact_sum("tokens"),
            most=(pl.col("total") + pl.col("hidden")).first(),
            unknown=pl.col("unknown").first(),
        )
        .with_columns(
            share=pl.when(~pl.col("unknown")).then(
                (pl.col("tokens") / positive(pl.col("most"))).fill_null(0.0)
            )
        )
        .join(covered.select(*STATE, "status", "as_of"), on=STATE)
    )
