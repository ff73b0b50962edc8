"""Real captures with one thing altered: each lands in the severity that the README's table gives it.

Critical: refused and put on record, the bytes kept, other captures published. Warning and info: told, and it
counts. None: nothing to tell.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import flows.pipeline.validate
from flows.lake import captures, keys
from flows.lake.lake import open_lake
from flows.lake.staging import Stage, begin
from flows.pipeline.conform import Conformed, conform
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings
from flows.storage.checksummed_json import unseal
from schemas import RANKING_ENTRY, RECONCILIATION_WEEK, WEEK_COVERAGE
from tests.support import lakes
from transforms.parse import Torn, Unreadable, parse

Content = dict[str, Any]
Change = Callable[[Content], object] | Callable[[bytes], bytes]

CAPTURE = "day_2026-06-21_2026-07-20_asof_20260721T000519Z.json"
ASKED = {"start_date": "2026-06-21", "end_date": "2026-07-20"}
ROW = 100
"""The row that is altered, counted from 0: a named model in the middle of a day."""

PLACE = f"row {ROW + 1}: "


@dataclass(frozen=True)
class Mutation:
    """What is done to a capture, and what comes of it.

    change: alters the JSON in place, or gives other bytes. told: what each finding says, the gravest first; or
    the one refusal. again: whether the source is asked again, since another attempt may bring it whole.
    """

    name: str
    change: Change
    severity: str
    told: tuple[str, ...] = ()
    again: bool = False


def refused(name: str, change: Change, told: str) -> Mutation:
    return Mutation(name, change, "critical", (told,))


def torn(name: str, change: Callable[[bytes], bytes], told: str) -> Mutation:
    return Mutation(name, as_bytes(change), "critical", (told,), again=True)


def as_bytes(change: Callable[[bytes], bytes]) -> Change:
    def on_bytes(content: Content) -> bytes:
        return change(json.dumps(content).encode())

    return on_bytes


def row(**fields: object) -> Change:
    return lambda content: content["data"][ROW].update(fields)


def meta(**fields: object) -> Change:
    return lambda content: content["meta"].update(fields)


def answer(**fields: object) -> Change:
    return lambda content: content.update(fields)


def without(*path: str | int) -> Change:
    def change(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        del content[path[-1]]

    return change


def count(value: object, told: str) -> Mutation:
    return refused(f"count: {value!r}"[:40], row(total_tokens=value), f"{PLACE}total_tokens {told}")


def slug(name: str, value: object, told: str) -> Mutation:
    return refused(f"slug: {name}", row(model_permaslug=value), f"{PLACE}model_permaslug {told}")


def missing(place: str, *path: str | int) -> Mutation:
    return refused(f"missing: {path[-1]} of {place}", without(*path), f"{place}: field {path[-1]} is missing")


def rows_of(content: Content, day: str) -> Iterator[Content]:
    return (each for each in content["data"] if each["date"] == day)


def fifty_first(content: Content) -> None:
    content["data"].insert(50, content["data"][49] | {"model_permaslug": "a-lab/one-more"})


def cut_days(*days: str) -> Change:
    return lambda content: content.update(data=[each for each in content["data"] if each["date"] not in days])


def other_first(content: Content) -> None:
    content["data"].insert(0, content["data"].pop(50))


def swapped(content: Content) -> None:
    content["data"][0], content["data"][1] = content["data"][1], content["data"][0]


def days_swapped(content: Content) -> None:
    content["data"] = content["data"][51:102] + content["data"][:51] + content["data"][102:]


def narrower(content: Content) -> None:
    cut_days("2026-06-21")(content)
    content["meta"]["start_date"] = "2026-06-22"


def in_another_order(content: Content) -> None:
    content["data"] = [dict(reversed(each.items())) for each in content["data"]]
    content["meta"] = dict(reversed(content["meta"].items()))


NEW_FIELDS = "the source gives fields that are not read yet"

MUTATIONS = [
    # Refused, and asking again brings the same.
    *(missing(f"row {ROW + 1}", "data", ROW, name) for name in ("date", "model_permaslug", "total_tokens")),
    *(missing("meta", "meta", name) for name in ("as_of", "version", "start_date", "end_date")),
    *(missing("answer", name) for name in ("data", "meta")),
    count(1e15, "is the number 1000000000000000.0"),
    count(None, "is null"),
    count(True, "is true or false"),
    count(["5"], "is a list"),
    count("", "'' is not a whole number"),
    count("1.0", "'1.0' is not a whole number"),
    count("1e15", "'1e15' is not a whole number"),
    count("+5", "'+5' is not a whole number"),
    count("05", "'05' is not a whole number"),
    count("-5", "'-5' is negative"),
    count(" 5", "'5' has blanks around it: take them away"),
    count("5 ", "'5' has blanks around it"),
    count(-5, "'-5' is negative"),
    count(2**63, "'9223372036854775808' is above 2^63 - 1"),
    count("1,000", "'1,000' is not a whole number"),
    count("٥", "'٥' is not a whole number"),
    count("９", "'９' is not a whole number"),
    count(str(2**63), "'9223372036854775808' is above 2^63 - 1"),
    count("9" * 5000, "'99"),
    refused("version: v2", meta(version="v2"), "meta: version is 'v2'; only 'v1' can be read"),
    refused("version: 1", meta(version=1), "meta: version is '1'"),
    refused("as_of: no moment", meta(as_of="2026-07-21"), "meta: as_of '2026-07-21' is not a moment"),
    refused("window: backwards", meta(end_date="2026-06-20"), "lies before start_date"),
    refused("date: impossible", row(date="2026-02-30"), f"{PLACE}date '2026-02-30' is not a date"),
    refused("date: another form", row(date="22/06/2026"), f"{PLACE}date '22/06/2026' is not a date"),
    refused("date: a moment", row(date="2026-06-22T00:00:00Z"), "is not a date (YYYY-MM-DD)"),
    refused("date: null", row(date=None), f"{PLACE}date 'None' is not a date"),
    refused("date: outside", row(date="2026-07-21"), f"{PLACE}date 2026-07-21 lies outside the window"),
    refused("date: of another age", meta(start_date="0026-06-21"), "lies outside the years 2000 to 2100"),
    slug("empty", "", "is empty"),
    slug("null", None, "is null"),
    slug("a number", 4, "is the number 4"),
    slug("a blank in it", "openai/gpt 4", '"openai/gpt 4" is not a model\'s name'),
    slug("an escape in it", "openai/\x1b[31mgpt", '"openai/ [31mgpt" is not a model\'s name'),
    slug("a line end in it", "openai/gpt\n4", '"openai/gpt 4" is not a model\'s name'),
    slug("turned around", "openai/\u202egpt", '"openai/ gpt" is not a model\'s name'),
    slug("201 characters", "a/" + "x" * 199, '"a/xxx'),
    slug("the rest by another name", "Others", '"Others" is not a model\'s name: the rest is called "other"'),
    slug("no author", "gpt-oss-120b", '"gpt-oss-120b" is not a model\'s name: name the author too'),
    slug("a path", "a/b/c", '"a/b/c" is not a model\'s name: it has 2 slashes'),
    refused(
        "a row twice",
        lambda content: content["data"].insert(ROW, content["data"][ROW]),
        f"row {ROW + 2}: model_permaslug",
    ),
    refused("no rows at all", answer(data=[]), "answer: data is empty"),
    refused("rows are no list", answer(data={}), "answer: data is an object"),
    refused("a row is null", lambda content: content["data"].insert(ROW, None), f"{PLACE}is null"),
    refused("as_of: of the future", meta(as_of="2098-01-01T00:00:00Z"), "more than a day after it was received"),
    refused("absurd total", row(total_tokens=str(10**16 + 1)), "total is above what is plausible: 2026-06-22"),
    # Refused, and asked for again.
    torn("a page", lambda body: b"<!doctype html><title>Bad gateway</title>", "this is an HTML page"),
    torn("cut short", lambda body: body[:-1000], "not JSON (the body is cut short)"),
    torn("twice", lambda body: body + body, "not JSON"),
    torn("nothing", lambda body: b"", "not JSON"),
    torn("a mark of byte order", lambda body: b"\xef\xbb\xbf" + body, "BOM"),
    torn("a field twice", lambda body: body.replace(b'"date"', b'"date": "x", "date"', 1), "'date' is there"),
    torn("NaN", lambda body: body.replace(b'"v1"', b"NaN"), "NaN is not a JSON value"),
    torn("Latin-1", lambda body: body.replace(b"openai", b"open\xe9", 1), "not UTF-8 text"),
    # Told, and it counts.
    Mutation(
        "window: wider",
        meta(start_date="2026-06-20"),
        "warning",
        ("asked for 2026-06-21 to 2026-07-20, got 2026-06-20 to", "nothing for days inside the window: 2026-06-20"),
    ),
    Mutation("window: narrower", narrower, "warning", ("asked for 2026-06-21 to 2026-07-20, got 2026-06-22 to",)),
    Mutation("new: a row's field", row(rank=1), "warning", (f"{PLACE}{NEW_FIELDS}: 'rank' of the row",)),
    Mutation("new: meta's field", meta(cursor=None), "warning", (f"meta: {NEW_FIELDS}: 'cursor' of the meta",)),
    Mutation("new: the answer's field", answer(next="x"), "warning", (f"answer: {NEW_FIELDS}: 'next' of the",)),
    Mutation("a day missing", cut_days("2026-07-01"), "warning", ("days inside the window: 2026-07-01",)),
    Mutation(
        "days missing",
        cut_days("2026-07-01", "2026-07-20"),
        "warning",
        ("days inside the window: 2026-07-01 and 1 more",),
    ),
    Mutation("51 named rows", fifty_first, "warning", ("more than 50 named rows in a bucket: 2026-06-21: 51",)),
    Mutation(
        "a day not over", meta(as_of="2026-07-20T23:59:59Z"), "info", ("it is not counted: 2026-07-20",)
    ),
    Mutation("other first", other_first, "info", ("`other` is not the last row of its bucket: 2026-06-21",)),
    Mutation("rows unsorted", swapped, "info", ("not sorted by date and falling tokens: 2026-06-21",)),
    Mutation("days unsorted", days_swapped, "info", ("not sorted by date and falling tokens: dates",)),
    # Nothing to tell.
    Mutation("as it came", lambda content: None, "none"),
    Mutation("spread out", as_bytes(lambda body: json.dumps(json.loads(body), indent=4).encode()), "none"),
    Mutation("fields in another order", in_another_order, "none"),
    Mutation("no other", lambda content: content["data"].pop(50), "none"),
    Mutation("nothing in other", lambda content: content["data"][50].update(total_tokens="0"), "none"),
    Mutation("a model of nobody's", row(model_permaslug="a-new-lab/名前:free"), "none"),
    Mutation("an author in another case", row(model_permaslug="OpenAI/one-more"), "none"),
    Mutation("a count as a JSON integer", row(total_tokens=5), "none"),
    Mutation("an offset of nothing", meta(as_of="2026-07-21T00:05:19+00:00"), "none"),
    Mutation("to the minute", meta(as_of="2026-07-21T00:05Z"), "none"),
    Mutation("to the second", meta(as_of="2026-07-21T00:05:19Z"), "none"),
]  # fmt: skip


@pytest.fixture(scope="module")
def capture(shared_data: Path) -> bytes:
    return (shared_data / "responses" / CAPTURE).read_bytes()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake in which a sound capture of another week has landed."""
    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, lakes.body(lakes.week_of(date(2026, 3, 2), {"openai/gpt-4o": 5})))
    return settings


