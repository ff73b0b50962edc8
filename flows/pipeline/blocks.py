"""Blocks of weeks: the pieces in which tables are computed, checked and written."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from flows.lake.staging import Stage
from schemas import OBSERVATION, RANKING_ENTRY

WEEKS, SEEN = "weeks", "first_seen"
"""What is staged beside the tables: the weeks of each block, and since when each model is known."""


def part(
    stage: Stage, entries: pl.DataFrame, observations: pl.DataFrame, weeks: Sequence[Sequence[date]]
) -> tuple[int, ...]:
    """Leaves what the source said in blocks of weeks, each to be computed by itself; returns their numbers."""
    for number, block in enumerate(weeks):
        for table, frame in ((RANKING_ENTRY, entries), (OBSERVATION, observations)):
            stage.write(table.name, frame.filter(pl.col("week_start").is_in(block)), number)
    return note_blocks(stage, weeks)


def note_blocks(stage: Stage, weeks: Sequence[Sequence[date]]) -> tuple[int, ...]:
    """Notes which weeks are in each staged block, and what need not be written; returns the blocks' numbers."""
    stage.note(WEEKS, [[str(week) for week in block] for block in weeks])
    return tuple(range(len(weeks)))


def weeks_of(stage: Stage) -> list[list[date]]:
    """The weeks of each block, in order."""
    return [[date.fromisoformat(week) for week in block] for block in stage.noted(WEEKS)]
