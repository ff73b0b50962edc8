"""What the trial of outages stands on: a server that comes back with its data, a kill in time, a reader that tells."""

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from random import Random
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, FlexibleChecksumError

from flows.lake.lake import open_lake
from flows.settings import Settings
from flows.storage.object_store import NotFound, S3Options
from flows.storage.open import open_store
from schemas.errors import StandingsError
from tests.chaos import outages, stores
from tests.chaos.outages import Outage, Reader, is_outage
from tests.chaos.reader import parts_of
from tests.support import lakes

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> stores.Server:
    """A server of files, with a second process behind it."""
    port = stores.free_port()
    behind = [sys.executable, "-c", "import time; time.sleep(60)"]
    serving = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(tmp_path)]
    return stores.Server("files", tmp_path, port, [behind, serving])


def test_a_server_comes_back_on_its_port_with_its_data(server: stores.Server, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"kept")
    with stores.running(server):
        for whole in (False, True):
            server.kill(whole)
            assert not server.answers()
            server.start()
            with urlopen(f"http://127.0.0.1:{server.port}/kept") as answer:
                assert answer.read() == b"kept"
    assert not server.answers()


def test_a_write_that_the_emulator_left_half_done_is_completed(tmp_path: Path) -> None:
    for name, body in (("whole", b"one"), ("half", b"two")):
        (tmp_path / name).write_bytes(body)
        (tmp_path / f"{name}.meta.json").write_text(
            json.dumps({"etag": f'"{hashlib.md5(b"one").hexdigest()}"'})
        )
    assert stores._complete(tmp_path) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"whole", "half", "whole.meta.json"}


def test_the_credentials_are_there_only_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ)
    with stores.credentials():
        assert os.environ["AWS_ACCESS_KEY_ID"] == "S3RVER"
        assert "AWS_PROFILE" not in os.environ
    assert dict(os.environ) == before


@pytest.mark.parametrize("opener", [stores.radosgw, stores.s3rver, stores.rclone])
def test_what_is_not_installed_is_told(
    opener: stores.Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(stores.Absent), opener(tmp_path):
        pass


@pytest.mark.parametrize("stage", outages.STAGES)
def test_the_server_is_killed_once_at_a_write_of_its_stage(stage: str, tmp_path: Path) -> None:
    told: list[str] = []
    fake = SimpleNamespace(kill=lambda whole: told.append("kill"), start=lambda: told.append("start"))
    outage = Outage(fake, Random(3), stage, 40)  # type: ignore[arg-type]
    outage.pause = 0
    store = open_store(f"file://{tmp_path}/lake", S3Options())
    outage.hook(store)
    for number in range(40):
        store.put(f"staging/{number}", b"")
    assert not outage.happened
    for number in range(40):
        store.put_once(f"{outages.STAGES[stage]}{number}", b"")
    outage.over()
    assert told == ["kill", "start"]


def test_a_reader_tells_a_broken_part_from_a_server_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, outages.old(), origin="simulated")
    lakes.publish(settings)
    store = open_lake(settings)
    known = {"release 1": parts_of(lakes.manifest_of(settings))}
    reader = Reader(store, known)
    reader.look()
    assert (reader.whole, reader.problems) == (1, [])
    store.put(next(iter(known["release 1"])), b"broken")
    reader.look()
    away = Settings(
        f"s3://{outages.BUCKET}/x", s3=S3Options(endpoint="http://127.0.0.1:1", region="us-east-1")
    )
    gone = Reader(open_lake(away), known)
    gone.look()
    assert "its bytes are not those that were published" in reader.problems[0]
    assert (gone.unanswered, gone.problems) == (1, [])


def test_only_a_server_that_fails_is_an_outage() -> None:
    def caused(kind: type[StandingsError], cause: Exception) -> StandingsError:
        error = kind("it says so")
        error.__cause__ = cause
        return error

    def answer(status: int) -> ClientError:
        return ClientError({"Error": {}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")  # type: ignore

    assert is_outage(caused(StandingsError, EndpointConnectionError(endpoint_url="x")))
    assert is_outage(caused(StandingsError, answer(503)))
    assert not is_outage(caused(StandingsError, answer(403)))
    assert not is_outage(caused(NotFound, answer(404)))
    assert not is_outage(caused(StandingsError, FlexibleChecksumError(error_msg="other bytes")))
    assert not is_outage(StandingsError("a broken seal"))
