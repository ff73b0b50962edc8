"""model_week -> country_week, with bounds."""

import polars as pl

from schemas.country_week import COUNTRY_WEEK
from schemas.fields import KNOWLEDGE, OTHER, UNATTRIBUTED, Knowledge
from schemas.methods import METHODS, Method
from transforms.exact import exact_sum
from transforms.methods import counted, ranks_truncated

_WEEK = ("week_start", "method", "knowledge")


def country_week(models: pl.DataFrame, coverage: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
    """`country_week`: every week counted by every method, with what was known then and is known now.

    models: `model_week`, where country_code is `ZZ` when unattributed and `other` is a row.
    countries: columns country_code and country_name.
    """
    counts = pl.concat(
        _tokens_by_country(counted(models, method), method, knowledge)
        for method in METHODS
        for knowledge in KNOWLEDGE
    )
    whole = pl.col("method").is_in([each.name for each in METHODS if ranks_truncated(each)])
    figures = (
        _bounds(counts)
        .join(_ranks(counts), on=[*_WEEK, "country_code"], how="left")
        .join(coverage, on="week_start")
        .join(countries, on="country_code")
    )
    point = whole | ~pl.col("truncated")
    certain = pl.col("rank_best") == pl.col("rank_worst")
    return COUNTRY_WEEK.conform(
        figures.with_columns(share=pl.when(point).then("share"), rank=pl.when(point | certain).then("rank"))
    )


def _tokens_by_country(models: pl.DataFrame, method: Method, knowledge: Knowledge) -> pl.DataFrame:
    """Tokens and named models by week and country, and a `ZZ` row for each week."""
    code = "country_code" if knowledge == "now" else "country_code_then"
    nobody = models.select(
        "week_start", country_code=pl.lit(UNATTRIBUTED), tokens=pl.lit(0, pl.Int64)
    ).unique()
    rows = models.select(
        "week_start", country_code=code, tokens="tokens", named=pl.col("model_permaslug") != OTHER
    )
    return (
        pl.concat([rows, nobody.with_columns(named=False)])
        .group_by("week_start", "country_code")
        .agg(tokens=exact_sum("tokens"), models=pl.col("named").sum())
        .with_columns(method=pl.lit(method.name), knowledge=pl.lit(knowledge))
    )


def _bounds(counts: pl.DataFrame) -> pl.DataFrame:
    """Each country's share and the interval in which the truth lies."""
    tokens = pl.col("tokens")
    attributed = pl.col("total") - pl.col("unattributed")
    known = pl.col("country_code") != UNATTRIBUTED
    total = pl.when(pl.col("total") > 0).then("total")
    return (
        _with_totals(counts)
        .with_columns(tokens_hi=pl.when(known).then(tokens + pl.col("unattributed")).otherwise(tokens))
        .with_columns(
            share=pl.when(known & (attributed > 0)).then(tokens / attributed),
            share_lo=pl.when(known).then(tokens / total).otherwise(0.0).fill_null(0.0),
            share_hi=(pl.col("tokens_hi") / total).fill_null(1.0),
        )
    )


def _with_totals(counts: pl.DataFrame) -> pl.DataFrame:
    unattributed = pl.col("tokens").filter(pl.col("country_code") == UNATTRIBUTED)
    return counts.with_columns(
        total=exact_sum("tokens").over(_WEEK), unattributed=unattributed.sum().over(_WEEK)
    )


def _ranks(counts: pl.DataFrame) -> pl.DataFrame:
    """Each country's rank, and the best and worst that the unattributed tokens could make it.

    A rival counts against the worst rank when a share of the unattributed tokens could bring it level or
    ahead; the cheapest gaps are filled first. One country that is not listed is a rival with no tokens.
    """
    named = _with_totals(counts).filter(pl.col("country_code") != UNATTRIBUTED)
    unlisted = named.select(*_WEEK, rival=pl.lit(UNATTRIBUTED), rival_tokens=pl.lit(0, pl.Int64)).unique()
    rivals = pl.concat([named.select(*_WEEK, rival="country_code", rival_tokens="tokens"), unlisted])
    tokens, rival, spare = pl.col("tokens"), pl.col("rival_tokens"), pl.col("unattributed")
    gap = pl.max_horizontal(tokens - rival, pl.lit(0))
    return (
        named.join(rivals, on=_WEEK)
        .filter(pl.col("rival") != pl.col("country_code"))
        .with_columns(gap=gap)
        .sort("gap")
        .group_by(*_WEEK, "country_code", "tokens", "unattributed", maintain_order=True)
        .agg(
            rank=1 + (rival > pl.col("tokens").first()).sum(),
            rank_best=1 + (rival > tokens.first() + spare.first()).sum(),
            rank_worst=1 + (pl.col("gap").cast(pl.Int128).cum_sum() <= spare.first()).sum(),
        )
        .drop("tokens", "unattributed")
    )
