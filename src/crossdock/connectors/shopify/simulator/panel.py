"""The control page of the simulated shops, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.connectors.kit.simulator import Action, Field, Form, Panel, Row, Table
from crossdock.connectors.shopify.simulator.goods_panel import product_form, products_table, returns_table
from crossdock.connectors.shopify.simulator.levers import HOME
from crossdock.connectors.shopify.simulator.values import Record

if TYPE_CHECKING:
    from crossdock.connectors.shopify.simulator.server import ShopifySimulator
    from crossdock.connectors.shopify.simulator.state import Shop

_SHOWN = 50
_LINES = 3


def panel_of(simulator: ShopifySimulator) -> Panel:
    """What one sees and may do."""
    shops = tuple((handle, f"{shop.name} ({handle})") for handle, shop in simulator.shops.items())
    newest = sorted(
        ((changed, shop, number) for shop in simulator.shops.values() for changed, number in shop.by_update[-_SHOWN:]),
        key=lambda entry: (entry[0], entry[2]),
        reverse=True,
    )[:_SHOWN]
    orders = [(shop, shop.orders[number]) for _, shop, number in newest]
    return Panel(
        notes=tuple(_notes(simulator)),
        forms=(_order_form(shops), _simple_order(shops), _flow(shops), product_form(_shop_field(shops))),
        tables=(
            Table(
                "Orders",
                ("Order", "Shop", "Placed", "Items", "Ship to", "Money", "Fulfillment", "Total"),
                tuple(_order_row(shop, order) for shop, order in orders),
                "No orders yet. Place one above.",
            ),
            _fulfillments(orders),
            products_table(simulator),
            returns_table(simulator),
            _webhooks(simulator),
        ),
    )


def _notes(simulator: ShopifySimulator) -> list[str]:
    notes = []
    for handle, shop in simulator.shops.items():
        places = ", ".join(place["name"] for place in shop.locations.values() if place["isActive"])
        notes.append(f"Shop {handle}: {len(shop.orders)} orders; locations: {places}; {len(shop.mails)} mails to customers.")
    for app in simulator.access.apps.values():
        notes.append(f"App: client ID {app.client_id}, client secret {app.client_secret}.")
    return notes


def _shop_field(shops: tuple[tuple[str, str], ...]) -> Field:
    return Field("shop", "Shop", "choice", default=shops[0][0] if shops else None, choices=shops)


def _order_form(shops: tuple[tuple[str, str], ...]) -> Form:
    lines = []
    for number in range(1, _LINES + 1):
        first = number == 1
        lines += [
            Field(f"sku_{number}", f"SKU {number}", default="BLUE-M" if first else None),
            Field(f"quantity_{number}", "Quantity", "number", default=1),
            Field(f"price_{number}", "Price", default="20.00"),
        ]
    return Form(
        "Place an order",
        "place_order",
        "Place order",
        (
            _shop_field(shops),
            *lines,
            Field("first_name", "First name", default=HOME["firstName"]),
            Field("last_name", "Last name", default=HOME["lastName"]),
            Field("address1", "Address", default=HOME["address1"]),
            Field("address2", "Address line 2"),
            Field("city", "City", default=HOME["city"]),
            Field("region", "Region", default=HOME["provinceCode"]),
            Field("postal_code", "Postal code", default=HOME["zip"]),
            Field("country", "Country", default=HOME["countryCode"]),
            Field("email", "E-mail", default="robin@example.com"),
            Field("method", "Shipping method", default="Standard"),
            Field("note", "Note", "long"),
            Field(
                "financial_status",
                "Money",
                "choice",
                default="PAID",
                choices=tuple(
                    (one, one.replace("_", " ").title()) for one in ("PAID", "PENDING", "AUTHORIZED", "PARTIALLY_PAID")
                ),
            ),
            Field("test", "Test order", "switch", default=False),
        ),
    )


def _simple_order(shops: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        "Place many orders",
        "place_many",
        "Place orders",
        (_shop_field(shops), Field("count", "How many", "number", default=10)),
        "Each with one to three lines, made up.",
    )


def _flow(shops: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        "Let orders flow",
        "let_orders_flow",
        "Set",
        (_shop_field(shops), Field("every", "Seconds between two orders", default="30")),
        "Made-up orders keep coming until this is set to 0.",
    )


def _order_row(shop: Shop, order: Record) -> Row:
    to = order["shippingAddress"] or {}
    items = ", ".join(f"{line['currentQuantity']} × {line['sku'] or line['title']}" for line in order["_lines"])
    is_held = any(one["_holds"] for one in order["_fulfillment_orders"])
    holds = " (on hold)" if is_held and order["displayFulfillmentStatus"] != "ON_HOLD" else ""
    total = order["totalPriceSet"]["shopMoney"]
    return Row(
        (
            order["name"] + (" test" if order["test"] else ""),
            shop.handle,
            order["createdAt"],
            items,
            ", ".join(part for part in (to.get("name"), to.get("city"), to.get("countryCodeV2")) if part),
            (order["displayFinancialStatus"] or "").replace("_", " ").lower(),
            ("canceled" if order["cancelledAt"] else order["displayFulfillmentStatus"].replace("_", " ").lower()) + holds,
            f"{total['amount']} {total['currencyCode']}",
        ),
        tuple(_actions(shop, order)),
    )


def _actions(shop: Shop, order: Record) -> list[Action]:
    named = {"order": order["id"], "shop": shop.handle}
    if order["cancelledAt"]:
        return [Action("Touch", "touch_order", named)]
    skus = tuple((line["id"], line["sku"] or line["title"]) for line in order["_lines"] if line["currentQuantity"])
    actions = []
    if order["fulfillable"]:
        actions.append(Action("Hold", "hold_order", named))
        actions.append(
            Action("Fulfill elsewhere", "fulfill_order", named, (Field("tracking", "Tracking number", default="ELSEWHERE-1"),))
        )
    if any(one["status"] == "ON_HOLD" for one in order["_fulfillment_orders"]):
        actions.append(Action("Release", "release_order", named))
    if skus:
        line = Field("line", "Line", "choice", default=skus[0][0], choices=skus)
        actions.append(Action("Reduce", "reduce_line", named, (line, Field("quantity", "To", "number", default=0))))
        actions.append(Action("Refund", "refund_line", named, (line, Field("quantity", "Units", "number", default=1))))
    if any(one["status"] == "SUCCESS" and one["_items"] for one in order["_fulfillments"]):
        actions.append(Action("Send back", "ask_return", named, (Field("note", "Why", default="Does not fit"),)))
    actions.append(Action("Change address", "change_address", named, (Field("address1", "Address"),)))
    actions.append(Action("Cancel", "cancel_order", named))
    return actions


def _fulfillments(orders: list[tuple[Shop, Record]]) -> Table:
    rows = []
    for shop, order in orders:
        for one in reversed(order["_fulfillments"]):
            info = ", ".join(f"{each['company'] or ''} {each['number'] or ''}".strip() for each in one["trackingInfo"])
            items = ", ".join(f"{item['quantity']} × {shop.lines[item['_line']]['sku']}" for item in one["_items"])
            rows.append(Row((one["createdAt"], one["name"], shop.handle, info, items, one["status"].lower())))
    return Table(
        "Fulfillments received",
        ("When", "Fulfillment", "Shop", "Tracking", "Items", "Status"),
        tuple(sorted(rows, key=lambda row: row.cells[0], reverse=True)[:_SHOWN]),
        "Nothing was fulfilled yet.",
    )


def _webhooks(simulator: ShopifySimulator) -> Table:
    rows = tuple(
        Row((one.topic, one.shop, one.address.partition("?")[0][:60], str(one.tries), str(one.status or "no answer")))
        for one in reversed(simulator.courier.sent[-_SHOWN:])
    )
    return Table("Webhooks sent", ("Topic", "Shop", "To", "Tries", "Answer"), rows, "No subscription was told anything yet.")
