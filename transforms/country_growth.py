"""Counted models -> what stands behind a figure: the models, the growth, the concentration, the unattributed."""

import polars as pl

from schemas.fields import OVERRIDES
from transforms.country_week import COUNT, SETTING
from transforms.exact import exact_sum, positive
from transforms.vintages import STATE
from transforms.weeks import WEEK

SPANS = (1, 4)
"""Weeks over which growth is told."""


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
    model = [*SETTING, "model_permaslug"]
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
        changes.group_by(SETTING)
        .agg(
            exact_sum("tokens"),
            exact_sum("tokens_before"),
            exact_sum("change"),
            *(pl.col("change").filter(pl.col("part") == part).sum().alias(part) for part in parts),
            pl.col("status", "as_of").first(),
        )
        .with_columns(
            growth=pl.col("change") / positive(pl.col("tokens_before")), span_weeks=pl.lit(span, pl.Int64)
        )
    )
