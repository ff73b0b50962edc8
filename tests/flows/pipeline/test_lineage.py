"""Lineage: events that the standard's own classes take, true to the manifest, and never a release's undoing."""

import json
import logging
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import attr
import pytest
from click.testing import CliRunner
from openlineage.client import event_v2 as standard
from openlineage.client import facet_v2
from openlineage.client.serde import Serde

from flows.cli.main import cli
from flows.lake.lake import open_lake
from flows.lake.manifest import Manifest, read_manifest
from flows.pipeline import lineage
from flows.pipeline.lineage import PARTS, events, tell
from flows.settings import Settings
from schemas import COUNTRY_WEEK
from schemas.errors import StandingsError
from tests.support import lakes
from tests.support.servers import listener

pytestmark = pytest.mark.slow

MONDAY = date(2026, 7, 6)
MODELS = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7_000_000}

Releases = tuple[Manifest, Manifest]

CLASSES: dict[str, Any] = {
    "dataSource": facet_v2.datasource_dataset.DatasourceDatasetFacet,
    "documentation": facet_v2.documentation_dataset.DocumentationDatasetFacet,
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "symlinks": facet_v2.symlinks_dataset.SymlinksDatasetFacet,
    "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
    "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One week, published, and then a further week after it. No test writes to it."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("lineage"))
    for monday in (MONDAY, MONDAY + timedelta(days=7)):
        lakes.land_bytes(settings, lakes.body(lakes.week_of(monday, MODELS)))
        lakes.publish(settings)
    return settings


@pytest.fixture(scope="module")
def releases(settings: Settings) -> Releases:
    """The first release, and the one with a further week after it."""
    after = lakes.manifest_of(settings)
    return read_manifest(open_lake(settings), str(after.previous)), after


def facet(name: str, told: dict[str, Any]) -> Any:
    """A facet as the standard's class, which takes no field that it does not know."""
    from openlineage.client.generated import lineage as lineage_facets
    from openlineage.client.generated.schema_dataset import SchemaDatasetFacetFields
    from openlineage.client.generated.symlinks_dataset import Identifier

    content = {key: value for key, value in told.items() if not key.startswith("_")}
    inner = {"fields": SchemaDatasetFacetFields, "identifiers": Identifier}
    if name == "lineage":
        made = lineage_facets.LineageDatasetFacet(
            inputs=[lineage_facets.LineageDatasetInput(**each) for each in content.pop("inputs")], **content
        )
    else:
        for key, kind in inner.items():
            if key in content:
                content[key] = [kind(**each) for each in content[key]]
        made = CLASSES[name](**content)
    made._producer = told["_producer"]
    assert made._get_schema() == told["_schemaURL"]
    return made


def facets(told: dict[str, Any]) -> dict[str, Any]:
    return {name: facet(name, each) for name, each in told.items() if name != PARTS}


def as_the_standard_reads(told: dict[str, Any]) -> dict[str, Any]:
    """An event through the standard's own classes and back, our own facet left out."""
    run, job = told["run"], told["job"]
    event = standard.RunEvent(
        eventType=standard.RunState[told["eventType"]],
        eventTime=told["eventTime"],
        producer=told["producer"],
        run=standard.Run(runId=run["runId"], facets=facets(run["facets"])),
        job=standard.Job(namespace=job["namespace"], name=job["name"], facets=facets(job["facets"])),
        inputs=[
            standard.InputDataset(each["namespace"], each["name"], facets=facets(each["facets"]))
            for each in told["inputs"]
        ],
        outputs=[
            standard.OutputDataset(
                each["namespace"],
                each["name"],
                facets=facets(each["facets"]),
                outputFacets=facets(each["outputFacets"]),
            )
            for each in told["outputs"]
        ],
    )
    assert attr.has(type(event))
    return dict(Serde.to_dict(event))


def without_empty(told: Any) -> Any:
    """What the standard's classes add for themselves is empty."""
    if isinstance(told, dict):
        kept = {key: without_empty(each) for key, each in told.items() if key != PARTS}
        return {key: each for key, each in kept.items() if each not in ({}, [], None)}
    return [without_empty(each) for each in told] if isinstance(told, list) else told


def test_the_standard_s_own_classes_take_every_event_as_it_is(settings: Settings, releases: Releases) -> None:
    before, after = releases
    store = open_lake(settings)
    for told in (*events(store, None, before), *events(store, before, after)):
        assert without_empty(as_the_standard_reads(told)) == without_empty(told)
        assert told["schemaURL"] == standard.RunEvent._get_schema()


