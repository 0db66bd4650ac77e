"""Stock as adjustments: only where it was switched on, only what differs, and never twice."""

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData


async def test_stock_is_left_alone_unless_it_was_switched_on(rig):
    rig.sells("RED", 5)
    rig.sim.forget_log()

    (outcome,) = await rig.publish(rig.figure("RED", 9), adjust_stock=False)

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert outcome.error.field == "adjust_stock"
    assert rig.sim.writes() == []


async def test_the_difference_is_posted_with_the_reason_code(rig):
    rig.sim.set_rules(needs_reason=True)
    rig.sells("RED", 5)

    await rig.publish(rig.figure("RED", 3))

    (made,) = rig.sim.tenant().tables["InventoryAdjustment"].values()
    assert made["Status"] == "Released"
    assert [(row["Qty"], row["ReasonCode"], row["UOM"]) for row in made["Details"]] == [(-2, "INADJUST", "EA")]


async def test_what_acumatica_itself_took_off_is_not_taken_off_twice(rig):
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}], stock=10))
    await rig.publish(rig.figure("RED", 10))
    await rig.post(rig.notice(order))  # three leave, in Acumatica as in the warehouse

    await rig.publish(rig.figure("RED", 7))

    assert rig.stock_of("RED") == 7
    assert len(rig.sim.tenant().tables["InventoryAdjustment"]) == 0


async def test_one_item_that_is_refused_fails_alone(rig):
    for sku in ("RED", "GREEN"):
        rig.sells(sku, 5)
    rig.sim.add_item("BLUE", 5, more={"ItemStatus": "Inactive"})

    red, blue, green = await rig.publish(rig.figure("RED", 2), rig.figure("BLUE", 0), rig.figure("GREEN", 9))

    assert isinstance(red, Done)
    assert isinstance(green, Done)
    assert isinstance(blue, Failed)
    assert "Inactive" in blue.error.message
    assert (rig.stock_of("RED"), rig.stock_of("BLUE"), rig.stock_of("GREEN")) == (2, 5, 9)


async def test_an_adjustment_that_was_never_released_is_deleted_before_another_is_made(rig):
    rig.sells("RED", 5)
    figure = rig.figure("RED", 9)
    async with rig.client() as client:
        await client.check()
    rig.sim.hang_up_after_write(operation="InventoryAdjustment_PutEntity")
    await rig.publish(figure)

    (again,) = await rig.publish(figure)

    assert isinstance(again, Done)
    assert rig.stock_of("RED") == 9
    assert [one["Status"] for one in rig.sim.tenant().tables["InventoryAdjustment"].values()] == ["Released"]
