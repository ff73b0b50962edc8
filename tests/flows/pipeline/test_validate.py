"""Validation: a bad value stops the release, is told in one line, and leaves what is published as it was."""

import copy
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import flows.pipeline.validate
from flows.lake import keys
from flows.lake.lake import open_lake
from flows.lake.staging import Run, Stage, begin
from flows.pipeline.conform import conform
from flows.pipeline.partitions import write_parts, write_series, written
from flows.pipeline.run import computed, raw_to_warehouse
from flows.pipeline.validate import Invalid, batches, check, unchecked
from flows.pipeline.validate import validate as verdict
from flows.settings import Settings
from flows.storage.checksummed_json import unseal
from schemas import (
    COUNTRY_LEAD_WEEK,
    COUNTRY_TOP_MODELS,
    COUNTRY_WEEK,
    MODEL_WEEK,
    RANKING_ENTRY,
    TABLES,
    WEEK_COVERAGE,
    Table,
)
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = [lakes.GREAT_EXPECTATIONS, pytest.mark.slow]

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 15)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two weeks on their way to a release, all of it sound; no test changes them."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("prepared"))
    lakes.land_bytes(settings, lakes.simulated(FIRST, LAST, lakes.at(date(2026, 4, 1))), origin="simulated")
    run = begin(settings)
    conformed = conform(run)
    computed(run, conformed)
    write_parts(run, 0)
    write_series(run)
    return run


@pytest.fixture
def settings(prepared: Run, tmp_path: Path) -> Settings:
    """A lake of those weeks, to which nothing leads yet."""
    settings = lakes.on_disk(tmp_path)
    shutil.copytree(prepared.settings.lake.removeprefix("file://"), settings.lake.removeprefix("file://"))
    return settings


@pytest.fixture
def run(settings: Settings, prepared: Run) -> Run:
    """Those weeks on their way to a release in that lake."""
    return Run(settings, copy.deepcopy(prepared.stage), prepared.kind, prepared.published)


@pytest.fixture
def stage(run: Run) -> Stage:
    return run.stage


def validate(run: Run) -> str:
    """All tables that count checked at once, and the verdict."""
    for batch in batches(unchecked(run, written(run)), 1_000_000):
        check(run, batch)
    return verdict(run)


def problems(settings: Settings, key: str) -> dict[str, list[dict[str, Any]]]:
    report: dict[str, list[dict[str, Any]]] = json.loads(open_lake(settings).get(key))
    return {table: found for table, found in report.items() if found}


def only_report(settings: Settings) -> str:
    (key,) = open_lake(settings).list("reports/")
    return key


