"""What would be sent of orders if their connections were Live: divided by the same code that sends, and nothing is written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.db import connection
from msgspec import Struct

from crossdock.connections.models import Connection
from crossdock.connections.queries import Link, links_of
from crossdock.domain.fulfillment import FulfillmentRequest, RequestLine
from crossdock.domain.giving import Candidate, connection_for
from crossdock.fulfillment.parts import FreeLine, divided
from crossdock.fulfillment.sending import destination
from crossdock.fulfillment.terms import Terms, terms_of
from crossdock.orders.content import orders_with

FREE = """
select o.id, o.external_id, o.number, l.id, l.external_id, l.sku, l.location, l.consignment,
       l.to_ship + l.withdrawn - l.allocated,
       coalesce((select max(part) from fulfillment_order f where f.order_id = o.id), 0), o.placed_at, o.status,
       array(select f.connection_id from fulfillment_order f where f.order_id = o.id and f.status <> 'withdrawn')
  from sales_order o join sales_order_line l on l.order_id = o.id
 where o.id = any (%s) and (o.status in ('new', 'on_hold') or o.giving > 0)
   and o.deleted_at is null and l.to_ship + l.withdrawn > l.allocated
 order by o.id, l.position
"""


class Would(Struct, frozen=True):
    """One request as it would be sent, and by which connection."""

    connection_id: int
    connection: str
    warehouse: str
    order_id: int
    request: FulfillmentRequest


def free_lines(order_ids: Sequence[int]) -> dict[int, list[FreeLine]]:
    """Units that nobody was given yet, of orders that are New or held, or of which a part waits for its connection."""
    found: dict[int, list[FreeLine]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(FREE, [sorted(order_ids)])
        for row in cursor.fetchall():
            found[row[0]].append(FreeLine(*row))
    return found


def chosen_as_if_live(
    terms: Terms, lines: Mapping[int, Sequence[FreeLine]], *, only: int | None = None
) -> dict[int, list[tuple[FreeLine, Candidate | None]]]:
    """Which connection each line would go to if all of the store's were Live, or `only` this one; none that has its part already."""
    candidates = [Candidate(link.id, only in (None, link.id), link.is_default) for link in terms.links]
    chosen = {
        order_id: [(line, connection_for(line.location, candidates=candidates, links=terms.locations)) for line in those]
        for order_id, those in lines.items()
    }
    return {
        order_id: [(line, to) for line, to in those if to is None or to.id not in line.asked]
        for order_id, those in chosen.items()
    }


def requests_for(order_ids: Sequence[int], *, only: int | None = None) -> list[Would]:
    """The requests that orders of one store would become; none of what waits for nobody. `only` names a connection."""
    lines = free_lines(order_ids)
    if not lines:
        return []
    store_id = _store_of(next(iter(lines)))
    links = links_of(store_id=store_id)
    terms = terms_of(store_id, links)
    parts, allocations = divided(terms, chosen_as_if_live(terms, lines, only=only))
    orders = orders_with(list(lines))
    by_line = {line.line_id: line for those in lines.values() for line in those}
    names = _names(links)
    found = []
    for part in parts:
        order = orders[part["order_id"]]
        key = f"store:{store_id}/order:{part['external_id']}/part:{part['part']}"
        said = {line.external_id: line for line in order.lines}
        asked = []
        for row in allocations:
            if row["k"] == part["k"]:
                line = by_line[row["line_id"]]
                sold = said.get(line.line_external_id)
                name, price = (sold.name, sold.unit_price) if sold else ("", None)
                asked.append(
                    RequestLine(row["number"], line.line_external_id, row["sku"], name, row["quantity"], unit_price=price)
                )
        request = FulfillmentRequest(
            key=key,
            reference=part["reference"],
            mark="",
            order=order,
            ship_to=destination(order, part["consignment"]),
            lines=tuple(asked),
            intended_at=datetime.now(UTC),
        )
        connection_name, warehouse_name = names[part["connection_id"]]
        found.append(Would(part["connection_id"], connection_name, warehouse_name, part["order_id"], request))
    return found


def _store_of(order_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select store_id from sales_order where id = %s", [order_id])
        return int(cursor.fetchone()[0])


def _names(links: Sequence[Link]) -> dict[int, tuple[str, str]]:
    rows = Connection.objects.filter(pk__in=[link.id for link in links]).values_list("pk", "name", "warehouse__name")
    return {pk: (name, warehouse) for pk, name, warehouse in rows}
