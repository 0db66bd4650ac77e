"""The table behind the shared cache: unlogged, since losing it in a crash loses rate limits only."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunSQL(
            [
                "create unlogged table site_cache ("
                ' key text collate "C" primary key, value jsonb not null, expires timestamptz not null)'
                " with (fillfactor = 70)",
                "create index site_cache_expires on site_cache (expires)",
                "grant select, insert, update, delete on site_cache to crossdock_app",
            ],
            reverse_sql="drop table site_cache",
        ),
    ]
