-- snowflake: the published tables and their load. Made from the definitions in schemas/: do not edit.
-- Put for LAKE: @stage, a stage over s3://bucket/prefix
-- Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.

CREATE TABLE IF NOT EXISTS standings.ranking_entry (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period VARCHAR NOT NULL COMMENT 'The grain that was asked for.',
  date DATE NOT NULL COMMENT 'The bucket: a UTC day, or a week''s Monday.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  model_permaslug VARCHAR NOT NULL COMMENT 'The source''s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  tokens NUMBER(19, 0) NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  origin VARCHAR NOT NULL COMMENT 'Where the capture came from.',
  capture VARCHAR NOT NULL COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  tier NUMBER(19, 0) NOT NULL COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.',
  depth NUMBER(19, 0) NOT NULL COMMENT 'Named rows in the bucket. Unit: rows.'
)
COMMENT = 'One row a bucket (a UTC day or a week), vintage and model, as the source gave it. A vintage is a run of equal content among the captures that show equally much; it begins at its `as_of`, in its `capture`. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.ranking_entry;
COPY INTO standings.ranking_entry FROM LAKE/latest/ranking_entry/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.observation (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period VARCHAR NOT NULL COMMENT 'The grain that was asked for.',
  date DATE NOT NULL COMMENT 'The bucket: a UTC day, or a week''s Monday.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The capture''s own moment. Unit: UTC.',
  capture VARCHAR NOT NULL COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  found BOOLEAN NOT NULL COMMENT 'Whether the answer had rows of the bucket.',
  tier NUMBER(19, 0) NOT NULL COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer. Where it was not found, that of the capture''s poorest bucket.',
  depth NUMBER(19, 0) NOT NULL COMMENT 'Named rows in it, or in the capture''s poorest bucket. Unit: rows.'
)
COMMENT = 'One row a bucket and capture that told something of it beside its content: the first look after it had closed, one that finds it gone or back, the first on or after the Friday that settles its week; among those captures that show as much of the bucket or more. With `ranking_entry` it is all that any other table is computed from. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.observation;
COPY INTO standings.observation FROM LAKE/latest/observation/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.bucket_coverage (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period VARCHAR NOT NULL COMMENT 'The grain that was asked for.',
  date DATE NOT NULL COMMENT 'The bucket: a UTC day, or a week''s Monday.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The newest vintage of those that show as much of it. Unit: UTC.',
  capture VARCHAR NOT NULL COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  used BOOLEAN NOT NULL COMMENT 'Whether the week''s figures are made of it.',
  unused_reason VARCHAR COMMENT 'Why they are not: `poorer`, another capture shows more of the bucket; `other grain`, the week is made of days where this is a week, or the reverse; `unknown total`, its list has no `other`.',
  vanished BOOLEAN NOT NULL COMMENT 'The source no longer gives it; what it gave before stands.',
  settled BOOLEAN NOT NULL COMMENT 'It was looked at on or after the Friday that follows its week.',
  extent VARCHAR NOT NULL COMMENT '`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which says nothing of what it leaves out.',
  tier NUMBER(19, 0) NOT NULL COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.',
  depth NUMBER(19, 0) NOT NULL COMMENT 'Named rows in the bucket. Unit: rows.',
  truncated BOOLEAN NOT NULL COMMENT 'A nonzero `other` stands behind fewer than 50 named rows.'
)
COMMENT = 'One row a bucket and amount that captures show of it: the newest vintage of those, whether the week''s figures are made of it and, if not, why. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.bucket_coverage;
COPY INTO standings.bucket_coverage FROM LAKE/latest/bucket_coverage/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.week_coverage (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year NUMBER(19, 0) NOT NULL COMMENT 'ISO 8601 year of the week.',
  iso_week NUMBER(19, 0) NOT NULL COMMENT 'ISO 8601 number of the week.',
  grain VARCHAR NOT NULL COMMENT 'The source''s bucket that the week is made of.',
  days_observed NUMBER(19, 0) NOT NULL COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days NUMBER(19, 0) NOT NULL COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  extent VARCHAR NOT NULL COMMENT '`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which says nothing of what it leaves out.',
  depth NUMBER(19, 0) NOT NULL COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  truncated BOOLEAN NOT NULL COMMENT 'A nonzero `other` stands behind fewer than 50 named rows, so only the nine largest entries can be ranked.',
  nine_known BOOLEAN NOT NULL COMMENT 'Whether the nine largest named entries of the week are certain: not those of days that are cut short, of fewer than nine names, or of a list that may be a selection.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a week: which grain was used, how many days of it there are, and how final they are. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.week_coverage;
COPY INTO standings.week_coverage FROM LAKE/latest/week_coverage/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.attribution (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  model_permaslug VARCHAR NOT NULL COMMENT 'The source''s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  author VARCHAR COMMENT 'The permaslug''s part before the slash, in lower case.',
  organisation VARCHAR COMMENT 'The organisation behind the model: its id in the reference files.',
  country_code VARCHAR NOT NULL COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  base_country VARCHAR COMMENT 'The country of the base model that the author chiefly builds on, where that is another''s.',
  attribution VARCHAR NOT NULL COMMENT 'Why the country: the author''s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  confidence VARCHAR COMMENT 'How sure the fact about the model or its author is, where there is a grade.',
  known_from DATE COMMENT 'The day on which that fact became known.',
  reason VARCHAR COMMENT 'The reason that the reference files give.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  contested_by VARCHAR COMMENT 'Another country in which sources place the organisation''s headquarters, where they disagree.'
)
COMMENT = 'One row a week, knowledge and model: the organisation and country it counts for, and why. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.attribution;
COPY INTO standings.attribution FROM LAKE/latest/attribution/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.model_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  model_permaslug VARCHAR NOT NULL COMMENT 'The source''s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  author VARCHAR COMMENT 'The permaslug''s part before the slash, in lower case.',
  variant VARCHAR COMMENT 'The permaslug''s part after the colon, such as `free`.',
  organisation VARCHAR COMMENT 'The organisation behind the model: its id in the reference files.',
  country_code VARCHAR NOT NULL COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  base_country VARCHAR COMMENT 'The country of the base model that the author chiefly builds on, where that is another''s.',
  attribution VARCHAR NOT NULL COMMENT 'Why the country: the author''s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  tokens NUMBER(19, 0) NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share FLOAT COMMENT 'Share of all tokens of the week, `other` among them; empty where their total is unknown. Unit: fraction.',
  rank NUMBER(19, 0) COMMENT 'Rank among the named models of the week; empty where its total is unknown.',
  days_observed NUMBER(19, 0) NOT NULL COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  days_listed NUMBER(19, 0) COMMENT 'Days on which the model was among the named rows; empty where the grain is a week. Unit: days.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a week and model, and the `other` row. Whose a model is stands here as known now; `attribution` has it as known when the week closed, too. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.model_week;
COPY INTO standings.model_week FROM LAKE/latest/model_week/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.country_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year NUMBER(19, 0) NOT NULL COMMENT 'ISO 8601 year of the week.',
  iso_week NUMBER(19, 0) NOT NULL COMMENT 'ISO 8601 number of the week.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code VARCHAR NOT NULL COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  country_name VARCHAR NOT NULL COMMENT 'The country''s usual English name.',
  tokens NUMBER(19, 0) NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_hi NUMBER(19, 0) COMMENT 'Tokens if everything unattributed were this country''s, and the organisations that it contests, and what a cut-off chart hides; empty where the total is unknown. Unit: tokens.',
  share FLOAT COMMENT 'tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown. Unit: fraction.',
  share_lo FLOAT NOT NULL COMMENT 'Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown. Unit: fraction.',
  share_hi FLOAT NOT NULL COMMENT 'Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown. Unit: fraction.',
  rank NUMBER(19, 0) COMMENT 'Rank among the countries by tokens.',
  rank_best NUMBER(19, 0) COMMENT 'Rank if everything unattributed were this country''s, and whatever is contested were decided against its rivals.',
  rank_worst NUMBER(19, 0) COMMENT 'Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of them come level or ahead, and whatever is contested theirs; empty where the total is unknown.',
  models NUMBER(19, 0) NOT NULL COMMENT 'Named models counted, each variant one. Unit: models.',
  days_observed NUMBER(19, 0) NOT NULL COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days NUMBER(19, 0) NOT NULL COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  grain VARCHAR NOT NULL COMMENT 'The source''s bucket that the week is made of.',
  depth NUMBER(19, 0) NOT NULL COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  tokens_lo NUMBER(19, 0) NOT NULL COMMENT 'Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, where entries that are missing may push out what is there, and where the total is unknown. Unit: tokens.'
)
COMMENT = 'One row a week, method, knowledge and country, and one ZZ row for what no country can claim: the rows of a week and method sum to its total, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.country_week;
COPY INTO standings.country_week FROM LAKE/latest/country_week/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.country_week_history (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year NUMBER(19, 0) NOT NULL COMMENT 'ISO 8601 year of the week.',
  iso_week NUMBER(19, 0) NOT NULL COMMENT 'ISO 8601 number of the week.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  known_at TIMESTAMP_TZ NOT NULL COMMENT 'From when on this was the state of things: a capture, or a fact about a model, made it so. Unit: UTC.',
  country_code VARCHAR NOT NULL COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  country_name VARCHAR NOT NULL COMMENT 'The country''s usual English name.',
  tokens NUMBER(19, 0) NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_hi NUMBER(19, 0) COMMENT 'Tokens if everything unattributed were this country''s, and the organisations that it contests, and what a cut-off chart hides; empty where the total is unknown. Unit: tokens.',
  share FLOAT COMMENT 'tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown. Unit: fraction.',
  share_lo FLOAT NOT NULL COMMENT 'Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown. Unit: fraction.',
  share_hi FLOAT NOT NULL COMMENT 'Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown. Unit: fraction.',
  rank NUMBER(19, 0) COMMENT 'Rank among the countries by tokens.',
  rank_best NUMBER(19, 0) COMMENT 'Rank if everything unattributed were this country''s, and whatever is contested were decided against its rivals.',
  rank_worst NUMBER(19, 0) COMMENT 'Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of them come level or ahead, and whatever is contested theirs; empty where the total is unknown.',
  models NUMBER(19, 0) NOT NULL COMMENT 'Named models counted, each variant one. Unit: models.',
  days_observed NUMBER(19, 0) NOT NULL COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days NUMBER(19, 0) NOT NULL COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  grain VARCHAR NOT NULL COMMENT 'The source''s bucket that the week is made of.',
  depth NUMBER(19, 0) NOT NULL COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  tokens_lo NUMBER(19, 0) NOT NULL COMMENT 'Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, where entries that are missing may push out what is there, and where the total is unknown. Unit: tokens.'
)
COMMENT = '`country_week` as it stood from each `known_at` on, until the next. The state of things at a moment is the rows with the newest `known_at` that is not after it. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.country_week_history;
COPY INTO standings.country_week_history FROM LAKE/latest/country_week_history/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.country_lead_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  leader VARCHAR COMMENT 'The country with the most tokens.',
  runner_up VARCHAR COMMENT 'The country that comes second.',
  lead_tokens NUMBER(19, 0) COMMENT 'Leader''s tokens less runner-up''s. Unit: tokens.',
  lead_ratio FLOAT COMMENT 'Leader''s tokens over runner-up''s. Unit: ratio.',
  lead_certain BOOLEAN NOT NULL COMMENT 'The leader stays ahead whichever country has what is unattributed or contested. It speaks of attribution within this vintage; `status` speaks of restatement.',
  streak_weeks NUMBER(19, 0) COMMENT 'Consecutive weeks, up to this one, that this country leads; empty for an incomplete week. Unit: weeks.',
  streak_certain_weeks NUMBER(19, 0) COMMENT 'Consecutive certain weeks of this leader, up to this one; 0 where this one is not certain. Unit: weeks.',
  streak_is_lower_bound BOOLEAN COMMENT 'The streak began at the start of the data or after a gap, so it may be longer.',
  crossover BOOLEAN COMMENT 'The leader differs from the week before; empty where either week is incomplete or has none.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a week, method and knowledge: the leading country, its runner-up and the lead. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.country_lead_week;
