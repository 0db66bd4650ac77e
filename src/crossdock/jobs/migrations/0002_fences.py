"""Fence lanes to their accounts; what the sweep and the gauges may see across them."""

from django.db import migrations

from crossdock.tenancy.operations import definer_function, tenant_table


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("accounts", "0001_initial"), ("procrastinate", "__latest__")]

    operations = [
        tenant_table("lane", lookup_columns=("id", "account_id", "kind", "due_at", "leased_until", "blocked_reason")),
        migrations.RunSQL(
            [
                "alter table lane set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)",
                "alter table lane add constraint lane_of_one check (num_nonnulls(store_id, warehouse_id, connection_id) = 1)",
                "alter table procrastinate_jobs set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        definer_function(
            "due_lanes(most integer) returns table (account_id bigint, lane_id bigint)",
            """
            select l.account_id, l.id from public.lane l
             where l.due_at <= clock_timestamp() and l.blocked_reason is null
               and (l.leased_until is null or l.leased_until < clock_timestamp())
             order by l.due_at limit least(most, 5000)
            """,
        ),
    ]
