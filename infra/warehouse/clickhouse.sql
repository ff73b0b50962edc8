-- clickhouse: the published tables and their load. Made from the definitions in schemas/: do not edit.
-- Put for LAKE: https://bucket.s3.amazonaws.com/prefix
-- Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.

CREATE TABLE IF NOT EXISTS standings.ranking_entry (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period String COMMENT 'The grain that was asked for.',
  date DATE COMMENT 'The bucket: a UTC day, or a week''s Monday.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  model_permaslug String COMMENT 'The source''s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  tokens Int64 COMMENT 'Prompt and completion tokens. Unit: tokens.',
  origin String COMMENT 'Where the capture came from.',
  capture String COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  tier Int64 COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.',
  depth Int64 COMMENT 'Named rows in the bucket. Unit: rows.'
)
ENGINE = MergeTree
ORDER BY (week_start, period, date, as_of, capture, model_permaslug)
COMMENT 'One row a bucket (a UTC day or a week), vintage and model, as the source gave it. A vintage is a run of equal content among the captures that show equally much; it begins at its `as_of`, in its `capture`. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.ranking_entry;
INSERT INTO standings.ranking_entry SELECT week_start, period, date, as_of, model_permaslug, tokens, origin, capture, tier, depth
FROM s3('LAKE/latest/ranking_entry/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.observation (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period String COMMENT 'The grain that was asked for.',
  date DATE COMMENT 'The bucket: a UTC day, or a week''s Monday.',
  as_of DateTime64(6, 'UTC') COMMENT 'The capture''s own moment. Unit: UTC.',
  capture String COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  found Bool COMMENT 'Whether the answer had rows of the bucket.',
  tier Int64 COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer. Where it was not found, that of the capture''s poorest bucket.',
  depth Int64 COMMENT 'Named rows in it, or in the capture''s poorest bucket. Unit: rows.'
)
ENGINE = MergeTree
ORDER BY (week_start, period, date, as_of, capture)
COMMENT 'One row a bucket and capture that told something of it beside its content: the first look after it had closed, one that finds it gone or back, the first on or after the Friday that settles its week; among those captures that show as much of the bucket or more. With `ranking_entry` it is all that any other table is computed from. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.observation;
INSERT INTO standings.observation SELECT week_start, period, date, as_of, capture, found, tier, depth
FROM s3('LAKE/latest/observation/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.bucket_coverage (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period String COMMENT 'The grain that was asked for.',
  date DATE COMMENT 'The bucket: a UTC day, or a week''s Monday.',
  as_of DateTime64(6, 'UTC') COMMENT 'The newest vintage of those that show as much of it. Unit: UTC.',
  capture String COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  used Bool COMMENT 'Whether the week''s figures are made of it.',
  unused_reason Nullable(String) COMMENT 'Why they are not: `poorer`, another capture shows more of the bucket; `other grain`, the week is made of days where this is a week, or the reverse; `unknown total`, its list has no `other`.',
  vanished Bool COMMENT 'The source no longer gives it; what it gave before stands.',
  settled Bool COMMENT 'It was looked at on or after the Friday that follows its week.',
  extent String COMMENT '`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which says nothing of what it leaves out.',
  tier Int64 COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.',
  depth Int64 COMMENT 'Named rows in the bucket. Unit: rows.',
  truncated Bool COMMENT 'A nonzero `other` stands behind fewer than 50 named rows.'
)
ENGINE = MergeTree
ORDER BY (week_start, period, date, capture)
COMMENT 'One row a bucket and amount that captures show of it: the newest vintage of those, whether the week''s figures are made of it and, if not, why. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.bucket_coverage;
INSERT INTO standings.bucket_coverage SELECT week_start, period, date, as_of, capture, used, unused_reason, vanished, settled, extent, tier, depth, truncated
FROM s3('LAKE/latest/bucket_coverage/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.week_coverage (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year Int64 COMMENT 'ISO 8601 year of the week.',
  iso_week Int64 COMMENT 'ISO 8601 number of the week.',
  grain String COMMENT 'The source''s bucket that the week is made of.',
  days_observed Int64 COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days Int64 COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  extent String COMMENT '`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which says nothing of what it leaves out.',
  depth Int64 COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  truncated Bool COMMENT 'A nonzero `other` stands behind fewer than 50 named rows, so only the nine largest entries can be ranked.',
  nine_known Bool COMMENT 'Whether the nine largest named entries of the week are certain: not those of days that are cut short, of fewer than nine names, or of a list that may be a selection.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start)
COMMENT 'One row a week: which grain was used, how many days of it there are, and how final they are. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.week_coverage;
INSERT INTO standings.week_coverage SELECT week_start, iso_year, iso_week, grain, days_observed, vanished_days, extent, depth, truncated, nine_known, status, as_of
FROM s3('LAKE/latest/week_coverage/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.attribution (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  model_permaslug String COMMENT 'The source''s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  author Nullable(String) COMMENT 'The permaslug''s part before the slash, in lower case.',
  organisation Nullable(String) COMMENT 'The organisation behind the model: its id in the reference files.',
  country_code String COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  base_country Nullable(String) COMMENT 'The country of the base model that the author chiefly builds on, where that is another''s.',
  attribution String COMMENT 'Why the country: the author''s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  confidence Nullable(String) COMMENT 'How sure the fact about the model or its author is, where there is a grade.',
  known_from Nullable(DATE) COMMENT 'The day on which that fact became known.',
  reason Nullable(String) COMMENT 'The reason that the reference files give.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  contested_by Nullable(String) COMMENT 'Another country in which sources place the organisation''s headquarters, where they disagree.'
)
ENGINE = MergeTree
ORDER BY (week_start, knowledge, model_permaslug)
COMMENT 'One row a week, knowledge and model: the organisation and country it counts for, and why. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.attribution;
INSERT INTO standings.attribution SELECT week_start, knowledge, model_permaslug, author, organisation, country_code, base_country, attribution, confidence, known_from, reason, as_of, contested_by
FROM s3('LAKE/latest/attribution/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.model_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  model_permaslug String COMMENT 'The source''s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  author Nullable(String) COMMENT 'The permaslug''s part before the slash, in lower case.',
  variant Nullable(String) COMMENT 'The permaslug''s part after the colon, such as `free`.',
  organisation Nullable(String) COMMENT 'The organisation behind the model: its id in the reference files.',
  country_code String COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  base_country Nullable(String) COMMENT 'The country of the base model that the author chiefly builds on, where that is another''s.',
  attribution String COMMENT 'Why the country: the author''s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  tokens Int64 COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share Nullable(Float64) COMMENT 'Share of all tokens of the week, `other` among them; empty where their total is unknown. Unit: fraction.',
  rank Nullable(Int64) COMMENT 'Rank among the named models of the week; empty where its total is unknown.',
  days_observed Int64 COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  days_listed Nullable(Int64) COMMENT 'Days on which the model was among the named rows; empty where the grain is a week. Unit: days.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, model_permaslug)
COMMENT 'One row a week and model, and the `other` row. Whose a model is stands here as known now; `attribution` has it as known when the week closed, too. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.model_week;
INSERT INTO standings.model_week SELECT week_start, model_permaslug, author, variant, organisation, country_code, base_country, attribution, tokens, share, rank, days_observed, days_listed, status, as_of
FROM s3('LAKE/latest/model_week/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.country_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year Int64 COMMENT 'ISO 8601 year of the week.',
  iso_week Int64 COMMENT 'ISO 8601 number of the week.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code String COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  country_name String COMMENT 'The country''s usual English name.',
  tokens Int64 COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_hi Nullable(Int64) COMMENT 'Tokens if everything unattributed were this country''s, and the organisations that it contests, and what a cut-off chart hides; empty where the total is unknown. Unit: tokens.',
  share Nullable(Float64) COMMENT 'tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown. Unit: fraction.',
  share_lo Float64 COMMENT 'Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown. Unit: fraction.',
  share_hi Float64 COMMENT 'Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown. Unit: fraction.',
  rank Nullable(Int64) COMMENT 'Rank among the countries by tokens.',
  rank_best Nullable(Int64) COMMENT 'Rank if everything unattributed were this country''s, and whatever is contested were decided against its rivals.',
  rank_worst Nullable(Int64) COMMENT 'Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of them come level or ahead, and whatever is contested theirs; empty where the total is unknown.',
  models Int64 COMMENT 'Named models counted, each variant one. Unit: models.',
  days_observed Int64 COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days Int64 COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  grain String COMMENT 'The source''s bucket that the week is made of.',
  depth Int64 COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  tokens_lo Int64 COMMENT 'Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, where entries that are missing may push out what is there, and where the total is unknown. Unit: tokens.'
)
ENGINE = MergeTree
ORDER BY (week_start, method, knowledge, country_code)
COMMENT 'One row a week, method, knowledge and country, and one ZZ row for what no country can claim: the rows of a week and method sum to its total, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.country_week;
INSERT INTO standings.country_week SELECT week_start, iso_year, iso_week, method, knowledge, country_code, country_name, tokens, tokens_hi, share, share_lo, share_hi, rank, rank_best, rank_worst, models, days_observed, vanished_days, grain, depth, status, as_of, tokens_lo
FROM s3('LAKE/latest/country_week/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.country_week_history (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year Int64 COMMENT 'ISO 8601 year of the week.',
  iso_week Int64 COMMENT 'ISO 8601 number of the week.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  known_at DateTime64(6, 'UTC') COMMENT 'From when on this was the state of things: a capture, or a fact about a model, made it so. Unit: UTC.',
  country_code String COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  country_name String COMMENT 'The country''s usual English name.',
  tokens Int64 COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_hi Nullable(Int64) COMMENT 'Tokens if everything unattributed were this country''s, and the organisations that it contests, and what a cut-off chart hides; empty where the total is unknown. Unit: tokens.',
  share Nullable(Float64) COMMENT 'tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown. Unit: fraction.',
  share_lo Float64 COMMENT 'Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown. Unit: fraction.',
  share_hi Float64 COMMENT 'Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown. Unit: fraction.',
  rank Nullable(Int64) COMMENT 'Rank among the countries by tokens.',
  rank_best Nullable(Int64) COMMENT 'Rank if everything unattributed were this country''s, and whatever is contested were decided against its rivals.',
  rank_worst Nullable(Int64) COMMENT 'Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of them come level or ahead, and whatever is contested theirs; empty where the total is unknown.',
  models Int64 COMMENT 'Named models counted, each variant one. Unit: models.',
  days_observed Int64 COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days Int64 COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  grain String COMMENT 'The source''s bucket that the week is made of.',
  depth Int64 COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  tokens_lo Int64 COMMENT 'Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, where entries that are missing may push out what is there, and where the total is unknown. Unit: tokens.'
)
ENGINE = MergeTree
ORDER BY (week_start, method, knowledge, known_at, country_code)
COMMENT '`country_week` as it stood from each `known_at` on, until the next. The state of things at a moment is the rows with the newest `known_at` that is not after it. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.country_week_history;
INSERT INTO standings.country_week_history SELECT week_start, iso_year, iso_week, method, knowledge, known_at, country_code, country_name, tokens, tokens_hi, share, share_lo, share_hi, rank, rank_best, rank_worst, models, days_observed, vanished_days, grain, depth, status, as_of, tokens_lo
FROM s3('LAKE/latest/country_week_history/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.country_lead_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  leader Nullable(String) COMMENT 'The country with the most tokens.',
  runner_up Nullable(String) COMMENT 'The country that comes second.',
  lead_tokens Nullable(Int64) COMMENT 'Leader''s tokens less runner-up''s. Unit: tokens.',
  lead_ratio Nullable(Float64) COMMENT 'Leader''s tokens over runner-up''s. Unit: ratio.',
  lead_certain Bool COMMENT 'The leader stays ahead whichever country has what is unattributed or contested. It speaks of attribution within this vintage; `status` speaks of restatement.',
  streak_weeks Nullable(Int64) COMMENT 'Consecutive weeks, up to this one, that this country leads; empty for an incomplete week. Unit: weeks.',
  streak_certain_weeks Nullable(Int64) COMMENT 'Consecutive certain weeks of this leader, up to this one; 0 where this one is not certain. Unit: weeks.',
  streak_is_lower_bound Nullable(Bool) COMMENT 'The streak began at the start of the data or after a gap, so it may be longer.',
  crossover Nullable(Bool) COMMENT 'The leader differs from the week before; empty where either week is incomplete or has none.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, method, knowledge)
COMMENT 'One row a week, method and knowledge: the leading country, its runner-up and the lead. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.country_lead_week;
INSERT INTO standings.country_lead_week SELECT week_start, method, knowledge, leader, runner_up, lead_tokens, lead_ratio, lead_certain, streak_weeks, streak_certain_weeks, streak_is_lower_bound, crossover, status, as_of
FROM s3('LAKE/latest/country_lead_week/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.country_top_models (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code String COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  rank Int64 COMMENT 'Rank among the country''s models; equal tokens, equal rank.',
  model_permaslug String COMMENT 'The source''s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  organisation Nullable(String) COMMENT 'The organisation behind the model: its id in the reference files.',
  tokens Int64 COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share Nullable(Float64) COMMENT 'Share of the country''s tokens. Unit: fraction.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, method, knowledge, country_code, rank, model_permaslug)
COMMENT 'One row a week, method, knowledge, country and model: the ten largest of each country. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.country_top_models;
INSERT INTO standings.country_top_models SELECT week_start, method, knowledge, country_code, rank, model_permaslug, organisation, tokens, share, status, as_of
FROM s3('LAKE/latest/country_top_models/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.country_growth (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code String COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  span_weeks Int64 COMMENT 'How many weeks before the other week lies. Unit: weeks.',
  tokens Int64 COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_before Int64 COMMENT 'Tokens in the other week. Unit: tokens.',
  change Int64 COMMENT 'Tokens less those of the other week. Unit: tokens.',
  growth Nullable(Float64) COMMENT 'change / tokens_before. Unit: fraction.',
  from_reveals Int64 COMMENT 'Change from models that an override of their own gives to the country or takes. Unit: tokens.',
  from_new_models Int64 COMMENT 'Change from models that were in no week up to the other one. Unit: tokens.',
  from_free_variants Int64 COMMENT 'Change from the remaining `:free` variants. Unit: tokens.',
  from_rest Int64 COMMENT 'Change from all others. Unit: tokens.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, method, knowledge, country_code, span_weeks)
COMMENT 'One row a week, method, knowledge, country and span, where both weeks are complete. The four parts sum to the change, to the token; each model is in the first part that fits it. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.country_growth;
INSERT INTO standings.country_growth SELECT week_start, method, knowledge, country_code, span_weeks, tokens, tokens_before, change, growth, from_reveals, from_new_models, from_free_variants, from_rest, status, as_of
FROM s3('LAKE/latest/country_growth/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.concentration_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  level String COMMENT 'What shares are of.',
  entities Int64 COMMENT 'How many hold a share.',
  hhi Nullable(Float64) COMMENT 'HHI of what is attributed. Unit: points.',
  hhi_lo Float64 COMMENT 'HHI if the unattributed were spread over ever so many others. Unit: points.',
  hhi_hi Float64 COMMENT 'HHI if the largest had everything unattributed. Unit: points.',
  top1_share Nullable(Float64) COMMENT 'The largest one''s share of what is attributed. Unit: fraction.',
  top1_share_lo Float64 COMMENT 'Its share of the total. Unit: fraction.',
  top1_share_hi Float64 COMMENT 'Its share of the total if it had everything unattributed. Unit: fraction.',
  top3_share Nullable(Float64) COMMENT 'The three largest ones'' share of what is attributed. Unit: fraction.',
  top3_share_lo Float64 COMMENT 'Their share of the total. Unit: fraction.',
  top3_share_hi Float64 COMMENT 'Their share of the total if they had everything unattributed. Unit: fraction.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, method, knowledge, level)
COMMENT 'One row a week, method, knowledge and level. The Herfindahl-Hirschman index (HHI) is the sum of squared percentage shares: 10,000 where one holds everything. By country, the bounds are the extremes over every way to decide the contested headquarters. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.concentration_week;
INSERT INTO standings.concentration_week SELECT week_start, method, knowledge, level, entities, hhi, hhi_lo, hhi_hi, top1_share, top1_share_lo, top1_share_hi, top3_share, top3_share_lo, top3_share_hi, status, as_of
FROM s3('LAKE/latest/concentration_week/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.unattributed_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  attribution String COMMENT 'Why the country: the author''s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  name String COMMENT 'The model''s permaslug, or the author''s slug.',
  tokens Int64 COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share Nullable(Float64) COMMENT 'Share of the total; empty where that is unknown. Unit: fraction.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, method, knowledge, attribution, name)
COMMENT 'One row a week, method, knowledge and name: the `other` row, cloaked models by permaslug, undecided and unknown authors by slug. The rows of a week and method sum to its ZZ row, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.unattributed_week;
INSERT INTO standings.unattributed_week SELECT week_start, method, knowledge, attribution, name, tokens, share, status, as_of
FROM s3('LAKE/latest/unattributed_week/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.revisions (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period String COMMENT 'The grain that was asked for.',
  date DATE COMMENT 'The bucket: a UTC day, or a week''s Monday.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage that changed it. Unit: UTC.',
  as_of_before DateTime64(6, 'UTC') COMMENT 'The vintage before. Unit: UTC.',
  capture String COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  level String COMMENT 'What the name is of.',
  name String COMMENT 'The permaslug or country code; `total` for all tokens.',
  tokens_before Nullable(Int64) COMMENT 'Tokens in the vintage before; empty where the name was not in it. Unit: tokens.',
  tokens Nullable(Int64) COMMENT 'Tokens in this vintage; empty where the name is not in it. Unit: tokens.',
  change Int64 COMMENT 'Tokens less those before, a missing name as 0. Unit: tokens.',
  rank_before Nullable(Int64) COMMENT 'Rank in the bucket, in the vintage before.',
  rank Nullable(Int64) COMMENT 'Rank in the bucket, in this vintage.',
  rank_changed Bool COMMENT 'Whether the rank differs.',
  leader_changed Bool COMMENT 'Whether the bucket''s leading country differs.',
  age_days Float64 COMMENT 'How long after the bucket had closed this vintage was first seen. Unit: days.'
)
ENGINE = MergeTree
ORDER BY (week_start, period, date, as_of, capture, level, name)
COMMENT 'One row a bucket, vintage, level and name whose tokens differ from the vintage before. Countries are counted over all models, as known now. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.revisions;
INSERT INTO standings.revisions SELECT week_start, period, date, as_of, as_of_before, capture, level, name, tokens_before, tokens, change, rank_before, rank, rank_changed, leader_changed, age_days
FROM s3('LAKE/latest/revisions/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.reconciliation_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  model_permaslug String COMMENT 'The model, or `total` for all tokens of the week.',
  tokens_days Int64 COMMENT 'Sum over the seven days. Unit: tokens.',
  tokens_week Int64 COMMENT 'Tokens in the week''s bucket. Unit: tokens.',
  difference Int64 COMMENT 'tokens_days - tokens_week. Unit: tokens.',
  difference_ratio Nullable(Float64) COMMENT 'difference / tokens_week. Unit: fraction.',
  within_tolerance Bool COMMENT 'Whether the two agree well enough.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, model_permaslug)
COMMENT 'One row a week and model that both grains name, and one `total` row, where all seven days and the week''s own bucket are held. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.reconciliation_week;
INSERT INTO standings.reconciliation_week SELECT week_start, model_permaslug, tokens_days, tokens_week, difference, difference_ratio, within_tolerance, as_of
FROM s3('LAKE/latest/reconciliation_week/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.drift_week (
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  measure String COMMENT 'What is compared.',
  subject String COMMENT 'The country or author that it is about; `all` for the week as a whole.',
  value Float64 COMMENT 'The measure.',
  usual_low Nullable(Float64) COMMENT 'The least that raises no warning.',
  usual_high Float64 COMMENT 'The most that raises no warning.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, measure, subject)
COMMENT 'One row a complete week, measure and subject. By knowledge `now`. Who is new is told only of whole charts of the same grain; the first weeks and those after a gap have fewer measures. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.drift_week;
INSERT INTO standings.drift_week SELECT week_start, measure, subject, value, usual_low, usual_high, status, as_of
FROM s3('LAKE/latest/drift_week/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.claims (
  claim String COMMENT 'Short stable id.',
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  country_code String COMMENT 'The country that it speaks of, or WORLD for all tokens.',
  metric String COMMENT 'What is claimed: its `tokens`; that it leads (`leader`), and for how many weeks in a row (`streak`); its `share` of what `among` names; the `ratio` of its tokens to those of the country `subject`; the tokens of the `model` that `subject` names; how many of the first entries are its own (`count`); or `spend` and whatever else is `unmeasured` here.',
  tokens_printed Nullable(Int64) COMMENT 'The printed figure. Unit: tokens.',
  basis String COMMENT 'Whether the figure was stated, derived from a printed percentage, or printed without its week; `no week`: it is not about a week at all, and stands in that of its publication or of its end.',
  method_named Nullable(String) COMMENT 'The method that the wording names.',
  verdict String COMMENT 'What the data say of it.',
  method Nullable(String) COMMENT 'The method that fits, or comes closest.',
  knowledge Nullable(String) COMMENT 'The knowledge under which it does.',
  tokens Nullable(Int64) COMMENT 'Our figure under that method and knowledge. Unit: tokens.',
  difference Nullable(Float64) COMMENT '(ours - printed) / printed. Unit: fraction.',
  fits Nullable(String) COMMENT 'Every method and knowledge under which it is so.',
  tried Int64 COMMENT 'How many methods and knowledges were tried.',
  explanation Nullable(String) COMMENT 'What would explain the printed figure.',
  remark Nullable(String) COMMENT 'What a reader should know beside the verdict.',
  wording String COMMENT 'What was said, in our words.',
  source String COMMENT 'Where it was printed.',
  note Nullable(String) COMMENT 'Our own remark.',
  status Nullable(String) COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of Nullable(DateTime64(6, 'UTC')) COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  outlet Nullable(String) COMMENT 'Who printed it.',
  published Nullable(String) COMMENT 'The day on which it was printed, or its month where no day is known.',
  among Nullable(String) COMMENT 'What a share is a share of: `all` tokens, the `attributed` ones, those of the largest entries (`top10`), or those of countries and organisations (`CN+openai`); of a count, the first entries (`top5`).',
  subject Nullable(String) COMMENT 'Whom it speaks of beside the country: a model without its variant, an organisation, the other country.',
  value_printed Nullable(Float64) COMMENT 'The printed figure where it is not tokens: percent of a share, weeks of a streak, times of a ratio.',
  value Nullable(Float64) COMMENT 'Our figure where it is not tokens, in the unit of the printed one.'
)
ENGINE = MergeTree
ORDER BY (week_start, claim)
COMMENT 'One row a printed claim: the method under which it is reproduced or that comes closest, and a verdict. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.claims;
INSERT INTO standings.claims SELECT claim, week_start, country_code, metric, tokens_printed, basis, method_named, verdict, method, knowledge, tokens, difference, fits, tried, explanation, remark, wording, source, note, status, as_of, outlet, published, among, subject, value_printed, value
FROM s3('LAKE/latest/claims/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.claim_value (
  claim String COMMENT 'Short stable id.',
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  tokens Nullable(Int64) COMMENT 'Our figure for what the claim speaks of. Unit: tokens.',
  difference Nullable(Float64) COMMENT '(ours - printed) / printed. Unit: fraction.',
  leader Nullable(String) COMMENT 'The leading country.',
  lead_certain Nullable(Bool) COMMENT 'Whether it certainly leads.',
  holds Bool COMMENT 'Whether the claim is so under this method and knowledge.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  value Nullable(Float64) COMMENT 'Our figure where it is not tokens, in the unit of the printed one.',
  possible Nullable(Bool) COMMENT 'Whether it may be so for all that is held: a streak that began before the data, or in a gap.'
)
ENGINE = MergeTree
ORDER BY (week_start, claim, method, knowledge)
COMMENT 'One row a claim, method and knowledge that were tried: our figure, the difference, and who leads. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.claim_value;
INSERT INTO standings.claim_value SELECT claim, week_start, method, knowledge, tokens, difference, leader, lead_certain, holds, as_of, value, possible
FROM s3('LAKE/latest/claim_value/**.parquet', 'Parquet');

CREATE TABLE IF NOT EXISTS standings.forecast_path (
  forecast String COMMENT 'Short stable id.',
  week_start DATE COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method String COMMENT 'The way of counting that the figure follows.',
  knowledge String COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  issuer String COMMENT 'Who made it.',
  country_code String COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  scope String COMMENT 'What it counts.',
  unit String COMMENT 'The unit of its values.',
  year_from Int64 COMMENT 'The year of the first value.',
  value_from Int64 COMMENT 'The first value. Unit: tokens.',
  year_to Int64 COMMENT 'The year of the last value.',
  value_to Int64 COMMENT 'The last value. Unit: tokens.',
  printed_multiple Nullable(Int64) COMMENT 'The growth as printed.',
  multiple Float64 COMMENT 'value_to / value_from. Unit: ratio.',
  implied_yearly Float64 COMMENT 'Yearly growth that leads from the first value to the last. Unit: fraction.',
  implied_weekly Float64 COMMENT 'The same a week, of 365.25 / 7 weeks a year. Unit: fraction.',
  tokens Int64 COMMENT 'The country''s tokens in the week. Unit: tokens.',
  observed_weekly Nullable(Float64) COMMENT 'Mean weekly growth over the last four weeks. Unit: fraction.',
  observed_yearly Nullable(Float64) COMMENT 'Growth over the last 52 weeks. Unit: fraction.',
  comparable String COMMENT 'Whether levels can be compared.',
  reason String COMMENT 'Why levels can or cannot be compared.',
  status String COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of DateTime64(6, 'UTC') COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
ENGINE = MergeTree
ORDER BY (week_start, forecast, method, knowledge)
COMMENT 'One row a forecast, week, method and knowledge: growth rates side by side, and whether levels compare. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
TRUNCATE TABLE standings.forecast_path;
INSERT INTO standings.forecast_path SELECT forecast, week_start, method, knowledge, issuer, country_code, scope, unit, year_from, value_from, year_to, value_to, printed_multiple, multiple, implied_yearly, implied_weekly, tokens, observed_weekly, observed_yearly, comparable, reason, status, as_of
FROM s3('LAKE/latest/forecast_path/**.parquet', 'Parquet');
