"""Returns (RMA), which Adobe Commerce has and Magento Open Source has not."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from msgspec import Struct

from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Position, ReturnPage, Window, read_each
from crossdock.connectors.magento2.api import Api, NoRoute
from crossdock.connectors.magento2.criteria import PAGE, Filter, Group, moment, query
from crossdock.connectors.magento2.payloads import Id, MgItem, MgOrder, Number, fields_read, is_yes, moment_of, text_of, units_of
from crossdock.connectors.magento2.ship import Shipments
from crossdock.domain.fulfillment import Tracking
from crossdock.domain.returns import Return, ReturnLine, ReturnState

LIFE = timedelta(days=60)
"""How long after it was asked for a return is looked at again: Magento cannot be asked for those that changed."""

NOT_OFFERED = (
    "Returns are a part of Adobe Commerce. This shop is Magento Open Source, which has none, so no returns can be imported from it. "
    "Switch returns off here."
)

_STATES = {
    "pending": ReturnState.REQUESTED,
    "authorized": ReturnState.APPROVED,
    "authorized_on_item": ReturnState.APPROVED,
    "received": ReturnState.RECEIVED,
    "received_on_item": ReturnState.RECEIVED,
    "approved": ReturnState.RECEIVED,
    "approved_on_item": ReturnState.RECEIVED,
    "rejected": ReturnState.DECLINED,
    "rejected_on_item": ReturnState.DECLINED,
    "denied": ReturnState.DECLINED,
    "denied_on_item": ReturnState.DECLINED,
    "processed_closed": ReturnState.CLOSED,
    "closed": ReturnState.CLOSED,
}


class _Item(Struct, frozen=True):
    entity_id: Id = None
    order_item_id: Id = None
    qty_requested: Number = None
    qty_authorized: Number = None
    reason: str | int | None = None


class _Comment(Struct, frozen=True):
    comment: str | None = None
    created_at: str | None = None
    visible_on_front: bool | int | str | None = None
    admin: bool | int | str | None = None


class _Track(Struct, frozen=True):
    track_number: str | None = None
    carrier_title: str | None = None


class _Rma(Struct, frozen=True):
    entity_id: Id = None
    increment_id: str | None = None
    order_id: Id = None
    order_increment_id: str | None = None
    date_requested: str | None = None
    status: str | None = None
    items: tuple[_Item, ...] | None = None
    comments: tuple[_Comment, ...] | None = None
    tracks: tuple[_Track, ...] | None = None


_FIELDS = f"items[{fields_read(_Rma)}],total_count"


class Returns:
    """Reads returns of one shop."""

    def __init__(self, api: Api, shipments: Shipments) -> None:
        self._api = api
        self._shipments = shipments

    async def changed(self, window: Window, after: Position | None, page_size: int | None = None) -> AsyncIterator[ReturnPage]:
        """Returns that changed in the window, in the order of their keys. Each step leaves a dated comment, so the last of these is
        when a return changed. Raises InvalidData where the shop has no returns.
        """
        last = int((after.id if after is not None else None) or 0)
        while True:
            groups: list[Group] = [
                (Filter("entity_id", str(last), "gt"),),
                (Filter("date_requested", moment(window.until), "lteq"),),
            ]
            if window.since is not None:
                groups.append((Filter("date_requested", moment(window.since - LIFE), "gteq"),))
            try:
                page = await self._api.search(
                    "returns",
                    query(groups, sort=("entity_id",), size=page_size or PAGE, fields=_FIELDS),
                    operation="Returns",
                    what="Magento's list of returns",
                )
            except NoRoute as error:
                raise InvalidData(NOT_OFFERED, field="returns", evidence=error.evidence) from error
            contents = [bytes(raw) for raw in page.items or ()]
            keys = [_key_of(content) for content in contents]
            fresh = {key for key in keys if key > last}
            items = await self._order_items(contents)
            rows: list[tuple[str | None, bytes, Callable[[], Return]]] = [
                (str(key), content, partial(_understood, content, items)) for key, content in zip(keys, contents, strict=True)
            ]
            found, raws, rejected = read_each(rows)
            within = [
                (one, raw)
                for one, raw in zip(found, raws, strict=True)
                if (window.since is None or one.updated_at >= window.since.replace(microsecond=0))
                and one.updated_at <= window.until
            ]
            last = max(fresh, default=last)
            yield ReturnPage(tuple(one for one, _ in within), tuple(raw for _, raw in within), rejected, Position(id=str(last)))
            if not page.has_more(len(fresh), page_size or PAGE):
                return
            if not fresh:
                raise InvalidData("Magento repeats a page of returns without end.")

    async def _order_items(self, contents: Sequence[bytes]) -> Mapping[str, MgItem]:
        """The orders' rows by key: a return names them and says neither SKU nor name."""
        ids = []
        for content in contents:
            try:
                ids.append(text_of(decode(content, _Rma, what="The return").order_id))
            except InvalidData:
                continue
        orders: Mapping[str, MgOrder] = await self._shipments.orders(list(dict.fromkeys(id_ for id_ in ids if id_)))
        return {text_of(item.item_id): item for order in orders.values() for item in order.items}


def _understood(content: bytes, items: Mapping[str, MgItem]) -> Return:
    return to_return(decode(content, _Rma, what="The return"), items)


def to_return(mg: _Rma, items: Mapping[str, MgItem]) -> Return:
    """Map one return. Reasons are numbers of the shop's own list and are left out where they are. Raises InvalidData."""
    asked = moment_of(mg.date_requested, "date_requested")
    said = [moment_of(one.created_at, "comments.created_at") for one in mg.comments or () if one.created_at]
    state = _STATES.get(mg.status or "")
    if state is None:
        raise InvalidData(f"The status “{mg.status}” of a return is not known.", field="status")
    notes = [one.comment for one in mg.comments or () if one.comment and not is_yes(_flag(one.admin))]
    return Return(
        external_id=text_of(mg.entity_id),
        number=mg.increment_id or text_of(mg.entity_id),
        state=state,
        requested_at=asked,
        updated_at=max([asked, *said]),
        lines=tuple(_line(item, items) for item in mg.items or ()),
        order_id=text_of(mg.order_id) or None,
        order_number=mg.order_increment_id or None,
        tracking=tuple(Tracking(one.track_number) for one in mg.tracks or () if one.track_number),
        carrier=next((one.carrier_title for one in mg.tracks or () if one.carrier_title), None),
        note="\n".join(notes) or None,
    )


def _line(item: _Item, items: Mapping[str, MgItem]) -> ReturnLine:
    sold = items.get(text_of(item.order_item_id), MgItem())
    reason = text_of(item.reason)
    authorized = units_of(item.qty_authorized, "qty_authorized")
    return ReturnLine(
        external_id=text_of(item.entity_id),
        sku=sold.sku or None,
        name=sold.name or sold.sku or "",
        quantity=authorized or units_of(item.qty_requested, "qty_requested"),
        order_line_id=text_of(item.order_item_id) or None,
        reason=reason if reason and not reason.isdecimal() else None,
    )


class _Key(Struct, frozen=True):
    entity_id: Id = None


def _key_of(content: bytes) -> int:
    try:
        text = text_of(decode(content, _Key, what="The return").entity_id)
    except InvalidData:
        return 0
    return int(text) if text.isdecimal() else 0


def _flag(value: bool | int | str | None) -> Id:
    return int(value) if isinstance(value, bool) else value
