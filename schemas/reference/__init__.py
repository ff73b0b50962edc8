"""Curated facts, each with its reason: who an author is, where an organisation sits, who a cloaked model was.

The files beside this module are the data; this module says what their columns are and refuses files that
contradict themselves. A judgment that changes is a changed row, with its reason, never changed code. An
operator's folder of the same files goes before ours, row by row. A column that may be empty may be left out.

Who an author is and where an organisation sits has two clocks: `valid_from` and `valid_to` in the world, and
`known_from` for us. What became known later goes before what was known earlier, so a fact that turns out to be
wrong is not edited: the right one is added with the day on which it became known.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

from schemas import fields
from schemas.errors import StandingsError
from schemas.fields import MINIMUM_CONFIDENCE, UNATTRIBUTED
from schemas.methods import METHODS
from schemas.table import Column, Kind, Table

OURS = Path(__file__).parent
WORLD = "WORLD"

_ID = r"^[a-z0-9][a-z0-9.-]*$"
_valid_from = Column("valid_from", Kind.DATE, "First day on which it holds; empty: always.", nullable=True)
_valid_to = Column(
    "valid_to", Kind.DATE, "First day on which it no longer holds; empty: still.", nullable=True
)
_reason = Column("reason", Kind.TEXT, "Why it was decided so.")
_evidence = Column("evidence", Kind.TEXT, "What it rests on.")
_source = Column("source", Kind.TEXT, "Where it was printed.")
_note = Column("note", Kind.TEXT, "Our own remark.", nullable=True)
_organisation = Column("organisation", Kind.TEXT, "Short stable id.", pattern=_ID)
_known_from = Column("known_from", Kind.DATE, "The day it became known; empty: always.", nullable=True)

UNSETTLED = ("spend", "unmeasured")
"""What no figure of ours can settle: a reason says why."""

METRICS = ("tokens", "leader", "share", "ratio", "streak", "model", "count", *UNSETTLED)
PUBLISHED = r"^[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?$"
AMONG = r"^(?:all|attributed|top[1-9][0-9]?|[A-Za-z0-9.-]+(?:\+[A-Za-z0-9.-]+)+)$"

_NEEDS = {
    "tokens": ("tokens", "model"),
    "value": ("share", "ratio", "streak", "count"),
    "among": ("share", "count"),
    "subject": ("ratio", "model"),
    "reason": UNSETTLED,
}
"""Columns of a claim with the metrics that need them."""

COUNTRIES = Table(
    name="countries",
    doc="ISO 3166-1 alpha-2 codes with usual English names, and ZZ.",
    key=("country_code",),
    columns=(fields.country_code, Column("country_name", Kind.TEXT, "Usual English name.")),
)
ORGANISATIONS = Table(
    name="organisations",
    doc="Where each organisation has its headquarters.",
    key=("organisation", "valid_from", "known_from"),
    columns=(
        _organisation,
        Column("name", Kind.TEXT, "Usual English name."),
        fields.country_code,
        _valid_from,
        _valid_to,
        _reason,
        _evidence,
        _known_from,
        replace(
            fields.contested_by,
            doc="Another country in which sources place the headquarters; empty: they agree.",
        ),
    ),
)
AUTHORS = Table(
    name="authors",
    doc="Whose each author slug is.",
    key=("author", "valid_from", "known_from"),
    columns=(
        Column(
            "author",
            Kind.TEXT,
            "The permaslug's part before the slash, in lower case.",
            pattern=r"^[^A-Z/]+$",
        ),
        Column("kind", Kind.TEXT, "What it is.", values=("organisation", "cloaked", "undecided")),
        fields.optional(_organisation),
        fields.base_country,
        _valid_from,
        _valid_to,
        _reason,
        _known_from,
        Column(
            "confidence",
            Kind.TEXT,
            "How sure it is, where there is any doubt; one that is not sure enough counts as undecided.",
            nullable=True,
            values=fields.CONFIDENCES,
        ),
        replace(_evidence, nullable=True),
    ),
)
OVERRIDES = Table(
    name="overrides",
    doc="Models that are not their author's: who a cloaked model turned out to be, a rename, a transfer.",
    key=("permaslug", "valid_from", "known_from"),
    columns=(
        Column(
            "permaslug",
            Kind.TEXT,
            "The model, without variant and its author in lower case: it holds for all of its variants.",
            pattern=r"^[^A-Z:/\s]+/[^:\s]+$",
        ),
        Column("kind", Kind.TEXT, "What happened.", values=fields.OVERRIDES),
        _organisation,
        Column("revealed_as", Kind.TEXT, "The model's later name, where there is one.", nullable=True),
        _valid_from,
        _valid_to,
        Column("known_from", Kind.DATE, "The day it became known; empty: no day is known.", nullable=True),
        Column("known_to", Kind.DATE, "The day it was withdrawn; empty: it stands.", nullable=True),
        Column("confidence", Kind.TEXT, "How sure it is.", values=fields.CONFIDENCES),
        _reason,
        _evidence,
    ),
)
CLAIMS = Table(
    name="claims",
    doc="What was printed about a week: tokens, who leads and for how long, shares, ratios, single models.",
    key=("claim",),
    columns=(
        Column("claim", Kind.TEXT, "Short stable id.", pattern=_ID, brief=True),
        fields.week_start,
        Column(
            "country_code",
            Kind.TEXT,
            "The country that it speaks of, or WORLD for all tokens.",
            pattern=r"^(?:[A-Z]{2}|WORLD)$",
            brief=True,
        ),
        Column(
            "metric",
            Kind.TEXT,
            "What is claimed: its `tokens`; that it leads (`leader`), and for how many weeks in a row (`streak`); its "
            "`share` of what `among` names; the `ratio` of its tokens to those of the country `subject`; the "
            "tokens of the `model` that `subject` names; how many of the first entries are its own (`count`); or "
            "`spend` and whatever else is `unmeasured` here.",
            values=METRICS,
            brief=True,
        ),
        Column("tokens", Kind.INTEGER, "The printed figure.", unit="tokens", nullable=True, minimum=1),
        Column("wording", Kind.TEXT, "What was said, in our words."),
        _source,
        Column(
            "basis",
            Kind.TEXT,
            "Whether the figure was stated, derived from a printed percentage, or printed without its week; `no week`: "
            "it is not about a week at all, and stands in that of its publication or of its end.",
            values=("stated", "derived", "week inferred", "no week"),
        ),
        Column(
            "method_named",
            Kind.TEXT,
            "The method that the wording names.",
            nullable=True,
            values=tuple(method.name for method in METHODS),
        ),
        _note,
        Column("outlet", Kind.TEXT, "Who printed it.", nullable=True),
        Column(
            "published",
            Kind.TEXT,
            "The day on which it was printed, or its month where no day is known.",
            nullable=True,
            pattern=PUBLISHED,
        ),
        Column(
            "value",
            Kind.TEXT,
            "The printed figure where it is not tokens, as it was printed: percent of a share, weeks of a streak.",
            nullable=True,
            pattern=r"^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,4})?$",
        ),
        Column(
            "among",
            Kind.TEXT,
            "What a share is a share of: `all` tokens, the `attributed` ones, those of the largest entries (`top10`), "
            "or those of countries and organisations (`CN+openai`); of a count, the first entries (`top5`).",
            nullable=True,
            pattern=AMONG,
        ),
        Column(
            "subject",
            Kind.TEXT,
            "Whom it speaks of beside the country: a model without its variant, an organisation, the other country.",
            nullable=True,
        ),
        Column("reason", Kind.TEXT, "Why our figures cannot settle it, where they cannot.", nullable=True),
    ),
)
FORECASTS = Table(
    name="forecasts",
    doc="What was forecast of a country's tokens, and whether our figures can be compared with it.",
    key=("forecast",),
    columns=(
        Column("forecast", Kind.TEXT, "Short stable id.", pattern=_ID, brief=True),
        Column("issuer", Kind.TEXT, "Who made it."),
        fields.country_code,
        Column("scope", Kind.TEXT, "What it counts."),
        Column("unit", Kind.TEXT, "The unit of its values."),
        Column("year_from", Kind.INTEGER, "The year of the first value.", minimum=2000, maximum=2100),
        Column("value_from", Kind.INTEGER, "The first value.", unit="tokens", minimum=1),
        Column("year_to", Kind.INTEGER, "The year of the last value.", minimum=2000, maximum=2100),
        Column("value_to", Kind.INTEGER, "The last value.", unit="tokens", minimum=1),
        Column("printed_multiple", Kind.INTEGER, "The growth as printed.", nullable=True, minimum=1),
        Column("comparable", Kind.TEXT, "Whether levels can be compared.", values=("yes", "no"), brief=True),
        _reason,
        _source,
        _note,
    ),
)
FILES = (COUNTRIES, ORGANISATIONS, AUTHORS, OVERRIDES, CLAIMS, FORECASTS)
TIMELINES = (ORGANISATIONS, AUTHORS)
"""Files of what holds at every time, of which an operator may say a part."""


ATTRIBUTION_NOUNS = {
    "countries": ("country", "countries"),
    "organisations": ("organisation", "organisations"),
    "authors": ("author", "authors"),
    "overrides": ("model", "models"),
}
CLAIM_NOUNS = {"claims": ("claim", "claims"), "forecasts": ("forecast", "forecasts")}
"""Files by what they decide, each with what one of its rows is about."""


@dataclass(frozen=True)
class Change:
    """What an operator's row decides otherwise than our files do. reason: None where it gives none, or is left out."""

    file: str
    id: str
    reason: str | None


