"""What each week's figures rest on."""

from schemas import fields
from schemas.table import Column, Kind, Table

WEEK_COVERAGE = Table(
    name="week_coverage",
    doc="One row a week: which grain was used, how many days of it there are, and how final they are.",
    key=("week_start",),
    summary="what each week's figures rest on",
    columns=(
        fields.week_start,
        fields.iso_year,
        fields.iso_week,
        fields.grain,
        fields.days_observed,
        fields.vanished_days,
        fields.extent,
        fields.depth,
        Column(
            "truncated",
            Kind.FLAG,
            "A nonzero `other` stands behind fewer than 50 named rows, so only the nine largest entries "
            "can be ranked.",
        ),
        Column(
            "nine_known",
            Kind.FLAG,
            "Whether the nine largest named entries of the week are certain: not those of days that are cut short, of "
            "fewer than nine names, or of a list that may be a selection.",
        ),
        fields.status,
        fields.as_of,
    ),
    version=2,
)