def altered(capture: bytes, change: Change) -> bytes:
    content = json.loads(capture)
    body = change(content)
    return body if isinstance(body, bytes) else json.dumps(content).encode()


def land(settings: Settings, folder: Path, body: bytes, **asked: str) -> captures.RawKey:
    """Lands a body as a file that says what was asked for; returns its key."""
    lakes.land(settings, [lakes.write(folder, "altered.json", body, **asked)])
    (key,) = (key for key in captures.landed(open_lake(settings)) if key.sha256 == lakes.digest(body))
    return key


def severity(findings: list[dict[str, str]]) -> str:
    found = {each["severity"] for each in findings}
    return next((grade for grade in ("warning", "info") if grade in found), "none")


def conformed(settings: Settings) -> tuple[Conformed, Stage]:
    """What comes of the captures that have landed, and the stage that holds them."""
    run = begin(settings)
    return conform(run), run.stage


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_an_altered_capture_is_treated_as_the_readme_says(
    mutation: Mutation, capture: bytes, settings: Settings, tmp_path: Path
) -> None:
    body = altered(capture, mutation.change)
    key = land(settings, tmp_path / "files", body, **ASKED)
    store = open_lake(settings)
    came, stage = conformed(settings)
    counted = key.sha256 in set(stage.read(RANKING_ENTRY.name)["capture"])
    findings = stage.noted("findings")
    assert store.get(key.body) == body
    if mutation.severity == "critical":
        (told,) = came.rejected
        assert told.startswith(str(tmp_path / "files" / "altered.json"))
        assert mutation.told[0] in told
        assert told.isprintable()
        assert unseal(store.get(key.rejection), key.rejection)["problem"] == told
        assert (findings, counted) == ([], False)
    else:
        assert came.rejected == ()
        assert severity(findings) == mutation.severity
        for each, part in zip(findings, mutation.told, strict=True):
            assert part in each["problem"]
        assert counted
        assert list(store.list(keys.REJECTED)) == []


