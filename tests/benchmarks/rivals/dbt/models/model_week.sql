-- Tokens by week and model, and whose each model is: an override of the model goes before its author.
with weeks as (
    select
        week_start,
        count(distinct date) as days_observed,
        case
            when count(distinct date) < 7 then 'incomplete'
            when min(as_of) >= week_start + interval 11 days then 'settled'
            else 'provisional'
        end as status,
        max(as_of) as as_of
    from {{ ref('daily') }}
    group by week_start
),

models as (
    select
        week_start,
        model_permaslug,
        case when model_permaslug <> 'other' then split_part(model_permaslug, '/', 1) end as author,
        split_part(model_permaslug, ':', 1) as permaslug,
        nullif(split_part(model_permaslug, ':', 2), '') as variant,
        sum(tokens)::bigint as tokens,
        count(*) as days_listed
    from {{ ref('daily') }}
    group by all
),

overrides as (
    -- As known now: what was withdrawn counts no more.
    select * from {{ ref('overrides') }} where known_to is null
),

owned as (
    select
        models.*,
        coalesce(overrides.organisation, authors.organisation) as organisation,
        case
            when models.model_permaslug = 'other' then 'other'
            else coalesce(overrides.kind, authors.kind, 'unknown')
        end as attribution
    from models
    left join overrides
        on models.permaslug = overrides.permaslug
        and {{ held('overrides', 'models.week_start') }}
    left join {{ ref('authors') }} as authors
        on models.author = authors.author
        and {{ held('authors', 'models.week_start') }}
)

select
    owned.week_start,
    owned.model_permaslug,
    owned.author,
    owned.variant,
    owned.organisation,
    coalesce(organisations.country_code, 'ZZ') as country_code,
    case
        when owned.organisation is not null and organisations.country_code is null then 'unknown'
        else owned.attribution
    end as attribution,
    owned.tokens,
    owned.days_listed,
    weeks.days_observed,
    weeks.status,
    weeks.as_of
from owned
inner join weeks using (week_start)
left join {{ ref('organisations') }} as organisations
    on owned.organisation = organisations.organisation
    and {{ held('organisations', 'owned.week_start') }}
