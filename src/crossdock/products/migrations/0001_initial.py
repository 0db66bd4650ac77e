

import crossdock.tenancy.models
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
            name='Listing',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=crossdock.tenancy.models.new_public_id, editable=False, unique=True)),
                ('external_id', models.TextField(db_collation='C')),
                ('product_id', models.TextField(db_collation='C')),
                ('sku', models.TextField(db_collation='C', default='')),
                ('name', models.TextField()),
                ('barcode', models.TextField(db_collation='C', default='')),
                ('price', models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ('weight', models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ('weight_unit', models.TextField(default='')),
                ('options', models.JSONField(default=dict)),
                ('components', models.JSONField(default=list)),
                ('hs_code', models.TextField(default='')),
                ('origin', models.TextField(default='')),
                ('url', models.TextField(default='')),
                ('is_bundle', models.BooleanField(default=False)),
                ('is_active', models.BooleanField(default=True)),
                ('requires_shipping', models.BooleanField(default=True)),
                ('tracks_stock', models.BooleanField(null=True)),
                ('stock', models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ('is_doubled', models.BooleanField(default=False)),
                ('words', models.TextField(default='')),
                ('hash', models.BinaryField()),
                ('reading', models.BigIntegerField()),
                ('source_updated_at', models.DateTimeField(null=True)),
                ('first_seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('gone_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('merchant', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.merchant')),
                ('store', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='listings', to='connections.store')),
            ],
            options={
                'db_table': 'listing',
                'indexes': [models.Index(fields=['account', 'sku', 'merchant'], name='listing_by_sku'), models.Index(fields=['account', 'store', 'sku', 'merchant'], name='listing_by_store'), models.Index(fields=['account', 'merchant', 'sku'], name='listing_by_merchant'), models.Index(condition=models.Q(('barcode', ''), _negated=True), fields=['account', 'barcode'], name='listing_barcode'), models.Index(condition=models.Q(('gone_at', None), ('sku', '')), fields=['account', 'id'], name='listing_without_sku'), models.Index(condition=models.Q(('gone_at', None), ('is_doubled', True)), fields=['account', 'sku'], name='listing_doubled')],
                'constraints': [models.UniqueConstraint(fields=('store', 'external_id'), name='listing_once')],
            },
        ),
    ]
