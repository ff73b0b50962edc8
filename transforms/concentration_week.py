"""Counted models -> how concentrated a week is: `concentration_week`."""

import polars as pl

from schemas.fields import OTHER, UNATTRIBUTED
from schemas.tables.concentration_week import LEVELS
from transforms.country_week import COUNT
from transforms.exact import exact_sum, positive
from transforms.vintages import STATE

DECIDED = 6
"""How many contested organisations of a week are tried in both of their countries: each one doubles the work."""


def concentration_week(counted: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """HHI and the largest ones' shares by model, organisation and country: `concentration_week`.

    A cloaked model is a model like any other, so by model only `other` is unattributed. By country, the bounds are the
    extremes over every way to decide the contested headquarters.
    """
    levels = pl.concat(_concentration(counted, level) for level in LEVELS)
    return levels.join(covered.select(*STATE, "status", "as_of"), on=STATE)


def _concentration(counted: pl.DataFrame, level: str) -> pl.DataFrame:
    holder = {
        "model": pl.when(pl.col("model_permaslug") != OTHER).then("model_permaslug"),
        "organisation": pl.col("organisation"),
        "country": pl.when(pl.col("country_code") != UNATTRIBUTED).then("country_code"),
    }[level]
    held = counted.select(
        *COUNT, "tokens", "point", "hidden", "open", "organisation", "contested_by", holder=holder
    )
    figures = _figures(held.with_columns(decision=pl.lit(0)))
    if level == "country":
        decided = _figures(_decided(held))
        bounds = [name for name in figures.columns if name.endswith(("_lo", "_hi"))]
        lows = (pl.col(name).min() for name in bounds if name.endswith("_lo"))
        highs = (pl.col(name).max() for name in bounds if name.endswith("_hi"))
        extremes = decided.group_by(COUNT).agg(*lows, *highs)
        figures = figures.update(extremes, on=COUNT)
    return figures.with_columns(
        *_between("hhi", 10_000.0),
        *_between("top1_share", 1.0),
        *_between("top3_share", 1.0),
        level=pl.lit(level),
    )


def _decided(held: pl.DataFrame) -> pl.DataFrame:
    """The rows of each way of counting in which a headquarters is contested, under every `decision` about them.

    Of more than `DECIDED` contested organisations, the smaller ones count as unattributed, which only widens bounds.
    """
    contested = (
        held.filter(pl.col("contested_by").is_not_null())
        .group_by(*COUNT, "organisation")
        .agg(exact_sum("tokens"))
        .filter(pl.col("tokens") > 0)
        .sort("tokens", "organisation", descending=[True, False])
        .with_columns(place=pl.int_range(pl.len()).over(COUNT))
    )
    decisions = (
        contested.group_by(COUNT)
        .agg(organisations=pl.len().clip(upper_bound=DECIDED))
        .with_columns(decision=pl.int_ranges(0, pl.lit(2).pow(pl.col("organisations"))))
        .explode("decision")
        .drop("organisations")
    )
    moves = (pl.col("decision") // pl.lit(2).pow(pl.col("place"))) % 2 == 1
    return (
        held.join(contested.select(*COUNT, "organisation", "place"), on=[*COUNT, "organisation"], how="left")
        .join(decisions, on=COUNT)
        .with_columns(
            holder=pl.when(pl.col("place").is_null() | (~moves & (pl.col("place") < DECIDED)))
            .then("holder")
            .when(pl.col("place") < DECIDED)
            .then("contested_by")
        )
    )


def _figures(rows: pl.DataFrame) -> pl.DataFrame:
    """The figures of each way of counting and `decision`, not yet held between their bounds."""
    held = (
        rows.group_by(*COUNT, "decision", "holder")
        .agg(exact_sum("tokens"), pl.col("point", "hidden", "open").first())
        .sort("tokens", descending=True)
    )
    tokens = pl.col("tokens").filter(pl.col("holder").is_not_null())
    known, spare = pl.col("known"), pl.col("spare")
    # Shares are squared as floats: an index needs no exact tokens, and their squares pass 2^63.
    squares = (tokens.cast(pl.Float64) ** 2).sum()
    return (
        held.group_by(*COUNT, "decision")
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
        .with_columns(total=positive(known + spare), known=positive(known))
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
    )


def _between(name: str, most: float) -> list[pl.Expr]:
    """A figure between its bounds, which say nothing where what a chart hides may push out what is there."""
    low = pl.when(~pl.col("open")).then(pl.col(f"{name}_lo")).fill_null(0.0)
    high = pl.when(~pl.col("open")).then(pl.col(f"{name}_hi")).fill_null(most)
    # Ordered and clipped, since sums of squares as floats may land a hair apart where they are equal.
    high = pl.max_horizontal(high, low)
    value = pl.when("point").then(pl.col(name).clip(low, high))
    return [value.alias(name), low.alias(f"{name}_lo"), high.alias(f"{name}_hi")]


def _square(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64) ** 2


def _points(squares: pl.Expr, total: pl.Expr) -> pl.Expr:
    """A sum of squared tokens as HHI points, never above what one holder of everything has."""
    return (squares / _square(total) * 10_000).clip(upper_bound=10_000.0)
