"""Every store that is told what there is to sell: shown exactly, absolutely, never below zero, and no figure lost in silence."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import Done, Failed, TakesStock
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.http import ObserveOnly
from crossdock.connectors.kit.limits import LocalLimiter

rig = every_connector_that(TakesStock)


async def test_a_figure_is_shown_as_it_is(rig):
    rig.sells("RED", 5)

    (outcome,) = await rig.publish(rig.figure("RED", 12))

    assert isinstance(outcome, Done)
    assert rig.stock_of("RED") == 12


async def test_less_is_shown_as_well_as_more_and_zero_is_zero(rig):
    for sku in ("RED", "BLUE", "GREEN"):
        rig.sells(sku, 5)

    await rig.publish(rig.figure("RED", 3), rig.figure("BLUE", 8), rig.figure("GREEN", 0))

    assert (rig.stock_of("RED"), rig.stock_of("BLUE"), rig.stock_of("GREEN")) == (3, 8, 0)


async def test_the_same_figure_twice_changes_nothing(rig):
    rig.sells("RED", 5)
    figure = rig.figure("RED", 12)
    await rig.publish(figure)

    same, anew = await rig.publish(figure), await rig.publish(rig.figure("RED", 12))

    assert all(isinstance(outcome, Done) for outcome in (*same, *anew))
    assert rig.stock_of("RED") == 12


async def test_figures_follow_one_another(rig):
    rig.sells("RED", 5)

    for quantity in (7, 2, 2, 0, 30):
        await rig.publish(rig.figure("RED", quantity))
        assert rig.stock_of("RED") == quantity


async def test_each_place_has_its_own_figure(rig):
    rig.sells("RED", 5)
    places = rig.stock_places() or [None]

    outcomes = await rig.publish(*(rig.figure("RED", 10 + number, place) for number, place in enumerate(places)))

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert [rig.stock_of("RED", place) for place in places] == [10 + number for number in range(len(places))]


async def test_the_places_offered_are_those_that_keep_stock(rig):
    places = set(rig.stock_places())

    async with rig.client() as client:
        offered = await client.stock_locations()

    assert {choice.value for choice in offered} == places
    assert all(choice.label for choice in offered)


async def test_an_unknown_sku_fails_alone_and_is_named(rig):
    rig.sells("RED", 5)
    rig.sells("BLUE", 5)

    red, nobody, blue = await rig.publish(rig.figure("RED", 1), rig.figure("NOBODY-SELLS-IT", 2), rig.figure("BLUE", 3))

    assert isinstance(red, Done)
    assert isinstance(blue, Done)
    if rig.knows_skus:
        assert isinstance(nobody, Failed)
        assert isinstance(nobody.error, InvalidData)
        assert nobody.error.field == "sku"
        assert "NOBODY-SELLS-IT" in nobody.error.message
    assert (rig.stock_of("RED"), rig.stock_of("BLUE")) == (1, 3)


async def test_a_sku_is_not_taken_for_another_that_looks_like_it(rig):
    for sku in ("RED", "RED-2", "red'; x", 'RED "XL"', "RED OR BLUE", "RØD-Ü", "RED*"):
        rig.sells(sku, 1)

    outcomes = await rig.publish(
        rig.figure("RED", 7), rig.figure('RED "XL"', 8), rig.figure("RED OR BLUE", 9), rig.figure("RED*", 4)
    )

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    shown = [rig.stock_of(sku) for sku in ("RED", "RED-2", "red'; x", 'RED "XL"', "RED OR BLUE", "RØD-Ü", "RED*")]
    assert shown == [7, 1, 1, 8, 9, 1, 4]


async def test_an_unknown_place_fails_alone(rig):
    rig.sells("RED", 5)

    good, bad = await rig.publish(rig.figure("RED", 1), rig.figure("RED", 2, "99999999"))

    assert isinstance(good, Done)
    assert rig.stock_of("RED") == 1
    assert isinstance(bad, Failed)
    assert isinstance(bad.error, InvalidData)
    assert bad.error.field == "location"


async def test_nothing_is_ever_shown_below_zero(rig):
    rig.sells("RED", 5)
    rig.sells("BLUE", 5)

    red, blue = await rig.publish(rig.figure("RED", -3), rig.figure("BLUE", 2))

    assert isinstance(red, Failed)
    assert isinstance(red.error, InvalidData)
    assert red.error.field == "quantity"
    assert isinstance(blue, Done)
    assert (rig.stock_of("RED"), rig.stock_of("BLUE")) == (5, 2)


async def test_a_part_of_a_unit_is_shown_exactly_or_refused(rig):
    rig.sells("RED", 5)

    (outcome,) = await rig.publish(rig.figure("RED", Decimal("2.5")))

    if isinstance(outcome, Done):
        assert rig.stock_of("RED") == Decimal("2.5")
    else:
        assert isinstance(outcome.error, InvalidData)
        assert rig.stock_of("RED") == 5


async def test_many_figures_all_arrive(rig):
    skus = [f"SKU-{number:04}" for number in range(310)]
    for sku in skus:
        rig.sells(sku, 1)

    outcomes = await rig.publish(*(rig.figure(sku, number) for number, sku in enumerate(skus)))

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert [rig.stock_of(sku) for sku in skus] == list(range(310))


async def test_what_is_said_to_be_done_is_shown_and_the_rest_said_to_have_failed(rig):
    skus = [f"SKU-{number:02}" for number in range(40)]
    for sku in skus[::2]:
        rig.sells(sku, 1)
    figures = [rig.figure(sku, 50 + number) for number, sku in enumerate(skus)]

    outcomes = await rig.publish(*figures)

    assert [isinstance(outcome, Done) for outcome in outcomes] == [True, not rig.knows_skus] * 20
    assert [rig.stock_of(sku) for sku in skus[::2]] == [50 + number for number in range(0, 40, 2)]


async def test_nothing_to_tell_asks_nothing(rig):
    async with rig.client() as client:
        rig.sim.forget_log()
        assert list(await client.publish_stock([])) == []

    assert rig.sim.writes() == []


async def test_two_figures_for_one_place_end_with_the_later_one(rig):
    rig.sells("RED", 5)

    outcomes = await rig.publish(rig.figure("RED", 9), rig.figure("RED", 4))

    assert isinstance(outcomes[1], Done)
    assert rig.stock_of("RED") == 4


async def test_an_answer_lost_after_the_write_is_made_right_by_the_next_try(rig):
    rig.sells("RED", 5)
    figure = rig.figure("RED", 12)
    rig.sim.hang_up_after_write()

    (lost,) = await rig.publish(figure)
    (again,) = await rig.publish(figure)

    assert isinstance(lost, Failed)
    assert isinstance(lost.error, OutcomeUnknown | Unavailable)
    assert isinstance(again, Done)
    assert rig.stock_of("RED") == 12


async def test_a_line_cut_before_the_write_changes_nothing(rig):
    rig.sells("RED", 5)
    figure = rig.figure("RED", 12)
    rig.sim.hang_up_before_write()

    (lost,) = await rig.publish(figure)
    before = rig.stock_of("RED")
    (again,) = await rig.publish(figure)

    assert isinstance(lost, Failed)
    assert before == 5
    assert isinstance(again, Done)
    assert rig.stock_of("RED") == 12


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_figure_is_right_in_the_end_whatever_happens_on_the_line(rig, seed):
    skus = [f"SKU-{number:02}" for number in range(25)]
    for sku in skus:
        rig.sells(sku, 1)
    figures = {figure.key: figure for figure in (rig.figure(sku, 100 + number) for number, sku in enumerate(skus))}
    kinds = ["status_503", "cut_before", "cut_after", "truncate", "status_503_after_write"]
    rig.sim.faults(0.3, seed=seed, kinds=kinds)

    left = dict(figures)
    for _ in range(80):
        outcomes = await rig.publish(*left.values()) if left else []
        for outcome in outcomes:
            if isinstance(outcome, Done):
                done = left.pop(outcome.key)
                assert rig.stock_of(done.sku) == done.quantity
            else:
                assert isinstance(outcome.error, Unavailable | OutcomeUnknown)

    assert left == {}
    assert [rig.stock_of(sku) for sku in skus] == [100 + number for number in range(25)]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_platform_fails_each_figure_in_a_way_that_is_tried_again(rig, status):
    rig.sells("RED", 5)
    await rig.publish(rig.figure("RED", 6))
    rig.sim.fail_next(n=20, status=status)

    (outcome,) = await rig.publish(rig.figure("RED", 12))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Unavailable | OutcomeUnknown)
    assert rig.stock_of("RED") == 6


async def test_a_429_is_taken_as_asked(rig):
    rig.sells("RED", 5)
    await rig.publish(rig.figure("RED", 6))
    rig.sim.fail_next(n=20, status=429, retry_after=7)

    (outcome,) = await rig.publish(rig.figure("RED", 12))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, RateLimited if rig.is_paced else Unavailable)
    assert rig.stock_of("RED") == 6


async def test_a_limiter_that_pauses_stops_all_figures(rig):
    rig.sells("RED", 5)
    limiter = LocalLimiter()
    limiter.pause(datetime.now(UTC) + timedelta(minutes=1))

    (outcome,) = await rig.publish(rig.figure("RED", 12), limiter=limiter)

    if not rig.is_paced:
        assert isinstance(outcome, Done)
        return
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, RateLimited)


async def test_a_key_revoked_in_the_middle_is_renewed_or_asks_for_a_person(rig):
    for sku in ("RED", "BLUE"):
        rig.sells(sku, 5)
    await rig.publish(rig.figure("RED", 6))
    rig.sim.revoke_key()

    (outcome,) = await rig.publish(rig.figure("BLUE", 12))
    if not rig.renews:
        assert isinstance(outcome, Failed)
        assert isinstance(outcome.error, AuthenticationFailed)
        rig.gives_new_key()
        (outcome,) = await rig.publish(rig.figure("BLUE", 12))

    assert isinstance(outcome, Done)
    assert (rig.stock_of("RED"), rig.stock_of("BLUE")) == (6, 12)


async def test_a_key_that_stays_refused_fails_every_figure(rig):
    for sku in ("RED", "BLUE"):
        rig.sells(sku, 5)
    await rig.publish(rig.figure("RED", 6))
    rig.sim.fail_next(n=50, status=401)

    outcomes = await rig.publish(rig.figure("RED", 12), rig.figure("BLUE", 12))

    assert all(isinstance(outcome, Failed) for outcome in outcomes)
    assert all(isinstance(outcome.error, AuthenticationFailed) for outcome in outcomes)


async def test_a_connection_that_only_observes_tells_nothing(rig):
    rig.sells("RED", 5)
    rig.sim.forget_log()

    with pytest.raises(ObserveOnly):
        await rig.publish(rig.figure("RED", 12), may_write=False)

    assert rig.sim.writes() == []
    assert rig.stock_of("RED") == 5
