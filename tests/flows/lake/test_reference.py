"""What an operator changes of the reference facts is said wherever a figure shows, and is never reverted unawares."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows import maintenance
from flows.cli.main import cli
from flows.lake.query import Selection, select
from flows.lake.reader import operator_notes
from flows.lake.reference import ensure_operator
from flows.monitoring.status import lines
from flows.pipeline import describe
from flows.pipeline.run import Outcome
from flows.settings import Settings
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = pytest.mark.slow

MONDAY = date(2026, 6, 29)
MODELS = {"openai/a": 60, "z-ai/b": 40, "openrouter/sonoma-dusk-alpha": 7}
BODY = lakes.body(lakes.week_of(MONDAY, MODELS))
AS_OF = datetime(2026, 8, 2, tzinfo=UTC)
CHANGED = "attribution changed by the operator: 1 organisation"

MOVED = "organisation,name,country_code,reason,evidence\nopenai,OpenAI,FR,We say that it moved.,Our word.\n"
CLAIM = (
    "claim,week_start,country_code,metric,tokens,wording,source,basis\n"
    "ours,2026-06-29,CN,tokens,280,Two hundred and eighty.,https://example.org/a,stated\n"
)


def operators(home: Path) -> Path:
    made = home / "reference"
    made.mkdir()
    (made / "organisations.csv").write_text(MOVED)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return operators(tmp_path)


@pytest.fixture
def ours(tmp_path: Path) -> Settings:
    return lakes.on_disk(tmp_path)


Published = Callable[..., Settings]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Lakes that were published once and are only to be copied: with an operator's folder or not, and so sure."""

    @cache
    def made(folder: bool = False, **sure: str) -> Settings:
        home = tmp_path_factory.mktemp("published")
        settings = replace(lakes.on_disk(home), reference=operators(home) if folder else None, **sure)
        lakes.land_bytes(settings, BODY)
        lakes.publish(settings)
        return settings

    return made


def copied(settings: Settings, ours: Settings) -> None:
    source, target = (Path(each.lake.removeprefix("file://")) for each in (settings, ours))
    shutil.copytree(source, target)


@pytest.fixture
def settings(published: Published, ours: Settings, folder: Path) -> Settings:
    """A lake that was published with the operator's folder."""
    copied(published(folder=True), ours)
    return replace(ours, reference=folder)


@pytest.fixture
def plain(published: Published, ours: Settings) -> Settings:
    """A lake that was published without a folder."""
    copied(published(), ours)
    return ours


@pytest.fixture
def unsure(published: Published, ours: Settings) -> Settings:
    """A lake that was published with circumstantial reveals."""
    copied(published(minimum_confidence="circumstantial"), ours)
    return replace(ours, minimum_confidence="circumstantial")


def leader(settings: Settings, selection: Selection | None = None) -> str:
    rows = select(settings, "country_lead_week", selection or Selection()).rows
    (code,) = set(rows.filter(method="all_models", knowledge="now")["leader"])
    return str(code)


