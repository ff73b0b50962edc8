"""Hostile names, files and answers: spreadsheets reckon nothing out, terminals obey nothing, memory stays bounded."""

import csv
import gzip
import io
import json
import logging
import os
import resource
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from flows.cli.app import start
from flows.cli.main import main
from flows.cli.render import CLAIMS_WIDTH, claims_text, render
from flows.extract.client import ATTEMPTS, extract
from flows.extract.ingest import ingest
from flows.lake import captures, keys
from flows.lake.lake import open_lake
from flows.lake.query import Selection, select
from flows.sanitize import safe
from flows.settings import Settings
from schemas import COUNTRY_GROWTH, MODEL_WEEK, TABLES, Table
from schemas.errors import StandingsError
from schemas.table import Kind
from tests.flows.cli.test_render import every_table, rows
from tests.flows.extract.test_client import BODY, WINDOW, Answer, serving
from tests.support import lakes
from tests.support.examples import examples
from transforms.parse import Torn, Unreadable, parse

MONDAY = date(2026, 7, 6)

OBEYED = {
    "escape": "\x1b[31m",
    "title": "\x1b]0;x\x07",
    "one-byte escape": "\x9b31m",
    "line end": "a\nb",
    "return": "a\rb",
    "tab": "a\tb",
    "back": "a\bb",
    "nul": "a\0b",
    "line separator": "a\u2028b",
    "right-to-left override": "\u202ecod.exe",
    "right-to-left mark": "a\u200fb",
    "isolate": "a\u2066b",
    "Arabic letter mark": "a\u061cb",
    "blank of no width": "a\u200bb",
    "byte order mark": "a\ufeffb",
    "soft hyphen": "a\u00adb",
    "tag": "a\U000e0041b",
    "half a character": "a\udcffb",
    "private use": "a\ue000b",
}
"""What a terminal does more with than to show it, or shows nothing of."""

UNSEEN = {
    "filler": "a\u3164b",
    "joiner": "a\u034fb",
    "empty Braille": "a\u2800b",
    "flood": "a" + "\u0301" * 150,
}
"""Letters and marks to Unicode, and yet not seen where they stand."""

FORMULAS = (
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠1",
)

odd = pytest.mark.parametrize("text", [*OBEYED.values(), *UNSEEN.values()], ids=[*OBEYED, *UNSEEN])


# Texts


@odd
def test_a_safe_text_shows_what_is_not_seen_as_its_code(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    assert "\\" in shown
    assert not set(shown) & set("\u034f\u2800\u3164")
    assert shown.count("\u0301") <= 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("openai/gpt-4o:free", "openai/gpt-4o:free"),
        ("a\x1b[31m", "a\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"),
        ("C:\\new", "C:\\new"),
        ("Größe, 名前, नमस्ते, שלום", "Größe, 名前, नमस्ते, שלום"),
        ("e\u0301", "e\u0301"),
        ("1\u00a0000", "1 000"),
        ("a\u3000b", "a b"),
        ("", ""),
    ],
)
def test_a_safe_text_keeps_what_is_written_to_be_read(text: str, shown: str) -> None:
    assert safe(text) == shown


