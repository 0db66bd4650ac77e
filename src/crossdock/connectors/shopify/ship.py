"""Telling the shop what left, once, and that an order is being worked on."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown
from crossdock.connectors.kit.in_turn import each_in_turn
from crossdock.connectors.kit.together import together
from crossdock.connectors.shopify import posting, queries
from crossdock.connectors.shopify.graphql import GraphQL
from crossdock.connectors.shopify.payloads import ShFulfillment, ShFulfillmentOrder, ShPage, ShUserError, gid, number_of
from crossdock.connectors.shopify.pull import extend
from crossdock.connectors.shopify.settings import Settings
from crossdock.domain.fulfillment import ShipmentNotice

T = TypeVar("T")

AT_ONCE = 4
"""Orders worked on at the same time in one shop; the points of its bucket are the real limit."""

_MOST_PAGES = 100
_GONE = "The order is no longer in the shop, or this app may not see it any more."


class _Moved(Struct, frozen=True, rename="camel"):
    user_errors: tuple[ShUserError, ...] = ()


class _MoveData(Struct, frozen=True, rename="camel"):
    fulfillment_order_move: _Moved | None = None


class _Made(Struct, frozen=True):
    id: str


class _Created(Struct, frozen=True, rename="camel"):
    fulfillment: _Made | None = None
    user_errors: tuple[ShUserError, ...] = ()


class _CreateData(Struct, frozen=True, rename="camel"):
    fulfillment_create: _Created | None = None


class _ReportData(Struct, frozen=True, rename="camel"):
    fulfillment_order_report_progress: _Moved | None = None


class _InProgress(Struct, frozen=True, rename="camel"):
    fulfillment_orders: ShPage[ShFulfillmentOrder]


class _ProgressData(Struct, frozen=True):
    order: _InProgress | None = None


class Shipments:
    """Posts shipments to one shop."""

    def __init__(self, graphql: GraphQL, settings: Settings) -> None:
        self._graphql = graphql
        self._settings = settings

    async def post(self, notices: Sequence[ShipmentNotice], note: Note) -> list[Done | Failed]:
        """Each notice by itself. Notices of one order go one after the other: they take from the same remaining units."""

        async def act(notice: ShipmentNotice) -> Done:
            return await self._post(notice, note)

        return await each_in_turn(notices, act, key=lambda notice: notice.key, of=lambda notice: notice.order_id, at_once=AT_ONCE)

    async def find(self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]) -> list[Found]:
        """Which notices the shop already counts in full. One of which only a part stands is not found: posting it again adds the
        rest alone. One order that cannot be read raises for all: an absent answer would mean “not there”, so ask for few at a time.
        """
        order_ids = list(dict.fromkeys(notice.order_id for notice in notices))
        standing = dict(zip(order_ids, await together(order_ids, self.fulfillments, at_once=AT_ONCE), strict=True))
        found = []
        for notice in notices:
            noted = evidence.get(notice.key, {}).get("before")
            before = frozenset(noted.split()) if noted is not None else None
            ours = posting.standing(notice, standing[notice.order_id], before=before)
            if ours and not posting.rest_of(notice, ours):
                ids = [number_of(one.id) for one in ours]
                found.append(Found(notice.key, ids[0], {"fulfillments": " ".join(ids)}))
        return found

    async def report(self, order_ids: Sequence[str]) -> list[Done | Failed]:
        """Say that orders are being worked on, where Shopify lets this app say so; elsewhere nothing is done, and that is fine."""
        return await each(order_ids, self._report, key=lambda order_id: order_id, at_once=AT_ONCE)

    async def _post(self, notice: ShipmentNotice, note: Note) -> Done:
        fulfillments = await self.fulfillments(notice.order_id)
        parts = await self._parts(notice.order_id)
        plan = self._plan(notice, parts, fulfillments)
        if plan.creations:
            # What a look-up needs after a crash: anything that is there now is not ours.
            await note({notice.key: {"before": " ".join(number_of(one.id) for one in fulfillments)}})
        if plan.moves:
            for move in plan.moves:
                await self._move(notice, move, parts)
            # A move may split or merge fulfillment orders, so they are read again rather than guessed at.
            parts = await self._parts(notice.order_id)
            plan = self._plan(notice, parts, fulfillments)
            if plan.moves:
                raise InvalidData(
                    f"Shopify still has items of {notice.order_number} at {plan.moves[0].at} after they were moved. Move them in "
                    "Shopify, then Reprocess.",
                    field="location",
                )
        made = [number_of(id_) for id_ in plan.found]
        for position, creation in enumerate(plan.creations):
            # One shipment over several locations is several fulfillments at Shopify; the shopper is mailed with the first alone.
            notify = self._settings.notify_customer and notice.mail_customer and not made and position == 0
            made.append(await self._create(notice, creation, parts, notify=notify))
        return Done(notice.key, made[0], {"fulfillments": " ".join(made), "adopted": "yes" if not plan.creations else "no"})

    def _plan(
        self, notice: ShipmentNotice, parts: Sequence[ShFulfillmentOrder], fulfillments: Sequence[ShFulfillment]
    ) -> posting.Plan:
        return posting.plan(
            notice,
            parts,
            fulfillments,
            location=self._settings.location,
            moves_elsewhere=not self._settings.filter_by_location,
        )

    async def _move(self, notice: ShipmentNotice, move: posting.Move, parts: Sequence[ShFulfillmentOrder]) -> None:
        answer = await self._graphql.mutate(
            queries.MOVE,
            _MoveData,
            id=move.fulfillment_order,
            newLocationId=posting.location_gid(self._settings.location),
            lines=[{"id": row, "quantity": quantity} for row, quantity in move.lines],
        )
        errors = answer.fulfillment_order_move.user_errors if answer.fulfillment_order_move is not None else ()
        if errors:
            raise posting.move_refusal(notice, move, errors, parts)

    async def _create(
        self, notice: ShipmentNotice, creation: posting.Creation, parts: Sequence[ShFulfillmentOrder], *, notify: bool
    ) -> str:
        answer = await self._graphql.mutate(
            queries.CREATE_FULFILLMENT,
            _CreateData,
            fulfillment=posting.fulfillment_input(notice, creation, notify=notify),
        )
        created = answer.fulfillment_create
        if created is not None and created.user_errors:
            raise posting.refusal(notice, created.user_errors, creation, parts)
        if created is None or created.fulfillment is None:
            raise OutcomeUnknown(f"Shopify did not say what became of the shipment of {notice.order_number}.")
        return number_of(created.fulfillment.id)

    async def _report(self, order_id: str) -> Done:
        if not self._settings.report_progress:
            return Done(order_id, order_id, {"reported": "off"})
        data = await self._graphql.query(queries.PROGRESS, _ProgressData, id=gid("Order", order_id))
        if data.order is None:
            raise InvalidData(_GONE, field="order_id")
        reported = []
        for part in data.order.fulfillment_orders.nodes:
            location = part.assigned_location.location
            # Elsewhere is either not ours, or is moved when it ships, which Shopify refuses once progress was reported.
            if self._settings.location and (location is None or number_of(location.id) != self._settings.location):
                continue
            if part.status == "OPEN" and any(action.action == "REPORT_PROGRESS" for action in part.supported_actions):
                answer = await self._graphql.mutate(queries.REPORT_PROGRESS, _ReportData, id=part.id)
                outcome = answer.fulfillment_order_report_progress
                if outcome is not None and not outcome.user_errors:
                    reported.append(number_of(part.id))
        return Done(order_id, order_id, {"reported": " ".join(reported) or "not offered"})

    async def _parts(self, order_id: str) -> list[ShFulfillmentOrder]:
        """The order's fulfillment orders with all their lines, as they are now. Raises InvalidData for an order that is gone."""
        parts: list[dict[str, Any]] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            data = await self._graphql.query(queries.SHIPPABLE, dict[str, Any], cost=400, id=gid("Order", order_id), after=after)
            order = data.get("order")
            if order is None:
                raise InvalidData(_GONE, field="order_id")
            parts += order["fulfillmentOrders"]["nodes"]
            info = order["fulfillmentOrders"].get("pageInfo") or {}
            if not info.get("hasNextPage"):
                break
            after = info.get("endCursor")
        for part in parts:
            await extend(
                self._graphql, part["lineItems"], queries.MORE_SHIPPABLE_LINES, part["id"], ("fulfillmentOrder", "lineItems")
            )
        return _typed(parts, list[ShFulfillmentOrder])

    async def fulfillments(self, order_id: str) -> list[ShFulfillment]:
        """What the shop counts as shipped of an order; nothing for an order that is gone."""
        data = await self._graphql.query(queries.FULFILLMENTS, dict[str, Any], cost=200, id=gid("Order", order_id))
        found: list[dict[str, Any]] = (data.get("order") or {}).get("fulfillments") or []
        for one in found:
            await extend(
                self._graphql,
                one["fulfillmentLineItems"],
                queries.MORE_FULFILLMENT_LINES,
                one["id"],
                ("fulfillment", "fulfillmentLineItems"),
            )
        return _typed(found, list[ShFulfillment])


def _typed(value: Any, type_: type[T]) -> T:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise InvalidData(f"Shopify's answer cannot be read: {error}.") from error
