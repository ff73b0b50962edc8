"""The ways to count, applied. What each one is stands in `schemas.methods`."""

import polars as pl

from schemas.fields import OTHER
from schemas.methods import Method


def counted(models: pl.DataFrame, method: Method) -> pl.DataFrame:
    """Those rows of `model_week` that the method counts.

    Where it keeps only the largest entries of a week, entries of equal size are taken in order of name.
    """
    if method.with_other and method.largest is None:
        return models
    named = models.filter(pl.col("model_permaslug") != OTHER)
    if method.largest is None:
        return named
    entries = named.group_by("week_start", method.entry).agg(pl.col("tokens").sum())
    largest = (
        entries.sort("week_start", "tokens", method.entry, descending=[False, True, False])
        .group_by("week_start", maintain_order=True)
        .head(method.largest)
    )
    return named.join(largest, on=["week_start", method.entry], how="semi")


def ranks_truncated(method: Method) -> bool:
    """Whether the method's figures are whole although the chart is cut short after its largest entries."""
    return not method.with_other and method.largest is not None and method.entry == "model_permaslug"
