"""One suite for both backends: a folder, and a real S3 server over HTTP."""

import errno
import hashlib
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from flows.storage import local
from flows.storage.object_store import LostRace, NotFound, S3Options, Store, check_key
from flows.storage.open import open_store, probe
from schemas.errors import StandingsError
from tests.support import servers

ROOT = Path(__file__).resolve().parents[3]
NO_S3 = S3Options()
ODD_KEYS = [
    "a",
    "a-b/x",
    "a.b",
    "a0",
    "b/week=2026-01-05/x.parquet",
    "b/week=2026-01-12/x.parquet",
    "b/x y+z%20&=?#'\"*[1]{2}~.json",
    "b/Ωmega/été.json",
    "b/\U0001f4c8.svg",
    "b/\uffe6.svg",
    "B/x",
    ".hidden/..x",
]
BAD_KEYS = {
    "": "empty segment",
    "/etc/passwd": "empty segment",
    "a//b": "empty segment",
    "a/": "empty segment",
    "..": "leads elsewhere",
    "../x": "leads elsewhere",
    "a/../../x": "leads elsewhere",
    "./a": "leads elsewhere",
    "a/.": "leads elsewhere",
    "a\0b": "control character",
    "a\nb": "control character",
    "a\x7f": "control character",
    "a\ud800": "control character",
    "a\\b": "backslash",
    "a/.store-lock": "reserved",
    "x" * 256: "255 bytes",
    "é" * 128: "255 bytes",
    "/".join(["x" * 100] * 10): "900 bytes",
}


@pytest.fixture
def open_lake(store_url: str, request: pytest.FixtureRequest) -> Callable[[], Store]:
    """Opens the same fresh lake, anew at each call."""
    options = request.getfixturevalue("s3_options") if store_url.startswith("s3:") else NO_S3
    return lambda: open_store(store_url, options)


@pytest.fixture
def store(open_lake: Callable[[], Store]) -> Store:
    return open_lake()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def folder_store(folder: Path) -> Store:
    return open_store(f"file://{folder}", NO_S3)


@pytest.fixture
def bucket(s3_endpoint: str) -> str:
    name = f"bucket-{random.getrandbits(64):x}"
    servers.make_bucket(s3_endpoint, name)
    return name


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow each other at once."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


# Reading and writing


def test_what_is_written_is_read_back(store: Store) -> None:
    assert store.put_once("raw/a.json", b"one")
    assert store.get("raw/a.json") == b"one"
    store.put("raw/a.json", b"two")
    store.put("raw/empty", b"")
    assert store.get("raw/a.json") == b"two"
    assert store.get("raw/empty") == b""
    assert list(store.list()) == ["raw/a.json", "raw/empty"]


def test_a_key_is_created_only_once(store: Store, open_lake: Callable[[], Store]) -> None:
    assert store.put_once("part", b"first")
    assert not store.put_once("part", b"second")
    assert not open_lake().put_once("part", b"first")
    assert store.get("part") == b"first"


def test_large_objects_come_back_whole(store: Store) -> None:
    data = random.Random(7).randbytes(5 << 20)
    assert store.put_once("large", data)
    assert not store.put_once("large", data[:-1])
    assert store.get("large") == data


def test_what_is_missing_is_said_to_be(store: Store) -> None:
    for missing in ("nothing", "no/thing"):
        for attempt in (store.get, store.read):
            with pytest.raises(NotFound) as caught:
                attempt(missing)
            assert one_line(caught.value).endswith("it does not exist")
        store.delete(missing)
    assert list(store.list()) == []
    store.put("thing", b"")
    with pytest.raises(NotFound):
        store.get("thing/below")


def test_deleting_leaves_nothing_behind(store: Store) -> None:
    store.put("a/b/c/1", b"")
    store.put("a/b/2", b"")
    store.delete("a/b/c/1")
    assert list(store.list("a/")) == ["a/b/2"]
    store.delete("a/b/2")
    store.delete("a/b/2")
    assert list(store.list()) == []
    assert store.put_once("a", b"a name that was a folder's")
    store.delete("a")
    assert store.put_once("a/b/2", b"and again")


