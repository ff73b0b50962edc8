"""An operator's folder of reference files: it goes before ours, row by row, and is refused where it is malformed."""

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas import reference
from schemas.errors import StandingsError
from schemas.reference import OURS, Reference, load
from schemas.table import Table
from tests.support.frames import DAY, MONDAY, Row, one, standings, week_of

ROWS: dict[str, dict[str, str]] = {
    "countries": {"country_code": "ZA", "country_name": "South Africa"},
    "organisations": {"name": "Name", "country_code": "FR", "reason": "Because.", "evidence": "Seen."},
    "authors": {"kind": "organisation", "reason": "Because."},
    "overrides": {
        "kind": "reveal",
        "organisation": "xai",
        "known_from": "2026-03-20",
        "confidence": "confirmed",
        "reason": "Because.",
        "evidence": "Seen.",
    },
    "claims": {
        "week_start": "2026-03-09",
        "country_code": "CN",
        "metric": "tokens",
        "tokens": "5",
        "wording": "Five.",
        "source": "A paper",
        "basis": "stated",
    },
    "forecasts": {
        "issuer": "A bank",
        "country_code": "CN",
        "scope": "Everything",
        "unit": "tokens a year",
        "year_from": "2025",
        "value_from": "10",
        "year_to": "2030",
        "value_to": "20",
        "comparable": "no",
        "reason": "Because.",
        "source": "A paper",
    },
}
"""What a row has where a test does not say."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "reference"
    made.mkdir()
    return made


def table_of(name: str) -> Table:
    return next(table for table in reference.FILES if table.name == name)


def put(folder: Path, name: str, *rows: dict[str, str], header: list[str] | None = None) -> Path:
    """Writes one of the operator's files."""
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, header or table_of(name).names, restval="")
        writer.writeheader()
        writer.writerows(ROWS[name] | row for row in rows)
    return path


def whose(
    facts: Reference, permaslug: str, monday: date = MONDAY, **options: Any
) -> tuple[str | None, str, str]:
    """Organisation, country and why, as known now."""
    row = model(facts, permaslug, monday, **options)
    return row["organisation"], row["country_code"], row["attribution"]


def model(facts: Reference, permaslug: str, monday: date = MONDAY, at: datetime | None = None) -> Row:
    moment = {} if at is None else {"at": at}
    tables = standings(week_of({permaslug: 5}, monday), reference=facts, **moment)
    return one(tables["model_week"], model_permaslug=permaslug)


# What it changes


def test_the_operators_row_takes_the_place_of_ours(folder: Path) -> None:
    put(folder, "authors", {"author": "openai", "organisation": "mistral", "reason": "A test."})
    facts = load(folder)
    assert whose(load(), "openai/a") == ("openai", "US", "organisation")
    assert whose(facts, "openai/a") == ("mistral", "FR", "organisation")
    assert whose(facts, "anthropic/b") == whose(load(), "anthropic/b")
    assert facts.authors.height == load().authors.height
    assert one(facts.authors, author="openai")["reason"] == "A test."


def test_one_row_of_the_operators_replaces_all_of_ours_for_the_author(folder: Path) -> None:
    """Ours are two, one before and one after the author changed hands."""
    assert len([a for a in load().authors["author"] if a == "sentence-transformers"]) == 2
    put(folder, "authors", {"author": "sentence-transformers", "organisation": "openai"})
    for monday in (date(2025, 10, 13), date(2025, 10, 27)):
        assert whose(load(folder), "sentence-transformers/x", monday)[0] == "openai"


def test_an_author_can_be_taken_from_its_organisation(folder: Path) -> None:
    put(folder, "authors", {"author": "openai", "kind": "undecided", "organisation": ""})
    assert whose(load(folder), "openai/a") == (None, "ZZ", "undecided")


