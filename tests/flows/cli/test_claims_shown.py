"""`standings claims` as a person reads it: every claim with outlet, date and link, in eighty columns."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from flows.cli.main import cli
from flows.cli.render import CLAIMS_WIDTH, claims_text
from flows.lake.query import Selection, select
from flows.settings import Settings
from tests.support import lakes

JUNE = date(2026, 6, 1)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Settings:
    settings = lakes.on_disk(tmp_path_factory.mktemp("claims"))
    lakes.bring(settings, shared_data / "responses")
    return settings


def run(settings: Settings, *arguments: str) -> Result:
    environment = {"STANDINGS_LAKE": settings.lake, "STANDINGS_WAREHOUSE": str(settings.warehouse)}
    return CliRunner().invoke(cli, ["claims", *arguments], env=environment)


def shown(settings: Settings, *arguments: str) -> str:
    ran = run(settings, *arguments)
    assert ran.exit_code == 0, ran.output
    return ran.output


def rows(settings: Settings) -> pl.DataFrame:
    return select(settings, "claims", Selection()).rows


def told(text: str) -> list[str]:
    """The ids of the claims that are shown."""
    block = text.split("\n\n")[0]
    return [line.split()[0] for line in block.splitlines()[1:] if not line.startswith(" ")]


@pytest.mark.parametrize("arguments", [[], ["--all"], ["--week", "2026-06-03"], ["--outlet", "nbd"]])
def test_no_line_is_longer_than_eighty_columns(settings: Settings, arguments: list[str]) -> None:
    arguments = [each.replace("nbd", "National Business Daily") for each in arguments]
    assert CLAIMS_WIDTH == 80
    assert max(map(len, shown(settings, *arguments).splitlines())) <= 80


def test_all_of_them_are_shown_with_outlet_date_and_link(settings: Settings) -> None:
    text, claims = shown(settings, "--all"), rows(settings)
    assert told(text) == claims["claim"].to_list()
    assert len(told(text)) == 96
    joined = text.replace("\n    ", "")
    for row in claims.rows(named=True):
        linked = row["source"].startswith("http")
        block = claims_text(pl.DataFrame([row], schema=claims.schema)).replace("\n    ", " ")
        assert row["outlet"] in block
        assert row["published"] is None or row["published"] in block
        assert (row["source"].replace("-", "") in joined.replace("-", "")) or not linked
        assert ("no link was printed" in block) == (not linked)
        assert ("no week was printed" in block) == (row["basis"] in ("week inferred", "no week"))


def test_claims_without_data_are_left_out_unless_they_are_asked_for(settings: Settings) -> None:
    without = rows(settings).filter(verdict="no data").height
    assert 0 < without < 96
    assert len(told(shown(settings))) == 96 - without
    assert f"{without} claims without data are left out (--all)" in shown(settings)
    assert "left out" not in shown(settings, "--all")


def test_a_week_is_any_of_its_days(settings: Settings) -> None:
    expected = rows(settings).filter(week_start=JUNE)["claim"].to_list()
    for day in ("2026-06-01", "2026-06-07"):
        assert told(shown(settings, "--week", day)) == expected
    assert "no data" in shown(settings, "--week", "2026-09-21")


def test_an_outlet_is_found_by_a_part_of_its_name(settings: Settings) -> None:
    expected = (
        rows(settings).filter(pl.col("outlet").str.contains("National Business Daily"))["claim"].to_list()
    )
    assert told(shown(settings, "--outlet", "business daily")) == expected
    assert told(shown(settings, "--outlet", "business daily", "--week", "2026-09-07")) == [
        "2026-09-07-cn-streak-nbd"
    ]


def test_an_outlet_that_printed_nothing_is_refused_with_those_that_did(settings: Settings) -> None:
    problem = str(run(settings, "--outlet", "The Daily Planet").exception)
    assert problem.startswith("no claim was printed by 'The Daily Planet': there are ")
    assert "Bloomberg and UBS" in problem


@pytest.mark.parametrize(
    ("claim", "printed", "ours"),
    [
        ("2026-06-01-world-tokens-digest", "36.100T", "36.135T"),
        ("2026-05-25-cn-share-adyog", "45%", "44.85%"),
        ("2026-06-29-cn-streak-tongbi", "10 wk", "6 wk"),
        ("2026-09-14-cn-us-ratio-10jqka", "4.7x", "-"),
        ("2026-06-01-v4-flash-digest", "3.690T", "3.685T"),
    ],
)
def test_a_figure_is_in_its_own_unit(settings: Settings, claim: str, printed: str, ours: str) -> None:
    (line,) = [line for line in shown(settings, "--all").splitlines() if line.startswith(f"{claim} ")]
    assert line.removeprefix(claim).strip().startswith(printed)
    assert ours in line.removeprefix(claim).replace(printed, "", 1)
