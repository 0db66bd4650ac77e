"""Let an order go on of which the store wants more after everything had left."""

from importlib import import_module

from django.db import migrations

fill_statuses = import_module("crossdock.orders.migrations.0002_fences").fill_statuses


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_not_understood_set_aside")]

    operations = [migrations.RunPython(fill_statuses, migrations.RunPython.noop)]
