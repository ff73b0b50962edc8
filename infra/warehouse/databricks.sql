-- databricks: the published tables and their load. Made from the definitions in schemas/: do not edit.
-- Put for LAKE: s3://bucket/prefix
-- Source: OpenRouter (openrouter.ai/rankings), as of each row's as_of. Licensed under CC BY 4.0. Tokens of different providers' tokenizers are not strictly comparable.

CREATE TABLE IF NOT EXISTS standings.ranking_entry (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period STRING NOT NULL COMMENT 'The grain that was asked for.',
  date DATE NOT NULL COMMENT 'The bucket: a UTC day, or a week\'s Monday.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  model_permaslug STRING NOT NULL COMMENT 'The source\'s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  tokens BIGINT NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  origin STRING NOT NULL COMMENT 'Where the capture came from.',
  capture STRING NOT NULL COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  tier BIGINT NOT NULL COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.',
  depth BIGINT NOT NULL COMMENT 'Named rows in the bucket. Unit: rows.'
)
USING DELTA
COMMENT 'One row a bucket (a UTC day or a week), vintage and model, as the source gave it. A vintage is a run of equal content among the captures that show equally much; it begins at its `as_of`, in its `capture`. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.ranking_entry
SELECT week_start, period, date, as_of, model_permaslug, tokens, origin, capture, tier, depth FROM parquet.`LAKE/latest/ranking_entry/`;

CREATE TABLE IF NOT EXISTS standings.observation (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period STRING NOT NULL COMMENT 'The grain that was asked for.',
  date DATE NOT NULL COMMENT 'The bucket: a UTC day, or a week\'s Monday.',
  as_of TIMESTAMP NOT NULL COMMENT 'The capture\'s own moment. Unit: UTC.',
  capture STRING NOT NULL COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  found BOOLEAN NOT NULL COMMENT 'Whether the answer had rows of the bucket.',
  tier BIGINT NOT NULL COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer. Where it was not found, that of the capture\'s poorest bucket.',
  depth BIGINT NOT NULL COMMENT 'Named rows in it, or in the capture\'s poorest bucket. Unit: rows.'
)
USING DELTA
COMMENT 'One row a bucket and capture that told something of it beside its content: the first look after it had closed, one that finds it gone or back, the first on or after the Friday that settles its week; among those captures that show as much of the bucket or more. With `ranking_entry` it is all that any other table is computed from. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.observation
SELECT week_start, period, date, as_of, capture, found, tier, depth FROM parquet.`LAKE/latest/observation/`;

CREATE TABLE IF NOT EXISTS standings.bucket_coverage (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period STRING NOT NULL COMMENT 'The grain that was asked for.',
  date DATE NOT NULL COMMENT 'The bucket: a UTC day, or a week\'s Monday.',
  as_of TIMESTAMP NOT NULL COMMENT 'The newest vintage of those that show as much of it. Unit: UTC.',
  capture STRING NOT NULL COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  used BOOLEAN NOT NULL COMMENT 'Whether the week\'s figures are made of it.',
  unused_reason STRING COMMENT 'Why they are not: `poorer`, another capture shows more of the bucket; `other grain`, the week is made of days where this is a week, or the reverse; `unknown total`, its list has no `other`.',
  vanished BOOLEAN NOT NULL COMMENT 'The source no longer gives it; what it gave before stands.',
  settled BOOLEAN NOT NULL COMMENT 'It was looked at on or after the Friday that follows its week.',
  extent STRING NOT NULL COMMENT '`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which says nothing of what it leaves out.',
  tier BIGINT NOT NULL COMMENT 'How much of the bucket the capture shows, the most first: 1 what the API gives, 50 names and `other`; 2 as much from elsewhere; 3 `other` behind fewer names; 4 a list without `other`. A poorer capture never replaces a richer.',
  depth BIGINT NOT NULL COMMENT 'Named rows in the bucket. Unit: rows.',
  truncated BOOLEAN NOT NULL COMMENT 'A nonzero `other` stands behind fewer than 50 named rows.'
)
USING DELTA
COMMENT 'One row a bucket and amount that captures show of it: the newest vintage of those, whether the week\'s figures are made of it and, if not, why. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.bucket_coverage
SELECT week_start, period, date, as_of, capture, used, unused_reason, vanished, settled, extent, tier, depth, truncated FROM parquet.`LAKE/latest/bucket_coverage/`;

