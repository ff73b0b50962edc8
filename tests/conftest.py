"""Fixtures that several test modules share."""

import gc
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

import flows.pipeline.validate
from flows.storage.object_store import S3Options
from schemas import COUNTRY_WEEK, WEEK_COVERAGE
from tests.chaos import lost
from tests.chaos.lost import Orchestra
from tests.support import examples, servers  # noqa: F401

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "openrouter"
MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes of memory that a run of all tests leaves free by far."""

TOGETHER = {"test_deployment.py", "test_distributed.py", "test_end_to_end.py", "test_up.py"}
"""Files of which some test needs the Prefect server, of which there is one."""

UNUSED = (
    "CANCELLATION_CLEANUP",
    "CLEANUP_RECONCILER",
    "DB_VACUUM",
    "FOREMAN",
    "LATE_RUNS",
    "PAUSE_EXPIRATIONS",
    "SCHEDULER",
    "TASK_RUN_RECORDER",
)
"""The Prefect server's services of which no test sees anything; that of triggers makes lost runs begin again."""

SLOW = {"s3_endpoint", "postgres_url", "pooled_url", "up", "two_tables"}
"""Fixtures that start a server, or stand for checks by Great Expectations."""


settings.load_profile("some")


def pytest_configure(config: pytest.Config) -> None:
    # A release syncs a hundred files, which on a disk takes longer than all the rest of it.
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares the Prefect server goes first, since it takes longest, and what is slow is marked."""
    for item in items:
        assert isinstance(item, pytest.Function)
        if SLOW.intersection(item.fixturenames) or "[s3" in item.name:
            item.add_marker(pytest.mark.slow)
        assert "up" not in item.fixturenames or item.path.name in TOGETHER, (
            f"{item.path.name}: add it to TOGETHER"
        )
    items.sort(key=lambda item: item.path.name not in TOGETHER)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


class Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests run in one process, since they share its lakes; so do all that share the Prefect server."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "together" if Path(file).name in TOGETHER else file


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The Prefect server ends with the last of the tests that share it: it and its worker are never quite idle."""
    if item.path.name in TOGETHER and nextitem is not None and nextitem.path.name not in TOGETHER:
        for made in item.session._fixturemanager.getfixturedefs("up", item) or ():
            made.finish(cast(pytest.Function, item)._request)


def pytest_collection_finish() -> None:
    # What was imported and collected stays: collecting garbage need not walk through it.
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    # The collection at the interpreter's end has to walk through all.
    gc.unfreeze()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real captures beside the checkout: absent on a reader's machine, never in CI."""
    if not SHARED_DATA.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{SHARED_DATA} is absent, and in CI it must be there")
        pytest.skip(f"real captures are not beside this checkout ({SHARED_DATA})")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the caller's settings, or reaches for a cloud's metadata service."""
    for name in list(os.environ):
        if name.startswith(("STANDINGS_", "OPENROUTER_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "no-such-file"))


@pytest.fixture
def two_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation checks two tables: enough for what comes of a verdict, and all nineteen take ten times as long."""
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (COUNTRY_WEEK, WEEK_COVERAGE))


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The endpoint of a real S3 server over HTTP on loopback."""
    with servers.s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def s3_options(s3_endpoint: str) -> S3Options:
    return S3Options(endpoint=s3_endpoint, region="us-east-1")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a real PostgreSQL server's first database; `servers.make_database` makes others on it."""
    if servers.POSTGRES is None:
        told = "there is no PostgreSQL server on this machine: apt-get install postgresql"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    with servers.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def pooled_url(postgres_url: str) -> Iterator[str]:
    """The same server through a pgbouncer that pools transactions."""
    if servers.POOLER is None:
        told = "there is no pgbouncer on this machine: apt-get install pgbouncer"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    with servers.pooler(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestra]:
    """What `make up` starts, a Prefect server and its worker; the server keeps its runs in PostgreSQL if there is one.

    It serves without what no test needs: it schedules nothing, so that no run begins which nobody asked for.
    Each run is given its lake and its source. Whoever applies other deployments names them otherwise.
    """
    home = tmp_path_factory.mktemp("up")
    given = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in UNUSED}
    given["PREFECT_SERVER_REGISTER_BLOCKS_ON_START"] = "false"
    if servers.POSTGRES is not None:
        url = servers.make_database(request.getfixturevalue("postgres_url"))
        given["PREFECT_API_DATABASE_CONNECTION_URL"] = url.replace("postgresql:", "postgresql+asyncpg:")
    with lost.brought_up(home, given) as played:
        yield played


@pytest.fixture(params=["file", "s3"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh lake's URL on each backend."""
    if request.param == "file":
        return f"file://{tmp_path}/lake"
    bucket = f"lake-{uuid.uuid4().hex}"
    servers.make_bucket(request.getfixturevalue("s3_endpoint"), bucket)
    return f"s3://{bucket}/lake"
