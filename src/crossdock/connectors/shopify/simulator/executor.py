"""Runs GraphQL over plain dicts.

graphql-core parses and validates, and coerces variables; then a document is compiled once into a tree of plain fields, and running it
is reading dicts. That serves a page of 250 orders in milliseconds, which the benches need. Records that look the same to the same
selection are kept as JSON until they change.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_argument_values,
)
from graphql.execution.values import VariableValues
from graphql.language import visit
from graphql.language.visitor import Visitor

from crossdock.connectors.shopify.simulator.cost import cost_of_list, own_cost, times

Resolver = Callable[[Any, dict[str, Any], Any], Any]
"""(record, arguments, context) to value."""

_numbers = itertools.count()


class Refused(Exception):
    """A field that gives an error instead of a value; the nearest field that may be null becomes null."""

    def __init__(self, message: str, code: str | None = None, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = ({"code": code} if code else {}) | extensions
        self.path: list[str | int] = []
        self.location: tuple[int, int] | None = None

    def as_error(self) -> dict[str, Any]:
        """The error as an entry of `errors`."""
        error: dict[str, Any] = {"message": self.message}
        if self.location:
            error["locations"] = [{"line": self.location[0], "column": self.location[1]}]
        if self.extensions:
            error["extensions"] = self.extensions
        return error | {"path": list(self.path)}


class Field:
    """One field to read, compiled."""

    __slots__ = (
        "arguments",
        "child",
        "constant",
        "cost",
        "definition",
        "depth",
        "is_connection",
        "is_non_null",
        "item_non_null",
        "key",
        "location",
        "name",
        "node",
        "parent",
        "resolve",
    )

    key: str
    name: str
    parent: str
    resolve: Resolver | None
    constant: dict[str, Any] | None
    child: Selection | None
    is_non_null: bool
    item_non_null: bool
    depth: int
    cost: int
    is_connection: bool
    location: tuple[int, int]
    node: FieldNode
    definition: Any


class Selection:
    """The fields of one selection set, for each concrete type it may meet."""

    __slots__ = ("by_type", "compiler", "nodes", "number", "of", "variables")

    def __init__(self, compiler: Compiler, of: Any, nodes: list[SelectionSetNode]) -> None:
        self.compiler = compiler
        self.of = of
        self.nodes = nodes
        self.number = next(_numbers)
        self.by_type: dict[str, list[Field]] = {}
        self.variables = compiler.variables_in(nodes)
        if isinstance(of, GraphQLObjectType):
            self.fields(of.name)

    def fields(self, typename: str) -> list[Field]:
        """The fields that apply to a concrete type."""
        found = self.by_type.get(typename)
        if found is None:
            found = self.by_type[typename] = self.compiler.fields(typename, self.nodes)
        return found


class Compiler:
    """Turns one validated operation into selections. `flags` are the values of variables in @skip and @include."""

    def __init__(
        self,
        schema: GraphQLSchema,
        resolvers: Mapping[tuple[str, str], Resolver],
        fragments: Mapping[str, FragmentDefinitionNode],
        flags: Mapping[str, Any],
    ) -> None:
        self.schema = schema
        self.resolvers = resolvers
        self.fragments = fragments
        self.flags = flags

    def operation(self, node: OperationDefinitionNode) -> Selection:
        """The root selection."""
        root = self.schema.get_root_type(node.operation)
        return Selection(self, root, [node.selection_set])

    def fields(self, typename: str, nodes: list[SelectionSetNode]) -> list[Field]:
        """Fields of a concrete type, same response keys merged, in the order asked."""
        parent = self.schema.type_map[typename]
        assert isinstance(parent, GraphQLObjectType)  # noqa: S101  (abstract types are never concrete)
        grouped: dict[str, list[FieldNode]] = {}
        for node in nodes:
            self._collect(parent, node, grouped)
        return [self._field(parent, key, found) for key, found in grouped.items()]

    def _collect(self, parent: GraphQLObjectType, node: SelectionSetNode, into: dict[str, list[FieldNode]]) -> None:
        for selection in node.selections:
            if not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                into.setdefault(key, []).append(selection)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                if self._fits(parent, fragment.type_condition.name.value):
                    self._collect(parent, fragment.selection_set, into)
            elif isinstance(selection, InlineFragmentNode) and (
                selection.type_condition is None or self._fits(parent, selection.type_condition.name.value)
            ):
                self._collect(parent, selection.selection_set, into)

    def _is_included(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("skip", "include"):
                value = directive.arguments[0].value
                truth = self.flags[value.name.value] if isinstance(value, VariableNode) else value.value
                if truth == (name == "skip"):
                    return False
        return True

    def _fits(self, parent: GraphQLObjectType, condition: str) -> bool:
        wanted = self.schema.type_map[condition]
        if wanted is parent:
            return True
        return isinstance(wanted, GraphQLInterfaceType | GraphQLUnionType) and self.schema.is_sub_type(wanted, parent)

    def _field(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Field:
        first = nodes[0]
        name = first.name.value
        field = Field()
        field.key, field.name, field.parent, field.node = key, name, parent.name, first
        token = first.loc.start_token if first.loc else None
        field.location = (token.line, token.column) if token else (1, 1)
        if name == "__typename":
            field.resolve, field.constant, field.child = (lambda record, arguments, context: parent.name), {}, None
            field.is_non_null, field.item_non_null, field.depth, field.cost, field.is_connection = True, True, 0, 0, False
            field.definition = None
            return field
        definition = parent.fields[name]
        field.definition = definition
        field.resolve = self.resolvers.get((parent.name, name)) or self.resolvers.get(("*", name))
        kind: Any = definition.type
        field.is_non_null = isinstance(kind, GraphQLNonNull)
        kind = getattr(kind, "of_type", kind) if field.is_non_null else kind
        field.depth, field.item_non_null = 0, True
        while isinstance(kind, GraphQLList):
            field.depth += 1
            kind = kind.of_type
            field.item_non_null = isinstance(kind, GraphQLNonNull)
            kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        sets = [node.selection_set for node in nodes if node.selection_set]
        field.child = Selection(self, kind, sets) if sets else None
        field.is_connection = bool(sets) and kind.name.endswith("Connection")
        field.cost = own_cost(parent.name, name, kind.name if sets else None)
        field.constant = None if _has_variables(first) else get_argument_values(definition, first)
        return field

    def variables_in(self, nodes: list[Any]) -> tuple[str, ...]:
        """Names of the variables used below some nodes."""
        found: set[str] = set()
        fragments, compiler = set[str](), self

        class Names(Visitor):
            def enter_variable(self, node: VariableNode, *_: Any) -> None:
                found.add(node.name.value)

            def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
                if node.name.value not in fragments:
                    fragments.add(node.name.value)
                    visit(compiler.fragments[node.name.value], self)

        for node in nodes:
            visit(node, Names())
        return tuple(sorted(found))


class Run:
    """One execution: what it may see, what it cost, what went wrong."""

    def __init__(self, context: Any, values: VariableValues) -> None:
        self.context = context
        self.values = values
        self.variables = values.coerced
        self.errors: list[dict[str, Any]] = []

    def root(self, selection: Selection, record: Any) -> tuple[dict[str, Any] | None, int]:
        """The whole answer and what it really cost; data is None when a field that may not be null refused."""
        try:
            return self._record(selection, record, selection.of.name)
        except Refused as refusal:
            self.errors.append(refusal.as_error())
            return None, 0

    def _record(self, selection: Selection, record: Any, typename: str) -> tuple[dict[str, Any], int]:
        result: dict[str, Any] = {}
        spent = 0
        for field in selection.fields(typename):
            try:
                result[field.key], cost = self._field(field, record)
                spent += cost
            except Refused as refusal:
                refusal.path.insert(0, field.key)
                refusal.location = refusal.location or field.location
                if field.is_non_null:
                    raise
                self.errors.append(refusal.as_error())
                result[field.key] = None
        return result, spent

    def arguments(self, field: Field) -> dict[str, Any]:
        """The field's arguments with this run's variables."""
        if field.constant is not None:
            return field.constant
        return get_argument_values(field.definition, field.node, self.values)

    def _field(self, field: Field, record: Any) -> tuple[Any, int]:
        resolve = field.resolve
        if field.parent == "Mutation":
            self.context.idempotency_key = self._key(field)
        value = record.get(field.name) if resolve is None else resolve(record, self.arguments(field), self.context)
        if value is None:
            if field.is_non_null:
                raise Refused(f"Internal error: {field.parent}.{field.name} has no value", "INTERNAL_SERVER_ERROR")
            return None, field.cost if field.cost >= 10 else 0
        child = field.child
        if child is None:
            return value, field.cost
        if field.depth:
            items, inner = self._list(field, child, value)
            return items, field.cost + inner
        result, inner = self._record(child, value, value.get("__typename") or child.of.name)
        if field.is_connection:
            return result, cost_of_list(len(value["nodes"]), inner)
        return result, field.cost + inner

    def _key(self, field: Field) -> str | None:
        """What the directive of a mutation says of repeating it."""
        known = self.values.coerced
        for directive in field.node.directives or ():
            if directive.name.value == "idempotent" and directive.arguments:
                value = directive.arguments[0].value
                key = known.get(value.name.value) if isinstance(value, VariableNode) else getattr(value, "value", None)
                return str(key) if key is not None else None
        return None

    def _list(self, field: Field, child: Selection, values: list[Any]) -> tuple[list[Any], int]:
        items: list[Any] = []
        spent = 0
        for position, value in enumerate(values):
            if value is None:
                items.append(None)
                continue
            try:
                item, cost = self._kept(child, value)
            except Refused as refusal:
                refusal.path.insert(0, position)
                if field.item_non_null:
                    raise
                self.errors.append(refusal.as_error())
                item, cost = None, 0
            items.append(item)
            spent = max(spent, cost)
        return items, spent

    def _kept(self, child: Selection, value: Any) -> tuple[Any, int]:
        kept = value.get("_kept")
        typename = value.get("__typename") or child.of.name
        if kept is None:
            return self._record(child, value, typename)
        variables = self.variables
        key = (child.number, self.context.sees, *[_plain(variables.get(name)) for name in child.variables])
        found: tuple[Any, int] | None = kept.get(key)
        if found is None:
            before = len(self.errors)
            result, cost = self._record(child, value, typename)
            if len(self.errors) > before:
                return result, cost
            found = kept[key] = (msgspec.Raw(msgspec.json.encode(result)), cost)
        return found


def _has_variables(node: FieldNode) -> bool:
    found = []

    class Seen(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            found.append(node)

    for argument in node.arguments or ():
        visit(argument, Seen())
    return bool(found)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def requested(selection: Selection, run: Run) -> int:
    """What an operation is charged before it runs: every list as long as it may get."""
    of = selection.of
    names = [of.name] if isinstance(of, GraphQLObjectType) else list(selection.by_type)
    if not isinstance(of, GraphQLObjectType):
        names = [possible.name for possible in selection.compiler.schema.get_possible_types(of)]
    return max((sum(_requested(field, run) for field in selection.fields(name)) for name in names), default=0)


def _requested(field: Field, run: Run) -> int:
    if field.child is None:
        return field.cost
    inner = requested(field.child, run)
    if field.is_connection:
        arguments = run.arguments(field)
        return times(arguments.get("first") or arguments.get("last") or 1, inner)
    return field.cost + inner
