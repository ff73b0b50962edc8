"""Counted models -> each country's largest: `country_top_models`."""

import polars as pl

from schemas.fields import UNATTRIBUTED
from transforms.country_week import SETTING
from transforms.exact import positive
from transforms.vintages import STATE

TOP_MODELS = 10


def country_top_models(counted: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """The ten largest models of each country: `country_top_models`. Models of equal size are taken in order of name."""
    largest = (
        counted.filter(pl.col("country_code") != UNATTRIBUTED)
        .with_columns(
            rank=pl.col("tokens").rank("min", descending=True).over(SETTING),
            share=pl.when("point").then(pl.col("tokens") / positive(pl.col("tokens").sum().over(SETTING))),
        )
        .sort("tokens", "model_permaslug", descending=[True, False])
        .group_by(SETTING, maintain_order=True)
        .head(TOP_MODELS)
    )
    return largest.join(covered.select(*STATE, "status", "as_of"), on=STATE)
