"""Ingest: files to raw as they are, and on the tables' side what cannot be read is told and left out."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.extract.ingest import Landed, ingest
from flows.lake import keys
from flows.lake.captures import (
    WHOLE,
    body_of,
    forget_rejections,
    landed,
    put_on_record,
    request_of,
    unfinished,
)
from flows.lake.lake import kind_of, open_lake
from flows.lake.reader import rows_of
from flows.maintenance import rebuild
from flows.pipeline import publish as publishing
from flows.settings import Settings
from flows.storage.checksummed_json import unseal
from schemas import RANKING_ENTRY
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = pytest.mark.slow

MONDAY = date(2026, 7, 6)
MODELS = {"openai/osprey": 500, "deepseek/delta": 700, "mistralai/gorse:free": 30}
GOOD = lakes.body(lakes.week_of(MONDAY, MODELS))
BROKEN = {
    "html": (b"<!doctype html><html>Back soon</html>", "this is an HTML page, not the API's JSON"),
    "truncated": (GOOD[:-200], "the body is cut short"),
    "float": (
        GOOD.replace(b'"700"', b'"7e2"', 1),
        "row 2: total_tokens '7e2' is not a whole number of tokens",
    ),
    "number": (GOOD.replace(b'"700"', b"700.0", 1), "row 2: total_tokens is the number 700.0"),
    "missing field": (GOOD.replace(b'"date"', b'"day"', 1), "row 1: field date is missing"),
    "error": (
        b'{"error":{"code":429,"message":"Rate limit exceeded"}}',
        "this is the source's error 429, not figures: Rate limit exceeded",
    ),
    "empty": (b"", "not JSON"),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return lakes.on_disk(tmp_path)


def captures(settings: Settings) -> list[tuple[str, str, str]]:
    return [(key.origin, key.period, key.slice) for key in landed(open_lake(settings))]


def test_files_and_folders_land_with_their_bytes_unchanged(
    store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = lakes.settings(store_url, tmp_path, request)
    bodies = [b'{"a":1}', b" { } \r\n", b"\xff\x00"]
    single = lakes.write(tmp_path, "single.json", bodies[0])
    lakes.write(tmp_path / "in", "one.json", bodies[1])
    lakes.write(tmp_path / "in" / "deeper", "two.json", bodies[2])
    lakes.write(tmp_path / "in", "notes.txt", b"not a capture")
    before = datetime.now(UTC)
    assert ingest(settings, [single, tmp_path / "in"], None, None) == Landed(files=3, new=3)
    store = open_lake(settings)
    assert {body_of(store, key) for key in landed(store)} == set(bodies)
    record = next(request_of(store, key) for key in landed(store) if key.sha256 == lakes.digest(bodies[0]))
    assert record["source"] == str(single)
    assert record["status"] is None
    assert before <= datetime.fromisoformat(record["retrieved_at"]) <= datetime.now(UTC)
    assert kind_of(store) == "real"


def test_what_nobody_says_is_a_day_capture_from_the_api(settings: Settings, tmp_path: Path) -> None:
    ingest(settings, [lakes.write(tmp_path, "a.json", GOOD)], None, None)
    assert captures(settings) == [("api", "day", "all")]


def test_options_say_it_for_every_file(settings: Settings, tmp_path: Path) -> None:
    files = [lakes.write(tmp_path, f"{name}.json", name.encode()) for name in "ab"]
    ingest(settings, files, "week", "chart")
    assert captures(settings) == [("chart", "week", "all")] * 2


def test_a_sidecar_says_it_for_its_file(settings: Settings, tmp_path: Path) -> None:
    asked = {"period": "week", "start_date": "2026-07-06", "end_date": "2026-07-12", "category": "legal"}
    lakes.write(tmp_path / "in", "a.json", GOOD, origin="chart", **asked)
    lakes.write(tmp_path / "in", "b.json", GOOD + b" ")
    assert ingest(settings, [tmp_path / "in"], None, None) == Landed(files=2, new=2)
    assert captures(settings) == [("api", "day", "all"), ("chart", "week", "category-legal")]
    store = open_lake(settings)
    assert request_of(store, list(landed(store))[1])["request"] == asked


def test_options_fill_in_what_the_sidecar_leaves_open(settings: Settings, tmp_path: Path) -> None:
    file = lakes.write(tmp_path, "a.json", GOOD, period="day")
    ingest(settings, [file], "day", "reconstructed")
    assert captures(settings) == [("reconstructed", "day", "all")]


@pytest.mark.parametrize(
    ("sidecar", "period", "origin", "told"),
    [
        ({"period": "week"}, "day", None, "its sidecar says period week, not day: leave --period out"),
        ({"origin": "chart"}, None, "api", "its sidecar says origin chart, not api: leave --origin out"),
    ],
)
def test_a_sidecar_and_an_option_that_disagree_are_told(
    sidecar: dict[str, str],
    period: str | None,
    origin: str | None,
    told: str,
    settings: Settings,
    tmp_path: Path,
) -> None:
    file = lakes.write(tmp_path, "a.json", GOOD, **sidecar)
    with pytest.raises(StandingsError) as caught:
        ingest(settings, [file], period, origin)
    assert str(caught.value) == f"{file}: {told}"
    assert lakes.objects(settings) == {}


@pytest.mark.parametrize(
    ("sidecar", "told"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"", "not JSON"),
        (b'["day"]', "not an object"),
        (b'{"perod": "day"}', "field perod is not known"),
        (b'{"period": "month"}', "period is 'month'; it must be one of day, week"),
        (b'{"period": ["day"]}', "period is ['day']; it must be one of day, week"),
        (b'{"origin": ""}', "origin is ''; it must be one of api, chart, reconstructed, simulated"),
    ],
    ids=lambda value: value.decode(errors="replace") if isinstance(value, bytes) else "",
)
def test_a_malformed_sidecar_is_told_and_nothing_lands(
    sidecar: bytes, told: str, settings: Settings, tmp_path: Path
) -> None:
    good = lakes.write(tmp_path, "0.json", GOOD + b" ")
    file = lakes.write(tmp_path, "a.json", GOOD)
    beside = tmp_path / "a.json.request.json"
    beside.write_bytes(sidecar)
    with pytest.raises(StandingsError) as caught:
        ingest(settings, [good, file], None, None)
    assert str(caught.value).startswith(f"{beside}: ")
    assert told in str(caught.value)
    assert lakes.objects(settings) == {}


def test_real_and_simulated_captures_do_not_go_into_one_lake(settings: Settings, tmp_path: Path) -> None:
    real = lakes.write(tmp_path, "real.json", GOOD)
    made_up = lakes.write(tmp_path, "made-up.json", GOOD + b" ", origin="simulated")
    with pytest.raises(StandingsError, match="cannot go into one lake"):
        ingest(settings, [real, made_up], None, None)
    assert lakes.objects(settings) == {}
    ingest(settings, [made_up], None, None)
    with pytest.raises(StandingsError, match="holds simulated figures, and these are real"):
        ingest(settings, [real], None, None)
    assert captures(settings) == [("simulated", "day", "all")]


def test_a_folder_of_sidecars_alone_is_told(settings: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    lakes.write(empty, "a.json.request.json", b"{}")
    with pytest.raises(StandingsError, match=r"empty: there is no \*\.json file in this folder"):
        ingest(settings, [empty], None, None)
    assert lakes.objects(settings) == {}


def test_an_empty_folder_is_told(settings: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    lakes.write(empty, "notes.txt", b"not a capture")
    with pytest.raises(StandingsError, match=r"empty: there is no \*\.json file in this folder"):
        ingest(settings, [empty], None, None)
    assert lakes.objects(settings) == {}


def test_a_file_that_cannot_be_read_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    lakes.write(tmp_path / "folder.json", "a.json", GOOD)
    with pytest.raises(StandingsError, match=r"gone\.json: cannot be read: No such file"):
        ingest(settings, [tmp_path / "folder.json", tmp_path / "gone.json"], None, None)
    assert lakes.objects(settings) == {}


def test_a_sidecar_that_a_shell_pattern_names_is_no_capture(settings: Settings, tmp_path: Path) -> None:
    lakes.write(tmp_path / "in", "a.json", GOOD, period="day")
    assert ingest(settings, sorted((tmp_path / "in").iterdir()), None, None).files == 1
    assert captures(settings) == [("api", "day", "all")]


def test_a_slice_is_listed_and_not_counted(settings: Settings, tmp_path: Path) -> None:
    whole = lakes.write(tmp_path, "whole.json", GOOD)
    part = lakes.write(
        tmp_path,
        "part.json",
        lakes.body(lakes.week_of(MONDAY, {"openai/osprey": 499})),
        modality="text",
    )
    lakes.begun(settings, whole)
    before = lakes.manifest_of(settings).tables
    outcome = lakes.bring(settings, part)
    assert lakes.manifest_of(settings).tables == before
    assert outcome.release == lakes.manifest_of(settings).release
    later = lakes.write(tmp_path, "later.json", lakes.body(lakes.week_of(date(2026, 7, 13), MODELS)))
    lakes.bring(settings, later)
    manifest = lakes.manifest_of(settings)
    assert sorted(capture.key.slice for capture in manifest.captures) == ["all", "all", "modality-text"]
    entries = rows_of(open_lake(settings), manifest, RANKING_ENTRY)
    assert entries["tokens"].sum() == 2 * 7 * sum(MODELS.values())


def _as_it_was(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the slice is new."""


