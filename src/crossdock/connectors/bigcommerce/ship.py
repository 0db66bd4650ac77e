"""Telling the store what left, once; correcting it; and keeping the order's status true without ever overruling the store."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from crossdock.connectors.bigcommerce import posting
from crossdock.connectors.bigcommerce.api import Api, Gone
from crossdock.connectors.bigcommerce.mapping import is_shipped, lines_of, quantity
from crossdock.connectors.bigcommerce.payloads import BcOrder, BcShipment
from crossdock.connectors.bigcommerce.pull import Orders
from crossdock.connectors.bigcommerce.settings import AWAITING_SHIPMENT as WHEN_SENT
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.connectors.bigcommerce.statuses import AWAITING_SHIPMENT, PARTIALLY_SHIPPED, SHIPPED
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import (
    ConnectorError,
    InvalidData,
    OutcomeUnknown,
)
from crossdock.connectors.kit.in_turn import BY_ITSELF, each_in_turn
from crossdock.connectors.kit.together import together
from crossdock.domain.fulfillment import ShipmentCorrection, ShipmentNotice

AT_ONCE = 3
"""Orders worked on at the same time in one store, whose quota is shared with all its apps."""

_GONE = "The order is no longer in the store."


class _Made(Struct, frozen=True):
    id: int


class Shipments:
    """Posts shipments to one store."""

    def __init__(self, api: Api, orders: Orders, settings: Settings) -> None:
        self._api = api
        self._orders = orders
        self._settings = settings
        # What our own writes may move on from; anything else was set by somebody in the store.
        self._ours = frozenset({int(settings.import_status), AWAITING_SHIPMENT})

    async def post(self, notices: Sequence[ShipmentNotice], note: Note) -> list[Done | Failed]:
        """Each notice by itself. Notices of one order go one after the other: they take from the same remaining units."""

        async def act(notice: ShipmentNotice) -> Done:
            return await self._post(notice, note)

        return await each_in_turn(notices, act, key=lambda notice: notice.key, of=lambda notice: notice.order_id, at_once=AT_ONCE)

    async def find(self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]) -> list[Found]:
        """Which notices the store already counts in full. One of which only a part stands is not found: posting it again adds the
        rest alone. One order that cannot be read raises for all: an absent answer would mean “not there”, so ask for few at a time.
        """

        async def read(order_id: str) -> tuple[BcShipment, ...]:
            try:
                return await self._shipments(order_id)
            except Gone:
                return ()

        order_ids = list(dict.fromkeys(notice.order_id for notice in notices))
        standing = dict(zip(order_ids, await together(order_ids, read, at_once=AT_ONCE), strict=True))
        found = []
        for notice in notices:
            noted = evidence.get(notice.key, {}).get("before")
            before = frozenset(noted.split()) if noted is not None else None
            ours = posting.standing(notice, standing[notice.order_id], before=before)
            if ours and not posting.rest_of(notice, ours):
                ids = [str(one.id) for one in ours]
                found.append(Found(notice.key, "+".join(ids), {"shipments": " ".join(ids)}))
        return found

    async def correct(self, corrections: Sequence[ShipmentCorrection]) -> list[Done | Failed]:
        """Change numbers and carrier of shipments that stand, or take them back. Corrections of one order go one after the other."""
        return await each_in_turn(
            corrections,
            self._correct,
            key=lambda correction: correction.key,
            of=lambda correction: correction.notice.order_id,
            at_once=AT_ONCE,
            alone=BY_ITSELF,
        )

    async def report(self, order_ids: Sequence[str]) -> list[Done | Failed]:
        """Set orders to Awaiting Shipment that still have the status they were imported with."""
        return await each(order_ids, self._report, key=lambda order_id: order_id, at_once=AT_ONCE)

    async def _post(self, notice: ShipmentNotice, note: Note) -> Done:
        try:
            shipments = await self._shipments(notice.order_id)
            order = await self._orders.order(notice.order_id)
        except Gone as error:
            raise InvalidData(_GONE, field="order_id", evidence=error.evidence) from error
        plan = posting.plan(notice, order, shipments)
        made = [str(one) for one in plan.found]
        if plan.creations:
            # What a look-up needs after a crash: anything that is there now is not ours.
            await note({notice.key: {"before": " ".join(str(one.id) for one in shipments)}})
        for creation in plan.creations:
            made.append(await self._create(notice, creation))
        status = await self._follow(notice.order_id) if plan.creations else "as it was"
        evidence = {"shipments": " ".join(made), "adopted": "no" if plan.creations else "yes", "status": status}
        return Done(notice.key, "+".join(made), evidence)

    async def _create(self, notice: ShipmentNotice, creation: posting.Creation) -> str:
        answer = await self._api.tell(
            "POST",
            f"v2/orders/{notice.order_id}/shipments",
            what="make a shipment",
            json=posting.shipment_input(notice, creation),
        )
        try:
            return str(decode(answer.body, _Made, what="BigCommerce's answer to a shipment").id)
        except InvalidData as error:
            raise OutcomeUnknown(
                f"BigCommerce did not say what became of the shipment of {notice.order_number}. It is looked up.",
                evidence=error.evidence,
            ) from error

    async def _follow(self, order_id: str) -> str:
        """Let the order's status say what its shipments say, where BigCommerce did not do so itself: in some stores it does not.

        The shipment stands whatever comes of this, so its failure is told in the evidence only.
        """
        try:
            order = await self._orders.order(order_id)
            shipped, left = _counted(order)
            target = SHIPPED if shipped and not left else PARTIALLY_SHIPPED if shipped else None
            may_move = order.status_id in self._ours or (order.status_id == PARTIALLY_SHIPPED and target == SHIPPED)
            if target is None or not may_move or order.status_id == target:
                return "left to BigCommerce"
            await self._set_status(order_id, target)
        except ConnectorError as error:
            return f"not set: {error.message}"
        return f"set to {target}"

    async def _correct(self, correction: ShipmentCorrection) -> Done:
        order_id, notice = correction.notice.order_id, correction.notice
        standing = {str(one.id): one for one in await self._standing(order_id)}
        ids = [part for part in correction.external_id.split("+") if part.isdigit()]
        if correction.is_void:
            for one in ids:
                if one in standing:
                    await self._delete(order_id, one)
            return Done(correction.key, correction.external_id, {"status": await self._go_back(order_id)})
        missing = [one for one in ids if one not in standing]
        if missing or not ids:
            raise InvalidData(
                f"BigCommerce has no shipment {', '.join(missing) or correction.external_id} of {notice.order_number} any more, so "
                "its tracking number cannot be corrected there.",
                field="external_id",
            )
        wanted = posting.tracking_input(notice)
        for one in ids:
            if not posting.is_told(standing[one], wanted):
                # Everything but the items may change; sent along, they would be refused.
                await self._api.tell("PUT", f"v2/orders/{order_id}/shipments/{one}", what="correct a shipment", json=wanted)
        return Done(correction.key, correction.external_id)

    async def _delete(self, order_id: str, shipment_id: str) -> None:
        try:
            await self._api.tell("DELETE", f"v2/orders/{order_id}/shipments/{shipment_id}", what="take back a shipment")
        except Gone:
            return

    async def _go_back(self, order_id: str) -> str:
        """Taking back a shipment leaves the order Shipped; say what is true, unless the store moved on."""
        try:
            order = await self._orders.order(order_id)
        except Gone:
            return "the order is gone"
        shipped, left = _counted(order)
        if order.status_id not in (SHIPPED, PARTIALLY_SHIPPED) or not left:
            return "left as it is"
        sent = AWAITING_SHIPMENT if self._settings.status_when_sent == WHEN_SENT else int(self._settings.import_status)
        target = PARTIALLY_SHIPPED if shipped else sent
        if target != order.status_id:
            await self._set_status(order_id, target)
        return f"set to {target}"

    async def _report(self, order_id: str) -> Done:
        if self._settings.status_when_sent != WHEN_SENT:
            return Done(order_id, order_id, {"reported": "off"})
        try:
            order = await self._api.ask(f"v2/orders/{order_id}", BcOrder, what="read an order's status")
        except Gone as error:
            raise InvalidData(_GONE, field="order_id", evidence=error.evidence) from error
        # Read, compare, write: somebody in the store may have refunded or canceled it meanwhile.
        if order.is_deleted or str(order.status_id) != self._settings.import_status or order.status_id == AWAITING_SHIPMENT:
            return Done(order_id, order_id, {"reported": f"left at {order.status_id}"})
        await self._set_status(order_id, AWAITING_SHIPMENT)
        return Done(order_id, order_id, {"reported": f"set to {AWAITING_SHIPMENT}"})

    async def _set_status(self, order_id: str, status_id: int) -> None:
        # Nothing but the status: a whole order sent back is refused, and one with products loses its discounts.
        await self._api.tell("PUT", f"v2/orders/{order_id}", what="set an order's status", json={"status_id": status_id})

    async def _shipments(self, order_id: str) -> tuple[BcShipment, ...]:
        path = f"v2/orders/{order_id}/shipments"
        return await self._orders.all_of(path, BcShipment, what="read an order's shipments")

    async def _standing(self, order_id: str) -> tuple[BcShipment, ...]:
        try:
            return await self._shipments(order_id)
        except Gone:
            return ()


def _counted(order: BcOrder) -> tuple[int, int]:
    """Units shipped, and units left to ship."""
    shipped = left = 0
    for line in lines_of(order):
        if is_shipped(line):
            gone = int(quantity(line.quantity_shipped, "quantity_shipped"))
            shipped += gone
            left += max(0, int(quantity(line.quantity, "q")) - gone - int(quantity(line.quantity_refunded, "quantity_refunded")))
    return shipped, left
