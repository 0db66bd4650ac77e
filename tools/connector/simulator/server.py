"""Acme's API with state in memory: sign-in, orders by change with paging, orders by id."""

import itertools
import json
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from aiohttp import web

from crossdock.connectors.kit.simulator import Described, Simulator

SHOP, CLIENT_ID = "northwind", "sandbox-app"
CLIENT_SECRET = "sandbox secret of a made-up shop"  # noqa: S105  (opens the simulator, nothing else)
BASE = "/acme/{shop}"


class AcmeSimulator(Simulator):
    """One shop. Orders are told by their number or id in levers, by their id in the API."""

    key = "acme"
    name = "Acme"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.orders: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1001)
        self._ids = itertools.count(5001)
        self._token = ""

    # --- The API ---------------------------------------------------------------------------------------------------------------

    def routes(self) -> Iterable[web.RouteDef]:
        """Acme's paths."""
        return (
            web.post(f"{BASE}/token", self._sign_in),
            web.get(f"{BASE}/account", self._account),
            web.get(f"{BASE}/orders", self._list),
        )

    async def describe(self, request: web.Request) -> Described:
        """The last part of the path is the operation; a token changes nothing there."""
        operation = request.path.rsplit("/", 1)[-1]
        return Described(operation, operation != "token" and request.method not in ("GET", "HEAD"))

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        given = await request.json()
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return web.json_response({"error": "invalid_client"}, status=400)
        self._token = self._token or secrets.token_urlsafe(24)
        return web.json_response({"access_token": self._token, "expires_in": 3600})

    async def _account(self, request: web.Request) -> web.StreamResponse:
        return self._unauthorized(request) or web.json_response({"id": f"shop-{request.match_info['shop']}", "name": "Northwind"})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if unauthorized := self._unauthorized(request):
            return unauthorized
        asked = request.query
        if "ids" in asked:
            found = [self.orders[id_] for id_ in asked["ids"].split(",") if id_ in self.orders]
            return web.json_response({"orders": found, "has_more": False})
        rows = sorted(self.orders.values(), key=_place)
        since, until = (datetime.fromisoformat(asked[name]) if name in asked else None for name in ("since", "until"))
        rows = [row for row in rows if (since is None or _at(row) >= since) and (until is None or _at(row) <= until)]
        rest = rows
        if "after_at" in asked:
            rest = [row for row in rows if _place(row) > (datetime.fromisoformat(asked["after_at"]), asked["after_id"])]
        limit = int(asked.get("limit", "100"))
        page = rest[:limit]
        has_more = len(rest) > limit
        if self.troubles.has_duplicate_pages and len(rows) > len(rest):
            page = [rows[len(rows) - len(rest) - 1], *page]
        if self.troubles.has_reordered_pages:
            page = page[::-1]
        return web.json_response({"orders": page, "has_more": has_more})

    def _unauthorized(self, request: web.Request) -> web.Response | None:
        if self._token and request.headers.get("Authorization") == f"Bearer {self._token}":
            return None
        return web.json_response({"error": "unauthorized"}, status=401)

    # --- Levers ----------------------------------------------------------------------------------------------------------------

    def levers(self) -> dict[str, Callable[..., Any]]:
        """Those of every platform, and ours."""
        ours = (
            self.add_order,
            self.touch_order,
            self.edit_order,
            self.cancel_order,
            self.refund_order,
            self.fulfill_order,
            self.delete_order,
        )
        return {**super().levers(), **{lever.__name__: lever for lever in ours}}

    def add_order(self, number: int | None = None, lines: list[dict[str, Any]] | None = None) -> str:
        """Let a shopper place an order; its id."""
        id_, at = str(next(self._ids)), self.clock().isoformat()
        sold = lines or [{"sku": "BLUE-M", "quantity": 2}]
        self.orders[id_] = {
            "id": id_,
            "number": f"#{number or next(self._numbers)}",
            "created_at": at,
            "updated_at": at,
            "currency": "USD",
            "total": "99.00",
            "email": "jane@example.com",
            "ship_to": {
                "name": "Jane Doe",
                "street": "12 Mill Road",
                "city": "Louisville",
                "state": "KY",
                "zip": "40202",
                "country": "US",
            },
            "shipping": "Standard",
            "lines": [
                {
                    "id": f"{id_}-{at_line}",
                    "title": line.get("title", line["sku"]),
                    "sku": line["sku"],
                    "quantity": line["quantity"],
                    "open": line["quantity"],
                    "price": line.get("price", "10.00"),
                }
                for at_line, line in enumerate(sold, start=1)
            ],
        }
        return id_

    def touch_order(self, order: str | int) -> None:
        """Change nothing but the moment of change."""
        self.order(order)["updated_at"] = self.clock().isoformat()

    def edit_order(
        self, order: str | int, note: str | None = None, quantities: dict[str, int] | None = None, street: str | None = None
    ) -> None:
        """Change the order's note, the street it goes to, or lines by SKU to smaller quantities."""
        found = self.order(order)
        if note is not None:
            found["note"] = note
        if street is not None:
            found["ship_to"]["street"] = street
        for line in found["lines"]:
            # What is given for each line is what is wanted in all; what left is not open any more.
            wanted = (quantities or {}).get(line["sku"], line["quantity"])
            line["open"] = max(0, line["open"] - (line["quantity"] - wanted))
            line["quantity"] = wanted
        self.touch_order(order)

    def cancel_order(self, order: str | int) -> None:
        """Cancel it: nothing is open any more."""
        found = self.order(order)
        found["canceled_at"] = self.clock().isoformat()
        for line in found["lines"]:
            line["open"] = 0
        self.touch_order(order)

    def refund_order(self, order: str | int, quantities: dict[str, int]) -> None:
        """Give money back for units by SKU, which then need not ship."""
        self.fulfill_order(order, quantities)

    def fulfill_order(self, order: str | int, quantities: dict[str, int] | None = None) -> None:
        """Let somebody else ship units by SKU, all that is open for none."""
        for line in self.order(order)["lines"]:
            line["open"] -= min(line["open"], line["open"] if quantities is None else quantities.get(line["sku"], 0))
        self.touch_order(order)

    def delete_order(self, order: str | int) -> None:
        """Take it away, as if it had never been."""
        del self.orders[self.order(order)["id"]]

    def revoke_key(self) -> None:
        """Refuse the token in use; the next sign-in gets another."""
        self._token = ""

    def order(self, order: str | int) -> dict[str, Any]:
        """An order by its number or id. Raises StopIteration for an unknown one."""
        return next(one for one in self.orders.values() if str(order) in (one["id"], one["number"].lstrip("#")))

    # --- State -----------------------------------------------------------------------------------------------------------------

    def state_view(self) -> Any:
        """All orders."""
        return {"orders": self.orders}

    def dump(self) -> bytes:
        """The orders as JSON."""
        return json.dumps(self.orders).encode()

    def restore(self, content: bytes) -> None:
        """Take what `dump` gave; ids and numbers go on behind it."""
        self.orders = json.loads(content)
        self._ids = itertools.count(5001 + len(self.orders))
        self._numbers = itertools.count(1001 + len(self.orders))


def _at(order: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(order["updated_at"])


def _place(order: dict[str, Any]) -> tuple[datetime, str]:
    return _at(order), str(order["id"])
