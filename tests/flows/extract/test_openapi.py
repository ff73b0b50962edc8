"""The official OpenAPI file as a source: what it lets us ask is what we ask, and whatever it allows us to be told
is read, or refused as documented."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest
import stamina
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from flows.extract.client import ATTEMPTS, extract
from flows.extract.plan import Request
from flows.lake import approvals, captures
from flows.lake.lake import open_lake
from flows.maintenance import accept
from flows.settings import Settings
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from schemas.fields import GRAINS
from tests.flows.extract.test_client import KEY, Answer, Seen, serving
from tests.support import lakes
from tests.support.examples import examples
from transforms.parse import META_FIELDS, ROW_FIELDS, VERSION, Torn, Unreadable, parse

pytestmark = pytest.mark.slow

WINDOW = (date(2026, 2, 16), date(2026, 2, 22))

TIMES_ASKED = {400: 1, 401: 1, 429: ATTEMPTS, 500: ATTEMPTS}
"""How often the source is asked before a documented refusal is told, as the README says."""

Json = Any


@dataclass(frozen=True)
class Contract:
    """The description of the one path that we use, and what follows from it for requests and answers."""

    document: dict[str, Json]

    @property
    def operation(self) -> dict[str, Json]:
        found: dict[str, Json] = self.document["paths"][RANKINGS_DAILY.path]["get"]
        return found

    @property
    def parameters(self) -> dict[str, Json]:
        return {
            each["name"]: each["schema"] for each in self.operation["parameters"] if each["in"] == "query"
        }

    def content(self, status: int) -> dict[str, Json]:
        found: dict[str, Json] = self.operation["responses"][str(status)]["content"]["application/json"]
        return found

    def schema(self, name: str) -> dict[str, Json]:
        found: dict[str, Json] = self.document["components"]["schemas"][name]
        return found

    def answer(self, status: int = 200) -> Answer:
        """The answer that the file itself gives as its example."""
        return Answer(status, json.dumps(self.content(status)["example"]).encode())

    def errors(self, status: int, body: Json) -> list[str]:
        """How a body breaks the schema of an answer."""
        schema = self.content(status)["schema"] | {"components": self.document["components"]}
        return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(body)]

    def violations(self, request: Seen) -> list[str]:
        """How a request breaks the contract."""
        parts = urlsplit(request.path)
        base = urlsplit(self.document["servers"][0]["url"]).path
        found = [] if parts.path == base + RANKINGS_DAILY.path else [f"path {parts.path}"]
        asked = parse_qsl(parts.query, keep_blank_values=True)
        for name, value in asked:
            if name not in self.parameters:
                found.append(f"unknown {name}")
            elif not jsonschema.Draft202012Validator(self.parameters[name]).is_valid(value):
                found.append(f"{name} {value}")
        if len(dict(asked)) != len(asked):
            found.append("twice")
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != self.document["components"]["securitySchemes"]["bearer"]["scheme"] or not key:
            found.append("no key")
        return found

    def source(self, body: bytes | None = None) -> Callable[[Seen, int], Answer]:
        """A source that keeps the contract: it gives a body, or the example, to whoever asks well."""

        def reply(request: Seen, _number: int) -> Answer:
            if "no key" in (wrong := self.violations(request)):
                return self.answer(401)
            return self.answer(400) if wrong else Answer(body=body) if body is not None else self.answer()

        return reply

    def strategy(self, schema: dict[str, Json]) -> st.SearchStrategy[Json]:
        """Whatever a schema allows, now and then with a field that it does not name."""
        if "$ref" in schema:
            return self.strategy(self.schema(schema["$ref"].rpartition("/")[2]))
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ["null"])
        return st.one_of(*(self._of_kind(kind, schema) for kind in kinds))

    def _of_kind(self, kind: str, schema: dict[str, Json]) -> st.SearchStrategy[Json]:
        match kind:
            case "object":
                fields = {name: self.strategy(each) for name, each in schema.get("properties", {}).items()}
                needed = {name: fields.pop(name) for name in schema.get("required", ()) if name in fields}
                if schema.get("additionalProperties", True) is not False:
                    fields["x_new"] = TEXT
                return st.fixed_dictionaries(needed, optional=fields)
            case "array":
                return st.lists(self.strategy(schema["items"]), max_size=4)
            case "string":
                # The example is a likely value; what else a text may be, the schema does not say.
                return st.one_of(*[st.just(schema["example"])] * 6, TEXT) if "example" in schema else TEXT
            case "integer":
                return st.integers()
            case "null":
                return st.none()
        raise NotImplementedError(kind)


TEXT = st.text(max_size=12) | st.sampled_from(
    ["2026-05-11", "12", "other", "-1", "1e3", "a b", "\x1b[31m", "\u202e"]
)


@pytest.fixture(scope="module")
def contract(shared_data: Path) -> Contract:
    return Contract(json.loads((shared_data / "openapi-data-api.json").read_bytes()))


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)


def settings_for(url: str, folder: Path) -> Settings:
    return Settings(lake=f"file://{folder}/lake", warehouse=folder / "w.duckdb", base_url=url)


def refusal(body: bytes) -> Unreadable:
    """Why a body is refused, once the message has been checked."""
    with pytest.raises(Unreadable) as caught:
        parse(body, "day")
    assert str(caught.value).isprintable()
    assert 0 < len(str(caught.value)) < 300
    return caught.value


# The contract and what we hold it to be


def test_the_fields_that_we_read_are_the_documented_ones(contract: Contract) -> None:
    for name, known in (
        ("RankingsDailyItem", ROW_FIELDS),
        ("RankingsDailyMeta", META_FIELDS),
        ("RankingsDailyResponse", ("data", "meta")),
    ):
        schema = contract.schema(name)
        assert set(schema["properties"]) == set(schema["required"]) == set(known)
    assert contract.schema("RankingsDailyMeta")["properties"]["version"]["enum"] == [VERSION]


def test_what_can_be_asked_for_is_documented(contract: Contract) -> None:
    assert set(RANKINGS_DAILY.slices) | {"start_date", "end_date", "period"} == set(contract.parameters)
    assert set(GRAINS) <= set(contract.parameters["period"]["enum"])
    assert str(RANKINGS_DAILY.history_starts) in contract.operation["parameters"][0]["description"]
    assert "30 requests/minute per key and 500 requests/day" in contract.operation["description"]


def test_every_documented_slice_has_a_folder_of_its_own(contract: Contract) -> None:
    asked = [{name: value} for name in RANKINGS_DAILY.slices for value in contract.parameters[name]["enum"]]
    assert len({captures.slice_of(request) for request in asked}) == len(asked)


def test_the_source_s_own_statuses_are_those_that_we_know(contract: Contract) -> None:
    assert {int(status) for status in contract.operation["responses"]} == {200, *TIMES_ASKED}


# What we ask


@pytest.mark.parametrize(
    "window",
    [
        WINDOW,
        (RANKINGS_DAILY.history_starts, RANKINGS_DAILY.history_starts),
        (date(2025, 1, 1), date(2026, 1, 1)),
    ],
    ids=lambda window: " to ".join(map(str, window)),
)
def test_what_we_ask_keeps_the_contract(
    window: tuple[date, date], contract: Contract, tmp_path: Path
) -> None:
    with serving(contract.source()) as source:
        key = extract(settings_for(source.url, tmp_path), Request(window))
        (asked,) = source.requests
    assert contract.violations(asked) == []
    assert asked.headers["accept"] in ("application/json", "*/*")
    assert captures.body_of(open_lake(settings_for(source.url, tmp_path)), key) == contract.answer().body


@pytest.mark.parametrize(
    ("path", "headers", "told"),
    [
        ("/api/v1/datasets/rankings-daily?period=day", {}, ["no key"]),
        ("/api/v1/datasets/rankings-daily", {"authorization": "Basic x"}, ["no key"]),
        ("/datasets/rankings-daily", {"authorization": "Bearer x"}, ["path /datasets/rankings-daily"]),
        ("/api/v1/datasets/rankings-daily?week=1", {"authorization": "Bearer x"}, ["unknown week"]),
        ("/api/v1/datasets/rankings-daily?period=hour", {"authorization": "Bearer x"}, ["period hour"]),
        (
            "/api/v1/datasets/rankings-daily?end_date=1.1.26",
            {"authorization": "Bearer x"},
            ["end_date 1.1.26"],
        ),
        ("/api/v1/datasets/rankings-daily?period=day&period=day", {"authorization": "Bearer x"}, ["twice"]),
    ],
)
def test_a_request_that_breaks_the_contract_is_noticed(
    path: str, headers: dict[str, str], told: list[str], contract: Contract
) -> None:
    assert contract.violations(Seen(path, headers, 0.0)) == told


# What we may be told


def test_every_example_is_read(contract: Contract) -> None:
    example = contract.content(200)["example"]
    whole = contract.schema("RankingsDailyResponse")["example"]
    parts = {
        "data": [contract.schema("RankingsDailyItem")["example"]],
        "meta": contract.schema("RankingsDailyMeta")["example"],
    }
    fields = {
        place: {
            name: each["example"]
            for name, each in contract.schema(schema)["properties"].items()
            if name != "version"
        }
        for place, schema in (("row", "RankingsDailyItem"), ("meta", "RankingsDailyMeta"))
    }
    by_field = {"data": [fields["row"]], "meta": fields["meta"] | {"version": VERSION}}
    for each in (example, whole, parts, by_field):
        assert contract.errors(200, each) == []
        found = parse(json.dumps(each).encode(), "day").rows
        assert [list(map(str, row)) for row in found.rows()] == [list(row.values()) for row in each["data"]]


def test_an_example_is_published_on_a_persons_word(contract: Contract, tmp_path: Path) -> None:
    """Of thirty days it shows one Monday, with `other` behind one name, as no answer by the day does."""
    with serving(contract.source()) as source:
        lake = settings_for(source.url, tmp_path)
        extract(lake, Request((date(2026, 4, 12), date(2026, 5, 11))))
        with pytest.raises(StandingsError, match="no days but Mondays"):
            lakes.publish(lake)
    ((name, _),) = approvals.held(open_lake(lake))
    assert accept(lake, name, "the contract's example", lakes.unchecked).rejected == ()
    (capture,) = lakes.manifest_of(lake).captures
    assert capture.as_of == datetime(2026, 5, 12, 2, tzinfo=UTC)


def test_whatever_the_schema_allows_is_read_or_refused_as_documented(contract: Contract) -> None:
    came = {"read": 0, "refused": 0}
    tried = examples(400, suppress_health_check=list(HealthCheck))

    @tried
    @given(contract.strategy(contract.content(200)["schema"]))
    def examine(body: Json) -> None:
        assert contract.errors(200, body) == []
        encoded = json.dumps(body).encode()
        try:
            found = parse(encoded, "day")
        except Unreadable:
            # It is JSON, so that asking again would bring the same.
            assert not isinstance(refusal(encoded), Torn)
            came["refused"] += 1
        else:
            assert found.rows["tokens"].to_list() == [int(row["total_tokens"]) for row in body["data"]]
            came["read"] += 1

    examine()
    # Few of them are read.
    assert min(came.values()) >= tried.max_examples // 80


SLUG = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,20}/[A-Za-z0-9][A-Za-z0-9._-]{0,40}(:[a-z]+)?", fullmatch=True)


@st.composite
def as_the_prose_says(draw: st.DrawFn) -> Json:
    """An answer that keeps what the schema says and what its descriptions add: order, form, at most 51 a day."""
    start = draw(st.dates(RANKINGS_DAILY.history_starts, date(2027, 1, 1)))
    days = sorted(draw(st.sets(st.integers(0, 365), min_size=1, max_size=3)))
    data = []
    for day in (str(start + timedelta(days=each)) for each in days):
        slugs = sorted(draw(st.sets(SLUG, min_size=1, max_size=5)))
        counts = sorted(draw(st.lists(st.integers(0, 10**13), min_size=len(slugs), max_size=len(slugs))))[
            ::-1
        ]
        data += list(zip([day] * len(slugs), slugs, counts, strict=True))
        data += [(day, "other", draw(st.integers(0, 10**13)))] * draw(st.integers(0, 1))
    end = start + timedelta(days=draw(st.integers(days[-1], 365)))
    moment = draw(st.sampled_from(["T02:00:00Z", "T02:00:00.000Z", "T23:59:59.123456Z"]))
    meta = {"as_of": f"{end}{moment}", "version": "v1", "start_date": str(start), "end_date": str(end)}
    return {
        "data": [dict(zip(ROW_FIELDS, (day, slug, str(n)), strict=True)) for day, slug, n in data],
        "meta": meta,
    }


def test_whatever_the_prose_allows_is_read_to_the_token(contract: Contract) -> None:
    @examples(150, suppress_health_check=list(HealthCheck))
    @given(as_the_prose_says())
    def examine(body: Json) -> None:
        assert contract.errors(200, body) == []
        found = parse(json.dumps(body).encode(), "day")
        plain = [(row["date"], row["model_permaslug"], int(row["total_tokens"])) for row in body["data"]]
        assert [(str(day), *rest) for day, *rest in found.rows.rows()] == plain

    examine()


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["data"][0].update(total_tokens=5.0),
        lambda body: body["data"][0].pop("date"),
        lambda body: body["meta"].update(version="v2"),
        lambda body: body.pop("meta"),
    ],
    ids=["count", "field", "version", "meta"],
)
def test_what_the_schema_forbids_is_refused(change: Callable[[Json], object], contract: Contract) -> None:
    body = deepcopy(contract.content(200)["example"])
    change(body)
    assert contract.errors(200, body)
    refusal(json.dumps(body).encode())


def test_generated_answers_land_as_they_came(
    contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @examples(15, suppress_health_check=list(HealthCheck))
    @given(contract.strategy(contract.content(200)["schema"]))
    def examine(body: Json) -> None:
        encoded = json.dumps(body).encode()
        with serving(contract.source(encoded)) as source:
            lake = settings_for(source.url, tmp_path_factory.mktemp("lake"))
            key = extract(lake, Request(WINDOW))
            assert len(source.requests) == 1
        store = open_lake(lake)
        assert captures.body_of(store, key) == encoded
        assert captures.request_of(store, key)["status"] == 200

    examine()


# What we may be refused


@pytest.mark.parametrize("status", TIMES_ASKED)
def test_a_documented_refusal_is_told_in_its_own_words(
    status: int, contract: Contract, tmp_path: Path
) -> None:
    said = contract.content(status)["example"]["error"]["message"]
    with (
        serving(contract.answer(status)) as source,
        stamina.set_testing(True, attempts=ATTEMPTS),
        pytest.raises(StandingsError) as caught,
    ):
        extract(settings_for(source.url, tmp_path), Request(WINDOW))
    assert f"the source answered {status}: {said}" in str(caught.value)
    assert ("OPENROUTER_API_KEY" in str(caught.value)) == (status == 401)
    assert ("run it again later" in str(caught.value)) == (TIMES_ASKED[status] > 1)
    assert len(source.requests) == TIMES_ASKED[status]
    assert list(captures.landed(open_lake(settings_for(source.url, tmp_path)))) == []


@pytest.mark.parametrize("status", TIMES_ASKED)
def test_whatever_a_refusal_may_say_is_told_in_a_short_line(
    status: int, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @examples(10, suppress_health_check=list(HealthCheck))
    @given(contract.strategy(contract.content(status)["schema"]))
    def examine(body: Json) -> None:
        assert contract.errors(status, body) == []
        folder = tmp_path_factory.mktemp("lake")
        with (
            serving(Answer(status, json.dumps(body).encode())) as source,
            stamina.set_testing(True, attempts=2),
            pytest.raises(StandingsError, match=f"the source answered {status}") as caught,
        ):
            extract(settings_for(source.url, folder), Request(WINDOW))
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400
        assert KEY not in str(caught.value)

    examine()
