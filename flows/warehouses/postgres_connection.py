"""Connections to PostgreSQL: every one of ours is made here, and whatever goes wrong on it is told in one line.

A pooler such as pgbouncer may give each transaction another session of the server's. So nothing is prepared, and
what is set, or locked, is set for a transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flows.sanitize import redacted
from flows.settings import Settings
from schemas.errors import StandingsError
from schemas.projections.sql import SCHEMA

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

LOCK = int.from_bytes(b"standing")
"""Whoever loads holds this advisory lock, so that of two loads at once one waits for the other."""

WAIT_FOR_LOAD, WAIT_FOR_TABLE = "30min", "1min"
"""How long a lock is waited for, unless the connection string or the user's settings there say how long.

While a table's lock is waited for, its readers may have to wait too.
"""

SECRETS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")


def connect(conninfo: str = "", **given: Any) -> "Connection":
    """A connection on which every statement is a transaction, unless one is begun. given: parameters by their names."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    usual = {"connect_timeout": "10", "application_name": "standings", "client_encoding": "utf8"}
    told = conninfo_to_dict(conninfo, **given)
    conninfo = make_conninfo(conninfo, **given | {name: usual[name] for name in usual.keys() - told.keys()})
    return psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)


def in_transactions(**given: Any) -> "Connection":
    """A connection that begins a transaction with its first statement, as SQLAlchemy expects."""
    connection = connect(**given)
    connection.autocommit = False
    return connection


@contextmanager
def connected(settings: Settings) -> Iterator["Connection"]:
    """A connection to the warehouse, whose errors are told in one line, which never holds the password."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as problem:
        raise StandingsError(
            f"STANDINGS_POSTGRES is set, and psycopg cannot be imported ({problem}): "
            f"pip install 'psycopg[binary]'"
        ) from None
    conninfo = settings.postgres or ""
    ensure_encoded(conninfo, "STANDINGS_POSTGRES")
    try:
        given = conninfo_to_dict(conninfo)
    except psycopg.Error:
        # Its own words repeat the string.
        raise StandingsError(
            "STANDINGS_POSTGRES is no connection string: it must be such as postgresql://user@host:5432/database"
        ) from None
    secrets = [str(given[name]) for name in SECRETS if given.get(name)]
    holders = ""
    try:
        with connect(conninfo) as connection:
            try:
                yield connection
            except psycopg.errors.LockNotAvailable:
                holders = f"; {_holders(connection)}"
                raise
    except psycopg.Error as problem:
        told = redacted(in_one_line(problem) + holders, secrets)
        raise StandingsError(f"PostgreSQL (STANDINGS_POSTGRES): {told}") from None


@contextmanager
def to_write(connection: "Connection") -> Iterator[None]:
    """A transaction of a load, in which each statement sees what is committed by then, whatever is usual there."""
    from psycopg import IsolationLevel

    with _transaction(connection, IsolationLevel.READ_COMMITTED, read_only=False):
        (unset,) = connection.execute("SELECT current_setting('lock_timeout') = '0'").fetchall()[0]
        if unset:
            connection.execute(f"SET LOCAL lock_timeout = '{WAIT_FOR_LOAD}'")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if unset:
            connection.execute(f"SET LOCAL lock_timeout = '{WAIT_FOR_TABLE}'")
        yield


@contextmanager
def snapshot(connection: "Connection") -> Iterator[None]:
    """One state of things for several queries, whatever is loaded meanwhile."""
    from psycopg import IsolationLevel

    with _transaction(connection, IsolationLevel.REPEATABLE_READ, read_only=True):
        yield


@contextmanager
def _transaction(
    connection: "Connection", isolation: "psycopg.IsolationLevel", read_only: bool
) -> Iterator[None]:
    connection.isolation_level = isolation
    connection.read_only = read_only
    with connection.transaction():
        # Between two statements parts are read from the lake, which may take its time.
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL TimeZone = 'UTC'")
        yield


def _holders(connection: "Connection") -> str:
    """Who holds what a load waits for, and how to end that."""
    rows = connection.execute(
        "SELECT DISTINCT a.pid, a.usename::text, a.application_name FROM pg_locks l "
        "JOIN pg_stat_activity a USING (pid) "
        "LEFT JOIN pg_class c ON c.oid = l.relation WHERE l.granted AND l.pid <> pg_backend_pid() "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND (c.relnamespace = to_regnamespace(%s) OR l.locktype = 'advisory' "
        "AND (l.classid::bigint << 32) + l.objid::bigint = %s) ORDER BY a.pid LIMIT 3",
        [SCHEMA, LOCK],
    ).fetchall()
    if not rows:
        return "whoever held the lock has let it go: load again"
    held = ", ".join(f"process {pid} of {user}" + (f" ({name})" if name else "") for pid, user, name in rows)
    ended = " ".join(f"SELECT pg_terminate_backend({pid});" for pid, _, _ in rows)
    return f"locks are held by {held}: load again once that has ended, or end it with {ended}"


def in_one_line(problem: "psycopg.Error") -> str:
    """What the server, or its library, says of an error, with its detail and its hint."""
    diag = problem.diag
    if diag.message_primary:
        said = [diag.message_primary]
        said += [
            f"{word}: {more}"
            for word, more in (("DETAIL", diag.message_detail), ("HINT", diag.message_hint))
            if more
        ]
    else:
        said = [str(problem)]
    return " ".join(" ".join(said).split())


def ensure_encoded(conninfo: str, variable: str) -> None:
    """Raises `StandingsError` for a URL in which a part of the password would be taken for the host.

    That part would be printed wherever the host is named.
    """
    scheme, _, rest = conninfo.partition("://")
    user, _, _ = rest.partition("?")[0].rpartition("@")
    if scheme.startswith("postgres") and ("@" in user or "/" in user):
        raise StandingsError(
            f"{variable}: an @ or / in a user, a password or a database's name must be percent-encoded there: "
            f"write %40 for @, and %2F for /"
        )
