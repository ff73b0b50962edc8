"""A line between a client and the source on which much goes wrong, byte by byte."""

import gzip
import re
import socket
import socketserver
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from urllib.parse import urlsplit

PAGE = b"<!doctype html><title>Bad Gateway</title><h1>The server is on a break.</h1>"
LENGTH = re.compile(rb"\r\ncontent-length: \d+", re.IGNORECASE)


class Link:
    """One request on its way: the client's connection, what it asks, and the source behind the line."""

    def __init__(
        self, client: socket.socket, request: bytes, source: tuple[str, int], random: Random
    ) -> None:
        self._client, self._request, self._source = client, request, source
        self.random = random

    def answer(self) -> tuple[bytes, bytes]:
        """What the source answers: the head and the body."""
        with socket.create_connection(self._source, timeout=30) as source:
            source.sendall(self._request)
            head, _, body = b"".join(iter(lambda: source.recv(1 << 16), b"")).partition(b"\r\n\r\n")
        return head, body

    def send(self, head: bytes, body: bytes, promised: int | None = None, pause: float = 0.0) -> None:
        """Answers, with another Content-Length than the body's where one is promised, or bit by bit."""
        length = len(body) if promised is None else promised
        self._client.sendall(LENGTH.sub(b"\r\nContent-Length: %d" % length, head) + b"\r\n\r\n")
        step = len(body) // 20 + 1 if pause else max(len(body), 1)
        for begin in range(0, len(body), step):
            self._client.sendall(body[begin : begin + step])
            time.sleep(pause)

    def refuse(self, status: int, body: bytes = b'{"error": {}}', **headers: str) -> None:
        """Answers in the source's stead."""
        lines = [
            f"HTTP/1.1 {status} No",
            *(f"{name.replace('_', '-')}: {it}" for name, it in headers.items()),
        ]
        self.send("\r\n".join([*lines, "Connection: close", "Content-Length: 0"]).encode(), body)

    def reset(self) -> None:
        """Ends the connection with a reset, as a crashed or overloaded server's system does."""
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._client.close()

    def wait_for_the_end(self) -> None:
        """Says nothing until the client has had enough."""
        self._client.settimeout(60)
        self._client.recv(1)


Fault = Callable[[Link], None]


def whole(link: Link) -> None:
    link.send(*link.answer())


def late(link: Link) -> None:
    time.sleep(link.random.uniform(0.05, 0.5))
    whole(link)


def compressed(link: Link) -> None:
    head, body = link.answer()
    link.send(head + b"\r\nContent-Encoding: gzip", gzip.compress(body))


def cut_compressed(link: Link) -> None:
    head, body = link.answer()
    link.send(head + b"\r\nContent-Encoding: gzip", _cut(link, gzip.compress(body)))


def dropped(link: Link) -> None:
    link.answer()


def reset_halfway(link: Link) -> None:
    head, body = link.answer()
    link.send(head, _cut(link, body), len(body))
    link.reset()


def stalled(link: Link) -> None:
    link.answer()
    link.wait_for_the_end()


def trickled(link: Link) -> None:
    link.send(*link.answer(), pause=0.02)


def trickled_for_ever(link: Link) -> None:
    link.send(*link.answer(), pause=0.5)


def cut(link: Link) -> None:
    head, body = link.answer()
    link.send(head, _cut(link, body))


def cut_without_length(link: Link) -> None:
    head, body = link.answer()
    link.send(LENGTH.sub(b"", head), _cut(link, body))


def promised_more(link: Link) -> None:
    head, body = link.answer()
    link.send(head, body, len(body) + link.random.randint(1, 1000))


def promised_less(link: Link) -> None:
    head, body = link.answer()
    link.send(head, body, len(_cut(link, body)))


def empty(link: Link) -> None:
    head, _ = link.answer()
    link.send(head, b"")


def page(link: Link) -> None:
    head, _ = link.answer()
    link.send(head.replace(b"application/json", b"text/html"), PAGE)


def too_many_in_seconds(link: Link) -> None:
    link.refuse(429, Retry_After=str(link.random.randint(0, 1)))


def too_many_at_a_date(link: Link) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=link.random.randint(-5, 2))
    link.refuse(429, Retry_After=format_datetime(moment, usegmt=True))


def too_many_for_an_hour(link: Link) -> None:
    link.refuse(429, Retry_After="3600")


def unavailable(link: Link) -> None:
    link.refuse(link.random.choice((500, 502, 503, 504)))


def bad_gateway(link: Link) -> None:
    link.refuse(502, PAGE, Content_Type="text/html")


def swallowed(link: Link) -> None:
    """The connection ends before the source has heard of the request."""


def reset(link: Link) -> None:
    link.reset()


OFTEN, NOW_AND_THEN, SELDOM = 6, 3, 1
FAULTS: dict[Fault, int] = {
    late: OFTEN,
    compressed: NOW_AND_THEN,
    cut_compressed: NOW_AND_THEN,
    dropped: OFTEN,
    reset_halfway: OFTEN,
    stalled: SELDOM,
    trickled: NOW_AND_THEN,
    trickled_for_ever: SELDOM,
    cut: OFTEN,
    cut_without_length: OFTEN,
    promised_more: NOW_AND_THEN,
    promised_less: OFTEN,
    empty: NOW_AND_THEN,
    page: NOW_AND_THEN,
    too_many_in_seconds: NOW_AND_THEN,
    too_many_at_a_date: NOW_AND_THEN,
    too_many_for_an_hour: NOW_AND_THEN,
    unavailable: SELDOM,
    bad_gateway: OFTEN,
    swallowed: OFTEN,
    reset: OFTEN,
}
"""What goes wrong, and how often beside the others. Those that last long are seldom."""

LONGEST_BURST = 12
"""Requests that are refused in a row once the source is unavailable: more than one client's attempts."""


class Line:
    """Passes requests on to a source; of each hundred, as many as `percent` says meet a fault."""

    def __init__(self, source: str, percent: int, random: Random) -> None:
        parts = urlsplit(source)
        self._source = (str(parts.hostname), int(parts.port or 80))
        self._percent, self._random = percent, random
        self._lock, self._burst = threading.Lock(), 0
        self.moments: list[float] = []
        """When each request came in, in seconds since 1970."""
        self.met: Counter[str] = Counter()

    def carry(self, client: socket.socket) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            if not (received := client.recv(1 << 16)):
                return
            request += received
        with self._lock:
            self.moments.append(time.time())
            fault, random = self._draw(), Random(self._random.getrandbits(64))
            self.met[fault.__name__.replace("_", " ")] += 1
        # The client may hang up at any moment.
        with suppress(OSError):
            fault(Link(client, request, self._source, random))

    def _draw(self) -> Fault:
        if self._burst:
            self._burst -= 1
            return unavailable
        if self._random.randrange(100) >= self._percent:
            return whole
        (fault,) = self._random.choices(list(FAULTS), list(FAULTS.values()))
        if fault is unavailable:
            self._burst = self._random.randint(1, LONGEST_BURST) - 1
        return fault


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def carrying(line: Line) -> Iterator[str]:
    """The line on a free port of 127.0.0.1; yields the address that stands for the source's."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            line.carry(self.request)

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _cut(link: Link, body: bytes) -> bytes:
    """The beginning of a body, at least a byte short."""
    return body[: link.random.randrange(1, len(body))]
