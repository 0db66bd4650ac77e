"""Whether shipping methods and first orders of a connection are right: what its page leads on to."""

from django.db import connection
from django.utils.translation import gettext as _

from crossdock.accounts.slugs import short
from crossdock.connections.leading import Lead, leads_on
from crossdock.connections.models import Connection

RECENT = 200
"""Orders that are looked at, the newest ones."""

METHODS = """
select method_sold, count(*) from (
  select method_sold from sales_order where account_id = %s and store_id = %s and deleted_at is null order by id desc limit %s) o
 group by 1 order by 2 desc, 1
"""

SENT = """
select exists (select from sales_order where account_id = %s and store_id = %s and deleted_at is null
                and status in ('open', 'partially_shipped', 'shipped', 'closed'))
"""


@leads_on(2)
def methods_known(link: Connection) -> Lead:
    """Done when orders were read and each of them names a shipping method, or the warehouse has a usual one."""
    with connection.cursor() as cursor:
        cursor.execute(METHODS, [link.account_id, link.store_id, RECENT])
        counts = dict(cursor.fetchall())
    nameless = counts.pop("", 0)
    usual = str((link.warehouse.settings or {}).get("default_method") or "")
    if nameless and not usual:
        hint = _("{n} of the newest orders name no shipping method. Set a usual one in the warehouse's settings.").format(
            n=nameless
        )
    elif counts:
        names = ", ".join(f"“{name}”" for name in list(counts)[:5])
        hint = _("Sold as {names}: see that {warehouse} knows these words.").format(names=names, warehouse=link.warehouse.name)
    else:
        hint = _("They are known once orders were read.")
    is_done = bool(counts or nameless) and (not nameless or bool(usual))
    where = {"public_id": link.public_id}
    return Lead(_("Shipping methods are known"), is_done, hint, "connections:settings", where, "#warehouse")


@leads_on(4)
def first_orders(link: Connection) -> Lead:
    """Done when a warehouse has, or had, an order of the store."""
    with connection.cursor() as cursor:
        cursor.execute(SENT, [link.account_id, link.store_id])
        (is_done,) = cursor.fetchone()
    hint = _("Place a test order in the store, go Live, and follow it on its page.")
    return Lead(
        _("First orders reached the warehouse"), is_done, hint, "orders:list", query=f"?store={short(link.store.public_id)}"
    )
