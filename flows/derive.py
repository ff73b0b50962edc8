"""The steps from raw captures to tables: each reads the lake, calls its transform and leaves the result."""

import logging
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from flows.lake import approvals, keys
from flows.lake import captures as raw
from flows.lake.approvals import Offence, Refused
from flows.lake.keys import RawKey, period_of
from flows.lake.lake import open_lake
from flows.lake.manifest import Capture, current
from flows.lake.reference import reference_of
from flows.lake.staging import Stage
from flows.settings import Settings
from flows.storage.object_store import CONNECTIONS, Store
from flows.version import code_version
from schemas import MODEL_WEEK, OBSERVATION, RANKING_ENTRY
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from transforms.attribution import tokens_by_author, unknown_authors
from transforms.country_growth import SPANS
from transforms.drift_week import OLDEST
from transforms.parse import Answer, Unreadable, parse
from transforms.request_windows import Window
from transforms.source_contract import findings
from transforms.standings import (
    AUTHORS,
    CHART,
    COMPARED,
    FIGURES,
    blocks,
    compared_tables,
    first_seen,
    series_tables,
    week_tables,
)
from transforms.vintages import CAPTURE_ROWS, CAPTURES, looks, observation, ranking_entry
from transforms.weeks import WEEK

log = logging.getLogger("standings")

WEEKS, HELD, SEEN = "weeks", "held", "first_seen"
"""What is staged beside the tables: the weeks of each block, the parts that need not be written, and since when each
model is known."""

SEEN_IN, AUTHORED = ("week_start", "model_permaslug"), ("author", "attribution", "tokens")


@dataclass(frozen=True)
class Conformed:
    """What came of the raw captures: the stage that holds them, and those that could not be read.

    blocks: the parts that the weeks are computed in. new: the keys of the bodies that no release rests on yet.
    rejected: one line for each capture that was found unreadable in this run: its source, row and field.
    """

    stage: str
    blocks: tuple[int, ...]
    new: tuple[str, ...]
    rejected: tuple[str, ...]


def conform(settings: Settings, only: tuple[str, ...] | None = None) -> Conformed:
    """raw -> `ranking_entry`: every accepted capture, and what has landed since.

    A capture that cannot be read is put on record in `quarantine/`, stays in `raw/`, and is passed over while
    the record is there. only: the keys of the new bodies to take; None for all. Raises `StandingsError` where
    no capture can be read at all, or one that is published no longer can.
    """
    store = open_lake(settings)
    manifest = current(store).manifest
    accepted = {capture.key for capture in manifest.captures} if manifest else set()
    passed_over = set(store.list(keys.REJECTED))
    landed = list(raw.landed(store))
    if lost := [key for key in accepted - set(landed) if key.rejection not in passed_over]:
        raise StandingsError(
            f"{store.url}/{lost[0].body}: is missing, and what is published rests on it: repair it"
        )
    due = [
        key
        for key in landed
        if key.rejection not in passed_over and (only is None or key in accepted or key.body in only)
    ]
    answers: dict[RawKey, Answer] = {}
    let_through = approvals.accepted(store)
    rejected, told = [], []
    for key, body in zip(due, _bodies(store, due), strict=True):
        try:
            answer = parse(body, period_of(key))
            if key not in accepted:
                told += _findings(store, key, answer, let_through)
            answers[key] = answer
        except Unreadable as problem:
            if key in accepted:
                raise StandingsError(
                    f"{store.url}/{key.body}: {problem}; it was published before, "
                    f"and this version cannot read it"
                ) from None
            rejected.append(raw.reject(store, key, str(problem), code_version()))
        except Implausible as problem:
            rejected.append(approvals.refuse(store, key, problem.refused, code_version()))
    if not answers:
        raise StandingsError("; ".join(rejected) or f"{store.url}: there is no capture to publish")
    captures = sorted(
        (Capture(key, answer.as_of, answer.start, answer.end) for key, answer in answers.items()),
        key=lambda capture: (capture.as_of, capture.key.body),
    )
    log.info("conform: %d captures", len(captures))
    stage = Stage(store, uuid.uuid4().hex)
    stage.note("captures", [capture.to_json() for capture in captures])
    stage.note("findings", told)
    frame, rows = _frames(captures, answers)
    seen = looks(frame, rows)
    parts = part(stage, ranking_entry(seen, rows), observation(seen), settings.block_rows)
    new = tuple(capture.key.body for capture in captures if capture.key not in accepted)
    return Conformed(stage.name, parts, new, tuple(rejected))


def part(stage: Stage, entries: pl.DataFrame, observations: pl.DataFrame, most: int) -> tuple[int, ...]:
    """Leaves what the source said in blocks of weeks, each to be computed by itself; returns their numbers."""
    weeks = blocks(entries, observations, most)
    for number, block in enumerate(weeks):
        for table, frame in ((RANKING_ENTRY, entries), (OBSERVATION, observations)):
            stage.write(table.name, frame.filter(pl.col("week_start").is_in(block)), number)
    return note_blocks(stage, weeks)


def note_blocks(stage: Stage, weeks: Sequence[Sequence[date]]) -> tuple[int, ...]:
    """Notes which weeks are in each staged block, and what need not be written; returns the blocks' numbers."""
    stage.note(WEEKS, [[str(week) for week in block] for block in weeks])
    stage.note(HELD, list(stage.store.list(keys.PARTS)))
    return tuple(range(len(weeks)))