def spoilt(stage: Stage, table: Table, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    frame = stage.read(table.name)
    changed = change(frame)
    assert not changed.equals(frame)
    stage.write(table.name, changed)


def row(position: int, **values: object) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Gives columns of one row other values."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        there = pl.int_range(pl.len()) == position % frame.height
        return frame.with_columns(
            pl.when(there).then(pl.lit(value, frame.schema[name])).otherwise(name).alias(name)
            for name, value in values.items()
        )

    return change


def test_sound_tables_pass_with_a_report_that_finds_nothing(
    settings: Settings, run: Run, stage: Stage
) -> None:
    key = validate(run)
    assert key == only_report(settings)
    assert json.loads(open_lake(settings).get(key)) == {table.name: [] for table in TABLES} | {"captures": []}


# For each table: the row and what it is given, and what each failed check then says.
BAD_VALUES: dict[str, dict[Table, tuple[int, dict[str, object], list[str]]]] = {
    "text": {
        COUNTRY_WEEK: (-1, {"country_code": "zz"}, ["country_code: 1 rows fail"]),
        COUNTRY_LEAD_WEEK: (0, {"leader": "USA"}, ["leader: 1 rows fail"]),
        MODEL_WEEK: (0, {"attribution": "guessed"}, ["attribution: 1 rows fail"]),
        WEEK_COVERAGE: (0, {"status": "final"}, ["status: 1 rows fail"]),
        RANKING_ENTRY: (-1, {"capture": "g" * 64}, ["capture: 1 rows fail"]),
    },
    "numbers": {
        COUNTRY_WEEK: (0, {"share_hi": 1.5}, ["share_hi: 1 rows fail"]),
        COUNTRY_LEAD_WEEK: (0, {"lead_ratio": 0.5}, ["lead_ratio: 1 rows fail"]),
        MODEL_WEEK: (0, {"share": -0.1}, ["share: 1 rows fail"]),
        WEEK_COVERAGE: (0, {"days_observed": 8}, ["days_observed: 1 rows fail"]),
        RANKING_ENTRY: (0, {"tokens": -(2**53) - 1}, ['"tokens": -9007199254740993']),
    },
    "in relation": {
        COUNTRY_WEEK: (0, {"share_lo": 1.0}, ["share, share_lo: 1 rows fail"]),
        COUNTRY_LEAD_WEEK: (0, {"lead_certain": None}, ["row 1: lead_certain is empty"]),
        MODEL_WEEK: (0, {"tokens": None, "status": None}, ["row 1: tokens is empty", "row 1: status"]),
        WEEK_COVERAGE: (1, {"grain": None}, ["row 2: grain is empty"]),
        RANKING_ENTRY: (-1, {"model_permaslug": "~ ~"}, ["model_permaslug: 1 rows fail"]),
    },
    "no number": {
        COUNTRY_WEEK: (0, {"share_hi": float("nan")}, ["share_hi: 1 rows fail", "share_hi, share: "])
    },
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_bad_values_stop_with_one_line_and_a_report_of_all(
    case: str, settings: Settings, run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt_tables = BAD_VALUES[case]
    sound = {COUNTRY_TOP_MODELS, WEEK_COVERAGE} - spoilt_tables.keys()
    wanted = tuple(table for table in TABLES if table in {*spoilt_tables, *sound})
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", wanted)
    for table, (position, values, _) in spoilt_tables.items():
        spoilt(stage, table, row(position, **values))
    with pytest.raises(Invalid) as caught:
        validate(run)
    found = problems(settings, only_report(settings))
    assert set(found) == {table.name for table in spoilt_tables}
    for table, (_, _, told) in spoilt_tables.items():
        lines = [failure["problem"] for failure in found[table.name]]
        assert [part in line for part, line in zip(told, lines, strict=True)] == [True] * len(told), lines
        assert {failure["severity"] for failure in found[table.name]} == {"critical"}
    message = str(caught.value)
    assert "\n" not in message
    assert f"nothing was published; the report is {settings.lake}/{only_report(settings)}" in message


def test_a_report_names_the_rows_by_their_key_and_value(
    settings: Settings, run: Run, stage: Stage, two_tables: None
) -> None:
    wrong = ["CN", "US"]
    spoilt(
        stage,
        COUNTRY_WEEK,
        lambda frame: frame.with_columns(
            rank_worst=pl.when(pl.col("country_code").is_in(wrong), week_start=FIRST)
            .then(0)
            .otherwise("rank_worst")
        ),
    )
    with pytest.raises(Invalid, match=r"and 1 more"):
        validate(run)
    below, pair = problems(settings, only_report(settings))["country_week"]
    frame = stage.read("country_week").filter(pl.col("country_code").is_in(wrong), week_start=FIRST)
    assert below["problem"].startswith(f"rank_worst: {frame.height} rows fail")
    assert pair["problem"].startswith(f"rank_worst, rank: {frame.height} rows fail")
    shown = frame.select(*COUNTRY_WEEK.key, "rank_worst").with_columns(pl.col("week_start").cast(pl.String))
    assert below["rows"] == shown.head(10).to_dicts()


def test_tables_of_another_shape_stop(
    settings: Settings, run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: dict[Table, tuple[Callable[[pl.DataFrame], pl.DataFrame], str]] = {
        COUNTRY_WEEK: (lambda frame: pl.concat([frame[:1], frame]), "row 1: key"),
        COUNTRY_LEAD_WEEK: (lambda frame: frame[::-1], "rows are not in the order of week_start, method"),
        MODEL_WEEK: (lambda frame: frame.with_columns(pl.col("tokens") / 2), "columns are"),
        WEEK_COVERAGE: (lambda frame: frame.drop("depth"), "columns are"),
        RANKING_ENTRY: (lambda frame: frame.with_columns(extra=pl.lit(1)), "columns are"),
    }
    wanted = tuple(table for table in TABLES if table in {*changes, COUNTRY_TOP_MODELS})
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", wanted)
    for table, (change, _) in changes.items():
        spoilt(stage, table, change)
    with pytest.raises(Invalid) as caught:
        validate(run)
    assert "\n" not in str(caught.value)
    found = problems(settings, only_report(settings))
    for table, (_, told) in changes.items():
        (failure,) = found[table.name]
        assert failure["problem"].startswith(told)
        assert failure["severity"] == "critical"


def test_a_check_that_breaks_is_critical(
    settings: Settings, run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch, two_tables: None
) -> None:
    import great_expectations.expectations as gxe

    from schemas.projections import suites

    sound = suites.suite

    def suite(table: Table) -> Any:
        made = sound(table)
        if table is WEEK_COVERAGE:
            made.add_expectation(
                gxe.ExpectColumnValuesToMatchRegex(column="grain", regex="(", severity="info")
            )
        return made

    monkeypatch.setattr(suites, "suite", suite)
    with pytest.raises(Invalid, match="week_coverage: grain: could not be checked"):
        validate(run)


def test_what_is_no_more_than_a_warning_is_reported_and_passes(
    settings: Settings, run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch, two_tables: None
) -> None:
    import great_expectations.expectations as gxe

    from schemas.projections import suites

    sound = suites.suite

    def suite(table: Table) -> Any:
        made = sound(table)
        if table is WEEK_COVERAGE:
            made.add_expectation(
                gxe.ExpectColumnValuesToBeInSet(column="grain", value_set=["week"], severity="warning")
            )
        return made

    monkeypatch.setattr(suites, "suite", suite)
    found = problems(settings, validate(run))
    assert [(each["severity"], len(each["rows"])) for each in found["week_coverage"]] == [("warning", 1)] * 2


def test_an_invalid_week_leaves_the_published_release_as_it_was(settings: Settings, two_tables: None) -> None:
    first = lakes.publish(settings)
    store = open_lake(settings)
    before = lakes.published_bytes(settings)
    pointer = store.get(keys.POINTER)
    later = lakes.simulated(date(2026, 3, 16), date(2026, 3, 22), lakes.at(date(2026, 4, 1)))
    lakes.land_bytes(settings, later, origin="simulated")

    def spoiling(step: Callable[..., Any], /) -> Callable[..., Any]:
        def taken(*arguments: Any) -> Any:
            if step is check:
                spoilt(arguments[0].stage, COUNTRY_WEEK, row(-1, country_code="zz"))
            return step(*arguments)

        return taken

    with pytest.raises(
        StandingsError, match=r"nothing was published; the report is .*; `standings accept 000002-"
    ):
        raw_to_warehouse(settings, spoiling)
    assert store.get(keys.POINTER) == pointer
    assert lakes.published_bytes(settings) == before
    assert lakes.manifest_of(settings).release == first.release
    assert lakes.publish(settings).release.startswith("000002-")


def test_a_capture_whose_week_is_refused_does_not_stop_the_weeks_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (WEEK_COVERAGE,))
    settings = lakes.on_disk(tmp_path / "another")
    impossible = lakes.week_of(date(2023, 7, 3), {"openai/osprey": 5})
    sound = lakes.week_of(date(2026, 7, 6), {"openai/osprey": 5})
    lakes.bring(settings, lakes.write(tmp_path, "sound.json", lakes.body(sound)))
    lakes.land_bytes(settings, lakes.body(impossible))
    later = lakes.week_of(date(2026, 7, 13), {"openai/osprey": 5})
    file = lakes.write(tmp_path, "later.json", lakes.body(later))
    outcome = lakes.bring(settings, file, run=lakes.not_loading)
    (line,) = outcome.rejected
    assert line.startswith("a test: ")
    assert "\n" not in line
    manifest = lakes.manifest_of(settings)
    assert outcome.release == manifest.release
    assert set(manifest.tables["country_week"]) == {date(2026, 7, 6), date(2026, 7, 13)}
    store = open_lake(settings)
    (record,) = store.list(keys.REJECTED)
    assert unseal(store.get(record), record)["problem"] == line
    assert lakes.digest(lakes.body(impossible)) in record


def test_where_the_only_capture_is_refused_nothing_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (WEEK_COVERAGE,))
    settings = lakes.on_disk(tmp_path / "another")
    lakes.land_bytes(settings, lakes.body(lakes.week_of(date(2023, 7, 3), {"openai/osprey": 5})))
    with pytest.raises(
        StandingsError, match=r"`standings accept 000001-refused-[0-9a-f]{12} --reason"
    ) as caught:
        raw_to_warehouse(settings)
    assert "\n" not in str(caught.value)
    assert keys.POINTER not in lakes.objects(settings)
