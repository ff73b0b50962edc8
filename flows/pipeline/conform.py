"""raw -> `ranking_entry`: which captures can be read, and what they say."""

import logging
from collections.abc import Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

import polars as pl

from flows.lake import approvals
from flows.lake.approvals import Offence, Refused
from flows.lake.captures import WHOLE, body_of, fetched, landed, reject, request_of
from flows.lake.keys import RawKey, period_of
from flows.lake.manifest import Capture
from flows.lake.parsed import Parsed, keep, kept, parse_body
from flows.lake.staging import Run
from flows.pipeline.blocks import part
from flows.pipeline.partitions import HELD
from flows.storage.object_store import CONNECTIONS, Store
from flows.version import code_version
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from transforms.parse import Answer, Misnamed, Unreadable
from transforms.request_windows import Window
from transforms.source_contract import Finding, findings, new_fields, seeming_slice
from transforms.standings import blocks
from transforms.suspects import CONTRADICTION, LEVEL, RULES, suspects
from transforms.vintages import (
    CAPTURE_ROWS,
    CAPTURES,
    has_lists,
    looks,
    observation,
    one_origin,
    ranking_entry,
)

log = logging.getLogger("standings")


@dataclass(frozen=True)
class Conformed:
    """What came of the raw captures.

    blocks: the parts that the weeks are computed in. new: the keys of the bodies that no release rests on yet.
    rejected: one line for each capture that was found unreadable in this run: its source, row and field.
    """

    blocks: tuple[int, ...]
    new: tuple[str, ...]
    rejected: tuple[str, ...]


def conform(run: Run, only: tuple[str, ...] | None = None) -> Conformed:
    """raw -> `ranking_entry`: every accepted capture, and what has landed since.

    A capture that cannot be read is put on record in `quarantine/`, stays in `raw/`, and is passed over while
    the record is there. So is one that is not what it is said to be, published or not: that is judged by all that
    has landed, in every run. only: the keys of the new bodies to take; None for all. Raises `StandingsError` where
    no capture can be read at all, or one that is published no longer can, unless it only names a row wrongly.
    """
    store, before = run.store, run.before
    accepted = {capture.key: capture for capture in before.captures} if before else {}
    recorded = run.rejections
    present = list(landed(store, run.raw))
    if lost := [key for key in accepted.keys() - set(present) if key.rejection not in recorded]:
        raise StandingsError(
            f"{store.url}/{lost[0].body}: is missing, and what is published rests on it: repair it"
        )
    due = [key for key in present if key.rejection not in recorded or recorded[key.rejection] in RULES]
    let_through = approvals.accepted(store)
    # No table counts a slice, so of one that the same code accepted before there is nothing to read.
    counted = [
        key
        for key in due
        if not (key.slice != WHOLE and key in accepted and before.code == code_version())  # type: ignore[union-attr]
    ]
    answers, told, rejected = _read(store, counted, accepted.keys(), let_through)
    refused = _suspects(store, answers, accepted.keys(), let_through)
    rejected += _hold(store, refused, recorded)
    for key in answers.keys() - refused.keys():
        if key.rejection in recorded:
            store.delete(key.rejection)
    answers = {
        key: answer
        for key, answer in answers.items()
        if key not in refused and (only is None or key in accepted or key.body in only)
    }
    captures = sorted(
        [
            *(Capture(key, answer.as_of, answer.start, answer.end) for key, answer in answers.items()),
            *(accepted[key] for key in set(due) - set(counted)),
        ],
        key=lambda capture: (capture.as_of, capture.key.body),
    )
    if not captures:
        raise StandingsError("; ".join(rejected) or f"{store.url}: there is no capture to publish")
    log.info("conform: %d captures", len(captures))
    frame, rows = _frames(store, answers)
    seen = looks(frame, rows)
    entries, observations = ranking_entry(seen, rows), observation(seen)
    weeks = blocks(entries, observations, run.settings.block_rows)
    run.make_room(len(weeks))
    stage = run.stage
    stage.note(HELD, run.parts)
    stage.note("captures", [capture.to_json() for capture in captures])
    new_answers = {key: answer for key, answer in answers.items() if key in told}
    lines = [line for key in new_answers for line in _told(store, key, told[key])]
    stage.note("findings", lines + _new_fields(store, new_answers))
    parts = part(stage, entries, observations, weeks)
    new = tuple(capture.key.body for capture in captures if capture.key not in accepted)
    return Conformed(parts, new, tuple(rejected))


def _read(
    store: Store,
    due: list[RawKey],
    accepted: Set[RawKey],
    let_through: dict[str, frozenset[Offence]],
) -> tuple[dict[RawKey, Answer], dict[RawKey, list[Finding]], list[str]]:
    """The captures that can be read and believed, what each new one differs in, and a line for each of the others."""
    answers: dict[RawKey, Answer] = {}
    told: dict[RawKey, list[Finding]] = {}
    rejected: list[str] = []
    for key, parsed in zip(due, _parsed(store, due), strict=True):
        try:
            if isinstance(parsed, Unreadable):
                raise parsed
            if key not in accepted:
                told[key] = _findings(store, key, parsed, let_through)
            answers[key] = parsed.answer
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
    return answers, told, rejected


def _hold(store: Store, refused: dict[RawKey, Refused], recorded: dict[str, str | None]) -> list[str]:
    """Puts suspects on record; returns a line for each that was not on record for the same rule."""
    return [
        approvals.refuse(store, key, refusal, code_version(), rule)
        for key, refusal in refused.items()
        if recorded.get(key.rejection) != (rule := refusal.offences[0][1])
    ]


