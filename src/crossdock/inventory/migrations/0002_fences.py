"""Fence stock to its account; what stores show also to their merchants."""

from django.db import migrations

from crossdock.tenancy.operations import tenant_table

STORAGE = [
    *(
        f"alter table {table} set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)"
        for table in ("warehouse_level", "store_level")
    ),
]


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial"), ("connections", "0002_fences"), ("products", "0002_fences")]

    operations = [
        tenant_table("warehouse_level", references={"warehouse_id": "warehouse"}),
        tenant_table("stock_reading", references={"warehouse_id": "warehouse"}),
        tenant_table("stock_link", references={"connection_id": "connection"}),
        tenant_table(
            "stock_publishing", references={"merchant_id": "merchant", "store_id": "store"}, merchant_column="merchant_id"
        ),
        tenant_table(
            "store_level",
            references={"merchant_id": "merchant", "store_id": "store", "listing_id": "listing"},
            merchant_column="merchant_id",
        ),
        migrations.RunSQL(STORAGE, reverse_sql=migrations.RunSQL.noop),
    ]
