"""Structure in Polars, then the suite: a report, and a verdict that can stop a release."""

import atexit
import gc
import hashlib
import io
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from flows.lake import approvals, keys
from flows.lake.approvals import Offence, Refused
from flows.lake.lake import open_lake
from flows.lake.staging import Stage
from flows.pipeline.data_docs import Checked, page, sections
from flows.settings import Settings
from flows.storage.object_store import Store
from schemas import RANKING_ENTRY, TABLES
from schemas.errors import StandingsError
from schemas.table import Table

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.datasource.fluent import PandasDatasource

log = logging.getLogger("standings")

SHOWN = 10
"""Offending rows that a report names for each check; all of them are in `quarantine/rows/`."""

CHECKED = "checked/"
"""Under what the checks' findings are noted, a table and its blocks apart."""

CRITICAL, WARNING, ACCEPTED = "critical", "warning", "accepted"


class Invalid(StandingsError):
    """A critical check failed, so nothing is published and the published release stays. `refused`: for what."""

    def __init__(self, refused: Refused, report: str) -> None:
        super().__init__(f"{refused.problem}: nothing was published; the report is {report}")
        self.refused = refused


@dataclass(frozen=True)
class Failure:
    """One failed check: its severity, what it is in our words, and which rows fail it.

    offences: each failing row by its key and the values that fail, as JSON. rows: the first of them. all_rows: the
    key under which they are kept, whole.
    """

    severity: str
    check: str
    problem: str
    offences: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    all_rows: str | None = None


Batch = Sequence[tuple[str, tuple[int, ...]]]
"""Tables, and of each the blocks of weeks that are checked together."""


def batches(rows: Sequence[Mapping[str, int]], most: int) -> list[Batch]:
    """All tables' blocks, parted so that each batch has as many values at most as so many rows of `ranking_entry`.

    A block of a table is never parted. rows: of each block how many rows each table has.
    """
    made: list[list[tuple[str, tuple[int, ...]]]] = [[]]
    room = most * len(RANKING_ENTRY.columns)
    held = 0
    for table in TABLES:
        for number, block in enumerate(rows):
            if table.name not in block:
                continue
            values = block[table.name] * len(table.columns)
            if made[-1] and held + values > room:
                made.append([])
                held = 0
            held += values
            if made[-1] and made[-1][-1][0] == table.name:
                made[-1][-1] = (table.name, (*made[-1][-1][1], number))
            else:
                made[-1].append((table.name, (number,)))
    return list(made)


def check(settings: Settings, stage_name: str, batch: Batch) -> None:
    """Checks some of the staged rows, and notes what was found. The rows that fail are copied to `quarantine/rows/`."""
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    source = _pandas()
    for name, blocks in batch:
        table = next(table for table in TABLES if table.name == name)
        found, result = _failures(source, store, table, stage.read(name, blocks))
        noted = {
            "failures": [asdict(each) for each in found],
            "checks": len(result.results) if result else len(found),
            "sections": sections(result) if result else [],
        }
        stage.note(f"{CHECKED}{name}/{blocks[0]:06d}", noted)
    # Great Expectations' results hold each other, and the rows, in circles: a worker would fill up with them.
    gc.collect()


def validate(settings: Settings, stage_name: str) -> str:
    """Decides on all that the checks found; returns the key of the report.

    No row is taken out of a table. Raises `Invalid` where a critical check fails that no person has accepted, or
    cannot be made; the report is kept in any case.
    """
    store = open_lake(settings)
    stage = Stage(store, stage_name)
    let_through = approvals.accepted(store)
    failures: dict[str, list[Failure]] = {}
    checked = []
    for table in TABLES:
        noted = [stage.noted(name) for name in stage.notes(f"{CHECKED}{table.name}/")]
        if not noted:
            raise StandingsError(f"{store.url}: {table.name} was not checked: run it again")
        found = [_noted(each) for part in noted for each in part["failures"]]
        failures[table.name] = [_let_through(each, table, let_through) for each in found]
        told = tuple((each.severity, each.problem) for each in failures[table.name])
        # The same checks are made on each part, so the first part's rendering stands for all.
        checked.append(Checked(table.name, told, noted[0]["checks"], tuple(noted[0]["sections"])))
    findings = stage.noted("findings") or []
    captures = tuple((each["severity"], each["problem"]) for each in findings)
    stage.note("docs", page([Checked("captures", captures, len(captures)), *checked]))
    stage.note("accepted", sorted(let_through))
    key = _report(store, failures, findings)
    for table_name, each in _graded(failures, WARNING):
        log.warning("validate: warning: %s: %s", table_name, each.problem)
    if critical := list(_graded(failures, CRITICAL)):
        raise Invalid(_refused(critical), f"{store.url}/{key}")
    log.info("validate: %d tables", len(TABLES))
    return key


