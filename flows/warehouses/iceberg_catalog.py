"""An Iceberg catalogue's address -> the catalogue.

`STANDINGS_ICEBERG` is one address, with what the catalogue needs to know behind the `?`:

    sqlite:////srv/iceberg.db                                        the tables beside it, in iceberg.db.warehouse/
    sqlite:////srv/iceberg.db?warehouse=s3://bucket/prefix
    postgresql://user:word@host/database?warehouse=s3://bucket/prefix
    https://host/path?warehouse=NAME&credential=ID:SECRET            a REST catalogue; or token=TOKEN, or neither

A `warehouse` is the place below which the tables' files go; a REST catalogue takes it as it likes, and often has one
of its own. Of a REST address every parameter is a property of pyiceberg's, of an SQL one those with a dot in the
name, such as `s3.role-arn`; its other parameters are the driver's. In both, what is no plain letter is
percent-encoded. Files in S3 are reached as the lake's are: endpoint, region, credentials, CA bundle and proxy.

Nothing else counts: neither `.pyiceberg.yaml`, which may lie in the folder that a run starts in, nor
`PYICEBERG_CATALOG__*`.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from flows.sanitize import redacted
from flows.settings import LOOPBACK, Settings
from flows.storage.local import from_home
from flows.storage.object_store import S3Options
from flows.storage.s3 import credentials, resolved
from flows.warehouses.postgres_connection import ensure_encoded, in_one_line, in_transactions
from schemas.errors import StandingsError

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.catalog.sql import SqlCatalog
    from sqlalchemy.engine import URL

NAME = "standings"
"""What an SQL catalogue files our tables under: other engines have to call the catalogue so, too."""

FORMS = (
    "sqlite:////folder/iceberg.db, postgresql://host/database?warehouse=s3://bucket/prefix "
    "or https://host/path?warehouse=NAME"
)
CA_BUNDLE = "standings.ca-bundle"
"""The property by which `TrustingFileIO` is told a file of certificates."""

_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")
_LOCATION = re.compile(r"file:///.*[^/].*|(?!file:)[a-z][a-z0-9]+://[^/@]+(/.*)?")
_SECRET = re.compile(r"token|credential|secret|password|key")


@dataclass(frozen=True)
class Address:
    """A catalogue's address, read.

    shown: what may be printed of it. uri: what the catalogue is opened by; None where its name tells no REST
    catalogue. properties: pyiceberg's, by their names there. Both may hold secrets.
    """

    shown: str
    uri: str = field(repr=False)
    properties: dict[str, str] = field(repr=False)
    rest: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def tell(self, error: BaseException) -> StandingsError:
        """The error as one line that names the catalogue, and holds no secret."""
        driver = getattr(error, "orig", None)
        if driver is not None and hasattr(driver, "diag"):
            text = in_one_line(driver)
        else:
            text = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
        text = redacted(text, self.secrets)
        return StandingsError(f"{self.shown}: the Iceberg catalogue cannot be used: {text}")


def address(text: str | None) -> Address:
    """Reads an address; raises `StandingsError`, which never repeats it, for one that cannot be used."""
    scheme = (text or "").partition("://")[0]
    if scheme in ("http", "https"):
        return _rest(str(text))
    if scheme == "sqlite" or scheme in _POSTGRES:
        return _sql(str(text))
    raise StandingsError(f"STANDINGS_ICEBERG names no catalogue that is known: write {FORMS}")


@contextmanager
def catalogue(settings: Settings) -> Iterator["Catalog"]:
    """The catalogue that the settings name, to be used inside; whatever goes wrong there is told in one line."""
    where = address(settings.iceberg)
    try:
        from pyarrow import ArrowException
        from pyiceberg import exceptions as iceberg
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise _not_installed(error) from None
    try:
        with closing(_open(where, settings)) as opened:
            yield opened
    except ImportError as error:
        raise _not_installed(error) from None
    except (
        ArrowException,
        OSError,
        SQLAlchemyError,
        ValueError,
        iceberg.CommitFailedException,
        iceberg.NoSuchNamespaceError,
        iceberg.NoSuchTableError,
        iceberg.RESTError,
        iceberg.SignError,
        iceberg.ValidationException,
    ) as error:
        raise where.tell(error) from None


def _not_installed(error: ImportError) -> StandingsError:
    return StandingsError(
        f"an Iceberg catalogue needs {error.name or error}: "
        f"install the extra `iceberg`, and `postgres` for one in PostgreSQL"
    )


def _open(where: Address, settings: Settings) -> "Catalog":
    from pyiceberg.catalog.rest import RestCatalog
    from sqlalchemy.engine import make_url

    properties = _files(where, settings) | where.properties
    if where.rest:
        return RestCatalog(NAME, uri=where.uri, **properties)
    if (url := make_url(where.uri)).drivername == "sqlite":
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    catalog = _sql_catalog(url, properties | {"init_catalog_tables": "false"})
    try:
        _make_tables(catalog)
    except BaseException:
        catalog.close()
        raise
    return catalog


def _sql_catalog(url: "URL", properties: dict[str, str]) -> "SqlCatalog":
    """An SQL catalogue; one in PostgreSQL is reached as the warehouse there is."""
    from pyiceberg.catalog.sql import SqlCatalog
    from sqlalchemy.engine import create_engine

    class InPostgres(SqlCatalog):
        def _init_catalog(self) -> None:
            self.engine.dispose()
            _, given = url.get_dialect()().create_connect_args(url)
            self.engine = create_engine(
                url,
                creator=lambda: in_transactions(**given),
                isolation_level="READ COMMITTED",
                pool_pre_ping=True,
            )
            super()._init_catalog()

    kind = SqlCatalog if url.drivername == "sqlite" else InPostgres
    return kind(NAME, uri=url.render_as_string(hide_password=False), **properties)


def _make_tables(catalog: "SqlCatalog") -> None:
    """Makes the catalogue's own tables where they are not there."""
    from sqlalchemy.exc import DBAPIError

    try:
        catalog.create_tables()
    except DBAPIError:
        # Of two that make them at once one fails, and finds them there when it looks again.
        catalog.create_tables()


