"""The steps from raw captures to tables: each reads the lake, calls its transform and leaves the result."""

import logging
from collections.abc import Iterable
from datetime import date

import polars as pl

from flows.lake.lake import open_lake
from flows.lake.reference import reference_of
from flows.lake.staging import Stage
from flows.pipeline.blocks import SEEN, weeks_of
from flows.settings import Settings
from schemas import MODEL_WEEK, OBSERVATION, RANKING_ENTRY
from transforms.attribution import tokens_by_author, unknown_authors
from transforms.country_growth import SPANS
from transforms.drift_week import OLDEST
from transforms.standings import (
    AUTHORS,
    CHART,
    COMPARED,
    FIGURES,
    MEASURED,
    compared_tables,
    first_seen,
    series_tables,
    week_tables,
)
from transforms.weeks import WEEK

log = logging.getLogger("standings")

SEEN_IN, AUTHORED = ("week_start", "model_permaslug"), ("author", "attribution", "tokens")


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
    figures, chart, parts = (stage.read(name, numbers) for name in (FIGURES, CHART, MEASURED))
    stage.write(SEEN, seen)
    rows = stage.write_all(series_tables(figures, chart, parts, reference_of(settings)))
    weeks, countries = (figures[name].n_unique() for name in ("week_start", "country_code"))
    log.info("count: %d models of %d countries over %d weeks", seen.height, countries - 1, weeks)
    for author, tokens in tokens_by_author(pl.concat(unknown)).iter_rows():
        log.warning(
            "count: no reference file says where author %s sits: %d tokens count as unknown", author, tokens
        )
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
