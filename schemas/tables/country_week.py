"""Tokens by country and week, counted by each method, with bounds."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

COUNTRY_WEEK = Table(
    name="country_week",
    doc="One row a week, method, knowledge and country, and one ZZ row for what no country can claim: "
    "the rows of a week and method sum to its total, to the token.",
    key=("week_start", "method", "knowledge", "country_code"),
    ordered=(
        ("tokens_lo", "tokens"),
        ("tokens", "tokens_hi"),
        ("share_lo", "share"),
        ("share", "share_hi"),
        ("rank_best", "rank"),
        ("rank", "rank_worst"),
    ),
    summary="tokens and shares by country, with bounds",
    columns=(
        fields.week_start,
        fields.iso_year,
        fields.iso_week,
        fields.method,
        fields.knowledge,
        fields.country_code,
        Column("country_name", Kind.TEXT, "The country's usual English name."),
        fields.tokens,
        replace(
            fields.optional(fields.tokens),
            name="tokens_hi",
            doc="Tokens if everything unattributed were this country's, and the organisations that it contests, and "
            "what a cut-off chart hides; empty where the total is unknown.",
            brief=False,
        ),
        replace(
            fields.optional(fields.share),
            doc="tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown.",
        ),
        replace(
            fields.share,
            name="share_lo",
            doc="Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown.",
        ),
        replace(
            fields.share,
            name="share_hi",
            doc="Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown.",
        ),
        replace(fields.optional(fields.rank), doc="Rank among the countries by tokens.", brief=True),
        replace(
            fields.optional(fields.rank),
            name="rank_best",
            doc="Rank if everything unattributed were this country's, and whatever is contested were decided against "
            "its rivals.",
        ),
        replace(
            fields.optional(fields.rank),
            name="rank_worst",
            doc="Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of "
            "them come level or ahead, and whatever is contested theirs; empty where the total is unknown.",
        ),
        Column("models", Kind.INTEGER, "Named models counted, each variant one.", unit="models", minimum=0),
        fields.days_observed,
        fields.vanished_days,
        fields.grain,
        fields.depth,
        fields.status,
        fields.as_of,
        replace(
            fields.tokens,
            name="tokens_lo",
            doc="Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, "
            "where entries that are missing may push out what is there, and where the total is unknown.",
            brief=False,
        ),
    ),
    version=2,
)
