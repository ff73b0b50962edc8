"""What did not change is not read, computed or checked again, and what was found in it is not forgotten."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import flows.pipeline.run
import flows.pipeline.validate
from flows.lake import captures, keys, parsed, reader
from flows.lake.captures import Asked
from flows.lake.lake import open_lake
from flows.lake.manifest import current
from flows.lake.reader import rows_of
from flows.maintenance import accept, prune, rebuild, repair
from flows.monitoring.verify import verify
from flows.pipeline.run import raw_to_warehouse
from flows.pipeline.validate import Batch, Record
from flows.sample_api.server import SampleApi
from flows.settings import Settings
from flows.storage.local import FileStore
from schemas import COUNTRY_WEEK, RANKING_ENTRY, WEEK_COVERAGE
from schemas.errors import StandingsError
from tests.support import lakes
from transforms.request_windows import DAY

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
MONDAYS = [date(2026, 7, 6), date(2026, 7, 13), date(2026, 7, 20)]
MODELS = {"openai/osprey": 500, "qwen/quail": 300, "other": 200}
HEAVY = ("great_expectations", "pandas", "prefect", "scipy", "altair")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake in which the first week is published."""
    settings = lakes.on_disk(tmp_path)
    lakes.begun(settings, week(0))
    return settings


def week(number: int, as_of: str = "2026-08-01T00:00:00Z", tokens: int = 500) -> bytes:
    return lakes.body(lakes.week_of(MONDAYS[number], MODELS | {"openai/osprey": tokens}), as_of)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each object is read, and each family listed."""
    counted: Counter[str] = Counter()
    read, listed = FileStore.get, FileStore.list

    def counting_read(store: FileStore, key: str) -> bytes:
        counted[key] += 1
        return read(store, key)

    def counting_list(store: FileStore, prefix: str = ""):  # type: ignore[no-untyped-def]
        counted[f"{prefix}*"] += 1
        return listed(store, prefix)

    monkeypatch.setattr(FileStore, "get", counting_read)
    monkeypatch.setattr(FileStore, "list", counting_list)
    return counted


def steps_of(settings: Settings) -> list[str]:
    """The steps of a run that publishes what has landed."""
    taken: list[str] = []

    def noting(step):  # type: ignore[no-untyped-def]
        taken.append(step.__name__)
        return lakes.unchecked(step)

    raw_to_warehouse(settings, noting)
    return taken


def test_where_nothing_came_nothing_is_read_computed_or_checked(
    settings: Settings, reads: Counter[str]
) -> None:
    before = lakes.objects(settings)
    reads.clear()
    assert steps_of(settings) == ["describe", "load"]
    assert reads[keys.manifest(lakes.manifest_of(settings).release)] <= 2  # the test's own look at it is one
    assert not [name for name in reads if name.startswith((keys.PARTS, keys.PARSED)) and name[-1] != "*"]
    assert not [name for name in reads if name.endswith(".body")]
    assert {name: reads[f"{name}*"] for name in (keys.RAW, keys.PARTS, keys.REJECTED)} == {
        keys.RAW: 1,
        keys.PARTS: 1,
        keys.REJECTED: 2,
    }, "rejections are listed once to read them and once to forget what was held for them"
    assert lakes.objects(settings) == before


def test_a_new_part_is_not_read_back(settings: Settings, reads: Counter[str]) -> None:
    lakes.land_bytes(settings, week(1))
    reads.clear()
    raw_to_warehouse(settings, lakes.loading)
    new = {each.key for _, monday, each in lakes.manifest_of(settings).partitions() if monday == MONDAYS[1]}
    assert new
    assert {name: reads[name] for name in new if reads[name]} == {}


def test_what_is_remembered_of_parts_is_bounded() -> None:
    remembered = reader._Written(10)
    for digest, data in (("a", b"12345"), ("b", b"12345"), ("c", b"1")):
        remembered.keep(digest, data)
    assert [remembered.get(digest) for digest in "abc"] == [None, b"12345", b"1"]


def test_equal_rows_of_a_later_day_are_computed_once_and_then_known(settings: Settings) -> None:
    lakes.land_bytes(settings, week(0, "2026-08-02T00:00:00Z"))
    assert steps_of(settings).count("publish") == 1
    assert lakes.manifest_of(settings).number == 1
    assert steps_of(settings) == ["describe", "load"]
    lakes.land_bytes(settings, week(1))
    assert "count" in steps_of(settings)
    assert [each.start for each in lakes.manifest_of(settings).captures] == [MONDAYS[0]] * 2 + [
        MONDAYS[1]
    ] or (len(lakes.manifest_of(settings).captures) == 3)


def test_the_same_bytes_that_the_source_gives_now_are_looked_at_again(settings: Settings) -> None:
    listed = lakes.body(lakes.week_of(MONDAYS[0], {"openai/osprey": 5}))
    apart = replace(settings, lake=f"{settings.lake}-of-a-file")
    lakes.land(apart, [lakes.write(Path(settings.warehouse).parent, "list.json", listed)])
    lakes.publish(apart)
    assert steps_of(apart) == ["describe", "load"]
    store = open_lake(apart)
    captures.land(store, listed, Asked("the source", lakes.at(date(2026, 8, 2)), status=200))
    assert "count" in steps_of(apart)
    assert rows_of(store, lakes.manifest_of(apart), WEEK_COVERAGE)["extent"].to_list() == ["complete"]


@pytest.mark.parametrize("way", [rebuild, repair])
def test_who_asks_for_it_has_all_computed_anew(
    way, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    taken: list[str] = []

    def noting(step):  # type: ignore[no-untyped-def]
        taken.append(step.__name__)
        return lakes.unchecked(step)

    way(settings, noting)
    assert "count" in taken
    assert lakes.manifest_of(settings).number == 1


@pytest.mark.parametrize("lost", [keys.PARTS, keys.REPORTS, keys.CHECKED])
def test_what_was_lost_is_made_again(lost: str, settings: Settings) -> None:
    store = open_lake(settings)
    name = next(iter(store.list(lost)))
    store.delete(name)
    assert "count" in steps_of(settings)
    assert name in store.list(lost) or lost == keys.REPORTS


def test_only_what_changed_is_checked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lakes.land_bytes(settings, week(1))
    checked: dict[str, list[date]] = {}

    def noting(run, batch: Batch) -> None:  # type: ignore[no-untyped-def]
        for name, blocks in batch:
            checked[name] = sorted(
                date.fromisoformat(each) for each in run.stage.noted(flows.pipeline.validate.WEEKS)[name]
            )
            assert blocks == (0,)

    monkeypatch.setattr(flows.pipeline.run, "check", noting)
    raw_to_warehouse(settings, lambda step: step if step is noting else lakes.unchecked(step))
    assert checked[COUNTRY_WEEK.name] == [MONDAYS[1]]
    assert checked[RANKING_ENTRY.name] == [MONDAYS[1]]


# What is found, in partitions that change and in those that do not


def spoil(monkeypatch: pytest.MonkeyPatch, severity: str) -> None:
    """Lets the checks find fault with every row of the first week of `country_week`, and with no other."""

    def found(_source: object, store: FileStore, table: object, frame: pl.DataFrame):  # type: ignore[no-untyped-def]
        rows = frame.filter(week_start=MONDAYS[0])
        if table is not COUNTRY_WEEK or rows.is_empty():
            return [], None
        offences = tuple(
            json.dumps(row, default=str, sort_keys=True) for row in rows.select(COUNTRY_WEEK.key).to_dicts()
        )
        failure = flows.pipeline.validate.Failure(
            severity, "a check", "odd: it is odd", str(MONDAYS[0]), offences, (), None
        )
        return [failure], None

    monkeypatch.setattr(flows.pipeline.validate, "_pandas", lambda: None)
    monkeypatch.setattr(flows.pipeline.validate, "_failures", found)
    monkeypatch.setattr(flows.pipeline.validate, "page", lambda _checked: "a page")


def reported(settings: Settings) -> list[tuple[str, str]]:
    report = json.loads(open_lake(settings).get(lakes.manifest_of(settings).report))
    return [(each["severity"], each["problem"]) for each in report[COUNTRY_WEEK.name]]


def test_a_warning_about_a_week_that_does_not_change_is_in_the_next_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = lakes.on_disk(tmp_path)
    spoil(monkeypatch, "warning")
    for number, wanted in ((0, 1), (1, 1)):
        lakes.land_bytes(settings, week(number))
        raw_to_warehouse(settings, lakes.not_loading)
        assert reported(settings) == [("warning", "odd: it is odd")] * wanted
    # Its week is checked anew once it changes, and what was found before is not told beside it.
    lakes.land_bytes(settings, week(0, "2026-08-02T00:00:00Z", 501))
    raw_to_warehouse(settings, lakes.not_loading)
    assert lakes.manifest_of(settings).number == 3
    assert reported(settings) == [("warning", "odd: it is odd")]


def test_a_refusal_that_was_accepted_still_rests_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = lakes.on_disk(tmp_path)
    spoil(monkeypatch, "critical")
    lakes.land_bytes(settings, week(0))
    with pytest.raises(StandingsError, match="odd: it is odd"):
        raw_to_warehouse(settings, lakes.not_loading)
    store = open_lake(settings)
    (held,) = [keys.held_name(key) for key in store.list(keys.HELD)]
    accept(settings, held, "it is right", lakes.not_loading)
    assert reported(settings) == [("accepted", "odd: it is odd")]
    lakes.land_bytes(settings, week(1))
    raw_to_warehouse(settings, lakes.not_loading)
    assert lakes.manifest_of(settings).number == 2
    assert reported(settings) == [("accepted", "odd: it is odd")]
    # Without a person's word the same finding stops the next release, though its week did not change.
    store.delete(keys.accepted(held))
    lakes.land_bytes(settings, week(2))
    (told,) = raw_to_warehouse(settings, lakes.not_loading).rejected
    assert "odd: it is odd" in told
    assert lakes.manifest_of(settings).number == 2


@pytest.mark.parametrize("other", ["code", "great_expectations"])
def test_what_another_version_found_is_not_carried_over(
    other: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, manifest = open_lake(settings), current(open_lake(settings)).manifest
    assert Record.of(store, manifest) is not None
    versions = list(flows.pipeline.validate._versions())
    versions[other == "great_expectations"] = "another"
    monkeypatch.setattr(flows.pipeline.validate, "_versions", lambda: tuple(versions))
    assert Record.of(store, manifest) is None


# What captures were parsed to


def test_no_capture_is_parsed_twice(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    parse = parsed.parse

    def noting(body: bytes, period):  # type: ignore[no-untyped-def]
        taken.append(lakes.digest(body))
        return parse(body, period)

    monkeypatch.setattr(parsed, "parse", noting)
    lakes.land_bytes(settings, week(1))
    lakes.publish(settings)
    assert taken == [lakes.digest(week(1))]


@pytest.mark.parametrize("broken", [b"", b"x" * 40])
def test_what_is_kept_of_a_capture_and_broken_is_told_and_made_again(
    broken: bytes, settings: Settings
) -> None:
    store = open_lake(settings)
    (name,) = store.list(keys.PARSED)
    whole = store.get(name)
    store.put(name, broken)
    assert [each.key for each in verify(settings) if each.key] == [name]
    published = lakes.published_bytes(settings)
    rebuild(settings, lakes.unchecked)
    assert lakes.published_bytes(settings) == published
    assert store.get(name) == whole
    assert not [each.key for each in verify(settings) if each.key]


def test_what_another_version_parsed_is_neither_read_nor_kept_for_good(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_lake(settings)
    (name,) = store.list(keys.PARSED)
    monkeypatch.setattr(parsed, "parser_version", lambda: "another")
    rebuild(settings, lakes.unchecked)
    assert len(list(store.list(keys.PARSED))) == 2
    monkeypatch.undo()
    removed = list(prune(settings, timedelta(days=-1)))
    assert removed == [name.replace(parsed.parser_version(), "another")]
    assert list(store.list(keys.PARSED)) == [name]


# The command line


@pytest.mark.slow
def test_a_command_that_changes_nothing_imports_nothing_heavy(tmp_path: Path) -> None:
    file = lakes.write(tmp_path, "week.json", week(0))
    settings = lakes.on_disk(tmp_path)
    lakes.bring(settings, file)
    now = datetime.now(UTC)
    yesterday = now.date() - DAY
    with SampleApi(now=now, seed=11) as api:
        simulated = replace(settings, lake=f"{settings.lake}-simulated")
        environment = {
            "OPENROUTER_API_KEY": "k",
            "OPENROUTER_BASE_URL": api.base_url,
            "PREFECT_HOME": str(tmp_path / "prefect"),
        }
        answer = json.loads(lakes.simulated(yesterday - 13 * DAY, yesterday, now))
        answer["meta"]["as_of"] = f"{now.date()}T00:00:00Z"
        lakes.land_bytes(simulated, json.dumps(answer).encode(), origin="simulated")
        lakes.publish(simulated)
        for lake, arguments in ((settings.lake, ["ingest", str(file)]), (simulated.lake, ["refresh"])):
            code = (
                "import sys; from flows.cli.main import main\n"
                f"sys.argv = ['standings', *{arguments!r}]\n"
                "try: main()\n"
                f"finally: print([each for each in {HEAVY!r} if each in sys.modules])"
            )
            done = subprocess.run(
                [sys.executable, "-c", code],
                env=environment | {"STANDINGS_LAKE": lake},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
            )
            assert done.stdout.splitlines()[-1] == "[]"
            assert "nothing changed" in done.stderr
