"""What is at warehouses of orders whose personal data are to be erased: whether anything is under way, and what was said of it."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

from crossdock.fulfillment.names import CORRECT_EFFECT, POST_EFFECT
from crossdock.fulfillment.preparing import SEND_EFFECT
from crossdock.fulfillment.sending import PROGRESS_EFFECT
from crossdock.tenancy.scope import account_in_scope

# A change that is still to be made at a platform may need the address, or is asked for by it.
EFFECTS = """
select e.id, f.order_id, e.state, e.error from fulfillment_order f
  join effect e on e.account_id = f.account_id and e.kind = %(asked)s and e.subject_id = f.id where f.order_id = any (%(ids)s)
union all
select e.id, e.subject_id, e.state, e.error from effect e
 where e.account_id = %(account)s and e.kind = %(progress)s and e.subject_id = any (%(ids)s)
union all
select e.id, s.order_id, e.state, e.error from shipment s
  join effect e on e.account_id = s.account_id and e.kind = any (%(told)s) and e.subject_id = s.id where s.order_id = any (%(ids)s)
"""

OPEN = ("intended", "trying", "unknown")


def _effects(ids: Sequence[int]) -> list[tuple[int, int, str, str]]:
    values: dict[str, Any] = {"account": account_in_scope(), "ids": list(ids), "asked": SEND_EFFECT, "progress": PROGRESS_EFFECT}
    with connection.cursor() as cursor:
        cursor.execute(EFFECTS, values | {"told": [POST_EFFECT, CORRECT_EFFECT]})
        return [(row[0], row[1], row[2], row[3]) for row in cursor.fetchall()]


def under_way(ids: Sequence[int]) -> set[int]:
    """Those of orders of which something is still to be told to a warehouse or a store."""
    return {order_id for _, order_id, state, _ in _effects(ids) if state in OPEN}


def warehouses_of(ids: Sequence[int]) -> list[int]:
    """The warehouses that were told of any of these orders."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct warehouse_id from fulfillment_order where order_id = any (%s) order by 1", [list(ids)])
        return [row[0] for row in cursor.fetchall()]


def hide_in_shipping(ids: Sequence[int], hide: Callable[[str], str]) -> None:
    """Hide people in what platforms answered about these orders, and why shipments stand where they stand. Needs the scope."""
    with connection.cursor() as cursor:
        for effect_id, _, _, error in _effects(ids):
            if (less := hide(error)) != error:
                cursor.execute("update effect set error = %s where id = %s", [less, effect_id])
        cursor.execute(
            "select id, reason from shipment where account_id = %s and order_id = any (%s) and reason <> ''",
            [account_in_scope(), list(ids)],
        )
        for shipment_id, reason in cursor.fetchall():
            if (less := hide(reason)) != reason:
                cursor.execute("update shipment set reason = %s where id = %s", [less, shipment_id])
