"""The portal as people and tools meet it: its pages, its control page, its state over a restart, its refusals."""

import json

import aiohttp
import pytest

from crossdock.connectors.nuorder.simulator import presets, simulator
from crossdock.connectors.nuorder.simulator.access import Pending
from crossdock.connectors.nuorder.simulator.server import NuOrderSimulator
from crossdock.connectors.nuorder.tests.examples import an_order
from crossdock.connectors.nuorder.tests.rig import Rig


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def test_a_restart_keeps_orders_stock_and_keys():
    first = NuOrderSimulator()
    order_id = first.add_order(lines=[{"sku": "RED", "quantity": 3}])
    keys = first.give_token()
    first.portal().stock["default", "p", "M"] = 7

    second = NuOrderSimulator()
    second.restore(first.dump())

    assert second.portal().orders[order_id] == first.portal().orders[order_id]
    assert second.portal().stock["default", "p", "M"] == 7
    assert second.access.tokens[keys["token"]][0] == keys["token_secret"]
    assert second.portal().orders[second.add_order()]["order_number"] == "100502"


async def test_an_admin_approves_on_a_page_and_is_shown_the_code(rig):
    pending = rig.sim.access
    async with aiohttp.ClientSession() as session:
        empty = await (await session.get(f"{rig.sim.url}/nuorder/wholesale")).text()
        pending.pending["t<emp"] = Pending("t<emp", "secret", "Our <Hub>", "consumer")
        asked = await (await session.get(f"{rig.sim.url}/nuorder/wholesale")).text()
        answer = await session.post(f"{rig.sim.url}/nuorder/wholesale/approve", data={"token": "t<emp"})
        shown = await answer.text()
        nobody = await session.post(f"{rig.sim.url}/nuorder/wholesale/approve", data={"token": "other"})

    assert "None." in empty
    assert "Our &lt;Hub&gt;" in asked
    assert pending.pending["t<emp"].verifier in shown
    assert nobody.status == 404


async def test_what_is_not_served_is_answered_with_a_page_and_unsigned_calls_with_401(rig):
    async with rig.client() as client, aiohttp.ClientSession() as session:
        page = await client.http.read("GET", "api/schemas/orders", operation="look")
        unsigned = await session.get(f"{rig.sim.url}/nuorder/wholesale/api/orders/approved/list")
        body = await unsigned.json()

    assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"Cannot GET" in page.body
    assert (unsigned.status, body["code"]) == (401, 401)


async def test_the_control_page_shows_orders_and_what_can_be_done(rig):
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}]))
    await rig.post(rig.notice(order))

    panel = rig.sim.panel()

    (row,) = panel.tables[0].rows
    assert ("3 × RED" in row.cells, "shipped" in row.cells) == (True, True)
    assert {action.lever for table in panel.tables for line in table.rows for action in line.actions} <= set(rig.sim.levers())
    assert {form.lever for form in panel.forms} <= set(rig.sim.levers())


async def test_every_preset_is_made_of_settings_and_one_of_them_works(rig):
    found = presets(rig.sim)

    made = [rig.connector.settings(**one.settings) for one in found]
    async with rig.client(**found[0].settings) as client:
        identity = await client.check()

    assert [settings.access for settings in made] == ["typed", "approve"]
    assert identity.id.startswith("wholesale.nuorder.com/")
    assert simulator.address(rig.sim) == f"{rig.sim.url}/nuorder/{{application_type}}"


async def test_orders_are_loaded_from_text_and_read_back(rig):
    said = rig.sim.load(json.dumps([an_order(), an_order(_id="65f2a1b0a01ceed965000002", order_number="100506")]))

    orders = await rig.orders()

    assert said == {"orders": 2}
    assert sorted(order.number for order in orders) == ["100505", "100506"]
