"""HTTP -> bytes and headers. Quotas and retries live here."""

import logging
import os
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import stamina

from flows import web
from flows.extract.plan import Request
from flows.extract.rate_limiter import Limiter
from flows.extract.resume import landed_answer
from flows.lake import captures, lake
from flows.lake.captures import LARGEST_BODY, Asked
from flows.lake.keys import RawKey
from flows.lake.parsed import keep, parse_body
from flows.sanitize import redacted, safe
from flows.settings import Settings
from flows.storage.object_store import Store
from flows.version import code_version
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from transforms.parse import SourceError, Torn, Unreadable, source_error

log = logging.getLogger("standings")

SIMULATED_HEADER = "X-Token-Standings-Simulated"
"""The mark of the sample API's answers. It stands for the source, so neither it nor this module imports the other."""

KEY = "OPENROUTER_API_KEY"

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
ATTEMPTS = 8
ATTEMPT_SECONDS = 120.0
"""How long one answer may trickle in."""

DEADLINE = 600.0
"""Seconds after which no further attempt is made."""

LONGEST_WAIT = 90.0
"""Seconds that a Retry-After may ask for: a minute's quota is worth waiting for, a day's is not."""

_PIECE = 2**16
_GZIP = zlib.MAX_WBITS + 16


def _tell(details: stamina.instrumentation.RetryDetails) -> None:
    log.info("extract: trying again in %.0f s: %s", details.wait_for, details.caused_by)


stamina.instrumentation.set_on_retry_hooks([_tell])

_KEPT_OUT = {"set-cookie", "authorization", "proxy-authorization"}


class _TryAgain(Exception):
    """An answer that another attempt may better."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


def extract(settings: Settings, request: Request) -> RawKey:
    """Asks the source for what a request says and lands the answer; returns where it is.

    An answer to the same question that landed and that no run has finished with is taken instead. Each attempt
    counts against the quotas. Raises `StandingsError` where the key is missing or refused, the request is
    wrong, the source cannot be reached, does not answer before the deadline or answers too much, a quota is
    spent for the day, or the lake holds figures of the other kind.
    """
    store = lake.writable(settings)
    if (waiting := landed_answer(store, request)) is not None:
        log.info("extract: %s landed before and is taken up again", request)
        return waiting
    key = _ask(settings, store, request)
    log.info("extract: %s", request)
    return key


def require_key() -> str:
    """The source's key, from the environment; raises `StandingsError` where there is none."""
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise StandingsError(
            f"{KEY} is not set: put the source's key there, or try `standings demo`, which needs none"
        )
    if not (key.isascii() and key.isprintable()):
        raise StandingsError(f"{KEY} has characters that no header can carry: copy the key anew")
    return key


def _ask(settings: Settings, store: Store, request: Request) -> RawKey:
    """Asks until an answer is whole; every answer lands, also one that is not."""
    headers = {
        "Authorization": f"Bearer {require_key()}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
    }
    limiter = Limiter(store, settings.minute, settings.day)
    try:
        with web.client(timeout=TIMEOUT, headers=headers) as client:
            for attempt in stamina.retry_context(
                on=_backoff, attempts=ATTEMPTS, timeout=DEADLINE, wait_initial=1.0, wait_max=30.0
            ):
                with attempt:
                    with limiter.request():
                        response, body = _get(client, settings.base_url, request.query)
                    return _land(settings, response, body, request)
    except _TryAgain as refusal:
        raise StandingsError(
            f"{settings.base_url}: {refusal}; what has landed is kept: run it again later"
        ) from None
    except httpx.HTTPError as error:
        what = web.reason(error)
        raise StandingsError(f"{settings.base_url}: the source cannot be reached: {what}") from None
    raise AssertionError("the last attempt either returns or raises")


