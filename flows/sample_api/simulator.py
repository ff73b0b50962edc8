"""A simulator of OpenRouter's daily token rankings: the shape of the real thing, invented figures.

The authors are real, so that attribution has something to attribute; the models are not (their names begin
with `sim-`), so that no figure can be mistaken for a real product's. The one exception is the cloaked model
`openrouter/hunter-alpha`, because a reveal is only a reveal if the reference files know it.

Equal arguments give equal bytes on every machine: randomness comes from BLAKE2 and SHAKE digests, and all
arithmetic is on integers. The moment of the answer is an argument, as is the seed.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b, shake_256
from typing import Literal, NamedTuple

Period = Literal["day", "week", "month"]
Row = dict[str, str]

FIRST_DAY = date(2025, 1, 1)
"""The first day of the data set."""

TOP = 50
"""How many entries a bucket names before the rest becomes `other`."""

OTHER = "other"

SETTLES_AFTER = timedelta(hours=36)
"""How long after its end (00:00 UTC) a day still moves; later it never changes again."""

VANISHED_DAY = date(2025, 6, 15)
VANISHED_FROM = datetime(2025, 9, 1, tzinfo=UTC)
"""The day that the source loses, and the moment from which no answer has it."""

CLOAKED = "openrouter/hunter-alpha"
CLOAKED_FIRST = date(2026, 3, 11)
CLOAKED_LAST = date(2026, 3, 18)
REVEALED = "xiaomi/sim-quartz-pro-20260318"
"""What the cloaked model is called from the day after `CLOAKED_LAST`."""

UNLISTED_AUTHOR = "sim-unlisted-lab"
"""An author that no reference file knows."""

SAMPLED = frozenset({"category", "language_type"})
"""Slices that are weekly estimates: they come in whole weeks, whatever the window cuts."""

_DAY_MS = 86_400_000


@dataclass(frozen=True)
class _Author:
    """One author's habits: a generation of models every `cadence` days from `since` on.

    `volume` is the flagship's weight at its peak, in arbitrary units; every further name in `line` weighs
    about half of the one before. `free` gives each flagship a `:free` twin for its first months.
    """

    slug: str
    family: str
    volume: int
    cadence: int
    line: tuple[str, ...] = ("",)
    since: date = date(2024, 1, 1)
    chinese: bool = False
    free: bool = False
    dated: bool = True


_AUTHORS = (
    _Author("anthropic", "larch", 900, 130, ("", "-max", "-mini")),
    _Author("openai", "osprey", 520, 110, ("", "-mini", "-nano", "-open"), free=True),
    _Author("google", "heron", 640, 125, ("-light", "", "-open", "-mini")),
    _Author("x-ai", "flint", 430, 140, ("", "-mini"), free=True),
    _Author("meta-llama", "yucca", 170, 170, ("", "-mini"), dated=False),
    _Author("nvidia", "basalt", 150, 150, ("", "-mini"), free=True),
    _Author("amazon", "tern", 45, 200, ("", "-mini"), dated=False),
    _Author("microsoft", "plover", 40, 180, dated=False),
    _Author("perplexity", "lantern", 30, 220, dated=False),
    _Author("arcee-ai", "juniper", 25, 190, free=True),
    _Author("nousresearch", "argo", 25, 190, dated=False),
    _Author("mistralai", "gorse", 150, 100, ("", "-mini", "-code")),
    _Author("cohere", "alder", 40, 200, ("", "-mini")),
    _Author("upstage", "ridge", 25, 210, free=True),
    _Author("deepseek", "delta", 900, 135, ("", "-lite"), chinese=True, free=True),
    _Author("qwen", "willow", 380, 85, ("", "-code", "-mini"), chinese=True, free=True),
    _Author("moonshotai", "tide", 620, 120, since=date(2025, 6, 20), chinese=True),
    _Author("z-ai", "cedar", 560, 110, ("", "-air"), since=date(2025, 7, 10), chinese=True),
    _Author("minimax", "amber", 780, 120, since=date(2025, 3, 4), chinese=True),
    _Author("xiaomi", "quartz", 640, 130, since=date(2025, 12, 10), chinese=True),
    _Author("stepfun", "kestrel", 420, 120, since=date(2026, 1, 20), chinese=True, free=True),
    _Author("tencent", "marble", 900, 110, since=date(2026, 4, 14), chinese=True, free=True),
    _Author(UNLISTED_AUTHOR, "pebble", 70, 120, since=date(2026, 1, 12), dated=False),
)

_PLATFORM_TOTAL = (  # tokens a day, in millions
    (date(2025, 1, 1), 50_000),
    (date(2025, 4, 1), 190_000),
    (date(2025, 7, 1), 320_000),
    (date(2025, 10, 1), 690_000),
    (date(2026, 1, 1), 1_000_000),
    (date(2026, 4, 1), 2_600_000),
    (date(2026, 7, 1), 3_900_000),
    (date(2026, 10, 1), 4_600_000),
    (date(2027, 1, 1), 5_200_000),
)

_CHINESE_PULL = (  # how much Chinese models are in demand, in thousandths of their plain weight
    (date(2025, 1, 1), 300),
    (date(2025, 8, 1), 420),
    (date(2026, 1, 1), 560),
    (date(2026, 2, 20), 980),
    (date(2026, 4, 10), 700),
    (date(2026, 6, 1), 950),
    (date(2026, 7, 20), 720),
    (date(2026, 9, 1), 1000),
    (date(2026, 11, 1), 760),
    (date(2027, 1, 1), 860),
)

_WEEKDAY = (1040, 1070, 1065, 1050, 1000, 870, 905)  # thousandths of a plain day, Monday first

_LISTED_DAYS = 420
_FREE_DAYS = 100
_HORIZON = date(2036, 1, 1)  # launches end here, and the world is empty once the last model is delisted

_REACH = {  # how many models of 256 a narrow slice sees at all; the other slices see every one
    "image": 130,
    "image_output": 20,
    "audio": 40,
    "tool_calling": 210,
    "10M": 90,
}


@dataclass(frozen=True)
class _Model:
    """One entry of the rankings: listed on the days `first <= day < until`, its age counted from `born`."""

    slug: str
    first: int
    until: int
    born: int
    weight: int
    ramp: int
    fade: int
    chinese: bool

    def weight_on(self, day: int) -> int:
        """Demand on a day (an ordinal): a straight climb over `ramp` days, then halved after `fade` more."""
        age = day - self.born
        climbed = self.weight * min(age + 1, self.ramp) // self.ramp
        faded = max(age - self.ramp, 0)
        return climbed * self.fade**2 // (self.fade**2 + faded**2)


class _Entry(NamedTuple):
    """A model's tokens on one day: for good, and as counted while the day still moves."""

    slug: str
    final: int
    early: int


