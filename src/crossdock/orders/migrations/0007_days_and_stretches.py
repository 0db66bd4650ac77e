"""Fetching the orders of some days, and counting days against the platform."""

import crossdock.tenancy.models
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from crossdock.tenancy.operations import tenant_table


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('connections', '0005_effect_unconfirmed'),
        ('orders', '0006_shipments_voided'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayCount',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('at_store', models.IntegerField(default=0)),
                ('here', models.IntegerField(default=0)),
                ('counted_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('store', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.store')),
            ],
            options={
                'db_table': 'day_count',
            },
        ),
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('external_id', models.TextField(db_collation='C')),
                ('number', models.TextField(db_collation='C')),
                ('fetched_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('count', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='differences', to='orders.daycount')),
                ('order', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='orders.salesorder')),
            ],
            options={
                'db_table': 'day_difference',
            },
        ),
        migrations.CreateModel(
            name='Backfill',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('asked_by', models.BigIntegerField(null=True)),
                ('position', models.JSONField(null=True)),
                ('found', models.IntegerField(default=0)),
                ('new', models.IntegerField(default=0)),
                ('skipped', models.IntegerField(default=0)),
                ('changed', models.IntegerField(default=0)),
                ('rejected', models.IntegerField(default=0)),
                ('done_at', models.DateTimeField(null=True)),
                ('trouble', models.TextField(default='')),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('store', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.store')),
            ],
            options={
                'db_table': 'backfill',
                'indexes': [models.Index(fields=['account', 'store', 'id'], name='backfill_of')],
                'constraints': [models.CheckConstraint(condition=models.Q(('since__lt', models.F('until'))), name='backfill_forward')],
            },
        ),
        migrations.AddConstraint(
            model_name='daycount',
            constraint=models.UniqueConstraint(fields=('account', 'store', 'day'), name='day_count_once'),
        ),
        migrations.AddConstraint(
            model_name='difference',
            constraint=models.UniqueConstraint(fields=('count', 'external_id'), name='day_difference_once'),
        ),
        tenant_table('backfill', references={'store_id': 'store'}),
        tenant_table('day_count', references={'store_id': 'store'}),
        tenant_table('day_difference', references={'count_id': 'day_count', 'order_id': 'sales_order'}),
    ]