def test_an_organisation_is_added_with_its_author(folder: Path) -> None:
    put(folder, "organisations", {"organisation": "our-lab", "country_code": "ZA"})
    put(folder, "authors", {"author": "our-lab", "organisation": "our-lab"})
    facts = load(folder)
    assert whose(load(), "our-lab/a") == (None, "ZZ", "unknown")
    assert whose(facts, "our-lab/a") == ("our-lab", "ZA", "organisation")
    assert facts.organisations.height == load().organisations.height + 1


CONTESTED = ("country_code", "tokens_lo", "tokens", "tokens_hi")


def bounds(facts: Reference, author: str) -> list[tuple[object, ...]]:
    """Of each country, in a week in which an author's one model has 5 tokens."""
    tables = standings(week_of({f"{author}/a": 5}), reference=facts)
    rows = tables["country_week"].filter(method="all_models", knowledge="now")
    return rows.select(CONTESTED).rows()


def test_an_operator_can_say_that_a_headquarters_is_contested(folder: Path) -> None:
    put(folder, "organisations", {"organisation": "mistral", "country_code": "FR", "contested_by": "ZA"})
    facts = load(folder)
    assert bounds(load(), "mistralai") == [("FR", 5, 5, 5), ("ZZ", 0, 0, 0)]
    assert bounds(facts, "mistralai") == [("FR", 0, 5, 5), ("ZA", 0, 0, 5), ("ZZ", 0, 0, 0)]
    assert facts.identity()["operator"] == "1 organisation"


def test_an_operator_without_the_column_says_that_it_is_not_contested(folder: Path) -> None:
    names = ["organisation", *ROWS["organisations"]]
    put(folder, "organisations", {"organisation": "poolside", "country_code": "US"}, header=names)
    facts = load(folder)
    assert bounds(load(), "poolside") == [("FR", 0, 0, 5), ("US", 0, 5, 5), ("ZZ", 0, 0, 0)]
    assert bounds(facts, "poolside") == [("US", 5, 5, 5), ("ZZ", 0, 0, 0)]
    assert facts.identity()["operator"] == "1 organisation"


def test_an_organisation_can_move(folder: Path) -> None:
    put(
        folder,
        "organisations",
        {"organisation": "openai", "country_code": "US", "valid_to": "2026-03-16"},
        {"organisation": "openai", "country_code": "FR", "valid_from": "2026-03-16"},
    )
    facts = load(folder)
    assert whose(facts, "openai/a")[1] == "US"
    assert whose(facts, "openai/a", MONDAY + 7 * DAY)[1] == "FR"


def test_an_override_is_added_and_one_of_ours_replaced(folder: Path) -> None:
    put(
        folder,
        "overrides",
        {"permaslug": "openai/a", "kind": "transfer", "organisation": "mistral"},
        {"permaslug": "openrouter/hunter-alpha", "organisation": "meituan"},
    )
    facts = load(folder)
    assert whose(facts, "openai/a") == ("mistral", "FR", "transfer")
    assert whose(load(), "openrouter/hunter-alpha") == ("xiaomi", "CN", "reveal")
    assert whose(facts, "openrouter/hunter-alpha") == ("meituan", "CN", "reveal")
    assert whose(facts, "openrouter/healer-alpha") == ("xiaomi", "CN", "reveal")


def test_claims_and_forecasts_are_added(folder: Path) -> None:
    put(folder, "claims", {"claim": "ours"})
    put(folder, "forecasts", {"forecast": "ours"})
    facts = load(folder)
    assert facts.claims.height == load().claims.height + 1
    assert facts.forecasts.height == load().forecasts.height + 1
    assert one(facts.claims, claim="ours")["tokens"] == 5


def test_what_the_folder_does_not_have_is_ours(folder: Path) -> None:
    facts = load(folder)
    for table in reference.FILES:
        assert getattr(facts, table.name).equals(getattr(load(), table.name))


def test_a_copy_of_our_files_says_what_ours_say(folder: Path) -> None:
    for path in OURS.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    facts = load(folder)
    for table in reference.FILES:
        names = table.names
        assert getattr(facts, table.name).select(names).equals(getattr(load(), table.name).select(names))
    assert facts.operator_sha256 == facts.sha256
    assert facts.changed == ()


