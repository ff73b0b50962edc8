"""Structure in Polars, then the suite: a report, and a verdict that can stop a release."""

import hashlib
import json
import logging
import os
from typing import TYPE_CHECKING, Any

import polars as pl

from flows import keys
from flows.lake import open_lake
from flows.settings import Settings
from flows.stage import Stage
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.table import Table

if TYPE_CHECKING:
    from great_expectations.datasource.fluent import PandasDatasource

log = logging.getLogger("standings")

SHOWN = 10
"""Offending rows that a report names for each check."""


class Invalid(StandingsError):
    """A critical check failed, so nothing is published and the published release stays. `finding`: which."""

    def __init__(self, finding: str, report: str) -> None:
        super().__init__(f"{finding}: nothing was published; the report is {report}")
        self.finding = finding


def validate(settings: Settings, stage_name: str) -> str:
    """Checks every staged table; returns the key of the report.

    Raises `Invalid` where a critical check fails or cannot be made; the report is kept in any case.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    source = _pandas()
    failures = {table.name: _failures(source, table, stage.read(table.name)) for table in TABLES}
    if findings := stage.noted("findings"):
        failures["captures"] = findings
    report = json.dumps(failures, indent=1, sort_keys=True, default=str).encode()
    key = keys.report(hashlib.sha256(report).hexdigest())
    store.put_once(key, report)
    critical, warnings = (
        [
            f"{table}: {each['problem']}"
            for table, found in failures.items()
            for each in found
            if each["severity"] == grade
        ]
        for grade in ("critical", "warning")
    )
    for problem in warnings:
        if not problem.startswith("captures: "):
            log.warning("validate: warning: %s", problem)
    if critical:
        more = f" (and {len(critical) - 1} more)" if critical[1:] else ""
        raise Invalid(f"{critical[0]}{more}", f"{store.url}/{key}")
    log.info("validate: %d tables", len(TABLES))
    return key


def _pandas() -> "PandasDatasource":
    """A data source in a context of its own, which leaves nothing behind and reports to nobody."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_pandas("staged")


def _failures(source: "PandasDatasource", table: Table, frame: pl.DataFrame) -> list[dict[str, Any]]:
    """What is wrong with a table: structure first, and only if it is sound, its values."""
    if problems := list(table.problems(frame)):
        return [{"severity": "critical", "problem": problem} for problem in problems]
    from schemas.suites import suite

    batch = (
        source.add_dataframe_asset(table.name)
        .add_batch_definition_whole_dataframe("all")
        # Arrow-backed columns keep integers exact; the default turns a column with nulls into floats.
        .get_batch({"dataframe": frame.to_pandas(use_pyarrow_extension_array=True)})
    )
    results = batch.validate(suite(table), result_format="COMPLETE").results
    return [_failure(table, frame, each) for each in results if not each.success]


def _failure(table: Table, frame: pl.DataFrame, result: Any) -> dict[str, Any]:
    """One failed check in our own words, with the first of the rows that fail it."""
    config = result.expectation_config
    columns = [config.kwargs[name] for name in ("column", "column_A", "column_B") if name in config.kwargs]
    raised = _raised(result.exception_info)
    positions = result.result.get("unexpected_index_list") or []
    rows = frame[positions[:SHOWN]].select(*table.key, *(c for c in columns if c not in table.key)).to_dicts()
    what = "could not be checked" if raised else f"{len(positions)} rows fail {config.type}"
    where = f", the first is {json.dumps(rows[0], default=str)}" if rows else ""
    return {
        # A check that could not be made proves nothing.
        "severity": "critical" if raised else str(getattr(config.severity, "value", config.severity)),
        "problem": f"{', '.join(columns)}: {what}{where}",
        "rows": rows,
    }


def _raised(info: Any) -> bool:
    """Whether the check itself broke; a metric that broke is told one level deeper."""
    if not isinstance(info, dict):
        return False
    return bool(info.get("raised_exception")) or any(_raised(each) for each in info.values())
