"""`make up` on PostgreSQL: its server keeps its runs there, and its runs load what they publish there too."""

import asyncio
import os
import runpy
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from flows.monitoring.verify import verify
from flows.settings import from_environment
from flows.warehouses import postgres
from tests.chaos.lost import ROOT, Orchestra, await_end, await_object, descendants
from tests.chaos.yard import THIRD, CountingApi
from tests.support import lakes, servers

pytestmark = pytest.mark.slow


def test_a_run_that_is_killed_begins_again_and_its_release_is_in_the_lake_and_in_postgresql(
    up: Orchestra, postgres_url: str, tmp_path: Path
) -> None:
    with CountingApi() as api:
        given = {
            "STANDINGS_LAKE": f"file://{tmp_path}/lake",
            "STANDINGS_POSTGRES": servers.make_database(postgres_url),
            "OPENROUTER_API_KEY": "k",
            "OPENROUTER_BASE_URL": api.base_url,
        }
        given |= lakes.only_checking()
        run = up.trigger("weekly", given, week=str(THIRD))
        await_object(tmp_path / "lake/parts")
        os.kill(_process_of(run, up.tracked["up"].pid), signal.SIGKILL)
        await_end(up, run)

    assert up.run_of(run)["run_count"] == 2
    assert set(api.asked.values()) == {1}, "what had landed was asked for again"
    settings = from_environment(given)
    manifest = lakes.manifest_of(settings)
    assert max(manifest.tables["country_week"]) == THIRD == date(2025, 3, 17)
    assert postgres.loaded_release(settings) == manifest.release
    assert list(verify(settings)) == []


def test_it_ends_when_its_server_or_worker_ends() -> None:
    watch = runpy.run_path(str(ROOT / "infra/up.py"))["watch"]
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    lasting = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        for names in ({"server": ended, "worker": lasting}, {"server": lasting, "worker": ended}):
            name = next(name for name, process in names.items() if process is ended)
            with pytest.raises(SystemExit, match=f"^up: the {name} ended with code 3: run it again"):
                watch(**names)
    finally:
        servers.stop(lasting)


def test_what_reads_and_then_writes_waits_for_its_turn_in_the_server_s_sqlite(tmp_path: Path) -> None:
    import sqlalchemy as sa

    in_turn = runpy.run_path(str(ROOT / "infra/server.py"))["InTurn"]

    async def twice() -> int:
        database = in_turn(f"sqlite+aiosqlite:///{tmp_path}/prefect.db")
        engine = await database.engine()

        async def count(create: bool = False) -> int:
            async with await database.session(engine) as session, database.begin_transaction(session):
                if create:
                    await session.execute(sa.text("CREATE TABLE counted (n INTEGER)"))
                found = (await session.execute(sa.text("SELECT count(*) FROM counted"))).scalar_one()
                await asyncio.sleep(0.05)
                await session.execute(sa.text("INSERT INTO counted VALUES (:n)"), {"n": found})
                return int(found)

        try:
            return max([await count(create=True), *await asyncio.gather(count(), count())])
        finally:
            await engine.dispose()

    assert asyncio.run(twice()) == 2


def _process_of(run: str, parent: int) -> int:
    """The process that runs a flow run; what it starts has its environment too, and comes after it."""
    return next(
        each
        for each in descendants(parent)
        if f"PREFECT__FLOW_RUN_ID={run}".encode() in Path(f"/proc/{each}/environ").read_bytes()
    )