def test_swap_replaces_only_what_was_read(store: Store) -> None:
    first = store.swap("pointer", b"1", None)
    assert store.read("pointer") == (b"1", first)
    second = store.swap("pointer", b"2", first)
    assert store.read("pointer") == (b"2", second)
    assert first != second
    for stale in (first, None):
        with pytest.raises(LostRace) as caught:
            store.swap("pointer", b"3", stale)
        assert "changed by another run" in one_line(caught.value)
    with pytest.raises(LostRace):
        store.swap("other/pointer", b"3", first)
    assert list(store.list()) == ["pointer"]
    assert store.get("pointer") == b"2"
    store.put("pointer", b"4")
    with pytest.raises(LostRace):
        store.swap("pointer", b"5", second)
    store.delete("pointer")
    with pytest.raises(LostRace):
        store.swap("pointer", b"5", second)
    assert store.swap("pointer", b"1", None) == first


def test_an_equal_write_of_another_does_not_count_as_ours(store: Store) -> None:
    version = store.swap("pointer", b"5", None)
    store.swap("pointer", b"6", version)
    with pytest.raises(LostRace):
        store.swap("pointer", b"6", version)


# Listing


def test_keys_are_listed_in_code_point_order(store: Store) -> None:
    for key in random.Random(1).sample(ODD_KEYS[1:], len(ODD_KEYS) - 1):
        store.put(key, key.encode())
    listed = list(store.list())
    assert listed == sorted(ODD_KEYS[1:]) == sorted(ODD_KEYS[1:], key=str.encode)
    for key in listed:
        assert store.get(key) == key.encode()
        assert next(store.list(key)) == key


def test_a_prefix_may_end_anywhere(store: Store) -> None:
    for key in ("week=2026-01-05/a", "week=2026-01-12/a", "week=2026-02-02/a", "weeks", "x/week"):
        store.put(key, b"")
    assert list(store.list("week=2026-01")) == ["week=2026-01-05/a", "week=2026-01-12/a"]
    assert list(store.list("week=2026-01-05/")) == ["week=2026-01-05/a"]
    assert list(store.list("week=2026-01-05/a")) == ["week=2026-01-05/a"]
    assert list(store.list("week=2026-01-05/ab")) == []
    assert list(store.list("weeks/")) == []
    assert list(store.list("wee"))[-1] == "weeks"
    assert list(store.list(".")) == list(store.list("..")) == list(store.list("none/")) == []
    for bad in ("/", "../", "x//", "x/../"):
        with pytest.raises(StandingsError):
            store.list(bad)


def test_listings_are_complete_beyond_a_page(store: Store) -> None:
    keys = [f"many/{n:04}" for n in range(1005)]
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda key: store.put_once(key, b"x"), keys))
    assert list(store.list("many/")) == keys
    assert list(store.list("many/100")) == keys[1000:]


def test_objects_may_be_deleted_while_they_are_listed(store: Store) -> None:
    for n in range(5):
        store.put(f"old/{n}/x", b"")
    for key in store.list("old/"):
        store.delete(key)
    assert list(store.list()) == []


def test_neighbours_in_a_bucket_do_not_show(bucket: str, s3_options: S3Options) -> None:
    lake, neighbour, whole = (
        open_store(f"s3://{bucket}{path}", s3_options) for path in ("/lake", "/lake2/", "")
    )
    lake.put("a", b"lake")
    neighbour.put("a", b"neighbour")
    assert neighbour.url == f"s3://{bucket}/lake2"
    assert list(lake.list()) == list(neighbour.list()) == ["a"]
    assert list(whole.list()) == ["lake/a", "lake2/a"]
    assert whole.get("lake/a") == b"lake"


# Races


