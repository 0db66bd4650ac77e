"""What is written so that the shop shows a figure, with what open orders reserved understood."""

from decimal import Decimal

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData


def at_source(rig, sku, source="default"):
    return rig.shop.source_items[f"{sku.casefold()}@{source}"]["quantity"]


async def test_what_open_orders_reserved_is_added_so_that_the_figure_is_shown(rig):
    rig.sells("RED", 20)
    rig.places(lines=[{"sku": "RED", "quantity": 3}])

    (done,) = await rig.publish(rig.figure("RED", 12))

    assert isinstance(done, Done)
    assert at_source(rig, "RED") == 15
    assert rig.shop.salable("RED") == 12
    assert done.evidence == {"shown": "12", "written": "15 at default"}


async def test_the_order_that_reserved_can_still_ship_when_nothing_else_is_left(rig):
    rig.sells("RED", 20)
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}]))
    await rig.publish(rig.figure("RED", 0))

    (done,) = await rig.post(rig.notice(order))

    assert isinstance(done, Done)
    assert (at_source(rig, "RED"), rig.shop.salable("RED")) == (0, 0)


async def test_pushing_again_adds_what_is_reserved_once(rig):
    rig.sells("RED", 20)
    rig.places(lines=[{"sku": "RED", "quantity": 3}])

    for quantity in (12, 12, 7, 0, 9):
        await rig.publish(rig.figure("RED", quantity))
        assert rig.shop.salable("RED") == quantity


async def test_only_the_source_that_ships_carries_what_is_reserved(rig):
    rig.sells("RED", 20)
    rig.places(lines=[{"sku": "RED", "quantity": 3}])

    await rig.publish(rig.figure("RED", 5), rig.figure("RED", 4, "east"))

    assert (at_source(rig, "RED"), at_source(rig, "RED", "east")) == (8, 4)
    assert rig.shop.salable("RED") == 9


async def test_more_sold_than_there_is_comes_back_to_the_figure(rig):
    rig.sells("RED", 1)
    rig.places(lines=[{"sku": "RED", "quantity": 3}])

    await rig.publish(rig.figure("RED", 0))

    assert (at_source(rig, "RED"), rig.shop.salable("RED")) == (3, 0)


async def test_older_releases_are_asked_product_by_product(rig):
    rig.sim.set_release(has_salable_export=False)
    rig.sells("24/MB 01", 20)
    rig.places(lines=[{"sku": "24/MB 01", "quantity": 3}])

    await rig.publish(rig.figure("24/MB 01", 12))

    assert rig.shop.salable("24/MB 01") == 12
    assert any("24%252FMB%2001" in one.url for one in rig.exchanges)


async def test_a_sku_with_a_comma_is_one_sku(rig):
    rig.sells("RED,XL", 5)
    rig.sells("RED", 5)

    outcomes = await rig.publish(rig.figure("RED,XL", 9), rig.figure("RED", 2), rig.figure("XL", 1))

    assert [type(outcome) for outcome in outcomes] == [Done, Done, Failed]
    assert (at_source(rig, "RED,XL"), at_source(rig, "RED")) == (9, 2)


async def test_a_bundle_keeps_no_stock_of_its_own(rig):
    rig.sells("RED", 5)
    rig.sells_bundle("PAIR", {"RED": 2})

    (failed,) = await rig.publish(rig.figure("PAIR", 9))

    assert isinstance(failed.error, InvalidData)
    assert "keeps stock only of the products inside it" in failed.error.message


async def test_stock_goes_to_the_source_in_the_settings_where_a_warehouse_has_none(rig):
    rig.sells("RED", 5)
    figure = rig.figure("RED", Decimal(8), location=None)

    await rig.publish(type(figure)(figure.key, "RED", Decimal(8)), source_code="east")

    assert at_source(rig, "RED", "east") == 8
    assert at_source(rig, "RED") == 5


async def test_a_product_whose_case_differs_is_the_same_product(rig):
    rig.sells("Red-1", 5)

    (done,) = await rig.publish(rig.figure("RED-1", 8))

    assert isinstance(done, Done)
    assert at_source(rig, "Red-1") == 8


async def test_what_is_reserved_is_right_with_more_sources_than_a_page_has_rows(rig):
    skus = [f"SKU-{number}" for number in range(20)]
    for number in range(20):
        rig.shop.add_source(f"source-{number:02}", f"Source {number}")
    for sku in skus:
        rig.sells(sku, 5)
        for number in range(20):
            rig.sim.set_stock(sku, 1, source=f"source-{number:02}")
    rig.places(lines=[{"sku": sku, "quantity": 2} for sku in skus])

    await rig.publish(*(rig.figure(sku, 7) for sku in skus))

    assert {rig.shop.salable(sku) for sku in skus} == {27}