def _noted(content: dict[str, Any]) -> Failure:
    """A failure as it was noted."""
    return Failure(**content | {"offences": tuple(content["offences"]), "rows": tuple(content["rows"])})


def _graded(failures: dict[str, list[Failure]], severity: str) -> Iterator[tuple[str, Failure]]:
    return ((name, each) for name, found in failures.items() for each in found if each.severity == severity)


def _offences(table: str, failure: Failure) -> tuple[Offence, ...]:
    return tuple((table, failure.check, row) for row in failure.offences)


def _refused(critical: list[tuple[str, Failure]]) -> Refused:
    name, first = critical[0]
    more = f" (and {len(critical) - 1} more)" if critical[1:] else ""
    offences = [_offences(table, each) for table, each in critical]
    # One check that could not be made leaves open what there is to accept.
    return Refused(
        f"{name}: {first.problem}{more}",
        tuple(one for each in offences for one in each) if all(offences) else (),
    )


def _let_through(failure: Failure, table: Table, accepted: dict[str, frozenset[Offence]]) -> Failure:
    if failure.severity == CRITICAL and approvals.released(_offences(table.name, failure), accepted):
        return replace(failure, severity=ACCEPTED)
    return failure


def _report(store: Store, failures: dict[str, list[Failure]], findings: list[dict[str, str]]) -> str:
    """Keeps what failed and the rows that did; returns the report's key."""
    told = {
        name: [
            {
                "severity": each.severity,
                "problem": each.problem,
                "rows": list(each.rows),
                "all_rows": each.all_rows,
            }
            for each in found
        ]
        for name, found in failures.items()
    }
    report = json.dumps(told | {"captures": findings}, indent=1, sort_keys=True).encode()
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


@cache
def _import_checks() -> None:
    """Imports what the checks need, once, which takes seconds."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations.data_context.types.base  # noqa: F401

    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # The collection after each check need not walk through what was imported; that at the interpreter's end has to.
    gc.freeze()
    atexit.register(gc.unfreeze)


def _pandas() -> "PandasDatasource":
    """A data source in a context of its own, which leaves nothing behind and reports to nobody."""
    _import_checks()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_pandas("staged")


def _failures(
    source: "PandasDatasource", store: Store, table: Table, frame: pl.DataFrame
) -> tuple[list[Failure], Any | None]:
    """What is wrong with a table, and the suite's result: structure first, and only if it is sound, its values."""
    if problems := list(table.problems(frame)):
        # Of a table whose structure is broken every row is suspect.
        kept = _quarantine(store, frame)
        return [Failure(CRITICAL, "structure", problem, all_rows=kept) for problem in problems], None
    from schemas.projections.suites import suite

    batch = (
        source.add_dataframe_asset(table.name)
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": _as_pandas(frame)})
    )
    result = batch.validate(suite(table), result_format="COMPLETE")
    source.delete_asset(table.name)
    return [_failure(store, table, frame, each) for each in result.results if not each.success], result


def _as_pandas(frame: pl.DataFrame) -> "pd.DataFrame":
    # Arrow-backed columns keep integers exact; the default turns a column with nulls into floats.
    copy = frame.to_pandas(use_pyarrow_extension_array=True)
    # Great Expectations takes a hash of every value, twice, and Arrow's times are hashed one object at a time.
    return copy.assign(**{each.name: each.to_pandas() for each in frame.select(cs.temporal())})


def _failure(store: Store, table: Table, frame: pl.DataFrame, result: Any) -> Failure:
    """One failed check in our own words."""
    config = result.expectation_config
    columns = [config.kwargs[name] for name in ("column", "column_A", "column_B") if name in config.kwargs]
    raised = _raised(result.exception_info)
    rows = frame[result.result.get("unexpected_index_list") or []]
    shown = (*table.key, *(name for name in columns if name not in table.key))
    offences = [json.dumps(row, default=str, sort_keys=True) for row in rows.select(shown).to_dicts()]
    first = next(rows.select(shown).iter_rows(named=True), None)
    what = "could not be checked" if raised else f"{rows.height} rows fail {config.type}"
    where = f", the first is {json.dumps(first, default=str)}" if first else ""
    return Failure(
        # A check that could not be made proves nothing.
        CRITICAL if raised else str(getattr(config.severity, "value", config.severity)),
        f"{config.type}({', '.join(columns)})",
        f"{', '.join(columns)}: {what}{where}",
        tuple(offences),
        tuple(json.loads(each) for each in offences[:SHOWN]),
        _quarantine(store, rows),
    )


def _raised(info: Any) -> bool:
    """Whether the check itself broke; a metric that broke is told one level deeper."""
    if not isinstance(info, dict):
        return False
    return bool(info.get("raised_exception")) or any(_raised(each) for each in info.values())
