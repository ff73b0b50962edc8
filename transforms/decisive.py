"""Which cloaked models decide a lead that is not certain."""

import polars as pl

_WAY = ["week_start", "method", "knowledge"]


def decisive(leads: pl.DataFrame, unattributed: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
    """Cloaked models each of which, once somebody says whose it is, would settle who led.

    leads: `country_lead_week`; unattributed, countries: `unattributed_week` and `country_week` of the same weeks. A
    model decides a lead where without its tokens no other country could come level with the leader, whatever is
    decided about the rest and about contested headquarters. Returns the columns of a way of counting, `leader`, the
    model's `name` and its `tokens`; the newest week first.
    """
    open_leads = leads.filter(~pl.col("lead_certain"), pl.col("lead_tokens").is_not_null())
    is_leader = pl.col("country_code") == pl.col("leader")
    bounds = (
        open_leads.select(*_WAY, "leader")
        .join(countries, on=_WAY)
        .group_by(*_WAY, "leader")
        .agg(
            leader_lo=pl.col("tokens_lo").filter(is_leader).first(),
            others_hi=pl.col("tokens_hi").filter(~is_leader).max(),
        )
    )
    return (
        bounds.join(unattributed.filter(attribution="cloaked").select(*_WAY, "name", "tokens"), on=_WAY)
        .filter(pl.col("leader_lo") > pl.col("others_hi") - pl.col("tokens"))
        .select(*_WAY, "leader", "name", "tokens")
        .sort("week_start", "method", "knowledge", "name", descending=[True, False, True, False])
    )
