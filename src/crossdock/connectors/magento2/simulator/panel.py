"""The control page of the simulated shop, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.connectors.kit.simulator import Action, Field, Form, Panel, Row, Table
from crossdock.connectors.magento2.simulator.levers import HOME

if TYPE_CHECKING:
    from crossdock.connectors.magento2.simulator.server import MagentoSimulator
    from crossdock.connectors.magento2.simulator.state import Record, Shop

_SHOWN = 50
_KINDS = (("simple", "Simple"), ("configurable", "Configurable"), ("bundle", "Bundle"), ("virtual", "Virtual"))


def panel_of(simulator: MagentoSimulator) -> Panel:
    """What one sees and may do."""
    shop = simulator.shop()
    newest = sorted(shop.orders.values(), key=lambda order: (order["updated_at"], order["entity_id"]), reverse=True)[:_SHOWN]
    return Panel(
        notes=tuple(_notes(shop)),
        forms=(
            _order_form(shop),
            Form("Place many orders", "place_many", "Place orders", (Field("count", "How many", "number", default=10),)),
            Form(
                "Let orders flow",
                "let_orders_flow",
                "Set",
                (Field("every", "Seconds between two orders", default="30"),),
                "Made-up orders keep coming until this is set to 0.",
            ),
            Form(
                "Bearer tokens",
                "set_bearer_switch",
                "Set",
                (Field("on", "The access token alone lets in", "switch", default=shop.takes_bearer),),
                "Off in every new installation since 2.4.4.",
            ),
            Form("Edition", "set_edition", "Set", (Field("commerce", "Adobe Commerce", "switch", default=shop.is_commerce),)),
        ),
        tables=(
            Table(
                "Orders",
                ("Order", "Placed", "Items", "Ship to", "State", "Status", "Total"),
                tuple(_order_row(order) for order in newest),
                "No orders yet. Place one above.",
            ),
            _shipments(shop),
            Table(
                "Stock",
                ("SKU", "Source", "At the source", "Can be sold"),
                tuple(
                    Row((one["sku"], one["source_code"], f"{one['quantity']:g}", f"{shop.salable(one['sku']):g}"))
                    for one in list(shop.source_items.values())[:_SHOWN]
                ),
                "Nothing is kept yet.",
            ),
        ),
    )


def _notes(shop: Shop) -> list[str]:
    one = shop.integration
    edition = "Adobe Commerce" if shop.is_commerce else "Magento Open Source"
    return [
        f"{edition}; {len(shop.orders)} orders, {len(shop.mails)} mails to customers; sources: {', '.join(shop.sources)}.",
        f"Access token {one.token}; alone it {'lets in' if shop.takes_bearer else 'does not let in'}.",
        f"Consumer key {one.consumer_key}, consumer secret {one.consumer_secret}, token secret {one.token_secret}.",
    ]


def _order_form(shop: Shop) -> Form:
    statuses = tuple((code, code.replace("_", " ").title()) for code in ("pending", *shop.statuses["processing"]))
    return Form(
        "Place an order",
        "place_order",
        "Place order",
        (
            Field("sku_1", "SKU 1", default="BLUE-M"),
            Field("quantity_1", "Quantity", "number", default=1),
            Field("price_1", "Price", default="20.00"),
            Field("kind_1", "Kind", "choice", default="simple", choices=_KINDS),
            Field("sku_2", "SKU 2"),
            Field("quantity_2", "Quantity", "number", default=1),
            Field("price_2", "Price", default="20.00"),
            Field("first_name", "First name", default=str(HOME["firstname"])),
            Field("last_name", "Last name", default=str(HOME["lastname"])),
            Field("street", "Street", default="12 Harbor Street"),
            Field("city", "City", default=str(HOME["city"])),
            Field("region", "Region", default=str(HOME["region_code"])),
            Field("postal_code", "Postal code", default=str(HOME["postcode"])),
            Field("country", "Country", default=str(HOME["country_id"])),
            Field("email", "E-mail", default="robin@example.com"),
            Field("method", "Shipping method", default="flatrate_flatrate"),
            Field("note", "Note", "long"),
            Field("status", "Status", "choice", default="processing", choices=statuses),
        ),
    )


def _order_row(order: Record) -> Row:
    assignments = order["extension_attributes"]["shipping_assignments"]
    to = assignments[0]["shipping"]["address"] if assignments else {}
    items = ", ".join(f"{item['qty_ordered']} × {item['sku']}" for item in order["items"] if not item.get("parent_item_id"))
    return Row(
        (
            str(order["increment_id"]),
            str(order["created_at"]),
            items,
            ", ".join(str(part) for part in (to.get("lastname"), to.get("city"), to.get("country_id")) if part),
            str(order["state"]),
            str(order["status"]),
            f"{order['grand_total']} {order.get('order_currency_code', '')}",
        ),
        tuple(_actions(order)),
    )


def _actions(order: Record) -> list[Action]:
    named = {"order": str(order["entity_id"])}
    if order["state"] in ("canceled", "closed"):
        return [Action("Touch", "touch_order", named)]
    if order["state"] == "holded":
        return [Action("Release", "release_order", named)]
    skus = tuple((item["sku"], item["sku"]) for item in order["items"] if not item.get("parent_item_id"))
    actions = [Action("Hold", "hold_order", named), Action("Cancel", "cancel_order", named)]
    actions.append(Action("Ship by hand", "ship_order", named, (Field("tracking", "Tracking number", default="ELSEWHERE-1"),)))
    if skus:
        line = Field("sku", "SKU", "choice", default=skus[0][0], choices=skus)
        actions.append(Action("Refund", "refund_line", named, (line, Field("quantity", "Units", "number", default=1))))
    actions.append(Action("Change address", "change_address", named, (Field("street", "Street"),)))
    return actions


def _shipments(shop: Shop) -> Table:
    rows = []
    for one in sorted(shop.shipments.values(), key=lambda shipment: shipment["entity_id"], reverse=True)[:_SHOWN]:
        tracks = ", ".join(f"{track['title']} {track['track_number']}" for track in one["tracks"])
        items = ", ".join(f"{item['qty']} × {item['sku']}" for item in one["items"])
        number = shop.orders.get(one["order_id"], {}).get("increment_id", one["order_id"])
        rows.append(Row((one["created_at"], str(number), tracks, items, "yes" if one.get("email_sent") else "no")))
    return Table("Shipments received", ("When", "Order", "Tracking", "Items", "Mailed"), tuple(rows), "Nothing was shipped yet.")
