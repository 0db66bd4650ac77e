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

# Step by step, each by the keys that the one before has found.
CONTENTS = """
with p as materialized (select id, shipment_id from package where shipment_id = any (%s)),
 c as materialized (
   select p.shipment_id, c.allocation_id, sum(c.quantity) units from package_content c join p on p.id = c.package_id
    where c.package_id = any (array(select id from p)) and not c.is_flagged group by 1, 2),
 a as materialized (select id, line_id from allocation where id = any (array(select allocation_id from c)))
select c.shipment_id, l.external_id, sum(c.units)
  from c join a on a.id = c.allocation_id join sales_order_line l on l.id = a.line_id
 where l.id = any (array(select line_id from a)) group by 1, 2 having sum(c.units) > 0 order by 1, 2
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
