"""Shipments as they come from a warehouse: stored once, matched to what we asked for, counted per line, to be told to the store."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import DataError, IntegrityError, connection, transaction

from crossdock.activity.services import Told, tell
from crossdock.connections.effects import intend
from crossdock.domain.carriers import tracking_page
from crossdock.domain.fulfillment import Content, Shipment
from crossdock.fulfillment.corrections import TRACKING, VOIDED, note_corrections
from crossdock.fulfillment.matching import Matched, Part, match, merged, parts_of
from crossdock.fulfillment.names import POST, POST_EFFECT
from crossdock.fulfillment.remainders import flag_late, settle_rests
from crossdock.jobs.wakes import open_lane, wake
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.packing import pack, unpack
from crossdock.tenancy.scope import account_in_scope

WAITING = 500
"""Shipments that came too early and are matched in one go."""

NOT_SENT = "No order is known to have been sent to this warehouse as {}. It is matched as soon as one is."

# Only those that fit something by now: a warehouse may report any number that never were ours. The key is made before the join,
# since a function in it would keep the index from being used under row-level security.
FITTING = """
with waiting as materialized (
  select id, upper(btrim(reference)) "key" from shipment where warehouse_id = %(warehouse)s and order_id is null and status = 'new'),
 fit as materialized (
  select w.id from waiting w
   where exists (select from fulfillment_order f
                  where f.warehouse_id = %(warehouse)s and f.reference_key = w.key and f.status in ('open', 'closed'))
   order by w.id limit %(most)s)
select s.id, s.doc from shipment s where s.id in (select id from fit) and s.order_id is null
 order by s.id for no key update skip locked
"""

INSERT = """
with r as (select * from jsonb_to_recordset(%(rows)s::jsonb) x(k int, public_id uuid, external_id text, reference text,
             merchant_id bigint, order_id bigint, part_id bigint, carrier text, service text, shipped_at timestamptz, is_final boolean,
             is_flagged boolean, reason text, status text))
insert into shipment (account_id, warehouse_id, public_id, external_id, reference, merchant_id, order_id, fulfillment_order_id,
                      carrier, service, shipped_at, is_final, is_flagged, reason, status, doc)
select %(account)s, %(warehouse)s, r.public_id, r.external_id, r.reference, r.merchant_id, r.order_id, r.part_id, r.carrier,
       r.service, r.shipped_at, r.is_final, r.is_flagged, r.reason, r.status, d.doc
  from r join unnest(%(docs)s::bytea[]) with ordinality d(doc, k) on d.k = r.k order by r.external_id
on conflict (warehouse_id, external_id) do nothing returning id, external_id
"""

BOXES = """
with p as (select * from jsonb_to_recordset(%(packages)s::jsonb) x(k int, shipment_id bigint, external_id text, tracking text,
             tracking_url text, sscc text, weight numeric, weight_unit text)),
 pk as (insert into package (account_id, shipment_id, external_id, tracking, tracking_url, sscc, weight, weight_unit)
        select %(account)s, shipment_id, external_id, tracking, tracking_url, sscc, weight, weight_unit from p order by k
        on conflict (shipment_id, external_id) do nothing returning id, shipment_id, external_id)
insert into package_content (account_id, package_id, allocation_id, sku, quantity, lot, expiry, serials, is_flagged)
select %(account)s, pk.id, c.allocation_id, c.sku, c.quantity, c.lot, c.expiry, c.serials, c.is_flagged
  from jsonb_to_recordset(%(contents)s::jsonb) c(k int, allocation_id bigint, sku text, quantity numeric, lot text, expiry date,
         serials text[], is_flagged boolean)
  join p on p.k = c.k join pk on pk.shipment_id = p.shipment_id and pk.external_id = p.external_id
 order by c.allocation_id
"""

SETTLE = """
with f as materialized (select order_id, bool_and(shipped >= to_ship) whole, bool_or(shipped > 0) part
             from sales_order_line where order_id = any (%(ids)s) group by 1)
update sales_order o set status = t.to_status, status_at = clock_timestamp(), reason = ''
  from f, order_transition t
 where o.id = f.order_id and o.id = any (%(ids)s) and t.from_status = o.status and t.from_status <> t.to_status
   and f.part and t.event = case when f.whole then 'all_shipped' else 'part_shipped' end
