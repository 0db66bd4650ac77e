"""Note of which orders a part waits for its connection, so that nobody has to look at all that wait to find what does not."""

from django.db import migrations, models
from django.db.models import F, Q

# Orders under way from before: whether something of them waits is looked at once.
LOOK_ONCE = """
update sales_order o set giving = 2
 where o.status in ('queued', 'delayed', 'open', 'partially_shipped') and o.deleted_at is null
   and exists (select from sales_order_line l where l.order_id = o.id and l.to_ship + l.withdrawn > l.allocated)
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_quick_lists")]

    operations = [
        migrations.AddField(
            "salesorder",
            "giving",
            models.SmallIntegerField(choices=[(0, "Nothing"), (1, "Waits"), (2, "Again")], db_default=0, default=0),
        ),
        migrations.RunSQL(
            ["select set_config('app.maintenance', 'on', true)", LOOK_ONCE, "select set_config('app.maintenance', '', true)"],
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            "salesorder",
            models.Index(F("store"), F("id"), name="sales_order_to_give", condition=Q(status="new") & ~Q(giving=1)),
        ),
        migrations.AddIndex(
            "salesorder", models.Index(F("store"), F("id"), name="sales_order_waits", condition=Q(giving__gt=0))
        ),
    ]