def test_one_of_many_threads_creates(open_lake: Callable[[], Store]) -> None:
    store, writers = open_lake(), 16
    for n in range(3):
        start = threading.Barrier(writers)

        def create(writer: int, key: str = f"race/{n}", start: threading.Barrier = start) -> bool:
            start.wait()
            return store.put_once(key, payload(writer))

        with ThreadPoolExecutor(writers) as pool:
            won = list(pool.map(create, range(writers)))
        assert won.count(True) == 1
        assert store.get(f"race/{n}") == payload(won.index(True))


def test_no_increment_is_lost_between_threads(open_lake: Callable[[], Store]) -> None:
    stores = [open_lake(), open_lake()]
    stores[0].swap("counter", b"0", None)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: increment(stores[n % 2], 6), range(6)))
    assert stores[0].get("counter") == b"36"


def test_processes_race_as_threads_do(folder_store: Store) -> None:
    folder_store.swap("counter", b"0", None)
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        won = list(pool.map(race_in_a_process, [folder_store.url] * 4, range(4)))
    assert sorted(key for keys in won for key in keys) == [f"race/{n:03}" for n in range(100)]
    for writer, keys in enumerate(won):
        assert all(folder_store.get(key) == payload(writer) for key in keys)
    assert folder_store.get("counter") == b"100"


def test_folders_vanish_and_return_under_writers(folder_store: Store, folder: Path) -> None:
    def come_and_go(writer: int) -> None:
        for n in range(60):
            key = f"deep/er/{writer}"
            if n % 2:
                folder_store.put(key, b"x")
            else:
                assert folder_store.put_once(key, b"x")
            assert folder_store.get(key) == b"x"
            folder_store.delete(key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come_and_go, range(8)))
    assert list(folder_store.list()) == []
    assert [path.name for path in folder.iterdir()] == [".store-lock"]


def test_a_folder_pruned_before_its_first_file_is_made_again(
    folder_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, losses = local._make_folder, iter(range(3))

    def make_and_lose(folder: Path) -> None:
        make(folder)
        if next(losses, None) is not None:
            folder.rmdir()

    monkeypatch.setattr(local, "_make_folder", make_and_lose)
    assert folder_store.put_once("deep/er/a", b"a")
    assert folder_store.get("deep/er/a") == b"a"


def test_a_folder_pruned_while_it_is_made_is_made_again(
    folder_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, losses = local._make_folder, iter([FileExistsError(errno.EEXIST, "File exists")])

    def meet_and_lose(folder: Path) -> None:
        for loss in losses:
            raise loss
        make(folder)

    monkeypatch.setattr(local, "_make_folder", meet_and_lose)
    assert folder_store.put_once("deep/er/a", b"a")


def test_a_killed_writer_leaves_no_broken_object(folder_store: Store, folder: Path) -> None:
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from tests.flows.storage.test_object_store import write; write({folder_store.url!r})",
        ],
        cwd=ROOT,
    )
    try:
        wait_for(lambda: len(list(folder_store.list())) > 20)
    finally:
        writer.kill()
        writer.wait()
    (folder / "objects" / ".store-left-by-a-writer-killed-before-it-could-link").write_bytes(b"half an obj")
    keys = list(folder_store.list())
    assert all(key == f"objects/{hashlib.sha256(folder_store.get(key)).hexdigest()}" for key in keys)


# Refusals


def test_bad_keys_are_refused_by_every_method(store: Store) -> None:
    methods: list[Callable[[str], object]] = [
        store.get,
        store.read,
        store.delete,
        lambda key: store.put(key, b""),
        lambda key: store.put_once(key, b""),
        lambda key: store.swap(key, b"", None),
        lambda key: store.swap(key, b"", "version"),
    ]
    for key, reason in BAD_KEYS.items():
        for method in methods:
            with pytest.raises(StandingsError, match=reason) as caught:
                method(key)
            assert not isinstance(caught.value, NotFound | LostRace)
            one_line(caught.value)
    assert list(store.list()) == []


def test_ordinary_keys_pass() -> None:
    for key in [*ODD_KEYS, "x" * 255, "..a", "a..", "...", "a b"]:
        check_key(key)


