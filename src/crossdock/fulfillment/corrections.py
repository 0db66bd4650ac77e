"""What a warehouse changes of a shipment after it reported it: tracking numbers, the carrier, or that it never left."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.activity.services import Told, tell
from crossdock.connections.effects import intend
from crossdock.domain.carriers import tracking_page
from crossdock.domain.fulfillment import Shipment
from crossdock.fulfillment.names import CORRECT_EFFECT, POST, POST_EFFECT
from crossdock.jobs.wakes import open_lane, wake
from crossdock.tenancy.packing import pack, unpack
from crossdock.tenancy.scope import account_in_scope

VOIDED = "The warehouse voided it before it was taken in. It counts for no line, and the store is not told of it."
UNVOIDED = "It is matched as soon as its order is known to have been sent to this warehouse."
VOIDED_UNTOLD = "The warehouse voided it before the store was told of it."
VOIDED_TOLD = "The warehouse voided it, and the store has taken that."
VOID_BOX = "(void)"
"""The box whose negative contents take a voided shipment's units back."""

LOCK = """
select subject_id, state from effect where account_id = %(account)s and kind = %(kind)s and subject_id = any (%(ids)s)
 order by id for no key update
"""

STORED = """
select s.id, s.doc, s.order_id, s.status, f.connection_id, c.store_id, c.realm,
       (select count(*) from effect e where e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = s.id)
  from shipment s left join fulfillment_order f on f.id = s.fulfillment_order_id left join connection c on c.id = f.connection_id
 where s.id = any (%(ids)s) order by s.id for no key update of s
"""

BOXES = """
with b as (select * from jsonb_to_recordset(%(boxes)s::jsonb) x(external_id text, tracking text, tracking_url text)),
 gone as (update package set tracking = '', tracking_url = ''
           where shipment_id = %(shipment)s and external_id not in (select external_id from b))
insert into package (account_id, shipment_id, external_id, tracking, tracking_url)
select %(account)s, %(shipment)s, external_id, tracking, tracking_url from b order by external_id
on conflict (shipment_id, external_id) do update set tracking = excluded.tracking, tracking_url = excluded.tracking_url
"""

TRACKING = """
update order_search s set tracking = coalesce(x.tracking, '')
  from unnest(%(ids)s::bigint[]) i(order_id)
  left join (with h as materialized (select id, order_id from shipment where order_id = any (%(ids)s))
        select h.order_id, lower(string_agg(distinct p.tracking, ' ')) tracking from h join package p on p.shipment_id = h.id
         where p.shipment_id = any (array(select id from h)) and p.tracking <> '' group by 1) x on x.order_id = i.order_id
 where s.order_id = i.order_id and s.order_id = any (%(ids)s)
"""

# Told units first: no line may have told the store of more than was shipped, at no moment.
UNTOLD = """
update sales_order_line l set posted = l.posted - u.units
  from (select a.line_id, sum(c.quantity) units from package p join package_content c on c.package_id = p.id
          join allocation a on a.id = c.allocation_id join shipment h on h.id = p.shipment_id
         where p.shipment_id = any (%(ids)s) and h.status = 'completed' and not c.is_flagged group by 1 order by 1) u
 where l.id = u.line_id
"""

TAKEN_BACK = """
with s as (update shipment set status = 'voided', reason = %(reason)s where id = any (%(ids)s) and status <> 'voided'
           returning id, order_id),
 units as (select p.shipment_id, c.allocation_id, c.sku, c.lot, sum(c.quantity) quantity
             from s join package p on p.shipment_id = s.id join package_content c on c.package_id = p.id
            where c.allocation_id is not null and not c.is_flagged group by 1, 2, 3, 4 having sum(c.quantity) > 0),
 box as (insert into package (account_id, shipment_id, external_id) select %(account)s, id, %(box)s from s order by id
         on conflict (shipment_id, external_id) do nothing returning id, shipment_id),
 contents as (insert into package_content (account_id, package_id, allocation_id, sku, quantity, lot)
              select %(account)s, box.id, u.allocation_id, u.sku, -u.quantity, u.lot
                from units u join box on box.shipment_id = u.shipment_id order by u.allocation_id)
select id, order_id from s
"""

