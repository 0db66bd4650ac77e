"""The roles of the database, made once by whoever may make them; what each may do with a table is said by the migrations.

`crossdock_app` (web, workers) is fenced by row-level security, `crossdock_lookup` owns the few functions that look across
accounts, and the owner, whichever login that is, owns database and tables. Everything here may run again.
"""

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from crossdock.site.db import APP_ROLE, LOOKUP_ROLE
from crossdock.site.environment import Refused

LEAST_VERSION = 15


def connect(url: str) -> psycopg.Connection:
    """An autocommit connection. Raises Refused, with the server's own words, when there is none to be had."""
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.ProgrammingError as error:
        raise Refused(
            "DATABASE_OWNER_URL cannot be read; it should look like postgresql://user:password@host:5432/crossdock"
        ) from error
    except psycopg.OperationalError as error:
        where = conninfo_to_dict(url)
        place = f"{where.get('host', 'localhost')}:{where.get('port', 5432)}/{where.get('dbname', '')}"
        raise Refused(f"the database at {place} cannot be reached: {' '.join(str(error).split())}") from error


def prepare(owner_url: str, app_login: str | None = None) -> None:
    """Make the two roles, the owner's way to them and the schema's rights, on any PostgreSQL 15 or later.

    `app_login` is the login of web and workers when it is another than the owner's. Makes what is missing only, so an operator may
    have made the roles by hand and given the owner no CREATEROLE. Raises Refused with the statements to run where rights lack.
    """
    with connect(owner_url) as connection:
        version = connection.info.server_version
        if version < LEAST_VERSION * 10_000:
            raise Refused(f"the database is PostgreSQL {version // 10_000}; Crossdock needs {LEAST_VERSION} or later")
        # Two processes that prepare one server at once would both make the roles.
        connection.execute("select pg_advisory_lock(hashtext('crossdock roles'))")
        try:
            for role in (APP_ROLE, LOOKUP_ROLE):
                _make_role(connection, role)
            # Before the owner gives up inheriting, see there.
            _schema_rights(connection)
            for role in (APP_ROLE, LOOKUP_ROLE):
                _let_owner_assume(connection, role)
            if app_login:
                _let_login_assume(connection, app_login)
        except psycopg.errors.InsufficientPrivilege as error:
            raise Refused(
                "the owner's login may not make roles; run as an administrator:"
                f" create role {APP_ROLE} nologin; create role {LOOKUP_ROLE} nologin;"
                f" grant {APP_ROLE}, {LOOKUP_ROLE} to {connection.info.user}"
                f" ({' '.join(str(error).split())})"
            ) from error
        finally:
            connection.execute("select pg_advisory_unlock(hashtext('crossdock roles'))")


def _make_role(connection: psycopg.Connection, role: str) -> None:
    if connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone() is None:
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))


def _may(connection: psycopg.Connection, question: str, *values: str) -> bool:
    row = connection.execute(f"select {question}", values).fetchone()
    return bool(row and row[0])


def _let_owner_assume(connection: psycopg.Connection, role: str) -> None:
    """The owner may become the role (to give it a function, to test), and has none of its rights unless it does.

    With inherited rights the lookup policies would apply to the owner as well.
    """
    name = sql.Identifier(role)
    if connection.info.server_version >= 160_000:
        has = connection.execute(
            "select exists (select from pg_auth_members m where m.roleid = %s::regrole and m.member = current_user::regrole"
            " and m.set_option) and not exists (select from pg_auth_members m where m.roleid = %s::regrole"
            " and m.member = current_user::regrole and m.inherit_option)",
            [role, role],
        ).fetchone()
        if not (has and has[0]):
            connection.execute(sql.SQL("grant {} to current_user with inherit false, set true").format(name))
        return
    if not _may(connection, "pg_has_role(current_user, %s, 'member')", role):
        connection.execute(sql.SQL("grant {} to current_user").format(name))
    if _may(connection, "(select rolinherit and not rolsuper from pg_roles where rolname = current_user)"):
        connection.execute("alter role current_user noinherit")


def _let_login_assume(connection: psycopg.Connection, login: str) -> None:
    if _may(connection, "%s = current_user", login) or _may(connection, "pg_has_role(%s, %s, 'member')", login, APP_ROLE):
        return
    connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(APP_ROLE), sql.Identifier(login)))


def _schema_rights(connection: psycopg.Connection) -> None:
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("revoke temporary on database {} from public").format(database))
    if not _may(connection, "(select nspowner = current_user::regrole from pg_namespace where nspname = 'public')"):
        # Owned by name: on 15 an owner that does not inherit, as it shall not below, owns nothing as a member of pg_database_owner;
        # where an earlier database of this server made it so already, it inherits again for this step.
        if connection.info.server_version < 160_000 and not _may(
            connection, "pg_has_role(current_user, 'pg_database_owner', 'usage')"
        ):
            connection.execute("alter role current_user inherit")
        connection.execute("alter schema public owner to current_user")
    connection.execute("revoke create on schema public from public")
    connection.execute(
        sql.SQL("grant usage on schema public to {}, {}").format(sql.Identifier(APP_ROLE), sql.Identifier(LOOKUP_ROLE))
    )


def extensions(owner_url: str) -> None:
    """Make the one extension we need, which the owner of a database may make. Raises Refused where the server lacks it."""
    with connect(owner_url) as connection:
        try:
            connection.execute("create extension if not exists pg_trgm")
        except psycopg.Error as error:
            raise Refused(
                "the extension pg_trgm is missing; install the server's contrib package, then run as an administrator in this"
                f" database: create extension pg_trgm ({' '.join(str(error).split())})"
            ) from error
