"""Tokens by model and week, each model with the organisation and country that it is attributed to."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

organisation = Column(
    "organisation",
    Kind.TEXT,
    "The organisation behind the model: its id in the reference files.",
    nullable=True,
)
attribution = Column(
    "attribution",
    Kind.TEXT,
    "Why the country: the author's `organisation`; a dated `reveal` of a cloaked model; or, for ZZ, still "
    "`cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.",
    values=fields.ATTRIBUTIONS,
)


def _then(column: Column) -> Column:
    """The same fact as it was known when the week closed."""
    return replace(
        column, name=f"{column.name}_then", doc=f"`{column.name}` as known when the week closed.", brief=False
    )


MODEL_WEEK = Table(
    name="model_week",
    doc="One row a week and model, and the `other` row. Organisation, country and attribution are those "
    "known now; the `_then` columns hold what was known when the week closed.",
    key=("week_start", "model_permaslug"),
    columns=(
        fields.week_start,
        fields.model_permaslug,
        Column("author", Kind.TEXT, "The permaslug's part before the slash.", nullable=True),
        Column("variant", Kind.TEXT, "The permaslug's part after the colon, such as `free`.", nullable=True),
        organisation,
        fields.country_code,
        attribution,
        _then(organisation),
        _then(fields.country_code),
        _then(attribution),
        fields.tokens,
        replace(fields.optional(fields.share), doc="Share of all tokens of the week, `other` among them."),
        replace(fields.optional(fields.rank), doc="Rank among the named models of the week.", brief=True),
        fields.days_observed,
        Column(
            "days_listed",
            Kind.INTEGER,
            "Days on which the model was among the named rows; empty where the grain is a week.",
            unit="days",
            nullable=True,
            minimum=1,
            maximum=7,
        ),
        fields.status,
        fields.as_of,
    ),
)
