"""Sales orders for tests of every package, received as a store's page is, and walked to a status by moves there are."""

import itertools
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.accounts.models import Account
from crossdock.connections.models import Store
from crossdock.domain.orders import Address, Order, OrderLine, ShippingMethod
from crossdock.domain.statuses import TRANSITIONS, OrderStatus
from crossdock.orders.intake import Intake
from crossdock.orders.models import SalesOrder
from crossdock.orders.moves import move
from crossdock.orders.receiving import receive_page
from crossdock.tenancy.scope import scoped

_numbers = itertools.count(1001)

ADA = Address(
    name="Ada Marsh",
    lines=("114 Riverside Drive",),
    city="Reno",
    region="NV",
    postal_code="89501",
    country="US",
    phone="+1 555 010 4477",
)


def a_canonical_order(*, lines: int | Sequence[OrderLine] = 2, units: int = 1, **changes: Any) -> Order:
    """An order as a store says it: so many lines of `units` each, or these, to Ada in Reno. `changes` are fields of `Order`."""
    number = next(_numbers)
    now = datetime.now(UTC)
    order = Order(
        external_id=f"{900_000 + number}",
        number=f"#{number}",
        placed_at=now - timedelta(minutes=5),
        updated_at=now,
        currency="USD",
        lines=tuple(lines)
        if not isinstance(lines, int)
        else tuple(
            OrderLine(f"{number}-{at}", f"SKU-{at}", f"Thing {at}", Decimal(units), Decimal(units), unit_price=Decimal("12.50"))
            for at in range(1, lines + 1)
        ),
        grand_total=Decimal("12.50") * units * (lines if isinstance(lines, int) else len(lines)),
        ship_to=ADA,
        bill_to=ADA,
        method=ShippingMethod(name="Standard shipping"),
        email="ada@example.com",
        phone="+1 555 010 4477",
    )
    return msgspec.structs.replace(order, **changes)


def received(account: Account, store: Store, orders: Sequence[Order], *, raws: Sequence[bytes] | None = None) -> list[SalesOrder]:
    """Take a page of orders in, as the store's lane does; the rows, in the page's order."""
    with scoped(account.pk):
        receive_page(
            intake=Intake(store.pk, store.merchant_id),
            orders=orders,
            raws=raws or [msgspec.json.encode({"id": order.external_id, "order": order}) for order in orders],
        )
        rows = {row.external_id: row for row in SalesOrder.objects.filter(store=store)}
    return [rows[order.external_id] for order in orders]


def an_order(
    account: Account,
    store: Store,
    *,
    lines: int | Sequence[OrderLine] = 2,
    status: OrderStatus | str = OrderStatus.NEW,
    reason: str = "",
    issue: str = "",
    **changes: Any,
) -> SalesOrder:
    """One order of the store, walked to a status by the fewest moves; nothing is given to a warehouse by that."""
    (row,) = received(account, store, [a_canonical_order(lines=lines, **changes)])
    with scoped(account.pk):
        walk_to(row, OrderStatus(status), reason)
        if issue:
            SalesOrder.objects.filter(pk=row.pk).update(issue=issue)
        return SalesOrder.objects.select_related("store", "merchant").get(pk=row.pk)


def walk_to(row: SalesOrder, status: OrderStatus, reason: str = "") -> None:
    """Move an order to a status, by the fewest moves. Needs the account's scope."""
    for event in _way(OrderStatus(row.status), status):
        move([row.pk], event, reasons=reason)


def _way(start: OrderStatus, end: OrderStatus) -> list[str]:
    ways: dict[OrderStatus, list[str]] = {start: []}
    ahead = deque([start])
    while ahead and end not in ways:
        here = ahead.popleft()
        for step in TRANSITIONS:
            if step.start is here and step.end not in ways:
                ways[step.end] = [*ways[here], step.event]
                ahead.append(step.end)
    return ways[end]
