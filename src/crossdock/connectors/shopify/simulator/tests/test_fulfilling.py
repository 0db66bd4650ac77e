"""Fulfillment orders and fulfillments: states, refusals, and that asking twice tells twice."""

from typing import Any

import pytest

from crossdock.connectors.shopify.simulator.tests.rig import Asking

PARTS = """query Parts($id: ID!) { order(id: $id) { displayFulfillmentStatus displayFinancialStatus closed
  fulfillmentOrders(first: 10) { nodes { id status supportedActions { action }
    lineItems(first: 10) { nodes { id totalQuantity remainingQuantity lineItem { sku quantity currentQuantity } } } } } } }"""
CREATE = """mutation Create($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment) {
  fulfillment { id status displayStatus name trackingInfo { number company url } } userErrors { field message } } }"""
MOVE = """mutation Move($id: ID!, $to: ID!) { fulfillmentOrderMove(id: $id, newLocationId: $to) {
  movedFulfillmentOrder { id status } userErrors { field message code } } }"""


async def parts(ask: Asking, order: str) -> dict[str, Any]:
    return (await ask(PARTS, id=order))["order"]


async def create(ask: Asking, *groups: Any, tracking: str = "1Z1") -> dict[str, Any]:
    rows = [{"fulfillmentOrderId": one["id"], **({"fulfillmentOrderLineItems": items} if items else {})} for one, items in groups]
    given = {"lineItemsByFulfillmentOrder": rows, "trackingInfo": {"company": "UPS", "number": tracking}}
    return (await ask(CREATE, fulfillment=given))["fulfillmentCreate"]


async def first_part(ask: Asking, order: str) -> dict[str, Any]:
    return (await parts(ask, order))["fulfillmentOrders"]["nodes"][0]


async def test_the_whole_leaves_and_the_order_is_fulfilled(ask: Asking) -> None:
    order = ask.sim.add_order(1)

    made = await create(ask, (await first_part(ask, order), None))

    after = await parts(ask, order)
    assert (made["fulfillment"]["status"], made["fulfillment"]["displayStatus"]) == ("SUCCESS", "FULFILLED")
    assert made["fulfillment"]["trackingInfo"][0]["url"].startswith("https://www.ups.com/")
    assert after["displayFulfillmentStatus"] == "FULFILLED"
    assert after["fulfillmentOrders"]["nodes"][0]["status"] == "CLOSED"
    assert ask.sim.fulfillments_by_tracking() == {"1Z1": [made["fulfillment"]["id"]]}


async def test_asking_twice_for_a_part_tells_twice(ask: Asking) -> None:
    order = ask.sim.add_order(1, lines=[{"sku": "MUG", "quantity": 3}])
    part = await first_part(ask, order)
    one = [{"id": part["lineItems"]["nodes"][0]["id"], "quantity": 1}]

    await create(ask, (part, one))
    await create(ask, (part, one))

    after = await first_part(ask, order)
    assert after["lineItems"]["nodes"][0]["remainingQuantity"] == 1
    assert len(ask.sim.fulfillments_by_tracking()["1Z1"]) == 2


async def test_too_many_units_are_refused_and_nothing_leaves(ask: Asking) -> None:
    order = ask.sim.add_order(1, lines=[{"sku": "MUG"}, {"sku": "CAP"}])
    part = await first_part(ask, order)
    rows = part["lineItems"]["nodes"]

    made = await create(ask, (part, [{"id": rows[0]["id"], "quantity": 1}, {"id": rows[1]["id"], "quantity": 2}]))

    assert made["userErrors"] == [
        {"field": ["fulfillment"], "message": "Invalid fulfillment order line item quantity requested."}
    ]
    assert ask.sim.fulfillments_by_tracking() == {}


async def test_refusals_come_in_the_recorded_words(ask: Asking) -> None:
    second = ask.sim.add_location("Second")
    order = ask.sim.add_order(1, lines=[{"sku": "MUG"}, {"sku": "CAP", "location": second}])
    other = ask.sim.add_order(2)
    one, two = (await parts(ask, order))["fulfillmentOrders"]["nodes"]
    three = await first_part(ask, other)
    numbers = ", ".join(place.rpartition("/")[2] for place in ask.shop.locations)

    async def message(*groups: Any) -> str:
        return (await create(ask, *groups))["userErrors"][0]["message"]

    assert await message(({"id": "gid://shopify/FulfillmentOrder/999"}, None)) == "Fulfillment order does not exist."
    assert await message((one, None), (three, None)) == "All fulfillment orders must belong to the same order."
    assert await message((one, None), (two, None)) == (
        f"All fulfillment orders must be assigned to a single location. Multiple locations with ids [{numbers}] were found."
    )
    assert (
        await message((one, [{"id": "gid://shopify/FulfillmentOrderLineItem/9", "quantity": 1}]))
        == "Fulfillment order line item does not exist."
    )
    await create(ask, (one, None))
    number = one["id"].rpartition("/")[2]
    assert await message((one, None)) == f"Fulfillment order {number} has an unfulfillable status= closed."


async def test_a_quantity_of_none_names_its_place(ask: Asking) -> None:
    part = await first_part(ask, ask.sim.add_order(1))

    made = await create(ask, (part, [{"id": part["lineItems"]["nodes"][0]["id"], "quantity": 0}]))

    assert made["userErrors"][0]["message"] == "Quantity must be greater than 0"
    assert made["userErrors"][0]["field"][-2:] == ["0", "quantity"]


async def test_an_id_of_another_kind_is_an_error_at_the_top(ask: Asking) -> None:
    errors = await ask.errors(
        CREATE, fulfillment={"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": "gid://shopify/Order/1"}]}
    )

    assert errors[0]["message"] == "Invalid id: gid://shopify/Order/1"
    assert errors[0]["extensions"]["code"] == "RESOURCE_NOT_FOUND"


