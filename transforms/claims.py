"""Printed claim -> method -> our figure -> verdict."""

import polars as pl

from schemas.fields import COMPLETE, KNOWLEDGE, OTHER, UNATTRIBUTED
from schemas.methods import METHODS
from schemas.reference import UNSETTLED, WORLD
from transforms.attribution import base
from transforms.exact import exact_sum
from transforms.methods import EVERYTHING
from transforms.weeks import WEEK

REPRODUCED = 5
CONSISTENT = 50
"""Thousandths by which ours may differ from what was printed: counted in whole tokens, since a float would round."""

CHART = "top9_named"

_OURS = ("difference", "status", "as_of", "tokens", "value")
_WAY = ("method", "knowledge")
_MEASURED = ("share", "ratio", "model", "count")


def measured(counted: pl.DataFrame, printed: pl.DataFrame) -> pl.DataFrame:
    """What claims of shares, ratios, models and counts speak of, under every method that has all of it.

    counted: `methods.counted` of one state a week; printed: the reference file. Returns week_start, claim, method
    and knowledge with `part`, the tokens or the number of entries claimed, and `whole`, what they are a part of (1
    where they are none). A model that is not named in a week has no figure there: it may be inside `other`.
    """
    known = pl.col("point") & (pl.col("country_code") != UNATTRIBUTED)
    schema = {"week_start": pl.Date, "claim": pl.String, "method": pl.String, "knowledge": pl.String}
    found = [pl.DataFrame(schema=schema | {"part": pl.Int64, "whole": pl.Int64})]
    for claim in printed.filter(pl.col("metric").is_in(_MEASURED)).iter_rows(named=True):
        rows = counted.filter(pl.col("week_start") == claim["week_start"], "point")
        among, subject = claim["among"] or "", claim["subject"] or ""
        mine = known & _is(subject if claim["metric"] == "share" and subject else claim["country_code"])
        whole = pl.lit(True)
        if among.startswith("top"):
            rows = _largest(rows, int(among.removeprefix("top")))
        if claim["metric"] == "model":
            mine = base(pl.col("model_permaslug")) == subject
            rows = rows.filter(mine.any().over(_WAY))
        elif claim["metric"] == "ratio":
            whole = known & _is(subject)
        elif among == "attributed":
            whole = known
        elif "+" in among:
            whole = known & pl.any_horizontal(*(_is(each) for each in among.split("+")))
        one = claim["metric"] in ("model", "count")
        found.append(
            rows.with_columns(
                part=pl.when(mine).then(pl.lit(1, pl.Int64) if claim["metric"] == "count" else "tokens"),
                whole=pl.when(whole).then("tokens"),
            )
            .group_by("week_start", *_WAY)
            .agg(exact_sum("part"), pl.lit(1, pl.Int64).alias("whole") if one else exact_sum("whole"))
            .select("week_start", pl.lit(claim["claim"]).alias("claim"), *_WAY, "part", "whole")
        )
    return pl.concat(found)


def _is(name: str) -> pl.Expr:
    """Rows of a country, by its code, or of an organisation, by its id, which never has capitals."""
    return pl.col("country_code" if name.isupper() else "organisation") == name


def _largest(rows: pl.DataFrame, entries: int) -> pl.DataFrame:
    """The largest named entries of each way of counting, each variant its own, where it has as many."""
    fits = [
        method.name
        for method in METHODS
        if method.largest is None or (method.entry == "model_permaslug" and method.largest >= entries)
    ]
    return (
        rows.filter(pl.col("method").is_in(fits), pl.col("model_permaslug") != OTHER)
        .sort("tokens", "model_permaslug", descending=[True, False])
        .group_by(_WAY, maintain_order=True)
        .head(entries)
    )