CREATE TABLE IF NOT EXISTS standings.week_coverage (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year BIGINT NOT NULL COMMENT 'ISO 8601 year of the week.',
  iso_week BIGINT NOT NULL COMMENT 'ISO 8601 number of the week.',
  grain STRING NOT NULL COMMENT 'The source\'s bucket that the week is made of.',
  days_observed BIGINT NOT NULL COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days BIGINT NOT NULL COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  extent STRING NOT NULL COMMENT '`complete`: the total of all models is known. `unknown`: all that is held is a list without `other`, which says nothing of what it leaves out.',
  depth BIGINT NOT NULL COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  truncated BOOLEAN NOT NULL COMMENT 'A nonzero `other` stands behind fewer than 50 named rows, so only the nine largest entries can be ranked.',
  nine_known BOOLEAN NOT NULL COMMENT 'Whether the nine largest named entries of the week are certain: not those of days that are cut short, of fewer than nine names, or of a list that may be a selection.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a week: which grain was used, how many days of it there are, and how final they are. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.week_coverage
SELECT week_start, iso_year, iso_week, grain, days_observed, vanished_days, extent, depth, truncated, nine_known, status, as_of FROM parquet.`LAKE/latest/week_coverage/`;

CREATE TABLE IF NOT EXISTS standings.attribution (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  model_permaslug STRING NOT NULL COMMENT 'The source\'s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  author STRING COMMENT 'The permaslug\'s part before the slash, in lower case.',
  organisation STRING COMMENT 'The organisation behind the model: its id in the reference files.',
  country_code STRING NOT NULL COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  base_country STRING COMMENT 'The country of the base model that the author chiefly builds on, where that is another\'s.',
  attribution STRING NOT NULL COMMENT 'Why the country: the author\'s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  confidence STRING COMMENT 'How sure the fact about the model or its author is, where there is a grade.',
  known_from DATE COMMENT 'The day on which that fact became known.',
  reason STRING COMMENT 'The reason that the reference files give.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  contested_by STRING COMMENT 'Another country in which sources place the organisation\'s headquarters, where they disagree.'
)
USING DELTA
COMMENT 'One row a week, knowledge and model: the organisation and country it counts for, and why. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.attribution
SELECT week_start, knowledge, model_permaslug, author, organisation, country_code, base_country, attribution, confidence, known_from, reason, as_of, contested_by FROM parquet.`LAKE/latest/attribution/`;

CREATE TABLE IF NOT EXISTS standings.model_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  model_permaslug STRING NOT NULL COMMENT 'The source\'s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  author STRING COMMENT 'The permaslug\'s part before the slash, in lower case.',
  variant STRING COMMENT 'The permaslug\'s part after the colon, such as `free`.',
  organisation STRING COMMENT 'The organisation behind the model: its id in the reference files.',
  country_code STRING NOT NULL COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  base_country STRING COMMENT 'The country of the base model that the author chiefly builds on, where that is another\'s.',
  attribution STRING NOT NULL COMMENT 'Why the country: the author\'s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  tokens BIGINT NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share DOUBLE COMMENT 'Share of all tokens of the week, `other` among them; empty where their total is unknown. Unit: fraction.',
  rank BIGINT COMMENT 'Rank among the named models of the week; empty where its total is unknown.',
  days_observed BIGINT NOT NULL COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  days_listed BIGINT COMMENT 'Days on which the model was among the named rows; empty where the grain is a week. Unit: days.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a week and model, and the `other` row. Whose a model is stands here as known now; `attribution` has it as known when the week closed, too. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.model_week
SELECT week_start, model_permaslug, author, variant, organisation, country_code, base_country, attribution, tokens, share, rank, days_observed, days_listed, status, as_of FROM parquet.`LAKE/latest/model_week/`;

CREATE TABLE IF NOT EXISTS standings.country_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year BIGINT NOT NULL COMMENT 'ISO 8601 year of the week.',
  iso_week BIGINT NOT NULL COMMENT 'ISO 8601 number of the week.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code STRING NOT NULL COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  country_name STRING NOT NULL COMMENT 'The country\'s usual English name.',
  tokens BIGINT NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_hi BIGINT COMMENT 'Tokens if everything unattributed were this country\'s, and the organisations that it contests, and what a cut-off chart hides; empty where the total is unknown. Unit: tokens.',
  share DOUBLE COMMENT 'tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown. Unit: fraction.',
  share_lo DOUBLE NOT NULL COMMENT 'Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown. Unit: fraction.',
  share_hi DOUBLE NOT NULL COMMENT 'Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown. Unit: fraction.',
  rank BIGINT COMMENT 'Rank among the countries by tokens.',
  rank_best BIGINT COMMENT 'Rank if everything unattributed were this country\'s, and whatever is contested were decided against its rivals.',
  rank_worst BIGINT COMMENT 'Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of them come level or ahead, and whatever is contested theirs; empty where the total is unknown.',
  models BIGINT NOT NULL COMMENT 'Named models counted, each variant one. Unit: models.',
  days_observed BIGINT NOT NULL COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days BIGINT NOT NULL COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  grain STRING NOT NULL COMMENT 'The source\'s bucket that the week is made of.',
  depth BIGINT NOT NULL COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  tokens_lo BIGINT NOT NULL COMMENT 'Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, where entries that are missing may push out what is there, and where the total is unknown. Unit: tokens.'
)
USING DELTA
COMMENT 'One row a week, method, knowledge and country, and one ZZ row for what no country can claim: the rows of a week and method sum to its total, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.country_week
SELECT week_start, iso_year, iso_week, method, knowledge, country_code, country_name, tokens, tokens_hi, share, share_lo, share_hi, rank, rank_best, rank_worst, models, days_observed, vanished_days, grain, depth, status, as_of, tokens_lo FROM parquet.`LAKE/latest/country_week/`;

