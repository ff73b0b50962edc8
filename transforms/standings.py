"""From what the source said and when to every published table.

It goes in three passes, so that weeks can be computed apart: `week_tables` needs nothing but a week's own rows,
`series_tables` all weeks but little of each, and `compared_tables` a week and some before it. What comes of a week
does not depend on which weeks it is computed with.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache, partial

import polars as pl

import schemas
from schemas.reference import Reference
from schemas.tables.bucket_coverage import OTHER_GRAIN, POORER, UNKNOWN_TOTAL
from transforms.attribution import attribution
from transforms.claims import charted, claim_value, claims, measured
from transforms.concentration_week import concentration_week
from transforms.country_growth import country_growth
from transforms.country_lead_week import country_lead_week
from transforms.country_top_models import country_top_models
from transforms.country_week import country_week
from transforms.country_week_history import distinct, moments
from transforms.drift_week import author_tokens, drift_week
from transforms.forecast_path import forecast_path
from transforms.methods import counted
from transforms.model_week import model_tokens
from transforms.reconciliation_week import reconciliation_week
from transforms.revisions import revisions
from transforms.unattributed_week import unattributed_week
from transforms.vintages import MOMENT, PRESENT, STATE, buckets, coverage, states

Frames = dict[str, pl.DataFrame]
"""Tables by name."""

FIGURES, CHART, AUTHORS, MEASURED = "figures", "chart", "authors", "measured"
WORKING = (FIGURES, CHART, AUTHORS, MEASURED)
"""Frames that are on no one's shelf: `country_week` with what its bounds come from, the chart's entries, tokens by
author, and what claims of parts speak of."""

_DEFINITIONS = {table.name: table for table in schemas.TABLES}


class Computed(Mapping[str, pl.DataFrame]):
    """Frames by name, each made when it is first asked for, since most who ask want one table."""

    def __init__(self, makers: Mapping[str, Callable[[], pl.DataFrame]]) -> None:
        self._makers = makers
        self._made: Frames = {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        if name not in self._made:
            frame = self._makers[name]()
            self._made[name] = _DEFINITIONS[name].conform(frame) if name in _DEFINITIONS else frame
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def every_table(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime = PRESENT
) -> Computed:
    """Every table but the two that come in, of all weeks at once.

    entries: `ranking_entry`; observations: `observation`; at: the moment as of which they speak.
    """
    own = _of_weeks(entries, observations, reference, at)
    parts = (
        own,
        _of_series(own, reference),
        _of_comparison(own, lambda: first_seen([own["model_week"]]), at),
    )
    return Computed(
        {name: partial(part.__getitem__, name) for part in parts for name in part if name not in WORKING}
    )


def week_tables(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime = PRESENT
) -> Frames:
    """What each week's own rows decide, and the `WORKING` frames that the passes after this one need.

    entries: `ranking_entry`; observations: `observation`; at: the moment as of which they speak.
    """
    return dict(_of_weeks(entries, observations, reference, at))


def _of_weeks(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime
) -> Computed:
    known, seen = (frame.filter(pl.col("as_of") <= at) for frame in (entries, observations))
    wanted = states(known, at)
    held = buckets(known.lazy(), seen, wanted)
    covered, models, whose = _state(known, held, reference)
    rows = counted(models, whose)
    now = whose.filter(pl.col("knowledge") == "now").drop("author")

    @cache
    def figures() -> pl.DataFrame:
        return country_week(rows, covered, reference.countries)

    return Computed(
        {
            "bucket_coverage": lambda: _bucket_coverage(held, covered),
            "week_coverage": lambda: covered,
            "attribution": lambda: whose.join(covered.select(*STATE, "as_of"), on=STATE),
            "model_week": lambda: models.join(now, on=[*STATE, "model_permaslug"]),
            "country_week": figures,
            "country_week_history": lambda: history(known, seen, reference, at),
            "country_top_models": lambda: country_top_models(rows, covered),
            "concentration_week": lambda: concentration_week(rows, covered),
            "unattributed_week": lambda: unattributed_week(rows, covered),
            "revisions": lambda: revisions(known, reference, at),
            "reconciliation_week": lambda: reconciliation_week(known.lazy()),
            FIGURES: figures,
            CHART: lambda: charted(rows),
            AUTHORS: lambda: author_tokens(models),
            MEASURED: lambda: measured(rows, reference.claims),
        }
    )


def series_tables(
    figures: pl.DataFrame, chart: pl.DataFrame, parts: pl.DataFrame, reference: Reference
) -> Frames:
    """What is read off all weeks together: streaks, claims and forecasts. Frames of `week_tables`."""
    return dict(_of_series({FIGURES: figures, CHART: chart, MEASURED: parts}, reference))


def _of_series(own: Mapping[str, pl.DataFrame], reference: Reference) -> Computed:
    @cache
    def leads() -> pl.DataFrame:
        return country_lead_week(own[FIGURES])

    @cache
    def values() -> pl.DataFrame:
        return claim_value(reference.claims, own[FIGURES], leads(), own[MEASURED])

    return Computed(
        {
            "country_lead_week": leads,
            "claims": lambda: claims(reference.claims, values(), leads(), own[CHART]),
            "claim_value": values,
            "forecast_path": lambda: forecast_path(own[FIGURES], reference.forecasts),
        }
    )


def compared_tables(
    own: Mapping[str, pl.DataFrame], first_seen: pl.DataFrame, at: datetime = PRESENT
) -> Frames:
    """What sets a week beside those before it.

    own: frames of `week_tables`; a week's growth and drift need `attribution` and `model_week` of the weeks that are
    `SPANS` before it, and the others of as many weeks as `OLDEST` says. first_seen: of all weeks.
    """
    return dict(_of_comparison(own, lambda: first_seen, at))


def _of_comparison(
    own: Mapping[str, pl.DataFrame], first_seen: Callable[[], pl.DataFrame], at: datetime
) -> Computed:
    def covered() -> pl.DataFrame:
        return own["week_coverage"].with_columns(known_at=pl.lit(at, MOMENT))

    def compared(name: str) -> pl.DataFrame:
        return own[name].select(COMPARED[name])

    def growth() -> pl.DataFrame:
        shape = covered().select(*STATE, "extent", "truncated", "nine_known")
        whose = compared("attribution").with_columns(known_at=pl.lit(at, MOMENT))
        rows = counted(compared("model_week").join(shape, on="week_start"), whose)
        return country_growth(rows, covered(), first_seen())

    def drift() -> pl.DataFrame:
        models = compared("model_week")
        return drift_week(models, own[AUTHORS], covered(), own["country_week"], own["revisions"])

    return Computed({"country_growth": growth, "drift_week": drift})


def first_seen(models: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Since which week each model is known. models: `model_week`, in as many frames as one likes."""
    seen = pl.concat(each.select("model_permaslug", "week_start") for each in models)
    return seen.group_by("model_permaslug").agg(pl.col("week_start").min())


