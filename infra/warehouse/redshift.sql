-- redshift: the published tables and their load. Made from the definitions in schemas/: do not edit.
-- Put for LAKE: s3://bucket/prefix; standings is an external schema (Spectrum)
-- Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.

-- One row a bucket (a UTC day or a week), vintage and model, as the source gave it. A vintage is a run of equal content among the captures that show equally much; it begins at its `as_of`, in its `capture`. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.ranking_entry (
  week_start DATE,
  period VARCHAR(65535),
  date DATE,
  as_of TIMESTAMP,
  model_permaslug VARCHAR(65535),
  tokens BIGINT,
  origin VARCHAR(65535),
  capture VARCHAR(65535),
  tier BIGINT,
  depth BIGINT
)
STORED AS PARQUET
LOCATION 'LAKE/latest/ranking_entry/';
-- ranking_entry is read where it is: there is nothing to load.

-- One row a bucket and capture that told something of it beside its content: the first look after it had closed, one that finds it gone or back, the first on or after the Friday that settles its week; among those captures that show as much of the bucket or more. With `ranking_entry` it is all that any other table is computed from. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.observation (
  week_start DATE,
  period VARCHAR(65535),
  date DATE,
  as_of TIMESTAMP,
  capture VARCHAR(65535),
  found BOOLEAN,
  tier BIGINT,
  depth BIGINT
)
STORED AS PARQUET
LOCATION 'LAKE/latest/observation/';
-- observation is read where it is: there is nothing to load.

-- One row a bucket and amount that captures show of it: the newest vintage of those, whether the week's figures are made of it and, if not, why. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.bucket_coverage (
  week_start DATE,
  period VARCHAR(65535),
  date DATE,
  as_of TIMESTAMP,
  capture VARCHAR(65535),
  used BOOLEAN,
  unused_reason VARCHAR(65535),
  vanished BOOLEAN,
  settled BOOLEAN,
  extent VARCHAR(65535),
  tier BIGINT,
  depth BIGINT,
  truncated BOOLEAN
)
STORED AS PARQUET
LOCATION 'LAKE/latest/bucket_coverage/';
-- bucket_coverage is read where it is: there is nothing to load.

