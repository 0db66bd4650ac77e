"""`crossdock read`: how a platform's payload is understood, without a database.

The payload goes into the platform's simulator, in this process, and is read back by the connector over a socket: what is shown is
what an import would see.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.capabilities import PullsOrders
from crossdock.connectors.kit.declaration import Connector, Tokens
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.http import Exchange
from crossdock.connectors.kit.opening import open_client, resolve_base_url, sign_in
from crossdock.connectors.kit.pages import Page, Position, Rejected
from crossdock.connectors.kit.simulator import Part, Simulator, SimulatorDeclaration, Unreadable
from crossdock.connectors.kit.tokens import MemoryTokens
from crossdock.connectors.registry import every_connector
from crossdock.domain.orders import Address, Order, OrderLine
from crossdock.sandbox.simulators import simulator_for

ALL_UNDERSTOOD, SOME_REJECTED = 0, 1

_AT_ONCE = 50


class Reading(Struct, frozen=True):
    """What came out: exit code, the document to print, and in a few words what the payload was."""

    code: int
    document: dict[str, Any]
    said: str


def read(platform: str, content: bytes) -> tuple[int, dict[str, Any]]:
    """Exit code (0 all understood, 1 something rejected) and the document. Raises Unreadable with one clear line."""
    reading = understand(platform, content)
    return reading.code, reading.document


def understand(platform: str, content: bytes) -> Reading:
    """As `read`, and what the payload was. Raises Unreadable."""
    connector = every_connector().get(platform)
    if connector is None:
        raise Unreadable(f"There is no platform {platform}; there are {', '.join(sorted(every_connector()))}.")
    declaration = simulator_for(platform)
    if declaration is None or declaration.take is None:
        raise Unreadable(f"{connector.name} sends no orders, so there is nothing of it to read.")
    _refuse_what_no_platform_sends(content)
    return asyncio.run(_understood(connector, declaration, content))


def _refuse_what_no_platform_sends(content: bytes) -> None:
    # Said here, since a parser would say no more than that it met an unexpected character.
    if not content.strip():
        raise Unreadable("The file is empty.")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise Unreadable("The file is a web page (HTML), not a payload: save the platform's answer itself, not a page about it.")


async def _understood(connector: Connector, declaration: SimulatorDeclaration, content: bytes) -> Reading:
    simulator = declaration.make()
    await simulator.start()
    try:
        assert declaration.take is not None  # noqa: S101  (the caller asked)
        taken = declaration.take(simulator, content)
        orders: list[dict[str, Any]] = []
        rejected = [_rejection(*entry) for entry in taken.refused]
        for part in taken.parts:
            shown, wrong = await _read_back(connector, declaration, simulator, part)
            orders += shown
            rejected += wrong
    finally:
        await simulator.stop()
    code = SOME_REJECTED if rejected else ALL_UNDERSTOOD
    return Reading(code, {"orders": orders, "rejected": rejected}, taken.said)


async def _read_back(
    connector: Connector, declaration: SimulatorDeclaration, simulator: Simulator, part: Part
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    settings = connector.settings.model_validate(part.settings)
    address = declaration.address(simulator) or ""
    target = resolve_base_url(connector, settings, {f"CROSSDOCK_BASE_URL__{connector.key.upper()}": address})
    listeners = {_listener(simulator.url), *({_listener(address)} if address.startswith("sftp://") else ())}
    door = Door(realm="sandbox", listeners=frozenset(listeners))
    found: dict[str, Order] = {}
    wrong: list[Rejected] = []

    async def renew(stale: Tokens | None) -> Tokens:
        return await sign_in(connector, settings, stale, door=door, base_url=target.base_url)

    async with open_client(
        connector,
        settings,
        door=door,
        record=_forget,
        base_url=target.base_url if connector.base_url else None,
        realm="sandbox",
        tokens=MemoryTokens(None, renew),
        may_write=False,
    ) as client:
        if not isinstance(client, PullsOrders):
            raise Unreadable(f"{connector.name} sends no orders, so there is nothing of it to read.")
        for start in range(0, len(part.external_ids), _AT_ONCE):
            for page in await _pages(client, part.external_ids[start : start + _AT_ONCE]):
                found |= {order.external_id: order for order in page.orders}
                wrong += page.rejected
    shown = [order_shown(found[key], part.absent.get(key, frozenset())) for key in part.external_ids if key in found]
    return shown, [_rejection(one.external_id, one.field, one.reason) for one in wrong]


def _listener(url: str) -> tuple[str, int]:
    host, _, port = url.partition("://")[2].rpartition(":")
    return host, int(port)


async def _pages(client: PullsOrders, external_ids: tuple[str, ...]) -> list[Page]:
    """Orders in one page; where that fails one by one, so that an order that cannot even be asked for is rejected alone."""
    try:
        return [await client.orders_by_id(external_ids)]
    except ConnectorError as error:
        if len(external_ids) == 1:
            gone = Rejected(external_ids[0], getattr(error, "field", None), error.message, b"")
            return [Page((), (), (gone,), Position())]
    return [page for one in external_ids for page in await _pages(client, (one,))]


def _forget(exchange: Exchange) -> None:
    return


def _rejection(external_id: str | None, field: str | None, reason: str) -> dict[str, Any]:
    return {"external_id": external_id, "field": field, "reason": reason}


def order_shown(order: Order, absent: frozenset[str] = frozenset()) -> dict[str, Any]:
    """One order as JSON values: all keys present, amounts as decimal strings, moments in UTC with Z.

    `absent` names what the payload did not have; it is shown as null.
    """
    shown: dict[str, Any] = {
        "number": order.number,
        "external_id": order.external_id,
        "placed_at": moment_shown(order.placed_at),
        "currency": order.currency,
        "grand_total": amount_shown(order.grand_total),
        "shipping_method": order.method.name,
        "ship_to": _address_shown(order.ship_to),
        "lines": [_line_shown(line) for line in order.lines],
        "to_ship_units": quantity_shown(order.units_to_ship),
        "left_out": [{"what": part.what, "why": part.why} for part in order.left_out],
    }
    return {name: None if name in absent else value for name, value in shown.items()}


def _address_shown(address: Address | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return {
        "name": address.name,
        "company": address.company,
        "lines": list(address.lines),
        "city": address.city,
        "region": address.region,
        "postal_code": address.postal_code,
        "country": address.country,
        "phone": address.phone,
        "email": address.email,
    }


def _line_shown(line: OrderLine) -> dict[str, Any]:
    return {
        "external_id": line.external_id,
        "sku": line.sku,
        "name": line.name,
        "ordered": quantity_shown(line.ordered),
        "to_ship": quantity_shown(line.to_ship),
        "unit_price": amount_shown(line.unit_price),
    }


def moment_shown(value: datetime) -> str:
    """UTC with Z, to the second, or finer where it is."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def amount_shown(value: Decimal | None) -> str | None:
    """A decimal with at least two places: 598.94, 20.00, 0.1234."""
    if value is None:
        return None
    exact = value.normalize()
    exponent = exact.as_tuple().exponent
    return f"{exact:f}" if isinstance(exponent, int) and exponent < -2 else f"{exact:.2f}"


def quantity_shown(value: Decimal) -> int | float:
    """A whole number where it is one."""
    return int(value) if value == value.to_integral_value() else float(value)


__all__ = ["Reading", "Unreadable", "order_shown", "read", "understand"]
