"""Let an order wait for another shipment when the warehouse takes one back."""

from importlib import import_module

from django.db import migrations

fill_statuses = import_module("crossdock.orders.migrations.0002_fences").fill_statuses


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_parts_that_wait")]

    operations = [migrations.RunPython(fill_statuses, migrations.RunPython.noop)]
