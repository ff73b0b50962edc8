"""From which vintage each day or week bucket comes."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

BUCKET_COVERAGE = Table(
    name="bucket_coverage",
    doc="One row a bucket that is held: the vintage that stands for it, and whether it is still at the source.",
    key=("week_start", "period", "date"),
    summary="from which vintage each day comes",
    columns=(
        fields.week_start,
        fields.period,
        fields.bucket,
        replace(fields.as_of, doc="The vintage that stands for it.", brief=True),
        fields.capture,
        Column(
            "used",
            Kind.FLAG,
            "Whether the week's figures are made of it, or only reconciled with it.",
            brief=True,
        ),
        Column(
            "vanished", Kind.FLAG, "The source no longer gives it; what it gave before stands.", brief=True
        ),
        Column(
            "settled", Kind.FLAG, "It was looked at on or after the Friday that follows its week.", brief=True
        ),
        fields.depth,
        Column(
            "truncated",
            Kind.FLAG,
            "A nonzero `other` stands behind fewer than 50 named rows.",
        ),
    ),
)
