"""Printed claim -> method -> our figure -> verdict."""

import polars as pl

from schemas.fields import KNOWLEDGE, OTHER
from schemas.methods import METHODS
from schemas.reference import WORLD

REPRODUCED = 5
CONSISTENT = 50
"""Thousandths by which ours may differ from what was printed: counted in whole tokens, since a float would round."""

CHART = "top9_named"
EVERYTHING = "all_models"

_WAY = ("method", "knowledge")


def claim_value(printed: pl.DataFrame, countries: pl.DataFrame, leads: pl.DataFrame) -> pl.DataFrame:
    """Each claim under every method and knowledge that the week's data support: `claim_value`.

    printed: the reference file; countries: `country_week`; leads: `country_lead_week`. A week that is not
    complete supports nothing. A chart that is cut short supports its largest entries and, with `other`, the
    total of all models. A country without tokens in a week that is supported has none.
    """
    said = printed.drop("file", "row", strict=False).rename({"tokens": "tokens_printed"})
    complete = countries.filter(pl.col("status") != "incomplete")
    ways = (
        complete.group_by("week_start", *_WAY)
        .agg(
            world=pl.col("tokens").sum(),
            whole=pl.col("share").is_not_null().any(),
            **{name: pl.col(name).first() for name in ("status", "as_of")},
        )
        .with_columns(total=pl.col("whole") | (pl.col("method") == EVERYTHING))
    )
    world = pl.col("country_code") == WORLD
    ours = complete.select("week_start", *_WAY, "country_code", "tokens")
    limit = pl.when(pl.col("basis") == "week inferred").then(CONSISTENT).otherwise(REPRODUCED)
    values = (
        said.filter(pl.col("metric") == "tokens")
        .join(ways, on="week_start")
        .filter(pl.when(world).then("total").otherwise("whole"))
        .join(ours, on=["week_start", *_WAY, "country_code"], how="left")
        .with_columns(tokens=pl.when(world).then("world").otherwise(pl.col("tokens").fill_null(0)))
        .with_columns(
            difference=(pl.col("tokens") - pl.col("tokens_printed")) / pl.col("tokens_printed"),
            holds=_within(pl.col("tokens"), limit),
            leader=pl.lit(None, pl.String),
            lead_certain=pl.lit(None, pl.Boolean),
        )
        .drop("world", "whole", "total")
    )
    leading = (
        said.filter(pl.col("metric") == "leader")
        .join(leads.filter(pl.col("status") != "incomplete", pl.col("leader").is_not_null()), on="week_start")
        .with_columns(
            tokens=pl.lit(None, pl.Int64),
            difference=pl.lit(None, pl.Float64),
            holds=pl.col("leader") == pl.col("country_code"),
        )
        .select(values.columns)
    )
    return pl.concat([values, leading])


def charted(counted: pl.DataFrame) -> pl.DataFrame:
    """The named entries of each week's chart, as their countries were known then."""
    return counted.filter(
        pl.col("method") == CHART, pl.col("knowledge") == KNOWLEDGE[0], pl.col("model_permaslug") != OTHER
    )


def claims(
    printed: pl.DataFrame, values: pl.DataFrame, leads: pl.DataFrame, chart: pl.DataFrame
) -> pl.DataFrame:
    """Each claim's verdict, with the method that fits it or comes closest: `claims`. chart: `charted`.

    A method that fits is preferred in this order: the one that the wording names, then the chart's nine (for
    the world, all models), then the registry's; what was known then before what is known now.
    """
    is_tenth = _within(pl.col("tokens") * 10, pl.lit(REPRODUCED))
    ranked = values.with_columns(_preference(), is_tenth=is_tenth).with_columns(
        # Where nothing fits, the closest is told; where a tenth does, the closest to it.
        distance=pl.when(pl.col("holds").any().over("claim"))
        .then(0.0)
        .when(pl.col("is_tenth").any().over("claim"))
        .then((pl.col("tokens") * 10.0 / pl.col("tokens_printed") - 1).abs())
        .otherwise(pl.col("difference").abs())
    )
    best = ranked.sort("claim", ~pl.col("holds"), "distance", "preference").unique("claim", keep="first")
    ways = (
        ranked.sort("claim", "preference")
        .group_by("claim", maintain_order=True)
        .agg(
            tried=pl.len(),
            holding=pl.col("holds").sum(),
            fits=pl.concat_str(_WAY, separator="/").filter("holds").str.join(", "),
            is_tenth=pl.col("is_tenth").any(),
        )
    )
    told = (
        printed.rename({"tokens": "tokens_printed"})
        .drop("file", "row", strict=False)
        .join(best.select("claim", *_WAY, "difference", "status", "as_of", "tokens"), on="claim", how="left")
        .join(ways, on="claim", how="left")
        .join(_methods_that_hold(ranked), on="claim", how="left")
        .with_columns(
            pl.col("tried", "holding").fill_null(0), fits=pl.when(pl.col("holding") > 0).then("fits")
        )
        .with_columns(verdict=_verdict())
    )
    return told.join(_explanations(told, chart), on="claim", how="left").join(
        _remarks(told, values, leads), on="claim", how="left"
    )


