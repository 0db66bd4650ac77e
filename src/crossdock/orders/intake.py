"""A page of orders as it goes into the database, worked out before the database is asked."""

import hashlib
from collections.abc import Container, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.domain.arrival import arrive
from crossdock.domain.orders import Order
from crossdock.domain.personal import erased
from crossdock.domain.statuses import OrderStatus
from crossdock.orders.content import ERASED_RAW, packed
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.packing import pack


class Intake(Struct, frozen=True):
    """What receiving needs to know of a store. `terms` changes when an import setting does: then every order is judged again."""

    store_id: int
    merchant_id: int
    delay: timedelta = timedelta(0)
    accept_after: datetime | None = None
    terms: bytes = b""

    def hash_of(self, raw: bytes) -> bytes:
        """What an order is known again by that came with this payload, and is judged by these terms."""
        return hashlib.sha256(self.terms + raw).digest()


class Incoming(Struct, frozen=True):
    """One order of a page, and what becomes of it in the database: columns and lines in `row`, `doc` and `payload` compressed."""

    order: Order
    content_hash: bytes
    row: dict[str, Any]
    doc: bytes
    payload: bytes

    @property
    def is_left_out(self) -> bool:
        """Nothing of it is to be shipped by us, as things stand."""
        return bool(self.row["status"] == OrderStatus.SKIPPED.value)


class Prepared(Struct, frozen=True):
    """A page as it goes into the database, made before its transaction begins: the database works on one page meanwhile, and on
    nothing else. Orders without repetitions; `page` is all their rows as JSON, each with its place from 1 on as `k`.
    """

    orders: list[Incoming]
    page: str


def prepare(intake: Intake, orders: Sequence[Order], raws: Sequence[bytes], *, now: datetime | None = None) -> Prepared:
    """Work out all of a page that can be known without the database."""
    now = now or datetime.now(UTC)
    return _page([_incoming(intake, order, raw, intake.hash_of(raw), now) for order, raw in _latest(orders, raws)])


def only(ready: Prepared, places: Sequence[int], is_erased: Container[int], intake: Intake, now: datetime) -> Prepared:
    """Those of a page at some places, counted from 0; where `is_erased` holds the place, as what remains of an erased order.

    Whatever the store still says of the person: what was erased stays erased.
    """
    return _page([_bare(ready.orders[k], intake, now) if k in is_erased else ready.orders[k] for k in places])


def search_text(order: Order) -> str:
    """One lower-case line of all that people look an order up by a part of, but for what comes back from the warehouse.

    Not the store's id, which is looked up whole: ids of a store begin alike, so that a search for digits would meet them all.
    """
    to = order.ship_to
    addresses = [one for one in (to, order.bill_to, *(each.ship_to for each in order.consignments)) if one]
    # Whoever asks to be forgotten is found by these, too: a present goes to somebody else than who pays.
    phones = [order.phone, *(one.phone for one in addresses)]
    parts = [
        order.number,
        order.customer_po,
        to.name if to else None,
        to.company if to else None,
        order.bill_to.name if order.bill_to else None,
        order.email,
        *(one.email for one in addresses),
        *("".join(filter(str.isdigit, phone)) for phone in phones if phone),
        *(line.sku for line in order.lines),
    ]
    return " ".join(dict.fromkeys(" ".join(part.lower().split()) for part in parts if part))


def _latest(orders: Sequence[Order], raws: Sequence[bytes]) -> list[tuple[Order, bytes]]:
    """The page without repetitions: of an order that stands in it twice, the later version."""
    by_id: dict[str, tuple[Order, bytes]] = {}
    for order, raw in zip(orders, raws, strict=True):
        seen = by_id.get(order.external_id)
        if seen is None or order.updated_at >= seen[0].updated_at:
            by_id[order.external_id] = (order, raw)
    return list(by_id.values())


def _incoming(intake: Intake, order: Order, raw: bytes, content_hash: bytes, now: datetime) -> Incoming:
    return Incoming(order, content_hash, _row(order, intake, now), packed(order), pack(raw))


def _bare(one: Incoming, intake: Intake, now: datetime) -> Incoming:
    return _incoming(intake, erased(one.order), ERASED_RAW, one.content_hash, now)


def _page(orders: list[Incoming]) -> Prepared:
    return Prepared(orders, msgspec.json.encode([one.row | {"k": k} for k, one in enumerate(orders, start=1)]).decode())


def _row(order: Order, intake: Intake, now: datetime) -> dict[str, Any]:
    arrival = arrive(order, now=now, delay=intake.delay, accept_after=intake.accept_after)
    to = order.ship_to
    return {
        "public_id": new_public_id(),
        "external_id": order.external_id,
        "number": order.number,
        "status": arrival.status.value,
        "wait_until": arrival.wait_until,
        "reason": arrival.reason,
        "placed_at": order.placed_at,
        "source_updated_at": order.updated_at,
        "ship_by": order.ship_by,
        "currency": order.currency,
        "grand_total": order.grand_total,
        "ship_name": (to.name or to.company or "") if to else "",
        "ship_country": (to.country or "") if to else "",
        "method_sold": order.method.name or "",
        "lines_count": len(order.lines),
        "units": sum((line.ordered for line in order.lines), Decimal(0)),
        "is_test": order.is_test,
        "search": search_text(order),
        "lines": [
            {
                "external_id": line.external_id,
                "position": position,
                "consignment": line.consignment,
                "sku": line.sku or "",
                "name": line.name,
                "location": line.location or "",
                "ordered": line.ordered,
                "to_ship": line.to_ship,
                "unit_price": line.unit_price,
            }
            for position, line in enumerate(order.lines, start=1)
        ],
    }
