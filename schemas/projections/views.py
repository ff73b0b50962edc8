"""What readers of a warehouse want most, as queries over its tables: the same text in DuckDB and PostgreSQL."""

from dataclasses import dataclass

from schemas.fields import COMPLETE, UNATTRIBUTED
from schemas.table import Table
from schemas.tables.country_week import COUNTRY_WEEK
from schemas.tables.country_week_history import COUNTRY_WEEK_HISTORY
from schemas.tables.week_coverage import WEEK_COVERAGE


@dataclass(frozen=True)
class View:
    """A named query. `rests_on` are the tables that it reads; `{schema}` in it stands for their schema."""

    name: str
    doc: str
    rests_on: tuple[Table, ...]
    text: str

    def query(self, schema: str = "") -> str:
        return self.text.format(schema=schema and f"{schema}.")


_FIGURES = "country_code, country_name, tokens, share, share_lo, share_hi, rank, rank_best, rank_worst"

VIEWS: tuple[View, ...] = (
    View(
        "country_standings",
        "One row a week and country: all models counted, with all that is known today of whose they are.",
        (COUNTRY_WEEK,),
        f"SELECT week_start, {_FIGURES}, status, as_of FROM {{schema}}country_week "
        f"WHERE method = 'all_models' AND knowledge = 'now'",
    ),
    View(
        "latest_standings",
        "The newest complete week of country_standings, the largest country first, what no country can claim last.",
        (COUNTRY_WEEK, WEEK_COVERAGE),
        "SELECT * FROM {schema}country_standings WHERE week_start = "
        "(SELECT max(week_start) FROM {schema}week_coverage "
        f"WHERE status <> 'incomplete' AND extent = '{COMPLETE}') "
        f"ORDER BY country_code = '{UNATTRIBUTED}', tokens DESC, country_code",
    ),
)
"""In an order in which each rests only on what stands before it."""

AS_OF = View(
    "country_week_as_of",
    "country_week as it stood at a moment: what had been captured, and was known, by then.",
    (COUNTRY_WEEK, COUNTRY_WEEK_HISTORY),
    f"SELECT {', '.join(COUNTRY_WEEK.names)} FROM (SELECT *, rank() OVER "
    f"(PARTITION BY week_start, method, knowledge ORDER BY known_at DESC) AS age "
    f"FROM {{schema}}{COUNTRY_WEEK_HISTORY.name} WHERE known_at <= moment) AS known WHERE age = 1 "
    f"ORDER BY {', '.join(COUNTRY_WEEK.key)}",
)
"""A query with a parameter, `moment`: a macro or function that gives a table."""
