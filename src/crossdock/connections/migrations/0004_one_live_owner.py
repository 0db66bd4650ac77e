"""Let going Live ask whether another account has the same shop Live already: two importers ship twice."""

from django.db import migrations

from crossdock.tenancy.operations import definer_function


class Migration(migrations.Migration):
    dependencies = [("connections", "0003_throttle")]

    operations = [
        migrations.RunSQL(
            [
                "grant select (identity, realm) on store to crossdock_lookup",
                "grant select (id, account_id, store_id, mode, deleted_at) on connection to crossdock_lookup",
                "create policy lookup on connection for select to crossdock_lookup using (true)",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        definer_function(
            "is_live_elsewhere(which_platform text, which_identity text, which_realm text) returns boolean",
            """
            select exists (
              select from public.store s join public.connection c on c.account_id = s.account_id and c.store_id = s.id
               where s.platform = which_platform and s.identity = which_identity and s.realm = which_realm and c.mode = 'live'
                 and c.deleted_at is null and s.account_id is distinct from public.app_account())
            """,
        ),
    ]
