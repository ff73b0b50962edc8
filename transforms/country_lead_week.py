"""country_week -> who leads, how surely, and for how many weeks."""

import polars as pl

from schemas.fields import UNATTRIBUTED
from transforms.country_week import COUNT
from transforms.weeks import WEEK

_SERIES = ("method", "knowledge")


def country_lead_week(countries: pl.DataFrame) -> pl.DataFrame:
    """Leader, runner-up, lead and streak of every week, method and knowledge: `country_lead_week`.

    countries: `country_week` of one state a week. Leader and runner-up need a rank, which a chart that is cut
    short gives only where it is certain. A streak counts weeks that are complete and have a leader; after a
    gap it starts again at 1 and says that it may be longer.
    """
    return _streaks(_leads(countries))


def _leads(countries: pl.DataFrame) -> pl.DataFrame:
    """The two largest countries of each week; equal ones in order of code."""
    known = pl.col("country_code") != UNATTRIBUTED
    largest = [pl.col(name).filter(known) for name in ("country_code", "tokens", "rank")]
    weeks = (
        countries.sort("tokens", "country_code", descending=[True, False])
        .group_by(COUNT)
        .agg(
            *(each.get(0, null_on_oob=True).name.prefix("first_") for each in largest),
            *(each.get(1, null_on_oob=True).name.prefix("second_") for each in largest),
            pl.col("tokens_lo").filter(known).first(),
            pl.col("open", "status", "as_of").first(),
            # The most that another country can have; one that is not listed can have what is unattributed.
            others_hi=pl.max_horizontal(
                pl.col("tokens_hi").filter(known).slice(1).max(), pl.col("tokens_hi").filter(~known).max()
            ),
        )
    )
    first, second = pl.col("first_tokens"), pl.col("second_tokens")
    has_leader, has_second = pl.col("first_rank").is_not_null(), pl.col("second_rank").is_not_null()
    return weeks.with_columns(
        leader=pl.when(has_leader).then("first_country_code"),
        runner_up=pl.when(has_second).then("second_country_code"),
        lead_tokens=pl.when(has_leader & has_second).then(first - second),
        lead_ratio=pl.when(has_leader & has_second & (second > 0)).then(first / second),
        lead_certain=has_leader & ~pl.col("open") & (pl.col("tokens_lo") > pl.col("others_hi")),
    )


def _streaks(leads: pl.DataFrame) -> pl.DataFrame:
    """The same rows with how long each leader has led, from week to week of one method and knowledge."""
    counts = pl.col("leader").is_not_null() & (pl.col("status") != "incomplete")
    before = pl.col("week_start", "leader", "lead_certain", "counts").shift().over(_SERIES)
    follows = (pl.col("week_start_before") + WEEK == pl.col("week_start")) & pl.col("counts_before")
    same = follows & (pl.col("leader") == pl.col("leader_before"))
    certain = pl.col("same") & pl.col("lead_certain") & pl.col("lead_certain_before")
    place = pl.int_range(1, pl.len() + 1)
    return (
        leads.sort(*_SERIES, "week_start")
        .with_columns(counts=counts)
        .with_columns(before.name.suffix("_before"))
        .with_columns(follows=(counts & follows).fill_null(False), same=(counts & same).fill_null(False))
        .with_columns(run=(~pl.col("same")).cum_sum(), certain_run=(~certain.fill_null(False)).cum_sum())
        .with_columns(
            streak_weeks=pl.when(counts).then(place.over("run")),
            streak_certain_weeks=pl.when(counts).then(
                pl.when("lead_certain").then(place.over("certain_run")).otherwise(0)
            ),
            streak_is_lower_bound=pl.when(counts).then(~pl.col("follows").first().over("run")),
            crossover=pl.when(counts & pl.col("follows")).then(~pl.col("same")),
        )
    )
