"""The simulated shop by itself: what real shops refuse, repeat and remember."""

import json
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from crossdock.connectors.kit.simulator import Unreadable
from crossdock.connectors.magento2.simulator import presets
from crossdock.connectors.magento2.simulator.search import Criteria, projected
from crossdock.connectors.magento2.simulator.server import MagentoSimulator
from crossdock.connectors.magento2.simulator.taking import take

FILTER = "searchCriteria[filter_groups][{}][filters][{}][{}]"


class Asking:
    """Calls the running shop with its token, or as told."""

    def __init__(self, sim):
        self.sim = sim

    async def __call__(self, path, method="GET", token=None, **more):
        headers = {"Authorization": f"Bearer {token or self.sim.shop().integration.token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.sim.url}/magento2/{path}", headers=headers, **more) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text[:1] != "<" else text


@pytest.fixture
async def ask():
    sim = MagentoSimulator()
    await sim.start()
    yield Asking(sim)
    await sim.stop()


def where(*groups):
    found = {}
    for at, group in enumerate(groups):
        for place, (field, value, how) in enumerate(group):
            found |= {FILTER.format(at, place, "field"): field, FILTER.format(at, place, "value"): str(value)}
            found[FILTER.format(at, place, "condition_type")] = how
    return found


async def numbers(ask, **params):
    status, found = await ask("rest/V1/orders", params=params.get("params"))
    assert status == 200, found
    return [int(order["increment_id"]) for order in found["items"]]


async def test_an_unknown_route_is_told_before_anybody_is_asked_for_credentials(ask):
    assert await ask("rest/V1/nothing", token="x") == (404, {"message": "Request does not match any route."})


@pytest.mark.parametrize("prefix", ["rest/V1", "rest/default/V1", "rest/all/V1"])
async def test_a_store_views_code_may_stand_before_the_version(ask, prefix):
    status, views = await ask(f"{prefix}/store/storeViews")

    assert status == 200
    assert [view["code"] for view in views] == ["admin", "default", "german"]


async def test_a_wrong_token_a_missing_right_and_the_switch_answer_the_same(ask):
    refused = (
        401,
        {
            "message": "The consumer isn't authorized to access %resources.",
            "parameters": {"resources": "Magento_Sales::actions_view"},
        },
    )
    path = "rest/V1/orders?searchCriteria="

    wrong = await ask(path, token="0" * 32)
    ask.sim.set_rights(["Magento_Sales::ship"])
    no_right = await ask(path)
    ask.sim.set_rights(None)
    ask.sim.set_bearer_switch(False)
    switched_off = await ask(path)

    assert wrong == no_right == switched_off == refused


async def test_a_list_without_criteria_is_refused(ask):
    assert await ask("rest/V1/orders") == (
        400,
        {"message": '"%fieldName" is required. Enter and try again.', "parameters": {"fieldName": "searchCriteria"}},
    )


async def test_filters_in_a_group_are_or_and_groups_are_and(ask):
    for number in range(1, 7):
        ask.sim.add_order(number=number)
    ids = {number: str(ask.sim.shop().order(number)["entity_id"]) for number in range(1, 7)}

    either = where([("entity_id", ids[1], "eq"), ("entity_id", ids[5], "gteq")])
    both = where([("entity_id", ids[1], "gt")], [("entity_id", ids[4], "lt")])
    listed = where([("entity_id", f"{ids[2]},{ids[6]}", "in")])

    assert await numbers(ask, params=either) == [1, 5, 6]
    assert await numbers(ask, params=both) == [2, 3]
    assert await numbers(ask, params=listed) == [2, 6]


async def test_camel_case_and_snake_case_are_one(ask):
    ask.sim.add_order(number=1)
    camel = {"searchCriteria[filterGroups][0][filters][0][field]": "status"}
    camel |= {"searchCriteria[filterGroups][0][filters][0][value]": "proc%"}
    camel |= {"searchCriteria[filterGroups][0][filters][0][conditionType]": "like", "searchCriteria[pageSize]": "5"}

    assert await numbers(ask, params=camel) == [1]


async def test_a_field_that_is_no_column_ends_in_an_error_of_the_database(ask):
    status, said = await ask("rest/V1/orders", params=where([("shipping_address", "x", "eq")]))

    assert status == 400
    assert "Unknown column 'shipping_address'" in said["message"]


async def test_a_page_behind_the_last_repeats_it_or_is_empty_by_release(ask):
    for number in range(1, 6):
        ask.sim.add_order(number=number)
    behind = {"searchCriteria[pageSize]": "2", "searchCriteria[currentPage]": "9"}

    now = await numbers(ask, params=behind)
    ask.sim.set_release(repeats_last_page=True)
    old = await numbers(ask, params=behind)

    assert (now, old) == ([], [5])