REOPENED = """
with f as (select order_id, bool_or(shipped > 0) part, bool_and(shipped >= to_ship) whole
             from sales_order_line where order_id = any (%(ids)s) group by 1)
update sales_order o set status = t.to_status, status_at = clock_timestamp(), reason = %(reason)s
  from f, order_transition t
 where o.id = f.order_id and not f.whole and t.from_status = o.status and t.from_status <> t.to_status
   and t.event = case when f.part then 'part_voided' else 'all_voided' end
"""

WITHDRAWN = """
update effect set state = 'refused', settled_at = clock_timestamp(), error = %(why)s
 where account_id = %(account)s and kind = %(kind)s and subject_id = any (%(ids)s) and state = 'intended'
"""


class Known(Struct, frozen=True):
    """A shipment as it was reported before, and how far its store was told: `state` is that of the effect, empty without one."""

    id: int
    before: Shipment
    order_id: int | None
    status: str
    connection_id: int | None
    store_id: int | None
    realm: str
    corrections: int
    state: str

    @property
    def may_be_told(self) -> bool:
        """Whether the store was told, or nobody knows yet whether it was."""
        return self.state in ("confirmed", "trying", "unknown")


def difference(before: Shipment, now: Shipment) -> str:
    """What changed of what a store is told, as a sentence; empty when nothing did."""
    if now.is_void and before.is_void:
        return ""
    if now.is_void != before.is_void:
        return (
            "The warehouse voided this shipment." if now.is_void else "The warehouse took back that it had voided this shipment."
        )
    old, new = (sorted(package.tracking or "" for package in one.packages) for one in (before, now))
    if old != new:
        return f"The warehouse corrected the tracking number to {', '.join(filter(None, new)) or 'none'}."
    if (before.carrier or "", before.service or "") != (now.carrier or "", now.service or ""):
        return f"The warehouse corrected the carrier to {' '.join(filter(None, (now.carrier, now.service))) or 'none'}."
    return ""


def note_corrections(warehouse_id: int, again: Sequence[Shipment], known: Mapping[str, int]) -> None:
    """Take over what changed of shipments that were reported before. `known` gives their ids by external id.

    What no store was told of is simply so from now on. What a store was told of is intended as a correction, which the lane that
    posts makes or puts before a person; of that which is just being told, the old version stays until it is known what happened.
    """
    if not again:
        return
    stored = _stored(sorted(known.values()))
    changed = []
    for now in again:
        row = stored[known[now.external_id]]
        if what := difference(row.before, now):
            changed.append((row, now, what))
            _keep(row.id, now)
    for row, now, what in changed:
        _take_over(row, now, what)
    _intend(
        warehouse_id, [(row, now) for row, now, _ in changed if row.order_id and row.may_be_told and row.status != "archived"]
    )


def _take_over(row: Known, now: Shipment, what: str) -> None:
    if row.order_id is None or row.status == "archived":
        if now.is_void and row.status == "new":
            _say(row.id, VOIDED, status="voided")
        elif row.before.is_void and row.status == "voided":
            _say(row.id, UNVOIDED, status="new")
        return
    tell([Told(kind="shipment.corrected", order_id=row.order_id, shipment_id=row.id, params={"what": what})])
    if row.status == "voided":
        ask_person(row.id, f"{what} Look into it at the warehouse, and change it in the store by hand.")
    elif row.may_be_told:
        _say(row.id, f"{what} The store is being told.")
    elif now.is_void:
        with connection.cursor() as cursor:
            cursor.execute(WITHDRAWN, {"account": account_in_scope(), "kind": POST_EFFECT, "ids": [row.id], "why": VOIDED_UNTOLD})
        take_back([row.id], VOIDED_UNTOLD)
    else:
        apply(row.id, row.order_id, now)


