"""Sums of counts that never wrap."""

import polars as pl


def exact_sum(column: str) -> pl.Expr:
    """The sum of an Int64 column as Int64; raises a Polars error where it passes 2^63.

    Polars, pandas and Arrow wrap silently when they add Int64.
    """
    return pl.col(column).cast(pl.Int128).sum().cast(pl.Int64)


def positive(value: pl.Expr) -> pl.Expr:
    return pl.when(value > 0).then(value)