def _within(tokens: pl.Expr, thousandths: pl.Expr) -> pl.Expr:
    """Whether tokens are so close to the printed ones, in whole numbers wide enough for the products."""
    ours, printed = tokens.cast(pl.Int128), pl.col("tokens_printed").cast(pl.Int128)
    return (ours - printed).abs() * 1000 <= printed * thousandths


def _methods_that_hold(ranked: pl.DataFrame) -> pl.DataFrame:
    """The methods under which each claim is so; where under one knowledge alone, with it."""
    name = (
        pl.when(pl.col("holds").all())
        .then(pl.col("method").first())
        .otherwise(pl.format("{}/{}", pl.col("method").first(), pl.col("knowledge").filter("holds").first()))
    )
    return (
        ranked.group_by("claim", "method")
        .agg(name=name, some=pl.col("holds").any(), preference=pl.col("preference").min())
        .filter("some")
        .sort("claim", "preference")
        .group_by("claim", maintain_order=True)
        .agg(methods=pl.col("name").str.join(", "))
    )


def _preference() -> pl.Expr:
    """The order in which methods that fit are preferred, the lowest first."""
    order = {method.name: place for place, method in enumerate(METHODS)}
    usual = pl.when(pl.col("country_code") == WORLD).then(pl.lit(EVERYTHING)).otherwise(pl.lit(CHART))
    place = (
        pl.when(pl.col("method") == pl.col("method_named"))
        .then(-2)
        .when(pl.col("method") == usual)
        .then(-1)
        .otherwise(pl.col("method").replace_strict(order, return_dtype=pl.Int64))
    )
    then_first = pl.col("knowledge") == KNOWLEDGE[1]
    return (place * 2 + then_first.cast(pl.Int64)).alias("preference")


def _verdict() -> pl.Expr:
    some = pl.col("holding") > 0
    tokens = pl.col("metric") == "tokens"
    return (
        pl.when(pl.col("tried") == 0)
        .then(pl.lit("no data"))
        .when(some & (pl.col("basis") == "week inferred"))
        .then(pl.lit("consistent"))
        .when(some & (tokens | (pl.col("holding") == pl.col("tried"))))
        .then(pl.format("reproduced under {}", "method"))
        .when(some)
        .then(pl.format("true for {} only", "methods"))
        .when(pl.col("is_tenth"))
        .then(pl.lit("off by a factor of ten"))
        .otherwise(pl.lit("not reproduced"))
    )


def _remarks(told: pl.DataFrame, values: pl.DataFrame, leads: pl.DataFrame) -> pl.DataFrame:
    """What the other knowledge makes of a figure that fits, and who led over all models where that is another."""
    other = values.filter(~pl.col("holds")).select(
        "claim", "method", other_knowledge="knowledge", other_tokens="tokens"
    )
    everything = leads.filter(pl.col("method") == EVERYTHING, pl.col("leader").is_not_null()).select(
        "week_start", "knowledge", all_leader="leader", all_certain="lead_certain"
    )
    here = leads.select("week_start", *_WAY, "leader")
    under = pl.format("under {} it is {}T", "other_knowledge", (pl.col("other_tokens") / 1e12).round(3))
    surely = pl.when("all_certain").then(pl.lit("certainly")).otherwise(pl.lit("not certainly"))
    led = pl.format("over all models {} led, {}", "all_leader", surely)
    differs = pl.col("all_leader").ne_missing(pl.col("leader")) & (pl.col("country_code") != WORLD)
    return (
        told.filter(pl.col("holding") > 0)
        .join(other, on=["claim", "method"], how="left")
        .join(everything, on=["week_start", "knowledge"], how="left")
        .join(here, on=["week_start", *_WAY], how="left")
        .select(
            "claim",
            remark=pl.concat_str(under, pl.when(differs).then(led), separator="; ", ignore_nulls=True),
        )
        .filter(pl.col("remark") != "")
        .unique("claim", keep="first", maintain_order=True)
    )


def _explanations(told: pl.DataFrame, chart: pl.DataFrame) -> pl.DataFrame:
    """For figures that are not reproduced, the one entry of the chart whose absence would explain them.

    It is an explanation and no verdict: leaving out what does not fit can explain too much.
    """
    unexplained = told.filter(pl.col("verdict") == "not reproduced", pl.col("metric") == "tokens")
    entries = chart.with_columns(country_total=pl.col("tokens").sum().over("week_start", "country_code"))
    without = pl.col("country_total") - pl.col("tokens")
    return (
        unexplained.select("claim", "week_start", "country_code", "tokens_printed")
        .join(entries, on=["week_start", "country_code"])
        .with_columns(off=without / pl.col("tokens_printed") - 1)
        .filter(_within(without, pl.lit(REPRODUCED)))
        .sort("claim", pl.col("off").abs(), "model_permaslug")
        .unique("claim", keep="first", maintain_order=True)
        .select(
            "claim",
            explanation=pl.format(
                "fits within {}% if {} ({} tokens) is left out of the nine largest entries",
                (pl.col("off").abs() * 100).round(2),
                "model_permaslug",
                "tokens",
            ),
        )
    )