returning o.id, o.status
"""


def take_shipments(*, warehouse_id: int, shipments: Sequence[Shipment], message_id: UUID | None = None) -> list[int]:
    """Store shipments, once each; the ids of those that are new.

    Each is matched by our reference, its contents by our line number, then by SKU. What was not asked for is flagged and counts
    for no line. `message_id` is the exchange they came by. Without a match it is kept as New: the order may still be on its way out.
    """
    shipments = list({shipment.external_id: shipment for shipment in shipments}.values())
    known = _known(warehouse_id, [shipment.external_id for shipment in shipments])
    note_corrections(warehouse_id, [shipment for shipment in shipments if shipment.external_id in known], known)
    fresh = [shipment for shipment in shipments if shipment.external_id not in known]
    parts = parts_of(warehouse_id, [shipment.reference for shipment in fresh])
    ids = _insert(warehouse_id, fresh, parts)
    matched = [
        (ids[shipment.external_id], shipment, parts[shipment.reference])
        for shipment in fresh
        if shipment.reference in parts and shipment.external_id in ids and not shipment.is_void
    ]
    _count(warehouse_id, matched, message_id)
    return sorted(ids.values())


def take_each(*, warehouse_id: int, shipments: Sequence[Shipment], message_id: UUID | None = None) -> list[int]:
    """As `take_shipments`; a set that the database refuses is taken one by one, and the offender kept aside for a person."""
    try:
        with transaction.atomic():
            return take_shipments(warehouse_id=warehouse_id, shipments=shipments, message_id=message_id)
    except (DataError, IntegrityError) as error:
        if len(shipments) == 1:
            _set_aside(warehouse_id, shipments[0], str(error).splitlines()[0])
            tell([Told(kind="warehouse.not_understood", warehouse_id=warehouse_id, params=_refused(shipments[0], error))])
            return []
    return [
        one for shipment in shipments for one in take_each(warehouse_id=warehouse_id, shipments=[shipment], message_id=message_id)
    ]


def _set_aside(warehouse_id: int, shipment: Shipment, why: str) -> None:
    """Keep a shipment that was refused as it is, without an order, for a person: its tracking numbers are in it."""
    texts = {
        name: value.replace("\0", "\ufffd")
        for name in ("external_id", "reference", "carrier", "service")
        if isinstance(value := getattr(shipment, name), str)
    }
    _insert(warehouse_id, [msgspec.structs.replace(shipment, **texts)], {}, trouble=f"It does not fit what was sent: {why}")


def _refused(shipment: Shipment, error: Exception) -> dict[str, str]:
    why = f"It does not fit what was sent: {str(error).splitlines()[0]}"
    return {"where": f"shipment {shipment.external_id} of {shipment.reference}", "why": why, "field": ""}


def match_waiting(warehouse_id: int) -> int:
    """Try again to match shipments that came before their order was known to have been sent; how many were."""
    with connection.cursor() as cursor:
        cursor.execute(FITTING, {"warehouse": warehouse_id, "most": WAITING})
        waiting = [(row[0], msgspec.json.decode(unpack(row[1]), type=Shipment)) for row in cursor.fetchall()]
    if not waiting:
        return 0
    parts = parts_of(warehouse_id, [shipment.reference for _, shipment in waiting])
    matched = [
        (shipment_id, shipment, parts[shipment.reference]) for shipment_id, shipment in waiting if shipment.reference in parts
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "update shipment set order_id = %s, fulfillment_order_id = %s, merchant_id = %s, reason = '' where id = %s",
            [(part.order_id, part.id, part.merchant_id, shipment_id) for shipment_id, _, part in matched],
        )
    _count(warehouse_id, matched)
    return len(matched)


def _known(warehouse_id: int, external_ids: Sequence[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select external_id, id from shipment where warehouse_id = %s and external_id = any (%s)",
            [warehouse_id, list(external_ids)],
        )
        return dict(cursor.fetchall())


def _insert(warehouse_id: int, shipments: Sequence[Shipment], parts: dict[str, Part], *, trouble: str = "") -> dict[str, int]:
    if not shipments:
        return {}
    rows = []
    for k, shipment in enumerate(shipments, start=1):
        part = parts.get(shipment.reference)
        rows.append(
            {
                "k": k,
                "public_id": new_public_id(),
                "external_id": shipment.external_id,
                "reference": shipment.reference,
                "merchant_id": part.merchant_id if part else None,
                "order_id": part.order_id if part else None,
                "part_id": part.id if part else None,
                "carrier": shipment.carrier or "",
                "service": shipment.service or "",
                "shipped_at": shipment.shipped_at,
                "is_final": shipment.is_final,
                "is_flagged": bool(trouble),
                "reason": trouble or (VOIDED if shipment.is_void else "" if part else NOT_SENT.format(shipment.reference)),
                "status": "error" if trouble else "voided" if shipment.is_void else "new",
            }
        )
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "account": account_in_scope(),
                "warehouse": warehouse_id,
                "rows": msgspec.json.encode(rows).decode(),
                "docs": [pack(msgspec.json.encode(shipment)) for shipment in shipments],
            },
        )
        return {row[1]: row[0] for row in cursor.fetchall()}


def _count(warehouse_id: int, matched: Sequence[tuple[int, Shipment, Part]], message_id: UUID | None = None) -> None:
    """Count shipped units per line, settle the orders, and have the stores told."""
    if not matched:
        return
    packages: list[dict[str, Any]] = []
    contents: list[dict[str, Any]] = []
    flagged: list[int] = []
    late: dict[int, int] = {}
    for shipment_id, shipment, part in matched:
        those = _pack(shipment_id, shipment, part, packages, contents)
        if part.is_closed and shipment.packages and all(one.is_flagged for one in those):
            late[shipment_id] = part.order_id
        elif any(one.is_flagged for one in those):
            flagged.append(shipment_id)
    with connection.cursor() as cursor:
        cursor.execute(
            BOXES,
            {
                "account": account_in_scope(),
                "packages": msgspec.json.encode(packages).decode(),
                "contents": msgspec.json.encode(contents).decode(),
            },
        )
        if flagged:
            cursor.execute(
                "update shipment set is_flagged = true, reason = %s where id = any (%s)",
                ["It has units that were not asked for, or more than were. They are not told to the store.", flagged],
            )
        order_ids = sorted({part.order_id for _, _, part in matched})
        cursor.execute(TRACKING, {"ids": order_ids})
        cursor.execute(SETTLE, {"ids": order_ids})
    flag_late(late)
    tell(
        [
            Told(
                kind="order.shipped",
                order_id=part.order_id,
                shipment_id=shipment_id,
                params={
                    "carrier": shipment.carrier or "",
                    "boxes": len(shipment.packages),
                    "flagged": shipment_id in flagged or shipment_id in late,
                },
                message_id=message_id,
            )
            for shipment_id, shipment, part in matched
            if shipment.packages
        ]
    )
    settle_rests({part.id for _, shipment, part in matched if shipment.is_final}, order_ids)
    _intend_posting(warehouse_id, matched)


def _pack(
    shipment_id: int, shipment: Shipment, part: Part, packages: list[dict[str, Any]], contents: list[dict[str, Any]]
) -> list[Matched]:
    every: list[Matched] = []
    says_contents = any(package.contents for package in shipment.packages)
    for at, package in enumerate(shipment.packages):
        k = len(packages) + 1
        packages.append(
            {
                "k": k,
                "shipment_id": shipment_id,
                "external_id": package.external_id,
                "tracking": package.tracking or "",
                "tracking_url": package.tracking_url or tracking_page(shipment.carrier, package.tracking or "") or "",
                "sscc": package.sscc or "",
                "weight": package.weight.value if package.weight else None,
                "weight_unit": package.weight.unit if package.weight else "",
            }
        )
        if says_contents:
            those = [one for content in package.contents for one in match(content, part.asked)]
        else:
            # Told of the order as a whole: all that is left of it is in the first box.
            those = (
                [Matched(a.allocation_id, Content(a.sku, a.left), a.left, False) for a in part.asked if a.left > 0]
                if at == 0
                else []
            )
        contents += [_content(k, one) for one in merged(those)]
        every += those
    return every


def _content(k: int, one: Matched) -> dict[str, Any]:
    return {
        "k": k,
        "allocation_id": one.allocation_id,
        "sku": one.content.sku,
        "quantity": one.quantity,
        "lot": one.content.lot or "",
        "expiry": one.content.expiry,
        "serials": list(one.content.serials),
        "is_flagged": one.is_flagged,
    }


def _intend_posting(warehouse_id: int, matched: Sequence[tuple[int, Shipment, Part]]) -> None:
    lanes = {
        connection_id: open_lane(POST, connection_id) for connection_id in sorted({part.connection_id for _, _, part in matched})
    }
    intend(
        POST_EFFECT,
        [
            {
                "key": f"store:{part.store_id}/shipment:{warehouse_id}:{shipment.external_id}",
                "lane_id": lanes[part.connection_id],
                "store_id": part.store_id,
                "warehouse_id": None,
                "realm": part.realm,
                "subject_id": shipment_id,
            }
            for shipment_id, shipment, part in matched
        ],
    )
    wake(lanes.values())
