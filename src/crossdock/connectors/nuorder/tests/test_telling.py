"""What a portal is told: shipments in records and notes, statuses, stock; and the products that stock is told for."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.nuorder.tests.rig import Rig
from crossdock.domain.fulfillment import Tracking

TWO = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


def asked(rig):
    """What was asked, as method and path behind /api."""
    return [f"{one.method} {one.url.split('/api/', 1)[1]}" for one in rig.exchanges]


async def test_the_last_shipment_makes_the_order_shipped(rig):
    order = await rig.order(rig.places(lines=TWO))

    await rig.post(rig.notice(order, {"RED": 3}))
    between = rig.portal.orders[order.external_id]["status"]
    await rig.post(rig.notice(order, {"BLUE": 2}))

    assert (between, rig.portal.orders[order.external_id]["status"]) == ("approved", "shipped")


async def test_a_status_that_a_lost_answer_left_behind_is_set_when_the_shipment_is_found(rig):
    order = await rig.order(rig.places(lines=TWO))
    notice = rig.notice(order)
    rig.sim.hang_up_after_write()
    await rig.post(notice)
    before = rig.portal.orders[order.external_id]["status"]

    found = await rig.find(notice)

    assert notice.key in found
    assert (before, rig.portal.orders[order.external_id]["status"]) == ("approved", "shipped")


async def test_where_there_is_no_call_for_shipments_a_note_tells_them_and_they_count(rig):
    rig.sim.set_shipments(on=False)
    order = await rig.order(rig.places(lines=TWO, note="Ring twice"))
    notice = rig.notice(order, {"RED": 2}, tracking=(Tracking("1ZNOTE"),))

    (outcome,) = await rig.post(notice)
    (again,) = await rig.post(notice)

    assert isinstance(outcome, Done)
    assert isinstance(again, Done)
    assert outcome.evidence["told"] == "note"
    notes = rig.portal.orders[order.external_id]["notes"].splitlines()
    assert notes[0] == "Ring twice"
    assert len(notes) == 2
    assert "| UPS | 1ZNOTE | 2 x RED" in notes[1]
    left = await rig.order(order.external_id)
    assert left.units_to_ship == 3
    assert left.warehouse_note == "Ring twice"


async def test_a_record_that_the_order_does_not_show_is_noted_lest_its_units_ship_again(rig):
    rig.sim.set_shipments(on=True, shown=False)
    order = await rig.order(rig.places(lines=TWO))

    (outcome,) = await rig.post(rig.notice(order, {"RED": 3}))

    assert isinstance(outcome, Done)
    assert outcome.evidence["told"] == "note"
    assert (await rig.order(order.external_id)).units_to_ship == 2


async def test_a_note_that_was_written_is_found_though_its_answer_was_lost(rig):
    order = await rig.order(rig.places(lines=TWO))
    notice = rig.notice(order, {"RED": 1}, tracking=())
    rig.sim.hang_up_after_write()

    await rig.post(notice, shipments_as="note")

    assert notice.key in await rig.find(notice)


async def test_a_note_is_corrected_and_canceled_by_further_notes(rig):
    order = await rig.order(rig.places(lines=TWO))
    notice = rig.notice(order)
    (done,) = await rig.post(notice, shipments_as="note")

    await rig.correct(rig.correction(done, notice, tracking=(Tracking("1ZOTHER"),)))
    corrected = rig.told()
    await rig.correct(rig.correction(done, notice, is_void=True))

    assert corrected == {"1ZOTHER": 1}
    assert rig.told() == {}
    assert rig.portal.orders[order.external_id]["status"] == "processed"
    assert (await rig.order(order.external_id)).units_to_ship == 5


async def test_another_call_for_shipments_is_a_setting(rig):
    order = await rig.order(rig.places())
    rig.exchanges.clear()

    await rig.post(rig.notice(order), shipment_call="POST api/order/{id}/shipments/new")

    assert f"POST order/{order.external_id}/shipments/new" in asked(rig)
    with pytest.raises(ValueError, match="shipment_call"):
        rig.settings(shipment_call="POST https://elsewhere.example.com/{id}")


async def test_an_account_without_two_way_integration_is_told_whom_to_ask(rig):
    order = await rig.order(rig.places())
    rig.sim.set_two_way(on=False)

    (outcome,) = await rig.post(rig.notice(order))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert "two-way integration" in outcome.error.message


async def test_stock_of_all_sizes_of_a_product_is_one_call(rig):
    rig.sells_variants("SHIRT", {"SHIRT-S": 1, "SHIRT-M": 2})
    rig.exchanges.clear()

    await rig.publish(rig.figure("SHIRT-S", 5), rig.figure("SHIRT-M", 0))

    assert sum(call.startswith("POST inventory/") for call in asked(rig)) == 1
    assert (rig.stock_of("SHIRT-S"), rig.stock_of("SHIRT-M")) == (5, 0)


async def test_stock_that_is_to_come_is_left_alone(rig):
    external_id = rig.sells("RED", 5)
    rig.portal.coming["default", external_id.partition(":")[0], "OS", "2027-01-01"] = 90

    await rig.publish(rig.figure("RED", 7))

    assert rig.stock_of("RED") == 7
    assert list(rig.portal.coming.values()) == [90]


async def test_replenishments_replace_what_is_there_at_once_and_the_catalog_is_refreshed(rig):
    product = rig.sells("RED", 0).partition(":")[0]
    rows = [(0, "at once", False, "2020-01-01", 4), (1, "later", False, "2999-01-01", 50), (2, "prebook", True, "2020-01-01", 70)]
    for number, _, prebook, start, quantity in rows:
        millis = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp() * 1000)
        rig.portal.replenishments[f"r{number}"] = {
            "id": f"r{number}",
            "warehouse_id": "default",
            "sku_id": "sku-1",
            "display_name": "RED",
            "prebook": prebook,
            "period_start": millis,
            "quantity": quantity,
            "active": True,
        }

    (outcome,) = await rig.publish(rig.figure("RED", 9), stock_through="replenishments")

    assert isinstance(outcome, Done)
    assert {id_: row["quantity"] for id_, row in rig.portal.replenishments.items()} == {"r0": 9, "r1": 50, "r2": 70}
    assert rig.portal.flagged == {product}


async def test_a_sku_whose_id_nuorder_does_not_say_fails_with_what_to_do(rig):
    rig.sells("RED", 0)

    (outcome,) = await rig.publish(rig.figure("RED", 9), stock_through="replenishments")

    assert isinstance(outcome, Failed)
    assert "choose Inventory by product" in outcome.error.message


async def test_many_replenishments_are_read_page_by_page(rig):
    rig.sells("RED", 0)
    for number in range(1_203):
        rig.portal.replenishments[f"r{number:05}"] = {
            "id": f"r{number:05}",
            "warehouse_id": "default",
            "sku_id": f"sku-{number}",
            "display_name": "RED" if number == 1_202 else f"X{number}",
            "prebook": False,
            "period_start": 0,
            "quantity": 1,
            "active": True,
        }

    (outcome,) = await rig.publish(rig.figure("RED", 9), stock_through="replenishments")

    assert isinstance(outcome, Done)
    assert rig.portal.replenishments["r01202"]["quantity"] == 9
    assert sum("replenishments?__limit=500" in call for call in asked(rig)) == 3


async def test_products_say_what_replenishments_have_there_now(rig):
    for sku in ("RED", "BLUE", "GREEN"):
        rig.sells(sku, 0)
    now = datetime.now(UTC)
    past, future = (int((now + timedelta(days=days)).timestamp() * 1000) for days in (-9, 9))
    rows = [
        ("RED", {"quantity": 4}),
        ("RED", {"quantity": 3, "sku_id": "RED", "display_name": ""}),
        ("RED", {"quantity": 50, "period_start": future}),
        ("RED", {"quantity": 60, "prebook": True}),
        ("RED", {"quantity": 70, "active": False}),
        ("RED", {"quantity": 80, "period_end": past}),
        ("BLUE", {"quantity": 0}),
    ]
    for number, (sku, more) in enumerate(rows):
        rig.portal.replenishments[f"r{number}"] = {
            "id": f"r{number}",
            "warehouse_id": "default",
            "sku_id": f"id-{sku}",
            "display_name": sku,
            "prebook": False,
            "period_start": past,
            "active": True,
            **more,
        }

    pages = [page async for page in rig.products(stock_through="replenishments")]

    assert {one.sku: one.stock for page in pages for one in page.products} == {"RED": 7, "BLUE": 0, "GREEN": None}
    assert sum("replenishments?__limit=500" in call for call in asked(rig)) == 1


async def test_a_warehouse_that_nuorder_does_not_know_holds_up_no_product(rig):
    rig.sells("RED", 5)

    pages = [page async for page in rig.products(stock_through="replenishments", stock_warehouse="elsewhere")]

    assert [(one.sku, one.stock) for page in pages for one in page.products] == [("RED", None)]


async def test_products_on_orders_are_known_without_naming_a_season(rig):
    rig.places(lines=[{"sku": "RED", "quantity": 1}])

    products = [product async for page in rig.products(seasons="") for product in page.products]

    assert [product.sku for product in products] == ["RED"]
    assert products[0].price == Decimal(20)


async def test_what_the_platform_folds_is_matched_all_the_same(rig):
    body = {
        "style_number": "abc",
        "brand_id": "ABC-Red",
        "name": "Shirt",
        "season": "FW26",
        "sizes": [{"size": "M", "upc": "u1"}],
    }
    async with rig.client() as client:
        answer = await client.http.write("PUT", "api/product/new", operation="new product", json=body)
    made = json.loads(answer.body)

    products = [product async for page in rig.products() for product in page.products]

    assert (made["brand_id"], made["style_number"], made["name"]) == ("abc-red", "ABC", "shirt")
    assert [product.sku for product in products] == ["u1"]


async def test_warehouses_are_offered_that_orders_and_products_name(rig):
    rig.places(lines=[{"sku": "RED", "quantity": 1, "warehouse": "East"}])

    async with rig.client() as client:
        offered = [choice.value for choice in await client.choices("stock_warehouse")]

    assert offered == ["default", "East", "Wholesale"]
