"""The sample API keeps the documented contract: by hand, by the official client, and by the official file."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors

from flows.quota import Quota
from flows.sample_api import simulator
from flows.sample_api.server import CHOICES, RANKINGS_PATH, SIMULATED_HEADER, Reply, SampleApi
from schemas.errors import StandingsError
from tests.support.examples import examples

NOW = datetime(2026, 7, 19, 0, 5, 16, tzinfo=UTC)
KEY = {"Authorization": "Bearer any-key"}
PATH = "/datasets/rankings-daily"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module", autouse=True)
def _no_proxy() -> Iterator[None]:
    """Loopback is reached directly, whatever proxy the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("no_proxy", "127.0.0.1")
        yield


@pytest.fixture(scope="module")
def api() -> Iterator[SampleApi]:
    with SampleApi(now=NOW, minute=None, day=None) as running:
        yield running


@pytest.fixture(scope="module")
def client(api: SampleApi) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.base_url, headers=KEY) as running:
        yield running


def get(client: httpx.Client, **params: str) -> Any:
    answer = client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int) -> str:
    """The message of a refusal, once its form has been checked."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers[SIMULATED_HEADER] == "true"
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message"}
    assert body["error"]["code"] == status
    return str(body["error"]["message"])


# The answer


def test_the_window_defaults_to_thirty_days_before_yesterday(client: httpx.Client) -> None:
    body = get(client)
    assert body["meta"] == {
        "as_of": "2026-07-19T00:05:16.000Z",
        "version": "v1",
        "start_date": "2026-06-18",
        "end_date": "2026-07-18",
    }
    assert [body["data"][0]["date"], body["data"][-1]["date"]] == ["2026-06-18", "2026-07-18"]
    assert get(client, end_date="2026-03-15")["meta"]["start_date"] == "2026-02-13"


def test_the_answer_is_the_simulators_and_marked_as_such(client: httpx.Client) -> None:
    answer = client.get(PATH, params={"start_date": "2026-07-13", "end_date": "2026-07-18", "period": "week"})
    assert answer.content == simulator.answer(11, NOW, date(2026, 7, 13), date(2026, 7, 18), "week")
    assert answer.headers[SIMULATED_HEADER] == "true"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.content))


def test_equal_arguments_give_equal_bytes_and_another_seed_does_not(client: httpx.Client) -> None:
    with SampleApi(now=NOW) as twin, SampleApi(seed=12, now=NOW) as other:
        same = httpx.get(twin.base_url + PATH, headers=KEY)
        different = httpx.get(other.base_url + PATH, headers=KEY)
    assert client.get(PATH).content == same.content
    assert client.get(PATH).json()["data"] != different.json()["data"]


def test_an_early_start_is_clamped_and_echoed(client: httpx.Client) -> None:
    body = get(client, start_date="2020-02-29", end_date="2025-01-07")
    assert body["meta"]["start_date"] == "2025-01-01"
    assert len({row["date"] for row in body["data"]}) == 7
    assert get(client, start_date="0001-01-01", end_date="2026-01-01")["data"]


def test_the_end_may_lie_in_the_future(client: httpx.Client) -> None:
    body = get(client, start_date="2026-07-18", end_date="2026-08-31")
    assert body["meta"]["end_date"] == "2026-08-31"
    assert {row["date"] for row in body["data"]} == {"2026-07-18", "2026-07-19"}
    assert get(client, start_date="9999-12-31", end_date="9999-12-31", category="legal")["data"] == []


@pytest.mark.parametrize("name", ["modality", "context_bucket", "category", "language_type"])
def test_every_slice_is_answered(client: httpx.Client, name: str) -> None:
    whole = get(client, start_date="2026-07-06", end_date="2026-07-12", period="week")["data"]
    tokens = sum(int(row["total_tokens"]) for row in whole)
    for value in CHOICES[name]:
        part = get(client, start_date="2026-07-06", end_date="2026-07-12", period="week", **{name: value})
        assert 0 < sum(int(row["total_tokens"]) for row in part["data"]) < tokens


def test_estimates_are_weekly_unless_asked_monthly(client: httpx.Client) -> None:
    window = {"start_date": "2026-06-01", "end_date": "2026-07-18", "language_type": "natural"}
    weeks = {row["date"] for row in get(client, **window)["data"]}
    assert all(date.fromisoformat(week).weekday() == 0 for week in weeks)
    assert len(weeks) == 7
    assert len({row["date"] for row in get(client, **window, period="month")["data"]}) == 2


def test_head_has_the_headers_and_no_body(client: httpx.Client) -> None:
    head = client.head(PATH)
    assert head.status_code == 200
    assert head.headers["content-length"] == str(len(client.get(PATH).content))
    assert head.content == b""


def test_the_clock_may_be_a_function_or_the_wall() -> None:
    moments = iter([NOW, NOW + timedelta(days=2)])
    with SampleApi(now=lambda: next(moments)) as stepping, SampleApi() as wall:
        first, second = (httpx.get(stepping.base_url + PATH, headers=KEY) for _ in range(2))
        real = httpx.get(wall.base_url + PATH, headers=KEY).json()
    assert first.json()["meta"]["end_date"] == "2026-07-18"
    assert second.json()["meta"]["end_date"] == "2026-07-20"
    age = datetime.now(UTC) - datetime.fromisoformat(real["meta"]["as_of"])
    assert timedelta() <= age < timedelta(minutes=1)


# Refusals


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("end_date=2024-12-31", "on or after 2025-01-01"),
        ("start_date=2026-02-30", "not a date"),
        ("end_date=0000-01-01", "not a date"),
        ("start_date=2026-2-3", "YYYY-MM-DD"),
        ("start_date=", "YYYY-MM-DD"),
        ("start_date", "YYYY-MM-DD"),
        ("end_date=2026-02-03%0A", "YYYY-MM-DD"),
        ("end_date=%D9%A2%D9%A0%D9%A2%D9%A6-%D9%A0%D9%A2-%D9%A0%D9%A3", "YYYY-MM-DD"),
        ("start_date=2026-02-03&end_date=2026-02-02", "after end_date"),
        ("start_date=2026-07-19", "after end_date"),
        ("start_date=2025-01-01&end_date=2026-01-02", "367 days"),
        ("end_date=9999-12-31&start_date=0001-01-01", "366"),
        ("period=year", "day, week, month"),
        ("period=", "day, week, month"),
        ("period=Day", "day, week, month"),
        ("modality=video", "tool_calling"),
        ("context_bucket=100k", "100K"),
        ("category=cooking", "marketing/seo"),
        ("language_type=formal", "natural, programming"),
        ("category=legal&period=day", "week or month"),
        ("language_type=natural&period=day", "week or month"),
        ("category=legal&language_type=natural", "cannot be combined with language_type"),
        ("category=legal&modality=text", "cannot be combined with modality"),
        ("language_type=natural&context_bucket=1K", "cannot be combined with context_bucket"),
        ("perod=week", "Unknown parameter 'perod'"),
        ("period=day&period=week", "more than once"),
        ("start_date=%FF%FE", "cannot be read"),
        ("%00=%00", "Unknown parameter"),
        ("start_date=%", "YYYY-MM-DD"),
        ("=&=&=", "Unknown parameter"),
        ("a=1&" * 200, "cannot be read"),
        ("period[]=day", "Unknown parameter"),
        ("start_date=" + "9" * 5000, "YYYY-MM-DD"),
        ("start_date=../../etc/passwd", "YYYY-MM-DD"),
    ],
)
def test_a_question_outside_the_contract_is_a_400_that_helps(
    client: httpx.Client, query: str, message: str
) -> None:
    found = refused(client.get(f"{PATH}?{query}"), 400)
    assert message in found
    assert len(found) < 300


def test_the_longest_window_is_366_days(client: httpx.Client) -> None:
    body = get(client, start_date="2025-01-01", end_date="2026-01-01")
    assert len({row["date"] for row in body["data"]}) == 365  # one day has vanished


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic a2V5", "any-key"])
def test_without_a_bearer_key_it_is_a_401(api: SampleApi, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = httpx.get(api.base_url + PATH, headers=headers)
    message = refused(answer, 401)
    assert message == ("Missing Authentication header" if header is None else "Invalid bearer key")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_keys_may_be_named() -> None:
    with SampleApi(now=NOW, keys={"right"}) as guarded:
        statuses = [guarded.reply("GET", RANKINGS_PATH, f"Bearer {key}").status for key in ("right", "wrong")]
    assert statuses == [200, 401]


@pytest.mark.parametrize("path", ["/", "/datasets", PATH + "/", "/models", PATH + "%00", "//[", "/../.."])
def test_an_unknown_path_is_a_404(client: httpx.Client, path: str) -> None:
    refused(client.get(client.base_url.copy_with(path="/api/v1" + path)), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_a_405(client: httpx.Client, method: str) -> None:
    answer = client.request(method, PATH, content=b"x" * 100_000)
    refused(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD"
    refused(client.request(method, "/models"), 404)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET",
        b"GET / a b HTTP/1.1",
        b"\xff\xfe\x00 / HTTP/1.1",
        b"GET " + RANKINGS_PATH.encode() + b"?\xff\xe9=\x01 HTTP/1.1",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1",
        b"GET http://[::1 HTTP/1.1",
        b"GET / HTTP/9.9",
        b"POST / HTTP/1.1\r\nContent-Length: -7\r\n" + b"X: y\r\n" * 200,
    ],
)
def test_what_is_hardly_http_gets_a_json_answer(api: SampleApi, request_line: bytes) -> None:
    port = httpx.URL(api.base_url).port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=5) as raw:
        raw.sendall(request_line + b"\r\nAuthorization: Bearer k\r\n\r\n")
        raw.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: raw.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    assert 400 <= status < 506
    assert status != 500
    assert json.loads(body)["error"]["code"] == status


# Quotas


class Clock:
    """A clock that moves when told, in seconds."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def ask(api: SampleApi, key: str = "k") -> tuple[int, int | None]:
    reply = api.reply("GET", f"{RANKINGS_PATH}?start_date=2026-07-18", f"Bearer {key}")
    return reply.status, int(reply.headers["Retry-After"]) if "Retry-After" in reply.headers else None


