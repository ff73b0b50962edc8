"""What declares: tables, suites and reference facts."""

from schemas.country_lead_week import COUNTRY_LEAD_WEEK
from schemas.country_week import COUNTRY_WEEK
from schemas.model_week import MODEL_WEEK
from schemas.ranking_entry import RANKING_ENTRY
from schemas.table import Table
from schemas.week_coverage import WEEK_COVERAGE

__all__ = [
    "COUNTRY_LEAD_WEEK",
    "COUNTRY_WEEK",
    "MODEL_WEEK",
    "RANKING_ENTRY",
    "TABLES",
    "WEEK_COVERAGE",
    "Table",
]

TABLES: tuple[Table, ...] = (RANKING_ENTRY, WEEK_COVERAGE, MODEL_WEEK, COUNTRY_WEEK, COUNTRY_LEAD_WEEK)