def test_every_part_leads_to_exactly_the_answers_that_it_came_from(
    settings: Settings, releases: Releases
) -> None:
    before, after = releases
    _, complete = events(open_lake(settings), before, after)
    told = {part["key"]: part for each in complete["outputs"] for part in each["facets"][PARTS]["parts"]}
    held = {each.key for _, _, each in before.partitions()}
    assert told.keys() == {each.key for _, _, each in after.partitions()} - held
    bodies = {capture.key.sha256: capture.key.body for capture in after.captures}
    for _, week, each in after.partitions():
        if each.key in told:
            assert told[each.key]["inputs"] == sorted(bodies[source] for source in each.sources)
            assert told[each.key]["week"] == str(week)
            assert (told[each.key]["rows"], told[each.key]["bytes"]) == (each.rows, each.bytes)
    assert [each["name"] for each in complete["inputs"]] == sorted(
        {key for part in told.values() for key in part["inputs"]}
    )


def test_a_table_is_told_with_its_columns_and_what_was_written_of_it(
    settings: Settings, releases: Releases
) -> None:
    release, _ = releases
    start, complete = events(open_lake(settings), None, release)
    (table,) = [each for each in complete["outputs"] if each["name"] == "parts/country_week"]
    assert [each["name"] for each in table["facets"]["schema"]["fields"]] == COUNTRY_WEEK.names
    (part,) = release.tables["country_week"].values()
    statistics = table["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"], statistics["fileCount"]) == (part.rows, part.bytes, 1)
    assert table["facets"]["version"]["datasetVersion"] == release.release
    assert table["facets"]["symlinks"]["identifiers"][0]["name"] == "latest/country_week"
    assert "as of 2026-08-01T00:00:00Z" in table["facets"]["documentation"]["description"]
    assert (start["eventType"], complete["eventType"], start["run"]) == ("START", "COMPLETE", complete["run"])
    assert start["eventTime"] == complete["eventTime"] == release.published_at.isoformat()


def test_a_release_has_one_run_and_another_release_another(settings: Settings, releases: Releases) -> None:
    before, after = releases
    store = open_lake(settings)
    assert events(store, before, after) == events(store, before, after)
    runs = {told[0]["run"]["runId"] for told in (events(store, None, before), events(store, before, after))}
    assert len({UUID(run) for run in runs}) == 2


def test_the_command_prints_a_release_s_events(
    settings: Settings, releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = releases
    store = open_lake(settings)
    monkeypatch.setenv("STANDINGS_LAKE", settings.lake)

    def printed(*arguments: str) -> list[dict[str, Any]]:
        ran = CliRunner().invoke(cli, ["lineage", *arguments], catch_exceptions=False)
        return [json.loads(line) for line in ran.output.splitlines()]

    assert printed() == list(events(store, before, after))
    assert printed(before.release) == list(events(store, None, before))
    with pytest.raises(StandingsError, match="there is no release '000009-x'"):
        CliRunner().invoke(cli, ["lineage", "000009-x"], standalone_mode=False, catch_exceptions=False)


def with_lineage(settings: Settings, where: str) -> Settings:
    return Settings(lake=settings.lake, warehouse=settings.warehouse, lineage=where)


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_events_are_appended_to_a_file(
    settings: Settings, releases: Releases, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "some where" / "events.jsonl"
    told = with_lineage(settings, form.format(path))
    before, after = releases
    store = open_lake(settings)
    tell(told, store, None, before)
    tell(told, store, before, after)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == [*events(store, None, before), *events(store, before, after)]


def test_events_are_posted(settings: Settings, releases: Releases) -> None:
    store, (release, _) = open_lake(settings), releases
    with listener(201) as (url, heard):
        tell(with_lineage(settings, f"{url}/api/v1/lineage"), store, None, release)
    assert [(method, path) for method, path, _ in heard] == [("POST", "/api/v1/lineage")] * 2
    assert tuple(json.loads(body) for _, _, body in heard) == events(store, None, release)


def test_nothing_is_told_where_nobody_listens_or_nothing_changed(
    settings: Settings, releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, (release, _) = open_lake(settings), releases
    monkeypatch.setattr(lineage, "_send", lambda *_: pytest.fail("it was told"))
    tell(settings, store, None, release)
    tell(with_lineage(settings, str(tmp_path / "events.jsonl")), store, release, release)


@pytest.mark.parametrize(
    "where", ["http://127.0.0.1:9/hidden", "kafka://hidden/topic", "http://[hidden", "{}"]
)
def test_a_release_stands_whatever_becomes_of_its_events(
    settings: Settings, releases: Releases, tmp_path: Path, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    with caplog.at_level(logging.WARNING, "standings"):
        tell(
            with_lineage(settings, where.format(tmp_path)),
            open_lake(settings),
            None,
            releases[0],
        )
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "could not be told" in caplog.text
    assert "hidden" not in caplog.text


def test_a_listener_that_refuses_is_a_warning(
    settings: Settings, releases: Releases, caplog: pytest.LogCaptureFixture
) -> None:
    with listener(503) as (url, heard), caplog.at_level(logging.WARNING, "standings"):
        tell(with_lineage(settings, url), open_lake(settings), None, releases[0])
    assert len(heard) == 1
    assert "could not be told: STANDINGS_LINEAGE: answered 503" in caplog.text
