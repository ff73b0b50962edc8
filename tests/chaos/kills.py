"""Kills the command line at random moments while readers look on, and runs it again.

Each round starts from a lake with a release of two weeks; the command brings a third week and restates what is
there. Before it ends it is killed. Readers must see the release before or the one after it, whole. The same
command, run again, must publish the same bytes as one that nobody disturbed, and must not ask the source for
what had landed.
"""

import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from flows.lake import captures, keys
from flows.monitoring.verify import verify
from flows.settings import Settings
from flows.storage.object_store import Store
from tests.chaos.reader import Parts, Reader, look, parts_of
from tests.chaos.tally import Tally
from tests.chaos.victim import Event
from tests.chaos.yard import (
    CASES,
    Case,
    Lake,
    Moment,
    Query,
    Yard,
    fresh_lake,
    last_words,
    open_yard,
    run_command,
    run_whole,
)
from tests.support import lakes

ROUNDS = 200
LANES = 2
"""Rounds at a time."""


@dataclass(frozen=True)
class Rehearsal:
    """A run that nobody disturbed: its writes, its release, and all that it published."""

    events: list[Event]
    parts: Parts
    published: dict[str, str]


@dataclass(frozen=True)
class Plan:
    """One round before it is run. publishing: the kill must come while parts to latest objects are written."""

    number: int
    case: Case
    publishing: bool
    random: Random


@dataclass
class Round:
    """What came of one round.

    stage: the last write that had begun when the kill came. publishing: whether it came while parts to latest
    objects were written. late: kills that came at another time than wanted. seen, misread: what readers saw.
    kept, again: questions that were not asked again, and those that had to be, since no answer had landed.
    """

    plan: Plan
    stage: str = ""
    publishing: bool = False
    late: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    misread: list[str] = field(default_factory=list)
    kept: int = 0
    again: int = 0
    wrong: list[str] = field(default_factory=list)


def run(
    tally: Tally,
    rounds: int,
    random: Random,
    home: Path,
    cases: Sequence[Case] = CASES,
    checked: bool = True,
) -> None:
    """Kills in so many rounds, shared evenly over the cases. checked: whether commands validate."""
    done: list[Round] = []
    with open_yard(home, cases, checked) as yard, ThreadPoolExecutor(LANES) as lanes:
        before = parts_of(lakes.manifest_of(lakes.on_disk(yard.base)))
        rehearsals = dict(zip(cases, lanes.map(partial(_rehearse, yard), cases), strict=True))
        for line in _unequal(rehearsals, before):
            tally.lose(line)
        tally.say(f"rehearsed {', '.join(map(str, cases))}")
        started = time.monotonic()
        rounds_run = lanes.map(
            lambda plan: _round(yard, plan, before, rehearsals[plan.case]), _plans(rounds, cases, random)
        )
        for each in rounds_run:
            done.append(each)
            _tell(tally, each)
            if len(done) % 10 == 0:
                pace = (time.monotonic() - started) / len(done)
                tally.say(f"{len(done)} of {rounds} rounds, {pace:.1f} s each")
    _histogram(tally, done)


def _plans(rounds: int, cases: Sequence[Case], random: Random) -> list[Plan]:
    """The cases in turn; every other time round, the kill must come in the midst of publishing."""
    return [
        Plan(
            number=number,
            case=cases[number % len(cases)],
            publishing=number // len(cases) % 2 == 0,
            random=Random(random.getrandbits(64)),
        )
        for number in range(rounds)
    ]


def _rehearse(yard: Yard, case: Case) -> Rehearsal:
    with fresh_lake(yard, case) as lake:
        events = run_whole(yard, case.command, lake)
        parts = parts_of(lakes.manifest_of(lake.settings))
        return Rehearsal(events, parts, lakes.published_bytes(lake.settings))


def _unequal(rehearsals: dict[Case, Rehearsal], before: Parts) -> Iterator[str]:
    """Commands that publish nothing new, so that nothing could be seen, or other bytes than elsewhere."""
    first: dict[str, Rehearsal] = {}
    for case, rehearsal in rehearsals.items():
        if rehearsal.parts == before:
            yield f"{case}: publishes nothing new"
        if first.setdefault(case.command, rehearsal).published != rehearsal.published:
            yield f"{case}: publishes other bytes than elsewhere"


def _round(yard: Yard, plan: Plan, before: Parts, rehearsal: Rehearsal) -> Round:
    """Tries until a kill comes at a time that counts."""
    done, known = Round(plan), {"before": before, "after": rehearsal.parts}
    while not done.stage and not done.wrong:
        try:
            with fresh_lake(yard, plan.case) as lake, Reader(lake.store, known, done.seen, done.misread):
                if _kill(yard, lake, done, rehearsal):
                    done.wrong += _run_again(yard, lake, done, known)
                    done.wrong += differences(lake.settings, rehearsal.published)
        except Exception as error:
            done.wrong.append(f"{type(error).__name__}: {error}")
    return done


