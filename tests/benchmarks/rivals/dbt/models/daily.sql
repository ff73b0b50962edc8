-- Of each day the newest vintage, entire: a model that left the top 50 must not be counted twice.
select
    date,
    date_trunc('week', date)::date as week_start,
    model_permaslug,
    total_tokens as tokens,
    as_of
from {{ source('raw', 'rankings_daily') }}
qualify as_of = max(as_of) over (partition by date)
