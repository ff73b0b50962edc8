"""Two or eight publishers at once, each with weeks of its own, on a folder and on a bucket."""

import multiprocessing
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from multiprocessing.pool import Pool
from pathlib import Path
from random import Random
from typing import Any

import flows.lake.latest
from flows.lake import keys
from flows.lake.lake import open_lake
from flows.lake.manifest import chain, published
from flows.maintenance import prune
from flows.monitoring.verify import verify
from flows.pipeline.publish import publish
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings
from flows.storage.object_store import LostRace, S3Options
from flows.warehouses.load import load
from schemas import COUNTRY_WEEK
from schemas.errors import StandingsError
from tests.chaos.tally import Tally
from tests.support import lakes, servers

ROUNDS = 50
WRITERS = (2, 8)
FULL = 10
"""Of so many rounds in one the publishers validate and load too."""

PATIENCE = 600.0
"""Seconds in which all publishers of a round must have come to an end."""

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}

WEEK = timedelta(days=7)
SHARED = date(2026, 1, 5)
"""The week of which each writer has a vintage of its own, in the rounds that try that."""

LONGEST_PAUSE = 0.3
"""Seconds by which one publisher may start after another."""


def run(tally: Tally, rounds: int, random: Random, home: Path) -> None:
    os.environ |= CREDENTIALS
    lost: Counter[int] = Counter()
    begun: Counter[int] = Counter()
    with servers.s3_server() as endpoint, multiprocessing.get_context("spawn").Pool(max(WRITERS)) as pool:
        for number in range(rounds):
            folder = home / str(number)
            # The folder and the bucket, with and without a week that all have, all with few and many writers.
            lake = f"s3://writers-{number}/lake" if number // 2 % 2 else f"file://{folder}/lake"
            # A bucket a round, since the server fails where many list a large one while others write to it.
            servers.make_bucket(endpoint, f"writers-{number}")
            s3 = S3Options(endpoint=endpoint, region="us-east-1")
            settings = Settings(lake=lake, warehouse=folder / "warehouse.duckdb", s3=s3)
            bundles = _bundles(folder, random, WRITERS[number % 2], shared=number // 4 % 2 == 1)
            brought = _race(pool, settings, bundles, random, checked=number % FULL == FULL - 1)
            _all_is_there(tally, settings, bundles)
            _nothing_is_left_over(tally, settings)
            _as_if_alone(tally, settings, bundles, folder / "alone")
            lost.update(each.lost for each in brought)
            begun.update(each.begun for each in brought)
            tally.count("rounds")
            tally.count("publishers", len(brought))
            tally.count("lost races", sum(each.lost for each in brought))
            tally.count("reruns", sum(each.reruns for each in brought))
            tally.say(f"{lake}: {[(each.lost, each.begun) for each in brought]}")
            shutil.rmtree(folder)
    tally.note(f"publishers by the races they lost: {_histogram(lost)}")
    tally.note(f"publishers by how often they began to refresh latest/: {_histogram(begun)}")


def _bundles(folder: Path, random: Random, writers: int, shared: bool) -> list[list[Path]]:
    """Each writer's captures: one to three weeks that nobody else has, and where asked one that all have."""
    monday, bundles = SHARED, []
    for writer in range(writers):
        files = [_capture(folder / str(writer), SHARED, random)] if shared else []
        for _ in range(random.randint(1, 3)):
            monday += WEEK
            files.append(_capture(folder / str(writer), monday, random))
        bundles.append(files)
    return bundles


def _capture(folder: Path, monday: date, random: Random) -> Path:
    """A week of its writer's, of the usual level, so that nothing is held."""
    slugs = ("openai/osprey", "deepseek/delta", "qwen/willow")
    models = {slug: random.randint(10**12, 2 * 10**12) for slug in slugs} | {"other": 0}
    # A few vintages to draw from, so that some are of the same moment; never two writers', who would contradict.
    as_of = f"2026-07-{random.randint(1, 5):02d}T00:00:{int(folder.name):02d}Z"
    return lakes.write(folder, f"{monday}.json", lakes.body(lakes.week_of(monday, models), as_of))


def _race(
    pool: Pool, settings: Settings, bundles: list[list[Path]], random: Random, checked: bool
) -> list["Brought"]:
    """Lets every writer bring and publish its captures at the same time."""
    tasks = [
        (
            replace(settings, warehouse=files[0].with_name("warehouse.duckdb")),
            files,
            random.uniform(0, LONGEST_PAUSE),
            checked,
        )
        for files in bundles
    ]
    return pool.starmap_async(bring, tasks, chunksize=1).get(PATIENCE)


# In a publisher's process


@dataclass
class Brought:
    """How often a publisher lost the race, began to refresh `latest/`, and gave up and was run again."""

    lost: int = 0
    begun: int = 0
    reruns: int = 0


def bring(settings: Settings, files: list[Path], pause: float, checked: bool) -> Brought:
    """Lands and publishes captures; where it gives up because it always lost, it is run again as it says."""
    told = Brought()
    flows.lake.latest._bring_to = _counting_refreshes(told)
    time.sleep(pause)
    lakes.land(settings, files)
    while True:
        try:
            raw_to_warehouse(settings, _telling(told, checked))
            return told
        except StandingsError as problem:
            if "lost the race to publish" not in str(problem):
                raise
            told.reruns += 1


def _telling(told: Brought, checked: bool) -> Callable[..., Any]:
    """Runs the steps, all or those that publish, and counts the races that were lost."""

    def run(step: Callable[..., Any], /) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            try:
                return (step if checked else lakes.unchecked(step))(*arguments)
            except LostRace:
                told.lost += 1
                raise

        return counted if step is publish else (step if checked else lakes.unchecked(step))

    return run


_bring_to = flows.lake.latest._bring_to


def _counting_refreshes(told: Brought) -> Callable[..., None]:
    def counted(*arguments: Any) -> None:
        told.begun += 1
        _bring_to(*arguments)

    return counted


# What must be so


def _all_is_there(tally: Tally, settings: Settings, bundles: list[list[Path]]) -> None:
    """The release rests on every capture of every writer, and has every week."""
    manifest = published(open_lake(settings))
    files = [file for files in bundles for file in files]
    counted = {capture.key.sha256 for capture in manifest.captures}
    for file in files:
        there = lakes.digest(file.read_bytes()) in counted
        tally.expect(there, f"{settings.lake}: {manifest.release} does not rest on {file}")
    weeks = {date.fromisoformat(file.stem) for file in files}
    missing = weeks - set(manifest.tables[COUNTRY_WEEK.name])
    tally.expect(not missing, f"{settings.lake}: {manifest.release} lacks the weeks {missing}")


def _nothing_is_left_over(tally: Tally, settings: Settings) -> None:
    """No run left anything behind but parts of lost races, and those can be removed without harm."""
    store = open_lake(settings)
    left = [*store.list(keys.STAGING), *store.list("probe/"), *_temporaries(settings)]
    tally.expect(not left, f"{settings.lake}: left behind are {left[:3]}")
    partitions = [each for release in chain(store, published(store)) for _, _, each in release.partitions()]
    led_to = {partition.key for partition in partitions}
    removed = set(prune(settings, timedelta(0)))
    tally.count("objects pruned", len(removed))
    tally.expect(not removed & led_to, f"{settings.lake}: prune removed {removed & led_to}")
    kept = set(store.list(keys.PARTS))
    tally.expect(kept == led_to, f"{settings.lake}: {len(kept - led_to)} parts of no release are left")
    load(settings)
    for problem in verify(settings):
        tally.lose(f"{settings.lake}: {problem}")


def _temporaries(settings: Settings) -> list[Path]:
    """Files that a folder's store makes for itself. Its one lock is there to stay."""
    scheme, _, place = settings.lake.partition("://")
    found = Path(place).rglob(".store-*") if scheme == "file" else ()
    return [path for path in found if path.name != ".store-lock"]


def _as_if_alone(tally: Tally, settings: Settings, bundles: list[list[Path]], folder: Path) -> None:
    """`latest/` is, byte for byte, what one process makes that brings everything at once."""
    alone = lakes.on_disk(folder)
    lakes.bring(alone, *(file for files in bundles for file in files))
    same = lakes.objects(settings, keys.LATEST) == lakes.objects(alone, keys.LATEST)
    tally.expect(same, f"{settings.lake}: latest/ is not what one process alone makes")


def _histogram(counts: Counter[int]) -> str:
    return ", ".join(f"{number} {times} times" for times, number in sorted(counts.items()))
