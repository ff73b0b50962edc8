"""What changed between two vintages, and whether the two grains of a week agree."""

from datetime import datetime

import polars as pl

from schemas.fields import KNOWLEDGE, OTHER, UNATTRIBUTED
from schemas.reference import Reference
from schemas.tables.reconciliation_week import TOTAL
from transforms.attribution import attribution, author
from transforms.exact import exact_sum
from transforms.vintages import MOMENT, PRESENT, standing
from transforms.weeks import moment

_BUCKET = ("week_start", "period", "date")
_ORDER = ("as_of", "capture")
_VINTAGE = (*_BUCKET, *_ORDER)


def revisions(entries: pl.DataFrame, reference: Reference, at: datetime = PRESENT) -> pl.DataFrame:
    """What each vintage but a bucket's first changed, by model, by country and in total: `revisions`.

    at: the moment as of which countries are known. Only captures that show as much as any of the bucket are compared:
    that another shows less is no change at the source.
    """
    entries = standing(entries)
    vintages = (
        entries.select(*_VINTAGE)
        .unique()
        .sort(_VINTAGE)
        .with_columns(pl.col(_ORDER).shift().over(_BUCKET).name.suffix("_before"))
    )
    named = _levels(entries.join(_restated(vintages), on=_BUCKET, how="semi"), reference, at)
    revised = vintages.drop_nulls("capture_before")
    after = revised.join(named, on=_VINTAGE)
    before = revised.join(
        named, left_on=[*_BUCKET, "as_of_before", "capture_before"], right_on=[*_BUCKET, *_ORDER]
    )
    row = [*_VINTAGE, "as_of_before", "capture_before", "level", "name"]
    both = before.select(*row, "tokens", "rank").join(
        after.select(*row, "tokens", "rank"), on=row, how="full", coalesce=True, suffix="_after"
    )
    length = pl.when(pl.col("period") == "day").then(pl.duration(days=1)).otherwise(pl.duration(days=7))
    age = pl.col("as_of") - moment(pl.col("date")) - length
    # A column and no number: Polars divides by a number in two ways, and their last bits differ.
    day = moment(pl.col("date") + pl.duration(days=1)) - moment(pl.col("date"))
    leaders = _leaders(named)
    return (
        both.join(leaders, on=_VINTAGE, how="left")
        .join(
            leaders.rename({"leader": "leader_before", "as_of": "as_of_before", "capture": "capture_before"}),
            on=[*_BUCKET, "as_of_before", "capture_before"],
            how="left",
        )
        .rename({"tokens": "tokens_before", "rank": "rank_before"})
        .rename({"tokens_after": "tokens", "rank_after": "rank"})
        .with_columns(
            change=pl.col("tokens").fill_null(0) - pl.col("tokens_before").fill_null(0),
            rank_changed=pl.col("rank").ne_missing(pl.col("rank_before")),
            leader_changed=pl.col("leader").ne_missing(pl.col("leader_before")),
            age_days=age.dt.total_microseconds() / day.dt.total_microseconds(),
        )
        .filter(pl.col("tokens").ne_missing(pl.col("tokens_before")))
    )


def _restated(vintages: pl.DataFrame) -> pl.DataFrame:
    """Buckets that have more than one vintage."""
    return vintages.drop_nulls("capture_before").select(_BUCKET).unique()


def _leaders(named: pl.DataFrame) -> pl.DataFrame:
    """The leading country of each vintage of each bucket; of equal ones the first by code."""
    return (
        named.filter(pl.col("level") == "country", pl.col("name") != UNATTRIBUTED)
        .sort("tokens", "name", descending=[True, False])
        .group_by(_VINTAGE)
        .agg(leader=pl.col("name").first())
    )


def _levels(entries: pl.DataFrame, reference: Reference, at: datetime) -> pl.DataFrame:
    """Tokens and rank of each name of each level in each vintage; `other` and `ZZ` have no rank."""
    whose = (
        entries.select("week_start", "model_permaslug")
        .unique()
        .with_columns(
            known_at=pl.lit(at, MOMENT),
            author=pl.when(pl.col("model_permaslug") != OTHER).then(author(pl.col("model_permaslug"))),
        )
    )
    now = attribution(whose, reference).filter(pl.col("knowledge") == KNOWLEDGE[1])
    rows = entries.join(
        now.select("week_start", "model_permaslug", "country_code"), on=["week_start", "model_permaslug"]
    )
    names = {"model": pl.col("model_permaslug"), "country": pl.col("country_code"), "total": pl.lit(TOTAL)}
    unranked = pl.col("name").is_in([OTHER, UNATTRIBUTED, TOTAL])
    return (
        pl.concat(
            rows.select(*_VINTAGE, "tokens", level=pl.lit(level), name=name) for level, name in names.items()
        )
        .group_by(*_VINTAGE, "level", "name")
        .agg(exact_sum("tokens"))
        .with_columns(
            rank=pl.when(~unranked).then(
                pl.col("tokens").rank("min", descending=True).over(*_VINTAGE, "level", unranked)
            )
        )
    )
