"""What the control page shows of the simulated warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.connectors.kit.simulator.panel import Action, Field, Form, Panel, Row, Table

if TYPE_CHECKING:
    from crossdock.connectors.files.simulator.warehouse import FileWarehouse, Merchant

SHOWN = 50
"""Orders and SKUs of a merchant on the page."""


def panel(warehouse: FileWarehouse) -> Panel:
    """Orders to ship, stock to adjust, and how the warehouse behaves."""
    merchants = tuple((login, login) for login in warehouse.merchants)
    which = Field("merchant", "Merchant", kind="choice", choices=merchants)
    rows: list[Row] = []
    for login, merchant in warehouse.merchants.items():
        rows += _orders(login, merchant)
    return Panel(
        notes=(
            f"SFTP at {warehouse.sftp_url}, host key {warehouse.fingerprint}",
            *(f"Login {merchant.login}, folder {merchant.place}" for merchant in warehouse.merchants.values()),
        ),
        forms=(
            Form("New merchant", "add_merchant", "Open folder", (Field("login", "Login"),)),
            Form("Adjust stock", "adjust_stock", "Set", (which, Field("sku", "SKU"), Field("quantity", "Units", kind="number"))),
            Form("Report stock", "report_stock", "Write file", (which,)),
            Form("Ship everything", "ship_all", "Ship", (which,)),
            Form(
                "Ship by itself",
                "auto_ship",
                "Set",
                (Field("seconds", "Seconds after an order came", kind="number", default=warehouse.auto_ship_after),),
                help="Every order is shipped this long after it came; left empty, none is.",
            ),
            Form("Gate", "close_gate", "Set", (Field("on", "Take no order files", kind="switch", default=warehouse.is_closed),)),
            Form("Disk", "fill_disk", "Set", (Field("on", "The disk is full", kind="switch", default=warehouse.is_disk_full),)),
        ),
        tables=(
            Table("Orders", ("Merchant", "Order", "Ship to", "Lines", "Shipped", "Came"), tuple(rows), "No order has come yet."),
            Table("Stock", ("Merchant", "SKU", "Units"), _stock(warehouse), "No stock."),
        ),
    )


def _orders(login: str, merchant: Merchant) -> list[Row]:
    newest = list(merchant.orders.values())[-SHOWN:][::-1]
    rows = []
    for order in newest:
        shipped = "all" if order.is_shipped else "part" if order.shipments else "nothing"
        lines = ", ".join(f"{line.quantity:g} × {line.sku}" for line in order.lines)
        actions: tuple[Action, ...] = ()
        if not order.is_shipped:
            boxes = Field("boxes", "Boxes", kind="number", default=1)
            actions = (Action("Ship", "ship", {"merchant": login, "order": order.number}, (boxes,)),)
        came = str(order.times) + (" times" if order.times > 1 else " time")
        rows.append(Row((login, order.number, f"{order.name}, {order.city}", lines, shipped, came), actions))
    return rows


def _stock(warehouse: FileWarehouse) -> tuple[Row, ...]:
    return tuple(
        Row((login, sku, f"{quantity:g}"))
        for login, merchant in warehouse.merchants.items()
        for sku, quantity in sorted(merchant.stock.items())[:SHOWN]
    )
