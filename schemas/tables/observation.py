"""Whether each bucket was there when somebody looked, and late enough to be final."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

OBSERVATION = Table(
    name="observation",
    doc="One row a bucket and capture that told something of it beside its content: the first look after it had "
    "closed, one that finds it gone or back, the first on or after the Friday that settles its week. With "
    "`ranking_entry` it is all that any other table is computed from.",
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
    ),
)
