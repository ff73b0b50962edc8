"""The curated facts: sound as shipped, and refused with file, row and field where they are not."""

import csv
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from schemas import reference
from schemas.errors import StandingsError
from schemas.fields import CONFIDENCES
from schemas.reference import FILES, Reference, at_least, load
from transforms.attribution import author

SHIPPED = Path(reference.__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An operator's folder that takes the place of every shipped file: a copy of them, to spoil."""
    for table in FILES:
        shutil.copy(SHIPPED / f"{table.name}.csv", tmp_path)
    return tmp_path


def next_row(name: str) -> int:
    """The row number of one more line of a shipped file, where the header is 1."""
    return 2 + load_frame(name).height


def load_frame(name: str) -> pl.DataFrame:
    frame = getattr(load(), name)
    assert isinstance(frame, pl.DataFrame)
    return frame


def reveals() -> pl.DataFrame:
    return load().overrides.filter(kind="reveal")


def refusal(folder: Path) -> str:
    with pytest.raises(StandingsError) as caught:
        load(folder)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message.replace(str(folder), "")) < 400
    return message.replace(f"{folder}/", "")


# As shipped


def test_the_shipped_files_are_sound() -> None:
    facts = load()
    assert isinstance(facts, Reference)
    for table in FILES:
        assert load_frame(table.name).drop("file", "row").schema == table.polars_schema()
        assert load_frame(table.name).height > 0
    assert len(facts.sha256) == 64
    assert facts.operator_sha256 is None
    assert facts.minimum_confidence == "reported"


def test_every_file_that_is_shipped_is_declared() -> None:
    assert {path.name for path in SHIPPED.glob("*.csv")} == {f"{table.name}.csv" for table in FILES}


def test_codes_are_those_of_iso_3166_and_never_an_aggregate() -> None:
    codes = load().countries["country_code"]
    assert codes.n_unique() == len(codes) == 249 + 1
    assert {"CN", "US", "FR", "DE", "CA", "KR", "IL", "GB", "TW", "HK", "ZZ"} <= set(codes)
    assert not {"EU", "UK", "XK", "XX", "EA"} & set(codes)
    assert load().countries["country_name"].n_unique() == 250


def test_nobody_has_a_seat_nowhere() -> None:
    assert "ZZ" not in set(load().organisations["country_code"])
    assert "ZZ" not in set(load().authors["base_country"])


def test_poolside_is_the_one_headquarters_that_is_contested() -> None:
    contested = load().organisations.filter(pl.col("contested_by").is_not_null())
    found = contested.select("organisation", "country_code", "contested_by", "known_from")
    assert found.rows() == [("poolside", "US", "FR", None)]


def test_base_countries_are_countries() -> None:
    assert set(load().authors["base_country"].drop_nulls()) <= set(load().countries["country_code"])


def test_every_organisation_is_somebodys() -> None:
    used = {*load().authors["organisation"], *load().overrides["organisation"]}
    assert set(load().organisations["organisation"]) - used == set()


def test_cloaks_are_cloaks() -> None:
    authors = load().authors.filter(pl.col("author").is_in(["openrouter", "stealth"]))
    assert authors.select("author", "kind", "organisation").sort("author").rows() == [
        ("openrouter", "cloaked", None),
        ("stealth", "cloaked", None),
    ]
    assert load().authors.filter(kind="cloaked").height == 2


def test_overrides_name_models_without_variant_and_reveals_cloaked_ones() -> None:
    assert not load().overrides["permaslug"].str.contains(":").any()
    authors = reveals().select(author(pl.col("permaslug"))).to_series()
    assert set(authors) <= {"openrouter", "stealth"}


def test_judgments_have_their_reasons() -> None:
    for name in ("organisations", "authors", "overrides"):
        reasons = load_frame(name)["reason"]
        assert (reasons.str.len_chars() > 20).all()
        assert reasons.str.ends_with(".").all()