def claim_value(
    printed: pl.DataFrame, countries: pl.DataFrame, leads: pl.DataFrame, parts: pl.DataFrame
) -> pl.DataFrame:
    """Each claim under every method and knowledge that the week's data support: `claim_value`.

    printed: the reference file; countries: `country_week`; leads: `country_lead_week`; parts: `measured`. A week
    that is not complete supports nothing. A chart that is cut short supports its largest entries and, with `other`,
    the total of all models; without, nothing of the world's. A country without tokens in a week that is supported
    has none.
    """
    said = _said(printed)
    complete = countries.filter(pl.col("status") != "incomplete")
    ways = (
        complete.group_by("week_start", *_WAY)
        .agg(
            world=pl.col("tokens").sum(),
            whole=pl.col("share").is_not_null().any(),
            **{name: pl.col(name).first() for name in ("extent", "status", "as_of")},
        )
        .with_columns(
            total=(pl.col("whole") | (pl.col("method") == EVERYTHING)) & (pl.col("extent") == COMPLETE)
        )
        .drop("extent")
    )
    world = pl.col("country_code") == WORLD
    ours = complete.select("week_start", *_WAY, "country_code", "tokens")
    limit = pl.when(pl.col("basis") == "week inferred").then(CONSISTENT).otherwise(REPRODUCED)
    values = (
        said.filter(pl.col("metric") == "tokens")
        .join(ways, on="week_start")
        .filter(pl.when(world).then("total").otherwise("whole"))
        .join(ours, on=["week_start", *_WAY, "country_code"], how="left")
        .with_columns(tokens=pl.when(world).then("world").otherwise(pl.col("tokens").fill_null(0)))
        .with_columns(
            difference=(pl.col("tokens") - pl.col("tokens_printed")) / pl.col("tokens_printed"),
            holds=_within(pl.col("tokens"), limit),
            **_NOBODY_LEADS,
            value=pl.lit(None, pl.Float64),
            possible=pl.lit(None, pl.Boolean),
        )
        .drop("world", "whole", "total")
    )
    kept = values.columns
    shape = ways.drop("world", "whole", "total")
    part, whole = (pl.col(name).cast(pl.Int128) for name in ("part", "whole"))
    scaled = part * pl.when(pl.col("metric") == "share").then(100).otherwise(1)
    ours_over_whole = scaled.cast(pl.Float64) / whole.cast(pl.Float64)
    is_model = pl.col("metric") == "model"
    others = (
        said.join(parts, on=["week_start", "claim"])
        .filter(pl.col("whole") > 0)
        .join(shape, on=["week_start", *_WAY])
        .with_columns(
            tokens=pl.when(is_model).then("part"),
            value=pl.when(~is_model).then(ours_over_whole),
            holds=pl.when(is_model)
            .then(_within(pl.col("part"), limit))
            .otherwise(_as_printed(scaled, whole, limit)),
            **_NOBODY_LEADS,
            possible=pl.lit(None, pl.Boolean),
        )
        .with_columns(
            difference=pl.when(is_model)
            .then((pl.col("tokens") - pl.col("tokens_printed")) / pl.col("tokens_printed"))
            .otherwise(_off(pl.col("value")))
        )
        .select(kept)
    )
    leading = (
        said.filter(pl.col("metric") == "leader")
        .join(leads.filter(pl.col("status") != "incomplete", pl.col("leader").is_not_null()), on="week_start")
        .with_columns(
            tokens=pl.lit(None, pl.Int64),
            difference=pl.lit(None, pl.Float64),
            holds=pl.col("leader") == pl.col("country_code"),
            value=pl.lit(None, pl.Float64),
            possible=pl.lit(None, pl.Boolean),
        )
        .select(kept)
    )
    return pl.concat([values, others, leading, _streaks(said, leads).select(kept)])


_NOBODY_LEADS = {"leader": pl.lit(None, pl.String), "lead_certain": pl.lit(None, pl.Boolean)}


def _said(printed: pl.DataFrame) -> pl.DataFrame:
    """The claims with their printed figure as a number, and in whole `units` of its last place, `places` of them."""
    places = pl.col("value").str.split(".").list.get(1, null_on_oob=True).str.len_chars().fill_null(0)
    return (
        printed.drop("file", "row", strict=False)
        .with_columns(
            places=pl.lit(10, pl.Int64).pow(places).cast(pl.Int64),
            units=pl.col("value").str.replace(".", "", literal=True).cast(pl.Int64),
            value_printed=pl.col("value").cast(pl.Float64),
        )
        .drop("value")
        .rename({"tokens": "tokens_printed"})
    )


def _off(ours: pl.Expr) -> pl.Expr:
    """How far ours is from a printed value, as a part of it."""
    printed = pl.col("value_printed")
    return (ours - printed) / pl.when(printed > 0).then(printed)


def _as_printed(part: pl.Expr, whole: pl.Expr, thousandths: pl.Expr) -> pl.Expr:
    """Whether part / whole is what was printed: rounded to its last place, or as near as tokens have to be."""
    units, places = pl.col("units").cast(pl.Int128), pl.col("places").cast(pl.Int128)
    apart = (part * places - units * whole).abs()
    return (apart * 2 <= whole) | (apart * 1000 <= units * whole * thousandths)


