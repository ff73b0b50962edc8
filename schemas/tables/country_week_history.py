"""Every state in which a week ever stood: what `country_week` is the last of."""

from dataclasses import replace

from schemas import fields
from schemas.table import Table
from schemas.tables.country_week import COUNTRY_WEEK

COUNTRY_WEEK_HISTORY = Table(
    name="country_week_history",
    doc="`country_week` as it stood from each `known_at` on, until the next. The state of things at a moment is "
    "the rows with the newest `known_at` that is not after it.",
    key=("week_start", "method", "knowledge", "known_at", "country_code"),
    ordered=COUNTRY_WEEK.ordered,
    summary="the same in every state in which it ever stood",
    every_vintage=True,
    columns=tuple(
        column
        for each in COUNTRY_WEEK.columns
        for column in ((each, fields.known_at) if each is fields.knowledge else (replace(each),))
    ),
    version=COUNTRY_WEEK.version,
)
