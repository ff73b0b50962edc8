"""What Prefect's client raises where its server cannot be reached or refuses, in one line of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from flows.logs import line
from schemas.errors import StandingsError

SHOWN = 200
"""Characters of the server's own words that are repeated."""

UNREACHED = "Failed to reach API at "
"""How Prefect begins what it says where a server's first answer is not as it expects."""


@contextmanager
def errors_in_one_line(*others: type[Exception]) -> Iterator[None]:
    """Raises `StandingsError`, which names the variable to look at, in place of what Prefect's client raises.

    Anything else passes. others: what else can only come of an answer that Prefect's client does not understand.
    """
    try:
        yield
    except StandingsError:
        raise
    except Exception as error:
        if (problem := _problem(error, others)) is None:
            raise
        raise StandingsError(problem) from error


def _problem(error: Exception, others: tuple[type[Exception], ...]) -> str | None:
    """The line; None for an error that is not the server's."""
    try:
        from prefect.settings import get_current_settings

        url = get_current_settings().api.url
    except ValueError as invalid:
        return (
            f"Prefect's settings cannot be read: {line(str(invalid))[:SHOWN]}; check the PREFECT_* variables"
        )
    if url is None and isinstance(error, others):
        return "there is no Prefect server to go to: set PREFECT_API_URL"
    place = f"{_without_user(url)}: Prefect's server" if url else "Prefect's server"
    unreached = isinstance(error, RuntimeError) and str(error).startswith(UNREACHED)
    cause = next((each for each in _causes(error) if isinstance(each, httpx.HTTPError)), None)
    if isinstance(cause, httpx.HTTPStatusError):
        if url and not str(cause.request.url).startswith(url.rstrip("/")):
            return None
        status = cause.response.status_code
        return f"{place} answered {status}: {_words(cause.response)}; {_advice(status)}"
    if isinstance(cause, httpx.TransportError):
        return f"{place} cannot be reached: {line(str(cause)) or type(cause).__name__}; check PREFECT_API_URL"
    if unreached or isinstance(error, (httpx.InvalidURL, httpx.HTTPError, *others)):
        return f"{place} does not answer as Prefect's API does; check PREFECT_API_URL, which ends in /api"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(response: httpx.Response) -> str:
    """The server's own words, or what its status stands for."""
    try:
        content = response.json()
        said = content.get("exception_message") or content.get("exception_detail") or content.get("detail")
    except (ValueError, AttributeError, httpx.ResponseNotRead):
        said = None
    return line(str(said or response.reason_phrase))[:SHOWN]


def _advice(status: int) -> str:
    if status in (401, 403):
        return "check PREFECT_API_AUTH_STRING, or PREFECT_API_KEY for Prefect Cloud"
    if status >= 500:
        return "see the server's log"
    return "check PREFECT_API_URL, which ends in /api"


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