LATER = {
    "openrouter/elephant-alpha": ("CN", "confirmed", "2026-04-21"),
    "openrouter/healer-alpha": ("CN", "confirmed", "2026-03-18"),
    "openrouter/polaris-alpha": ("US", "circumstantial", "2025-11-13"),
    "openrouter/sonoma-sky-alpha": ("US", "reported", "2025-09-19"),
    "stealth/ox-alpha": ("CN", "confirmed", "2026-08-26"),
    "stealth/space-bunny-alpha": ("CN", "circumstantial", ""),
    "stealth/union-alpha": ("US", "reported", "2026-09-18"),
}
"""What was seen since the list was made."""


def test_reveals_are_what_the_evidence_says(shared_data: Path) -> None:
    seats = dict(load().organisations.select("organisation", "country_code").rows())
    mine = {row["permaslug"]: row for row in reveals().iter_rows(named=True)}
    with (shared_data / "stealth_models.csv").open() as file:
        theirs = {
            row["permaslug"].split(":")[0]: (row["country_code"], row["confidence"], row["revealed_on"])
            for row in csv.DictReader(file)
            if row["country_code"]
        }
    assert {
        name: (seats[row["organisation"]], row["confidence"], str(row["known_from"] or ""))
        for name, row in mine.items()
    } == theirs | LATER


def test_grades_go_from_the_least_sure_to_the_surest() -> None:
    assert at_least("reported") == ("reported", "confirmed")
    assert at_least(CONFIDENCES[0]) == CONFIDENCES
    with pytest.raises(ValueError, match="tuple"):
        at_least("certain")


# Spoilt


def _claim(metric: str, **columns: str) -> str:
    """One more line of claims.csv."""
    usual = {"claim": "spoilt", "week_start": "2026-03-09", "country_code": "CN", "metric": metric}
    usual |= {"wording": "So.", "source": "A paper", "basis": "stated"}
    return ",".join((usual | columns).get(name, "") for name in reference.CLAIMS.names)


