"""Whether each bucket was there when somebody looked, and late enough to be final."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

OBSERVATION = Table(
    name="observation",
    doc="One row a bucket and capture that told something of it beside its content: the first look after it had "
    "closed, one that finds it gone or back, the first on or after the Friday that settles its week; among those "
    "captures that show as much of the bucket or more. With `ranking_entry` it is all that any other table is "
    "computed from.",
    key=("week_start", "period", "date", "as_of", "capture"),
    summary="whether each bucket was there when somebody looked",
    every_vintage=True,
    columns=(
        fields.week_start,
        fields.period,
        fields.bucket,
        replace(fields.as_of, doc="The capture's own moment.", brief=True),
        fields.capture,
        Column("found", Kind.FLAG, "Whether the answer had rows of the bucket.", brief=True),
        replace(
            fields.tier,
            doc=f"{fields.tier.doc} Where it was not found, that of the capture's poorest bucket.",
        ),
        replace(fields.depth, doc="Named rows in it, or in the capture's poorest bucket."),
    ),
    version=2,
)
