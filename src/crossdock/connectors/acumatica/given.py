"""What a Shipment made in Acumatica means to a warehouse, in the mode Shipments: it is what is imported, instead of the order."""

from decimal import Decimal

from crossdock.connectors.acumatica.mapping import aware, external_id, figure, to_address, to_method
from crossdock.connectors.acumatica.payloads import AcShipment, AcShipmentLine
from crossdock.connectors.acumatica.posting import boxed_units
from crossdock.connectors.acumatica.settings import Settings
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import Hold, LeftOut, Order, OrderLine


def shipment_to_order(ac: AcShipment, settings: Settings | None = None, *, address: str | None = None) -> Order:
    """Map one shipment of the type Shipment. Its number is the shipment's; the sales orders behind it are in the attributes.

    Prices stay with the sales order. What is to ship is what the shipment plans less what is in packages that we entered, until it is
    confirmed. Raises InvalidData when number, dates or currency are missing.
    """
    status = (ac.status.plain or "").casefold()
    is_open = status in ("open", "on hold")
    is_canceled = status in ("canceled", "cancelled")
    number = _needed(ac.shipment_nbr.plain, "ShipmentNbr")
    placed = aware(ac.created_date_time) or aware(ac.shipment_date)
    changed = aware(ac.last_modified_date_time)
    if placed is None or changed is None:
        raise InvalidData("LastModifiedDateTime is missing.", field="LastModifiedDateTime")
    currency = ac.freight_currency_id.plain or ac.base_currency_id.plain
    orders = list(dict.fromkeys(f"{line.order_type.plain or ''} {line.order_nbr.plain}".strip() for line in ac.details))
    attributes = {
        "Sales orders": ", ".join(orders),
        "Customer": ac.customer_id.plain or "",
        "Shipping terms": ac.shipping_terms.plain or "",
        "FOB point": ac.fob_point.plain or "",
    }
    lines, left_out = [], []
    boxed = boxed_units(ac)
    for line in ac.details:
        where = line.warehouse_id.plain or ac.warehouse_id.plain
        planned = figure(line.shipped_qty, "Details.ShippedQty") or Decimal(0)
        sku = line.inventory_id.plain or ""
        gone = min(planned, boxed.get(sku, Decimal(0)))
        boxed[sku] = boxed.get(sku, Decimal(0)) - gone
        is_ours = settings is None or not settings.warehouse or where is None or where.casefold() == settings.warehouse.casefold()
        if not is_ours and is_open:
            left_out.append(LeftOut(f"{planned.normalize():f} × {line.inventory_id.plain}", f"ships from warehouse {where}"))
        lines.append(_line(line, planned, planned - gone if is_open and is_ours else Decimal(0), where))
    return Order(
        external_id=external_id(ac.id, ac.note_id.plain),
        number=number,
        placed_at=placed,
        updated_at=changed,
        currency=_needed(currency, "FreightCurrencyID"),
        lines=tuple(lines),
        ship_to=to_address(
            ac.shipping_settings.ship_to_address,
            ac.shipping_settings.ship_to_contact,
            residential=ac.residential_delivery.value,
        ),
        method=to_method(
            ac.ship_via.plain, collect=ac.ground_collect, theirs=ac.use_customers_account, saturday=ac.saturday_delivery
        ),
        ship_not_before=aware(ac.shipment_date),
        hold=Hold("On hold in Acumatica.") if status == "on hold" else None,
        canceled_at=changed if is_canceled else None,
        cancel_reason="canceled in Acumatica" if is_canceled else None,
        warehouse_note=ac.note.plain,
        attributes={name: value for name, value in attributes.items() if value},
        left_out=tuple(left_out),
        not_imported=_not_imported(ac, settings) if settings is not None else None,
        url=f"{address}/Main?ScreenId=SO302000&ShipmentNbr={number}" if address else None,
    )


def _line(ac: AcShipmentLine, planned: Decimal, to_ship: Decimal, where: str | None) -> OrderLine:
    if ac.line_nbr.value is None:
        raise InvalidData("Details.LineNbr is missing.", field="Details.LineNbr")
    return OrderLine(
        external_id=str(ac.line_nbr.value),
        sku=ac.inventory_id.plain,
        name=ac.description.plain or ac.inventory_id.plain or "",
        ordered=planned,
        to_ship=to_ship,
        uom=ac.uom.plain,
        location=where,
        lot=ac.lot_serial_nbr.plain,
    )


def _not_imported(ac: AcShipment, settings: Settings) -> str | None:
    kind = ac.type.plain
    if kind is not None and kind.casefold() != "shipment":
        return f"It is a {kind.lower()}, not a shipment to a customer."
    if (ac.operation.plain or "Issue").casefold() != "issue":
        return "It receives goods; nothing of it is shipped."
    placed = aware(ac.created_date_time) or aware(ac.shipment_date)
    if settings.accept_orders_after is not None and placed is not None and placed < settings.accept_orders_after:
        return f"It was made before {settings.accept_orders_after:%Y-%m-%d %H:%M} UTC, when this store begins to accept orders."
    return None


def _needed(value: str | None, field: str) -> str:
    if not value:
        raise InvalidData(f"{field} is missing.", field=field)
    return value
