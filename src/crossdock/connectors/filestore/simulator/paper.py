"""The cart's own writing and reading of files. On purpose it shares nothing with the connector, so that a mistake in one shows."""

import csv
import io
import json
import xml.etree.ElementTree as Et
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HEAD = (
    "Order Number,Order Date,Status,Currency,Email,Shipping Method,Order Total,Order Notes,Ship To Name,Ship To Company,"
    "Ship To Address 1,Ship To Address 2,Ship To City,Ship To State,Ship To Zip,Ship To Country,Ship To Phone,"
    "Line ID,SKU,Item Name,Quantity,Quantity Shipped,Quantity Canceled,Unit Price"
)


@dataclass
class CartLine:
    """A line of an order in the cart."""

    id: str
    sku: str
    name: str
    quantity: str
    price: str
    shipped: float = 0.0
    canceled: float = 0.0


@dataclass
class CartOrder:
    """An order in the cart."""

    number: str
    placed_at: str
    status: str
    currency: str
    email: str
    method: str
    note: str
    to: dict[str, str]
    lines: list[CartLine] = field(default_factory=list)
    is_spoiled: bool = False

    @property
    def total(self) -> str:
        """The sum of the lines, or something that is no amount."""
        return "much" if self.is_spoiled else f"{sum(float(line.quantity) * float(line.price) for line in self.lines):.2f}"


def order_file(orders: Sequence[CartOrder], format: str, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """An order file as carts export them."""
    rows = [_cells(order, line) for order in orders for line in order.lines]
    names = HEAD.split(",")
    if format == "csv":
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerow(names)
        writer.writerows(rows)
        return out.getvalue().encode(encoding)
    documents = [_document(order) for order in orders]
    if format == "json":
        return json.dumps({"orders": documents}, ensure_ascii=False, indent=1).encode()
    root = Et.Element("Orders")
    for document in documents:
        element = Et.SubElement(root, "Order", {"number": document["number"]})
        for key, value in document.items():
            if key == "items":
                items = Et.SubElement(element, "Items")
                for item in value:
                    inner = Et.SubElement(items, "Item", {"id": item["id"]})
                    for name, text in item.items():
                        if name != "id":
                            Et.SubElement(inner, name).text = str(text)
            elif isinstance(value, Mapping):
                address = Et.SubElement(element, key)
                for name, text in value.items():
                    Et.SubElement(address, name).text = text
            elif key != "number":
                Et.SubElement(element, key).text = str(value)
    content: bytes = Et.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _cells(order: CartOrder, line: CartLine) -> list[str]:
    to = order.to
    return [
        order.number,
        order.placed_at,
        order.status,
        order.currency,
        order.email,
        order.method,
        order.total,
        order.note,
        *(to.get(part, "") for part in ("name", "company", "address1", "address2", "city", "state", "zip", "country", "phone")),
        line.id,
        line.sku,
        line.name,
        line.quantity,
        f"{line.shipped:g}",
        f"{line.canceled:g}",
        line.price,
    ]


def _document(order: CartOrder) -> dict[str, Any]:
    return {
        "number": order.number,
        "created_at": order.placed_at,
        "status": order.status,
        "currency": order.currency,
        "email": order.email,
        "shipping_method": order.method,
        "grand_total": order.total,
        "customer_note": order.note,
        "shipping_address": dict(order.to),
        "items": [
            {
                "id": line.id,
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "quantity_shipped": f"{line.shipped:g}",
                "quantity_canceled": f"{line.canceled:g}",
                "price": line.price,
            }
            for line in order.lines
        ],
    }


@dataclass
class Told:
    """A row of a shipment file."""

    shipment: str
    order: str
    line: str
    sku: str
    quantity: float
    carrier: str
    tracking: list[str]


def read_shipments(content: bytes, name: str) -> list[Told]:
    """The rows of a shipment file that Crossdock wrote with its default columns. Raises ValueError or KeyError."""
    rows: list[dict[str, Any]] = []
    if name.endswith(".csv"):
        rows = list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))
    elif name.endswith(".json"):
        for shipment in json.loads(content)["shipments"]:
            rows += [{**shipment, **line} for line in shipment["lines"]]
    else:
        for element in Et.fromstring(content).iter("shipment"):  # noqa: S314  (our own writing, in a sandbox)
            outer = {child.tag: child.text or "" for child in element if child.tag != "lines"}
            rows += [{**outer, **{child.tag: child.text or "" for child in line}} for line in element.iter("line")]
    return [
        Told(
            row["shipment_id"],
            row["order_number"],
            row["line_id"] or "",
            row["sku"],
            float(row["quantity"]),
            row["carrier"] or "",
            row["tracking_number"]
            if isinstance(row["tracking_number"], list)
            else [part.strip() for part in row["tracking_number"].split(";") if part.strip()],
        )
        for row in rows
    ]


def read_stock(content: bytes, name: str) -> list[tuple[str, str, str]]:
    """SKU, location and quantity of each row of a stock file. Raises ValueError or KeyError."""
    if name.endswith(".csv"):
        rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))
    elif name.endswith(".json"):
        rows = json.loads(content)["stock"]
    else:
        rows = [{child.tag: child.text or "" for child in item} for item in Et.fromstring(content).iter("item")]  # noqa: S314
    return [(row["sku"], row["location"] or "", str(row["quantity"])) for row in rows]