def _sql(text: str) -> Address:
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import SQLAlchemyError

    ensure_encoded(text, "STANDINGS_ICEBERG")
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        raise StandingsError(f"STANDINGS_ICEBERG cannot be read: write {FORMS}") from None
    given = {key: value if isinstance(value, str) else value[-1] for key, value in url.query.items()}
    ours = {key: value for key, value in given.items() if key == "warehouse" or "." in key}
    url = url.difference_update_query(ours)
    shown = URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()
    if url.drivername == "sqlite":
        if not url.database or url.database.startswith((":", "file:")):
            raise StandingsError(f"STANDINGS_ICEBERG names no file: write {FORMS}")
        file = from_home(url.database).absolute()
        url = url.set(database=str(file))
        ours.setdefault("warehouse", f"file://{file}.warehouse")
    else:
        url = url.set(drivername="postgresql+psycopg")
    if not _LOCATION.fullmatch(ours.get("warehouse", "")):
        raise StandingsError(
            f"STANDINGS_ICEBERG: {shown} needs a place for its tables: "
            f"add ?warehouse=file:///folder or ?warehouse=s3://bucket/prefix"
        )
    ours["warehouse"] = ours["warehouse"].rstrip("/")
    secrets = _secrets(given | {"password": url.password or ""})
    return Address(shown, url.render_as_string(hide_password=False), ours, secrets=secrets)


def _rest(text: str) -> Address:
    try:
        parts = urlsplit(text)
        sound = bool(parts.hostname) and parts.port != 0
        given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        sound = False
    if not sound or given.keys() & {"uri", "type"}:
        raise StandingsError(f"STANDINGS_ICEBERG cannot be read: write {FORMS}")
    if parts.username or parts.password:
        raise StandingsError(
            "STANDINGS_ICEBERG holds a user or password before its host: "
            "a REST catalogue takes ?credential=ID:SECRET or ?token=TOKEN"
        )
    shown = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise StandingsError(
            f"STANDINGS_ICEBERG: {shown}: plain http would send what lets one in, in the clear; use https://"
        )
    return Address(shown, shown, given, rest=True, secrets=_secrets(given))


def _secrets(properties: dict[str, str]) -> tuple[str, ...]:
    """What must not be printed: values, and of `ID:SECRET` the secret alone too."""
    values = [value for key, value in properties.items() if _SECRET.search(key)]
    return tuple(filter(None, dict.fromkeys([*values, *(value.rpartition(":")[2] for value in values)])))


def _files(where: Address, settings: Settings) -> dict[str, str]:
    """How pyiceberg reaches files in S3: as the lake does."""
    location = where.properties.get("warehouse", "")
    if where.rest:
        in_s3 = settings.lake.startswith("s3://") or resolved(settings.s3).endpoint is not None
    else:
        in_s3 = location.startswith("s3://")
    if not in_s3:
        return {}
    options = settings.s3
    unlike = {
        "STANDINGS_S3_VERIFY_TLS": not options.verify_tls,
        "STANDINGS_S3_ENCRYPTION": options.encryption != "none",
        "STANDINGS_S3_REQUESTER_PAYS": options.requester_pays,
    }
    if wrong := [name for name, is_set in unlike.items() if is_set]:
        raise StandingsError(
            f"{where.shown}: files of Iceberg tables in S3 cannot be reached with {' and '.join(wrong)}, of which "
            f"pyiceberg knows nothing: leave it unset, or keep the tables in a bucket and a run that do without"
        )
    return s3_properties(options)


def s3_properties(options: S3Options) -> dict[str, str]:
    """How the lake's client reaches S3, by pyiceberg's names, with the credentials of this moment."""
    from botocore.utils import get_environ_proxies

    reached, found = resolved(options), credentials()
    region = reached.region or ("us-east-1" if reached.endpoint else None)
    url = reached.endpoint or f"https://s3.{region}.amazonaws.com"
    given = {
        "s3.endpoint": reached.endpoint,
        "s3.region": region,
        "s3.access-key-id": found and found.access_key,
        "s3.secret-access-key": found and found.secret_key,
        "s3.session-token": found and found.token,
        "s3.proxy-uri": get_environ_proxies(url).get(urlsplit(url).scheme),
        # Without an endpoint pyarrow asks AWS by the bucket's name, with one by path, unless it is told.
        "s3.force-virtual-addressing": {"virtual": "true", "path": "false"}.get(options.addressing),
        # Of a CA bundle pyiceberg itself knows nothing.
        "py-io-impl": reached.ca_bundle and "flows.warehouses.iceberg_files.TrustingFileIO",
        CA_BUNDLE: reached.ca_bundle,
    }
    return {name: str(value) for name, value in given.items() if value}
