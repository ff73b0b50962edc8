"""A plan of more requests than the minute allows waits for the quota, and for nothing else."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest

from flows.lake import captures
from flows.lake.lake import open_lake
from flows.pipeline.fetch import AT_ONCE, Publish, many_weeks
from flows.pipeline.run import Outcome
from flows.quota import Quota
from flows.sample_api.server import CHOICES, Reply, SampleApi
from flows.settings import Settings
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = pytest.mark.slow

DUE = datetime(2026, 11, 24, 6, tzinfo=UTC)
WEEK = (date(2026, 11, 2), date(2026, 11, 8))
SLICES = [
    {"modality": one, "context_bucket": other}
    for one, other in product(CHOICES["modality"], CHOICES["context_bucket"])
]
SHORT = Quota(10, 2.5)


class SlowApi(SampleApi):
    """The sample API, which takes its time and counts how many it answers at once."""

    def __init__(self, seconds: float = 0.0, minute: Quota = SHORT, keys: list[str] | None = None) -> None:
        super().__init__(now=DUE, minute=minute, keys=keys)
        self.seconds, self.statuses = seconds, list[int]()
        self.now_answering = self.most_at_once = 0
        self.counting = threading.Lock()

    def reply(self, method: str, target: str, authorization: str | None) -> Reply:
        with self.counting:
            self.now_answering += 1
            self.most_at_once = max(self.most_at_once, self.now_answering)
        time.sleep(self.seconds)
        reply = super().reply(method, target, authorization)
        with self.counting:
            self.now_answering -= 1
            self.statuses.append(reply.status)
        return reply


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "k")


def bring(
    settings: Settings,
    slices: list[dict[str, str]],
    publish: Publish = lambda _settings: Outcome("a release", ()),
) -> Outcome:
    """Asks for a week of the whole and of each slice."""
    return many_weeks(settings, DUE, *WEEK, publish, slices=slices)


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    """A fresh folder each time."""
    return (tmp_path / str(number) for number in range(9))


def asked(folder: Path, api: SlowApi, slices: list[dict[str, str]], minute: Quota = SHORT) -> float:
    """Asks for a week of the whole and of each slice; returns how long that took."""
    settings = replace(lakes.on_disk(folder), base_url=api.base_url, minute=minute)
    started = time.monotonic()
    bring(settings, slices)
    taken = time.monotonic() - started
    assert len(list(captures.landed(open_lake(settings)))) == len(slices) + 1
    return taken


def test_three_minutes_requests_take_two_minutes_waiting_and_are_never_refused(
    folders: Iterator[Path],
) -> None:
    plenty, plan = Quota(1000, 60), [*SLICES, *({"modality": each} for each in CHOICES["modality"][:4])]
    with SlowApi(minute=plenty) as api:
        work = asked(next(folders), api, plan, plenty)
    with SlowApi() as api:
        taken = asked(next(folders), api, plan)
    assert api.statuses == [200] * 30
    # Less than one more wait than there has to be: how close it comes is for a quiet machine to measure.
    assert 2 * SHORT.seconds <= taken < 3 * SHORT.seconds + work


def test_the_whole_is_published_while_slices_wait_for_the_quota(
    folders: Iterator[Path],
) -> None:
    held: list[list[str]] = []

    def publish(settings: Settings) -> Outcome:
        held.append([key.slice for key in captures.landed(open_lake(settings))])
        return Outcome("a release", (f"refused by {len(held)}",))

    with SlowApi() as api:
        settings = replace(lakes.on_disk(next(folders)), base_url=api.base_url, minute=Quota(5, 0.5))
        outcome = bring(settings, SLICES[:9], publish)
    early, late = held
    assert "all" in early
    assert len(early) < len(late) == 10
    assert outcome == Outcome("a release", ("refused by 1", "refused by 2"))


def test_what_cannot_be_published_ends_the_asking(
    folders: Iterator[Path],
) -> None:
    def refuse(settings: Settings) -> Outcome:
        raise StandingsError("refused")

    with SlowApi() as api, pytest.raises(StandingsError, match="refused"):
        settings = replace(lakes.on_disk(next(folders)), base_url=api.base_url, minute=Quota(5, 0.5))
        bring(settings, SLICES, refuse)
    assert 1 <= len(api.statuses) <= 1 + len(SLICES) // 2


def test_what_an_answer_takes_is_not_added_to_what_the_next_one_takes(folders: Iterator[Path]) -> None:
    with SlowApi(0.25, Quota(1000, 60)) as api:
        asked(next(folders), api, SLICES[:15], Quota(1000, 60))
    assert api.most_at_once == AT_ONCE


def test_after_a_refusal_nothing_more_is_asked(folders: Iterator[Path]) -> None:
    with SlowApi(0.1, keys=["another"]) as api, pytest.raises(StandingsError, match="answered 401"):
        asked(next(folders), api, SLICES)
    assert set(api.statuses) == {401}
    assert len(api.statuses) <= AT_ONCE


def test_a_full_history_takes_at_most_three_requests_and_waits_for_nothing(
    folders: Iterator[Path], caplog: pytest.LogCaptureFixture
) -> None:
    with SlowApi() as api:
        settings = replace(lakes.on_disk(next(folders)), base_url=api.base_url, minute=SHORT)
        many_weeks(settings, DUE, date(2025, 1, 1), None, lambda _settings: Outcome("a release", ()))
    assert api.statuses == [200] * 2
    assert "waiting" not in caplog.text
