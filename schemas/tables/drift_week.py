"""How far a week is from the weeks before it, and from what the source said of it before."""

from dataclasses import dataclass

from schemas import fields
from schemas.table import Column, Kind, Table


@dataclass(frozen=True)
class Measure:
    """One way to compare a week, and the range in which it has run while all was well.

    A value outside raises a warning and is published all the same: a world that changes is no error.
    """

    name: str
    doc: str
    low: float | None
    high: float


MEASURES: tuple[Measure, ...] = (
    Measure(
        "total",
        "The week's tokens over the mean of the eight complete weeks before (ran 0.91 to 1.84 from January 2025 "
        "to July 2026).",
        0.8,
        2.0,
    ),
    Measure(
        "churn",
        "The part of the named models that were not named in the week before (ran 0.05 to 0.17).",
        None,
        0.3,
    ),
    Measure(
        "share_jump",
        "A country's share of what is attributed less that of the week before, all models (ran -0.12 to 0.12).",
        -0.2,
        0.2,
    ),
    Measure(
        "new_author",
        "The share of an author that was not named in any of the eight weeks before.",
        None,
        0.01,
    ),
    Measure(
        "unattributed",
        "The share of the total that no country can claim, all models (ran 0.05 to 0.08).",
        None,
        0.2,
    ),
    Measure(
        "restated",
        "The largest change of a day's total from its vintage before, as a part of that (once 0.058).",
        None,
        0.1,
    ),
)

WHOLE_WEEK = "all"
"""The subject of a measure that is about the week as a whole."""

DRIFT_WEEK = Table(
    name="drift_week",
    doc="One row a complete week, measure and subject. By knowledge `now`. Who is new is "
    "told only of whole charts of the same grain; the first weeks and those after a gap have fewer measures.",
    key=("week_start", "measure", "subject"),
    usual=(("usual_low", "value"), ("value", "usual_high")),
    summary="how far each week is from those before, and what is usual",
    may_be_empty=True,
    columns=(
        fields.week_start,
        Column(
            "measure",
            Kind.TEXT,
            "What is compared.",
            values=tuple(each.name for each in MEASURES),
            brief=True,
        ),
        Column(
            "subject",
            Kind.TEXT,
            f"The country or author that it is about; `{WHOLE_WEEK}` for the week as a whole.",
            brief=True,
        ),
        Column("value", Kind.NUMBER, "The measure.", brief=True),
        Column("usual_low", Kind.NUMBER, "The least that raises no warning.", nullable=True, brief=True),
        Column("usual_high", Kind.NUMBER, "The most that raises no warning.", brief=True),
        fields.status,
        fields.as_of,
    ),
)
