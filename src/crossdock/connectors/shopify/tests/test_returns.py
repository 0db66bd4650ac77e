"""What comes back to a Shopify shop: its own returns in every state, and refunds that took goods back without one."""

import pytest

from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.shopify.tests.rig import Rig
from crossdock.domain.fulfillment import Tracking
from crossdock.domain.returns import ReturnState

TWO_LINES = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def returned(rig):
    return [one async for page in rig.returned() for one in page.returns]


async def test_a_return_has_its_number_reason_and_notes(rig):
    order_id = rig.places(number=1001, lines=TWO_LINES)
    rig.returns(order_id, {"RED": 2}, reason="DEFECTIVE", note="torn", customer_note="It came torn.")

    (one,) = await returned(rig)

    assert one.number == "#1001-R1"
    assert one.state is ReturnState.REQUESTED
    assert one.lines[0].reason == "Defective or doesn't work"
    assert one.lines[0].note == "torn It came torn."
    assert one.url.endswith(f"/orders/{order_id}")


async def test_a_label_on_the_way_back_is_its_tracking(rig):
    return_id = rig.returns(rig.places(lines=TWO_LINES), {"RED": 1})
    rig.sim.approve_return(return_id, tracking="1Z999AA10123456784", company="UPS")

    (one,) = await returned(rig)

    assert one.state is ReturnState.APPROVED
    assert (one.tracking, one.carrier) == ((Tracking("1Z999AA10123456784"),), "UPS")


@pytest.mark.parametrize(
    ("lever", "state"),
    [("decline_return", ReturnState.DECLINED), ("cancel_return", ReturnState.CANCELED), ("close_return", ReturnState.CLOSED)],
)
async def test_how_a_return_ends_is_seen_although_the_order_then_has_none(rig, lever, state):
    return_id = rig.returns(rig.places(lines=TWO_LINES), {"RED": 1})
    getattr(rig.sim, lever)(return_id)

    (one,) = await returned(rig)

    assert one.state is state


async def test_goods_taken_back_with_a_refund_alone_are_a_closed_return(rig):
    order_id = rig.places(number=1001, lines=TWO_LINES)
    rig.sim.fulfill_order(order_id)
    rig.sim.refund_order(order_id, quantities={"RED": 2}, restock="RETURN")

    (one,) = await returned(rig)

    assert one.state is ReturnState.CLOSED
    assert one.number == "#1001 refund 1"
    assert one.external_id.startswith("Refund/")
    assert [(line.sku, line.quantity) for line in one.lines] == [("RED", 2)]
    order = await rig.order(order_id)
    assert one.lines[0].order_line_id in {line.external_id for line in order.lines}


@pytest.mark.parametrize("restock", ["CANCEL", "NO_RESTOCK"])
async def test_a_refund_of_what_never_came_back_is_no_return(rig, restock):
    order_id = rig.places(lines=TWO_LINES)
    rig.sim.refund_order(order_id, quantities={"RED": 2}, restock=restock)

    assert await returned(rig) == []


async def test_money_for_a_return_is_not_a_second_return(rig):
    order_id = rig.places(lines=TWO_LINES)
    return_id = rig.returns(order_id, {"RED": 2})
    rig.sim.refund_order(order_id, quantities={"RED": 2}, restock="RETURN")
    shop, order, one = rig.sim.return_(return_id)
    order["_refunds"][0]["_return"] = one["id"]
    shop.keep(order)

    assert [one.external_id for one in await returned(rig)] == [return_id]


async def test_an_order_with_many_returns_has_them_all(rig):
    order_id = rig.places(lines=[{"sku": "RED", "quantity": 9}])
    ids = {rig.returns(order_id, {"RED": 1}) for _ in range(7)}

    assert {one.external_id for one in await returned(rig)} == ids


async def test_a_missing_right_is_named_and_stops_nothing_else(rig):
    rig.returns(rig.places(lines=TWO_LINES), {"RED": 1})
    await returned(rig)
    rig.sim.revoke_scopes(["read_returns"])

    with pytest.raises(InvalidData) as refused:
        await returned(rig)

    assert not isinstance(refused.value, AuthenticationFailed)
    assert "read_returns" in refused.value.message
    assert len(await rig.orders()) == 1


async def test_an_order_with_many_refunds_and_lines_has_them_all(rig):
    lines = [{"sku": f"SKU-{number}", "quantity": 12} for number in range(25)]
    order_id = rig.places(lines=lines)
    rig.sim.fulfill_order(order_id)
    for _ in range(12):
        rig.sim.refund_order(order_id, quantities={line["sku"]: 1 for line in lines}, restock="RETURN")

    found = await returned(rig)

    assert [len(one.lines) for one in found] == [25] * 12
    assert len({one.external_id for one in found}) == 12


async def test_a_return_of_many_lines_has_them_all(rig):
    lines = [{"sku": f"SKU-{number}", "quantity": 1} for number in range(45)]
    order_id = rig.places(lines=lines)
    rig.returns(order_id, {line["sku"]: 1 for line in lines})

    (one,) = await returned(rig)

    assert len(one.lines) == 45
