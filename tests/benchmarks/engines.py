"""The same job in Polars (ours), DuckDB's SQL and pandas: from every vintage's rows to countries, each in a process of
its own with its own threads. `python -m tests.benchmarks.engines 52 520`: how many weeks of 192,500 rows, in turn.

The job: of each day the newest vintage, a week's tokens of each model, whose it is as known now, and by each of the
five methods every country's tokens, share, bounds of the share and rank. Ours also counts as known then, and bounds
the ranks. All must come to the same figures. Medians of three rounds.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from schemas import reference
from schemas.methods import UNPAID_AUTHORS
from tests.benchmarks import scale
from transforms.weeks import WEEK, midnight

FIGURES = ("week_start", "method", "country_code", "tokens", "share", "share_lo", "share_hi", "rank")
ROUNDS = 3
MEMORY = 20 << 30
"""Bytes of address space above which an engine is given up."""


def main() -> None:
    if sys.argv[1] in ENGINES:
        measure(sys.argv[1], Path(sys.argv[2]))
        return
    for weeks in map(int, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as name:
            rows = write(Path(name), weeks)
            print(
                f"\n{rows:,} rows of {weeks} weeks -> countries, five methods, medians of {ROUNDS} rounds",
                flush=True,
            )
            compare(Path(name))


def compare(folder: Path) -> None:
    """The engines by turns, round by round, and of each the median as a ratio of ours."""
    found: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    gave_up: dict[str, str] = {}
    for _ in range(ROUNDS):
        for engine in [each for each in ENGINES if each not in gave_up]:
            command = [sys.executable, "-m", "tests.benchmarks.engines", engine, str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                found[engine].append(json.loads(done.stdout))
            elif "MemoryError" in done.stderr or done.returncode < 0:
                gave_up[engine] = "out of memory"
            else:
                gave_up[engine] = done.stderr[-300:]
    ours = next(iter(found.values()))
    base = statistics.median(each["seconds"] for each in ours)
    for engine, rounds in found.items():
        if engine in gave_up:
            print(f"  {engine:8} gave up: {gave_up[engine]}", flush=True)
            continue
        seconds = statistics.median(each["seconds"] for each in rounds)
        peak = max(each["peak"] for each in rounds)
        wanted = pl.DataFrame(ours[0]["figures"])
        same = all(pl.DataFrame(each["figures"]).equals(wanted) for each in rounds)
        print(
            f"  {engine:8} {seconds:7.1f} s, {seconds / base:5.2f} of ours, peak {peak:6,} MiB, "
            f"{'the same figures' if same else 'OTHER FIGURES'}",
            flush=True,
        )
        if not same:
            sys.exit(1)


def write(folder: Path, weeks: int) -> int:
    """The rows as a Parquet file a week, and the facts about authors; returns how many rows."""
    slugs = scale.permaslugs()
    for number in range(weeks):
        monday = scale.FIRST + WEEK * number
        end = monday + timedelta(days=6)
        capture = scale.Capture(scale._key(monday), midnight(end + timedelta(days=6)), monday, end)
        entries = scale.RANKING_ENTRY.conform(scale.week_of(slugs, capture))
        entries.write_parquet(folder / f"week={monday}.parquet")
        scale.OBSERVATION.conform(scale._looks(capture)).write_parquet(folder / f"week={monday}.looks")
    scale.lasting(reference.load()).write_csv(folder / "authors.csv")
    return weeks * scale.ROWS_A_WEEK


def measure(engine: str, folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    started = time.perf_counter()
    figures = ENGINES[engine](folder)
    seconds = time.perf_counter() - started
    rounded = figures.select(
        pl.col("week_start").cast(pl.String),
        "method",
        "country_code",
        pl.col("tokens").cast(pl.Int64),
        pl.col("share", "share_lo", "share_hi").round(9),
        pl.col("rank").cast(pl.Int64),
    ).sort("week_start", "method", "country_code")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "figures": rounded.to_dict(as_series=False)}))


def ours(folder: Path) -> pl.DataFrame:
    """The production transforms, a week at a time, as a block is."""
    from transforms.attribution import attribution
    from transforms.country_week import country_week
    from transforms.methods import counted
    from transforms.model_week import model_tokens
    from transforms.vintages import buckets, coverage, states

    facts = reference.load()
    made = []
    for file in sorted(folder.glob("*.parquet")):
        entries = pl.read_parquet(file)
        observations = pl.read_parquet(file.with_suffix(".looks"))
        held = buckets(entries.lazy(), observations, states(entries))
        covered = coverage(held)
        models = model_tokens(entries.lazy(), covered)
        rows = country_week(counted(models, attribution(models, facts)), covered, facts.countries)
        made.append(rows.filter(pl.col("knowledge") == "now").select(FIGURES))
    return pl.concat(made)


SQL = """
WITH newest AS (
  FROM read_parquet('{folder}/*.parquet')
  QUALIFY as_of = max(as_of) OVER (PARTITION BY period, date)
), models AS (
  SELECT week_start, model_permaslug, split_part(model_permaslug, '/', 1) AS author,
         contains(model_permaslug, ':free') OR author IN {unpaid} AS unpaid, sum(tokens)::HUGEINT AS tokens
  FROM newest GROUP BY ALL
), authors AS (
  SELECT week_start, author, rank() OVER (PARTITION BY week_start ORDER BY sum(tokens) DESC, author) AS place
  FROM models GROUP BY week_start, author
), placed AS (
  SELECT models.*, coalesce(known.country_code, 'ZZ') AS country_code, authors.place AS author_place,
         row_number() OVER (PARTITION BY week_start ORDER BY tokens DESC, model_permaslug) AS place
  FROM models JOIN authors USING (week_start, author)
  LEFT JOIN read_csv('{folder}/authors.csv') AS known USING (author)
), counted AS (
  SELECT 'all_models' AS method, * FROM placed
  UNION ALL BY NAME SELECT 'named_only' AS method, * FROM placed
  UNION ALL BY NAME SELECT 'paid_only' AS method, * FROM placed WHERE NOT unpaid
  UNION ALL BY NAME SELECT 'top9_named' AS method, * FROM placed WHERE place <= 9
  UNION ALL BY NAME SELECT 'author_chart' AS method, * FROM placed WHERE author_place <= 9
), countries AS (
  SELECT week_start, method, country_code, sum(tokens) AS tokens FROM counted GROUP BY ALL
  UNION ALL
  SELECT DISTINCT week_start, method, 'ZZ', 0 FROM counted
), summed AS (
  SELECT week_start, method, country_code, sum(tokens) AS tokens FROM countries GROUP BY ALL
), totals AS (
  SELECT *, sum(tokens) OVER whole AS total,
         sum(CASE WHEN country_code = 'ZZ' THEN tokens ELSE 0 END) OVER whole AS nobodys
  FROM summed WINDOW whole AS (PARTITION BY week_start, method)
)
SELECT week_start, method, country_code, tokens::BIGINT AS tokens,
       CASE WHEN country_code <> 'ZZ' THEN tokens::DOUBLE / (total - nobodys)::DOUBLE END AS share,
       CASE WHEN country_code <> 'ZZ' THEN tokens::DOUBLE / total::DOUBLE ELSE 0 END AS share_lo,
       CASE WHEN country_code <> 'ZZ' THEN (tokens + nobodys)::DOUBLE / total::DOUBLE
            ELSE tokens::DOUBLE / total::DOUBLE END AS share_hi,
       CASE WHEN country_code <> 'ZZ' THEN rank() OVER (
         PARTITION BY week_start, method, country_code = 'ZZ' ORDER BY tokens DESC) END AS rank
