"""The steps from `ranking_entry` to every other table: each takes from the stage, calls its transform and leaves the
result there."""

import logging
from collections.abc import Iterable
from datetime import date

import polars as pl

from flows.lake.staging import Run, write_all
from flows.pipeline.blocks import SEEN, weeks_of
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


def count(run: Run, block: int) -> None:
    """`ranking_entry` -> whose each model is, and all that a week's own rows decide, for a block of weeks."""
    entries, observations = (run.stage.read(table.name, [block]) for table in (RANKING_ENTRY, OBSERVATION))
    write_all(run.stage, week_tables(entries, observations, run.facts), block)


def gather(run: Run) -> None:
    """What is read off all weeks together: streaks, claims, forecasts, and since when each model is known."""
    stage = run.stage
    numbers = range(len(weeks_of(stage)))
    seen, unknown = MODEL_WEEK.polars_schema().to_frame(), []
    for number in numbers:
        models = stage.read(MODEL_WEEK.name, [number], [*SEEN_IN, *AUTHORED])
        seen = first_seen([seen, models])
        unknown.append(unknown_authors(models))
    figures, chart, parts = (stage.read(name, numbers) for name in (FIGURES, CHART, MEASURED))
    stage.write(SEEN, seen)
    write_all(stage, series_tables(figures, chart, parts, run.facts))
    weeks, countries = (figures[name].n_unique() for name in ("week_start", "country_code"))
    log.info("count: %d models of %d countries over %d weeks", seen.height, countries - 1, weeks)
    for author, tokens in tokens_by_author(pl.concat(unknown)).iter_rows():
        log.warning(
            "count: no reference file says where author %s sits: %d tokens count as unknown", author, tokens
        )


def compare(run: Run, block: int) -> None:
    """What sets the weeks of a block beside those before them."""
    stage = run.stage
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
    write_all(
        stage, {name: frame.filter(pl.col("week_start").is_in(own)) for name, frame in made.items()}, block
    )
