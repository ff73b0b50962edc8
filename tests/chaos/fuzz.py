"""Hostile input to the parser and to the keys: nothing but documented refusals, in bounded time and memory.

Half of the bodies are small windows of real captures with hostile values in them; half are bytes that were
changed blindly. Whatever reaches a line of the parser that nothing had reached is kept and changed further.
"""

import hashlib
import json
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import transforms.parse
import transforms.source_contract
from flows.lake import captures, keys
from flows.lake.keys import RawKey
from flows.storage.object_store import check_key
from schemas.datasets import RANKINGS_DAILY
from schemas.errors import StandingsError
from schemas.fields import GRAINS, ORIGINS
from tests.chaos.tally import Tally
from tests.conftest import SHARED_DATA
from tests.support.lakes import simulated
from transforms.parse import Answer, Period, Unreadable, parse
from transforms.source_contract import findings

ROUNDS = 100_000

LONGEST_MESSAGE = 400
CPU_SECONDS = 2.0
"""What one input may take. Processor time: a busy machine is no hang."""

MEMORY = 32
"""MiB by which the process may grow once it has read some large inputs. Measured: 2, of 150 in all."""

LARGE_EVERY = 1000
"""Rounds between inputs of a megabyte, which are slow to make."""

KEPT = 1000
LOSSES = 20
"""After so many the trial stops: the rest would be the same."""

COUNTS = (
    "0",
    "-1",
    "+5",
    "05",
    "1e15",
    "1.0",
    " 5",
    "5\n",
    "٥",
    "²",
    "",
    str(2**63 - 1),
    str(2**63),
    "9" * 5000,
)
DAYS = (
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "2026-7-1",
    "2026-07-01T00:00:00Z",
    "٢٠٢٦-07-01",
    "2024-12-30",
)
MOMENTS = (
    "2026-07-19T00:05:16Z",
    "2026-07-19T25:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "0000-01-01T00:00:00Z",
)
TEXTS = (
    "other",
    "Other",
    "=1+1",
    "../..",
    "a\\b",
    "\x1b[2J",
    "\u202e",
    "\ud800",
    "e" + "\u0301" * 199,
    "界" * 201,
)
VALUES: tuple[object, ...] = (
    *(None, True, 0, -1, 1.5, float("nan"), float("inf"), 1e308, 2**63, 10**4000, [], {}, [[]], {"date": 1}),
    *(COUNTS + DAYS + MOMENTS + TEXTS),
)
FIELDS = (
    "date",
    "model_permaslug",
    "total_tokens",
    "as_of",
    "version",
    "start_date",
    "end_date",
    "data",
    "meta",
)
PIECES = tuple(
    piece.encode("utf-8", "surrogatepass")
    for piece in (
        *'{}[]",:\\',
        *FIELDS,
        *TEXTS,
        "\ufeff",
        "NaN",
        "-Infinity",
        "1e999",
        "null",
        "\\ud800",
        "<html>",
    )
)


class Hung(BaseException):
    """An input took too long. No `Exception`, so that nothing between can take it for its own."""


