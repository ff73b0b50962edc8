"""The status: what the lake and the warehouse hold, and what needs a person."""

from datetime import date
from pathlib import Path

import pytest

from flows.monitoring.status import lines
from flows.settings import Settings
from flows.warehouses.load import load
from schemas.licence import CAVEAT
from tests.support import lakes

pytestmark = pytest.mark.slow

MONDAY = date(2026, 7, 6)
DAYS = lakes.week_of(MONDAY, {"openai/osprey": 5_000_000, "no-such-lab/x": 1_000_000})


def told(settings: Settings) -> dict[str, list[str]]:
    """The lines by their first word."""
    found: dict[str, list[str]] = {}
    for line in lines(settings):
        assert "\n" not in line
        found.setdefault(line[:11].strip(), []).append(line[11:])
    return found


def test_an_empty_lake_says_what_to_do(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    assert told(settings) == {
        "lake": [f"{settings.lake} (nothing was ever written there)"],
        "captures": ["0 in raw/"],
        "release": ["none yet: run `standings ingest`, `backfill` or `demo`"],
    }
    assert list(tmp_path.iterdir()) == []


def test_a_published_lake_is_told_with_its_weeks_and_source(
    store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = lakes.settings(store_url, tmp_path, request)
    half = lakes.week_of(date(2026, 7, 13), {"openai/osprey": 5})
    lakes.begun(settings, lakes.body({**DAYS, **dict(list(half.items())[:3])}))
    load(settings)
    found = told(settings)
    manifest = lakes.manifest_of(settings)
    assert found["lake"] == [f"{settings.lake} (real figures)"]
    assert found["captures"] == ["1 in raw/, 0 not published"]
    assert found["release"] == [
        f"{manifest.release}, published at {manifest.published_at:%Y-%m-%d %H:%M:%S} UTC"
    ]
    assert found["weeks"] == ["2, 2026-07-06 to 2026-07-13"]
    assert found["complete"] == ["up to the week of 2026-07-06"]
    assert found["warehouse"] == [f"{settings.warehouse} holds this release"]
    assert found["unknown"] == [
        "author no-such-lab, 7,000,000 tokens: ZZ until the reference files decide it"
    ]
    assert found[""] == [
        "Source: OpenRouter (openrouter.ai/rankings), as of 2026-08-01T00:00:00Z. Licensed under CC BY 4.0.",
        CAVEAT,
    ]
    assert "unreadable" not in found


def test_what_waits_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    good = lakes.write(tmp_path, "good.json", lakes.body(DAYS))
    bad = lakes.write(tmp_path, "bad.json", b"<html>")
    lakes.bring(settings, good, bad)
    lakes.land_bytes(settings, lakes.body(lakes.week_of(date(2026, 7, 13), {"openai/osprey": 5})))
    found = told(settings)
    assert found["captures"] == ["3 in raw/, 2 not published"]
    assert found["unreadable"] == [f"{bad}: this is an HTML page, not the API's JSON: <html>"]


def test_a_warehouse_that_lags_is_told(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, lakes.body(DAYS))
    lakes.publish(settings)
    assert told(settings)["warehouse"] == [f"{settings.warehouse} holds nothing: run it again"]
    load(settings)
    first = lakes.manifest_of(settings).release
    lakes.land_bytes(settings, lakes.body(lakes.week_of(date(2026, 7, 13), {"openai/osprey": 5})))
    lakes.publish(settings)
    assert told(settings)["warehouse"] == [f"{settings.warehouse} holds {first}: run it again"]


def test_simulated_figures_are_told_as_such(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    body = lakes.simulated(date(2026, 3, 2), date(2026, 3, 8), lakes.at(date(2026, 4, 1)))
    lakes.land_bytes(settings, body, origin="simulated")
    lakes.publish(settings)
    text = "\n".join(lines(settings))
    assert "(simulated figures)" in text
    assert "SIMULATED figures" in text
    assert "OpenRouter" not in text


def test_a_release_without_rows_is_told(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.bring(settings, lakes.write(tmp_path, "part.json", lakes.body(DAYS), modality="text"))
    found = told(settings)
    assert found["captures"] == ["1 in raw/, 0 not published"]
    assert found["weeks"] == ["none"]
    assert found["complete"] == ["up to the week of none"]


def test_looking_changes_nothing(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, lakes.body(DAYS), b"<html>")
    lakes.publish(settings)
    before = lakes.objects(settings)
    told(settings)
    assert lakes.objects(settings) == before
