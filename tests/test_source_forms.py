"""Forms of an answer that people really have: small inputs beside the checkout, each with what is right."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from schemas.reference import load
from tests import test_real_captures
from tests.test_real_captures import Tables, tables, tokens
from transforms.parse import Unreadable, parse

WEEK = date(2026, 9, 28)
NEWER = ("typesafe", "dots-studio")
"""Authors of that week of whom nothing was known when the cases' figures were written down."""


@pytest.fixture(autouse=True)
def _facts_of_the_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference facts that the cases' figures were made with."""

    def without_newer_authors() -> object:
        facts = load()
        return replace(facts, authors=facts.authors.filter(~pl.col("author").is_in(NEWER)))

    monkeypatch.setattr(test_real_captures, "load", without_newer_authors)


@pytest.fixture
def case(shared_data: Path) -> Callable[[str], Path]:
    """The one input of a case."""

    def path(name: str) -> Path:
        (found,) = (shared_data.parents[1] / "cases" / name).glob("*.json")
        return found

    return path


@pytest.fixture
def whole(shared_data: Path, tmp_path: Path) -> Path:
    """The week's own rows as the API's JSON."""
    (source,) = (each for each in (shared_data / "autumn").glob("*.json") if "request" not in each.name)
    content = json.loads(source.read_text())
    content["data"] = [row for row in content["data"] if row["date"] <= "2026-10-04"]
    content["meta"]["end_date"] = "2026-10-04"
    path = tmp_path / "week.json"
    path.write_text(json.dumps(content))
    return path


def trillions(found: Tables, method: str) -> dict[str, float]:
    """The largest three of a week's rows."""
    counts = tokens(found, WEEK, method, "now")
    return {code: round(counts[code] / 1e12, 3) for code in ("CN", "US", "ZZ")}


def refusal(path: Path, period: str = "day") -> str:
    with pytest.raises(Unreadable) as caught:
        parse(path.read_bytes(), period)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize("name", ["asof-offset0", "ints"])
def test_another_form_of_the_same_answer_gives_the_same_figures(
    name: str, case: Callable[[str], Path], whole: Path
) -> None:
    found, expected = tables([case(name)]), tables([whole])
    assert trillions(found, "all_models") == {"CN": 76.015, "US": 36.767, "ZZ": 52.187}
    for table in ("country_week", "country_lead_week", "model_week"):
        columns = [column for column in expected[table].columns if column not in ("as_of", "status")]
        assert found[table].select(columns).equals(expected[table].select(columns)), table


def test_numbers_with_blanks_around_them_are_refused_with_row_and_field(case: Callable[[str], Path]) -> None:
    message = refusal(case("num-space"))
    assert message == "row 1: total_tokens '4321096612883' has blanks around it: take them away"


def test_the_rest_by_another_name_is_refused_with_its_own(
    case: Callable[[str], Path], tmp_path: Path
) -> None:
    path = case("chart-others-capital")
    message = refusal(path, "week")
    assert message == 'row 10: model_permaslug "Others" is not a model\'s name: the rest is called "other"'
    mended = tmp_path / "mended.json"
    mended.write_text(path.read_text().replace('"Others"', '"other"'))
    mended.with_name("mended.json.request.json").write_text('{"period": "week", "origin": "chart"}')
    assert trillions(tables([mended]), "top9_named") == {"CN": 57.469, "US": 16.204, "ZZ": 38.661}


def test_a_name_without_its_author_is_refused(case: Callable[[str], Path]) -> None:
    message = refusal(case("slug-noslash"))
    assert message.startswith(
        'row 37: model_permaslug "gpt-oss-120b" is not a model\'s name: name the author'
    )


def test_a_list_of_authors_is_refused(case: Callable[[str], Path]) -> None:
    message = refusal(case("market-share-by-author"), "week")
    assert message.startswith('row 1: model_permaslug "stealth" is not a model\'s name: name the author too')
    assert message.endswith("a list of authors cannot be counted")


def test_an_author_in_another_case_counts_for_the_same_country(
    case: Callable[[str], Path], whole: Path
) -> None:
    found, expected = tables([case("slug-capital")]), tables([whole])
    names = [
        models.filter(author="qwen", country_code="CN")["model_permaslug"].to_list()
        for models in (found["model_week"], expected["model_week"])
    ]
    assert "Qwen/Qwen3.8-27B" in names[0]
    assert len(names[0]) == len(names[1])
    for method in ("all_models", "named_only", "paid_only", "top9_named", "author_chart"):
        for knowledge in ("then", "now"):
            assert tokens(found, WEEK, method, knowledge) == tokens(expected, WEEK, method, knowledge)


def test_a_cloaked_model_without_a_price_does_not_count_as_paid(case: Callable[[str], Path]) -> None:
    found = tables([case("paid-only-stealth")])
    listed = dict(found["model_week"].select("model_permaslug", "tokens").rows())
    bunny = listed["stealth/space-bunny-alpha"]
    assert round(bunny / 1e12, 3) == 38.661
    for knowledge in ("then", "now"):
        everything, paid = (tokens(found, WEEK, method, knowledge) for method in ("all_models", "paid_only"))
        free = sum(count for name, count in listed.items() if name.endswith(":free"))
        assert sum(everything.values()) - sum(paid.values()) == bunny + free
    assert round(paid["ZZ"] / 1e12, 3) == 13.146
    rows = found["country_week"].filter(method="paid_only", knowledge="now", country_code="US")
    (states,) = rows.rows(named=True)
    total = sum(paid.values())
    assert (states["share_lo"], states["share_hi"]) == (
        paid["US"] / total,
        (paid["US"] + paid["ZZ"]) / total,
    )
    assert round(states["share_lo"], 3) == 0.247