SPOILT = {
    "no such country": ("organisations", "newco,New,EU,,,Why.,Seen.", "country_code is not in the file"),
    "country in small letters": ("organisations", "newco,New,us,,,Why.,Seen.", "country_code is not like"),
    "no country": ("organisations", "newco,New,,,,Why.,Seen.", "country_code is empty"),
    "no reason": ("organisations", "newco,New,US,,,,Seen.", "reason is empty"),
    "blank around a name": ("organisations", 'newco," New",US,,,Why.,Seen.', "name has blanks around it"),
    "impossible date": ("organisations", "newco,New,US,2026-02-30,,Why.,Seen.", "valid_from is no date"),
    "a date in words": ("organisations", "newco,New,US,,May 2026,Why.,Seen.", "valid_to is no date"),
    "a date without its zeros": (
        "organisations",
        "newco,New,US,2026-2-3,,Why.,Seen.",
        "valid_from is no date",
    ),
    "a seat nowhere": ("organisations", "newco,New,ZZ,,,Why.,Seen.", "country_code is ZZ"),
    "a contest by no such country": (
        "organisations",
        "newco,New,US,,,Why.,Seen.,,EU",
        "contested_by is not in the file",
    ),
    "a contest by a country in small letters": (
        "organisations",
        "newco,New,US,,,Why.,Seen.,,fr",
        "contested_by is not like",
    ),
    "a contest by nobody": (
        "organisations",
        "newco,New,US,,,Why.,Seen.,,ZZ",
        "contested_by is ZZ, which is no country",
    ),
    "a contest with itself": (
        "organisations",
        "newco,New,US,,,Why.,Seen.,,US",
        "contested_by is the country_code itself",
    ),
    "a quoted nothing": ("organisations", 'newco,New,US,,,Why.,""', "evidence is empty"),
    "an end before its beginning": (
        "organisations",
        "newco,New,US,2026-02-02,2026-02-02,Why.,Seen.",
        "valid_to is not after valid_from",
    ),
    "an id with blanks": ("organisations", "new co,New,US,,,Why.,Seen.", "organisation is not like"),
    "an organisation twice": (
        "organisations",
        "openai,OpenAI,US,,,Why.,Seen.",
        "organisation overlaps row ",
    ),
    "a key that is there twice": ("countries", "US,America", "country_code is there twice"),
    "a forecast for no such country": (
        "forecasts",
        "new-one,A bank,EU,All,tokens a year,2025,10,2030,20,,no,Why.,A paper,",
        "country_code is not in the file",
    ),
    "a forecast in words": (
        "forecasts",
        "new-one,A bank,CN,All,tokens a year,2025,ten,2030,20,,no,Why.,A paper,",
        "value_from is no integer",
    ),
    "a claim of a week that begins on a Tuesday": (
        "claims",
        "new-one,2026-03-10,CN,tokens,5,Five.,A paper,stated,,",
        "week_start is no Monday",
    ),
    "a claim without its figure": (
        "claims",
        "new-one,2026-03-09,CN,tokens,,Five.,A paper,stated,,",
        "tokens is empty",
    ),
    "a claim of a method that is none": (
        "claims",
        "new-one,2026-03-09,CN,tokens,5,Five.,A paper,stated,top8_named,",
        "method_named is none of",
    ),
    "a claim for no such country": (
        "claims",
        "new-one,2026-03-09,EU,tokens,5,Five.,A paper,stated,,",
        "country_code is not in the file",
    ),
    "no such organisation": (
        "authors",
        "newauthor,organisation,nobody,,,,Why.",
        "organisation is not in the file",
    ),
    "a base in no such country": (
        "authors",
        "newauthor,organisation,openai,EU,,,Why.",
        "base_country is not in the file",
    ),
    "no such kind": ("authors", "newauthor,company,openai,,,,Why.", "kind is none of"),
    "an organisation that is not said": (
        "authors",
        "newauthor,organisation,,,,,Why.",
        "organisation is empty",
    ),
    "an organisation of a cloak": ("authors", "newauthor,cloaked,openai,,,,Why.", "organisation is given"),
    "an organisation of the undecided": (
        "authors",
        "newauthor,undecided,openai,,,,Why.",
        "organisation is given",
    ),
    "two facts at a time": (
        "authors",
        "openai,organisation,openai,,2026-01-01,,Why.",
        "author overlaps row ",
    ),
    "a share of nothing": ("claims", _claim("share", value="30"), "among is empty"),
    "a share of something else": ("claims", _claim("share", value="30", among="some"), "among is not like"),
    "a share without its figure": ("claims", _claim("share", among="all"), "value is empty"),
    "a figure with a sign": ("claims", _claim("share", value="-3", among="all"), "value is not like"),
    "a ratio to nobody": ("claims", _claim("ratio", value="2"), "subject is empty"),
    "a ratio to no country": ("claims", _claim("ratio", value="2", subject="XX"), "subject is not in"),
    "a streak without its weeks": ("claims", _claim("streak"), "value is empty"),
    "a count of no list": ("claims", _claim("count", value="2", among="all"), "among does not say how many"),
    "a model without its name": ("claims", _claim("model", tokens="5"), "subject is empty"),
    "spend without a reason": ("claims", _claim("spend", value="33"), "reason is empty"),
    "something else without a reason": ("claims", _claim("unmeasured", value="33"), "reason is empty"),
    "another kind of claim": ("claims", _claim("rank", value="1"), "metric is none of"),
    "a day that was not printed": ("claims", _claim("leader", published="May"), "published is not like"),
    "an unknown grade": (
        "overrides",
        "openrouter/new,reveal,openai,,,,2026-01-01,,certain,Why.,Seen.",
        "confidence is none of",
    ),
    "an unknown kind of override": (
        "overrides",
        "openrouter/new,rumour,openai,,,,2026-01-01,,reported,Why.,Seen.",
        "kind is none of",
    ),
    "an author in capitals": ("authors", "Newco,organisation,openai,,,,Why.", "author is not like"),
    "an override with its author in capitals": (
        "overrides",
        "OpenRouter/new,reveal,openai,,,,2026-01-01,,reported,Why.,Seen.",
        "permaslug is not like",
    ),
    "an override of a variant": (
        "overrides",
        "openrouter/new:free,reveal,openai,,,,2026-01-01,,reported,Why.,Seen.",
        "permaslug is not like",
    ),
    "an override that was withdrawn before it was known": (
        "overrides",
        "openrouter/new,reveal,openai,,,,2026-01-02,2026-01-01,reported,Why.,Seen.",
        "known_to is not after known_from",
    ),
    "an override without a day": (
        "overrides",
        "openrouter/new,reveal,openai,,,,,,reported,Why.,Seen.",
        "known_from is empty",
    ),
    "an override of nobody": (
        "overrides",
        "openrouter/new,reveal,nobody,,,,2026-01-01,,reported,Why.,Seen.",
        "organisation is not in",
    ),
    "two overrides at a time": (
        "overrides",
        "openrouter/pony-alpha,reveal,openai,,,,2026-05-01,,reported,Why.,Seen.",
        "permaslug overlaps row ",
    ),
}
"""A file, one line more, and what is said of it."""


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_file_is_refused_with_file_row_and_field(folder: Path, case: str) -> None:
    name, line, why = SPOILT[case]
    path = folder / f"{name}.csv"
    path.write_text(path.read_text() + line + "\n")
    message = refusal(folder)
    assert message.startswith(f"{name}.csv: row ")
    assert why in message
    row = int(message.removeprefix(f"{name}.csv: row ").split(":")[0])
    assert row == next_row(name) or "twice" in why
    if "overlaps" in why:
        key = next(table.key[0] for table in FILES if table.name == name)
        other = load_frame(name).filter(pl.col(key) == line.split(",")[0])["row"].item()
        assert message == f"{name}.csv: row {row}: {why}{other} of {name}.csv"


