"""Who leads, by how much, how surely and for how many weeks."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

COUNTRY_LEAD_WEEK = Table(
    name="country_lead_week",
    doc="One row a week, method and knowledge: the leading country, its runner-up and the lead.",
    key=("week_start", "method", "knowledge"),
    summary="who leads, how surely, for how many weeks",
    all_weeks=True,
    columns=(
        fields.week_start,
        fields.method,
        fields.knowledge,
        replace(fields.optional(fields.country_code), name="leader", doc="The country with the most tokens."),
        replace(fields.optional(fields.country_code), name="runner_up", doc="The country that comes second."),
        replace(fields.optional(fields.tokens), name="lead_tokens", doc="Leader's tokens less runner-up's."),
        Column(
            "lead_ratio",
            Kind.NUMBER,
            "Leader's tokens over runner-up's.",
            unit="ratio",
            nullable=True,
            minimum=1,
        ),
        Column(
            "lead_certain",
            Kind.FLAG,
            "The leader stays ahead whichever country has what is unattributed or contested. "
            "It speaks of attribution within this vintage; `status` speaks of restatement.",
            brief=True,
        ),
        Column(
            "streak_weeks",
            Kind.INTEGER,
            "Consecutive weeks, up to this one, that this country leads; empty for an incomplete week.",
            unit="weeks",
            nullable=True,
            minimum=1,
            brief=True,
        ),
        Column(
            "streak_certain_weeks",
            Kind.INTEGER,
            "Consecutive certain weeks of this leader, up to this one; 0 where this one is not certain.",
            unit="weeks",
            nullable=True,
            minimum=0,
        ),
        Column(
            "streak_is_lower_bound",
            Kind.FLAG,
            "The streak began at the start of the data or after a gap, so it may be longer.",
            nullable=True,
        ),
        Column(
            "crossover",
            Kind.FLAG,
            "The leader differs from the week before; empty where either week is incomplete or has none.",
            nullable=True,
        ),
        fields.status,
        fields.as_of,
    ),
)
