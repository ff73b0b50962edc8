"""Every kind of warehouse alike: after whatever happens to a load, its rows are those that the manifest lists."""

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import duckdb
import polars as pl
import psycopg
import pytest

from flows.lake.lake import open_lake
from flows.lake.manifest import Manifest
from flows.maintenance import rollback
from flows.settings import Settings
from flows.warehouses import duckdb as duck
from flows.warehouses import postgres
from schemas import TABLES
from schemas.errors import StandingsError
from tests.support import lakes, servers

pytestmark = pytest.mark.slow

MONDAYS = [date(2026, 6, 29), date(2026, 7, 6), date(2026, 7, 13)]
FIRST = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7, "openrouter/cloaked:free": 3, "other": 9}
RESTATED = FIRST | {"deepseek/delta": 2**49, "mistralai/mistral": 11}

Where = tuple[str, date]
Sums = dict[Where, tuple[int, int | None]]


class Warehouse(Protocol):
    """One kind of warehouse, empty, for one test.

    module: what loads it. atomic: whether a load that breaks off leaves every table as it was.
    """

    module: Any
    atomic: bool

    def named_by(self, settings: Settings) -> Settings:
        """The settings, with what names this warehouse."""

    def environment(self, settings: Settings) -> dict[str, str]:
        """The variables that say the same to another process."""

    def sums(self, settings: Settings) -> Sums:
        """Rows and tokens of each table and week that it holds, asked of the warehouse itself."""

    def marks(self, settings: Settings) -> dict[Where, object]:
        """What tells of each table and week whether its rows were written anew."""


class Duck:
    module, atomic = duck, True

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.path = folder / "warehouse.duckdb"

    def named_by(self, settings: Settings) -> Settings:
        return replace(settings, warehouse=self.path)

    def environment(self, settings: Settings) -> dict[str, str]:
        return {"STANDINGS_WAREHOUSE": str(self.path)}

    def sums(self, settings: Settings) -> Sums:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return {
                (table.name, week): (rows, tokens)
                for table in TABLES
                for week, rows, tokens in connection.execute(summing(table.name)).fetchall()
            }

    def marks(self, settings: Settings) -> dict[Where, object]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return {
                (table.name, week): written
                for table in TABLES
                for week, written in connection.execute(
                    f"SELECT week_start, (release, list(data.rowid ORDER BY data.rowid)) FROM {table.name} AS data "
                    f"JOIN {duck.LOADED_TABLE} ON table_name = '{table.name}' AND week = week_start "
                    f"GROUP BY week_start, release"
                ).fetchall()
            }


class Postgres:
    module, atomic = postgres, True

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.url = servers.make_database(request.getfixturevalue("postgres_url"))

    def named_by(self, settings: Settings) -> Settings:
        return replace(settings, postgres=self.url)

    def environment(self, settings: Settings) -> dict[str, str]:
        return {"STANDINGS_POSTGRES": self.url}

    def sums(self, settings: Settings) -> Sums:
        with psycopg.connect(self.url) as connection:
            return {
                (table.name, week): (rows, tokens if tokens is None else int(tokens))
                for table in TABLES
                for week, rows, tokens in connection.execute(summing(table.name, "standings.")).fetchall()
            }

    def marks(self, settings: Settings) -> dict[Where, object]:
        with psycopg.connect(self.url) as connection:
            return {
                (table.name, week): written
                for table in TABLES
                for week, written in connection.execute(
                    f"SELECT week_start, array_agg(DISTINCT xmin::text) FROM standings.{table.name} GROUP BY 1"
                ).fetchall()
            }


WAREHOUSES: list[type[Warehouse]] = [Duck, Postgres]


def summing(table: str, schema: str = "") -> str:
    tokens = "sum(coalesce(tokens, 0))" if has_tokens(table) else "NULL"
    return f"SELECT week_start, count(*), {tokens} FROM {schema}{table} GROUP BY week_start"


def has_tokens(table: str) -> bool:
    return any("tokens" in each for each in TABLES if each.name == table)


@pytest.fixture(params=WAREHOUSES, ids=lambda kind: kind.__name__.lower())
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    made: Warehouse = request.param(request, tmp_path)
    return made


@dataclass(frozen=True)
class States:
    """One lake at three moments: as first published, then with a week restated and one more, then rolled back."""

    first: Settings
    second: Settings
    third: Settings


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> States:
    folder = tmp_path_factory.mktemp("states")
    settings = lakes.on_disk(folder)

    def kept(name: str) -> Settings:
        shutil.copytree(folder / "lake", folder / name)
        return replace(settings, lake=f"file://{folder}/{name}")

    days = lakes.week_of(MONDAYS[0], FIRST) | lakes.week_of(MONDAYS[1], FIRST)
    lakes.land_bytes(settings, lakes.body(days))
    release = lakes.publish(settings).release
    first = kept("first")
    days = lakes.week_of(MONDAYS[1], RESTATED) | lakes.week_of(MONDAYS[2], RESTATED)
    lakes.land_bytes(settings, lakes.body(days, "2026-08-02T00:00:00.000Z"))
    lakes.publish(settings)
    second = kept("second")
    rollback(settings, release, "a test")
    return States(first, second, kept("third"))