@dataclass(frozen=True)
class Reference:
    """The reference files as frames, one a table of `FILES`.

    sha256: of our files' bytes; operator_sha256: of the operator's, None where there are none.
    minimum_confidence: the least confidence with which an override counts. changed: by an operator's folder.
    """

    countries: pl.DataFrame
    organisations: pl.DataFrame
    authors: pl.DataFrame
    overrides: pl.DataFrame
    claims: pl.DataFrame
    forecasts: pl.DataFrame
    sha256: str
    operator_sha256: str | None = None
    minimum_confidence: str = MINIMUM_CONFIDENCE
    changed: tuple[Change, ...] = ()

    def identity(self) -> dict[str, str | None]:
        """Which facts these are, for whoever must say what a figure rests on."""
        return {
            "sha256": self.sha256,
            "operator_sha256": self.operator_sha256,
            "minimum_confidence": self.minimum_confidence,
            "operator": self._changes(ATTRIBUTION_NOUNS),
            "operator_printed": self._changes(CLAIM_NOUNS),
        }

    def _changes(self, nouns: dict[str, tuple[str, str]]) -> str | None:
        """How much of some files an operator changed, such as `1 organisation, 2 authors`; None: nothing."""
        ids = {name: {each.id for each in self.changed if each.file == name} for name in nouns}
        counts = [f"{len(ids[name])} {noun[len(ids[name]) > 1]}" for name, noun in nouns.items() if ids[name]]
        return ", ".join(counts) or None


