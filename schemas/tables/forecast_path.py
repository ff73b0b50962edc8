"""The growth that a forecast implies, beside the growth that was observed."""

from dataclasses import replace

from schemas import fields
from schemas.reference import FORECASTS
from schemas.table import Column, Kind, Table


def _rate(name: str, doc: str, nullable: bool = False) -> Column:
    return Column(name, Kind.NUMBER, doc, unit="fraction", nullable=nullable, brief=True)


FORECAST_PATH = Table(
    name="forecast_path",
    doc="One row a forecast, week, method and knowledge: growth rates side by side, and whether levels compare.",
    key=("week_start", "forecast", "method", "knowledge"),
    summary="a forecast's implied growth compared with observed growth",
    all_weeks=True,
    may_be_empty=True,
    columns=(
        FORECASTS["forecast"],
        fields.week_start,
        replace(fields.method, brief=False),
        replace(fields.knowledge, brief=False),
        FORECASTS["issuer"],
        FORECASTS["country_code"],
        FORECASTS["scope"],
        FORECASTS["unit"],
        FORECASTS["year_from"],
        FORECASTS["value_from"],
        FORECASTS["year_to"],
        FORECASTS["value_to"],
        FORECASTS["printed_multiple"],
        Column("multiple", Kind.NUMBER, "value_to / value_from.", unit="ratio"),
        _rate("implied_yearly", "Yearly growth that leads from the first value to the last."),
        _rate("implied_weekly", "The same a week, of 365.25 / 7 weeks a year."),
        replace(fields.tokens, doc="The country's tokens in the week.", brief=False),
        _rate("observed_weekly", "Mean weekly growth over the last four weeks.", nullable=True),
        _rate("observed_yearly", "Growth over the last 52 weeks.", nullable=True),
        FORECASTS["comparable"],
        replace(FORECASTS["reason"], doc="Why levels can or cannot be compared."),
        fields.status,
        fields.as_of,
    ),
)