CREATE TABLE IF NOT EXISTS standings.country_week_history (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  iso_year BIGINT NOT NULL COMMENT 'ISO 8601 year of the week.',
  iso_week BIGINT NOT NULL COMMENT 'ISO 8601 number of the week.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  known_at TIMESTAMP NOT NULL COMMENT 'From when on this was the state of things: a capture, or a fact about a model, made it so. Unit: UTC.',
  country_code STRING NOT NULL COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  country_name STRING NOT NULL COMMENT 'The country\'s usual English name.',
  tokens BIGINT NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_hi BIGINT COMMENT 'Tokens if everything unattributed were this country\'s, and the organisations that it contests, and what a cut-off chart hides; empty where the total is unknown. Unit: tokens.',
  share DOUBLE COMMENT 'tokens / (total - unattributed); empty for ZZ, and where the chart is cut short or the total unknown. Unit: fraction.',
  share_lo DOUBLE NOT NULL COMMENT 'Lower bound: tokens_lo / total, what a cut-off chart hides included; 0 where the total is unknown. Unit: fraction.',
  share_hi DOUBLE NOT NULL COMMENT 'Upper bound: tokens_hi / total, what a cut-off chart hides included; 1 where the total is unknown. Unit: fraction.',
  rank BIGINT COMMENT 'Rank among the countries by tokens.',
  rank_best BIGINT COMMENT 'Rank if everything unattributed were this country\'s, and whatever is contested were decided against its rivals.',
  rank_worst BIGINT COMMENT 'Rank if everything unattributed went to rivals, an unlisted country among them, so that the most of them come level or ahead, and whatever is contested theirs; empty where the total is unknown.',
  models BIGINT NOT NULL COMMENT 'Named models counted, each variant one. Unit: models.',
  days_observed BIGINT NOT NULL COMMENT 'Days of the week that the figure rests on and of which the total is known; a week bucket counts as 7. Unit: days.',
  vanished_days BIGINT NOT NULL COMMENT 'Days that the source no longer gives; their earlier figures stand. Unit: days.',
  grain STRING NOT NULL COMMENT 'The source\'s bucket that the week is made of.',
  depth BIGINT NOT NULL COMMENT 'Fewest named rows in a bucket used. Unit: rows.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  tokens_lo BIGINT NOT NULL COMMENT 'Tokens less those of organisations in which another country contests the headquarters; 0 for ZZ, where entries that are missing may push out what is there, and where the total is unknown. Unit: tokens.'
)
USING DELTA
COMMENT '`country_week` as it stood from each `known_at` on, until the next. The state of things at a moment is the rows with the newest `known_at` that is not after it. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.country_week_history
SELECT week_start, iso_year, iso_week, method, knowledge, known_at, country_code, country_name, tokens, tokens_hi, share, share_lo, share_hi, rank, rank_best, rank_worst, models, days_observed, vanished_days, grain, depth, status, as_of, tokens_lo FROM parquet.`LAKE/latest/country_week_history/`;

