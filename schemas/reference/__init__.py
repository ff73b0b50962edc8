"""Curated facts, each with its reason: who an author is, where an organisation sits, who a cloaked model was.

The files beside this module are the data; this module says what their columns are and refuses files that
contradict themselves. A judgment that changes is a changed row, with its reason, never changed code.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from schemas import fields
from schemas.errors import StandingsError
from schemas.table import Column, Kind, Table

CONFIDENCE = ("unverified", "circumstantial", "reported", "confirmed")
"""How sure a reveal is, the least sure first."""

_ID = r"^[a-z0-9][a-z0-9.-]*$"
_valid_from = Column("valid_from", Kind.DATE, "First day on which it holds; empty: always.", nullable=True)
_valid_to = Column(
    "valid_to", Kind.DATE, "First day on which it no longer holds; empty: still.", nullable=True
)
_reason = Column("reason", Kind.TEXT, "Why it was decided so.")
_evidence = Column("evidence", Kind.TEXT, "What it rests on.")
_organisation = Column("organisation", Kind.TEXT, "Short stable id.", pattern=_ID)

COUNTRIES = Table(
    name="countries",
    doc="ISO 3166-1 alpha-2 codes with usual English names, and ZZ.",
    key=("country_code",),
    columns=(fields.country_code, Column("country_name", Kind.TEXT, "Usual English name.")),
)
ORGANISATIONS = Table(
    name="organisations",
    doc="Where each organisation has its headquarters.",
    key=("organisation", "valid_from"),
    columns=(
        _organisation,
        Column("name", Kind.TEXT, "Usual English name."),
        fields.country_code,
        _valid_from,
        _valid_to,
        _reason,
        _evidence,
    ),
)
AUTHORS = Table(
    name="authors",
    doc="Whose each author slug is.",
    key=("author", "valid_from"),
    columns=(
        Column("author", Kind.TEXT, "The permaslug's part before the slash."),
        Column("kind", Kind.TEXT, "What it is.", values=("organisation", "cloaked", "undecided")),
        fields.optional(_organisation),
        Column(
            "base_country",
            Kind.TEXT,
            "The country of the base model that this author chiefly builds on, where that is another's.",
            nullable=True,
            pattern=fields.COUNTRY_CODE,
        ),
        _valid_from,
        _valid_to,
        _reason,
    ),
)
REVEALS = Table(
    name="reveals",
    doc="Cloaked models and who they turned out to be. The permaslug has no variant.",
    key=("permaslug", "known_from"),
    columns=(
        Column("permaslug", Kind.TEXT, "The cloaked model's permaslug, for all of its variants."),
        _organisation,
        Column("revealed_as", Kind.TEXT, "The model's later name, where there is one.", nullable=True),
        Column("known_from", Kind.DATE, "The day it was revealed; empty: no day is known.", nullable=True),
        Column("known_to", Kind.DATE, "The day it was withdrawn; empty: it stands.", nullable=True),
        Column("confidence", Kind.TEXT, "How sure it is.", values=CONFIDENCE),
        _reason,
        _evidence,
    ),
)
FILES = (COUNTRIES, ORGANISATIONS, AUTHORS, REVEALS)


@dataclass(frozen=True)
class Reference:
    """The reference files as frames, one a table of `FILES`.

    `minimum_confidence`: the least confidence with which a reveal counts.
    `sha256`: of all files' bytes, so that a release can say which facts it used.
    """

    countries: pl.DataFrame
    organisations: pl.DataFrame
    authors: pl.DataFrame
    reveals: pl.DataFrame
    sha256: str
    minimum_confidence: str = "reported"


def at_least(confidence: str) -> tuple[str, ...]:
    """The grades that are no less sure than the given one."""
    return CONFIDENCE[CONFIDENCE.index(confidence) :]


@cache
def load(folder: Path = Path(__file__).parent) -> Reference:
    """The reference files of a folder, checked.

    Raises `StandingsError` that names the file, the row and the field where one is malformed, names an
    organisation or country that is not there, or says two things of the same author on the same day.
    """
    frames = {table.name: _read(folder / f"{table.name}.csv", table) for table in FILES}
    digest = hashlib.sha256()
    for table in FILES:
        digest.update((folder / f"{table.name}.csv").read_bytes())
    reference = Reference(
        frames["countries"],
        frames["organisations"],
        frames["authors"],
        frames["reveals"],
        sha256=digest.hexdigest(),
    )
    _known(frames["organisations"], "country_code", reference.countries, folder / "organisations.csv")
    for name in ("authors", "reveals"):
        _known(frames[name], "organisation", reference.organisations, folder / f"{name}.csv")
    _agree(reference, folder)
    return reference


def _read(path: Path, table: Table) -> pl.DataFrame:
    try:
        text = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StandingsError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
    if text.columns != table.names:
        raise StandingsError(f"{path}: row 1: columns are {text.columns}, not {table.names}")
    frame = text.with_columns(
        pl.col(column.name).str.to_date("%Y-%m-%d", strict=False)
        for column in table.columns
        if column.kind is Kind.DATE
    )
    for column in table.columns:
        _check(text[column.name], frame[column.name], column, path)
    repeated = frame.select(table.key).is_duplicated()
    _refuse(repeated, path, table.key[0], "the same key is there twice")
    return frame


def _check(text: pl.Series, values: pl.Series, column: Column, path: Path) -> None:
    """Every cell of one column against its definition."""
    _refuse(text.is_not_null() & values.is_null(), path, column.name, f"is not a {column.kind.value}")
    if not column.nullable:
        _refuse(values.is_null(), path, column.name, "is empty")
    if column.values:
        _refuse(
            values.is_not_null() & ~values.is_in(column.values),
            path,
            column.name,
            f"is none of {column.values}",
        )
    if column.pattern:
        _refuse(
            ~values.str.contains(column.pattern).fill_null(True),
            path,
            column.name,
            f"is not like {column.pattern}",
        )
    if column.kind is Kind.TEXT:
        _refuse((text != text.str.strip_chars()).fill_null(False), path, column.name, "has blanks around it")


def _known(rows: pl.DataFrame, field: str, others: pl.DataFrame, path: Path) -> None:
    missing = rows[field].is_not_null() & ~rows[field].is_in(others[field].implode())
    _refuse(missing, path, field, "is not in the file that defines it")


def _agree(reference: Reference, folder: Path) -> None:
    """No two facts about one thing at one time, and no author of an organisation without one."""
    authors, reveals = reference.authors, reference.reveals
    is_organisation = authors["kind"] == "organisation"
    _refuse(
        is_organisation & authors["organisation"].is_null(),
        folder / "authors.csv",
        "organisation",
        "is empty",
    )
    _refuse(
        ~is_organisation & authors["organisation"].is_not_null(),
        folder / "authors.csv",
        "organisation",
        "is given for an author that is none",
    )
    dated = reveals["known_from"].is_null() & reveals["confidence"].is_in(at_least("reported"))
    _refuse(dated, folder / "reveals.csv", "known_from", "is empty for a reveal that counts")
    for frame, key, start, end, name in (
        (reference.organisations, "organisation", "valid_from", "valid_to", "organisations.csv"),
        (authors, "author", "valid_from", "valid_to", "authors.csv"),
        (reveals, "permaslug", "known_from", "known_to", "reveals.csv"),
    ):
        ordered = frame.with_row_index("row").sort(key, start, nulls_last=False)
        previous_end = ordered[end].shift()
        again = (ordered[key] == ordered[key].shift()).fill_null(False)
        overlaps = again & (previous_end.is_null() | (previous_end > ordered[start]).fill_null(True))
        positions = ordered.filter(overlaps)["row"]
        _refuse(
            frame.with_row_index("row")["row"].is_in(positions.implode()),
            folder / name,
            start,
            "overlaps another row",
        )


def _refuse(wrong: pl.Series, path: Path, field: str, why: str) -> None:
    """Raises for the first true value; row 1 is the header."""
    if wrong.any():
        row = (wrong.arg_max() or 0) + 2
        raise StandingsError(f"{path}: row {row}: {field} {why}")
