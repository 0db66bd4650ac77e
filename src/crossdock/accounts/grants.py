"""What the application's role may do with tables that are no tenant's, and the months made ahead.

Tenant tables get policy and grants from their own migrations. Everything else in the schema is on the list below with what the
application needs of it, or it is out of reach: a table that somebody forgot to fence answers "permission denied".
"""

from typing import Any

from django.db import connections
from psycopg import sql

FULL = "select, insert, update, delete"

# Tables without a tenant's policy, by name or by prefix (ending in "*"). Kept short: a test compares it with the schema.
NOT_TENANT: dict[str, str] = {
    "person": FULL,
    "instance_key": "select, insert, update",
    "first_admin_link": "select, insert, update",
    "site_cache": FULL,
    "order_status": "select",
    "order_transition": "select",
    "django_migrations": "select",
    "django_content_type": "select",
    "django_session": FULL,
    "auth_*": "select",
    "account_email*": FULL,
    "mfa_*": FULL,
    "usersessions_*": FULL,
    "procrastinate_*": FULL,
    "worker_beat": FULL,
}

# Every function that runs with its owner's rights. Those of crossdock_lookup only read.
DEFINERS = (
    "account_of_sign_in",
    "account_of_token",
    "administrator_exists",
    "credential_link_of",
    "announced_lanes",
    "audit_heads",
    "due_cleanup",
    "due_lanes",
    "find_orders",
    "find_orders_by_end",
    "find_orders_by_index",
    "find_listings",
    "find_orders_of_merchants",
    "gauges",
    "is_live_elsewhere",
    "link_audit",
    "link_of_sign_in",
    "make_months",
    "memberships_of",
    "note_growth",
    "store_of_hook",
    "stores_called",
    "stores_held",
    "wrapped_by",
)


def grant_on(table: str) -> str | None:
    """What the application may do with a table that is no tenant's; None when the table is not on the list."""
    if table in NOT_TENANT:
        return NOT_TENANT[table]
    return next((grant for name, grant in NOT_TENANT.items() if name.endswith("*") and table.startswith(name[:-1])), None)


def after_migrate(*, using: str = "default", **_: Any) -> None:
    """Grant what the list says, and make the coming months. Runs as the owner after every migration, and may run twice."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "select c.relname, array(select pg_get_serial_sequence(quote_ident(c.relname), a.attname) from pg_attribute a"
            "   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            "   and pg_get_serial_sequence(quote_ident(c.relname), a.attname) is not null)"
            " from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity"
        )
        for table, sequences in cursor.fetchall():
            if (grant := grant_on(table)) is None:
                continue
            cursor.execute(sql.SQL("grant {} on {} to crossdock_app").format(sql.SQL(grant), sql.Identifier(table)))
            for sequence in sequences:
                cursor.execute(
                    sql.SQL("grant usage, select on sequence {} to crossdock_app").format(sql.Identifier(*sequence.split(".")))
                )
        cursor.execute("select make_months()")
