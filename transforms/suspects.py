"""Captures that are not what they are said to be, as nobody can tell from one alone: `suspects`.

The verdict is a function of the whole set of captures, never of the order in which they came: so it is made anew
whenever one more is there, and can be taken back.
"""

from collections.abc import Iterable
from typing import Any

import polars as pl

from schemas.fields import OTHER
from transforms.vintages import FULL_DEPTH, extent, looks, poverty
from transforms.weeks import WEEK

GRAIN, LEVEL, CONTRADICTION = RULES = ("grain", "level", "contradiction")

TIMES = 3
"""How many times the median of the days about it a day may have: 566 real days peak at 1.31."""

SUSPECTS = pl.Schema(
    {
        "capture": pl.String(),
        "period": pl.String(),
        "rule": pl.String(),
        "date": pl.Date(),
        "tokens": pl.Int64(),
        "usual": pl.Int64(),
        "likely": pl.String(),
        "rival": pl.String(),
    }
)
"""A capture and the rule that it breaks, with the first bucket in which it does: how many tokens that has and how many
are usual (level), of which grain it is likely (grain), which capture says otherwise (contradiction)."""

_CAPTURE = ("capture", "period")
_OF_SIZE = (LEVEL, GRAIN, "absurd-total")
"""Rules of which a person who lets a capture through says that its figures are right."""


def suspects(
    captures: pl.DataFrame, rows: pl.DataFrame, listed: Iterable[str], accepted: Iterable[tuple[str, str]]
) -> pl.DataFrame:
    """The captures that must not count, one row each: schema `SUSPECTS`.

    captures, rows: all that can be read, as `transforms.vintages` takes them. listed: captures that are published.
    accepted: pairs (rule, capture) that a person let through. What is of another grain makes no day look high or low
    and contradicts no day, but it may be a page of one: then that is what it is told for.
    """
    names = pl.Schema({"rule": pl.String(), "capture": pl.String()})
    let_through = pl.DataFrame(list(accepted), schema=names, orient="row")
    grain = _grain(captures, rows).join(let_through, on=["rule", "capture"], how="anti")
    days = captures.join(grain, on=_CAPTURE, how="anti")
    believed = let_through.filter(pl.col("rule").is_in(_OF_SIZE))
    level = _level(days, rows).join(believed, on="capture", how="anti")
    chosen = let_through.filter(rule=CONTRADICTION)["capture"]
    contradiction = _contradiction(
        captures.join(level, on=_CAPTURE, how="anti"), rows, set(listed), set(chosen), set(grain["capture"])
    )
    return pl.concat([contradiction, grain.join(contradiction, on=_CAPTURE, how="anti"), level])