def _other_code(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "code_version", lambda: "another")


def _part_lost(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_lake(settings)
    store.delete(next(store.list(keys.PARTS)))


def _report_lost(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    open_lake(settings).delete(lakes.manifest_of(settings).report)


def _refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [key for key in landed(open_lake(settings)) if key.slice == WHOLE]
    open_lake(settings).put(whole[0].rejection, b"{}")


def _more_of_the_whole(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lakes.land_bytes(settings, lakes.body(lakes.week_of(date(2026, 7, 20), MODELS)))


@pytest.mark.parametrize(
    ("happened", "counted"),
    [
        (_as_it_was, False),
        (_other_code, True),
        (_part_lost, True),
        (_report_lost, True),
        (_refused, True),
        (_more_of_the_whole, True),
    ],
)
def test_nothing_is_counted_anew_where_a_slice_is_all_that_is_new(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    happened: Callable[[Settings, pytest.MonkeyPatch], None],
    counted: bool,
) -> None:
    week = lakes.body(lakes.week_of(date(2026, 7, 13), MODELS))
    lakes.begun(settings, (GOOD, week))
    steps: list[str] = []

    def noting(step: Callable[..., object]) -> Callable[..., object]:
        steps.append(step.__name__)
        return lakes.unchecked(step)

    happened(settings, monkeypatch)
    lakes.bring(settings, lakes.write(tmp_path, "part.json", GOOD, modality="text"), run=noting)
    assert ("count" in steps) == counted
    assert {"conform", "describe", "load"} <= set(steps)
    store = open_lake(settings)
    assert not list(store.list(keys.STAGING))
    assert not list(unfinished(store, [each.key for each in lakes.manifest_of(settings).captures]))


def test_a_lake_of_slices_alone_publishes_no_row(settings: Settings, tmp_path: Path) -> None:
    lakes.bring(settings, lakes.write(tmp_path, "part.json", GOOD, modality="text"))
    manifest = lakes.manifest_of(settings)
    assert [capture.key.slice for capture in manifest.captures] == ["modality-text"]
    listed = list(manifest.partitions())
    assert {table for table, _, _ in listed} == {"claims"}
    assert all((each.as_of, each.sources) == (None, ()) for _, _, each in listed)
    rebuild(settings, lakes.unchecked)
    assert lakes.manifest_of(settings).release == manifest.release


def test_what_cannot_be_read_is_told_and_left_out_and_the_rest_published(
    settings: Settings, tmp_path: Path
) -> None:
    good = lakes.write(tmp_path, "good.json", GOOD)
    bad = {kind: lakes.write(tmp_path, f"{kind}.json", body) for kind, (body, _) in BROKEN.items()}
    outcome = lakes.bring(settings, *bad.values(), good)
    assert len(outcome.rejected) == len(bad)
    manifest = lakes.manifest_of(settings)
    assert [capture.key.sha256 for capture in manifest.captures] == [lakes.digest(GOOD)]
    store = open_lake(settings)
    for kind, (body, told) in BROKEN.items():
        (line,) = [each for each in outcome.rejected if each.startswith(f"{bad[kind]}: ")]
        assert told in line
        assert "\n" not in line
        rejected = next(key for key in landed(store) if key.sha256 == lakes.digest(body))
        assert body_of(store, rejected) == body
        record = unseal(store.get(rejected.rejection), rejected.rejection)
        assert record["problem"] == line
        assert record["capture"] == rejected.body


def test_a_rejection_is_told_once_and_again_when_the_file_is_brought_again(
    settings: Settings, tmp_path: Path
) -> None:
    good = lakes.write(tmp_path, "good.json", GOOD)
    bad = lakes.write(tmp_path, "bad.json", BROKEN["html"][0])
    first = lakes.bring(settings, good, bad)
    assert len(first.rejected) == 1
    assert lakes.bring(settings, good).rejected == ()
    assert lakes.bring(settings, bad).rejected == first.rejected


def test_a_capture_that_was_wrongly_rejected_is_published_when_it_is_brought_again(
    settings: Settings, tmp_path: Path
) -> None:
    later = lakes.write(tmp_path, "later.json", lakes.body(lakes.week_of(date(2026, 7, 13), MODELS)))
    lakes.begun(settings, GOOD)
    lakes.land(settings, [later])
    store = open_lake(settings)
    waiting = next(key for key in landed(store) if key.sha256 == lakes.digest(later.read_bytes()))
    put_on_record(store, waiting, "an older version could not read it", "0.0.9")
    assert lakes.publish(settings).rejected == ()
    assert len(lakes.manifest_of(settings).captures) == 1
    lakes.bring(settings, later)
    assert len(lakes.manifest_of(settings).captures) == 2
    assert list(store.list(keys.REJECTED)) == []


def test_forgotten_rejections_are_tried_again(settings: Settings, tmp_path: Path) -> None:
    good = lakes.write(tmp_path, "good.json", GOOD)
    bad = lakes.write(tmp_path, "bad.json", BROKEN["truncated"][0])
    first = lakes.bring(settings, good, bad)
    forget_rejections(open_lake(settings))
    assert lakes.publish(settings).rejected == first.rejected


def test_an_unreadable_answer_that_the_source_gives_again_is_told_again(
    settings: Settings,
) -> None:
    lakes.begun(settings, GOOD)
    told = []
    for _ in range(2):
        lakes.land_bytes(settings, BROKEN["html"][0])
        told.append(len(lakes.publish(settings).rejected))
    assert told == [1, 1]


def test_where_nothing_can_be_read_nothing_is_published(settings: Settings, tmp_path: Path) -> None:
    files = [lakes.write(tmp_path, f"{kind}.json", BROKEN[kind][0]) for kind in ("html", "float")]
    with pytest.raises(StandingsError) as caught:
        lakes.bring(settings, *files)
    assert all(str(file) in str(caught.value) for file in files)
    assert "\n" not in str(caught.value)
    assert keys.POINTER not in lakes.objects(settings)


def test_the_same_bytes_under_two_origins_do_not_keep_the_lake_from_publishing(
    settings: Settings, tmp_path: Path
) -> None:
    file = lakes.write(tmp_path, "a.json", GOOD)
    lakes.bring(settings, file)
    lakes.bring(settings, file, origin="reconstructed")
    entries = rows_of(open_lake(settings), lakes.manifest_of(settings), RANKING_ENTRY)
    assert not entries.select(RANKING_ENTRY.key).is_duplicated().any()


def test_what_an_earlier_version_took_for_a_model_leaves_the_published_figures(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = lakes.body(lakes.week_of(date(2026, 7, 13), {**MODELS, "Others": 5000}))
    with monkeypatch.context() as earlier:
        earlier.setattr("transforms.parse._name_problem", lambda name: None)
        earlier.setattr("flows.lake.parsed.parser_version", lambda: "earlier")
        earlier.setattr("flows.pipeline.publish.code_version", lambda: "earlier")
        lakes.bring(
            settings, lakes.write(tmp_path, "good.json", GOOD), lakes.write(tmp_path, "wrong.json", wrong)
        )
    assert len(lakes.manifest_of(settings).captures) == 2
    outcome = lakes.publish(settings)
    (told,) = outcome.rejected
    assert told.startswith(f'{tmp_path}/wrong.json: row 4: model_permaslug "Others"')
    (capture,) = lakes.manifest_of(settings).captures
    assert capture.key.sha256 == lakes.digest(GOOD)
    entries = rows_of(open_lake(settings), lakes.manifest_of(settings), RANKING_ENTRY)
    assert "Others" not in entries["model_permaslug"].to_list()
    mended = lakes.write(tmp_path, "mended.json", wrong.replace(b"Others", b"other"))
    assert lakes.bring(settings, mended).rejected == ()
    assert len(lakes.manifest_of(settings).captures) == 2