def run(settings: Settings, *arguments: str) -> str:
    environment = {"STANDINGS_LAKE": settings.lake, "STANDINGS_WAREHOUSE": str(settings.warehouse)}
    if settings.reference:
        environment["STANDINGS_REFERENCE"] = str(settings.reference)
    ran = CliRunner().invoke(cli, arguments, env=environment, catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.output


# It is said


@pytest.mark.parametrize(
    "name", ["country_week", "country_lead_week", "model_week", "attribution", "week_coverage"]
)
def test_it_is_said_under_every_table(settings: Settings, name: str) -> None:
    found = select(settings, name, Selection())
    assert CHANGED in found.notes
    assert found.metadata["operator"] == CHANGED
    assert CHANGED in run(replace(settings, reference=None), "table", name).splitlines()


def test_it_is_said_in_csv_and_json(settings: Settings) -> None:
    csv = run(settings, "table", "country_week", "--format", "csv", "--citation")
    assert f"# operator: {CHANGED}" in csv.splitlines()
    out = run(settings, "table", "country_week", "--format", "json", "--citation", "--output", "/dev/stdout")
    assert CHANGED in out
    found = select(settings, "country_week", Selection())
    assert json.loads(json.dumps(found.metadata))["operator"] == CHANGED


def test_it_is_said_by_status_and_in_the_descriptions_of_the_release(settings: Settings) -> None:
    assert f"operator   {CHANGED}" in list(lines(settings))
    assert describe.described(lakes.manifest_of(settings)).description.endswith(f"A{CHANGED[1:]}.")


def test_nothing_is_said_where_nothing_was_changed(plain: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for settings in (plain, replace(plain, reference=empty)):
        if settings.reference:
            lakes.publish(settings)
        found = select(settings, "country_week", Selection())
        assert "operator" not in found.metadata
        assert not [note for note in found.notes if "operator" in note]
        assert not [line for line in lines(settings) if "by the operator" in line]


def test_each_kind_of_change_is_counted(ours: Settings, folder: Path) -> None:
    (folder / "authors.csv").write_text(
        "author,kind,organisation,reason\nnew-a,organisation,openai,Why.\nnew-b,organisation,openai,Why.\n"
    )
    (folder / "claims.csv").write_text(CLAIM)
    settings = replace(ours, reference=folder, minimum_confidence="circumstantial")
    lakes.land_bytes(settings, BODY)
    lakes.publish(settings)
    attribution = (
        "attribution changed by the operator: 1 organisation, 2 authors, minimum confidence circumstantial"
    )
    assert operator_notes(lakes.manifest_of(settings)) == (
        attribution,
        "printed figures changed by the operator: 1 claim",
    )
    assert "printed figures changed by the operator: 1 claim" in select(settings, "claims", Selection()).notes
    assert select(settings, "country_week", Selection()).metadata["operator"] == attribution


def test_the_operators_reason_is_in_attribution(settings: Settings) -> None:
    rows = select(settings, "attribution", Selection()).rows.filter(model_permaslug="openai/a")
    assert all(reason.endswith(" We say that it moved.") for reason in rows["reason"])
    assert set(rows["country_code"]) == {"FR"}


# --as-of


def test_as_of_counts_with_the_facts_of_the_release(settings: Settings) -> None:
    found = select(settings, "country_lead_week", Selection(as_of=AS_OF))
    assert leader(settings, Selection(as_of=AS_OF)) == leader(settings) == "FR"
    assert CHANGED in found.notes


def test_as_of_without_the_folder_is_refused(settings: Settings, ours: Settings) -> None:
    assert leader(ours) == "FR"
    with pytest.raises(
        StandingsError, match="set STANDINGS_REFERENCE to the folder that it was published with"
    ):
        leader(ours, Selection(as_of=AS_OF))


def test_as_of_with_a_folder_that_was_not_there_is_refused(plain: Settings, folder: Path) -> None:
    assert leader(plain, Selection(as_of=AS_OF)) == "US"
    with pytest.raises(StandingsError, match="or run `standings rebuild` with this one"):
        leader(replace(plain, reference=folder), Selection(as_of=AS_OF))


def test_as_of_takes_the_confidence_of_the_release(unsure: Settings, ours: Settings) -> None:
    unattributed = {"country_code": "ZZ", "method": "all_models", "knowledge": "now"}
    for each in (unsure, ours):
        rows = select(each, "country_week", Selection(values=dict(unattributed), as_of=AS_OF)).rows
        assert rows["tokens"].to_list() == [0]


# It is not reverted


def rebuild(settings: Settings) -> None:
    maintenance.rebuild(settings, lakes.unchecked)


@pytest.mark.parametrize("publish", [lakes.publish, rebuild], ids=["publish", "rebuild"])
def test_a_run_without_the_folder_stops_and_changes_nothing(
    settings: Settings, ours: Settings, publish: Callable[[Settings], object]
) -> None:
    before = lakes.manifest_of(settings)
    lakes.land_bytes(ours, lakes.body(lakes.week_of(date(2026, 7, 6), MODELS)))
    with pytest.raises(StandingsError) as caught:
        publish(ours)
    told = str(caught.value)
    assert "set STANDINGS_REFERENCE to the folder" in told
    assert "standings rebuild --without-operator" in told
    assert "\n" not in told
    assert lakes.manifest_of(settings) == before
    publish(settings)
    assert len(lakes.manifest_of(settings).captures) == 2


def test_a_run_without_the_confidence_stops(unsure: Settings, ours: Settings) -> None:
    with pytest.raises(StandingsError, match="set STANDINGS_MINIMUM_CONFIDENCE=circumstantial, or"):
        lakes.publish(ours)
    lakes.publish(replace(ours, minimum_confidence="confirmed"))


def test_a_changed_folder_is_published(settings: Settings, folder: Path) -> None:
    (folder / "organisations.csv").write_text(MOVED.replace("FR", "CA"))
    again = replace(settings, reference=folder.rename(folder.with_name("renamed")))
    lakes.publish(again)
    assert leader(again) == "CA"


def test_the_operators_facts_are_let_go_on_purpose(settings: Settings, ours: Settings) -> None:
    changed, _ = maintenance.rebuild(ours, lakes.unchecked, without_operator=True)
    assert any(line.startswith("country_week: weeks 1 other") for line in changed)
    assert leader(ours) == "US"
    assert operator_notes(lakes.manifest_of(ours)) == ()
    lakes.publish(ours)


def test_an_empty_folder_lets_them_go_too(settings: Settings, ours: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    lakes.publish(replace(ours, reference=empty))
    assert leader(ours) == "US"
    lakes.publish(ours)


def test_facts_that_change_no_row_are_on_record_and_can_be_let_go(
    plain: Settings, ours: Settings, folder: Path
) -> None:
    """The tables are the same bytes with and without the folder; what the release says of it is not."""
    (folder / "organisations.csv").write_text(MOVED.replace("openai,OpenAI", "mistral,Mistral AI"))
    lakes.publish(replace(ours, reference=folder))
    assert operator_notes(lakes.manifest_of(ours)) == (CHANGED,)
    with pytest.raises(StandingsError):
        lakes.publish(ours)
    maintenance.rebuild(ours, lakes.unchecked, without_operator=True)
    assert operator_notes(lakes.manifest_of(ours)) == ()


def test_a_release_that_does_not_say_what_was_changed_counts_as_changed(
    settings: Settings, ours: Settings
) -> None:
    manifest = lakes.manifest_of(settings)
    old = {name: manifest.reference[name] for name in ("sha256", "operator_sha256", "minimum_confidence")}
    with pytest.raises(StandingsError, match="facts of the operator's"):
        ensure_operator(ours, replace(manifest, reference=old))
    ensure_operator(ours, replace(manifest, reference=old | {"operator_sha256": None}))


@pytest.mark.parametrize(("arguments", "expected"), [([], False), (["--without-operator"], True)])
def test_the_command_line_lets_them_go_only_where_it_is_told_to(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: bool
) -> None:
    asked = []

    def rebuild(_: Settings, without_operator: bool = False) -> tuple[list[str], Outcome]:
        asked.append(without_operator)
        return [], Outcome("a release", ())

    monkeypatch.setattr(maintenance, "rebuild", rebuild)
    assert "nothing came out otherwise" in run(settings, "rebuild", *arguments)
    assert asked == [expected]
