"""Links that ask a merchant for credentials, and sign-ins at a platform that are begun from one of them."""

import crossdock.tenancy.models
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from crossdock.tenancy.operations import definer_function, tenant_table


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('connections', '0007_announced_lanes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='signinstate',
            name='person',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='CredentialLink',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=crossdock.tenancy.models.new_public_id, editable=False, unique=True)),
                ('token_hash', models.BinaryField(unique=True)),
                ('draft', models.UUIDField(null=True)),
                ('side', models.TextField()),
                ('platform', models.TextField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('browser_hash', models.BinaryField(null=True)),
                ('opened_at', models.DateTimeField(null=True)),
                ('tests', models.IntegerField(default=0)),
                ('complaint', models.TextField(default='')),
                ('used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('store', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.store')),
                ('warehouse', crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.warehouse')),
            ],
            options={
                'db_table': 'credential_link',
            },
        ),
        migrations.AddField(
            model_name='signinstate',
            name='link',
            field=crossdock.tenancy.models.RowKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.credentiallink'),
        ),
        migrations.AddConstraint(
            model_name='signinstate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('link__isnull', True), ('person__isnull', False)), models.Q(('link__isnull', False), ('person__isnull', True)), _connector='OR'), name='sign_in_state_of_one'),
        ),
        migrations.AddIndex(
            model_name='credentiallink',
            index=models.Index(fields=['account', 'store'], name='credential_link_store'),
        ),
        migrations.AddIndex(
            model_name='credentiallink',
            index=models.Index(fields=['account', 'warehouse'], name='credential_link_warehouse'),
        ),
        migrations.AddIndex(
            model_name='credentiallink',
            index=models.Index(fields=['account', 'draft'], name='credential_link_draft'),
        ),
        migrations.AddConstraint(
            model_name='credentiallink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('draft__isnull', True), ('store__isnull', False), ('warehouse__isnull', True)), models.Q(('draft__isnull', True), ('store__isnull', True), ('warehouse__isnull', False)), models.Q(('draft__isnull', False), ('store__isnull', True), ('warehouse__isnull', True)), _connector='OR'), name='credential_link_of_one'),
        ),
        tenant_table(
            "credential_link",
            references={"store_id": "store", "warehouse_id": "warehouse"},
            lookup_columns=("id", "account_id", "token_hash"),
        ),
        migrations.RunSQL(
            [
                "alter table sign_in_state add constraint sign_in_state_link_id_fk foreign key (account_id, link_id)"
                " references credential_link (account_id, id) on delete cascade deferrable initially immediate",
                "grant select (link_id) on sign_in_state to crossdock_lookup",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        definer_function(
            "credential_link_of(hash bytea) returns table (account_id bigint, id bigint)",
            "select l.account_id, l.id from public.credential_link l where l.token_hash = hash",
        ),
        definer_function(
            "link_of_sign_in(hash bytea) returns table (account_id bigint, link_id bigint)",
            "select s.account_id, s.link_id from public.sign_in_state s where s.state_hash = hash and s.link_id is not null"
            " and s.used_at is null and s.created_at > clock_timestamp() - interval '10 minutes'",
        ),
    ]
