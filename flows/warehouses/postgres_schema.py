"""The schema in PostgreSQL: its roles, and its tables made and altered to this version's definitions."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flows.warehouses.postgres_connection import in_one_line
from schemas import TABLES
from schemas.errors import StandingsError
from schemas.projections.sql import SCHEMA, text
from schemas.projections.views import AS_OF, VIEWS
from schemas.table import POSTGRES, Kind, Table, about

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

log = logging.getLogger("standings")

LOADER, READER = "standings_loader", "standings_reader"
FUNCTION = f"{SCHEMA}.{AS_OF.name}({POSTGRES[Kind.MOMENT]})"

BOOKS = f"""
CREATE TABLE IF NOT EXISTS {SCHEMA}.release (
    release text NOT NULL, published_at timestamp with time zone NOT NULL, kind text NOT NULL,
    citation text NOT NULL, caveat text NOT NULL, PRIMARY KEY (release));
COMMENT ON TABLE {SCHEMA}.release IS 'The release that the tables hold, and what to print beside its figures.';
CREATE TABLE IF NOT EXISTS {SCHEMA}.loaded_partition (
    table_name text, week date, sha256 text NOT NULL, rows bigint NOT NULL, tokens numeric,
    PRIMARY KEY (table_name, week));
COMMENT ON TABLE {SCHEMA}.loaded_partition IS
    'One row a table and week: the published part that its rows were loaded from, and what they sum to.';
CREATE TABLE IF NOT EXISTS {SCHEMA}.definition (name text PRIMARY KEY, version bigint, sha256 text NOT NULL);
COMMENT ON TABLE {SCHEMA}.definition IS
    'One row a table, view or function: the definition that it was made from.';
"""


def become_owner(connection: "Connection") -> None:
    """Acts as the schema's owner for the rest of the transaction; makes roles and schema where there are none.

    The owner is the loaders' role, so that any member of it can load what another loaded.
    """
    import psycopg

    me, may_create, database = _one(
        connection,
        "SELECT current_user::text, rolsuper OR rolcreaterole, current_database()::text FROM pg_roles "
        "WHERE rolname = current_user",
    )
    missing = [role for role in (LOADER, READER) if not _exists(connection, role)]
    if may_create:
        for role in missing:
            # Roles are the whole server's, so that a load into another of its databases may make them too.
            with (
                suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation),
                connection.transaction(),
            ):
                connection.execute(f"CREATE ROLE {role} NOLOGIN")
                if role == LOADER:
                    connection.execute(f"GRANT {LOADER} TO CURRENT_USER")
    elif missing:
        log.warning(
            "PostgreSQL: %s may not create the roles of loaders and readers; for them have an administrator run: "
            "%s GRANT %s TO %s;",
            me,
            " ".join(f"CREATE ROLE {role} NOLOGIN;" for role in missing),
            LOADER,
            _quoted(connection, me),
        )
    (owner,) = _one(
        connection, "SELECT (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = %s)", SCHEMA
    )
    if owner is None:
        owner = LOADER if _is_member(connection, LOADER) else _quoted(connection, me)
        try:
            with connection.transaction():
                connection.execute(f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {owner}")
        except psycopg.errors.InsufficientPrivilege:
            raise StandingsError(
                f"PostgreSQL: {me} may not create the schema {SCHEMA}: have an administrator run: "
                f"GRANT CREATE ON DATABASE {_quoted(connection, database)} TO {_quoted(connection, me)};"
            ) from None
    elif not _is_member(connection, owner):
        raise StandingsError(
            f"PostgreSQL: {me} may not load into the schema {SCHEMA}, which is {owner}'s: "
            f"have an administrator run: GRANT {owner} TO {_quoted(connection, me)};"
        )
    connection.execute(f"SET LOCAL ROLE {owner}")


def _exists(connection: "Connection", role: str) -> bool:
    (found,) = _one(connection, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", role)
    return bool(found)


def _is_member(connection: "Connection", role: str) -> bool:
    """Whether the user may act as the role, which is written as SQL writes it."""
    (found,) = _one(connection, "SELECT pg_has_role(to_regrole(%s), 'MEMBER')", role)
    return bool(found)


def _quoted(connection: "Connection", name: str) -> str:
    from psycopg import sql

    return sql.Identifier(name).as_string(connection)


def _one(connection: "Connection", query: str, *values: object) -> tuple[Any, ...]:
    """The only row of an answer."""
    return connection.execute(query, values).fetchall()[0]


Apply = Callable[["Connection", str], None]
"""How statements are run."""


def _execute(connection: "Connection", statements: str) -> None:
    connection.execute(statements)


def migrate(connection: "Connection") -> None:
    """Makes or alters tables, views, the function and the readers' rights, where their definitions are new.

    Raises `StandingsError` for a change that would mislead who reads the old table.
    """
    connection.execute(BOOKS)
    columns, keys = catalogue(connection)
    if "release" not in keys:
        # Earlier versions made it without, and where all tables are replicated its row could not be replaced.
        connection.execute(f"ALTER TABLE {SCHEMA}.release ADD PRIMARY KEY (release)")
    made = connection.execute(f"SELECT name, version, sha256 FROM {SCHEMA}.definition").fetchall()
    versions = {name: version for name, version, _ in made}
    digests = {name: digest for name, _, digest in made}

    def define(name: str, version: int | None, statements: str, apply: Apply = _execute) -> None:
        if statements and digests.get(name) != (digest := hashlib.sha256(statements.encode()).hexdigest()):
            apply(connection, statements)
            connection.execute(
                f"INSERT INTO {SCHEMA}.definition VALUES (%s, %s, %s) ON CONFLICT (name) "
                f"DO UPDATE SET version = excluded.version, sha256 = excluded.sha256",
                [name, version, digest],
            )

    for table in TABLES:
        found = columns.get(table.name)
        if found is None:
            connection.execute(table.ddl(POSTGRES, SCHEMA))
            digests.pop(table.name, None)
            _forget(connection, table)
        else:
            _alter(connection, table, versions.get(table.name), found, keys.get(table.name, ()))
        define(table.name, table.version, ";".join(_column_comments(table)))
    if not (columns.keys() >= {view.name for view in VIEWS} and _has_function(connection)):
        digests.pop("views", None)
    define("views", None, "; ".join(_views()), _make_views)
    define("grants", None, _grants() if _exists(connection, READER) else "")


def unfit(connection: "Connection") -> Iterator[str]:
    """Which tables are not as this version's, a line each: their rows cannot be compared."""
    columns, keys = catalogue(connection)
    for table in TABLES:
        found = columns.get(table.name)
        if found is None:
            yield f"the table {SCHEMA}.{table.name} is missing: load again"
        elif broken := _breaking(table, None, found, keys.get(table.name, ())):
            yield f"the table {SCHEMA}.{table.name} {broken}"
        elif missing := [each for each in table.names if each not in found]:
            yield f"the table {SCHEMA}.{table.name} has no column {missing[0]} yet: load again"


