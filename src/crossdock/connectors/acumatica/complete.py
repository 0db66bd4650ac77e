"""Completing Shipments that were made in Acumatica, in the mode Shipments: packages with tracking numbers, units, confirmation."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.acumatica import posting
from crossdock.connectors.acumatica.endpoint import Endpoint, is_since, wrapped
from crossdock.connectors.acumatica.mapping import figure
from crossdock.connectors.acumatica.payloads import AcShipment
from crossdock.connectors.acumatica.settings import Settings, ship_via_of
from crossdock.connectors.acumatica.ship import confirm, gone, refusal
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import ShipmentNotice

_EXPAND = "Details,Packages,Packages/PackageContents"
_CONTENTS_SINCE = "20.200.001"


class GivenShipments:
    """Posts what left of shipments that Acumatica has. Several notices may belong to one: it is confirmed with the last."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint = endpoint
        self._settings = settings

    async def post(self, notices: Sequence[ShipmentNotice], note: Note) -> list[Done | Failed]:
        """See `PostsShipments`."""
        return await each(notices, lambda notice: self._post(notice, note), key=lambda notice: notice.key, at_once=1)

    async def find(self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]) -> list[Found]:
        """Which notices stand in their shipment, confirmed where they were the last of it."""
        found = []
        for notice in notices:
            shipment = await self._shipment(notice.order_id)
            if shipment is None or not _stands(notice, shipment):
                continue
            if posting.is_confirmed(shipment) or not self._is_due(notice, shipment):
                found.append(Found(notice.key, _number(shipment), {"shipments": _number(shipment)}))
        return found

    async def _post(self, notice: ShipmentNotice, note: Note) -> Done:
        shipment = await self._shipment(notice.order_id)
        if shipment is None or posting.is_canceled(shipment):
            raise gone(notice)
        is_new = not _stands(notice, shipment)
        if is_new:
            if posting.is_confirmed(shipment):
                raise InvalidData(
                    f"Shipment {notice.order_number} was confirmed in Acumatica already, and does not have this tracking number. "
                    "Correct it there (Actions › Correct Shipment), then Reprocess.",
                    field="lines",
                )
            fields = await self._fields(notice, shipment)
            await note({notice.key: {"mark": posting.mark_of(notice.key)}})
            try:
                shipment = await self._endpoint.put("Shipment", fields, AcShipment, expand=_EXPAND, insert=False)
            except InvalidData as error:
                raise refusal(notice, error) from error
        confirms = self._is_due(notice, shipment) and not posting.is_confirmed(shipment)
        if confirms:
            await confirm(self._endpoint, shipment)
        adopted = "no" if is_new or confirms else "yes"
        return Done(notice.key, _number(shipment), {"shipments": _number(shipment), "adopted": adopted})

    async def _fields(self, notice: ShipmentNotice, shipment: AcShipment) -> dict[str, Any]:
        """Packages to add, and fewer units where the rest will not follow. Raises InvalidData for more units than are planned."""
        has_contents = is_since(await self._endpoint.version(), _CONTENTS_SINCE)
        units = posting.units_of(notice)
        lines = {line.line_nbr.value: line for line in shipment.details}
        before = posting.boxed_units(shipment)
        planned = _planned(shipment)
        now: dict[str, Decimal] = {}
        for number, quantity in units.items():
            sku = (lines[number].inventory_id.plain if number in lines else None) or f"line {number}"
            now[sku] = now.get(sku, Decimal(0)) + quantity
        none = Decimal(0)
        left = {sku: before.get(sku, none) + quantity - planned.get(sku, none) for sku, quantity in now.items()}
        over = {sku: quantity for sku, quantity in left.items() if quantity > 0}
        if over:
            items = ", ".join(f"{quantity.normalize():f} × {sku}" for sku, quantity in over.items())
            raise InvalidData(
                f"{items} left beyond what shipment {notice.order_number} plans in Acumatica. Compare both sides, then Archive or "
                "Reprocess.",
                field="lines",
            )
        contents = [
            {
                "InventoryID": lines[number].inventory_id.plain,
                "Quantity": float(quantity),
                **({"UOM": uom} if (uom := lines[number].uom.plain) else {}),
            }
            for number, quantity in units.items()
        ]
        rows = posting.packages(notice, self._settings, contents if has_contents else [])
        if not rows:
            # Without a number there is still a box, so that its units are counted and found again.
            rows = [
                {
                    **({"BoxID": self._settings.default_box} if self._settings.default_box else {}),
                    "Confirmed": True,
                    "CustomRefNbr2": posting.mark_of(notice.key),
                }
            ]
        if has_contents:
            rows[0].setdefault("PackageContents", contents)
        fields: dict[str, Any] = {"id": shipment.id, **wrapped({"Packages": rows})}
        if notice.is_final:
            # What will not follow is taken off, so that confirming sends the rest back to the sales order.
            details = [
                {"id": line.id, "ShippedQty": {"value": float(less)}}
                for line in shipment.details
                if (less := _left_of(line.inventory_id.plain or "", before, now, planned, line)) is not None
            ]
            if details:
                fields["Details"] = details
        via = ship_via_of(self._settings, notice.carrier, notice.service)
        return fields | (wrapped({"ShipVia": via}) if via else {})

    def _is_due(self, notice: ShipmentNotice, shipment: AcShipment) -> bool:
        """Whether it is to be confirmed now: all planned units are boxed, or no more will follow."""
        if not self._settings.confirm_shipment:
            return False
        alone = sum(posting.units_of(notice).values()) >= sum(_planned(shipment).values(), Decimal(0))
        return bool(notice.is_final) or is_boxed_whole(shipment) or alone

    async def _shipment(self, shipment_id: str) -> AcShipment | None:
        content = await self._endpoint.one("Shipment", shipment_id, expand=_EXPAND)
        return decode(content, AcShipment, what="The shipment") if content is not None else None


def _stands(notice: ShipmentNotice, shipment: AcShipment) -> bool:
    mark, wanted = posting.mark_of(notice.key), {posting.folded(number) for number in posting.numbers_of(notice)}
    if posting.marked_packages(shipment, mark):
        return True
    by_hand = {
        posting.folded(number)
        for one in shipment.packages
        if not posting.is_marked(one.custom_ref_nbr2.plain) and (number := one.tracking_nbr.plain)
    }
    return bool(wanted) and wanted <= by_hand


def is_boxed_whole(shipment: AcShipment) -> bool:
    """Whether packages that we entered hold all units that the shipment plans."""
    boxed = posting.boxed_units(shipment)
    return all(boxed.get(sku, Decimal(0)) >= quantity for sku, quantity in _planned(shipment).items())


def _planned(shipment: AcShipment) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in shipment.details:
        sku = line.inventory_id.plain or ""
        units[sku] = units.get(sku, Decimal(0)) + (figure(line.shipped_qty, "ShippedQty") or Decimal(0))
    return units


def _left_of(
    sku: str, before: Mapping[str, Decimal], now: dict[str, Decimal], planned: Mapping[str, Decimal], line: Any
) -> Decimal | None:
    """What a line ships in all, taken from the units that left of its item; None where it is what was planned."""
    left = before.get(sku, Decimal(0)) + now.get(sku, Decimal(0))
    if left >= planned.get(sku, Decimal(0)):
        return None
    quantity = figure(line.shipped_qty, "ShippedQty") or Decimal(0)
    taken = min(quantity, left)
    now[sku] = now.get(sku, Decimal(0)) - taken
    return taken if taken != quantity else None


def _number(shipment: AcShipment) -> str:
    return shipment.shipment_nbr.plain or shipment.id