def test_which_facts_were_used_can_be_told_apart(folder: Path, tmp_path: Path) -> None:
    other, empty = tmp_path / "other", tmp_path / "empty"
    other.mkdir()
    empty.mkdir()
    put(folder, "authors", {"author": "openai", "organisation": "mistral"})
    put(other, "authors", {"author": "openai", "organisation": "mistral", "reason": "Another."})
    made = [load(), load(folder), load(other), load(empty), load(folder, "confirmed")]
    assert len({each.sha256 for each in made}) == 1
    identities = [tuple(each.identity().items()) for each in made]
    assert len(set(identities)) == len(made)
    assert made[0].operator_sha256 is None
    assert made[1].operator_sha256 == made[4].operator_sha256
    assert made[4].identity()["minimum_confidence"] == "confirmed"


# What it says of a part of the time


def test_a_seat_that_is_to_move_leaves_its_past(folder: Path, shared_data: Path) -> None:
    case = shared_data.parents[1] / "cases" / "hq-partial-row" / "organisations.csv"
    (folder / "organisations.csv").write_bytes(case.read_bytes())
    facts = load(folder)
    assert whose(facts, "minimax/a") == ("minimax", "CN", "organisation")
    assert whose(facts, "minimax/a", date(2026, 12, 28))[1] == "CN"
    assert whose(facts, "minimax/a", date(2027, 1, 4))[1] == "SG"
    assert [(each.file, each.id, each.reason) for each in facts.changed] == [
        ("organisations", "minimax", "Will move.")
    ]


@pytest.mark.parametrize(
    ("dates", "before", "within", "after"),
    [
        ({"valid_from": "2026-03-09"}, "US", "FR", "FR"),
        ({"valid_to": "2026-03-16"}, "FR", "FR", "US"),
        ({"valid_from": "2026-03-09", "valid_to": "2026-03-16"}, "US", "FR", "US"),
        ({}, "FR", "FR", "FR"),
    ],
)
def test_ours_stands_for_the_time_of_which_an_operator_says_nothing(
    folder: Path, dates: dict[str, str], before: str, within: str, after: str
) -> None:
    put(folder, "organisations", {"organisation": "openai", "country_code": "FR", **dates})
    put(folder, "authors", {"author": "anthropic", "organisation": "mistral", **dates})
    facts = load(folder)
    for name in ("openai/a", "anthropic/a"):
        weeks = (MONDAY - 7 * DAY, MONDAY, MONDAY + 7 * DAY)
        assert [whose(facts, name, week)[1] for week in weeks] == [before, within, after]


def test_ours_stands_until_the_day_on_which_an_operators_fact_became_known(folder: Path) -> None:
    put(folder, "organisations", {"organisation": "openai", "country_code": "FR", "known_from": "2026-03-16"})
    tables = standings(week_of({"openai/a": 5}), reference=load(folder))
    found = tables["attribution"].sort("knowledge")
    assert found.select("knowledge", "country_code").rows() == [("now", "FR"), ("then", "US")]


def test_an_operators_reason_for_a_seat_is_told_where_it_counts(folder: Path) -> None:
    put(
        folder,
        "organisations",
        {"organisation": "openai", "country_code": "FR", "valid_from": "2026-03-09", "reason": "It moved."},
    )
    facts = load(folder)
    ours = one(load().authors, author="openai")["reason"]
    for monday, reason in ((MONDAY - 7 * DAY, ours), (MONDAY, f"{ours} It moved.")):
        tables = standings(week_of({"openai/a": 5}, monday), reference=facts)
        assert set(tables["attribution"]["reason"]) == {reason}


# What it is refused for

