"""An Iceberg catalogue's address: what it may be, and that what is secret in it is never shown."""

import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from flows.settings import Settings
from flows.storage.object_store import S3Options
from flows.storage.s3 import S3Store
from flows.warehouses.iceberg_catalog import Address, address, catalogue, s3_properties
from flows.warehouses.iceberg_files import TrustingFileIO
from schemas.errors import StandingsError


def test_a_file_of_sqlite_has_its_tables_beside_it(tmp_path: Path) -> None:
    read = address(f"sqlite:///{tmp_path}/iceberg.db")
    assert read.uri == read.shown == f"sqlite:///{tmp_path}/iceberg.db"
    assert read.properties == {"warehouse": f"file://{tmp_path}/iceberg.db.warehouse"}
    assert not read.rest


def test_a_relative_file_is_where_the_process_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert address("sqlite:///iceberg.db").uri == f"sqlite:///{tmp_path}/iceberg.db"
    assert (
        address("sqlite:///iceberg.db").properties["warehouse"] == f"file://{tmp_path}/iceberg.db.warehouse"
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_what_is_the_drivers_stays_in_the_address_and_the_rest_goes_to_pyiceberg(scheme: str) -> None:
    read = address(
        f"{scheme}://me:w%40rd@db.example.org:5433/lake?sslmode=require"
        f"&warehouse=s3://bucket/prefix/&s3.role-arn=arn:aws:iam::1:role/r"
    )
    assert read.uri == "postgresql+psycopg://me:w%40rd@db.example.org:5433/lake?sslmode=require"
    assert read.properties == {"warehouse": "s3://bucket/prefix", "s3.role-arn": "arn:aws:iam::1:role/r"}
    assert read.shown == f"{scheme}://db.example.org:5433/lake"
    assert read.secrets == ("w@rd",)


def test_every_parameter_of_a_rest_address_is_a_property() -> None:
    read = address("https://catalogue.example.org/api/?warehouse=standings&credential=me:a%2Bword&scope=all")
    assert read.uri == read.shown == "https://catalogue.example.org/api"
    assert read.properties == {"warehouse": "standings", "credential": "me:a+word", "scope": "all"}
    assert read.rest
    assert address("http://127.0.0.1:8181").properties == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "names no catalogue that is known: write sqlite:///"),
        ("iceberg.db", "names no catalogue that is known"),
        ("mysql://me:hidden@host/db?warehouse=s3://b", "names no catalogue that is known"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:hidden?mode=memory&uri=true", "names no file"),
        ("sqlite:////srv/i.db?warehouse=file://relative", r"add \?warehouse=file:///folder"),
        ("sqlite:////srv/i.db?warehouse=folder", r"add \?warehouse=file:///folder"),
        ("sqlite:////srv/i.db?warehouse=s3://me:hidden@bucket/x", r"add \?warehouse=file:///folder"),
        (
            "postgresql://me:hidden@host/db",
            r"postgresql://host/db needs a place for its tables: add \?warehouse=",
        ),
        ("postgresql://me:p@hidden@host/db?warehouse=s3://b", "write %40 for @"),
        ("postgresql://me:hidden@host:port/db", "cannot be read: write"),
        ("https://", "cannot be read: write"),
        ("https://host:hidden/", "cannot be read: write"),
        ("https://host/?hidden", "cannot be read: write"),
        ("https://host/?uri=hidden", "cannot be read: write"),
        ("https://me:hidden@host/", "holds a user or password before its host"),
        ("http://host.example.org/?token=hidden", "plain http would send .* in the clear; use https://"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_in_one_line(text: str | None, told: str) -> None:
    with pytest.raises(StandingsError, match=rf"^STANDINGS_ICEBERG.*{told}") as caught:
        address(text)
    assert "hidden" not in str(caught.value) and "\n" not in str(caught.value)


def test_an_address_shows_no_secret_of_its_own() -> None:
    for text in (
        "postgresql://me:hidden@host/db?password=hidden&warehouse=s3://b&s3.secret-access-key=hidden",
        "https://host/path?token=hidden",
        "https://host/path?credential=me:hidden",
    ):
        read = address(text)
        assert "hidden" not in repr(read)
        assert "hidden" not in str(read.tell(ValueError("the word hidden is wrong\nreally")))
        assert "hidden" not in repr(Settings(iceberg=text))


def test_an_error_is_one_line_that_says_where() -> None:
    where = Address("https://host", "https://host", {}, secrets=("secret", "a:secret"))
    assert str(where.tell(OSError("a:secret went\nwrong"))) == (
        "https://host: the Iceberg catalogue cannot be used: *** went"
    )
    assert str(where.tell(KeyError())) == "https://host: the Iceberg catalogue cannot be used: KeyError"


def nobody() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:hidden@127.0.0.1:{port}/db?warehouse=s3://bucket",
        "http://127.0.0.1:{port}/path?token=hidden",
        "sqlite:////proc/there/iceberg.db",
    ],
)
def test_a_catalogue_that_cannot_be_reached_is_told_in_one_line(text: str) -> None:
    settings = Settings(iceberg=text.format(port=nobody()))
    unusable = pytest.raises(StandingsError, match="the Iceberg catalogue cannot be used: ")
    with unusable as caught, catalogue(settings):
        pytest.fail("there is none")
    assert "hidden" not in str(caught.value) and "\n" not in str(caught.value)


