"""Ten years of an untruncated tail on a Dask cluster: `make scale`. What it takes, and how much memory a worker.

520 weeks of `ranking_entry` with 27,500 permaslugs a day are 100 million rows, such as a gateway's own logs would
give. They enter after parse, and run through the production transforms, checks and publication on a lake in S3.
The scheduler, the S3 server and the flow share this machine's cores with the workers.
"""

import argparse
import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import polars as pl

from flows.lake.keys import RawKey
from flows.lake.lake import claim, open_lake
from flows.lake.manifest import Capture, published
from flows.lake.staging import Run, begin
from flows.pipeline.blocks import note_blocks
from flows.pipeline.conform import Conformed
from flows.pipeline.partitions import HELD
from flows.settings import BLOCK_ROWS, Settings
from flows.storage.object_store import S3Options
from schemas import OBSERVATION, RANKING_ENTRY, reference
from tests.chaos.prefect_server import prefect_server
from tests.support import servers
from tests.support.cluster import dask_cluster
from transforms.weeks import WEEK, midnight

FIRST = date(2024, 1, 1)
"""No table may hold a week of an earlier year."""

PERMASLUGS = 27_500
ROWS_A_WEEK = 7 * PERMASLUGS
BUCKET = "scale"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, nargs="*", default=[5, 52, 520], help="how many weeks, in turn")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="how many workers, in turn")
    asked = parser.parse_args()
    runs = list(product(asked.weeks, asked.workers))
    if len(runs) == 1:
        report(*runs[0])
        return
    print(
        f"{os.cpu_count()} cores; {PERMASLUGS:,} permaslugs a day; POLARS_MAX_THREADS=1 a worker", flush=True
    )
    for weeks, workers in runs:
        # Each in a process of its own: Prefect keeps to the first server that it is told of.
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.scale",
            "--weeks",
            str(weeks),
            "--workers",
            str(workers),
        ]
        subprocess.run(command, check=True)


def report(weeks: int, workers: int) -> None:
    """One run in a fresh lake, and a line about it."""
    logging.getLogger("standings").setLevel(logging.ERROR)
    os.environ |= {"AWS_ACCESS_KEY_ID": "scale", "AWS_SECRET_ACCESS_KEY": "scale"}
    with tempfile.TemporaryDirectory() as name, servers.s3_server() as endpoint:
        home = Path(name)
        servers.make_bucket(endpoint, BUCKET)
        options = S3Options(endpoint=endpoint, region="us-east-1")
        with prefect_server(home) as environment, dask_cluster(home, workers, environment) as cluster:
            os.environ |= environment | {"STANDINGS_DASK": cluster.address}
            settings = Settings(lake=f"s3://{BUCKET}/lake", s3=options, dask=cluster.address)
            run, conformed = seed(settings, weeks)
            started = time.monotonic()
            compute(run, conformed)
            took = time.monotonic() - started
            peaks = ", ".join(f"{peak:.0f}" for peak in cluster.peak_mib())
            manifest = published(open_lake(settings))
            rows = sum(each.rows for each in manifest.tables[RANKING_ENTRY.name].values())
            assert rows == weeks * ROWS_A_WEEK
            print(
                f"{weeks:4} weeks, {rows:>11,} rows, {workers} workers: {took:7.1f} s, "
                f"{rows / took:>9,.0f} rows a second, peak MiB a worker: {peaks}",
                flush=True,
            )


def compute(run: Run, conformed: Conformed) -> None:
    """The production path from what was parsed to the published release, as a flow on the cluster."""
    from prefect import flow

    from flows.orchestration import as_task, mapped, task_runner
    from flows.pipeline.run import publication

    @flow(name="scale", task_runner=task_runner())
    def scale() -> None:
        publication(run, conformed, as_task, mapped)

    scale()


