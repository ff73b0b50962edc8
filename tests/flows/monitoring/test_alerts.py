"""Who is told of what, by real requests; and that nobody's silence stops a run."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows import maintenance, web
from flows.lake import keys
from flows.lake.approvals import PublicationRefused
from flows.lake.lake import open_lake
from flows.lake.listeners import telling
from flows.monitoring import alerts, status
from flows.monitoring.alerts import notify, sent_after
from flows.monitoring.freshness import demand_fresh
from flows.monitoring.verify import verify
from flows.pipeline import lineage
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings
from schemas.errors import StandingsError
from tests.support import lakes
from tests.support.servers import Heard, listener

pytestmark = [
    pytest.mark.slow,
    # Of a library that Apprise looks for among its own modules.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]

FIRST, SECOND = date(2026, 7, 6), date(2026, 7, 13)
LED_BY_US = lakes.body(lakes.week_of(FIRST, {"openai/osprey": 9, "deepseek/delta": 5}))
LED_BY_CN = lakes.body(lakes.week_of(SECOND, {"openai/osprey": 5, "deepseek/delta": 9}))


def told(heard: Heard) -> list[tuple[str, str, dict[str, Any]]]:
    """Each request with its content as JSON."""
    return [(method, path, json.loads(content or b"{}")) for method, path, content in heard]


def by_apprise(kind: str, line: str) -> dict[str, Any]:
    """What Apprise posts where JSON is taken."""
    return {"version": "1.0", "title": "Token Standings", "message": line, "attachments": [], "type": kind}


def told_to(settings: Settings, url: str) -> Settings:
    return replace(
        settings,
        webhook=f"{url}/json",
        slack=f"{url}/slack",
        apprise=apprise(url, "apprise"),
        ping=f"{url}/ping",
    )


def apprise(url: str, path: str) -> str:
    """A path of a listener as Apprise writes the address of whoever takes JSON."""
    return f"{url.replace('http', 'json', 1)}/{path}"


def bring(settings: Settings, *bodies: bytes) -> None:
    lakes.land_bytes(settings, *bodies)
    publish(settings)


def publish(settings: Settings) -> None:
    """What a flow or a command does: publishes, and sends the alerts that follow."""
    with sent_after(settings) as refused:
        refused.extend(raw_to_warehouse(settings, lakes.loading).rejected)


def test_a_new_leader_is_told_and_a_verified_release_pinged(tmp_path: Path) -> None:
    with listener() as (url, heard):
        settings = told_to(lakes.on_disk(tmp_path), url)
        bring(settings, LED_BY_US)
        # Of a first release nothing is news.
        assert told(heard) == [("GET", "/ping", {})]
        heard.clear()
        bring(settings, LED_BY_CN)
        line = (
            f"CN leads the week of {SECOND}, certainly, before US (all models, settled); "
            f"another country led the week before"
        )
        assert told(heard) == [
            ("POST", "/json", {"event": "leader", "lake": settings.lake, "text": line}),
            ("POST", "/slack", {"text": f"Token Standings: {line}"}),
            ("POST", "/apprise", by_apprise("info", line)),
            ("GET", "/ping", {}),
        ]
        heard.clear()
        publish(settings)
        assert heard == []


def test_what_is_refused_is_told(tmp_path: Path) -> None:
    with listener() as (url, heard):
        settings = replace(told_to(lakes.on_disk(tmp_path), url), slack=None, apprise=None)
        bring(settings, LED_BY_US, b"{")
    ((event, _),) = [(each["event"], each["text"]) for _, path, each in told(heard) if path == "/json"]
    assert event == "refused"


def test_each_refusal_is_told_where_nothing_can_be_published(tmp_path: Path) -> None:
    with listener() as (url, heard):
        settings = replace(told_to(lakes.on_disk(tmp_path), url), slack=None, apprise=None)
        with pytest.raises(PublicationRefused, match="one; two"), sent_after(settings):
            raise PublicationRefused("one", "two")
    assert [(each["event"], each["text"]) for _, _, each in told(heard)] == [
        ("refused", "one"),
        ("refused", "two"),
    ]


def test_a_lake_that_is_not_sound_is_not_pinged(tmp_path: Path) -> None:
    with listener() as (url, heard):
        settings = told_to(lakes.on_disk(tmp_path), url)
        lakes.begun(settings, LED_BY_US, run=lakes.loading)
        open_lake(settings).put(keys.checked("broken"), b"{}")
        heard.clear()
        bring(settings, LED_BY_CN)
    assert "/ping" not in [path for _, path, _ in heard]


def test_stale_figures_are_told(tmp_path: Path) -> None:
    with listener() as (url, heard):
        settings = told_to(lakes.on_disk(tmp_path), url)
        lakes.begun(settings, LED_BY_US, run=lakes.loading)
        with pytest.raises(StandingsError, match="stale"):
            demand_fresh(settings, lakes.at(SECOND + timedelta(days=20)))
    assert told(heard)[0][2]["event"] == "stale"


def test_each_address_of_apprise_is_told_whatever_becomes_of_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with listener() as (url, heard):
        addresses = [
            apprise(url, "one"),
            "nosuch://secret",
            "json://127.0.0.1:9/secret",
            apprise(url, "other"),
        ]
        settings = replace(lakes.on_disk(tmp_path), apprise=", ".join(addresses))
        notify(settings, "stale", "<b>old</b> & <older>")
        assert sorted(told(heard)) == [
            ("POST", f"/{path}", by_apprise("warning", "<b>old</b> & <older>")) for path in ("one", "other")
        ]
        heard.clear()
        notify(replace(settings, apprise=" ".join(addresses[::3])), "stale", "old")
        assert sorted(path for _, path, _ in heard) == ["/one", "/other"]
    assert [each.message for each in caplog.records if each.name == "standings"] == [
        "notify: a listener was not reached: STANDINGS_APPRISE: one of its addresses"
    ]


@pytest.mark.parametrize(
    "addresses", ["secret", "nosuch://secret", "json://[secret", "tgram://secret/1", ","]
)
def test_an_address_that_apprise_does_not_know_is_a_warning(
    addresses: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "apprise")
    notify(Settings(apprise=addresses), "stale", "old")
    assert "a listener was not reached" in caplog.text
    assert "secret" not in caplog.text


def test_apprise_is_imported_only_where_it_is_to_tell() -> None:
    program = (
        "import sys; from flows.monitoring.alerts import notify; from flows.settings import Settings; "
        "notify(Settings(), 'stale', 'old'); sys.exit('apprise' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("status", [500, None])
def test_a_listener_that_does_not_answer_stops_nothing(
    status: int | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("standings", "apprise", "httpx", "urllib3"):
        caplog.set_level(logging.DEBUG, name)
    with listener(status or 200) as (url, _):
        url = url if status else "http://127.0.0.1:9"
        address = f"{url}/secret"
        settings = replace(
            lakes.on_disk(tmp_path), webhook=address, apprise=apprise(url, "secret"), ping=address
        )
        bring(settings, LED_BY_US)
        bring(settings, LED_BY_CN)
    assert lakes.manifest_of(settings).number == 2
    warned = [each.message for each in caplog.records if "was not reached" in each.message]
    # The webhook and Apprise are told of the new leader, the dead man's switch of both releases.
    assert len(warned) == 4
    assert "secret" not in caplog.text
    assert "secret" not in repr(settings)


LINES = [
    "notify: a listener was not reached: STANDINGS_WEBHOOK",
    "notify: a listener was not reached: STANDINGS_SLACK_WEBHOOK",
    "notify: a listener was not reached: STANDINGS_APPRISE",
    "notify: a listener was not reached: STANDINGS_PING",
]


def test_no_variable_of_the_environment_fails_a_run_that_has_published(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such.pem")
    web._tls.cache_clear()
    with listener() as (url, heard):
        settings = replace(told_to(lakes.on_disk(tmp_path), url), apprise=None, lineage=f"{url}/lineage")
        bring(settings, LED_BY_US)
        told_of = {"_LINEAGE": "SSL_CERT_FILE=", "_PING": "SSL_CERT_FILE="}
        assert reasons(caplog) == told_of
        monkeypatch.delenv("SSL_CERT_FILE")
        web._tls.cache_clear()
        monkeypatch.setenv("NO_PROXY", "fd00::/8")
        caplog.clear()
        bring(settings, LED_BY_CN)
        assert reasons(caplog) == dict.fromkeys(
            ("_LINEAGE", "_WEBHOOK", "_SLACK_WEBHOOK", "_PING"), "NO_PROXY cannot be used"
        )
        assert (lakes.manifest_of(settings).number, heard) == (2, [])
        (line,) = [line for line in status.lines(settings) if line.startswith("unreached")]
        assert re.match(r"unreached  STANDINGS_PING at 20\S+: NO_PROXY cannot be used: ", line)
        assert list(verify(settings)) == []
        monkeypatch.delenv("NO_PROXY")
        # Another's success leaves it on record, its own does not.
        notify(settings, "stale", "old")
        assert line in status.lines(settings)
        with telling(open_lake(settings), "STANDINGS_PING", "a test"):
            pass
        assert line not in status.lines(settings)


def reasons(caplog: pytest.LogCaptureFixture) -> dict[str, str]:
    """Of each listener that was not reached, by its variable without `STANDINGS`, the beginning of why."""
    found = re.findall(r"STANDINGS(_\w+): ([^:=]*=?)", "\n".join(each.message for each in caplog.records))
    return dict(found)


class Unheard(Exception):
    """What no library is known to raise."""


def test_nothing_that_a_listener_raises_fails_a_run_that_has_published(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(*_: object, **__: object) -> None:
        raise Unheard("secret")

    settings = replace(told_to(lakes.on_disk(tmp_path), "http://x"), lineage=str(tmp_path / "events"))
    bring(replace(settings, ping=None, lineage=None), LED_BY_US)
    first = lakes.manifest_of(settings).release
    monkeypatch.setattr(web, "send", raising)
    monkeypatch.setattr(alerts, "_send_by_apprise", raising)
    # Not even the record can be made.
    monkeypatch.setattr(
        type(open_lake(settings)), "put", refusing(keys.UNREACHED, type(open_lake(settings)).put)
    )
    monkeypatch.setattr(lineage, "_send", raising)
    bring(settings, LED_BY_CN)
    messages = [each.message for each in caplog.records]
    for line in LINES:
        assert f"{line}: Unheard" in messages
    assert "lineage: release" in caplog.text and "secret" not in caplog.text
    assert messages.count("notify: that is not on record: no") == 5
    monkeypatch.setattr(alerts, "read_manifest", raising)
    with sent_after(settings):
        maintenance.rollback(settings, first, "a test")
    assert "could not be found out" in caplog.text
    assert lakes.manifest_of(settings).number == 3


def refusing(key: str, put: Callable[..., None]) -> Callable[..., None]:
    """A store that takes all but one object."""

    def refuse(store: object, name: str, data: bytes) -> None:
        if name == key:
            raise StandingsError("no")
        put(store, name, data)

    return refuse
