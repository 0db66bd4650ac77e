"""Files of warehouses that could not be understood, until somebody has seen to them."""

import crossdock.tenancy.models
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from crossdock.tenancy.operations import tenant_table


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_audit_chain'),
        ('connections', '0010_remainder'),
    ]

    operations = [
        migrations.CreateModel(
            name='UnreadFile',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=crossdock.tenancy.models.new_public_id, editable=False, unique=True)),
                ('channel', models.TextField(choices=[('sales_orders', 'Sales Orders'), ('shipments', 'Shipments'), ('inventory', 'Inventory'), ('products', 'Products'), ('returns', 'Returns'), ('catalogs', 'Catalogs'), ('purchase_orders', 'Purchase Orders')])),
                ('name', models.TextField()),
                ('why', models.TextField()),
                ('rows', models.IntegerField(default=1)),
                ('has_read', models.BooleanField(default=False)),
                ('stands', models.BooleanField(default=False)),
                ('first_seen', models.DateTimeField(default=django.utils.timezone.now)),
                ('last_seen', models.DateTimeField(default=django.utils.timezone.now)),
                ('set_aside_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('warehouse', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.warehouse')),
            ],
            options={
                'db_table': 'unread_file',
                'constraints': [models.UniqueConstraint(fields=('account', 'warehouse', 'channel', 'name'), name='unread_file_once')],
            },
        ),
        tenant_table("unread_file", references={"warehouse_id": "warehouse"}),
    ]