def count(settings: Settings, stage_name: str, block: int) -> dict[str, int]:
    """`ranking_entry` -> whose each model is, and all that a week's own rows decide, for a block of weeks.

    Returns the rows of each table.
    """
    stage = Stage(open_lake(settings), stage_name)
    said = {table.name: stage.read(table.name, [block]) for table in (RANKING_ENTRY, OBSERVATION)}
    entries, observations = said.values()
    made = week_tables(entries, observations, reference_of(settings))
    return {name: frame.height for name, frame in said.items()} | stage.write_all(made, block)


def gather(settings: Settings, stage_name: str) -> dict[str, int]:
    """What is read off all weeks together: streaks, claims, forecasts, and since when each model is known."""
    stage = Stage(open_lake(settings), stage_name)
    numbers = range(len(weeks_of(stage)))
    seen, unknown = MODEL_WEEK.polars_schema().to_frame(), []
    for number in numbers:
        models = stage.read(MODEL_WEEK.name, [number], [*SEEN_IN, *AUTHORED])
        seen = first_seen([seen, models])
        unknown.append(unknown_authors(models))
    figures, chart = (stage.read(name, numbers) for name in (FIGURES, CHART))
    stage.write(SEEN, seen)
    rows = stage.write_all(series_tables(figures, chart, reference_of(settings)))
    weeks, countries = (figures[name].n_unique() for name in ("week_start", "country_code"))
    log.info("count: %d models of %d countries over %d weeks", seen.height, countries - 1, weeks)
    for author, tokens in tokens_by_author(pl.concat(unknown)).iter_rows():
        log.warning("count: author %s is in no reference file: %d tokens count as unknown", author, tokens)
    return rows


def compare(settings: Settings, stage_name: str, block: int) -> dict[str, int]:
    """What sets the weeks of a block beside those before them. Returns the rows of each table."""
    stage = Stage(open_lake(settings), stage_name)
    weeks = weeks_of(stage)
    own, all_before = weeks[block], [week for part in weeks[: block + 1] for week in part]
    recent = [week for week in all_before if week >= min(own, default=week) - OLDEST]
    grown = {week - span * WEEK for week in own for span in (0, *SPANS)} & set(all_before)

    def read(name: str, wanted: Iterable[date]) -> pl.DataFrame:
        some = set(wanted)
        numbers = [number for number, part in enumerate(weeks) if some & set(part)]
        columns = list(COMPARED[name]) if name in COMPARED else None
        return stage.read(name, numbers or [block], columns).filter(pl.col("week_start").is_in(sorted(some)))

    frames = {name: read(name, recent) for name in ("week_coverage", "country_week", AUTHORS)}
    frames |= {name: read(name, grown) for name in COMPARED} | {"revisions": read("revisions", own)}
    made = compared_tables(frames, stage.read(SEEN))
    return stage.write_all(
        {name: frame.filter(pl.col("week_start").is_in(own)) for name, frame in made.items()}, block
    )


def weeks_of(stage: Stage) -> list[list[date]]:
    """The weeks of each block, in order."""
    return [[date.fromisoformat(week) for week in block] for block in stage.noted(WEEKS)]


class Implausible(Exception):
    """A capture that can be read and that nobody would believe."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.problem)
        self.refused = refused


def _findings(
    store: Store, key: RawKey, answer: Answer, let_through: dict[str, frozenset[Offence]]
) -> list[dict[str, str]]:
    """What a new capture differs in from what was promised.

    Raises `Implausible` where that is critical and no person has accepted it.
    """
    record = raw.request_of(store, key)
    # A simulated source answers at whatever moment it is told.
    received = None if key.origin == "simulated" else datetime.fromisoformat(record["retrieved_at"])
    found = list(
        findings(answer, period_of(key), _window(record["request"]), RANKINGS_DAILY.history_starts, received)
    )
    for each in found:
        offences = (("captures", each.code, key.sha256),)
        if each.severity == "critical" and not approvals.released(offences, let_through):
            raise Implausible(Refused(str(each), offences, (key.body,)))
        level = logging.INFO if each.severity == "info" else logging.WARNING
        log.log(level, "conform: %s: %s", record["source"], each)
    return [
        {
            "severity": "accepted" if each.severity == "critical" else each.severity,
            "problem": f"{record['source']}: {each}",
        }
        for each in found
    ]


def _window(request: dict[str, str]) -> Window | None:
    """The window that a request asked for; None where it does not say."""
    try:
        return date.fromisoformat(request["start_date"]), date.fromisoformat(request["end_date"])
    except (KeyError, ValueError):
        return None


def _bodies(store: Store, due: list[RawKey]) -> list[bytes]:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(lambda key: raw.body_of(store, key), due))


def _frames(captures: list[Capture], answers: dict[RawKey, Answer]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The captures that the tables count and their rows, as `transforms.vintages` takes them.

    A slice of the data is never added to the whole of it, so it stays out. The same bytes count once for each
    grain, whatever origin they are said to have; the first by key stands for them.
    """
    whole = [capture for capture in captures if capture.key.slice == raw.WHOLE]
    frame = pl.DataFrame(
        [
            (each.key.sha256, each.as_of, each.key.period, each.key.origin, each.start, each.end)
            for each in whole
        ],
        schema=CAPTURES,
        orient="row",
    ).unique(["capture", "period"], keep="first", maintain_order=True)
    by_digest = {each.key.sha256: answers[each.key].rows for each in whole}
    rows = [each.select(pl.lit(digest).alias("capture"), pl.all()) for digest, each in by_digest.items()]
    return frame, pl.concat([CAPTURE_ROWS.to_frame(), *rows])
