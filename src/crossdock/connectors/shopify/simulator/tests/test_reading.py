"""Reading orders: pages, search, rights, costs."""

import pytest

from crossdock.connectors.shopify.simulator.tests.rig import Asking

NAMES = """query Names($first: Int, $last: Int, $after: String, $query: String, $sort: OrderSortKeys) {
  orders(first: $first, last: $last, after: $after, query: $query, sortKey: $sort) {
    nodes { name } pageInfo { hasNextPage endCursor }
  }
}"""


async def names(ask: Asking, **variables: object) -> list[str]:
    data = await ask(NAMES, **{"first": 50, **variables})
    return [node["name"] for node in data["orders"]["nodes"]]


async def test_pages_follow_one_another_by_change(ask: Asking) -> None:
    for number in range(1, 6):
        ask.sim.add_order(number)
        ask.clock.pass_(seconds=1)
    ask.sim.touch_order(2)

    first = await ask(NAMES, first=3, sort="UPDATED_AT")
    second = await ask(NAMES, first=3, sort="UPDATED_AT", after=first["orders"]["pageInfo"]["endCursor"])

    assert [node["name"] for node in first["orders"]["nodes"]] == ["#1", "#3", "#4"]
    assert [node["name"] for node in second["orders"]["nodes"]] == ["#5", "#2"]
    assert second["orders"]["pageInfo"]["hasNextPage"] is False


