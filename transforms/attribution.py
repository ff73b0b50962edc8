"""Model -> organisation -> country, as known at a given time."""

import polars as pl

from schemas.fields import KNOWLEDGE, OTHER, UNATTRIBUTED, Knowledge
from schemas.reference import ORGANISATIONS, Reference, at_least
from transforms.vintages import STATE
from transforms.weeks import WEEK, moment

UNKNOWN = "unknown"

MODEL = (*STATE, "model_permaslug")
_OF_EITHER = ("organisation", "confidence", "known_from", "reason")
"""What an override says in its author's stead."""


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
    authors = _held(asked, _sure_enough(reference), "author", knowledge).select(
        *STATE,
        "author",
        "kind",
        "base_country",
        *(pl.col(name).alias(f"author_{name}") for name in _OF_EITHER),
    )
    facts = (
        asked.join(overrides, on=MODEL, how="left")
        .join(authors, on=[*STATE, "author"], how="left")
        .with_columns(
            attribution=pl.when(pl.col("model_permaslug") == OTHER)
            .then(pl.lit(OTHER))
            .otherwise(pl.coalesce("override", "kind", pl.lit(UNKNOWN))),
            # An override goes whole: its reason, too, need not be the author's.
            **{
                name: pl.when(pl.col("override").is_null()).then(f"author_{name}").otherwise(name)
                for name in _OF_EITHER
            },
        )
    )
    seats = _held(facts, reference.organisations, "organisation", knowledge).select(
        *STATE, "organisation", "country_code", "contested_by", seat_reason="reason"
    )
    # An organisation that had no seat in that week has no country to give.
    homeless = pl.col("organisation").is_not_null() & pl.col("country_code").is_null()
    moved = {each.reason for each in reference.changed if each.file == ORGANISATIONS.name}
    placed = facts.join(seats, on=[*STATE, "organisation"], how="left").with_columns(
        attribution=pl.when(homeless).then(pl.lit(UNKNOWN)).otherwise("attribution"),
        # Where an operator moved the seat, that is what a reader has to know.
        reason=pl.when(pl.col("seat_reason").is_in(sorted(filter(None, moved))))
        .then(pl.concat_str("reason", "seat_reason", separator=" ", ignore_nulls=True))
        .otherwise("reason"),
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
        "contested_by",
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
    limit, known_to = _limit(knowledge), moment(pl.col("known_to"))
    known = (moment(pl.col("known_from")) <= limit).fill_null(knowledge == "now")
    counts = known & (known_to.is_null() | (known_to > limit))
    return found.filter(counts).select(
        *MODEL, "organisation", "confidence", "known_from", "reason", override="kind"
    )


def _sure_enough(reference: Reference) -> pl.DataFrame:
    """The authors; one of whom it is not sure enough who it is counts as undecided."""
    doubtful = ~pl.col("confidence").is_in(at_least(reference.minimum_confidence)).fill_null(True)
    return reference.authors.with_columns(
        kind=pl.when(doubtful).then(pl.lit("undecided")).otherwise("kind"),
        organisation=pl.when(~doubtful).then("organisation"),
    )


def _held(asked: pl.DataFrame, facts: pl.DataFrame, key: str, knowledge: Knowledge) -> pl.DataFrame:
    """Of each author or organisation the one fact that counts in each state: the last that had become known.

    A fact without a day was always known.
    """
    wanted = asked.select(*STATE, key).drop_nulls().unique()
    known = (moment(pl.col("known_from")) <= _limit(knowledge)).fill_null(True)
    return (
        _valid(wanted.join(facts, on=key))
        .filter(known)
        .sort("known_from", nulls_last=False)
        .unique([*STATE, key], keep="last", maintain_order=True)
    )


def _limit(knowledge: Knowledge) -> pl.Expr:
    """Until when something must have become known to count: `then` before the Monday that ends the week."""
    if knowledge == "now":
        return pl.col("known_at")
    closed = moment(pl.col("week_start") + WEEK)
    return pl.min_horizontal(closed - pl.duration(microseconds=1), "known_at")


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
