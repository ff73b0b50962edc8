"""Object keys: the layout that readers rely on, and the way back from a key to a capture."""

from datetime import date

import pytest

from flows.lake import keys
from flows.lake.keys import RawKey
from flows.storage.object_store import check_key

SHA = "ab" * 32
WEEK = date(2026, 7, 6)

CAPTURES = [
    RawKey("api", "day", "all", SHA),
    RawKey("chart", "week", "all", SHA),
    RawKey("simulated", "week", "category-marketing-seo", SHA),
    RawKey("api", "day", "modality-text+context_bucket-1K", SHA),
    RawKey("api", "day", "category-a=b", SHA),
]


def test_the_layout_is_the_one_that_readers_rely_on() -> None:
    key = RawKey("api", "day", "all", SHA)
    assert key.body == f"raw/origin=api/period=day/slice=all/{SHA}.body"
    assert key.request == f"raw/origin=api/period=day/slice=all/{SHA}.request.json"
    assert key.rejection == f"quarantine/captures/origin=api/period=day/slice=all/{SHA}.json"
    assert key.confirmation == f"confirmed/origin=api/period=day/slice=all/{SHA}"
    assert keys.part("country_week", WEEK, SHA) == f"parts/country_week/week=2026-07-06/{SHA}.parquet"
    assert keys.latest("country_week", WEEK) == "latest/country_week/week=2026-07-06/country_week.parquet"
    assert keys.manifest("000001-abc") == "manifests/000001-abc.json"
    assert keys.staged("run", "country_week.parquet") == "staging/run/country_week.parquet"
    assert keys.report(SHA) == f"reports/{SHA}.json"
    assert keys.metadata(SHA, "md") == f"metadata/{SHA}.md"
    assert keys.descriptor(keys.PACKAGE, "000001-abc") == "datapackage.000001-abc.json"
    assert keys.newest(keys.CROISSANT) == "croissant.json"


@pytest.mark.parametrize("key", CAPTURES, ids=lambda key: key.slice)
def test_a_body_key_leads_back_to_its_capture(key: RawKey) -> None:
    assert keys.raw(key.body) == key


@pytest.mark.parametrize("key", CAPTURES, ids=lambda key: key.slice)
def test_every_key_of_a_capture_is_one_that_a_store_takes(key: RawKey) -> None:
    for name in (key.body, key.request, key.rejection):
        check_key(name)


@pytest.mark.parametrize(
    "name",
    [
        "raw/x.body",
        "raw/a/b/c.body",
        "raw/a/b/c/d/e.body",
        f"raw/origin=api/period=day/slice=all/{SHA}.request.json",
        f"raw/origin=api/period=day/slice=all/{SHA}",
        f"other/origin=api/period=day/slice=all/{SHA}.body",
        "",
    ],
)
def test_any_other_key_is_no_capture(name: str) -> None:
    assert keys.raw(name) is None


def test_captures_that_differ_in_anything_have_different_keys() -> None:
    others = [
        RawKey("chart", "day", "all", SHA),
        RawKey("api", "week", "all", SHA),
        RawKey("api", "day", "modality-text", SHA),
        RawKey("api", "day", "all", "cd" * 32),
    ]
    names = {name for key in (CAPTURES[0], *others) for name in (key.body, key.request, key.rejection)}
    assert len(names) == 3 * (1 + len(others))


def test_what_is_named_by_its_content_says_so_and_nothing_else_does() -> None:
    assert keys.digest_in(keys.metadata(SHA, "json")) == SHA
    assert keys.digest_in(keys.descriptor(keys.PACKAGE, "000001-abcdef012345")) is None


@pytest.mark.parametrize("folder", [keys.RAW, keys.LATEST, keys.REJECTED])
def test_what_stands_alone_lies_in_no_listed_folder(folder: str) -> None:
    assert not any(name.startswith(folder) for name in (keys.LAKE, keys.POINTER, keys.LATEST_MARK))
