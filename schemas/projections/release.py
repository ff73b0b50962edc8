"""A release as its descriptions tell of it: what it is, and where its parts are."""

from dataclasses import dataclass
from datetime import date, datetime

from schemas.licence import CAVEAT
from schemas.table import Table

NAME = "token-standings"
TITLE = "Token Standings"
ABOUT = (
    "Which country's AI models does the world call, week by week: each figure with its method, its bounds and "
    "its vintage."
)
MAINTAINERS = "Token Standings maintainers"


@dataclass(frozen=True)
class Part:
    """One week of one table: a Parquet file, by its path from the lake's root.

    `as_of` is None where it holds no figure of the source's.
    """

    week: date
    path: str
    sha256: str
    rows: int
    bytes: int
    as_of: datetime | None


@dataclass(frozen=True)
class Release:
    """The whole of one release: every table that it holds, with its parts in the order of their weeks.

    real: whether the figures are the source's, and so under its licence; simulated ones are nobody's. changed: by
    the operator, a line each.
    """

    name: str
    number: int
    published_at: datetime
    as_of: datetime
    citation: str
    real: bool
    tables: tuple[tuple[Table, tuple[Part, ...]], ...]
    changed: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """What it is, the caveat, and what an operator changed."""
        return " ".join([ABOUT, CAVEAT, *(f"{line[0].upper()}{line[1:]}." for line in self.changed)])

    @property
    def version(self) -> str:
        """The first number rises when a table's columns mean something else, the second with each release."""
        return f"{1 + sum(table.version - 1 for table, _ in self.tables)}.{self.number}.0"

    @property
    def weeks(self) -> list[date]:
        """Every week that any part is about."""
        return sorted({part.week for _, parts in self.tables for part in parts})