def catalogue(
    connection: "Connection",
) -> tuple[dict[str, dict[str, tuple[str, bool]]], dict[str, tuple[str, ...]]]:
    """What is there: of each table or view the columns, with type and whether they may be empty; and the keys."""
    columns: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, kind, nullable in connection.execute(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull "
        "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped",
        [SCHEMA],
    ):
        columns.setdefault(table, {})[column] = (kind, nullable)
    keys = connection.execute(
        "SELECT c.relname, array_agg(a.attname::text ORDER BY k.place) "
        "FROM pg_constraint p JOIN pg_class c ON c.oid = p.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace, "
        "unnest(p.conkey) WITH ORDINALITY AS k (number, place) "
        "JOIN pg_attribute a ON a.attnum = k.number "
        "WHERE n.nspname = %s AND p.contype = 'p' AND a.attrelid = p.conrelid GROUP BY c.relname",
        [SCHEMA],
    ).fetchall()
    return columns, {table: tuple(names) for table, names in keys}


def _alter(
    connection: "Connection",
    table: Table,
    version: int | None,
    found: dict[str, tuple[str, bool]],
    key: tuple[str, ...],
) -> None:
    """Adds columns that may be empty, and lets columns be empty that had to have a value."""
    if broken := _breaking(table, version, found, key):
        theirs = _resting_on(connection, [table.name])
        raise StandingsError(
            f"PostgreSQL: the table {SCHEMA}.{table.name} {broken}: it is not altered, since that would mislead who "
            f"reads it: run DROP TABLE {SCHEMA}.{table.name} CASCADE; there, and load again"
            + (f"; that drops {', '.join(theirs)} too: keep what pg_get_viewdef says of it" if theirs else "")
        )
    name = f"{SCHEMA}.{table.name}"
    new = [column for column in table.columns if column.name not in found]
    for column in new:
        connection.execute(f"ALTER TABLE {name} ADD COLUMN {column.name} {POSTGRES[column.kind]}")
    for column in table.columns:
        if column.nullable and column.name in found and not found[column.name][1]:
            connection.execute(f"ALTER TABLE {name} ALTER COLUMN {column.name} DROP NOT NULL")
    if new:
        _forget(connection, table)