def test_symbolic_links_are_not_followed(folder_store: Store, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    folder_store.put("inside/x", b"x")
    (folder / "out").symlink_to(outside)
    (folder / "file").symlink_to(outside / "secret")
    (folder / "loop").symlink_to(folder)
    assert list(folder_store.list()) == ["inside/x"]
    for key in ("out/secret", "out/new", "file", "loop/inside/x"):
        for attempt in (folder_store.get, folder_store.delete, lambda key: folder_store.put(key, b"!")):
            with pytest.raises(StandingsError, match="symbolic link"):
                attempt(key)
    with pytest.raises(StandingsError, match="symbolic link"):
        folder_store.list("out/")
    assert [(path.name, path.read_bytes()) for path in outside.iterdir()] == [("secret", b"secret")]


def test_the_lake_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    open_store(f"file://{tmp_path}/link", NO_S3).put("a", b"a")
    assert (folder / "a").read_bytes() == b"a"


def test_an_object_cannot_also_be_a_folder(folder_store: Store) -> None:
    folder_store.put("a/b", b"")
    for attempt in (folder_store.put, folder_store.put_once):
        for key in ("a", "a/b/c"):
            with pytest.raises(StandingsError) as caught:
                attempt(key, b"")
            one_line(caught.value)
    with pytest.raises(NotFound):
        folder_store.get("a")
    folder_store.delete("a")
    assert list(folder_store.list()) == ["a/b"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("lake", "file:// or s3:// URL"),
        ("", "file:// or s3:// URL"),
        ("https://user:hidden@example.org/lake", "not https://"),
        ("S3//bucket", "file:// or s3:// URL"),
        ("file://", "names no folder"),
        ("file:///", "names no folder"),
        ("s3://", "names no usable bucket"),
        ("s3:///lake", "names no usable bucket"),
        ("s3://a b/lake", "names no usable bucket"),
        ("s3://user:hidden@bucket/lake", "must not hold credentials"),
        ("s3://bucket/../other", "leads elsewhere"),
        ("s3://bucket//lake", "empty segment"),
    ],
)
def test_bad_urls_are_refused(url: str, reason: str) -> None:
    with pytest.raises(StandingsError, match=reason) as caught:
        open_store(url, NO_S3)
    assert "hidden" not in one_line(caught.value)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (S3Options(endpoint="http://user:hidden@localhost:9000"), "must not hold credentials"),
        (S3Options(endpoint="localhost:9000"), "is not a URL"),
        (S3Options(endpoint="http://localhost:nine"), "is not a URL"),
        (S3Options(endpoint="http://[::1"), "is not a URL"),
        (S3Options(ca_bundle="/no/such/bundle.pem"), "does not exist"),
        (S3Options(kms_key="alias/lake"), "STANDINGS_S3_ENCRYPTION to aws:kms"),
    ],
)
def test_bad_options_are_refused(options: S3Options, reason: str) -> None:
    with pytest.raises(StandingsError, match=reason) as caught:
        open_store("s3://bucket/lake", options)
    assert "hidden" not in one_line(caught.value)


# Files and folders


def test_opening_and_reading_make_no_folder(folder_store: Store, folder: Path) -> None:
    assert list(folder_store.list()) == []
    folder_store.delete("a")
    with pytest.raises(LostRace):
        folder_store.swap("a/b", b"", "version")
    assert not folder.exists()


def test_a_relative_url_starts_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("file://./lake/", NO_S3)
    assert store.url == "file://./lake"
    monkeypatch.chdir("/")
    store.put("a", b"a")
    assert (tmp_path / "lake" / "a").read_bytes() == b"a"


def test_objects_are_read_only_for_whom_the_umask_allows(folder_store: Store, folder: Path) -> None:
    before = os.umask(0o027)
    try:
        folder_store.put_once("a", b"")
        folder_store.put("b", b"")
        folder_store.swap("c", b"", None)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o440, 0o640}
    assert (folder / "a").stat().st_mode & 0o777 == 0o440


