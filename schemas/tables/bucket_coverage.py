"""From which vintage each day or week bucket comes."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

POORER, OTHER_GRAIN, UNKNOWN_TOTAL = UNUSED = ("poorer", "other grain", "unknown total")

BUCKET_COVERAGE = Table(
    name="bucket_coverage",
    doc="One row a bucket and amount that captures show of it: the newest vintage of those, whether the week's figures "
    "are made of it and, if not, why.",
    key=("week_start", "period", "date", "capture"),
    summary="from which vintage each day comes",
    every_vintage=True,
    columns=(
        fields.week_start,
        fields.period,
        fields.bucket,
        replace(fields.as_of, doc="The newest vintage of those that show as much of it.", brief=True),
        fields.capture,
        Column(
            "used",
            Kind.FLAG,
            "Whether the week's figures are made of it.",
            brief=True,
        ),
        Column(
            "unused_reason",
            Kind.TEXT,
            "Why they are not: `poorer`, another capture shows more of the bucket; `other grain`, the week is made of "
            "days where this is a week, or the reverse; `unknown total`, its list has no `other`.",
            nullable=True,
            values=UNUSED,
            brief=True,
        ),
        Column(
            "vanished", Kind.FLAG, "The source no longer gives it; what it gave before stands.", brief=True
        ),
        Column(
            "settled", Kind.FLAG, "It was looked at on or after the Friday that follows its week.", brief=True
        ),
        fields.extent,
        fields.tier,
        replace(fields.depth, doc="Named rows in the bucket."),
        Column(
            "truncated",
            Kind.FLAG,
            "A nonzero `other` stands behind fewer than 50 named rows.",
        ),
    ),
    version=2,
)
