"""The control page's parts about products and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.connectors.kit.simulator.panel import Action, Field, Form, Row, Table

if TYPE_CHECKING:
    from crossdock.connectors.shopify.simulator.server import ShopifySimulator

_SHOWN = 50


def product_form(shop: Field) -> Form:
    """Put something up for sale."""
    return Form(
        "Sell a product",
        "add_product",
        "Add product",
        (
            shop,
            Field("sku", "SKU", default="SCARF"),
            Field("name", "Name", default="Scarf"),
            Field("quantity", "Units at the first location", "number", default=10),
            Field("price", "Price", default="12.00"),
            Field("barcode", "Barcode"),
            Field("weight", "Weight in kilograms", default="0.2"),
        ),
    )


def products_table(simulator: ShopifySimulator) -> Table:
    """What is sold, and how much of it is available where."""
    rows = []
    for shop in simulator.shops.values():
        for variant in shop.variants.values():
            levels = variant["inventoryItem"]["_levels"].values()
            stock = ", ".join(
                f"{shop.locations[one['_location']]['name']}: {one['_quantities']['available']}"
                + (f" ({one['_quantities']['committed']} promised)" if one["_quantities"]["committed"] else "")
                for one in levels
                if one["isActive"] and one["_location"] in shop.locations
            )
            named = {"variant": variant["id"], "shop": shop.handle}
            actions = (
                Action("Count", "set_stock", named, (Field("quantity", "Available", "number", default=10),)),
                Action("Rename", "rename_product", named, (Field("name", "Name"),)),
                Action("Delete", "drop_product", named),
            )
            title = shop.products[variant["_product"]]["title"]
            rows.append(Row((variant["sku"] or "no SKU", title, shop.handle, stock or "not stocked"), actions))
    return Table("Products", ("SKU", "Product", "Shop", "Available"), tuple(rows[-_SHOWN:]), "Nothing is sold yet.")


def returns_table(simulator: ShopifySimulator) -> Table:
    """What comes back."""
    rows = []
    for shop in simulator.shops.values():
        for one in shop.returns.values():
            named = {"return_": one["id"]}
            actions: list[Action] = []
            if one["status"] == "REQUESTED":
                tracking = Field("tracking", "Tracking number of the label")
                actions += [Action("Approve", "approve_return", named, (tracking,)), Action("Decline", "decline_return", named)]
            if one["status"] in ("REQUESTED", "OPEN"):
                actions.append(Action("Cancel", "cancel_return", named))
            if one["status"] == "OPEN":
                actions.append(Action("Receive and close", "close_return", named))
            cells = (one["createdAt"], one["name"], shop.handle, str(one["totalQuantity"]), one["status"].lower())
            rows.append(Row(cells, tuple(actions)))
    newest = sorted(rows, key=lambda row: row.cells[0], reverse=True)
    return Table("Returns", ("When", "Return", "Shop", "Units", "State"), tuple(newest[:_SHOWN]), "Nothing came back yet.")