def _breaking(
    table: Table, version: int | None, found: dict[str, tuple[str, bool]], key: tuple[str, ...]
) -> str | None:
    """Why the table that is there cannot become this version's; None where it can."""
    if version is not None and version != table.version:
        return f"has version {version}, and this release's has {table.version}"
    if gone := sorted(found.keys() - set(table.names)):
        return f"has a column {gone[0]} that is there no more or has another name"
    if key != table.key:
        return f"has the key ({', '.join(key)}), and this release's has ({', '.join(table.key)})"
    for column in table.columns:
        if column.name not in found:
            if not column.nullable:
                return f"has no column {column.name}, which may not be empty"
            continue
        kind, nullable = found[column.name]
        if kind != POSTGRES[column.kind]:
            return f"has {column.name} as {kind}, and this release's has it as {POSTGRES[column.kind]}"
        if nullable and not column.nullable:
            return f"lets {column.name} be empty, and this release's does not"
    return None


def _forget(connection: "Connection", table: Table) -> None:
    """Makes every partition of a table one that has to be loaded."""
    connection.execute(f"DELETE FROM {SCHEMA}.loaded_partition WHERE table_name = %s", [table.name])


def _column_comments(table: Table) -> Iterator[str]:
    for column in table.columns:
        yield f"COMMENT ON COLUMN {SCHEMA}.{table.name}.{column.name} IS {text(about(column))}"


def _has_function(connection: "Connection") -> bool:
    (found,) = _one(connection, "SELECT to_regprocedure(%s)", FUNCTION)
    return found is not None


def _make_views(connection: "Connection", statements: str) -> None:
    """Makes the views and the function; anew only where their columns are others, since what rests on them would go.

    Raises `StandingsError` that names what somebody else has made to rest on them.
    """
    import psycopg

    try:
        with connection.transaction():
            connection.execute(statements)
        return
    except (psycopg.errors.InvalidTableDefinition, psycopg.errors.InvalidFunctionDefinition):
        pass
    gone = [f"VIEW IF EXISTS {SCHEMA}.{view.name}" for view in reversed(VIEWS)]
    theirs = _resting_on(connection, [view.name for view in VIEWS])
    try:
        for each in [f"FUNCTION IF EXISTS {FUNCTION}", *gone]:
            connection.execute(f"DROP {each}")
    except psycopg.errors.DependentObjectsStillExist as problem:
        blocked = in_one_line(problem)
    else:
        connection.execute(statements)
        return
    raise StandingsError(
        f"PostgreSQL: this version's views have other columns: {blocked} {_drop_first(theirs)}"
    )


def _drop_first(theirs: list[str]) -> str:
    """What somebody has to run whose views, such as `VIEW public.mine`, are in the way."""
    dropped = " ".join(f"DROP {each};" for each in theirs) or "a DROP of it"
    return f"Keep its query (pg_get_viewdef), run {dropped} there, load again, and make it again."


def _resting_on(connection: "Connection", names: list[str]) -> list[str]:
    """What others made that rests on these relations of ours or on the function, the newest first."""
    ours = [table.name for table in TABLES] + [view.name for view in VIEWS]
    found = connection.execute(
        "WITH RECURSIVE resting(oid) AS ((SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace(%s) "
        "AND relname = ANY(%s) UNION SELECT to_regprocedure(%s)::oid) UNION SELECT r.ev_class FROM resting "
        "JOIN pg_depend d ON d.refobjid = resting.oid AND d.classid = 'pg_rewrite'::regclass "
        "AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) JOIN pg_rewrite r ON r.oid = d.objid) "
        "SELECT CASE relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END || format('VIEW %%I.%%I', nspname, relname) "
        "FROM resting JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE relkind IN ('v', 'm') AND NOT (nspname = %s AND relname = ANY(%s)) ORDER BY c.oid DESC",
        [SCHEMA, names, FUNCTION, SCHEMA, ours],
    ).fetchall()
    return [each for (each,) in found]


def _views() -> Iterator[str]:
    """The views and the function."""
    for view in VIEWS:
        yield f"CREATE OR REPLACE VIEW {SCHEMA}.{view.name} AS {view.query(SCHEMA)}"
        yield f"COMMENT ON VIEW {SCHEMA}.{view.name} IS {text(view.doc)}"
    columns = ", ".join(f"{column.name} {POSTGRES[column.kind]}" for column in AS_OF.rests_on[0].columns)
    yield (
        f"CREATE OR REPLACE FUNCTION {SCHEMA}.{AS_OF.name}(moment {POSTGRES[Kind.MOMENT]}) RETURNS TABLE ({columns}) "
        f"LANGUAGE sql STABLE AS {text(AS_OF.query(SCHEMA))}"
    )
    yield f"COMMENT ON FUNCTION {FUNCTION} IS {text(AS_OF.doc)}"


def _grants() -> str:
    """What readers may do: read, also what is made later."""
    return (
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {READER}; "
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {READER}; "
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {SCHEMA} GRANT SELECT ON TABLES TO {READER}"
    )
