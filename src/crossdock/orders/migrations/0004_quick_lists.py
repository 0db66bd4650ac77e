"""Let counts and walks be read from the indexes alone, and let people limited to some merchants walk through theirs alone."""

from django.db import migrations, models
from django.db.models import F

from crossdock.tenancy.operations import definer_function

# The policies and every list ask for these two; without them in the index each counted order is fetched from the table.
LISTS = {
    "sales_order_list": (("account",), ["merchant", "deleted_at"]),
    "sales_order_status": (("account", "status"), ["merchant", "deleted_at"]),
    "sales_order_store": (("account", "store", "status"), ["merchant", "deleted_at"]),
    "sales_order_merchant": (("account", "merchant", "status"), ["deleted_at"]),
}


def index(name):
    fields, include = LISTS[name]
    return models.Index(*map(F, fields), F("placed_at").desc(), F("id").desc(), name=name, include=include)


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_part_refused")]

    operations = [
        *(migrations.RemoveIndex("salesorder", name) for name in LISTS),
        *(migrations.AddIndex("salesorder", index(name)) for name in LISTS),
        migrations.RunSQL(
            [
                "grant select on order_status to crossdock_lookup",
                "set local role crossdock_lookup",
                "drop function find_orders_by_index(text, integer)",
                "drop function find_orders(text, timestamptz, bigint, integer, integer)",
                "reset role",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        # What the asker may not see, and what was deleted, comes without its id: so that the asker knows whether all was looked at.
        definer_function(
            "find_orders_by_index(pattern text, most integer) returns table (id bigint, placed_at timestamptz)",
            """
            select s.id, s.placed_at from (
              select t.order_id from public.order_search t
               where t.doc like pattern and t.account_id = public.app_account() limit most) hit
              left join public.sales_order s on s.id = hit.order_id and s.account_id = public.app_account()
                    and s.deleted_at is null
                    and (public.app_merchants() is null or s.merchant_id = any (public.app_merchants()))
            """,
        ),
        # The texts are looked up one by one (`offset 0`): knowing that a word is common, the planner would read all of them.
        definer_function(
            "find_orders(pattern text, before_at timestamptz, before_id bigint, wanted integer, walk integer)"
            " returns table (id bigint, placed_at timestamptz)",
            """
            select o.id, o.placed_at from (
              select s.id, s.placed_at from public.sales_order s
               where s.account_id = public.app_account() and s.deleted_at is null
                 and (public.app_merchants() is null or s.merchant_id = any (public.app_merchants()))
                 and (s.placed_at, s.id) < (before_at, before_id)
               order by s.placed_at desc, s.id desc limit walk) o
              cross join lateral (select t.doc from public.order_search t where t.order_id = o.id offset 0) t
             where t.doc like pattern order by o.placed_at desc, o.id desc limit wanted
            """,
        ),
        # As find_orders, but with the limit to merchants in the index: few orders of a big account may be theirs.
        definer_function(
            "find_orders_of_merchants(pattern text, before_at timestamptz, before_id bigint, wanted integer, walk integer)"
            " returns table (id bigint, placed_at timestamptz)",
            """
            select o.id, o.placed_at from (
              select y.id, y.placed_at from unnest(public.app_merchants()) m(id) cross join public.order_status st
               cross join lateral (
                select s.id, s.placed_at from public.sales_order s
                 where s.account_id = public.app_account() and s.merchant_id = m.id and s.status = st.status
                   and s.deleted_at is null and (s.placed_at, s.id) < (before_at, before_id)
                 order by s.placed_at desc, s.id desc limit walk) y
               order by y.placed_at desc, y.id desc limit walk) o
              cross join lateral (select t.doc from public.order_search t where t.order_id = o.id offset 0) t
             where t.doc like pattern order by o.placed_at desc, o.id desc limit wanted
            """,
        ),
    ]
