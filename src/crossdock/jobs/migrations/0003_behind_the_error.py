"""Remember the exchange behind a lane's last error."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_fences")]

    operations = [migrations.AddField("lane", "last_message_id", models.UUIDField(null=True))]
