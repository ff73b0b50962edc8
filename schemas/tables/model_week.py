"""Tokens by model and week, each model with the organisation and country that it is attributed to."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

MODEL_WEEK = Table(
    name="model_week",
    doc="One row a week and model, and the `other` row. Whose a model is stands here as known now; "
    "`attribution` has it as known when the week closed, too.",
    key=("week_start", "model_permaslug"),
    summary="tokens by model, with its country",
    columns=(
        fields.week_start,
        fields.model_permaslug,
        fields.author,
        Column("variant", Kind.TEXT, "The permaslug's part after the colon, such as `free`.", nullable=True),
        fields.organisation,
        fields.country_code,
        fields.base_country,
        fields.attribution,
        fields.tokens,
        replace(
            fields.optional(fields.share),
            doc="Share of all tokens of the week, `other` among them; empty where their total is unknown.",
        ),
        replace(
            fields.optional(fields.rank),
            doc="Rank among the named models of the week; empty where its total is unknown.",
            brief=True,
        ),
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
