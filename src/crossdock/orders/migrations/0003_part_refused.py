"""Let an order of which one warehouse has its part stand in Error when another refuses its own."""

from importlib import import_module

from django.db import migrations

fill_statuses = import_module("crossdock.orders.migrations.0002_fences").fill_statuses


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_fences")]

    operations = [migrations.RunPython(fill_statuses, migrations.RunPython.noop)]
