"""The simulated warehouse by itself: what it takes, refuses, counts, writes and remembers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from crossdock.connectors.files import connector
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.files.simulator import FileWarehouse, presets, simulator
from crossdock.connectors.files.simulator.paper import read_orders
from crossdock.connectors.kit.door import door_for
from crossdock.connectors.kit.opening import open_client, resolve_base_url

ORDER = (
    '"PH","1001","PO","j@example.com","Jane","1 Elm","","Reno","NV","89501","US","","","","","","","","","","UPS","P","",'
    '"2026-01-01T00:00:00Z","",""\r\n"PD","1001","1","SKU-1","2","0.00"\r\n'
)


@pytest.fixture
def warehouse(tmp_path: Path) -> FileWarehouse:
    made = FileWarehouse(folder=tmp_path)
    made.add_merchant("acme", "p")
    return made


def put(warehouse: FileWarehouse, content: str, name: str = "ord_1001_260101000000.csv") -> None:
    (warehouse.place_of("acme") / "in" / name).write_bytes(content.encode())


def test_an_order_is_taken_once_and_its_file_is_gone(warehouse):
    put(warehouse, ORDER)

    assert warehouse.take_orders() == ["1001"]
    assert warehouse.take_orders() == []
    assert warehouse.orders_received("acme") == {"1001": 1}


def test_an_order_that_comes_twice_is_counted_twice(warehouse):
    for name in ("ord_1.csv", "ord_2.csv"):
        put(warehouse, ORDER, name)

    warehouse.take_orders()

    assert warehouse.orders_received() == {"acme/1001": 2}


def test_drafts_are_not_taken(warehouse):
    put(warehouse, ORDER, ".ord_1.csv.tmp")
    put(warehouse, ORDER, "ord_1.csv.filepart")

    assert warehouse.take_orders() == []


@pytest.mark.parametrize(
    "content",
    ["", "hello\n", ORDER.splitlines()[0] + "\n", ORDER.splitlines()[1] + "\n", ORDER.replace('"1001"', '"10 01"'), ORDER[:-30]],
)
def test_a_file_that_breaks_the_format_is_refused_whole(warehouse, content):
    put(warehouse, content)

    assert warehouse.take_orders() == []
    assert len(warehouse.merchants["acme"].refused) == 1


def test_versions_are_told_apart_by_their_columns():
    cells = ORDER.split("\r\n")
    first = cells[0].replace('"j@example.com",', "")
    third = cells[0] + ',"7"'

    versions = []
    for head in (first, cells[0], third):
        (order,) = read_orders(f"{head}\r\n{cells[1]}\r\n".encode(), file="x", received_at="now", encoding="utf-8", delimiter=",")
        versions.append((order.version, order.email, order.name, order.facility))

    assert versions == [(1, "", "Jane", ""), (2, "j@example.com", "Jane", ""), (3, "j@example.com", "Jane", "7")]


def test_shipping_takes_from_stock_and_leaves_the_rest(warehouse):
    put(warehouse, ORDER)
    warehouse.take_orders()
    warehouse.adjust_stock("acme", "SKU-1", 10)

    warehouse.ship("acme", "1001", {1: 1})

    order = warehouse.merchants["acme"].orders["1001"]
    assert (order.is_shipped, warehouse.merchants["acme"].stock) == (False, {"SKU-1": 9})
    warehouse.ship("acme", "1001")
    assert order.is_shipped


def test_with_auto_ship_an_order_leaves_after_its_time(tmp_path):
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    warehouse = FileWarehouse(folder=tmp_path, clock=lambda: now[0])
    warehouse.add_merchant("acme")
    put(warehouse, ORDER)
    warehouse.take_orders()
    warehouse.auto_ship(20)

    shipped = []
    for seconds in (10, 11, 60):
        now[0] += timedelta(seconds=seconds)
        warehouse.ship_due()
        shipped.append(len(list((warehouse.place_of("acme") / "out").glob("shp_*.csv"))))

    assert shipped == [0, 1, 1]


async def test_a_restart_keeps_orders_logins_host_key_and_port(tmp_path):
    first = FileWarehouse(state_file=tmp_path / "state.json")
    await first.start()
    login = first.add_merchant("acme")
    put(first, ORDER)
    first.take_orders()
    await first.stop()

    second = FileWarehouse(state_file=tmp_path / "state.json")
    await second.start()
    try:
        assert second.orders_received("acme") == {"1001": 1}
        assert second.add_merchant("acme") == login
        assert (second.fingerprint, second.sftp_port) == (first.fingerprint, first.sftp_port)
    finally:
        await second.stop()


async def test_the_preset_is_settings_that_the_connector_takes():
    warehouse = simulator.make()
    await warehouse.start()
    try:
        preset, _ = presets(warehouse)
        environ = {"CROSSDOCK_BASE_URL__FILES": simulator.address(warehouse)}
        settings = Settings(**preset.settings)
        target = resolve_base_url(connector, settings, environ)
        exchanges = []
        async with open_client(
            connector, settings, door=door_for("sandbox", environ), realm=target.realm, record=exchanges.append
        ) as client:
            identity = await client.check()
        assert identity.id == f"sftp://demo-outdoor@127.0.0.1:{warehouse.sftp_port}/"
    finally:
        await warehouse.stop()


async def test_the_control_api_ships_and_shows(warehouse):
    put(warehouse, ORDER)
    warehouse.take_orders()
    await warehouse.start()
    try:
        token = {"X-Sandbox-Token": warehouse.token}
        async with aiohttp.ClientSession(headers=token) as session:
            answer = await session.post(
                f"{warehouse.url}/_sandbox/files/ship", json={"merchant": "acme", "order": "1001", "boxes": 1}
            )
            unknown = await session.post(f"{warehouse.url}/_sandbox/files/ship", json={"merchant": "acme", "order": "none"})
            state = await (await session.get(f"{warehouse.url}/_sandbox/files/state")).json()
        assert (answer.status, unknown.status) == (200, 400)
        assert (await answer.json())["result"].startswith("shp_S00001_")
        assert state["state"]["merchants"]["acme"]["orders"][0]["shipments"] == 1
    finally:
        await warehouse.stop()


def test_the_page_shows_orders_and_what_can_be_done(warehouse):
    put(warehouse, ORDER)
    warehouse.take_orders()

    panel = warehouse.panel()

    assert panel.tables[0].rows[0].cells[:3] == ("acme", "1001", "Jane, Reno")
    assert {form.lever for form in panel.forms} <= set(warehouse.levers())
    assert {action.lever for table in panel.tables for row in table.rows for action in row.actions} <= set(warehouse.levers())