COPY INTO standings.country_lead_week FROM LAKE/latest/country_lead_week/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.country_top_models (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code VARCHAR NOT NULL COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  rank NUMBER(19, 0) NOT NULL COMMENT 'Rank among the country''s models; equal tokens, equal rank.',
  model_permaslug VARCHAR NOT NULL COMMENT 'The source''s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  organisation VARCHAR COMMENT 'The organisation behind the model: its id in the reference files.',
  tokens NUMBER(19, 0) NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share FLOAT COMMENT 'Share of the country''s tokens. Unit: fraction.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a week, method, knowledge, country and model: the ten largest of each country. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.country_top_models;
COPY INTO standings.country_top_models FROM LAKE/latest/country_top_models/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.country_growth (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code VARCHAR NOT NULL COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  span_weeks NUMBER(19, 0) NOT NULL COMMENT 'How many weeks before the other week lies. Unit: weeks.',
  tokens NUMBER(19, 0) NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_before NUMBER(19, 0) NOT NULL COMMENT 'Tokens in the other week. Unit: tokens.',
  change NUMBER(19, 0) NOT NULL COMMENT 'Tokens less those of the other week. Unit: tokens.',
  growth FLOAT COMMENT 'change / tokens_before. Unit: fraction.',
  from_reveals NUMBER(19, 0) NOT NULL COMMENT 'Change from models that an override of their own gives to the country or takes. Unit: tokens.',
  from_new_models NUMBER(19, 0) NOT NULL COMMENT 'Change from models that were in no week up to the other one. Unit: tokens.',
  from_free_variants NUMBER(19, 0) NOT NULL COMMENT 'Change from the remaining `:free` variants. Unit: tokens.',
  from_rest NUMBER(19, 0) NOT NULL COMMENT 'Change from all others. Unit: tokens.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a week, method, knowledge, country and span, where both weeks are complete. The four parts sum to the change, to the token; each model is in the first part that fits it. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.country_growth;
COPY INTO standings.country_growth FROM LAKE/latest/country_growth/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.concentration_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  level VARCHAR NOT NULL COMMENT 'What shares are of.',
  entities NUMBER(19, 0) NOT NULL COMMENT 'How many hold a share.',
  hhi FLOAT COMMENT 'HHI of what is attributed. Unit: points.',
  hhi_lo FLOAT NOT NULL COMMENT 'HHI if the unattributed were spread over ever so many others. Unit: points.',
  hhi_hi FLOAT NOT NULL COMMENT 'HHI if the largest had everything unattributed. Unit: points.',
  top1_share FLOAT COMMENT 'The largest one''s share of what is attributed. Unit: fraction.',
  top1_share_lo FLOAT NOT NULL COMMENT 'Its share of the total. Unit: fraction.',
  top1_share_hi FLOAT NOT NULL COMMENT 'Its share of the total if it had everything unattributed. Unit: fraction.',
  top3_share FLOAT COMMENT 'The three largest ones'' share of what is attributed. Unit: fraction.',
  top3_share_lo FLOAT NOT NULL COMMENT 'Their share of the total. Unit: fraction.',
  top3_share_hi FLOAT NOT NULL COMMENT 'Their share of the total if they had everything unattributed. Unit: fraction.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a week, method, knowledge and level. The Herfindahl-Hirschman index (HHI) is the sum of squared percentage shares: 10,000 where one holds everything. By country, the bounds are the extremes over every way to decide the contested headquarters. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.concentration_week;
COPY INTO standings.concentration_week FROM LAKE/latest/concentration_week/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.unattributed_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  attribution VARCHAR NOT NULL COMMENT 'Why the country: the author''s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  name VARCHAR NOT NULL COMMENT 'The model''s permaslug, or the author''s slug.',
  tokens NUMBER(19, 0) NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share FLOAT COMMENT 'Share of the total; empty where that is unknown. Unit: fraction.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a week, method, knowledge and name: the `other` row, cloaked models by permaslug, undecided and unknown authors by slug. The rows of a week and method sum to its ZZ row, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.unattributed_week;
COPY INTO standings.unattributed_week FROM LAKE/latest/unattributed_week/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.revisions (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period VARCHAR NOT NULL COMMENT 'The grain that was asked for.',
  date DATE NOT NULL COMMENT 'The bucket: a UTC day, or a week''s Monday.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage that changed it. Unit: UTC.',
  as_of_before TIMESTAMP_TZ NOT NULL COMMENT 'The vintage before. Unit: UTC.',
  capture VARCHAR NOT NULL COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  level VARCHAR NOT NULL COMMENT 'What the name is of.',
  name VARCHAR NOT NULL COMMENT 'The permaslug or country code; `total` for all tokens.',
  tokens_before NUMBER(19, 0) COMMENT 'Tokens in the vintage before; empty where the name was not in it. Unit: tokens.',
  tokens NUMBER(19, 0) COMMENT 'Tokens in this vintage; empty where the name is not in it. Unit: tokens.',
  change NUMBER(19, 0) NOT NULL COMMENT 'Tokens less those before, a missing name as 0. Unit: tokens.',
  rank_before NUMBER(19, 0) COMMENT 'Rank in the bucket, in the vintage before.',
  rank NUMBER(19, 0) COMMENT 'Rank in the bucket, in this vintage.',
  rank_changed BOOLEAN NOT NULL COMMENT 'Whether the rank differs.',
  leader_changed BOOLEAN NOT NULL COMMENT 'Whether the bucket''s leading country differs.',
  age_days FLOAT NOT NULL COMMENT 'How long after the bucket had closed this vintage was first seen. Unit: days.'
)
COMMENT = 'One row a bucket, vintage, level and name whose tokens differ from the vintage before. Countries are counted over all models, as known now. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.revisions;
COPY INTO standings.revisions FROM LAKE/latest/revisions/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.reconciliation_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  model_permaslug VARCHAR NOT NULL COMMENT 'The model, or `total` for all tokens of the week.',
  tokens_days NUMBER(19, 0) NOT NULL COMMENT 'Sum over the seven days. Unit: tokens.',
  tokens_week NUMBER(19, 0) NOT NULL COMMENT 'Tokens in the week''s bucket. Unit: tokens.',
  difference NUMBER(19, 0) NOT NULL COMMENT 'tokens_days - tokens_week. Unit: tokens.',
  difference_ratio FLOAT COMMENT 'difference / tokens_week. Unit: fraction.',
  within_tolerance BOOLEAN NOT NULL COMMENT 'Whether the two agree well enough.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a week and model that both grains name, and one `total` row, where all seven days and the week''s own bucket are held. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.reconciliation_week;
COPY INTO standings.reconciliation_week FROM LAKE/latest/reconciliation_week/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.drift_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  measure VARCHAR NOT NULL COMMENT 'What is compared.',
  subject VARCHAR NOT NULL COMMENT 'The country or author that it is about; `all` for the week as a whole.',
  value FLOAT NOT NULL COMMENT 'The measure.',
  usual_low FLOAT COMMENT 'The least that raises no warning.',
  usual_high FLOAT NOT NULL COMMENT 'The most that raises no warning.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a complete week, measure and subject. By knowledge `now`. Who is new is told only of whole charts of the same grain; the first weeks and those after a gap have fewer measures. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.drift_week;
COPY INTO standings.drift_week FROM LAKE/latest/drift_week/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.claims (
  claim VARCHAR NOT NULL COMMENT 'Short stable id.',
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  country_code VARCHAR NOT NULL COMMENT 'The country that it speaks of, or WORLD for all tokens.',
  metric VARCHAR NOT NULL COMMENT 'What is claimed: its `tokens`; that it leads (`leader`), and for how many weeks in a row (`streak`); its `share` of what `among` names; the `ratio` of its tokens to those of the country `subject`; the tokens of the `model` that `subject` names; how many of the first entries are its own (`count`); or `spend` and whatever else is `unmeasured` here.',
  tokens_printed NUMBER(19, 0) COMMENT 'The printed figure. Unit: tokens.',
  basis VARCHAR NOT NULL COMMENT 'Whether the figure was stated, derived from a printed percentage, or printed without its week; `no week`: it is not about a week at all, and stands in that of its publication or of its end.',
  method_named VARCHAR COMMENT 'The method that the wording names.',
  verdict VARCHAR NOT NULL COMMENT 'What the data say of it.',
  method VARCHAR COMMENT 'The method that fits, or comes closest.',
  knowledge VARCHAR COMMENT 'The knowledge under which it does.',
  tokens NUMBER(19, 0) COMMENT 'Our figure under that method and knowledge. Unit: tokens.',
  difference FLOAT COMMENT '(ours - printed) / printed. Unit: fraction.',
  fits VARCHAR COMMENT 'Every method and knowledge under which it is so.',
  tried NUMBER(19, 0) NOT NULL COMMENT 'How many methods and knowledges were tried.',
  explanation VARCHAR COMMENT 'What would explain the printed figure.',
  remark VARCHAR COMMENT 'What a reader should know beside the verdict.',
  wording VARCHAR NOT NULL COMMENT 'What was said, in our words.',
  source VARCHAR NOT NULL COMMENT 'Where it was printed.',
  note VARCHAR COMMENT 'Our own remark.',
  status VARCHAR COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  outlet VARCHAR COMMENT 'Who printed it.',
  published VARCHAR COMMENT 'The day on which it was printed, or its month where no day is known.',
  among VARCHAR COMMENT 'What a share is a share of: `all` tokens, the `attributed` ones, those of the largest entries (`top10`), or those of countries and organisations (`CN+openai`); of a count, the first entries (`top5`).',
  subject VARCHAR COMMENT 'Whom it speaks of beside the country: a model without its variant, an organisation, the other country.',
  value_printed FLOAT COMMENT 'The printed figure where it is not tokens: percent of a share, weeks of a streak, times of a ratio.',
  value FLOAT COMMENT 'Our figure where it is not tokens, in the unit of the printed one.'
)
COMMENT = 'One row a printed claim: the method under which it is reproduced or that comes closest, and a verdict. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.claims;
COPY INTO standings.claims FROM LAKE/latest/claims/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.claim_value (
  claim VARCHAR NOT NULL COMMENT 'Short stable id.',
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  tokens NUMBER(19, 0) COMMENT 'Our figure for what the claim speaks of. Unit: tokens.',
  difference FLOAT COMMENT '(ours - printed) / printed. Unit: fraction.',
  leader VARCHAR COMMENT 'The leading country.',
  lead_certain BOOLEAN COMMENT 'Whether it certainly leads.',
  holds BOOLEAN NOT NULL COMMENT 'Whether the claim is so under this method and knowledge.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  value FLOAT COMMENT 'Our figure where it is not tokens, in the unit of the printed one.',
  possible BOOLEAN COMMENT 'Whether it may be so for all that is held: a streak that began before the data, or in a gap.'
)
COMMENT = 'One row a claim, method and knowledge that were tried: our figure, the difference, and who leads. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.claim_value;
COPY INTO standings.claim_value FROM LAKE/latest/claim_value/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;

CREATE TABLE IF NOT EXISTS standings.forecast_path (
  forecast VARCHAR NOT NULL COMMENT 'Short stable id.',
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method VARCHAR NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge VARCHAR NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  issuer VARCHAR NOT NULL COMMENT 'Who made it.',
  country_code VARCHAR NOT NULL COMMENT 'Where the model''s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  scope VARCHAR NOT NULL COMMENT 'What it counts.',
  unit VARCHAR NOT NULL COMMENT 'The unit of its values.',
  year_from NUMBER(19, 0) NOT NULL COMMENT 'The year of the first value.',
  value_from NUMBER(19, 0) NOT NULL COMMENT 'The first value. Unit: tokens.',
  year_to NUMBER(19, 0) NOT NULL COMMENT 'The year of the last value.',
  value_to NUMBER(19, 0) NOT NULL COMMENT 'The last value. Unit: tokens.',
  printed_multiple NUMBER(19, 0) COMMENT 'The growth as printed.',
  multiple FLOAT NOT NULL COMMENT 'value_to / value_from. Unit: ratio.',
  implied_yearly FLOAT NOT NULL COMMENT 'Yearly growth that leads from the first value to the last. Unit: fraction.',
  implied_weekly FLOAT NOT NULL COMMENT 'The same a week, of 365.25 / 7 weeks a year. Unit: fraction.',
  tokens NUMBER(19, 0) NOT NULL COMMENT 'The country''s tokens in the week. Unit: tokens.',
  observed_weekly FLOAT COMMENT 'Mean weekly growth over the last four weeks. Unit: fraction.',
  observed_yearly FLOAT COMMENT 'Growth over the last 52 weeks. Unit: fraction.',
  comparable VARCHAR NOT NULL COMMENT 'Whether levels can be compared.',
  reason VARCHAR NOT NULL COMMENT 'Why levels can or cannot be compared.',
  status VARCHAR NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP_TZ NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
COMMENT = 'One row a forecast, week, method and knowledge: growth rates side by side, and whether levels compare. Source: OpenRouter (openrouter.ai/rankings), as of each row''s as_of. Licensed under CC BY 4.0. Tokens of different providers'' tokenizers are not strictly comparable.';
BEGIN;
DELETE FROM standings.forecast_path;
COPY INTO standings.forecast_path FROM LAKE/latest/forecast_path/
FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE;
COMMIT;
