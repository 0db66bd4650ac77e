"""What a store is told of a shipment, as it stands in our rows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from crossdock.domain.fulfillment import NoticeLine, ShipmentNotice, Tracking
from crossdock.fulfillment.models import Shipment

OLD = timedelta(days=7)
"""A shipment that left longer ago than this never mails the customer."""

CONTENTS = """
select p.shipment_id, l.external_id, sum(c.quantity)
  from package p join package_content c on c.package_id = p.id join allocation a on a.id = c.allocation_id
  join sales_order_line l on l.id = a.line_id
 where p.shipment_id = any (%s) and not c.is_flagged group by 1, 2 having sum(c.quantity) > 0 order by 1, 2
"""


def notice_for(row: Shipment, key: str, lines: Sequence[NoticeLine], now: datetime) -> ShipmentNotice | None:
    """What the store is told of one; None of one without an order. Its order and packages are loaded with it."""
    if row.order is None:
        return None
    numbers = {package.tracking: package.tracking_url for package in row.packages.all() if package.tracking}
    return ShipmentNotice(
        key=key,
        order_id=row.order.external_id,
        order_number=row.order.number,
        lines=tuple(lines),
        tracking=tuple(Tracking(number, url or None) for number, url in sorted(numbers.items())),
        shipped_at=row.shipped_at,
        carrier=row.carrier or None,
        service=row.service or None,
        mail_customer=now - row.shipped_at < OLD,
        is_final=row.is_final,
    )


def lines_of(ids: Sequence[int]) -> dict[int, list[NoticeLine]]:
    """The units of shipments by order line; those that nobody asked for are left out."""
    lines: dict[int, list[NoticeLine]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(CONTENTS, [list(ids)])
        for shipment_id, line_id, quantity in cursor.fetchall():
            lines[shipment_id].append(NoticeLine(line_id, Decimal(quantity)))
    return lines
