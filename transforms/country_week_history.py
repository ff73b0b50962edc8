"""Every state in which a week ever stood."""

import polars as pl

from schemas.reference import Reference, at_least
from schemas.tables.country_week_history import COUNTRY_WEEK_HISTORY
from transforms.attribution import author, base
from transforms.country_week import COUNT
from transforms.vintages import MOMENT, STATE
from transforms.weeks import moment


def moments(entries: pl.DataFrame, observations: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """The moments at which a week can have changed: columns `STATE`.

    That is each new vintage of one of its days, each look that told something else, and each day on which a
    fact about one of its models became known or was withdrawn, once there was anything to know of the week.
    """
    said = [frame.select("week_start", known_at="as_of") for frame in (entries, observations)]
    sure = reference.overrides.filter(pl.col("confidence").is_in(at_least(reference.minimum_confidence)))
    models = entries.select("week_start", permaslug=base(pl.col("model_permaslug"))).unique()
    facts = models.join(sure, on="permaslug")
    owned = models.with_columns(author=author(pl.col("permaslug"))).join(reference.authors, on="author")
    owners = pl.concat([frame.select("week_start", "organisation") for frame in (owned, facts)]).unique()
    seats = owners.join(reference.organisations, on="organisation")
    learned = [
        frame.select("week_start", known_at=moment(pl.col(name)).cast(MOMENT))
        for frame, name in (
            (facts, "known_from"),
            (facts, "known_to"),
            (owned, "known_from"),
            (seats, "known_from"),
        )
    ]
    first = entries.group_by("week_start").agg(first=pl.col("as_of").min())
    return (
        pl.concat([*said, *learned])
        .drop_nulls()
        .unique()
        .join(first, on="week_start")
        .filter(pl.col("known_at") >= pl.col("first"))
        .select(STATE)
        .sort(STATE)
    )


def distinct(history: pl.DataFrame) -> pl.DataFrame:
    """Those states that differ from the one before: `country_week_history`.

    history: `country_week` of every state in `moments`.
    """
    rows = COUNTRY_WEEK_HISTORY.conform(history)
    told = [name for name in COUNTRY_WEEK_HISTORY.names if name not in COUNT]
    series = [name for name in COUNT if name != "known_at"]
    content = (
        rows.group_by(COUNT, maintain_order=True)
        .agg(content=pl.struct(told))
        .sort(COUNT)
        .with_columns(before=pl.col("content").shift().over(series))
    )
    changed = content.filter(pl.col("content").ne_missing(pl.col("before")))
    return COUNTRY_WEEK_HISTORY.conform(rows.join(changed, on=COUNT, how="semi"))
