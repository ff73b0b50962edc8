"""The command line. It imports late, so that help, tables and the status answer within a second."""

import csv
import logging
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import click

from flows import logs
from flows.quota import A_DAY, A_MINUTE, Quota
from flows.sample_api.server import DEFAULT_SEED
from flows.sanitize import safe
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.fields import GRAINS, KNOWLEDGE, ORIGINS

if TYPE_CHECKING:
    from prefect import Flow

    from flows.pipeline.run import Outcome
    from flows.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

DEMO_LAKE = "file://./demo-lake"

# What a person starts from a terminal needs no orchestrator's chatter, and reports to nobody.
PREFECT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
}


def main() -> None:
    """Runs a command. What is wrong is told in one line on standard error; the exit code is then not 0."""
    debug = "--debug" in sys.argv
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        help_line = (
            f" ({error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        )
        _stop(f"{logs.line(error.format_message())}{help_line}", error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _stop("stopped")
    except BrokenPipeError:
        # The reader of a pipe has seen enough; what is left in the buffer must not raise at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except StandingsError as error:
        if debug:
            raise
        _stop(logs.line(str(error)))
    except Exception as error:
        if debug:
            raise
        line = logs.line(str(error))
        _stop(f"unexpected {type(error).__name__}: {line} (run it again with --debug)")


def _stop(problem: str, code: int = 1) -> NoReturn:
    """Ends with what is wrong."""
    if logs.wants_json():
        logs.say(problem, logging.ERROR)
    else:
        click.echo(f"standings: {problem}", err=True)
    sys.exit(code)


def _say(text: str) -> None:
    """Tells a person something beside the output: on standard error, as JSON where that is asked for."""
    if logs.wants_json():
        logs.say(text)
    else:
        click.echo(text, err=True)


def command(function: Callable[..., Any]) -> click.Command:
    """A command of the group, with the options that all have."""
    name = function.__name__.removesuffix("_").replace("_", "-")
    debug = click.option("--debug", is_flag=True, expose_value=False, help="Show where an error comes from.")
    made: click.Command = cli.command(name)(debug(function))
    return made


DAY = click.DateTime(["%Y-%m-%d"])


def _quota(_context: click.Context, _option: click.Parameter, text: str) -> Quota:
    try:
        return Quota.parse(text)
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.") from None


def _day(moment: datetime | None) -> date | None:
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


@command
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--period", type=click.Choice(GRAINS), help="The grain that was asked for.  [default: day]")
@click.option(
    "--origin",
    type=click.Choice(ORIGINS),
    help="Where the captures come from.  [default: api]",
)
def ingest(paths: tuple[Path, ...], period: str | None, origin: str | None) -> None:
    """Land captured API answers and publish their weeks.

    PATHS are files or folders of *.json. A body says neither its period nor its origin: say it here, or in a
    FILE.request.json beside it. A capture's vintage is its own meta.as_of.
    """
    from flows.extract.ingest import ingest as land
    from flows.monitoring.alerts import sent_after
    from flows.pipeline.run import raw_to_warehouse

    settings = _start()
    landed = land(settings, paths, period, origin)
    _say(f"{landed.files} captures, {landed.new} of them new")
    with sent_after(settings) as refused:
        outcome = raw_to_warehouse(settings)
        refused.extend(outcome.rejected)
    _finish(outcome)


@command
@click.option(
    "--week", type=DAY, metavar="DATE", help="Any day of the week.  [default: the last complete week]"
)
def weekly(week: datetime | None) -> None:
    """Fetch one week and publish it.

    The week before is fetched again with it, since it has settled by now. Needs OPENROUTER_API_KEY.
    """
    from flows.extract.client import require_key

    settings = _start()
    require_key()
    _prefect()
    from flows.weekly import weekly as flow

    _finish(_called(flow, settings)(_day(week)))


@command
@click.option(
    "--from",
    "first",
    type=DAY,
    metavar="DATE",
    required=True,
    help="First day; history begins on 2025-01-01.",
)
@click.option(
    "--to", "last", type=DAY, metavar="DATE", help="Last day.  [default: the end of the last complete week]"
)
@click.option(
    "--slice",
    "named",
    multiple=True,
    metavar="NAME=VALUE",
    help="Also a slice: modality=text, or modality=text,context_bucket=1K.",
)
@click.option("--refetch", is_flag=True, help="Ask for every day, also those that are final.")
@click.option("--plan", "only_plan", is_flag=True, help="Tell what would be asked for, and stop.")
def backfill(
    first: datetime, last: datetime | None, named: tuple[str, ...], refetch: bool, only_plan: bool
) -> None:
    """Fetch many weeks and publish them.

    It asks for what is missing or not final, in the fewest requests: one for every 366 days. Slices land in raw/
    and are never added to the whole. Needs OPENROUTER_API_KEY.
    """
    from flows.extract.client import require_key
    from flows.extract.plan import plan, told

    settings = _start()
    slices = [_slice(each) for each in named]
    if only_plan:
        planned = plan(settings, datetime.now(UTC), first.date(), _day(last), [{}, *slices], refetch)
        for line in told(settings, planned):
            click.echo(line)
        return
    require_key()
    _prefect()
    from flows.backfill import backfill as flow

    _finish(_called(flow, settings)(first.date(), _day(last), slices, refetch))


def _slice(text: str) -> dict[str, str]:
    from schemas.datasets import RANKINGS_DAILY

    asked = dict(each.partition("=")[::2] for each in text.split(","))
    if not (asked.keys() <= {*RANKINGS_DAILY.slices} and all(asked.values())):
        raise click.UsageError(
            f"--slice {text!r} must be NAME=VALUE[,NAME=VALUE] with names among {', '.join(RANKINGS_DAILY.slices)}"
        )
    return asked


@command
@click.option("--from", "first", type=DAY, metavar="DATE", help="First day.  [default: 2025-01-01]")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Last day.  [default: yesterday]")
def gaps(first: datetime | None, last: datetime | None) -> None:
    """List the days that are missing or not final, and why."""
    from flows.extract.plan import gaps as missing
    from flows.settings import from_environment

    found = missing(from_environment(), datetime.now(UTC), _day(first), _day(last))
    for each in found:
        days = f"{each.days} day{'s' if each.days > 1 else ''}"
        click.echo(f"{each.first} to {each.last}  {days:>9}  {each.why}")
    _say(f"{sum(each.days for each in found)} days in {len(found)} gaps")


@command
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file, atomically."
)
@click.option("--push", metavar="URL", help="Push to a Prometheus Pushgateway.")
def metrics(output: Path | None, push: str | None) -> None:
    """Tell how fresh, how large and how sure the figures are, as Prometheus text."""
    from flows.monitoring import metrics as measure
    from flows.settings import from_environment

    registry = measure.registry(from_environment(), datetime.now(UTC))
    if output:
        measure.write(registry, output)
    if push:
        measure.push(registry, push)
    if not (output or push):
        click.echo(measure.text(registry), nl=False)


@command
@click.argument("release", required=False)
def lineage(release: str | None) -> None:
    """Print what a RELEASE was made from, as OpenLineage events.

    By default the published one. With STANDINGS_LINEAGE, the events of each new release are sent by themselves.
    """
    import json

    from flows.lake.lake import open_lake
    from flows.lake.manifest import published, read_manifest
    from flows.pipeline.lineage import events
    from flows.settings import from_environment
    from flows.storage.object_store import NotFound

    store = open_lake(from_environment())
    try:
        after = read_manifest(store, release) if release else published(store)
    except NotFound:
        raise StandingsError(
            f"{store.url}: there is no release {release!r}: see `standings releases`"
        ) from None
    before = read_manifest(store, after.previous) if after.previous else None
    for event in events(store, before, after):
        click.echo(json.dumps(event))


@command
def monitor() -> None:
    """Fail where the newest complete week is older than it should be."""
    from flows.monitoring.freshness import demand_fresh
    from flows.settings import from_environment

    click.echo(f"fresh: the newest complete week is {demand_fresh(from_environment(), datetime.now(UTC))}")


@command
def rebuild() -> None:
    """Publish the same raw captures anew with today's code.

    Captures that could not be read are tried again. Nothing is asked of the source. It tells which weeks of which
    tables came out otherwise; `standings rollback` brings the release before back.
    """
    from flows import maintenance
    from flows.monitoring.alerts import sent_after

    settings = _start()
    if settings.dask:
        _prefect()
        from flows.rebuild import rebuild as flow

        changed, outcome = flow()
    else:
        with sent_after(settings) as refused:
            changed, outcome = maintenance.rebuild(settings)
            refused.extend(outcome.rejected)
    for line in changed or ["nothing came out otherwise"]:
        click.echo(line)
    _finish(outcome)


@command
@click.argument("name")
@click.option("--week", type=DAY, metavar="DATE", help="Any day of one week.")
@click.option("--from", "first", type=DAY, metavar="DATE", help="Weeks from this one on.")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Weeks up to this one.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
    metavar="MOMENT",
    help="As it stood at this moment, UTC: 2026-07-19T12:00:00Z.",
)
@click.option("--method", help="The way of counting, such as all_models or top9_named.")
@click.option("--knowledge", type=click.Choice(KNOWLEDGE), help="What counts as known.")
@click.option("--country", help="ISO 3166-1 alpha-2 code, or ZZ for what no country can claim.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json", "parquet"]), default="table")
@click.option(
    "--citation",
    "cited",
    is_flag=True,
    help="Put source, vintage, licence and caveat into CSV, as # lines, or JSON. Parquet has them.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def table(
    name: str,
    week: datetime | None,
    first: datetime | None,
    last: datetime | None,
    as_of: datetime | None,
    method: str | None,
    knowledge: str | None,
    country: str | None,
    form: Any,
    cited: bool,
    output: Path | None,
) -> None:
    """Print a published table."""
    from flows.lake.query import Selection, select
    from flows.settings import from_environment
    from flows.show import render

    if week and (first or last):
        raise click.UsageError("--week names one week; --from and --to name many: use one or the other")
    if form == "parquet" and not output:
        raise click.UsageError("--format parquet needs --output FILE")
    selection = Selection(
        _day(week or first),
        _day(week or last),
        {"method": method, "knowledge": knowledge, "country_code": country},
        as_of.replace(tzinfo=UTC) if as_of else None,
    )
    found = select(from_environment(), name, selection)
    remarks = " ".join(note for note in found.notes if note not in found.metadata.values())
    metadata = found.metadata | ({"note": remarks} if remarks else {})
    data = render(found.table, found.rows, form, metadata, _width(), cited)
    if output:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise StandingsError(f"{output}: cannot be written: {error.strerror}") from None
    else:
        click.echo(data.decode(), nl=False)
    tell = _say if output or form != "table" else click.echo
    tell("\n".join(["", *found.notes]))


