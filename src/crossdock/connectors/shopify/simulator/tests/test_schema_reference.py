"""What the simulator serves, compared with what the platform publishes: every type, field, argument, nullability, deprecation."""

from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    validate_schema,
)

from crossdock.connectors.shopify.simulator.resolvers import RESOLVERS
from crossdock.connectors.shopify.simulator.schema import schema
from crossdock.connectors.shopify.simulator.tests.published import published


def served_types() -> list[Any]:
    return [kind for name, kind in schema().type_map.items() if not name.startswith("__")]


def default_of(argument: Any) -> str | None:
    node = argument.ast_node.default_value
    return None if node is None else getattr(node, "value", node.kind)


def test_the_schema_is_valid() -> None:
    assert validate_schema(schema()) == []


def test_every_mutation_and_query_has_an_answer() -> None:
    for root in ("QueryRoot", "Mutation"):
        for name in schema().type_map[root].fields:
            assert (root, name) in RESOLVERS, name


def test_every_special_answer_is_to_a_field_there_is() -> None:
    for kind, name in RESOLVERS:
        assert kind == "*" or name in schema().type_map[kind].fields, (kind, name)


@pytest.mark.needs_reference
def test_every_type_and_interface_is_published(reference: Path) -> None:
    for kind in served_types():
        other = published(reference).type_map.get(kind.name)

        assert type(other) is type(kind), kind.name
        if isinstance(kind, GraphQLObjectType):
            assert {one.name for one in kind.interfaces} <= {one.name for one in other.interfaces}, kind.name


@pytest.mark.needs_reference
def test_every_field_has_the_published_type_arguments_and_deprecation(reference: Path) -> None:
    compared = 0
    for kind in served_types():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for name, field in kind.fields.items():
            other = published(reference).type_map[kind.name].fields[name]
            where = f"{kind.name}.{name}"
            assert str(field.type) == str(other.type), where
            assert bool(field.deprecation_reason) == bool(other.deprecation_reason), where
            for key, argument in field.args.items():
                assert str(argument.type) == str(other.args[key].type), f"{where}({key})"
                assert default_of(argument) == default_of(other.args[key]), f"{where}({key})"
            needed = {key for key, argument in other.args.items() if str(argument.type).endswith("!")}
            assert needed <= set(field.args), where
            compared += 1
    assert compared > 550


@pytest.mark.needs_reference
def test_every_input_field_and_enum_value_is_published(reference: Path) -> None:
    for kind in served_types():
        other = published(reference).type_map[kind.name]
        if isinstance(kind, GraphQLEnumType):
            assert set(kind.values) <= set(other.values), kind.name
        elif isinstance(kind, GraphQLInputObjectType):
            for name, field in kind.fields.items():
                assert str(field.type) == str(other.fields[name].type), f"{kind.name}.{name}"
                assert default_of(field) == default_of(other.fields[name]), f"{kind.name}.{name}"
            needed = {name for name, field in other.fields.items() if str(field.type).endswith("!")}
            assert needed <= set(kind.fields), kind.name
