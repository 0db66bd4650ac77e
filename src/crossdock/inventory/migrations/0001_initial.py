

import crossdock.tenancy.models
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('connections', '0005_effect_unconfirmed'),
        ('products', '0002_fences'),
    ]

    operations = [
        migrations.CreateModel(
            name='Publishing',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=crossdock.tenancy.models.new_public_id, editable=False, unique=True)),
                ('state', models.TextField(choices=[('new', 'New'), ('link', 'Link'), ('first', 'First'), ('held', 'Held'), ('going', 'Going')], default='new')),
                ('state_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('reason', models.TextField(default='')),
                ('drop_limit', models.IntegerField(default=30)),
                ('allowed', models.IntegerField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('approved_by', models.BigIntegerField(null=True)),
                ('planned_at', models.DateTimeField(null=True)),
                ('pushed_at', models.DateTimeField(null=True)),
                ('full_since', models.DateTimeField(null=True)),
                ('full_at', models.DateTimeField(null=True)),
                ('locations', models.JSONField(default=list)),
                ('locations_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('merchant', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.merchant')),
                ('store', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.store')),
            ],
            options={
                'db_table': 'stock_publishing',
                'constraints': [models.UniqueConstraint(fields=('account', 'store'), name='stock_publishing_once'), models.CheckConstraint(condition=models.Q(('drop_limit__gte', 0), ('drop_limit__lte', 100)), name='stock_publishing_limit')],
            },
        ),
        migrations.CreateModel(
            name='StockLink',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('location', models.TextField(db_collation='C', default='')),
                ('facility', models.TextField(db_collation='C', default='')),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('connection', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='stock_links', to='connections.connection')),
            ],
            options={
                'db_table': 'stock_link',
                'constraints': [models.UniqueConstraint(fields=('account', 'connection', 'location', 'facility'), name='stock_link_once')],
            },
        ),
        migrations.CreateModel(
            name='StockReading',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.TextField(default='')),
                ('as_of', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField()),
                ('whole_at', models.DateTimeField(null=True)),
                ('rejected', models.IntegerField(default=0)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('warehouse', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.warehouse')),
            ],
            options={
                'db_table': 'stock_reading',
                'constraints': [models.UniqueConstraint(fields=('account', 'warehouse'), name='stock_reading_once')],
            },
        ),
        migrations.CreateModel(
            name='StoreLevel',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('location', models.TextField(db_collation='C', default='')),
                ('sku', models.TextField(db_collation='C')),
                ('computed', models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ('held', models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                ('level_at', models.DateTimeField(null=True)),
                ('computed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('state', models.TextField(choices=[('unknown', 'Unknown'), ('untracked', 'Untracked'), ('second', 'Second'), ('gone', 'Gone'), ('waiting', 'Waiting'), ('trying', 'Trying'), ('refused', 'Refused'), ('done', 'Done')])),
                ('intended', models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ('revision', models.IntegerField(default=0)),
                ('pushed', models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ('pushed_at', models.DateTimeField(null=True)),
                ('is_unsure', models.BooleanField(default=False)),
                ('attempt', models.IntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(default='')),
                ('answered_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('listing', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='products.listing')),
                ('merchant', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.merchant')),
                ('store', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.store')),
            ],
            options={
                'db_table': 'store_level',
                'indexes': [models.Index(fields=['account', 'sku', 'id'], name='store_level_sku'), models.Index(fields=['account', 'store', 'sku', 'id'], name='store_level_store'), models.Index(fields=['account', 'state', 'sku', 'id'], name='store_level_state'), models.Index(condition=models.Q(('state__in', ['waiting', 'trying'])), fields=['store', 'id'], name='store_level_open')],
                'constraints': [models.UniqueConstraint(fields=('listing', 'location'), name='store_level_once'), models.CheckConstraint(condition=models.Q(('computed__gte', 0)), name='store_level_not_negative'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'trying'), _negated=True), ('intended__isnull', False), _connector='OR'), name='store_level_intended')],
            },
        ),
        migrations.CreateModel(
            name='WarehouseLevel',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('facility', models.TextField(db_collation='C', default='')),
                ('sku', models.TextField(db_collation='C')),
                ('available', models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ('on_hand', models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ('read_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('gone_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('warehouse', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.warehouse')),
            ],
            options={
                'db_table': 'warehouse_level',
                'indexes': [models.Index(fields=['account', 'sku', 'id'], name='warehouse_level_sku')],
                'constraints': [models.UniqueConstraint(fields=('warehouse', 'facility', 'sku'), name='warehouse_level_once')],
            },
        ),
    ]
