"""Writes what is made from the tables' definitions: infra/warehouse/*.sql and infra/dictionary.md. `make generate`.

The dictionary's examples are what the pipeline makes of a few simulated weeks, always the same ones.
"""

import logging
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from flows.lake import captures, keys
from flows.lake.captures import Asked
from flows.lake.lake import claim
from flows.lake.staging import begin
from flows.pipeline.conform import conform
from flows.pipeline.describe import examples
from flows.pipeline.run import computed
from flows.sample_api import simulator
from flows.sample_api.server import DEFAULT_SEED
from flows.sample_api.simulator import Period
from flows.settings import Settings
from schemas import ATTRIBUTION, CLAIM_VALUE, CLAIMS, FORECAST_PATH, MODEL_WEEK, TABLES, reference
from schemas.licence import CAVEAT
from schemas.projections.ddl import WAREHOUSES
from schemas.projections.dictionary import Examples, dictionary

INFRA = Path(__file__).resolve().parent
FOLDER = INFRA / "warehouse"
DICTIONARY = INFRA / "dictionary.md"
README = INFRA.parent / "README.md"
FIRST, LAST = date(2026, 3, 2), date(2026, 4, 12)
LOOKS: tuple[tuple[datetime, Period], ...] = (
    (datetime(2026, 4, 13, 6, tzinfo=UTC), "day"),
    (datetime(2026, 4, 17, 6, tzinfo=UTC), "day"),
    (datetime(2026, 4, 17, 6, tzinfo=UTC), "week"),
)
"""When the simulated source is asked for those weeks, and in which grain: so that it has restated some days by then."""


def files() -> dict[Path, str]:
    """Each warehouse's file and what it should hold."""
    return {FOLDER / f"{each.name}.sql": each.script(TABLES) for each in WAREHOUSES}


def words() -> str:
    """What the dictionary should hold."""
    notes = (
        "Made from the definitions in `schemas/`: do not edit. Every release has the same in its lake, "
        "with examples of its own.",
        f"The examples are SIMULATED figures of the weeks from {FIRST} to {LAST} and describe nothing real. "
        "What `schemas/reference/` holds of claims, forecasts and models is real; it is not compared with a "
        "simulated lake, so what comes of that comparison has no example here.",
        CAVEAT,
    )
    real = curated()
    shown = {name: {**real.get(name, {}), **made} for name, made in simulated().items()}
    return dictionary(TABLES, shown, notes)


def readme() -> str:
    """The README with its lists of tables and of the lake's objects as they are defined."""
    tables = [(f"`{table.name}`", table.summary) for table in TABLES]
    objects = [
        (f"`{each.form}`", each.holds, each.proof, each.remedy, "yes" if each.pruned else "no")
        for each in keys.FAMILIES
    ]
    text = _listed(README.read_text(), "tables", ("table", "what it holds"), tables)
    columns = ("key", "what it is", "proven by", "`repair`", "`prune`")
    return _listed(text, "objects", columns, objects)


def _listed(text: str, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The text with a list in place of the one that stands between its marks."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    lines = "".join(f"| {' | '.join(row)} |\n" for row in [columns, *rows])
    first, _, others = lines.partition("\n")
    return f"{head}{begin}\n{first}\n|{'---|' * len(columns)}\n{others}{end}{tail}"


def curated() -> Examples:
    """Values of the columns that are taken over from the reference files, as they stand there."""
    facts = reference.load()
    claims = facts.claims.rename({"tokens": "tokens_printed"})
    sources = {
        CLAIMS: [claims],
        CLAIM_VALUE: [claims],
        FORECAST_PATH: [facts.forecasts],
        ATTRIBUTION: [facts.authors, facts.overrides],
        MODEL_WEEK: [facts.authors],
    }
    return {
        table.name: {
            column: shown
            for rows in frames
            for column, shown in examples(rows.select(set(rows.columns) & set(table.names))).items()
        }
        for table, frames in sources.items()
    }


def simulated() -> Examples:
    """Values of each column from the newest simulated week that has any."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(lake=f"file://{folder}/lake", warehouse=Path(folder) / "warehouse.duckdb")
        store = claim(settings, "simulated")
        for moment, period in LOOKS:
            body = simulator.answer(DEFAULT_SEED, moment, FIRST, LAST, period)
            captures.land(store, body, Asked("the dictionary's examples", moment, period, "simulated"))
        run = begin(settings)
        computed(run, conform(run))
        tables = {table.name: run.stage.read(table.name) for table in TABLES}
    return {
        name: {column: shown for column, shown in _newest(rows).items() if shown}
        for name, rows in tables.items()
    }


def _newest(rows: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    return examples(rows.filter(pl.col("week_start") == pl.col("week_start").max()))


if __name__ == "__main__":
    logging.getLogger("standings").setLevel(logging.ERROR)
    FOLDER.mkdir(exist_ok=True)
    for path, content in {**files(), DICTIONARY: words(), README: readme()}.items():
        path.write_text(content)
        print(path.relative_to(INFRA.parent))
