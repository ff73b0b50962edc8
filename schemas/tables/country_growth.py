"""How much each country grew, and out of what."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table


def _part(name: str, doc: str) -> Column:
    return Column(name, Kind.INTEGER, doc, unit="tokens", brief=True)


COUNTRY_GROWTH = Table(
    name="country_growth",
    doc="One row a week, method, knowledge, country and span, where both weeks are complete. The four parts sum "
    "to the change, to the token; each model is in the first part that fits it.",
    key=("week_start", "method", "knowledge", "country_code", "span_weeks"),
    summary="how much each country grew, and out of what",
    may_be_empty=True,
    columns=(
        fields.week_start,
        fields.method,
        fields.knowledge,
        fields.country_code,
        Column(
            "span_weeks",
            Kind.INTEGER,
            "How many weeks before the other week lies.",
            unit="weeks",
            minimum=1,
            maximum=4,
            brief=True,
        ),
        replace(fields.tokens, brief=False),
        replace(fields.tokens, name="tokens_before", doc="Tokens in the other week.", brief=False),
        _part("change", "Tokens less those of the other week."),
        Column("growth", Kind.NUMBER, "change / tokens_before.", unit="fraction", nullable=True, brief=True),
        _part(
            "from_reveals", "Change from models that an override of their own gives to the country or takes."
        ),
        _part("from_new_models", "Change from models that were in no week up to the other one."),
        _part("from_free_variants", "Change from the remaining `:free` variants."),
        _part("from_rest", "Change from all others."),
        fields.status,
        fields.as_of,
    ),
)
