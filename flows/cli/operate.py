"""Commands that check, repair and move a lake."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from flows.sanitize import safe
from schemas.errors import StandingsError

if TYPE_CHECKING:
    pass
from flows.cli.app import command, finish, say, start


@command
def verify() -> None:
    """Check every object of the lake and the warehouse.

    Says what is wrong, a line each, and exits with 1 if anything is. An object that nobody knows is named, and harms
    nothing.
    """
    from flows.monitoring.verify import verify as problems
    from flows.settings import from_environment

    wrong = 0
    for problem in problems(from_environment()):
        click.echo(safe(str(problem)))
        wrong += problem.is_harm
    if wrong:
        raise StandingsError(f"{wrong} problems: `standings repair` rebuilds what can be rebuilt from raw")
    click.echo("all is as it was written")


@command
def load() -> None:
    """Bring every warehouse to the published release."""
    from flows.warehouses.load import load as bring

    bring(start())


@command
def repair() -> None:
    """Rebuild what is missing or broken from the raw captures."""
    from flows.maintenance import repair as rebuild
    from flows.monitoring.alerts import sent_after

    settings = start()
    with sent_after(settings) as refused:
        wrong, outcome = rebuild(settings)
        refused.extend(outcome.rejected)
    for problem in wrong:
        click.echo(safe(str(problem)))
    click.echo(f"{len(wrong)} problems were found")
    finish(outcome)


@command
@click.argument("release")
@click.option("--reason", required=True, help="Why; it is kept with who and when.")
def accept(release: str, reason: str) -> None:
    """Publish a RELEASE that a critical check stopped.

    `standings status` names it. What was found is let through for exactly the values that were found.
    """
    from flows.maintenance import accept as let_through
    from flows.monitoring.alerts import sent_after

    settings = start()
    with sent_after(settings) as refused:
        outcome = let_through(settings, release, reason)
        refused.extend(outcome.rejected)
    finish(outcome)


@command
def migrate() -> None:
    """Move an older lake up to this version's format."""
    from flows.maintenance import migrate as move
    from flows.monitoring.alerts import sent_after

    settings = start()
    with sent_after(settings) as refused:
        before, outcome = move(settings)
        refused.extend(outcome.rejected)
    say("nothing to move" if before is None else f"format {before} is moved up")
    finish(outcome)


@command
@click.argument("release")
@click.option("--reason", required=True, help="Why; it is kept with the captures that are passed over.")
def rollback(release: str, reason: str) -> None:
    """Publish an earlier RELEASE again, as a new one.

    Captures that came after it are passed over until they are ingested again or everything is rebuilt.
    """
    from flows.maintenance import rollback as bring_back
    from flows.warehouses.load import load

    settings = start()
    say(f"release {bring_back(settings, release, reason)} is published")
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
    say(f"{count} objects removed")


@command
@click.argument("source")
@click.argument("target")
def copy(source: str, target: str) -> None:
    """Copy a whole lake from SOURCE to TARGET, each file://... or s3://..."""
    from flows.maintenance import copy as carry
    from flows.settings import default_warehouse
    from flows.warehouses.load import load

    settings = start()
    count = 0
    for count, _ in enumerate(carry(settings, source, target), start=1):
        if count % 500 == 0:
            say(f"  {count} objects")
    target = target.rstrip("/")
    warehouse = default_warehouse(target)
    load(replace(settings, lake=target, warehouse=warehouse, postgres=None, iceberg=None))
    say(f"{count} objects are at {target}: STANDINGS_LAKE={target} standings verify")
