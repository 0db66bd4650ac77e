"""Telling stores what there is to sell: nothing before a person's yes, then differences, never below zero, never twice by mistake."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection as database

from crossdock.activity.models import Activity
from crossdock.connections.models import LocationLink, Mode
from crossdock.connections.services import set_channel, set_mode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.settings import Choice
from crossdock.domain.fulfillment import StockLevel
from crossdock.domain.orders import OrderLine
from crossdock.domain.products import Component
from crossdock.inventory import services
from crossdock.inventory.models import Publishing, StoreLevel, WarehouseLevel
from crossdock.inventory.publishing import publishing_of
from crossdock.orders.testing import a_canonical_order, received

READ, PUBLISH, PRODUCTS = "inventory.read", "inventory.publish", "products.pull"


async def joined(market, mode="live", *, skus=("A", "B", "C"), allow=True, **settings):
    """A stall and a shed, its products read."""
    store, stall = await market.a_stall(**settings)
    warehouse, shed = await market.a_shed()
    connection = await market.join(store, warehouse, mode)
    stall.page_size = 1_000
    stall.offer(*skus)
    await market.run(PRODUCTS, store.pk)
    if allow:
        await said_yes(market, store)
    return store, stall, warehouse, shed, connection


async def said_yes(market, store, percent=100):
    def yes():
        services.allow(actor=market.actor, row=publishing_of(store), percent=percent)

    await market.there(yes)


async def has(market, warehouse, shed, *, facility=None, is_snapshot=True, **levels):
    """The shed says its levels, and they are read."""
    shed.says(facility=facility, is_snapshot=is_snapshot, **levels)
    await market.run(READ, warehouse.pk)


async def publishing(market, store):
    return await market.there(lambda: Publishing.objects.get(store=store))


async def rows(market, store):
    return {
        (row.sku, row.location) if row.location else row.sku: row
        for row in await market.there(lambda: list(StoreLevel.objects.filter(store=store).order_by("id")))
    }


async def hurried(market, store):
    """Let figures that wait for a moment be told now."""
    await market.there(lambda: StoreLevel.objects.filter(store=store).update(next_at=None))
    await market.run(PUBLISH, store.pk)


def sold(account, store, **units):
    """An order of these units, that no connection was given yet."""
    lines = [
        OrderLine(f"{sku}-{at}", sku, sku, Decimal(count), Decimal(count)) for at, (sku, count) in enumerate(units.items(), 1)
    ]
    return received(account, store, [a_canonical_order(lines=lines)])[0]


async def test_the_first_figures_wait_for_a_persons_yes(market):
    store, stall, warehouse, shed, _ = await joined(market, allow=False)
    await has(market, warehouse, shed, A=5, B=0)

    await market.run(PUBLISH, store.pk)

    assert stall.taken == []
    row = await publishing(market, store)
    assert (row.state, row.approved_at) == ("first", None)
    assert {sku: (one.computed, one.state) for sku, one in (await rows(market, store)).items()} == {
        "A": (5, "waiting"),
        "B": (0, "waiting"),
        "C": (None, "unknown"),
    }
    await market.run(PUBLISH, store.pk)
    assert await market.there(lambda: Activity.objects.filter(kind="store.stock_first").count()) == 1

    await said_yes(market, store)
    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {"A": 5, "B": 0}
    assert (await publishing(market, store)).state == "going"


async def test_nobody_is_asked_to_look_while_there_is_no_figure(market):
    store, _, warehouse, shed, _ = await joined(market, allow=False)

    await market.run(PUBLISH, store.pk)
    assert (await publishing(market, store)).state == "new"
    assert await market.there(lambda: Activity.objects.filter(kind="store.stock_first").count()) == 0

    await has(market, warehouse, shed, A=5)
    await market.run(PUBLISH, store.pk)
    assert (await publishing(market, store)).state == "first"


async def test_only_differences_are_told(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5, B=6, C=7)
    await market.run(PUBLISH, store.pk)
    stall.taken.clear()
    await has(market, warehouse, shed, A=5, B=8, C=7)

    await market.run(PUBLISH, store.pk)

    assert [(figure.sku, figure.quantity, figure.previous) for figure in stall.taken] == [("B", 8, 6)]
    assert (await rows(market, store))["B"].pushed == 8


async def test_everything_is_told_when_a_full_push_is_asked_for_or_due(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5, B=6, C=7)
    await market.run(PUBLISH, store.pk)
    stall.taken.clear()

    await market.there(lambda: services.push_everything(actor=market.actor, row=publishing_of(store)))
    await market.run(PUBLISH, store.pk)
    assert sorted(figure.sku for figure in stall.taken) == ["A", "B", "C"]
    assert (await publishing(market, store)).full_since is None

    stall.taken.clear()
    await market.run(PUBLISH, store.pk)
    assert stall.taken == []

    long_ago = datetime.now(UTC) - timedelta(days=2)
    await market.there(lambda: Publishing.objects.filter(store=store).update(full_at=long_ago))
    await market.run(PUBLISH, store.pk)
    assert sorted(figure.sku for figure in stall.taken) == ["A", "B", "C"]


async def test_what_is_sold_and_not_sent_is_taken_off_and_never_below_zero(market, account):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5, B=1)
    await market.there(sold, account, store, A=2, B=3)

    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {"A": 3, "B": 0}


async def test_what_one_store_sold_is_taken_off_in_another_that_sells_from_the_same_warehouse(market, account):
    store, _, warehouse, shed, _ = await joined(market)
    other, other_stall = await market.a_stall("Outlet")
    other_stall.offer("A")
    await market.join(other, warehouse)
    await market.run(PRODUCTS, other.pk)
    await said_yes(market, other)
    await has(market, warehouse, shed, A=5)
    await market.there(sold, account, store, A=2)

    await market.run(PUBLISH, other.pk)

    assert other_stall.figures() == {"A": 3}


async def test_units_sent_after_the_levels_were_read_are_taken_off_until_they_are_read_again(market, account):
    store, stall, warehouse, shed, connection = await joined(market)
    await has(market, warehouse, shed, A=5)
    order = await market.there(sold, account, store, A=2)
    await market.run("fulfillment.prepare", store.pk)
    await market.run("fulfillment.send", connection.pk)

    await market.run(PUBLISH, store.pk)

    def status():
        order.refresh_from_db()
        return order.status

    assert await market.there(status) == "open"
    assert stall.figures() == {"A": 3}

    # The warehouse has set them aside: what it says now is less by itself.
    await has(market, warehouse, shed, A=3)
    await market.run(PUBLISH, store.pk)
    assert stall.figures() == {"A": 3}


async def test_a_canceled_order_gives_its_units_back(market, account):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5)
    order = await market.there(sold, account, store, A=2)
    await market.run(PUBLISH, store.pk)
    assert stall.figures() == {"A": 3}

    def cancel():
        with database.cursor() as cursor:
            cursor.execute("update sales_order set status = 'canceled' where id = %s", [order.pk])

    await market.there(cancel)
    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {"A": 5}


async def test_a_warehouse_that_says_only_what_is_on_hand_is_less_by_what_it_has_not_shipped(market, account):
    store, stall, warehouse, shed, connection = await joined(market)
    await market.there(sold, account, store, A=2)
    await market.run("fulfillment.prepare", store.pk)
    await market.run("fulfillment.send", connection.pk)

    await has(market, warehouse, shed, A=StockLevel("A", on_hand=Decimal(10)))
    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {"A": 8}


async def test_several_live_warehouses_are_added_up_and_an_observing_one_is_not(market):
    store, stall, warehouse, shed, _ = await joined(market)
    second, second_shed = await market.a_shed("Elko")
    third, third_shed = await market.a_shed("Ely")
    await market.join(store, second)
    await market.join(store, third, "observe")
    await has(market, warehouse, shed, A=5, B=1)
    await has(market, second, second_shed, A=7)
    await has(market, third, third_shed, A=100)

    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {"A": 12, "B": 1}


async def test_observing_works_out_and_tells_nothing(market):
    store, stall, warehouse, shed, _ = await joined(market, "observe")
    await has(market, warehouse, shed, A=5)

    await market.run(PUBLISH, store.pk)

    assert stall.taken == []
    assert (await rows(market, store))["A"].computed == 5


async def test_a_store_that_is_only_observed_is_opened_for_reading_alone(market):
    opened = {}
    for mode in ("live", "observe"):
        store, stall, *_ = await joined(market, mode)
        stall.may_write.clear()
        await market.run(PUBLISH, store.pk)
        opened[mode] = stall.may_write

    assert opened == {"live": [True], "observe": [False]}


async def test_a_sku_that_the_warehouse_no_longer_names_is_left_as_it_was(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5, B=6)
    await market.run(PUBLISH, store.pk)
    stall.taken.clear()
    await has(market, warehouse, shed, B=6)

    await market.run(PUBLISH, store.pk)

    assert stall.taken == []
    row = (await rows(market, store))["A"]
    assert (row.state, row.computed, row.pushed) == ("unknown", None, 5)


async def test_a_drop_that_sales_do_not_explain_waits_for_a_person(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=10, B=10, C=10)
    await market.run(PUBLISH, store.pk)
    stall.taken.clear()
    await has(market, warehouse, shed, A=0, B=0, C=9)

    await market.run(PUBLISH, store.pk)

    row = await publishing(market, store)
    assert row.state == "held"
    assert "70 %" in row.reason
    assert stall.taken == []

    await said_yes(market, store, percent=70)
    await market.run(PUBLISH, store.pk)
    assert stall.figures() == {"A": 0, "B": 0, "C": 9}
    # Allowed once: the next drop asks again.
    await has(market, warehouse, shed, A=0, B=0, C=0)
    await market.run(PUBLISH, store.pk)
    assert (await publishing(market, store)).state == "held"


async def test_a_drop_within_the_limit_or_by_sales_is_told(market, account):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=10, B=10, C=10)
    await market.run(PUBLISH, store.pk)
    await market.there(sold, account, store, A=10)
    await has(market, warehouse, shed, A=10, B=8, C=10)

    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {"A": 0, "B": 8, "C": 10}


async def test_a_person_sets_from_which_drop_on_they_are_asked(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=10)
    await market.run(PUBLISH, store.pk)
    await market.there(lambda: services.set_drop_limit(actor=market.actor, row=publishing_of(store), percent=100))
    await has(market, warehouse, shed, A=0)

    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {"A": 0}


async def test_the_first_push_is_held_beyond_what_was_looked_at(market):
    store, stall, warehouse, shed, _ = await joined(market, skus=(), allow=False)
    stall.offer("A", "B", stock=Decimal(10))
    await market.run(PRODUCTS, store.pk)
    await has(market, warehouse, shed, A=10, B=9)
    await market.run(PUBLISH, store.pk)
    await has(market, warehouse, shed, A=0, B=0)

    await said_yes(market, store, percent=5)
    await market.run(PUBLISH, store.pk)

    assert stall.taken == []
    assert (await publishing(market, store)).state == "held"


async def test_a_refused_figure_says_why_and_is_not_told_again_until_it_differs(market):
    store, stall, warehouse, shed, _ = await joined(market)
    stall.refuses = {"B": InvalidData("No product has the SKU B.", field="sku")}
    await has(market, warehouse, shed, A=5, B=6)
    await market.run(PUBLISH, store.pk)

    row = (await rows(market, store))["B"]
    assert (row.state, row.answer, row.pushed) == ("refused", "No product has the SKU B.", None)
    assert (await rows(market, store))["A"].state == "done"

    stall.refuses = {}
    await market.run(PUBLISH, store.pk)
    assert "B" not in stall.figures()

    await has(market, warehouse, shed, A=5, B=7)
    await market.run(PUBLISH, store.pk)
    assert stall.figures() == {"A": 5, "B": 7}
    assert (await rows(market, store))["B"].answer == ""


@pytest.mark.parametrize("error", [Unavailable("Down."), RateLimited("Slow.", retry_after=timedelta(seconds=9))])
async def test_a_figure_that_did_not_arrive_is_told_again(market, error):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5)
    stall.fails = [error]

    await market.run(PUBLISH, store.pk)
    row = (await rows(market, store))["A"]
    due = (await market.lane(PUBLISH, store.pk))[0]
    assert (row.state, row.pushed) == ("waiting", None)
    assert due <= row.next_at + timedelta(seconds=1)

    await hurried(market, store)
    assert stall.figures() == {"A": 5}


async def test_a_lost_answer_is_told_again_as_the_same_try_without_a_previous_figure(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5)
    await market.run(PUBLISH, store.pk)
    await has(market, warehouse, shed, A=6)
    stall.refuses = {"A": OutcomeUnknown("No answer came.")}
    await market.run(PUBLISH, store.pk)
    lost = await rows(market, store)
    stall.refuses = {}

    await hurried(market, store)

    again = stall.taken[-1]
    assert lost["A"].is_unsure
    assert (again.quantity, again.previous) == (6, None)
    assert again.key.endswith(f"/{lost['A'].revision}")
    assert not (await rows(market, store))["A"].is_unsure


async def test_a_run_that_died_in_the_middle_is_told_again(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5)
    await market.run(PUBLISH, store.pk)
    await market.there(lambda: StoreLevel.objects.filter(store=store, sku="A").update(state="trying", intended=5, revision=7))
    stall.taken.clear()

    await market.run(PUBLISH, store.pk)

    assert [(figure.sku, figure.quantity, figure.previous) for figure in stall.taken] == [("A", 5, None)]
    assert (await rows(market, store))["A"].state == "done"


async def test_refused_credentials_stop_the_lane_and_lose_no_figure(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5)
    stall.fails = [AuthenticationFailed("The token was revoked.")]

    await market.run(PUBLISH, store.pk)

    assert (await market.lane(PUBLISH, store.pk))[2] == "The token was revoked."
    assert (await rows(market, store))["A"].state == "waiting"


async def test_what_the_store_does_not_track_or_has_twice_is_not_told(market):
    store, stall, warehouse, shed, _ = await joined(market, skus=("A", "A", None))
    stall.offer("D", tracks_stock=False)
    await market.run(PRODUCTS, store.pk)
    await has(market, warehouse, shed, A=5, D=6)

    await market.run(PUBLISH, store.pk)

    assert [(figure.sku, figure.product_id) for figure in stall.taken] == [("A", "1")]
    states = await market.there(lambda: sorted(StoreLevel.objects.filter(store=store).values_list("sku", "state")))
    assert states == [("A", "done"), ("A", "second"), ("D", "untracked")]


async def test_a_store_that_wants_it_is_told_for_every_double(market):
    store, stall, warehouse, shed, _ = await joined(market, skus=("A", "A"), include_duplicate_skus=True)
    await has(market, warehouse, shed, A=5)

    await market.run(PUBLISH, store.pk)

    assert sorted(figure.product_id for figure in stall.taken) == ["1", "2"]


async def test_a_bundle_is_as_many_as_its_parts_make(market, account):
    store, stall, warehouse, shed, _ = await joined(market)
    parts = (Component("A", Decimal(2)), Component("B", Decimal(1)))
    stall.offer("SET", components=parts, is_bundle=True)
    await market.run(PRODUCTS, store.pk)
    await has(market, warehouse, shed, A=9, B=3)
    await market.there(sold, account, store, B=1)

    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {"A": 9, "B": 2, "SET": 2}


async def test_locations_show_the_facilities_that_are_linked_to_them(market):
    store, stall, warehouse, shed, connection = await joined(market, skus=("A",))
    stall.locations = [Choice("east", "East"), Choice("west", "West")]
    await market.there(lambda: Publishing.objects.update(locations_at=None))
    await has(market, warehouse, shed, A=5, facility="E", is_snapshot=False)
    await has(market, warehouse, shed, A=7, facility="W", is_snapshot=False)

    # Several places, and nobody said which: nothing is guessed.
    await market.run(PUBLISH, store.pk)
    row = await publishing(market, store)
    assert (row.state, stall.taken) == ("link", [])
    assert connection.name in row.reason

    pairs = [("east", "E"), ("west", "W")]
    await market.there(lambda: services.link_stock(actor=market.actor, connection=connection, pairs=pairs))
    await market.run(PUBLISH, store.pk)
    assert stall.shows == {("A", "east"): 5, ("A", "west"): 7}

    await market.there(lambda: services.link_stock(actor=market.actor, connection=connection, pairs=[("east", "")]))
    await market.run(PUBLISH, store.pk)
    assert stall.shows == {("A", "east"): 12, ("A", "west"): 7}
    assert (await rows(market, store))["A", "west"].state == "gone"


async def test_one_location_is_meant_without_a_word_and_a_settings_location_before_it(market):
    store, stall, warehouse, shed, _ = await joined(market, skus=("A",))
    stall.locations = [Choice("only", "Only")]
    await market.there(lambda: Publishing.objects.update(locations_at=None))
    await has(market, warehouse, shed, A=5)
    await market.run(PUBLISH, store.pk)
    assert stall.shows == {("A", "only"): 5}

    chosen, chosen_stall, second, second_shed, _ = await joined(market, skus=("A",), name="Other", location="west")
    chosen_stall.locations = [Choice("east", "East"), Choice("west", "West")]
    await has(market, second, second_shed, A=5)
    await market.run(PUBLISH, chosen.pk)
    assert chosen_stall.shows == {("A", "west"): 5}


async def test_where_orders_are_divided_by_location_their_one_location_shows_the_stock(market, account):
    store, stall, warehouse, shed, connection = await joined(market, skus=("A",))
    stall.locations = [Choice("east", "East"), Choice("west", "West")]
    await market.there(lambda: Publishing.objects.update(locations_at=None))

    def link():
        LocationLink.objects.create(account_id=account.pk, connection=connection, store=store, location="west")

    await market.there(link)
    await has(market, warehouse, shed, A=5)

    await market.run(PUBLISH, store.pk)

    assert stall.shows == {("A", "west"): 5}


async def test_a_listing_that_is_gone_is_told_no_more(market):
    store, stall, warehouse, shed, _ = await joined(market)
    await has(market, warehouse, shed, A=5, B=6)
    await market.run(PUBLISH, store.pk)
    stall.products = stall.products[1:]
    await market.run(PRODUCTS, store.pk)
    stall.taken.clear()
    await has(market, warehouse, shed, A=1, B=6)

    await market.run(PUBLISH, store.pk)

    assert stall.taken == []
    assert (await rows(market, store))["A"].state == "gone"


async def test_the_channel_switched_off_or_the_connection_off_tells_nothing(market):
    store, stall, warehouse, shed, connection = await joined(market)
    await has(market, warehouse, shed, A=5)
    await market.there(lambda: set_channel(actor=market.actor, connection=connection, kind="inventory", is_on=False))
    await market.run(PUBLISH, store.pk)
    await market.there(lambda: set_channel(actor=market.actor, connection=connection, kind="inventory", is_on=True))
    await market.there(lambda: set_mode(actor=market.actor, connection=connection, mode=Mode.OFF))

    await market.run(PUBLISH, store.pk)

    assert stall.taken == []


async def test_many_figures_are_told_in_batches(market):
    store, stall, warehouse, shed, _ = await joined(market, skus=[f"SKU-{n:04}" for n in range(2_300)])
    await has(market, warehouse, shed, **{f"SKU-{n:04}": n for n in range(2_300)})

    await market.run(PUBLISH, store.pk)

    assert stall.figures() == {f"SKU-{n:04}": n for n in range(2_300)}
    assert await market.there(lambda: WarehouseLevel.objects.count()) == 2_300
    told = await market.there(lambda: [row.params for row in Activity.objects.filter(kind="store.stock")])
    assert told == [{"pushed": 2_300, "refused": 0}]
