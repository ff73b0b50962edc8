"""Raw captures: bytes as they came, create-only, with all that a body does not say of itself."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.lake import captures
from flows.lake.captures import Asked
from flows.lake.lake import open_lake
from flows.settings import Settings
from flows.storage.checksummed_json import BrokenSeal, unseal
from schemas.errors import StandingsError
from tests.support import lakes

BODY = b'{"data": []}\r\n\x00\xff'
ASKED = Asked(
    source="https://openrouter.ai/api/v1/datasets/rankings-daily?period=day",
    retrieved_at=datetime(2026, 7, 21, 0, 5, 19, tzinfo=UTC),
    request={"period": "day", "start_date": "2026-07-01"},
    status=200,
    headers={"date": "Tue, 21 Jul 2026 00:05:19 GMT"},
)


@pytest.fixture
def settings(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return lakes.settings(store_url, tmp_path, request)


def test_bytes_land_unchanged_with_the_request(settings: Settings) -> None:
    store = open_lake(settings)
    key, first_time = captures.land(store, BODY, ASKED)
    assert first_time
    assert (key.origin, key.period, key.slice, key.sha256) == ("api", "day", "all", lakes.digest(BODY))
    assert captures.body_of(store, key) == BODY
    assert captures.request_of(store, key) == {
        "source": ASKED.source,
        "retrieved_at": "2026-07-21T00:05:19+00:00",
        "period": "day",
        "origin": "api",
        "slice": "all",
        "request": {"period": "day", "start_date": "2026-07-01"},
        "status": 200,
        "headers": {"date": "Tue, 21 Jul 2026 00:05:19 GMT"},
        "sha256": lakes.digest(BODY),
        "bytes": len(BODY),
    }
    assert list(captures.landed(store)) == [key]


def test_a_capture_that_lands_again_changes_nothing(settings: Settings) -> None:
    store = open_lake(settings)
    captures.land(store, BODY, ASKED)
    before = lakes.objects(settings)
    later = Asked(source="elsewhere", retrieved_at=datetime(2027, 1, 1, tzinfo=UTC))
    _, first_time = captures.land(store, BODY, later)
    assert not first_time
    assert lakes.objects(settings) == before


def test_captures_are_listed_in_order_of_key_and_nothing_else_is(settings: Settings) -> None:
    store = open_lake(settings)
    landed = [
        captures.land(store, body, Asked("a test", ASKED.retrieved_at, origin=origin))[0]
        for body, origin in [(b"1", "reconstructed"), (b"2", "api"), (b"3", "chart")]
    ]
    store.put("raw/readme.txt", b"not a capture")
    assert list(captures.landed(store)) == sorted(landed, key=lambda key: key.body)


def test_altered_bytes_are_refused_with_their_key(settings: Settings) -> None:
    store = open_lake(settings)
    key, _ = captures.land(store, BODY, ASKED)
    store.put(key.body, BODY + b" ")
    with pytest.raises(StandingsError) as caught:
        captures.body_of(store, key)
    assert f"{store.url}/{key.body}" in str(caught.value)


def test_an_altered_record_is_refused_with_its_key(settings: Settings) -> None:
    store = open_lake(settings)
    key, _ = captures.land(store, BODY, ASKED)
    store.put(key.request, store.get(key.request).replace(b"200", b"201"))
    with pytest.raises(BrokenSeal) as caught:
        captures.request_of(store, key)
    assert str(caught.value).startswith(f"{store.url}/{key.request}: ")


def test_a_capture_is_finished_once_it_is_published_rejected_or_confirmed(settings: Settings) -> None:
    store = open_lake(settings)
    published, rejected, confirmed, waiting = (
        captures.land(store, body, ASKED)[0] for body in (b"1", b"2", b"3", b"4")
    )
    line = captures.reject(store, rejected, "row 1: wrong", "0.1.0+abc")
    assert line == f"{ASKED.source}: row 1: wrong"
    assert unseal(store.get(rejected.rejection), "") == {
        "capture": rejected.body,
        "problem": line,
        "code": "0.1.0+abc",
    }
    store.put(confirmed.confirmation, b"")
    assert list(captures.unfinished(store, [published])) == [waiting]
    captures.land(store, b"2", ASKED)
    assert set(captures.unfinished(store, [published])) == {waiting, rejected}


def test_who_is_passed_over_is_known_with_the_rule_that_is_judged_again(settings: Settings) -> None:
    store = open_lake(settings)
    for_good, judged, broken = (captures.land(store, body, ASKED)[0] for body in (b"1", b"2", b"3"))
    captures.reject(store, for_good, "row 1: wrong", "0.1.0+abc")
    captures.reject(store, judged, "too high", "0.1.0+abc", "level")
    store.put(broken.rejection, b"{}")
    assert captures.rejections(store) == {
        for_good.rejection: None,
        judged.rejection: "level",
        broken.rejection: None,
    }


@pytest.mark.parametrize("order", [(None, 200), (200, None), (None, 200, None), (200, 200)])
def test_bytes_that_were_fetched_once_are_fetched_whoever_brought_them_first(
    order: tuple[int | None, ...], settings: Settings
) -> None:
    store = open_lake(settings)
    for status in order:
        key, _ = captures.land(store, b"1", replace(ASKED, status=status))
    assert captures.fetched(store, key)
    assert [each.sha256 for each in captures.landed(store)] == [key.sha256]


def test_bytes_that_nobody_fetched_are_not_nor_those_of_which_no_record_is_left(settings: Settings) -> None:
    store = open_lake(settings)
    key, _ = captures.land(store, b"1", replace(ASKED, status=None))
    assert not captures.fetched(store, key)
    fetched, _ = captures.land(store, b"2", replace(ASKED, status=200))
    store.delete(fetched.request)
    assert not captures.fetched(store, fetched)


def test_a_landing_that_breaks_half_way_leaves_no_capture_and_is_made_good(tmp_path: Path) -> None:
    store = open_lake(lakes.on_disk(tmp_path))

    def breaks_at_the_body(key: str, data: bytes) -> bool:
        if key.endswith(".body"):
            raise StandingsError("the disk is full")
        return store.put_once(key, data)

    breaking = lakes.Wrapped(store)
    breaking.put_once = breaks_at_the_body  # type: ignore[attr-defined]
    with pytest.raises(StandingsError):
        captures.land(breaking, BODY, ASKED)  # type: ignore[arg-type]
    assert list(captures.landed(store)) == []
    # The request goes first, so that no body is ever there without it.
    assert [name.partition(".")[2] for name in store.list("raw/")] == ["request.json"]
    key, first_time = captures.land(store, BODY, ASKED)
    assert first_time
    assert captures.body_of(store, key) == BODY


def test_rejections_are_forgotten_and_the_captures_kept(tmp_path: Path) -> None:
    store = open_lake(lakes.on_disk(tmp_path))
    key, _ = captures.land(store, BODY, ASKED)
    captures.put_on_record(store, key, "unreadable", "0.1.0+abc")
    captures.forget_rejections(store)
    assert list(store.list("quarantine/")) == []
    assert captures.body_of(store, key) == BODY


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ({}, "all"),
        ({"period": "day", "start_date": "2026-07-01"}, "all"),
        ({"category": ""}, "all"),
        ({"category": "programming"}, "category-programming"),
        ({"category": "marketing/seo"}, "category-marketing-seo"),
        ({"context_bucket": "1K", "modality": "text"}, "modality-text+context_bucket-1K"),
    ],
)
def test_a_slice_is_named_by_what_was_asked_for(request_: dict[str, str], name: str) -> None:
    assert captures.slice_of(request_) == name
