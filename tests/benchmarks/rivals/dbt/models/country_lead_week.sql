-- Who leads, who comes second, and whether the lead would outlast all that no country can claim.
with ranked as (
    select
        *,
        row_number() over (partition by week_start, method order by tokens desc, country_code) as place
    from {{ ref('country_week') }}
    where country_code <> 'ZZ'
)

select
    first.week_start,
    first.method,
    first.country_code as leader,
    second.country_code as runner_up,
    first.tokens - second.tokens as lead_tokens,
    first.tokens / nullif(second.tokens, 0) as lead_ratio,
    first.tokens - coalesce(second.tokens, 0) > first.unattributed as lead_certain,
    first.status,
    first.as_of
from ranked as first
left join ranked as second
    on first.week_start = second.week_start and first.method = second.method and second.place = 2
where first.place = 1
