"""Stores that ignore the conditions of a write are refused before anything lands; sound ones are taken."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from unittest.mock import patch

from flows.lake import keys, lake
from flows.settings import Settings
from flows.storage.object_store import S3Options
from flows.storage.open import open_store
from schemas.errors import StandingsError
from tests.chaos import stores
from tests.chaos.stores import Server
from tests.chaos.tally import Tally
from tests.support import lakes, servers

ROUNDS = 1
SOUND: tuple[stores.Opener, ...] = (stores.ministack, stores.radosgw)
UNSOUND: tuple[stores.Opener, ...] = (stores.s3rver, stores.rclone)
BUCKET = "lake"
POLICY = Path(__file__).resolve().parents[2] / "infra" / "s3-policy.json"
MONDAY = date(2026, 3, 2)


def run(tally: Tally, rounds: int, random: Random, home: Path) -> None:
    capture = home / "capture.json"
    capture.write_bytes(lakes.simulated(MONDAY, date(2026, 3, 8), lakes.at(date(2026, 3, 9))))
    with stores.credentials():
        for number in range(rounds):
            for opener in (*SOUND, _moto, *UNSOUND):
                folder = home / f"{opener.__name__}-{number}"
                folder.mkdir()
                try:
                    with opener(folder) as server:
                        stores.make_bucket(server, BUCKET)
                        (_refused if opener in UNSOUND else _taken)(tally, server, folder, capture)
                        if opener is stores.radosgw:
                            _guarded(tally, server, folder, capture)
                except stores.Absent as why:
                    tally.note(f"not tried: {why}")


@contextmanager
def _moto(home: Path) -> Iterator[Server]:
    """The server that the test suite uses."""
    with servers.s3_server() as endpoint:
        yield Server("moto", home, 0, [], S3Options(endpoint=endpoint, region="us-east-1"))


def _taken(tally: Tally, server: Server, folder: Path, capture: Path) -> None:
    try:
        lake.writable(_settings(server, folder))
        tally.count("sound stores taken")
    except StandingsError as error:
        tally.lose(f"{server.name} is sound and was refused: {error}")
    code, told = _ingest(_settings(server, folder), capture)
    tally.expect(code == 0, f"{server.name}: ingest ended with {code}: {told}")


def _refused(tally: Tally, server: Server, folder: Path, capture: Path) -> None:
    settings = _settings(server, folder)
    try:
        lake.writable(settings)
        tally.lose(f"{server.name} ignores conditions and was taken")
    except StandingsError as error:
        tally.count("unsound stores refused")
        tally.note(f"{server.name}: {error}")
        tally.expect("cannot hold the lake: it " in str(error), f"{server.name}: does not say why: {error}")
        code, told = _ingest(_settings(server, folder), capture)
        tally.expect(code == 1, f"{server.name}: ingest ended with {code}")
        tally.expect(told == f"standings: {error}", f"{server.name}: ingest says more or other: {told}")
    left = list(open_store(settings.lake, settings.s3).list())
    tally.expect(not left, f"{server.name}: was refused, and holds {left[:3]}")


def _guarded(tally: Tally, server: Server, folder: Path, capture: Path) -> None:
    """The writer's policy as a bucket's: Ceph enforces all of it but the conditions, which it does not know."""
    text = POLICY.read_text().replace("BUCKET", BUCKET).replace("PREFIX", "guarded")
    principal = {"Principal": {"AWS": [f"arn:aws:iam:::user/{stores.WRITER}"]}}
    policy = json.loads(text)
    policy["Statement"] = [statement | principal for statement in policy["Statement"]]
    stores.client(server).put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    writer = {"AWS_ACCESS_KEY_ID": stores.WRITER, "AWS_SECRET_ACCESS_KEY": stores.WRITER}
    with patch.dict(os.environ, writer):
        settings = replace(_settings(server, folder), lake=f"s3://{BUCKET}/guarded")
        code, told = _ingest(settings, capture)
        tally.expect(code == 0, f"{server.name}: ingest by the writer ended with {code}: {told}")
        store = open_store(settings.lake, settings.s3)
        for place in (keys.RAW, keys.PARTS, keys.MANIFESTS, keys.POINTER):
            try:
                store.delete(next(iter(store.list(place))))
                tally.lose(f"{server.name}: the writer may delete in {place}")
            except StandingsError as error:
                tally.expect("access denied" in str(error), f"{server.name}: {error}")


def _settings(server: Server, folder: Path) -> Settings:
    return Settings(f"s3://{BUCKET}/lake", folder / "warehouse.duckdb", s3=server.options)


def _ingest(settings: Settings, capture: Path) -> tuple[int, str]:
    """`standings ingest` as a person runs it: its exit code, and what it says on standard error."""
    environment = {
        **os.environ,
        "STANDINGS_LAKE": settings.lake,
        "STANDINGS_WAREHOUSE": str(settings.warehouse),
        "STANDINGS_S3_ENDPOINT": str(settings.s3.endpoint),
        "STANDINGS_S3_REGION": str(settings.s3.region),
        "STANDINGS_S3_CHECKSUM": settings.s3.checksum,
        "STANDINGS_S3_ADDRESSING": settings.s3.addressing,
    }
    command = [sys.executable, "-m", "flows", "ingest", str(capture), "--origin", "simulated"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    return done.returncode, done.stderr.strip()