@examples(300)
@given(st.text())
def test_a_safe_text_is_one_line_that_can_be_written_anywhere(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1
    assert safe(shown) == shown


# Forms


def with_texts(table: Table, text: str) -> pl.DataFrame:
    """Rows that have a text in every column that can hold any."""
    free = [column.name for column in table.columns if column.kind is Kind.TEXT]
    return rows(table)[:1].with_columns(pl.lit(text).alias(name) for name in free)


@pytest.mark.parametrize("text", FORMULAS)
@every_table
def test_a_spreadsheet_reckons_nothing_out(table: Table, text: str) -> None:
    frame = with_texts(table, text)
    written = render(table, frame, "csv", {}, 80).decode()
    (row,) = csv.DictReader(io.StringIO(written, newline=""))
    for column in table.columns:
        if column.kind is Kind.TEXT:
            assert row[column.name] == "'" + safe(text)
    for form in ("json", "parquet"):
        back = render(table, frame, form, {}, 80)
        exact = (
            json.loads(back)[0] if form == "json" else pl.read_parquet(io.BytesIO(back)).row(0, named=True)
        )
        assert {exact[name] for name in table.names if table[name].kind is Kind.TEXT} <= {text}


def test_a_negative_number_stays_a_number() -> None:
    numbers = [column for column in COUNTRY_GROWTH.columns if column.kind in (Kind.INTEGER, Kind.NUMBER)]
    frame = rows(COUNTRY_GROWTH)[:1].with_columns(
        pl.lit(-5).cast(COUNTRY_GROWTH.polars_schema()[column.name]).alias(column.name) for column in numbers
    )
    (row,) = csv.DictReader(io.StringIO(render(COUNTRY_GROWTH, frame, "csv", {}, 80).decode()))
    assert {row[column.name] for column in numbers} == {"-5", "-5.0"}


def test_a_usual_name_stands_in_csv_as_it_is() -> None:
    for name in ("openai/gpt-4o:free", "名前/模型", "a-b/c=d", 'one, "two"', "it's"):
        (row,) = csv.DictReader(
            io.StringIO(render(MODEL_WEEK, with_texts(MODEL_WEEK, name), "csv", {}, 80).decode())
        )
        assert row["model_permaslug"] == name


@odd
def test_no_form_hands_a_terminal_what_it_would_obey(text: str) -> None:
    for table in TABLES:
        # What Polars holds is UTF-8, so half a character cannot get so far.
        frame = with_texts(table, text.replace("\udcff", "\x9c"))
        for form in ("table", "csv", "json"):
            written = render(table, frame, form, {}, 120).decode()
            assert all(line.isprintable() for line in written.split("\n"))
            assert form == "json" or "\u3164" not in written


@odd
def test_claims_hand_a_terminal_nothing_that_it_would_obey(text: str) -> None:
    (claims,) = (table for table in TABLES if table.name == "claims")
    free = ("claim", "remark", "explanation", "outlet", "published", "source")
    frame = rows(claims)[:1].with_columns(pl.lit(text.replace("\udcff", "\x9c")).alias(name) for name in free)
    _, _, *more = lines = claims_text(frame).removesuffix("\n").split("\n")
    assert all(line.isprintable() and len(line) <= CLAIMS_WIDTH for line in lines)
    assert all(line.startswith("    ") for line in more)


# Names of models


@pytest.mark.parametrize("text", [each for each in OBEYED.values() if "\udcff" not in each])
def test_no_model_has_a_name_that_a_terminal_obeys(text: str) -> None:
    with pytest.raises(Unreadable, match="is not a model's name") as caught:
        parse(lakes.body({MONDAY: {f"lab/{text}": 5}}), "day")
    assert str(caught.value).isprintable()


LED_ASTRAY = (
    *(
        "../passwd",
        "../..",
        "a/..",
        "./.",
        "C:\\autoexec/x",
        "..\\..\\etc/x",
        "~root/x",
        "a/$(reboot)",
        "`id`/x",
    ),
    *("a=b/c=d", "week=1999-01-04/slice=all", "a/%2e%2e%2f", "other/x", "null/NaN", "x/" + "x" * 198),
    *(f"a/{text}" for text in UNSEEN.values()),
    *(f"{formula}/x" for formula in FORMULAS if formula.isprintable() and " " not in formula),
)


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "..", "a/../../b", "other/", "/", "null", "C:\\autoexec"]
)
def test_a_path_is_no_model_s_name(name: str) -> None:
    with pytest.raises(Unreadable, match="is not a model's name"):
        parse(lakes.body({MONDAY: {name: 5}}), "day")