def test_thirty_a_minute_for_each_key() -> None:
    clock = Clock()
    with SampleApi(now=NOW, monotonic=clock) as limited:
        for _ in range(30):
            assert ask(limited) == (200, None)
            clock.seconds += 1
        assert ask(limited) == (429, 30)
        assert ask(limited, "another") == (200, None)
        clock.seconds += 29.5
        assert ask(limited) == (429, 1)
        clock.seconds += 0.5
        assert ask(limited) == (200, None)
        assert ask(limited) == (429, 1)


def test_five_hundred_a_day_for_all_keys_together() -> None:
    clock = Clock()
    with SampleApi(now=NOW, monotonic=clock) as limited:
        assert {ask(limited, f"key-{i % 20}") for i in range(500)} == {(200, None)}
        clock.seconds += 3600
        assert ask(limited, "fresh") == (429, 23 * 3600)
        clock.seconds += 23 * 3600
        assert ask(limited, "fresh") == (200, None)


def test_windows_may_be_shorter_and_the_longer_wait_is_told() -> None:
    clock = Clock()
    with SampleApi(now=NOW, minute=Quota(2, 0.5), day=Quota(3, 7.25), monotonic=clock) as limited:
        assert [ask(limited) for _ in range(3)] == [(200, None), (200, None), (429, 1)]
        clock.seconds += 0.5
        assert [ask(limited) for _ in range(2)] == [(200, None), (429, 7)]
        clock.seconds += 6.75
        assert [ask(limited) for _ in range(3)] == [(200, None), (200, None), (429, 1)]


