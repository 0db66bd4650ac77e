"""A webhook address that was replaced is known for a while, until the platform was told the new one."""

from django.db import migrations, models

from crossdock.tenancy.operations import definer_function


class Migration(migrations.Migration):
    dependencies = [("connections", "0008_credential_links")]

    operations = [
        migrations.AddField(model_name="store", name="old_hook_hash", field=models.BinaryField(null=True)),
        migrations.AddField(model_name="store", name="old_hook_until", field=models.DateTimeField(null=True)),
        migrations.AddConstraint(
            model_name="store", constraint=models.UniqueConstraint(fields=["old_hook_hash"], name="store_old_hook")
        ),
        migrations.RunSQL(
            ["grant select (old_hook_hash, old_hook_until) on store to crossdock_lookup", "drop function store_of_hook(bytea)"],
            reverse_sql=migrations.RunSQL.noop,
        ),
        definer_function(
            "store_of_hook(token_hash bytea) returns table (account_id bigint, store_id bigint, platform text)",
            """
            select s.account_id, s.id, s.platform from public.store s
             where s.deleted_at is null
               and (s.hook_hash = token_hash or (s.old_hook_hash = token_hash and s.old_hook_until > clock_timestamp()))
            """,
        ),
    ]
