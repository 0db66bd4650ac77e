"""Acme's paths and paging."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial

from msgspec import Raw, Struct

from crossdock.connectors.acme.mapping import to_order
from crossdock.connectors.acme.payloads import AcAccount, AcMark, AcOrder
from crossdock.connectors.acme.settings import Settings
from crossdock.connectors.kit.capabilities import Client, Identity, PullsOrders
from crossdock.connectors.kit.decoding import decode, within_bounds
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.http import Answer
from crossdock.connectors.kit.pages import Page, Position, Window, read_each
from crossdock.domain.orders import Order

PAGE = 100


class _Orders(Struct, frozen=True):
    orders: tuple[Raw, ...]
    has_more: bool = False


class AcmeClient(Client[Settings], PullsOrders):
    """Talks to one Acme shop."""

    async def check(self) -> Identity:
        """See `Client`."""
        answer = self._judged(await self.http.read("GET", "account", operation="Account"))
        account = decode(answer.body, AcAccount, what="Acme's account")
        return Identity(account.id, account.name)

    async def orders_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[Page]:
        """See `PullsOrders`. Read in (changed, id) order from the last one seen: an order that changes while we read moves to the end
        of the list, so no page shifts.
        """
        position = after or Position()
        while True:
            params = {"until": window.until.isoformat(), "limit": str(page_size or PAGE)}
            params |= {"since": window.since.isoformat()} if window.since else {}
            params |= {"after_at": position.at.isoformat(), "after_id": position.id or ""} if position.at else {}
            answer = self._judged(await self.http.read("GET", "orders", operation="Orders", params=params))
            found = decode(answer.body, _Orders, what="Acme's list of orders")
            rows = [(_mark(raw), bytes(raw)) for raw in found.orders]
            seen = [(mark.updated_at, mark.id) for mark, _ in rows if mark.updated_at is not None]
            reached = _furthest(position, seen)
            yield await self._page(rows, reached)
            if not found.has_more:
                return
            if reached == position:
                raise InvalidData("Acme repeats a page of orders without end.")
            position = reached

    async def orders_by_id(self, external_ids: Sequence[str]) -> Page:
        """See `PullsOrders`."""
        answer = self._judged(
            await self.http.read("GET", "orders", operation="OrdersById", params={"ids": ",".join(external_ids)})
        )
        found = decode(answer.body, _Orders, what="Acme's list of orders")
        return await self._page([(_mark(raw), bytes(raw)) for raw in found.orders], Position())

    async def _page(self, rows: Sequence[tuple[AcMark, bytes]], position: Position) -> Page:
        stored = await self.known([(mark.id, raw) for mark, raw in rows]) if self.known is not None and rows else ()
        fresh: list[tuple[str | None, bytes, Callable[[], Order]]] = [
            (mark.id or None, raw, partial(self._understood, raw)) for at, (mark, raw) in enumerate(rows) if at not in stored
        ]
        orders, raws, rejected = read_each(fresh)
        return Page(orders, raws, rejected, position, len(stored))

    def _understood(self, raw: bytes) -> Order:
        return within_bounds(to_order(decode(raw, AcOrder, what="The order"), self.settings), raw)

    def _judged(self, answer: Answer) -> Answer:
        """Only a 200 is read on. What is 401, 429 or 5xx never comes here."""
        if answer.status == 403:
            raise AuthenticationFailed(
                "Acme's app lacks the right to read orders. Give it that right in Acme.", field="client_id"
            )
        if answer.status != 200:
            raise InvalidData(f"Acme answered {answer.status} where orders were expected.")
        return answer


def _mark(raw: Raw) -> AcMark:
    try:
        return decode(raw, AcMark, what="The order")
    except InvalidData:
        return AcMark()


def _furthest(position: Position, seen: Sequence[tuple[datetime, str]]) -> Position:
    """Rows may come in another order than asked, or twice: the position never goes back."""
    best = (position.at, position.id or "") if position.at else None
    for one in seen:
        best = one if best is None or one > best else best
    return Position(*best) if best else position
