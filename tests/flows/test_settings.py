"""Environment -> settings: defaults, every variable, and what is wrong told by the variable's name."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from flows.quota import A_DAY, A_MINUTE, Quota
from flows.settings import API, Settings, from_environment
from flows.storage.object_store import S3Options
from flows.storage.open import open_store
from flows.warehouses.iceberg_catalog import address
from schemas.errors import StandingsError


def test_an_empty_environment_gives_the_defaults() -> None:
    assert from_environment({}) == Settings(
        lake="file://./lake",
        warehouse=Path("./lake/warehouse.duckdb"),
        base_url=API,
        s3=S3Options(),
        reference=None,
        minimum_confidence="reported",
        minute=A_MINUTE,
        day=A_DAY,
    )


def test_a_variable_that_is_set_to_nothing_counts_as_not_set() -> None:
    names = (
        "LAKE",
        "WAREHOUSE",
        "S3_ENDPOINT",
        "S3_REGION",
        "S3_VERIFY_TLS",
        "S3_CA_BUNDLE",
        "S3_CHECKSUM",
        "S3_ADDRESSING",
        "S3_ENCRYPTION",
        "S3_KMS_KEY",
        "S3_REQUESTER_PAYS",
        "REFERENCE",
        "MINIMUM_CONFIDENCE",
        "QUOTA_MINUTE",
        "QUOTA_DAY",
    )
    empty = {f"STANDINGS_{name}": "" for name in names} | {"OPENROUTER_BASE_URL": ""}
    assert from_environment(empty) == from_environment({})


def test_every_variable_reaches_its_setting() -> None:
    found = from_environment(
        {
            "STANDINGS_LAKE": "s3://figures/standings/",
            "STANDINGS_WAREHOUSE": "/data/w.duckdb",
            "OPENROUTER_BASE_URL": "https://mirror.example.org/api/v1/",
            "STANDINGS_S3_ENDPOINT": "https://s3.example.org",
            "STANDINGS_S3_REGION": "eu-west-3",
            "STANDINGS_S3_VERIFY_TLS": "false",
            "STANDINGS_S3_CA_BUNDLE": "/etc/ca.pem",
            "STANDINGS_S3_CHECKSUM": "when_required",
            "STANDINGS_S3_ADDRESSING": "virtual",
            "STANDINGS_S3_ENCRYPTION": "aws:kms",
            "STANDINGS_S3_KMS_KEY": "alias/lake",
            "STANDINGS_S3_REQUESTER_PAYS": "true",
            "STANDINGS_REFERENCE": "/etc/standings",
            "STANDINGS_MINIMUM_CONFIDENCE": "circumstantial",
            "STANDINGS_QUOTA_MINUTE": "20/60.5",
            "STANDINGS_QUOTA_DAY": "1000/86400",
        }
    )
    assert found == Settings(
        lake="s3://figures/standings",
        warehouse=Path("/data/w.duckdb"),
        base_url="https://mirror.example.org/api/v1",
        s3=S3Options(
            endpoint="https://s3.example.org",
            region="eu-west-3",
            verify_tls=False,
            ca_bundle="/etc/ca.pem",
            checksum="when_required",
            addressing="virtual",
            encryption="aws:kms",
            kms_key="alias/lake",
            requester_pays=True,
        ),
        reference=Path("/etc/standings"),
        minimum_confidence="circumstantial",
        minute=Quota(20, 60.5),
        day=Quota(1000, 86_400),
    )


@pytest.mark.parametrize(
    ("lake", "warehouse"),
    [
        ("file:///srv/lake", "/srv/lake/warehouse.duckdb"),
        ("file:///srv/lake/", "/srv/lake/warehouse.duckdb"),
        ("file://./here", "./here/warehouse.duckdb"),
        ("s3://bucket/prefix", "warehouse.duckdb"),
    ],
)
def test_the_warehouse_lies_inside_a_folder_lake_and_else_here(lake: str, warehouse: str) -> None:
    assert from_environment({"STANDINGS_LAKE": lake}).warehouse == Path(warehouse)


def test_a_path_that_begins_in_the_home_is_there_and_in_no_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = from_environment({"STANDINGS_LAKE": "file://~/lake", "STANDINGS_REFERENCE": "~/facts"})
    assert (found.warehouse, found.reference) == (tmp_path / "lake/warehouse.duckdb", tmp_path / "facts")
    open_store(found.lake, found.s3).put("pointer.json", b"")
    assert (tmp_path / "lake/pointer.json").is_file()
    assert from_environment({"STANDINGS_WAREHOUSE": "~/x.duckdb"}).warehouse == tmp_path / "x.duckdb"
    assert address("sqlite:///~/iceberg.db").uri == f"sqlite:///{tmp_path}/iceberg.db"
    with pytest.raises(
        StandingsError, match="~nobody-here/x: there is no such home folder here: write the whole path"
    ):
        from_environment({"STANDINGS_WAREHOUSE": "~nobody-here/x"})


def test_the_process_environment_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDINGS_LAKE", "file:///elsewhere")
    assert from_environment().lake == "file:///elsewhere"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8787/api/v1", "http://localhost:1/api/v1", "http://[::1]:1/api/v1"]
)
def test_plain_http_is_taken_on_loopback(url: str) -> None:
    assert from_environment({"OPENROUTER_BASE_URL": url}).base_url == url


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("OPENROUTER_BASE_URL", "http://openrouter.ai/api/v1", "in the clear"),
        ("OPENROUTER_BASE_URL", "http://127.0.0.1.example.org/api/v1", "in the clear"),
        ("OPENROUTER_BASE_URL", "ftp://openrouter.ai", "https://"),
        ("OPENROUTER_BASE_URL", "openrouter.ai/api/v1", "https://"),
        ("OPENROUTER_BASE_URL", "https://", "https://"),
        ("STANDINGS_S3_VERIFY_TLS", "yes", "true, false"),
        ("STANDINGS_S3_CHECKSUM", "never", "when_supported, when_required"),
        ("STANDINGS_S3_ADDRESSING", "host", "auto, path, virtual"),
        ("STANDINGS_S3_ENCRYPTION", "on", "none, AES256, aws:kms, aws:kms:dsse"),
        ("STANDINGS_S3_REQUESTER_PAYS", "1", "false, true"),
        ("STANDINGS_MINIMUM_CONFIDENCE", "sure", "reported, unverified, circumstantial, confirmed"),
        ("STANDINGS_QUOTA_MINUTE", "30", "such as 30/60"),
        ("STANDINGS_QUOTA_MINUTE", "0/60", "such as 30/60"),
        ("STANDINGS_QUOTA_MINUTE", "30/0", "such as 30/60"),
        ("STANDINGS_QUOTA_MINUTE", "30/nan", "such as 30/60"),
        ("STANDINGS_QUOTA_DAY", "500/inf", "such as 500/86400"),
        ("STANDINGS_QUOTA_DAY", "many", "such as 500/86400"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_its_variable(name: str, value: str, told: str) -> None:
    with pytest.raises(StandingsError) as caught:
        from_environment({name: value})
    message = str(caught.value)
    assert message.startswith(f"{name} is {value!r}")
    assert told in message
    assert "\n" not in message


@pytest.mark.parametrize("user", ["localhost", "sk-hidden", "me:sk-hidden", ":sk-hidden", "sk-hidden:"])
def test_an_address_with_a_user_is_refused_without_showing_it(user: str) -> None:
    with pytest.raises(StandingsError) as caught:
        from_environment({"OPENROUTER_BASE_URL": f"https://{user}@example.org/api/v1"})
    assert str(caught.value).startswith("OPENROUTER_BASE_URL holds a user or password")
    assert "OPENROUTER_API_KEY" in str(caught.value)
    assert "sk-hidden" not in str(caught.value)


def test_the_key_of_the_source_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-hidden")
    assert "sk-or-hidden" not in repr(from_environment())


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        from_environment({}).lake = "file:///other"  # type: ignore[misc]