def test_the_first_of_two_equal_keys_is_named(folder: Path) -> None:
    path = folder / "countries.csv"
    path.write_text("country_code,country_name\nCN,China\nUS,United States\nFR,France\nUS,America\n")
    assert refusal(folder) == "countries.csv: row 3: country_code is there twice"


@pytest.mark.parametrize("table", FILES, ids=lambda table: table.name)
def test_another_header_is_refused(folder: Path, table: reference.Table) -> None:
    path = folder / f"{table.name}.csv"
    path.write_text(path.read_text().replace(table.names[1], "surprise", 1))
    message = refusal(folder)
    assert message.startswith(f"{table.name}.csv: row 1: column surprise is not known; the columns are ")


@pytest.mark.parametrize("table", FILES, ids=lambda table: table.name)
@pytest.mark.parametrize("spoil", ["a folder", "empty", "ragged", "not text"])
def test_a_file_that_cannot_be_read_is_named(folder: Path, table: reference.Table, spoil: str) -> None:
    path = folder / f"{table.name}.csv"
    if spoil == "a folder":
        path.unlink()
        path.mkdir()
    elif spoil == "empty":
        path.write_text("")
    elif spoil == "ragged":
        path.write_text(path.read_text() + "a,b,c,d,e,f,g,h,i,j,k\n")
    else:
        path.write_bytes(path.read_bytes() + b"\xff\xfe,\xff\n")
    assert refusal(folder).startswith(f"{table.name}.csv: ")


@pytest.mark.parametrize("table", FILES, ids=lambda table: table.name)
def test_where_the_operator_has_no_such_file_ours_stands(folder: Path, table: reference.Table) -> None:
    (folder / f"{table.name}.csv").unlink()
    assert getattr(load(folder), table.name).equals(load_frame(table.name))


@pytest.mark.parametrize("table", FILES, ids=lambda table: table.name)
def test_a_shipped_file_that_is_absent_is_named(
    monkeypatch: pytest.MonkeyPatch, folder: Path, table: reference.Table
) -> None:
    monkeypatch.setattr(reference, "OURS", folder)
    (folder / f"{table.name}.csv").unlink()
    with pytest.raises(StandingsError, match=f"^{folder}/{table.name}.csv: cannot be read"):
        load.__wrapped__()


ORGANISATION = "mover,Mover,{},{},{},Why it was so.,Seen."


