"""Benchmarks of what people wait for: `make bench`.

`python -m tests.benchmarks.pipeline weekly cold` runs only those parts.

Each measure is a process of its own in a folder of its own. The measures of one table take turns, round by round, so
that whatever else the machine does slows all of them; the ratio is that of the medians to the table's first line.
"""

import json
import logging
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flows.cli.app import PREFECT
from schemas.datasets import RANKINGS_DAILY
from tests.support import servers

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "openrouter"
RIVALS = Path(__file__).with_name("rivals")
THEIR_PYTHON = ROOT / ".venv-rivals" / "bin" / "python"
STANDINGS = Path(sys.executable).with_name("standings")
ROUNDS = 3
NOW = datetime(2026, 11, 24, tzinfo=UTC)
HELD_WEEKS = 8
TASKS = 30
"""How many tasks the time of one is the mean of."""

WEEKLY = """
import sys
from datetime import date
from flows.weekly import weekly
weekly(date.fromisoformat(sys.argv[1]))
"""
BACKFILL = """
import sys
from datetime import date
from flows.backfill import backfill
backfill(*map(date.fromisoformat, sys.argv[1:]))
"""
"""As flows for which Prefect starts a server of its own."""

OVERHEAD = """
import json, statistics, time
from prefect import flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from flows.orchestration import as_task

def nothing():
    pass

@flow
def of(tasks):
    step = as_task(nothing)
    started = time.perf_counter()
    for _ in range(tasks):
        step()
    return time.perf_counter() - started

def empty():
    started = time.perf_counter()
    of(0)
    return time.perf_counter() - started

def median(measure):
    return statistics.median(measure() for _ in range(3))

found = {"first": empty(), "flow": median(empty), "task": median(lambda: of(TASKS)) / TASKS}
with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
    found["silent"] = median(empty)
print(json.dumps(found))
""".replace("TASKS", str(TASKS))


@dataclass(frozen=True)
class Spent:
    """What a process took: seconds on the clock, seconds of the processor with its children's, and its peak."""

    seconds: float
    cpu: float
    peak: int
    output: str = ""


Measure = Callable[[Path], Spent]


def main() -> None:
    started = time.perf_counter()
    wanted = sys.argv[1:] or list(PARTS)
    if strangers := [each for each in wanted if each not in PARTS]:
        sys.exit(f"bench: {strangers[0]} is none of its parts: {', '.join(PARTS)}")
    if {"cold", "weekly"} & {*wanted} and not THEIR_PYTHON.exists():
        sys.exit(f"bench: {THEIR_PYTHON} is not there, in which the others run: make bench")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", end="")
    print(f", medians of {ROUNDS} rounds", flush=True)
    # In this order: a process counts its parent's memory as its own peak, and the last part needs much.
    for name, part in PARTS.items():
        if name in wanted:
            part()
    print(f"\nall of it took {time.perf_counter() - started:.0f} s")


# Parts


def cold() -> None:
    """What a process costs before it has done anything."""
    imports = {
        "standings weekly": "import flows.weekly, duckdb, great_expectations",
        "of these, Great Expectations": "import great_expectations",
        "of these, Prefect": "import prefect",
    }
    rivals = f"import sys; sys.path.insert(0, {str(RIVALS)!r}); import weekly, dbt.adapters.duckdb"
    table(
        "Cold processes: the interpreter and what a run imports",
        {
            **{name: partial(python, code=code) for name, code in imports.items()},
            "dlt + dbt on DuckDB": lambda home: theirs(home, "-c", rivals),
            "standings --help": lambda home: ours(home, "--help"),
            "an interpreter that does nothing": lambda home: python(home, ""),
        },
    )


