"""raw -> `ranking_entry`: which captures can be read, and what they say."""

import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from flows.lake import approvals, keys
from flows.lake.approvals import Offence, Refused
from flows.lake.captures import WHOLE, body_of, landed, reject, request_of
from flows.lake.keys import RawKey, period_of
from flows.lake.lake import open_lake
from flows.lake.manifest import Capture, current
from flows.lake.staging import Stage
from flows.pipeline.blocks import part
from flows.settings import Settings
from flows.storage.object_store import CONNECTIONS, Store
from flows.version import code_version
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from transforms.parse import Answer, Misnamed, Unreadable, parse
from transforms.request_windows import Window
from transforms.source_contract import findings, new_fields
from transforms.vintages import CAPTURE_ROWS, CAPTURES, looks, observation, ranking_entry

log = logging.getLogger("standings")


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
    no capture can be read at all, or one that is published no longer can, unless it only names a row wrongly.
    """
    store = open_lake(settings)
    manifest = current(store).manifest
    accepted = {capture.key for capture in manifest.captures} if manifest else set()
    passed_over = set(store.list(keys.REJECTED))
    present = list(landed(store))
    if lost := [key for key in accepted - set(present) if key.rejection not in passed_over]:
        raise StandingsError(
            f"{store.url}/{lost[0].body}: is missing, and what is published rests on it: repair it"
        )
    due = [
        key
        for key in present
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
            # What earlier versions took for a model made wrong figures, so the release goes on without them.
            if key in accepted and not isinstance(problem, Misnamed):
                raise StandingsError(
                    f"{store.url}/{key.body}: {problem}; it was published before, "
                    f"and this version cannot read it"
                ) from None
            rejected.append(reject(store, key, str(problem), code_version()))
        except Implausible as problem:
            rejected.append(approvals.refuse(store, key, problem.refused, code_version()))
    told += _new_fields(store, {key: each for key, each in answers.items() if key not in accepted})
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
    record = request_of(store, key)
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


def _new_fields(store: Store, answers: dict[RawKey, Answer]) -> list[dict[str, str]]:
    """One finding for all new captures with fields that the contract did not have, with one place as an example."""
    having = {key: answer.new_fields for key, answer in answers.items() if answer.new_fields}
    if not having:
        return []
    found = new_fields(each for fields in having.values() for each in fields)
    first = next(iter(having))
    problem = f"{request_of(store, first)['source']}: {having[first][0].place}: {found}"
    log.warning("conform: %s", problem)
    return [{"severity": found.severity, "problem": problem}]


def _window(request: dict[str, str]) -> Window | None:
    """The window that a request asked for; None where it does not say."""
    try:
        return date.fromisoformat(request["start_date"]), date.fromisoformat(request["end_date"])
    except (KeyError, ValueError):
        return None


def _bodies(store: Store, due: list[RawKey]) -> list[bytes]:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(lambda key: body_of(store, key), due))


def _frames(captures: list[Capture], answers: dict[RawKey, Answer]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The captures that the tables count and their rows, as `transforms.vintages` takes them.

    A slice of the data is never added to the whole of it, so it stays out. The same bytes count once for each
    grain, whatever origin they are said to have; the first by key stands for them.
    """
    whole = [capture for capture in captures if capture.key.slice == WHOLE]
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
