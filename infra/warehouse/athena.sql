-- athena: the published tables and their load. Made from the definitions in schemas/: do not edit.
-- Put for LAKE: s3://bucket/prefix
-- Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.ranking_entry (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period STRING COMMENT 'The grain that was asked for.',
  date DATE COMMENT 'The bucket: a UTC day, or a week\'s Monday.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  model_permaslug STRING COMMENT 'The source\'s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  tokens BIGINT COMMENT 'Prompt and completion tokens. Unit: tokens.',
  origin STRING COMMENT 'Where the capture came from.',
  capture STRING COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  tier BIGINT COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.',
  depth BIGINT COMMENT 'Named rows in the bucket. Unit: rows.'
)
COMMENT 'One row a bucket (a UTC day or a week), vintage and model, as the source gave it. A vintage is a run of equal content among the captures that show equally much; it begins at its `as_of`, in its `capture`. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/ranking_entry/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/ranking_entry/week=${week}/'
);
-- ranking_entry is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.observation (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period STRING COMMENT 'The grain that was asked for.',
  date DATE COMMENT 'The bucket: a UTC day, or a week\'s Monday.',
  as_of TIMESTAMP COMMENT 'The capture\'s own moment. Unit: UTC.',
  capture STRING COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  found BOOLEAN COMMENT 'Whether the answer had rows of the bucket.',
  tier BIGINT COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer. Where it was not found, that of the capture\'s poorest bucket.',
  depth BIGINT COMMENT 'Named rows in it, or in the capture\'s poorest bucket. Unit: rows.'
)
COMMENT 'One row a bucket and capture that told something of it beside its content: the first look after it had closed, one that finds it gone or back, the first on or after the Friday that settles its week; among those captures that show as much of the bucket or more. With `ranking_entry` it is all that any other table is computed from. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/observation/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/observation/week=${week}/'
);
-- observation is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.bucket_coverage (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period STRING COMMENT 'The grain that was asked for.',
  date DATE COMMENT 'The bucket: a UTC day, or a week\'s Monday.',
  as_of TIMESTAMP COMMENT 'The newest vintage of those that show as much of it. Unit: UTC.',
  capture STRING COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  used BOOLEAN COMMENT 'Whether the week\'s figures are made of it.',
  unused_reason STRING COMMENT 'Why they are not: `poorer`, another capture shows more of the bucket; `other grain`, the week is made of days where this is a week, or the reverse; `unknown total`, its list has no `other`.',
  vanished BOOLEAN COMMENT 'The source no longer gives it; what it gave before stands.',
  settled BOOLEAN COMMENT 'It was looked at on or after the Friday that follows its week.',
  extent STRING COMMENT '`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which says nothing of what it leaves out.',
  tier BIGINT COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.',
  depth BIGINT COMMENT 'Named rows in the bucket. Unit: rows.',
  truncated BOOLEAN COMMENT 'A nonzero `other` stands behind fewer than 50 named rows.'
)
COMMENT 'One row a bucket and amount that captures show of it: the newest vintage of those, whether the week\'s figures are made of it and, if not, why. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/bucket_coverage/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/bucket_coverage/week=${week}/'
);
-- bucket_coverage is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.week_coverage (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year BIGINT COMMENT 'ISO 8601 year of the week.',
  iso_week BIGINT COMMENT 'ISO 8601 number of the week.',
  grain STRING COMMENT 'The source\'s bucket that the week is made of.',
  days_observed BIGINT COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days BIGINT COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  extent STRING COMMENT '`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which says nothing of what it leaves out.',
  depth BIGINT COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  truncated BOOLEAN COMMENT 'A nonzero `other` stands behind fewer than 50 named rows, so only the nine largest entries can be ranked.',
  nine_known BOOLEAN COMMENT 'Whether the nine largest named entries of the week are certain: not those of days that are cut short, of fewer than nine names, or of a list that may be a selection.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a week: which grain was used, how many days of it there are, and how final they are. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/week_coverage/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/week_coverage/week=${week}/'
);
-- week_coverage is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.attribution (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  model_permaslug STRING COMMENT 'The source\'s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  author STRING COMMENT 'The permaslug\'s part before the slash, in lower case.',
  organisation STRING COMMENT 'The organisation behind the model: its id in the reference files.',
  country_code STRING COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  base_country STRING COMMENT 'The country of the base model that the author chiefly builds on, where that is another\'s.',
  attribution STRING COMMENT 'Why the country: the author\'s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  confidence STRING COMMENT 'How sure the fact about the model or its author is, where there is a grade.',
  known_from DATE COMMENT 'The day on which that fact became known.',
  reason STRING COMMENT 'The reason that the reference files give.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  contested_by STRING COMMENT 'Another country in which sources place the organisation\'s headquarters, where they disagree.'
)
COMMENT 'One row a week, knowledge and model: the organisation and country it counts for, and why. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/attribution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/attribution/week=${week}/'
);
-- attribution is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.model_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  model_permaslug STRING COMMENT 'The source\'s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  author STRING COMMENT 'The permaslug\'s part before the slash, in lower case.',
  variant STRING COMMENT 'The permaslug\'s part after the colon, such as `free`.',
  organisation STRING COMMENT 'The organisation behind the model: its id in the reference files.',
  country_code STRING COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  base_country STRING COMMENT 'The country of the base model that the author chiefly builds on, where that is another\'s.',
  attribution STRING COMMENT 'Why the country: the author\'s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  tokens BIGINT COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share DOUBLE COMMENT 'Share of all tokens of the week, `other` among them; empty where their total is unknown. Unit: fraction.',
  rank BIGINT COMMENT 'Rank among the named models of the week; empty where its total is unknown.',
  days_observed BIGINT COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  days_listed BIGINT COMMENT 'Days on which the model was among the named rows; empty where the grain is a week. Unit: days.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a week and model, and the `other` row. Whose a model is stands here as known now; `attribution` has it as known when the week closed, too. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/model_week/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/model_week/week=${week}/'
);
-- model_week is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.country_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year BIGINT COMMENT 'ISO 8601 year of the week.',
  iso_week BIGINT COMMENT 'ISO 8601 number of the week.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code STRING COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  country_name STRING COMMENT 'The country\'s usual English name.',
  tokens BIGINT COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_hi BIGINT COMMENT 'Tokens if everything unattributed were this country\'s, and the organisations that it contests, and what a cut-off chart hides; empty where the total is unknown. Unit: tokens.',
  share DOUBLE COMMENT 'tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown. Unit: fraction.',
  share_lo DOUBLE COMMENT 'Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown. Unit: fraction.',
  share_hi DOUBLE COMMENT 'Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown. Unit: fraction.',
  rank BIGINT COMMENT 'Rank among the countries by tokens.',
  rank_best BIGINT COMMENT 'Rank if everything unattributed were this country\'s, and whatever is contested were decided against its rivals.',
  rank_worst BIGINT COMMENT 'Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of them come level or ahead, and whatever is contested theirs; empty where the total is unknown.',
  models BIGINT COMMENT 'Named models counted, each variant one. Unit: models.',
  days_observed BIGINT COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days BIGINT COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  grain STRING COMMENT 'The source\'s bucket that the week is made of.',
  depth BIGINT COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  tokens_lo BIGINT COMMENT 'Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, where entries that are missing may push out what is there, and where the total is unknown. Unit: tokens.'
)
COMMENT 'One row a week, method, knowledge and country, and one ZZ row for what no country can claim: the rows of a week and method sum to its total, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_week/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/country_week/week=${week}/'
);
-- country_week is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.country_week_history (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year BIGINT COMMENT 'ISO 8601 year of the week.',
  iso_week BIGINT COMMENT 'ISO 8601 number of the week.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  known_at TIMESTAMP COMMENT 'From when on this was the state of things: a capture, or a fact about a model, made it so. Unit: UTC.',
  country_code STRING COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  country_name STRING COMMENT 'The country\'s usual English name.',
  tokens BIGINT COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_hi BIGINT COMMENT 'Tokens if everything unattributed were this country\'s, and the organisations that it contests, and what a cut-off chart hides; empty where the total is unknown. Unit: tokens.',
  share DOUBLE COMMENT 'tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown. Unit: fraction.',
  share_lo DOUBLE COMMENT 'Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown. Unit: fraction.',
  share_hi DOUBLE COMMENT 'Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown. Unit: fraction.',
  rank BIGINT COMMENT 'Rank among the countries by tokens.',
  rank_best BIGINT COMMENT 'Rank if everything unattributed were this country\'s, and whatever is contested were decided against its rivals.',
  rank_worst BIGINT COMMENT 'Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of them come level or ahead, and whatever is contested theirs; empty where the total is unknown.',
  models BIGINT COMMENT 'Named models counted, each variant one. Unit: models.',
  days_observed BIGINT COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days BIGINT COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  grain STRING COMMENT 'The source\'s bucket that the week is made of.',
  depth BIGINT COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  tokens_lo BIGINT COMMENT 'Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, where entries that are missing may push out what is there, and where the total is unknown. Unit: tokens.'
)
COMMENT '`country_week` as it stood from each `known_at` on, until the next. The state of things at a moment is the rows with the newest `known_at` that is not after it. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_week_history/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/country_week_history/week=${week}/'
);
-- country_week_history is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.country_lead_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  leader STRING COMMENT 'The country with the most tokens.',
  runner_up STRING COMMENT 'The country that comes second.',
  lead_tokens BIGINT COMMENT 'Leader\'s tokens less runner-up\'s. Unit: tokens.',
  lead_ratio DOUBLE COMMENT 'Leader\'s tokens over runner-up\'s. Unit: ratio.',
  lead_certain BOOLEAN COMMENT 'The leader stays ahead whichever country has what is unattributed or contested. It speaks of attribution within this vintage; `status` speaks of restatement.',
  streak_weeks BIGINT COMMENT 'Consecutive weeks, up to this one, that this country leads; empty for an incomplete week. Unit: weeks.',
  streak_certain_weeks BIGINT COMMENT 'Consecutive certain weeks of this leader, up to this one; 0 where this one is not certain. Unit: weeks.',
  streak_is_lower_bound BOOLEAN COMMENT 'The streak began at the start of the data or after a gap, so it may be longer.',
  crossover BOOLEAN COMMENT 'The leader differs from the week before; empty where either week is incomplete or has none.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a week, method and knowledge: the leading country, its runner-up and the lead. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_lead_week/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/country_lead_week/week=${week}/'
);
-- country_lead_week is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.country_top_models (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code STRING COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  rank BIGINT COMMENT 'Rank among the country\'s models; equal tokens, equal rank.',
  model_permaslug STRING COMMENT 'The source\'s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  organisation STRING COMMENT 'The organisation behind the model: its id in the reference files.',
  tokens BIGINT COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share DOUBLE COMMENT 'Share of the country\'s tokens. Unit: fraction.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a week, method, knowledge, country and model: the ten largest of each country. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_top_models/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/country_top_models/week=${week}/'
);
-- country_top_models is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.country_growth (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code STRING COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  span_weeks BIGINT COMMENT 'How many weeks before the other week lies. Unit: weeks.',
  tokens BIGINT COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_before BIGINT COMMENT 'Tokens in the other week. Unit: tokens.',
  change BIGINT COMMENT 'Tokens less those of the other week. Unit: tokens.',
  growth DOUBLE COMMENT 'change / tokens_before. Unit: fraction.',
  from_reveals BIGINT COMMENT 'Change from models that an override of their own gives to the country or takes. Unit: tokens.',
  from_new_models BIGINT COMMENT 'Change from models that were in no week up to the other one. Unit: tokens.',
  from_free_variants BIGINT COMMENT 'Change from the remaining `:free` variants. Unit: tokens.',
  from_rest BIGINT COMMENT 'Change from all others. Unit: tokens.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a week, method, knowledge, country and span, where both weeks are complete. The four parts sum to the change, to the token; each model is in the first part that fits it. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_growth/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/country_growth/week=${week}/'
);
-- country_growth is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.concentration_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  level STRING COMMENT 'What shares are of.',
  entities BIGINT COMMENT 'How many hold a share.',
  hhi DOUBLE COMMENT 'HHI of what is attributed. Unit: points.',
  hhi_lo DOUBLE COMMENT 'HHI if the unattributed were spread over ever so many others. Unit: points.',
  hhi_hi DOUBLE COMMENT 'HHI if the largest had everything unattributed. Unit: points.',
  top1_share DOUBLE COMMENT 'The largest one\'s share of what is attributed. Unit: fraction.',
  top1_share_lo DOUBLE COMMENT 'Its share of the total. Unit: fraction.',
  top1_share_hi DOUBLE COMMENT 'Its share of the total if it had everything unattributed. Unit: fraction.',
  top3_share DOUBLE COMMENT 'The three largest ones\' share of what is attributed. Unit: fraction.',
  top3_share_lo DOUBLE COMMENT 'Their share of the total. Unit: fraction.',
  top3_share_hi DOUBLE COMMENT 'Their share of the total if they had everything unattributed. Unit: fraction.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a week, method, knowledge and level. The Herfindahl-Hirschman index (HHI) is the sum of squared percentage shares: 10,000 where one holds everything. By country, the bounds are the extremes over every way to decide the contested headquarters. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/concentration_week/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/concentration_week/week=${week}/'
);
-- concentration_week is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.unattributed_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  attribution STRING COMMENT 'Why the country: the author\'s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  name STRING COMMENT 'The model\'s permaslug, or the author\'s slug.',
  tokens BIGINT COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share DOUBLE COMMENT 'Share of the total; empty where that is unknown. Unit: fraction.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a week, method, knowledge and name: the `other` row, cloaked models by permaslug, undecided and unknown authors by slug. The rows of a week and method sum to its ZZ row, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/unattributed_week/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/unattributed_week/week=${week}/'
);
-- unattributed_week is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.revisions (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period STRING COMMENT 'The grain that was asked for.',
  date DATE COMMENT 'The bucket: a UTC day, or a week\'s Monday.',
  as_of TIMESTAMP COMMENT 'The vintage that changed it. Unit: UTC.',
  as_of_before TIMESTAMP COMMENT 'The vintage before. Unit: UTC.',
  capture STRING COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  level STRING COMMENT 'What the name is of.',
  name STRING COMMENT 'The permaslug or country code; `total` for all tokens.',
  tokens_before BIGINT COMMENT 'Tokens in the vintage before; empty where the name was not in it. Unit: tokens.',
  tokens BIGINT COMMENT 'Tokens in this vintage; empty where the name is not in it. Unit: tokens.',
  change BIGINT COMMENT 'Tokens less those before, a missing name as 0. Unit: tokens.',
  rank_before BIGINT COMMENT 'Rank in the bucket, in the vintage before.',
  rank BIGINT COMMENT 'Rank in the bucket, in this vintage.',
  rank_changed BOOLEAN COMMENT 'Whether the rank differs.',
  leader_changed BOOLEAN COMMENT 'Whether the bucket\'s leading country differs.',
  age_days DOUBLE COMMENT 'How long after the bucket had closed this vintage was first seen. Unit: days.'
)
COMMENT 'One row a bucket, vintage, level and name whose tokens differ from the vintage before. Countries are counted over all models, as known now. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/revisions/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/revisions/week=${week}/'
);
-- revisions is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.reconciliation_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  model_permaslug STRING COMMENT 'The model, or `total` for all tokens of the week.',
  tokens_days BIGINT COMMENT 'Sum over the seven days. Unit: tokens.',
  tokens_week BIGINT COMMENT 'Tokens in the week\'s bucket. Unit: tokens.',
  difference BIGINT COMMENT 'tokens_days - tokens_week. Unit: tokens.',
  difference_ratio DOUBLE COMMENT 'difference / tokens_week. Unit: fraction.',
  within_tolerance BOOLEAN COMMENT 'Whether the two agree well enough.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a week and model that both grains name, and one `total` row, where all seven days and the week\'s own bucket are held. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/reconciliation_week/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/reconciliation_week/week=${week}/'
);
-- reconciliation_week is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.drift_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  measure STRING COMMENT 'What is compared.',
  subject STRING COMMENT 'The country or author that it is about; `all` for the week as a whole.',
  value DOUBLE COMMENT 'The measure.',
  usual_low DOUBLE COMMENT 'The least that raises no warning.',
  usual_high DOUBLE COMMENT 'The most that raises no warning.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a complete week, measure and subject. By knowledge `now`. Who is new is told only of whole charts of the same grain; the first weeks and those after a gap have fewer measures. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/drift_week/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/drift_week/week=${week}/'
);
-- drift_week is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.claims (
  claim STRING COMMENT 'Short stable id.',
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  country_code STRING COMMENT 'The country that it speaks of, or WORLD for all tokens.',
  metric STRING COMMENT 'What is claimed: its `tokens`; that it leads (`leader`), and for how many weeks in a row (`streak`); its `share` of what `among` names; the `ratio` of its tokens to those of the country `subject`; the tokens of the `model` that `subject` names; how many of the first entries are its own (`count`); or `spend` and whatever else is `unmeasured` here.',
  tokens_printed BIGINT COMMENT 'The printed figure. Unit: tokens.',
  basis STRING COMMENT 'Whether the figure was stated, derived from a printed percentage, or printed without its week; `no week`: it is not about a week at all, and stands in that of its publication or of its end.',
  method_named STRING COMMENT 'The method that the wording names.',
  verdict STRING COMMENT 'What the data say of it.',
  method STRING COMMENT 'The method that fits, or comes closest.',
  knowledge STRING COMMENT 'The knowledge under which it does.',
  tokens BIGINT COMMENT 'Our figure under that method and knowledge. Unit: tokens.',
  difference DOUBLE COMMENT '(ours - printed) / printed. Unit: fraction.',
  fits STRING COMMENT 'Every method and knowledge under which it is so.',
  tried BIGINT COMMENT 'How many methods and knowledges were tried.',
  explanation STRING COMMENT 'What would explain the printed figure.',
  remark STRING COMMENT 'What a reader should know beside the verdict.',
  wording STRING COMMENT 'What was said, in our words.',
  source STRING COMMENT 'Where it was printed.',
  note STRING COMMENT 'Our own remark.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  outlet STRING COMMENT 'Who printed it.',
  published STRING COMMENT 'The day on which it was printed, or its month where no day is known.',
  among STRING COMMENT 'What a share is a share of: `all` tokens, the `attributed` ones, those of the largest entries (`top10`), or those of countries and organisations (`CN+openai`); of a count, the first entries (`top5`).',
  subject STRING COMMENT 'Whom it speaks of beside the country: a model without its variant, an organisation, the other country.',
  value_printed DOUBLE COMMENT 'The printed figure where it is not tokens: percent of a share, weeks of a streak, times of a ratio.',
  value DOUBLE COMMENT 'Our figure where it is not tokens, in the unit of the printed one.'
)
COMMENT 'One row a printed claim: the method under which it is reproduced or that comes closest, and a verdict. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/claims/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/claims/week=${week}/'
);
-- claims is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.claim_value (
  claim STRING COMMENT 'Short stable id.',
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  tokens BIGINT COMMENT 'Our figure for what the claim speaks of. Unit: tokens.',
  difference DOUBLE COMMENT '(ours - printed) / printed. Unit: fraction.',
  leader STRING COMMENT 'The leading country.',
  lead_certain BOOLEAN COMMENT 'Whether it certainly leads.',
  holds BOOLEAN COMMENT 'Whether the claim is so under this method and knowledge.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  value DOUBLE COMMENT 'Our figure where it is not tokens, in the unit of the printed one.',
  possible BOOLEAN COMMENT 'Whether it may be so for all that is held: a streak that began before the data, or in a gap.'
)
COMMENT 'One row a claim, method and knowledge that were tried: our figure, the difference, and who leads. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/claim_value/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/claim_value/week=${week}/'
);
-- claim_value is read where it is: there is nothing to load.

