"""How far a week is from the weeks before it: `drift_week`.

What is compared is a function of what is held, never of what was published last, so that every order of arrival
gives the same verdict.
"""

import polars as pl

from schemas.fields import COMPLETE, OTHER, UNATTRIBUTED
from schemas.tables.drift_week import MEASURES, WHOLE_WEEK
from transforms.exact import exact_sum
from transforms.weeks import WEEK

TRAILING = 8
"""Complete weeks that a week is compared with."""

OLDEST = 12 * WEEK
"""How long ago the first of them may be: across a longer gap nothing is usual."""


def author_tokens(models: pl.DataFrame) -> pl.DataFrame:
    """Tokens of each week by author, those of `other` under none. models: `model_tokens`."""
    return models.group_by("week_start", "author").agg(exact_sum("tokens")).sort("week_start", "author")


def drift_week(
    models: pl.DataFrame,
    authors: pl.DataFrame,
    covered: pl.DataFrame,
    countries: pl.DataFrame,
    revisions: pl.DataFrame,
) -> pl.DataFrame:
    """Every measure of every complete week: `drift_week`.

    models: `model_week`, which each week's and the week's before will do for; authors: `author_tokens`; covered:
    `coverage`; countries: `country_week`; revisions: `revisions`.
    """
    # Of a list without a total nothing can be compared.
    complete = covered.filter(pl.col("status") != "incomplete", pl.col("extent") == COMPLETE)
    shape = complete.select("week_start", "grain", "truncated")
    # A chart that is cut short names too few to tell who is new, and a week's bucket fewer than its days.
    whole, by_author = (
        each.join(shape, on="week_start").filter(~pl.col("truncated")) for each in (models, authors)
    )
    everything = (pl.col("method") == "all_models") & (pl.col("knowledge") == "now")
    shares = countries.filter(everything).join(complete.select("week_start"), on="week_start")
    measured = {
        "total": _total(authors.join(shape, on="week_start")),
        "churn": _churn(whole),
        "share_jump": _share_jump(shares),
        "new_author": _new_author(by_author),
        "unattributed": _unattributed(whole),
        "restated": _restated(revisions, complete),
    }
    rows = [
        measured[each.name].select(
            "week_start",
            pl.lit(each.name).alias("measure"),
            "subject",
            pl.col("value").cast(pl.Float64),
            pl.lit(each.low, pl.Float64).alias("usual_low"),
            pl.lit(each.high, pl.Float64).alias("usual_high"),
        )
        for each in MEASURES
    ]
    return pl.concat(rows).join(complete.select("week_start", "status", "as_of"), on="week_start")


def _totals(authors: pl.DataFrame) -> pl.DataFrame:
    # A ratio needs no exact tokens, and a sum of eight weeks could pass 2^63.
    tokens = pl.col("tokens").cast(pl.Float64).sum()
    return authors.group_by("week_start").agg(total=tokens).sort("week_start")


def _total(authors: pl.DataFrame) -> pl.DataFrame:
    # Added up anew for each week: a sum that rolls on keeps a hair of every week before.
    mean = pl.sum_horizontal(pl.col("total").shift(ago) for ago in range(1, TRAILING + 1)) / TRAILING
    recent = pl.col("week_start").shift(TRAILING) >= pl.col("week_start") - OLDEST
    return (
        _totals(authors)
        .with_columns(value=pl.when(recent & (mean > 0)).then(pl.col("total") / mean))
        .drop_nulls("value")
        .with_columns(subject=pl.lit(WHOLE_WEEK))
    )


def _churn(models: pl.DataFrame) -> pl.DataFrame:
    named = models.filter(pl.col("model_permaslug") != OTHER).select("week_start", "grain", "model_permaslug")
    before = named.with_columns(pl.col("week_start") + WEEK)
    return (
        named.join(before.select("week_start", "grain").unique(), on=["week_start", "grain"])
        .join(before.with_columns(known=True), on=named.columns, how="left")
        .group_by("week_start")
        .agg(value=pl.col("known").is_null().mean())
        .with_columns(subject=pl.lit(WHOLE_WEEK))
    )


def _share_jump(countries: pl.DataFrame) -> pl.DataFrame:
    shares = countries.filter(pl.col("country_code") != UNATTRIBUTED).select(
        "week_start", "share", subject="country_code"
    )
    shares = shares.drop_nulls("share")
    weeks = shares.select("week_start").unique()
    later = shares.with_columns(pl.col("week_start") + WEEK)
    compared = weeks.join(later.select("week_start").unique(), on="week_start")
    # A country that is new or gone had, or has, no share.
    return (
        shares.join(later, on=["week_start", "subject"], how="full", coalesce=True, suffix="_before")
        .join(compared, on="week_start")
        .with_columns(value=pl.col("share").fill_null(0) - pl.col("share_before").fill_null(0))
    )


def _new_author(by_author: pl.DataFrame) -> pl.DataFrame:
    authors = (
        by_author.filter(pl.col("author").is_not_null())
        .rename({"author": "subject"})
        .join(_totals(by_author).filter(pl.col("total") > 0), on="week_start")
        .with_columns(value=pl.col("tokens") / pl.col("total"))
    )
    held = authors.select("week_start", "grain").unique()
    seen = pl.concat(
        authors.select(pl.col("week_start") + ago * WEEK, "grain", "subject")
        for ago in range(1, TRAILING + 1)
    )
    # Where the weeks before are not all held, nobody can tell who is new.
    whole = (
        pl.concat(held.select(pl.col("week_start") + ago * WEEK, "grain") for ago in range(1, TRAILING + 1))
        .group_by("week_start", "grain")
        .len()
        .filter(pl.col("len") == TRAILING)
    )
    return authors.join(whole, on=["week_start", "grain"], how="semi").join(
        seen, on=["week_start", "grain", "subject"], how="anti"
    )


def _unattributed(models: pl.DataFrame) -> pl.DataFrame:
    nobodys = pl.col("tokens").filter(pl.col("country_code") == UNATTRIBUTED).cast(pl.Float64).sum()
    return (
        models.group_by("week_start")
        .agg(nobodys=nobodys, total=pl.col("tokens").cast(pl.Float64).sum())
        .filter(pl.col("total") > 0)
        .with_columns(value=pl.col("nobodys") / pl.col("total"), subject=pl.lit(WHOLE_WEEK))
    )


def _restated(revisions: pl.DataFrame, complete: pl.DataFrame) -> pl.DataFrame:
    """Of each day its newest vintage against the one before."""
    newest = pl.col("as_of") == pl.col("as_of").max().over("period", "date")
    part = pl.col("change").abs() / pl.col("tokens_before")
    return (
        revisions.filter((pl.col("level") == "total") & newest & (pl.col("tokens_before") > 0))
        .join(complete.select("week_start", "grain"), on="week_start")
        .filter(pl.col("period") == pl.col("grain"))
        .group_by("week_start")
        .agg(value=part.max())
        .with_columns(subject=pl.lit(WHOLE_WEEK))
    )
