"""Fence fulfillment to its accounts; keep the lines' counts by triggers, so that nobody can forget them."""

from django.db import migrations

from crossdock.tenancy.operations import tenant_table

# Statement triggers with transition tables: they see the whole set at once and sum per line, since `update ... from` takes one
# row only. Lines are locked in the order of their ids.
COUNTS = [
    """
    create function allocation_counted() returns trigger language plpgsql as $fn$
    begin
      if tg_op = 'INSERT' then
        update sales_order_line l set allocated = l.allocated + d.units
          from (select line_id, sum(quantity - released) units from new_rows group by 1 order by 1) d where l.id = d.line_id;
      else
        update sales_order_line l set allocated = l.allocated + d.units
          from (select n.line_id, sum(n.quantity - n.released - o.quantity + o.released) units
                  from new_rows n join old_rows o on o.id = n.id group by 1 order by 1) d
         where l.id = d.line_id and d.units <> 0;
      end if;
      return null;
    end $fn$
    """,
    "create trigger allocation_given after insert on allocation referencing new table as new_rows"
    " for each statement execute function allocation_counted()",
    "create trigger allocation_changed after update on allocation referencing old table as old_rows new table as new_rows"
    " for each statement execute function allocation_counted()",
    """
    create function package_content_counted() returns trigger language plpgsql as $fn$
    begin
      update sales_order_line l set shipped = l.shipped + d.units, overshipped = l.overshipped + d.excess
        from (select a.line_id, sum(n.quantity) units, sum(case when n.is_flagged then n.quantity else 0 end) excess
                from new_rows n join allocation a on a.id = n.allocation_id group by 1 order by 1) d
       where l.id = d.line_id;
      return null;
    end $fn$
    """,
    "create trigger package_content_shipped after insert on package_content referencing new table as new_rows"
    " for each statement execute function package_content_counted()",
]

DEFAULTS = [
    "alter table fulfillment_order alter status set default 'given', alter ready_at set default clock_timestamp(),"
    " alter consignment set default 0",
    "alter table allocation alter released set default 0, alter number set default 1, alter sku set default ''",
    "alter table shipment alter status set default 'new', alter imported_at set default clock_timestamp(), alter reason set default '',"
    " alter is_flagged set default false, alter carrier set default '', alter service set default ''",
    "alter table package alter tracking set default '', alter tracking_url set default '', alter sscc set default '',"
    " alter weight_unit set default ''",
    "alter table package_content alter lot set default '', alter serials set default '{}', alter is_flagged set default false,"
    " alter sku set default ''",
    "alter table shipment alter column doc set storage external",
]


class Migration(migrations.Migration):
    dependencies = [("fulfillment", "0002_keys"), ("orders", "0002_fences")]

    operations = [
        tenant_table("fulfillment_order", references={"order_id": "sales_order", "connection_id": "connection", "warehouse_id": "warehouse"}),
        tenant_table(
            "allocation",
            references={
                "line_id": "sales_order_line",
                "fulfillment_order_id": "fulfillment_order",
                "child_line_id": "sales_order_line",
            },
        ),
        tenant_table(
            "shipment",
            references={
                "merchant_id": "merchant",
                "warehouse_id": "warehouse",
                "order_id": "sales_order",
                "fulfillment_order_id": "fulfillment_order",
            },
            merchant_column="merchant_id",
        ),
        tenant_table("package", references={"shipment_id": "shipment"}),
        tenant_table("package_content", references={"package_id": "package", "allocation_id": "allocation"}),
        migrations.RunSQL(COUNTS, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(DEFAULTS, reverse_sql=migrations.RunSQL.noop),
    ]
