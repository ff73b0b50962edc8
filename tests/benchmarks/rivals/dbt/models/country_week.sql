-- Tokens by week, method and country, with the bounds between which the share lies.
with authors as (
    select
        week_start,
        author,
        row_number() over (partition by week_start order by sum(tokens) desc, author) as author_place
    from {{ ref('model_week') }}
    where author is not null
    group by week_start, author
),

placed as (
    select
        model_week.*,
        authors.author_place,
        case when model_week.author is not null then row_number() over (
            partition by model_week.week_start, model_week.author is null
            order by model_week.tokens desc, model_week.model_permaslug
        ) end as model_place
    from {{ ref('model_week') }} as model_week
    left join authors using (week_start, author)
),

counted as (
    select methods.method, placed.*
    from placed
    inner join {{ ref('methods') }} as methods
        on (methods.with_other or placed.author is not null)
        and (methods.without_variant is null or placed.variant is distinct from methods.without_variant)
        and not coalesce(list_contains(string_split(methods.without_authors, ' '), placed.author), false)
        and (
            methods.largest is null
            or methods.largest >= case methods.entry when 'author' then author_place else model_place end
        )
),

ways as (
    -- A row for what no country can claim, also where that is nothing.
    select weeks.*, methods.method
    from (select distinct week_start, days_observed, status, as_of from {{ ref('model_week') }}) as weeks
    cross join {{ ref('methods') }} as methods
),

summed as (
    select week_start, method, country_code, sum(tokens) as tokens, sum(models) as models
    from (
        select week_start, method, country_code, tokens, (author is not null)::int as models from counted
        union all
        select week_start, method, 'ZZ', 0, 0 from ways
    )
    group by all
),

totals as (
    select
        *,
        sum(tokens) over whole as total,
        sum(tokens) filter (country_code = 'ZZ') over whole as nobodys
    from summed
    window whole as (partition by week_start, method)
)

select
    totals.week_start,
    totals.method,
    totals.country_code,
    countries.country_name,
    totals.tokens::bigint as tokens,
    case when totals.country_code <> 'ZZ' then totals.tokens::double / nullif(total - nobodys, 0)::double end as share,
    case when totals.country_code <> 'ZZ' then totals.tokens::double / nullif(total, 0)::double else 0 end as share_lo,
    case
        when totals.country_code <> 'ZZ' then (totals.tokens + nobodys)::double / nullif(total, 0)::double
        else totals.tokens::double / nullif(total, 0)::double
    end as share_hi,
    case when totals.country_code <> 'ZZ' then rank() over (
        partition by totals.week_start, totals.method, totals.country_code = 'ZZ' order by totals.tokens desc
    ) end as rank,
    totals.models::bigint as models,
    nobodys::bigint as unattributed,
    ways.days_observed,
    ways.status,
    ways.as_of
from totals
inner join ways using (week_start, method)
left join {{ ref('countries') }} as countries on totals.country_code = countries.country_code
