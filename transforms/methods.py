"""The ways to count, applied. What each one is stands in `schemas.methods`."""

import polars as pl

from schemas.fields import OTHER
from schemas.methods import METHODS, Method
from transforms.attribution import spelling
from transforms.exact import exact_sum
from transforms.vintages import STATE


def counted(models: pl.DataFrame, attributed: pl.DataFrame) -> pl.DataFrame:
    """Every row that each method counts, with whose it is as known then and now.

    models: `model_tokens`; attributed: `attribution` of the same models, by both knowledges.
    Returns the models' tokens with method, knowledge, the attribution's columns, and three of a cut-off chart's:
    `point`, whether the method's set is whole all the same; `hidden`, the tokens that it may lack; `open`,
    whether what it lacks may also push out what is there.
    """
    rows = pl.concat(
        select(models, method).select(
            *STATE,
            "model_permaslug",
            "variant",
            "tokens",
            method=pl.lit(method.name),
            point=~pl.col("truncated") | _is_whole(method),
            open=pl.col("truncated") & (method.entry == "author"),
        )
        for method in METHODS
    )
    other = models.filter(pl.col("model_permaslug") == OTHER).select(*STATE, other="tokens")
    lacks_other = pl.col("method").is_in([each.name for each in METHODS if not each.with_other])
    return (
        rows.join(other, on=STATE, how="left")
        .with_columns(hidden=pl.when(lacks_other & ~pl.col("point")).then("other").otherwise(0))
        .drop("other")
        .join(attributed, on=[*STATE, "model_permaslug"])
    )


def select(models: pl.DataFrame, method: Method) -> pl.DataFrame:
    """Those of the models that the method counts.

    Where it keeps only the largest entries of a week, entries of equal size are taken in order of name.
    """
    if method.without_variant:
        models = models.filter(pl.col("variant").ne_missing(method.without_variant))
    if method.without_authors:
        models = models.filter(~pl.col("author").is_in(method.without_authors).fill_null(False))
    if not method.with_other:
        models = models.filter(pl.col("model_permaslug") != OTHER)
    if method.largest is None:
        return models
    # A model of which some days spell the author otherwise is one entry all the same.
    entry = pl.col("author") if method.entry == "author" else spelling(pl.col("model_permaslug"))
    entered = models.with_columns(entry=entry)
    largest = (
        entered.group_by(*STATE, "entry")
        .agg(exact_sum("tokens"))
        .sort("tokens", "entry", descending=[True, False])
        .group_by(STATE, maintain_order=True)
        .head(method.largest)
    )
    return entered.join(largest, on=[*STATE, "entry"], how="semi").drop("entry")


def _is_whole(method: Method) -> pl.Expr:
    """Whether a chart that is cut short after its largest entries has all that the method counts."""
    if method.with_other or method.largest is None or method.entry != "model_permaslug":
        return pl.lit(False)
    # The largest of each day need not be the largest of the week.
    return (pl.col("grain") == "week") & (pl.col("depth") >= method.largest)
