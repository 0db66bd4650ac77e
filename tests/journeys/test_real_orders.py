"""Real orders, as Shopify documents and its clients recorded them, carried through: each with the import settings it needs."""

import json
from pathlib import Path

import pytest

from crossdock.orders.models import SalesOrderLine
from support.reference import reference_folder
from support.world import MERCHANT, a_world

pytestmark = [pytest.mark.usefixtures("db_ready"), pytest.mark.needs_reference]

# What each order needs to be imported, and what is left out however the settings stand. "needs": settings beside the usual ones.
SHIPPED: dict[str, dict[str, object]] = {
    "rest_2024-04_order_test_8.json": {"financial_statuses": ("partially_refunded",)},
    "rest_2024-04_order_test_11.json": {"financial_statuses": ("partially_refunded",)},
    "rest_2024-04_order_test_26.json": {"financial_statuses": ("partially_refunded",)},
    "rest_2024-04_order_test_23.json": {},
    "py_order.json": {"financial_statuses": ("authorized",)},
}
"""Orders that a warehouse ships."""

WITHOUT_ADDRESS = ("rest_2024-04_order_test_6.json", "rest_2024-04_order_test_20.json")
"""Orders that have units to ship and nowhere to ship them: put before a person."""

LEFT_OUT = {
    "go_order.json": "canceled",
    "vcr_1001_fulfilled.json": "skipped",
    "rest_2024-04_order_test_8.json": "skipped",
    "py_order.json": "skipped",
}
"""Where orders end that the usual settings do not let through, or that have nothing left to ship."""


def files() -> Path:
    folder = reference_folder()
    assert folder is not None
    return folder / "fixtures" / "shopify"


def expected(name: str) -> dict[str, object]:
    index = json.loads((files() / "index.json").read_text())
    return next(entry["expect"] for entry in index["entries"] if entry["file"] == name)


async def carried(world, name: str):
    """Load one file into the shop, as if it had been placed there just now, and let everything happen."""
    world.shop.load((files() / name).read_text(), world.handle)
    for order in list(world.shop.shop(world.handle).orders):
        world.shop.touch_order(order, world.handle)
    await world.poll()
    return next(iter((await world.orders()).values()))


@pytest.mark.parametrize("name", sorted(SHIPPED))
async def test_a_real_order_reaches_the_warehouse_with_what_is_left_to_ship_and_its_tracking_number_comes_back(name):
    settings = {"accept_orders_after": "2000-01-01T00:00:00Z", **SHIPPED[name]}
    expect = expected(name)

    async with a_world(settings=settings) as world:
        order = await carried(world, name)

        assert (order.status, order.number) == ("open", expect["order_number"])
        lines = await world.there(
            lambda: list(SalesOrderLine.objects.filter(to_ship__gt=0).values_list("external_id", "sku", "to_ship"))
        )
        if isinstance(expect["to_fulfil"], list):
            assert {(str(one["line_id"]), one["sku"], one["qty"]) for one in expect["to_fulfil"]} == set(lines)
        world.wms.take_orders()
        (received,) = world.wms.merchants[MERCHANT].orders.values()
        assert sorted((line.sku, line.quantity) for line in received.lines) == sorted(
            (sku, float(units)) for _, sku, units in lines
        )

        world.wms.ship_all(MERCHANT)
        await world.poll("fulfillment.pull")

        assert set((await world.statuses()).values()) == {"closed"}
        assert [len(found) for found in world.shop.fulfillments_by_tracking(world.handle).values()] == [1]


@pytest.mark.parametrize("name", WITHOUT_ADDRESS)
async def test_a_real_order_without_an_address_is_put_before_a_person(name):
    async with a_world(settings={"accept_orders_after": "2000-01-01T00:00:00Z"}) as world:
        order = await carried(world, name)

        assert order.status == "error"
        assert "no shipping address" in order.reason


@pytest.mark.parametrize(("name", "status"), sorted(LEFT_OUT.items()))
async def test_a_real_order_that_is_not_wanted_is_visible_with_the_reason_and_sent_nowhere(name, status):
    async with a_world(settings={"accept_orders_after": "2000-01-01T00:00:00Z"}) as world:
        order = await carried(world, name)

        assert order.status == status
        assert order.reason
        world.wms.take_orders()
        assert world.wms.orders_received(MERCHANT) == {}