COMPARED = {
    "model_week": ("week_start", "model_permaslug", "author", "variant", "country_code", "tokens"),
    "attribution": ("week_start", "knowledge", "model_permaslug", "country_code", "attribution"),
}
"""The columns of the large tables that a week is compared by."""


def blocks(entries: pl.DataFrame, observations: pl.DataFrame, most: int) -> list[list[date]]:
    """The weeks in order, parted so that each part has at most so many rows of `ranking_entry`, or is one week.

    There is always one part, be it one without weeks.
    """
    sizes = entries.group_by("week_start").len()
    weeks = pl.concat([entries.select("week_start"), observations.select("week_start")]).unique()
    sized = weeks.join(sizes, on="week_start", how="left").sort("week_start")
    parts: list[list[date]] = [[]]
    held = 0
    for week, rows in sized.with_columns(pl.col("len").fill_null(0)).iter_rows():
        if parts[-1] and held + rows > most:
            parts.append([])
            held = 0
        parts[-1].append(week)
        held += rows
    return parts


def _bucket_coverage(held: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """Every bucket that is held, and why the week's figures are not made of it, where they are not."""
    reason = (
        pl.when(~pl.col("stands"))
        .then(pl.lit(POORER))
        .when(pl.col("period") != pl.col("grain"))
        .then(pl.lit(OTHER_GRAIN))
        .when(pl.col("extent") != pl.col("extent_week"))
        .then(pl.lit(UNKNOWN_TOTAL))
    )
    weeks = covered.select(*STATE, "grain", extent_week="extent")
    return (
        held.join(weeks, on=STATE)
        .with_columns(unused_reason=reason)
        .with_columns(used=pl.col("unused_reason").is_null())
    )


def history(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime = PRESENT
) -> pl.DataFrame:
    """`country_week_history`: the country tables of every state in which a week stood up to a moment."""
    wanted = moments(entries, observations, reference).filter(pl.col("known_at") <= at)
    held = buckets(entries.lazy(), observations, wanted)
    covered, models, whose = _state(entries, held, reference)
    return distinct(country_week(counted(models, whose), covered, reference.countries))


def _state(
    entries: pl.DataFrame, held: pl.DataFrame, reference: Reference
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """In each state what the week rests on, its models' tokens, and whose each model is. held: `buckets`."""
    covered = coverage(held)
    models = model_tokens(entries.lazy(), covered)
    return covered, models, attribution(models, reference)
