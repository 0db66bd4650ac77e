"""Returns as they come from a store: each stored once, a later version in place of an earlier one, never the other way round."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import DataError, IntegrityError, connection, transaction
from msgspec import Struct

from crossdock.domain.personal import erased
from crossdock.domain.returns import Return
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.packing import pack, unpack
from crossdock.tenancy.scope import account_in_scope

ERASED_RAW = b'{"erased":true}'
"""Stands where the payload stood of a return whose order's personal data were erased."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Return)


class Received(Struct, frozen=True):
    """What a page brought: how many returns are new, changed, or could not be stored."""

    new: int = 0
    changed: int = 0
    refused: int = 0


# Found by lists of ids, and joined then: in one join, all of the store's are read for each page until there are statistics.
DIFFERENT = """
with r as materialized (
  select id, external_id, content_hash from sales_return where store_id = %(store)s and external_id = any (%(ids)s::text[])),
 o as materialized (
  select id, external_id from sales_order
   where store_id = %(store)s and external_id = any (%(orders)s::text[]) and erased_at is not null)
select p.k, o.id is not null
  from unnest(%(ids)s::text[], %(hashes)s::bytea[], %(orders)s::text[]) with ordinality p(external_id, hash, order_id, k)
  left join r on r.external_id = p.external_id
  left join o on o.external_id = p.order_id
 where r.id is null or r.content_hash <> p.hash
"""

UPSERT = """
with page as materialized (
  select * from jsonb_to_recordset(%(page)s::jsonb) as x(
    k int, public_id uuid, external_id text, number text, state text, order_external_id text, order_number text,
    requested_at timestamptz, source_updated_at timestamptz, carrier text, tracking text[], url text, lines_count int, units numeric,
    reasons text, lines jsonb)),
 r as (
  insert into sales_return (account_id, store_id, merchant_id, public_id, external_id, number, state, order_external_id, order_number,
                            requested_at, source_updated_at, imported_at, carrier, tracking, url, lines_count, units, reasons,
                            revision, content_hash)
  select %(account)s, %(store)s, %(merchant)s, p.public_id, p.external_id, p.number, p.state, p.order_external_id, p.order_number,
         p.requested_at, p.source_updated_at, clock_timestamp(), p.carrier, p.tracking, p.url, p.lines_count, p.units, p.reasons, 1,
         h.hash
    from page p join unnest(%(hashes)s::bytea[]) with ordinality h(hash, k) on h.k = p.k
   order by p.external_id
  on conflict (store_id, external_id) do update set
    number = excluded.number, state = excluded.state, order_external_id = excluded.order_external_id,
    order_number = excluded.order_number, requested_at = excluded.requested_at, source_updated_at = excluded.source_updated_at,
    carrier = excluded.carrier, tracking = excluded.tracking, url = excluded.url, lines_count = excluded.lines_count,
    units = excluded.units, reasons = excluded.reasons, revision = sales_return.revision + 1, content_hash = excluded.content_hash
   where excluded.source_updated_at >= sales_return.source_updated_at and excluded.content_hash <> sales_return.content_hash
  returning id, external_id, revision),
 m as materialized (select r.id, r.revision, p.k, p.lines from r join page p using (external_id)),
 c as (insert into sales_return_content (account_id, sales_return_id, doc, raw)
       select %(account)s, m.id, d.doc, d.raw from m join unnest(%(docs)s::bytea[], %(raws)s::bytea[]) with ordinality d(doc, raw, k)
         on d.k = m.k
       on conflict (account_id, sales_return_id) do update set doc = excluded.doc, raw = excluded.raw),
 gone as (delete from sales_return_line l using m
           where l.sales_return_id = m.id
             and not exists (select from jsonb_to_recordset(m.lines) y(external_id text) where y.external_id = l.external_id)),
 l as (insert into sales_return_line (account_id, sales_return_id, external_id, position, sku, name, quantity, order_line_external_id,
                                      reason, note)
       select %(account)s, m.id, y.external_id, y.position, y.sku, y.name, y.quantity, y.order_line_external_id, y.reason, y.note
         from m, jsonb_to_recordset(m.lines) y(external_id text, position int, sku text, name text, quantity numeric,
              order_line_external_id text, reason text, note text)
        order by m.id, y.external_id
       on conflict (sales_return_id, external_id) do update set
         position = excluded.position, sku = excluded.sku, name = excluded.name, quantity = excluded.quantity,
         order_line_external_id = excluded.order_line_external_id, reason = excluded.reason, note = excluded.note)
select revision from m
"""


