"""The command line's group, and what its commands share."""

import logging
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from flows import logs
from flows.quota import Quota
from schemas.errors import StandingsError

if TYPE_CHECKING:
    from flows.pipeline.run import Outcome
    from flows.settings import Settings


# What a person starts from a terminal needs no orchestrator's chatter, and reports to nobody.
PREFECT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
}

PREFECT_FILES = {".env": "PREFECT_", "prefect.toml": "", "pyproject.toml": "[tool.prefect"}
"""Files of the working folder that Prefect may read settings from, and what is in one that has any."""


def stop(problem: str, code: int = 1) -> NoReturn:
    """Ends with what is wrong."""
    if logs.wants_json():
        logs.say(problem, logging.ERROR)
    else:
        _echo(f"standings: {problem}")
    sys.exit(code)


def say(text: str) -> None:
    """Tells a person something beside the output: on standard error, as JSON where that is asked for."""
    if logs.wants_json():
        logs.say(text)
    else:
        _echo(text)


def _echo(text: str) -> None:
    """Standard error that takes no more, such as a log on a full disk, fails no run."""
    with suppress(OSError):
        click.echo(text, err=True)


def command(function: Callable[..., Any]) -> click.Command:
    """A command of the group, with the options that all have."""
    name = function.__name__.removesuffix("_").replace("_", "-")
    debug = click.option("--debug", is_flag=True, expose_value=False, help="Show where an error comes from.")
    made: click.Command = cli.command(name)(debug(function))
    return made


DAY = click.DateTime(["%Y-%m-%d"])


def quota_option(_context: click.Context, _option: click.Parameter, text: str) -> Quota:
    try:
        return Quota.parse(text)
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.") from None


def to_date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Which country's AI models does the world call, and how sure are we?

    Fetch or ingest OpenRouter's token rankings, publish country tables from them, and read them here.

    \b
    No key at hand?      standings demo
    Have captures?       standings ingest FOLDER
    Have a key?          OPENROUTER_API_KEY=... standings backfill --from 2025-01-01
    Then read:           standings table country_week --method all_models

    \b
    STANDINGS_LAKE       where everything is kept: file://./lake (default) or s3://bucket/prefix
    STANDINGS_WAREHOUSE  the DuckDB file: warehouse.duckdb inside a file:// lake, else here
    """


def now() -> datetime:
    """The clock, by which what is shown may be stale."""
    return datetime.now(UTC)


def terminal_width() -> int:
    """The terminal's width in characters; of a file or pipe, enough for every table."""
    return max(shutil.get_terminal_size().columns, 60) if sys.stdout.isatty() else 120


def start() -> "Settings":
    """The settings; steps tell their progress on standard error from here on."""
    from flows.settings import from_environment

    logs.start()
    return from_environment()


def is_told_to_prefect(settings: "Settings") -> bool:
    """Whether a run is one of a Prefect server's: that which is set, or that which Dask's tasks need.

    Else its steps run without Prefect: a server for this one run would take longer than the run, and forget it.
    Prefect takes seconds to import, so it is asked only where there is something that it reads its settings from.
    """
    for name, value in PREFECT.items():
        os.environ.setdefault(name, value)
    if settings.dask or os.environ.get("PREFECT_API_URL"):
        return True
    # `Path.expanduser` raises where a user has no home.
    home = os.path.expanduser(os.environ.get("PREFECT_HOME") or "~/.prefect")  # noqa: PTH111
    place = os.environ.get("PREFECT_PROFILES_PATH") or f"{home}/profiles.toml"
    profiles = Path(os.path.expanduser(place))  # noqa: PTH111
    sources = {profiles: "PREFECT_API_URL"} | {Path(name): sign for name, sign in PREFECT_FILES.items()}
    if not any(path.is_file() and sign in path.read_text(errors="replace") for path, sign in sources.items()):
        return False
    from prefect.settings import get_current_settings

    return bool(get_current_settings().api.url)


def publish_landed(settings: "Settings") -> "Outcome":
    """Publishes and loads what has landed, and sends the alerts that follow."""
    from flows.monitoring.alerts import sent_after
    from flows.pipeline.run import raw_to_warehouse

    with sent_after(settings) as refused:
        outcome = raw_to_warehouse(settings)
        refused.extend(outcome.rejected)
    return outcome


def finish(outcome: "Outcome") -> None:
    """Says what is published; raises `StandingsError` where a capture could not be read."""
    with logs.bind(release=outcome.release):
        say(f"release {outcome.release} is published")
    if outcome.rejected:
        more = f" (and {len(outcome.rejected) - 1} more: standings status)" if outcome.rejected[1:] else ""
        raise StandingsError(f"{outcome.rejected[0]}{more}; the bytes are kept in raw/ and are not counted")
