"""What was checked, as a page: whole without a network, and safe whatever a value holds."""

import subprocess
from datetime import date
from pathlib import Path
from shutil import which
from typing import Any

import polars as pl
import pytest

import flows.pipeline.validate
from flows.lake.lake import open_lake
from flows.pipeline.data_docs import Checked, page, sections
from flows.pipeline.run import raw_to_warehouse
from flows.storage.object_store import S3Options
from flows.storage.open import open_store
from schemas import COUNTRY_WEEK, DRIFT_WEEK, RANKING_ENTRY
from tests.support import lakes

pytestmark = [lakes.GREAT_EXPECTATIONS, pytest.mark.slow]

HOSTILE = "<img/src=x/onerror=document.title='owned'>${x}</p><script>document.title='owned'</script>"
BROWSER = which("chromium")


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a table whose rows fail every check with a hostile value."""
    from flows.pipeline.validate import _failures, _pandas

    row: dict[str, Any] = dict.fromkeys(DRIFT_WEEK.names) | {
        "week_start": date(2026, 7, 6),
        "measure": HOSTILE,
        "subject": HOSTILE,
        "value": 9.0,
        "usual_high": 1.0,
        "status": HOSTILE,
        "as_of": lakes.at(date(2026, 7, 20)),
    }
    frame = pl.DataFrame([row], schema=DRIFT_WEEK.polars_schema(), orient="row")
    store = open_store(f"file://{tmp_path_factory.mktemp('lake')}", S3Options())
    found, result = _failures(_pandas(), store, DRIFT_WEEK, frame)
    assert len(found) == 3
    told = tuple((each.severity, each.problem) for each in found)
    return page(
        [Checked(DRIFT_WEEK.name, told, 3, sections(result)), Checked(HOSTILE, ((HOSTILE, HOSTILE),))]
    )


def test_no_value_is_ever_markup(hostile_page: str) -> None:
    for sign in ("<img", "<script", "onerror=document.title='"):
        assert sign not in hostile_page
    assert "&lt;img/src=x" in hostile_page


def test_nothing_comes_from_elsewhere(hostile_page: str) -> None:
    for sign in ("http://", "https://", "<script", "<link", 'src="', "@import", "url("):
        assert sign not in hostile_page
    assert "Content-Security-Policy\" content=\"default-src 'none'" in hostile_page


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_a_browser_shows_it_and_runs_nothing(hostile_page: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(hostile_page)
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
    ]
    shown = subprocess.run(
        [str(BROWSER), *options, f"--user-data-dir={tmp_path}/profile", "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert "<title>Token Standings: what was checked</title>" in shown
    assert "<details open" in shown
    assert "document.title='owned'&lt;/script&gt;" in shown


def test_a_release_has_the_page_of_its_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows.pipeline.validate, "TABLES", (RANKING_ENTRY, COUNTRY_WEEK, DRIFT_WEEK))
    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, lakes.body(lakes.week_of(date(2026, 7, 6), {"openai/osprey": 5})))
    raw_to_warehouse(settings, lakes.not_loading)
    docs = lakes.manifest_of(settings).docs
    assert docs is not None
    text = open_lake(settings).get(docs).decode()
    for name in ("captures", "ranking_entry", "country_week", "drift_week"):
        assert f"<summary>{name}: no findings in " in text
    assert "values must belong to this set" in text
