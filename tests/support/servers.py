"""Real servers on free loopback ports, for tests that would learn nothing from a mock."""

import http.client
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_START_SECONDS = 60.0


@contextmanager
def s3_server() -> Iterator[str]:
    """An S3 server in a process of its own; yields its endpoint URL. What it holds ends with it."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.s3_server", "-H", "127.0.0.1", "-p", "0"],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            yield _announced_url(process, log.fileno())
        finally:
            stop(process)


def stop(process: "subprocess.Popen[Any]") -> None:
    """End a process and wait until it has gone."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


POSTGRES = max(
    Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]), default=None
)
"""Debian's PostgreSQL server, the newest; None where there is none: `apt-get install postgresql`."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server in a process of its own, for its superuser; yields the URL of its first database.

    The password is part of the URL. What it holds ends with it.
    """
    if POSTGRES is None:
        raise RuntimeError("there is no PostgreSQL server: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        word = folder / "password"
        word.write_text("let-me-in")
        owner = _unprivileged(folder, word)
        run = partial(subprocess.run, cwd=folder, check=True, capture_output=True, **owner)
        initdb = POSTGRES.with_name("initdb")
        options = ["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--auth=scram-sha-256"]
        run([initdb, "-D", folder / "data", *options, f"--pwfile={word}"])
        port = free_port()
        given = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",
            "full_page_writes": "off",
        }
        command = [POSTGRES, "-D", folder / "data", *(f"--{key}={value}" for key, value in given.items())]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stderr=log, **owner)
        try:
            _await_listening(process, "ready to accept connections", folder / "log")
            yield f"postgresql://postgres:let-me-in@127.0.0.1:{port}/postgres"
        finally:
            # So it ends without waiting for whoever is still connected.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


POOLER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
"""Debian's pgbouncer; None where there is none: `apt-get install pgbouncer`."""


@contextmanager
def pooler(server: str) -> Iterator[str]:
    """A pgbouncer before a PostgreSQL server; yields the server's URL through it.

    Each transaction may get another session of the server's, in turn.
    """
    if POOLER is None:
        raise RuntimeError("there is no pgbouncer: apt-get install pgbouncer")
    parts, port = urlsplit(server), free_port()
    with tempfile.TemporaryDirectory(prefix="pgbouncer-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        told = folder / "pgbouncer.ini"
        told.write_text(
            f"[databases]\n* = host={parts.hostname} port={parts.port} user={parts.username} "
            f"password={parts.password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
            f"unix_socket_dir =\nauth_type = any\npool_mode = transaction\nserver_round_robin = 1\n"
        )
        owner = _unprivileged(folder, told)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([POOLER, told], stdin=subprocess.DEVNULL, stderr=log, **owner)
        try:
            _await_listening(process, "process up", folder / "log")
            yield parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        finally:
            stop(process)


def make_database(server: str, like: str = "template1") -> str:
    """Creates a database on a PostgreSQL server, with all that the one named `like` has; returns its URL."""
    import psycopg
    from psycopg import sql

    name = f"standings_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(command.format(sql.Identifier(name), sql.Identifier(like)))
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unprivileged(*paths: Path) -> dict[str, Any]:
    """What makes a process run as somebody who is not root, to whom the paths then belong."""
    if os.geteuid() != 0:
        return {}
    somebody = pwd.getpwnam("nobody")
    for path in paths:
        os.chown(path, somebody.pw_uid, somebody.pw_gid)
    return {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}


def _await_listening(process: "subprocess.Popen[Any]", word: str, log: Path) -> None:
    """Returns once the server's log has the word that it takes connections."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if word in (told := log.read_text(errors="replace")):
            return
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}: {told}")
        time.sleep(0.02)
    raise RuntimeError(f"the server did not listen within {_START_SECONDS} s: {told}")


def make_bucket(endpoint: str, bucket: str) -> None:
    """Create a bucket on an S3 server."""
    # By hand, since the server checks no signature and making a boto3 client takes longer than the request.
    status, _, body = _forward(urlsplit(endpoint).netloc, "PUT", f"/{bucket}", {}, b"")
    if status != 200:
        raise RuntimeError(f"the bucket {bucket} was not made: {status} {body.decode(errors='replace')}")


Headers = MutableMapping[str, str]
Answer = tuple[int, bytes]


class Tamper:
    """What a proxy does to the traffic. Does nothing as it stands: override one method, or both."""

    def request(self, method: str, headers: Headers) -> Answer | None:
        """Change the headers before they go on, or return the answer in the server's stead."""
        return None

    def answer(self, method: str, status: int, body: bytes) -> Answer | None:
        """What the client gets to see. None breaks the connection off, as does a body cut short."""
        return status, body


@contextmanager
def proxy(endpoint: str, tamper: Tamper) -> Iterator[str]:
    """A server that passes everything on to `endpoint` as `tamper` has it; yields its own endpoint URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(endpoint, tamper))
    with _serving(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


Heard = list[tuple[str, str, bytes]]
"""Method, path and content of each request."""


@contextmanager
def listener(status: int = 200) -> Iterator[tuple[str, Heard]]:
    """A server that answers everything with a status; yields its URL and what it hears."""
    heard: Heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard.append((self.command, self.path, content))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_PUT = do_POST

        def log_message(self, *_: object) -> None:
            """A test's output is no place for an access log."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    with _serving(server):
        yield f"http://127.0.0.1:{server.server_port}", heard


@contextmanager
def _serving(server: HTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _announced_url(process: "subprocess.Popen[Any]", log: int) -> str:
    """The URL that a server writes to its log once it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        text = os.pread(log, 1 << 16, 0).decode(errors="replace")
        if found := re.search(r"Running on (http://[0-9.]+:\d+)", text):
            return found[1]
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}: {text}")
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start within {_START_SECONDS} s")


def _handler(endpoint: str, tamper: Tamper) -> type[BaseHTTPRequestHandler]:
    upstream = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers: Headers = {name.lower(): value for name, value in self.headers.items()}
            headers.pop("expect", None)
            own = tamper.request(self.command, headers)
            status, fields, content = (
                (own[0], {}, own[1]) if own else _forward(upstream, self.command, self.path, headers, body)
            )
            self._reply(fields, content, own or tamper.answer(self.command, status, content))

        def _reply(self, fields: dict[str, str], content: bytes, answer: Answer | None) -> None:
            self.close_connection = True
            if answer is None:
                return
            status, shown = answer
            self.send_response(status)
            fields.setdefault("content-length", str(len(content)))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(shown)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on

        def log_message(self, *_: object) -> None:
            """A test's output is no place for an access log."""

    return Handler


def _forward(
    upstream: str, method: str, path: str, headers: Headers, body: bytes
) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection(upstream, timeout=30)) as connection:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        kept = {
            name.lower(): value
            for name, value in response.getheaders()
            if name.lower() not in ("connection", "transfer-encoding", "server", "date")
        }
        return response.status, kept, response.read()
