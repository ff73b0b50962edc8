"""Counted models -> tokens by country, with bounds."""

import polars as pl

from schemas.fields import KNOWLEDGE, OTHER, UNATTRIBUTED
from schemas.methods import METHODS
from transforms.exact import exact_sum
from transforms.methods import EVERYTHING, shapes
from transforms.vintages import STATE

COUNT = (*STATE, "method", "knowledge")
"""One way of counting one state."""


def country_week(counted: pl.DataFrame, covered: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
    """Each state counted by each method, as known then and now: `country_week` and `STATE`.

    counted: `methods.counted`; covered: the `coverage` of the same states; countries: code and name.
    """
    counts = _tokens_by_country(counted, covered)
    figures = (
        _bounds(counts)
        .join(_ranks(counts), on=[*COUNT, "country_code"], how="left")
        .join(covered, on=STATE)
        .join(countries, on="country_code")
    )
    certain = pl.col("rank_best") == pl.col("rank_worst")
    return figures.with_columns(
        # Clipped, since past 2^53 tokens a float may land a hair outside of its bounds.
        share=pl.when("point").then(pl.col("share").clip("share_lo", "share_hi")),
        rank=pl.when(pl.col("point") | certain).then("rank"),
    )


def totals() -> list[pl.Expr]:
    """`total` and `unattributed` of each way of counting, in rows with country_code and tokens."""
    unattributed = pl.col("tokens").filter(pl.col("country_code") == UNATTRIBUTED)
    return [
        exact_sum("tokens").over(COUNT).alias("total"),
        unattributed.sum().over(COUNT).alias("unattributed"),
    ]


def _tokens_by_country(counted: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """Tokens and named models by country, and a `ZZ` row for each way of counting."""
    known = counted.with_columns(named=pl.col("model_permaslug") != OTHER)
    ways = pl.DataFrame(
        [(method.name, knowledge) for method in METHODS for knowledge in KNOWLEDGE],
        schema=["method", "knowledge"],
        orient="row",
    )
    # One for every way of counting, also for one that counts nothing in a week.
    nobody = (
        covered.select(STATE)
        .join(ways, how="cross")
        .select(*COUNT, country_code=pl.lit(UNATTRIBUTED), tokens=pl.lit(0, pl.Int64), named=False)
    )
    hidden = known.select(*COUNT, "hidden").unique()
    return (
        pl.concat([known.select(nobody.columns), nobody])
        .group_by(*COUNT, "country_code")
        .agg(tokens=exact_sum("tokens"), models=pl.col("named").sum())
        .with_columns(totals())
        .join(hidden, on=COUNT, how="left")
        .with_columns(pl.col("hidden").fill_null(0))
        .join(shapes(covered), on=[*STATE, "method"])
    )


def _bounds(counts: pl.DataFrame) -> pl.DataFrame:
    """Each country's share and the interval in which the truth lies."""
    tokens, hidden = pl.col("tokens"), pl.col("hidden")
    attributed = pl.col("total") - pl.col("unattributed")
    known = pl.col("country_code") != UNATTRIBUTED
    most = pl.col("total") + hidden
    largest = pl.when(most > 0).then(most)
    unattributed = pl.when(known).then("unattributed").otherwise(0)
    everything = counts.filter(method=EVERYTHING).select(
        *STATE, "knowledge", "country_code", of_all=tokens + unattributed
    )
    # Where entries may yet come in, a country can have as much as of all models, and no more.
    tokens_hi = pl.when("open").then("of_all").otherwise(tokens + unattributed + hidden)
    bounded = counts.join(everything, on=[*STATE, "knowledge", "country_code"], how="left").with_columns(
        tokens_hi=pl.when(~pl.col("unknown")).then(tokens_hi)
    )
    return bounded.with_columns(
        share=pl.when(known & (attributed > 0)).then(tokens / attributed),
        share_lo=pl.when(known & ~pl.col("open")).then(tokens / largest).otherwise(0.0).fill_null(0.0),
        share_hi=pl.when(~pl.col("open")).then(pl.col("tokens_hi") / largest).fill_null(1.0),
    )


def _ranks(counts: pl.DataFrame) -> pl.DataFrame:
    """Each country's rank, and the best and worst that the unattributed tokens could make it.

    A rival counts against the worst rank when a share of the unattributed tokens could bring it level or
    ahead; the cheapest gaps are filled first. One country that is not listed is a rival with no tokens.
    """
    named = counts.filter(pl.col("country_code") != UNATTRIBUTED).with_columns(
        spare=pl.col("unattributed") + pl.col("hidden")
    )
    unlisted = named.select(*COUNT, rival=pl.lit(UNATTRIBUTED), rival_tokens=pl.lit(0, pl.Int64)).unique()
    rivals = pl.concat([named.select(*COUNT, rival="country_code", rival_tokens="tokens"), unlisted])
    tokens, rival, spare = pl.col("tokens"), pl.col("rival_tokens"), pl.col("spare")
    return (
        named.join(rivals, on=COUNT)
        .filter(pl.col("rival") != pl.col("country_code"))
        .with_columns(gap=pl.max_horizontal(tokens - rival, pl.lit(0)))
        .sort("gap")
        .group_by(*COUNT, "country_code", maintain_order=True)
        .agg(
            rank=1 + (rival > tokens).sum(),
            # Where entries may be pushed out, no lead is too large to be lost or won.
            rank_best=1 + (~pl.col("open") & (rival > tokens + spare)).sum(),
            rank_worst=1 + (pl.col("open") | (pl.col("gap").cast(pl.Int128).cum_sum() <= spare)).sum(),
            unknown=pl.col("unknown").first(),
        )
        .with_columns(rank_worst=pl.when(~pl.col("unknown")).then("rank_worst"))
        .drop("unknown")
    )


SETTING = (*COUNT, "country_code")