def _streaks(said: pl.DataFrame, leads: pl.DataFrame) -> pl.DataFrame:
    """Claims of so many weeks in a row beside our streaks.

    One is so where ours is as long and began in the data. Where it began before, or in a gap, ours is the least that
    it can have been; the most is what has passed since another country was last seen to lead.
    """
    counts = leads.filter(pl.col("status") != "incomplete", pl.col("leader").is_not_null())
    claimed = said.filter(pl.col("metric") == "streak").join(counts, on="week_start")
    another = (
        claimed.select("claim", "country_code", *_WAY, now="week_start")
        .join(counts.select(*_WAY, "leader", "week_start"), on=_WAY)
        .filter(pl.col("week_start") < pl.col("now"), pl.col("leader") != pl.col("country_code"))
        .group_by("claim", *_WAY)
        .agg(another=pl.col("week_start").max())
    )
    leading = pl.col("leader") == pl.col("country_code")
    weeks = pl.when(leading).then("streak_weeks").otherwise(0)
    most = (pl.col("week_start") - pl.col("another")).dt.total_days() // WEEK.days
    open_ended = leading & pl.col("streak_is_lower_bound")
    printed = pl.col("value_printed")
    return claimed.join(another, on=["claim", *_WAY], how="left").with_columns(
        tokens=pl.lit(None, pl.Int64),
        value=weeks.cast(pl.Float64),
        difference=_off(weeks),
        holds=leading & ~open_ended & (weeks == printed),
        possible=open_ended & (weeks <= printed) & (printed <= most).fill_null(True),
    )


def charted(counted: pl.DataFrame) -> pl.DataFrame:
    """The named entries of each week's chart, as their countries were known then."""
    return counted.filter(
        pl.col("method") == CHART, pl.col("knowledge") == KNOWLEDGE[0], pl.col("model_permaslug") != OTHER
    )


def claims(
    printed: pl.DataFrame, values: pl.DataFrame, leads: pl.DataFrame, chart: pl.DataFrame
) -> pl.DataFrame:
    """Each claim's verdict, with the method that fits it or comes closest: `claims`. chart: `charted`.

    A method that fits is preferred in this order: the one that the wording names, then the chart's nine (for
    the world, all models), then the registry's; what was known then before what is known now.
    """
    is_tenth = _within(pl.col("tokens") * 10, pl.lit(REPRODUCED))
    ranked = values.with_columns(_preference(), is_tenth=is_tenth).with_columns(
        # Where nothing fits, the closest is told; where a tenth does, the closest to it.
        distance=pl.when(pl.col("holds").any().over("claim"))
        .then(0.0)
        .when(pl.col("is_tenth").any().over("claim"))
        .then((pl.col("tokens") * 10.0 / pl.col("tokens_printed") - 1).abs())
        .otherwise(pl.col("difference").abs())
    )
    possible = pl.col("possible").fill_null(False)
    order = ("claim", ~pl.col("holds"), ~possible, "distance", "preference")
    best = ranked.sort(order).unique("claim", keep="first")
    ways = (
        ranked.sort("claim", "preference")
        .group_by("claim", maintain_order=True)
        .agg(
            tried=pl.len(),
            holding=pl.col("holds").sum(),
            possible=(pl.col("possible").fill_null(False) & ~pl.col("holds")).sum(),
            fits=pl.concat_str(_WAY, separator="/").filter("holds").str.join(", "),
            is_tenth=pl.col("is_tenth").any(),
        )
    )
    told = (
        _said(printed)
        .join(best.select("claim", *_WAY, *_OURS), on="claim", how="left")
        .join(ways, on="claim", how="left")
        .join(_methods_that_hold(ranked), on="claim", how="left")
        .with_columns(
            pl.col("tried", "holding", "possible").fill_null(0),
            fits=pl.when(pl.col("holding") > 0).then("fits"),
        )
        .with_columns(verdict=_verdict())
    )
    remarks = pl.concat([_remarks(told, values, leads), _open_streaks(told), _unsettled(told)])
    return told.join(_explanations(told, chart), on="claim", how="left").join(remarks, on="claim", how="left")


def _within(tokens: pl.Expr, thousandths: pl.Expr) -> pl.Expr:
    """Whether tokens are so close to the printed ones, in whole numbers wide enough for the products."""
    ours, printed = tokens.cast(pl.Int128), pl.col("tokens_printed").cast(pl.Int128)
    return (ours - printed).abs() * 1000 <= printed * thousandths


def _methods_that_hold(ranked: pl.DataFrame) -> pl.DataFrame:
    """The methods under which each claim is so; where under one knowledge alone, with it."""
    name = (
        pl.when(pl.col("holds").all())
        .then(pl.col("method").first())
        .otherwise(pl.format("{}/{}", pl.col("method").first(), pl.col("knowledge").filter("holds").first()))
    )
    return (
        ranked.group_by("claim", "method")
        .agg(name=name, some=pl.col("holds").any(), preference=pl.col("preference").min())
        .filter("some")
        .sort("claim", "preference")
        .group_by("claim", maintain_order=True)
        .agg(methods=pl.col("name").str.join(", "))
    )


