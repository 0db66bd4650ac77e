"""The order statuses of BigCommerce: fixed ids, whose labels a store may rename. Always compared by id."""

INCOMPLETE = 0
PENDING = 1
SHIPPED = 2
PARTIALLY_SHIPPED = 3
REFUNDED = 4
CANCELLED = 5
DECLINED = 6
AWAITING_PAYMENT = 7
AWAITING_PICKUP = 8
AWAITING_SHIPMENT = 9
COMPLETED = 10
AWAITING_FULFILLMENT = 11
MANUAL_VERIFICATION = 12
DISPUTED = 13
PARTIALLY_REFUNDED = 14

NAMES = {
    INCOMPLETE: "Incomplete",
    PENDING: "Pending",
    SHIPPED: "Shipped",
    PARTIALLY_SHIPPED: "Partially Shipped",
    REFUNDED: "Refunded",
    CANCELLED: "Cancelled",
    DECLINED: "Declined",
    AWAITING_PAYMENT: "Awaiting Payment",
    AWAITING_PICKUP: "Awaiting Pickup",
    AWAITING_SHIPMENT: "Awaiting Shipment",
    COMPLETED: "Completed",
    AWAITING_FULFILLMENT: "Awaiting Fulfillment",
    MANUAL_VERIFICATION: "Manual Verification Required",
    DISPUTED: "Disputed",
    PARTIALLY_REFUNDED: "Partially Refunded",
}

CALLED_OFF = frozenset({CANCELLED, DECLINED})
"""Nothing of such an order is to be shipped any more, whatever its quantities say."""

HOLDS = frozenset({MANUAL_VERIFICATION, DISPUTED})
"""Somebody in the store looks into it; it waits until its status changes."""


def name_of(status_id: int, shown: str | None = None) -> str:
    """What people call it: the store's own label where it is known."""
    return shown or NAMES.get(status_id, f"status {status_id}")
