"""What Shopify published and what others recorded: our documents against the schema, real orders through the connector."""

import json
import math
from decimal import Decimal

import pytest
from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, parse, validate
from graphql.type import get_named_type, is_leaf_type

from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.carriers import KNOWN
from crossdock.connectors.shopify.graphql import MAX_COST
from crossdock.connectors.shopify.pull import BY_ID, PAGE
from crossdock.connectors.shopify.returns import FEW
from crossdock.connectors.shopify.ship import THOSE
from crossdock.connectors.shopify.simulator.tests.published import published
from crossdock.connectors.shopify.stock import VARIANTS
from crossdock.connectors.shopify.tests.rig import Rig
from crossdock.connectors.shopify.webhooks import TOPICS

pytestmark = pytest.mark.needs_reference

DOCUMENTS = queries.documents()
SIZES = {
    "first": PAGE,
    "ids": BY_ID,
    "few": FEW,
    "sent": queries.CREATE_FULFILLMENT.most,
    "those": THOSE,
    "variants": VARIANTS,
}
FREE = {"MoneyBag", "MoneyV2", "PageInfo", "LocationAddress"}


@pytest.fixture(scope="module")
def schema(reference):
    return published(reference)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_valid_in_the_published_schema(schema, name):
    assert [error.message for error in validate(schema, parse(DOCUMENTS[name]))] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_uses_what_shopify_is_about_to_remove(schema, name):
    assert [field for field in _fields(schema, DOCUMENTS[name]) if field.deprecation_reason] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_costs_less_than_one_query_may(schema, name):
    cost = _cost(schema, DOCUMENTS[name], SIZES)

    assert 0 < cost < MAX_COST


def test_every_topic_is_one_that_shopify_announces(schema):
    assert set(TOPICS) <= set(schema.type_map["WebhookSubscriptionTopic"].values)


def test_every_carrier_is_spelled_as_in_shopify(schema):
    described = schema.type_map["FulfillmentTrackingInfo"].fields["company"].description
    listed = {line.strip(" *") for line in described.split("The following")[1].splitlines() if line.startswith("  *")}

    assert listed == KNOWN


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


def _expected(reference):
    folder = reference / "fixtures" / "shopify"
    for entry in json.loads((folder / "index.json").read_text())["entries"]:
        if isinstance(entry["expect"], dict):
            yield folder / entry["file"], entry["expect"]


async def test_real_orders_mean_what_their_collector_read_in_them(rig, reference):
    checked = 0
    for path, expect in _expected(reference):
        shop = f"shop-{checked}"
        rig.sim.add_shop(shop)
        rig.sim.load(path.read_text(), shop)

        orders = await rig_orders(rig, shop)

        assert rig.rejected == [], path.name
        (order,) = orders
        _compare(order, expect, path.name)
        checked += 1
    assert checked == 9


async def rig_orders(rig, shop):
    rig._tokens = None
    return [order async for page in rig.orders_changed(shop=shop) for order in page.orders]


def _compare(order, expect, name):
    assert order.number == expect["order_number"], name
    assert order.currency == expect["currency"], name
    assert order.grand_total == Decimal(expect["grand_total"]), name
    assert order.payment.value == expect["financial_status"], name
    assert len(order.lines) == expect["lines_total"], name
    assert sum(line.ordered for line in order.lines) == expect["units_ordered"], name
    assert (order.canceled_at is not None) == expect["cancelled"], name
    for got, field in ((order.discount_total, "discount_total"), (order.tax_total, "tax_total")):
        if expect[field] is not None:
            assert got == Decimal(expect[field]), (name, field)
    assert [order.method.name] if order.method.name else expect["shipping_methods"] == [], name
    place = expect["ship_to"]
    if place is None:
        assert order.ship_to is None, name
    else:
        got = order.ship_to
        assert (got.name, got.city, got.postal_code, got.country) == (
            place["name"],
            place["city"],
            place["postal"],
            place["country"],
        ), name
        assert got.region == place["province"], name
    if isinstance(expect["to_fulfil"], list):
        assert order.units_to_ship == expect["units_to_fulfil"], name
        shipped = [(line.external_id, line.sku, line.to_ship) for line in order.lines if line.to_ship]
        assert shipped == [(str(row["line_id"]), row["sku"], row["qty"]) for row in expect["to_fulfil"]], name


def _on(schema, node, parent):
    return schema.type_map[node.type_condition.name.value] if node.type_condition else parent


def _fields(schema, document):
    return list(_walk(schema, parse(document)))


def _walk(schema, tree):
    fragments = {node.name.value: node for node in tree.definitions if node.kind == "fragment_definition"}
    (operation,) = [node for node in tree.definitions if node.kind == "operation_definition"]
    root = schema.mutation_type if operation.operation.value == "mutation" else schema.query_type

    def below(parent, selections):
        for node in selections.selections:
            if isinstance(node, FragmentSpreadNode):
                fragment = fragments[node.name.value]
                yield from below(schema.type_map[fragment.type_condition.name.value], fragment.selection_set)
            elif isinstance(node, InlineFragmentNode):
                yield from below(_on(schema, node, parent), node.selection_set)
            elif isinstance(node, FieldNode):
                field = parent.fields[node.name.value]
                yield field
                if node.selection_set:
                    yield from below(get_named_type(field.type), node.selection_set)

    return below(root, operation.selection_set)


def _cost(schema, document, variables):
    """The rule that fits what was recorded: an object is one point, a list two and the logarithm of its length times its node."""
    tree = parse(document)
    fragments = {node.name.value: node for node in tree.definitions if node.kind == "fragment_definition"}
    (operation,) = [node for node in tree.definitions if node.kind == "operation_definition"]
    is_mutation = operation.operation.value == "mutation"

    def selected(selections):
        for node in selections.selections:
            if isinstance(node, FragmentSpreadNode):
                yield from selected(fragments[node.name.value].selection_set)
            else:
                yield node

    def of(parent, selections, depth):
        total = 0
        for node in selected(selections):
            if isinstance(node, InlineFragmentNode):
                total += of(_on(schema, node, parent), node.selection_set, depth)
                continue
            field = parent.fields[node.name.value]
            type_ = get_named_type(field.type)
            if is_leaf_type(type_):
                continue
            inner = of(type_, node.selection_set, depth + 1) if type_.name != "Node" else _node(node, depth)
            given = {argument.name.value: argument.value for argument in node.arguments or ()}
            if "first" in given or "ids" in given:
                value = given.get("first") or given["ids"]
                first = variables[value.name.value] if value.kind == "variable" else int(value.value)
                if "ids" in given:
                    total += first * (1 + inner)
                    continue
                child = inner if type_.name.endswith("Connection") else inner + 1
                total += 2 + max(1, math.floor(2 * math.log(first))) * child
            elif type_.name in FREE or type_.name.endswith("Edge"):
                total += inner
            elif is_mutation and depth <= 1:
                total += inner + (10 if depth == 0 else 0)
            else:
                total += 1 + inner
        return total

    def _node(node, depth):
        first = node.selection_set.selections[0]
        on = fragments[first.name.value].type_condition.name.value if isinstance(first, FragmentSpreadNode) else "Order"
        return of(schema.type_map[on], node.selection_set, depth + 1)

    return of(schema.mutation_type if is_mutation else schema.query_type, operation.selection_set, 0)
