"""What is outside of a command: its user, its streams and its end. In real processes, to which these belong."""

import getpass
import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import flows.monitoring.status
from flows.cli.main import main
from flows.extract.rate_limiter import Limiter
from flows.lake import keys
from flows.lake.lake import open_lake
from flows.settings import Settings, user_name
from tests.support import lakes

FULL = Path("/dev/full")

NOBODY = ("unshare", "--user", "--map-user=12345")
"""Runs a program as a user id without an entry, who may do what the caller may."""


def unshares() -> bool:
    return (
        shutil.which(NOBODY[0]) is not None
        and not subprocess.run([*NOBODY, "true"], capture_output=True).returncode
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of two releases, with more rows than a buffer holds, where the day's only request was made."""
    settings = lakes.on_disk(tmp_path_factory.mktemp("published"))
    for tokens in (5, 6):
        days = lakes.week_of(date(2026, 7, 6), {f"openai/{number:0100}": tokens for number in range(20)})
        lakes.land_bytes(settings, lakes.body(days, f"2026-08-0{tokens}T00:00:00.000Z"))
        lakes.raw_to_warehouse(settings, lakes.unchecked)
    with Limiter(open_lake(settings), settings.minute, settings.day).request():
        pass
    return settings


# The user


IN_TURN = """
import sys
from flows.cli.main import main

for arguments in sys.argv[1:]:
    sys.argv = ["standings", *arguments.split()]
    try:
        main()
    except SystemExit as end:
        print("ended", arguments.split()[0], end.code, file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.skipif(not unshares(), reason="nobody may make a namespace of users here")
@pytest.mark.parametrize("home", [None, "/proc/none"])
def test_a_user_without_a_name_may_do_everything(
    home: str | None, published: Settings, tmp_path: Path
) -> None:
    """As where OpenShift or `docker run --user` chooses the user id, with a HOME that is of no use or without any."""
    shutil.copytree(Path(published.lake.removeprefix("file://")), tmp_path / "lake")
    nameless = ("HOME", "LOGNAME", "USER", "USERNAME")
    environment = {name: value for name, value in os.environ.items() if name not in nameless} | {
        "STANDINGS_LAKE": f"file://{tmp_path}/lake",
        "TMPDIR": str(tmp_path),
        "OPENROUTER_API_KEY": "any",
        # It is spent, so that `weekly` asks nobody; it has looked for Prefect's settings by then.
        "STANDINGS_QUOTA_DAY": "1/86400",
    }
    first = keys.release(min(open_lake(published).list(keys.MANIFESTS)))
    commands = ["weekly"] if home else ["weekly", f"rollback {first} --reason why", "status", "prune"]
    ran = subprocess.run(
        [*NOBODY, sys.executable, "-c", IN_TURN, *commands],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env=environment | ({"HOME": home} if home else {}),
        timeout=60,
    )
    ended = [line for line in ran.stderr.splitlines() if line.startswith("ended")]
    expected = ["ended weekly 1", "ended rollback 0", "ended status 0", "ended prune 0"]
    assert ended == expected[: len(commands)], ran.stderr
    assert "the quota of 1 requests a day is spent" in ran.stderr
    assert home or "passed over by uid 12345 at " in ran.stdout
    assert not list(tmp_path.glob("standings-home-*"))


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert user_name() == f"uid {os.getuid()}"


# The streams


NO_ROOM = "standings: standard output cannot be written: No space left on device\n"
CLOSED = "standings: standard output cannot be written: Bad file descriptor\n"


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("--help >/dev/full", 1, NO_ROOM),
        ("table ranking_entry --format csv >/dev/full", 1, NO_ROOM),
        ("--help >&-", 1, CLOSED),
        ("--help <&- >&- 2>&-", 1, ""),
        # What tells something on standard error only has done what it did.
        ("load >&- 2>/dev/full", 0, ""),
    ],
)
def test_output_that_nobody_takes_is_told_in_one_line(
    command: str, code: int, told: str, published: Settings
) -> None:
    ran = subprocess.run(
        ["sh", "-c", f'exec "$0" -m flows {command}', sys.executable],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env=os.environ | {"STANDINGS_LAKE": published.lake, "STANDINGS_WAREHOUSE": str(published.warehouse)},
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (code, told)


# The end


def test_sigterm_ends_a_command_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lines(*_: object) -> list[str]:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("it goes on")

    monkeypatch.setattr(flows.monitoring.status, "lines", lines)
    monkeypatch.setattr(sys, "argv", ["standings", "status"])
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().err) == (143, "standings: stopped by SIGTERM\n")
    assert signal.getsignal(signal.SIGTERM) == before


DEAF = """
import os, signal, time
from flows.cli import process

process.GRACE = 0.1
with process.process():
    while True:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
        except BaseException:
            pass
"""


def test_sigterm_ends_what_does_not_end_by_itself(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, text=True, timeout=20)
    assert (ran.returncode, ran.stderr) == (143, "standings: stopped by SIGTERM\n")
