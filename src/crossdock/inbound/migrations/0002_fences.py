"""Fence returns to their accounts and merchants."""

from django.db import migrations

from crossdock.tenancy.operations import tenant_table

STORAGE = [
    "alter table sales_return set (fillfactor = 80)",
    "alter table sales_return_content alter column doc set storage external, alter column raw set storage external",
]


class Migration(migrations.Migration):
    dependencies = [("inbound", "0001_initial"), ("connections", "0002_fences"), ("orders", "0002_fences")]

    operations = [
        tenant_table("sales_return", references={"merchant_id": "merchant", "store_id": "store"}, merchant_column="merchant_id"),
        tenant_table("sales_return_line", references={"sales_return_id": "sales_return"}),
        tenant_table("sales_return_content", references={"sales_return_id": "sales_return"}),
        migrations.RunSQL(STORAGE, reverse_sql=migrations.RunSQL.noop),
    ]
