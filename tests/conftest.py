"""Fixtures that several test modules share."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.store import S3Options
from tests import servers

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "openrouter"


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


@pytest.fixture(params=["file", "s3"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh lake's URL on each backend."""
    if request.param == "file":
        return f"file://{tmp_path}/lake"
    bucket = f"lake-{uuid.uuid4().hex}"
    servers.make_bucket(request.getfixturevalue("s3_endpoint"), bucket)
    return f"s3://{bucket}/lake"
