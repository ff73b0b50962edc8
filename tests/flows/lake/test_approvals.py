"""What a critical check stops, a person can release: with who, when and why, and for exactly what was found."""

import getpass
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import flows.pipeline.validate
from flows.lake import approvals, keys
from flows.lake.approvals import Refused
from flows.lake.lake import open_lake
from flows.maintenance import accept
from flows.monitoring.status import lines
from flows.monitoring.verify import verify
from flows.pipeline.run import Outcome, raw_to_warehouse
from flows.settings import Settings
from flows.storage.checksummed_json import unseal
from schemas import WEEK_COVERAGE
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = [lakes.GREAT_EXPECTATIONS, pytest.mark.slow]

SOUND = date(2026, 7, 6)
IMPOSSIBLE = date(2023, 7, 3)
"""A week before any that `iso_year` allows."""
SOUND_WEEK = lakes.body(lakes.week_of(SOUND, {"openai/osprey": 5}))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A lake with a week that is not published yet. Only the table that is refused is checked: all take longer."""
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (WEEK_COVERAGE,))
    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, SOUND_WEEK)
    return settings


def checking(step: Callable[..., object], /) -> Callable[..., object]:
    """Runs a step as it stands, but neither describes nor loads: its name is of those lakes that are checked so."""
    return lakes.not_loading(step)


def refused_in_part(settings: Settings) -> Outcome:
    """Publishes the sound week, beside which another is refused."""
    impossible = lakes.body(lakes.week_of(IMPOSSIBLE, {"openai/osprey": 7}))
    return lakes.begun(settings, (SOUND_WEEK, impossible), run=checking)


def held(settings: Settings) -> str:
    """The name of the one release that is held."""
    ((name, _),) = approvals.held(open_lake(settings))
    return name


def weeks(settings: Settings) -> set[date]:
    return set(lakes.manifest_of(settings).tables["country_week"])


def test_what_a_table_is_refused_for_can_be_released(settings: Settings) -> None:
    assert len(refused_in_part(settings).rejected) == 1
    assert weeks(settings) == {SOUND}
    name = held(settings)
    assert any(f"standings accept {name} --reason" in line for line in lines(settings))
    store = open_lake(settings)
    refused = [pl.read_parquet(store.get(key)) for key in store.list(keys.OFFENDING)]
    assert {2023} in [set(rows["iso_year"]) for rows in refused if "iso_year" in rows]

    outcome = accept(settings, name, "the archive of 2023 was brought by hand")

    assert outcome.rejected == ()
    assert weeks(settings) == {SOUND, IMPOSSIBLE}
    assert lakes.manifest_of(settings).accepted == (name,)
    said = unseal(store.get(keys.accepted(name)), name)
    assert (said["by"], said["reason"]) == (getpass.getuser(), "the archive of 2023 was brought by hand")
    assert said["at"].startswith("20")
    assert approvals.held(store) == []
    assert list(verify(settings)) == []


def test_what_was_released_stays_so_for_the_runs_that_follow(settings: Settings) -> None:
    refused_in_part(settings)
    accept(settings, held(settings), "so be it", lakes.not_loading)
    later = SOUND + timedelta(days=7)
    lakes.land_bytes(settings, lakes.body(lakes.week_of(later, {"openai/osprey": 5})))
    assert raw_to_warehouse(settings, lakes.not_loading).rejected == ()
    assert weeks(settings) == {SOUND, IMPOSSIBLE, later}


def test_a_release_holds_for_exactly_the_rows_that_were_found(settings: Settings) -> None:
    refused_in_part(settings)
    accept(settings, held(settings), "only this one", lakes.not_loading)
    another = lakes.body(lakes.week_of(IMPOSSIBLE - timedelta(days=7), {"openai/osprey": 7}))
    lakes.land_bytes(settings, another)
    (line,) = raw_to_warehouse(settings, lakes.not_loading).rejected
    assert "iso_year" in line
    assert weeks(settings) == {SOUND, IMPOSSIBLE}


def test_a_total_that_nobody_believes_can_be_released(settings: Settings) -> None:
    huge = {date(2026, 7, 13): {"openai/osprey": 2 * 10**16}}
    lakes.land_bytes(settings, lakes.body(huge))
    (line,) = lakes.publish(settings).rejected
    assert "above what is plausible" in line
    assert weeks(settings) == {SOUND}
    accept(settings, held(settings), "the source confirmed it", lakes.unchecked)
    assert weeks(settings) == {SOUND, date(2026, 7, 13)}


def test_a_check_that_could_not_be_made_is_never_let_through(settings: Settings) -> None:
    store = open_lake(settings)
    refused = Refused("country_week: tokens: could not be checked", ())
    name = approvals.hold(store, refused)
    assert "cannot be accepted" in approvals.advice(name, refused)
    with pytest.raises(StandingsError, match="cannot be accepted: country_week"):
        approvals.accept(store, name, "never mind")
    assert not approvals.released((), {"x": frozenset({("a", "b", "c")})})


def test_only_what_is_held_can_be_released(settings: Settings) -> None:
    lakes.begun(settings, SOUND_WEEK)
    with pytest.raises(StandingsError, match="no release '000009-refused-x' is held: see `standings status`"):
        accept(settings, "000009-refused-x", "why not")


def test_what_is_no_longer_refused_is_no_longer_held(settings: Settings) -> None:
    store = open_lake(settings)
    approvals.hold(store, Refused("an old complaint", (("t", "c", "r"),)))
    lakes.publish(settings)
    assert approvals.held(store) == []
