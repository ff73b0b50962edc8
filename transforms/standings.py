"""From what the source said and when to every published table."""

from datetime import datetime

import polars as pl

import schemas
from schemas.reference import Reference
from transforms.attribute import attribution, model_tokens
from transforms.breakdown import concentration_week, country_growth, country_top_models, unattributed_week
from transforms.claims import claim_value, claims
from transforms.country import country_week
from transforms.drift import drift_week
from transforms.forecasts import forecast_path
from transforms.history import distinct, moments
from transforms.lead import country_lead_week
from transforms.methods import counted
from transforms.revise import reconciliation_week, revisions
from transforms.vintages import PRESENT, STATE, buckets, coverage, states

Frames = dict[str, pl.DataFrame]
"""Tables by name."""


def attributed_tables(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime = PRESENT
) -> Frames:
    """What each week rests on, and whose each model is: the tables up to `model_week`.

    entries: `ranking_entry`; observations: `observation`; at: the moment as of which they speak.
    """
    wanted = states(entries, at)
    held = buckets(entries.lazy(), observations, wanted)
    covered, models, whose = _state(entries, observations, reference, wanted)
    grains = covered.select(*STATE, "grain")
    now = whose.filter(pl.col("knowledge") == "now").drop("author")
    return {
        "bucket_coverage": schemas.BUCKET_COVERAGE.conform(
            held.join(grains, on=STATE).with_columns(used=pl.col("period") == pl.col("grain"))
        ),
        "week_coverage": schemas.WEEK_COVERAGE.conform(covered),
        "attribution": schemas.ATTRIBUTION.conform(whose.join(covered.select(*STATE, "as_of"), on=STATE)),
        "model_week": schemas.MODEL_WEEK.conform(models.join(now, on=[*STATE, "model_permaslug"])),
    }


def counted_tables(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime = PRESENT
) -> Frames:
    """Every table that counts by country, and those that set the counts beside others' figures.

    entries: `ranking_entry`; observations: `observation`; at: the moment as of which they speak.
    """
    covered, models, whose = _state(entries, observations, reference, states(entries, at))
    rows = counted(models, whose)
    countries = country_week(rows, covered, reference.countries)
    leads = country_lead_week(countries)
    values = claim_value(reference.claims, countries, leads)
    known = entries.filter(pl.col("as_of") <= at)
    changes = revisions(known, reference, at)
    made = {
        "country_week": countries,
        "country_lead_week": leads,
        "country_top_models": country_top_models(rows, covered),
        "country_growth": country_growth(rows, covered),
        "concentration_week": concentration_week(rows, covered),
        "unattributed_week": unattributed_week(rows, covered),
        "claims": claims(reference.claims, values, leads, rows),
        "claim_value": values,
        "forecast_path": forecast_path(countries, reference.forecasts),
        "revisions": changes,
        "reconciliation_week": reconciliation_week(known.lazy()),
        "drift_week": drift_week(rows, covered, countries, changes),
    }
    tables = {table.name: table for table in schemas.TABLES}
    return {name: tables[name].conform(frame) for name, frame in made.items()} | {
        "country_week_history": history(known, observations.filter(pl.col("as_of") <= at), reference, at)
    }


def history(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, at: datetime = PRESENT
) -> pl.DataFrame:
    """`country_week_history`: the country tables of every state in which a week stood up to a moment."""
    wanted = moments(entries, observations, reference).filter(pl.col("known_at") <= at)
    covered, models, whose = _state(entries, observations, reference, wanted)
    return distinct(country_week(counted(models, whose), covered, reference.countries))


def _state(
    entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference, wanted: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """In each wanted state what the week rests on, its models' tokens, and whose each model is."""
    covered = coverage(buckets(entries.lazy(), observations, wanted))
    models = model_tokens(entries.lazy(), covered)
    return covered, models, attribution(models, reference)
