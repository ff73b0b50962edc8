"""Commands that bring figures in and publish them."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows import logs
from flows.quota import A_DAY, A_MINUTE, Quota
from flows.sample_api.server import DEFAULT_SEED
from schemas.fields import GRAINS, ORIGINS

if TYPE_CHECKING:
    from flows.settings import Settings
from flows.cli.app import (
    DAY,
    command,
    finish,
    is_told_to_prefect,
    now,
    publish_landed,
    quota_option,
    say,
    start,
    terminal_width,
    to_date,
)

DEMO_LAKE = "file://./demo-lake"


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

    settings = start()
    landed = land(settings, paths, period, origin)
    say(f"{landed.files} captures, {landed.new} of them new")
    finish(publish_landed(settings))


@command
@click.option(
    "--week", type=DAY, metavar="DATE", help="Any day of the week.  [default: the last complete week]"
)
def weekly(week: datetime | None) -> None:
    """Fetch one week and publish it.

    The week before is fetched again with it, since it has settled by now. Needs OPENROUTER_API_KEY.
    """
    from flows.extract.client import require_key

    settings = start()
    require_key()
    if is_told_to_prefect(settings):
        from flows.prefect_api import errors_in_one_line

        with errors_in_one_line():
            from flows.weekly import weekly as flow

            outcome = flow(to_date(week))
        finish(outcome)
    else:
        from flows.pipeline.fetch import one_week

        finish(one_week(settings, now(), to_date(week), publish_landed))


@command
def refresh() -> None:
    """Fetch the last fourteen days again and publish what changed.

    One request. Where nothing changed, no release is made. Needs OPENROUTER_API_KEY.
    """
    from flows.extract.client import require_key

    settings = start()
    require_key()
    if is_told_to_prefect(settings):
        from flows.prefect_api import errors_in_one_line

        with errors_in_one_line():
            from flows.refresh import refresh as flow

            outcome = flow()
        finish(outcome)
    else:
        from flows.pipeline.fetch import trailing_days

        finish(trailing_days(settings, now(), publish_landed))


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

    settings = start()
    slices = [_slice(each) for each in named]
    if only_plan:
        planned = plan(settings, datetime.now(UTC), first.date(), to_date(last), [{}, *slices], refetch)
        for line in told(settings, planned):
            click.echo(line)
        return
    require_key()
    if is_told_to_prefect(settings):
        from flows.prefect_api import errors_in_one_line

        with errors_in_one_line():
            from flows.backfill import backfill as flow

            outcome = flow(first.date(), to_date(last), slices, refetch)
        finish(outcome)
    else:
        from flows.pipeline.fetch import many_weeks

        finish(
            many_weeks(
                settings,
                now(),
                first.date(),
                to_date(last),
                publish_landed,
                slices=slices,
                refetch=refetch,
            )
        )


def _slice(text: str) -> dict[str, str]:
    from schemas.datasets import RANKINGS_DAILY

    asked = dict(each.partition("=")[::2] for each in text.split(","))
    if not (asked.keys() <= {*RANKINGS_DAILY.slices} and all(asked.values())):
        raise click.UsageError(
            f"--slice {text!r} must be NAME=VALUE[,NAME=VALUE] with names among {', '.join(RANKINGS_DAILY.slices)}"
        )
    return asked


@command
@click.option(
    "--without-operator",
    is_flag=True,
    help="Let go of the reference files, or the confidence, that the lake was published with and that are not set.",
)
def rebuild(without_operator: bool) -> None:
    """Publish the same raw captures anew with today's code.

    Captures that could not be read are tried again. Nothing is asked of the source. It tells which weeks of which
    tables came out otherwise; `standings rollback` brings the release before back.
    """
    from flows import maintenance
    from flows.monitoring.alerts import sent_after

    settings = start()
    if settings.dask and is_told_to_prefect(settings):
        from flows.prefect_api import errors_in_one_line

        with errors_in_one_line():
            from flows.rebuild import rebuild as flow

            changed, outcome = flow(without_operator)
    else:
        with sent_after(settings) as refused:
            changed, outcome = maintenance.rebuild(settings, without_operator=without_operator)
            refused.extend(outcome.rejected)
    for line in changed or ["nothing came out otherwise"]:
        click.echo(line)
    finish(outcome)


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
    callback=quota_option,
    default=str(A_MINUTE),
    show_default=True,
    metavar="REQUESTS/SECONDS",
    help="What it allows a key.",
)
@click.option(
    "--day",
    callback=quota_option,
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
    say(f"SIMULATED figures at {api.base_url} until you press Ctrl-C. In another terminal:")
    say(f"  export STANDINGS_LAKE={DEMO_LAKE} OPENROUTER_API_KEY=any")
    say(f"  export OPENROUTER_BASE_URL={api.base_url}\n  standings weekly")
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
        settings = start()
        from flows.pipeline.fetch import many_weeks
        from schemas.datasets import RANKINGS_DAILY

        finish(many_weeks(settings, now(), RANKINGS_DAILY.history_starts, None, publish_landed))
    _print_latest(settings)


def _print_latest(settings: "Settings") -> None:
    """The last complete week, counted by each method, with what is known now."""
    from flows.cli.render import render
    from flows.lake.lake import open_lake
    from flows.lake.manifest import published
    from flows.lake.query import Selection, select
    from flows.lake.reader import newest_complete_week

    store = open_lake(settings)
    week = newest_complete_week(store, published(store))
    values: dict[str, str | None] = {"knowledge": "now"}
    for name in ("country_week", "country_lead_week"):
        found = select(settings, name, Selection(week, week, values=values), now())
        click.echo()
        click.echo(
            render(found.table, found.rows, "table", found.metadata, terminal_width()).decode(), nl=False
        )
    click.echo("\n" + "\n".join(found.footer))
