"""Every HTTP client is made here; what keeps one from being made is told with the variable that is to blame."""

import logging
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.client import InvalidURL
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from flows.sanitize import redacted, safe
from schemas.errors import StandingsError

SECONDS = 10.0
"""How long a listener may take."""

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def client(**options: Any) -> httpx.Client:
    """A client that goes by the environment's proxies and certificates.

    Raises `StandingsError` that names the variable which cannot be used.
    """
    certificates = _tls()
    try:
        return httpx.Client(verify=certificates, **options)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise _blamed(error) from None


def send(method: str, url: str, content: object = None) -> None:
    """Tells a listener; raises `StandingsError`, which never holds its address, where it was not reached."""
    with client(timeout=SECONDS) as opened, unheard("httpx", "httpcore"):
        try:
            response = opened.request(method, url, json=content)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise StandingsError(reason(error, url)) from None
    if not response.is_success:
        raise StandingsError(f"answered {response.status_code}")


def shown(url: str) -> str:
    """What of an address may be printed: its scheme and host."""
    scheme, _, rest = url.rpartition("://")
    host = rest.rpartition("@")[2].partition("/")[0].partition("?")[0]
    return f"{scheme}://{host}" if scheme else host


def reason(error: Exception, url: str = "") -> str:
    """An error's words on one line, without the parts of an address that may be secret."""
    words = safe(" ".join(str(error).split()))[:200] or type(error).__name__
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | InvalidURL):
        return "it is no http address"  # The words would repeat it.
    if "CERTIFICATE_VERIFY_FAILED" in words:
        words += ": if a proxy or a CA of your own signs it, name its certificate in SSL_CERT_FILE"
    elif isinstance(error, httpx.TransportError) and (proxies := _set(_PROXIES)):
        words += f" ({' and '.join(proxies)} is set)"
    return redacted(words, _secrets(url))


@contextmanager
def unheard(*names: str) -> Iterator[None]:
    """Nothing that these loggers are given inside it is told: it may repeat an address, and so a secret."""
    theirs = [logging.getLogger(name) for name in names]

    def drop(_: logging.LogRecord) -> bool:
        return False

    for each in theirs:
        each.addFilter(drop)
    try:
        yield
    finally:
        for each in theirs:
            each.removeFilter(drop)


@cache
def _tls() -> ssl.SSLContext:
    """What tells a true server by its certificate; to read all authorities anew takes as long as a small answer."""
    folder = os.environ.get("SSL_CERT_DIR")
    try:
        if folder and not os.environ.get("SSL_CERT_FILE"):
            # Else a folder that is not there is taken for one without a certificate.
            next(Path(folder).iterdir(), None)
        return httpx.create_ssl_context()
    except OSError as error:
        # Only one of them is read, and the last is written to.
        read = next((each for each in _CERTIFICATES if os.environ.get(each)), "")
        name = (
            "SSLKEYLOGFILE" if error.filename and error.filename == os.environ.get("SSLKEYLOGFILE") else read
        )
        words = "it holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise StandingsError(f"{name}={os.environ.get(name)}: {words}: correct it, or unset it") from None


def _blamed(error: Exception) -> StandingsError:
    """The error with the variable by which no client can be made."""
    for name in _set(_PROXIES):
        address = os.environ[name]
        try:
            httpx.HTTPTransport(
                proxy=address if "://" in address else f"http://{address}", verify=False
            ).close()
        except (ImportError, ValueError, httpx.InvalidURL):
            # Not its value, which may hold a password.
            return StandingsError(f"{name} is no address of a proxy such as http://host:3128")
    words = safe(str(error))[:200]
    named = " and ".join(_set(("no_proxy",))) or "the environment's proxy"
    return StandingsError(
        f"{named} cannot be used: {words}: it may list hosts, domains and addresses, and no IPv6 network"
    )


def _set(names: tuple[str, ...]) -> list[str]:
    """Those of the variables that are set, as they are written there."""
    wanted = {name.lower() for name in names}
    return [name for name, value in os.environ.items() if name.lower() in wanted and value]


def _secrets(url: str) -> Iterator[str]:
    """What of an address only its owner may know: everything but the host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    userinfo = parts.netloc.rpartition("@")[0]
    yield from filter(None, (url, userinfo, *userinfo.split(":"), parts.path.strip("/"), parts.query))
    yield from (each for each in parts.path.split("/") if each)
