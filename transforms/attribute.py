"""Model -> organisation -> country, as known at a given time."""

import polars as pl

from schemas.fields import KNOWLEDGE, OTHER, UNATTRIBUTED, Knowledge
from schemas.model_week import MODEL_WEEK
from schemas.reference import Reference, at_least
from transforms.exact import exact_sum
from transforms.vintages import used
from transforms.weeks import WEEK


def model_week(entries: pl.LazyFrame, coverage: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """`model_week`: tokens by week and model, attributed as known now and as known when the week closed.

    entries: `ranking_entry` with every vintage; the newest of each bucket counts.
    coverage: the `week_coverage` of the same entries.
    """
    named = pl.col("model_permaslug") != OTHER
    daily = pl.col("grain") == "day"
    sums = (
        used(entries, coverage)
        .group_by("week_start", "model_permaslug")
        .agg(tokens=exact_sum("tokens"), days=pl.len())
        .collect()
        .join(coverage, on="week_start")
        .with_columns(
            author=pl.when(named).then(author(pl.col("model_permaslug"))),
            variant=pl.when(named).then(variant(pl.col("model_permaslug"))),
            days_listed=pl.when(named & daily).then("days"),
            share=pl.col("tokens") / _positive(pl.col("tokens").sum().over("week_start")),
            rank=pl.when(named).then(pl.col("tokens").rank("min", descending=True).over("week_start", named)),
        )
    )
    facts = (
        attribution(sums, reference, knowledge).rename({name: f"{name}{suffix}" for name in _FACTS})
        for knowledge, suffix in zip(KNOWLEDGE, ("_then", ""), strict=True)
    )
    for each in facts:
        sums = sums.join(each, on=["week_start", "model_permaslug"])
    return MODEL_WEEK.conform(sums)


_FACTS = ("organisation", "country_code", "attribution")


def attribution(models: pl.DataFrame, reference: Reference, knowledge: Knowledge) -> pl.DataFrame:
    """Whose each model is in each week: week_start, model_permaslug, organisation, country_code, attribution.

    models: columns week_start, model_permaslug and author. A dated reveal that counts goes before the author.
    A model that no fact gives to an organisation is `ZZ`, and `attribution` says why.
    """
    revealed = _reveals(models, reference, knowledge)
    by_author = _valid(models.join(reference.authors, on="author"))
    facts = (
        models.select("week_start", "model_permaslug")
        .join(revealed, on=["week_start", "model_permaslug"], how="left")
        .join(
            by_author.select("week_start", "model_permaslug", "kind", author_organisation="organisation"),
            on=["week_start", "model_permaslug"],
            how="left",
        )
        .with_columns(
            attribution=pl.when(pl.col("model_permaslug") == OTHER)
            .then(pl.lit(OTHER))
            .when(pl.col("organisation").is_not_null())
            .then(pl.lit("reveal"))
            .otherwise(pl.col("kind").fill_null("unknown")),
            organisation=pl.coalesce("organisation", "author_organisation"),
        )
    )
    seats = _valid(facts.drop_nulls("organisation").join(reference.organisations, on="organisation")).select(
        "week_start", "model_permaslug", "country_code"
    )
    return facts.join(seats, on=["week_start", "model_permaslug"], how="left").select(
        "week_start",
        "model_permaslug",
        "organisation",
        pl.col("country_code").fill_null(UNATTRIBUTED),
        "attribution",
    )


def author(permaslug: pl.Expr) -> pl.Expr:
    """The part before the slash: who publishes the model."""
    return permaslug.str.splitn("/", 2).struct.field("field_0")


def variant(permaslug: pl.Expr) -> pl.Expr:
    """The part after the colon, such as `free`; null where there is none."""
    return permaslug.str.splitn(":", 2).struct.field("field_1")


def _reveals(models: pl.DataFrame, reference: Reference, knowledge: Knowledge) -> pl.DataFrame:
    """The reveals that count for each model and week; one names a model without its variant."""
    base = pl.col("model_permaslug").str.splitn(":", 2).struct.field("field_0")
    sure = reference.reveals.filter(pl.col("confidence").is_in(at_least(reference.minimum_confidence)))
    found = models.select("week_start", "model_permaslug", permaslug=base).join(sure, on="permaslug")
    if knowledge == "then":
        closed = pl.col("week_start") + WEEK
        found = found.filter(
            pl.col("known_from") < closed,
            pl.col("known_to").is_null() | (pl.col("known_to") >= closed),
        )
    else:
        found = found.filter(pl.col("known_to").is_null())
    return found.select("week_start", "model_permaslug", "organisation")


def _valid(facts: pl.DataFrame) -> pl.DataFrame:
    """Those facts that held in the world on the week's Monday; `valid_to` is the first day they did not."""
    return facts.filter(
        pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("week_start")),
        pl.col("valid_to").is_null() | (pl.col("week_start") < pl.col("valid_to")),
    )


def _positive(total: pl.Expr) -> pl.Expr:
    return pl.when(total > 0).then(total)
