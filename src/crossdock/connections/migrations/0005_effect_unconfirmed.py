"""Count what is not confirmed without reading what is: the ledger only grows."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("connections", "0004_one_live_owner")]

    operations = [
        migrations.AddIndex(
            model_name="effect",
            index=models.Index(fields=["state"], name="effect_unconfirmed", condition=~Q(state="confirmed")),
        ),
    ]
