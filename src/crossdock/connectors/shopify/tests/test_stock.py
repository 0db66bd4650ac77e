"""Stock at Shopify: by location, past its search, with its settings, and refused in plain words."""

import time

import pytest
from msgspec import structs

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.limits import LocalLimiter
from crossdock.connectors.shopify import stock
from crossdock.connectors.shopify.tests.rig import Rig


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


def asked(rig, operation):
    return [entry for entry in rig.sim.log if entry.operation == operation]


async def test_an_item_is_activated_at_a_location_that_does_not_stock_it_yet(rig):
    rig.sells("RED", 5)
    first, second = rig.stock_places()

    (outcome,) = await rig.publish(rig.figure("RED", 7, second))

    assert isinstance(outcome, Done)
    assert (rig.stock_of("RED", first), rig.stock_of("RED", second)) == (5, 7)
    assert len(asked(rig, "ActivateStock")) == 1
    assert asked(rig, "SetStock") == []


async def test_the_figure_of_another_location_is_left_alone(rig):
    rig.sells("RED", 5)
    first, second = rig.stock_places()
    await rig.publish(rig.figure("RED", 7, second))

    await rig.publish(rig.figure("RED", 2, first))

    assert (rig.stock_of("RED", first), rig.stock_of("RED", second)) == (2, 7)


async def test_a_figure_without_a_location_is_for_the_fulfillment_location(rig):
    rig.sells("RED", 5)

    (outcome,) = await rig.publish(structs.replace(rig.figure("RED", 7), location=None))

    assert isinstance(outcome, Done)
    assert rig.stock_of("RED", rig.main_location) == 7


async def test_one_of_several_variants_with_the_same_sku_gets_the_figure(rig):
    first, second = rig.sells("RED", 5), rig.sells("RED", 6)

    (outcome,) = await rig.publish(rig.figure("RED", 9))

    assert isinstance(outcome, Done)
    assert outcome.external_id == first
    assert (rig.stock_of(first), rig.stock_of(second)) == (9, 6)


async def test_the_variant_that_is_named_gets_the_figure(rig):
    first, second = rig.sells("RED", 5), rig.sells("RED", 6)

    await rig.publish(rig.figure("RED", 9, product_id=second))

    assert (rig.stock_of(first), rig.stock_of(second)) == (5, 9)
    assert asked(rig, "VariantsBySku") == []


async def test_a_named_variant_whose_sku_changed_is_not_given_anothers_figure(rig):
    other, renamed = rig.sells("BLUE", 5), rig.sells("RED", 6)

    await rig.publish(rig.figure("RED", 9, product_id=other))

    assert (rig.stock_of(other), rig.stock_of(renamed)) == (5, 9)


async def test_all_variants_with_the_same_sku_get_the_figure_where_that_is_wanted(rig):
    first, second = rig.sells("RED", 5), rig.sells("RED", 6)

    (outcome,) = await rig.publish(rig.figure("RED", 9), include_duplicate_skus=True)

    assert isinstance(outcome, Done)
    assert (rig.stock_of(first), rig.stock_of(second)) == (9, 9)


async def test_a_sku_that_is_found_far_behind_others_like_it_is_found(rig):
    for number in range(130):
        rig.sells(f"RED-{number}", 1)
    rig.sells("RED", 1)

    (outcome,) = await rig.publish(rig.figure("RED", 9))

    assert isinstance(outcome, Done)
    assert rig.stock_of("RED") == 9


async def test_an_item_whose_quantity_is_not_tracked_fails_alone_with_what_to_do(rig):
    rig.sells("RED", 5, tracked=False)
    rig.sells("BLUE", 5)

    red, blue = await rig.publish(rig.figure("RED", 9), rig.figure("BLUE", 9))

    assert isinstance(red, Failed)
    assert "track" in red.error.message
    assert isinstance(blue, Done)


async def test_a_bundle_has_no_stock_of_its_own(rig):
    rig.sells("RED", 5)
    rig.sells_bundle("PAIR", {"RED": 2})

    (outcome,) = await rig.publish(rig.figure("PAIR", 9))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert "bundle" in outcome.error.message


async def test_what_shopify_refuses_of_a_call_fails_alone_and_the_rest_goes_again(rig, monkeypatch):
    monkeypatch.setattr(stock, "MOST", 10**12)  # let one figure through that Shopify itself refuses
    for sku in ("RED", "BLUE", "GREEN"):
        rig.sells(sku, 5)

    outcomes = await rig.publish(rig.figure("RED", 1), rig.figure("BLUE", 10**9 + 1), rig.figure("GREEN", 3))

    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Done]
    assert "1,000,000,000" in outcomes[1].error.message
    assert (rig.stock_of("RED"), rig.stock_of("BLUE"), rig.stock_of("GREEN")) == (1, 5, 3)
    assert len(asked(rig, "SetStock")) == 2


async def test_more_figures_than_one_call_takes_are_several_calls(rig):
    skus = [f"SKU-{number}" for number in range(stock.ROWS + 10)]
    for sku in skus:
        rig.sells(sku, 1)

    outcomes = await rig.publish(*(rig.figure(sku, 5) for sku in skus))

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert len(asked(rig, "SetStock")) == 2


async def test_a_missing_right_is_named_and_stops_nothing_else(rig):
    rig.sells("RED", 5)
    await rig.publish(rig.figure("RED", 6))
    rig.sim.revoke_scopes(["write_inventory"])

    (outcome,) = await rig.publish(rig.figure("RED", 9))

    assert isinstance(outcome, Failed)
    assert not isinstance(outcome.error, AuthenticationFailed)
    assert "write_inventory" in outcome.error.message
    async with rig.client() as client:
        identity = await client.check()
    assert any("write_inventory" in warning for warning in identity.warnings)


async def test_every_call_has_a_key_of_its_own(rig):
    rig.sells("RED", 5)

    for quantity in (7, 5, 7):
        await rig.publish(rig.figure("RED", quantity))

    assert rig.stock_of("RED") == 7
    assert len(rig.shop.answered) == 3


async def test_many_figures_go_through_the_real_limit_without_being_refused(rig):
    skus = [f"SKU-{number}" for number in range(300)]
    for sku in skus:
        rig.sells(sku, 1)
    rig.sim.set_limits(True)

    outcomes = await rig.publish(*(rig.figure(sku, 5) for sku in skus), limiter=LocalLimiter(rig.connector.rate_limit))

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    spent = 2000 - next(iter(rig.shop.buckets.values())).status(time.monotonic())["currentlyAvailable"]
    assert spent < 1000
