"""Requests and settings for tests, in a few words."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.connectors.files.settings import Settings
from crossdock.domain.fulfillment import FulfillmentRequest, RequestLine
from crossdock.domain.orders import Address, Order, ShippingMethod

AT = datetime(2026, 1, 31, 23, 59, 58, tzinfo=UTC)

JANE = Address(
    name="Jane Doe",
    lines=("12 Mill Road", "Unit 4"),
    city="Louisville",
    region="KY",
    postal_code="40202",
    country="US",
    phone="502-555-0100",
)


def folder_settings(**changes: Any) -> Settings:
    """Settings of a local folder whose files are read at once."""
    return Settings(**{"transport": "folder", "folder": "acme", "quiet_seconds": 0, **changes})


def an_order(**changes: Any) -> Order:
    """An order for two SKUs, as a store gave it."""
    order = Order(
        external_id="9001",
        number="#1001",
        placed_at=datetime(2026, 1, 30, 8, 15, tzinfo=UTC),
        updated_at=datetime(2026, 1, 30, 8, 15, tzinfo=UTC),
        currency="USD",
        lines=(),
        ship_to=JANE,
        method=ShippingMethod(name="Ground shipping", service="UPS-GROUND"),
        email="jane@example.com",
        customer_po="PO-77",
    )
    return msgspec.structs.replace(order, **changes)


def a_request(reference: str = "1001", *, lines: int = 2, **changes: Any) -> FulfillmentRequest:
    """A request to ship `lines` SKUs, 1 of the first, 2 of the second ..."""
    request = FulfillmentRequest(
        key=f"store:1/order:{reference}/part:1",
        reference=reference,
        mark="0123456789abcdef",
        order=an_order(number=f"#{reference}"),
        ship_to=JANE,
        lines=tuple(
            RequestLine(n, f"line-{n}", f"SKU-{n}", f"Thing {n}", Decimal(n), unit_price=Decimal("9.50"))
            for n in range(1, lines + 1)
        ),
        intended_at=AT,
    )
    return msgspec.structs.replace(request, **changes)
