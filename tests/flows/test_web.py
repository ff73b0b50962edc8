"""HTTP clients: what the environment keeps them from is told in one line that names the variable."""

import ssl
from pathlib import Path

import pytest

from flows import web
from schemas.errors import StandingsError
from tests.support.servers import listener

VARIABLES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSLKEYLOGFILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    web._tls.cache_clear()


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_kept() -> object:
    yield
    web._tls.cache_clear()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SSL_CERT_FILE", "/no/such.pem", "SSL_CERT_FILE=/no/such.pem: No such file or directory"),
        ("SSL_CERT_FILE", "/dev/null", "SSL_CERT_FILE=/dev/null: it holds no certificates"),
        ("SSL_CERT_DIR", "/no/such", "SSL_CERT_DIR=/no/such: No such file or directory"),
        ("SSLKEYLOGFILE", "/no/such/log", "SSLKEYLOGFILE=/no/such/log: No such file or directory"),
        ("NO_PROXY", "localhost,fd00::/8", "NO_PROXY cannot be used: Invalid port: ':'"),
        ("no_proxy", "fd00::/8", "no_proxy cannot be used: Invalid port: ':'"),
        ("HTTPS_PROXY", "nosuch://u:hidden@proxy", "HTTPS_PROXY is no address of a proxy"),
        ("http_proxy", "http://u:hidden@[::1", "http_proxy is no address of a proxy"),
        ("ALL_PROXY", "socks5://u:hidden@proxy", "ALL_PROXY is no address of a proxy"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StandingsError) as caught:
        web.client()
    assert str(caught.value).startswith(told)
    if name == "SSLKEYLOGFILE":
        monkeypatch.setenv("SSL_CERT_DIR", "/")
        with pytest.raises(StandingsError, match=r"^SSLKEYLOGFILE=/no/such/log: "):
            web.client()
    assert "hidden" not in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_of_use_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with listener() as (url, heard):
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("NO_PROXY", "10.0.0.0/8,::1,.cluster.local")
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        web.send("GET", "http://far.example/x")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        web.send("GET", f"{url}/near")
    assert [path for _, path, _ in heard] == ["http://far.example/x", "/near"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("{}/hidden", "answered 500"),
        ("http://u:hidden@127.0.0.1:9/hidden", "[Errno 111] Connection refused"),
        ("http://host:hidden/", "it is no http address"),
        ("hidden", "it is no http address"),
        ("ftp://hidden", "it is no http address"),
        ("http://[hidden", "[Errno -2] Name or service not known"),
        ("http://hidden\x00/", "it is no http address"),
    ],
)
def test_a_listener_that_is_not_reached_is_told_without_its_address(url: str, told: str) -> None:
    with listener(500) as (there, _), pytest.raises(StandingsError) as caught:
        web.send("GET", url.format(there))
    assert str(caught.value) == told


def test_a_certificate_that_is_not_known_names_the_variable_and_a_dead_proxy_is_mentioned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = ssl.SSLCertVerificationError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert web.reason(error).endswith("name its certificate in SSL_CERT_FILE")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(StandingsError, match=r"refused \(HTTP_PROXY is set\)$"):
        web.send("GET", "http://far.example/")