table.help = "Print a published table.\n\n\b\n" + "\n".join(
    f"{each.name:<{max(len(other.name) for other in TABLES)}}  {each.summary}" for each in TABLES
)


@command
@click.option("--all", "every", is_flag=True, help="Also claims about weeks without data.")
def claims(every: bool) -> None:
    """Tell what printed figures are worth.

    Each is compared with our figure under every method and knowledge; `standings table claims --format json`
    has the sources and the wording, `standings table claim_value` every figure that was tried.
    """
    from flows.lake.query import Selection, select
    from flows.settings import from_environment
    from flows.show import claims_text

    found = select(from_environment(), "claims", Selection())
    rows = found.rows if every else found.rows.filter(found.rows["verdict"] != "no data")
    if not rows.is_empty():
        click.echo(claims_text(rows), nl=False)
    left_out = f"\n{found.rows.height - rows.height} claims about weeks without data are left out (--all)"
    click.echo(left_out if rows.height < found.rows.height else "")
    click.echo("\n".join(found.notes))


@command
def unknown() -> None:
    """List authors that no reference file decides.

    The largest first, each with the line to add to authors.csv in a folder that STANDINGS_REFERENCE names.
    """
    from flows.lake.query import Selection, select
    from flows.settings import from_environment
    from flows.show import figure
    from schemas.reference import AUTHORS
    from transforms.attribution import unknown_authors

    authors = unknown_authors(select(from_environment(), "model_week", Selection()).rows)
    if authors.is_empty():
        click.echo("every author is decided")
        return
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(AUTHORS.names)
    for author, tokens in authors.iter_rows():
        why = f"WHY ({figure(tokens)} tokens; or organisation and its id)"
        row = {"author": author, "kind": "undecided", "reason": why}
        lines.writerow(row.get(name) for name in AUTHORS.names)


