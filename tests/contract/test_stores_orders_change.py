"""Every store that orders come from: what happens to an order after it was imported is seen, in whatever state it is."""

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import PostsShipments, PullsOrders

rig = every_connector_that(PullsOrders)

TWO_LINES = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]

STATES = ["new", "part shipped by us", "part shipped elsewhere", "on hold", "released"]


async def in_state(rig, state):
    """An order of three RED and two BLUE that came so far; its id, and how many RED have left."""
    order_id = rig.places(lines=TWO_LINES)
    await rig.orders()
    if state == "part shipped by us" and rig.connector.can(PostsShipments):
        await rig.post(rig.notice(await rig.order(order_id), {"RED": 1}))
        return order_id, 1
    if state.startswith("part shipped"):
        rig.ships_elsewhere(order_id, {"RED": 1})
        return order_id, 1
    if state in ("on hold", "released") and rig.has_holds:
        rig.holds(order_id)
        await rig.orders()
        if state == "released":
            rig.releases(order_id)
    return order_id, 0


async def left_to_ship(rig):
    """Units to ship by SKU over all orders: an edit may make a new order in place of the old one."""
    units = {"RED": 0, "BLUE": 0}
    for order in {order.external_id: order for order in await rig.orders()}.values():
        for line in order.lines:
            units[line.sku] += line.to_ship
    return units


@pytest.mark.parametrize("state", STATES)
async def test_a_cancellation_is_seen_in_every_state_and_leaves_nothing_to_ship(rig, state):
    order_id, _ = await in_state(rig, state)

    rig.cancels(order_id)

    assert await left_to_ship(rig) == {"RED": 0, "BLUE": 0}
    order = await rig.order(order_id)
    assert order.canceled_at is not None or order.units_to_ship == 0


@pytest.mark.parametrize("state", STATES)
async def test_units_taken_off_are_seen_in_every_state(rig, state):
    if not rig.lines_shrink:
        return
    order_id, left = await in_state(rig, state)

    rig.reduces(order_id, {"RED": 2})

    assert await left_to_ship(rig) == {"RED": 2 - left, "BLUE": 2}


@pytest.mark.parametrize("state", STATES)
async def test_a_refund_of_units_that_did_not_ship_is_seen_in_every_state(rig, state):
    order_id, left = await in_state(rig, state)

    rig.refunds(order_id, {"BLUE": 2})

    assert await left_to_ship(rig) == {"RED": 3 - left, "BLUE": 0}


@pytest.mark.parametrize("state", STATES)
async def test_another_address_is_seen_in_every_state(rig, state):
    order_id, left = await in_state(rig, state)

    rig.readdresses(order_id, "99 Elsewhere Road")

    streets = {line for order in await rig.orders() if order.units_to_ship for line in _street_of(order)}
    assert "99 Elsewhere Road" in streets
    assert await left_to_ship(rig) == {"RED": 3 - left, "BLUE": 2}


@pytest.mark.parametrize("state", STATES)
async def test_what_somebody_else_ships_is_seen_in_every_state_but_on_hold(rig, state):
    order_id, left = await in_state(rig, state)
    if state == "on hold" and rig.has_holds:
        rig.releases(order_id)

    rig.ships_elsewhere(order_id, {"BLUE": 2})

    assert await left_to_ship(rig) == {"RED": 3 - left, "BLUE": 0}


async def test_an_order_that_somebody_else_ships_whole_leaves_nothing(rig):
    order_id = rig.places(lines=TWO_LINES)
    await rig.orders()

    rig.ships_elsewhere(order_id)

    assert await left_to_ship(rig) == {"RED": 0, "BLUE": 0}


async def test_a_hold_after_import_is_seen_and_its_release_as_well(rig):
    order_id = rig.places(lines=TWO_LINES)
    before = await rig.order(order_id)
    if not rig.has_holds:
        assert before.hold is None
        return

    rig.holds(order_id)
    held = {order.external_id: order for order in await rig.orders()}[order_id]
    rig.releases(order_id)
    released = {order.external_id: order for order in await rig.orders()}[order_id]

    assert before.hold is None
    assert held.hold is not None
    assert held.hold.reason
    assert released.hold is None
    assert released.units_to_ship == 5


async def test_what_changes_moves_the_order_to_a_later_moment_or_keeps_it(rig):
    order_id = rig.places(lines=TWO_LINES)
    before = await rig.order(order_id)

    rig.readdresses(order_id, "99 Elsewhere Road")
    after = await rig.order(order_id)

    assert after.updated_at >= before.updated_at
    assert after.placed_at == before.placed_at
    assert after.number == before.number


def _street_of(order):
    places = [order.ship_to, *(consignment.ship_to for consignment in order.consignments)]
    return [line for place in places if place is not None for line in place.lines]
