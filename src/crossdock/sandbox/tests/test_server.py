"""The sandbox as people and programs meet it: one address, a guarded page, payloads loaded while it runs."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from crossdock.sandbox.load import NotLoaded, load, main
from crossdock.sandbox.server import Sandbox


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    made = Sandbox(tmp_path / "sandbox")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_every_platform_has_a_page_without_script_or_inline_style(sandbox: Sandbox, browser: aiohttp.ClientSession) -> None:
    for key in sandbox.simulators:
        answer = await browser.get(f"{sandbox.control}{key}/")
        text = await answer.text()

        assert answer.status == 200
        assert "SANDBOX: nothing here is real" in text
        assert not re.search(r"<script|style=|javascript:|https?://[^1l]", text)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_an_order_placed_on_the_page_is_in_the_shop(sandbox: Sandbox, browser: aiohttp.ClientSession) -> None:
    form = {"_token": sandbox.listener.token, "shop": "demo-outdoor", "sku_1": "MUG", "quantity_1": "2", "price_1": "9.50"}

    answer = await browser.post(f"{sandbox.control}shopify/do/place_order", data=form)

    assert "Done: gid://shopify/Order/" in await answer.text()
    order = next(iter(sandbox.simulators["shopify"].shop().orders.values()))  # type: ignore[attr-defined]
    assert [(line["sku"], line["quantity"]) for line in order["_lines"]] == [("MUG", 2)]


async def test_a_switch_shows_how_it_stands(sandbox: Sandbox, browser: aiohttp.ClientSession) -> None:
    ticked = 'value="true" checked>The disk is full'
    before = await (await browser.get(f"{sandbox.control}files/")).text()

    after = await browser.post(f"{sandbox.control}files/do/fill_disk", data={"_token": sandbox.listener.token, "on": "true"})

    assert ticked not in before
    assert ticked in await after.text()


async def test_the_page_does_nothing_for_a_stranger(sandbox: Sandbox, browser: aiohttp.ClientSession) -> None:
    address = f"{sandbox.control}shopify/do/place_many"
    token = sandbox.listener.token

    without = await browser.post(address, data={"count": "1"})
    rebound = await browser.post(address, data={"count": "1", "_token": token}, headers={"Host": "evil.example.com"})
    peeked = await browser.get(f"{sandbox.control}shopify/", headers={"Host": "evil.example.com"})

    assert [without.status, rebound.status, peeked.status] == [403, 421, 421]
    assert not sandbox.simulators["shopify"].shop().orders  # type: ignore[attr-defined]


async def test_a_switch_can_be_turned_off_on_the_page(sandbox: Sandbox, browser: aiohttp.ClientSession) -> None:
    page = await (await browser.get(f"{sandbox.control}shopify/")).text()
    form = [("_token", sandbox.listener.token), ("sku_1", "MUG"), ("test", "false"), ("test", "true")]

    await browser.post(f"{sandbox.control}shopify/do/place_order", data=form)
    await browser.post(f"{sandbox.control}shopify/do/place_order", data=form[:3])

    orders = sandbox.simulators["shopify"].shop().orders.values()  # type: ignore[attr-defined]
    assert '<input type="hidden" name="test" value="false"><label' in page
    assert [order["test"] for order in orders] == [True, False]


async def test_the_page_says_what_does_not_fit(sandbox: Sandbox, browser: aiohttp.ClientSession) -> None:
    form = {"_token": sandbox.listener.token, "order": "#1", "shop": "demo-outdoor"}

    answer = await browser.post(f"{sandbox.control}shopify/do/cancel_order", data=form)

    assert "Not done: no order #1" in await answer.text()


async def test_the_token_file_is_ours_alone(sandbox: Sandbox) -> None:
    assert sandbox.token_file.read_text() == sandbox.listener.token
    assert sandbox.token_file.stat().st_mode & 0o077 == 0


async def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        await Sandbox(tmp_path).start("0.0.0.0")  # noqa: S104  (that it is refused is what is tested)


async def test_the_announcement_says_how_to_point_each_platform_here(sandbox: Sandbox) -> None:
    said = sandbox.announcement()

    assert said["base_urls"]["shopify"] == f"{sandbox.listener.url}/{{shop}}"
    assert json.loads(sandbox.presets_file.read_text())["shopify"][0]["settings"]["shop"] == "demo-outdoor"
    assert json.dumps(said)


async def test_a_payload_is_loaded_into_a_running_sandbox(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(json.dumps({"id": 5, "name": "#5", "total_price": "1.00", "line_items": [{"id": 1, "quantity": 1}]}))

    result = await asyncio.to_thread(load, "shopify", file, sandbox.listener.url, sandbox.listener.token)

    assert result["orders"] == ["gid://shopify/Order/5"]


async def test_loading_what_is_no_payload_says_why(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text("nothing")

    with pytest.raises(NotLoaded, match="not JSON"):
        await asyncio.to_thread(load, "shopify", file, sandbox.listener.url, sandbox.listener.token)
    with pytest.raises(NotLoaded, match="missing or wrong"):
        await asyncio.to_thread(load, "shopify", file, sandbox.listener.url, "guess")


async def test_orders_survive_a_restart(tmp_path: Path) -> None:
    first = Sandbox(tmp_path)
    await first.start()
    order = first.simulators["shopify"].add_order()  # type: ignore[attr-defined]
    await first.stop()

    second = Sandbox(tmp_path)
    await second.start()
    shop, found = second.simulators["shopify"].order(order)  # type: ignore[attr-defined]
    await second.stop()

    assert found["_fulfillment_orders"][0]["status"] == "OPEN"
    assert shop.fulfillment_orders


def test_loading_with_no_sandbox_at_hand_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, token = tmp_path / "orders.json", tmp_path / "token"
    file.write_text("[]")
    arguments = ["shopify", str(file), "--url", "http://127.0.0.1:1", "--token-file", str(token)]

    without_token = main(arguments)
    token.write_text("guess")
    without_answer = main(arguments)

    first, second = capsys.readouterr().err.splitlines()
    assert (without_token, without_answer) == (2, 2)
    assert first.startswith(f"crossdock: no sandbox has written its token to {token}; start one with `crossdock sandbox`")
    assert second.startswith("crossdock: no sandbox answers at http://127.0.0.1:1: ")
    assert "start one with `crossdock sandbox`" in second