@pytest.mark.parametrize(
    "mutation",
    [each for each in MUTATIONS if each.severity == "critical"],
    ids=lambda mutation: mutation.name,
)
def test_only_a_body_that_is_no_json_is_asked_for_again(mutation: Mutation, capture: bytes) -> None:
    if mutation.name in ("absurd total", "as_of: of the future"):
        # It can be read, so that the contract refuses it, not the parser.
        assert parse(altered(capture, mutation.change), "day")
        return
    with pytest.raises(Unreadable) as caught:
        parse(altered(capture, mutation.change), "day")
    assert isinstance(caught.value, Torn) == mutation.again


def test_new_fields_are_one_finding_a_release(capture: bytes, settings: Settings, tmp_path: Path) -> None:
    def change(content: Content) -> None:
        for number, each in enumerate(content["data"]):
            each.update(rank=number, score=0, trend="up")
        content["meta"].update(cursor=None, pages=1)
        content["next"] = "x"

    files = tmp_path / "files"
    bodies = [altered(capture, change), altered(altered(capture, change), meta(as_of="2026-07-22T00:05:19Z"))]
    lakes.land(settings, [lakes.write(files, f"{n}.json", body, **ASKED) for n, body in enumerate(bodies)])
    came, stage = conformed(settings)
    assert came.rejected == ()
    found = stage.noted("findings")
    (told,) = (each for each in found if NEW_FIELDS in each["problem"])
    assert told["severity"] == "warning"
    source, _, fields = told["problem"].partition(f": answer: {NEW_FIELDS}: ")
    assert Path(source).parent == files
    assert fields == (
        "'next' of the answer, 'cursor' of the meta, 'pages' of the meta, 'rank' of the row, "
        "'score' of the row and 1 more"
    )
    lakes.publish(settings)
    land(settings, tmp_path, altered(capture, meta(as_of="2026-07-23T00:05:19Z")), **ASKED)
    assert conformed(settings)[1].noted("findings") == []


