"""The control page of the simulated stores, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.connectors.bigcommerce.simulator.making import Record, stamp
from crossdock.connectors.bigcommerce.statuses import CANCELLED, MANUAL_VERIFICATION, NAMES
from crossdock.connectors.kit.simulator import Action, Field, Form, Panel, Row, Table

if TYPE_CHECKING:
    from crossdock.connectors.bigcommerce.simulator.server import BigCommerceSimulator
    from crossdock.connectors.bigcommerce.simulator.state import Store

_SHOWN = 50


def panel_of(simulator: BigCommerceSimulator) -> Panel:
    """What one sees and may do."""
    stores = tuple((hash_, f"{store.name} ({hash_})") for hash_, store in simulator.stores.items())
    every = [(store, order) for store in simulator.stores.values() for order in store.orders.values()]
    orders = sorted(every, key=lambda entry: (entry[1]["_modified"], entry[1]["id"]), reverse=True)[:_SHOWN]
    return Panel(
        notes=tuple(_notes(simulator)),
        forms=(_order_form(stores), _flow(stores)),
        tables=(
            Table(
                "Orders",
                ("Order", "Store", "Placed", "Items", "Ship to", "Status", "Total"),
                tuple(_order_row(store, order) for store, order in orders),
                "No orders yet. Place one above.",
            ),
            _shipments(orders),
            _webhooks(simulator),
        ),
    )


def _notes(simulator: BigCommerceSimulator) -> list[str]:
    notes = [
        f"Store {hash_}: {len(store.orders)} orders; locations: {', '.join(one['label'] for one in store.locations.values())}."
        for hash_, store in simulator.stores.items()
    ]
    for app in simulator.access.apps.values():
        notes.append(f"App or API account: client ID {app.client_id}, client secret {app.client_secret}.")
    return notes


def _store_field(stores: tuple[tuple[str, str], ...]) -> Field:
    return Field("store", "Store", "choice", default=stores[0][0] if stores else None, choices=stores)


def _order_form(stores: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        "Place an order",
        "place_order",
        "Place order",
        (
            _store_field(stores),
            Field("sku", "SKU", default="BLUE-M"),
            Field("quantity", "Quantity", "number", default=1),
            Field("price", "Price", default="20.00"),
            Field("second_sku", "Second SKU"),
            Field("first_name", "First name", default="Robin"),
            Field("last_name", "Last name", default="Example"),
            Field("street", "Street", default="12 Harbor Street"),
            Field("city", "City", default="Portland"),
            Field("state", "State", default="Oregon"),
            Field("postal_code", "Postal code", default="97201"),
            Field("method", "Shipping method", default="Free Shipping"),
            Field("note", "Shopper's comments"),
            Field("test", "Paid through the test gateway", "switch", default=False),
        ),
    )


def _flow(stores: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        "Let orders flow",
        "let_orders_flow",
        "Set",
        (_store_field(stores), Field("every", "Seconds between orders", "number", default=30)),
        "Made-up orders keep coming until this is set to 0.",
    )


def _order_row(store: Store, order: Record) -> Row:
    to = order["_addresses"][0] if order["_addresses"] else {}
    items = ", ".join(f"{line['quantity']} × {line['sku'] or line['name']}" for line in order["_lines"])
    place = ", ".join(str(to[name]) for name in ("first_name", "last_name", "city", "country_iso2") if to.get(name))
    more = len(order["_addresses"]) - 1
    return Row(
        (
            str(order["id"]),
            store.hash,
            stamp(order["_created"]),
            items,
            f"{place} and {more} more" if more > 0 else place,
            store.labels.get(order["status_id"], ""),
            f"{order.get('total_inc_tax', '')} {order['default_currency_code']}",
        ),
        tuple(_actions(store, order)),
    )


def _actions(store: Store, order: Record) -> list[Action]:
    named = {"order": order["id"], "store": store.hash}
    statuses = tuple((str(key), label) for key, label in NAMES.items())
    actions = [Action("Set status", "set_status", named, (Field("status", "To", "choice", default="11", choices=statuses),))]
    if order["status_id"] == CANCELLED:
        return actions
    hold = order["status_id"] == MANUAL_VERIFICATION
    actions.append(Action("Release", "release_order", named) if hold else Action("Hold", "hold_order", named))
    if store.left_of(order):
        tracking = Field("tracking", "Tracking number", default="ELSEWHERE-1")
        actions.append(Action("Ship elsewhere", "fulfill_order", named, (tracking,)))
    return [*actions, Action("Cancel", "cancel_order", named), Action("Archive", "archive_order", named)]


def _shipments(orders: list[tuple[Store, Record]]) -> Table:
    rows = []
    for store, order in orders:
        for one in reversed(order["_shipments"]):
            items = ", ".join(f"{item['quantity']} × {_sku(order, item['order_product_id'])}" for item in one["items"])
            tracking = " ".join(
                part for part in (one["shipping_provider"] or one["tracking_carrier"], one["tracking_number"]) if part
            )
            rows.append(Row((one["date_created"], str(order["id"]), store.hash, tracking, items, one["comments"])))
    return Table(
        "Shipments received",
        ("When", "Order", "Store", "Tracking", "Items", "Comments"),
        tuple(rows[:_SHOWN]),
        "Nothing was shipped yet.",
    )


def _sku(order: Record, line_id: int) -> str:
    return next((str(one["sku"] or one["name"]) for one in order["_lines"] if one["id"] == line_id), str(line_id))


def _webhooks(simulator: BigCommerceSimulator) -> Table:
    rows = tuple(
        Row((one.scope, one.store, one.address.partition("?")[0][:60], str(one.tries), str(one.status or "no answer")))
        for one in reversed(simulator.courier.sent[-_SHOWN:])
    )
    return Table("Webhooks sent", ("Scope", "Store", "To", "Tries", "Answer"), rows, "No hook was told anything yet.")