def test_no_model_s_name_is_in_a_key_or_leads_out_of_the_lake(tmp_path: Path) -> None:
    """The same figures under harmless names have the same keys but for the digests in them."""
    shapes = []
    for kind, names in (
        ("harmless", [f"lab-{n}/x" for n in range(len(LED_ASTRAY))]),
        ("hostile", LED_ASTRAY),
    ):
        lake = lakes.on_disk(tmp_path / kind)
        models = {name: 1000 + number for number, name in enumerate(names)}
        lakes.land_bytes(lake, lakes.body(lakes.week_of(MONDAY, models)))
        lakes.publish(lake)
        found = set(lakes.objects(lake))
        shapes.append({"/".join(part for part in key.split("/")[:-1]) for key in found})
        assert [path.name for path in (tmp_path / kind).iterdir()] == ["lake"]
    assert shapes[0] == shapes[1]
    found = select(lake, "model_week", Selection()).rows
    assert set(found["model_permaslug"]) == set(LED_ASTRAY)
    assert found["tokens"].sum() == 7 * sum(1000 + number for number in range(len(LED_ASTRAY)))
    text = render(MODEL_WEEK, found, "table", {}, 120).decode()
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_name_of_10_000_characters_is_refused_on_record(tmp_path: Path) -> None:
    lake = lakes.on_disk(tmp_path)
    lakes.land_bytes(lake, lakes.body(lakes.week_of(MONDAY, {"openai/osprey": 5})))
    lakes.land_bytes(lake, lakes.body({MONDAY: {"a/" + "x" * 10_000: 5}}))
    (told,) = lakes.publish(lake).rejected
    assert "is not a model's name" in told
    assert len(told) < 250


# Answers that are hard to read


@pytest.mark.parametrize(
    "body",
    [b"[" * 1_000_000, b'{"data":' * 500_000, b'{"data": ' + b"9" * 1_000_000 + b"}", b'{"a":1,"a":2}'],
    ids=["deep lists", "deep objects", "a number of a million digits", "a field twice"],
)
def test_json_that_is_hard_to_read_is_refused_quickly(body: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Torn) as caught:
        parse(body, "day")
    assert time.process_time() - started < 2
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


# What a source may answer


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key for the source, and no waits between attempts."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-any")
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


def asking(url: str, folder: Path) -> Settings:
    return Settings(lake=f"file://{folder}/lake", warehouse=folder / "w.duckdb", base_url=url)


@odd
def test_a_source_s_words_are_told_without_what_a_terminal_obeys(
    text: str, key: None, tmp_path: Path
) -> None:
    body = json.dumps({"error": {"message": f"no: {text}"}}).encode()
    with serving(Answer(400, body)) as source, pytest.raises(StandingsError) as caught:
        extract(asking(source.url, tmp_path), WINDOW)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 350


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"error":' * 100_000, b'{"error": {"message": ' + b"9" * 9000]
)
def test_a_refusal_that_cannot_be_read_is_told_by_its_status(body: bytes, key: None, tmp_path: Path) -> None:
    with serving(Answer(503, body), Answer()) as source:
        extract(asking(source.url, tmp_path), WINDOW)
        assert len(source.requests) == 2


@pytest.mark.parametrize(
    "value",
    [
        "²",
        "9" * 5000,
        "Mon, 01 Jan 99999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
    ],
    ids=["superscript", "5,000 digits", "far year", "far zone"],
)
def test_a_hostile_retry_after_breaks_nothing(value: str, key: None, tmp_path: Path) -> None:
    with serving(Answer(429, b"{}", {"Retry-After": value}), Answer()) as source:
        try:
            extract(asking(source.url, tmp_path), WINDOW)
        except StandingsError as told:
            # So many seconds are no wait: it stops at once.
            assert value.startswith("9")
            assert "the source answered 429" in str(told)


@pytest.mark.parametrize("text", ["\x1b[31m", "\x9b31m", "\xad"])
def test_headers_that_a_terminal_would_obey_are_kept_as_their_codes(
    text: str, key: None, tmp_path: Path
) -> None:
    with serving(Answer(headers={"X-Odd": f"a{text}b"})) as source:
        lake = asking(source.url, tmp_path)
        try:
            landed = extract(lake, WINDOW)
        except StandingsError as told:
            assert str(told).isprintable()
            assert text == "\x1b[31m"
            return
    assert open_lake(lake).get(landed.request).decode().replace("\n", "").isprintable()


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "compress", "no-such"])
def test_an_answer_that_is_packed_as_nobody_asked_lands_as_it_came(
    packing: str, key: None, tmp_path: Path
) -> None:
    packed = gzip.compress(gzip.compress(BODY))
    odd = Answer(body=packed, headers={"Content-Encoding": packing})
    with serving(odd, Answer()) as source:
        lake = asking(source.url, tmp_path)
        landed = extract(lake, WINDOW)
    store = open_lake(lake)
    assert captures.body_of(store, landed) == BODY
    (other,) = set(captures.landed(store)) - {landed}
    assert captures.body_of(store, other) == packed
    assert list(store.list(keys.REJECTED)) == [other.rejection]