@command
def verify() -> None:
    """Check every object of the lake and the warehouse.

    Says what is wrong, a line each, and exits with 1 if anything is.
    """
    from flows.monitoring.verify import verify as problems
    from flows.settings import from_environment

    wrong = 0
    for problem in problems(from_environment()):
        click.echo(safe(str(problem)))
        wrong += 1
    if wrong:
        raise StandingsError(f"{wrong} problems: `standings repair` rebuilds what can be rebuilt from raw")
    click.echo("all is as it was written")


@command
def load() -> None:
    """Bring every warehouse to the published release."""
    from flows.warehouses.load import load as bring

    bring(_start())


@command
def repair() -> None:
    """Rebuild what is missing or broken from the raw captures."""
    from flows.maintenance import repair as rebuild
    from flows.monitoring.alerts import sent_after

    settings = _start()
    with sent_after(settings) as refused:
        wrong, outcome = rebuild(settings)
        refused.extend(outcome.rejected)
    for problem in wrong:
        click.echo(safe(str(problem)))
    click.echo(f"{len(wrong)} problems were found")
    _finish(outcome)


@command
@click.argument("release")
@click.option("--reason", required=True, help="Why; it is kept with who and when.")
def accept(release: str, reason: str) -> None:
    """Publish a RELEASE that a critical check stopped.

    `standings status` names it. What was found is let through for exactly the values that were found.
    """
    from flows.maintenance import accept as let_through
    from flows.monitoring.alerts import sent_after

    settings = _start()
    with sent_after(settings) as refused:
        outcome = let_through(settings, release, reason)
        refused.extend(outcome.rejected)
    _finish(outcome)