def test_no_file_and_no_variable_of_pyicebergs_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = "catalog:\n  standings:\n    uri: sqlite:////proc/no.db\n    warehouse: file:///proc/no\n"
    (tmp_path / ".pyiceberg.yaml").write_text(elsewhere)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    monkeypatch.setenv("PYICEBERG_CATALOG__STANDINGS__WAREHOUSE", "file:///proc/no")
    with catalogue(Settings(iceberg=f"sqlite:///{tmp_path}/iceberg.db")) as catalog:
        assert catalog.properties["warehouse"] == f"file://{tmp_path}/iceberg.db.warehouse"
        assert catalog.list_namespaces() == []


def test_s3_is_reached_as_the_lake_is(tmp_path: Path) -> None:
    options = S3Options(endpoint="http://127.0.0.1:9", region="eu-north-1", addressing="path")
    settings = Settings(
        s3=options, iceberg=f"sqlite:///{tmp_path}/i.db?warehouse=s3://bucket/x&s3.region=mine"
    )
    with catalogue(settings) as catalog:
        found = catalog.properties
    assert {name: value for name, value in found.items() if name.startswith("s3.")} == {
        "s3.endpoint": "http://127.0.0.1:9",
        "s3.region": "mine",
        "s3.access-key-id": "test",
        "s3.secret-access-key": "test",
        "s3.force-virtual-addressing": "false",
    }
    assert s3_properties(replace(options, region=None, addressing="auto")).items() >= {
        ("s3.region", "us-east-1")
    }
    with catalogue(replace(settings, iceberg=f"sqlite:///{tmp_path}/i.db")) as catalog:
        assert not [name for name in catalog.properties if name.startswith("s3.")]


@pytest.mark.parametrize("found_in", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "a profile"])
def test_what_boto3_finds_counts_for_the_lake_and_for_iceberg_s_files_alike(
    found_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, bundle = "http://127.0.0.1:9", str(tmp_path / "bundle.pem")
    Path(bundle).touch()
    if found_in == "a profile":
        (tmp_path / "config").write_text(f"[profile minio]\nendpoint_url = {endpoint}\nregion = here-1\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_PROFILE", "minio")
    else:
        monkeypatch.setenv(found_in, endpoint)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "here-1")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    store = S3Store("s3://bucket", "bucket", "", S3Options())
    client = store._client()
    assert client.meta.endpoint_url == endpoint
    assert client.meta.region_name == "here-1"
    assert client.meta.config.s3 == {"addressing_style": "path"}
    assert client._endpoint.http_session._verify == bundle
    settings = Settings(iceberg=f"sqlite:///{tmp_path}/i.db?warehouse=s3://bucket/x")
    with catalogue(settings) as catalog:
        assert catalog.properties.items() >= s3_properties(S3Options()).items()
        files = catalog._load_file_io(catalog.properties, "s3://bucket/x")
        assert isinstance(files, TrustingFileIO)
        _, (options,) = files.fs_by_scheme("s3", "bucket").__reduce__()
    assert (
        options.items()
        >= {
            ("endpoint_override", endpoint),
            ("region", "here-1"),
            ("access_key", "test"),
            ("secret_key", "test"),
            ("session_token", "token"),
            ("tls_ca_file_path", bundle),
        }
        and options["proxy_options"]["host"] == "proxy"
    )
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert "s3.proxy-uri" not in s3_properties(S3Options())


def test_our_own_variable_goes_before_those_that_boto3_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert s3_properties(S3Options(endpoint="http://127.0.0.1:8"))["s3.endpoint"] == "http://127.0.0.1:8"
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert "s3.endpoint" not in s3_properties(S3Options(region="eu-north-1"))


@pytest.mark.parametrize(
    ("changed", "variable"),
    [
        ({"verify_tls": False}, "STANDINGS_S3_VERIFY_TLS"),
        ({"encryption": "AES256"}, "STANDINGS_S3_ENCRYPTION"),
        ({"requester_pays": True}, "STANDINGS_S3_REQUESTER_PAYS"),
    ],
)
def test_options_that_pyiceberg_cannot_be_told_are_refused(
    changed: dict[str, object], variable: str, tmp_path: Path
) -> None:
    settings = Settings(
        s3=replace(S3Options(), **changed),  # type: ignore[arg-type]
        iceberg=f"sqlite:///{tmp_path}/i.db?warehouse=s3://bucket/x",
    )
    refused = pytest.raises(StandingsError, match=f"cannot be reached with {variable}, .*: leave it unset")
    with refused, catalogue(settings):
        pytest.fail("it cannot be reached so")
