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
    """Tokens and named models by country, and a `ZZ` row for each way of counting.

    may_lose: those of the tokens that another country contests. may_gain: tokens of other countries
    that this one contests, which give it a row even where it has none of its own.
    """
    contested = pl.col("contested_by").is_not_null()
    known = counted.with_columns(
        named=pl.col("model_permaslug") != OTHER,
        may_lose=pl.when(contested).then("tokens").otherwise(0),
        may_gain=pl.lit(0, pl.Int64),
    )
    ways = pl.DataFrame(
        [(method.name, knowledge) for method in METHODS for knowledge in KNOWLEDGE],
        schema=["method", "knowledge"],
        orient="row",
    )
    nothing = {name: pl.lit(0, pl.Int64) for name in ("tokens", "may_lose", "may_gain")}
    # One for every way of counting, also for one that counts nothing in a week.
    nobody = (
        covered.select(STATE)
        .join(ways, how="cross")
        .select(*COUNT, country_code=pl.lit(UNATTRIBUTED), named=False, **nothing)
    )
    contesters = known.filter(contested, pl.col("tokens") > 0).select(
        *COUNT, country_code="contested_by", named=False, **nothing | {"may_gain": pl.col("tokens")}
    )
    hidden = known.select(*COUNT, "hidden").unique()
    return (
        pl.concat([known.select(nobody.columns), nobody, contesters])
        .group_by(*COUNT, "country_code")
        .agg(*(exact_sum(name) for name in nothing), models=pl.col("named").sum())
        .with_columns(totals())
        .join(hidden, on=COUNT, how="left")
        .with_columns(pl.col("hidden").fill_null(0))
        .join(shapes(covered), on=[*STATE, "method"])
    )


def _bounds(counts: pl.DataFrame) -> pl.DataFrame:
    """Each country's tokens and share, and the intervals in which the truth lies."""
    tokens, hidden = pl.col("tokens"), pl.col("hidden")
    attributed = pl.col("total") - pl.col("unattributed")
    known = pl.col("country_code") != UNATTRIBUTED
    most = pl.col("total") + hidden
    largest = pl.when(most > 0).then(most)
    unattributed = pl.when(known).then("unattributed").otherwise(0)
    gained = tokens + pl.col("may_gain") + unattributed
    everything = counts.filter(method=EVERYTHING).select(*STATE, "knowledge", "country_code", of_all=gained)
    # Where entries may yet come in, a country can have as much as of all models, and no more.
    tokens_hi = pl.when("open").then("of_all").otherwise(gained + hidden)
    bounded = counts.join(everything, on=[*STATE, "knowledge", "country_code"], how="left").with_columns(
        tokens_lo=pl.when(known & ~pl.col("open")).then(tokens - pl.col("may_lose")).otherwise(0),
        tokens_hi=pl.when(~pl.col("unknown")).then(tokens_hi),
    )
    return bounded.with_columns(
        share=pl.when(known & (attributed > 0)).then(tokens / attributed),
        share_lo=(pl.col("tokens_lo") / largest).fill_null(0.0),
        share_hi=pl.when(~pl.col("open")).then(pl.col("tokens_hi") / largest).fill_null(1.0),
    )


def _ranks(counts: pl.DataFrame) -> pl.DataFrame:
    """Each country's rank, and the best and worst that the unattributed and contested tokens could make it.

    At best the country has everything that it contests, and its rivals nothing that is contested. At worst it is the
    other way round, and a rival counts when a share of the unattributed tokens could bring it level or ahead; the
    cheapest gaps are filled first. One country that is not listed is a rival with no tokens.
    """
    named = counts.filter(pl.col("country_code") != UNATTRIBUTED).select(
        *COUNT,
        "country_code",
        "tokens",
        "open",
        "unknown",
        least=pl.col("tokens") - pl.col("may_lose"),
        most=pl.col("tokens") + pl.col("may_gain"),
        spare=pl.col("unattributed") + pl.col("hidden"),
    )
    sizes = ("tokens", "least", "most")
    unlisted = named.select(
        *COUNT, rival=pl.lit(UNATTRIBUTED), **{f"rival_{name}": pl.lit(0, pl.Int64) for name in sizes}
    )
    listed = named.select(*COUNT, rival="country_code", **{f"rival_{name}": pl.col(name) for name in sizes})
    gap = pl.max_horizontal(pl.col("least") - pl.col("rival_most"), pl.lit(0))
    return (
        named.join(pl.concat([listed, unlisted.unique()]), on=COUNT)
        .filter(pl.col("rival") != pl.col("country_code"))
        .with_columns(gap=gap)
        .sort("gap")
        .group_by(*COUNT, "country_code", maintain_order=True)
        .agg(
            rank=1 + (pl.col("rival_tokens") > pl.col("tokens")).sum(),
            # Where entries may be pushed out, no lead is too large to be lost or won.
            rank_best=1
            + (~pl.col("open") & (pl.col("rival_least") > pl.col("most") + pl.col("spare"))).sum(),
            rank_worst=1
            + (pl.col("open") | (pl.col("gap").cast(pl.Int128).cum_sum() <= pl.col("spare"))).sum(),
            unknown=pl.col("unknown").first(),
        )
        .with_columns(rank_worst=pl.when(~pl.col("unknown")).then("rank_worst"))
        .drop("unknown")
    )


SETTING = (*COUNT, "country_code")
