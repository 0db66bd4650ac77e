"""Orders whose personal data are to be erased, and those whose were."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_days_and_stretches")]

    operations = [
        migrations.AddField(model_name="salesorder", name="erase_asked_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="salesorder", name="erased_at", field=models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="salesorder",
            index=models.Index(
                F("store"), F("id"), name="sales_order_to_erase", condition=Q(erase_asked_at__isnull=False, erased_at=None)
            ),
        ),
    ]
