"""NuORDER's calls, one function each: what they are asked with, and what their refusals mean."""

import asyncio
from typing import Any, TypeVar
from urllib.parse import quote

from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, Unavailable
from crossdock.connectors.kit.http import Answer, Http, said
from crossdock.connectors.nuorder.payloads import NuCompany, NuProduct, NuReplenishment

T = TypeVar("T")
V = TypeVar("V")

AT_ONCE = 3
"""Calls under way at the same time. NuORDER publishes no limit; people report trouble beyond about five, and two are kept for what is
told while orders are read.
"""

REPLENISHMENTS = 500
"""Replenishments asked for at once; the most NuORDER gives."""

NOT_ALLOWED = (
    "NuORDER does not let this application do that. Ask NuORDER's support to enable two-way integration for your account, then "
    "Reprocess."
)


class Api:
    """The calls of one portal."""

    def __init__(self, http: Http, *, field: str) -> None:
        self.http = http
        self._field = field
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def order_ids(self, status: str, *, style: str | None = None) -> tuple[str, ...]:
        """Ids of the orders in a status, each once. `style` signs this call in the other form."""
        headers = {"authorization": style} if style else None
        answer = await self._read(f"api/orders/{status}/list", "list orders", headers=headers)
        if answer.status == 404:
            raise Unknown(f"NuORDER has no list of orders in status {status}{said(answer)}.", field="application_type")
        self.must(answer)
        return tuple(dict.fromkeys(decode(answer.body, tuple[str, ...], what="NuORDER's list of orders")))

    async def order(self, external_id: str) -> bytes | None:
        """One order as received; None when there is none of this id."""
        answer = await self._read(f"api/order/{part(external_id)}", "read order")
        if answer.status == 404:
            return None
        self.must(answer)
        return answer.body

    async def company(self, external_id: str) -> NuCompany | None:
        """A retailer; None for one we may not see: an order ships without it, too."""
        answer = await self._read(f"api/company/{part(external_id)}", "read retailer")
        if answer.status >= 400:
            return None
        try:
            return decode(answer.body, NuCompany, what="The retailer")
        except InvalidData:
            return None

    async def product(self, external_id: str) -> bytes | None:
        """One product as received; None when there is none of this id."""
        answer = await self._read(f"api/product/{part(external_id)}", "read product")
        if answer.status == 404:
            return None
        self.must(answer)
        return answer.body

    async def product_ids(self, season: str) -> tuple[str, ...]:
        """Ids of the products of a season; nothing for a season that does not exist."""
        answer = await self._read(f"api/products/season/{part(season)}/list", "list products")
        if answer.status == 404:
            return ()
        self.must(answer)
        return tuple(dict.fromkeys(decode(answer.body, tuple[str, ...], what="NuORDER's list of products")))

    async def replenishments(self, warehouse: str) -> list[NuReplenishment]:
        """All replenishments of a warehouse, page by page."""
        found: list[NuReplenishment] = []
        last = ""
        for _ in range(1_000):
            params = {"__limit": str(REPLENISHMENTS), **({"__last_id": last} if last else {})}
            answer = await self._read(
                f"api/v3.0/warehouse/{part(warehouse)}/replenishments", "list replenishments", params=params
            )
            if answer.status == 404:
                raise InvalidData(
                    f"NuORDER knows no warehouse {warehouse}. Choose another in the settings.", field="stock_warehouse"
                )
            self.must(answer)
            page = decode(answer.body, list[NuReplenishment], what="NuORDER's list of replenishments")
            found += page
            if len(page) < REPLENISHMENTS or not page[-1].id or str(page[-1].id) == last:
                break
            last = str(page[-1].id)
        return found

    async def change(self, method: str, path: str, operation: str, json: Any = None) -> Answer:
        """Send a change; any answer but refusals of the credentials and failures, which raise."""
        async with self._slots:
            try:
                return await self.http.write(method, path, operation=operation, json=json)
            except AuthenticationFailed as error:
                raise self._refused(error) from error

    async def changed(self, method: str, path: str, operation: str, json: Any = None) -> Answer:
        """As `change`, and raises InvalidData when it was refused."""
        answer = await self.change(method, path, operation, json)
        self.must(answer)
        return answer

    async def _read(self, path: str, operation: str, **more: Any) -> Answer:
        async with self._slots:
            try:
                return await self.http.read("GET", path, operation=operation, **more)
            except AuthenticationFailed as error:
                raise self._refused(error) from error

    def _refused(self, error: AuthenticationFailed) -> AuthenticationFailed:
        field = error.field or ("consumer_key" if "consumer" in error.evidence.get("answer", "").lower() else self._field)
        return AuthenticationFailed(
            "NuORDER refuses the keys. Check consumer key, consumer secret, token and token secret, and that they belong to this "
            "environment; or approve Crossdock in the portal again.",
            field=field,
            evidence=error.evidence,
        )

    def must(self, answer: Answer) -> None:
        """Raise InvalidData for an answer that refuses."""
        if answer.status < 400:
            return
        words = self.http.masked(said(answer))
        evidence = {"status": str(answer.status), "answer": self.http.masked(answer.body[:500].decode("utf-8", "replace"))}
        if answer.status == 403:
            raise InvalidData(NOT_ALLOWED, evidence=evidence)
        if answer.status == 408:
            raise Unavailable("NuORDER took too long to answer. It is tried again later.", evidence=evidence)
        raise InvalidData(f"NuORDER refuses it ({answer.status}){words}.", evidence=evidence)


class Unknown(InvalidData):
    """NuORDER has no such call, or no such status."""


def part(value: str) -> str:
    """A value as one segment of a path. Raises InvalidData for one that would lead elsewhere."""
    if not value or value in (".", "..") or len(value) > 128:
        raise InvalidData("It is no id of NuORDER.", field="external_id")
    return quote(value, safe="")


def read_product(raw: bytes) -> NuProduct:
    """Decode one product. Raises InvalidData."""
    return decode(raw, NuProduct, what="The product")
