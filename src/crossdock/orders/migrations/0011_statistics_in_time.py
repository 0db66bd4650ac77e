"""Let the database look at what a first import fills while it fills it.

Until a table has been looked at, the check of a line's order reads all orders of the account: several indexes begin with the account,
nothing is known to tell them apart, and the plan is kept until somebody looks. By itself the database does so after up to a minute.
"""

from django.db import migrations

# The owner's, since looking is the owner's right. Whoever finds somebody else looking leaves it to them.
NOTE_GROWTH = """
create function note_growth() returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $fn$
declare
  grown regclass; looked integer := 0;
begin
  for grown in
    select c.oid from pg_class c
     where c.oid in ('public.sales_order'::regclass, 'public.sales_order_line'::regclass)
       and pg_relation_size(c.oid) > 4 * greatest(c.relpages, 1) * current_setting('block_size')::bigint
     order by c.oid
  loop
    begin
      execute format('lock table %s in share update exclusive mode nowait', grown);
      execute format('analyze %s', grown);
      looked := looked + 1;
    exception when lock_not_available then
      null;
    end;
  end loop;
  return looked;
end $fn$
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_ends_of_numbers")]

    operations = [
        migrations.RunSQL(
            [
                NOTE_GROWTH,
                "revoke execute on function note_growth() from public",
                "grant execute on function note_growth() to crossdock_app",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
