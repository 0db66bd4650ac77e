"""The control page of the simulated portals, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.connectors.kit.simulator import Action, Field, Form, Panel, Row, Table
from crossdock.connectors.nuorder.simulator.state import Portal, Record

if TYPE_CHECKING:
    from crossdock.connectors.nuorder.simulator.server import NuOrderSimulator

_SHOWN = 50


def panel_of(simulator: NuOrderSimulator) -> Panel:
    """What one sees and may do."""
    rows = sorted(
        (
            (order["modified_on"], name, portal, order)
            for name, portal in simulator.portals.items()
            for order in portal.orders.values()
        ),
        key=lambda row: str(row[0]),
        reverse=True,
    )[:_SHOWN]
    return Panel(
        notes=tuple(_notes(simulator)),
        forms=(
            Form(
                "Place an order",
                "add_order",
                "Place",
                (
                    Field("retailer", "Retailer", default="Corner Store"),
                    Field("po_number", "PO number"),
                    Field(
                        "status",
                        "Status",
                        "choice",
                        default="approved",
                        choices=(("approved", "Approved"), ("pending", "Pending"), ("review", "Review")),
                    ),
                ),
                help="One blue shirt in size M.",
            ),
        ),
        tables=(
            Table(
                "Orders",
                ("Order", "Portal", "Retailer", "Items", "Status", "Shipped", "Total"),
                tuple(_order(name, portal, order) for _, name, portal, order in rows),
                "No orders yet. Place one above.",
            ),
            Table(
                "Pending applications",
                ("Name", "Verifier code"),
                tuple(
                    Row((one.name, one.verifier or "not approved"), (Action("Approve", "approve", {"name": one.name}),))
                    for one in simulator.access.pending.values()
                ),
                "Nobody asks for access.",
            ),
        ),
    )


def _notes(simulator: NuOrderSimulator) -> list[str]:
    notes = []
    for key, (name, kind) in simulator.consumers.items():
        portal = simulator.portals[name]
        secret = simulator.access.consumers[key]
        notes.append(f"Portal {name} ({kind}): {len(portal.orders)} orders, {len(portal.products)} products.")
        notes.append(f"Consumer key {key}, consumer secret {secret}.")
    return notes


def _order(name: str, portal: Portal, order: Record) -> Row:
    sizes = [(line, size) for line in order["line_items"] for size in line["sizes"]]
    items = ", ".join(
        f"{size['quantity']} × {size.get('upc') or line['product'].get('style_number')}" for line, size in sizes[:3]
    )
    numbers = ", ".join(number for one in order.get("shipments") or () for number in one.get("tracking_numbers", ()))
    here = {"order": order["_id"], "portal": name}
    return Row(
        (
            str(order["order_number"]),
            name,
            str((order.get("retailer") or {}).get("retailer_name", "")),
            items + ("…" if len(sizes) > 3 else ""),
            str(order["status"]),
            numbers,
            f"{order.get('total', '')} {order.get('currency_code', '')}",
        ),
        (
            Action("Cancel", "cancel_order", here),
            Action("Ship here", "fulfill_order", here),
            Action("Split", "split_order", here),
        ),
    )