def test_a_folder_that_cannot_be_written_is_said_to_be(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    store = open_store(f"file://{tmp_path}/lake", NO_S3)
    with unprivileged(), pytest.raises(StandingsError) as caught:
        store.put("a", b"")
    assert one_line(caught.value).startswith(f"cannot write file://{tmp_path}/lake/a: Permission denied")


def test_a_file_is_no_lake(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = open_store(f"file://{tmp_path}/file", NO_S3)
    for attempt in (lambda: store.put("a", b""), lambda: store.put_once("a", b""), store.list):
        with pytest.raises(StandingsError, match="Not a directory") as caught:
            attempt()
        one_line(caught.value)


def test_a_lake_in_a_folder_needs_no_boto3(folder: Path) -> None:
    code = (
        "import sys; from flows.storage.object_store import S3Options;"
        "from flows.storage.open import open_store, probe;"
        f"probe(open_store('file://{folder}', S3Options()));"
        "sys.exit(any(name.startswith('boto') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


# The probe


def test_the_probe_passes_and_leaves_nothing(store: Store) -> None:
    probe(store)
    probe(store, "checks/start-up")
    assert list(store.list()) == []


class IgnoresConditions(servers.Tamper):
    def __init__(self, *ignored: str) -> None:
        self._ignored = ignored

    def request(self, method: str, headers: servers.Headers) -> servers.Answer | None:
        for name in self._ignored:
            headers.pop(name, None)
        return None


class RefusesVersions(servers.Tamper):
    def request(self, method: str, headers: servers.Headers) -> servers.Answer | None:
        return (412, b"") if "if-match" in headers else None


class LacksConditions(servers.Tamper):
    def request(self, method: str, headers: servers.Headers) -> servers.Answer | None:
        unknown = b"<Error><Code>NotImplemented</Code></Error>"
        return (501, unknown) if "if-none-match" in headers else None


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (IgnoresConditions("if-match", "if-none-match"), "overwrites an object on a create-only write"),
        (IgnoresConditions("if-match"), "replaces an object that has changed since it was read"),
        (RefusesVersions(), "refuses to replace an object by its current version"),
        (LacksConditions(), "has no conditional writes"),
    ],
)
@pytest.mark.usefixtures("no_waiting")
def test_the_probe_refuses_a_store_without_conditions(
    tamper: servers.Tamper, reason: str, s3_endpoint: str, s3_options: S3Options, bucket: str
) -> None:
    with servers.proxy(s3_endpoint, tamper) as endpoint:
        with pytest.raises(StandingsError, match=reason) as caught:
            probe(open_store(f"s3://{bucket}/lake", through(endpoint)))
        one_line(caught.value)
    assert list(open_store(f"s3://{bucket}", s3_options).list()) == []


# S3 answers that are not plain


class Lossy(servers.Tamper):
    """Lets the first write happen, then hides its success."""

    def __init__(self, instead: servers.Answer | None) -> None:
        self.hidden = 0
        self._instead = instead

    def answer(self, method: str, status: int, body: bytes) -> servers.Answer | None:
        if method == "PUT" and status == 200 and not self.hidden:
            self.hidden += 1
            return self._instead
        return status, body


class Fails(servers.Tamper):
    """Answers the first requests of one method itself."""

    def __init__(self, method: str, times: int, status: int, code: str, words: str = "") -> None:
        self.left = times
        self._method = method
        content = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
        self._answer = status, content.encode()

    def request(self, method: str, headers: servers.Headers) -> servers.Answer | None:
        if method != self._method or not self.left:
            return None
        self.left -= 1
        return self._answer


class CutsShort(servers.Tamper):
    def __init__(self, times: int) -> None:
        self.left = times

    def answer(self, method: str, status: int, body: bytes) -> servers.Answer | None:
        if method == "GET" and self.left:
            self.left -= 1
            return status, body[:-1]
        return status, body


class WantsQuotes(servers.Tamper):
    def request(self, method: str, headers: servers.Headers) -> servers.Answer | None:
        return None if headers.get("if-match", '"').startswith('"') else (412, b"")


@pytest.mark.parametrize("instead", [None, (500, b"")], ids=["connection broken", "500"])
@pytest.mark.usefixtures("no_waiting")
def test_a_success_whose_answer_was_lost_is_a_success(
    instead: servers.Answer | None, s3_endpoint: str, bucket: str
) -> None:
    def lossy() -> Iterator[Store]:
        tamper = Lossy(instead)
        with servers.proxy(s3_endpoint, tamper) as endpoint:
            yield open_store(f"s3://{bucket}/lake", through(endpoint))
        assert tamper.hidden == 1

    for store in lossy():
        assert store.put_once("part", b"ours")
        assert not store.put_once("part", b"ours")
    for store in lossy():
        version = store.swap("pointer", b"1", None)
        assert store.read("pointer") == (b"1", version)
    for store in lossy():
        version = store.swap("pointer", b"2", version)
        assert store.read("pointer") == (b"2", version)


@pytest.mark.parametrize("failure", [(409, "ConditionalRequestConflict"), (500, "InternalError")])
@pytest.mark.usefixtures("no_waiting")
def test_a_write_that_did_not_happen_is_tried_again(
    failure: tuple[int, str], s3_endpoint: str, bucket: str
) -> None:
    tamper = Fails("PUT", 5, *failure)
    with servers.proxy(s3_endpoint, tamper) as endpoint:
        store = open_store(f"s3://{bucket}/lake", through(endpoint))
        assert store.put_once("part", b"ours")
        tamper.left = 5
        assert not store.put_once("part", b"theirs")
        version = store.swap("pointer", b"1", None)
        tamper.left = 5
        assert store.swap("pointer", b"2", version) != version
        tamper.left = 5
        with pytest.raises(LostRace):
            store.swap("pointer", b"3", version)
        assert (store.get("part"), store.get("pointer")) == (b"ours", b"2")
        tamper.left = 1000
        with pytest.raises(StandingsError, match=failure[1]) as caught:
            store.put_once("other", b"")
        assert not isinstance(caught.value, LostRace)


@pytest.mark.usefixtures("no_waiting")
def test_a_service_that_wants_etags_in_quotes_gets_them(s3_endpoint: str, bucket: str) -> None:
    with servers.proxy(s3_endpoint, WantsQuotes()) as endpoint:
        store = open_store(f"s3://{bucket}/lake", through(endpoint))
        probe(store)
        store.swap("counter", b"0", None)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: increment(store, 4), range(3)))
        assert store.get("counter") == b"12"