REFUSED = {
    "an organisation that is not there": (
        "authors",
        [{"author": "a", "organisation": "nobody-knows"}],
        "row 2: organisation is not in the file that defines it",
    ),
    "an override to an organisation that is not there": (
        "overrides",
        [{"permaslug": "a/b"}, {"permaslug": "a/c", "organisation": "nobody-knows"}],
        "row 3: organisation is not in the file that defines it",
    ),
    "a country that is not there": (
        "organisations",
        [{"organisation": "a", "country_code": "XX"}],
        "row 2: country_code is not in the file that defines it",
    ),
    "an aggregate": (
        "organisations",
        [{"organisation": "a", "country_code": "EU"}],
        "row 2: country_code is not in the file that defines it",
    ),
    "a country by name": (
        "organisations",
        [{"organisation": "a", "country_code": "France"}],
        "row 2: country_code is not like",
    ),
    "a claim of a country that is not there": (
        "claims",
        [{"claim": "c", "country_code": "XX"}],
        "row 2: country_code is not in the file that defines it",
    ),
    "a base country that is not there": (
        "authors",
        [{"author": "a", "organisation": "openai", "base_country": "EU"}],
        "row 2: base_country is not in the file that defines it",
    ),
    "organisations that overlap": (
        "organisations",
        [{"organisation": "a", "valid_to": "2026-03-02"}, {"organisation": "a", "valid_from": "2026-03-01"}],
        "row 3: organisation overlaps row 2 of ",
    ),
    "authors that overlap": (
        "authors",
        [{"author": "a", "organisation": "openai"}, {"author": "a", "organisation": "mistral"}],
        "row 3: author overlaps row 2 of ",
    ),
    "overrides that overlap": (
        "overrides",
        [
            {"permaslug": "a/b", "known_from": "2026-01-01"},
            {"permaslug": "a/b", "known_from": "2026-02-01", "organisation": "openai"},
        ],
        "row 3: permaslug overlaps row 2 of ",
    ),
    "dates that end before they begin": (
        "organisations",
        [{"organisation": "a", "valid_from": "2026-03-02", "valid_to": "2026-03-01"}],
        "row 2: valid_",
    ),
    "an author without a reason": (
        "authors",
        [{"author": "a", "organisation": "openai", "reason": ""}],
        "row 2: reason is empty",
    ),
    "an override without evidence": (
        "overrides",
        [{"permaslug": "a/b", "evidence": ""}],
        "row 2: evidence is empty",
    ),
    "a confirmed reveal without a day": (
        "overrides",
        [{"permaslug": "a/b", "known_from": ""}],
        "row 2: known_from is empty for an override that counts",
    ),
    "a reported reveal without a day": (
        "overrides",
        [{"permaslug": "a/b", "known_from": "", "confidence": "reported"}],
        "row 2: known_from is empty for an override that counts",
    ),
    "a day that is none": (
        "overrides",
        [{"permaslug": "a/b", "known_from": "2026-02-30"}],
        "row 2: known_from is no",
    ),
    "a grade that is none": (
        "overrides",
        [{"permaslug": "a/b", "confidence": "certain"}],
        "row 2: confidence is none of unverified, circumstantial, reported, confirmed",
    ),
    "an organisation for a cloak": (
        "authors",
        [{"author": "a", "kind": "cloaked", "organisation": "openai"}],
        "row 2: organisation is given for an author that is none",
    ),
    "a lab without its organisation": (
        "authors",
        [{"author": "a"}],
        "row 2: organisation is empty",
    ),
    "blanks around a name": (
        "authors",
        [{"author": " a", "organisation": "openai"}],
        "row 2: author has blanks around it",
    ),
    "a claim of a week that begins on a Tuesday": (
        "claims",
        [{"claim": "c", "week_start": "2026-03-10"}],
        "row 2: week_start is no Monday",
    ),
    "a claim without its figure": ("claims", [{"claim": "c", "tokens": ""}], "row 2: tokens is empty"),
    "a figure that is not whole": ("claims", [{"claim": "c", "tokens": "4.69e12"}], "row 2: tokens is no"),
    "a claim twice": ("claims", [{"claim": "c"}, {"claim": "c"}], "claim is there twice"),
}