def _get(client: httpx.Client, base_url: str, request: dict[str, str]) -> tuple[httpx.Response, bytes]:
    """One answer, read within limits of time and size.

    Raises `_TryAgain` where the source is busy or broken, and `StandingsError` where it refuses for good, by the
    status of the answer or by that of an error that is all that a 200 brings.
    """
    until = time.monotonic() + ATTEMPT_SECONDS
    body = bytearray()
    with client.stream("GET", f"{base_url}{RANKINGS_DAILY.path}", params=request) as response:
        for chunk in _unpacked(response):
            body += chunk
            if len(body) > LARGEST_BODY:
                raise StandingsError(
                    f"{base_url}: the answer is larger than {LARGEST_BODY:,} bytes: it was not taken"
                )
            if time.monotonic() > until:
                raise httpx.ReadTimeout(f"the answer took longer than {ATTEMPT_SECONDS:.0f} s")
    content = bytes(body)
    status, error = response.status_code, source_error(content)
    if status == httpx.codes.OK:
        if error is None:
            return response, content
        status = error.status or status
    told = _said(response, error)
    if status == 429 or status >= 500:
        raise _TryAgain(told, _retry_after(response.headers.get("retry-after")))
    raise StandingsError(f"{base_url}: {told}{_advice(response, status)}")


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    """The body, with gzip unpacked a piece at a time: a few packed bytes may stand for more than memory holds.

    Any other packing, or gzip in gzip, was not asked for: it is left as it came, and is then no JSON.
    """
    if response.headers.get("content-encoding", "").strip().lower() != "gzip":
        yield from response.iter_raw()
        return
    gzip = zlib.decompressobj(_GZIP)
    try:
        for chunk in response.iter_raw():
            while chunk and not gzip.eof:
                yield gzip.decompress(chunk, _PIECE)
                chunk = gzip.unconsumed_tail
        yield gzip.flush()
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from None
    if not gzip.eof:
        raise httpx.DecodingError("the packed answer is cut short")


def _land(settings: Settings, response: httpx.Response, body: bytes, request: Request) -> RawKey:
    """Lands an answer; one that turns out to be no whole answer is put on record and asked for again."""
    simulated = SIMULATED_HEADER.lower() in response.headers
    store = lake.claim(settings, "simulated" if simulated else "real")
    asked = Asked(
        source=str(response.request.url),
        retrieved_at=datetime.now(UTC),
        origin="simulated" if simulated else "api",
        period=request.period,
        slice=captures.slice_of(request.slice),
        request=request.query,
        status=response.status_code,
        headers={name: value for name, value in response.headers.items() if name not in _KEPT_OUT},
    )
    key, _ = captures.land(store, body, asked)
    try:
        keep(store, key, parse_body(key, body))
    except Torn as problem:
        raise _TryAgain(captures.reject(store, key, str(problem), code_version())) from None
    except Unreadable:
        # It is whole and not what was promised: asking again brings no other, and the next step says why.
        return key
    return key


def _backoff(error: Exception) -> bool | float:
    """Whether to try again, and where the source says so, after how many seconds."""
    if isinstance(error, _TryAgain):
        if error.wait is None:
            return True
        return error.wait if error.wait <= LONGEST_WAIT else False
    return isinstance(error, httpx.TransportError | httpx.DecodingError)


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from either form of a Retry-After header; None where there is none to go by."""
    if value is None:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # A date that names no zone means UTC.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _said(response: httpx.Response, error: SourceError | None) -> str:
    """The source's own word on why it did not answer, on one line."""
    what, words = f"the source answered {response.status_code}", response.reason_phrase
    if response.status_code == httpx.codes.OK and error is not None:
        what += " with an error" if error.status is None else f" with error {error.status}"
        words = "it gives no reason"
    if error is not None and error.words.strip():
        words = error.words
    return f"{what}: {_shown(words)}"


def _advice(response: httpx.Response, status: int) -> str:
    """What to do about a refusal, as far as its status tells."""
    if status in (401, 403):
        return f"; check {KEY}"
    if response.has_redirect_location:
        place = _shown(response.headers["location"])
        return f"; it points to {place}, where the key is not sent: check OPENROUTER_BASE_URL"
    return ""


def _shown(text: str) -> str:
    """A text of the source's on one short line. One that repeats what it was sent would show the key."""
    return safe(" ".join(redacted(text, [require_key()], mark="(the key)")[:1000].split()))[:200]
