"""Orders at a warehouse and what left it, for tests and the demo's maker: made by the lanes' own statements, no platform is asked."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection as database

from crossdock.accounts.models import Account
from crossdock.connections.models import Connection, Effect
from crossdock.connections.queries import links_of
from crossdock.domain.fulfillment import Content, Package, Shipment
from crossdock.fulfillment import models
from crossdock.fulfillment.names import POST_EFFECT
from crossdock.fulfillment.posting import CLOSE, POSTED
from crossdock.fulfillment.preparing import SEND_EFFECT, give
from crossdock.fulfillment.sending import OPENED
from crossdock.fulfillment.shipping import take_shipments
from crossdock.fulfillment.terms import terms_of
from crossdock.orders.models import SalesOrder
from crossdock.orders.moves import move
from crossdock.tenancy.scope import scoped

_numbers = itertools.count(1)


def given(account: Account, connection: Connection) -> list[models.FulfillmentOrder]:
    """Prepare the store's New orders, as its lane does; the fulfillment orders of the connection that wait to be sent."""
    with scoped(account.pk):
        terms = terms_of(connection.store_id, links_of(store_id=connection.store_id))
        after: int | None = 0
        while after is not None:
            after = give(terms, after)
        return list(models.FulfillmentOrder.objects.filter(connection=connection, status="given").order_by("pk"))


def confirmed(account: Account, part: models.FulfillmentOrder) -> None:
    """The warehouse took it: the effect is confirmed and the order Open."""
    with scoped(account.pk):
        settle_effect(part.pk, "confirmed")
        with database.cursor() as cursor:
            cursor.execute(OPENED, {"ids": [part.pk]})
        move([part.order_id], "confirmed")


def refused(account: Account, part: models.FulfillmentOrder, why: str) -> None:
    """The warehouse refused it: the effect is refused and the order in Error."""
    with scoped(account.pk):
        settle_effect(part.pk, "refused", error=why)
        move([part.order_id], "refused", reasons=why)


def settle_effect(subject_id: int, state: str, *, kind: str = SEND_EFFECT, error: str = "") -> None:
    """Put an effect into a state, as its lane would have. Needs the account's scope."""
    is_settled = state in ("confirmed", "refused")
    Effect.objects.filter(kind=kind, subject_id=subject_id).update(
        state=state,
        attempt=1,
        error=error,
        evidence={} if state == "confirmed" else None,
        settled_at=datetime.now(UTC) if is_settled else None,
    )


def a_sent_order(account: Account, connection: Connection, order: SalesOrder) -> models.FulfillmentOrder:
    """Give a New order to the connection and have its warehouse take it."""
    part = next(part for part in given(account, connection) if part.order_id == order.pk)
    confirmed(account, part)
    return part


def a_shipment(
    account: Account, part: models.FulfillmentOrder, *, units: int | None = None, tracking: str = "", reference: str = ""
) -> models.Shipment:
    """What the warehouse says left for a fulfillment order: everything, or `units` of its first line. Another `reference`
    matches nothing.
    """
    number = next(_numbers)
    with scoped(account.pk):
        first = models.Allocation.objects.filter(fulfillment_order=part).order_by("number").first()
        contents = (Content(first.sku, Decimal(units), first.number),) if units is not None and first else ()
        external_id = f"SHP-{part.pk}-{number}"
        shipment = Shipment(
            external_id=external_id,
            reference=reference or part.reference,
            shipped_at=datetime.now(UTC),
            packages=(Package("1", tracking or f"1Z999AA1{number:010d}", contents=contents),),
            carrier="UPS",
            service="Ground",
        )
        take_shipments(warehouse_id=part.warehouse_id, shipments=[shipment])
        return models.Shipment.objects.get(warehouse_id=part.warehouse_id, external_id=external_id)


def posted(account: Account, shipment: models.Shipment) -> None:
    """The store took the notice: the shipment is Completed, and its order Closed when it was the last."""
    with scoped(account.pk):
        settle_effect(shipment.pk, "confirmed", kind=POST_EFFECT)
        with database.cursor() as cursor:
            cursor.execute(POSTED, {"ids": [shipment.pk]})
            cursor.execute(CLOSE, {"ids": [shipment.order_id]})
