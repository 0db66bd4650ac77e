"""What shoppers send back: the shop's own returns, and refunds of units that came back without one."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
from msgspec import Raw, Struct

from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Position, ReturnPage, Window, read_each
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.graphql import GraphQL, TooExpensive
from crossdock.connectors.shopify.paging import Moments, extend, halved
from crossdock.connectors.shopify.payloads import ShPage, ShRef, number_of
from crossdock.connectors.shopify.payloads_goods import ShRefund, ShReturn
from crossdock.connectors.shopify.settings import Settings
from crossdock.domain.fulfillment import Tracking
from crossdock.domain.returns import Return, ReturnLine, ReturnState

PAGE = 100
"""Orders looked through at once: about 50 points."""

FEW = 5
"""Orders whose returns are read at once."""

REFUNDS = 10
"""Refunds of one order that are read with those of others."""

_STATES = {
    "REQUESTED": ReturnState.REQUESTED,
    "OPEN": ReturnState.APPROVED,
    "CLOSED": ReturnState.CLOSED,
    "DECLINED": ReturnState.DECLINED,
    "CANCELED": ReturnState.CANCELED,
}
_CAME_BACK = "RETURN"


class _Marked(Struct, frozen=True, rename="camel"):
    id: str
    updated_at: datetime
    returns: ShPage[ShRef] = ShPage()
    refunds: tuple[ShRef, ...] = ()


class _MarkedData(Struct, frozen=True):
    orders: ShPage[_Marked]


class _NodesData(Struct, frozen=True):
    nodes: tuple[Raw, ...]


class Of(Struct, frozen=True, rename="camel"):
    """The order that something comes back from."""

    id: str
    name: str
    updated_at: datetime


async def returns_changed(
    graphql: GraphQL, settings: Settings, window: Window, after: Position | None, page_size: int | None
) -> AsyncIterator[ReturnPage]:
    """Returns of the orders that changed in the window, oldest change first.

    Shopify lists no returns and gives them no moment of change: a return's change is its order's.
    """
    pages = Moments("updated_at", window, after)
    while pages.goes_on:
        data = await graphql.query(
            queries.ORDERS_WITH_RETURNS, _MarkedData, cost=50, first=page_size or PAGE, after=pages.cursor, query=pages.search
        )
        marks = data.orders.nodes
        last = number_of(marks[-1].id) if marks else None
        position = pages.turn(data.orders.page_info, len(marks), [mark.updated_at for mark in marks], last)
        wanted = [mark.id for mark in marks if mark.returns.nodes or mark.refunds]
        yield await _read(graphql, settings, wanted, position)


async def _read(graphql: GraphQL, settings: Settings, ids: Sequence[str], position: Position) -> ReturnPage:
    rows: list[tuple[str | None, bytes, Callable[[], Return]]] = []
    left, size = list(dict.fromkeys(ids)), FEW
    while left:
        try:
            data = await graphql.query(queries.RETURNS_OF, _NodesData, cost=130 * size, few=left[:size])
        except TooExpensive as error:
            size = halved(size, error)
            continue
        left = left[size:]
        for raw in data.nodes:
            if (content := bytes(raw)) not in (b"null", b"{}"):
                rows += await _rows(graphql, settings, json.loads(content))
    found, kept, rejected = read_each(rows)
    return ReturnPage(found, kept, rejected, position)


async def _rows(
    graphql: GraphQL, settings: Settings, order: dict[str, Any]
) -> list[tuple[str | None, bytes, Callable[[], Return]]]:
    """What came back of one order, each with what it is understood from."""
    await extend(graphql, order["returns"], queries.MORE_RETURNS, order["id"], ("order", "returns"))
    head = {name: order[name] for name in ("id", "name", "updatedAt")}
    rows: list[tuple[str | None, bytes, Callable[[], Return]]] = []
    for one in order["returns"]["nodes"]:
        lines = one.get("returnLineItems") or {}
        await extend(graphql, lines, queries.MORE_RETURN_LINES, one["id"], ("return", "returnLineItems"), what="return")
        content = msgspec.json.encode({"order": head, **one})
        rows.append((number_of(one["id"]), content, partial(_understood, content, settings)))
    refunds = order["refunds"]
    if len(refunds) >= REFUNDS:
        whole = await graphql.query(queries.ALL_REFUNDS, dict[str, Any], cost=160, id=order["id"])
        refunds = (whole.get("order") or order)["refunds"]
    for number, one in enumerate(refunds, start=1):
        lines = one["refundLineItems"]
        await extend(graphql, lines, queries.MORE_REFUND_LINES, one["id"], ("refund", "refundLineItems"), what="refund")
        came_back = [row for row in one["refundLineItems"]["nodes"] if row.get("restockType") == _CAME_BACK]
        # Money for a return is the return's; a refund that restocks without one is all there is of what came back.
        if one.get("return") is None and came_back:
            content = msgspec.json.encode({"order": head, **one})
            rows.append((f"Refund/{number_of(one['id'])}", content, partial(_refund, content, number, settings)))
    return rows


class _WithOrder(Struct, frozen=True):
    order: Of


def _understood(content: bytes, settings: Settings) -> Return:
    _check_text(content)
    order = decode(content, _WithOrder, what="The return").order
    return to_return(decode(content, ShReturn, what="The return"), order, settings)


def _refund(content: bytes, number: int, settings: Settings) -> Return:
    _check_text(content)
    order = decode(content, _WithOrder, what="The refund").order
    return refund_as_return(decode(content, ShRefund, what="The refund"), order, number, settings)


def to_return(sh: ShReturn, order: Of, settings: Settings) -> Return:
    """Map one return. Its `updated_at` is its order's. Raises InvalidData for a state that is not known."""
    state = _STATES.get(sh.status)
    if state is None:
        raise InvalidData(f"The state “{sh.status}” of a return is not known.", field="status")
    parcels = [
        delivery.deliverable.tracking
        for back in sh.reverse_fulfillment_orders.nodes
        for delivery in back.reverse_deliveries.nodes
        if delivery.deliverable is not None and delivery.deliverable.tracking is not None
    ]
    lines = []
    for line in sh.return_line_items.nodes:
        sold = line.fulfillment_line_item.line_item if line.fulfillment_line_item is not None else None
        lines.append(
            ReturnLine(
                external_id=number_of(line.id),
                sku=(sold.sku or None) if sold is not None else None,
                name=sold.name if sold is not None else "",
                quantity=Decimal(line.quantity),
                order_line_id=number_of(sold.id) if sold is not None else None,
                reason=line.return_reason_definition.name if line.return_reason_definition is not None else None,
                note=" ".join(part for part in (line.return_reason_note, line.customer_note) if part) or None,
            )
        )
    return Return(
        external_id=number_of(sh.id),
        number=sh.name,
        state=state,
        requested_at=sh.created_at,
        updated_at=max(order.updated_at, sh.created_at),
        lines=tuple(lines),
        order_id=number_of(order.id),
        order_number=order.name,
        tracking=tuple(Tracking(parcel.number, parcel.url) for parcel in parcels if parcel.number),
        carrier=next((parcel.carrier_name for parcel in parcels if parcel.carrier_name), None),
        note=(sh.decline.note or None) if sh.decline is not None else None,
        url=_url(order, settings),
    )


def refund_as_return(sh: ShRefund, order: Of, number: int, settings: Settings) -> Return:
    """A refund that took units back into stock, as the closed return that it stands for. Units that never left are not in it."""
    return Return(
        external_id=f"Refund/{number_of(sh.id)}",
        number=f"{order.name} refund {number}",
        state=ReturnState.CLOSED,
        requested_at=sh.created_at,
        updated_at=max(order.updated_at, sh.created_at),
        lines=tuple(
            ReturnLine(
                external_id=number_of(line.id or line.line_item.id),
                sku=line.line_item.sku or None,
                name=line.line_item.name,
                quantity=Decimal(line.quantity),
                order_line_id=number_of(line.line_item.id),
            )
            for line in sh.refund_line_items.nodes
            if line.restock_type == _CAME_BACK
        ),
        order_id=number_of(order.id),
        order_number=order.name,
        note=sh.note or None,
        url=_url(order, settings),
    )


def _url(order: Of, settings: Settings) -> str:
    return f"https://admin.shopify.com/store/{settings.shop}/orders/{number_of(order.id)}"


def _check_text(content: bytes) -> None:
    if b"\\u0000" in content:
        raise InvalidData("The return contains a NUL character.", field="note")