def test_a_projection_cuts_nested_lists():
    value = {"items": [{"a": 1, "b": [{"c": 2, "d": 3}]}], "total_count": 1, "x": 0}

    assert projected(value, "items[a,b[d]],total_count") == {"items": [{"a": 1, "b": [{"d": 3}]}], "total_count": 1}
    assert projected(value, None) == value


def test_the_criteria_are_repeated():
    asked = where([("status", "processing", "eq")]) | {"searchCriteria[pageSize]": "2"}

    assert Criteria(asked).echoed == {
        "filter_groups": [{"filters": [{"field": "status", "value": "processing", "condition_type": "eq"}]}],
        "page_size": 2,
        "current_page": 1,
    }


async def ship(ask, order_id, *rows, **more):
    items = [{"order_item_id": row, "qty": quantity} for row, quantity in rows]
    return await ask(f"rest/V1/order/{order_id}/ship", "POST", json={"items": items, **more})


async def test_shipping_is_refused_with_every_reason(ask):
    order_id = ask.sim.add_order(lines=[{"sku": "RED", "quantity": 1}])
    (item,) = ask.sim.shop().orders[int(order_id)]["items"]

    status, said = await ship(ask, order_id, (item["item_id"], 2), (999, 1))

    assert status == 400
    assert said["message"] == (
        'Shipment Document Validation Error(s):\nWe found an invalid quantity to ship for item "RED".\n'
        'We can not found item "999" in order.\nYou can\'t create a shipment without products.'
    )


async def test_an_order_on_hold_takes_no_shipment(ask):
    order_id = ask.sim.add_order()
    (item,) = ask.sim.shop().orders[int(order_id)]["items"]
    assert await ask(f"rest/V1/orders/{order_id}/hold", "POST") == (200, True)

    status, said = await ship(ask, order_id, (item["item_id"], 1))

    assert status == 400
    assert "A shipment cannot be created when an order has a status of holded" in said["message"]


async def test_the_children_of_a_bundle_that_ships_together_are_no_products(ask):
    order_id = ask.sim.add_order(lines=[{"sku": "KIT", "type": "bundle", "inside": [{"sku": "A"}]}])
    child = ask.sim.shop().orders[int(order_id)]["items"][1]

    status, said = await ship(ask, order_id, (child["item_id"], 1))

    assert status == 400
    assert "You can't create a shipment without products." in said["message"]


async def test_all_that_is_left_ships_where_nothing_is_named_and_completes_the_order(ask):
    order_id = ask.sim.add_order(lines=[{"sku": "RED", "quantity": 2}, {"sku": "FILE", "type": "virtual"}])

    status, _ = await ask(f"rest/V1/order/{order_id}/ship", "POST", json={"notify": True})

    order = ask.sim.shop().orders[int(order_id)]
    assert (status, order["state"], order["status"]) == (200, "complete", "complete")
    assert len(ask.sim.shop().mails) == 1


async def test_the_older_call_ships_twice_and_leaves_the_state_as_it_is(ask):
    order_id = ask.sim.add_order(lines=[{"sku": "RED", "quantity": 1}])
    (item,) = ask.sim.shop().orders[int(order_id)]["items"]
    body = {"entity": {"order_id": int(order_id), "items": [{"order_item_id": item["item_id"], "qty": 1}]}}

    statuses = [(await ask("rest/V1/shipment", "POST", json=body))[0] for _ in range(2)]

    assert statuses == [200, 200]
    assert (item["qty_shipped"], ask.sim.shop().orders[int(order_id)]["state"]) == (2, "processing")


async def test_a_placed_order_reserves_and_a_shipment_takes_from_the_source(ask):
    shop = ask.sim.shop()
    ask.sim.set_stock("RED", 10)
    order_id = ask.sim.add_order(lines=[{"sku": "RED", "quantity": 4}])
    before = (shop.source_items["red@default"]["quantity"], shop.salable("RED"))

    await ask(f"rest/V1/order/{order_id}/ship", "POST", json={})

    assert before == (10, 6)
    assert (shop.source_items["red@default"]["quantity"], shop.salable("RED")) == (6, 6)


async def test_a_comment_takes_a_status_of_the_orders_state_alone(ask):
    order_id = ask.sim.add_order()
    body = {"statusHistory": {"comment": "x", "status": "pending", "is_customer_notified": 0}}

    status, said = await ask(f"rest/V1/orders/{order_id}/comments", "POST", json=body)

    assert (status, said["parameters"]) == (400, ["pending"])


