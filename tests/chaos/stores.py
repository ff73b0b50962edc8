"""Real S3 servers for the trials: each on a free loopback port, in processes that a trial may kill and start anew.

What a server needs that is no dependency of ours is made on first use below `.chaos/`, or is the system's.
"""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from flows.storage.object_store import S3Options

TOOLS = Path(__file__).resolve().parents[2] / ".chaos"
CREDENTIALS = {
    # s3rver knows no others.
    "AWS_ACCESS_KEY_ID": "S3RVER",
    "AWS_SECRET_ACCESS_KEY": "S3RVER",
    "AWS_EC2_METADATA_DISABLED": "true",
}
WRITER = "writer"
"""A second user of Ceph's, with this as its key and its secret: what it may do, a bucket's policy says."""
CEPH = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "ceph-authtool", "monmaptool")
RCLONE = (1, 65)
"""The first rclone that serves S3."""

_START_SECONDS = 60.0


class Absent(Exception):
    """A server that cannot be had on this machine, and how it could."""


class Server:
    """An S3 server, the last of its processes being the one that answers.

    Its data lives in files, so it holds after a kill and a start what it held before. mend: puts right, before
    a start, what a kill left half done in the server's own files; says how often. `mended` is the sum.
    """

    def __init__(
        self,
        name: str,
        home: Path,
        port: int,
        commands: Sequence[Sequence[str]],
        options: S3Options | None = None,
        environment: Mapping[str, str] = os.environ,
        mend: Callable[[], int] = lambda: 0,
    ) -> None:
        self.name, self.port = name, port
        self.options = options or S3Options(endpoint=f"http://127.0.0.1:{port}", region="us-east-1")
        self._log, self._commands, self._environment = home / f"{name}.log", commands, environment
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._mend, self.mended = mend, 0

    def start(self) -> None:
        """Starts what is not running, and waits until it answers."""
        self.mended += self._mend()
        for number in range(len(self._commands)):
            self.start_one(number)
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not answer: see {self._log}")
            time.sleep(0.05)

    def start_one(self, number: int) -> None:
        if number in self._running:
            return
        with self._log.open("ab") as log:
            self._running[number] = subprocess.Popen(
                self._commands[number],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self._environment),
                cwd=self._log.parent,
            )

    def kill(self, whole: bool = False) -> None:
        """Ends what answers at once, as a crash does; whole: what lies behind it too."""
        last = len(self._commands) - 1
        for number in sorted(self._running, reverse=True):
            if whole or number == last:
                process = self._running.pop(number)
                process.send_signal(signal.SIGKILL)
                process.wait()

    def answers(self) -> bool:
        """Whether it answers anything at all."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            try:
                connection.request("GET", "/")
                connection.getresponse().read()
            except (OSError, HTTPException):
                return False
            return True


Opener = Callable[[Path], AbstractContextManager[Server]]


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server while it runs; nothing of it is left afterwards."""
    try:
        server.start()
        yield server
    finally:
        server.kill(whole=True)


@contextmanager
def ministack(home: Path) -> Iterator[Server]:
    """Emulates AWS, and keeps objects in files. In an environment of its own, since it pins botocore."""
    folder = TOOLS / "ministack"
    program = folder / "bin" / "ministack"
    if not program.exists():
        _install(sys.executable, "-m", "venv", str(folder))
        _install(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "ministack>=1.5,<2")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(home),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "s3",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "objects"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / "state"),
        "SFTP_ENABLED": "0",
    }
    command = [[str(program)]]
    server = Server("ministack", home, port, command, None, environment, lambda: _complete(home / "objects"))
    with running(server):
        yield server


@contextmanager
def radosgw(home: Path) -> Iterator[Server]:
    """Ceph's gateway before a cluster of one monitor and one disk."""
    if missing := [program for program in CEPH if not shutil.which(program)]:
        raise Absent(
            f"Ceph radosgw is not installed ({missing[0]} is missing): "
            "apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common"
        )
    port = free_port()
    conf = _ceph_conf(home, port)
    commands = [
        ["ceph-mon", "-c", conf, "-f", "-i", "a"],
        ["ceph-osd", "-c", conf, "-f", "-i", "0"],
        ["radosgw", "-c", conf, "-f", "-n", "client.admin"],
    ]
    endpoint = f"http://127.0.0.1:{port}"
    options = S3Options(endpoint=endpoint, region="us-east-1", checksum="when_required", addressing="path")
    server = Server("radosgw", home, port, commands, options)
    try:
        _make_cluster(server, home, conf)
    except BaseException:
        server.kill(whole=True)
        raise
    with running(server):
        yield server


