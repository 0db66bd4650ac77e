"""Let the sweep find stores at which something was announced while nobody could tell their lane."""

from django.db import migrations, models
from django.db.models import Q

from crossdock.tenancy.operations import definer_function


class Migration(migrations.Migration):
    dependencies = [("connections", "0006_stores_called"), ("jobs", "0003_behind_the_error")]

    operations = [
        migrations.AddIndex(
            model_name="webhookinbox",
            index=models.Index(fields=["received_at"], name="webhook_announced", condition=Q(taken_at__isnull=True)),
        ),
        migrations.RunSQL(
            [
                "grant select (store_id) on webhook_inbox to crossdock_lookup",
                "grant select (store_id, last_started_at) on lane to crossdock_lookup",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        definer_function(
            "announced_lanes(most integer) returns table (account_id bigint, lane_id bigint)",
            """
            select distinct l.account_id, l.id from public.webhook_inbox w
              join public.lane l on l.kind = 'orders.pull' and l.store_id = w.store_id and l.account_id = w.account_id
             where w.taken_at is null and w.received_at > clock_timestamp() - interval '1 hour'
               and w.received_at < clock_timestamp() - interval '2 s'
               and w.received_at > coalesce(l.last_started_at, '-infinity') - interval '2 s'
               and l.blocked_reason is null and (l.leased_until is null or l.leased_until < clock_timestamp())
             limit least(most, 5000)
            """,
        ),
    ]