CREATE TABLE IF NOT EXISTS standings.country_lead_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  leader STRING COMMENT 'The country with the most tokens.',
  runner_up STRING COMMENT 'The country that comes second.',
  lead_tokens BIGINT COMMENT 'Leader\'s tokens less runner-up\'s. Unit: tokens.',
  lead_ratio DOUBLE COMMENT 'Leader\'s tokens over runner-up\'s. Unit: ratio.',
  lead_certain BOOLEAN NOT NULL COMMENT 'The leader stays ahead whichever country has what is unattributed or contested. It speaks of attribution within this vintage; `status` speaks of restatement.',
  streak_weeks BIGINT COMMENT 'Consecutive weeks, up to this one, that this country leads; empty for an incomplete week. Unit: weeks.',
  streak_certain_weeks BIGINT COMMENT 'Consecutive certain weeks of this leader, up to this one; 0 where this one is not certain. Unit: weeks.',
  streak_is_lower_bound BOOLEAN COMMENT 'The streak began at the start of the data or after a gap, so it may be longer.',
  crossover BOOLEAN COMMENT 'The leader differs from the week before; empty where either week is incomplete or has none.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a week, method and knowledge: the leading country, its runner-up and the lead. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.country_lead_week
SELECT week_start, method, knowledge, leader, runner_up, lead_tokens, lead_ratio, lead_certain, streak_weeks, streak_certain_weeks, streak_is_lower_bound, crossover, status, as_of FROM parquet.`LAKE/latest/country_lead_week/`;