def take_returns(*, store_id: int, merchant_id: int, returns: Sequence[Return], raws: Sequence[bytes]) -> Received:
    """Store a page of returns, `raws[i]` being what `returns[i]` was understood from. Unchanged ones cost a look at their hash.

    One that the database cannot store is left out and counted; it holds up no other.
    """
    pairs = list({one.external_id: (one, raw) for one, raw in zip(returns, raws, strict=True)}.values())
    try:
        with transaction.atomic():
            return _take(store_id, merchant_id, pairs)
    except (DataError, IntegrityError):
        if len(pairs) == 1:
            return Received(refused=1)
    half = len(pairs) // 2
    parts = [
        take_returns(store_id=store_id, merchant_id=merchant_id, returns=[one for one, _ in some], raws=[raw for _, raw in some])
        for some in (pairs[:half], pairs[half:])
    ]
    return Received(*(sum(getattr(part, name) for part in parts) for name in Received.__struct_fields__))


def _take(store_id: int, merchant_id: int, received: Sequence[tuple[Return, bytes]]) -> Received:
    pairs = list(received)
    docs = [_encoder.encode(one) for one, _ in pairs]
    hashes = [hashlib.sha256(doc).digest()[:16] for doc in docs]
    with connection.cursor() as cursor:
        ids = [one.external_id for one, _ in pairs]
        orders = [one.order_id or "" for one, _ in pairs]
        cursor.execute(DIFFERENT, {"ids": ids, "hashes": hashes, "orders": orders, "store": store_id})
        rows = cursor.fetchall()
        places = sorted(row[0] - 1 for row in rows)
        if not places:
            return Received()
        for place in (row[0] - 1 for row in rows if row[1]):
            # Of an order that was erased: whatever the store still says of the person stays out.
            pairs[place] = (erased(pairs[place][0]), ERASED_RAW)
            docs[place] = _encoder.encode(pairs[place][0])
        cursor.execute(
            UPSERT,
            {
                "account": account_in_scope(),
                "store": store_id,
                "merchant": merchant_id,
                "page": msgspec.json.encode([_row(k, pairs[place][0]) for k, place in enumerate(places, 1)]).decode(),
                "hashes": [hashes[place] for place in places],
                "docs": [pack(docs[place]) for place in places],
                "raws": [pack(pairs[place][1]) for place in places],
            },
        )
        revisions = [row[0] for row in cursor.fetchall()]
    new = revisions.count(1)
    return Received(new=new, changed=len(revisions) - new)


def _row(k: int, one: Return) -> dict[str, Any]:
    lines = list({line.external_id: line for line in one.lines}.values())
    return {
        "k": k,
        "public_id": new_public_id(),
        "external_id": one.external_id,
        "number": one.number,
        "state": one.state.value,
        "order_external_id": one.order_id or "",
        "order_number": one.order_number or "",
        "requested_at": one.requested_at,
        "source_updated_at": one.updated_at,
        "carrier": one.carrier or "",
        "tracking": [tracking.number for tracking in one.tracking],
        "url": one.url if one.url and one.url.startswith(("https://", "http://")) else "",
        "lines_count": len(lines),
        "units": sum(line.quantity for line in lines),
        "reasons": ", ".join(dict.fromkeys(line.reason for line in lines if line.reason)),
        "lines": [
            {
                "external_id": line.external_id,
                "position": at,
                "sku": line.sku or "",
                "name": line.name,
                "quantity": line.quantity,
                "order_line_external_id": line.order_line_id or "",
                "reason": line.reason or "",
                "note": line.note or "",
            }
            for at, line in enumerate(lines, 1)
        ],
    }


def content_of(return_id: int) -> tuple[Return, bytes] | None:
    """A return as understood, and the payload as received."""
    with connection.cursor() as cursor:
        cursor.execute("select doc, raw from sales_return_content where sales_return_id = %s", [return_id])
        row = cursor.fetchone()
    return (_decoder.decode(unpack(row[0])), unpack(row[1])) if row else None
