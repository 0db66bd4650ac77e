"""Real payloads, read as `crossdock read` reads them, against what their collector worked out by hand."""

import json
from decimal import Decimal

import pytest

from crossdock.connectors.kit.simulator import Unreadable
from crossdock.connectors.nuorder.places import country_code
from crossdock.connectors.nuorder.simulator.taking import take
from crossdock.connectors.nuorder.tests.rig import Rig

pytestmark = pytest.mark.needs_reference


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def read(rig, content):
    """Every order of a payload, read back by the connector."""
    found = []
    for part in take(rig.sim, content).parts:
        changes = {key: value for key, value in part.settings.items() if key != "access"}
        statuses = ("approved", "pending", "review")
        async with rig.client(**changes, import_statuses=statuses) as client:
            page = await client.orders_by_id(part.external_ids)
        assert page.rejected == ()
        found += page.orders
    return found


def entries(reference):
    folder = reference / "fixtures" / "nuorder"
    for entry in json.loads((folder / "index.json").read_text())["entries"]:
        yield folder / entry["file"], entry


async def test_every_file_is_understood_or_told_apart(rig, reference):
    orders = 0
    for path, entry in entries(reference):
        expected = entry["expect"] if isinstance(entry["expect"], list) else [entry["expect"]]
        if not isinstance(expected[0], dict) or "order_number" not in expected[0]:
            with pytest.raises(Unreadable) as told:
                take(rig.sim, path.read_bytes())
            assert "\n" not in str(told.value), path.name
            continue
        for order, expect in zip(await read(rig, path.read_bytes()), expected, strict=True):
            compare(order, expect, path.name)
            orders += 1
    assert orders == 2


def compare(order, expect, name):
    assert order.external_id == expect["id"], name
    assert order.number == expect["order_number"], name
    assert order.currency == expect["currency"], name
    assert order.grand_total == Decimal(str(expect["total"])), name
    assert sum(line.ordered * line.unit_price for line in order.lines) == Decimal(expect["recomputed_total"]), name
    assert len(order.lines) == expect["size_rows"], name
    assert order.units_to_ship == expect["units"], name
    assert order.method.name is None, name
    for line, wanted in zip(order.lines, expect["lines"], strict=True):
        got = (line.options["style"], line.options["color"], line.options["size"], line.ordered, line.unit_price, line.barcode)
        assert got == (wanted["style"], wanted["color"], wanted["size"], wanted["qty"], wanted["price"], wanted["upc"]), name
    place = expect["ship_to"]
    if place is None:
        assert order.ship_to is None, name
        return
    got = order.ship_to
    assert (got.city, got.postal_code, got.country, got.region) == (
        place["city"],
        place["postal"],
        country_code(place["country"]),
        place["state"],
    ), name
    assert got.company == expect["retailer"], name


async def test_every_captured_order_is_understood_in_each_of_its_states(rig, reference):
    content = (reference / "specs/nuorder/captured-sandbox-2014.json").read_bytes()

    orders = await read(rig, content)

    assert {order.number for order in orders} >= {"100505", "100528", "100589-2"}
    assert any(order.canceled_at is not None for order in orders)
    assert all(order.grand_total == sum(line.ordered * line.unit_price for line in order.lines) for order in orders)


async def test_an_order_as_production_gives_it_is_understood_whole(rig, reference):
    (order,) = await read(rig, (reference / "specs/nuorder/order-sample-2023-anonymised.json").read_bytes())

    assert len(order.lines) == 8
    assert [line.barcode is None for line in order.lines].count(True) == 1
    assert all(line.sku for line in order.lines)
    assert order.ship_not_before is not None