@pytest.mark.usefixtures("no_waiting")
def test_an_answer_cut_short_is_asked_for_again(s3_endpoint: str, bucket: str) -> None:
    tamper = CutsShort(2)
    with servers.proxy(s3_endpoint, tamper) as endpoint:
        store = open_store(f"s3://{bucket}/lake", through(endpoint))
        store.put("a", b"whole")
        assert store.get("a") == b"whole"
        tamper.left = 1000
        with pytest.raises(StandingsError) as caught:
            store.get("a")
        one_line(caught.value)


# S3 errors in one line


def test_a_missing_bucket_is_named(s3_options: S3Options) -> None:
    store = open_store("s3://no-such-bucket/lake", s3_options)
    for attempt in every_method(store):
        with pytest.raises(StandingsError, match="has no bucket no-such-bucket") as caught:
            attempt()
        assert not isinstance(caught.value, NotFound | LostRace)
        one_line(caught.value)


@pytest.mark.usefixtures("no_waiting")
def test_an_endpoint_that_cannot_be_reached_is_named() -> None:
    store = open_store("s3://bucket/lake", through("http://127.0.0.1:1"))
    for attempt in every_method(store):
        with pytest.raises(StandingsError, match=r"http://127\.0\.0\.1:1 cannot be reached") as caught:
            attempt()
        one_line(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "AccessDenied", "access denied .* s3:PutObject"),
        (403, "InvalidAccessKeyId", "rejects the credentials"),
        (403, "SignatureDoesNotMatch", "rejects the credentials"),
        (400, "ExpiredToken", "rejects the credentials"),
        (400, "Whatever", "answers 400 Whatever"),
    ],
)
def test_refused_access_is_explained(
    status: int, code: str, reason: str, s3_endpoint: str, bucket: str
) -> None:
    attempts: dict[str, Callable[[Store], object]] = {
        "PUT": lambda store: store.put_once("a", b""),
        "GET": lambda store: store.list(),
        "DELETE": lambda store: store.delete("a"),
    }
    for method, attempt in attempts.items():
        with servers.proxy(s3_endpoint, Fails(method, 1000, status, code)) as endpoint:
            with pytest.raises(StandingsError, match=reason) as caught:
                attempt(open_store(f"s3://{bucket}/lake", through(endpoint)))
            one_line(caught.value)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (
            "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: kms:GenerateDataKey on resource: key",
            r"the credentials need kms:GenerateDataKey and kms:Decrypt on the key",
        ),
        (
            "User: u is not authorized to perform: s3:PutObject with an explicit deny in a resource-based policy",
            r"s3:PutObject, .* on the bucket .*STANDINGS_S3_ENCRYPTION or STANDINGS_S3_REQUESTER_PAYS",
        ),
        ("Access\nDenied \x1b[2J", "the credentials need s3:GetObject"),
    ],
)
def test_a_denial_is_told_in_the_service_s_own_words_and_then_with_advice(
    words: str, advice: str, s3_endpoint: str, bucket: str
) -> None:
    escaped = words.replace("\x1b", "&#27;")
    denies = servers.proxy(s3_endpoint, Fails("PUT", 1, 403, "AccessDenied", escaped))
    with denies as endpoint, pytest.raises(StandingsError, match=advice) as caught:
        open_store(f"s3://{bucket}/lake", through(endpoint)).put("a", b"")
    if words.isprintable():
        assert f"(AccessDenied: {words}): " in one_line(caught.value)
    assert one_line(caught.value).isprintable()


