"""The simulator itself: kept over a restart, seen on its page, moved by the control API, and as hard as the platform."""

import aiohttp
import msgspec
import pytest

from crossdock.connectors.bigcommerce.simulator import presets, simulator
from crossdock.connectors.bigcommerce.simulator.server import DEMO_STORE, BigCommerceSimulator
from crossdock.connectors.bigcommerce.tests.rig import Rig
from crossdock.connectors.kit.simulator.control import TOKEN_HEADER, pull


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def asked(rig, method, path, status, **more):
    headers = {"X-Auth-Token": rig.token, **more.pop("headers", {})}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{rig.sim.url}/stores/{DEMO_STORE}/{path}", headers=headers, **more) as answer,
    ):
        content = await answer.read()
        assert answer.status == status, content
        return answer, (msgspec.json.decode(content) if content else None)


async def test_all_that_is_kept_survives_a_restart(tmp_path):
    file = tmp_path / "state"
    first = BigCommerceSimulator(state_file=file)
    await first.start()
    token = first.give_token()
    order = first.add_order()
    first.fulfill_order(order)
    first.add_product("RED", 5)
    await first.stop()
    again = BigCommerceSimulator(state_file=file)
    await again.start()
    await again.stop()

    assert again.store().orders == first.store().orders
    assert again.store().products == first.store().products
    assert again.access.tokens[token].store == DEMO_STORE
    assert int(again.add_order()) == int(order) + 1


async def test_the_page_shows_orders_shipments_and_webhooks(rig):
    rig.places(more_addresses=[{"city": "Austin"}])
    rig.sim.fulfill_order(rig.places())
    rig.sim.cancel_order(rig.places())

    panel = rig.sim.panel()

    orders, shipments, _ = panel.tables
    assert len(orders.rows) == 3
    assert any("and 1 more" in row.cells[4] for row in orders.rows)
    assert shipments.rows[0].cells[3] == "ELSEWHERE-1"
    for action in (action for row in orders.rows for action in row.actions):
        assert action.lever in rig.sim.levers()


async def test_the_page_s_form_places_an_order(rig):
    form = rig.sim.panel().forms[0]
    values = {field.name: field.default for field in form.fields if field.default is not None}

    number = await pull(rig.sim.levers()[form.lever], values, strict=False)

    assert rig.store.order(number)["_lines"][0]["sku"] == "BLUE-M"


async def test_every_lever_can_be_pulled_over_the_control_api(rig):
    async with (
        aiohttp.ClientSession(headers={TOKEN_HEADER: rig.sim.token}) as session,
        session.post(f"{rig.sim.url}/_sandbox/bigcommerce/place_many", json={"count": 3, "seed": 1}) as placed,
        session.get(f"{rig.sim.url}/_sandbox/bigcommerce/state") as state,
    ):
        assert (await placed.json())["result"] == 3
        assert (await state.json())["state"][DEMO_STORE]["orders"] == 3


async def test_the_presets_open_the_stores_they_name(rig):
    for preset in presets(rig.sim):
        settings = rig.connector.settings.model_validate(preset.settings)
        async with rig.client(**preset.settings) as client:
            assert (await client.check()).id == settings.store_hash
    assert simulator.address(rig.sim) == f"{rig.sim.url}/stores/{{store_hash}}"


async def test_a_page_is_fifty_and_at_most_two_hundred_and_fifty(rig):
    rig.sim.place_many(60, seed=1)

    assert len((await asked(rig, "GET", "v2/orders", 200))[1]) == 50
    assert len((await asked(rig, "GET", "v2/orders?limit=250", 200))[1]) == 60
    assert (await asked(rig, "GET", "v2/orders?page=3", 204))[1] is None
    await asked(rig, "GET", "v2/orders?limit=251", 413)


async def test_errors_are_a_list_in_version_2_and_a_problem_in_version_3(rig):
    _, old = await asked(rig, "GET", "v2/orders/1", 404)
    _, new = await asked(rig, "GET", "v3/nothing", 404)
    _, key = await asked(rig, "GET", "v2/time", 401, headers={"X-Auth-Token": "wrong"})

    assert old == [{"status": 404, "message": "The requested resource was not found."}]
    assert (new["status"], new["title"]) == (404, "The requested resource was not found.")
    assert key[0]["status"] == 401


async def test_the_quota_is_stated_with_every_answer_and_kept(rig):
    rig.sim.set_limits(True, calls=3, seconds=30)

    lefts = [(await asked(rig, "GET", "v2/time", 200))[0].headers["X-Rate-Limit-Requests-Left"] for _ in range(3)]
    answer, _ = await asked(rig, "GET", "v2/time", 429)

    assert lefts == ["2", "1", "0"]
    assert 0 < int(answer.headers["X-Rate-Limit-Time-Reset-Ms"]) <= 30_000


async def test_another_content_type_is_refused(rig):
    order = rig.places()

    await asked(rig, "PUT", f"v2/orders/{order}", 415, data=b"status_id=2")
    await asked(rig, "PUT", f"v2/orders/{order}", 400, data=b"{", headers={"Content-Type": "application/json"})


async def test_products_in_an_order_that_is_changed_lose_their_discounts(rig):
    lines = [{"sku": "RED", "quantity": 3, "applied_discounts": [{"id": "sale", "amount": "1.0000"}]}]
    order = rig.store.order(rig.places(lines=lines))

    await asked(rig, "PUT", f"v2/orders/{order['id']}", 200, json={"products": [{"id": order["_lines"][0]["id"], "quantity": 2}]})

    assert (order["_lines"][0]["quantity"], order["_lines"][0]["applied_discounts"]) == (2, [])


async def test_the_same_hook_twice_and_an_eleventh_of_a_scope_are_refused(rig):
    def body(number):
        return {"scope": "store/order/created", "destination": f"https://hooks.example.com/{number}", "is_active": True}

    for number in range(10):
        await asked(rig, "POST", "v3/hooks", 200, json=body(number))

    await asked(rig, "POST", "v3/hooks", 409, json=body(3))
    await asked(rig, "POST", "v3/hooks", 422, json=body(11))