def at_least(confidence: str) -> tuple[str, ...]:
    """The grades that are no less sure than the given one."""
    return fields.CONFIDENCES[fields.CONFIDENCES.index(confidence) :]


@cache
def load(operator: Path | None = None, minimum_confidence: str = MINIMUM_CONFIDENCE) -> Reference:
    """Our reference files and, before them, those of an operator's folder, checked together.

    An operator's row takes the place of all of ours with the same first column. Where it says what holds for a
    time only, or is known only from a day on, ours goes on counting for the rest of the time and until that day:
    that is so for organisations and authors, which always are something.
    Raises `StandingsError` that names the file, the row and the field where one is malformed, names an
    organisation or country that is not there, or says two things of one author or model at one time.
    """
    frames = dict(_shipped(OURS))
    changed: tuple[Change, ...] = ()
    if operator is not None:
        if not operator.is_dir():
            raise StandingsError(f"{operator}: there is no such folder of reference files")
        known = {f"{table.name}.csv" for table in FILES}
        if strangers := sorted(path.name for path in operator.glob("*.csv") if path.name not in known):
            raise StandingsError(f"{operator / strangers[0]}: is none of {', '.join(sorted(known))}")
        for table in FILES:
            path = operator / f"{table.name}.csv"
            if path.exists():
                theirs = _read(path, table)
                changed += _changed(table, frames[table.name], theirs)
                frames[table.name] = _before(table, frames[table.name], theirs)
    _agree(frames)
    return Reference(
        **frames,
        sha256=_digest(OURS),
        changed=changed,
        operator_sha256=_digest(operator) if operator else None,
        minimum_confidence=minimum_confidence,
    )


@cache
def _shipped(folder: Path) -> dict[str, pl.DataFrame]:
    """All the files of a folder that has them all, which stay as they are while we run."""
    return {table.name: _read(folder / f"{table.name}.csv", table) for table in FILES}