def _stored(ids: Sequence[int]) -> dict[int, Known]:
    account_id = account_in_scope()
    with connection.cursor() as cursor:
        # Effects before shipments, as everywhere: nobody may begin to tell a store while we decide.
        cursor.execute(LOCK, {"account": account_id, "kind": POST_EFFECT, "ids": list(ids)})
        states: dict[int, str] = dict(cursor.fetchall())
        cursor.execute(STORED, {"account": account_id, "kind": CORRECT_EFFECT, "ids": list(ids)})
        return {
            row[0]: Known(
                row[0], shipment_of(row[1]), row[2], row[3], row[4], row[5], row[6] or "", row[7], states.get(row[0], "")
            )
            for row in cursor.fetchall()
        }


def shipment_of(doc: Any) -> Shipment:
    """A shipment as it is stored."""
    return msgspec.json.decode(unpack(doc), type=Shipment)


def _keep(shipment_id: int, now: Shipment) -> None:
    with connection.cursor() as cursor:
        doc = pack(msgspec.json.encode(now))
        cursor.execute("update shipment set doc = %s where id = %s", [doc, shipment_id])


def _say(shipment_id: int, reason: str, *, status: str | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "update shipment set reason = %s, status = coalesce(%s, status) where id = %s", [reason, status, shipment_id]
        )


def ask_person(shipment_id: int, why: str) -> None:
    """Flag a shipment, with what a person has to do."""
    with connection.cursor() as cursor:
        cursor.execute("update shipment set is_flagged = true, reason = %s where id = %s", [why, shipment_id])


def apply(shipment_id: int, order_id: int, now: Shipment) -> None:
    """Have a shipment's boxes carry the numbers they have now. May run twice."""
    boxes = [
        {
            "external_id": package.external_id,
            "tracking": package.tracking or "",
            "tracking_url": package.tracking_url or tracking_page(now.carrier, package.tracking or "") or "",
        }
        for package in now.packages
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "update shipment set carrier = %s, service = %s where id = %s", [now.carrier or "", now.service or "", shipment_id]
        )
        cursor.execute(
            BOXES, {"account": account_in_scope(), "shipment": shipment_id, "boxes": msgspec.json.encode(boxes).decode()}
        )
        cursor.execute(TRACKING, {"ids": [order_id]})


def take_back(ids: Sequence[int], reason: str) -> None:
    """Count voided shipments for no line any more, and have their orders wait for another. May run twice."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"account": account_in_scope(), "ids": sorted(ids), "box": VOID_BOX, "reason": reason}
        cursor.execute(UNTOLD, values)
        cursor.execute(TAKEN_BACK, values)
        rows = cursor.fetchall()
        orders = sorted({order_id for _, order_id in rows if order_id})
        cursor.execute(REOPENED, {"ids": orders, "reason": "The warehouse voided a shipment of it; it waits for another."})
    tell([Told(kind="shipment.voided", order_id=order_id, shipment_id=shipment_id) for shipment_id, order_id in rows])


def _intend(warehouse_id: int, changed: Sequence[tuple[Known, Shipment]]) -> None:
    """Each correction is an effect of its own: one that is under way may carry the version before."""
    rows = [(row, now) for row, now in changed if row.connection_id is not None and row.status != "voided"]
    lanes = {
        connection_id: open_lane(POST, connection_id) for connection_id in sorted({row.connection_id or 0 for row, _ in rows})
    }
    intend(
        CORRECT_EFFECT,
        [
            {
                "key": f"store:{row.store_id}/shipment:{warehouse_id}:{now.external_id}/correction:{row.corrections + 1}",
                "lane_id": lanes[row.connection_id or 0],
                "store_id": row.store_id,
                "warehouse_id": None,
                "realm": row.realm,
                "subject_id": row.id,
            }
            for row, now in rows
        ],
    )
    wake(lanes.values())