class Implausible(Exception):
    """A capture that can be read and that nobody would believe."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.problem)
        self.refused = refused


def _findings(
    store: Store,
    key: RawKey,
    parsed: Parsed,
    let_through: dict[str, frozenset[Offence]],
) -> list[Finding]:
    """What a new capture differs in from what was promised.

    Raises `Implausible` where that is critical and no person has accepted it.
    """
    record = request_of(store, key)
    # A simulated source answers at whatever moment it is told.
    received = None if key.origin == "simulated" else datetime.fromisoformat(record["retrieved_at"])
    # What a sidecar says goes before the file's name.
    name = "" if record["request"] else PurePath(record["source"]).name
    known = key.slice != WHOLE or record["status"] is not None
    seeming = None if known else seeming_slice(name, parsed.meta, RANKINGS_DAILY.slices)
    asked, history = _window(record["request"]), RANKINGS_DAILY.history_starts
    found = list(findings(parsed.answer, period_of(key), asked, history, received, seeming))
    for each in found:
        offences = (("captures", each.code, key.sha256),)
        if each.severity == "critical" and not approvals.released(offences, let_through):
            raise Implausible(Refused(str(each), offences, (key.body,)))
    return found


def _told(store: Store, key: RawKey, found: list[Finding]) -> Iterator[dict[str, str]]:
    """Logs what a new capture differs in, and gives it as the report has it."""
    source = request_of(store, key)["source"]
    for each in found:
        level = logging.INFO if each.severity == "info" else logging.WARNING
        log.log(level, "conform: %s: %s", source, each)
        severity = "accepted" if each.severity == "critical" else each.severity
        yield {"severity": severity, "problem": f"{source}: {each}"}


def _suspects(
    store: Store,
    answers: dict[RawKey, Answer],
    accepted: Set[RawKey],
    let_through: dict[str, frozenset[Offence]],
) -> dict[RawKey, Refused]:
    """The captures that are not what they are said to be, or that another contradicts; published ones, too."""
    frame, rows = _frames(store, answers)
    released = {
        (rule, digest) for each in let_through.values() for where, rule, digest in each if where == "captures"
    }
    sources: dict[tuple[str, str], list[RawKey]] = {}
    for key in answers:
        if key.slice == WHOLE:
            sources.setdefault((key.sha256, key.period), []).append(key)
    refused = {}
    for each in suspects(frame, rows, {key.sha256 for key in accepted}, released).iter_rows(named=True):
        for key in sources[each["capture"], each["period"]]:
            rivals = sources.get((each["rival"], each["period"]), [])
            problem = _suspicion(each, answers[key], [request_of(store, one)["source"] for one in rivals])
            refused[key] = Refused(problem, (("captures", each["rule"], key.sha256),), (key.body,))
    return refused


def _suspicion(row: dict[str, Any], answer: Answer, rivals: list[str]) -> str:
    """What is wrong with a capture, and what to do. row: of `SUSPECTS`; rivals: the files that say otherwise."""
    day, tokens, usual = row["date"], row["tokens"], row["usual"]
    if row["rule"] == CONTRADICTION:
        return (
            f"{day} has other rows than in {', '.join(rivals)}, and both are as of {answer.as_of.isoformat()}: "
            f"one of them is wrong, or they are parts of one answer"
        )
    if row["rule"] == LEVEL:
        return (
            f"{day} has {tokens:,} tokens, above three times the median of the days within seven of it ({usual:,}): "
            f"if it is a week's or a slice's, say so with --period week or in a FILE.request.json"
        )
    if row["likely"] == "week":
        return (
            f"it has no days but Mondays ({day}: {tokens:,} tokens), as an answer by the week has: "
            f"ingest it with --period week"
        )
    return (
        f"it has no days but firsts of months ({day}: {tokens:,} tokens), as an answer to period=month has, "
        f"which no table counts: ingest an answer by the day or by the week"
    )


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


def _parsed(store: Store, due: list[RawKey]) -> list[Parsed | Unreadable]:
    """What each capture says, or why it cannot be read; what was not parsed before is kept from then on."""

    def parsed(key: RawKey) -> Parsed | Unreadable:
        if (found := kept(store, key)) is not None:
            return found
        try:
            made = parse_body(key, body_of(store, key))
        except Unreadable as problem:
            return problem
        keep(store, key, made)
        return made

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(parsed, due))


def _frames(store: Store, answers: dict[RawKey, Answer]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The captures that the tables count and their rows, as `transforms.vintages` takes them.

    A slice of the data is never added to the whole of it, so it stays out.
    """
    whole = {key: answer for key, answer in answers.items() if key.slice == WHOLE}
    frame = pl.DataFrame(
        [
            (
                key.sha256,
                answer.as_of,
                key.period,
                key.origin,
                answer.start,
                answer.end,
                # Only of lists does it matter, and each record is one more object to read.
                has_lists(answer.rows) and fetched(store, key),
            )
            for key, answer in whole.items()
        ],
        schema=CAPTURES,
        orient="row",
    )
    by_digest = {key.sha256: answer.rows for key, answer in whole.items()}
    rows = [each.select(pl.lit(digest).alias("capture"), pl.all()) for digest, each in by_digest.items()]
    return one_origin(frame), pl.concat([CAPTURE_ROWS.to_frame(), *rows])
