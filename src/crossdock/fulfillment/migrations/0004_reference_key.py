"""Find the number a warehouse writes in other letters by an index: row-level security lets no function into an index condition."""

from django.db import migrations, models
from django.db.models.functions import Trim, Upper


class Migration(migrations.Migration):
    dependencies = [("fulfillment", "0003_fences")]

    operations = [
        migrations.AddField(
            model_name="fulfillmentorder",
            name="reference_key",
            field=models.GeneratedField(
                db_persist=True, expression=Upper(Trim("reference")), output_field=models.TextField(db_collation="C")
            ),
        ),
        migrations.AddIndex(
            model_name="fulfillmentorder",
            index=models.Index(fields=["warehouse", "reference_key"], name="fulfillment_order_key"),
        ),
    ]
