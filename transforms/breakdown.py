"""Counted models -> what stands behind a figure: the models, the growth, the concentration, the unattributed."""

import polars as pl

from schemas.fields import OTHER, OVERRIDES, UNATTRIBUTED
from schemas.tables.concentration_week import LEVELS
from transforms.country import COUNT, totals
from transforms.exact import exact_sum
from transforms.vintages import STATE
from transforms.weeks import WEEK

TOP_MODELS = 10
SPANS = (1, 4)
"""Weeks over which growth is told."""

_SETTING = (*COUNT, "country_code")


def country_top_models(counted: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """The ten largest models of each country: `country_top_models`. Models of equal size are taken in order of name."""
    largest = (
        counted.filter(pl.col("country_code") != UNATTRIBUTED)
        .with_columns(
            rank=pl.col("tokens").rank("min", descending=True).over(_SETTING),
            share=pl.when("point").then(pl.col("tokens") / _positive(pl.col("tokens").sum().over(_SETTING))),
        )
        .sort("tokens", "model_permaslug", descending=[True, False])
        .group_by(_SETTING, maintain_order=True)
        .head(TOP_MODELS)
    )
    return largest.join(covered.select(*STATE, "status", "as_of"), on=STATE)


def country_growth(counted: pl.DataFrame, covered: pl.DataFrame, first_seen: pl.DataFrame) -> pl.DataFrame:
    """Each country's change over one and four weeks, and its parts: `country_growth`.

    first_seen: of each model the first week in which it was named, be it one that is not counted here.
    Only between complete weeks whose chart has all that the method counts. A model goes into the first part
    that fits it: an override of its own, newness, being a free variant, the rest.
    """
    complete = covered.filter(pl.col("status") != "incomplete").select(*STATE, "status", "as_of")
    rows = counted.filter("point").join(complete, on=STATE)
    seen = first_seen.rename({"week_start": "first_seen"})
    return pl.concat(_growth(rows, seen, span) for span in SPANS)


def _growth(rows: pl.DataFrame, first_seen: pl.DataFrame, span: int) -> pl.DataFrame:
    this, other = pl.col("tokens"), pl.col("tokens_before")
    model = [*_SETTING, "model_permaslug"]
    columns = [*model, "variant", "tokens", "overridden"]
    marked = rows.with_columns(overridden=pl.col("attribution").is_in(OVERRIDES)).select(columns)
    later = marked.with_columns(pl.col("week_start") + span * WEEK).rename({"tokens": "tokens_before"})
    weeks = rows.unique(COUNT).select(*COUNT, "status", "as_of")
    both = weeks.join(later.unique(COUNT).select(COUNT), on=COUNT)
    changes = (
        marked.join(later, on=model, how="full", coalesce=True, suffix="_before")
        .join(both, on=COUNT)
        .join(first_seen, on="model_permaslug")
        .with_columns(
            pl.col("tokens", "tokens_before").fill_null(0),
            variant=pl.coalesce("variant", "variant_before"),
            # Of the model as a whole: what one country is given, another loses.
            overridden=(pl.col("overridden").fill_null(False) | pl.col("overridden_before").fill_null(False))
            .any()
            .over(*COUNT, "model_permaslug"),
        )
        .with_columns(
            change=this - other,
            part=pl.when("overridden")
            .then(pl.lit("from_reveals"))
            .when(pl.col("first_seen") > pl.col("week_start") - span * WEEK)
            .then(pl.lit("from_new_models"))
            .when(pl.col("variant") == "free")
            .then(pl.lit("from_free_variants"))
            .otherwise(pl.lit("from_rest")),
        )
    )
    parts = ("from_reveals", "from_new_models", "from_free_variants", "from_rest")
    return (
        changes.group_by(_SETTING)
        .agg(
            exact_sum("tokens"),
            exact_sum("tokens_before"),
            exact_sum("change"),
            *(pl.col("change").filter(pl.col("part") == part).sum().alias(part) for part in parts),
            pl.col("status", "as_of").first(),
        )
        .with_columns(
            growth=pl.col("change") / _positive(pl.col("tokens_before")), span_weeks=pl.lit(span, pl.Int64)
        )
    )


def concentration_week(counted: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """HHI and the largest ones' shares by model, organisation and country: `concentration_week`.

    A cloaked model is a model like any other, so by model only `other` is unattributed.
    """
    levels = pl.concat(_concentration(counted, level) for level in LEVELS)
    return levels.join(covered.select(*STATE, "status", "as_of"), on=STATE)


def _concentration(counted: pl.DataFrame, level: str) -> pl.DataFrame:
    holder = {
        "model": pl.when(pl.col("model_permaslug") != OTHER).then("model_permaslug"),
        "organisation": pl.col("organisation"),
        "country": pl.when(pl.col("country_code") != UNATTRIBUTED).then("country_code"),
    }[level]
    held = (
        counted.with_columns(holder=holder)
        .group_by(*COUNT, "holder")
        .agg(exact_sum("tokens"), pl.col("point", "hidden", "open").first())
        .sort("tokens", descending=True)
    )
    tokens = pl.col("tokens").filter(pl.col("holder").is_not_null())
    known, spare = pl.col("known"), pl.col("spare")
    # Shares are squared as floats: an index needs no exact tokens, and their squares pass 2^63.
    squares = (tokens.cast(pl.Float64) ** 2).sum()
    return (
        held.group_by(COUNT)
        .agg(
            entities=tokens.len(),
            known=tokens.sum(),
            spare=pl.col("tokens").filter(pl.col("holder").is_null()).sum() + pl.col("hidden").first(),
            squares=squares,
            top1=tokens.head(1).sum(),
            top3=tokens.head(3).sum(),
            point=pl.col("point").first(),
            open=pl.col("open").first(),
        )
        .with_columns(total=_positive(known + spare), known=_positive(known), level=pl.lit(level))
        .with_columns(
            hhi=_points(pl.col("squares"), known),
            hhi_lo=_points(pl.col("squares"), pl.col("total")),
            hhi_hi=_points(
                pl.col("squares") - _square(pl.col("top1")) + _square(pl.col("top1") + spare), pl.col("total")
            ),
            **{
                f"{top}_share{suffix}": value
                for top in ("top1", "top3")
                for suffix, value in (
                    ("", pl.col(top) / known),
                    ("_lo", pl.col(top) / pl.col("total")),
                    ("_hi", (pl.col(top) + spare) / pl.col("total")),
                )
            },
        )
        .with_columns(*_between("hhi", 10_000.0), *_between("top1_share", 1.0), *_between("top3_share", 1.0))
    )


def _between(name: str, most: float) -> list[pl.Expr]:
    """A figure between its bounds, which say nothing where what a chart hides may push out what is there."""
    low = pl.when(~pl.col("open")).then(pl.col(f"{name}_lo")).fill_null(0.0)
    high = pl.when(~pl.col("open")).then(pl.col(f"{name}_hi")).fill_null(most)
    # Ordered and clipped, since sums of squares as floats may land a hair apart where they are equal.
    high = pl.max_horizontal(high, low)
    value = pl.when("point").then(pl.col(name).clip(low, high))
    return [value.alias(name), low.alias(f"{name}_lo"), high.alias(f"{name}_hi")]


def unattributed_week(counted: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """What no country can claim, by name: `unattributed_week`."""
    by_model = pl.col("attribution").is_in(["other", "cloaked"])
    return (
        counted.with_columns(totals())
        .filter(pl.col("country_code") == UNATTRIBUTED)
        .with_columns(name=pl.when(by_model).then("model_permaslug").otherwise("author"))
        .group_by(*COUNT, "attribution", "name")
        .agg(exact_sum("tokens"), most=(pl.col("total") + pl.col("hidden")).first())
        .with_columns(share=(pl.col("tokens") / _positive(pl.col("most"))).fill_null(0.0))
        .join(covered.select(*STATE, "status", "as_of"), on=STATE)
    )


def _positive(value: pl.Expr) -> pl.Expr:
    return pl.when(value > 0).then(value)


def _square(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64) ** 2


def _points(squares: pl.Expr, total: pl.Expr) -> pl.Expr:
    """A sum of squared tokens as HHI points, never above what one holder of everything has."""
    return (squares / _square(total) * 10_000).clip(upper_bound=10_000.0)
