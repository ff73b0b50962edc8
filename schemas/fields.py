"""Columns that several tables share, each defined once."""

from dataclasses import replace
from typing import Literal

from schemas.methods import METHODS
from schemas.table import Column, Kind

Knowledge = Literal["then", "now"]
KNOWLEDGE: tuple[Knowledge, ...] = ("then", "now")
CONFIDENCES = ("unverified", "circumstantial", "reported", "confirmed")
"""How sure a model's override is, the least sure first."""

MINIMUM_CONFIDENCE = "reported"
"""The least with which an override counts, unless an operator says otherwise."""

STATUSES = ("incomplete", "provisional", "settled")
GRAINS = ("day", "week")
ORIGINS = ("api", "chart", "reconstructed", "simulated")
OVERRIDES = ("reveal", "rename", "transfer")
ATTRIBUTIONS = ("organisation", *OVERRIDES, "cloaked", "undecided", "unknown", "other")

COMPLETE, UNKNOWN = EXTENTS = ("complete", "unknown")
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
    "Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7.",
    unit="days",
    minimum=0,
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
author = Column("author", Kind.TEXT, "The permaslug's part before the slash, in lower case.", nullable=True)
organisation = Column(
    "organisation",
    Kind.TEXT,
    "The organisation behind the model: its id in the reference files.",
    nullable=True,
)
attribution = Column(
    "attribution",
    Kind.TEXT,
    "Why the country: the author's `organisation`; an override of the one model, such as a dated `reveal`; or, "
    "for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the "
    "`other` row.",
    values=ATTRIBUTIONS,
)
base_country = Column(
    "base_country",
    Kind.TEXT,
    "The country of the base model that the author chiefly builds on, where that is another's.",
    nullable=True,
    pattern=COUNTRY_CODE,
)
contested_by = Column(
    "contested_by",
    Kind.TEXT,
    "Another country in which sources place the organisation's headquarters, where they disagree.",
    nullable=True,
    pattern=COUNTRY_CODE,
)
capture = Column(
    "capture",
    Kind.TEXT,
    "The sha256 of the raw body: the way back to the bytes.",
    pattern=r"^[0-9a-f]{64}$",
)
period = Column("period", Kind.TEXT, "The grain that was asked for.", values=GRAINS, brief=True)
bucket = Column("date", Kind.DATE, "The bucket: a UTC day, or a week's Monday.", brief=True)
known_at = Column(
    "known_at",
    Kind.MOMENT,
    "From when on this was the state of things: a capture, or a fact about a model, made it so.",
    unit="UTC",
    brief=True,
)
depth = Column("depth", Kind.INTEGER, "Fewest named rows in a bucket used.", unit="rows", minimum=0)
extent = Column(
    "extent",
    Kind.TEXT,
    "`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which "
    "says nothing of what it leaves out.",
    values=EXTENTS,
    brief=True,
)
tier = Column(
    "tier",
    Kind.INTEGER,
    "How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much "
    "from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.",
    minimum=1,
    maximum=4,
)
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
