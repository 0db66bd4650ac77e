"""Fulfillment orders to be: which units of an order go out together, and under which number."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.domain.giving import Candidate
from crossdock.fulfillment.terms import Terms
from crossdock.tenancy.scope import account_in_scope

GIVE = """
with part as (select * from jsonb_to_recordset(%(parts)s::jsonb)
                as p(k int, order_id bigint, connection_id bigint, warehouse_id bigint, part int, consignment int, reference text)),
 fo as (insert into fulfillment_order (account_id, order_id, connection_id, warehouse_id, part, consignment, reference)
        select %(account)s, order_id, connection_id, warehouse_id, part, consignment, reference from part order by k
        on conflict do nothing returning id, order_id, part),
 given as (insert into allocation (account_id, line_id, fulfillment_order_id, number, sku, quantity)
           select %(account)s, r.line_id, fo.id, r.number, r.sku, r.quantity
             from jsonb_to_recordset(%(lines)s::jsonb) r(k int, line_id bigint, number int, sku text, quantity numeric)
             join part on part.k = r.k join fo on fo.order_id = part.order_id and fo.part = part.part order by r.line_id)
select part.k, fo.id from fo join part on part.order_id = fo.order_id and part.part = fo.part
"""


class FreeLine(Struct, frozen=True):
    """Units of a line that nobody was given yet. `asked` are the connections that have a part of the order, or are to have it;
    `again` is the one whose warehouse had them and will not ship them.
    """

    order_id: int
    order_external_id: str
    number: str
    line_id: int
    line_external_id: str
    sku: str
    location: str
    consignment: int
    quantity: Decimal
    last_part: int
    placed_at: datetime | None = None
    status: str = "new"
    asked: Sequence[int] = ()
    again: int | None = None


def divided(
    terms: Terms, chosen: Mapping[int, Sequence[tuple[FreeLine, Candidate | None]]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Fulfillment orders to be, one for each live connection and destination of an order, and the units each takes: rows of GIVE."""
    warehouses = {link.id: link.warehouse_id for link in terms.links}
    parts: list[dict[str, Any]] = []
    allocations: list[dict[str, Any]] = []
    for order_id, given in chosen.items():
        groups: dict[tuple[int, int], list[FreeLine]] = defaultdict(list)
        for line, candidate in given:
            if candidate is not None and candidate.is_live:
                groups[candidate.id, line.consignment].append(line)
        for number, ((connection_id, consignment), of_part) in enumerate(sorted(groups.items()), start=1):
            part = of_part[0].last_part + number
            k = len(parts) + 1
            parts.append(
                {
                    "k": k,
                    "order_id": order_id,
                    "external_id": of_part[0].order_external_id,
                    "number": of_part[0].number,
                    "connection_id": connection_id,
                    "warehouse_id": warehouses[connection_id],
                    "part": part,
                    "consignment": consignment,
                    "reference": _reference(terms, connection_id, of_part[0].number, part),
                }
            )
            allocations += [
                {"k": k, "line_id": line.line_id, "number": at, "sku": line.sku, "quantity": line.quantity}
                for at, line in enumerate(of_part, start=1)
            ]
    return parts, allocations


def _reference(terms: Terms, connection_id: int, number: str, part: int) -> str:
    """The number the warehouse knows it by: the order's own, with the store's prefix; later parts say which they are."""
    # The number sign is how shops show a number, not a part of it: behind a prefix it would only be in the way.
    plain = number.removeprefix("#") if terms.prefix else number
    whole = f"{terms.prefix}{plain}" + (f"_{part}" if part > 1 else "")
    fit = terms.references.get(connection_id)
    return fit(whole) if fit else whole


def write_parts(parts: list[dict[str, Any]], allocations: list[dict[str, Any]]) -> dict[int, int]:
    """Write fulfillment orders with their units; ids by `k`. One whose number the warehouse knows already is absent."""
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE,
            {
                "account": account_in_scope(),
                "parts": msgspec.json.encode(parts).decode(),
                "lines": msgspec.json.encode(allocations).decode(),
            },
        )
        return {row[0]: row[1] for row in cursor.fetchall()}


def numbers_known(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of fulfillment orders to be whose number their warehouse knows already, or gets twice at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select f.warehouse_id, f.reference from unnest(%s::bigint[], %s::text[]) x(warehouse_id, reference)"
            " join fulfillment_order f on f.warehouse_id = x.warehouse_id and f.reference = x.reference",
            [[part["warehouse_id"] for part in parts], [part["reference"] for part in parts]],
        )
        known = set(cursor.fetchall())
    found = []
    for part in parts:
        number = (part["warehouse_id"], part["reference"])
        if number in known:
            found.append(part)
        known.add(number)
    return found


def number_taken(part: Mapping[str, Any]) -> str:
    """Says that a part has no number of its own, and what to do."""
    return (
        f"The warehouse already knows another order as {part['reference']}. Give this store an order number prefix "
        "in its settings, then Reprocess."
    )
