"""What the conformance report says of Shopify."""

from pathlib import Path

from graphql import FieldNode, OperationDefinitionNode, parse

from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.simulator.tests.replay import exchanges, replay
from support.conformance import Count, Facts


def facts(reference: Path) -> Facts:
    """The roots our documents ask for, and the recorded exchanges replayed."""
    roots = set()
    for text in queries.documents().values():
        for node in parse(text).definitions:
            if isinstance(node, OperationDefinitionNode):
                kind = node.operation.value
                roots |= {f"{kind} {one.name.value}" for one in node.selection_set.selections if isinstance(one, FieldNode)}
    outcomes = [replay(exchange) for exchange in exchanges(reference)]
    return Facts(
        against="the published GraphQL schema, type by type, field by field, argument by argument; and with recorded exchanges",
        operations=tuple(sorted(roots)),
        recordings=Count(sum(1 for one in outcomes if not one.differences), len(outcomes)),
        fixtures="shopify",
    )
