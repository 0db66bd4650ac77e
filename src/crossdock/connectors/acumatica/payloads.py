"""What we read of Acumatica's JSON, typed: every field is wrapped in `{"value": …}`, and one without a value is `{}`.

Field names are those of the endpoint Default 24.200.001; older endpoints leave some out, which reads as empty.
"""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

_WHOLE = {"id": "ID", "uom": "UOM", "po": "PO", "fob": "FOB"}
_PLAIN = frozenset({"id", "note", "error", "value"})


def _named(name: str) -> str:
    """The platform's name of a field: inventory_id is InventoryID; what every entity has is written small."""
    if name in _PLAIN:
        return name
    return "".join(_WHOLE.get(part, part[0].upper() + part[1:]) for part in name.split("_"))


class Text(Struct, frozen=True):
    """A text. Keys come padded from some endpoints, so read `plain`."""

    value: str | None = None
    error: str | None = None

    @property
    def plain(self) -> str | None:
        """The text without blanks around it; None when nothing is left."""
        return (self.value or "").strip() or None


class Number(Struct, frozen=True):
    """A decimal number."""

    value: Decimal | None = None
    error: str | None = None


class Whole(Struct, frozen=True):
    """A whole number."""

    value: int | None = None
    error: str | None = None


class Flag(Struct, frozen=True):
    """Yes or no; None where the endpoint does not say."""

    value: bool | None = None
    error: str | None = None


class Moment(Struct, frozen=True):
    """A moment or a day. Days come as midnight."""

    value: datetime | None = None
    error: str | None = None


class AcAddress(Struct, frozen=True, rename=_named):
    """Where goods or bills go."""

    address_line1: Text = Text()
    address_line2: Text = Text()
    city: Text = Text()
    state: Text = Text()
    postal_code: Text = Text()
    country: Text = Text()


class AcContact(Struct, frozen=True, rename=_named):
    """Whom to ask there."""

    attention: Text = Text()
    business_name: Text = Text()
    email: Text = Text()
    phone1: Text = Text()


class AcShippingSettings(Struct, frozen=True, rename=_named):
    """How an order is to travel, and when."""

    cancel_by_date: Moment = Moment()
    scheduled_shipment_date: Moment = Moment()
    ground_collect: Flag = Flag()
    insurance: Flag = Flag()
    residential_delivery: Flag = Flag()
    saturday_delivery: Flag = Flag()
    use_customers_account: Flag = Flag()
    fob_point: Text = Text()
    shipping_rule: Text = Text()
    shipping_terms: Text = Text()
    ship_via: Text = Text()


class AcSplit(Struct, frozen=True, rename=_named):
    """A part of an order line that is planned or allocated by itself."""

    allocated: Flag = Flag()
    alloc_warehouse_id: Text = Text()
    completed: Flag = Flag()
    qty: Number = Number()
    qty_on_shipments: Number = Number()


class AcLine(Struct, frozen=True, rename=_named):
    """A line of a sales order. Quantities are in the line's unit of measure."""

    id: str = ""
    line_nbr: Whole = Whole()
    inventory_id: Text = Text()
    alternate_id: Text = Text()
    line_description: Text = Text()
    line_type: Text = Text()
    operation: Text = Text()
    order_qty: Number = Number()
    open_qty: Number = Number()
    qty_on_shipments: Number = Number()
    uom: Text = Text()
    unit_price: Number = Number()
    discount_amount: Number = Number()
    warehouse_id: Text = Text()
    ship_on: Moment = Moment()
    completed: Flag = Flag()
    mark_for_po: Flag = Flag()
    po_source: Text = Text()
    reason_code: Text = Text()
    lot_serial_nbr: Text = Text()
    gift_message: Text = Text()
    invoice_nbr: Text = Text()
    note: Text = Text()
    allocations: tuple[AcSplit, ...] = ()


class AcOrderShipment(Struct, frozen=True, rename=_named):
    """A shipment as its sales order names it."""

    shipment_nbr: Text = Text()
    shipment_type: Text = Text()
    status: Text = Text()


class AcFinancial(Struct, frozen=True, rename=_named):
    """Terms, and for a return the order it belongs to."""

    terms: Text = Text()
    original_order_nbr: Text = Text()
    original_order_type: Text = Text()


class AcTotals(Struct, frozen=True, rename=_named):
    """Sums of an order."""

    discount_total: Number = Number()
    line_total_amount: Number = Number()
    freight: Number = Number()
    tax_total: Number = Number()


class AcOrder(Struct, frozen=True, rename=_named):
    """A sales order, also of a return type."""

    id: str
    order_type: Text = Text()
    order_nbr: Text = Text()
    note_id: Text = Text()
    status: Text = Text()
    branch: Text = Text()
    customer_id: Text = Text()
    location_id: Text = Text()
    customer_order: Text = Text()
    external_ref: Text = Text()
    description: Text = Text()
    currency_id: Text = Text()
    order_total: Number = Number()
    tax_total: Number = Number()
    ship_via: Text = Text()
    date: Moment = Moment()
    requested_on: Moment = Moment()
    created_date: Moment = Moment()
    last_modified: Moment = Moment()
    will_call: Flag = Flag()
    note: Text = Text()
    ship_to_address: AcAddress | None = None
    ship_to_contact: AcContact | None = None
    bill_to_address: AcAddress | None = None
    bill_to_contact: AcContact | None = None
    shipping_settings: AcShippingSettings = AcShippingSettings()
    financial_settings: AcFinancial = AcFinancial()
    totals: AcTotals = AcTotals()
    details: tuple[AcLine, ...] = ()
    shipments: tuple[AcOrderShipment, ...] = ()


