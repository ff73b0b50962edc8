"""Extraction against real HTTP servers on loopback: what lands, what is tried again, and what is told."""

import functools
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import stamina

import flows.extract.client
from flows.extract.client import ATTEMPTS, extract
from flows.extract.plan import Request
from flows.extract.rate_limiter import Limiter, QuotaSpent
from flows.lake import captures, keys, ledger
from flows.lake.captures import Asked
from flows.lake.lake import claim, kind_of, open_lake
from flows.pipeline.run import raw_to_warehouse
from flows.quota import Quota
from flows.sample_api.server import SampleApi
from flows.settings import Settings
from flows.storage.checksummed_json import BrokenSeal, unseal
from flows.warehouses.load import load
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = pytest.mark.slow

KEY = "sk-or-v1-0123456789abcdef-secret"
WINDOW = Request((date(2026, 2, 16), date(2026, 2, 22)))
ANOTHER = Request((date(2026, 2, 9), date(2026, 2, 15)))
BODY = b'{"data": [1.50,\r\n "\xc3\xa9"], "meta": {}}  \n'


@dataclass(frozen=True)
class Answer:
    """One scripted answer. `promised` is the Content-Length, where it is to be another than the body's."""

    status: int = 200
    body: bytes = BODY
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None


@dataclass(frozen=True)
class Seen:
    path: str
    headers: dict[str, str]
    moment: float


Script = Callable[[Seen, int], Answer]


@dataclass
class Source:
    """A server that answers by script; it keeps what it was asked."""

    url: str
    requests: list[Seen]