@command
def migrate() -> None:
    """Move an older lake up to this version's format."""
    from flows.maintenance import migrate as move
    from flows.monitoring.alerts import sent_after

    settings = _start()
    with sent_after(settings) as refused:
        before, outcome = move(settings)
        refused.extend(outcome.rejected)
    _say("nothing to move" if before is None else f"format {before} is moved up")
    _finish(outcome)


@command
def releases() -> None:
    """List releases, the newest first."""
    from flows.lake.lake import open_lake
    from flows.lake.manifest import chain, published
    from flows.settings import from_environment

    store = open_lake(from_environment())
    for each in chain(store, published(store)):
        click.echo(
            f"{each.release}  {each.published_at:%Y-%m-%d %H:%M:%S} UTC  {len(each.captures)} captures"
        )


@command
@click.argument("release")
@click.option("--reason", required=True, help="Why; it is kept with the captures that are passed over.")
def rollback(release: str, reason: str) -> None:
    """Publish an earlier RELEASE again, as a new one.

    Captures that came after it are passed over until they are ingested again or everything is rebuilt.
    """
    from flows.maintenance import rollback as bring_back
    from flows.warehouses.load import load

    settings = _start()
    _say(f"release {bring_back(settings, release, reason)} is published")
    load(settings)


@command
@click.option("--days", type=click.IntRange(min=1), default=7, show_default=True, help="How old it must be.")
def prune(days: int) -> None:
    """Remove what no release leads to. Never raw."""
    from flows.maintenance import prune as remove
    from flows.settings import from_environment

    count = 0
    for name in remove(from_environment(), timedelta(days=days)):
        click.echo(safe(name))
        count += 1
    _say(f"{count} objects removed")


@command
@click.argument("source")
@click.argument("target")
def copy(source: str, target: str) -> None:
    """Copy a whole lake from SOURCE to TARGET, each file://... or s3://..."""
    from flows.maintenance import copy as carry
    from flows.settings import default_warehouse
    from flows.warehouses.load import load

    settings = _start()
    count = 0
    for count, _ in enumerate(carry(settings, source, target), start=1):
        if count % 500 == 0:
            _say(f"  {count} objects")
    target = target.rstrip("/")
    warehouse = default_warehouse(target)
    load(replace(settings, lake=target, warehouse=warehouse, postgres=None, iceberg=None))
    _say(f"{count} objects are at {target}: STANDINGS_LAKE={target} standings verify")


@command
def status() -> None:
    """Tell what is published and what needs a person."""
    from flows.monitoring.status import lines
    from flows.settings import from_environment

    for line in lines(from_environment()):
        click.echo(safe(line))


