"""The compiled executor against graphql-core's own: the same answers, typed as the schema says."""

import json
from typing import Any

import msgspec
import pytest
from graphql import execute_sync, parse

from crossdock.connectors.kit.simulator import Faults
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.graphql_api import Body, Documents, answer
from crossdock.connectors.shopify.simulator.resolvers import RESOLVERS
from crossdock.connectors.shopify.simulator.schema import schema
from crossdock.connectors.shopify.simulator.state import SCOPES

SHAPES = """query Shapes($id: ID!, $more: Boolean!, $n: Int = 2) {
  node(id: $id) { __typename id ... on Order { name first: lineItems(first: $n) { edges { cursor node { sku } } }
    ...Money @include(if: $more) fulfillments(first: 1) { name @skip(if: $more) trackingInfo { number } } } }
  again: order(id: $id) { name lineItems(first: 1) { nodes { id } } lineItems(first: 1) { nodes { title } } }
}
fragment Money on Order { totalPriceSet { shopMoney { amount } } }"""


def a_busy_shop() -> ShopifySimulator:
    sim = ShopifySimulator()
    sim.set_limits(False)
    sim.add_order(
        1, lines=[{"sku": "MUG", "quantity": 3, "options": {"Engraving": "K"}}, {"sku": "CAP", "group": "Set"}], tags=["vip"]
    )
    sim.add_order(2, presentment_currency="EUR", presentment_rate="0.9", note="ring twice", po_number="PO-7")
    sim.add_order(3, has_address=False, method=None, lines=[{"sku": "GIFT", "gift_card": True}])
    sim.fulfill_order(1, {"MUG": 1})
    sim.hold_order(2, reason="AWAITING_PAYMENT", notes="until Friday")
    sim.refund_order(1, {"MUG": 1})
    sim.cancel_order(3)
    sim.add_product("RED", 5, barcode="4006381333931", weight="0.35")
    sim.add_variants("Shirt", {"SHIRT-S": 1, "SHIRT-M": 2})
    sim.add_bundle("PAIR", {"RED": 2})
    sim.ask_return(1, {"MUG": 1}, note="torn")
    sim.approve_return("#1-R1", tracking="1Z999AA10123456784")
    return sim


def resolve(source: Any, info: Any, **arguments: Any) -> Any:
    found = RESOLVERS.get((info.parent_type.name, info.field_name)) or RESOLVERS.get(("*", info.field_name))
    return found(source, arguments, info.context) if found else source.get(info.field_name)


@pytest.mark.parametrize(
    ("document", "given"),
    [
        (queries.ORDERS, {"first": 10, "query": "status:any"}),
        (queries.ORDERS_BY_ID, {"ids": None}),
        (queries.SHIPPABLE, {"id": None}),
        (queries.FULFILLMENTS, {"id": None}),
        (queries.ORDERS_PLACED, {"first": 10, "query": "status:any"}),
        (queries.ORDERS_WITH_RETURNS, {"first": 10, "query": "status:any"}),
        (queries.RETURNS_OF, {"few": None}),
        (queries.ALL_REFUNDS, {"id": None}),
        (queries.PRODUCTS, {"first": 10}),
        (queries.VARIANTS_BY_SKU, {"query": "sku:'RED' OR sku:'SHIRT'", "location": "gid://shopify/Location/6000000000001"}),
        (queries.WHO, {}),
        (queries.LOCATIONS, {}),
        (SHAPES, {"id": None, "more": True}),
        (SHAPES, {"id": None, "more": False, "n": 1}),
    ],
)
def test_it_answers_as_the_reference_executor_does(document: str, given: dict[str, Any]) -> None:
    sim = a_busy_shop()
    ids = [order["id"] for order in sim.shop().orders.values()]
    variables = {name: (ids if name in ("ids", "few") else ids[0]) if value is None else value for name, value in given.items()}

    def context() -> Context:
        return Context(sim.shop(), "test", frozenset(SCOPES), "2026-10", Faults())

    ours = json.loads(msgspec.json.encode(answer(Documents(), Body(document, variables), context())))
    kept = json.loads(msgspec.json.encode(answer(Documents(), Body(document, variables), context())))
    theirs = execute_sync(
        schema(),
        parse(document),
        {},
        context(),
        variables,
        field_resolver=resolve,
        type_resolver=lambda value, *_: value["__typename"],
    )

    assert theirs.errors is None
    assert ours["data"] == kept["data"] == theirs.data