def test_a_429_over_http_says_when_to_come_back() -> None:
    with (
        SampleApi(now=NOW, minute=Quota(1, 60)) as limited,
        httpx.Client(base_url=limited.base_url, headers=KEY) as client,
    ):
        # A question that breaks the contract is a request too, one without a key is not.
        assert client.get(PATH, headers={"Authorization": ""}).status_code == 401
        assert client.get(PATH, params={"period": "year"}).status_code == 400
        answer = client.get(PATH)
    assert "Rate limit exceeded" in refused(answer, 429)
    assert 0 < int(answer.headers["retry-after"]) <= 60


def test_the_quota_holds_under_concurrency() -> None:
    with SampleApi(now=NOW, day=Quota(25, 86_400), minute=None) as limited, ThreadPoolExecutor(8) as pool:
        statuses = [status for status, _ in pool.map(lambda _: ask(limited), range(60))]
    assert statuses.count(200) == 25


# The server


def test_requests_leave_no_trace_on_the_terminal(api: SampleApi, capfd: pytest.CaptureFixture[str]) -> None:
    httpx.get(api.base_url + PATH, headers=KEY)
    httpx.get(api.base_url + "/nope")
    with socket.create_connection(("127.0.0.1", httpx.URL(api.base_url).port or 0)) as hasty:
        hasty.sendall(f"GET {RANKINGS_PATH} HTTP/1.1\r\nAuthorization: Bearer k\r\n\r\n".encode())
    httpx.get(api.base_url + PATH, headers=KEY)
    assert capfd.readouterr() == ("", "")