@pytest.mark.parametrize(("name", "rows", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_malformed_file_is_refused_with_file_row_and_field(
    folder: Path, name: str, rows: list[dict[str, str]], why: str
) -> None:
    path = put(folder, name, *rows)
    with pytest.raises(StandingsError) as refusal:
        load(folder)
    assert str(refusal.value).startswith(f"{path}: row ")
    assert why in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("table", reference.FILES, ids=lambda table: table.name)
def test_a_column_that_is_not_known_is_refused(folder: Path, table: Table) -> None:
    path = put(folder, table.name, header=[*table.names, "colour"])
    with pytest.raises(StandingsError, match=r"row 1: column colour is not known; ") as refusal:
        load(folder)
    assert str(refusal.value).startswith(f"{path}: ")


@pytest.mark.parametrize("table", reference.FILES, ids=lambda table: table.name)
def test_a_column_that_is_missing_is_named_unless_it_may_be_empty(folder: Path, table: Table) -> None:
    for column in table.columns:
        path = folder / f"{table.name}.csv"
        path.write_text(",".join(name for name in table.names if name != column.name) + "\n")
        if column.nullable:
            assert load.__wrapped__(folder).changed == ()
            continue
        with pytest.raises(StandingsError, match=f"row 1: column {column.name} is missing; "):
            load.__wrapped__(folder)


def test_an_operators_row_may_name_an_organisation_of_ours_but_not_take_it_away(folder: Path) -> None:
    """Our authors go on naming it."""
    put(folder, "organisations", {"organisation": "openai", "country_code": "FR"})
    assert whose(load(folder), "openai/a") == ("openai", "FR", "organisation")


def test_facts_that_follow_each_other_do_not_overlap(folder: Path) -> None:
    put(
        folder,
        "overrides",
        {"permaslug": "openrouter/x", "known_from": "2026-01-01", "known_to": "2026-02-01"},
        {"permaslug": "openrouter/x", "known_from": "2026-02-01", "organisation": "openai"},
    )
    assert whose(load(folder), "openrouter/x") == ("openai", "US", "reveal")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StandingsError, match="there is no such folder"):
        load(tmp_path / "nowhere")


def test_a_file_that_is_none_of_the_reference_files_is_refused(folder: Path) -> None:
    """A misspelt name would leave the judgment in it out, without a word."""
    put(folder, "authors", {"author": "openai", "organisation": "mistral"}).rename(folder / "author.csv")
    with pytest.raises(StandingsError, match=r"author\.csv"):
        load(folder)


# How sure a reveal must be

SONOMA = date(2025, 9, 1)
OWL = date(2026, 5, 4)


@pytest.mark.parametrize(
    ("name", "week", "whose_it_is"),
    [
        ("openrouter/sonoma-dusk-alpha", SONOMA, ("xai", "US", "reveal")),
        ("openrouter/polaris-alpha", date(2025, 11, 10), ("openai", "US", "reveal")),
        ("stealth/space-bunny-alpha", date(2026, 9, 28), ("minimax", "CN", "reveal")),
    ],
)
def test_circumstantial_reveals_count_for_those_who_ask_for_them(
    name: str, week: date, whose_it_is: tuple[str, str, str]
) -> None:
    assert whose(load(), name, week) == (None, "ZZ", "cloaked")
    assert whose(load(minimum_confidence="circumstantial"), name, week) == whose_it_is


def test_reported_reveals_do_not_count_for_those_who_want_them_confirmed() -> None:
    confirmed = load(minimum_confidence="confirmed")
    assert whose(load(), "openrouter/owl-alpha", OWL) == ("meituan", "CN", "reveal")
    assert whose(confirmed, "openrouter/owl-alpha", OWL) == (None, "ZZ", "cloaked")
    assert whose(confirmed, "openrouter/hunter-alpha") == ("xiaomi", "CN", "reveal")


def test_a_grade_goes_with_an_operators_reveal(folder: Path) -> None:
    put(folder, "overrides", {"permaslug": "openrouter/x", "confidence": "unverified"})
    assert whose(load(folder), "openrouter/x") == (None, "ZZ", "cloaked")
    assert whose(load(folder, "unverified"), "openrouter/x") == ("xai", "US", "reveal")