CREATE EXTERNAL TABLE IF NOT EXISTS standings.forecast_path (
  forecast STRING COMMENT 'Short stable id.',
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING COMMENT 'The way of counting that the figure follows.',
  knowledge STRING COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  issuer STRING COMMENT 'Who made it.',
  country_code STRING COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  scope STRING COMMENT 'What it counts.',
  unit STRING COMMENT 'The unit of its values.',
  year_from BIGINT COMMENT 'The year of the first value.',
  value_from BIGINT COMMENT 'The first value. Unit: tokens.',
  year_to BIGINT COMMENT 'The year of the last value.',
  value_to BIGINT COMMENT 'The last value. Unit: tokens.',
  printed_multiple BIGINT COMMENT 'The growth as printed.',
  multiple DOUBLE COMMENT 'value_to / value_from. Unit: ratio.',
  implied_yearly DOUBLE COMMENT 'Yearly growth that leads from the first value to the last. Unit: fraction.',
  implied_weekly DOUBLE COMMENT 'The same a week, of 365.25 / 7 weeks a year. Unit: fraction.',
  tokens BIGINT COMMENT 'The country\'s tokens in the week. Unit: tokens.',
  observed_weekly DOUBLE COMMENT 'Mean weekly growth over the last four weeks. Unit: fraction.',
  observed_yearly DOUBLE COMMENT 'Growth over the last 52 weeks. Unit: fraction.',
  comparable STRING COMMENT 'Whether levels can be compared.',
  reason STRING COMMENT 'Why levels can or cannot be compared.',
  status STRING COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT 'One row a forecast, week, method and knowledge: growth rates side by side, and whether levels compare. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.'
PARTITIONED BY (week STRING)
STORED AS PARQUET
LOCATION 'LAKE/latest/forecast_path/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.week.type' = 'date',
  'projection.week.format' = 'yyyy-MM-dd',
  'projection.week.range' = '2024-12-30,NOW',
  'projection.week.interval' = '7',
  'projection.week.interval.unit' = 'DAYS',
  'storage.location.template' = 'LAKE/latest/forecast_path/week=${week}/'
);
-- forecast_path is read where it is: there is nothing to load.
