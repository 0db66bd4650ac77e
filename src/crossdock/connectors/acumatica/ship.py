"""Making Shipments from sales orders: create with packages, confirm, and look up what stands."""

from collections.abc import Mapping, Sequence

from crossdock.connectors.acumatica import posting
from crossdock.connectors.acumatica.endpoint import Endpoint, any_of, is_since, wrapped
from crossdock.connectors.acumatica.payloads import AcOrder, AcShipment
from crossdock.connectors.acumatica.settings import Settings
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import ShipmentNotice

SHIPMENT = "Details,Packages"
_CONTENTS_SINCE = "22.200.001"
_AT_ONCE = 25


class Shipments:
    """Posts shipments of sales orders. One after the other: they share a session, and often an order's open quantity."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint = endpoint
        self._settings = settings

    async def post(self, notices: Sequence[ShipmentNotice], note: Note) -> list[Done | Failed]:
        """See `PostsShipments`."""
        return await each(notices, lambda notice: self._post(notice, note), key=lambda notice: notice.key, at_once=1)

    async def find(self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]) -> list[Found]:
        """Which notices Acumatica has in full, and confirmed where that is wanted. One of which a part stands is not found: posting
        it again does the rest alone.
        """
        found = []
        for notice in notices:
            order = await self._order(notice.order_id)
            if order is None:
                continue
            ours = posting.standing(notice, await self._shipments(order))
            posted = posting.units_on(order, ours)
            is_whole = all(posted.get(line, 0) >= units for line, units in posting.units_of(notice).items())
            if ours and is_whole and (not self._settings.confirm_shipment or all(map(posting.is_confirmed, ours))):
                found.append(Found(notice.key, _number(ours[0]), {"shipments": " ".join(map(_number, ours))}))
        return found

    async def _post(self, notice: ShipmentNotice, note: Note) -> Done:
        order = await self._order(notice.order_id)
        if order is None:
            raise gone(notice)
        plan = posting.plan(notice, order, await self._shipments(order), confirms=self._settings.confirm_shipment)
        made = list(plan.found)
        unconfirmed = list(plan.unconfirmed)
        if plan.creations:
            await note({notice.key: {"mark": posting.mark_of(notice.key)}})
        for creation in plan.creations:
            one = await self._create(notice, order, creation)
            made.append(one)
            if self._settings.confirm_shipment and not posting.is_confirmed(one):
                unconfirmed.append(one)
        for one in unconfirmed:
            await confirm(self._endpoint, one)
        adopted = "no" if plan.creations or plan.unconfirmed else "yes"
        return Done(notice.key, _number(made[0]), {"shipments": " ".join(map(_number, made)), "adopted": adopted})

    async def _create(self, notice: ShipmentNotice, order: AcOrder, creation: posting.Creation) -> AcShipment:
        has_contents = is_since(await self._endpoint.version(), _CONTENTS_SINCE)
        fields = posting.shipment_fields(notice, order, creation, self._settings, has_contents=has_contents)
        try:
            made = await self._endpoint.put("Shipment", wrapped(fields), AcShipment, expand=SHIPMENT, insert=True)
        except InvalidData as error:
            raise refusal(notice, error) from error
        if not posting.is_whole(notice, creation, made):
            # Confirmed like this, the customer would be billed for less than left; and it would not be ours to find again.
            await self._endpoint.delete("Shipment", _number(made))
            raise InvalidData(posting.short_words(notice, order, creation, made), field="lines")
        return made

    async def _order(self, order_id: str) -> AcOrder | None:
        content = await self._endpoint.one("SalesOrder", order_id, expand="Details,Shipments")
        return decode(content, AcOrder, what="The order") if content is not None else None

    async def _shipments(self, order: AcOrder) -> list[AcShipment]:
        numbers = list(dict.fromkeys(number for one in order.shipments if (number := one.shipment_nbr.plain)))
        return await shipments_numbered(self._endpoint, numbers)


async def shipments_numbered(endpoint: Endpoint, numbers: Sequence[str]) -> list[AcShipment]:
    """Shipments with their lines and packages; those that are gone are absent."""
    found: list[AcShipment] = []
    for start in range(0, len(numbers), _AT_ONCE):
        rows = await endpoint.rows("Shipment", filter=any_of("ShipmentNbr", numbers[start : start + _AT_ONCE]), expand=SHIPMENT)
        found += [decode(row, AcShipment, what="The shipment") for row in rows]
    return list({one.id: one for one in found}.values())


async def confirm(endpoint: Endpoint, shipment: AcShipment) -> None:
    """Confirm a shipment, taking it off hold first where it is. Raises InvalidData in plain words when Acumatica refuses."""
    number = _number(shipment)
    if (shipment.status.plain or "").casefold() == "on hold":
        await endpoint.put("Shipment", {"id": shipment.id, **wrapped({"Hold": False})}, AcShipment, insert=False)
    try:
        await endpoint.act("Shipment", "ConfirmShipment", {"ShipmentNbr": number})
    except InvalidData as error:
        raise InvalidData(
            f"Shipment {number} stands in Acumatica, but it cannot be confirmed. {error.message} Put that right there, then "
            "Reprocess.",
            field=error.field,
            evidence=error.evidence,
        ) from error


def gone(notice: ShipmentNotice) -> InvalidData:
    """What left belongs to something that Acumatica does not have any more."""
    return InvalidData(
        f"{notice.order_number} is canceled or no longer in Acumatica, or the user may not see it any more, and goods of it left. "
        "Compare both sides, then Archive or Reprocess.",
        field="order_id",
    )


def refusal(notice: ShipmentNotice, error: InvalidData) -> InvalidData:
    """Acumatica's refusal of a shipment, with what to do about it."""
    said = error.evidence.get("said", "")
    if "BoxID" in (error.field or "") or "Box ID" in said:
        return InvalidData(
            f"Acumatica takes no package of {notice.order_number} without a box. Choose a default box in the store's settings, then "
            "Reprocess.",
            field="default_box",
            evidence=error.evidence,
        )
    return InvalidData(
        f"Acumatica refused the shipment of {notice.order_number}. {error.message}", field=error.field, evidence=error.evidence
    )


def _number(shipment: AcShipment) -> str:
    return shipment.shipment_nbr.plain or shipment.id
