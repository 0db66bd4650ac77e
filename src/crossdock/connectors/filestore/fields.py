"""What a file can say of an order: the fields a mapping names, and what each is."""

from msgspec import Struct

ADDRESS_PARTS = (
    "name",
    "first_name",
    "last_name",
    "company",
    "address1",
    "address2",
    "address3",
    "city",
    "region",
    "postal_code",
    "country",
    "phone",
    "email",
)
"""Parts of an address, after `ship_to.` and `bill_to.`."""

ATTRIBUTE = "attribute."
"""Before the name of anything else that is to be carried: `attribute.Season = Season`."""


class Target(Struct, frozen=True):
    """A field of an order that a column can fill. `is_needed`: without it an order is no order."""

    name: str
    label: str
    is_needed: bool = False

    @property
    def is_line(self) -> bool:
        """Whether each line has its own."""
        return self.name.startswith("line.")


ORDER_TARGETS = (
    Target("number", "Order number", is_needed=True),
    Target("external_id", "Order id"),
    Target("placed_at", "Order date"),
    Target("status", "Status"),
    Target("currency", "Currency"),
    Target("email", "Customer's e-mail"),
    Target("phone", "Customer's phone"),
    Target("customer_po", "Customer PO"),
    Target("method", "Shipping method"),
    Target("carrier", "Carrier"),
    Target("service", "Service level"),
    Target("grand_total", "Grand total"),
    Target("subtotal", "Subtotal"),
    Target("shipping_total", "Shipping total"),
    Target("tax_total", "Tax total"),
    Target("discount_total", "Discount total"),
    Target("packing_slip_note", "Note on the packing slip"),
    Target("warehouse_note", "Note to the warehouse"),
    Target("gift_message", "Gift message"),
    Target("ship_not_before", "Ship not before"),
    Target("ship_by", "Ship by"),
    Target("cancel_after", "Cancel after"),
    Target("tags", "Tags"),
)

LINE_TARGETS = (
    Target("line.sku", "Line: SKU", is_needed=True),
    Target("line.quantity", "Line: quantity", is_needed=True),
    Target("line.external_id", "Line: id"),
    Target("line.name", "Line: name"),
    Target("line.quantity_shipped", "Line: quantity shipped already"),
    Target("line.quantity_canceled", "Line: quantity canceled"),
    Target("line.unit_price", "Line: unit price"),
    Target("line.discount", "Line: discount"),
    Target("line.tax", "Line: tax"),
    Target("line.uom", "Line: unit of measure"),
    Target("line.barcode", "Line: barcode"),
    Target("line.note", "Line: note"),
    Target("line.location", "Line: location"),
    Target("line.hs_code", "Line: HS code"),
    Target("line.origin", "Line: country of origin"),
)


def _parts(role: str, label: str) -> tuple[Target, ...]:
    return tuple(Target(f"{role}.{part}", f"{label}: {part.replace('_', ' ')}") for part in ADDRESS_PARTS)


TARGETS = {
    target.name: target
    for target in (*ORDER_TARGETS, *_parts("ship_to", "Ship to"), *_parts("bill_to", "Bill to"), *LINE_TARGETS)
}
"""All fields by name, in the order people are offered them."""

NEEDED = tuple(name for name, target in TARGETS.items() if target.is_needed)
