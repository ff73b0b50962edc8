"""The manifest and the pointer: what a release lists, and that only whole ones are believed."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.lake import keys
from flows.lake.keys import RawKey
from flows.lake.lake import open_lake
from flows.lake.manifest import (
    Capture,
    Manifest,
    Partition,
    changes,
    current,
    point_to,
    published,
    read_manifest,
    stale,
)
from flows.settings import Settings
from flows.storage.checksummed_json import BrokenSeal, seal, unseal
from flows.storage.object_store import LostRace
from schemas import CLAIMS, COUNTRY_WEEK, RANKING_ENTRY, TABLES, reference
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = pytest.mark.slow

MOMENT = datetime(2026, 7, 21, 0, 5, 19, 123_000, tzinfo=UTC)
CAPTURE = Capture(
    RawKey("api", "day", "modality-text", "ab" * 32), MOMENT, date(2026, 7, 6), date(2026, 7, 12)
)
MANIFEST = Manifest(
    number=1,
    previous=None,
    published_at=MOMENT + timedelta(hours=1),
    kind="real",
    code="0.1.0+abc",
    reference={"sha256": "cd" * 32, "operator_sha256": None, "minimum_confidence": "reported"},
    report="reports/x.json",
    docs=None,
    accepted=(),
    schemas={"country_week": COUNTRY_WEEK.version},
    captures=(CAPTURE, replace(CAPTURE, as_of=MOMENT - timedelta(days=9))),
    tables={
        "country_week": {
            date(2026, 7, 6): Partition("parts/x.parquet", "ef" * 32, 17, 2**53 + 1, MOMENT, ("ab" * 32,))
        },
        "claims": {date(2026, 2, 9): Partition("parts/y.parquet", "01" * 32, 3, 9, None, ())},
    },
)


@pytest.fixture
def settings(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return lakes.settings(store_url, tmp_path, request)


def test_a_published_manifest_is_read_back_as_it_was(settings: Settings) -> None:
    store = open_lake(settings)
    point_to(store, MANIFEST, None)
    assert published(store) == MANIFEST
    assert published(store).release == MANIFEST.release
    assert MANIFEST.as_of == MOMENT


def test_a_release_is_named_by_its_number_and_content() -> None:
    number, _, digest = MANIFEST.release.partition("-")
    assert (number, len(digest)) == ("000001", 12)
    others = [
        replace(MANIFEST, number=2),
        replace(MANIFEST, published_at=MOMENT),
        replace(MANIFEST, code="0.1.1"),
        replace(MANIFEST, captures=(CAPTURE,)),
        replace(MANIFEST, reference={**MANIFEST.reference, "minimum_confidence": "confirmed"}),
        replace(MANIFEST, tables={}),
    ]
    assert len({each.release for each in (MANIFEST, *others)}) == 1 + len(others)


def test_the_pointer_is_swapped_only_by_who_has_read_it(settings: Settings) -> None:
    store = open_lake(settings)
    point_to(store, MANIFEST, None)
    first = current(store)
    second = replace(MANIFEST, number=2, previous=MANIFEST.release)
    point_to(store, second, first.version)
    with pytest.raises(LostRace):
        point_to(store, replace(second, code="a rival's"), first.version)
    with pytest.raises(LostRace):
        point_to(store, replace(second, code="a newcomer's"), None)
    assert published(store) == second


def test_an_empty_lake_has_nothing_published_and_says_what_to_do(settings: Settings) -> None:
    store = open_lake(settings)
    assert current(store).manifest is None
    with pytest.raises(StandingsError, match="nothing is published there yet: run `standings ingest`"):
        published(store)


def test_an_altered_manifest_is_refused_with_its_key(settings: Settings) -> None:
    store = open_lake(settings)
    point_to(store, MANIFEST, None)
    key = keys.manifest(MANIFEST.release)
    store.put(key, store.get(key).replace(b'"rows": 17', b'"rows": 18'))
    with pytest.raises(BrokenSeal) as caught:
        published(store)
    assert str(caught.value).startswith(f"{store.url}/{key}: ")


def test_an_altered_pointer_is_refused_with_its_key(settings: Settings) -> None:
    store = open_lake(settings)
    point_to(store, MANIFEST, None)
    pointer = store.get(keys.POINTER)
    assert unseal(pointer, "") == {"release": MANIFEST.release, "manifest": keys.manifest(MANIFEST.release)}
    for altered in (pointer.replace(b"000001-", b"000002-"), pointer + b" ", pointer[:-1], b"", b"[]"):
        store.put(keys.POINTER, altered)
        with pytest.raises(BrokenSeal) as caught:
            current(store)
        assert str(caught.value).startswith(f"{store.url}/{keys.POINTER}: ")


def test_every_release_is_read_back_by_its_name(settings: Settings) -> None:
    store = open_lake(settings)
    point_to(store, MANIFEST, None)
    second = MANIFEST.follow(MANIFEST, MOMENT + timedelta(hours=2))
    point_to(store, second, current(store).version)
    assert (second.number, second.previous) == (2, MANIFEST.release)
    assert [read_manifest(store, each.release) for each in (MANIFEST, second)] == [MANIFEST, second]


def test_a_flipped_bit_of_a_sealed_object_is_noticed_wherever_it_is() -> None:
    sealed = seal({"release": "000001-abc", "rows": 17})
    assert unseal(sealed, "x.json") == {"release": "000001-abc", "rows": 17}
    for position in range(len(sealed)):
        flipped = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        with pytest.raises(BrokenSeal, match=r"^x\.json: its bytes are not those that were written$"):
            unseal(flipped, "x.json")


def test_a_release_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    store = open_lake(lakes.on_disk(tmp_path))
    store.put("manifests/newer.json", seal({**MANIFEST.to_json(), "format": 3}))
    store.put(keys.POINTER, seal({"release": "newer", "manifest": "manifests/newer.json"}))
    with pytest.raises(StandingsError, match="format 3, and this version reads up to 2: upgrade it"):
        published(store)


def test_a_release_says_what_it_is_made_of_and_rests_on(settings: Settings, tmp_path: Path) -> None:
    monday = date(2026, 7, 6)
    models = {"openai/osprey": 5, "deepseek/delta": 7}
    day = lakes.write(tmp_path, "day.json", lakes.body(lakes.week_of(monday, models)))
    week = lakes.write(
        tmp_path,
        "week.json",
        lakes.body({date(2026, 6, 29): {"openai/osprey": 9, "other": 4}}, "2026-08-02T00:00:00.000Z").replace(
            b'"end_date": "2026-06-29"', b'"end_date": "2026-07-05"'
        ),
        period="week",
        origin="chart",
    )
    part = lakes.write(
        tmp_path, "part.json", lakes.body(lakes.week_of(monday, {"openai/osprey": 1})), modality="text"
    )
    lakes.begun(settings, (day, week, part))
    store = open_lake(settings)
    content = json.loads(store.get(json.loads(store.get(keys.POINTER))["manifest"]))
    sha = {file.stem: lakes.digest(file.read_bytes()) for file in (day, week, part)}
    assert {
        each["sha256"]: (each["origin"], each["period"], each["slice"]) for each in content["captures"]
    } == {
        sha["day"]: ("api", "day", "all"),
        sha["week"]: ("chart", "week", "all"),
        sha["part"]: ("api", "day", "modality-text"),
    }
    windows = {each["sha256"]: (each["start_date"], each["end_date"]) for each in content["captures"]}
    assert windows[sha["week"]] == ("2026-06-29", "2026-07-05")
    assert all({each["key"], each["request"]} <= set(store.list("raw/")) for each in content["captures"])
    assert list(content["tables"]) == sorted(table.name for table in TABLES)
    wanted = {"2026-06-29": [sha["week"]], "2026-07-06": [sha["day"]]}
    claimed = {str(week) for week in reference.load().claims["week_start"]}
    assert set(content["tables"]["claims"]) == claimed
    for name, weeks in content["tables"].items():
        sources = {week: each["sources"] for week, each in weeks.items()}
        if name in lakes.SOMETIMES_EMPTY:
            assert set(weeks) <= {*wanted, *claimed}
            assert sources == {week: wanted.get(week, []) for week in weeks}
        else:
            assert sources == wanted
    assert content["reference"] == reference.load().identity()
    assert content["schemas"] == {table.name: table.version for table in TABLES}
    assert content["kind"] == "real"
    assert content["number"] == 1
    assert content["previous"] is None


def test_a_partition_s_numbers_are_those_of_its_object(settings: Settings) -> None:
    days = lakes.week_of(date(2026, 7, 6), {"openai/osprey": 5, "deepseek/delta": 7})
    lakes.begun(settings, lakes.body(days))
    store = open_lake(settings)
    manifest = published(store)
    for table, week, partition in manifest.partitions():
        data = store.get(partition.key)
        assert partition.key == keys.part(table, week, lakes.digest(data))
        assert (partition.sha256, partition.bytes) == (lakes.digest(data), len(data))
        rests = "as_of" in next(each for each in TABLES if each.name == table) and partition.sources
        assert partition.as_of == (datetime(2026, 8, 1, tzinfo=UTC) if rests else None)
        assert bool(partition.sources) == (table != CLAIMS.name)
    assert manifest.tables[RANKING_ENTRY.name][date(2026, 7, 6)].rows == 14


def test_a_later_vintage_is_a_source_of_the_history_beside_the_earlier_one(
    settings: Settings, tmp_path: Path
) -> None:
    monday = date(2026, 7, 6)
    early = lakes.write(
        tmp_path,
        "early.json",
        lakes.body(lakes.week_of(monday, {"openai/osprey": 5}), "2026-07-14T00:00:00Z"),
    )
    late = lakes.write(
        tmp_path, "late.json", lakes.body(lakes.week_of(monday, {"openai/osprey": 6}), "2026-07-20T00:00:00Z")
    )
    first = lakes.begun(settings, early)
    lakes.begun(settings, early, late)
    manifest = lakes.manifest_of(settings)
    assert (manifest.number, manifest.previous) == (2, first.release)
    tables = defaultdict(set)
    for table, weeks in manifest.tables.items():
        if monday in weeks:
            tables[frozenset(weeks[monday].sources)].add(table)
    newest = lakes.digest(late.read_bytes())
    every = {table.name for table in TABLES if table.every_vintage}
    assert tables.pop(frozenset({newest, lakes.digest(early.read_bytes())})) == every
    (rest,) = tables.values()
    assert set(tables) == {frozenset({newest})}
    assert rest | set(lakes.SOMETIMES_EMPTY) | every == {table.name for table in TABLES}


def test_what_differs_between_two_releases_is_told_by_table() -> None:
    week, next_week = date(2026, 7, 6), date(2026, 7, 13)
    part = Partition("parts/x.parquet", "ef" * 32, 17, 5, MOMENT, ())
    other = replace(part, sha256="01" * 32)
    before = replace(
        MANIFEST, tables={"a": {week: part}, "b": {week: part, next_week: part}, "c": {week: part}}
    )
    after = replace(
        MANIFEST, tables={"a": {week: part}, "b": {week: other}, "d": {week: part, next_week: part}}
    )
    assert list(changes(before, after)) == [
        "b: weeks 1 other (from 2026-07-06), 1 gone (from 2026-07-13)",
        "c: weeks 1 gone (from 2026-07-06)",
        "d: weeks 2 new (from 2026-07-06)",
    ]
    assert list(changes(after, after)) == []
    assert list(changes(None, replace(MANIFEST, tables={"a": {week: part}}))) == [
        "a: weeks 1 new (from 2026-07-06)"
    ]


def test_what_brings_a_warehouse_to_a_release() -> None:
    week, other = date(2026, 7, 6), date(2026, 7, 13)
    part = MANIFEST.tables["country_week"][week]
    first = {other: replace(part, sha256="aa" * 32), week: part}
    manifest = replace(MANIFEST, tables={"country_week": first, "claims": MANIFEST.tables["claims"]})
    # `claims` is not there in this version's form, so it is not loaded.
    assert stale(manifest, {})[0] == [(COUNTRY_WEEK, week, part), (COUNTRY_WEEK, other, first[other])]
    whole = {("country_week", week): part.sha256, ("country_week", other): "aa" * 32}
    assert stale(manifest, whole) == ([], [])
    restated = whole | {("country_week", other): "bb" * 32}
    assert stale(manifest, restated) == ([(COUNTRY_WEEK, other, first[other])], [])
    gone = {("country_week", date(2020, 1, 6)): "cc" * 32, ("claims", date(2026, 2, 9)): "01" * 32}
    assert stale(manifest, whole | gone) == ([], sorted(gone))
