"""What the source changed its mind about."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table


def _tokens(name: str, doc: str) -> Column:
    return replace(fields.optional(fields.tokens), name=name, doc=doc)


def _rank(name: str, doc: str) -> Column:
    return replace(fields.optional(fields.rank), name=name, doc=doc)


REVISIONS = Table(
    name="revisions",
    doc="One row a bucket, vintage, level and name whose tokens differ from the vintage before. Countries are "
    "counted over all models, as known now.",
    key=("week_start", "period", "date", "as_of", "capture", "level", "name"),
    summary="what the source changed, when, and whether a rank changed",
    every_vintage=True,
    may_be_empty=True,
    columns=(
        fields.week_start,
        fields.period,
        fields.bucket,
        replace(fields.as_of, doc="The vintage that changed it."),
        replace(fields.as_of, name="as_of_before", doc="The vintage before."),
        fields.capture,
        Column("level", Kind.TEXT, "What the name is of.", values=("model", "country", "total"), brief=True),
        Column("name", Kind.TEXT, "The permaslug or country code; `total` for all tokens.", brief=True),
        _tokens("tokens_before", "Tokens in the vintage before; empty where the name was not in it."),
        _tokens("tokens", "Tokens in this vintage; empty where the name is not in it."),
        Column(
            "change",
            Kind.INTEGER,
            "Tokens less those before, a missing name as 0.",
            unit="tokens",
            brief=True,
        ),
        _rank("rank_before", "Rank in the bucket, in the vintage before."),
        _rank("rank", "Rank in the bucket, in this vintage."),
        Column("rank_changed", Kind.FLAG, "Whether the rank differs.", brief=True),
        Column("leader_changed", Kind.FLAG, "Whether the bucket's leading country differs."),
        Column(
            "age_days",
            Kind.NUMBER,
            "How long after the bucket had closed this vintage was first seen.",
            unit="days",
            minimum=0,
            brief=True,
        ),
    ),
)
