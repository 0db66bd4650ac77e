"""Telling the shop what left, once, and that an order is being worked on: a few orders by one call."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.connectors.kit.about import ABOUT
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.errors import ConnectorError, InvalidData, OutcomeUnknown
from crossdock.connectors.kit.in_turn import some_in_turn
from crossdock.connectors.kit.together import together
from crossdock.connectors.shopify import posting, queries
from crossdock.connectors.shopify.graphql import GraphQL
from crossdock.connectors.shopify.paging import extend
from crossdock.connectors.shopify.payloads import ShFulfillment, ShFulfillmentOrder, ShPage, ShUserError, gid, number_of
from crossdock.connectors.shopify.settings import Settings
from crossdock.domain.fulfillment import ShipmentNotice

T = TypeVar("T")

AT_ONCE = 4
"""Calls under way at the same time in one shop; the points of its bucket are the real limit."""

THOSE = 20
"""Orders of which is asked by one call what may be said of them."""

_FULFILLMENTS = 5
"""Fulfillments that are read of an order beside others: a list without pages, which may go on when it is full."""

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


class _InProgress(Struct, frozen=True, rename="camel"):
    fulfillment_orders: ShPage[ShFulfillmentOrder] = ShPage()


class _ProgressData(Struct, frozen=True):
    nodes: tuple[_InProgress | None, ...]


class _Standing(Struct, frozen=True, rename="camel"):
    """What may still be fulfilled of an order, and what the shop counts as shipped of it."""

    fulfillment_orders: ShPage[ShFulfillmentOrder] = ShPage()
    fulfillments: tuple[ShFulfillment, ...] = ()

    @property
    def parts(self) -> tuple[ShFulfillmentOrder, ...]:
        """The fulfillment orders."""
        return self.fulfillment_orders.nodes

    @property
    def is_cut(self) -> bool:
        """Whether there is more of it than one reads of an order beside others."""
        return (
            self.fulfillment_orders.page_info.has_next_page
            or any(part.line_items.page_info.has_next_page for part in self.parts)
            or len(self.fulfillments) >= _FULFILLMENTS
            or any(one.fulfillment_line_items.page_info.has_next_page for one in self.fulfillments)
        )


class _StandingData(Struct, frozen=True):
    nodes: tuple[_Standing | None, ...]


class _Planned(Struct, frozen=True):
    """A shipment, how to bring the shop to count it, and how its order stands there."""

    notice: ShipmentNotice
    plan: posting.Plan
    state: _Standing


class _Wanted(Struct, frozen=True):
    """A fulfillment to create. A shipment over several locations is several at Shopify; the shopper is mailed with the first alone."""

    notice: ShipmentNotice
    creation: posting.Creation
    parts: Sequence[ShFulfillmentOrder]
    is_first: bool


class Shipments:
    """Posts shipments to one shop."""

    def __init__(self, graphql: GraphQL, settings: Settings) -> None:
        self._graphql = graphql
        self._settings = settings

    async def post(self, notices: Sequence[ShipmentNotice], note: Note) -> list[Done | Failed]:
        """What became of each. Notices of one order go one after the other: they take from the same remaining units."""

        async def act(some: Sequence[ShipmentNotice]) -> list[Done | Failed]:
            return await self._post_some(some, note)

        most = queries.CREATE_FULFILLMENT.most
        return await some_in_turn(
            notices, act, key=lambda notice: notice.key, of=lambda notice: notice.order_id, most=most, at_once=AT_ONCE
        )

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
        if not self._settings.report_progress:
            return [Done(order_id, order_id, {"reported": "off"}) for order_id in order_ids]
        return await some_in_turn(order_ids, self._report_some, key=str, of=str, most=THOSE, at_once=AT_ONCE)

    async def _post_some(self, notices: Sequence[ShipmentNotice], note: Note) -> list[Done | Failed]:
        """Post shipments of different orders."""
        outcomes: dict[str, Done | Failed] = {}
        states = await self._standing([notice.order_id for notice in notices])
        planned: list[_Planned] = []
        for notice in notices:
            state = states[notice.order_id]
            try:
                if isinstance(state, ConnectorError):
                    raise state
                planned.append(_Planned(notice, self._plan(notice, state.parts, state.fulfillments), state))
            except InvalidData as error:
                outcomes[notice.key] = Failed(notice.key, error)
        # What a look-up needs after a crash: anything that is there now is not ours.
        before = {
            one.notice.key: {"before": " ".join(number_of(there.id) for there in one.state.fulfillments)}
            for one in planned
            if one.plan.creations
        }
        if before:
            await note(before)
        plain = [one for one in planned if len(one.plan.creations) == 1 and not one.plan.moves]
        wanted = [_Wanted(one.notice, one.plan.creations[0], one.state.parts, is_first=not one.plan.found) for one in plain]
        made: Sequence[str | ConnectorError]
        try:
            made = await self._create(wanted)
        except InvalidData as error:
            if len(plain) > 1:
                # What is wrong with one of them holds up no other. Whoever refuses a call does none of it, and yet all are looked up.
                return [outcomes.get(one.key) or (await self._post_some([one], note))[0] for one in notices]
            made = [error]
        except ConnectorError as error:
            made = [error] * len(plain)
        for one, answer in zip(plain, made, strict=True):
            key = one.notice.key
            outcomes[key] = (
                Failed(key, answer) if isinstance(answer, ConnectorError) else _done(one.notice, one.plan.found, [answer])
            )
        for one in planned:
            if (key := one.notice.key) not in outcomes:
                ABOUT.set((key,))
                try:
                    outcomes[key] = await self._post_by_steps(one.notice, one.plan, one.state)
                except ConnectorError as error:
                    outcomes[key] = Failed(key, error)
        return [outcomes[notice.key] for notice in notices]

    async def _post_by_steps(self, notice: ShipmentNotice, plan: posting.Plan, state: _Standing) -> Done:
        """Post a shipment that is none any more, or several at Shopify, or of which something has to be moved first."""
        parts: Sequence[ShFulfillmentOrder] = state.parts
        if plan.moves:
            for move in plan.moves:
                await self._move(notice, move, parts)
            # A move may split or merge fulfillment orders, so they are read again rather than guessed at.
            parts = await self._parts(notice.order_id)
            plan = self._plan(notice, parts, state.fulfillments)
            if plan.moves:
                raise InvalidData(
                    f"Shopify still has items of {notice.order_number} at {plan.moves[0].at} after they were moved. Move them in "
                    "Shopify, then Reprocess.",
                    field="location",
                )
        made: list[str] = []
        for creation in plan.creations:
            (answer,) = await self._create([_Wanted(notice, creation, parts, is_first=not plan.found and not made)])
            if isinstance(answer, ConnectorError):
                raise answer
            made.append(answer)
        return _done(notice, plan.found, made)

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

    async def _create(self, wanted: Sequence[_Wanted]) -> list[str | ConnectorError]:
        """Create fulfillments by one call: their numbers, or why there is none. Raises what meets all of them."""
        if not wanted:
            return []
        mails = self._settings.notify_customer
        inputs = [
            posting.fulfillment_input(one.notice, one.creation, notify=mails and one.notice.mail_customer and one.is_first)
            for one in wanted
        ]
        answers = await self._graphql.mutate_each(queries.CREATE_FULFILLMENT, _Created, inputs)
        made: list[str | ConnectorError] = []
        for one, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, ConnectorError):
                made.append(answer)
            elif answer.user_errors:
                made.append(posting.refusal(one.notice, answer.user_errors, one.creation, one.parts))
            elif answer.fulfillment is None:
                made.append(OutcomeUnknown(f"Shopify did not say what became of the shipment of {one.notice.order_number}."))
            else:
                made.append(number_of(answer.fulfillment.id))
        return made

    async def _report_some(self, order_ids: Sequence[str]) -> list[Done | Failed]:
        ids = [gid("Order", order_id) for order_id in order_ids]
        try:
            data = await self._graphql.query(queries.PROGRESS, _ProgressData, cost=40 * len(ids), those=ids)
        except InvalidData:
            if len(ids) == 1:
                raise
            half = len(ids) // 2
            return [*await self._report_some(order_ids[:half]), *await self._report_some(order_ids[half:])]
        parts = [
            (order_id, part.id)
            for order_id, order in zip(order_ids, data.nodes, strict=True)
            for part in (order.fulfillment_orders.nodes if order is not None else ())
            if self._may_report(part)
        ]
        reported: dict[str, list[str]] = {}
        failed: dict[str, ConnectorError] = {}
        most = queries.REPORT_PROGRESS.most
        for start in range(0, len(parts), most):
            some = parts[start : start + most]
            ABOUT.set(tuple(dict.fromkeys(order_id for order_id, _ in some)))
            answers: Sequence[_Moved | ConnectorError]
            try:
                answers = await self._graphql.mutate_each(queries.REPORT_PROGRESS, _Moved, [part for _, part in some])
            except ConnectorError as error:
                answers = [error] * len(some)
            for (order_id, part), answer in zip(some, answers, strict=True):
                if isinstance(answer, ConnectorError):
                    failed.setdefault(order_id, answer)
                elif not answer.user_errors:
                    reported.setdefault(order_id, []).append(number_of(part))
        outcomes: list[Done | Failed] = []
        for order_id, order in zip(order_ids, data.nodes, strict=True):
            if order is None:
                outcomes.append(Failed(order_id, InvalidData(_GONE, field="order_id")))
            elif order_id in failed:
                outcomes.append(Failed(order_id, failed[order_id]))
            else:
                outcomes.append(Done(order_id, order_id, {"reported": " ".join(reported.get(order_id, ())) or "not offered"}))
        return outcomes

    def _may_report(self, part: ShFulfillmentOrder) -> bool:
        location = part.assigned_location.location
        # Elsewhere is either not ours, or is moved when it ships, which Shopify refuses once progress was reported.
        if self._settings.location and (location is None or number_of(location.id) != self._settings.location):
            return False
        return part.status == "OPEN" and any(action.action == "REPORT_PROGRESS" for action in part.supported_actions)

    async def _standing(self, order_ids: Sequence[str]) -> dict[str, _Standing | InvalidData]:
        """How orders stand at the shop now, by id, or what is wrong with them."""
        ids = [gid("Order", order_id) for order_id in order_ids]
        try:
            data = await self._graphql.query(queries.STANDING, _StandingData, cost=130 * len(ids), sent=ids)
        except InvalidData as error:
            if len(ids) == 1:
                return {order_ids[0]: error}
            half = len(ids) // 2
            return await self._standing(order_ids[:half]) | await self._standing(order_ids[half:])
        found: dict[str, _Standing | InvalidData] = {}
        for order_id, one in zip(order_ids, data.nodes, strict=True):
            try:
                found[order_id] = await self._whole(order_id, one)
            except InvalidData as error:
                found[order_id] = error
        return found

    async def _whole(self, order_id: str, standing: _Standing | None) -> _Standing:
        """An order as it stands, with all that was not read of it beside others. Raises InvalidData for one that is gone."""
        if standing is None:
            raise InvalidData(_GONE, field="order_id")
        if not standing.is_cut:
            return standing
        parts = await self._parts(order_id)
        return _Standing(ShPage(tuple(parts)), tuple(await self.fulfillments(order_id)))

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


def _done(notice: ShipmentNotice, found: Sequence[str], made: Sequence[str]) -> Done:
    """The outcome of a shipment that stands in full, by fulfillments that were there and those just made."""
    ids = [*(number_of(id_) for id_ in found), *made]
    return Done(notice.key, ids[0], {"fulfillments": " ".join(ids), "adopted": "no" if made else "yes"})


def _typed(value: Any, type_: type[T]) -> T:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise InvalidData(f"Shopify's answer cannot be read: {error}.") from error
