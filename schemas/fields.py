"""Columns that several tables share, each defined once."""

from dataclasses import replace
from typing import Literal

from schemas.methods import METHODS
from schemas.table import Column, Kind

Knowledge = Literal["then", "now"]
KNOWLEDGE: tuple[Knowledge, ...] = ("then", "now")
STATUSES = ("incomplete", "provisional", "settled")
GRAINS = ("day", "week")
ORIGINS = ("api", "chart", "reconstructed", "simulated")
ATTRIBUTIONS = ("organisation", "reveal", "cloaked", "undecided", "unknown", "other")

OTHER = "other"
UNATTRIBUTED = "ZZ"

COUNTRY_CODE = r"^[A-Z]{2}$"

week_start = Column(
    "week_start", Kind.DATE, "The Monday, in UTC, on which the week begins; the partition key.", brief=True
)
iso_year = Column("iso_year", Kind.INTEGER, "ISO 8601 year of the week.", minimum=2024, maximum=2100)
iso_week = Column("iso_week", Kind.INTEGER, "ISO 8601 number of the week.", minimum=1, maximum=53)
method = Column(
    "method",
    Kind.TEXT,
    "The way of counting that the figure follows.",
    values=tuple(each.name for each in METHODS),
    brief=True,
)
knowledge = Column(
    "knowledge",
    Kind.TEXT,
    "Which attributions count: `then` only those known when the week closed, `now` all that are known.",
    values=KNOWLEDGE,
    brief=True,
)
country_code = Column(
    "country_code",
    Kind.TEXT,
    "Where the model's author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.",
    pattern=COUNTRY_CODE,
    brief=True,
)
model_permaslug = Column(
    "model_permaslug",
    Kind.TEXT,
    "The source's permanent name of the model, author/name with an optional :variant; "
    "`other` sums every model outside the top 50.",
    pattern=r"^\S+$",
    brief=True,
)
tokens = Column("tokens", Kind.INTEGER, "Prompt and completion tokens.", unit="tokens", minimum=0, brief=True)
share = Column("share", Kind.NUMBER, "Share of the total.", unit="fraction", minimum=0, maximum=1, brief=True)
rank = Column("rank", Kind.INTEGER, "Rank by tokens, 1 the largest; equal tokens, equal rank.", minimum=1)
days_observed = Column(
    "days_observed",
    Kind.INTEGER,
    "Days of the week that the figure rests on; a week bucket counts as 7.",
    unit="days",
    minimum=1,
    maximum=7,
)
vanished_days = Column(
    "vanished_days",
    Kind.INTEGER,
    "Days that the source no longer gives; their earlier figures stand.",
    unit="days",
    minimum=0,
    maximum=7,
)
grain = Column("grain", Kind.TEXT, "The source's bucket that the week is made of.", values=GRAINS)
depth = Column("depth", Kind.INTEGER, "Fewest named rows in a bucket used.", unit="rows", minimum=0)
status = Column(
    "status",
    Kind.TEXT,
    "`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that "
    "follows the week. `provisional`: in between.",
    values=STATUSES,
    brief=True,
)
as_of = Column(
    "as_of",
    Kind.MOMENT,
    "The vintage: the moment at which the source first gave this content (for a week, of its newest day).",
    unit="UTC",
)


def optional(column: Column) -> Column:
    """The same column where it may be empty."""
    return replace(column, nullable=True)