def _kill(yard: Yard, lake: Lake, done: Round, rehearsal: Rehearsal) -> bool:
    """Runs the command and kills it; says whether the kill came when it was wanted."""
    plan = done.plan
    moment = draw(rehearsal.events, plan.publishing, plan.random)
    events, code = run_command(yard, plan.case.command, lake, moment)
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"it ended by itself with {code}: {last_words(lake)}")
    done.publishing = publishing(events, rehearsal.events)
    over = code == 0 or (not moment.held and finished(events, rehearsal.events))
    if over or (plan.publishing and not done.publishing):
        done.late += 1
        return False
    done.stage = next(each.stage for each in reversed(events) if each.begins)
    return True


def _run_again(yard: Yard, lake: Lake, done: Round, known: dict[str, Parts]) -> Iterator[str]:
    """Looks at what the kill left, and runs the same command to its end; yields what is wrong."""
    landed, asked = landed_answers(lake.store), Counter(lake.api.asked)
    look(lake.store, known)
    yield from of_neither(lakes.objects(lake.settings, keys.LATEST), known.values())
    run_whole(yard, done.plan.case.command, lake)
    if (name := look(lake.store, known)) != "after":
        yield f"the second run ended well, and published is the release {name}"
    yield from asked_twice(landed, asked, lake.api.asked)
    for query, times in lake.api.asked.items():
        done.kept += query in landed and times == asked[query]
        done.again += 0 if query in landed else times - 1


def of_neither(latest: dict[str, str], releases: Iterable[Parts]) -> Iterator[str]:
    """Objects under `latest/` that are no release's partition, such as a torn one."""
    whole = {sha256 for parts in releases for sha256 in parts.values()}
    yield from (f"{key} is of neither release" for key, sha256 in latest.items() if sha256 not in whole)


def asked_twice(landed: set[Query], before: Counter[Query], after: Counter[Query]) -> Iterator[str]:
    """Questions whose answer had landed before the kill, and that were asked again after it."""
    for query in landed:
        if after[query] > before[query]:
            yield f"the source was asked again for {sorted(query)}, and the answer had landed"


def differences(settings: Settings, published: dict[str, str]) -> Iterator[str]:
    """What a lake has otherwise than an undisturbed run would have it, or what is wrong in itself."""
    found = lakes.published_bytes(settings)
    wrong = sorted(key for key in found.keys() | published.keys() if found.get(key) != published.get(key))
    if wrong:
        yield f"{len(wrong)} published objects are not those of an undisturbed run, the first is {wrong[0]}"
    yield from (f"verify says {line}" for line in verify(settings))


def landed_answers(store: Store) -> set[Query]:
    """The questions whose answers are in raw, whole."""
    return {frozenset(captures.request_of(store, key)["request"].items()) for key in captures.landed(store)}


def draw(events: list[Event], publishing: bool, random: Random) -> Moment:
    """A moment in or after a write of a rehearsal.

    Either any from the first part to the last object of `latest/`, or one in any of the stages, of which the
    short ones are drawn as often as the long.
    """
    if publishing:
        span = [number for number, each in enumerate(events) if each.stage in ("parts", "latest objects")]
        number = random.randrange(span[0], span[-1])
    else:
        stage = random.choice(sorted({each.stage for each in events}))
        number = random.choice([number for number, each in enumerate(events) if each.stage == stage])
    # After the last write nothing is left to interrupt, so there the kill always comes before it.
    if number + 1 == len(events) or random.random() < 0.5:
        return Moment(number, 0.0, held=True)
    return Moment(number, random.uniform(0, events[number + 1].seconds - events[number].seconds), held=False)


def publishing(events: list[Event], rehearsed: list[Event]) -> bool:
    """Whether a run that ended with these events was between its first part and its last latest object."""

    def refreshed(events: list[Event]) -> int:
        return sum(each.stage == "latest objects" and not each.begins for each in events)

    return any(each.stage == "parts" for each in events) and refreshed(events) < refreshed(rehearsed)


def finished(events: list[Event], rehearsed: list[Event]) -> bool:
    """Whether the last write of all, to the warehouse, had begun; it may have ended."""
    loaded, wanted = (sum(each.stage == "warehouse" for each in some) for some in (events, rehearsed))
    return loaded >= wanted


def _tell(tally: Tally, done: Round) -> None:
    """Adds a round to the tally."""
    tally.count("kills")
    tally.count("rounds in which readers saw one whole release", bool(done.seen) and not done.misread)
    tally.count("looks at the release before", done.seen["before"])
    tally.count("at the one after", done.seen["after"])
    tally.count("landed answers not asked for again", done.kept)
    tally.count("questions asked again, as no answer had landed", done.again)
    tally.count("kills made again, as they came at another time than wanted", done.late)
    if not done.seen:
        done.misread.append("no reader saw anything")
    where = f"round {done.plan.number}, {done.plan.case}, killed at {done.stage or 'no stage'}"
    # Each look that goes wrong says so, most in the same words.
    for line in dict.fromkeys((*done.misread, *done.wrong)):
        tally.lose(f"{where}: {line}")


def _histogram(tally: Tally, done: list[Round]) -> None:
    """How the kills were spread."""
    cases = Counter(str(each.plan.case) for each in done)
    tally.note(f"kills of {', '.join(f'{case} {number}' for case, number in cases.items())}")
    within = sum(each.publishing for each in done)
    tally.note(
        f"{within} between the first part and the last latest object; by the last write that had begun:"
    )
    for stage, number in Counter(each.stage for each in done).most_common():
        tally.note(f"  {stage:<15} {number:>3}  {'#' * number}")
