"""Saying at an order that the warehouse has it: a comment, and where it was asked for a status of the order's own state."""

from crossdock.connectors.kit.capabilities import Done
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.magento2.api import Api
from crossdock.connectors.magento2.payloads import MgOrder, text_of
from crossdock.connectors.magento2.settings import Settings

COMMENT = "Sent to the warehouse."
"""What the comment says, and what it is known by when it is looked for."""

_OPEN = frozenset({"new", "pending_payment", "processing"})
"""States in which an order still waits for its shipment. Held, canceled, complete and closed ones are left as they are."""


async def report(api: Api, settings: Settings, order_id: str, order: MgOrder | None) -> Done:
    """Tell one order, given as it is now. Where the comment stands already nothing is sent.

    A status is always sent along: without one, old releases emptied it (magento2#34180). One that is not of the order's state is
    refused, and then the comment goes with the status the order has.
    """
    if not settings.report_progress:
        return Done(order_id, order_id, {"reported": "off"})
    if order is None:
        raise InvalidData("The order is no longer in the shop, or this integration may not see it any more.", field="order_id")
    if order.state not in _OPEN:
        return Done(order_id, order_id, {"reported": f"not while {order.state}"})
    if any((one.comment or "").strip() == COMMENT for one in order.status_histories or ()):
        return Done(order_id, order_id, {"reported": "before"})
    wanted = settings.sent_status or order.status or ""
    try:
        await _comment(api, order, wanted)
    except InvalidData as error:
        if wanted == order.status or "not part of the order status history" not in error.message:
            raise
        await _comment(api, order, order.status or "")
        return Done(order_id, order_id, {"reported": "yes", "status refused": wanted})
    return Done(order_id, order_id, {"reported": "yes", "status": wanted})


async def _comment(api: Api, order: MgOrder, status: str) -> None:
    id_ = text_of(order.entity_id)
    history = {
        "comment": COMMENT,
        "status": status,
        "is_customer_notified": 0,
        "is_visible_on_front": 0,
        "parent_id": int(id_),
    }
    await api.change("POST", f"orders/{id_}/comments", {"statusHistory": history}, operation="Comment", what="The comment")