-- One row a week: which grain was used, how many days of it there are, and how final they are. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.week_coverage (
  week_start DATE,
  iso_year BIGINT,
  iso_week BIGINT,
  grain VARCHAR(65535),
  days_observed BIGINT,
  vanished_days BIGINT,
  extent VARCHAR(65535),
  depth BIGINT,
  truncated BOOLEAN,
  nine_known BOOLEAN,
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/week_coverage/';
-- week_coverage is read where it is: there is nothing to load.

-- One row a week, knowledge and model: the organisation and country it counts for, and why. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.attribution (
  week_start DATE,
  knowledge VARCHAR(65535),
  model_permaslug VARCHAR(65535),
  author VARCHAR(65535),
  organisation VARCHAR(65535),
  country_code VARCHAR(65535),
  base_country VARCHAR(65535),
  attribution VARCHAR(65535),
  confidence VARCHAR(65535),
  known_from DATE,
  reason VARCHAR(65535),
  as_of TIMESTAMP,
  contested_by VARCHAR(65535)
)
STORED AS PARQUET
LOCATION 'LAKE/latest/attribution/';
-- attribution is read where it is: there is nothing to load.

-- One row a week and model, and the `other` row. Whose a model is stands here as known now; `attribution` has it as known when the week closed, too. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.model_week (
  week_start DATE,
  model_permaslug VARCHAR(65535),
  author VARCHAR(65535),
  variant VARCHAR(65535),
  organisation VARCHAR(65535),
  country_code VARCHAR(65535),
  base_country VARCHAR(65535),
  attribution VARCHAR(65535),
  tokens BIGINT,
  share DOUBLE PRECISION,
  rank BIGINT,
  days_observed BIGINT,
  days_listed BIGINT,
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/model_week/';
-- model_week is read where it is: there is nothing to load.

-- One row a week, method, knowledge and country, and one ZZ row for what no country can claim: the rows of a week and method sum to its total, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.country_week (
  week_start DATE,
  iso_year BIGINT,
  iso_week BIGINT,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  country_code VARCHAR(65535),
  country_name VARCHAR(65535),
  tokens BIGINT,
  tokens_hi BIGINT,
  share DOUBLE PRECISION,
  share_lo DOUBLE PRECISION,
  share_hi DOUBLE PRECISION,
  rank BIGINT,
  rank_best BIGINT,
  rank_worst BIGINT,
  models BIGINT,
  days_observed BIGINT,
  vanished_days BIGINT,
  grain VARCHAR(65535),
  depth BIGINT,
  status VARCHAR(65535),
  as_of TIMESTAMP,
  tokens_lo BIGINT
)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_week/';
-- country_week is read where it is: there is nothing to load.

-- `country_week` as it stood from each `known_at` on, until the next. The state of things at a moment is the rows with the newest `known_at` that is not after it. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.country_week_history (
  week_start DATE,
  iso_year BIGINT,
  iso_week BIGINT,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  known_at TIMESTAMP,
  country_code VARCHAR(65535),
  country_name VARCHAR(65535),
  tokens BIGINT,
  tokens_hi BIGINT,
  share DOUBLE PRECISION,
  share_lo DOUBLE PRECISION,
  share_hi DOUBLE PRECISION,
  rank BIGINT,
  rank_best BIGINT,
  rank_worst BIGINT,
  models BIGINT,
  days_observed BIGINT,
  vanished_days BIGINT,
  grain VARCHAR(65535),
  depth BIGINT,
  status VARCHAR(65535),
  as_of TIMESTAMP,
  tokens_lo BIGINT
)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_week_history/';
-- country_week_history is read where it is: there is nothing to load.

-- One row a week, method and knowledge: the leading country, its runner-up and the lead. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.country_lead_week (
  week_start DATE,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  leader VARCHAR(65535),
  runner_up VARCHAR(65535),
  lead_tokens BIGINT,
  lead_ratio DOUBLE PRECISION,
  lead_certain BOOLEAN,
  streak_weeks BIGINT,
  streak_certain_weeks BIGINT,
  streak_is_lower_bound BOOLEAN,
  crossover BOOLEAN,
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_lead_week/';
-- country_lead_week is read where it is: there is nothing to load.

-- One row a week, method, knowledge, country and model: the ten largest of each country. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.country_top_models (
  week_start DATE,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  country_code VARCHAR(65535),
  rank BIGINT,
  model_permaslug VARCHAR(65535),
  organisation VARCHAR(65535),
  tokens BIGINT,
  share DOUBLE PRECISION,
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_top_models/';
-- country_top_models is read where it is: there is nothing to load.

-- One row a week, method, knowledge, country and span, where both weeks are complete. The four parts sum to the change, to the token; each model is in the first part that fits it. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.country_growth (
  week_start DATE,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  country_code VARCHAR(65535),
  span_weeks BIGINT,
  tokens BIGINT,
  tokens_before BIGINT,
  change BIGINT,
  growth DOUBLE PRECISION,
  from_reveals BIGINT,
  from_new_models BIGINT,
  from_free_variants BIGINT,
  from_rest BIGINT,
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/country_growth/';
-- country_growth is read where it is: there is nothing to load.

-- One row a week, method, knowledge and level. The Herfindahl-Hirschman index (HHI) is the sum of squared percentage shares: 10,000 where one holds everything. By country, the bounds are the extremes over every way to decide the contested headquarters. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.concentration_week (
  week_start DATE,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  level VARCHAR(65535),
  entities BIGINT,
  hhi DOUBLE PRECISION,
  hhi_lo DOUBLE PRECISION,
  hhi_hi DOUBLE PRECISION,
  top1_share DOUBLE PRECISION,
  top1_share_lo DOUBLE PRECISION,
  top1_share_hi DOUBLE PRECISION,
  top3_share DOUBLE PRECISION,
  top3_share_lo DOUBLE PRECISION,
  top3_share_hi DOUBLE PRECISION,
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/concentration_week/';
-- concentration_week is read where it is: there is nothing to load.

-- One row a week, method, knowledge and name: the `other` row, cloaked models by permaslug, undecided and unknown authors by slug. The rows of a week and method sum to its ZZ row, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.unattributed_week (
  week_start DATE,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  attribution VARCHAR(65535),
  name VARCHAR(65535),
  tokens BIGINT,
  share DOUBLE PRECISION,
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/unattributed_week/';
-- unattributed_week is read where it is: there is nothing to load.

-- One row a bucket, vintage, level and name whose tokens differ from the vintage before. Countries are counted over all models, as known now. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.revisions (
  week_start DATE,
  period VARCHAR(65535),
  date DATE,
  as_of TIMESTAMP,
  as_of_before TIMESTAMP,
  capture VARCHAR(65535),
  level VARCHAR(65535),
  name VARCHAR(65535),
  tokens_before BIGINT,
  tokens BIGINT,
  change BIGINT,
  rank_before BIGINT,
  rank BIGINT,
  rank_changed BOOLEAN,
  leader_changed BOOLEAN,
  age_days DOUBLE PRECISION
)
STORED AS PARQUET
LOCATION 'LAKE/latest/revisions/';
-- revisions is read where it is: there is nothing to load.

-- One row a week and model that both grains name, and one `total` row, where all seven days and the week's own bucket are held. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.reconciliation_week (
  week_start DATE,
  model_permaslug VARCHAR(65535),
  tokens_days BIGINT,
  tokens_week BIGINT,
  difference BIGINT,
  difference_ratio DOUBLE PRECISION,
  within_tolerance BOOLEAN,
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/reconciliation_week/';
-- reconciliation_week is read where it is: there is nothing to load.

-- One row a complete week, measure and subject. By knowledge `now`. Who is new is told only of whole charts of the same grain; the first weeks and those after a gap have fewer measures. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.drift_week (
  week_start DATE,
  measure VARCHAR(65535),
  subject VARCHAR(65535),
  value DOUBLE PRECISION,
  usual_low DOUBLE PRECISION,
  usual_high DOUBLE PRECISION,
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/drift_week/';
-- drift_week is read where it is: there is nothing to load.

-- One row a printed claim: the method under which it is reproduced or that comes closest, and a verdict. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.claims (
  claim VARCHAR(65535),
  week_start DATE,
  country_code VARCHAR(65535),
  metric VARCHAR(65535),
  tokens_printed BIGINT,
  basis VARCHAR(65535),
  method_named VARCHAR(65535),
  verdict VARCHAR(65535),
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  tokens BIGINT,
  difference DOUBLE PRECISION,
  fits VARCHAR(65535),
  tried BIGINT,
  explanation VARCHAR(65535),
  remark VARCHAR(65535),
  wording VARCHAR(65535),
  source VARCHAR(65535),
  note VARCHAR(65535),
  status VARCHAR(65535),
  as_of TIMESTAMP,
  outlet VARCHAR(65535),
  published VARCHAR(65535),
  among VARCHAR(65535),
  subject VARCHAR(65535),
  value_printed DOUBLE PRECISION,
  value DOUBLE PRECISION
)
STORED AS PARQUET
LOCATION 'LAKE/latest/claims/';
-- claims is read where it is: there is nothing to load.

-- One row a claim, method and knowledge that were tried: our figure, the difference, and who leads. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.claim_value (
  claim VARCHAR(65535),
  week_start DATE,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  tokens BIGINT,
  difference DOUBLE PRECISION,
  leader VARCHAR(65535),
  lead_certain BOOLEAN,
  holds BOOLEAN,
  as_of TIMESTAMP,
  value DOUBLE PRECISION,
  possible BOOLEAN
)
STORED AS PARQUET
LOCATION 'LAKE/latest/claim_value/';
-- claim_value is read where it is: there is nothing to load.

-- One row a forecast, week, method and knowledge: growth rates side by side, and whether levels compare. Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.
CREATE EXTERNAL TABLE standings.forecast_path (
  forecast VARCHAR(65535),
  week_start DATE,
  method VARCHAR(65535),
  knowledge VARCHAR(65535),
  issuer VARCHAR(65535),
  country_code VARCHAR(65535),
  scope VARCHAR(65535),
  unit VARCHAR(65535),
  year_from BIGINT,
  value_from BIGINT,
  year_to BIGINT,
  value_to BIGINT,
  printed_multiple BIGINT,
  multiple DOUBLE PRECISION,
  implied_yearly DOUBLE PRECISION,
  implied_weekly DOUBLE PRECISION,
  tokens BIGINT,
  observed_weekly DOUBLE PRECISION,
  observed_yearly DOUBLE PRECISION,
  comparable VARCHAR(65535),
  reason VARCHAR(65535),
  status VARCHAR(65535),
  as_of TIMESTAMP
)
STORED AS PARQUET
LOCATION 'LAKE/latest/forecast_path/';
-- forecast_path is read where it is: there is nothing to load.
