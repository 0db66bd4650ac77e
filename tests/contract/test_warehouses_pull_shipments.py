"""Every warehouse that says what it shipped is understood, whatever the order, number and repetition of its messages."""

from decimal import Decimal

import pytest

from contract.warehouse_rig import EVERYTHING, every_warehouse_that
from crossdock.connectors.files.tests.examples import a_request
from crossdock.connectors.kit.capabilities import PullsShipments, SendsOrders

warehouse = every_warehouse_that(SendsOrders, PullsShipments)


@pytest.fixture(autouse=True)
async def _has_two_orders(warehouse) -> None:
    await warehouse.sent([a_request("1001", lines=3), a_request("1002", lines=2)])
    warehouse.received()


def _units(shipments) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for shipment in shipments:
        for package in shipment.packages:
            for content in package.contents:
                units[content.sku] = units.get(content.sku, Decimal(0)) + content.quantity
    return units


async def test_a_whole_order_comes_back_with_its_tracking_number(warehouse):
    warehouse.sim.ship("acme", "1001", carrier="UPS", tracking=["1Z999"], final=True)

    (shipment,), rejected = await warehouse.shipments()

    assert rejected == []
    assert (shipment.reference, shipment.carrier, shipment.is_final, shipment.is_void) == ("1001", "UPS", True, False)
    assert [package.tracking for package in shipment.packages] == ["1Z999"]
    assert _units([shipment]) == {"SKU-1": 1, "SKU-2": 2, "SKU-3": 3}
    assert sorted(content.line_number for content in shipment.packages[0].contents) == [1, 2, 3]


async def test_a_part_comes_first_and_the_rest_follows(warehouse):
    warehouse.sim.ship("acme", "1001", {1: 1, 3: 2}, final=False)
    (first,), _ = await warehouse.shipments()
    warehouse.sim.ship("acme", "1001", final=True)

    (second,), _ = await warehouse.shipments()

    assert first.external_id != second.external_id
    assert (first.is_final, second.is_final) == (False, True)
    assert _units([first]) == {"SKU-1": 1, "SKU-3": 2}
    assert _units([second]) == {"SKU-2": 2, "SKU-3": 1}


async def test_several_boxes_have_their_own_numbers_and_contents(warehouse):
    warehouse.sim.ship("acme", "1001", boxes=3)

    shipments, _ = await warehouse.shipments()

    packages = [package for shipment in shipments for package in shipment.packages]
    assert len({package.tracking for package in packages}) == 3
    assert all(package.contents for package in packages)
    assert _units(shipments) == {"SKU-1": 1, "SKU-2": 2, "SKU-3": 3}


async def test_lots_and_serials_come_along(warehouse):
    warehouse.sim.ship("acme", "1002", lot="L7", serials={2: "A1;A2"})

    (shipment,), _ = await warehouse.shipments()

    contents = {content.sku: content for content in shipment.packages[0].contents}
    assert contents["SKU-1"].lot == "L7"
    assert contents["SKU-2"].serials == ("A1", "A2")


async def test_many_shipments_come_each_once(warehouse):
    warehouse.sim.ship("acme", "1001")
    warehouse.sim.ship("acme", "1002")

    first, _ = await warehouse.shipments()
    again, _ = await warehouse.shipments()

    assert {shipment.reference for shipment in first} == {"1001", "1002"}
    assert again == []


async def test_small_files_come_together_and_each_is_put_away(warehouse):
    warehouse.sim.ship("acme", "1001", {1: 1}, final=False)
    warehouse.sim.ship("acme", "1001", final=True)
    warehouse.sim.ship("acme", "1002")

    async with warehouse.client() as client:
        pages = [page async for page in client.shipments_changed(EVERYTHING)]
        await client.settle(pages[0].receipt)

    assert [len(page.shipments) for page in pages] == [3]
    assert await warehouse.shipments() == ([], [])


async def test_a_file_that_is_at_fault_holds_up_none_of_those_beside_it(warehouse):
    warehouse.sim.ship("acme", "1001")
    warehouse.sim.put_file("acme", "shp_0_bad.csv", "Order Number,Ship Date\r\nnonsense\r\n")
    warehouse.sim.ship("acme", "1002")

    shipments, rejected = await warehouse.shipments()

    assert sorted(shipment.reference for shipment in shipments) == ["1001", "1002"]
    assert rejected != []
    assert await warehouse.shipments() == ([], [])


async def test_what_was_not_stored_comes_again_with_the_same_id(warehouse):
    warehouse.sim.ship("acme", "1001", boxes=2)

    first, _ = await warehouse.shipments(settle=False)
    again, _ = await warehouse.shipments()

    assert first == again != []


async def test_settling_twice_is_settling_once(warehouse):
    warehouse.sim.ship("acme", "1001")
    async with warehouse.client() as client:
        async for page in client.shipments_changed(EVERYTHING):
            receipt = page.receipt
        await client.settle(receipt)
        after_once = warehouse.everything()
        await client.settle(receipt)

    assert warehouse.everything() == after_once
    assert await warehouse.shipments() == ([], [])


async def test_observing_reads_and_changes_nothing(warehouse):
    warehouse.sim.ship("acme", "1001")
    warehouse.sim.forget_log()
    before = warehouse.everything()

    shipments, _ = await warehouse.shipments(may_write=False)

    assert len(shipments) == 1
    assert warehouse.everything() == before
    assert warehouse.sim.writes() == []


async def test_a_corrected_tracking_number_is_the_same_shipment(warehouse):
    warehouse.sim.ship("acme", "1001", {1: 1}, shipment_id="S7", tracking=["WRONG"])
    (first,), _ = await warehouse.shipments()
    warehouse.sim.merchants["acme"].orders["1001"].lines[0].shipped = 0
    warehouse.sim.ship("acme", "1001", {1: 1}, shipment_id="S7", tracking=["RIGHT"])

    (second,), _ = await warehouse.shipments()

    assert first.external_id == second.external_id
    assert [package.tracking for package in second.packages] == ["RIGHT"]
