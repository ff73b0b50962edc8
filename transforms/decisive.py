"""Which cloaked models decide a lead that is not certain."""

import polars as pl

from transforms.exact import exact_sum

_WAY = ["week_start", "method", "knowledge"]


def decisive(leads: pl.DataFrame, unattributed: pl.DataFrame) -> pl.DataFrame:
    """Cloaked models each of which, once somebody says whose it is, would settle who led.

    leads: `country_lead_week`; unattributed: `unattributed_week` of the same weeks. A model decides a lead where
    everything else that no country can claim is less than the lead. Returns the columns of a way of counting,
    `leader`, the model's `name` and its `tokens`; the newest week first.
    """
    open_leads = leads.filter(~pl.col("lead_certain"), pl.col("lead_tokens").is_not_null())
    spare = unattributed.group_by(_WAY).agg(spare=exact_sum("tokens"))
    return (
        open_leads.select(*_WAY, "leader", "lead_tokens")
        .join(spare, on=_WAY)
        .join(unattributed.filter(attribution="cloaked").select(*_WAY, "name", "tokens"), on=_WAY)
        .filter(pl.col("lead_tokens") > pl.col("spare") - pl.col("tokens"))
        .select(*_WAY, "leader", "name", "tokens")
        .sort("week_start", "method", "knowledge", "name", descending=[True, False, True, False])
    )
