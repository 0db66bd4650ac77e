"""Making a shipment say what is true now: other tracking numbers or carrier. Magento takes no shipment itself back."""

from collections.abc import Sequence

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.magento2 import posting
from crossdock.connectors.magento2.api import Api, Gone
from crossdock.connectors.magento2.payloads import MgShipment, MgTrack, text_of
from crossdock.connectors.magento2.ship import AT_ONCE, Shipments
from crossdock.domain.fulfillment import ShipmentCorrection

VOID_NOTE = "The warehouse says that this shipment did not leave."


class Corrections:
    """Corrects shipments of one shop."""

    def __init__(self, api: Api, shipments: Shipments) -> None:
        self._api = api
        self._shipments = shipments

    async def correct(self, corrections: Sequence[ShipmentCorrection]) -> list[Done | Failed]:
        """Each by itself; doing it twice changes nothing."""
        return await each(corrections, self._correct, key=lambda one: one.key, at_once=AT_ONCE)

    async def _correct(self, correction: ShipmentCorrection) -> Done:
        notice, id_ = correction.notice, correction.external_id
        try:
            shipment = await self._api.get(f"shipment/{id_}", MgShipment, operation="Shipment", what="The shipment")
        except Gone as error:
            if correction.is_void:
                return Done(correction.key, id_, {"removed": "0", "units": "the shipment is gone"})
            raise InvalidData(
                f"Magento has no shipment {id_} of {notice.order_number} any more. Compare both sides.", field="external_id"
            ) from error
        wanted = [] if correction.is_void else [posting.track_row(notice, one) for one in notice.tracking if one.number.strip()]
        standing = {_as_row(track): text_of(track.entity_id) for track in shipment.tracks or ()}
        added = [row for row in wanted if tuple(row.values()) not in standing]
        # New numbers first: whoever looks in between finds both rather than none.
        for row in added:
            await self._shipments.add_track(notice, id_, row)
        gone = [track for row, track in standing.items() if row not in {tuple(one.values()) for one in wanted}]
        for track in gone:
            await self._api.change("DELETE", f"shipment/track/{track}", operation="RemoveTrack", what="The tracking number")
        if correction.is_void:
            await self._say_void(shipment, id_)
            # Magento has no way to take a shipment back: its units stay shipped, which the evidence says.
            return Done(correction.key, id_, {"removed": str(len(gone)), "units": "still count as shipped in Magento"})
        return Done(correction.key, id_, {"added": str(len(added)), "removed": str(len(gone))})

    async def _say_void(self, shipment: MgShipment, id_: str) -> None:
        if any(VOID_NOTE in (one.comment or "") for one in shipment.comments or ()):
            return
        entity = {"parent_id": int(id_), "comment": VOID_NOTE, "is_customer_notified": 0, "is_visible_on_front": 0}
        await self._api.change("POST", f"shipment/{id_}/comments", {"entity": entity}, operation="ShipmentNote", what="The note")


def _as_row(track: MgTrack) -> tuple[str, str, str]:
    return (track.track_number or "", track.title or "", track.carrier_code or "")
