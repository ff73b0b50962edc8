"""The largest models of each country."""

from dataclasses import replace

from schemas import fields
from schemas.table import Table

COUNTRY_TOP_MODELS = Table(
    name="country_top_models",
    doc="One row a week, method, knowledge, country and model: the ten largest of each country.",
    key=("week_start", "method", "knowledge", "country_code", "rank", "model_permaslug"),
    summary="each country's ten largest models",
    columns=(
        fields.week_start,
        fields.method,
        fields.knowledge,
        fields.country_code,
        replace(fields.rank, doc="Rank among the country's models; equal tokens, equal rank.", brief=True),
        fields.model_permaslug,
        fields.organisation,
        fields.tokens,
        replace(fields.optional(fields.share), doc="Share of the country's tokens."),
        fields.status,
        fields.as_of,
    ),
)
