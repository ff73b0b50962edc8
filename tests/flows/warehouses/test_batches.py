"""Published parts, some rows at a time."""

import io
from datetime import date

import polars as pl
import pytest

from flows.lake.lake import open_lake
from flows.lake.manifest import Manifest, Partition, stale
from flows.lake.reader import rows_of
from flows.settings import Settings
from flows.warehouses import batches as parts
from flows.warehouses.batches import batches, sums, sums_query, unlike
from schemas import CLAIMS, MODEL_WEEK, RANKING_ENTRY, TABLES, WEEK_COVERAGE, Table
from schemas.errors import StandingsError
from tests.support import lakes

pytestmark = pytest.mark.slow

MONDAYS = [date(2026, 6, 29), date(2026, 7, 6), date(2026, 7, 13)]
MODELS = {"openai/osprey": 2**53 + 1, "deepseek/delta": 7, "other": 9}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = lakes.on_disk(tmp_path_factory.mktemp("lake"))
    days = {day: models for monday in MONDAYS for day, models in lakes.week_of(monday, MODELS).items()}
    lakes.land_bytes(settings, lakes.body(days))
    lakes.publish(settings)
    return settings


def listed(manifest: Manifest) -> list[parts.Part]:
    return stale(manifest, {})[0]


@pytest.mark.parametrize(("rows", "weeks"), [(10**6, [3]), (42, [2, 1]), (41, [1, 1, 1]), (1, [1, 1, 1])])
def test_batches_are_whole_weeks_of_one_table_and_all_of_them(
    rows: int, weeks: list[int], lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "BATCH", rows)
    store, manifest = open_lake(lake), lakes.manifest_of(lake)
    made = list(batches(store, listed(manifest)))
    assert manifest.weeks(RANKING_ENTRY)[MONDAYS[0]].rows == 21
    assert [len(each.weeks) for each in made if each.table is RANKING_ENTRY] == weeks
    for table in TABLES:
        own = [each for each in made if each.table is table]
        held = pl.concat([table.polars_schema().to_frame(), *(each.rows for each in own)])
        assert held.equals(rows_of(store, manifest, table))
        assert [week for each in own for week in each.weeks] == sorted(manifest.weeks(table))


def test_sums_are_exact_beyond_what_64_bits_hold() -> None:
    tokens = [2**63 - 1, 2**63 - 1, 5]
    frame = pl.DataFrame({"week_start": [MONDAYS[0]] * 2 + [MONDAYS[1]], "tokens": tokens})
    assert sums(MODEL_WEEK, frame) == {MONDAYS[0]: (2, 2**64 - 2), MONDAYS[1]: (1, 5)}
    assert sums(WEEK_COVERAGE, frame) == {MONDAYS[0]: (2, None), MONDAYS[1]: (1, None)}
    empty = pl.DataFrame(
        {"week_start": MONDAYS[:1], "tokens": [None]}, {"week_start": pl.Date, "tokens": pl.Int64}
    )
    assert sums(CLAIMS, empty) == {MONDAYS[0]: (1, 0)}
    assert "coalesce(sum(tokens), 0)" in sums_query(CLAIMS, "x")
    assert "sum" not in sums_query(WEEK_COVERAGE, "x")


def part_of(settings: Settings, frame: pl.DataFrame, rows: int) -> Partition:
    """A part of these rows, which the manifest says has so many."""
    sink = io.BytesIO()
    frame.write_parquet(sink)
    body = sink.getvalue()
    key = f"parts/tests/{lakes.digest(body)}.parquet"
    open_lake(settings).put_once(key, body)
    return Partition(key, lakes.digest(body), rows, len(body), None, ())


def test_a_column_that_an_older_part_does_not_have_is_empty(lake: Settings) -> None:
    store, manifest = open_lake(lake), lakes.manifest_of(lake)
    whole = rows_of(store, manifest, MODEL_WEEK, MONDAYS[0], MONDAYS[0])
    older = part_of(lake, whole.drop("base_country"), whole.height)
    (batch,) = batches(store, [(MODEL_WEEK, MONDAYS[0], older)])
    assert batch.rows.schema == MODEL_WEEK.polars_schema()
    assert batch.rows.equals(whole.with_columns(base_country=pl.lit(None, pl.String)))


def test_a_part_with_other_rows_than_the_manifest_says_is_refused(lake: Settings) -> None:
    store, manifest = open_lake(lake), lakes.manifest_of(lake)
    whole = rows_of(store, manifest, MODEL_WEEK, MONDAYS[0], MONDAYS[0])
    wrong = part_of(lake, whole, whole.height + 1)
    with pytest.raises(StandingsError, match=f"{wrong.key}: has other rows than the manifest says"):
        list(batches(store, [(MODEL_WEEK, MONDAYS[0], wrong)]))


def likeness(lake: Settings, rows: pl.DataFrame) -> list[str]:
    """What is told of a warehouse that holds these rows of one table, and all of the others."""
    store, manifest = open_lake(lake), lakes.manifest_of(lake)

    def held(table: Table) -> pl.DataFrame:
        return rows if table is MODEL_WEEK else rows_of(store, manifest, table)

    return list(
        unlike(
            store,
            manifest,
            lambda table: sums(table, held(table)),
            lambda table, first, last: held(table).filter(pl.col("week_start").is_between(first, last)),
        )
    )


def test_a_table_that_is_not_as_published_is_told_with_its_first_week_that_is_not(lake: Settings) -> None:
    rows = rows_of(open_lake(lake), lakes.manifest_of(lake), MODEL_WEEK)
    tokens = 7 * sum(MODELS.values())
    second = pl.col("week_start") == MONDAYS[1]
    more = pl.when(second).then(pl.col("tokens") + 1).otherwise("tokens").alias("tokens")
    other = pl.when(second).then(pl.lit("x")).otherwise("organisation").alias("organisation")
    start = (
        "model_week: its rows are not those that were published, in 1 of its weeks: that of 2026-07-06 has "
    )
    assert likeness(lake, rows) == likeness(lake, rows.reverse()) == []
    assert likeness(lake, rows.filter(~second)) == [
        f"{start}0 rows, and 3 rows with {tokens} tokens were published"
    ]
    assert likeness(lake, rows.with_columns(more)) == [
        f"{start}3 rows with {tokens + 3} tokens, and 3 rows with {tokens} tokens were published"
    ]
    assert likeness(lake, rows.with_columns(other)) == [f"{start}other values"]
    strange = rows.filter(second).with_columns(week_start=pl.lit(date(2020, 1, 6)))
    assert likeness(lake, pl.concat([rows, strange])) == [
        "model_week: its rows are not those that were published, in 1 of its weeks: "
        "that of 2020-01-06 is not part of the release"
    ]