def test_a_window_that_was_moved_to_the_beginning_of_history_is_noted(
    capture: bytes, settings: Settings, tmp_path: Path
) -> None:
    def change(content: Content) -> None:
        rows = [dict(each) for each in rows_of(content, "2026-06-21")]
        first = date(2025, 1, 1)
        content["data"] = [each | {"date": str(first + timedelta(days=n))} for n in range(5) for each in rows]
        content["meta"].update(start_date="2025-01-01", end_date="2025-01-05")

    land(settings, tmp_path, altered(capture, change), start_date="2024-12-01", end_date="2025-01-05")
    (found,) = conformed(settings)[1].noted("findings")
    assert found["severity"] == "info"
    assert "moved to the beginning of the source's history" in found["problem"]


def test_a_day_that_is_not_over_is_not_counted(capture: bytes, settings: Settings, tmp_path: Path) -> None:
    body = altered(capture, meta(as_of="2026-07-20T23:59:59Z"))
    key = land(settings, tmp_path, body, **ASKED)
    entries = conformed(settings)[1].read(RANKING_ENTRY.name)
    assert entries.filter(capture=key.sha256)["date"].max() == date(2026, 7, 19)


# What only the tables show


def report_of(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    store = open_lake(settings)
    found: dict[str, list[dict[str, Any]]] = json.loads(store.get(lakes.manifest_of(settings).report))
    return {table: failures for table, failures in found.items() if failures}


@lakes.GREAT_EXPECTATIONS
@pytest.mark.slow
def test_days_that_no_table_may_hold_are_refused_and_the_rest_is_published(
    capture: bytes, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (WEEK_COVERAGE,))

    def change(content: Content) -> None:
        content["data"] = [each | {"date": "2001-06-21"} for each in rows_of(content, "2026-06-21")]
        content["meta"].update(start_date="2001-06-21", end_date="2001-06-21")

    key = land(settings, tmp_path, altered(capture, change))
    outcome = raw_to_warehouse(settings, lakes.not_loading)
    (told,) = outcome.rejected
    assert "is passed over: " in told
    assert "iso_year: " in told
    assert list(open_lake(settings).list(keys.REJECTED)) == [key.rejection]
    assert [each.key.period for each in lakes.manifest_of(settings).captures] == ["day"]
    assert key not in {each.key for each in lakes.manifest_of(settings).captures}


@lakes.GREAT_EXPECTATIONS
def test_a_week_that_its_days_do_not_add_up_to_is_a_warning(
    shared_data: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row of the source's own week is altered, beside the seven days of that week."""
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (RECONCILIATION_WEEK, WEEK_COVERAGE))
    monday = "2026-06-01"
    chart = (shared_data / "chart" / "week_2026-05-04_2026-06-07.json").read_bytes()

    def change(content: Content) -> None:
        largest = next(rows_of(content, monday))
        largest["total_tokens"] = str(2 * int(largest["total_tokens"]))

    days = shared_data / "responses" / "day_2026-05-30_2026-06-28_asof_20260629T000524Z.json"
    lakes.land(settings, [days])
    land(settings, tmp_path, altered(chart, change), period="week", origin="chart")
    outcome = raw_to_warehouse(settings, lakes.not_loading)
    assert outcome.rejected == ()
    failures = report_of(settings).pop("reconciliation_week")
    assert {each["severity"] for each in failures} == {"warning"}
    assert any(str(each["week_start"]) == monday for failure in failures for each in failure["rows"])
    assert len(lakes.manifest_of(settings).captures) == 3