def weekly() -> None:
    """The week's run over a history of eight weeks, ours and theirs, which must come to the same figures first.

    The week before was read when it had just ended, so the run brings new vintages of some of its days.
    """
    from transforms.weeks import last_complete

    now = datetime.now(UTC).replace(microsecond=0)
    week = last_complete(now)
    fetched = (week - timedelta(days=7), week + timedelta(days=6))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        bring_history(home, week)
        with sample_api(home, now) as source, prefect_server(home) as server:
            asked = ("weekly", "--week", week)

            def our_run(room: Path) -> Spent:
                return ours(room, *asked, **source)

            def their_run(room: Path) -> Spent:
                return theirs(room, RIVALS / "weekly.py", *fetched, **source)

            rows = demand_same(
                after(home / "ours", our_run, *OURS), after(home / "theirs", their_run, *THEIRS)
            )
            table(
                f"The weekly run, from the API to the warehouse, after {HELD_WEEKS} weeks",
                {
                    "standings weekly": from_copy(home / "ours", our_run),
                    "the same as a flow, on a Prefect server that runs": from_copy(
                        home / "ours", lambda room: ours(room, *asked, **source, **server)
                    ),
                    "the same as a flow, on a server of its own": from_copy(
                        home / "ours", lambda room: python(room, WEEKLY, week, **source, **PREFECT)
                    ),
                    "dlt + dbt on DuckDB": from_copy(home / "theirs", their_run),
                },
            )
    print(f"  Both come to the same {rows} rows of countries and leaders. Ours also makes the other tables,")
    print("  both knowledges, bounds of ranks, every earlier state, parts, a manifest and a page of checks.")


def bring_history(home: Path, week: date) -> None:
    """What both sides hold before the run: the weeks before, read at noon of the day after the last one's end."""
    first, last = week - timedelta(weeks=HELD_WEEKS), week - timedelta(days=1)
    project = folder(home / "theirs") / "dbt"
    shutil.copytree(RIVALS / "dbt", project)
    run(home, [sys.executable, "-m", "tests.benchmarks.rivals.seeds", str(project / "seeds")], at=ROOT)
    with sample_api(home, datetime(week.year, week.month, week.day, 12, tzinfo=UTC)) as source:
        ours(folder(home / "ours"), "backfill", "--from", first, "--to", last, **source)
        theirs(home / "theirs", RIVALS / "weekly.py", first, last, **source)


def from_copy(held: Path, measure: Measure) -> Measure:
    """The measure, each time in a new copy of what is held."""
    return lambda room: measure(shutil.copytree(held, room / held.name))


def backfill() -> None:
    """The same job with Prefect and without."""
    days = ("2025-01-01", "2026-11-22")
    asked = ("backfill", "--from", days[0], "--to", days[1])
    with (
        tempfile.TemporaryDirectory() as name,
        sample_api(Path(name), NOW) as source,
        prefect_server(Path(name)) as server,
    ):
        table(
            "The backfill of all of history, from the API to the warehouse",
            {
                "standings backfill": lambda home: ours(home, *asked, **source),
                "as a flow, on a Prefect server that runs": lambda home: ours(
                    home, *asked, **source, **server
                ),
                "as a flow, on a server of its own": lambda home: python(
                    home, BACKFILL, *days, **source, **PREFECT
                ),
            },
        )


def prefect() -> None:
    """What Prefect takes for a flow and a task that do nothing."""
    with tempfile.TemporaryDirectory() as name, prefect_server(Path(name)) as server:
        pairs = [(overhead(), overhead(**server)) for _ in range(ROUNDS)]
    for side, where in enumerate(("its server of its own", "a server that runs")):
        heading(f"Prefect's part of a run, on {where}; ratio to the first")
        base = statistics.median(pair[0]["first"] for pair in pairs)
        for what, name in (
            ("the first flow of a process, a server of its own starting with it", "first"),
            ("a flow without tasks", "flow"),
            ("the same without its heartbeat", "silent"),
            ("a task that does nothing", "task"),
        ):
            line(what, statistics.median(pair[side][name] for pair in pairs), of=base)


def captures() -> None:
    """What was captured for real, where it lies beside the checkout."""
    if not SHARED.is_dir():
        print(f"\n(no captures in {SHARED}: their part is left out)")
        return
    landed: dict[str, Path] = {}
    with tempfile.TemporaryDirectory() as name:

        def ingested(home: Path) -> Spent:
            spent = ours(home, "ingest", SHARED / "responses")
            if "home" not in landed:
                landed["home"] = shutil.copytree(home, Path(name) / "held")
            return spent

        table(
            "Captures",
            {
                "ingest of all under responses/": ingested,
                "table country_week, after that": lambda _: ours(landed["home"], "table", "country_week"),
            },
        )