async def test_what_is_not_stocked_there_does_not_leave(ask: Asking) -> None:
    order = ask.sim.add_order(1)
    ask.sim.unstock("BLUE-M", "Main warehouse")

    made = await create(ask, (await first_part(ask, order), None))

    assert "is not stocked at Main warehouse" in made["userErrors"][0]["message"]


async def test_canceling_an_order_closes_with_nothing_left(ask: Asking) -> None:
    order = ask.sim.add_order(1)
    ask.sim.cancel_order(order)

    after = await parts(ask, order)
    part = after["fulfillmentOrders"]["nodes"][0]
    assert (after["closed"], after["displayFinancialStatus"], after["displayFulfillmentStatus"]) == (
        True,
        "REFUNDED",
        "UNFULFILLED",
    )
    assert (part["status"], part["lineItems"]["nodes"][0]["totalQuantity"]) == ("CLOSED", 0)


async def test_an_edit_shrinks_the_part_and_a_new_line_gets_a_part_of_its_own(ask: Asking) -> None:
    order = ask.sim.add_order(1, lines=[{"sku": "MUG", "quantity": 3}])
    ask.sim.edit_order(order, quantities={"MUG": 1}, added=[{"sku": "CAP"}])

    one, two = (await parts(ask, order))["fulfillmentOrders"]["nodes"]
    row = one["lineItems"]["nodes"][0]
    assert (row["totalQuantity"], row["lineItem"]["quantity"], row["lineItem"]["currentQuantity"]) == (1, 3, 1)
    assert two["lineItems"]["nodes"][0]["lineItem"]["sku"] == "CAP"


async def test_a_hold_keeps_it_until_it_is_released(ask: Asking) -> None:
    order = ask.sim.add_order(1)
    ask.sim.hold_order(order, reason="AWAITING_PAYMENT")
    held = await parts(ask, order)
    refused = await create(ask, (held["fulfillmentOrders"]["nodes"][0], None))
    ask.sim.release_order(order)

    assert held["displayFulfillmentStatus"] == "ON_HOLD"
    assert "unfulfillable status= on_hold" in refused["userErrors"][0]["message"]
    assert (await first_part(ask, order))["status"] == "OPEN"


async def test_a_scheduled_one_opens_when_its_time_comes(ask: Asking) -> None:
    order = ask.sim.add_order(1, fulfill_at="2026-11-20T13:00:00Z")
    before = await first_part(ask, order)
    ask.clock.pass_(hours=2)

    assert before["status"] == "SCHEDULED"
    assert (await first_part(ask, order))["status"] == "OPEN"


async def test_a_gift_card_is_fulfilled_at_once(ask: Asking) -> None:
    order = ask.sim.add_order(1, lines=[{"sku": "MUG"}, {"sku": "GIFT", "gift_card": True}])

    assert (await parts(ask, order))["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"


async def test_a_refund_of_unfulfilled_units_shrinks_what_is_left(ask: Asking) -> None:
    order = ask.sim.add_order(1, lines=[{"sku": "MUG", "quantity": 3}])
    ask.sim.refund_order(order, {"MUG": 2})

    after = await parts(ask, order)
    assert after["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert after["fulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"][0]["remainingQuantity"] == 1


@pytest.mark.parametrize("after", ["close", "progress", "nowhere"])
async def test_a_move_is_refused_in_the_recorded_words(ask: Asking, after: str) -> None:
    order = ask.sim.add_order(1)
    part = await first_part(ask, order)
    to = ask.sim.add_location("Second") if after != "nowhere" else "gid://shopify/Location/999999999"
    if after == "close":
        await create(ask, (part, None))
    elif after == "progress":
        await ask("mutation P($id: ID!) { fulfillmentOrderReportProgress(id: $id) { userErrors { message } } }", id=part["id"])

    data = await ask(MOVE, id=part["id"], to=to)

    assert (
        data["fulfillmentOrderMove"]["userErrors"][0]["message"].split(".")[0]
        == {
            "close": "Cannot change location",
            "progress": "Cannot move a fulfillment order that has had progress reported",
            "nowhere": "Location not found",
        }[after]
    )


async def test_a_fulfillment_taken_back_leaves_a_new_part_to_fulfill(ask: Asking) -> None:
    order = ask.sim.add_order(1)
    made = await create(ask, (await first_part(ask, order), None))
    cancel = "mutation C($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status } userErrors { message } } }"

    first = await ask(cancel, id=made["fulfillment"]["id"])
    again = await ask(cancel, id=made["fulfillment"]["id"])

    statuses = [one["status"] for one in (await parts(ask, order))["fulfillmentOrders"]["nodes"]]
    assert first == again == {"fulfillmentCancel": {"fulfillment": {"status": "CANCELLED"}, "userErrors": []}}
    assert statuses == ["CLOSED", "OPEN"]


async def test_mails_to_customers_are_counted(ask: Asking) -> None:
    part = await first_part(ask, ask.sim.add_order(1))
    given = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": part["id"]}], "notifyCustomer": True}

    await ask(CREATE, fulfillment=given)

    assert [mail["order"] for mail in ask.shop.mails] == ["#1"]


async def test_orders_flow_by_the_clock_until_they_are_stopped(ask: Asking) -> None:
    ask.sim.let_orders_flow(30)
    for _ in range(4):
        ask.sim.place_due()
        ask.clock.pass_(seconds=31)
    ask.sim.let_orders_flow(0)
    ask.sim.place_due()

    assert len(ask.shop.orders) == 3
