"""Structure in Polars, then the suite: a report, and a verdict that can stop a release."""

import hashlib
import io
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from flows import gate, keys
from flows.docs import Checked, page
from flows.gate import Offence, Refused
from flows.lake import open_lake
from flows.settings import Settings
from flows.stage import Stage
from flows.store import Store
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.table import Table

if TYPE_CHECKING:
    from great_expectations.datasource.fluent import PandasDatasource

log = logging.getLogger("standings")

SHOWN = 10
"""Offending rows that a report names for each check; all of them are in `quarantine/rows/`."""

CRITICAL, WARNING, ACCEPTED = "critical", "warning", "accepted"


class Invalid(StandingsError):
    """A critical check failed, so nothing is published and the published release stays. `refused`: for what."""

    def __init__(self, refused: Refused, report: str) -> None:
        super().__init__(f"{refused.problem}: nothing was published; the report is {report}")
        self.refused = refused


@dataclass(frozen=True)
class Failure:
    """One failed check: its severity, what it is in our words, and the rows that fail it, whole."""

    severity: str
    check: str
    problem: str
    rows: pl.DataFrame
    shown: tuple[str, ...] = ()

    def offences(self, table: str) -> tuple[Offence, ...]:
        """Each failing row by its key and the values that fail."""
        return tuple(
            (table, self.check, json.dumps(row, default=str, sort_keys=True))
            for row in self.rows.select(self.shown).iter_rows(named=True)
        )


def validate(settings: Settings, stage_name: str) -> str:
    """Checks every staged table; returns the key of the report.

    The rows that fail are copied to `quarantine/rows/`; none is taken out of a table. Raises `Invalid` where a
    critical check fails that no person has accepted, or cannot be made; the report is kept in any case.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    source, let_through = _pandas(), gate.accepted(store)
    failures: dict[str, list[Failure]] = {}
    checked = []
    for table in TABLES:
        found, result = _failures(source, table, stage.read(table.name))
        failures[table.name] = [_let_through(each, table, let_through) for each in found]
        told = tuple((each.severity, each.problem) for each in failures[table.name])
        checked.append(Checked(table.name, told, result))
    findings = stage.noted("findings") or []
    captures = Checked("captures", tuple((each["severity"], each["problem"]) for each in findings))
    stage.note("docs", page([captures, *checked]))
    stage.note("accepted", sorted(let_through))
    key = _report(store, failures, findings)
    for table_name, each in _graded(failures, WARNING):
        log.warning("validate: warning: %s: %s", table_name, each.problem)
    if critical := list(_graded(failures, CRITICAL)):
        raise Invalid(_refused(critical), f"{store.url}/{key}")
    log.info("validate: %d tables", len(TABLES))
    return key


def _graded(failures: dict[str, list[Failure]], severity: str) -> Iterator[tuple[str, Failure]]:
    return ((name, each) for name, found in failures.items() for each in found if each.severity == severity)


def _refused(critical: list[tuple[str, Failure]]) -> Refused:
    name, first = critical[0]
    more = f" (and {len(critical) - 1} more)" if critical[1:] else ""
    offences = [each.offences(table) for table, each in critical]
    # One check that could not be made leaves open what there is to accept.
    return Refused(
        f"{name}: {first.problem}{more}",
        tuple(one for each in offences for one in each) if all(offences) else (),
    )


def _let_through(failure: Failure, table: Table, accepted: dict[str, frozenset[Offence]]) -> Failure:
    if failure.severity == CRITICAL and gate.released(failure.offences(table.name), accepted):
        return replace(failure, severity=ACCEPTED)
    return failure


def _report(store: Store, failures: dict[str, list[Failure]], findings: list[dict[str, str]]) -> str:
    """Keeps what failed and the rows that did; returns the report's key."""
    told = {
        name: [
            {
                "severity": each.severity,
                "problem": each.problem,
                "rows": each.rows[:SHOWN].select(each.shown).to_dicts(),
                "all_rows": _quarantine(store, each.rows),
            }
            for each in found
        ]
        for name, found in failures.items()
    }
    report = json.dumps(told | {"captures": findings}, indent=1, sort_keys=True, default=str).encode()
    key = keys.report(hashlib.sha256(report).hexdigest())
    store.put_once(key, report)
    return key


def _quarantine(store: Store, rows: pl.DataFrame) -> str | None:
    """Copies rows to where whoever looks into them finds them; returns their key."""
    if rows.is_empty():
        return None
    sink = io.BytesIO()
    rows.write_parquet(sink)
    key = keys.offending(hashlib.sha256(sink.getvalue()).hexdigest())
    store.put_once(key, sink.getvalue())
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


def _failures(
    source: "PandasDatasource", table: Table, frame: pl.DataFrame
) -> tuple[list[Failure], Any | None]:
    """What is wrong with a table, and the suite's result: structure first, and only if it is sound, its values."""
    if problems := list(table.problems(frame)):
        # Of a table whose structure is broken every row is suspect.
        return [Failure(CRITICAL, "structure", problem, frame) for problem in problems], None
    from schemas.suites import suite

    batch = (
        source.add_dataframe_asset(table.name)
        .add_batch_definition_whole_dataframe("all")
        # Arrow-backed columns keep integers exact; the default turns a column with nulls into floats.
        .get_batch({"dataframe": frame.to_pandas(use_pyarrow_extension_array=True)})
    )
    result = batch.validate(suite(table), result_format="COMPLETE")
    return [_failure(table, frame, each) for each in result.results if not each.success], result


def _failure(table: Table, frame: pl.DataFrame, result: Any) -> Failure:
    """One failed check in our own words."""
    config = result.expectation_config
    columns = [config.kwargs[name] for name in ("column", "column_A", "column_B") if name in config.kwargs]
    raised = _raised(result.exception_info)
    rows = frame[result.result.get("unexpected_index_list") or []]
    shown = (*table.key, *(name for name in columns if name not in table.key))
    first = next(rows.select(shown).iter_rows(named=True), None)
    what = "could not be checked" if raised else f"{rows.height} rows fail {config.type}"
    where = f", the first is {json.dumps(first, default=str)}" if first else ""
    return Failure(
        # A check that could not be made proves nothing.
        CRITICAL if raised else str(getattr(config.severity, "value", config.severity)),
        f"{config.type}({', '.join(columns)})",
        f"{', '.join(columns)}: {what}{where}",
        rows,
        shown,
    )


def _raised(info: Any) -> bool:
    """Whether the check itself broke; a metric that broke is told one level deeper."""
    if not isinstance(info, dict):
        return False
    return bool(info.get("raised_exception")) or any(_raised(each) for each in info.values())
