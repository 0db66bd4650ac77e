"""Fence connections to their accounts, keep realms apart, and let a webhook's token find its store."""

from django.db import migrations

from crossdock.tenancy.operations import definer_function, tenant_table

# A composite key with the realm in it: a sandbox store cannot be joined to a live warehouse.
REALMS = [
    "alter table store add constraint store_realm unique (account_id, id, realm)",
    "alter table warehouse add constraint warehouse_realm unique (account_id, id, realm)",
    "alter table store add constraint store_of_merchant unique (account_id, id, merchant_id)",
    "alter table connection add constraint connection_store_realm foreign key (account_id, store_id, realm)"
    " references store (account_id, id, realm)",
    "alter table connection add constraint connection_warehouse_realm foreign key (account_id, warehouse_id, realm)"
    " references warehouse (account_id, id, realm)",
    "alter table connection add constraint connection_of_merchant foreign key (account_id, store_id, merchant_id)"
    " references store (account_id, id, merchant_id)",
    *(
        f"alter table {table} add constraint {table}_realm_known check (realm in ('live', 'sandbox'))"
        for table in ("store", "warehouse", "connection", "effect")
    ),
    *(
        f"create function {table}_realm_stays() returns trigger language plpgsql as"
        f" $$ begin raise exception 'the realm of a {table} never changes'; end $$;"
        f" create trigger realm_stays before update of realm on {table} for each row when (old.realm is distinct from new.realm)"
        f" execute function {table}_realm_stays()"
        for table in ("store", "warehouse", "connection")
    ),
]

EFFECTS = [
    "alter table effect set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)",
    "alter table webhook_inbox set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)",
    "alter table credential add constraint credential_is_sealed check (octet_length(sealed) > 29 and get_byte(sealed, 0) = 1)",
    "alter table effect alter state set default 'intended', alter attempt set default 0, alter fence set default 0,"
    " alter next_at set default clock_timestamp(), alter intended_at set default clock_timestamp(), alter error set default ''",
    *(
        f"alter table lane add foreign key (account_id, {column}) references {table} (account_id, id)"
        for column, table in (("store_id", "store"), ("warehouse_id", "warehouse"), ("connection_id", "connection"))
    ),
]


class Migration(migrations.Migration):
    dependencies = [("connections", "0001_initial"), ("jobs", "0002_fences")]

    operations = [
        tenant_table("merchant", merchant_column="id"),
        tenant_table(
            "store",
            references={"merchant_id": "merchant"},
            merchant_column="merchant_id",
            lookup_columns=("id", "account_id", "hook_hash", "platform", "deleted_at"),
        ),
        tenant_table("warehouse"),
        tenant_table(
            "connection",
            references={"merchant_id": "merchant", "store_id": "store", "warehouse_id": "warehouse"},
            merchant_column="merchant_id",
        ),
        tenant_table("location_link", references={"connection_id": "connection", "store_id": "store"}),
        tenant_table("channel", references={"connection_id": "connection"}),
        tenant_table("schedule", references={"channel_id": "channel"}),
        tenant_table("credential", references={"store_id": "store", "warehouse_id": "warehouse"}),
        tenant_table(
            "effect",
            references={"store_id": "store", "warehouse_id": "warehouse", "lane_id": "lane"},
            grants="select, insert, update",
            lookup_columns=("id", "account_id", "kind", "state", "next_at"),
        ),
        tenant_table("webhook_inbox", references={"store_id": "store"}, lookup_columns=("id", "account_id", "taken_at", "received_at")),
        tenant_table("sign_in_state", lookup_columns=("id", "account_id", "state_hash", "used_at", "created_at", "person_id")),
        tenant_table("wizard_draft"),
        migrations.RunSQL(REALMS, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(EFFECTS, reverse_sql=migrations.RunSQL.noop),
        definer_function(
            "store_of_hook(token_hash bytea) returns table (account_id bigint, store_id bigint, platform text)",
            "select s.account_id, s.id, s.platform from public.store s where s.hook_hash = token_hash and s.deleted_at is null",
        ),
        definer_function(
            "account_of_sign_in(hash bytea, who bigint) returns table (account_id bigint, id bigint)",
            "select s.account_id, s.id from public.sign_in_state s where s.state_hash = hash and s.person_id = who"
            " and s.used_at is null and s.created_at > clock_timestamp() - interval '10 minutes'",
        ),
        definer_function(
            "gauges() returns table (name text, value bigint)",
            """
            select 'lanes_due', count(*) from public.lane l
             where l.due_at <= clock_timestamp() and l.blocked_reason is null
            union all select 'lanes_blocked', count(*) from public.lane l where l.blocked_reason is not null
            union all select 'lanes_running', count(*) from public.lane l where l.leased_until > clock_timestamp()
            union all select 'effects_' || e.state, count(*) from public.effect e where e.state <> 'confirmed' group by e.state
            union all select 'webhooks_waiting', count(*) from public.webhook_inbox w where w.taken_at is null
            """,
        ),
    ]
