"""What Acme's orders mean, case by case."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crossdock.connectors.acme.mapping import to_order
from crossdock.connectors.acme.payloads import AcOrder
from crossdock.connectors.acme.settings import Settings
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import Address, Order, OrderLine, ShippingMethod

FIXTURES = Path(__file__).parent / "fixtures"


def settings(**changes):
    return Settings(**{"shop": "northwind", "client_id": "app", "client_secret": "secret", **changes})


def an_order(name="an_order_with_two_lines", **changes):
    content = (FIXTURES / f"{name}.json").read_bytes()
    for old, new in changes.items():
        content = content.replace(f'"{old}": "'.encode(), f'"{old}": {new}, "was_{old}": "'.encode(), 1)
    return decode(content, AcOrder, what="The order")


def test_a_whole_order():
    assert to_order(an_order(), settings()) == Order(
        external_id="5001",
        number="#1001",
        placed_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        updated_at=datetime(2026, 3, 1, 9, 31, tzinfo=UTC),
        currency="USD",
        lines=(
            OrderLine("5001-1", "BLUE-M", "Shirt, blue, M", Decimal(2), Decimal(2), unit_price=Decimal("64.00")),
            OrderLine("5001-2", "CAP-01", "Cap", Decimal(1), Decimal(0), unit_price=Decimal("22.00")),
        ),
        grand_total=Decimal("150.00"),
        ship_to=Address(
            name="Jane Doe",
            lines=("12 Mill Road",),
            city="Louisville",
            region="KY",
            postal_code="40202",
            country="US",
            phone="502-555-0100",
        ),
        method=ShippingMethod(name="Standard"),
        email="jane@example.com",
        warehouse_note="Leave at the back door",
    )


def test_an_amount_that_is_no_number_rejects_the_order():
    with pytest.raises(InvalidData) as caught:
        to_order(an_order(total='"a lot"'), settings())

    assert caught.value.field == "total"


@pytest.mark.parametrize(("takes", "why"), [(False, "It is a test order."), (True, None)])
def test_a_test_order_is_left_out_unless_it_is_wanted(takes, why):
    order = to_order(an_order(note='"x", "is_test": true'), settings(import_test_orders=takes))

    assert order.not_imported == why