@pytest.mark.parametrize("cut", [1, 20])
def test_a_packed_answer_that_is_cut_short_is_asked_for_again(cut: int, key: None, tmp_path: Path) -> None:
    packing = {"Content-Encoding": "gzip"}
    bad = [gzip.compress(BODY)[:-cut], b"\x1f\x8b no gzip at all"]
    with serving(*(Answer(body=body, headers=packing) for body in bad), Answer()) as source:
        lake = asking(source.url, tmp_path)
        landed = extract(lake, WINDOW)
        assert len(source.requests) == 3
    assert list(captures.landed(open_lake(lake))) == [landed]


def packed_blanks(mebibytes: int) -> bytes:
    """Gzip that stands for so many MiB of blanks, a thousandth of it long. Its checksum is never reached."""
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)) * (mebibytes - 1)


def growth(code: str, *arguments: str) -> tuple[str, int]:
    """What a program says in a process of its own, and by how many MiB that grew while it ran.

    The program may take 4 GiB of address space, so that a test that fails does not take the machine with it.
    """
    measured = (
        "import resource, sys; from flows.extract.client import extract; from flows.extract.ingest import ingest\n"
        "from flows.extract.plan import Request; from flows.settings import Settings\n"
        "from pathlib import Path; from datetime import date\n"
        "from schemas.errors import StandingsError; import stamina; stamina.set_testing(True, attempts=2)\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        f"try:\n    {code}\n"
        "except StandingsError as told: print(str(told)[-200:])\n"
        "print((peak() - before) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", measured, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENROUTER_API_KEY": "sk-any", "POLARS_MAX_THREADS": "1"},
        cwd=Path(__file__).resolve().parents[3],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30)),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    *told, mebibytes = done.stdout.splitlines()
    return " ".join(told), int(mebibytes)


ASK = (
    "extract(Settings(lake=sys.argv[1], warehouse=Path('w'), base_url=sys.argv[2]),"
    " Request((date(2026, 2, 16), date(2026, 2, 22))))"
)


@pytest.mark.parametrize(
    ("packing", "told"), [("gzip", "is larger than 67,108,864"), ("gzip, gzip", "not UTF-8")]
)
def test_60_gigabytes_in_a_small_answer_stop_at_the_limit(packing: str, told: str, tmp_path: Path) -> None:
    bomb = packed_blanks(60_000)
    if packing != "gzip":
        bomb = gzip.compress(bomb, 1)
        assert len(bomb) < 2**20
    with serving(Answer(body=bomb, headers={"Content-Encoding": packing})) as source:
        said, mebibytes = growth(ASK, f"file://{tmp_path}/lake", source.url)
    assert told in said
    # Measured: 68 and 14. The limit is 64, and the growing of the buffer takes the rest.
    assert mebibytes < 160


# Files