def _preference() -> pl.Expr:
    """The order in which methods that fit are preferred, the lowest first."""
    order = {method.name: place for place, method in enumerate(METHODS)}
    usual = pl.when(pl.col("country_code") == WORLD).then(pl.lit(EVERYTHING)).otherwise(pl.lit(CHART))
    place = (
        pl.when(pl.col("method") == pl.col("method_named"))
        .then(-2)
        .when(pl.col("method") == usual)
        .then(-1)
        .otherwise(pl.col("method").replace_strict(order, return_dtype=pl.Int64))
    )
    then_first = pl.col("knowledge") == KNOWLEDGE[1]
    return (place * 2 + then_first.cast(pl.Int64)).alias("preference")


def _verdict() -> pl.Expr:
    some = pl.col("holding") > 0
    figure = ~pl.col("metric").is_in(["leader", "streak"])
    return (
        pl.when(pl.col("tried") == 0)
        .then(pl.lit("no data"))
        .when(some & (pl.col("basis") == "week inferred"))
        .then(pl.lit("consistent"))
        .when(some & (figure | (pl.col("holding") + pl.col("possible") == pl.col("tried"))))
        .then(pl.format("reproduced under {}", "method"))
        .when(some)
        .then(pl.format("true for {} only", "methods"))
        .when(pl.col("possible") > 0)
        .then(pl.lit("consistent"))
        .when(pl.col("is_tenth"))
        .then(pl.lit("off by a factor of ten"))
        .otherwise(pl.lit("not reproduced"))
    )


def _remarks(told: pl.DataFrame, values: pl.DataFrame, leads: pl.DataFrame) -> pl.DataFrame:
    """What the other knowledge makes of a figure that fits, and who led over all models where that is another."""
    other = values.filter(~pl.col("holds")).select(
        "claim", "method", other_knowledge="knowledge", other_tokens="tokens"
    )
    everything = leads.filter(pl.col("method") == EVERYTHING, pl.col("leader").is_not_null()).select(
        "week_start", "knowledge", all_leader="leader", all_certain="lead_certain"
    )
    here = leads.select("week_start", *_WAY, "leader")
    under = pl.format("under {} it is {}T", "other_knowledge", (pl.col("other_tokens") / 1e12).round(3))
    surely = pl.when("all_certain").then(pl.lit("certainly")).otherwise(pl.lit("not certainly"))
    led = pl.format("over all models {} led, {}", "all_leader", surely)
    differs = pl.col("all_leader").ne_missing(pl.col("leader")) & (pl.col("country_code") != WORLD)
    return (
        told.filter(pl.col("holding") > 0)
        .join(other, on=["claim", "method"], how="left")
        .join(everything, on=["week_start", "knowledge"], how="left")
        .join(here, on=["week_start", *_WAY], how="left")
        .select(
            "claim",
            remark=pl.concat_str(under, pl.when(differs).then(led), separator="; ", ignore_nulls=True),
        )
        .filter(pl.col("remark") != "")
        .unique("claim", keep="first", maintain_order=True)
    )


def _open_streaks(told: pl.DataFrame) -> pl.DataFrame:
    """Of streaks that may be as long as it was printed, how long they are at least."""
    least = pl.format(
        "under {} {} has led for at least {} weeks, as far back as there are data without a gap",
        "method",
        "country_code",
        pl.col("value").cast(pl.Int64),
    )
    open_ended = told.filter(
        pl.col("metric") == "streak", pl.col("verdict") == "consistent", pl.col("possible") > 0
    )
    return open_ended.select("claim", remark=least)


def _unsettled(told: pl.DataFrame) -> pl.DataFrame:
    """Why there can be no figure of ours for a claim."""
    return told.filter(pl.col("metric").is_in(UNSETTLED)).select("claim", remark="reason")


def _explanations(told: pl.DataFrame, chart: pl.DataFrame) -> pl.DataFrame:
    """For figures that are not reproduced, the one entry of the chart whose absence would explain them.

    It is an explanation and no verdict: leaving out what does not fit can explain too much.
    """
    unexplained = told.filter(pl.col("verdict") == "not reproduced", pl.col("metric") == "tokens")
    entries = chart.with_columns(country_total=pl.col("tokens").sum().over("week_start", "country_code"))
    without = pl.col("country_total") - pl.col("tokens")
    return (
        unexplained.select("claim", "week_start", "country_code", "tokens_printed")
        .join(entries, on=["week_start", "country_code"])
        .with_columns(off=without / pl.col("tokens_printed") - 1)
        .filter(_within(without, pl.lit(REPRODUCED)))
        .sort("claim", pl.col("off").abs(), "model_permaslug")
        .unique("claim", keep="first", maintain_order=True)
        .select(
            "claim",
            explanation=pl.format(
                "fits within {}% if {} ({} tokens) is left out of the nine largest entries",
                (pl.col("off").abs() * 100).round(2),
                "model_permaslug",
                "tokens",
            ),
        )
    )