class AcShipToSettings(Struct, frozen=True, rename=_named):
    """Where a shipment goes."""

    ship_to_address: AcAddress | None = None
    ship_to_contact: AcContact | None = None


class AcContent(Struct, frozen=True, rename=_named):
    """Units in a package."""

    inventory_id: Text = Text()
    quantity: Number = Number()


class AcPackage(Struct, frozen=True, rename=_named):
    """A box of a shipment. `custom_ref_nbr2` carries our mark."""

    id: str = ""
    line_nbr: Whole = Whole()
    box_id: Text = Text()
    tracking_nbr: Text = Text()
    custom_ref_nbr2: Text = Text()
    package_contents: tuple[AcContent, ...] = ()


class AcShipmentLine(Struct, frozen=True, rename=_named):
    """A line of a shipment, with the order line it serves."""

    id: str = ""
    line_nbr: Whole = Whole()
    order_type: Text = Text()
    order_nbr: Text = Text()
    order_line_nbr: Whole = Whole()
    inventory_id: Text = Text()
    description: Text = Text()
    shipped_qty: Number = Number()
    ordered_qty: Number = Number()
    uom: Text = Text()
    warehouse_id: Text = Text()
    lot_serial_nbr: Text = Text()


class AcShipment(Struct, frozen=True, rename=_named):
    """A shipment. `description` carries our mark where we made it."""

    id: str
    note_id: Text = Text()
    shipment_nbr: Text = Text()
    type: Text = Text()
    operation: Text = Text()
    status: Text = Text()
    hold: Flag = Flag()
    description: Text = Text()
    customer_id: Text = Text()
    location_id: Text = Text()
    warehouse_id: Text = Text()
    ship_via: Text = Text()
    fob_point: Text = Text()
    shipping_terms: Text = Text()
    freight_currency_id: Text = Text()
    base_currency_id: Text = Text()
    shipment_date: Moment = Moment()
    created_date_time: Moment = Moment()
    last_modified_date_time: Moment = Moment()
    shipped_qty: Number = Number()
    ground_collect: Flag = Flag()
    residential_delivery: Flag = Flag()
    saturday_delivery: Flag = Flag()
    use_customers_account: Flag = Flag()
    note: Text = Text()
    shipping_settings: AcShipToSettings = AcShipToSettings()
    details: tuple[AcShipmentLine, ...] = ()
    packages: tuple[AcPackage, ...] = ()


class AcCrossReference(Struct, frozen=True, rename=_named):
    """Another name of an item."""

    alternate_id: Text = Text()
    alternate_type: Text = Text()


class AcItem(Struct, frozen=True, rename=_named):
    """A stock item."""

    id: str
    inventory_id: Text = Text()
    description: Text = Text()
    base_uom: Text = Text()
    sales_uom: Text = Text()
    item_status: Text = Text()
    is_a_kit: Flag = Flag()
    default_price: Number = Number()
    dimension_weight: Number = Number()
    weight_uom: Text = Text()
    country_of_origin: Text = Text()
    tariff_code: Text = Text()
    template_item_id: Text = Text()
    last_modified: Moment = Moment()
    cross_references: tuple[AcCrossReference, ...] = ()


class AcAdjustment(Struct, frozen=True, rename=_named):
    """An inventory adjustment."""

    id: str
    reference_nbr: Text = Text()
    status: Text = Text()
    description: Text = Text()


class AcStockRow(Struct, frozen=True, rename=_named):
    """A figure of an inquiry; `inventory_id` is missing where one item was asked for."""

    inventory_id: Text = Text()
    warehouse_id: Text = Text()
    base_uom: Text = Text()
    qty_available: Number = Number()


class AcSummary(Struct, frozen=True, rename=_named):
    """Answer of InventorySummaryInquiry."""

    results: tuple[AcStockRow, ...] = ()


class AcStorage(Struct, frozen=True, rename=_named):
    """Answer of StorageDetailsInquiry."""

    storage_details: tuple[AcStockRow, ...] = ()


class AcWarehouse(Struct, frozen=True, rename=_named):
    """A warehouse."""

    warehouse_id: Text = Text()
    description: Text = Text()
    active: Flag = Flag()


class AcBox(Struct, frozen=True, rename=_named):
    """A kind of box."""

    box_id: Text = Text()
    description: Text = Text()


class AcEndpoint(Struct, frozen=True):
    """An endpoint of the instance."""

    name: str = ""
    version: str = ""


class AcVersion(Struct, frozen=True, rename="camel"):
    """What the instance runs."""

    acumatica_build_version: str = ""


class AcInstance(Struct, frozen=True):
    """Answer of `GET /entity`."""

    version: AcVersion = AcVersion()
    endpoints: tuple[AcEndpoint, ...] = ()
