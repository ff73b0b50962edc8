"""Progress lines: for a person as ever, and as JSON objects where those are asked for."""

import io
import json
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows import logs
from schemas.errors import StandingsError
from tests.support import lakes

LOG = logging.getLogger("standings")
SCRIPT = Path(sys.executable).with_name("standings")
MONDAY = date(2026, 7, 6)


@pytest.fixture(autouse=True)
def _logger_as_before() -> Iterator[None]:
    before = (LOG.handlers, LOG.level, LOG.propagate)
    yield
    LOG.handlers, LOG.level, LOG.propagate = before


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is told as JSON."""
    monkeypatch.setenv("STANDINGS_LOG", "json")
    stream = io.StringIO()
    logs.start(stream)
    return stream


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_lines_are_for_a_person_unless_something_else_is_asked_for() -> None:
    stream = io.StringIO()
    logs.start(stream)
    with logs.bind(release="000001-abc"):
        LOG.info("publish: %s", "a\nb\x1b[31m")
    assert stream.getvalue() == "  publish: a b\\x1b[31m\n"


def test_every_line_is_an_object_that_says_when_who_and_what(told: io.StringIO) -> None:
    before = datetime.now(UTC)
    LOG.warning("extract: %d rows\nof %s", 3, "“x”\x1b")
    (line,) = objects(told.getvalue())
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(line.pop("time")) <= datetime.now(UTC)
    assert uuid.UUID(line.pop("run"))
    assert line == {"level": "warning", "logger": "standings", "message": "extract: 3 rows of “x”\\x1b"}


def test_ids_are_carried_inside_and_not_after(told: io.StringIO) -> None:
    with logs.bind(release="000001-abc", week=None):
        with logs.bind(week=MONDAY):
            LOG.info("both")
        LOG.info("one")
    LOG.info("none")
    both, one, none = objects(told.getvalue())
    assert (both["release"], both["week"]) == ("000001-abc", "2026-07-06")
    assert (one["release"], "week" in one) == ("000001-abc", False)
    assert not {"release", "week"} & none.keys()
    assert len({both["run"], one["run"], none["run"]}) == 1


def test_ids_of_one_thread_are_not_another_s(told: io.StringIO) -> None:
    def work(name: str) -> None:
        with logs.bind(release=name):
            for _ in range(50):
                LOG.info(name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, "abcd"))
    lines = objects(told.getvalue())
    assert len(lines) == 200
    assert all(line["release"] == line["message"] for line in lines)


def test_of_an_error_only_the_type_is_told(told: io.StringIO) -> None:
    try:
        raise ValueError("https://user:hidden@host")
    except ValueError:
        LOG.exception("notify: a listener was not reached")
    (line,) = objects(told.getvalue())
    assert line["error"] == "ValueError"
    assert "hidden" not in told.getvalue()


def test_a_run_of_an_orchestrator_is_told_by_its_own_id(
    told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    import prefect.runtime  # noqa: F401

    run = str(uuid.uuid4())
    LOG.info("before")
    monkeypatch.setenv("PREFECT__RUNTIME__FLOW_RUN__ID", run)
    LOG.info("within")
    before, within = objects(told.getvalue())
    assert within["run"] == run != before["run"]


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What an orchestrator's handler prints of every logger's lines."""
    stream = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(stream)])
    LOG.handlers, LOG.propagate = [logging.NullHandler()], True
    return stream


def test_within_an_orchestrator_its_own_handlers_print_objects(
    root: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = list(LOG.handlers)
    logs.start_in_flow()
    LOG.warning("for a person")
    assert root.getvalue() == "for a person\n"
    monkeypatch.setenv("STANDINGS_LOG", "json")
    logs.start_in_flow()
    LOG.info("ours")
    logging.getLogger("another").warning("theirs")
    assert [line["message"] for line in objects(root.getvalue().split("\n", 1)[1])] == ["ours", "theirs"]
    assert LOG.handlers == handlers


def test_where_an_orchestrator_prints_nothing_ours_does_once(
    root: io.StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger().handlers = []
    monkeypatch.setenv("STANDINGS_LOG", "json")
    logs.start_in_flow()
    logs.start_in_flow()
    LOG.info("one")
    assert [line["message"] for line in objects(capsys.readouterr().err)] == ["one"]


def test_any_other_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDINGS_LOG", "xml")
    with pytest.raises(StandingsError, match=r"^STANDINGS_LOG is 'xml'; it must be one of text, json$"):
        logs.start()


def standings(folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"STANDINGS_LAKE": f"file://{folder}/lake"} | variables
    return subprocess.run(
        [SCRIPT, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_command_s_every_word_beside_its_output_is_an_object(tmp_path: Path) -> None:
    settings = lakes.on_disk(tmp_path)
    body = lakes.body(lakes.week_of(MONDAY, {"openai/osprey": 10}))
    lakes.land_bytes(settings, body)
    lakes.publish(settings)
    done = standings(tmp_path, "table", "country_week", "--format", "csv", STANDINGS_LOG="json")
    assert done.stdout.startswith("week_start,")
    (line,) = objects(done.stderr)
    assert line["level"] == "info"
    assert "as of 2026-08-01T00:00:00Z" in line["message"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("table", "country_week"), 1, "nothing is published there yet"),
        (("table",), 2, "Missing argument 'NAME'"),
    ],
)
def test_a_command_s_error_is_an_object_too(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = standings(tmp_path, *arguments, STANDINGS_LOG="json")
    (line,) = objects(done.stderr)
    assert (done.returncode, line["level"]) == (code, "error")
    assert words in line["message"]
    assert not line["message"].startswith("standings:")


def test_a_command_that_writes_says_what_the_variable_may_be(tmp_path: Path) -> None:
    done = standings(tmp_path, "migrate", STANDINGS_LOG="xml")
    assert (done.returncode, done.stderr) == (
        1,
        "standings: STANDINGS_LOG is 'xml'; it must be one of text, json\n",
    )
