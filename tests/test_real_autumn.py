"""The real week of 2026-09-28: who leads depends on who is behind one cloaked model, and that is said."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.lake.query import Found, Selection, select
from flows.settings import Settings
from tests.support import lakes

WEEK = date(2026, 9, 28)
BUNNY = "stealth/space-bunny-alpha"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Settings:
    settings = lakes.on_disk(tmp_path_factory.mktemp("autumn"))
    lakes.bring(settings, shared_data / "autumn")
    return settings


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Settings:
    """The same answers with a folder of an operator who is surer of the cloaked model and has the new authors."""
    folder = tmp_path_factory.mktemp("raised")
    (folder / "reference").mkdir()
    (folder / "reference" / "overrides.csv").write_text(
        "permaslug,kind,organisation,known_from,confidence,reason,evidence\n"
        f"{BUNNY},reveal,minimax,2026-10-20,reported,We asked around.,Two people who know.\n"
    )
    (folder / "reference" / "authors.csv").write_text(
        "author,kind,organisation,reason\n"
        "typesafe,organisation,our-typesafe,Typesafe publishes its models so.\n"
        "dots-studio,organisation,our-dots,The lab publishes its models so.\n"
    )
    (folder / "reference" / "organisations.csv").write_text(
        "organisation,name,country_code,reason,evidence\n"
        "our-typesafe,Typesafe,US,It sits in San Francisco.,Its site.\n"
        "our-dots,Dots,CN,It sits in Shanghai.,Its site.\n"
    )
    settings = replace(lakes.on_disk(folder), reference=folder / "reference")
    lakes.bring(settings, shared_data / "autumn")
    return settings


def rows(settings: Settings, name: str, knowledge: str = "now", method: str = "all_models") -> Found:
    values = {"knowledge": knowledge, "method": method}
    return select(settings, name, Selection(WEEK, WEEK, values))


def trillions(found: Found) -> dict[str, float]:
    tokens = dict(found.rows.select("country_code", "tokens").iter_rows())
    return {code: round(tokens[code] / 10**12, 3) for code in ("CN", "US", "ZZ")}


@pytest.mark.parametrize("knowledge", ["then", "now"])
def test_as_shipped_the_lead_is_not_certain(settings: Settings, knowledge: str) -> None:
    found = rows(settings, "country_week", knowledge)
    assert trillions(found) == {"CN": 76.394, "US": 39.867, "ZZ": 48.708}
    lead = rows(settings, "country_lead_week", knowledge)
    assert lead.rows.select("leader", "lead_certain").rows() == [("CN", False)]
    (line,) = [note for note in lead.notes if "depends on" in note]
    assert line == (
        f"Week of 2026-09-28: CN's lead is not certain under all_models ({knowledge}); "
        f"it depends on who is behind the cloaked model {BUNNY} (38.661T)."
    )
    assert line in found.notes


def test_ways_that_depend_on_the_same_model_are_told_in_one_line(settings: Settings) -> None:
    found = select(settings, "country_lead_week", Selection(WEEK, WEEK))
    (line,) = [note for note in found.notes if "depends on" in note]
    assert "all_models (then/now)" in line
    certain = found.rows.filter(found.rows["lead_certain"])["method"]
    assert "all_models" not in set(certain)
    for method in set(certain):
        assert f"{method} (then/now)" not in line


def test_with_the_cloaked_model_reported_the_lead_is_certain(raised: Settings) -> None:
    found = rows(raised, "country_week")
    assert trillions(found) == {"CN": 115.056, "US": 39.867, "ZZ": 10.046}
    lead = rows(raised, "country_lead_week")
    assert lead.rows.select("leader", "lead_certain").rows() == [("CN", True)]
    assert not [note for note in (*found.notes, *lead.notes) if "depends on" in note]


def test_what_became_known_later_was_not_known_then(raised: Settings) -> None:
    assert trillions(rows(raised, "country_week", "then")) == {"CN": 76.394, "US": 39.867, "ZZ": 48.708}


def test_the_rows_still_sum_to_the_source(settings: Settings, raised: Settings) -> None:
    for each in (settings, raised):
        models = select(each, "model_week", Selection(WEEK, WEEK))
        assert rows(each, "country_week").rows["tokens"].sum() == models.rows["tokens"].sum()