@contextmanager
def limited() -> Iterator[None]:
    """Raises `Hung` where the block takes more processor time than an input may."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Hung

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Guide:
    """The steps from line to line that inputs have taken through the parser."""

    def __init__(self) -> None:
        self.steps: set[tuple[int, int]] = set()
        self._files = {transforms.parse.__file__: 1, transforms.source_contract.__file__: -1}

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        sign = self._files.get(frame.f_code.co_filename)
        if sign is None:
            return None
        last = frame.f_lineno

        def step(frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
            nonlocal last
            if event == "line":
                self.steps.add((sign * last, frame.f_lineno))
                last = frame.f_lineno
            return step

        return step


def windows(random: Random) -> list[dict[str, Any]]:
    """Small windows of real captures, where they are beside the checkout, else of a simulated one."""
    paths = [*(SHARED_DATA / "responses").glob("*.json"), *(SHARED_DATA / "chart").glob("week*.json")]
    bodies = [path.read_bytes() for path in sorted(paths) if not path.name.endswith(captures.keys.REQUEST)]
    now = datetime(2026, 7, 19, tzinfo=UTC)
    found = []
    for body in bodies or [simulated(date(2026, 7, 1), date(2026, 7, 14), now)]:
        whole = json.loads(body)
        days = sorted({row["date"] for row in whole["data"]})
        for _ in range(3):
            first = random.randrange(len(days))
            some = days[first : first + random.randint(1, 3)]
            rows = [row for day in some for row in [row for row in whole["data"] if row["date"] == day][-4:]]
            found.append(
                {"data": rows, "meta": whole["meta"] | {"start_date": some[0], "end_date": some[-1]}}
            )
    return found


def hostile_answer(window: dict[str, Any], random: Random) -> bytes:
    """A window with up to three changes, each of which leaves it JSON."""
    content = json.loads(json.dumps(window))
    for _ in range(random.randint(0, 3)):
        place = random.choice([each for each in containers(content) if each])
        where = random.choice(list(place) if isinstance(place, dict) else range(len(place)))
        match random.randrange(4):
            case 0:
                del place[where]
            case 1 if isinstance(place, list):
                place.insert(random.randrange(len(place)), place[where])
            case 2 if isinstance(place, list):
                random.shuffle(place)
            case 1:
                place[random.choice((*FIELDS, *TEXTS))] = deepcopy(random.choice(VALUES))
            case _:
                place[where] = deepcopy(random.choice(VALUES))
        if not content:
            break
    text = json.dumps(content, ensure_ascii=random.random() < 0.5, indent=random.choice((None, None, 1)))
    return text.encode("utf-8", "surrogatepass")


def containers(content: Any) -> Iterator[Any]:
    """Every object and list in a content."""
    if isinstance(content, dict | list):
        yield content
        for inner in content.values() if isinstance(content, dict) else content:
            yield from containers(inner)


def changed(body: bytes, others: list[bytes], random: Random) -> bytes:
    """Bytes with one to four blind changes."""
    for _ in range(random.randint(1, 4)):
        at, end = sorted(random.randrange(len(body) + 1) for _ in range(2))
        match random.randrange(6):
            case 0:
                body = body[:at] + random.choice(PIECES) + body[at:]
            case 1:
                body = body[:at] + body[min(end, at + 20) :]
            case 2:
                body = body[:at] + random.randbytes(random.randint(1, 4)) + body[at + 1 :]
            case 3:
                body = body[:at] + random.choice(others)[at:]
            case 4:
                body = body[:end] + body[at:end] + body[end:]
            case 5:
                body = body[:end]
    return body[:4096]


@cache
def large_bodies() -> tuple[bytes, ...]:
    """Each about a megabyte that is quick to send and could be slow to read."""
    many = 100_000
    return (
        b"[" * many,
        b'{"data":' * many,
        b'{"data": ' + b"9" * 10 * many + b"}",
        b'"' + b"\\u0301" * many + b'"',
        b"{" + b",".join(b'"%d":0' % n for n in range(many)) + b',"z":0,"z":0}',
        b'{"data": [' + b"[]," * many + b'[]], "meta": {}}',
        b'{"meta": {"version": "' + b"v" * 10 * many + b'"}, "data": []}',
    )


def read(body: bytes, period: Period) -> Answer | str:
    """What a body says, or why it is refused; raises `AssertionError` where either is not as it should be."""
    try:
        answer = parse(body, period)
    except Unreadable as refusal:
        check_message(str(refusal))
        return str(refusal)
    # Plain reading is the judge: what is accepted means the same to anybody.
    content = json.loads(body)
    plain = [(row["date"], row["model_permaslug"], int(row["total_tokens"])) for row in content["data"]]
    assert [(str(day), *rest) for day, *rest in answer.rows.rows()] == plain, "rows are not those of the body"
    assert len({row[:2] for row in plain}) == len(plain), "a model is there twice in a bucket"
    assert (str(answer.start), str(answer.end)) == (
        content["meta"]["start_date"],
        content["meta"]["end_date"],
    )
    asked = None if period == "day" else (answer.start, date(2026, 7, 1))
    for finding in findings(answer, period, asked, RANKINGS_DAILY.history_starts):
        check_message(str(finding))
    return answer


def check_message(message: str) -> None:
    assert message.isprintable(), f"a message has control characters: {message!r}"
    assert 0 < len(message) <= LONGEST_MESSAGE, f"a message has {len(message)} characters: {message[:60]!r}"


def check_keys(random: Random) -> bool:
    """Builds a capture's keys from a hostile request; says whether a store would take them."""
    request = {
        name: hostile_text(random) for name in random.sample(RANKINGS_DAILY.slices, random.randint(0, 2))
    }
    digest = hashlib.sha256(random.randbytes(8)).hexdigest()
    key = RawKey(random.choice(ORIGINS), random.choice(GRAINS), captures.slice_of(request), digest)
    found = keys.raw(hostile_text(random)) or keys.raw(f"{keys.RAW}{hostile_text(random)}.body")
    assert found is None or keys.raw(found.body) == found
    assert keys.release(keys.manifest(hostile_text(random, "/"))) is not None
    try:
        for name in (key.body, key.request, key.rejection, key.confirmation):
            check_key(name)
            assert name.count("/") == key.body.count("/") + name.startswith(keys.REJECTED), (
                f"{name!r} leads on"
            )
    except StandingsError as refusal:
        check_message(str(refusal))
        return False
    assert keys.raw(key.body) == key, f"{key.body!r} does not lead back"
    assert (keys.digest_in(key.body), keys.digest_in(key.request)) == (digest, None)
    assert Path(key.body).as_posix() == key.body
    assert key.body.isprintable(), f"{key.body!r} has control characters"
    return True