def steps() -> None:
    """The steps of a run as the path tells them, in this process and once: of a week, then of all of history."""
    from flows.sample_api.simulator import answer
    from transforms.request_windows import cover

    logging.getLogger("standings").setLevel(logging.ERROR)
    heading("The import of Great Expectations, which a fresh process pays at its first check")
    started = time.perf_counter()
    import great_expectations  # noqa: F401

    line("import", time.perf_counter() - started)

    last = date(2026, 11, 22)
    held = answer(
        11, NOW - timedelta(days=8), last - timedelta(weeks=HELD_WEEKS + 1, days=-1), last - timedelta(days=7)
    )
    week = answer(11, NOW, last - timedelta(days=13), last)
    steps_of(f"a week after {HELD_WEEKS} weeks", [held], [week])
    heading("What the sample API takes to make its answers")
    started = time.perf_counter()
    history = [answer(11, NOW, *window) for window in cover(RANKINGS_DAILY.history_starts, last)]
    line("all of history", time.perf_counter() - started)
    steps_of("all of history", [], history)


def steps_of(what: str, before: list[bytes], captures: list[bytes]) -> None:
    """Publishes the captures, where there are any on top of those before, and prints what each step took."""
    from flows.extract.ingest import ingest
    from flows.pipeline.run import raw_to_warehouse
    from flows.settings import Settings

    took: dict[str, float] = {}

    def timed(step: Callable[..., Any], /) -> Callable[..., Any]:
        def measured(*arguments: Any) -> Any:
            started = time.perf_counter()
            try:
                return step(*arguments)
            finally:
                took[step.__name__] = took.get(step.__name__, 0) + time.perf_counter() - started

        return measured

    def files(name: str, bodies: list[bytes]) -> Path:
        made = folder(home / name)
        for number, body in enumerate(bodies):
            (made / f"{number}.json").write_bytes(body)
        return made

    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        settings = Settings(lake=f"file://{home}/lake", warehouse=home / "warehouse.duckdb")
        if before:
            ingest(settings, [files("before", before)], None, "simulated")
            raw_to_warehouse(settings)
        timed(ingest)(settings, [files("captures", captures)], None, "simulated")
        raw_to_warehouse(settings, timed)
    heading(f"The steps of {what}, once, as parts of them all")
    for step, seconds in took.items():
        line(step, seconds, of=sum(took.values()))


PARTS: dict[str, Callable[[], None]] = {
    each.__name__: each for each in (cold, weekly, backfill, prefect, captures, steps)
}


# What is printed


def table(title: str, measures: Mapping[str, Measure]) -> None:
    """Runs the measures in turn, each round in fresh folders, and prints a line for each."""
    spent: dict[str, list[Spent]] = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            with tempfile.TemporaryDirectory() as home:
                spent[name].append(measure(Path(home)))
    heading(title, "   CPU      peak")
    base = statistics.median(each.seconds for each in next(iter(spent.values())))
    for name, all_of in spent.items():
        cpu = statistics.median(each.cpu for each in all_of)
        peak = max(each.peak for each in all_of)
        line(
            name,
            statistics.median(each.seconds for each in all_of),
            of=base,
            more=f"{cpu:6.1f} s  {peak:4} MiB",
        )


def heading(title: str, more: str = "") -> None:
    print(f"\n{title:70}   median   ratio{more}", flush=True)


def line(name: str, seconds: float, of: float | None = None, more: str = "") -> None:
    shown = f"{seconds:8.2f} s" if seconds >= 0.1 else f"{seconds * 1000:7.1f} ms"
    print(f"  {name:67} {shown} {seconds / (of or seconds):7.2f} {more}", flush=True)


# What is run


def ours(home: Path, *arguments: object, **environment: str) -> Spent:
    """The command line, with the lake in the folder."""
    return run(home, [str(STANDINGS), *map(str, arguments)], **environment)


def python(home: Path, code: str, *arguments: object, **environment: str) -> Spent:
    """A program in our environment, with the lake in the folder."""
    return run(home, [sys.executable, "-c", code, *map(str, arguments)], **environment)


def theirs(home: Path, *arguments: object, **environment: str) -> Spent:
    """A program in the environment of the others, with all that it keeps in the folder."""
    apart = {"PYTHONPATH": "", "DLT_DATA_DIR": f"{home}/dlt-data", "DO_NOT_TRACK": "1"}
    return run(home, [str(THEIR_PYTHON), *map(str, arguments)], **apart, **environment)


