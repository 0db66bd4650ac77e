"""Let people limited to some merchants walk through theirs without sorting them, and ask the trigram index for a piece of a text."""

from django.db import migrations, models
from django.db.models import F

from crossdock.tenancy.operations import definer_function


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_erasure")]

    operations = [
        migrations.AddIndex(
            "salesorder",
            models.Index(
                F("account"),
                F("merchant"),
                F("placed_at").desc(),
                F("id").desc(),
                name="sales_order_theirs",
                include=["deleted_at"],
            ),
        ),
        migrations.RunSQL(
            [
                "set local role crossdock_lookup",
                "drop function find_orders_by_index(text, integer)",
                "drop function find_orders_of_merchants(text, timestamptz, bigint, integer, integer)",
                "reset role",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        # What a limited asker may not see, and what carries the piece only, comes without its id: so that the asker knows whether
        # all was looked at. Others see all there is, and look the orders up anyway. One by one (`offset 0`): the planner might read
        # all orders of the merchants.
        definer_function(
            "find_orders_by_index(piece text, pattern text, most integer) returns table (id bigint)",
            """
            select case when public.app_merchants() is not null then s.id when hit.is_whole then hit.order_id end from (
              select t.order_id, t.doc like pattern as is_whole from public.order_search t
               where t.doc like piece and t.account_id = public.app_account() limit most) hit
              left join lateral (
                select o.id from public.sales_order o
                 where o.id = hit.order_id and hit.is_whole and o.account_id = public.app_account() and o.deleted_at is null
                   and o.merchant_id = any (public.app_merchants()) offset 0) s on public.app_merchants() is not null
            """,
        ),
        # As find_orders, but with the limit to merchants in the index: few orders of a big account may be theirs.
        definer_function(
            "find_orders_of_merchants(pattern text, before_at timestamptz, before_id bigint, wanted integer, walk integer)"
            " returns table (id bigint, placed_at timestamptz)",
            """
            select o.id, o.placed_at from (
              select y.id, y.placed_at from unnest(public.app_merchants()) m(id) cross join lateral (
                select s.id, s.placed_at from public.sales_order s
                 where s.account_id = public.app_account() and s.merchant_id = m.id
                   and s.deleted_at is null and (s.placed_at, s.id) < (before_at, before_id)
                 order by s.placed_at desc, s.id desc limit walk) y
               order by y.placed_at desc, y.id desc limit walk) o
              cross join lateral (select t.doc from public.order_search t where t.order_id = o.id offset 0) t
             where t.doc like pattern order by o.placed_at desc, o.id desc limit wanted
            """,
        ),
    ]