def _grain(captures: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Day captures that show nothing but Mondays, or first days of months: a week's or a month's answer, by its look.

    A lone one with fifty names may be what it says; one with `other` behind fewer is a chart, which is of weeks.
    """
    named = pl.col("model_permaslug") != OTHER
    days = rows.group_by("capture", "date").agg(
        cut=(named.sum() < FULL_DEPTH) & (~named).any(), tokens=_sum("tokens")
    )
    shown = days.group_by("capture").agg(
        pl.col("date").min(),
        pl.col("tokens").sort_by("date").first(),
        several=pl.len() > 1,
        cut=pl.col("cut").all(),
        months=(pl.col("date").dt.day() == 1).all(),
        weeks=(pl.col("date").dt.weekday() == 1).all(),
    )
    return _made(
        captures.filter(period="day")
        .join(shown, on="capture")
        .filter(pl.col("weeks") | pl.col("months"), pl.col("several") | pl.col("cut"))
        .with_columns(
            rule=pl.lit(GRAIN),
            likely=pl.when(pl.col("weeks") & ~(pl.col("months") & pl.col("several")))
            .then(pl.lit("week"))
            .otherwise(pl.lit("month")),
        )
    )


def _level(captures: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Day captures with a day that has too many times the tokens of the days about it.

    What a day about it has is what would stand for it; of unknown totals it is nothing.
    """
    totals = rows.group_by("capture", "date").agg(tokens=_sum("tokens"))
    seen = looks(captures.filter(period="day"), rows).filter("found").join(totals, on=["capture", "date"])
    standing = (
        seen.filter(extent() == "complete")
        .sort(poverty(), "as_of", "capture", descending=[True, False, False])
        .group_by("date", maintain_order=True)
        .agg(usual=pl.col("tokens").last())
    )
    near = [
        standing.select(pl.col("date") + pl.duration(days=days), "usual")
        for days in range(-WEEK.days, WEEK.days + 1)
        if days
    ]
    about = pl.concat(near).group_by("date").agg(pl.col("usual").sort())
    size = pl.col("usual").list.len()
    low, high = (pl.col("usual").list.get(place).cast(pl.Int128) for place in ((size - 1) // 2, size // 2))
    return _made(
        seen.join(about, on="date")
        .with_columns(both=low + high)
        # The median is half of both: in whole numbers nothing is rounded.
        .filter(pl.col("both") > 0, pl.col("tokens").cast(pl.Int128) * 2 > pl.col("both") * TIMES)
        .with_columns(rule=pl.lit(LEVEL), usual=(pl.col("both") // 2).cast(pl.Int64))
    )


def _contradiction(
    captures: pl.DataFrame, rows: pl.DataFrame, listed: set[str], chosen: set[str], other_grain: set[str]
) -> pl.DataFrame:
    """Captures that say other things of one bucket than another of the same moment does.

    That is: other rows, where both show as much of it; or, where one has `other` behind few names, a model that
    belongs among them and that the poorer one names: then they are pages of one list. What a person chose stands, or
    else what is published; where neither or both are that, none of them. other_grain: those that may only be pages.
    """

    def strength(name: str) -> int:
        return 2 if name in chosen else int(name in listed)

    seen = looks(captures, rows).filter("found").with_columns(poverty())
    # Only buckets that several captures show of one moment: there are hardly any.
    several = seen.filter(pl.len().over("period", "date", "as_of") > 1)
    named = pl.col("model_permaslug") != OTHER
    contents = (
        rows.join(several, on=["capture", "date"], how="semi")
        .sort("model_permaslug")
        .group_by("capture", "date", maintain_order=True)
        .agg(
            content=pl.concat_str("model_permaslug", "tokens", separator=" ").str.join("\n"),
            models=pl.col("model_permaslug").filter(named),
            counts=pl.col("tokens").filter(named),
        )
    )
    columns = ["capture", "period", "date", "as_of", "tier", "poverty"]
    shown = several.select(columns).join(contents, on=["capture", "date"])
    pairs = shown.join(shown, on=["period", "date", "as_of"], suffix="_rival").filter(
        pl.col("capture") != pl.col("capture_rival"), pl.col("content") != pl.col("content_rival")
    )
    guilty = [
        row
        for row in pairs.sort("date", "capture_rival").iter_rows(named=True)
        if _contradict(row, other_grain)
    ]
    refused: dict[str, dict[str, Any]] = {}
    # The strongest first: what stands among its equals refutes all that is weaker.
    for rank in (2, 1, 0):
        equals = {name for name in shown["capture"] if strength(name) == rank} - refused.keys()
        for row in guilty:
            if {row["capture"], row["capture_rival"]} <= equals:
                refused.setdefault(row["capture"], row)
        standing = equals - refused.keys()
        for row in guilty:
            if row["capture_rival"] in standing and strength(row["capture"]) < rank:
                refused.setdefault(row["capture"], row)
    found = [
        {"capture": name, "period": row["period"], "date": row["date"], "rival": row["capture_rival"]}
        for name, row in refused.items()
    ]
    return _made(pl.DataFrame(found, schema=SUSPECTS).with_columns(rule=pl.lit(CONTRADICTION)))


def _contradict(pair: dict[str, Any], other_grain: set[str]) -> bool:
    """Whether two captures of one bucket and moment, a row of both, cannot both be right."""
    if pair["poverty"] == pair["poverty_rival"]:
        return not other_grain & {pair["capture"], pair["capture_rival"]}
    return _is_page(pair, "", "_rival") or _is_page(pair, "_rival", "")


def _is_page(pair: dict[str, Any], poor: str, rich: str) -> bool:
    """Whether the poorer names a model that the richer, with `other` behind its few, would have to name."""
    if pair[f"poverty{poor}"] < pair[f"poverty{rich}"] or pair[f"tier{rich}"] != 3:
        return False
    models, counts = pair[f"models{rich}"], pair[f"counts{rich}"]
    least = min(counts, default=-1)
    others = zip(pair[f"models{poor}"], pair[f"counts{poor}"], strict=True)
    return any(count > least for model, count in others if model not in models)


def _made(found: pl.DataFrame) -> pl.DataFrame:
    """One row a capture and period, the earliest bucket first."""
    have = found.columns
    return (
        found.select(
            pl.col(name).cast(dtype) if name in have else pl.lit(None, dtype).alias(name)
            for name, dtype in SUSPECTS.items()
        )
        .sort("capture", "period", "date")
        .unique(["capture", "period"], keep="first", maintain_order=True)
    )


def _sum(column: str) -> pl.Expr:
    """A sum that is clipped at the largest count rather than refused: what passes that is refused elsewhere."""
    return pl.col(column).cast(pl.Int128).sum().clip(upper_bound=2**63 - 1).cast(pl.Int64)