def answer(
    seed: int,
    now: datetime,
    start: date,
    end: date,
    period: Period = "day",
    slices: Mapping[str, str] | None = None,
) -> bytes:
    """The JSON body of the documented answer, as it stands at `now`, for the resolved window `start..end`.

    `meta.as_of` is `now` in milliseconds, UTC. Raises ValueError like `rows`.
    """
    body = {
        "data": rows(seed, now, start, end, period, slices),
        "meta": {
            "as_of": f"{_utc(now):%Y-%m-%dT%H:%M:%S}.{_utc(now).microsecond // 1000:03d}Z",
            "version": "v1",
            "start_date": start.isoformat(),
            "end_date": end.isoformat(),
        },
    }
    return json.dumps(body, separators=(",", ":")).encode()


def rows(
    seed: int,
    now: datetime,
    first: date,
    last: date,
    period: Period = "day",
    slices: Mapping[str, str] | None = None,
) -> list[Row]:
    """The rows of the window `first..last` (inclusive, UTC days) as they stand at `now`.

    Each row has `date` (the bucket's first day, which for a week or a month may lie before `first`),
    `model_permaslug` and `total_tokens` (a decimal string). A bucket names its 50 largest entries, largest
    first, then `other`, the sum of the rest, where there is a rest. Days before 2025-01-01 or after `now`
    have no rows; the day under way is counted up to `now`.

    slices: the documented filters by parameter name, such as {"modality": "text"}; each leaves a model a
    fixed part of its tokens, or none, and the parts do not add up to the whole. A `category` or
    `language_type` comes in whole weeks (those whose Monday is in the window), and a month of it is the
    weeks that begin in that month.

    Raises ValueError for an unknown period, a day grain of a weekly estimate, or a `now` without a time zone.
    """
    slices = slices or {}
    sampled = not SAMPLED.isdisjoint(slices)
    if period not in ("day", "week", "month"):
        raise ValueError(f"period {period!r} is none of day, week, month")
    if sampled and period == "day":
        raise ValueError("a weekly estimate has no period=day")
    buckets: dict[date, dict[str, int]] = {}
    for day in _days(first, last, _utc(now), whole_weeks=sampled):
        bucket = buckets.setdefault(_bucket(day, period, by_week=sampled), {})
        for slug, tokens in _tokens(seed, day, _utc(now)):
            counted = _cut(seed, slug, slices, tokens)
            if counted:
                bucket[slug] = bucket.get(slug, 0) + counted
    return [row for start in sorted(buckets) for row in _ranked(start, buckets[start])]


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _days(first: date, last: date, now: datetime, *, whole_weeks: bool) -> Iterator[date]:
    """The days of the window that the data set has at `now`."""
    first, last = max(first, FIRST_DAY), min(last, now.date())
    if first > last:
        return
    if whole_weeks:
        first = _monday(first + timedelta(days=6))
        last = min(_monday(last) + timedelta(days=6), now.date())
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day != VANISHED_DAY or now < VANISHED_FROM:
            yield day