class Demands(servers.Tamper):
    """A bucket that takes nothing without these headers, by method; its policy says so, or its lock."""

    def __init__(self, **headers: dict[str, str | None]) -> None:
        self._headers = headers

    def request(self, method: str, headers: servers.Headers) -> servers.Answer | None:
        for name, value in (self._headers.get(method, {}) | self._headers.get("ALL", {})).items():
            found = headers.pop(name, None) if value else headers.get(name)
            if found is None or value not in (None, found):
                return 403, f"<Error><Code>AccessDenied</Code><Message>no {name}</Message></Error>".encode()
        return None


def test_what_a_bucket_demands_of_each_request_goes_with_it(s3_endpoint: str, bucket: str) -> None:
    encryption: dict[str, str | None] = {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "alias/lake",
    }
    demands = Demands(PUT=encryption, ALL={"x-amz-request-payer": "requester"})
    with servers.proxy(s3_endpoint, demands) as endpoint:
        options = replace(through(endpoint), encryption="aws:kms", kms_key="alias/lake", requester_pays=True)
        store = open_store(f"s3://{bucket}/lake", options)
        probe(store)
        store.put("a", b"1")
        assert not store.put_once("a", b"2")
        store.swap("a", b"3", store.read("a")[1])
        assert (list(store.list()), store.get("a")) == (["a"], b"3")
        assert store.modified("a")
        with pytest.raises(StandingsError, match=r"no x-amz-server-side-encryption-aws-kms-key-id\)"):
            open_store(f"s3://{bucket}/lake", replace(options, kms_key=None)).put("b", b"")
        with pytest.raises(StandingsError, match="no x-amz-server-side-encryption"):
            open_store(f"s3://{bucket}/lake", replace(options, encryption="none", kms_key=None)).put("b", b"")
        with pytest.raises(StandingsError, match="access denied"):
            open_store(f"s3://{bucket}/lake", replace(options, requester_pays=False)).get("a")