@contextmanager
def s3rver(home: Path) -> Iterator[Server]:
    """A store that ignores the conditions of a write."""
    folder = TOOLS / "s3rver"
    program = folder / "node_modules" / ".bin" / "s3rver"
    if not shutil.which("npm"):
        raise Absent("s3rver needs npm: apt-get install npm")
    if not program.exists():
        _install("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "s3rver@3")
    port = free_port()
    data = home / "s3rver"
    data.mkdir(parents=True)
    command = [str(program), "-d", str(data), "-a", "127.0.0.1", "-p", str(port), "--no-vhost-buckets"]
    with running(Server("s3rver", home, port, [command])) as server:
        yield server


@contextmanager
def rclone(home: Path) -> Iterator[Server]:
    """Another that ignores the conditions of a write, in its releases so far."""
    if not shutil.which("rclone") or _rclone_version() < RCLONE:
        raise Absent(f"there is no rclone from {'.'.join(map(str, RCLONE))} on: Debian's is older")
    port = free_port()
    data = home / "rclone"
    data.mkdir(parents=True)
    key = f"{CREDENTIALS['AWS_ACCESS_KEY_ID']},{CREDENTIALS['AWS_SECRET_ACCESS_KEY']}"
    command = ["rclone", "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", key, str(data)]
    with running(Server("rclone", home, port, [command])) as server:
        yield server


@contextmanager
def credentials() -> Iterator[None]:
    """The environment with the credentials that these servers take, and no others."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update(CREDENTIALS)
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(before)


def client(server: Server) -> Any:
    """A boto3 client with the credentials that stand in the environment now."""
    import boto3

    options = server.options
    session = boto3.session.Session()
    return session.client("s3", endpoint_url=options.endpoint, region_name=options.region)


def make_bucket(server: Server, bucket: str) -> None:
    client(server).create_bucket(Bucket=bucket)


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _install(*command: str) -> None:
    """Runs one step of an installation; raises `Absent` where it fails, as it does without a network."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Absent(f"`{' '.join(command)}` failed: {' '.join(last)}")


def _complete(objects: Path) -> int:
    """Completes writes of ministack's that a kill broke off; says how many there were.

    It replaces an object's body first, and the file with its length and ETag after that, which no S3 does. Without
    the old one it takes them from the body: then the write has happened, and only its answer was lost.
    """
    completed = 0
    for sidecar in objects.rglob("*.meta.json"):
        body = sidecar.with_name(sidecar.name.removesuffix(".meta.json"))
        etag = json.loads(sidecar.read_bytes()).get("etag", "").strip('"')
        if body.exists() and etag != hashlib.md5(body.read_bytes(), usedforsecurity=False).hexdigest():
            sidecar.unlink()
            completed += 1
    return completed


def _rclone_version() -> tuple[int, ...]:
    first = subprocess.run(["rclone", "version"], capture_output=True, text=True).stdout.partition("\n")[0]
    return tuple(
        int(part) for part in first.removeprefix("rclone v").split("-")[0].split(".") if part.isdigit()
    )


def _ceph_conf(home: Path, port: int) -> str:
    """Writes the cluster's settings: one copy of everything, on loopback only, all files below `home`."""
    lines = {
        "fsid": uuid.uuid4(),
        "mon_host": f"[v2:127.0.0.1:{free_port()}]",
        "mon_initial_members": "a",
        "public_addr": "127.0.0.1",
        "cluster_addr": "127.0.0.1",
        "ms_bind_ipv6": "false",
        "osd_pool_default_size": 1,
        "osd_pool_default_min_size": 1,
        "osd_pool_default_pg_num": 1,
        "osd_pool_default_pg_autoscale_mode": "off",
        "mon_allow_pool_size_one": "true",
        "mon_data": home / "mon",
        "mon_data_avail_crit": 1,
        "osd_data": home / "osd",
        "osd_crush_chooseleaf_type": 0,
        "bluestore_block_size": 4 << 30,
        "keyring": home / "keyring",
        "run_dir": home,
        "admin_socket": "",
        "log_file": "",
        "err_to_stderr": "true",
        "rgw_frontends": f"beast endpoint=127.0.0.1:{port}",
    }
    path = home / "ceph.conf"
    path.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()))
    return str(path)


def _make_cluster(server: Server, home: Path, conf: str) -> None:
    """Makes the monitor, the disk and two users, and leaves the first two running."""
    for folder in ("mon", "osd"):
        (home / folder).mkdir()
    keyring, monmap, disk = home / "keyring", str(home / "monmap"), str(uuid.uuid4())
    settings = dict(line.split(" = ") for line in Path(conf).read_text().splitlines() if " = " in line)
    for name in ("mon.", "client.admin", "osd.0"):
        every = [word for kind in ("mon", "osd") for word in ("--cap", kind, "allow *")]
        _run("ceph-authtool", "--create-keyring", "--gen-key", "-n", name, *every, str(home / "key"))
        keyring.write_text((keyring.read_text() if keyring.exists() else "") + (home / "key").read_text())
    _run("monmaptool", "--create", "--addv", "a", settings["mon_host"], "--fsid", settings["fsid"], monmap)
    _run("ceph-mon", "-c", conf, "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", str(keyring))
    server.start_one(0)
    _run("ceph", "-c", conf, "osd", "new", disk)
    _run("ceph-osd", "-c", conf, "-i", "0", "--mkfs", "--osd-uuid", disk)
    server.start_one(1)
    key, secret = CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    for user, words in (("owner", (key, secret)), (WRITER, (WRITER, WRITER))):
        given = ["--display-name", user, "--access-key", words[0], "--secret", words[1]]
        _run("radosgw-admin", "-c", conf, "user", "create", "--uid", user, *given)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` failed: {done.stderr.strip().splitlines()[-1:]}")