def load(warehouse: Warehouse, settings: Settings) -> None:
    warehouse.module.load(settings, open_lake(settings), lakes.manifest_of(settings))


def published(settings: Settings) -> Sums:
    """Rows as the manifest lists them, tokens as the lake's own files sum to them."""
    return {
        (table, week): (partition.rows, tokens_of(settings, partition.key) if has_tokens(table) else None)
        for table, week, partition in lakes.manifest_of(settings).partitions()
    }


@cache
def tokens_of(settings: Settings, key: str) -> int:
    part = pl.read_parquet(Path(settings.lake.removeprefix("file://")) / key)
    return sum(tokens or 0 for tokens in part["tokens"].to_list())


def demand_exact(warehouse: Warehouse, settings: Settings) -> None:
    assert warehouse.sums(settings) == published(settings)
    manifest = lakes.manifest_of(settings)
    assert list(warehouse.module.differences(settings, open_lake(settings), manifest)) == []


def other_weeks(before: Manifest, after: Manifest) -> set[Where]:
    """The tables and weeks of which the bytes that were published differ, or are new."""
    digests = [
        {(table, week): each.sha256 for table, week, each in one.partitions()} for one in (before, after)
    ]
    return {where for where, digest in digests[1].items() if digests[0].get(where) != digest}


def test_a_warehouse_holds_what_is_published_after_loads_a_restatement_and_a_rollback(
    warehouse: Warehouse, states: States
) -> None:
    first, second, third = map(warehouse.named_by, (states.first, states.second, states.third))
    load(warehouse, first)
    demand_exact(warehouse, first)
    assert ("country_week", MONDAYS[1]) in warehouse.sums(first)
    fresh = warehouse.marks(first)
    load(warehouse, first)
    demand_exact(warehouse, first)
    assert warehouse.marks(first) == fresh

    load(warehouse, second)
    demand_exact(warehouse, second)
    assert published(second) != published(first)
    restated = warehouse.marks(second)
    changed = other_weeks(lakes.manifest_of(first), lakes.manifest_of(second))
    assert {where for where, mark in restated.items() if fresh.get(where) != mark} == changed
    assert 0 < len(changed) < len(restated)

    load(warehouse, third)
    demand_exact(warehouse, third)
    assert warehouse.sums(third) == published(first)
    assert ("country_week", MONDAYS[2]) not in warehouse.sums(third)


def test_a_load_that_breaks_in_the_middle_is_made_good_by_the_next(
    warehouse: Warehouse, states: States, tmp_path: Path
) -> None:
    load(warehouse, warehouse.named_by(states.first))
    shutil.copytree(states.second.lake.removeprefix("file://"), tmp_path / "lake")
    broken = warehouse.named_by(replace(states.second, lake=f"file://{tmp_path}/lake"))
    key = lakes.manifest_of(broken).tables["country_lead_week"][MONDAYS[2]].key
    store = open_lake(broken)
    sound = store.get(key)
    store.put(key, b"other bytes")
    with pytest.raises(StandingsError, match=key):
        load(warehouse, broken)
    if warehouse.atomic:
        demand_exact(warehouse, warehouse.named_by(states.first))
    store.put(key, sound)
    load(warehouse, broken)
    demand_exact(warehouse, broken)


HALTING = """
import os, sys, time
from importlib import import_module
from flows.lake.lake import open_lake
from flows.lake.manifest import published
from flows.settings import from_environment

class Halting:
    def __getattr__(self, name):
        return getattr(store, name)

    def get(self, key):
        if key.startswith("parts/country_lead_week/"):
            os.write(1, b"in the middle\\n")
            time.sleep(600)
        return store.get(key)

settings = from_environment()
store = open_lake(settings)
import_module(sys.argv[1]).load(settings, Halting(), published(store))
"""


def test_a_load_whose_process_is_killed_is_made_good_by_the_next(
    warehouse: Warehouse, states: States
) -> None:
    first, second = map(warehouse.named_by, (states.first, states.second))
    load(warehouse, first)
    variables = os.environ | {"STANDINGS_LAKE": second.lake} | warehouse.environment(second)
    command = [sys.executable, "-c", HALTING, warehouse.module.__name__]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as victim:
        try:
            assert victim.stdout is not None
            assert victim.stdout.readline() == "in the middle\n"
        finally:
            victim.kill()
    if warehouse.atomic:
        demand_exact(warehouse, first)
    load(warehouse, second)
    demand_exact(warehouse, second)


@pytest.mark.parametrize("start", ["empty", "loaded"])
def test_two_loads_at_once_leave_what_one_would(start: str, warehouse: Warehouse, states: States) -> None:
    first, second = map(warehouse.named_by, (states.first, states.second))
    if start == "loaded":
        load(warehouse, first)
    together = threading.Barrier(2)

    def one(_: int) -> None:
        together.wait(timeout=30)
        load(warehouse, second)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(2)))
    demand_exact(warehouse, second)
