"""The ways to count, applied. What each one is stands in `schemas.methods`."""

import polars as pl

from schemas.fields import COMPLETE, OTHER
from schemas.methods import METHODS, NINE, Method
from transforms.attribution import spelling
from transforms.exact import exact_sum
from transforms.vintages import STATE

EVERYTHING = "all_models"
"""The method that counts every row."""


def counted(models: pl.DataFrame, attributed: pl.DataFrame) -> pl.DataFrame:
    """Every row that each method counts, with whose it is as known then and now.

    models: `model_tokens`; attributed: `attribution` of the same models, by both knowledges.
    Returns the models' tokens with method, knowledge, the attribution's columns, and those of `shapes`, with `hidden`:
    the tokens that the method's set may lack.
    """
    rows = pl.concat(
        select(models, method).select(
            *STATE,
            "model_permaslug",
            "variant",
            "tokens",
            method=pl.lit(method.name),
        )
        for method in METHODS
    )
    other = models.filter(pl.col("model_permaslug") == OTHER).select(*STATE, other="tokens")
    lacks_other = pl.col("method").is_in([each.name for each in METHODS if not each.with_other])
    return (
        rows.join(shapes(models), on=[*STATE, "method"])
        .join(other, on=STATE, how="left")
        .with_columns(
            hidden=pl.when(lacks_other & ~pl.col("point")).then(pl.col("other").fill_null(0)).otherwise(0)
        )
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


def shapes(covered: pl.DataFrame) -> pl.DataFrame:
    """How much of what each method counts is there in each state: columns `STATE`, method and

    point: all of it, also where a list is cut short after the method's largest entries.
    open: what is missing may push out what is there, so that no bound holds.
    unknown: nobody knows how much is missing.

    covered: rows with the columns of `coverage`, one a state or more.
    """
    unknown = pl.col("extent") != COMPLETE
    cut = pl.col("truncated") | unknown
    nine = pl.col("nine_known") & pl.col("method").is_in([each.name for each in METHODS if _is_nine(each)])
    largest = pl.col("method").is_in([each.name for each in METHODS if each.largest is not None])
    weeks = covered.select(*STATE, "extent", "truncated", "nine_known").unique()
    methods = pl.DataFrame({"method": [each.name for each in METHODS]})
    return weeks.join(methods, how="cross").select(
        *STATE,
        "method",
        point=~cut | nine,
        open=~nine & (unknown | (cut & largest)),
        unknown=~nine & unknown,
    )


def _is_nine(method: Method) -> bool:
    """Whether it counts some of the entries that the chart names, and nothing else."""
    nine = method.largest is not None and method.largest <= NINE
    return nine and method.entry == "model_permaslug" and not method.with_other