def hostile_text(random: Random, glue: str = "") -> str:
    pieces = (
        *TEXTS,
        "/",
        "\\",
        "=",
        "+",
        "..",
        ".",
        " ",
        "%2e%2e",
        "all",
        "marketing/seo",
        "\0",
        "\r\n",
        "\u200f",
    )
    text = glue.join(random.choice(pieces) for _ in range(random.randint(0, 3)))
    return text * 500 if random.random() < 0.02 else text


def run(tally: Tally, rounds: int, random: Random, home: Path) -> None:
    """A round is one body, read as either grain, and one capture's keys. home: not needed."""
    trees = windows(random)
    corpus = [json.dumps(tree).encode() for tree in trees]
    guide, kinds = Guide(), set[str]()
    for body in large_bodies():
        parse_either(body, Guide(), tally, kinds, "a large body")
    base = memory()
    for number in range(rounds):
        if number % LARGE_EVERY == LARGE_EVERY - 1:
            body = random.choice(large_bodies())
        elif number % 2:
            body = hostile_answer(random.choice(trees), random)
        else:
            body = changed(random.choice(corpus), corpus, random)
        before = len(guide.steps)
        parse_either(body, guide, tally, kinds, f"round {number}")
        if len(guide.steps) > before:
            corpus.insert(random.randrange(len(corpus)), body)
            del corpus[KEPT:]
        try_keys(random, tally, f"round {number}")
        if len(tally.losses) >= LOSSES:
            break
    tally.count("kinds of refusal", len(kinds))
    tally.count("steps through the parser reached", len(guide.steps))
    tally.count("MiB at the most", memory())
    tally.expect(memory() - base <= MEMORY, f"memory grew from {base} to {memory()} MiB")


def parse_either(body: bytes, guide: Guide, tally: Tally, kinds: set[str], where: str) -> None:
    """Reads a body as days and as weeks, and tallies what came of it."""
    tally.count("inputs")
    for period in GRAINS:
        try:
            with limited(), guide.watching():
                found = read(body, period)
        except (Exception, Hung) as problem:
            tally.lose(f"{where}, {period}: {type(problem).__name__}: {problem}: {body[:400]!r}")
            continue
        if isinstance(found, str):
            kinds.add(kind_of(found))
        tally.count("refused" if isinstance(found, str) else "parsed")


def kind_of(message: str) -> str:
    """A refusal without what it quotes."""
    quoted = message.partition("'")[0]
    return "".join("#" if character.isdigit() else character for character in quoted)[:60]


def try_keys(random: Random, tally: Tally, where: str) -> None:
    try:
        with limited():
            taken = check_keys(random)
    except (Exception, Hung) as problem:
        tally.lose(f"{where}, keys: {type(problem).__name__}: {problem}")
    else:
        tally.count("keys taken" if taken else "keys refused")


def memory() -> int:
    """The most that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10
