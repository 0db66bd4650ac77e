"""Telling the shop what left, once, and that an order is being worked on."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import (
    AuthenticationFailed,
    ConnectorError,
    InvalidData,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from crossdock.connectors.kit.in_turn import each_in_turn
from crossdock.connectors.magento2 import posting
from crossdock.connectors.magento2.api import Api, Gone, NoRoute
from crossdock.connectors.magento2.criteria import PAGE, Filter, one_of, query
from crossdock.connectors.magento2.payloads import MgAttribute, MgOrder, MgShipment, fields_read, is_yes, text_of
from crossdock.connectors.magento2.pull import FIELDS as ORDER_FIELDS
from crossdock.connectors.magento2.rows import arranged
from crossdock.connectors.magento2.settings import Settings
from crossdock.domain.fulfillment import ShipmentNotice

AT_ONCE = 2
"""Orders worked on at the same time in one shop: it serves its shoppers from the same machine."""

READ_AHEAD = 20
"""Orders that are read together before their shipments are posted: few enough that they are still as they were read."""

_MOST_PAGES = 100
_SHIPMENT_FIELDS = f"items[{fields_read(MgShipment)}],total_count"
_SEPARATELY = "1"

_Seen = tuple[MgOrder, list[MgShipment]]


class _Kind(msgspec.Struct, frozen=True):
    id: int | str
    custom_attributes: tuple[MgAttribute, ...] = ()


class Shipments:
    """Posts shipments to one shop."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        self._separate: dict[str, bool | None] = {}

    async def post(self, notices: Sequence[ShipmentNotice], note: Note) -> list[Done | Failed]:
        """Each notice by itself. Notices of one order go one after the other: they take from the same remaining units."""
        by_order: dict[str, list[ShipmentNotice]] = {}
        for notice in notices:
            by_order.setdefault(notice.order_id, []).append(notice)
        outcomes: dict[str, Done | Failed] = {}
        seen: dict[str, _Seen] = {}

        async def act(notice: ShipmentNotice) -> Done:
            # What was read beforehand is good for the first notice of an order; that one changes it.
            return await self._post(notice, note, seen.pop(notice.order_id, None))

        ids = list(by_order)
        stopped: ConnectorError | None = None
        for start in range(0, len(ids), READ_AHEAD):
            some = ids[start : start + READ_AHEAD]
            batch = [notice for order_id in some for notice in by_order[order_id]]
            if stopped is not None:
                outcomes |= {notice.key: Failed(notice.key, stopped) for notice in batch}
                continue
            seen |= await self._read_ahead(some)
            ended = await each_in_turn(
                batch, act, key=lambda notice: notice.key, of=lambda notice: notice.order_id, at_once=AT_ONCE
            )
            outcomes |= {outcome.key: outcome for outcome in ended}
            errors = [outcome.error for outcome in ended if isinstance(outcome, Failed)]
            stopped = next((error for error in errors if isinstance(error, AuthenticationFailed | RateLimited)), None)
        return [outcomes[notice.key] for notice in notices]

    async def _read_ahead(self, order_ids: Sequence[str]) -> dict[str, _Seen]:
        """Orders with their shipments, in two calls for all instead of two for each. Nothing where that fails: then each is read by
        itself, and has its own error. Nor with the older call, which checks no quantities: what it is told must be read just before.
        """
        if len(order_ids) < 2 or not self._settings.compact_ship:
            return {}
        try:
            orders, shipments = await self._orders(order_ids), await self._shipments(order_ids)
        except ConnectorError:
            return {}
        return {id_: (order, shipments.get(id_, [])) for id_, order in orders.items()}

    async def find(self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]) -> list[Found]:
        """Which notices the shop already counts in full, with all their tracking numbers. One of which only a part stands is not
        found: posting it again adds the rest alone.
        """
        ids = list(dict.fromkeys(notice.order_id for notice in notices))
        orders = await self._orders(ids)
        shipments = await self._shipments(ids)
        found = []
        for notice in notices:
            order = orders.get(notice.order_id)
            if order is None:
                continue
            before = evidence.get(notice.key, {}).get("before")
            made = await self._standing(notice, order, shipments.get(notice.order_id, []), before)
            if made:
                found.append(Found(notice.key, text_of(made[0].entity_id), {"shipments": _ids(made)}))
        return found

    async def _standing(
        self, notice: ShipmentNotice, order: MgOrder, shipments: Sequence[MgShipment], before: str | None
    ) -> Sequence[MgShipment]:
        """The shipments that are all of this notice; none where something of it is missing, or where it could never be posted."""
        ways = await self._ways(order)
        if any(tracking.number.strip() for tracking in notice.tracking):
            plans, _ = _plans(notice, order, shipments, ways, adopts_bare=False)
            return next((made.found for made in plans if made.is_done and made.found), ())
        known = frozenset(before.split()) if before is not None else None
        for way in ways:
            try:
                needed = posting.needed_units(notice, arranged(order.items), way)
            except InvalidData:
                continue
            if found := posting.standing(notice, needed, shipments, before=known):
                return found
        return ()

    async def _post(self, notice: ShipmentNotice, note: Note, seen: _Seen | None) -> Done:
        order, shipments = seen or await self._seen(notice)
        ways = await self._ways(order)
        plans, refused = _plans(notice, order, shipments, ways, adopts_bare=not self._settings.compact_ship)
        stands = next((made for made in plans if made.is_done and made.found), None)
        if stands is not None:
            return Done(notice.key, text_of(stands.found[0].entity_id), {"shipments": _ids(stands.found), "adopted": "yes"})
        if refused is not None and not plans:
            raise refused
        # What a look-up needs after a crash: anything that is there now is not ours.
        await note({notice.key: {"before": " ".join(text_of(one.entity_id) for one in shipments)}})
        if not plans[0].items:
            return await self._complete(notice, plans[0])
        if len(ways) > 1 and not self._settings.compact_ship:
            raise InvalidData(
                f"{notice.order_number} has a bundle, and nobody says whether it ships together. Give the integration access to "
                "Catalog › Inventory › Products, or switch Use Compact Shipment Ship Notification on, then Reprocess.",
                field="compact_ship",
            )
        return await self._first_taken(notice, order, plans)

    async def _seen(self, notice: ShipmentNotice) -> _Seen:
        """The order and its shipments as they are now. Raises InvalidData for an order that is gone."""
        order = (await self._orders([notice.order_id])).get(notice.order_id)
        if order is None:
            raise InvalidData(
                f"{notice.order_number} is no longer in the shop, or this integration may not see it.", field="order_id"
            )
        return order, (await self._shipments([notice.order_id])).get(notice.order_id, [])

    async def _first_taken(self, notice: ShipmentNotice, order: MgOrder, plans: Sequence[posting.Plan]) -> Done:
        """Send the first plan, and the next where Magento found no products in it: then nothing was done."""
        for made in plans:
            try:
                shipment, more = await self._create(notice, made)
            except InvalidData as error:
                if made is plans[-1] or "without products" not in error.message:
                    raise posting.refusal(notice, order, error) from error
                continue
            others = [text_of(one.entity_id) for one in made.found]
            return Done(notice.key, shipment, {"shipments": " ".join([*others, shipment]), "adopted": "no"} | more)
        raise AssertionError("there is at least one plan, and the last one returns or raises")

    async def _create(self, notice: ShipmentNotice, made: posting.Plan) -> tuple[str, dict[str, str]]:
        """The key of what was made, and what else is worth knowing."""
        notify = self._settings.notify_customer and notice.mail_customer
        what = f"The shipment of {notice.order_number}"
        if self._settings.compact_ship:
            body = posting.ship_body(notice, made, notify=notify, source=self._settings.source_code)
            answer = await self._change("POST", f"order/{notice.order_id}/ship", body, operation="Ship", what=what)
            return _key_in(answer, notice), {}
        entity = {"order_id": int(notice.order_id), "items": posting.item_rows(made.items), "tracks": [], "comments": []}
        if self._settings.source_code:
            entity["extension_attributes"] = {"source_code": self._settings.source_code}
        answer = await self._change("POST", "shipment/", {"entity": entity}, operation="CreateShipment", what=what)
        try:
            shipment = text_of(decode(answer, MgShipment, what=what).entity_id)
        except InvalidData as error:
            raise OutcomeUnknown(f"Magento did not say what became of the shipment of {notice.order_number}.") from error
        await self._add_tracks(notice, shipment, made)
        return shipment, {"mail": await self._mail(shipment)} if notify else {}

    async def _complete(self, notice: ShipmentNotice, made: posting.Plan) -> Done:
        """Add the numbers that a shipment of ours lacks, and mail the shopper where that was not done."""
        first = made.found[0]
        shipment = text_of(first.entity_id)
        await self._add_tracks(notice, shipment, made)
        evidence = {"shipments": _ids(made.found), "adopted": "yes"}
        is_mailed = self._settings.compact_ship or is_yes(first.email_sent)
        if self._settings.notify_customer and notice.mail_customer and not is_mailed:
            evidence["mail"] = await self._mail(shipment)
        return Done(notice.key, shipment, evidence)

    async def _add_tracks(self, notice: ShipmentNotice, shipment: str, made: posting.Plan) -> None:
        for tracking in made.tracks:
            await self.add_track(notice, shipment, posting.track_row(notice, tracking))

    async def add_track(self, notice: ShipmentNotice, shipment: str, row: Mapping[str, str]) -> None:
        """One more tracking number of a shipment. The call wants all of these, also where there is nothing to say."""
        entity = {
            "order_id": int(notice.order_id),
            "parent_id": int(shipment),
            "weight": 0,
            "qty": 1,
            "description": "",
            **row,
        }
        what = f"The tracking number of {notice.order_number}"
        await self._change("POST", "shipment/track", {"entity": entity}, operation="AddTrack", what=what)

    async def _mail(self, shipment: str) -> str:
        """What became of the shopper's e-mail. The shipment stands by now, so a mail that cannot be sent does not make it fail."""
        try:
            await self._api.change("POST", f"shipment/{shipment}/emails", operation="MailShipment", what="The shopper's e-mail")
        except (InvalidData, OutcomeUnknown, Unavailable) as error:
            return f"not sent: {error.message}"
        return "sent"

    async def _change(self, method: str, path: str, body: object, *, operation: str, what: str) -> bytes:
        try:
            return await self._api.change(method, path, body, operation=operation, what=what)
        except InvalidData as error:
            if "could not save" in error.message.casefold():
                raise OutcomeUnknown(error.message, evidence=error.evidence) from error
            raise

    async def orders(self, ids: Sequence[str]) -> dict[str, MgOrder]:
        """Orders by key, as they are now."""
        return await self._orders(ids)

    async def _orders(self, ids: Sequence[str]) -> dict[str, MgOrder]:
        wanted = [one for one in ids if one.isdecimal()]
        found: dict[str, MgOrder] = {}
        for start in range(0, len(wanted), 50):
            asked = query([one_of("entity_id", wanted[start : start + 50])], sort=("entity_id",), size=50, fields=ORDER_FIELDS)
            page = await self._api.search("orders", asked, operation="OrdersById", what="Magento's list of orders")
            for raw in page.items or ():
                order = decode(raw, MgOrder, what="The order")
                found[text_of(order.entity_id)] = order
        return found

    async def _shipments(self, order_ids: Sequence[str]) -> dict[str, list[MgShipment]]:
        """All shipments of the orders, oldest first, by order."""
        wanted = [one for one in order_ids if one.isdecimal()]
        found: dict[str, list[MgShipment]] = {}
        for start in range(0, len(wanted), 50):
            last = "0"
            for _ in range(_MOST_PAGES):
                groups = [one_of("order_id", wanted[start : start + 50]), (Filter("entity_id", last, "gt"),)]
                asked = query(groups, sort=("entity_id",), fields=_SHIPMENT_FIELDS)
                page = await self._api.search("shipments", asked, operation="Shipments", what="Magento's list of shipments")
                rows: Sequence[Raw] = page.items or ()
                for raw in rows:
                    one = decode(raw, MgShipment, what="The shipment")
                    if all(one.entity_id != other.entity_id for other in found.setdefault(text_of(one.order_id), [])):
                        found[text_of(one.order_id)].append(one)
                    last = str(max(int(last), int(text_of(one.entity_id) or 0)))
                if not page.has_more(len(rows), PAGE):
                    break
        return found

    async def _ways(self, order: MgOrder) -> list[frozenset[str]]:
        """Rows of bundles whose items ship one by one. The order does not say it, its product does; where the product is gone or may
        not be seen there are two ways, and Magento refuses the wrong one.
        """
        bundles = [row for row in arranged(order.items) if row.is_bundle]
        unknown = {text_of(row.item.product_id) for row in bundles} - set(self._separate) - {""}
        if unknown:
            asked = query([one_of("entity_id", sorted(unknown))], fields="items[id,custom_attributes],total_count")
            try:
                page = await self._api.search("products", asked, operation="Products", what="Magento's list of products")
                kinds = [decode(raw, _Kind, what="The product") for raw in page.items or ()]
            except (AuthenticationFailed, NoRoute, Gone):
                kinds = []
            self._separate |= dict.fromkeys(unknown)
            for kind in kinds:
                said = {one.attribute_code: str(one.value) for one in kind.custom_attributes}
                self._separate[text_of(kind.id)] = said.get("shipment_type") == _SEPARATELY
        known = frozenset(row.id for row in bundles if self._separate.get(text_of(row.item.product_id)))
        unsure = frozenset(row.id for row in bundles if self._separate.get(text_of(row.item.product_id)) is None)
        return [known, known | unsure] if unsure else [known]


def _plans(
    notice: ShipmentNotice,
    order: MgOrder,
    shipments: Sequence[MgShipment],
    ways: Sequence[frozenset[str]],
    *,
    adopts_bare: bool,
) -> tuple[list[posting.Plan], InvalidData | None]:
    """A plan for each way that leads to one, and why the first of the others does not."""
    plans: list[posting.Plan] = []
    refused: InvalidData | None = None
    for way in ways:
        try:
            plans.append(posting.plan(notice, order, shipments, separately=way, adopts_bare=adopts_bare))
        except InvalidData as error:
            refused = refused or error
    return plans, refused


def _key_in(answer: bytes, notice: ShipmentNotice) -> str:
    """The key of what was made: a bare number, in some releases quoted."""
    text = answer.decode("utf-8", "replace").strip().strip('"')
    if not text.isdecimal():
        raise OutcomeUnknown(
            f"Magento did not say what became of the shipment of {notice.order_number}.", evidence={"answer": text[:200]}
        )
    return text


def _ids(shipments: Sequence[MgShipment]) -> str:
    return " ".join(text_of(one.entity_id) for one in shipments)