async def test_an_unknown_sku_refuses_the_whole_write_of_stock(ask):
    rows = [{"sku": sku, "source_code": "default", "quantity": 1, "status": 1} for sku in ("RED", "NOBODY")]
    ask.sim.add_product("RED", quantity=7)

    status, said = await ask("rest/V1/inventory/source-items", "POST", json={"sourceItems": rows})

    assert (status, said["message"], len(said["errors"])) == (400, "Validation Failed", 1)
    assert ask.sim.shop().source_items["red@default"]["quantity"] == 7


async def test_the_limit_refuses_in_html_and_says_when_to_come_back(ask):
    ask.sim.set_limits(True, calls_per_second=1)

    answers = [await ask("rest/V1/store/websites") for _ in range(3)]

    assert [status for status, _ in answers] == [200, 200, 429]
    assert answers[2][1].startswith("<html>")


async def test_open_source_has_no_returns(ask):
    ask.sim.set_edition(commerce=False)

    assert (await ask("rest/V1/returns?searchCriteria="))[1] == {"message": "Request does not match any route."}


async def test_a_restart_forgets_nothing(tmp_path):
    first = MagentoSimulator(state_file=tmp_path / "state")
    await first.start()
    first.add_order(number=5, lines=[{"sku": "RED", "quantity": 2}])
    first.ship_order(5)
    first.add_return(5)
    first.set_rights(["Magento_Sales::ship"])
    await first.stop()

    second = MagentoSimulator(state_file=tmp_path / "state")
    await second.start()
    await second.stop()

    assert second.shop().orders == first.shop().orders
    assert second.shop().shipments == first.shop().shipments
    assert second.shop().returns == first.shop().returns
    assert second.shop().integration.rights == frozenset({"Magento_Sales::ship"})
    assert presets(second)[0].settings["access_token"] == first.shop().integration.token
    assert second.add_order() not in map(str, first.shop().orders)


async def test_orders_flow_until_they_are_stopped():
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    sim = MagentoSimulator(clock=lambda: moment)
    sim.let_orders_flow(30)
    sim.place_due()

    for _ in range(3):
        moment += timedelta(seconds=31)
        sim.place_due()
    sim.let_orders_flow(0)
    sim.place_due()

    assert len(sim.shop().orders) == 3


def test_the_page_shows_orders_and_what_can_be_done_with_them():
    sim = MagentoSimulator()
    sim.place_many(3, seed=1)
    sim.place_order(kind_1="bundle")
    sim.hold_order(1001)
    sim.ship_order(1002)

    panel = sim.panel()

    assert [len(table.rows) for table in panel.tables[:2]] == [4, 1]
    levers = sim.levers()
    assert {form.lever for form in panel.forms} <= set(levers)
    assert {action.lever for table in panel.tables for row in table.rows for action in row.actions} <= set(levers)


def test_two_states_of_one_order_are_read_apart():
    sim = MagentoSimulator()
    order = {"entity_id": 7, "increment_id": "7", "items": [], "grand_total": 1, "created_at": "2026-03-01 09:30:00"}

    taken = take(sim, json.dumps([order, {**order, "grand_total": 2}]).encode())

    assert [part.external_ids for part in taken.parts] == [("7",), ("7",)]
    assert len({part.settings["access_token"] for part in taken.parts}) == 2
    assert taken.parts[0].absent["7"] == {"currency"}


def test_an_order_without_a_key_is_refused_and_others_are_not():
    sim = MagentoSimulator()
    orders = [{"increment_id": "8", "items": [], "grand_total": 1}, {"entity_id": 9, "items": [], "grand_total": 1}]

    taken = take(sim, json.dumps({"items": orders}).encode())

    assert [field for _, field, _ in taken.refused] == ["entity_id"]
    assert [part.external_ids for part in taken.parts] == [("9",)]


def test_loading_puts_orders_into_the_shop_and_says_what_it_understood():
    sim = MagentoSimulator()
    order = {"entity_id": 7, "increment_id": "000000007", "items": [], "grand_total": 1, "created_at": "2026-03-01 09:30:00"}

    said = sim.load(json.dumps([order, {"sku": "A", "type_id": "simple"}]))

    assert said == {"orders": 1, "refused": [], "said": "1 order, 1 product"}
    assert int(sim.add_order()) > 7
    assert sim.shop().order("000000007")["grand_total"] == 1


@pytest.mark.parametrize("content", [b"", b"hello", b'{"unlike": "anything"}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_nothing_of_magentos_is_said_to_be(content):
    with pytest.raises(Unreadable) as caught:
        take(MagentoSimulator(), content)

    assert "\n" not in str(caught.value)
