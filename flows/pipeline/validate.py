"""Structure in Polars, then the suite: a report, and a verdict that can stop a release.

Only partitions that changed are checked. What was found in the others is carried over from the release before, as
long as the same code and the same Great Expectations found it.
"""

import atexit
import gc
import hashlib
import importlib.metadata
import io
import json
import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from flows.lake import approvals, keys
from flows.lake.approvals import Offence, Refused
from flows.lake.manifest import Manifest, Partitions
from flows.lake.staging import Run
from flows.pipeline.blocks import weeks_of
from flows.pipeline.data_docs import Checked, page, sections
from flows.pipeline.partitions import changed, written
from flows.storage.checksummed_json import BrokenSeal, seal, unseal
from flows.storage.object_store import Damaged, NotFound, Store
from flows.version import code_version
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

WEEKS = "unchecked"
"""Under what the weeks of each table that are to be checked are noted."""

RECORD = "record"
"""Under what is noted what the release's record of its checks will say."""

CRITICAL, WARNING, ACCEPTED = "critical", "warning", "accepted"


class Invalid(StandingsError):
    """A critical check failed, so nothing is published and the published release stays. `refused`: for what."""

    def __init__(self, refused: Refused, report: str) -> None:
        super().__init__(f"{refused.problem}: nothing was published; the report is {report}")
        self.refused = refused


@dataclass(frozen=True)
class Failure:
    """One check that failed in a week: its severity, what it is in our words, and which rows fail it.

    week: None where the check could not be made, or the frame's form is broken. offences: each failing row by its
    key and the values that fail, as JSON. rows: the first of them. all_rows: the key under which they are kept, whole.
    """

    severity: str
    check: str
    problem: str
    week: str | None = None
    offences: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    all_rows: str | None = None


NOTHING_FOUND: dict[str, Any] = {"checks": 0, "docs": None, "failures": []}
"""A table's part of a record where nothing was checked of it."""

Batch = Sequence[tuple[str, tuple[int, ...]]]
"""Tables, and of each the blocks of weeks that are checked together."""


@dataclass(frozen=True)
class Record:
    """What was checked of a release's tables, each partition at some time, and what was found.

    code, great_expectations: the versions that checked. fetches: `Run.fetches` at that time. tables: of each table how
    many checks were made, the page that shows them, and the failures.
    """

    code: str
    great_expectations: str
    fetches: list[str]
    tables: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, store: Store, release: Manifest | None) -> "Record | None":
        """A release's record; None where there is none, or where other versions checked it: then all is checked."""
        if release is None:
            return None
        key = keys.checked(release.release)
        try:
            found = unseal(store.get(key), f"{store.url}/{key}")
        except (NotFound, Damaged, BrokenSeal):
            return None
        record = cls(found["code"], found["great_expectations"], found["fetches"], found["tables"])
        return record if (record.code, record.great_expectations) == _versions() else None


def keep_record(run: Run, release: str, page_key: str | None) -> None:
    """Keeps what was found in a release's partitions, for the runs after this one. page_key: of this run's checks."""
    tables = run.stage.noted(RECORD)
    if tables is None:
        return
    code, great_expectations = _versions()
    told = {name: {**each, "docs": each["docs"] or page_key} for name, each in tables.items()}
    content = {
        "code": code,
        "great_expectations": great_expectations,
        "fetches": run.fetches,
        "tables": told,
    }
    run.store.put(keys.checked(release), seal(content))


def _versions() -> tuple[str, str]:
    """Read off the package's data, since importing Great Expectations takes seconds."""
    return code_version(), importlib.metadata.version("great-expectations")


def unchecked(run: Run, parts: Partitions) -> list[dict[str, int]]:
    """Notes the partitions that no check has seen; returns how many rows of them each table has in each block."""
    record = Record.of(run.store, run.before)
    before = run.before.tables if run.before else {}
    carried = {name: before[name] for name in record.tables if name in before} if record else {}
    weeks: dict[str, list[str]] = defaultdict(list)
    rows: list[dict[str, int]] = [defaultdict(int) for _ in weeks_of(run.stage)]
    block_of = {week: number for number, block in enumerate(weeks_of(run.stage)) for week in block}
    tables = {table.name: table for table in TABLES}
    for name, week, each in changed({name: parts[name] for name in tables}, carried):
        weeks[name].append(str(week))
        rows[0 if tables[name].all_weeks else block_of[week]][name] += each.rows
    run.stage.note(WEEKS, dict(weeks))
    return [dict(each) for each in rows]


