"""What is asked about personal data, and the stores it may be about, those that were deleted among them."""

import crossdock.tenancy.models
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from crossdock.tenancy.operations import definer_function, tenant_table


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('activity', '0002_fences'),
        ('connections', '0006_stores_called'),
    ]

    operations = [
        migrations.CreateModel(
            name='PrivacyRequest',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=crossdock.tenancy.models.new_public_id, editable=False, unique=True)),
                ('merchant_id', models.BigIntegerField()),
                ('store_id', models.BigIntegerField()),
                ('kind', models.TextField()),
                ('delivery_id', models.TextField()),
                ('state', models.TextField(choices=[('new', 'New'), ('waits', 'Waits'), ('done', 'Done'), ('refused', 'Refused')], default='new')),
                ('subject', models.JSONField(null=True)),
                ('about', models.TextField(default='')),
                ('digest', models.TextField(default='')),
                ('outcome', models.TextField(default='')),
                ('orders', models.IntegerField(default=0)),
                ('erased', models.IntegerField(default=0)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('asked_by', models.BigIntegerField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
            ],
            options={
                'db_table': 'privacy_request',
                'indexes': [models.Index(fields=['account', 'asked_at'], name='privacy_request_list')],
                'constraints': [models.UniqueConstraint(fields=('account', 'store_id', 'delivery_id'), name='privacy_request_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['gather', 'erase_person', 'erase_store'])), name='privacy_request_kind'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('state__in', ['new', 'waits'])), models.Q(('settled_at__isnull', False), ('state__in', ['done', 'refused']), ('subject__isnull', True)), _connector='OR'), name='privacy_request_forgets')],
            },
        ),
        tenant_table(
            "privacy_request", references={"merchant_id": "merchant", "store_id": "store"}, merchant_column="merchant_id"
        ),
        # `stores_called` without its last condition: what a deleted store brought in is held all the same.
        definer_function(
            "stores_held(which_platform text, which_identity text, which_realm text) returns table (account_id bigint, store_id bigint)",
            "select s.account_id, s.id from public.store s where s.platform = which_platform and s.identity = which_identity"
            " and s.realm = which_realm order by s.id",
        ),
    ]
