"""Shipments matched to what we asked for: by our reference, then by our line number, then by SKU."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.domain.fulfillment import Content


class Asked(Struct):
    """Units we asked for, as shipments may use them up."""

    allocation_id: int
    number: int
    sku: str
    left: Decimal


class Part(Struct):
    """A fulfillment order a shipment may be for. Of a closed one the rest was given again: nothing more of it is waited for."""

    id: int
    order_id: int
    connection_id: int
    merchant_id: int
    store_id: int
    realm: str
    reference: str
    is_closed: bool = False
    asked: list[Asked] = []


class Matched(Struct, frozen=True):
    """Units of a package, and what they were asked by; without an allocation, or more than asked, they are flagged."""

    allocation_id: int | None
    content: Content
    quantity: Decimal
    is_flagged: bool


# Only what was sent: a shipment can overtake the confirmation of its order, and then waits for it.
PARTS = """
select f.id, f.order_id, f.connection_id, c.merchant_id, c.store_id, c.realm, f.reference, f.status = 'closed'
  from fulfillment_order f join connection c on c.id = f.connection_id
 where f.warehouse_id = %(warehouse)s and f.status in ('open', 'closed') and f.reference = any (%(references)s)
"""

# A reference that came back in other letters or with other blanks; asked only for what was not found as sent.
LOOSE = """
select f.id, f.order_id, f.connection_id, c.merchant_id, c.store_id, c.realm, f.reference, f.status = 'closed'
  from fulfillment_order f join connection c on c.id = f.connection_id
 where f.warehouse_id = %(warehouse)s and f.status in ('open', 'closed') and f.ready_at > clock_timestamp() - interval '120 days'
   and f.reference_key = any (%(references)s)
"""

ASKED = """
select a.fulfillment_order_id, a.id, a.number, a.sku,
       a.quantity - a.released - coalesce((select sum(p.quantity) from package_content p where p.allocation_id = a.id), 0)
  from allocation a where a.fulfillment_order_id = any (%s) order by a.fulfillment_order_id, a.number
"""


def parts_of(warehouse_id: int, references: Sequence[str]) -> dict[str, Part]:
    """What each reference was asked by. One that fits two is left alone: a wrong match ships the wrong order."""
    found: dict[str, list[Part]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(PARTS, {"warehouse": warehouse_id, "references": list(set(references))})
        for row in cursor.fetchall():
            found[row[6]].append(Part(*row))
        loose = {reference.strip().upper(): reference for reference in references if reference not in found}
        if loose:
            cursor.execute(LOOSE, {"warehouse": warehouse_id, "references": list(loose)})
            for row in cursor.fetchall():
                found[loose[row[6].strip().upper()]].append(Part(*row))
        parts = {reference: those[0] for reference, those in found.items() if len(those) == 1}
        by_id = {part.id: part for part in parts.values()}
        cursor.execute(ASKED, [list(by_id)])
        for part_id, allocation_id, number, sku, left in cursor.fetchall():
            by_id[part_id].asked.append(Asked(allocation_id, number, sku, left))
    return parts


def match(content: Content, asked: Sequence[Asked]) -> list[Matched]:
    """Find what units of a package were asked by: our line number, then the SKU as sent, then its letters in any case.

    Uses up `asked`. Units beyond it are flagged; with no such SKU at all they belong to no line.
    """
    fits = [a for a in asked if content.line_number is not None and a.number == content.line_number and _same(a.sku, content.sku)]
    fits += [a for a in asked if a.sku == content.sku and a not in fits]
    fits += [a for a in asked if _same(a.sku, content.sku) and a not in fits]
    if not fits:
        return [Matched(None, content, content.quantity, True)]
    left = content.quantity
    found = []
    for one in fits:
        units = min(left, one.left)
        if units > 0:
            found.append(Matched(one.allocation_id, content, units, False))
            one.left -= units
            left -= units
    if left > 0:
        found.append(Matched(None, content, left, True))
    return found


def _same(a: str, b: str) -> bool:
    return a.strip().casefold() == b.strip().casefold()


def merged(those: Sequence[Matched]) -> list[Matched]:
    """One row for each allocation, SKU and lot of a box, however often it was listed."""
    sums: dict[tuple[int | None, str, str, bool], Matched] = {}
    for one in those:
        key = (one.allocation_id, one.content.sku, one.content.lot or "", one.is_flagged)
        before = sums.get(key)
        serials = (before.content.serials if before else ()) + one.content.serials
        content = msgspec.structs.replace(one.content, serials=serials)
        sums[key] = Matched(one.allocation_id, content, one.quantity + (before.quantity if before else 0), one.is_flagged)
    return list(sums.values())
