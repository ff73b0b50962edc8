"""What no country can claim, by name."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

UNATTRIBUTED_WEEK = Table(
    name="unattributed_week",
    doc="One row a week, method, knowledge and name: the `other` row, cloaked models by permaslug, undecided and "
    "unknown authors by slug. The rows of a week and method sum to its ZZ row, to the token.",
    key=("week_start", "method", "knowledge", "attribution", "name"),
    summary="what no country can claim, by name",
    may_be_empty=True,
    columns=(
        fields.week_start,
        fields.method,
        fields.knowledge,
        replace(fields.attribution, values=("other", "cloaked", "undecided", "unknown"), brief=True),
        Column("name", Kind.TEXT, "The model's permaslug, or the author's slug.", brief=True),
        fields.tokens,
        replace(fields.optional(fields.share), doc="Share of the total; empty where that is unknown."),
        fields.status,
        fields.as_of,
    ),
)
