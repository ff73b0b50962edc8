"""What a forecast implies, week by week, beside what was observed."""

import polars as pl

from transforms.weeks import WEEK

WEEKS_A_YEAR = 365.25 / 7


def forecast_path(countries: pl.DataFrame, forecasts: pl.DataFrame) -> pl.DataFrame:
    """Implied and observed growth of each forecast's country: `forecast_path`.

    countries: `country_week`, of which complete weeks count whose chart is not cut short, over all models and
    as known now. A rate is the growth that, repeated, leads from the first value to the last: (last / first)^(1/n) - 1.
    """
    observed = countries.filter(
        pl.col("status") != "incomplete",
        pl.col("share").is_not_null(),
        pl.col("method") == "all_models",
        pl.col("knowledge") == "now",
    ).select("week_start", "method", "knowledge", "country_code", "tokens", "status", "as_of")
    multiple = pl.col("value_to") / pl.col("value_from")
    years = pl.col("year_to") - pl.col("year_from")
    return (
        observed.join(forecasts, on="country_code")
        .join(_before(observed, 4), on=["week_start", "country_code"], how="left")
        .join(_before(observed, 52), on=["week_start", "country_code"], how="left")
        .with_columns(
            multiple=multiple,
            implied_yearly=multiple ** (1 / years) - 1,
            implied_weekly=multiple ** (1 / (years * WEEKS_A_YEAR)) - 1,
            observed_weekly=(pl.col("tokens") / pl.col("before_4")) ** (1 / 4) - 1,
            observed_yearly=pl.col("tokens") / pl.col("before_52") - 1,
        )
    )


def _before(observed: pl.DataFrame, weeks: int) -> pl.DataFrame:
    """Each country's tokens so many weeks before, beside the week they come before."""
    return observed.filter(pl.col("tokens") > 0).select(
        pl.col("week_start") + weeks * WEEK, "country_code", pl.col("tokens").alias(f"before_{weeks}")
    )