@pytest.mark.parametrize("checksum", ["when_supported", "when_required"])
def test_a_bucket_whose_objects_are_locked_gets_a_checksum_with_each(
    checksum: str, s3_endpoint: str, bucket: str
) -> None:
    demanded = "content-md5" if checksum == "when_required" else "x-amz-sdk-checksum-algorithm"
    with servers.proxy(s3_endpoint, Demands(PUT={demanded: None})) as endpoint:
        options = replace(through(endpoint), checksum=checksum)  # type: ignore[arg-type]
        store = open_store(f"s3://{bucket}/lake", options)
        probe(store)
        store.put("a", b"1")
        assert store.get("a") == b"1"


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("credential_process = /no/such/program", "FileNotFoundError.*/no/such/program.*AWS_"),
        ("credential_process = echo nonsense", "JSONDecodeError.*AWS_"),
        ("endpoint_url = localhost:9000", "the S3 endpoint 'localhost:9000' is not a URL.*AWS_ENDPOINT_URL"),
        ("ca_bundle = /no/bundle.pem", "the CA bundle /no/bundle.pem does not exist.*AWS_CA_BUNDLE"),
        ("role_arn = arn:aws:iam::1:role/x\nsource_profile = gone", "profile .*gone"),
    ],
)
def test_a_profile_that_cannot_be_used_is_told_in_one_line(
    profile: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(f"[default]\n{profile}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(StandingsError, match=told) as caught:
        open_store("s3://bucket/lake", S3Options()).get("a")
    one_line(caught.value)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "nosuch://proxy", "http://u:hidden@[::1"])
def test_a_proxy_that_cannot_be_used_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(StandingsError, match="HTTP_PROXY") as caught:
        open_store("s3://bucket/lake", through("http://s3.example.org")).get("a")
    assert "hidden" not in one_line(caught.value)


def test_no_credentials_is_explained(
    s3_options: S3Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    store = open_store("s3://bucket/lake", s3_options)
    with pytest.raises(StandingsError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") as caught:
        store.get("a")
    one_line(caught.value)


# Helpers


def one_line(error: StandingsError) -> str:
    """The error's message, which must be fit to print as it is and give no secret away."""
    message = str(error)
    assert message and "\n" not in message
    assert os.environ.get("AWS_SECRET_ACCESS_KEY", "none") not in message.split()
    return message


def through(endpoint: str) -> S3Options:
    return S3Options(endpoint=endpoint, region="us-east-1")


def every_method(store: Store) -> list[Callable[[], object]]:
    return [
        lambda: store.put("a", b""),
        lambda: store.put_once("a", b""),
        lambda: store.swap("a", b"", None),
        lambda: store.swap("a", b"", "version"),
        lambda: store.get("a"),
        lambda: store.read("a"),
        lambda: store.list(),
        lambda: store.delete("a"),
        lambda: probe(store),
    ]


def payload(writer: int) -> bytes:
    return bytes([writer]) * 100_000


def increment(store: Store, times: int) -> None:
    for _ in range(times):
        while True:
            data, version = store.read("counter")
            with suppress(LostRace):
                store.swap("counter", b"%d" % (int(data) + 1), version)
                break


def race_in_a_process(url: str, writer: int) -> list[str]:
    """Try to create the same objects as the other processes and count with them; returns the keys won."""
    store = open_store(url, NO_S3)
    store.put(f"ready/{writer}", b"")
    wait_for(lambda: len(list(store.list("ready/"))) == 4)
    keys = [key for n in range(100) if store.put_once(key := f"race/{n:03}", payload(writer))]
    increment(store, 25)
    return keys


def write(url: str) -> None:
    """Write objects named by their content until killed."""
    store, source = open_store(url, NO_S3), random.Random()
    while True:
        data = source.randbytes(300_000)
        store.put_once(f"objects/{hashlib.sha256(data).hexdigest()}", data)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anywhere, so root steps down for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