def _before(table: Table, ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """An operator's rows, and of ours what they leave."""
    key = table.key[0]
    untouched = ours.join(theirs.select(key).unique(), on=key, how="anti", maintain_order="left")
    if table not in TIMELINES:
        return pl.concat([theirs, untouched])
    left = []
    for row in ours.join(theirs, on=key, how="semi", maintain_order="left").iter_rows(named=True):
        spans = [(row["valid_from"] or date.min, row["valid_to"] or date.max)]
        for other in theirs.filter(pl.col(key) == row[key]).iter_rows(named=True):
            if (other["known_from"] or date.min) <= (row["known_from"] or date.min):
                spans = _without(spans, other["valid_from"] or date.min, other["valid_to"] or date.max)
        for start, end in spans:
            kept = {"valid_from": start if start > date.min else None}
            left.append(row | kept | {"valid_to": end if end < date.max else None})
    return pl.concat([theirs, pl.DataFrame(left, schema=ours.schema), untouched])


def _without(spans: list[tuple[date, date]], start: date, end: date) -> list[tuple[date, date]]:
    """What is left of spans of days when one is taken out; the last day of a span is not in it."""
    parts = [(first, min(last, start)) for first, last in spans]
    parts += [(max(first, end), last) for first, last in spans]
    return [(first, last) for first, last in parts if first < last]


def _changed(table: Table, ours: pl.DataFrame, theirs: pl.DataFrame) -> tuple[Change, ...]:
    """What an operator's rows decide otherwise than ours do; a copy of ours changes nothing."""
    key, names = table.key[0], table.names
    both = ours.join(theirs, on=key, how="semi")
    said = theirs.select(names).join(both.select(names), on=names, how="anti", nulls_equal=True)
    unsaid = both.select(names).join(theirs.select(names), on=names, how="anti", nulls_equal=True)
    reason = pl.col("reason") if "reason" in table else pl.lit(None, pl.String)
    # A partial copy takes nothing of ours away from a timeline.
    gone = [] if table in TIMELINES else [unsaid.select(key, reason=pl.lit(None, pl.String))]
    rows = pl.concat([said.select(key, reason=reason), *gone]).unique().sort(key, "reason")
    return tuple(Change(table.name, *row) for row in rows.iter_rows())


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for table in FILES:
        path = folder / f"{table.name}.csv"
        digest.update(path.read_bytes() if path.exists() else b"\0")
    return digest.hexdigest()


def _read(path: Path, table: Table) -> pl.DataFrame:
    """One file, typed and checked cell by cell, with where each row stands for later complaints."""
    try:
        text = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StandingsError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
    _check_header(path, table, text.columns)
    absent = [pl.lit(None, pl.String).alias(name) for name in table.names if name not in text.columns]
    text = text.with_columns(pl.col(pl.String).replace("", None), *absent).select(table.names)
    text = text.with_columns(pl.lit(str(path)).alias("file"), (pl.int_range(pl.len()) + 2).alias("row"))
    frame = text.with_columns(_typed(column) for column in table.columns)
    problems = [(wrong, column.name, why) for column in table.columns for wrong, why in _problems(column)]
    found = text.select(wrong.alias(f"{number}") for number, (wrong, _, _) in enumerate(problems))
    for wrong_rows, (_, name, why) in zip(found, problems, strict=True):
        _refuse(wrong_rows, frame, name, why)
    return frame


def _check_header(path: Path, table: Table, names: list[str]) -> None:
    """Raises `StandingsError` for a column that is not known, or one that is missing and may not be empty."""
    required = [column.name for column in table.columns if not column.nullable]
    if unknown := [name for name in names if name not in table]:
        raise StandingsError(
            f"{path}: row 1: column {unknown[0]} is not known; the columns are {', '.join(table.names)}"
        )
    if missing := [name for name in required if name not in names]:
        raise StandingsError(
            f"{path}: row 1: column {missing[0]} is missing; {', '.join(required)} must be there"
        )


def _typed(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.kind is Kind.DATE:
        exact = value.str.contains(r"^\d{4}-\d{2}-\d{2}$")
        return pl.when(exact).then(value).str.to_date("%Y-%m-%d", strict=False)
    if column.kind is Kind.INTEGER:
        plain = value.str.contains(r"^(0|[1-9][0-9]*)$")
        return pl.when(plain).then(value).str.to_integer(strict=False)
    return value


def _problems(column: Column) -> Iterator[tuple[pl.Expr, str]]:
    """What a column's cells, still as text, must not be, and what is said of one that is."""
    text, value = pl.col(column.name), _typed(column)
    yield text.is_not_null() & value.is_null(), f"is no {column.kind.value}"
    if not column.nullable:
        yield value.is_null(), "is empty"
    if column.values:
        yield value.is_not_null() & ~value.is_in(column.values), f"is none of {', '.join(column.values)}"
    if column.pattern:
        yield ~value.str.contains(column.pattern).fill_null(True), f"is not like {column.pattern}"
    if column.kind is Kind.TEXT:
        yield (text != text.str.strip_chars()).fill_null(False), "has blanks around it"


def _agree(frames: dict[str, pl.DataFrame]) -> None:
    """No fact about what is not there, and no two facts about one thing at one time."""
    authors, overrides, claims = frames["authors"], frames["overrides"], frames["claims"]
    if UNATTRIBUTED not in frames["countries"]["country_code"]:
        raise StandingsError(f"{frames['countries']['file'][0]}: country_code {UNATTRIBUTED} is missing")
    for name in ("organisations", "forecasts"):
        _known(frames[name], "country_code", frames["countries"])
        nowhere = frames[name]["country_code"] == UNATTRIBUTED
        _refuse(nowhere, frames[name], "country_code", f"is {UNATTRIBUTED}, which is no country")
    _known(authors, "base_country", frames["countries"], "country_code")
    organisations = frames["organisations"]
    contested_by = organisations["contested_by"]
    _known(organisations, "contested_by", frames["countries"], "country_code")
    nowhere = (contested_by == UNATTRIBUTED).fill_null(False)
    _refuse(nowhere, organisations, "contested_by", f"is {UNATTRIBUTED}, which is no country")
    own = (contested_by == organisations["country_code"]).fill_null(False)
    _refuse(own, organisations, "contested_by", "is the country_code itself: leave it empty or name another")
    _known(claims.filter(pl.col("country_code") != WORLD), "country_code", frames["countries"])
    for name in ("authors", "overrides"):
        _known(frames[name], "organisation", frames["organisations"])
    is_organisation = authors["kind"] == "organisation"
    _refuse(is_organisation & authors["organisation"].is_null(), authors, "organisation", "is empty")
    _refuse(
        ~is_organisation & authors["organisation"].is_not_null(),
        authors,
        "organisation",
        "is given for an author that is none",
    )
    undated = overrides["known_from"].is_null() & overrides["confidence"].is_in(at_least(MINIMUM_CONFIDENCE))
    _refuse(undated, overrides, "known_from", "is empty for an override that counts")
    _refuse(claims["week_start"].dt.weekday() != 1, claims, "week_start", "is no Monday")
    for column, metrics in _NEEDS.items():
        _refuse(claims["metric"].is_in(metrics) & claims[column].is_null(), claims, column, "is empty")
    firsts = claims["among"].str.starts_with("top").fill_null(False)
    _refuse(
        (claims["metric"] == "count") & ~firsts,
        claims,
        "among",
        "does not say how many entries, such as top5",
    )
    _known(claims.filter(pl.col("metric") == "ratio"), "subject", frames["countries"], "country_code")
    forecasts = frames["forecasts"]
    _refuse(forecasts["year_to"] <= forecasts["year_from"], forecasts, "year_to", "is not after year_from")
    for name in ("countries", "claims", "forecasts"):
        key = next(table.key[0] for table in FILES if table.name == name)
        _refuse(frames[name][key].is_duplicated(), frames[name], key, "is there twice")
    # Of two facts the one that became known later counts, so only those that became known together exclude each other.
    _apart(frames["organisations"], ("organisation", "known_from"), ("valid",))
    _apart(authors, ("author", "known_from"), ("valid",))
    _apart(overrides, ("permaslug",), ("valid", "known"))


def _known(rows: pl.DataFrame, field: str, others: pl.DataFrame, name: str | None = None) -> None:
    missing = rows[field].is_not_null() & ~rows[field].is_in(others[name or field].implode())
    _refuse(missing, rows, field, "is not in the file that defines it")


def _apart(rows: pl.DataFrame, key: tuple[str, ...], clocks: tuple[str, ...]) -> None:
    """No two rows of one key hold at the same time by every clock."""
    pairs = rows.join(rows, on=key, suffix="_other", nulls_equal=True).filter(
        (pl.col("file") != pl.col("file_other")) | (pl.col("row") > pl.col("row_other"))
    )
    for clock in clocks:
        backward = (rows[f"{clock}_to"] <= rows[f"{clock}_from"]).fill_null(False)
        _refuse(backward, rows, f"{clock}_to", f"is not after {clock}_from")
        start, end = pl.col(f"{clock}_from"), pl.col(f"{clock}_to")
        other_start, other_end = pl.col(f"{clock}_from_other"), pl.col(f"{clock}_to_other")
        pairs = pairs.filter(~((start >= other_end).fill_null(False) | (other_start >= end).fill_null(False)))
    if not pairs.is_empty():
        other = f"overlaps row {pairs['row_other'][0]} of {pairs['file_other'][0]}"
        _refuse(pl.Series([True]), pairs.head(1), key[0], other)


def _refuse(wrong: pl.Series, rows: pl.DataFrame, field: str, why: str) -> None:
    """Raises for the first true value; row 1 of a file is its header."""
    if wrong.any():
        first = rows.row(wrong.arg_max() or 0, named=True)
        raise StandingsError(f"{first['file']}: row {first['row']}: {field} {why}")
