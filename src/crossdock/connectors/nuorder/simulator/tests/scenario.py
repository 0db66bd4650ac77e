"""Everything the connector says to a portal, once, and what of it is not as the derived document has it; the captured exchanges."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import ClientSession
from yarl import URL

from crossdock.connectors.kit.http import Exchange
from crossdock.connectors.kit.opening import open_unsigned
from crossdock.connectors.nuorder import connector, consent
from crossdock.connectors.nuorder.auth import authorization
from crossdock.connectors.nuorder.settings import Settings
from crossdock.connectors.nuorder.simulator.tests.openapi import Document
from crossdock.connectors.nuorder.tests.rig import Rig
from crossdock.domain.fulfillment import Tracking


def document(reference: Path) -> Document:
    """The derived document."""
    return Document(reference / "specs" / "nuorder" / "nuorder-derived-openapi.json")


async def everything(rig: Rig) -> None:
    """Each thing the connector does, once, and what the platform refuses."""
    lines = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2, "warehouse": "East"}]
    orders = [await rig.order(rig.places(lines=lines)) for _ in range(3)]
    await rig.orders(page_size=2)
    async with rig.client() as client:
        await client.check()
        await client.choices("stock_warehouse")
        await client.orders_by_id(["0" * 24])
        await client.report_sent([orders[0].external_id, "0" * 24])
        assert [page async for page in client.orders_placed(rig_window())]
        assert [page async for page in client.products()]
    notice = rig.notice(orders[0], {"RED": 1})
    (done,) = await rig.post(notice)
    await rig.find(notice)
    await rig.correct(rig.correction(done, notice, tracking=(Tracking("1ZOTHER"),)))
    await rig.correct(rig.correction(done, notice, is_void=True))
    await rig.post(rig.notice(orders[1]))
    await rig.post(rig.notice(orders[2], {"BLUE": 1}), shipments_as="note")
    await rig.publish(rig.figure("RED", 7), rig.figure("NOBODY", 1))
    product = next(iter(rig.portal.products))
    rig.portal.replenishments["r1"] = {
        "id": "r1",
        "warehouse_id": "default",
        "sku_id": "sku-1",
        "display_name": "RED",
        "prebook": False,
        "period_start": 0,
        "quantity": 1,
        "active": True,
    }
    await rig.publish(rig.figure("RED", 8), stock_through="replenishments")
    assert rig.portal.flagged >= {product} or rig.portal.flagged
    rig.sim.set_two_way(on=False)
    await rig.post(rig.notice(orders[2], {"BLUE": 1}))
    rig.sim.set_two_way(on=True)
    await hand_shake(rig)


async def hand_shake(rig: Rig) -> None:
    """Ask for approval, and trade the code."""
    settings = Settings(consumer_key=rig.keys["consumer_key"], consumer_secret=rig.keys["consumer_secret"])
    async with open_unsigned(
        connector,
        settings,
        door=rig.door,
        base_url=rig.base_url(settings),
        transport=rig._transport,
        record=rig.exchanges.append,
    ) as http:
        asked = await consent.ask(settings, None, "", http)
        await consent.exchange(settings, None, rig.sim.approve(), "", http, asked=asked)


def rig_window() -> Any:
    """From the beginning until now."""
    from contract.store_rig import up_to_now

    return up_to_now()


def differing(found: Document, exchanges: list[Exchange]) -> tuple[set[str], set[str]]:
    """Operations that were used, and what of the exchanges is not as the document has it."""
    used, problems = set(), set()
    for one in exchanges:
        address = urlsplit(one.url)
        path = f"/api/{address.path.split('/api/', 1)[1]}"
        template = found.route(one.method, path)
        if template is None:
            problems.add(f"{one.method} {_template(path)} is not in it")
            continue
        used.add(f"{one.method} {template}")
        if one.response == b"[not kept: sign-in]":
            continue
        query = dict(parse_qsl(address.query))
        body = json.loads(one.request) if one.request else None
        answer = json.loads(one.response) if one.response.startswith((b"{", b"[")) else None
        problems |= {
            f"{one.method} {template}: {problem}"
            for problem in found.problems(one.method, template, query, body, one.status or 0, answer)
        }
    return used, problems


def _template(path: str) -> str:
    return re.sub(r"/season/[^/]+/", "/season/{season}/", path)


class Replayed:
    """The captured exchanges, asked again: how many agree in status, kind and fields, and where others differ."""

    def __init__(self) -> None:
        self.total = 0
        self.differences: dict[str, str] = {}


async def replay(rig: Rig, reference: Path) -> Replayed:
    """Load what each exchange shows, ask the same again, and compare the answer."""
    rows = json.loads((reference / "specs" / "nuorder" / "captured-sandbox-2014.json").read_text())["interactions"]
    result = Replayed()
    async with ClientSession() as session:
        for number, row in enumerate(rows):
            result.total += 1
            _prepare(rig, row)
            status, kind, answer = await _ask(rig, session, row)
            said = _difference(row, status, kind, answer)
            if said:
                result.differences[f"{number} {row['method']} {row['path']}"] = said
    return result


def _prepare(rig: Rig, row: dict[str, Any]) -> None:
    body, portal = row["response_body"], rig.portal
    path = row["path"].removeprefix("/api/")
    for order in body if isinstance(body, list) else [body]:
        if isinstance(order, dict) and "line_items" in order:
            status = order["status"] if row["method"] == "GET" else "approved"
            portal.orders[order["_id"]] = {**order, "status": status}
    if path.startswith("orders/"):
        wanted = {order["_id"] for order in body}
        portal.orders = {id_: order for id_, order in portal.orders.items() if id_ in wanted}
    if row["status"] == 404:
        portal.products.pop(path.rpartition("/")[2], None)
    elif path.startswith("product/") and isinstance(body, dict) and row["method"] != "PUT":
        portal.products[body["_id"]] = dict(body)
    if path.startswith("company/") and isinstance(body, dict):
        portal.companies[body["_id"]] = dict(body)


async def _ask(rig: Rig, session: ClientSession, row: dict[str, Any]) -> tuple[int, str, Any]:
    settings = rig.settings()
    url = URL(f"{rig.base_url(settings)}{row['path']}")
    token, secret = settings.token, settings.token_secret.get_secret_value()
    signed: list[tuple[str, str]] = []
    named: list[tuple[str, str]] = []
    if row["path"] == "/api/initiate":
        token, secret, signed, named = "", "", [("oauth_callback", "oob")], [("application_name", "Our Hub")]
    if row["path"] == "/api/token":
        pending = next(iter(rig.sim.access.pending.values()))
        token, secret, signed = pending.token, pending.secret, [("oauth_verifier", rig.sim.access.approve(pending.token))]
    header = authorization(settings, row["method"], url, token, secret, style="legacy", signed=signed, named=named)
    data = json.dumps(row["request_body"]) if row["request_body"] is not None else None
    async with session.request(row["method"], url, data=data, headers={"Authorization": header}) as response:
        text = await response.text()
        kind = response.content_type
        return response.status, kind, json.loads(text) if kind == "application/json" else text


_OURS_TO_MAKE = frozenset({"_id", "created_on", "modified_on", "oauth_token", "oauth_token_secret"})
"""Values that a platform makes anew each time: there, but not equal."""


def _difference(row: dict[str, Any], status: int, kind: str, answer: Any) -> str:
    if (status, kind) != (row["status"], row["content_type"]):
        return f"answers {status} {kind}, not {row['status']} {row['content_type']}"
    return "; ".join(_differences(row["response_body"], answer, ""))


def _differences(recorded: Any, ours: Any, where: str) -> list[str]:
    if isinstance(recorded, dict) and isinstance(ours, dict):
        found = [f"{where}.{name} is missing" for name in recorded.keys() - ours.keys()]
        for name in recorded.keys() & ours.keys():
            if name not in _OURS_TO_MAKE:
                found += _differences(recorded[name], ours[name], f"{where}.{name}")
        return found
    if isinstance(recorded, list) and isinstance(ours, list):
        if len(recorded) != len(ours):
            return [f"{where} has {len(ours)} entries, not {len(recorded)}"]
        return [one for a, b in zip(recorded, ours, strict=True) for one in _differences(a, b, where)]
    return [] if recorded == ours else [f"{where} is {ours!r}, not {recorded!r}"]
