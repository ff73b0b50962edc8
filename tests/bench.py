"""Benchmarks of what people wait for: `make bench`. Medians of whole commands, each in a fresh process."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "openrouter"
STANDINGS = Path(sys.executable).with_name("standings")
ROUNDS = 3
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def main() -> None:
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
    show("standings --help", lambda home: command(home, "--help"))
    show(
        "empty process that imports Great Expectations",
        lambda home: python(home, "import great_expectations"),
    )
    if SHARED.is_dir():
        show(
            "ingest of all captures under responses/",
            lambda home: command(home, "ingest", SHARED / "responses"),
        )
        show("table country_week, after that", table_after_ingest)
    show("full-history backfill as a Prefect flow", backfill)
    show("the same captures by ingest, without Prefect", ingest_history)
    steps()


def show(what: str, run: Callable[[Path], str | None]) -> None:
    """Runs it in fresh folders and prints the median time and what it says of itself."""
    seconds, note = [], None
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as home:
            started = time.perf_counter()
            note = run(Path(home))
            seconds.append(time.perf_counter() - started)
            if note and note.startswith("seconds "):
                seconds[-1] = float(note.removeprefix("seconds "))
                note = None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{what:50} {statistics.median(seconds):7.2f} s  (largest process so far {peak} MiB){note or ''}")


def python(home: Path, code: str, **environment: str) -> None:
    run(home, [sys.executable, "-c", code], **environment)


def command(home: Path, *arguments: object, **environment: str) -> None:
    run(home, [str(STANDINGS), *map(str, arguments)], **environment)


def run(home: Path, arguments: list[str], **environment: str) -> None:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("STANDINGS_", "PREFECT_"))
    }
    clean |= {"STANDINGS_LAKE": f"file://{home}/lake", "PREFECT_HOME": f"{home}/prefect"} | environment
    done = subprocess.run(arguments, env=clean, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{arguments} failed:\n{done.stderr}")


def table_after_ingest(home: Path) -> str:
    command(home, "ingest", SHARED / "responses")
    started = time.perf_counter()
    command(home, "table", "country_week")
    return f"seconds {time.perf_counter() - started}"


def backfill(home: Path) -> str:
    from flows.sample_api import Reply, SampleApi

    class Counted(SampleApi):
        requests = 0

        def reply(self, method: str, target: str, authorization: str | None) -> Reply:
            self.requests += 1
            return super().reply(method, target, authorization)

    with Counted(now=NOW) as api:
        command(
            home, "backfill", "--from", "2025-01-01", OPENROUTER_API_KEY="k", OPENROUTER_BASE_URL=api.base_url
        )
        return f"  {api.requests} requests"


def history(home: Path) -> Path:
    """All of simulated history as two captures in a folder."""
    from transforms.simulate import answer
    from transforms.windows import HISTORY_STARTS, cover

    folder = home / "captures"
    folder.mkdir()
    for number, (first, last) in enumerate(cover(HISTORY_STARTS, date(2026, 11, 22))):
        (folder / f"{number}.json").write_bytes(answer(11, NOW, first, last))
    return folder


def ingest_history(home: Path) -> str:
    folder = history(home)
    started = time.perf_counter()
    command(home, "ingest", "--origin", "simulated", folder)
    return f"seconds {time.perf_counter() - started}"


def steps() -> None:
    """The steps of that ingest, in one process, once."""
    from flows import derive, ingest, load, publish, validate
    from flows.settings import Settings

    print("\nsteps of the last, once, in one process (validate loads Great Expectations):")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        settings = Settings(lake=f"file://{home}/lake", warehouse=home / "warehouse.duckdb")

        def timed(what: str, step: Callable, *arguments):  # type: ignore[no-untyped-def]
            started = time.perf_counter()
            result = step(settings, *arguments)
            print(f"  {what:12} {time.perf_counter() - started:7.2f} s")
            return result

        timed("ingest", ingest.ingest, [history(home)], None, "simulated")
        stage = timed("conform", derive.conform).stage
        timed("attribute", derive.attribute, stage)
        timed("count", derive.count, stage)
        report = timed("validate", validate.validate, stage)
        timed("publish", publish.publish, stage, report)
        timed("load", load.load)


if __name__ == "__main__":
    main()
