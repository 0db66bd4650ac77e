"""Let a platform's signed call to its app find the stores it is about, in whichever accounts they are."""

from django.db import migrations

from crossdock.tenancy.operations import definer_function


class Migration(migrations.Migration):
    dependencies = [("connections", "0005_effect_unconfirmed")]

    operations = [
        definer_function(
            "stores_called(which_platform text, which_identity text, which_realm text) returns table (account_id bigint, store_id bigint)",
            "select s.account_id, s.id from public.store s where s.platform = which_platform and s.identity = which_identity"
            " and s.realm = which_realm and s.deleted_at is null order by s.id",
        ),
    ]