@pytest.mark.parametrize("kind", ["sparse", "endless"])
def test_a_file_that_is_larger_than_any_answer_is_not_read(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    if kind == "sparse":
        file.touch()
        os.truncate(file, 10 * 2**30)
    else:
        file.symlink_to("/dev/zero")
    code = "ingest(Settings(lake=sys.argv[1], warehouse=Path('w')), [Path(sys.argv[2])], None, None)"
    said, mebibytes = growth(code, f"file://{tmp_path}/lake", str(file))
    assert said.endswith("large.json: is larger than 67,108,864 bytes: no answer of the source's is")
    assert mebibytes < 160
    assert not (tmp_path / "lake").exists()


SIDECARS: dict[str, bytes] = {
    "deep": b"[" * 100_000,
    "a list": b'{"category": ["programming"]}',
    "nothing": b'{"category": null}',
    "a number": b'{"start_date": 20260706}',
    "leads out": b'{"category": "..\\\\..\\\\x"}',
    "control characters": b'{"category": "a\\u001bb"}',
    "turned around": b'{"category": "a\\u202eb"}',
    "half a character": b'{"category": "a\\udcffb"}',
    "long": b'{"category": "' + b"x" * 10_000 + b'"}',
    "long field": b'{"' + b"x" * 10_000 + b'": 1}',
    "unprintable field": b'{"\\u001b[31m": 1}',
}


@pytest.mark.parametrize("sidecar", SIDECARS)
def test_a_hostile_sidecar_is_told_in_a_short_line(sidecar: str, tmp_path: Path) -> None:
    file = lakes.write(tmp_path, "a.json", lakes.body({MONDAY: {"openai/osprey": 5}}))
    file.with_name("a.json.request.json").write_bytes(SIDECARS[sidecar])
    with pytest.raises(StandingsError) as caught:
        ingest(lakes.on_disk(tmp_path), [file], None, None)
    assert str(caught.value).isprintable()
    assert len(str(caught.value).replace(str(tmp_path), "")) < 400
    assert list(captures.landed(open_lake(lakes.on_disk(tmp_path)))) == []


@pytest.mark.parametrize(
    "category", ["..", "a/../b", "a=b", "marketing/seo", "名前", "../../x", "a+b", "a b"]
)
def test_an_odd_slice_stays_inside_its_folder_and_counts_nothing(category: str, tmp_path: Path) -> None:
    lake = lakes.on_disk(tmp_path)
    body = lakes.body(lakes.week_of(MONDAY, {"openai/osprey": 5}))
    ingest(lake, [lakes.write(tmp_path / "files", "a.json", body, category=category)], None, None)
    (landed,) = captures.landed(open_lake(lake))
    assert landed.slice == f"category-{category.replace('/', '-')}"
    assert (tmp_path / "lake" / landed.body).resolve().is_relative_to(tmp_path / "lake" / "raw")


# The command line


@pytest.fixture
def shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """Runs a command on the lake; what it printed, once nothing in it is for a terminal to obey."""
    log = logging.getLogger("standings")
    before = log.handlers[:], log.level, log.propagate
    monkeypatch.setenv("STANDINGS_LAKE", lakes.on_disk(tmp_path).lake)

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["standings", *arguments])
        try:
            main()
        except SystemExit as end:
            # What Python does with the argument of sys.exit.
            print(end.code, file=sys.stderr)
        text = "".join(capsys.readouterr())
        assert all(line.isprintable() for line in text.split("\n")), text
        return text

    yield run
    log.handlers, log.level, log.propagate = before


def test_the_command_line_hands_a_terminal_nothing_that_it_would_obey(
    shown: Callable[..., str], tmp_path: Path
) -> None:
    """A file's name, the reason for a rollback, what is asked for: each comes a way of its own."""
    lake = lakes.on_disk(tmp_path)
    file = lakes.write(tmp_path / "files", "\x1b[31m\u202e\udcff.json", b"<html>")
    lakes.land_bytes(lake, lakes.body(lakes.week_of(MONDAY, {"openai/osprey": 5})))
    lakes.bring(lake, file)
    release = lakes.manifest_of(lake).release
    lakes.land_bytes(lake, lakes.body(lakes.week_of(MONDAY, {"=lab/x": 6}), "2026-08-02T00:00:00Z"))
    lakes.publish(lake)
    assert "\\x1b[31m\\u202e\\udcff.json: this is an HTML page" in shown("status")
    assert "there is no table '\\x1b[2J'" in shown("table", "\x1b[2J")
    assert "no\\u202esuch" in shown("no\u202esuch")
    assert shown("unknown").splitlines()[1].startswith("=lab,")
    assert "is published" in shown("rollback", release, "--reason", "\x1b[2J\u202e")
    assert "\\x1b[2J\\u202e" in shown("status")
    file.with_name(f"{file.name}.request.json").write_text("[]")
    assert "\\udcff.json.request.json: not an object" in shown("ingest", str(file.parent))


def test_progress_hands_a_terminal_nothing_that_it_would_obey(shown: Callable[..., str]) -> None:
    start()
    (handler,) = logging.getLogger("standings").handlers
    for text in (*OBEYED.values(), *UNSEEN.values()):
        record = logging.makeLogRecord({"msg": "read: %s", "args": (text,)})
        assert handler.format(record).isprintable()
