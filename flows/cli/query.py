"""Commands that read what is published."""

import csv
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schemas import TABLES
from schemas.errors import StandingsError
from schemas.fields import KNOWLEDGE

if TYPE_CHECKING:
    import polars as pl

from flows.cli.app import DAY, command, now, say, terminal_width, to_date


@command
@click.option("--from", "first", type=DAY, metavar="DATE", help="First day.  [default: 2025-01-01]")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Last day.  [default: yesterday]")
def gaps(first: datetime | None, last: datetime | None) -> None:
    """List the days that are missing or not final, and why."""
    from flows.extract.plan import gaps as missing
    from flows.settings import from_environment

    found = missing(from_environment(), datetime.now(UTC), to_date(first), to_date(last))
    for each in found:
        days = f"{each.days} day{'s' if each.days > 1 else ''}"
        click.echo(f"{each.first} to {each.last}  {days:>9}  {each.why}")
    say(f"{sum(each.days for each in found)} days in {len(found)} gaps")


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
    from flows.cli.render import render
    from flows.lake.query import Selection, select
    from flows.settings import from_environment

    if week and (first or last):
        raise click.UsageError("--week names one week; --from and --to name many: use one or the other")
    if form == "parquet" and not output:
        raise click.UsageError("--format parquet needs --output FILE")
    selection = Selection(
        to_date(week or first),
        to_date(week or last),
        {"method": method, "knowledge": knowledge, "country_code": country},
        as_of.replace(tzinfo=UTC) if as_of else None,
    )
    found = select(from_environment(), name, selection, now())
    remarks = " ".join(note for note in found.notes if note not in found.metadata.values())
    metadata = found.metadata | ({"note": remarks} if remarks else {})
    data = render(found.table, found.rows, form, metadata, terminal_width(), cited)
    if output:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise StandingsError(f"{output}: cannot be written: {error.strerror}") from None
    else:
        click.echo(data.decode(), nl=False)
    tell = say if output or form != "table" else click.echo
    tell("\n".join(["", *found.footer]))


table.help = "Print a published table.\n\n\b\n" + "\n".join(
    f"{each.name:<{max(len(other.name) for other in TABLES)}}  {each.summary}" for each in TABLES
)


@command
@click.option("--week", type=DAY, metavar="DATE", help="Claims about the week of this day.")
@click.option("--outlet", metavar="NAME", help="Claims that were printed there; a part of the name will do.")
@click.option(
    "--all", "every", is_flag=True, help="Also claims without data; a week or an outlet shows them too."
)
def claims(week: datetime | None, outlet: str | None, every: bool) -> None:
    """Check published claims against our figures.

    Each is compared with our figure under every method and knowledge; `standings table claims --format json`
    has the wording, `standings table claim_value` every figure that was tried.
    """
    from flows.cli.render import CLAIMS_WIDTH, claims_text
    from flows.lake.query import Selection, select
    from flows.settings import from_environment

    found = select(from_environment(), "claims", Selection(to_date(week), to_date(week)), now())
    asked = found.rows if outlet is None else _printed_in(found.rows, outlet)
    rows = asked if every or week or outlet else asked.filter(asked["verdict"] != "no data")
    if not rows.is_empty():
        click.echo(claims_text(rows), nl=False)
    left_out = f"\n{asked.height - rows.height} claims without data are left out (--all)"
    click.echo(left_out if rows.height < asked.height else "")
    click.echo("\n".join(line for note in found.footer for line in textwrap.wrap(note, CLAIMS_WIDTH)))


def _printed_in(claims: "pl.DataFrame", outlet: str) -> "pl.DataFrame":
    """The claims of outlets with such a name; raises `StandingsError` where there is none."""
    names = claims["outlet"].fill_null("")
    found = claims.filter(names.str.to_lowercase().str.contains(outlet.lower(), literal=True))
    if found.is_empty():
        listed = ", ".join(sorted({name for name in names if name}))
        raise StandingsError(f"no claim was printed by {outlet!r}: there are {listed or 'no outlets'}")
    return found


@command
def unknown() -> None:
    """List authors that no reference file decides.

    The largest first, each with the line to add to authors.csv in a folder that STANDINGS_REFERENCE names.
    """
    from flows.cli.render import figure
    from flows.lake.query import Selection, select
    from flows.settings import from_environment
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
