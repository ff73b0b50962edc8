"""OpenRouter's Data API on loopback: the documented contract, over simulated figures.

It stands in for `GET /api/v1/datasets/rankings-daily` wherever no key and no network are wanted: in the demo,
in tests, in development. The figures come from `flows.sample_api.simulator`; this module adds what HTTP adds: keys,
quotas, status codes, and the reading of hostile queries.
"""

import contextlib
import json
import math
import re
import socket
import socketserver
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qsl

from flows.quota import A_DAY, A_MINUTE, Quota
from flows.sample_api import simulator

SIMULATED_HEADER = "X-Token-Standings-Simulated"
"""Every answer carries this header with the value `true`. A field in the body would break the contract."""

DEFAULT_SEED = 11
"""A world in which, early in 2026, the nine largest entries and all models have different leaders."""

HOST = "127.0.0.1"
BASE_PATH = "/api/v1"
RANKINGS_PATH = f"{BASE_PATH}/datasets/rankings-daily"
MAX_DAYS = 366
DEFAULT_DAYS_BACK = 30

CHOICES = {
    "period": ("day", "week", "month"),
    "modality": ("text", "image", "image_output", "audio", "tool_calling"),
    "context_bucket": ("1K", "10K", "100K", "1M", "10M"),
    "category": (
        "programming",
        "roleplay",
        "marketing",
        "marketing/seo",
        "technology",
        "science",
        "translation",
        "legal",
        "finance",
        "health",
        "trivia",
        "academia",
    ),
    "language_type": ("natural", "programming"),
}
"""The parameters that take one of a few values, and those values."""

DATES = ("start_date", "end_date")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IDLE_SECONDS = 10
_LINGER_SECONDS, _LINGER_BYTES = 1, 1 << 20


class BadRequest(Exception):
    """A question that the documented API answers with a 400; the message says what to change."""


