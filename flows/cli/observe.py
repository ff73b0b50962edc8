"""Commands that report on a lake."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.sanitize import safe
from schemas.errors import StandingsError

if TYPE_CHECKING:
    pass
from flows.cli.app import command, now


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
    from flows.lake.manifest import published, read_manifest, release_before
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
    before = release_before(store, after)
    for event in events(store, before, after):
        click.echo(json.dumps(event))


@command
def monitor() -> None:
    """Fail where the newest complete week is older than it should be."""
    from flows.monitoring.freshness import demand_fresh
    from flows.settings import from_environment

    click.echo(f"fresh: the newest complete week is {demand_fresh(from_environment(), datetime.now(UTC))}")


@command
def status() -> None:
    """Tell what is published and what needs a person."""
    from flows.monitoring.status import lines
    from flows.settings import from_environment

    for line in lines(from_environment(), now()):
        click.echo(safe(line))
