"""What the control page shows of the simulated cart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossdock.connectors.kit.simulator.panel import Action, Field, Form, Panel, Row, Table

if TYPE_CHECKING:
    from crossdock.connectors.filestore.simulator.cart import FileCart, Shop
    from crossdock.connectors.filestore.simulator.paper import CartOrder

SHOWN = 50
"""Orders and SKUs of a merchant on the page."""

FILES_SHOWN = 5
"""Files of a merchant on the page."""

BEGINNING = 1_500
"""Characters of each."""


def panel(cart: FileCart) -> Panel:
    """Orders to place and change, what the carts were told, and how they behave."""
    merchants = tuple((login, login) for login in cart.merchants)
    which = Field("merchant", "Merchant", kind="choice", choices=merchants)
    formats = (("csv", "CSV"), ("json", "JSON"), ("xml", "XML"))
    rows: list[Row] = []
    for login, shop in cart.merchants.items():
        rows += _orders(login, shop)
    return Panel(
        notes=(
            f"SFTP at {cart.sftp_url}, host key {cart.fingerprint}",
            *(f"Login {shop.login}, folder {shop.place}" for shop in cart.merchants.values()),
        ),
        forms=(
            Form("New merchant", "add_merchant", "Open folder", (Field("login", "Login"),)),
            Form("New order", "add_order", "Place order", (which,), help="One unit of SKU-1, exported at once."),
            Form("Sell a SKU", "add_product", "Add", (which, Field("sku", "SKU"))),
            Form("Format", "write_as", "Set", (which, Field("format", "Order files are", kind="choice", choices=formats))),
            Form("Take files", "take_files", "Take", (), help="The sandbox takes shipment and stock files by itself."),
            Form("Disk", "fill_disk", "Set", (Field("on", "The disk is full", kind="switch", default=cart.is_disk_full),)),
        ),
        tables=(
            Table(
                "Orders", ("Merchant", "Order", "Status", "Ship to", "Lines", "Shipped"), tuple(rows), "No order was placed yet."
            ),
            Table("Tracking numbers", ("Merchant", "Number", "Told"), _told(cart), "No shipment file was taken yet."),
            Table("Files taken", ("Merchant", "File", "Trouble", "In it"), _taken(cart), "No file was taken yet."),
            Table("Stock", ("Merchant", "SKU", "Location", "Units"), _stock(cart), "Nothing is sold."),
        ),
    )


def _orders(login: str, shop: Shop) -> list[Row]:
    rows = []
    for order in list(shop.orders.values())[-SHOWN:][::-1]:
        left = sum(float(line.quantity) - line.shipped - line.canceled for line in order.lines)
        shipped = "all" if left <= 0 else "part" if any(line.shipped for line in order.lines) else "nothing"
        lines = ", ".join(f"{line.quantity} × {line.sku}" for line in order.lines)
        named = {"merchant": login, "order": order.number}
        actions = () if order.status == "canceled" else (Action("Cancel", "cancel_order", named), _waiting(order, named))
        place = f"{order.to['name']}, {order.to['city']}"
        rows.append(Row((login, order.number, order.status, place, lines, shipped), actions))
    return rows


def _waiting(order: CartOrder, named: dict[str, Any]) -> Action:
    return Action("Release", "release_order", named) if order.status == "on hold" else Action("Hold", "hold_order", named)


def _taken(cart: FileCart) -> tuple[Row, ...]:
    """The newest files in each merchant's archive, each with how it begins."""
    rows = []
    for login, shop in cart.merchants.items():
        refused = dict(one.split(": ", 1) for one in shop.refused)
        files = sorted(
            (path for path in (shop.into / "archive").glob("*") if path.is_file()),
            key=lambda path: (path.stat().st_mtime, path.name),
            reverse=True,
        )
        for path in files[:FILES_SHOWN]:
            with path.open(encoding="utf-8", errors="replace") as file:
                rows.append(Row((login, path.name, refused.get(path.name, ""), file.read(BEGINNING))))
    return tuple(rows)


def _told(cart: FileCart) -> tuple[Row, ...]:
    return tuple(
        Row((login, number, f"{times} times" if times > 1 else "once"))
        for login, shop in cart.merchants.items()
        for number, times in list(shop.told.items())[-SHOWN:]
    )


def _stock(cart: FileCart) -> tuple[Row, ...]:
    return tuple(
        Row((login, sku, place or "–", units))
        for login, shop in cart.merchants.items()
        for sku, places in sorted(shop.stock.items())[:SHOWN]
        for place, units in places.items()
    )
