"""Environment -> one frozen settings object."""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from flows.quota import A_DAY, A_MINUTE, Quota
from flows.storage.local import from_home
from flows.storage.object_store import S3Options
from schemas.errors import StandingsError
from schemas.fields import CONFIDENCES, MINIMUM_CONFIDENCE

API = "https://openrouter.ai/api/v1"
LAKE = "file://./lake"
BLOCK_ROWS = 250_000
"""A second's work and more, and some hundred MB: below that, handing it to another process costs more than it saves."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """Where the lake, the warehouse and the source are.

    minute, day: the source's quotas. reference: an operator's folder of reference files, which go before ours.
    webhook, slack, apprise, ping: who is told of what, as addresses that may hold secrets; apprise: one or more, as
    Apprise writes them.
    postgres: a connection string, which may hold a password. iceberg: a catalogue's address. lineage: a file or an
    address that takes OpenLineage events. dask: a scheduler's address. block_rows: of how many rows of the source the
    weeks are at most that are computed in one piece.
    minimum_confidence: the least with which a reveal counts. The source's key is no setting: only the request
    that needs it reads it.
    """

    lake: str = LAKE
    warehouse: Path = Path("lake/warehouse.duckdb")
    base_url: str = API
    s3: S3Options = field(default_factory=S3Options)
    reference: Path | None = None
    minimum_confidence: str = MINIMUM_CONFIDENCE
    minute: Quota = A_MINUTE
    day: Quota = A_DAY
    webhook: str | None = field(default=None, repr=False)
    slack: str | None = field(default=None, repr=False)
    apprise: str | None = field(default=None, repr=False)
    ping: str | None = field(default=None, repr=False)
    postgres: str | None = field(default=None, repr=False)
    iceberg: str | None = field(default=None, repr=False)
    lineage: str | None = field(default=None, repr=False)
    dask: str | None = None
    block_rows: int = BLOCK_ROWS


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the `STANDINGS_*` and `OPENROUTER_BASE_URL` variables ask for.

    Raises `StandingsError` that names the variable and what it may be.
    """
    lake = environment.get("STANDINGS_LAKE") or LAKE
    return Settings(
        lake=lake.rstrip("/"),
        warehouse=from_home(named)
        if (named := environment.get("STANDINGS_WAREHOUSE"))
        else default_warehouse(lake),
        base_url=_base_url(environment.get("OPENROUTER_BASE_URL") or API),
        reference=from_home(folder) if (folder := environment.get("STANDINGS_REFERENCE")) else None,
        minimum_confidence=_choice(
            environment, "STANDINGS_MINIMUM_CONFIDENCE", (MINIMUM_CONFIDENCE, *CONFIDENCES)
        ),
        minute=_quota(environment, "STANDINGS_QUOTA_MINUTE", A_MINUTE),
        day=_quota(environment, "STANDINGS_QUOTA_DAY", A_DAY),
        webhook=environment.get("STANDINGS_WEBHOOK") or None,
        slack=environment.get("STANDINGS_SLACK_WEBHOOK") or None,
        apprise=environment.get("STANDINGS_APPRISE") or None,
        ping=environment.get("STANDINGS_PING") or None,
        postgres=environment.get("STANDINGS_POSTGRES") or None,
        iceberg=environment.get("STANDINGS_ICEBERG") or None,
        lineage=environment.get("STANDINGS_LINEAGE") or None,
        dask=environment.get("STANDINGS_DASK") or None,
        block_rows=_count(environment, "STANDINGS_BLOCK_ROWS", BLOCK_ROWS),
        s3=S3Options(
            endpoint=environment.get("STANDINGS_S3_ENDPOINT") or None,
            region=environment.get("STANDINGS_S3_REGION") or None,
            verify_tls=_choice(environment, "STANDINGS_S3_VERIFY_TLS", ("true", "false")) == "true",
            ca_bundle=environment.get("STANDINGS_S3_CA_BUNDLE") or None,
            checksum=cast(
                Literal["when_supported", "when_required"],
                _choice(environment, "STANDINGS_S3_CHECKSUM", ("when_supported", "when_required")),
            ),
            addressing=cast(
                Literal["auto", "path", "virtual"],
                _choice(environment, "STANDINGS_S3_ADDRESSING", ("auto", "path", "virtual")),
            ),
            encryption=cast(
                Literal["none", "AES256", "aws:kms", "aws:kms:dsse"],
                _choice(
                    environment, "STANDINGS_S3_ENCRYPTION", ("none", "AES256", "aws:kms", "aws:kms:dsse")
                ),
            ),
            kms_key=environment.get("STANDINGS_S3_KMS_KEY") or None,
            requester_pays=_choice(environment, "STANDINGS_S3_REQUESTER_PAYS", ("false", "true")) == "true",
        ),
    )


def default_warehouse(lake: str) -> Path:
    """Where a lake's warehouse is unless it is said otherwise."""
    scheme, _, place = lake.rstrip("/").partition("://")
    return (from_home(place) if scheme == "file" else Path()) / "warehouse.duckdb"


def user_name() -> str:
    """Who runs this; the number of a user that has no name, as in many a container."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return f"uid {os.getuid()}"


def _base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("https", "http") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise StandingsError(f"OPENROUTER_BASE_URL is {url!r}; it must be an https:// address")
    if parts.username or parts.password:
        raise StandingsError(
            "OPENROUTER_BASE_URL holds a user or password: the key goes into OPENROUTER_API_KEY"
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise StandingsError(
            f"OPENROUTER_BASE_URL is {url!r}: plain http would send the key in the clear; use https://"
        )
    return url.rstrip("/")


def _quota(environment: Mapping[str, str], name: str, usual: Quota) -> Quota:
    """So many requests in so many seconds, written 30/60."""
    text = environment.get(name)
    if not text:
        return usual
    try:
        return Quota.parse(text)
    except ValueError:
        raise StandingsError(f"{name} is {text!r}; it must be requests/seconds, such as {usual}") from None


def _count(environment: Mapping[str, str], name: str, usual: int) -> int:
    text = environment.get(name)
    if not text:
        return usual
    if not text.isdecimal() or int(text) == 0:
        raise StandingsError(f"{name} is {text!r}; it must be a number of rows, such as {usual}")
    return int(text)


def _choice(environment: Mapping[str, str], name: str, values: tuple[str, ...]) -> str:
    """The variable's value, the first of the allowed ones where it is not set."""
    value = environment.get(name) or values[0]
    if value not in values:
        raise StandingsError(f"{name} is {value!r}; it must be one of {', '.join(dict.fromkeys(values))}")
    return value