CREATE TABLE IF NOT EXISTS standings.country_top_models (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code STRING NOT NULL COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  rank BIGINT NOT NULL COMMENT 'Rank among the country\'s models; equal tokens, equal rank.',
  model_permaslug STRING NOT NULL COMMENT 'The source\'s permanent name of the model, author/name with an optional :variant; `other` sums every model outside the top 50.',
  organisation STRING COMMENT 'The organisation behind the model: its id in the reference files.',
  tokens BIGINT NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share DOUBLE COMMENT 'Share of the country\'s tokens. Unit: fraction.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a week, method, knowledge, country and model: the ten largest of each country. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.country_top_models
SELECT week_start, method, knowledge, country_code, rank, model_permaslug, organisation, tokens, share, status, as_of FROM parquet.`LAKE/latest/country_top_models/`;

CREATE TABLE IF NOT EXISTS standings.country_growth (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  country_code STRING NOT NULL COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  span_weeks BIGINT NOT NULL COMMENT 'How many weeks before the other week lies. Unit: weeks.',
  tokens BIGINT NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  tokens_before BIGINT NOT NULL COMMENT 'Tokens in the other week. Unit: tokens.',
  change BIGINT NOT NULL COMMENT 'Tokens less those of the other week. Unit: tokens.',
  growth DOUBLE COMMENT 'change / tokens_before. Unit: fraction.',
  from_reveals BIGINT NOT NULL COMMENT 'Change from models that an override of their own gives to the country or takes. Unit: tokens.',
  from_new_models BIGINT NOT NULL COMMENT 'Change from models that were in no week up to the other one. Unit: tokens.',
  from_free_variants BIGINT NOT NULL COMMENT 'Change from the remaining `:free` variants. Unit: tokens.',
  from_rest BIGINT NOT NULL COMMENT 'Change from all others. Unit: tokens.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a week, method, knowledge, country and span, where both weeks are complete. The four parts sum to the change, to the token; each model is in the first part that fits it. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.country_growth
SELECT week_start, method, knowledge, country_code, span_weeks, tokens, tokens_before, change, growth, from_reveals, from_new_models, from_free_variants, from_rest, status, as_of FROM parquet.`LAKE/latest/country_growth/`;

CREATE TABLE IF NOT EXISTS standings.concentration_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  level STRING NOT NULL COMMENT 'What shares are of.',
  entities BIGINT NOT NULL COMMENT 'How many hold a share.',
  hhi DOUBLE COMMENT 'HHI of what is attributed. Unit: points.',
  hhi_lo DOUBLE NOT NULL COMMENT 'HHI if the unattributed were spread over ever so many others. Unit: points.',
  hhi_hi DOUBLE NOT NULL COMMENT 'HHI if the largest had everything unattributed. Unit: points.',
  top1_share DOUBLE COMMENT 'The largest one\'s share of what is attributed. Unit: fraction.',
  top1_share_lo DOUBLE NOT NULL COMMENT 'Its share of the total. Unit: fraction.',
  top1_share_hi DOUBLE NOT NULL COMMENT 'Its share of the total if it had everything unattributed. Unit: fraction.',
  top3_share DOUBLE COMMENT 'The three largest ones\' share of what is attributed. Unit: fraction.',
  top3_share_lo DOUBLE NOT NULL COMMENT 'Their share of the total. Unit: fraction.',
  top3_share_hi DOUBLE NOT NULL COMMENT 'Their share of the total if they had everything unattributed. Unit: fraction.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a week, method, knowledge and level. The Herfindahl-Hirschman index (HHI) is the sum of squared percentage shares: 10,000 where one holds everything. By country, the bounds are the extremes over every way to decide the contested headquarters. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.concentration_week
SELECT week_start, method, knowledge, level, entities, hhi, hhi_lo, hhi_hi, top1_share, top1_share_lo, top1_share_hi, top3_share, top3_share_lo, top3_share_hi, status, as_of FROM parquet.`LAKE/latest/concentration_week/`;

CREATE TABLE IF NOT EXISTS standings.unattributed_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  attribution STRING NOT NULL COMMENT 'Why the country: the author\'s `organisation`; an override of the one model, such as a dated `reveal`; or, for ZZ, still `cloaked`, an author that was looked at and left `undecided`, an `unknown` author, or the `other` row.',
  name STRING NOT NULL COMMENT 'The model\'s permaslug, or the author\'s slug.',
  tokens BIGINT NOT NULL COMMENT 'Prompt and completion tokens. Unit: tokens.',
  share DOUBLE COMMENT 'Share of the total; empty where that is unknown. Unit: fraction.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a week, method, knowledge and name: the `other` row, cloaked models by permaslug, undecided and unknown authors by slug. The rows of a week and method sum to its ZZ row, to the token. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.unattributed_week
SELECT week_start, method, knowledge, attribution, name, tokens, share, status, as_of FROM parquet.`LAKE/latest/unattributed_week/`;

CREATE TABLE IF NOT EXISTS standings.revisions (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  period STRING NOT NULL COMMENT 'The grain that was asked for.',
  date DATE NOT NULL COMMENT 'The bucket: a UTC day, or a week\'s Monday.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage that changed it. Unit: UTC.',
  as_of_before TIMESTAMP NOT NULL COMMENT 'The vintage before. Unit: UTC.',
  capture STRING NOT NULL COMMENT 'The sha256 of the raw body: the way back to the bytes.',
  level STRING NOT NULL COMMENT 'What the name is of.',
  name STRING NOT NULL COMMENT 'The permaslug or country code; `total` for all tokens.',
  tokens_before BIGINT COMMENT 'Tokens in the vintage before; empty where the name was not in it. Unit: tokens.',
  tokens BIGINT COMMENT 'Tokens in this vintage; empty where the name is not in it. Unit: tokens.',
  change BIGINT NOT NULL COMMENT 'Tokens less those before, a missing name as 0. Unit: tokens.',
  rank_before BIGINT COMMENT 'Rank in the bucket, in the vintage before.',
  rank BIGINT COMMENT 'Rank in the bucket, in this vintage.',
  rank_changed BOOLEAN NOT NULL COMMENT 'Whether the rank differs.',
  leader_changed BOOLEAN NOT NULL COMMENT 'Whether the bucket\'s leading country differs.',
  age_days DOUBLE NOT NULL COMMENT 'How long after the bucket had closed this vintage was first seen. Unit: days.'
)
USING DELTA
COMMENT 'One row a bucket, vintage, level and name whose tokens differ from the vintage before. Countries are counted over all models, as known now. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.revisions
SELECT week_start, period, date, as_of, as_of_before, capture, level, name, tokens_before, tokens, change, rank_before, rank, rank_changed, leader_changed, age_days FROM parquet.`LAKE/latest/revisions/`;

CREATE TABLE IF NOT EXISTS standings.reconciliation_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  model_permaslug STRING NOT NULL COMMENT 'The model, or `total` for all tokens of the week.',
  tokens_days BIGINT NOT NULL COMMENT 'Sum over the seven days. Unit: tokens.',
  tokens_week BIGINT NOT NULL COMMENT 'Tokens in the week\'s bucket. Unit: tokens.',
  difference BIGINT NOT NULL COMMENT 'tokens_days - tokens_week. Unit: tokens.',
  difference_ratio DOUBLE COMMENT 'difference / tokens_week. Unit: fraction.',
  within_tolerance BOOLEAN NOT NULL COMMENT 'Whether the two agree well enough.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a week and model that both grains name, and one `total` row, where all seven days and the week\'s own bucket are held. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.reconciliation_week
SELECT week_start, model_permaslug, tokens_days, tokens_week, difference, difference_ratio, within_tolerance, as_of FROM parquet.`LAKE/latest/reconciliation_week/`;

CREATE TABLE IF NOT EXISTS standings.drift_week (
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  measure STRING NOT NULL COMMENT 'What is compared.',
  subject STRING NOT NULL COMMENT 'The country or author that it is about; `all` for the week as a whole.',
  value DOUBLE NOT NULL COMMENT 'The measure.',
  usual_low DOUBLE COMMENT 'The least that raises no warning.',
  usual_high DOUBLE NOT NULL COMMENT 'The most that raises no warning.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a complete week, measure and subject. By knowledge `now`. Who is new is told only of whole charts of the same grain; the first weeks and those after a gap have fewer measures. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.drift_week
SELECT week_start, measure, subject, value, usual_low, usual_high, status, as_of FROM parquet.`LAKE/latest/drift_week/`;

CREATE TABLE IF NOT EXISTS standings.claims (
  claim STRING NOT NULL COMMENT 'Short stable id.',
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  country_code STRING NOT NULL COMMENT 'The country that it speaks of, or WORLD for all tokens.',
  metric STRING NOT NULL COMMENT 'What is claimed: its `tokens`; that it leads (`leader`), and for how many weeks in a row (`streak`); its `share` of what `among` names; the `ratio` of its tokens to those of the country `subject`; the tokens of the `model` that `subject` names; how many of the first entries are its own (`count`); or `spend` and whatever else is `unmeasured` here.',
  tokens_printed BIGINT COMMENT 'The printed figure. Unit: tokens.',
  basis STRING NOT NULL COMMENT 'Whether the figure was stated, derived from a printed percentage, or printed without its week; `no week`: it is not about a week at all, and stands in that of its publication or of its end.',
  method_named STRING COMMENT 'The method that the wording names.',
  verdict STRING NOT NULL COMMENT 'What the data say of it.',
  method STRING COMMENT 'The method that fits, or comes closest.',
  knowledge STRING COMMENT 'The knowledge under which it does.',
  tokens BIGINT COMMENT 'Our figure under that method and knowledge. Unit: tokens.',
  difference DOUBLE COMMENT '(ours - printed) / printed. Unit: fraction.',
  fits STRING COMMENT 'Every method and knowledge under which it is so.',
  tried BIGINT NOT NULL COMMENT 'How many methods and knowledges were tried.',
  explanation STRING COMMENT 'What would explain the printed figure.',
  remark STRING COMMENT 'What a reader should know beside the verdict.',
  wording STRING NOT NULL COMMENT 'What was said, in our words.',
  source STRING NOT NULL COMMENT 'Where it was printed.',
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
USING DELTA
COMMENT 'One row a printed claim: the method under which it is reproduced or that comes closest, and a verdict. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.claims
SELECT claim, week_start, country_code, metric, tokens_printed, basis, method_named, verdict, method, knowledge, tokens, difference, fits, tried, explanation, remark, wording, source, note, status, as_of, outlet, published, among, subject, value_printed, value FROM parquet.`LAKE/latest/claims/`;

CREATE TABLE IF NOT EXISTS standings.claim_value (
  claim STRING NOT NULL COMMENT 'Short stable id.',
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  tokens BIGINT COMMENT 'Our figure for what the claim speaks of. Unit: tokens.',
  difference DOUBLE COMMENT '(ours - printed) / printed. Unit: fraction.',
  leader STRING COMMENT 'The leading country.',
  lead_certain BOOLEAN COMMENT 'Whether it certainly leads.',
  holds BOOLEAN NOT NULL COMMENT 'Whether the claim is so under this method and knowledge.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.',
  value DOUBLE COMMENT 'Our figure where it is not tokens, in the unit of the printed one.',
  possible BOOLEAN COMMENT 'Whether it may be so for all that is held: a streak that began before the data, or in a gap.'
)
USING DELTA
COMMENT 'One row a claim, method and knowledge that were tried: our figure, the difference, and who leads. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.claim_value
SELECT claim, week_start, method, knowledge, tokens, difference, leader, lead_certain, holds, as_of, value, possible FROM parquet.`LAKE/latest/claim_value/`;

CREATE TABLE IF NOT EXISTS standings.forecast_path (
  forecast STRING NOT NULL COMMENT 'Short stable id.',
  week_start DATE NOT NULL COMMENT 'The Monday, in UTC, on which the week begins; the partition key.',
  method STRING NOT NULL COMMENT 'The way of counting that the figure follows.',
  knowledge STRING NOT NULL COMMENT 'Which attributions count: `then` only those known when the week closed, `now` all that are known.',
  issuer STRING NOT NULL COMMENT 'Who made it.',
  country_code STRING NOT NULL COMMENT 'Where the model\'s author has its headquarters: ISO 3166-1 alpha-2, or ZZ for what no country can claim.',
  scope STRING NOT NULL COMMENT 'What it counts.',
  unit STRING NOT NULL COMMENT 'The unit of its values.',
  year_from BIGINT NOT NULL COMMENT 'The year of the first value.',
  value_from BIGINT NOT NULL COMMENT 'The first value. Unit: tokens.',
  year_to BIGINT NOT NULL COMMENT 'The year of the last value.',
  value_to BIGINT NOT NULL COMMENT 'The last value. Unit: tokens.',
  printed_multiple BIGINT COMMENT 'The growth as printed.',
  multiple DOUBLE NOT NULL COMMENT 'value_to / value_from. Unit: ratio.',
  implied_yearly DOUBLE NOT NULL COMMENT 'Yearly growth that leads from the first value to the last. Unit: fraction.',
  implied_weekly DOUBLE NOT NULL COMMENT 'The same a week, of 365.25 / 7 weeks a year. Unit: fraction.',
  tokens BIGINT NOT NULL COMMENT 'The country\'s tokens in the week. Unit: tokens.',
  observed_weekly DOUBLE COMMENT 'Mean weekly growth over the last four weeks. Unit: fraction.',
  observed_yearly DOUBLE COMMENT 'Growth over the last 52 weeks. Unit: fraction.',
  comparable STRING NOT NULL COMMENT 'Whether levels can be compared.',
  reason STRING NOT NULL COMMENT 'Why levels can or cannot be compared.',
  status STRING NOT NULL COMMENT '`incomplete`: fewer than 7 days. `settled`: every day was read again on or after the Friday that follows the week. `provisional`: in between.',
  as_of TIMESTAMP NOT NULL COMMENT 'The vintage: the moment at which the source first gave this content (for a week, of its newest day). Unit: UTC.'
)
USING DELTA
COMMENT 'One row a forecast, week, method and knowledge: growth rates side by side, and whether levels compare. Source: OpenRouter (openrouter.ai/rankings), as of each row\'s as_of. Licensed under CC BY 4.0. Tokens of different providers\' tokenizers are not strictly comparable.';
INSERT OVERWRITE standings.forecast_path
SELECT forecast, week_start, method, knowledge, issuer, country_code, scope, unit, year_from, value_from, year_to, value_to, printed_multiple, multiple, implied_yearly, implied_weekly, tokens, observed_weekly, observed_yearly, comparable, reason, status, as_of FROM parquet.`LAKE/latest/forecast_path/`;
