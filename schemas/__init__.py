"""What declares: tables, suites and reference facts."""

from schemas.table import Table
from schemas.tables.attribution import ATTRIBUTION
from schemas.tables.bucket_coverage import BUCKET_COVERAGE
from schemas.tables.claims import CLAIM_VALUE, CLAIMS
from schemas.tables.concentration_week import CONCENTRATION_WEEK
from schemas.tables.country_growth import COUNTRY_GROWTH
from schemas.tables.country_lead_week import COUNTRY_LEAD_WEEK
from schemas.tables.country_top_models import COUNTRY_TOP_MODELS
from schemas.tables.country_week import COUNTRY_WEEK
from schemas.tables.country_week_history import COUNTRY_WEEK_HISTORY
from schemas.tables.drift_week import DRIFT_WEEK
from schemas.tables.forecast_path import FORECAST_PATH
from schemas.tables.model_week import MODEL_WEEK
from schemas.tables.observation import OBSERVATION
from schemas.tables.ranking_entry import RANKING_ENTRY
from schemas.tables.reconciliation_week import RECONCILIATION_WEEK
from schemas.tables.revisions import REVISIONS
from schemas.tables.unattributed_week import UNATTRIBUTED_WEEK
from schemas.tables.week_coverage import WEEK_COVERAGE

TABLES: tuple[Table, ...] = (
    RANKING_ENTRY,
    OBSERVATION,
    BUCKET_COVERAGE,
    WEEK_COVERAGE,
    ATTRIBUTION,
    MODEL_WEEK,
    COUNTRY_WEEK,
    COUNTRY_WEEK_HISTORY,
    COUNTRY_LEAD_WEEK,
    COUNTRY_TOP_MODELS,
    COUNTRY_GROWTH,
    CONCENTRATION_WEEK,
    UNATTRIBUTED_WEEK,
    REVISIONS,
    RECONCILIATION_WEEK,
    DRIFT_WEEK,
    CLAIMS,
    CLAIM_VALUE,
    FORECAST_PATH,
)

__all__ = [
    "ATTRIBUTION",
    "BUCKET_COVERAGE",
    "CLAIMS",
    "CLAIM_VALUE",
    "CONCENTRATION_WEEK",
    "COUNTRY_GROWTH",
    "COUNTRY_LEAD_WEEK",
    "COUNTRY_TOP_MODELS",
    "COUNTRY_WEEK",
    "COUNTRY_WEEK_HISTORY",
    "DRIFT_WEEK",
    "FORECAST_PATH",
    "MODEL_WEEK",
    "OBSERVATION",
    "RANKING_ENTRY",
    "RECONCILIATION_WEEK",
    "REVISIONS",
    "TABLES",
    "UNATTRIBUTED_WEEK",
    "WEEK_COVERAGE",
    "Table",
]
