"""From what the source said and when to every published table.

It goes in three passes, so that weeks can be computed apart: `week_tables` needs nothing but a week's own rows,
`series_tables` all weeks but little of each, and `compared_tables` a week and some before it. What comes of a week
does not depend on which weeks it is computed with.
"""

from collections.abc import Iterable
from datetime import date, datetime

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


def every_table(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime = PRESENT
) -> Frames:
    """Every table but the two that come in, of all weeks at once.

    entries: `ranking_entry`; observations: `observation`; at: the moment as of which they speak.
    """
    own = week_tables(entries, observations, reference, at)
    series = series_tables(own[FIGURES], own[CHART], own[MEASURED], reference)
    beside = compared_tables(own, first_seen([own["model_week"]]), at)
    return {name: frame for name, frame in (own | series | beside).items() if name not in WORKING}


def week_tables(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime = PRESENT
) -> Frames:
    """What each week's own rows decide, and the `WORKING` frames that the passes after this one need.

    entries: `ranking_entry`; observations: `observation`; at: the moment as of which they speak.
    """
    known, seen = (frame.filter(pl.col("as_of") <= at) for frame in (entries, observations))
    wanted = states(known, at)
    held = buckets(known.lazy(), seen, wanted)
    covered, models, whose = _state(known, held, reference)
    rows = counted(models, whose)
    figures = country_week(rows, covered, reference.countries)
    now = whose.filter(pl.col("knowledge") == "now").drop("author")
    made = {
        "bucket_coverage": _bucket_coverage(held, covered),
        "week_coverage": covered,
        "attribution": whose.join(covered.select(*STATE, "as_of"), on=STATE),
        "model_week": models.join(now, on=[*STATE, "model_permaslug"]),
        "country_week": figures,
        "country_week_history": history(known, seen, reference, at),
        "country_top_models": country_top_models(rows, covered),
        "concentration_week": concentration_week(rows, covered),
        "unattributed_week": unattributed_week(rows, covered),
        "revisions": revisions(known, reference, at),
        "reconciliation_week": reconciliation_week(known.lazy()),
    }
    return _conform(made) | {
        FIGURES: figures,
        CHART: charted(rows),
        AUTHORS: author_tokens(models),
        MEASURED: measured(rows, reference.claims),
    }


def series_tables(
    figures: pl.DataFrame, chart: pl.DataFrame, parts: pl.DataFrame, reference: Reference
) -> Frames:
    """What is read off all weeks together: streaks, claims and forecasts. Frames of `week_tables`."""
    leads = country_lead_week(figures)
    values = claim_value(reference.claims, figures, leads, parts)
    return _conform(
        {
            "country_lead_week": leads,
            "claims": claims(reference.claims, values, leads, chart),
            "claim_value": values,
            "forecast_path": forecast_path(figures, reference.forecasts),
        }
    )


def compared_tables(own: Frames, first_seen: pl.DataFrame, at: datetime = PRESENT) -> Frames:
    """What sets a week beside those before it.

    own: frames of `week_tables`; a week's growth and drift need `attribution` and `model_week` of the weeks that are
    `SPANS` before it, and the others of as many weeks as `OLDEST` says. first_seen: of all weeks.
    """
    covered = own["week_coverage"].with_columns(known_at=pl.lit(at, MOMENT))
    models, whose = (own[name].select(columns) for name, columns in COMPARED.items())
    shape = covered.select(*STATE, "extent", "truncated", "nine_known")
    rows = counted(models.join(shape, on="week_start"), whose.with_columns(known_at=pl.lit(at, MOMENT)))
    return _conform(
        {
            "country_growth": country_growth(rows, covered, first_seen),
            "drift_week": drift_week(models, own[AUTHORS], covered, own["country_week"], own["revisions"]),
        }
    )


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


def _conform(made: Frames) -> Frames:
    definitions = {table.name: table for table in schemas.TABLES}
    return {name: definitions[name].conform(frame) for name, frame in made.items()}


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
