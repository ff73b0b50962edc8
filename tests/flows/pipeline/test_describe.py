"""What describes a release: true to it, taken by each format's own tool, and there for every release."""

import json
import logging
import runpy
import shutil
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.lake import descriptions, keys
from flows.lake.lake import open_lake
from flows.lake.reader import rows_of
from flows.monitoring.verify import unproven
from flows.pipeline import describe as metadata
from flows.pipeline.run import raw_to_warehouse
from flows.settings import Settings
from flows.storage.object_store import Store
from flows.storage.parquet import decode, encode
from schemas import COUNTRY_LEAD_WEEK, COUNTRY_WEEK, TABLES
from schemas.licence import CAVEAT, LICENCE_URL, SOURCE_URL
from schemas.projections.dictionary import dictionary
from schemas.table import Kind
from tests.support import lakes, servers

pytestmark = pytest.mark.slow

INFRA = Path(__file__).resolve().parents[3] / "infra"
MONDAY = date(2026, 11, 2)
REAL = date(2026, 7, 6)
NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
MODELS = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7_000_000}


def describe(settings: Settings) -> None:
    metadata.write(open_lake(settings), lakes.manifest_of(settings))


def undescribed(step: Callable[..., Any], /) -> Callable[..., Any]:
    return (lambda *_: None) if step.__name__ == "describe" else lakes.unchecked(step)


def wrong(settings: Settings) -> list[str]:
    store, manifest = open_lake(settings), lakes.manifest_of(settings)
    missing = descriptions.problems(store, manifest, [manifest.release])
    return [*map(str, unproven(store)), *(f"{store.url}/{key}: {problem}" for key, problem in missing)]


def content(settings: Settings, key: str) -> dict[str, Any]:
    return dict(json.loads(open_lake(settings).get(key)))