def moves(folder: Path, *rows: tuple[str, str, str]) -> None:
    path = folder / "organisations.csv"
    path.write_text(path.read_text() + "".join(ORGANISATION.format(*row) + "\n" for row in rows))


def test_facts_that_follow_each_other_are_fine(folder: Path) -> None:
    moves(folder, ("US", "2026-05-01", ""), ("FR", "", "2026-01-01"), ("CN", "2026-01-01", "2026-05-01"))
    found = load(folder).organisations.filter(organisation="mover").sort("valid_from", nulls_last=False)
    assert found.select("country_code", "valid_from").rows() == [
        ("FR", None),
        ("CN", date(2026, 1, 1)),
        ("US", date(2026, 5, 1)),
    ]


def test_a_gap_between_facts_is_fine(folder: Path) -> None:
    moves(folder, ("FR", "", "2026-01-01"), ("CN", "2026-01-02", ""))
    assert load(folder).organisations.filter(organisation="mover").height == 2


@pytest.mark.parametrize(
    "rows",
    [
        [("FR", "", "2026-01-02"), ("CN", "2026-01-01", "")],
        [("CN", "2026-01-01", ""), ("FR", "", "2026-01-02")],
        [("FR", "2025-01-01", ""), ("CN", "2026-01-01", "")],
        [("FR", "2025-01-01", "2026-01-01"), ("CN", "2025-06-01", "2025-07-01")],
    ],
)
def test_facts_that_overlap_are_refused(folder: Path, rows: list[tuple[str, str, str]]) -> None:
    moves(folder, *rows)
    row = next_row("organisations")
    overlap = f"organisation overlaps row {row} of organisations.csv"
    assert refusal(folder) == f"organisations.csv: row {row + 1}: {overlap}"


OVERRIDE = "openrouter/new,reveal,openai,,{},{},{},{},reported,Why it was so.,Seen."


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        (("", "", "2026-01-01", "2026-02-01"), ("", "", "2026-02-01", ""), True),
        (("", "", "2026-01-01", "2026-02-02"), ("", "", "2026-02-01", ""), False),
        (("", "2026-02-01", "2026-01-01", ""), ("2026-02-01", "", "2026-01-01", ""), True),
        (("", "2026-02-02", "2026-01-01", ""), ("2026-02-01", "", "2026-01-01", ""), False),
        (("", "2026-02-02", "2026-01-01", "2026-03-01"), ("2026-02-01", "", "2026-03-01", ""), True),
    ],
)
def test_overrides_must_be_apart_by_one_clock(
    folder: Path, first: tuple[str, ...], second: tuple[str, ...], apart: bool
) -> None:
    path = folder / "overrides.csv"
    path.write_text(path.read_text() + OVERRIDE.format(*first) + "\n" + OVERRIDE.format(*second) + "\n")
    if apart:
        assert load(folder).overrides.filter(permaslug="openrouter/new").height == 2
    else:
        row = next_row("overrides")
        overlap = f"permaslug overlaps row {row} of overrides.csv"
        assert refusal(folder) == f"overrides.csv: row {row + 1}: {overlap}"


def test_the_digest_is_of_every_file(folder: Path) -> None:
    same = load.__wrapped__(folder).operator_sha256
    assert same == load().sha256 == load.__wrapped__(folder).sha256
    for table in FILES:
        path = folder / f"{table.name}.csv"
        text = path.read_text()
        path.write_text(text.replace("\n", "\r\n"))
        assert load.__wrapped__(folder).operator_sha256 != same
        assert load.__wrapped__(folder).sha256 == load().sha256
        path.write_text(text)
    assert load.__wrapped__(folder).operator_sha256 == same


def test_our_own_digest_is_of_every_file(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(reference, "OURS", folder)
    same = load.__wrapped__().sha256
    assert same == load().sha256
    for table in FILES:
        path = folder / f"{table.name}.csv"
        text = path.read_text()
        path.write_text(text.replace("\n", "\r\n"))
        assert load.__wrapped__().sha256 != same
        path.write_text(text)
    assert load.__wrapped__().sha256 == same
