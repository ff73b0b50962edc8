"""The same week by days and as a week's bucket."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

TOTAL = "total"

RECONCILIATION_WEEK = Table(
    name="reconciliation_week",
    doc="One row a week and model that both grains name, and one `total` row, where all seven days and the week's "
    "own bucket are held.",
    key=("week_start", "model_permaslug"),
    summary="the same week by days and as the source's own week",
    may_be_empty=True,
    columns=(
        fields.week_start,
        replace(fields.model_permaslug, doc="The model, or `total` for all tokens of the week."),
        replace(fields.tokens, name="tokens_days", doc="Sum over the seven days."),
        replace(fields.tokens, name="tokens_week", doc="Tokens in the week's bucket."),
        Column("difference", Kind.INTEGER, "tokens_days - tokens_week.", unit="tokens", brief=True),
        Column(
            "difference_ratio",
            Kind.NUMBER,
            "difference / tokens_week.",
            unit="fraction",
            nullable=True,
            brief=True,
        ),
        Column(
            "within_tolerance",
            Kind.FLAG,
            "Whether the two agree well enough.",
            usual=(True,),
            brief=True,
        ),
        fields.as_of,
    ),
)
