"""The harness that kills runs: a few kills of its own, and that it notices what it is there to notice."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from flows.lake import keys
from flows.lake.lake import open_lake
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings
from schemas.errors import StandingsError
from tests.chaos import kills
from tests.chaos.kills import asked_twice, differences, draw, of_neither, publishing
from tests.chaos.reader import Mixture, Reader, look, parts_of
from tests.chaos.tally import Tally
from tests.chaos.victim import Event
from tests.chaos.yard import Case
from tests.support import lakes

pytestmark = pytest.mark.slow

WEEK = date(2025, 3, 3)
QUERY = frozenset({("start_date", "2025-03-03"), ("end_date", "2025-03-09")})


def test_killed_runs_lose_nothing(tmp_path: Path) -> None:
    tally = Tally("kills")
    kills.run(tally, 3, Random(0), tmp_path, [Case("ingest", "file")], checked=False)
    assert tally.losses == []
    assert tally.counts["kills"] == tally.counts["rounds in which readers saw one whole release"] == 3
    assert tally.notes[0] == "kills of ingest on file 3"


def test_readers_that_see_another_release_than_was_published_are_a_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "parts_of", lambda manifest: {"parts/another": "0" * 64})
    tally = Tally("kills")
    kills.run(tally, 1, Random(0), tmp_path, [Case("ingest", "file")], checked=False)
    assert any("a reader met Mixture" in line for line in tally.losses)
    assert tally.counts["rounds in which readers saw one whole release"] == 0


@pytest.fixture
def lake(tmp_path: Path) -> Settings:
    """A lake of one week and its warehouse."""

    def unvalidated(step: Callable[..., Any], /) -> Callable[..., Any]:
        return lakes.unchecked(step) if step.__name__ in ("check", "validate") else step

    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, lakes.body(lakes.week_of(WEEK, {"openai/gpt-4o": 3, "qwen/qwen3": 2})))
    raw_to_warehouse(settings, unvalidated)
    return settings


def damaged(settings: Settings, key: str) -> str:
    """Tears an object in the middle; returns its key."""
    path = Path(settings.lake.removeprefix("file://")) / key
    path.write_bytes(path.read_bytes()[:-9])
    return key


def test_a_reader_tells_a_whole_release_from_a_torn_and_a_mixed_one(lake: Settings) -> None:
    store, parts = open_lake(lake), parts_of(lakes.manifest_of(lake))
    other = parts | {next(iter(parts)): "0" * 64}
    assert look(store, {"before": other, "after": parts}) == "after"
    with pytest.raises(Mixture):
        look(store, {"before": other, "after": other})
    torn = damaged(lake, next(iter(parts)))
    with pytest.raises(StandingsError, match=torn):
        look(store, {"after": parts})


def test_a_reader_in_the_background_puts_on_record_what_it_met(lake: Settings) -> None:
    store, parts = open_lake(lake), parts_of(lakes.manifest_of(lake))
    seen, wrong = Counter[str](), list[str]()
    torn = damaged(lake, next(iter(parts)))
    with Reader(store, {"after": parts}, seen, wrong):
        until = time.monotonic() + 30
        while not wrong and time.monotonic() < until:
            time.sleep(0.005)
    assert not seen
    assert torn in wrong[0]


def test_what_a_run_left_otherwise_than_an_undisturbed_one_is_told(lake: Settings) -> None:
    published, releases = lakes.published_bytes(lake), [parts_of(lakes.manifest_of(lake))]
    assert list(differences(lake, published)) == []
    assert list(of_neither(lakes.objects(lake, keys.LATEST), releases)) == []
    torn = damaged(lake, keys.latest("country_week", WEEK))
    assert list(of_neither(lakes.objects(lake, keys.LATEST), releases)) == [f"{torn} is of neither release"]
    told = list(differences(lake, published))
    assert [torn in line for line in told] == [True, True], told
    damaged(lake, str(lake.warehouse))
    assert any("warehouse.duckdb" in line for line in differences(lake, published))


def test_a_question_whose_answer_had_landed_may_not_be_asked_again() -> None:
    once, twice = Counter({QUERY: 1}), Counter({QUERY: 2})
    assert list(asked_twice({QUERY}, once, once)) == []
    assert list(asked_twice(set(), once, twice)) == []
    assert len(list(asked_twice({QUERY}, once, twice))) == 1


def test_moments_are_drawn_from_the_publication_and_from_every_stage() -> None:
    names = ("ledger.json", "parts/a", "pointer.json", "latest/a", "latest/b", "latest.json", "warehouse")
    events = [
        Event(float(second), begins, "put", name)
        for second, name in enumerate(names)
        for begins in (True, False)
    ]
    within = {draw(events, True, Random(seed)).event for seed in range(200)}
    anywhere = {draw(events, False, Random(seed)).event for seed in range(200)}
    assert (within, anywhere) == (set(range(2, 9)), set(range(14)))
    inside = [publishing(events[: number + 1], events) for number in range(14)]
    assert inside == [2 <= number < 9 for number in range(14)]
