"""What an Acme order means. Pure."""

from decimal import Decimal

from crossdock.connectors.acme.payloads import AcAddress, AcLine, AcOrder
from crossdock.connectors.acme.settings import Settings
from crossdock.connectors.kit.decoding import amount
from crossdock.domain.orders import Address, Order, OrderLine, ShippingMethod


def to_order(ac: AcOrder, settings: Settings) -> Order:
    """Map one order. Prices are before tax, in the order's currency.

    Test orders are left out unless the settings take them. Raises InvalidData when an amount cannot be read.
    """
    return Order(
        external_id=ac.id,
        number=ac.number,
        placed_at=ac.created_at,
        updated_at=ac.updated_at,
        currency=ac.currency,
        lines=tuple(_line(line, at) for at, line in enumerate(ac.lines)),
        grand_total=amount(ac.total, field="total"),
        ship_to=_address(ac.ship_to) if ac.ship_to is not None else None,
        method=ShippingMethod(name=ac.shipping),
        email=ac.email,
        warehouse_note=ac.note,
        is_test=ac.is_test,
        canceled_at=ac.canceled_at,
        not_imported="It is a test order." if ac.is_test and not settings.import_test_orders else None,
    )


def _line(line: AcLine, at: int) -> OrderLine:
    return OrderLine(
        external_id=line.id,
        sku=line.sku,
        name=line.title,
        ordered=Decimal(line.quantity),
        to_ship=Decimal(line.open),
        unit_price=amount(line.price, field=f"lines[{at}].price"),
    )


def _address(to: AcAddress) -> Address:
    return Address(
        name=to.name,
        lines=(to.street,) if to.street else (),
        city=to.city,
        region=to.state,
        postal_code=to.zip,
        country=to.country,
        phone=to.phone,
    )
