"""The source's rows as they were given, every vintage of every bucket."""

from schemas import fields
from schemas.table import Column, Kind, Table

RANKING_ENTRY = Table(
    name="ranking_entry",
    doc="One row a bucket (a UTC day or a week), vintage and model, as the source gave it. "
    "A vintage is a run of equal content; it begins at its `as_of`.",
    key=("week_start", "period", "date", "as_of", "capture", "model_permaslug"),
    columns=(
        fields.week_start,
        Column("period", Kind.TEXT, "The grain that was asked for.", values=fields.GRAINS, brief=True),
        Column("date", Kind.DATE, "The bucket: a UTC day, or a week's Monday.", brief=True),
        fields.as_of,
        fields.model_permaslug,
        fields.tokens,
        Column("origin", Kind.TEXT, "Where the capture came from.", values=fields.ORIGINS),
        Column(
            "capture",
            Kind.TEXT,
            "The sha256 of the raw body that first gave this content: the way back to the bytes.",
            pattern=r"^[0-9a-f]{64}$",
        ),
    ),
)