@command
@click.option(
    "--seed", type=int, default=DEFAULT_SEED, show_default=True, help="Equal seeds give equal figures."
)
@click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
    help="The moment, UTC, at which it answers.  [default: the clock]",
)
@click.option("--port", type=int, default=8787, show_default=True, help="On 127.0.0.1; 0 takes a free one.")
@click.option(
    "--minute",
    callback=_quota,
    default=str(A_MINUTE),
    show_default=True,
    metavar="REQUESTS/SECONDS",
    help="What it allows a key.",
)
@click.option(
    "--day",
    callback=_quota,
    default=str(A_DAY),
    show_default=True,
    metavar="REQUESTS/SECONDS",
    help="What it allows in all.",
)
def sample_api(seed: int, now: datetime | None, port: int, minute: Quota, day: Quota) -> None:
    """Serve the documented API with simulated figures."""
    from flows.sample_api.server import SampleApi

    moment = now.replace(tzinfo=UTC) if now else None
    api = SampleApi(seed=seed, now=moment, port=port, minute=minute, day=day)
    _say(f"SIMULATED figures at {api.base_url} until you press Ctrl-C. In another terminal:")
    _say(f"  export STANDINGS_LAKE={DEMO_LAKE} OPENROUTER_API_KEY=any")
    _say(f"  export OPENROUTER_BASE_URL={api.base_url}\n  standings weekly")
    api.serve_forever()


@command
def demo() -> None:
    """Show it all on simulated figures; needs no key.

    Backfills all of history from the sample API and prints the latest standings. The figures are simulated
    and stay apart, in ./demo-lake.
    """
    from flows.sample_api.server import SampleApi

    # Simulated figures reach nothing that was set up for real ones.
    for name in [each for each in os.environ if each.startswith("STANDINGS_") and each != logs.VARIABLE]:
        del os.environ[name]
    os.environ |= {"STANDINGS_LAKE": DEMO_LAKE, "OPENROUTER_API_KEY": "demo"}
    with SampleApi(seed=DEFAULT_SEED) as api:
        os.environ["OPENROUTER_BASE_URL"] = api.base_url
        settings = _start()
        _prefect()
        from flows.backfill import backfill as flow
        from schemas.datasets import RANKINGS_DAILY

        _finish(_called(flow, settings)(RANKINGS_DAILY.history_starts))
    _print_latest(settings)


def _print_latest(settings: "Settings") -> None:
    """The last complete week, counted by each method, with what is known now."""
    from flows.lake.lake import open_lake
    from flows.lake.manifest import published
    from flows.lake.query import Selection, select
    from flows.lake.reader import newest_complete_week
    from flows.show import render

    store = open_lake(settings)
    week = newest_complete_week(store, published(store))
    values: dict[str, str | None] = {"knowledge": "now"}
    for name in ("country_week", "country_lead_week"):
        found = select(settings, name, Selection(week, week, values=values))
        click.echo()
        click.echo(render(found.table, found.rows, "table", found.metadata, _width()).decode(), nl=False)
    click.echo("\n" + "\n".join(found.notes))


def _width() -> int:
    """The terminal's width in characters; of a file or pipe, enough for every table."""
    return max(shutil.get_terminal_size().columns, 60) if sys.stdout.isatty() else 120


def _start() -> "Settings":
    """The settings; steps tell their progress on standard error from here on."""
    from flows.settings import from_environment

    logs.start()
    return from_environment()


def _prefect() -> None:
    for name, value in PREFECT.items():
        os.environ.setdefault(name, value)


def _called(flow: "Flow[P, R]", settings: "Settings") -> Callable[P, R]:
    """The flow as a run of the Prefect server that is set; where none is, its steps without Prefect.

    A server for this one run would take longer than the run, and forget it. Dask's workers need one.
    """
    from prefect.settings import get_current_settings

    return flow if get_current_settings().api.url or settings.dask else flow.fn


def _finish(outcome: "Outcome") -> None:
    """Says what is published; raises `StandingsError` where a capture could not be read."""
    with logs.bind(release=outcome.release):
        _say(f"release {outcome.release} is published")
    if outcome.rejected:
        more = f" (and {len(outcome.rejected) - 1} more: standings status)" if outcome.rejected[1:] else ""
        raise StandingsError(f"{outcome.rejected[0]}{more}; the bytes are kept in raw/ and are not counted")


if __name__ == "__main__":
    main()
