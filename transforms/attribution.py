"""Model -> organisation -> country, as known at a given time."""

import polars as pl

from schemas.fields import KNOWLEDGE, OTHER, UNATTRIBUTED, Knowledge
from schemas.reference import Reference, at_least
from transforms.vintages import STATE
from transforms.weeks import WEEK, moment

UNKNOWN = "unknown"

MODEL = (*STATE, "model_permaslug")


def attribution(models: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """In each state whose each model is, as known then and now: `attribution` and `STATE`.

    models: columns of `STATE`, model_permaslug and author. An override of the one model goes before its
    author. A model that no fact gives to an organisation is `ZZ`, and `attribution` says why.
    """
    return pl.concat(_attribution(models, reference, knowledge) for knowledge in KNOWLEDGE)


def author(permaslug: pl.Expr) -> pl.Expr:
    """The part before the slash, in lower case: who publishes the model.

    Letters outside ASCII stay as they are: one that only looks like a known author's makes another author.
    """
    name = permaslug.str.splitn("/", 2).struct.field("field_0")
    return pl.when(name.str.contains(r"^[ -~]*$")).then(name.str.to_lowercase()).otherwise(name)


def variant(permaslug: pl.Expr) -> pl.Expr:
    """The part after the colon in lower case, such as `free`; null where there is none."""
    return permaslug.str.splitn(":", 2).struct.field("field_1").str.to_lowercase()


def base(permaslug: pl.Expr) -> pl.Expr:
    """The permaslug without its variant, its author in lower case: as an override names it."""
    return spelling(permaslug.str.splitn(":", 2).struct.field("field_0"))


def spelling(permaslug: pl.Expr) -> pl.Expr:
    """The permaslug with its author in lower case: what the spellings of one name have in common."""
    model = permaslug.str.splitn("/", 2).struct.field("field_1")
    # `other` has no author.
    return pl.coalesce(pl.concat_str(author(permaslug), model, separator="/"), permaslug)


def _attribution(models: pl.DataFrame, reference: Reference, knowledge: Knowledge) -> pl.DataFrame:
    asked = models.select(*MODEL, "author")
    overrides = _overrides(asked, reference, knowledge)
    authors = _valid(asked.join(reference.authors, on="author")).select(
        *MODEL, "kind", "base_country", author_organisation="organisation", author_reason="reason"
    )
    facts = (
        asked.join(overrides, on=MODEL, how="left")
        .join(authors, on=MODEL, how="left")
        .with_columns(
            attribution=pl.when(pl.col("model_permaslug") == OTHER)
            .then(pl.lit(OTHER))
            .otherwise(pl.coalesce("override", "kind", pl.lit(UNKNOWN))),
            organisation=pl.coalesce("organisation", "author_organisation"),
            reason=pl.coalesce("reason", "author_reason"),
        )
    )
    seats = _valid(facts.drop_nulls("organisation").join(reference.organisations, on="organisation"))
    # An organisation that had no seat in that week has no country to give.
    homeless = pl.col("organisation").is_not_null() & pl.col("country_code").is_null()
    placed = facts.join(seats.select(*MODEL, "country_code"), on=MODEL, how="left").with_columns(
        attribution=pl.when(homeless).then(pl.lit(UNKNOWN)).otherwise("attribution")
    )
    return placed.select(
        *MODEL,
        "author",
        "organisation",
        pl.col("country_code").fill_null(UNATTRIBUTED),
        "base_country",
        "attribution",
        "confidence",
        "known_from",
        "reason",
        knowledge=pl.lit(knowledge),
    )


def _overrides(models: pl.DataFrame, reference: Reference, knowledge: Knowledge) -> pl.DataFrame:
    """The overrides that count for each model in each state; one names a model without its variant.

    What counts as known `then` was known before the Monday that ends the week, and `now` at the state's own
    moment. An override without a day was never known then, and is known now at any moment.
    """
    sure = reference.overrides.filter(pl.col("confidence").is_in(at_least(reference.minimum_confidence)))
    asked = models.select(*MODEL, permaslug=base(pl.col("model_permaslug")))
    found = _valid(asked.join(sure, on="permaslug"))
    known_from, known_to = moment(pl.col("known_from")), moment(pl.col("known_to"))
    if knowledge == "then":
        closed = moment(pl.col("week_start") + WEEK)
        limit = pl.min_horizontal(closed - pl.duration(microseconds=1), "known_at")
        known = (known_from <= limit).fill_null(False)
    else:
        limit = pl.col("known_at")
        known = (known_from <= limit).fill_null(True)
    counts = known & (known_to.is_null() | (known_to > limit))
    return found.filter(counts).select(
        *MODEL, "organisation", "confidence", "known_from", "reason", override="kind"
    )


def _valid(facts: pl.DataFrame) -> pl.DataFrame:
    """Those facts that held in the world on the week's Monday; `valid_to` is the first day they did not."""
    return facts.filter(
        pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("week_start")),
        pl.col("valid_to").is_null() | (pl.col("week_start") < pl.col("valid_to")),
    )


def unknown_authors(models: pl.DataFrame) -> pl.DataFrame:
    """Authors of `model_week` that no reference file decides, with their tokens, the largest first."""
    return tokens_by_author(models.filter(pl.col("attribution") == "unknown"))


def tokens_by_author(rows: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.group_by("author").agg(pl.col("tokens").sum()).sort("tokens", "author", descending=[True, False])
    )