def seed(settings: Settings, weeks: int) -> tuple[Run, Conformed]:
    """Leaves so many weeks as `conform` does, a capture a week; each block holds as many weeks as it does there."""
    claim(settings, "simulated")
    run = begin(settings)
    stage = run.stage
    slugs = permaslugs()
    mondays = [FIRST + WEEK * number for number in range(weeks)]
    together = max(1, BLOCK_ROWS // ROWS_A_WEEK)
    blocks = [mondays[start : start + together] for start in range(0, weeks, together)]
    captures = []
    for number, block in enumerate(blocks):
        entries, observations = [], []
        for monday in block:
            capture = Capture(
                _key(monday), midnight(monday + timedelta(days=12)), monday, monday + timedelta(days=6)
            )
            captures.append(capture)
            entries.append(week_of(slugs, capture))
            observations.append(_looks(capture))
        stage.write(RANKING_ENTRY.name, RANKING_ENTRY.conform(pl.concat(entries)), number)
        stage.write(OBSERVATION.name, OBSERVATION.conform(pl.concat(observations)), number)
    stage.note("captures", [each.to_json() for each in captures])
    stage.note("findings", [])
    stage.note(HELD, [])
    return run, Conformed(note_blocks(stage, blocks), (), ())


def permaslugs() -> pl.DataFrame:
    """Names and a weight each, by a power law; their authors are real ones, every twentieth is unknown."""
    authors = lasting(reference.load()).sort("author")["author"].to_list()
    number = pl.int_range(PERMASLUGS, eager=True)
    names = [
        f"{'sim-nobody' if each % 20 == 19 else authors[each % len(authors)]}/sim-{each:05d}"
        f"{':free' if each % 7 == 3 else ''}"
        for each in number
    ]
    return pl.DataFrame({"model_permaslug": names, "weight": 4_000_000_000_000 // (number + 1)})


def lasting(facts: reference.Reference) -> pl.DataFrame:
    """Author and country of those whose every fact held in all of the ten years."""
    held = pl.col("valid_from").is_null() & pl.col("valid_to").is_null()
    facts_by_author = facts.authors.filter(held).join(facts.organisations.filter(held), on="organisation")
    return facts_by_author.select("author", "country_code").unique("author", keep="none")


def week_of(slugs: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """`ranking_entry` of seven days; each figure differs by day, by arithmetic on integers alone."""
    days = pl.DataFrame({"date": [capture.start + timedelta(days=day) for day in range(7)]})
    wobble = (pl.col("weight").hash(7) + pl.col("date").cast(pl.Int64).cast(pl.UInt64)) % 1000
    return slugs.join(days, how="cross").select(
        pl.lit(capture.start).alias("week_start"),
        pl.lit("day").alias("period"),
        "date",
        pl.lit(capture.as_of).dt.cast_time_unit("us").alias("as_of"),
        "model_permaslug",
        (pl.col("weight") + pl.col("weight") * wobble.cast(pl.Int64) // 1000).alias("tokens"),
        pl.lit("simulated").alias("origin"),
        pl.lit(capture.key.sha256).alias("capture"),
        pl.lit(1).alias("tier"),
        pl.lit(PERMASLUGS).alias("depth"),
    )


def _looks(capture: Capture) -> pl.DataFrame:
    return pl.DataFrame({"date": [capture.start + timedelta(days=day) for day in range(7)]}).select(
        pl.lit(capture.start).alias("week_start"),
        pl.lit("day").alias("period"),
        "date",
        pl.lit(capture.as_of).dt.cast_time_unit("us").alias("as_of"),
        pl.lit(capture.key.sha256).alias("capture"),
        pl.lit(True).alias("found"),
        pl.lit(1).alias("tier"),
        pl.lit(PERMASLUGS).alias("depth"),
    )


def _key(monday: date) -> RawKey:
    return RawKey("simulated", "day", "whole", hashlib.sha256(str(monday).encode()).hexdigest())


if __name__ == "__main__":
    main()