@contextmanager
def serving(*answers: Answer | Script) -> Iterator[Source]:
    """A source that gives the answers in turn, and the last one for ever."""
    requests: list[Seen] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            request = Seen(self.path, {k.lower(): v for k, v in self.headers.items()}, time.monotonic())
            requests.append(request)
            scripted = answers[min(len(requests), len(answers)) - 1]
            answer = scripted if isinstance(scripted, Answer) else scripted(request, len(requests))
            length = len(answer.body) if answer.promised is None else answer.promised
            self.close_connection = True
            self.send_response(answer.status)
            # Said too, or the client may send its next request down a connection that is about to end.
            fixed = {"Content-Length": str(length), "Connection": "close"}
            for name, value in {**fixed, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """A test's output is no place for an access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Source(f"http://127.0.0.1:{server.server_address[1]}/api/v1", requests)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)


@pytest.fixture
def impatient() -> Iterator[None]:
    """Every attempt is made, without the waits between them."""
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, in seconds, none of which takes any time."""
    asked: list[float] = []
    monkeypatch.setattr(time, "sleep", asked.append)
    return asked


def settings_for(url: str, folder: Path) -> Settings:
    return Settings(lake=f"file://{folder}/lake", warehouse=folder / "w.duckdb", base_url=url)


def all_but_the_ledger(settings: Settings) -> dict[str, str]:
    """A lake's objects; that a request was made is entered whatever comes of it."""
    found = lakes.objects(settings)
    del found[keys.LEDGER]
    return found


def refused(settings: Settings) -> str:
    """The one line in which an extraction's failure is told. Nothing has landed, and the key is not in it."""
    with pytest.raises(StandingsError) as caught:
        extract(settings, WINDOW)
    message = str(caught.value)
    assert "\n" not in message
    assert KEY not in message
    assert list(captures.landed(open_lake(settings))) == []
    return message


def test_bytes_land_unchanged_with_all_that_was_asked_and_answered(
    store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    before = datetime.now(UTC)
    with serving(Answer(headers={"X-Request-Id": "r1", "Set-Cookie": "session=1"})) as source:
        stored = lakes.settings(store_url, tmp_path, request)
        settings = Settings(stored.lake, stored.warehouse, source.url, stored.s3)
        key = extract(settings, WINDOW)
    store = open_lake(settings)
    assert captures.body_of(store, key) == BODY
    assert (key.origin, key.period, key.slice) == ("api", "day", "all")
    record = captures.request_of(store, key)
    assert record["sha256"] == lakes.digest(BODY)
    assert record["bytes"] == len(BODY)
    assert record["status"] == 200
    assert record["request"] == {"start_date": "2026-02-16", "end_date": "2026-02-22", "period": "day"}
    assert record["source"] == source.url.removesuffix("/api/v1") + source.requests[0].path
    assert record["headers"]["x-request-id"] == "r1"
    assert "set-cookie" not in record["headers"]
    assert before <= datetime.fromisoformat(record["retrieved_at"]) <= datetime.now(UTC)
    assert kind_of(store) == "real"


def test_the_documented_question_is_asked_once_with_the_key(tmp_path: Path) -> None:
    with serving(Answer()) as source:
        extract(settings_for(source.url, tmp_path), WINDOW)
    (asked,) = source.requests
    parts = urlsplit(asked.path)
    assert parts.path == "/api/v1/datasets/rankings-daily"
    assert dict(parse_qsl(parts.query)) == {
        "start_date": "2026-02-16",
        "end_date": "2026-02-22",
        "period": "day",
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_the_key_is_in_no_object_of_the_lake(tmp_path: Path) -> None:
    with serving(Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        extract(settings, WINDOW)
    store = open_lake(settings)
    names = list(store.list())
    assert {name.rpartition("/")[0] for name in names} == {"", "raw/origin=api/period=day/slice=all"}
    assert len(names) == 4
    assert not [name for name in names if KEY in name or KEY.encode() in store.get(name)]


TORN = {"html": b"<!doctype html><title>Back\nsoon</title>", "cut short": b'{"data": [', "empty": b""}


@pytest.mark.parametrize("kind", TORN)
def test_a_body_that_is_no_whole_json_lands_on_record_and_is_asked_for_again(
    kind: str, tmp_path: Path, impatient: None
) -> None:
    with serving(Answer(body=TORN[kind]), Answer(body=TORN[kind]), Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        key = extract(settings, WINDOW)
    store = open_lake(settings)
    assert len(source.requests) == 3
    assert captures.body_of(store, key) == BODY
    (torn,) = set(captures.landed(store)) - {key}
    assert captures.body_of(store, torn) == TORN[kind]
    (record,) = store.list(keys.REJECTED)
    assert record == torn.rejection
    told = unseal(store.get(record), record)
    assert told["capture"] == torn.body
    assert told["problem"].startswith(source.url)


def test_a_body_that_is_never_whole_is_told_after_the_last_attempt(tmp_path: Path, impatient: None) -> None:
    with serving(Answer(body=TORN["html"])) as source:
        settings = settings_for(source.url, tmp_path)
        with pytest.raises(StandingsError) as caught:
            extract(settings, WINDOW)
    message = str(caught.value)
    assert len(source.requests) == ATTEMPTS
    assert "this is an HTML page, not the API's JSON" in message
    assert "run it again later" in message
    assert "\n" not in message
    assert KEY not in message
    store = open_lake(settings)
    (torn,) = captures.landed(store)
    assert list(store.list(keys.REJECTED)) == [torn.rejection]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "compressed"])
def test_a_body_that_is_too_large_is_not_taken(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    monkeypatch.setattr(flows.extract.client, "LARGEST_BODY", 1000)
    large = b'"' + 998 * b"a" + b'" '
    answers = [
        Answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
        if packed
        else Answer(body=body)
        for body in (large, large[:-1])
    ]
    with serving(*answers) as source:
        message = refused(settings_for(source.url, tmp_path))
        assert "the answer is larger than 1,000 bytes: it was not taken" in message
        assert len(source.requests) == 1
        extract(settings_for(source.url, tmp_path), WINDOW)


# What landed before, and the quotas


def test_an_answer_that_no_run_has_finished_with_is_taken_up_again(tmp_path: Path) -> None:
    with serving(Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        key = extract(settings, WINDOW)
        before = lakes.objects(settings)
        assert extract(settings, WINDOW) == key
        assert lakes.objects(settings) == before
        assert len(source.requests) == 1
        extract(settings, ANOTHER)
        assert len(source.requests) == 2


def test_an_answer_whose_run_died_after_the_pointer_had_moved_is_taken_up_again(tmp_path: Path) -> None:
    sound = lakes.body(lakes.week_of(WINDOW.window[0], {"openai/osprey": 5}))
    with serving(Answer(body=sound)) as source:
        settings = settings_for(source.url, tmp_path)
        key = extract(settings, WINDOW)
        lakes.publish(settings)
        assert extract(settings, WINDOW) == key
        load(settings)
        assert len(source.requests) == 1
        extract(settings, WINDOW)
        assert len(source.requests) == 2


def test_a_torn_answer_whose_run_died_before_it_was_put_on_record_is_not_taken_up(tmp_path: Path) -> None:
    sound = lakes.body(lakes.week_of(WINDOW.window[0], {"openai/osprey": 5}))
    with serving(Answer(body=sound)) as source:
        settings = settings_for(source.url, tmp_path)
        asked = Asked("a run that died", datetime.now(UTC), request=WINDOW.query, status=200)
        torn, _ = captures.land(claim(settings, "real"), sound[:-9], asked)
        key = extract(settings, WINDOW)
        assert (key.sha256, len(source.requests)) == (lakes.digest(sound), 1)
        assert captures.exists(open_lake(settings), torn.rejection)


@pytest.mark.parametrize("finished", ["published", "rejected", "confirmed"])
def test_an_answer_that_a_run_has_finished_with_is_asked_for_again(finished: str, tmp_path: Path) -> None:
    week = lakes.week_of(WINDOW.window[0], {"openai/osprey": 5})
    vintages = [lakes.body(week, f"2026-03-0{day}T00:00:00Z") for day in (1, 2, 3)]
    if finished == "rejected":
        vintages[0] = BODY
    with serving(*(Answer(body=body) for body in vintages)) as source:
        settings = settings_for(source.url, tmp_path)
        if finished == "rejected":
            lakes.land_bytes(settings, lakes.body(lakes.week_of(ANOTHER.window[0], {"openai/osprey": 5})))
        asked = 2 if finished == "confirmed" else 1
        for _ in range(asked):
            key = extract(settings, WINDOW)
            outcome = raw_to_warehouse(settings, lakes.loading)
            assert bool(outcome.rejected) == (finished == "rejected")
        assert len(source.requests) == asked
        marked = set(open_lake(settings).list()) & {key.rejection, key.confirmation}
        assert marked == {"rejected": {key.rejection}, "confirmed": {key.confirmation}}.get(finished, set())
        assert extract(settings, WINDOW) != key
        assert len(source.requests) == asked + 1


def test_every_attempt_is_in_the_ledger(tmp_path: Path, impatient: None) -> None:
    before = time.time()
    with serving(Answer(500), Answer(body=TORN["html"]), Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        extract(settings, WINDOW)
    store = open_lake(settings)
    spent = unseal(store.get(keys.LEDGER), keys.LEDGER)["spent"]
    assert len(spent) == len({id_ for id_, _, _ in spent}) == 3
    assert all(before <= begun <= ended <= time.time() for _, begun, ended in spent)
    assert [ledger.left(store, quota, time.time()) for quota in (settings.minute, settings.day)] == [27, 497]


def test_a_spent_day_stops_before_anything_is_asked(tmp_path: Path) -> None:
    with serving(Answer()) as source:
        settings = replace(settings_for(source.url, tmp_path), day=Quota(1, 86_400))
        key = extract(settings, WINDOW)
        with pytest.raises(
            QuotaSpent, match="the quota of 1 requests a day is spent; the next is free at 20"
        ):
            extract(settings, ANOTHER)
        assert len(source.requests) == 1
        assert list(captures.landed(open_lake(settings))) == [key]


def test_a_spent_minute_is_waited_for_before_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    patient = functools.partial(Limiter, clock=lambda: 1e9 + sum(waits), sleep=waits.append)
    monkeypatch.setattr(flows.extract.client, "Limiter", patient)
    with serving(Answer()) as source:
        settings = replace(settings_for(source.url, tmp_path), minute=Quota(1, 60))
        extract(settings, WINDOW)
        extract(settings, ANOTHER)
    assert waits == [60.0]
    assert len(source.requests) == 2


def test_an_altered_ledger_is_told_and_nothing_is_asked(tmp_path: Path) -> None:
    with serving(Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        extract(settings, WINDOW)
        store = open_lake(settings)
        store.put(keys.LEDGER, b'{"spent": []}')
        with pytest.raises(BrokenSeal) as caught:
            extract(settings, ANOTHER)
        assert str(caught.value).startswith(f"{store.url}/{keys.LEDGER}: ")
        assert len(source.requests) == 1


def test_a_compressed_answer_lands_as_the_text_it_stands_for(tmp_path: Path) -> None:
    packed = Answer(body=gzip.compress(BODY), headers={"Content-Encoding": "gzip"})
    with serving(packed) as source:
        settings = settings_for(source.url, tmp_path)
        key = extract(settings, WINDOW)
    assert captures.body_of(open_lake(settings), key) == BODY


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_a_key_nothing_is_asked(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is None:
        monkeypatch.delenv("OPENROUTER_API_KEY")
    else:
        monkeypatch.setenv("OPENROUTER_API_KEY", value)
    with serving(Answer()) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert source.requests == []
    assert message.startswith("OPENROUTER_API_KEY is not set")
    assert "standings demo" in message


@pytest.mark.parametrize(
    "key", ["sk-first\nsk-second", "sk-é", "sk-\x7f1"], ids=["two lines", "not ASCII", "unprintable"]
)
def test_a_key_that_cannot_be_sent_is_told_without_showing_it(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", key)
    with serving(Answer()) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert source.requests == []
    assert message.startswith("OPENROUTER_API_KEY has characters that no header can carry")
    assert "sk-" not in message


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_final_and_told_in_the_source_s_words(
    status: int, tmp_path: Path, impatient: None
) -> None:
    body = json.dumps({"error": {"code": status, "message": "window\n is too  long"}}).encode()
    with serving(Answer(status, body)) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert len(source.requests) == 1
    assert f"{source.url}: the source answered {status}: window is too long" in message
    assert ("OPENROUTER_API_KEY" in message) == (status in (401, 403))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "place", ["https://elsewhere.example/api", "/api/v2", f"/?key={KEY}", "//elsewhere.example"]
)
def test_a_redirect_is_told_with_its_goal_and_not_followed(
    status: int, place: str, tmp_path: Path, impatient: None
) -> None:
    with serving(Answer(status, b"", {"Location": place}), Answer()) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert len(source.requests) == 1
    assert f"the source answered {status}: " in message
    assert f"; it points to {place.replace(KEY, '(the key)')}, where the key is not sent" in message
    assert "OPENROUTER_BASE_URL" in message


@pytest.mark.parametrize("status", [300, 302, 304, 399])
def test_a_redirect_without_a_goal_ends_at_once(status: int, tmp_path: Path, impatient: None) -> None:
    with serving(Answer(status, b""), Answer()) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert len(source.requests) == 1
    assert f"the source answered {status}" in message
    assert "points to" not in message


def error(code: object, message: str = "Rate limit exceeded") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


@pytest.mark.parametrize("code", [429, "429", 500, 502, 503, 529])
def test_an_error_in_a_200_is_tried_again_as_its_status_would_be(
    code: object, tmp_path: Path, impatient: None
) -> None:
    busy = Answer(body=error(code))
    with serving(busy, busy, Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        key = extract(settings, WINDOW)
    assert len(source.requests) == 3
    assert list(captures.landed(open_lake(settings))) == [key]
    assert captures.body_of(open_lake(settings), key) == BODY


def test_the_error_of_the_case_is_tried_again_and_told(
    shared_data: Path, tmp_path: Path, impatient: None
) -> None:
    body = (shared_data.parents[1] / "cases" / "error-200" / "body.json").read_bytes()
    with serving(Answer(body=body)) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert len(source.requests) == ATTEMPTS
    assert "the source answered 200 with error 429: Rate limit exceeded; what has landed is kept" in message


@pytest.mark.parametrize(("seconds", "asked"), [(45, 2), (3600, 1)])
def test_an_error_in_a_200_waits_as_the_source_asks(
    seconds: int, asked: int, tmp_path: Path, waits: list[float]
) -> None:
    busy = Answer(body=error(429), headers={"Retry-After": str(seconds)})
    with serving(busy, Answer()) as source:
        if asked == 1:
            assert "error 429" in refused(settings_for(source.url, tmp_path))
        else:
            extract(settings_for(source.url, tmp_path), WINDOW)
    assert len(source.requests) == asked
    assert waits == [45.0] * (asked - 1)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (error(400, "window\n is too  long"), "with error 400: window is too long"),
        (error(401, "no such user"), "with error 401: no such user; check OPENROUTER_API_KEY"),
        (error(403, "moderated"), "with error 403: moderated; check OPENROUTER_API_KEY"),
        (error(404, "no such data set"), "with error 404: no such data set"),
        (error(302, "gone elsewhere"), "with error 302: gone elsewhere"),
        (error("broken", "in words"), "with an error: in words"),
        (error(None, ""), "with an error: it gives no reason"),
        (error(True, KEY), "with an error: (a key)"),
        (b'{"error": "plain words"}', "with an error: plain words"),
        (b'{"error": null}', "with an error: it gives no reason"),
        (b'{"data": [], "meta": {}, "error": {"code": 400, "message": "half"}}', "with error 400: half"),
    ],
)
def test_another_error_in_a_200_is_final(body: bytes, told: str, tmp_path: Path, impatient: None) -> None:
    with serving(Answer(body=body), Answer()) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert len(source.requests) == 1
    assert message == f"{source.url}: the source answered 200 {told}"


def test_an_error_that_landed_as_an_answer_is_not_taken_up_again(tmp_path: Path) -> None:
    with serving(Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        asked = Asked("an earlier version", datetime.now(UTC), request=WINDOW.query, status=200)
        landed, _ = captures.land(claim(settings, "real"), error(429), asked)
        key = extract(settings, WINDOW)
        assert key != landed
        assert len(source.requests) == 1
        assert captures.exists(open_lake(settings), landed.rejection)


@pytest.mark.parametrize("body", [b"", b"<h1>no</h1>", b"[]", b'{"error": {"message": 0}', b'{"error": {}}'])
def test_a_refusal_without_words_is_told_by_its_status(body: bytes, tmp_path: Path) -> None:
    with serving(Answer(400, body)) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert "the source answered 400: Bad Request" in message


def test_a_refusal_that_repeats_the_key_is_told_without_it(tmp_path: Path) -> None:
    def echo(request: Seen, _: int) -> Answer:
        said = f"not a key of ours: {request.headers['authorization']}"
        return Answer(401, json.dumps({"error": {"message": said}}).encode())

    with serving(echo) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert "the source answered 401" in message


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_fault_is_tried_again_and_only_the_good_answer_lands(
    status: int, tmp_path: Path, impatient: None
) -> None:
    with serving(Answer(status, b"busy"), Answer(status, b"busy"), Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        key = extract(settings, WINDOW)
    assert len(source.requests) == 3
    assert list(captures.landed(open_lake(settings))) == [key]
    assert captures.body_of(open_lake(settings), key) == BODY


def test_a_fault_that_stays_is_told_after_the_last_attempt(tmp_path: Path, impatient: None) -> None:
    with serving(Answer(503, b"down")) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert len(source.requests) == ATTEMPTS
    assert "the source answered 503" in message
    assert "run it again later" in message


def test_attempts_are_spaced_out(tmp_path: Path) -> None:
    with serving(Answer(500), Answer()) as source:
        extract(settings_for(source.url, tmp_path), WINDOW)
    first, second = (request.moment for request in source.requests)
    assert second - first >= 1.0


def _in_seconds(seconds: int) -> Script:
    return lambda _request, _number: Answer(429, b"{}", {"Retry-After": str(seconds)})


def _at_a_date(seconds: int) -> Script:
    def answer(_request: Seen, _number: int) -> Answer:
        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        return Answer(429, b"{}", {"Retry-After": format_datetime(moment, usegmt=True)})

    return answer


def _at_a_date_without_a_zone(_request: Seen, _number: int) -> Answer:
    moment = datetime.now(UTC) + timedelta(seconds=45)
    return Answer(429, b"{}", {"Retry-After": f"{moment:%a %b %d %H:%M:%S %Y}"})


@pytest.mark.parametrize(
    ("script", "shortest", "longest"),
    # A date is cut to whole seconds, and some of them pass on the way.
    [
        (_in_seconds(45), 45, 45),
        (_in_seconds(0), 0, 0),
        (_at_a_date(45), 40, 45),
        (_at_a_date_without_a_zone, 40, 45),
        (_at_a_date(-45), 0, 0),
    ],
    ids=["seconds", "at once", "date", "date without a zone", "date that is past"],
)
def test_as_long_as_the_source_asks_for_is_waited(
    script: Script, shortest: float, longest: float, tmp_path: Path, waits: list[float]
) -> None:
    with serving(script, Answer()) as source:
        extract(settings_for(source.url, tmp_path), WINDOW)
    assert len(source.requests) == 2
    (wait,) = waits
    assert shortest <= wait <= longest


@pytest.mark.parametrize(
    "script", [_in_seconds(3600), _in_seconds(91), _at_a_date(86_400)], ids=["hour", "91 s", "day"]
)
def test_a_wait_that_is_too_long_stops_at_once(script: Script, tmp_path: Path, waits: list[float]) -> None:
    with serving(script) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert len(source.requests) == 1
    assert not waits
    assert "the source answered 429" in message


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "-1",
        "1.5",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_an_odd_retry_after_does_not_keep_from_trying_again(
    value: str, tmp_path: Path, impatient: None
) -> None:
    with serving(Answer(429, b"{}", {"Retry-After": value}), Answer()) as source:
        extract(settings_for(source.url, tmp_path), WINDOW)
    assert len(source.requests) == 2


def test_a_body_cut_short_is_tried_again_and_never_lands(tmp_path: Path, impatient: None) -> None:
    cut = Answer(body=BODY[:9], promised=len(BODY))
    with serving(cut, cut, Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        key = extract(settings, WINDOW)
    assert len(source.requests) == 3
    assert list(captures.landed(open_lake(settings))) == [key]
    assert captures.body_of(open_lake(settings), key) == BODY


def test_a_body_that_is_always_cut_short_is_told(tmp_path: Path, impatient: None) -> None:
    with serving(Answer(body=BODY[:9], promised=len(BODY))) as source:
        message = refused(settings_for(source.url, tmp_path))
    assert len(source.requests) == ATTEMPTS
    assert "the source cannot be reached" in message


def test_a_refused_connection_is_told_with_the_address(tmp_path: Path, impatient: None) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/api/v1"
        message = refused(settings_for(url, tmp_path))
    assert message.startswith(f"{url}: the source cannot be reached: ")


def test_a_simulated_answer_lands_as_simulated(tmp_path: Path) -> None:
    with SampleApi(now=datetime(2026, 3, 1, tzinfo=UTC)) as api:
        settings = settings_for(api.base_url, tmp_path)
        key = extract(settings, WINDOW)
    store = open_lake(settings)
    assert key.origin == "simulated"
    assert kind_of(store) == "simulated"
    assert captures.body_of(store, key) == lakes.simulated(*WINDOW.window, datetime(2026, 3, 1, tzinfo=UTC))


def test_a_lake_of_real_figures_takes_no_simulated_ones(tmp_path: Path) -> None:
    with serving(Answer()) as source:
        extract(settings_for(source.url, tmp_path), WINDOW)
    before = all_but_the_ledger(settings_for(source.url, tmp_path))
    with SampleApi(now=datetime(2026, 3, 1, tzinfo=UTC)) as api:
        settings = settings_for(api.base_url, tmp_path)
        with pytest.raises(StandingsError, match="holds real figures, and these are simulated"):
            extract(settings, ANOTHER)
    assert all_but_the_ledger(settings) == before


def test_a_lake_of_simulated_figures_takes_no_real_ones(tmp_path: Path) -> None:
    with SampleApi(now=datetime(2026, 3, 1, tzinfo=UTC)) as api:
        extract(settings_for(api.base_url, tmp_path), WINDOW)
    before = all_but_the_ledger(settings_for(api.base_url, tmp_path))
    with serving(Answer()) as source:
        settings = settings_for(source.url, tmp_path)
        with pytest.raises(StandingsError, match="holds simulated figures, and these are real"):
            extract(settings, ANOTHER)
    assert all_but_the_ledger(settings) == before


def test_the_sample_api_s_own_refusals_are_told(tmp_path: Path, impatient: None) -> None:
    with SampleApi(keys={"another"}) as api:
        assert "the source answered 401: Invalid bearer key" in refused(settings_for(api.base_url, tmp_path))
    with SampleApi() as api:
        settings = settings_for(api.base_url, tmp_path)
        with pytest.raises(StandingsError, match=r"the source answered 400: .* days long"):
            extract(settings, Request((date(2025, 1, 1), date(2026, 1, 2))))


def test_a_spent_minute_s_quota_is_waited_for(tmp_path: Path, waits: list[float]) -> None:
    with SampleApi(
        now=datetime(2026, 3, 1, tzinfo=UTC), minute=Quota(1, 60), monotonic=lambda: sum(waits)
    ) as api:
        settings = settings_for(api.base_url, tmp_path)
        extract(settings, WINDOW)
        extract(settings, ANOTHER)
    assert waits == [60.0]
    assert len(list(captures.landed(open_lake(settings)))) == 2
