"""HTTP -> bytes and headers. Rate limits and retries live here; nothing here looks into a body."""

import logging
import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import stamina

from flows import lake, raw
from flows.keys import RawKey
from flows.raw import Asked
from flows.sample_api import SIMULATED_HEADER
from flows.settings import Settings
from schemas.errors import StandingsError
from transforms.windows import Window

log = logging.getLogger("standings")

PATH = "/datasets/rankings-daily"
KEY = "OPENROUTER_API_KEY"

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
ATTEMPTS = 6
DEADLINE = 300.0
"""Seconds after which no further attempt is made."""

LONGEST_WAIT = 90.0
"""Seconds that a Retry-After may ask for: a minute's quota is worth waiting for, a day's is not."""

_KEPT_OUT = {"set-cookie", "authorization", "proxy-authorization"}


class _TryAgain(Exception):
    """An answer that another attempt may better: too many requests, or a fault of the server's own."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(_said(response))
        self.wait = _retry_after(response.headers.get("retry-after"))


def extract(settings: Settings, window: Window) -> RawKey:
    """Asks the source for every day of a window and lands the answer; returns where it is.

    Raises `StandingsError` where the key is missing or refused, the request is wrong, the source cannot be
    reached or does not answer before the deadline, or the lake holds figures of the other kind.
    """
    first, last = window
    request = {"start_date": str(first), "end_date": str(last), "period": "day"}
    response = _ask(settings.base_url, request)
    simulated = SIMULATED_HEADER.lower() in response.headers
    store = lake.claim(settings, "simulated" if simulated else "real")
    asked = Asked(
        source=str(response.request.url),
        retrieved_at=datetime.now(UTC),
        origin="simulated" if simulated else "api",
        request=request,
        status=response.status_code,
        headers={name: value for name, value in response.headers.items() if name not in _KEPT_OUT},
    )
    key, _ = raw.land(store, response.content, asked)
    log.info("extract: %s to %s", first, last)
    return key


def _ask(base_url: str, request: dict[str, str]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {require_key()}", "Accept": "application/json"}
    try:
        with httpx.Client(timeout=TIMEOUT, headers=headers) as client:
            for attempt in stamina.retry_context(
                on=_backoff, attempts=ATTEMPTS, timeout=DEADLINE, wait_initial=1.0, wait_max=30.0
            ):
                with attempt:
                    response = client.get(f"{base_url}{PATH}", params=request)
                    if response.status_code == 429 or response.status_code >= 500:
                        raise _TryAgain(response)
    except _TryAgain as refusal:
        raise StandingsError(f"{base_url}: {refusal}; what has landed is kept: run it again later") from None
    except httpx.HTTPError as error:
        what = str(error) or type(error).__name__
        raise StandingsError(f"{base_url}: the source cannot be reached: {what}") from None
    if response.status_code != httpx.codes.OK:
        raise StandingsError(f"{base_url}: {_said(response)}{_advice(response.status_code)}")
    return response


def _backoff(error: Exception) -> bool | float:
    """Whether to try again, and where the source says so, after how many seconds."""
    if isinstance(error, _TryAgain):
        if error.wait is None:
            return True
        return error.wait if error.wait <= LONGEST_WAIT else False
    return isinstance(error, httpx.TransportError)


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from either form of a Retry-After header; None where there is none to go by."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def require_key() -> str:
    """The source's key, from the environment; raises `StandingsError` where there is none."""
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise StandingsError(
            f"{KEY} is not set: put the source's key there, or try `standings demo`, which needs none"
        )
    return key


def _said(response: httpx.Response) -> str:
    """The source's own word on why it did not answer, on one line."""
    try:
        message = str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = response.reason_phrase
    return f"the source answered {response.status_code}: {' '.join(message.split())[:200]}"


def _advice(status: int) -> str:
    return f"; check {KEY}" if status in (401, 403) else ""
