"""What comes back, and what is sold: return orders and stock items."""

from collections.abc import Mapping
from decimal import Decimal

from crossdock.connectors.acumatica.mapping import aware, external_id, figure
from crossdock.connectors.acumatica.payloads import AcItem, AcOrder
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import Measure
from crossdock.domain.products import Product
from crossdock.domain.returns import Return, ReturnLine, ReturnState

_STATES = {
    "on hold": ReturnState.REQUESTED,
    "credit hold": ReturnState.REQUESTED,
    "pending approval": ReturnState.REQUESTED,
    "pending processing": ReturnState.APPROVED,
    "awaiting payment": ReturnState.APPROVED,
    "open": ReturnState.APPROVED,
    "back order": ReturnState.APPROVED,
    "shipping": ReturnState.APPROVED,
    "completed": ReturnState.RECEIVED,
    "invoiced": ReturnState.CLOSED,
    "closed": ReturnState.CLOSED,
    "rejected": ReturnState.DECLINED,
    "voided": ReturnState.DECLINED,
    "canceled": ReturnState.CANCELED,
    "cancelled": ReturnState.CANCELED,
    "expired": ReturnState.CANCELED,
}

BARCODES = ("barcode", "gtin", "global", "ean", "upc")
"""Kinds of cross-reference that are printed on goods, in small letters; the first one wins."""


def to_return(ac: AcOrder, *, order_id: str | None = None, order_number: str | None = None, address: str | None = None) -> Return:
    """Map one order of a return type. Lines that are issued (replacements) are left out; quantities are positive.

    `order_id` and `order_number` are of the order it was made from, which the return names by its keys alone.
    Raises InvalidData when number or dates are missing, and for a status that is not known.
    """
    number, kind = ac.order_nbr.plain, ac.order_type.plain
    requested, changed = aware(ac.created_date) or aware(ac.date), aware(ac.last_modified)
    if not number or requested is None or changed is None:
        raise InvalidData("The return has no number or no date.", field="OrderNbr")
    state = _STATES.get((ac.status.plain or "").casefold())
    if state is None:
        raise InvalidData(f"The status “{ac.status.plain}” of a return is not known.", field="Status")
    lines = []
    for line in ac.details:
        quantity = figure(line.order_qty, "Details.OrderQty") or Decimal(0)
        operation = (line.operation.plain or "").casefold()
        if operation == "issue" and quantity > 0:
            continue
        lines.append(
            ReturnLine(
                external_id=str(line.line_nbr.value or line.id),
                sku=line.inventory_id.plain,
                name=line.line_description.plain or line.inventory_id.plain or "",
                quantity=abs(quantity),
                reason=line.reason_code.plain,
                note=line.note.plain,
            )
        )
    return Return(
        external_id=external_id(ac.id, ac.note_id.plain),
        number=f"{kind}-{number}" if kind else number,
        state=state,
        requested_at=requested,
        updated_at=changed,
        lines=tuple(lines),
        order_id=order_id,
        order_number=order_number or ac.financial_settings.original_order_nbr.plain,
        note=ac.note.plain or ac.description.plain,
        url=f"{address}/Main?ScreenId=SO301000&OrderType={kind}&OrderNbr={number}" if address else None,
    )


def to_product(ac: AcItem, available: Mapping[str, Decimal] | None = None) -> Product:
    """Map one stock item. Its id is its InventoryID, which is the SKU; a kit's parts are not in the endpoint.

    `available` is what there is of items, by InventoryID in small letters, in base units.

    Raises InvalidData for an item without InventoryID, or a figure that cannot be read.
    """
    sku = ac.inventory_id.plain
    if not sku:
        raise InvalidData("InventoryID is missing.", field="InventoryID")
    weight = figure(ac.dimension_weight, "DimensionWeight")
    unit = ac.weight_uom.plain
    codes = {
        (one.alternate_type.plain or "").casefold(): one.alternate_id.plain
        for one in reversed(ac.cross_references)
        if one.alternate_id.plain
    }
    return Product(
        external_id=sku,
        product_id=ac.template_item_id.plain or sku,
        sku=sku,
        name=ac.description.plain or sku,
        updated_at=aware(ac.last_modified),
        barcode=next((codes[kind] for kind in BARCODES if codes.get(kind)), None),
        price=figure(ac.default_price, "DefaultPrice"),
        weight=Measure(weight, unit.lower()) if weight and unit else None,
        options={"Unit": ac.base_uom.plain} if ac.base_uom.plain else {},
        hs_code=ac.tariff_code.plain,
        origin=ac.country_of_origin.plain,
        is_bundle=bool(ac.is_a_kit.value),
        is_active=(ac.item_status.plain or "Active").casefold() == "active",
        tracks_stock=True,
        stock=(available or {}).get(sku.casefold()),
    )
