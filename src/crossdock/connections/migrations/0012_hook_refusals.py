"""How many announcements of each store were refused, since when."""

import crossdock.tenancy.models
import django.db.models.deletion
from django.db import migrations, models

from crossdock.tenancy.operations import tenant_table


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_audit_chain'),
        ('connections', '0011_unread_files'),
    ]

    operations = [
        migrations.CreateModel(
            name='HookRefusals',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('refused', models.BigIntegerField()),
                ('since', models.DateTimeField()),
                ('streak', models.BigIntegerField()),
                ('last_at', models.DateTimeField()),
                ('fitted_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('store', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.store')),
            ],
            options={
                'db_table': 'hook_refusals',
                'constraints': [models.UniqueConstraint(fields=('account', 'store'), name='hook_refusals_once')],
            },
        ),
        tenant_table("hook_refusals", references={"store_id": "store"}),
    ]
