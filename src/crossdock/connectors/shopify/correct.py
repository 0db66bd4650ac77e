"""Making the shop's fulfillments say what is true now: other tracking, or that it never left. Nobody is mailed for it."""

from collections.abc import Sequence

from msgspec import Struct

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown
from crossdock.connectors.kit.in_turn import BY_ITSELF, each_in_turn
from crossdock.connectors.shopify import posting, queries
from crossdock.connectors.shopify.graphql import GraphQL
from crossdock.connectors.shopify.payloads import ShFulfillment, ShUserError, gid, number_of
from crossdock.connectors.shopify.ship import AT_ONCE, Shipments
from crossdock.domain.fulfillment import ShipmentCorrection


class _Changed(Struct, frozen=True, rename="camel"):
    user_errors: tuple[ShUserError, ...] = ()


class _ChangeData(Struct, frozen=True, rename="camel"):
    fulfillment_tracking_info_update: _Changed | None = None
    fulfillment_cancel: _Changed | None = None


class Corrections:
    """Corrects shipments in one shop."""

    def __init__(self, graphql: GraphQL, shipments: Shipments) -> None:
        self._graphql = graphql
        self._shipments = shipments

    async def correct(self, corrections: Sequence[ShipmentCorrection]) -> list[Done | Failed]:
        """Each by itself, those of one order one after the other: the later one is to see what the earlier one did."""
        return await each_in_turn(
            corrections,
            self._correct,
            key=lambda correction: correction.key,
            of=lambda correction: correction.notice.order_id,
            at_once=AT_ONCE,
            alone=BY_ITSELF,
        )

    async def _correct(self, correction: ShipmentCorrection) -> Done:
        notice = correction.notice
        fulfillments = await self._shipments.fulfillments(notice.order_id)
        named = next((one for one in fulfillments if number_of(one.id) == correction.external_id), None)
        if named is None:
            raise InvalidData(
                f"Shopify has no such shipment of {notice.order_number} any more. Compare both sides, then Archive or Reprocess.",
                field="external_id",
            )
        if named.status not in posting.STANDS:
            if correction.is_void:
                return Done(correction.key, correction.external_id, {"changed": "no"})
            raise InvalidData(
                f"The shipment of {notice.order_number} was canceled in Shopify, so it shows no tracking. Post it anew, or Archive.",
                field="external_id",
            )
        changed = []
        for one in posting.parts_of(notice, named, fulfillments):
            if correction.is_void:
                await self._cancel(one, notice.order_number)
            elif posting.shows(one, notice):
                continue
            else:
                await self._update(one, correction)
            changed.append(number_of(one.id))
        return Done(correction.key, correction.external_id, {"changed": " ".join(changed) or "no"})

    async def _update(self, one: ShFulfillment, correction: ShipmentCorrection) -> None:
        answer = await self._graphql.mutate(
            queries.UPDATE_TRACKING,
            _ChangeData,
            cost=50,
            id=one.id,
            tracking={"numbers": [], **posting.tracking_input(correction.notice)},
        )
        self._judge(answer.fulfillment_tracking_info_update, correction.notice.order_number, "the tracking")

    async def _cancel(self, one: ShFulfillment, order_number: str) -> None:
        answer = await self._graphql.mutate(queries.CANCEL_FULFILLMENT, _ChangeData, id=gid("Fulfillment", one.id))
        self._judge(answer.fulfillment_cancel, order_number, "the cancellation")

    def _judge(self, changed: _Changed | None, order_number: str, what: str) -> None:
        if changed is None:
            raise OutcomeUnknown(f"Shopify did not say what became of {what} of the shipment of {order_number}.")
        if changed.user_errors:
            said = "; ".join(error.message for error in changed.user_errors)
            raise InvalidData(
                f"Shopify refused {what} of the shipment of {order_number}. Look at the order in Shopify. Shopify says: “{said}”",
                field="external_id",
                evidence={"said": said},
            )
