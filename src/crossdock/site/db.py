"""Connections: their startup options, and the check that each one runs under the role that row-level security fences."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.conninfo import conninfo_to_dict

from crossdock.site.environment import Refused

APP_ROLE = "crossdock_app"
LOOKUP_ROLE = "crossdock_lookup"

# They travel as startup options, since defaults of a role do not apply to a role that is assumed.
TIMEOUTS = {"statement_timeout": "30s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "60s"}

# Plans are kept where `tenancy.statements` asks for it; Django switches that off unless a number is named.
KEEP_PLANS: dict[str, Any] = {"prepare_threshold": 5}
PLANS_KEPT = 200
"""How many plans a connection keeps: more than there are such statements, each in a few forms by the size of its numbers."""


# A database host that vanishes without a word is noticed within half a minute, so that no thread waits on it for long. What the
# address itself says comes first.
NETWORK: dict[str, Any] = {
    "connect_timeout": 5,
    "application_name": "crossdock",
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def connection_settings(url: str, *, role: str | None) -> dict[str, Any]:
    """Django's entry for one PostgreSQL address; `role` is assumed at the start of each connection.

    Raises Refused when the address cannot be read.
    """
    try:
        parts = conninfo_to_dict(url)
    except Exception as error:
        raise Refused(
            "DATABASE_URL cannot be read; it should look like postgresql://user:password@host:5432/crossdock"
        ) from error
    options = [str(parts.pop("options"))] if "options" in parts else []
    if role:
        options.append(f"-c role={role}")
        options += [f"-c {name}={value}" for name, value in TIMEOUTS.items()]
    else:
        options.append("-c lock_timeout=30s")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "crossdock"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**NETWORK, **KEEP_PLANS, **parts, "options": " ".join(options)},
    }


class WrongRole(Refused):
    """A connection of web or worker does not run as the fenced role: nothing is served over it."""


def check_role(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Refuse a new connection of `default` that row-level security would not hold.

    A transaction pooler drops startup options, and a superuser, an owner with BYPASSRLS or the migrations' login would see every
    account's rows. Raises WrongRole.
    """
    if connection.alias != "default":
        return
    connection.connection.prepared_max = PLANS_KEPT
    with connection.cursor() as cursor:
        cursor.execute("select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        name, is_super, bypasses = cursor.fetchone()
    if name == APP_ROLE and not is_super and not bypasses:
        return
    connection.close()
    if name == APP_ROLE:
        raise WrongRole(
            f"the role {APP_ROLE} is a superuser or has BYPASSRLS; run: alter role {APP_ROLE} nosuperuser nobypassrls"
        )
    raise WrongRole(
        f"the database connection runs as {name!r}, not as {APP_ROLE!r}; a transaction pooler may have dropped its startup options:"
        " use a session pooler or none"
    )
