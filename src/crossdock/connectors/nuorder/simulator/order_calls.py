"""What the portal answers about orders and retailers."""

from __future__ import annotations

from crossdock.connectors.nuorder.simulator.asking import Answered, Asked, NoSuchCall, Refusal, troubled
from crossdock.connectors.nuorder.simulator.state import STATUSES, VERBS, Portal, Record


def list_orders(portal: Portal, asked: Asked) -> Answered:
    """Ids of a status; a bare list, never paged."""
    status = asked.parts[0]
    if status not in STATUSES:
        raise Refusal(400, "invalid status")
    return 200, troubled(portal.in_status(status), asked.troubles)


def detail_orders(portal: Portal, asked: Asked) -> Answered:
    """Whole orders of a status, all at once."""
    _, ids = list_orders(portal, asked)
    return 200, [portal.orders[id_] for id_ in ids]


def list_by_date(portal: Portal, asked: Asked) -> Answered:
    """Ids of the orders made between two days."""
    start, end = asked.query.get("start_date", ""), asked.query.get("end_date", "9999")
    return 200, [id_ for id_, order in portal.orders.items() if start <= str(order["created_on"])[:10] <= end]


def read_order(portal: Portal, asked: Asked) -> Answered:
    """One order by id."""
    return 200, _order(portal, asked.parts[0])


def read_by_number(portal: Portal, asked: Asked) -> Answered:
    """One order by number, the suffix of a split part of it."""
    return 200, _by_number(portal, asked.parts[0])


def new_order(portal: Portal, asked: Asked) -> Answered:
    """Make an order."""
    _two_way(portal)
    if not isinstance(asked.body, dict) or not asked.body.get("line_items"):
        raise Refusal(400, "line_items are required")
    id_ = portal.new_id()
    order = {
        "order_number": portal.next_number(),
        "status": "pending",
        "created_on": portal.stamp(),
        "currency_code": "USD",
        **asked.body,
        "_id": id_,
        "modified_on": portal.stamp(),
    }
    portal.orders[id_] = order
    return 201, order


def update_order(portal: Portal, asked: Asked) -> Answered:
    """Change what the body names."""
    order = _order(portal, asked.parts[0])
    _two_way(portal)
    if not isinstance(asked.body, dict):
        raise Refusal(400, "invalid body")
    order |= {key: value for key, value in asked.body.items() if key not in ("_id", "order_number")}
    if "line_items" in asked.body:
        order["edited"], order["edited_on"] = True, portal.stamp()
    portal.touch(order)
    return 200, order


def set_status(portal: Portal, asked: Asked) -> Answered:
    """Change where an order stands, by the name of the status or its older verb."""
    return _set_status(portal, _order(portal, asked.parts[0]), asked.parts[1])


def set_status_by_number(portal: Portal, asked: Asked) -> Answered:
    """As `set_status`."""
    return _set_status(portal, _by_number(portal, asked.parts[0]), asked.parts[1])


def set_field(portal: Portal, asked: Asked) -> Answered:
    """Set one field of an order."""
    order = _order(portal, asked.parts[0])
    _two_way(portal)
    order[asked.parts[1]] = asked.parts[2]
    portal.touch(order)
    return 200, order


def ship(portal: Portal, asked: Asked) -> Answered:
    """Record a shipment. Not publicly documented: this is what one client's model of an order shows."""
    if not portal.takes_shipments:
        raise NoSuchCall
    order = _order(portal, asked.parts[0])
    _two_way(portal)
    body = asked.body if isinstance(asked.body, dict) else {}
    if not isinstance(body.get("tracking_numbers"), list) or not body.get("line_items"):
        raise Refusal(400, "tracking_numbers and line_items are required")
    left = left_to_ship(order)
    for row in body["line_items"]:
        for size in row.get("sizes", ()):
            key = (str(row.get("id")), str(size.get("size")))
            if key not in left:
                raise Refusal(400, f"size {key[1]} not found")
            left[key] -= size.get("quantity", 0)
            if left[key] < 0:
                raise Refusal(400, f"quantity of size {key[1]} is too large")
    if portal.shows_shipments:
        order.setdefault("shipments", []).append(body)
    portal.touch(order)
    return 200, order


def read_company(portal: Portal, asked: Asked) -> Answered:
    """A retailer."""
    found = portal.companies.get(asked.parts[0])
    if found is None:
        raise Refusal(404, "company not found")
    return 200, found


def new_company(portal: Portal, asked: Asked) -> Answered:
    """Make a retailer. An empty body is a fault of the platform, and answered as one."""
    if not isinstance(asked.body, dict) or not asked.body:
        raise Refusal(500, "")
    id_ = portal.new_id()
    portal.companies[id_] = {**asked.body, "_id": id_, "created_on": portal.stamp(), "modified_on": portal.stamp()}
    return 201, portal.companies[id_]


def company_codes(portal: Portal, asked: Asked) -> Answered:
    """Codes of all retailers."""
    return 200, [str(one.get("code", "")) for one in portal.companies.values()]


def left_to_ship(order: Record) -> dict[tuple[str, str], int]:
    """Units that no record covers, by line (its own id and its product's) and size."""
    left: dict[tuple[str, str], int] = {}
    for line in order["line_items"]:
        for size in line["sizes"]:
            for ref in {str(line.get("id") or line["product"].get("_id")), str(line["product"].get("_id"))}:
                left[ref, str(size["size"])] = left.get((ref, str(size["size"])), 0) + size["quantity"]
    for record in order.get("shipments") or ():
        for row in record.get("line_items", ()):
            for size in row.get("sizes", ()):
                key = (str(row.get("id")), str(size.get("size")))
                if key in left:
                    left[key] -= size["quantity"]
    return left


def _order(portal: Portal, id_: str) -> Record:
    if id_ not in portal.orders:
        raise Refusal(404, "order not found")
    return portal.orders[id_]


def _by_number(portal: Portal, number: str) -> Record:
    for order in portal.orders.values():
        if str(order["order_number"]) == number:
            return order
    raise Refusal(404, "order not found")


def _two_way(portal: Portal) -> None:
    if not portal.is_two_way:
        raise Refusal(403, "not allowed")


def _set_status(portal: Portal, order: Record, verb: str) -> Answered:
    status = VERBS.get(verb, verb)
    if status not in STATUSES or (verb == status and not portal.knows_new_verbs):
        raise NoSuchCall
    if order["status"] == "cancelled" and status != "cancelled":
        raise Refusal(409, "order is cancelled")
    portal.set_status(order, status)
    return 200, order
