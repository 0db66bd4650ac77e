"""The simulated instance by itself: sign-in with a cookie, upserts, refusals, the license, and its state over a restart."""

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal

import aiohttp
import pytest

from crossdock.connectors.acumatica.simulator import AcumaticaSimulator, presets
from crossdock.connectors.acumatica.simulator.filtering import BadFilter, parsed
from crossdock.connectors.acumatica.simulator.server import DEMO_PASSWORD, DEMO_USER, SITE

ENDPOINT = f"{SITE}/entity/Default/24.200.001"


@pytest.fixture
async def sim():
    made = AcumaticaSimulator()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def http(sim):
    async with aiohttp.ClientSession(sim.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def signed_in(http, tenant="Company", **more):
    who = {"name": DEMO_USER, "password": DEMO_PASSWORD, "tenant": tenant, **more}
    async with http.post(f"{SITE}/entity/auth/login", json=who) as answer:
        return answer.status, await answer.text()


async def asked(http, method, path, **more):
    async with http.request(method, f"{ENDPOINT}/{path}", **more) as answer:
        return answer.status, await answer.json() if "json" in answer.content_type else await answer.text(), answer.headers


async def test_a_cookie_signs_in_and_out(sim, http):
    sim.add_order(number="000001")

    before, _, _ = await asked(http, "GET", "SalesOrder")
    status, _ = await signed_in(http)
    inside, rows, _ = await asked(http, "GET", "SalesOrder", params={"$select": "OrderNbr", "$top": "5"})
    await http.post(f"{SITE}/entity/auth/logout")
    after, _, _ = await asked(http, "GET", "SalesOrder")

    assert (before, status, inside, after) == (401, 204, 200, 401)
    assert rows[0]["OrderNbr"] == {"value": "000001"}
    assert sim.access.sessions == {}


async def test_a_wrong_login_says_what_acumatica_says(sim, http):
    assert "Invalid credentials" in (await signed_in(http, password="x"))[1]
    assert "Proper company ID cannot be determined" in (await signed_in(http, tenant=""))[1]


async def test_a_license_counts_sessions(sim, http):
    sim.set_license(sessions=1)
    await signed_in(http)

    async with aiohttp.ClientSession(sim.url) as other:
        status, text = await signed_in(other)

    assert status == 500
    assert "API Login Limit" in text


async def test_a_put_inserts_or_updates_as_its_headers_say(sim, http):
    await signed_in(http)
    sim.add_order(number="000001")
    key = {"OrderType": {"value": "SO"}, "OrderNbr": {"value": "000001"}}

    exists, _, _ = await asked(http, "PUT", "SalesOrder", json=key, headers={"If-None-Match": "*"})
    missing, _, _ = await asked(
        http,
        "PUT",
        "SalesOrder",
        json=key | {"OrderNbr": {"value": "9"}, "CustomerID": {"value": "C"}},
        headers={"If-Match": "*"},
    )
    held, order, _ = await asked(http, "PUT", "SalesOrder", json=key | {"Hold": {"value": True}})

    assert (exists, missing, held) == (412, 412, 200)
    assert order["Status"] == {"value": "On Hold"}


async def test_an_order_is_entered_and_shipped_by_actions(sim, http):
    await signed_in(http)
    sim.add_item("RED", 10)
    body = {
        "CustomerID": {"value": "C000000003"},
        "Details": [{"InventoryID": {"value": "RED"}, "OrderQty": {"value": 2}, "WarehouseID": {"value": "MAIN"}}],
    }
    _, order, _ = await asked(http, "PUT", "SalesOrder", json=body, params={"$expand": "Details"})
    act = {"entity": {"OrderType": order["OrderType"], "OrderNbr": order["OrderNbr"]}, "parameters": {}}

    status, _, headers = await asked(http, "POST", "SalesOrder/SalesOrderCreateShipment", json=act)
    async with http.get(headers["Location"]) as end:
        ended = end.status
    _, now, _ = await asked(http, "GET", f"SalesOrder/SO/{order['OrderNbr']['value']}", params={"$expand": "Shipments"})

    assert (status, ended) == (202, 204)
    assert now["Status"] == {"value": "Shipping"}
    assert now["Shipments"][0]["ShippedQty"] == {"value": 2}


async def test_a_body_against_the_contract_is_refused(sim, http):
    await signed_in(http)

    unwrapped, _, _ = await asked(http, "PUT", "Shipment", json={"CustomerID": "C000000003"})
    unknown, said, _ = await asked(http, "PUT", "Shipment", json={"Color": {"value": "red"}})
    echoed, body, _ = await asked(http, "PUT", "Shipment", json={"WarehouseID": {"value": "NOWHERE"}})
    plain, _, _ = await asked(http, "POST", "Shipment", json={})

    assert (unwrapped, unknown, echoed, plain) == (400, 400, 422, 406)
    assert "Color" in said["modelState"]["entity"][0]
    assert body["WarehouseID"]["value"] == "NOWHERE"
    assert "cannot be found" in body["WarehouseID"]["error"]


async def test_what_does_not_exist_is_not_found(sim, http):
    await signed_in(http)

    for path in ("SalesOrder/SO/999", "Nothing", "SalesOrder/00000000-0000-4000-8000-000000000000"):
        assert (await asked(http, "GET", path))[0] == 404, path
    async with http.get(f"{SITE}/entity/Default/17.200.001/SalesOrder") as answer:
        assert answer.status == 404


async def test_surplus_calls_wait_their_turn_and_are_then_refused(sim, http):
    await signed_in(http)
    sim.set_limits(per_window=2, window=0.3, queue=2)

    answers = await asyncio.gather(*(asked(http, "GET", "Warehouse") for _ in range(6)))

    assert sorted(status for status, _, _ in answers) == [200, 200, 200, 200, 429, 429]


async def test_everything_is_there_after_a_restart(tmp_path):
    first = AcumaticaSimulator(state_file=tmp_path / "acumatica.state")
    await first.start()
    order_id = first.add_order(number="000001", lines=[{"sku": "RED", "quantity": "2.5", "price": "9.95"}])
    first.fulfill_order(order_id, tracking="1Z1")
    first.add_item("BLUE", 7)
    before = (first.app().client_id, first.shipments_by_tracking())
    await first.stop()

    again = AcumaticaSimulator(state_file=tmp_path / "acumatica.state")
    await again.start()
    _, order = again.order("000001")

    assert (again.app().client_id, again.shipments_by_tracking()) == before
    assert order["Details"][0]["UnitPrice"] == Decimal("9.95")
    assert order["Status"] == "Completed"
    assert again.stock_of("BLUE") == 7
    again.add_order()
    await again.stop()


async def test_a_payload_that_was_loaded_can_be_worked_with(sim):
    sim.add_item("RED", 10)
    order = {
        "id": "7adbf4e5-4e48-ea11-817f-eb1af000b4cf",
        "OrderType": {"value": "SO"},
        "OrderNbr": {"value": "W-77"},
        "Status": {"value": "Open"},
        "CustomerID": {"value": "C1"},
        "CurrencyID": {"value": "USD"},
        "BaseCurrencyID": {"value": "USD"},
        "LastModified": {"value": "2026-03-20T17:41:27.34+00:00"},
        "Details": [{"InventoryID": {"value": "RED"}, "OrderQty": {"value": 2}}],
        "SomethingNew": {"value": 1},
    }

    said = sim.load(json.dumps([order, {"note": "an order that is none"}]))
    sim.fulfill_order("W-77", tracking="1Z3")

    assert said == {"orders": [order["id"]], "refused": [], "others": {}}
    assert sim.order("W-77")[1]["Status"] == "Completed"


async def test_the_control_page_shows_what_there_is_and_its_levers_exist(sim):
    sim.place_many(count=3, seed=1)
    sim.fulfill_order(sim.add_order(number="000099"), tracking="1Z2")

    panel = sim.panel()

    levers = sim.levers()
    assert [len(table.rows) for table in panel.tables][:2] == [4, 1]
    assert all(form.lever in levers for form in panel.forms)
    assert all(action.lever in levers for table in panel.tables for row in table.rows for action in row.actions)
    assert any("sandbox-shared-secret" in note for note in panel.notes)


async def test_orders_flow_when_asked_to(sim):
    sim.let_orders_flow(every=0.01)
    sim.place_due()
    await asyncio.sleep(0.02)

    sim.place_due()

    assert len(sim.tenant().tables["SalesOrder"]) == 1


async def test_each_tenant_has_a_preset(sim):
    found = presets(sim)

    assert [preset.name for preset in found] == ["Company (tenant Company)", "Stationery (tenant Stationery)"]
    assert found[0].settings["client_id"].endswith("@Company")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("OrderNbr eq 'A1'", True),
        ("OrderNbr eq 'a1 '", True),
        ("not (OrderNbr eq 'A1') or OrderTotal ge 10", True),
        ("OrderTotal gt 10.5 and Hold eq false", False),
        ("startswith(OrderNbr,'A') and endswith(OrderNbr, '1')", True),
        ("substringof('''', CustomerOrder)", True),
        ("ShipToAddress/City ne 'Reno'", True),
        ("LastModified lt datetimeoffset'2026-01-31T08:00:00.000+00:00'", False),
        ("ExternalRef eq null", True),
    ],
)
def test_filters_mean_what_they_say(text, fits):

    record = {
        "OrderNbr": "A1",
        "OrderTotal": Decimal("10.5"),
        "Hold": False,
        "CustomerOrder": "O'Neill",
        "ShipToAddress": {"City": "Portland"},
        "LastModified": datetime(2026, 2, 1, tzinfo=UTC),
    }

    assert parsed(text, "SalesOrder")(record) is fits


@pytest.mark.parametrize(
    "text",
    [
        "OrderNbr",
        "OrderNbr like 'x'",
        "Nothing eq 1",
        "Details/InventoryID eq 'RED'",
        "(OrderNbr eq 'x'",
        "OrderNbr eq 'x' extra",
    ],
)
def test_filters_that_cannot_be_are_refused(text):
    with pytest.raises(BadFilter):
        parsed(text, "SalesOrder")
