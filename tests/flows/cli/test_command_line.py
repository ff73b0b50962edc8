"""The command line: what it prints, what it exits with, and that it says what is wrong in one line."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import click.testing
import polars as pl
import pyarrow.parquet as pq
import pytest

import flows.monitoring.status
from flows.cli.app import PREFECT
from flows.cli.main import VERBS, cli, main
from flows.lake.lake import citation
from flows.settings import Settings
from flows.warehouses.duckdb import loaded_release
from schemas import COUNTRY_WEEK, TABLES, Table, datasets
from schemas.errors import StandingsError
from schemas.licence import CAVEAT
from schemas.methods import METHODS
from tests.support import lakes

pytestmark = lakes.GREAT_EXPECTATIONS

SCRIPT = Path(sys.executable).with_name("standings")
COMMANDS = {
    "accept",
    "backfill",
    "claims",
    "copy",
    "demo",
    "gaps",
    "ingest",
    "lineage",
    "load",
    "metrics",
    "migrate",
    "monitor",
    "prune",
    "rebuild",
    "refresh",
    "releases",
    "repair",
    "rollback",
    "sample-api",
    "status",
    "table",
    "unknown",
    "verify",
    "weekly",
}
WEEKS = [date(2026, 6, 29), date(2026, 7, 6), date(2026, 7, 13)]
MODELS = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7_000_000, "mistralai/gorse:free": 30}
GOOD = lakes.body(lakes.week_of(WEEKS[0], MODELS))


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def problem(self) -> str:
        """The one line that tells what is wrong, the last on standard error."""
        line = self.err.splitlines()[-1]
        assert line.startswith("standings: ")
        assert "Traceback" not in self.err
        return line.removeprefix("standings: ")


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Runs the command line in this process, in a folder of its own."""
    import logging

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STANDINGS_LAKE", f"file://{tmp_path}/lake")
    # A moment at which none of the lakes here is stale.
    for module in VERBS:
        monkeypatch.setattr(module, "now", lambda: datetime(2026, 7, 20, tzinfo=UTC), raising=False)
    log = logging.getLogger("standings")
    handlers, level, propagate = log.handlers[:], log.level, log.propagate

    def call(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["standings", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            # What Python does with the argument of sys.exit.
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            code = 1 if isinstance(end.code, str) else int(end.code or 0)
        return Ran(code, *capsys.readouterr())

    yield call
    log.handlers, log.propagate = handlers, propagate
    log.setLevel(level)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of three weeks, the last one incomplete."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("published"))
    days = {day: MODELS for week in WEEKS for day in lakes.week_of(week, MODELS)}
    lakes.land_bytes(settings, lakes.body(dict(list(days.items())[:-2])))
    lakes.publish(settings)
    return settings


@pytest.fixture
def table(run: Run, published: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `standings table` on the published lake."""
    monkeypatch.setenv("STANDINGS_LAKE", published.lake)
    return lambda *arguments: run("table", *arguments)


def subprocess_of(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-X", "importtime", str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=60,
    )


def imported(stderr: str) -> set[str]:
    """The packages that `-X importtime` lists."""
    modules = re.findall(r"^import time:.*\|\s+(\S+)$", stderr, re.MULTILINE)
    return {name.partition(".")[0] for name in modules}


def spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# Help


def test_help_lists_every_command_and_imports_nothing_slow(tmp_path: Path) -> None:
    before = spent()
    ran = subprocess_of("--help")
    assert spent() - before < 3.0
    assert ran.returncode == 0
    assert {line.split()[0] for line in ran.stdout.partition("Commands:")[2].splitlines() if line} == COMMANDS
    assert "click" in imported(ran.stderr)
    assert not imported(ran.stderr) & {
        "prefect",
        "great_expectations",
        "pandas",
        "duckdb",
        "pyarrow",
        "boto3",
        "httpx",
        "fastapi",
    }


def test_without_a_command_help_is_shown(run: Run) -> None:
    ran = run()
    assert ran.code == 0
    assert ran.out == run("--help").out


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str) -> None:
    result = click.testing.CliRunner().invoke(cli, [command, "-h"])
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: cli {command} ")
    assert "--debug" in result.output


def test_the_tables_that_the_help_names_are_those_that_there_are(run: Run) -> None:
    listed = re.findall(r"^  ([a-z_]+(?:, [a-z_]+)*)  +\S", run("table", "--help").out, re.MULTILINE)
    assert sorted(", ".join(listed).split(", ")) == sorted(each.name for each in TABLES)


# Tables


def test_a_table_is_printed_with_its_source_and_caveat(table: Run, published: Settings) -> None:
    ran = table("country_week", "--week", "2026-07-06", "--method", "all_models", "--knowledge", "now")
    assert ran.code == 0
    header, *lines, empty, source, caveat = ran.out.splitlines()
    assert header.split() == [column.name for column in COUNTRY_WEEK.columns if column.brief]
    assert [line.split()[3] for line in lines] == ["US", "CN", "FR", "ZZ"]
    assert source == citation("real", lakes.manifest_of(published).as_of)
    assert caveat == CAVEAT
    assert (empty, ran.err) == ("", "")


def weeks_of(settings: Settings, each: Table) -> list[date]:
    """The weeks that the manifest lists: of most tables, those of the data."""
    weeks = sorted(lakes.manifest_of(settings).tables[each.name])
    assert weeks == WEEKS or each.name in lakes.SOMETIMES_EMPTY
    return weeks


def has_no_week(ran: Ran, each: Table) -> None:
    assert (ran.code, ran.out) == (1, "")
    assert ran.problem == f"no row of {each.name} is like that; it holds no week"


@pytest.mark.parametrize("each", TABLES, ids=lambda each: each.name)
def test_json_is_a_list_of_objects_with_the_table_s_columns(
    each: Table, table: Run, published: Settings
) -> None:
    ran = table(each.name, "--format", "json")
    weeks = weeks_of(published, each)
    if not weeks:
        has_no_week(ran, each)
        return
    rows = json.loads(ran.out)
    assert rows
    assert all(list(row) == each.names for row in rows)
    assert {row["week_start"] for row in rows} == {str(week) for week in weeks}
    assert ran.err.splitlines()[-1] == CAVEAT


def test_json_s_counts_are_exact_integers(table: Run) -> None:
    ran = table("country_week", "--format", "json", "--country", "us", "--week", "2026-06-30")
    counts = {(row["method"], row["knowledge"]): row["tokens"] for row in json.loads(ran.out)}
    assert set(counts.values()) == {7 * (2**53 + 1)}
    assert all(type(tokens) is int for tokens in counts.values())


def test_csv_has_a_header_and_nothing_but_rows(table: Run) -> None:
    ran = table("country_week", "--format", "csv", "--country", "CN")
    header, *lines = ran.out.splitlines()
    assert header == ",".join(COUNTRY_WEEK.names)
    assert len(lines) == len(WEEKS) * len(METHODS) * 2
    assert all(line.startswith("2026-") for line in lines)
    assert ran.err.strip().startswith("Source: OpenRouter")


def test_csv_and_json_carry_their_citation_where_that_is_asked_for(table: Run, published: Settings) -> None:
    line = citation("real", lakes.manifest_of(published).as_of)
    csv = table("country_week", "--format", "csv", "--citation")
    head = [each for each in csv.out.splitlines() if each.startswith("# ")]
    assert f"# citation: {line}" in head
    assert f"# caveat: {CAVEAT}" in head
    assert csv.out.splitlines()[len(head)] == ",".join(COUNTRY_WEEK.names)
    told = json.loads(table("country_week", "--format", "json", "--citation").out)
    assert (told["citation"], told["release"]) == (line, lakes.manifest_of(published).release)
    assert told["rows"] == json.loads(table("country_week", "--format", "json").out)


@pytest.mark.parametrize("each", TABLES, ids=lambda each: each.name)
def test_parquet_goes_to_a_file_with_the_table_s_schema(each: Table, table: Run, published: Settings) -> None:
    ran = table(each.name, "--format", "parquet", "--output", "rows.parquet")
    weeks = weeks_of(published, each)
    if not weeks:
        assert not Path("rows.parquet").exists()
        has_no_week(ran, each)
        return
    assert (ran.code, ran.out) == (0, "")
    assert pq.read_schema("rows.parquet").equals(each.arrow_schema())
    told = pq.read_metadata("rows.parquet").metadata
    assert told[b"release"] == lakes.manifest_of(published).release.encode()
    assert told[b"citation"] == ran.err.strip().splitlines()[0].encode()
    rows = pl.read_parquet("rows.parquet")
    assert list(each.problems(rows)) == []
    assert rows["week_start"].unique().sort().to_list() == weeks


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_file_gets_what_the_terminal_would(form: str, table: Run) -> None:
    printed = table("week_coverage", "--format", form)
    written = table("week_coverage", "--format", form, "--output", "rows.txt")
    assert written.out == ""
    notes = written.err
    text = Path("rows.txt").read_text()
    assert printed.out == (text + notes if form == "table" else text)


@pytest.mark.parametrize(
    ("options", "weeks"),
    [
        (("--week", "2026-07-12"), WEEKS[1:2]),
        (("--week", "2026-07-06"), WEEKS[1:2]),
        (("--from", "2026-07-10"), WEEKS[1:]),
        (("--to", "2026-07-10"), WEEKS[:2]),
        (("--from", "2026-07-01", "--to", "2026-07-01"), WEEKS[:1]),
    ],
)
def test_any_day_names_its_week(options: tuple[str, ...], weeks: list[date], table: Run) -> None:
    rows = json.loads(table("country_week", "--format", "json", *options).out)
    assert sorted({row["week_start"] for row in rows}) == [str(week) for week in weeks]


@pytest.mark.parametrize(
    ("option", "value", "column", "kept"),
    [
        ("--method", "top9_named", "method", "top9_named"),
        ("--knowledge", "then", "knowledge", "then"),
        ("--country", "cn", "country_code", "CN"),
    ],
)
def test_a_filter_keeps_its_rows(option: str, value: str, column: str, kept: str, table: Run) -> None:
    rows = json.loads(table("country_week", "--format", "json", option, value).out)
    assert {row[column] for row in rows} == {kept}


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nations",), 1, "there is no table 'nations': there are ranking_entry"),
        (
            ("country_week", "--method", "all"),
            1,
            "method 'all' is not known: there is all_models, top9_named",
        ),
        (("week_coverage", "--country", "CN"), 1, "week_coverage has no column country_code"),
        (("country_week", "--week", "2020-01-01"), 1, "it holds weeks 2026-06-29 to 2026-07-13"),
        (("country_week", "--country", "USA"), 1, "no row of country_week is like that"),
        (("country_week", "--knowledge", "soon"), 2, "'soon' is not one of 'then', 'now'"),
        (("country_week", "--week", "July"), 2, "'July' does not match the format '%Y-%m-%d'"),
        (("country_week", "--week", "2026-07-06", "--to", "2026-07-06"), 2, "--week names one week"),
        (("country_week", "--format", "parquet"), 2, "--format parquet needs --output FILE"),
        (("country_week", "--format", "xlsx"), 2, "'xlsx' is not one of"),
        (("country_week", "--output", "no/such/folder.txt"), 1, "no/such/folder.txt: cannot be written: No"),
        ((), 2, "Missing argument 'NAME'"),
        (("country_week", "--frm", "csv"), 2, "No such option"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(
    arguments: tuple[str, ...], code: int, told: str, table: Run
) -> None:
    ran = table(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.problem
    assert len(ran.err.splitlines()) == 1
    assert ran.problem.endswith("standings table --help)") == (code == 2)


def test_reading_imports_neither_prefect_nor_great_expectations(published: Settings) -> None:
    ran = subprocess_of("table", "country_week", "--format", "json", STANDINGS_LAKE=published.lake)
    assert ran.returncode == 0
    assert len(json.loads(ran.stdout)) > 0
    assert "polars" in imported(ran.stderr)
    assert not imported(ran.stderr) & {"prefect", "great_expectations", "pandas", "fastapi", "boto3"}


def test_a_reader_that_has_seen_enough_ends_it_quietly(published: Settings) -> None:
    # More than a pipe holds, however large it is.
    lots = {date(2025, 1, 6): {f"openai/{number:0190}": 1 for number in range(6000)}}
    settings = lakes.on_disk(Path(published.lake.removeprefix("file://")).with_name("lots"))
    lakes.land_bytes(settings, lakes.body(lots))
    lakes.publish(settings)
    process = subprocess.Popen(
        [SCRIPT, "table", "ranking_entry", "--format", "csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"STANDINGS_LAKE": settings.lake},
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"week_start,")
        process.stdout.close()
        told = process.stderr.read()
    assert b"Traceback" not in told
    assert b"standings:" not in told
    assert process.returncode in (0, 1)


# Errors


def test_debug_shows_where_an_error_comes_from(table: Run) -> None:
    with pytest.raises(StandingsError, match="there is no table"):
        table("nations", "--debug")


def test_an_unforeseen_error_is_told_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def lines(*_: object) -> Iterator[str]:
        raise RuntimeError("first\n second")

    monkeypatch.setattr(flows.monitoring.status, "lines", lines)
    ran = run("status")
    assert ran.code == 1
    assert ran.problem == "unexpected RuntimeError: first second (run it again with --debug)"
    with pytest.raises(RuntimeError):
        run("status", "--debug")


def test_being_stopped_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def lines(*_: object) -> Iterator[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(flows.monitoring.status, "lines", lines)
    ran = run("status")
    assert (ran.code, ran.problem) == (1, "stopped")


def test_a_setting_that_cannot_be_used_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDINGS_LAKE", "ftp://example.org/lake")
    ran = run("status")
    assert (ran.code, ran.out) == (1, "")
    assert "file:// or s3:// URL" in ran.problem


@pytest.mark.parametrize("arguments", [("weekly",), ("backfill", "--from", "2025-01-01")])
def test_without_a_key_fetching_says_so_at_once(arguments: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert ran.problem.startswith("OPENROUTER_API_KEY is not set")
    assert len(ran.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_backfill_needs_its_first_day(run: Run) -> None:
    ran = run("backfill")
    assert ran.code == 2
    assert ran.problem.startswith("Missing option '--from'.")
    assert ran.problem.endswith("standings backfill --help)")


# Ingest, rebuild, status


def test_captures_are_ingested_published_loaded_and_told(run: Run, tmp_path: Path, two_tables: None) -> None:
    lakes.write(tmp_path / "in", "good.json", GOOD)
    part = lakes.week_of(WEEKS[0], {"openai/osprey": 1})
    lakes.write(tmp_path / "in", "part.json", lakes.body(part), modality="text")
    first = run("ingest", "in")
    assert (first.code, first.out) == (0, "")
    assert "2 captures, 2 of them new" in first.err
    assert re.search(r"^release 000001-[0-9a-f]{12} is published$", first.err, re.MULTILINE)
    status = run("status")
    assert status.code == 0
    assert "captures   2 in raw/, 0 not published" in status.out
    assert "holds this release" in status.out
    again = run("ingest", "in/good.json", "--period", "day", "--origin", "api")
    assert again.code == 0
    assert "1 captures, 0 of them new" in again.err
    assert "nothing changed" in again.err
    assert "release 000001-" in again.err


BROKEN = {
    "html": (b"<!doctype html><h1>Back soon</h1>", "this is an HTML page, not the API's JSON"),
    "truncated": (GOOD[:-100], "line 1: not JSON"),
    "float": (
        GOOD.replace(b'"7000000"', b"7000000.0", 1),
        "row 2: total_tokens is the number 7000000.0, not a whole number of tokens",
    ),
}


def test_captures_that_cannot_be_read_are_told_and_the_others_published(
    run: Run, tmp_path: Path, two_tables: None
) -> None:
    for name, (body, _) in BROKEN.items():
        lakes.write(tmp_path / "in", f"{name}.json", body)
    lakes.write(tmp_path / "in", "good.json", GOOD)
    ran = run("ingest", "in")
    assert ran.code == 1
    first = next(name for name, (_, told) in BROKEN.items() if told in ran.problem)
    assert ran.problem.startswith(f"in/{first}.json: {BROKEN[first][1]}")
    assert ran.problem.endswith(
        "(and 2 more: standings status); the bytes are kept in raw/ and are not counted"
    )
    assert "release 000001-" in ran.err
    assert json.loads(run("table", "country_week", "--format", "json").out)
    status = run("status").out
    assert status.count("unreadable ") == 3
    for name, (_, told) in BROKEN.items():
        assert f"unreadable in/{name}.json: {told}" in status

    again = run("rebuild")
    assert (again.code, again.problem) == (ran.code, ran.problem)
    assert "nothing changed; release 000001-" in again.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("ingest",), 2, "Missing argument 'PATHS...'"),
        (("ingest", "gone.json"), 2, "'gone.json' does not exist"),
        (("ingest", "a.json", "--period", "month"), 2, "'month' is not one of 'day', 'week'"),
        (("ingest", "a.json", "--origin", "hearsay"), 2, "'hearsay' is not one of"),
        (("ingest", "a.json", "--period", "week"), 1, "a.json: its sidecar says period day, not week"),
        (("ingest", "empty"), 1, "empty: there is no *.json file in this folder"),
        (("rebuild",), 1, "there is no capture to publish"),
        (("sample-api", "--minute", "30"), 2, "'30' is not requests/seconds, such as 30/60"),
        (("table", "country_week"), 1, "nothing is published there yet: run `standings ingest`"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    arguments: tuple[str, ...], code: int, told: str, run: Run, tmp_path: Path
) -> None:
    lakes.write(tmp_path, "a.json", GOOD, period="day")
    (tmp_path / "empty").mkdir()
    ran = run(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.problem
    assert not (tmp_path / "lake").exists()


def test_a_load_that_fails_exits_with_an_error_and_the_next_run_catches_up(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two_tables: None
) -> None:
    lakes.write(tmp_path, "good.json", GOOD)
    (tmp_path / "w.duckdb").mkdir()
    monkeypatch.setenv("STANDINGS_WAREHOUSE", "w.duckdb")
    failed = run("ingest", "good.json")
    assert failed.code == 1
    assert failed.problem.startswith("w.duckdb: the warehouse cannot be written: Is a directory")
    assert run("table", "country_week").code == 0
    (tmp_path / "w.duckdb").rmdir()
    assert run("rebuild").code == 0
    assert "w.duckdb holds this release" in run("status").out


# The sample API


def test_the_sample_api_answers_until_it_is_stopped() -> None:
    process = subprocess.Popen(
        [SCRIPT, "sample-api", "--port", "0", "--now", "2026-03-01", "--seed", "7", "--day", "1/30"],
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told.startswith("SIMULATED figures at http://127.0.0.1:")
        url = told.split()[3] + "/datasets/rankings-daily?start_date=2026-02-16&end_date=2026-02-22"
        request = urllib.request.Request(url, headers={"Authorization": "Bearer any"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.headers["X-Token-Standings-Simulated"] == "true"
            assert len(json.loads(answer.read())["data"]) > 7
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert (refused.value.code, int(refused.value.headers["Retry-After"]) <= 30) == (429, True)
        refused.value.close()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert "export OPENROUTER_BASE_URL=http://127.0.0.1:" in rest
    assert rest.endswith("standings: stopped\n")
    assert "Traceback" not in rest
    assert process.returncode == 1


# The demo


def test_the_demo_prints_the_standings_as_simulated(
    run: Run, two_tables: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a history of four weeks."""
    for name, value in PREFECT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OPENROUTER_BASE_URL", "set by the demo")
    monkeypatch.setenv("OPENROUTER_API_KEY", "set by the demo")
    today = datetime.now(UTC).date()
    monkeypatch.setattr("flows.cli.run.now", lambda: datetime.now(UTC))
    shorter = replace(datasets.RANKINGS_DAILY, history_starts=today - timedelta(days=28))
    monkeypatch.setattr(datasets, "RANKINGS_DAILY", shorter)
    ran = run("demo")
    assert ran.code == 0, ran.err
    assert "SIMULATED figures" in ran.out
    assert "OpenRouter" not in ran.out + ran.err
    settings = Settings(f"file://{tmp_path}/demo-lake", tmp_path / "demo-lake/warehouse.duckdb")
    manifest = lakes.manifest_of(settings)
    assert f"release {manifest.release} is published" in ran.err
    assert (manifest.number, manifest.kind) == (1, "simulated")
    assert len(manifest.tables[COUNTRY_WEEK.name]) >= 4
    assert loaded_release(settings.warehouse) == manifest.release
    header = [line.split() for line in ran.out.splitlines() if line.startswith("week_start")]
    assert [columns[-1] for columns in header] == ["status", "status"]
    assert {path.name for path in tmp_path.iterdir()} == {"demo-lake"}
