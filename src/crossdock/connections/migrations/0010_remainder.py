"""What becomes of the rest when a warehouse says that a part shipment was its last, by connection."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0009_replaced_addresses")]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="remainder",
            field=models.TextField(
                choices=[("wait", "Wait"), ("ask", "Ask a person"), ("reship", "Send the rest again")],
                db_default="wait",
                default="wait",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(remainder__in=["wait", "ask", "reship"]), name="connection_remainder"
            ),
        ),
    ]