FROM totals
"""


def duckdb(folder: Path) -> pl.DataFrame:
    import duckdb

    return pl.DataFrame(duckdb.sql(SQL.format(folder=folder, unpaid=UNPAID_AUTHORS)).to_arrow_table()).select(
        FIGURES
    )


def pandas(folder: Path) -> pl.DataFrame:
    import pandas as pd

    rows = pd.concat(pd.read_parquet(file) for file in sorted(folder.glob("*.parquet")))
    rows = rows[rows["as_of"] == rows.groupby(["period", "date"])["as_of"].transform("max")]
    models = rows.groupby(["week_start", "model_permaslug"], as_index=False)["tokens"].sum()
    models["author"] = models["model_permaslug"].str.split("/").str[0]
    known = pd.read_csv(folder / "authors.csv", keep_default_na=False)
    models = models.merge(known, on="author", how="left").fillna({"country_code": "ZZ"})
    ordered = models.sort_values(["tokens", "model_permaslug"], ascending=[False, True])
    authors = models.groupby(["week_start", "author"], as_index=False)["tokens"].sum()
    authors = authors.sort_values(["tokens", "author"], ascending=[False, True]).groupby("week_start").head(9)
    unpaid = models["model_permaslug"].str.contains(":free", regex=False) | models["author"].isin(
        UNPAID_AUTHORS
    )
    sets = {
        "all_models": models,
        "named_only": models,
        "paid_only": models[~unpaid],
        "top9_named": ordered.groupby("week_start").head(9),
        "author_chart": models.merge(authors[["week_start", "author"]], on=["week_start", "author"]),
    }
    counted = pd.concat(each.assign(method=name) for name, each in sets.items())
    way = ["week_start", "method"]
    nobody = counted[way].drop_duplicates().assign(country_code="ZZ", tokens=0)
    counts = pd.concat([counted[[*way, "country_code", "tokens"]], nobody])
    counts = counts.groupby([*way, "country_code"], as_index=False)["tokens"].sum()
    total = counts.groupby(way)["tokens"].transform("sum")
    is_known = counts["country_code"] != "ZZ"
    nobodys = counts["tokens"].where(~is_known, 0).groupby([counts[each] for each in way]).transform("sum")
    counts["share"] = (counts["tokens"] / (total - nobodys)).where(is_known)
    counts["share_lo"] = (counts["tokens"] / total).where(is_known, 0)
    counts["share_hi"] = (counts["tokens"] + nobodys.where(is_known, 0)) / total
    counts["rank"] = (
        counts["tokens"].where(is_known).groupby([counts[each] for each in way]).rank("min", ascending=False)
    )
    return pl.from_pandas(counts.assign(rank=counts["rank"].astype("Int64"))).select(FIGURES)


ENGINES: dict[str, Callable[[Path], pl.DataFrame]] = {"ours": ours, "duckdb": duckdb, "pandas": pandas}

if __name__ == "__main__":
    main()