def _bucket(day: date, period: Period, *, by_week: bool) -> date:
    if period == "day":
        return day
    if period == "week":
        return _monday(day)
    return (_monday(day) if by_week else day).replace(day=1)


def _ranked(start: date, tokens: Mapping[str, int]) -> Iterator[Row]:
    order = sorted(tokens.items(), key=lambda item: (-item[1], item[0]))
    named, rest = order[:TOP], sum(count for _, count in order[TOP:])
    for slug, count in [*named, (OTHER, rest)] if rest else named:
        yield {"date": start.isoformat(), "model_permaslug": slug, "total_tokens": str(count)}


def _tokens(seed: int, day: date, now: datetime) -> Iterator[tuple[str, int]]:
    """Every model's tokens of a day as counted at `now`: in part while it lasts, low until it settles."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    if now - midnight >= SETTLES_AFTER:
        yield from ((entry.slug, entry.final) for entry in _entries(seed, day))
        return
    elapsed = min(_DAY_MS - (midnight - now) // timedelta(milliseconds=1), _DAY_MS)
    yield from ((entry.slug, entry.early * elapsed // _DAY_MS) for entry in _entries(seed, day))


def _cut(seed: int, slug: str, slices: Mapping[str, str], tokens: int) -> int:
    for name, value in slices.items():
        tokens = tokens * _part(seed, slug, name, value) // 256
    return tokens


@lru_cache(maxsize=8192)
def _part(seed: int, slug: str, name: str, value: str) -> int:
    """Of 256 tokens of a model, how many a slice sees."""
    if _draw(256, seed, slug, name, value, "seen") >= _REACH.get(value, 256):
        return 0
    return 16 + _draw(224, seed, slug, name, value, "part")


# The history is asked for again and again; it stays in memory whole, about 15 MB of it.
@lru_cache(maxsize=1500)
def _entries(seed: int, day: date) -> tuple[_Entry, ...]:
    ordinal = day.toordinal()
    listed = [model for model in _models(seed) if model.first <= ordinal < model.until]
    noise = shake_256(f"{seed}/{day.isoformat()}".encode()).digest(4 * len(listed) + 2)
    pull = _between(_CHINESE_PULL, ordinal)
    weights = [
        model.weight_on(ordinal) * (pull if model.chinese else 1000) * _swing(_word(noise, 4 * i), 100)
        for i, model in enumerate(listed)
    ]
    # Millions times thousandths times thousandths are tokens.
    total = _between(_PLATFORM_TOTAL, ordinal) * _WEEKDAY[day.weekday()] * _swing(_word(noise, -2), 20)
    whole = sum(weights)
    finals = [total * weight // whole for weight in weights]
    return tuple(
        _Entry(model.slug, final, final - _late(final, _word(noise, 4 * i + 2)))
        for i, (model, final) in enumerate(zip(listed, finals, strict=True))
    )


def _word(noise: bytes, at: int) -> int:
    """A number from 0 to 65,535: two bytes of a digest."""
    return noise[at] << 8 | noise[at + 1]


def _swing(luck: int, spread: int) -> int:
    """A factor in thousandths, at most `spread` away from 1000."""
    return 1000 - spread + (2 * spread * luck >> 16)


def _late(tokens: int, luck: int) -> int:
    """What of a model's tokens is counted only once the day settles: nothing for most, else up to 0.5%."""
    return tokens * (luck // 100) // 20_000 if luck < 10_000 else 0


def _between(knots: Sequence[tuple[date, int]], ordinal: int) -> int:
    """The value on a day of a broken line through `knots`; its last piece runs on for ever."""
    at = bisect_right(knots, ordinal, key=lambda knot: knot[0].toordinal())
    (left, low), (right, high) = knots[at - 1 : at + 1] if 0 < at < len(knots) else knots[-2:]
    return low + (high - low) * (ordinal - left.toordinal()) // (right.toordinal() - left.toordinal())


def _draw(below: int, *words: object) -> int:
    """A number from 0 to `below - 1` that depends on nothing but the words."""
    digest = blake2b("/".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


@lru_cache(maxsize=4)
def _models(seed: int) -> tuple[_Model, ...]:
    launches = (model for author in _AUTHORS for model in _launches(seed, author))
    return (*launches, *_reveal())


def _launches(seed: int, author: _Author) -> Iterator[_Model]:
    """Every model that an author ever lists, generation by generation."""
    starts = range(author.since.toordinal(), _HORIZON.toordinal(), author.cadence)
    for generation, start in enumerate(starts, 1):
        born = start + _draw(author.cadence // 3, seed, author.slug, generation)
        for place, suffix in enumerate(author.line):
            name = f"{author.slug}/sim-{author.family}-{generation}{suffix}"
            slug = f"{name}-{date.fromordinal(born):%Y%m%d}" if author.dated else name
            model = _Model(
                slug=slug,
                first=born,
                until=born + _LISTED_DAYS,
                born=born,
                weight=(author.volume >> place) * (75 + _draw(50, seed, name, "weight")),
                ramp=8 + _draw(20, seed, name, "ramp"),
                fade=40 + _draw(50, seed, name, "fade"),
                chinese=author.chinese,
            )
            yield model
            if author.free and place == 0:
                yield replace(model, slug=f"{slug}:free", until=born + _FREE_DAYS)


def _reveal() -> tuple[_Model, _Model]:
    """One model under two names: cloaked first, then as its author's own. The curve knows nothing of it."""
    born, revealed = CLOAKED_FIRST.toordinal(), CLOAKED_LAST.toordinal() + 1
    cloaked = _Model(CLOAKED, born, revealed, born=born, weight=90_000, ramp=2, fade=40, chinese=True)
    return cloaked, replace(cloaked, slug=REVEALED, first=revealed, until=born + _LISTED_DAYS)
