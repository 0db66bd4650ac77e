"""Find a store's bundles without looking at all it sells: a sold part of one changes how many there are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("products", "0002_fences")]

    operations = [
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                condition=models.Q(("gone_at", None), ("is_bundle", True)), fields=["account", "store"], name="listing_bundle"
            ),
        ),
    ]