def run(home: Path, arguments: list[str], at: Path | None = None, **environment: str) -> Spent:
    """Runs a process to its end and says what it took; ends the benchmark where it fails."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("STANDINGS_", "PREFECT_"))
    }
    clean |= {"STANDINGS_LAKE": f"file://{home}/lake", "PREFECT_HOME": f"{home}/prefect"} | environment
    with tempfile.TemporaryFile() as told:
        started = time.perf_counter()
        process = subprocess.Popen(arguments, env=clean, cwd=at or home, stdout=told, stderr=told)
        _, code, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(code)
        told.seek(0)
        output = told.read().decode(errors="replace")
    if process.returncode:
        sys.exit(f"bench: {' '.join(arguments)[:200]} failed:\n{output}")
    return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, output)


def overhead(**server: str) -> dict[str, float]:
    """What a flow and a task that do nothing take, in seconds."""
    with tempfile.TemporaryDirectory() as home:
        told = python(Path(home), OVERHEAD, **(PREFECT | server)).output
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


@contextmanager
def prefect_server(home: Path) -> Iterator[dict[str, str]]:
    """A Prefect server that runs already; yields what a flow needs to use it."""
    from tests.chaos import prefect_server as running

    with running.prefect_server(home) as found:
        yield {"PREFECT_API_URL": found["PREFECT_API_URL"]}


@contextmanager
def sample_api(home: Path, now: datetime) -> Iterator[dict[str, str]]:
    """The sample API at one moment, in a process of its own; yields what a client needs to ask it."""
    command = [STANDINGS, "sample-api", "--port", "0", "--now", f"{now:%Y-%m-%dT%H:%M:%SZ}"]
    with (home / "api.log").open("w+b") as log:
        process = subprocess.Popen([*command, "--minute", "1000/60"], stdout=log, stderr=log)
        try:
            yield {"OPENROUTER_BASE_URL": announced(process, home / "api.log"), "OPENROUTER_API_KEY": "bench"}
        finally:
            servers.stop(process)


def announced(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """The address that the sample API tells of itself once it listens."""
    while process.poll() is None:
        if found := re.search(r"figures at (\S+) until", log.read_text()):
            return found[1]
        time.sleep(0.05)
    sys.exit(f"bench: the sample API ended: {log.read_text()}")


def folder(path: Path) -> Path:
    path.mkdir()
    return path


# Whether both came to the same

OURS = ("lake/warehouse.duckdb", "knowledge = 'now'")
THEIRS = ("warehouse.duckdb", "true")
"""Where each side's warehouse is, and which of its rows are as known now."""

Figure = tuple[Any, ...]


def figures(warehouse: Path, which: str) -> list[Figure]:
    """Every week's countries and leaders in a warehouse, as known now; shares to the twelfth digit."""
    import duckdb

    with duckdb.connect(warehouse, read_only=True) as connection:
        countries = connection.sql(
            f"""SELECT week_start, method, country_code, tokens, round(share, 12), round(share_lo, 12),
                round(share_hi, 12), rank, models, status FROM country_week WHERE {which} ORDER BY ALL"""
        ).fetchall()
        leads = connection.sql(
            f"""SELECT week_start, method, leader, runner_up, lead_tokens, lead_certain, status
                FROM country_lead_week WHERE {which} ORDER BY ALL"""
        ).fetchall()
    return [*countries, *leads]


def after(held: Path, measure: Measure, warehouse: str, which: str) -> list[Figure]:
    """The figures that a run comes to from a copy of what is held."""
    with tempfile.TemporaryDirectory() as room:
        from_copy(held, measure)(Path(room))
        return figures(Path(room) / held.name / warehouse, which)


def demand_same(ours: list[Figure], theirs: list[Figure]) -> int:
    """How many rows both have; ends the benchmark where one differs, or where there is none."""
    if not ours:
        sys.exit("bench: there are no figures to compare")
    for own, other in zip(ours, theirs, strict=False):
        if own != other:
            sys.exit(f"bench: the figures differ:\n  ours   {own}\n  theirs {other}")
    if len(ours) != len(theirs):
        sys.exit(f"bench: {len(ours)} rows of ours and {len(theirs)} of theirs")
    return len(ours)


if __name__ == "__main__":
    main()