def batches(rows: Sequence[dict[str, int]], most: int) -> list[Batch]:
    """What is to be checked, parted so that each batch has as many values at most as so many rows of `ranking_entry`.

    A block of a table is never parted. rows: as `unchecked` gives them.
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
    return [batch for batch in made if batch]


def check(run: Run, batch: Batch) -> None:
    """Checks some of the rows that no check has seen, and notes what was found.

    The rows that fail are copied to `quarantine/rows/`.
    """
    source = _pandas()
    for name, blocks in batch:
        table = next(table for table in TABLES if table.name == name)
        weeks = [date.fromisoformat(week) for week in run.stage.noted(WEEKS)[name]]
        frame = run.stage.read(name, blocks)
        if "week_start" in frame.columns:
            frame = frame.filter(pl.col("week_start").is_in(weeks))
        found, result = _failures(source, run.store, table, frame)
        noted = {
            "failures": [asdict(each) for each in found],
            "checks": len(result.results) if result else len(found),
            "sections": sections(result) if result else [],
        }
        run.stage.note(f"{CHECKED}{name}/{blocks[0]:06d}", noted)
    # Great Expectations' results hold each other, and the rows, in circles: a worker would fill up with them.
    gc.collect()


def validate(run: Run) -> str:
    """Decides on all that the checks found, now and before; returns the key of the report.

    No row is taken out of a table. Raises `Invalid` where a critical check fails that no person has accepted, or
    cannot be made; the report is kept in any case.
    """
    stage, record, parts = run.stage, Record.of(run.store, run.before), written(run)
    let_through = approvals.accepted(run.store)
    weeks: dict[str, list[str]] = stage.noted(WEEKS)
    failures: dict[str, list[Failure]] = {}
    shown: list[Checked] = []
    kept: dict[str, dict[str, Any]] = {}
    for table in TABLES:
        noted = [stage.noted(name) for name in stage.notes(f"{CHECKED}{table.name}/")]
        if weeks.get(table.name) and not noted:
            raise StandingsError(f"{run.store.url}: {table.name} was not checked: run it again")
        carried = (record.tables if record else {}).get(table.name, NOTHING_FOUND)
        standing = {str(week) for week in parts[table.name]} - set(weeks.get(table.name, ()))
        before = [each for each in carried["failures"] if each["week"] in standing]
        found = [_noted(each) for each in [*before, *(one for part in noted for one in part["failures"])]]
        # The same checks are made on each part, so the first part's rendering stands for all.
        checks, docs = (noted[0]["checks"], None) if noted else (carried["checks"], carried["docs"])
        failures[table.name] = [_let_through(each, table, let_through) for each in found]
        told = tuple((each.severity, each.problem) for each in failures[table.name])
        shown.append(
            Checked(table.name, told, checks, tuple(noted[0]["sections"]) if noted else (), earlier=docs)
        )
        kept[table.name] = {"checks": checks, "docs": docs, "failures": [asdict(each) for each in found]}
    findings = stage.noted("findings") or []
    captures = tuple((each["severity"], each["problem"]) for each in findings)
    stage.note("docs", page([Checked("captures", captures, len(captures)), *shown]))
    stage.note("accepted", sorted(let_through))
    stage.note(RECORD, kept)
    key = _report(run.store, failures, findings)
    for table_name, each in _graded(failures, WARNING):
        log.warning("validate: warning: %s: %s", table_name, each.problem)
    if critical := list(_graded(failures, CRITICAL)):
        raise Invalid(_refused(critical), f"{run.store.url}/{key}")
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
    """What is wrong with a table, and the suite's result: structure first, and only if it is sound, its values.

    There is no result where there is nothing to check.
    """
    if problems := list(table.problems(frame)):
        # Of a table whose structure is broken every row is suspect.
        kept = _quarantine(store, frame)
        return [Failure(CRITICAL, "structure", problem, all_rows=kept) for problem in problems], None
    from schemas.projections.suites import suite

    expectations = suite(table)
    if frame.is_empty() or not expectations.expectations:
        return [], None
    batch = (
        source.add_dataframe_asset(table.name)
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": _as_pandas(frame)})
    )
    result = batch.validate(expectations, result_format="COMPLETE")
    source.delete_asset(table.name)
    failed = (each for each in result.results if not each.success)
    return [failure for each in failed for failure in _by_week(store, table, frame, each)], result


def _as_pandas(frame: pl.DataFrame) -> "pd.DataFrame":
    # Arrow-backed columns keep integers exact; the default turns a column with nulls into floats.
    copy = frame.to_pandas(use_pyarrow_extension_array=True)
    # Great Expectations takes a hash of every value, twice, and Arrow's times are hashed one object at a time.
    return copy.assign(**{each.name: each.to_pandas() for each in frame.select(cs.temporal())})


def _by_week(store: Store, table: Table, frame: pl.DataFrame, result: Any) -> Iterator[Failure]:
    """One failed check in our own words, a week apart from the other, since each partition stands by itself."""
    config = result.expectation_config
    columns = [config.kwargs[name] for name in ("column", "column_A", "column_B") if name in config.kwargs]
    check, where = f"{config.type}({', '.join(columns)})", ", ".join(columns)
    if _raised(result.exception_info):
        # A check that could not be made proves nothing.
        yield Failure(CRITICAL, check, f"{where}: could not be checked")
        return
    severity = str(getattr(config.severity, "value", config.severity))
    failing = frame[result.result.get("unexpected_index_list") or []]
    shown = (*table.key, *(name for name in columns if name not in table.key))
    for rows in failing.partition_by("week_start", maintain_order=True):
        offences = [json.dumps(row, default=str, sort_keys=True) for row in rows.select(shown).to_dicts()]
        first = json.dumps(rows.select(shown).row(0, named=True), default=str)
        yield Failure(
            severity,
            check,
            f"{where}: {rows.height} rows fail {config.type}, the first is {first}",
            str(rows["week_start"][0]),
            tuple(offences),
            tuple(json.loads(each) for each in offences[:SHOWN]),
            _quarantine(store, rows),
        )


def _raised(info: Any) -> bool:
    """Whether the check itself broke; a metric that broke is told one level deeper."""
    if not isinstance(info, dict):
        return False
    return bool(info.get("raised_exception")) or any(_raised(each) for each in info.values())