@contextmanager
def quiet() -> Iterator[None]:
    """The formats' tools warn of what is deprecated in what they are made of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two simulated weeks, published and described; no test changes them."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("described"))
    body = lakes.simulated(MONDAY, MONDAY + timedelta(days=13), NOW)
    lakes.land_bytes(settings, body, origin="simulated")
    lakes.publish(settings)
    describe(settings)
    return settings


@pytest.fixture
def real(tmp_path: Path) -> Settings:
    """One real week, published and described."""
    settings = lakes.on_disk(tmp_path)
    lakes.begun(settings, lakes.body(lakes.week_of(REAL, MODELS)), run=lakes.describing)
    return settings


def validate(folder: Path) -> Any:
    from frictionless import Package

    with quiet():
        return Package(str(folder / "datapackage.json")).validate()


def test_frictionless_finds_every_row_as_the_package_says(described: Settings) -> None:
    folder = Path(described.lake.removeprefix("file://"))
    report = validate(folder)
    assert report.valid, report.flatten(["name", "note"])
    manifest = lakes.manifest_of(described)
    read = {task.place: task.stats["rows"] for task in report.tasks if "rows" in task.stats}
    assert read == {each.key: each.rows for _, _, each in manifest.partitions()}


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("tokens", -1, "constraint-error"),
        ("country_code", "Narnia", "constraint-error"),
        ("method", "guessed", "constraint-error"),
        ("knowledge", "then", "primary-key"),
    ],
)
def test_frictionless_notices_rows_that_are_not_as_the_schema_says(
    described: Settings, tmp_path: Path, column: str, value: object, kind: str
) -> None:
    folder = Path(shutil.copytree(described.lake.removeprefix("file://"), tmp_path / "lake"))
    partition = lakes.manifest_of(described).tables["country_week"][MONDAY]
    rows = decode((folder / partition.key).read_bytes()).with_columns(
        pl.lit(value).cast(COUNTRY_WEEK.polars_schema()[column]).alias(column)
    )
    only = [
        each for each in content(described, "datapackage.json")["resources"] if each["path"] == partition.key
    ]
    (folder / partition.key).unlink()
    (folder / partition.key).write_bytes(encode(COUNTRY_WEEK, rows, {}))
    (folder / "datapackage.json").unlink()
    (folder / "datapackage.json").write_text(json.dumps({"name": "one", "resources": only}))
    assert kind in {error[0] for error in validate(folder).flatten(["type"])}


def test_mlcroissant_takes_it_and_reads_every_week(
    described: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with quiet():
        import mlcroissant

        dataset = mlcroissant.Dataset(jsonld=described.lake.removeprefix("file://") + "/croissant.json")
        assert not dataset.metadata.ctx.issues.errors
        # A licence is what simulated figures do not have.
        assert [each for each in dataset.metadata.ctx.issues.warnings if "license" not in str(each)] == []
        found = list(dataset.records("country_lead_week"))
    rows = rows_of(open_lake(described), lakes.manifest_of(described), COUNTRY_LEAD_WEEK)
    assert len(found) == rows.height == 2 * 10
    for record, row in zip(found, rows.iter_rows(named=True), strict=True):
        for column in COUNTRY_LEAD_WEEK.columns:
            value = record[f"country_lead_week/{column.name}"]
            if column.kind in (Kind.TEXT, Kind.INTEGER, Kind.FLAG):
                assert (value.decode() if isinstance(value, bytes) else value) == row[column.name]
    assert [record.getMessage() for record in caplog.records if "license" not in record.getMessage()] == []


def test_croissant_has_the_digest_and_the_size_of_every_part(described: Settings) -> None:
    data = content(described, "croissant.json")
    files = {each["@id"]: each for each in data["distribution"] if each["@type"] == "cr:FileObject"}
    manifest = lakes.manifest_of(described)
    assert {name: (each["sha256"], each["contentSize"]) for name, each in files.items()} == {
        each.key: (each.sha256, f"{each.bytes} B") for _, _, each in manifest.partitions()
    }
    sets = [each["includes"] for each in data["distribution"] if each["@type"] == "cr:FileSet"]
    assert sorted(path for paths in sets for path in paths) == sorted(files)


def test_both_cite_the_source_as_of_its_own_moment(real: Settings) -> None:
    manifest = lakes.manifest_of(real)
    package, croissant = (content(real, keys.newest(name)) for name in descriptions.DESCRIPTORS)
    line = (
        "Source: OpenRouter (openrouter.ai/rankings), as of 2026-08-01T00:00:00Z. Licensed under CC BY 4.0."
    )
    assert (package["citation"], croissant["citeAs"]) == (line, line)
    assert [each["path"] for each in package["licenses"]] == [croissant["license"]] == [LICENCE_URL]
    assert [(each["path"], each["version"]) for each in package["sources"]] == [
        (SOURCE_URL, "2026-08-01T00:00:00+00:00")
    ]
    assert CAVEAT in package["description"]
    assert CAVEAT in croissant["description"]
    risen = sum(table.version - 1 for table in TABLES)
    assert package["version"] == croissant["version"] == f"{1 + risen}.1.0"
    assert datetime.fromisoformat(croissant["datePublished"]) == manifest.published_at
    assert package["id"] == croissant["alternateName"] == manifest.release


def test_simulated_figures_carry_neither_the_source_s_name_nor_its_licence(described: Settings) -> None:
    for name in descriptions.DESCRIPTORS:
        data = content(described, keys.newest(name))
        assert not {"licenses", "license", "sources", "isBasedOn"} & data.keys()
        assert data.get("citation", data.get("citeAs")).startswith("SIMULATED")


def test_a_package_names_the_schema_of_every_table_and_the_dictionary(described: Settings) -> None:
    resources = content(described, "datapackage.json")["resources"]
    schemas = {each["name"].rsplit("-", 3)[0]: each["schema"] for each in resources if "schema" in each}
    for table in TABLES:
        if table.name in schemas:
            fields = content(described, schemas[table.name])["fields"]
            assert [each["name"] for each in fields] == table.names
            assert {each["name"]: each["unit"] for each in fields if "unit" in each} == {
                column.name: column.unit for column in table.columns if column.unit
            }
    words = open_lake(described).get(resources[0]["path"]).decode()
    manifest = lakes.manifest_of(described)
    assert manifest.release in words
    newest = max(manifest.tables["country_week"])
    assert f"| `week_start` | date |  |  |  | {COUNTRY_WEEK['week_start'].doc} | `{newest}` |" in words


def test_a_table_in_a_form_that_this_version_does_not_know_is_left_out(described: Settings) -> None:
    manifest = lakes.manifest_of(described)
    older = replace(manifest, schemas=manifest.schemas | {"country_week": 0})
    names = {table.name for table, _ in metadata.described(older).tables}
    assert {table.name for table in TABLES} - names == {"country_week"}


def test_every_release_keeps_its_own_and_the_usual_names_lead_to_the_newest(real: Settings) -> None:
    first = lakes.manifest_of(real)
    before = lakes.objects(real)
    lakes.land_bytes(real, lakes.body(lakes.week_of(REAL + timedelta(days=7), MODELS)))
    lakes.publish(real)
    describe(real)
    second, after = lakes.manifest_of(real), lakes.objects(real)
    assert second.previous == first.release
    for name in descriptions.DESCRIPTORS:
        assert after[keys.descriptor(name, first.release)] == before[keys.descriptor(name, first.release)]
        assert after[keys.newest(name)] == after[keys.descriptor(name, second.release)]
        assert after[keys.newest(name)] != before[keys.newest(name)]
    assert wrong(real) == []


def test_what_is_there_is_not_written_again(real: Settings) -> None:
    store = lakes.Wrapped(open_lake(real))
    for action in ("put", "put_once", "swap", "delete"):
        setattr(store, action, lambda *_: pytest.fail("it was written again"))
    metadata.write(store, lakes.manifest_of(real))  # type: ignore[arg-type]


def test_a_lake_in_a_bucket_is_described_too(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    bucket = f"lake-{uuid.uuid4().hex}"
    servers.make_bucket(request.getfixturevalue("s3_endpoint"), bucket)
    settings = lakes.settings(f"s3://{bucket}/lake", tmp_path, request)
    lakes.land_bytes(settings, lakes.body(lakes.week_of(REAL, MODELS)))
    raw_to_warehouse(settings, undescribed)
    assert len(wrong(settings)) == 4
    describe(settings)
    assert wrong(settings) == []


@pytest.mark.parametrize("which", ["release", "newest", "schema", "dictionary"])
@pytest.mark.parametrize("how", ["lost", "changed"])
def test_what_is_lost_or_changed_is_told_and_made_again(real: Settings, which: str, how: str) -> None:
    store, release = open_lake(real), lakes.manifest_of(real).release
    package = content(real, "datapackage.json")["resources"]
    key = {
        "release": keys.descriptor(keys.CROISSANT, release),
        "newest": keys.newest(keys.PACKAGE),
        "schema": package[1]["schema"],
        "dictionary": package[0]["path"],
    }[which]
    before = lakes.objects(real)
    if how == "changed":
        store.put(key, store.get(key).replace(b"a", b"e", 1))
        told = [line for line in wrong(real) if "its bytes are not" in line]
        assert {line.split(": ")[0] for line in told} >= {f"{store.url}/{key}"}
    store.delete(key)
    assert [line for line in wrong(real) if f"{store.url}/{key}: is missing" in line]
    describe(real)
    assert (lakes.objects(real), wrong(real)) == (before, [])


def test_a_release_that_was_never_described_is_told(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    lakes.land_bytes(settings, lakes.body(lakes.week_of(REAL, MODELS)))
    raw_to_warehouse(settings, undescribed)
    assert len([line for line in wrong(settings) if "is missing: run it again" in line]) == 4


def test_a_run_that_comes_late_leaves_the_newer_release_s_description(real: Settings) -> None:
    store, late = open_lake(real), lakes.manifest_of(real)
    for name in descriptions.DESCRIPTORS:
        store.delete(keys.newest(name))

    class Overtaken(lakes.Wrapped):
        """While a late run looks what is there, another publishes and describes a newer release."""

        done = False

        def get(self, key: str) -> bytes:
            found = store.get(key)
            if key == keys.POINTER and not self.done:
                self.done = True
                lakes.land_bytes(real, lakes.body(lakes.week_of(REAL + timedelta(days=7), MODELS)))
                lakes.publish(real)
                describe(real)
            return found

    overtaken = Overtaken(store)
    metadata.write(overtaken, late)  # type: ignore[arg-type]
    assert overtaken.done
    assert lakes.manifest_of(real).number == 2
    assert wrong(real) == []


def test_a_hostile_name_stays_within_its_cell() -> None:
    frame = pl.DataFrame({"model_permaslug": ["a/``|<b>\x1b[31m\nx` | y", "b/" + "x" * 200]})
    shown = metadata.examples(frame)
    assert shown["model_permaslug"][1].endswith("…")
    table = next(table for table in TABLES if table.name == "model_week")
    (line,) = [
        line
        for line in dictionary([table], {"model_week": shown}, ()).splitlines()
        if line.startswith("| `model_permaslug`")
    ]
    assert "``` a" not in line
    assert "```a/``\\|<b>\\x1b[31m\\nx` \\| y```" in line


def test_the_dictionary_in_the_tree_is_what_the_definitions_make(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, "standings"):
        made = runpy.run_path(str(INFRA / "generate.py"))
        assert made["DICTIONARY"].read_text() == made["words"](), "make generate"


def test_every_column_of_every_table_is_in_the_dictionary() -> None:
    words = (INFRA / "dictionary.md").read_text()
    for section, table in zip(words.split("\n## ")[1:], TABLES, strict=True):
        assert section.splitlines()[0] == table.name
        listed = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        assert listed == table.names


def test_the_store_is_only_read_while_it_is_verified(real: Settings) -> None:
    store: Store = lakes.Wrapped(open_lake(real))  # type: ignore[assignment]
    for action in ("put", "put_once", "swap", "delete"):
        setattr(store, action, lambda *_: pytest.fail("it was written"))
    manifest = lakes.manifest_of(real)
    assert list(unproven(store)) == []
    assert list(descriptions.problems(store, manifest, [manifest.release])) == []
