"""Migration steps that make a table a tenant's: policy, keys, grants."""

from collections.abc import Mapping, Sequence

from django.db import migrations

ACCOUNT = "(select nullif(current_setting('app.account_id', true), '')::bigint)"
MERCHANTS = "(select nullif(current_setting('app.merchants', true), '')::bigint[])"


def tenant_table(
    table: str,
    *,
    references: Mapping[str, str] | None = None,
    merchant_column: str | None = None,
    lookup_columns: Sequence[str] = (),
    grants: str = "select, insert, update, delete",
    partitioned: bool = False,
) -> migrations.RunSQL:
    """Fence one table to its account.

    `references` maps a column to the table it points at: the key is (account_id, column), because foreign-key checks pass
    row-level security by. `merchant_column` adds the restrictive policy for people limited to some merchants.
    `lookup_columns` are what the cross-account functions may read. A table partitioned by month keeps its own primary key;
    its partitions, which inherit no policy, are made and fenced by `monthly(table)`, the step after this one.
    """
    sql = [
        f"alter table {table} add constraint {table}_account_fk"
        " foreign key (account_id) references account (id) on delete cascade"
    ]
    if not partitioned:
        sql.append(f"alter table {table} add constraint {table}_tenant unique (account_id, id)")
    for column, target in (references or {}).items():
        sql.append(
            f"alter table {table} add constraint {table}_{column}_fk foreign key (account_id, {column})"
            f" references {target} (account_id, id) deferrable initially immediate"
        )
    sql += fence(table, merchant_column=merchant_column, grants=grants)
    if lookup_columns:
        sql.append(f"grant select ({', '.join(lookup_columns)}) on {table} to crossdock_lookup")
        sql.append(f"create policy lookup on {table} for select to crossdock_lookup using (true)")
    return migrations.RunSQL(tuple(sql), reverse_sql=migrations.RunSQL.noop)


def fence(table: str, *, merchant_column: str | None = None, grants: str = "select, insert, update, delete") -> list[str]:
    """The policies and grants alone: also for each partition, which inherits none of them."""
    sql = [
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy tenant on {table} to crossdock_app using (account_id = {ACCOUNT}) with check (account_id = {ACCOUNT})",
        f"create policy maintenance on {table} to current_user"
        " using (current_setting('app.maintenance', true) = 'on') with check (current_setting('app.maintenance', true) = 'on')",
        f"grant {grants} on {table} to crossdock_app",
    ]
    if merchant_column:
        sql.append(
            f"create policy merchants on {table} as restrictive to crossdock_app"
            f" using ({MERCHANTS} is null or {merchant_column} = any ({MERCHANTS}::bigint[]))"
        )
    return sql


def definer_function(signature: str, body: str) -> migrations.RunSQL:
    """A function that looks across accounts: owned by crossdock_lookup, callable by crossdock_app only.

    Reads only, and only what `lookup_columns` granted. A new owner of a function needs the right to create in its schema
    at that moment; crossdock_lookup has it for these statements and no longer.
    """
    name = signature.split(" returns ")[0]
    return migrations.RunSQL(
        [
            f"create function {signature} language sql stable security definer set search_path = pg_catalog, public, pg_temp"
            f" as $fn${body}$fn$",
            f"revoke execute on function {name} from public",
            f"grant execute on function {name} to crossdock_app",
            "grant create on schema public to crossdock_lookup",
            f"alter function {name} owner to crossdock_lookup",
            "revoke create on schema public from crossdock_lookup",
        ],
        reverse_sql=migrations.RunSQL.noop,
    )


def monthly(table: str) -> migrations.RunSQL:
    """Give a table that is `partition by range (at)` its default partition and the next months, each fenced like the table.

    Later months come from the database function `make_months()`, which runs after every migration and daily.
    """
    return migrations.RunSQL(f"select make_months('{table}')", reverse_sql=migrations.RunSQL.noop)
