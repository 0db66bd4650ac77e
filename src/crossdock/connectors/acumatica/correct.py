"""Making Shipments say what is true now: other tracking numbers, or that nothing left.

A confirmed shipment lets nothing be changed: it is opened again (Correct Shipment), changed, and confirmed again. Once it is invoiced
Acumatica does not open it any more, and a person has to decide.
"""

from collections.abc import Sequence
from typing import Any

from crossdock.connectors.acumatica import posting
from crossdock.connectors.acumatica.complete import is_boxed_whole
from crossdock.connectors.acumatica.endpoint import Endpoint, quoted, wrapped
from crossdock.connectors.acumatica.payloads import AcPackage, AcShipment
from crossdock.connectors.acumatica.settings import SHIPMENTS, Settings, ship_via_of
from crossdock.connectors.acumatica.ship import confirm, refusal
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import ShipmentCorrection

_EXPAND = "Details,Packages,Packages/PackageContents"


class Corrections:
    """Corrects and voids shipments of one tenant."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint = endpoint
        self._settings = settings

    async def correct(self, corrections: Sequence[ShipmentCorrection]) -> list[Done | Failed]:
        """See `CorrectsShipments`."""
        return await each(corrections, self._correct, key=lambda correction: correction.key, at_once=1)

    async def _correct(self, correction: ShipmentCorrection) -> Done:
        found = await self._matching(f"ShipmentNbr eq {quoted(correction.external_id)}")
        if not found or posting.is_canceled(found[0]):
            if correction.is_void:
                return Done(correction.key, correction.external_id, {"changed": "no"})
            raise InvalidData(
                f"Shipment {correction.external_id} of {correction.notice.order_number} is no longer in Acumatica, so its tracking "
                "number cannot be corrected. Compare both sides, then Archive or Reprocess.",
                field="external_id",
            )
        shipment = found[0]
        if correction.is_void:
            changed = await self._void(correction, shipment)
        else:
            changed = await self._retrack(correction, shipment)
        return Done(correction.key, correction.external_id, {"changed": "yes" if changed else "no"})

    async def _void(self, correction: ShipmentCorrection, shipment: AcShipment) -> bool:
        if self._settings.mode == SHIPMENTS:
            ours = _ours(correction, shipment)
            if not ours:
                return False
            await self._open(shipment)
            await self._change(correction, shipment, {"Packages": [{"id": one.id, "delete": True} for one in ours]})
            return True
        # One shipment from several warehouses is several here, all with the same mark.
        mark = shipment.description.plain or ""
        parts = [shipment]
        if posting.is_marked(mark):
            parts += [one for one in await self._matching(f"Description eq {quoted(mark)}") if one.id != shipment.id]
        for part in parts:
            if not posting.is_canceled(part):
                await self._open(part)
                await self._endpoint.delete("Shipment", part.shipment_nbr.plain or part.id)
        return True

    async def _retrack(self, correction: ShipmentCorrection, shipment: AcShipment) -> bool:
        rows = self._rows(correction, _ours(correction, shipment))
        via = ship_via_of(self._settings, correction.notice.carrier, correction.notice.service)
        fields: dict[str, Any] = {}
        if rows:
            fields["Packages"] = rows
        if via and via != shipment.ship_via.plain:
            fields |= wrapped({"ShipVia": via})
        was_confirmed = posting.is_confirmed(shipment)
        if fields:
            await self._open(shipment)
            await self._change(correction, shipment, fields)
        # Also one that an earlier try left open.
        is_due = self._settings.confirm_shipment and (self._settings.mode != SHIPMENTS or is_boxed_whole(shipment))
        if (fields and was_confirmed) or (is_due and not was_confirmed):
            [now] = await self._matching(f"ShipmentNbr eq {quoted(correction.external_id)}") or [shipment]
            if not posting.is_confirmed(now):
                await confirm(self._endpoint, now)
                return True
        return bool(fields)

    def _rows(self, correction: ShipmentCorrection, standing: Sequence[AcPackage]) -> list[dict[str, Any]]:
        """Package rows that make the numbers right: changed by their ids, added, or taken away; none where they are right already."""
        wanted = posting.numbers_of(correction.notice)
        have = {posting.folded(one.tracking_nbr.plain or ""): one for one in standing}
        missing = [number for number in wanted if posting.folded(number) not in have]
        needless = [one for one in standing if posting.folded(one.tracking_nbr.plain or "") not in map(posting.folded, wanted)]
        rows: list[dict[str, Any]] = []
        fresh = {row["TrackingNbr"]: row for row in posting.packages(correction.notice, self._settings, [])}
        for number in missing:
            if needless:
                rows.append({"id": needless.pop(0).id, "TrackingNbr": {"value": number}})
            else:
                rows.append(wrapped(fresh[number]))
        rows += [{"id": one.id, "delete": True} for one in needless]
        return rows

    async def _open(self, shipment: AcShipment) -> None:
        if not posting.is_confirmed(shipment):
            return
        number = shipment.shipment_nbr.plain or shipment.id
        try:
            await self._endpoint.act("Shipment", "CorrectShipment", {"ShipmentNbr": number})
        except InvalidData as error:
            raise InvalidData(
                f"Shipment {number} cannot be opened again in Acumatica, most often because it was invoiced. {error.message} Change "
                "it there by hand, or Archive this.",
                field=error.field,
                evidence=error.evidence,
            ) from error

    async def _change(self, correction: ShipmentCorrection, shipment: AcShipment, fields: dict[str, Any]) -> None:
        try:
            await self._endpoint.put("Shipment", {"id": shipment.id, **fields}, AcShipment, insert=False)
        except InvalidData as error:
            raise refusal(correction.notice, error) from error

    async def _matching(self, filter: str) -> list[AcShipment]:
        rows = await self._endpoint.rows("Shipment", filter=filter, expand=_EXPAND)
        return [decode(row, AcShipment, what="The shipment") for row in rows]


def _ours(correction: ShipmentCorrection, shipment: AcShipment) -> list[AcPackage]:
    """The packages of this shipment of ours: by its mark, else all that are marked, else all of a shipment that we made."""
    own = posting.marked_packages(shipment, posting.mark_of(correction.notice.key))
    marked = [one for one in shipment.packages if posting.is_marked(one.custom_ref_nbr2.plain)]
    return own or marked or (list(shipment.packages) if posting.is_marked(shipment.description.plain) else [])
