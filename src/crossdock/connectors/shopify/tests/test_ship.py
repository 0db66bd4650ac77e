"""Several shipments by one call: what is wrong with one of them, or with the call, and whom it concerns."""

import pytest

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown
from crossdock.connectors.shopify import posting, queries
from crossdock.connectors.shopify.graphql import GraphQL, TooExpensive
from crossdock.connectors.shopify.tests.rig import Rig


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def orders_and_notices(rig, count):
    orders = [await rig.order(rig.places()) for _ in range(count)]
    rig.sim.forget_log()
    return orders, [rig.notice(order) for order in orders]


def calls(rig):
    return [entry.operation for entry in rig.sim.log]


async def test_five_shipments_take_two_calls(rig):
    _, notices = await orders_and_notices(rig, 5)

    outcomes = await rig.post(*notices)

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert calls(rig) == ["Standing", "CreateFulfillment"]
    assert rig.told() == {notice.tracking[0].number: 1 for notice in notices}


async def test_an_order_that_is_gone_holds_up_no_other(rig):
    orders, notices = await orders_and_notices(rig, 3)
    rig.sim.delete_order(f"gid://shopify/Order/{orders[1].external_id}")

    outcomes = await rig.post(*notices)

    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Done]
    assert "no longer in the shop" in outcomes[1].error.message


async def test_an_order_with_more_than_is_read_beside_others_is_read_by_itself(rig):
    order = await rig.order(rig.places(lines=[{"sku": f"SKU-{number}"} for number in range(60)]))
    other = await rig.order(rig.places())
    rig.sim.forget_log()

    outcomes = await rig.post(rig.notice(order), rig.notice(other))

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert sum(rig.shipped_units(order.external_id).values()) == 60
    assert calls(rig) == ["Standing", "Shippable", "Fulfillments", "CreateFulfillment"]


async def test_an_order_with_as_many_fulfillments_as_are_read_beside_others_is_looked_through_to_the_end(rig):
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 9}]))
    notices = [rig.notice(order, {"RED": 1}) for _ in range(7)]
    assert all(isinstance(outcome, Done) for outcome in await rig.post(*notices))

    (again,) = await rig.post(notices[6])

    assert isinstance(again, Done)
    assert again.evidence["adopted"] == "yes"
    assert sum(rig.shipped_units(order.external_id).values()) == 7


async def test_a_call_that_is_refused_for_one_of_them_is_made_for_each(rig, monkeypatch):
    orders, notices = await orders_and_notices(rig, 3)
    made = posting.fulfillment_input

    def fulfillment_input(notice, creation, *, notify):
        return made(notice, creation, notify=notify) | ({"noSuchField": 1} if notice.order_id == orders[1].external_id else {})

    monkeypatch.setattr(posting, "fulfillment_input", fulfillment_input)

    outcomes = await rig.post(*notices)

    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Done]
    assert isinstance(outcomes[1].error, InvalidData)
    assert rig.told() == {notices[0].tracking[0].number: 1, notices[2].tracking[0].number: 1}


async def test_a_call_that_is_lost_leaves_open_what_it_carried_and_nothing_else(rig):
    orders, notices = await orders_and_notices(rig, 3)
    rig.sim.delete_order(f"gid://shopify/Order/{orders[0].external_id}")
    rig.sim.hang_up_after_write()

    outcomes = await rig.post(*notices)

    assert [type(outcome.error) for outcome in outcomes] == [InvalidData, OutcomeUnknown, OutcomeUnknown]
    assert set(await rig.find(*notices[1:])) == {notice.key for notice in notices[1:]}


async def test_of_many_orders_worked_on_some_are_told_by_one_call(rig):
    orders, _ = await orders_and_notices(rig, 12)
    ids = [order.external_id for order in orders]

    async with rig.client() as client:
        outcomes = await client.report_sent([*ids, "404"])

    assert [type(outcome) for outcome in outcomes] == [Done] * 12 + [Failed]
    assert calls(rig) == ["Progress", "ReportProgress", "ReportProgress"]
    assert all(outcome.evidence["reported"].isdigit() for outcome in outcomes[:12])


async def test_a_lost_report_concerns_the_orders_it_was_about(rig):
    orders, _ = await orders_and_notices(rig, 12)
    rig.sim.hang_up_after_write()

    async with rig.client() as client:
        outcomes = await client.report_sent([order.external_id for order in orders])

    assert [type(outcome) for outcome in outcomes] == [Failed] * queries.REPORT_PROGRESS.most + [Done] * 2


async def test_what_is_too_expensive_together_is_asked_for_in_parts(rig, monkeypatch):
    _, notices = await orders_and_notices(rig, 5)
    ask = GraphQL.query

    async def query(self, document, type_, *, cost=20, **variables):
        if len(variables.get("sent", ())) > 2:
            raise TooExpensive("Query cost is 1003.")
        return await ask(self, document, type_, cost=cost, **variables)

    monkeypatch.setattr(GraphQL, "query", query)

    outcomes = await rig.post(*notices)

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert calls(rig) == ["Standing", "Standing", "Standing", "CreateFulfillment"]
