

import crossdock.tenancy.models
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('connections', '0005_effect_unconfirmed'),
    ]

    operations = [
        migrations.CreateModel(
            name='SalesReturn',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=crossdock.tenancy.models.new_public_id, editable=False, unique=True)),
                ('external_id', models.TextField(db_collation='C')),
                ('number', models.TextField(db_collation='C')),
                ('state', models.TextField(choices=[('requested', 'Requested'), ('approved', 'Approved'), ('declined', 'Declined'), ('received', 'Received'), ('closed', 'Closed'), ('canceled', 'Canceled')])),
                ('order_external_id', models.TextField(db_collation='C', default='')),
                ('order_number', models.TextField(db_collation='C', default='')),
                ('requested_at', models.DateTimeField()),
                ('source_updated_at', models.DateTimeField()),
                ('imported_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('carrier', models.TextField(default='')),
                ('tracking', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(db_collation='C'), default=list, size=None)),
                ('url', models.TextField(default='')),
                ('lines_count', models.IntegerField(default=0)),
                ('units', models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                ('reasons', models.TextField(default='')),
                ('revision', models.IntegerField(default=1)),
                ('content_hash', models.BinaryField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('merchant', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.merchant')),
                ('store', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='returns', to='connections.store')),
            ],
            options={
                'db_table': 'sales_return',
            },
        ),
        migrations.CreateModel(
            name='SalesReturnContent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('doc', models.BinaryField()),
                ('raw', models.BinaryField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('sales_return', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='inbound.salesreturn')),
            ],
            options={
                'db_table': 'sales_return_content',
            },
        ),
        migrations.CreateModel(
            name='SalesReturnLine',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('external_id', models.TextField(db_collation='C')),
                ('position', models.IntegerField()),
                ('sku', models.TextField(db_collation='C', default='')),
                ('name', models.TextField(default='')),
                ('quantity', models.DecimalField(decimal_places=4, max_digits=20)),
                ('order_line_external_id', models.TextField(db_collation='C', default='')),
                ('reason', models.TextField(default='')),
                ('note', models.TextField(default='')),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('sales_return', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='lines', to='inbound.salesreturn')),
            ],
            options={
                'db_table': 'sales_return_line',
            },
        ),
        migrations.AddIndex(
            model_name='salesreturn',
            index=models.Index(models.F('account'), models.OrderBy(models.F('requested_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='sales_return_list'),
        ),
        migrations.AddIndex(
            model_name='salesreturn',
            index=models.Index(models.F('account'), models.F('state'), models.OrderBy(models.F('requested_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='sales_return_state'),
        ),
        migrations.AddIndex(
            model_name='salesreturn',
            index=models.Index(fields=['account', 'number'], name='sales_return_number'),
        ),
        migrations.AddIndex(
            model_name='salesreturn',
            index=models.Index(fields=['account', 'order_number'], name='sales_return_order_number'),
        ),
        migrations.AddIndex(
            model_name='salesreturn',
            index=models.Index(fields=['store', 'order_external_id'], name='sales_return_order'),
        ),
        migrations.AddConstraint(
            model_name='salesreturn',
            constraint=models.UniqueConstraint(fields=('store', 'external_id'), name='sales_return_once'),
        ),
        migrations.AddConstraint(
            model_name='salesreturncontent',
            constraint=models.UniqueConstraint(fields=('account', 'sales_return'), name='sales_return_content_once'),
        ),
        migrations.AddIndex(
            model_name='salesreturnline',
            index=models.Index(fields=['account', 'sku', 'sales_return'], name='sales_return_line_sku'),
        ),
        migrations.AddConstraint(
            model_name='salesreturnline',
            constraint=models.UniqueConstraint(fields=('sales_return', 'external_id'), name='sales_return_line_once'),
        ),
    ]