async def test_a_cursor_of_another_query_is_refused(ask: Asking) -> None:
    ask.sim.add_order()
    ask.sim.add_order()
    page = await ask(NAMES, first=1, query="status:open")

    errors = await ask.errors(NAMES, first=1, query="status:closed", after=page["orders"]["pageInfo"]["endCursor"])

    assert errors[0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("sizes", [{}, {"first": 1, "last": 1}])
async def test_first_or_last_must_be_given_and_not_both(ask: Asking, sizes: dict[str, int]) -> None:
    errors = await ask.errors(NAMES, **sizes)

    assert errors[0]["extensions"]["code"] == "BAD_REQUEST"
    assert errors[0]["path"] == ["orders"]


async def test_search_terms_narrow_the_list(ask: Asking) -> None:
    ask.sim.add_order(1, tags=["vip"])
    ask.sim.add_order(2, financial_status="PENDING", test=True)
    ask.sim.add_order(3)
    ask.sim.cancel_order(3)

    assert await names(ask, query="tag:vip") == ["#1"]
    assert await names(ask, query="financial_status:pending test:true") == ["#2"]
    assert await names(ask, query="status:open") == ["#1", "#2"]
    assert await names(ask, query="-status:cancelled") == ["#1", "#2"]
    assert await names(ask, query="tag:vip OR name:3") == ["#1", "#3"]
    assert await names(ask, query="(tag:vip OR name:2) AND test:false") == ["#1"]
    assert await names(ask, query="") == ["#1", "#2", "#3"]


async def test_a_stretch_of_time_is_closed_on_both_sides(ask: Asking) -> None:
    for number in range(1, 5):
        ask.sim.add_order(number)
        ask.clock.pass_(minutes=1)

    query = "updated_at:>='2026-11-20T12:01:00Z' updated_at:<='2026-11-20T12:02:00Z'"

    assert await names(ask, query=query, sort="UPDATED_AT") == ["#2", "#3"]


async def test_a_term_it_does_not_know_is_ignored_with_a_warning(ask: Asking) -> None:
    ask.sim.add_order(1)

    _, body, _ = await ask.answer(NAMES, first=5, query="update_at:>2026-01-01")

    assert len(body["data"]["orders"]["nodes"]) == 1
    assert body["extensions"]["search"][0]["warnings"] == [
        {"field": "update_at", "message": "Invalid search field for this query.", "code": "invalid_field"}
    ]


async def test_an_unquoted_moment_ends_at_its_colon(ask: Asking) -> None:
    ask.sim.add_order(1)

    _, body, _ = await ask.answer(NAMES, first=5, query="updated_at:>=2026-01-01T00:00:00Z")

    assert [warning["field"] for warning in body["extensions"]["search"][0]["warnings"]] == ["00"]


async def test_old_orders_need_the_scope_for_all_orders(ask: Asking) -> None:
    old = ask.sim.add_order(1, created_at="2026-08-01T00:00:00Z")
    ask.sim.add_order(2)
    ask.sim.revoke_scopes(["read_all_orders"])

    found = await ask("query One($id: ID!) { order(id: $id) { name } }", id=old)

    assert await names(ask) == ["#2"]
    assert found["order"] is None


async def test_without_fulfillment_scopes_there_is_nothing_to_fulfill_and_no_error(ask: Asking) -> None:
    ask.sim.add_order(1)
    query = "{ orders(first: 1) { nodes { fulfillmentOrders(first: 5) { nodes { id } } } } }"
    before = await ask(query)
    ask.sim.revoke_scopes([scope for scope in ask.sim.access.tokens[ask.token].scopes if "fulfillment_orders" in scope])

    after = await ask(query)

    assert len(before["orders"]["nodes"][0]["fulfillmentOrders"]["nodes"]) == 1
    assert after["orders"]["nodes"][0]["fulfillmentOrders"]["nodes"] == []


async def test_a_missing_scope_is_said_beside_what_could_be_read(ask: Asking) -> None:
    ask.sim.revoke_scopes(["read_orders", "write_orders"])

    _, body, _ = await ask.answer('{ shop { name } order(id: "gid://shopify/Order/1") { name } }')

    assert body["data"] == {"shop": {"name": "Demo Outdoor"}, "order": None}
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert body["errors"][0]["message"].startswith("Access denied for order field. Required access: `read_orders`")


async def test_fulfillment_orders_appear_after_routing(ask: Asking) -> None:
    ask.sim.set_routing_delay(5)
    ask.sim.add_order(1)
    query = "{ orders(first: 1) { nodes { fulfillmentOrders(first: 5) { nodes { status } } } } }"
    before = await ask(query)
    ask.clock.pass_(seconds=6)

    after = await ask(query)

    assert before["orders"]["nodes"][0]["fulfillmentOrders"]["nodes"] == []
    assert after["orders"]["nodes"][0]["fulfillmentOrders"]["nodes"] == [{"status": "OPEN"}]


async def test_what_changed_is_seen_though_pages_are_kept(ask: Asking) -> None:
    order = ask.sim.add_order(1)
    query = "query One($id: ID!) { nodes(ids: [$id]) { ... on Order { note lineItems(first: 5) { nodes { sku } } } } }"
    first = await ask(query, id=order)
    ask.sim.edit_order(order, note="ring twice", added=[{"sku": "CAP"}])

    second = await ask(query, id=order)

    assert first["nodes"][0]["note"] is None
    assert second["nodes"][0]["note"] == "ring twice"
    assert [line["sku"] for line in second["nodes"][0]["lineItems"]["nodes"]] == ["BLUE-M", "CAP"]


async def test_duplicate_and_reordered_pages_come_when_asked_for(ask: Asking) -> None:
    for number in range(1, 5):
        ask.sim.add_order(number)
        ask.clock.pass_(seconds=1)
    ask.sim.duplicate_pages()
    first = await ask(NAMES, first=2, sort="UPDATED_AT")
    second = await ask(NAMES, first=2, sort="UPDATED_AT", after=first["orders"]["pageInfo"]["endCursor"])
    ask.sim.duplicate_pages(False)
    ask.sim.reorder_pages()
    reordered = await ask(NAMES, first=2, sort="UPDATED_AT")

    assert [node["name"] for node in second["orders"]["nodes"]] == ["#2", "#3"]
    assert [node["name"] for node in reordered["orders"]["nodes"]] == ["#2", "#1"]


async def test_a_query_that_asks_too_much_is_refused_before_it_runs(ask: Asking) -> None:
    dear = (
        "{ orders(first: 250) { nodes { fulfillmentOrders(first: 250) { nodes { lineItems(first: 250) { nodes { id } } } } } } }"
    )

    errors = await ask.errors(dear)

    assert errors[0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert errors[0]["extensions"]["maxCost"] == 1000


async def test_points_are_reserved_given_back_and_run_out_with_status_200(ask: Asking) -> None:
    ask.sim.set_limits(True, restore_rate=1)  # a bucket of 20 points
    query = "{ orders(first: 10) { nodes { id } } }"

    _, first, _ = await ask.answer(query)
    dear = "{ " + " ".join(f"a{n}: orders(first: 10) {{ nodes {{ id }} }}" for n in range(5)) + " }"
    status, throttled, response = await ask.answer(dear)

    assert first["extensions"]["cost"]["requestedQueryCost"] == 6
    assert first["extensions"]["cost"]["actualQueryCost"] == 2
    assert first["extensions"]["cost"]["throttleStatus"] == {
        "maximumAvailable": 20,
        "currentlyAvailable": 18,
        "restoreRate": 1,
    }
    assert status == 200
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert throttled["extensions"]["cost"]["actualQueryCost"] is None
    assert "Retry-After" not in response.headers


async def test_an_unknown_field_breaks_the_whole_query_in_the_recorded_words(ask: Asking) -> None:
    errors = await ask.errors('mutation Close { orderClose(input: {id: "gid://shopify/Order/1"}) { userErrors { code } } }')

    assert errors[0]["message"] == "Field 'code' doesn't exist on type 'UserError'"
    assert errors[0]["path"] == ["mutation Close", "orderClose", "userErrors", "code"]
    assert errors[0]["extensions"] == {"code": "undefinedField", "typeName": "UserError", "fieldName": "code"}


async def test_more_than_250_ids_are_refused(ask: Asking) -> None:
    ids = [f"gid://shopify/Order/{number}" for number in range(1, 252)]

    errors = await ask.errors("query Many($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert errors[0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
