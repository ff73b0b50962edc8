"""The source's rows as they were given, every vintage of every bucket."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

RANKING_ENTRY = Table(
    name="ranking_entry",
    doc="One row a bucket (a UTC day or a week), vintage and model, as the source gave it. "
    "A vintage is a run of equal content among the captures that show equally much; it begins at its `as_of`, in its "
    "`capture`.",
    key=("week_start", "period", "date", "as_of", "capture", "model_permaslug"),
    summary="the source's rows, every vintage",
    every_vintage=True,
    columns=(
        fields.week_start,
        fields.period,
        fields.bucket,
        fields.as_of,
        fields.model_permaslug,
        fields.tokens,
        Column("origin", Kind.TEXT, "Where the capture came from.", values=fields.ORIGINS),
        fields.capture,
        fields.tier,
        replace(fields.depth, doc="Named rows in the bucket."),
    ),
    version=2,
)