@dataclass(frozen=True)
class Question:
    """What a query asks for, defaults and clamping resolved: UTC days, both inclusive."""

    start: date
    end: date
    period: simulator.Period
    slices: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer before it becomes HTTP: `headers` are those beyond the ones that every answer carries."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class SampleApi:
    """The sample API, listening on 127.0.0.1 from the moment it is made.

    As a context manager it serves from a thread until the block ends; `serve_forever` serves in the caller's.

    seed: which simulated world; equal (seed, now, request) give equal bytes.
    now: the moment at which answers are given, a function that returns it, or None for the wall clock.
        It must know its time zone.
    port: 0 takes any free one; read `base_url`.
    keys: the bearer keys that are let in; None lets in any that is not empty.
    minute, day: the quotas of a key and of all keys together; None is no limit. `monotonic` is their clock,
        in seconds: quotas are real even where `now` stands still.

    Raises StandingsError where the port cannot be opened, ValueError for a `now` without a time zone.
    """

    def __init__(
        self,
        seed: int = DEFAULT_SEED,
        now: datetime | Callable[[], datetime] | None = None,
        port: int = 0,
        *,
        keys: Collection[str] | None = None,
        minute: Quota | None = A_MINUTE,
        day: Quota | None = A_DAY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if isinstance(now, datetime) and now.tzinfo is None:
            raise ValueError(f"now={now.isoformat()} has no time zone")
        self._seed = seed
        self._now = now
        self._keys = keys
        self._admission = _Admission(minute, day, monotonic)
        try:
            self._server = _Server((HOST, port), self)
        except (OSError, OverflowError) as error:
            # Late, because importing `schemas` imports Polars, and this module must start at once.
            from schemas.errors import StandingsError

            raise StandingsError(
                f"port {port} of {HOST} cannot be opened ({error}); take another, or 0 for any free one"
            ) from error
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Where the API is, as a client wants it: `http://127.0.0.1:<port>/api/v1`."""
        return f"http://{HOST}:{self._server.server_port}{BASE_PATH}"

    def __enter__(self) -> Self:
        # The default poll interval would make every `with` block end up to half a second late.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self.close()

    def serve_forever(self) -> None:
        """Serve in this thread until an exception ends it (KeyboardInterrupt, say), then close the port."""
        try:
            self._server.serve_forever()
        finally:
            self.close()

    def close(self) -> None:
        """Give the port back; for an API that was made but never served."""
        self._server.server_close()

    def reply(self, method: str, target: str, authorization: str | None) -> Reply:
        """The answer to one request. `target` is the request's path and query as sent."""
        path, _, query = target.partition("?")
        if path != RANKINGS_PATH:
            return _refusal(HTTPStatus.NOT_FOUND, f"Not found; this API serves {RANKINGS_PATH}")
        if method not in ("GET", "HEAD"):
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Use GET", Allow="GET, HEAD")
        key = _bearer_key(authorization)
        if not key or (self._keys is not None and key not in self._keys):
            message = "Missing Authentication header" if authorization is None else "Invalid bearer key"
            return _refusal(HTTPStatus.UNAUTHORIZED, message, **{"WWW-Authenticate": "Bearer"})
        wait = self._admission.wait(key)
        if wait:
            message = f"Rate limit exceeded; try again in {wait} s"
            return _refusal(HTTPStatus.TOO_MANY_REQUESTS, message, **{"Retry-After": str(wait)})
        return self._rankings(query)

    def _rankings(self, query: str) -> Reply:
        now = self._moment()
        try:
            asked = question(query, now)
        except BadRequest as error:
            return _refusal(HTTPStatus.BAD_REQUEST, str(error))
        body = simulator.answer(self._seed, now, asked.start, asked.end, asked.period, asked.slices)
        return Reply(HTTPStatus.OK, body)

    def _moment(self) -> datetime:
        if self._now is None:
            return datetime.now(UTC)
        return self._now if isinstance(self._now, datetime) else self._now()


def question(query: str, now: datetime) -> Question:
    """What the query string asks for at the moment `now`. Raises BadRequest where it breaks the contract."""
    asked = _fields(query)
    for name, choices in CHOICES.items():
        if name in asked and asked[name] not in choices:
            raise BadRequest(f"{name} must be one of {', '.join(choices)}, not {_quoted(asked[name])}")
    slices = {name: value for name, value in asked.items() if name not in (*DATES, "period")}
    sampled = [name for name in slices if name in simulator.SAMPLED]
    if sampled and len(slices) > 1:
        raise BadRequest(
            f"{sampled[0]} cannot be combined with {' or '.join(sorted({*slices} - {sampled[0]}))}"
        )
    period = asked.get("period", "week" if sampled else "day")
    if sampled and period == "day":
        raise BadRequest(f"{sampled[0]} is aggregated weekly: period must be week or month, not day")
    start, end = _window(asked, now.astimezone(UTC).date() - timedelta(days=1))
    return Question(start, end, cast(simulator.Period, period), slices)


def _fields(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise BadRequest(f"The query string cannot be read: {error}") from error
    asked: dict[str, str] = {}
    for name, value in pairs:
        if name not in CHOICES and name not in DATES:
            raise BadRequest(f"Unknown parameter {_quoted(name)}; known are {', '.join([*DATES, *CHOICES])}")
        if name in asked:
            raise BadRequest(f"{name} is given more than once")
        asked[name] = value
    return asked


def _window(asked: Mapping[str, str], yesterday: date) -> tuple[date, date]:
    first_day = simulator.FIRST_DAY
    end = _date(asked, "end_date", max(yesterday, first_day))
    if end < first_day:
        raise BadRequest(f"end_date must be on or after {first_day}, not {end}")
    start = max(_date(asked, "start_date", end - timedelta(days=DEFAULT_DAYS_BACK)), first_day)
    if end < start:
        raise BadRequest(f"start_date {start} is after end_date {end}")
    days = (end - start).days + 1
    if days > MAX_DAYS:
        raise BadRequest(f"The window {start} to {end} is {days} days long; at most {MAX_DAYS} are allowed")
    return start, end


def _date(asked: Mapping[str, str], name: str, default: date) -> date:
    if name not in asked:
        return default
    text = asked[name]
    if not _DATE.fullmatch(text):
        raise BadRequest(f"{name} must look like YYYY-MM-DD, not {_quoted(text)}")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(f"{name} {text} is not a date: {error}") from error


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _bearer_key(authorization: str | None) -> str:
    scheme, _, key = (authorization or "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _refusal(status: int, message: str, **headers: str) -> Reply:
    return Reply(status, json.dumps({"error": {"code": status, "message": message}}).encode(), headers)


class _Admission:
    """Counts admitted requests over sliding windows. A refused request does not count, so waiting helps."""

    def __init__(self, minute: Quota | None, day: Quota | None, monotonic: Callable[[], float]) -> None:
        self._minute, self._day, self._monotonic = minute, day, monotonic
        self._by_key: defaultdict[str, deque[float]] = defaultdict(deque)
        self._account: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self, key: str) -> int:
        """Admit a request and return 0, or return the whole seconds after which it would be admitted."""
        with self._lock:
            now = self._monotonic()
            counted = ((self._minute, self._by_key[key]), (self._day, self._account))
            limits = [(quota, past) for quota, past in counted if quota]
            wait = max((_seconds_to_wait(quota, past, now) for quota, past in limits), default=0)
            if not wait:
                for _, past in limits:
                    past.append(now)
            return wait


def _seconds_to_wait(quota: Quota, past: deque[float], now: float) -> int:
    while past and now - past[0] >= quota.seconds:
        past.popleft()
    if len(past) < quota.limit:
        return 0
    return max(1, math.ceil(past[0] + quota.seconds - now))


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], api: SampleApi) -> None:
        self.api = api
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer would look the host's name up, which can take seconds where there is no resolver.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that hangs up early is its own affair; anything else is a bug and prints its traceback.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class calls for a request that it cannot read, or whose method has no `do_`."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._answer()
        else:
            self._send(_refusal(int(code), message or explain or HTTPStatus(code).phrase))

    def finish(self) -> None:
        # To close a connection on unread input resets it, and the client may lose the answer; so say that
        # nothing more is coming, and take what is still being sent.
        super().finish()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_SECONDS)
            left = _LINGER_BYTES
            while left > 0 and (received := self.connection.recv(65_536)):
                left -= len(received)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are not logged."""

    def _answer(self) -> None:
        try:
            reply = self.server.api.reply(self.command, self.path, self.headers.get("Authorization"))
        except Exception:
            self._send(_refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error"))
            raise
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        # One request a connection leaves no idle thread behind when the API stops.
        self.close_connection = True
        # A request line without a version must still be answered with a status line.
        self.request_version = self.protocol_version
        self.send_response(reply.status)
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(reply.body)),
            "Connection": "close",
            SIMULATED_HEADER: "true",
            **reply.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