def test_a_fault_of_our_own_is_a_500_and_a_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    def broken() -> datetime:
        raise RuntimeError("the clock has stopped")

    with SampleApi(now=broken) as faulty:
        answer = httpx.get(faulty.base_url + PATH, headers=KEY)
    assert refused(answer, 500) == "Internal Server Error"
    # The answer is sent before the traceback is written.
    told, until = "", time.monotonic() + 10
    while "the clock has stopped" not in told and time.monotonic() < until:
        told += capfd.readouterr().err
        time.sleep(0.01)
    assert "the clock has stopped" in told


def test_it_listens_on_loopback_only_and_gives_the_port_back() -> None:
    with SampleApi(now=NOW) as first:
        url = httpx.URL(first.base_url)
        assert (url.host, url.path) == ("127.0.0.1", "/api/v1")
        port = url.port or 0
        with pytest.raises(StandingsError, match=f"port {port} of 127.0.0.1 cannot be opened"):
            SampleApi(now=NOW, port=port)
    with SampleApi(now=NOW, port=port) as second:
        assert httpx.URL(second.base_url).port == port


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_cannot_be_is_told_in_one_line(port: int) -> None:
    with pytest.raises(StandingsError, match="take another"):
        SampleApi(now=NOW, port=port)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        SampleApi(now=datetime(2026, 7, 19))  # noqa: DTZ001


def test_serve_forever_serves_until_interrupted() -> None:
    program = """
from flows.sample_api.server import SampleApi
api = SampleApi()
print(api.base_url, flush=True)
try:
    api.serve_forever()
except KeyboardInterrupt:
    print("interrupted")
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as served:
        assert served.stdout is not None
        url = served.stdout.readline().strip()
        assert httpx.get(url + PATH, headers=KEY).status_code == 200
        served.send_signal(signal.SIGINT)
        assert served.communicate(timeout=10) == ("interrupted\n", "")


def test_importing_it_is_quick() -> None:
    program = "import sys, flows.sample_api.server; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True
    )
    heavy = {"prefect", "great_expectations", "polars", "pandas", "pyarrow", "boto3", "httpx"}
    assert heavy.isdisjoint(done.stdout.split())


# The official client


def test_the_official_client_reads_it(api: SampleApi) -> None:
    with OpenRouter(api_key="any-key") as sdk:
        answer = sdk.datasets.get_rankings_daily(
            start_date="2026-07-06", end_date="2026-07-12", period="week", server_url=api.base_url
        )
        default = sdk.datasets.get_rankings_daily(server_url=api.base_url)
    assert answer.meta.as_of == "2026-07-19T00:05:16.000Z"
    assert answer.meta.start_date == "2026-07-06"
    assert len(answer.data) == 51
    assert answer.data[-1].model_permaslug == "other"
    assert [row.model_dump(by_alias=True) for row in answer.data] == simulator.rows(
        11, NOW, date(2026, 7, 6), date(2026, 7, 12), "week"
    )
    assert len(default.data) == 31 * 51


def test_the_official_client_knows_its_refusals() -> None:
    with SampleApi(now=NOW, minute=Quota(1, 60)) as limited, OpenRouter(api_key="any-key") as sdk:
        with pytest.raises(errors.BadRequestResponseError, match="is not a date"):
            sdk.datasets.get_rankings_daily(start_date="2026-02-30", server_url=limited.base_url)
        with pytest.raises(errors.TooManyRequestsResponseError, match="Rate limit exceeded"):
            sdk.datasets.get_rankings_daily(server_url=limited.base_url)
    with (
        SampleApi(now=NOW) as fresh,
        OpenRouter() as anonymous,
        pytest.raises(errors.UnauthorizedResponseError, match="Missing Authentication header"),
    ):
        anonymous.datasets.get_rankings_daily(server_url=fresh.base_url)


# The official file


class Recorder(SampleApi):
    """A sample API that counts what it answered to questions about rankings."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now=now, keys={"any-key"}, minute=None, day=None)
        self.statuses: Counter[int] = Counter()

    def reply(self, method: str, target: str, authorization: str | None) -> Reply:
        reply = super().reply(method, target, authorization)
        # Schemathesis also probes the base path, to see what it can send.
        if RANKINGS_PATH in target:
            self.statuses[reply.status] += 1
        return reply


