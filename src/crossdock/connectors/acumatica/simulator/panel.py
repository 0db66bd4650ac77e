"""The control page of the simulated instance: orders, shipments, stock, and what one may do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.connectors.acumatica.simulator.levers import HOME, WHO
from crossdock.connectors.acumatica.simulator.stocking import on_hand
from crossdock.connectors.kit.simulator import Action, Field, Form, Panel, Row, Table

if TYPE_CHECKING:
    from crossdock.connectors.acumatica.simulator.server import AcumaticaSimulator
    from crossdock.connectors.acumatica.simulator.state import Record, Tenant

_SHOWN = 50


def panel_of(simulator: AcumaticaSimulator) -> Panel:
    """What one sees and may do."""
    tenants = tuple((name, tenant.company) for name, tenant in simulator.tenants.items())
    return Panel(
        notes=tuple(_notes(simulator)),
        forms=(_order_form(tenants), _many(tenants), _flow(tenants)),
        tables=(_orders(simulator), _shipments(simulator), _stock(simulator)),
    )


def _notes(simulator: AcumaticaSimulator) -> list[str]:
    notes = [f"Tenant {name}: {len(tenant.tables['SalesOrder'])} orders." for name, tenant in simulator.tenants.items()]
    for app in simulator.access.apps.values():
        notes.append(f"Application: client ID {app.client_id}, shared secret {app.client_secret}.")
    for (tenant, user), password in simulator.access.users.items():
        notes.append(f"User of {tenant}: {user}, password {password}.")
    notes.append(f"{len(simulator.access.sessions)} of {simulator.access.most_sessions} sessions are open.")
    return notes


def _tenant_field(tenants: tuple[tuple[str, str], ...]) -> Field:
    return Field("tenant", "Tenant", "choice", default=tenants[0][0] if tenants else None, choices=tenants)


def _order_form(tenants: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        "Enter an order",
        "place_order",
        "Enter order",
        (
            _tenant_field(tenants),
            Field("sku_1", "Item 1", default="BLUE-M"),
            Field("quantity_1", "Quantity", "number", default=1),
            Field("price_1", "Price", default="20.00"),
            Field("sku_2", "Item 2"),
            Field("quantity_2", "Quantity", "number", default=1),
            Field("price_2", "Price", default="20.00"),
            Field("attention", "Attention", default=WHO["Attention"]),
            Field("street", "Address", default=HOME["AddressLine1"]),
            Field("city", "City", default=HOME["City"]),
            Field("state", "State", default=HOME["State"]),
            Field("postal_code", "Postal code", default=HOME["PostalCode"]),
            Field("country", "Country", default=HOME["Country"]),
            Field("ship_via", "Ship Via", default="UPSGROUND"),
            Field("customer_order", "Customer order"),
            Field("note", "Note", "long"),
            Field("hold", "On hold", "switch", default=False),
        ),
    )


def _many(tenants: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        "Enter many orders",
        "place_many",
        "Enter orders",
        (_tenant_field(tenants), Field("count", "How many", "number", default=10)),
        "Each with one to three lines, made up.",
    )


def _flow(tenants: tuple[tuple[str, str], ...]) -> Form:
    return Form(
        "Let orders flow",
        "let_orders_flow",
        "Set",
        (_tenant_field(tenants), Field("every", "Seconds between two orders", default="30")),
        "Made-up orders keep coming until this is set to 0.",
    )


def _orders(simulator: AcumaticaSimulator) -> Table:
    found = [(tenant, order) for tenant in simulator.tenants.values() for order in tenant.tables["SalesOrder"].values()]
    newest = sorted(found, key=lambda pair: pair[1]["LastModified"], reverse=True)[:_SHOWN]
    return Table(
        "Sales orders",
        ("Order", "Tenant", "Changed", "Items", "Ship to", "Status", "Total"),
        tuple(_order_row(tenant, order) for tenant, order in newest),
        "No orders yet. Enter one above.",
    )


def _order_row(tenant: Tenant, order: Record) -> Row:
    named = {"order": order["id"], "tenant": tenant.name}
    to, whom = order.get("ShipToAddress") or {}, order.get("ShipToContact") or {}
    actions = [Action("Change address", "change_address", named, (Field("street", "Address"),))]
    if order["Status"] in ("Open", "Back Order"):
        line = Field(
            "line", "Line", "choice", choices=tuple((str(row["LineNbr"]), row["InventoryID"] or "") for row in order["Details"])
        )
        actions += [
            Action("Hold", "hold_order", named),
            Action("Ship elsewhere", "fulfill_order", named),
            Action("Create shipment", "create_shipment", named),
            Action("Reduce", "reduce_line", named, (line, Field("quantity", "To", "number", default=0))),
            Action("Cancel", "cancel_order", named),
        ]
    if order["Status"] in ("On Hold", "Credit Hold"):
        actions.append(Action("Release", "release_order", named))
    return Row(
        (
            f"{order['OrderType']} {order['OrderNbr']}",
            tenant.name,
            f"{order['LastModified']:%Y-%m-%d %H:%M:%S}",
            ", ".join(f"{row['OrderQty']:f} × {row['InventoryID']}" for row in order["Details"]),
            ", ".join(part for part in (whom.get("Attention"), to.get("City"), to.get("Country")) if part),
            order["Status"],
            f"{order['OrderTotal']} {order['CurrencyID']}",
        ),
        tuple(actions),
    )


def _shipments(simulator: AcumaticaSimulator) -> Table:
    rows = []
    for tenant in simulator.tenants.values():
        for one in list(tenant.tables["Shipment"].values())[-_SHOWN:]:
            named = {"number": one["id"], "tenant": tenant.name}
            actions = (Action("Invoice", "invoice_shipment", named),) if one["Status"] == "Confirmed" else ()
            rows.append(
                Row(
                    (
                        one["ShipmentNbr"],
                        tenant.name,
                        ", ".join(f"{row['OrderType']} {row['OrderNbr']}" for row in one["Orders"]),
                        ", ".join(f"{row['ShippedQty']:f} × {row['InventoryID']}" for row in one["Details"]),
                        ", ".join(box.get("TrackingNbr") or "no number" for box in one["Packages"]),
                        one["Status"],
                    ),
                    actions,
                )
            )
    columns = ("Shipment", "Tenant", "Orders", "Items", "Tracking", "Status")
    return Table("Shipments", columns, tuple(reversed(rows)), "Nothing was shipped yet.")


def _stock(simulator: AcumaticaSimulator) -> Table:
    rows = []
    for tenant in simulator.tenants.values():
        for item in list(tenant.all("StockItem"))[:_SHOWN]:
            places = [place["WarehouseID"] for place in tenant.all("Warehouse")]
            kept = [f"{key}: {on_hand(tenant, item['InventoryID'], key):f}" for key in places if key.casefold() in item["_stock"]]
            rows.append(Row((item["InventoryID"], tenant.name, item["Description"] or "", ", ".join(kept))))
    return Table("Stock items", ("Item", "Tenant", "Description", "On hand"), tuple(rows), "No items yet.")
