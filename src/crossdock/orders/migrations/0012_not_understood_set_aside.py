"""Let somebody say that a record which could not be understood was seen to."""

from django.db import migrations, models

# Kept until now though the order came and was understood later.
UNDERSTOOD_SINCE = """
delete from left_out l using sales_order o
 where o.account_id = l.account_id and o.store_id = l.store_id and o.external_id = l.external_id and o.source_updated_at >= l.last_seen
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0011_statistics_in_time")]

    operations = [
        migrations.AddField("leftoutrecord", "set_aside_at", models.DateTimeField(null=True)),
        migrations.RunSQL(
            ["select set_config('app.maintenance', 'on', true)", UNDERSTOOD_SINCE, "select set_config('app.maintenance', '', true)"],
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
