"""Fence listings to their accounts and merchants, and find them by any part of what people know of them."""

from django.db import migrations

from crossdock.tenancy.operations import definer_function, tenant_table

STORAGE = [
    "create extension if not exists pg_trgm",
    "alter table listing set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)",
    "alter table listing alter first_seen_at set default clock_timestamp(), alter changed_at set default clock_timestamp(),"
    " alter is_doubled set default false",
    "create index listing_words on listing using gin (words gin_trgm_ops)",
]


class Migration(migrations.Migration):
    dependencies = [("products", "0001_initial"), ("connections", "0002_fences")]

    operations = [
        tenant_table(
            "listing",
            references={"merchant_id": "merchant", "store_id": "store"},
            merchant_column="merchant_id",
            lookup_columns=("id", "account_id", "merchant_id", "words"),
        ),
        migrations.RunSQL(STORAGE, reverse_sql=migrations.RunSQL.noop),
        # Not to cross accounts, which it filters by itself: under row-level security `like` cannot use the index.
        definer_function(
            "find_listings(pattern text, most integer) returns table (id bigint)",
            """
            select l.id from public.listing l
             where l.words like pattern and l.account_id = public.app_account()
               and (public.app_merchants() is null or l.merchant_id = any (public.app_merchants()))
             limit most
            """,
        ),
    ]