@pytest.fixture
def official(shared_data: Path) -> dict[str, Any]:
    """The official description of our one path, with the key that its prose demands declared."""
    document: dict[str, Any] = json.loads((shared_data / "openapi-data-api.json").read_bytes())
    document["paths"] = {PATH: document["paths"][PATH]}
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["paths"][PATH]["get"]["security"] = [{"key": []}]
    return document


def examine(api: SampleApi, document: dict[str, Any], folder: Path, tried: int, *options: str) -> None:
    """Let Schemathesis look for violations of the description, by so many examples.

    Its caches and ours stay in `folder`.
    """
    description = folder / "openapi.json"
    description.write_text(json.dumps(document))
    # A process of its own: the pytest integration of Schemathesis 4.32 does not know pytest 9.2.
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(description), "--no-color"),
        *("--url", api.base_url, "--header", "Authorization: Bearer any-key"),
        *("--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--continue-on-failure"),
        *("--max-examples", str(tried), "--checks", "all", *options),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_whatever_is_asked_the_answer_is_as_documented(official: dict[str, Any], tmp_path: Path) -> None:
    tried = examples(250).max_examples
    with Recorder(NOW) as api:
        # Well-formed questions may be refused here: that no window passes 366 days, say, is only in prose.
        options = ("--mode", "all", "--exclude-checks", "positive_data_acceptance")
        examine(api, official, tmp_path, tried, *options)
    assert api.statuses.keys() == {200, 400, 401, 405}
    assert min(api.statuses[200], api.statuses[400]) > tried // 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slices", "periods"),
    [
        ({"modality", "context_bucket"}, ["day", "week", "month"]),
        ({"category"}, ["week", "month"]),
        ({"language_type"}, ["week", "month"]),
    ],
)
def test_what_the_prose_allows_is_answered(
    official: dict[str, Any], tmp_path: Path, slices: set[str], periods: list[str]
) -> None:
    """The description, narrowed by what it says in prose: windows that fit, slices that go together."""
    choices = {
        "start_date": ["2019-05-04", "2025-01-01", "2025-03-10", "2025-11-30"],
        "end_date": ["2025-11-30", "2025-12-07", "2026-01-01"],
        "period": periods,
    }
    operation = official["paths"][PATH]["get"]
    operation["parameters"] = [p for p in operation["parameters"] if p["name"] in slices | choices.keys()]
    for parameter in operation["parameters"]:
        if parameter["name"] in choices:
            parameter["schema"] = {"type": "string", "enum": choices[parameter["name"]]}
    with Recorder(datetime(2025, 12, 31, 12, tzinfo=UTC)) as api:
        examine(api, official, tmp_path, examples(50).max_examples, "--mode", "positive")
    assert api.statuses.keys() <= {200, 401}
    assert api.statuses[200] > 20
