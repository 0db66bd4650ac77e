"""The one GraphQL path: a request body in, an answer's bytes out, with costs, throttling and the platform's words for errors."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    get_variable_values,
    parse,
    type_from_ast,
    validate,
)
from graphql.execution.values import VariableValues
from graphql.language import print_ast, visit
from graphql.language.visitor import Visitor
from graphql.utilities import validate_input_value

from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.cost import MOST
from crossdock.connectors.shopify.simulator.executor import Compiler, Run, Selection, requested
from crossdock.connectors.shopify.simulator.resolvers import RESOLVERS
from crossdock.connectors.shopify.simulator.schema import schema

_MOST_DOCUMENTS = 500


class Body(msgspec.Struct):
    """A request as clients send it."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815  (their name)


@dataclass
class Prepared:
    """A document parsed, validated and compiled for the values of its flags."""

    document: DocumentNode | None
    errors: list[dict[str, Any]]
    operations: dict[str, OperationDefinitionNode] = field(default_factory=dict)
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    compiled: dict[tuple[Any, ...], Selection] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation asked for, or the only one."""
        if name:
            return self.operations.get(name)
        return next(iter(self.operations.values())) if len(self.operations) == 1 else None

    def selection(self, operation: OperationDefinitionNode, variables: dict[str, Any]) -> Selection:
        """What to read for it."""
        name = operation.name.value if operation.name else ""
        flags = {flag: variables.get(flag) for flag in self.flags}
        key = (name, *flags.values())
        found = self.compiled.get(key)
        if found is None:
            found = self.compiled[key] = Compiler(schema(), RESOLVERS, self.fragments, flags).operation(operation)
        return found


class Documents:
    """Documents seen before, the least used forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Prepared] = OrderedDict()

    def prepared(self, query: str) -> Prepared:
        """The document, parsed and validated once."""
        found = self._known.get(query)
        if found is None:
            found = self._known[query] = _prepare(query)
            if len(self._known) > _MOST_DOCUMENTS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(query)
        return found

    def describe(self, body: Body) -> tuple[str, bool]:
        """The operation's name and whether it changes anything. What cannot be read changes nothing."""
        prepared = self.prepared(body.query or "")
        operation = prepared.operation(body.operationName)
        if operation is None:
            return body.operationName or "unreadable", False
        first = operation.selection_set.selections[0]
        name = operation.name.value if operation.name else first.name.value if isinstance(first, FieldNode) else "anonymous"
        return name, operation.operation is OperationType.MUTATION and not prepared.errors


def _prepare(query: str) -> Prepared:
    try:
        document = parse(query)
    except GraphQLError as error:
        places = [{"line": place.line, "column": place.column} for place in error.locations or []]
        return Prepared(None, [{"message": error.message, "locations": places}])
    operations, fragments = {}, {}
    flags: set[str] = set()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations[definition.name.value if definition.name else ""] = definition
        elif isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition

    class Flags(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            if node.name.value in ("skip", "include"):
                for argument in node.arguments:
                    if argument.value.kind == "variable":
                        flags.add(argument.value.name.value)

    visit(document, Flags())
    errors = [_worded(document, error) for error in validate(schema(), document)]
    return Prepared(document, errors, operations, fragments, tuple(sorted(flags)))


_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
_ARGUMENT = re.compile(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'")


def _worded(document: DocumentNode, error: GraphQLError) -> dict[str, Any]:
    """A validation error in the platform's words, where recordings show them."""
    places = [{"line": place.line, "column": place.column} for place in error.locations or []]
    path = _path(document, error.nodes[0] if error.nodes else None)
    if found := _FIELD.match(error.message):
        name, kind = found.groups()
        return {
            "message": f"Field '{name}' doesn't exist on type '{kind}'",
            "locations": places,
            "path": path,
            "extensions": {"code": "undefinedField", "typeName": kind, "fieldName": name},
        }
    if found := _ARGUMENT.match(error.message):
        argument, _, name = found.groups()
        return {
            "message": f"Field '{name}' doesn't accept argument '{argument}'",
            "locations": places,
            "path": [*path, argument],
            "extensions": {"code": "argumentNotAccepted", "name": name, "typeName": "Field", "argumentName": argument},
        }
    node = error.nodes[0] if error.nodes else None
    if (
        isinstance(node, FieldNode)
        and "required" in error.message
        and (found := re.search(r"Argument '[\w.]*?\.?(\w+)(?:\((\w+):\))?'", error.message))
    ):
        name = node.name.value
        argument = found[2] or found[1]
        return {
            "message": f"Field '{name}' is missing required arguments: {argument}",
            "locations": places,
            "path": path,
            "extensions": {"code": "missingRequiredArguments", "className": "Field", "name": name, "arguments": argument},
        }
    if (literal := _literal(document, node)) is not None:
        holder, argument, kind = literal
        place = holder.loc.start_token if holder.loc else None
        return {
            "message": f"Argument '{argument}' on Field '{holder.name.value}' has an invalid value ({_ruby(node)}). "
            f"Expected type '{kind}'.",
            "locations": [{"line": place.line, "column": place.column}] if place else places,
            "path": [*_path(document, holder), argument],
            "extensions": {"code": "argumentLiteralsIncompatible", "typeName": "Field", "argumentName": argument},
        }
    return {"message": error.message, "locations": places, "path": path, "extensions": {"code": "invalid"}}


def _ruby(node: Any) -> str:
    return print_ast(node) if node is not None else "null"


def _literal(document: DocumentNode, wanted: Any) -> tuple[FieldNode, str, str] | None:
    """The root field and argument that a wrong literal is the value of."""
    if wanted is None:
        return None
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        root = schema().get_root_type(definition.operation)
        for selection in definition.selection_set.selections:
            if isinstance(selection, FieldNode) and root is not None and selection.name.value in root.fields:
                for argument in selection.arguments or ():
                    if argument.value is wanted:
                        kind = root.fields[selection.name.value].args[argument.name.value].type
                        return selection, argument.name.value, str(kind)
    return None


def _path(document: DocumentNode, wanted: Any) -> list[str]:
    """Where a node stands, as the platform writes it: the operation, then the fields."""

    def search(node: Any, path: list[str]) -> list[str] | None:
        for selection in node.selection_set.selections if node.selection_set else ():
            here = path
            if isinstance(selection, FieldNode):
                here = [*path, selection.alias.value if selection.alias else selection.name.value]
            elif hasattr(selection, "type_condition") and selection.type_condition:
                here = [*path, f"... on {selection.type_condition.name.value}"]
            if selection is wanted or wanted in (getattr(selection, "arguments", None) or ()):
                return here
            if getattr(selection, "selection_set", None) and (found := search(selection, here)) is not None:
                return found
        return None

    for definition in document.definitions:
        name = definition.name.value if getattr(definition, "name", None) else ""  # type: ignore[attr-defined]
        if isinstance(definition, OperationDefinitionNode):
            start = [f"{definition.operation.value} {name}".strip()]
        else:
            start = [f"fragment {name}"]
        if (found := search(definition, start)) is not None:
            return found
    return []


def _variables(operation: OperationDefinitionNode, given: dict[str, Any]) -> tuple[VariableValues | None, list[dict[str, Any]]]:
    values = get_variable_values(schema(), operation.variable_definitions or (), given)
    if isinstance(values, VariableValues):
        return values, []
    errors = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        kind = type_from_ast(schema(), definition.type)
        value = given.get(name)
        problems: list[dict[str, Any]] = []

        def note(error: GraphQLError, path: list[Any], problems: list[dict[str, Any]] = problems, kind: Any = kind) -> None:
            missing = re.search(r"required field '(\w+)'", error.message)
            at = [*path, missing[1]] if missing else list(path)
            is_null = missing or "non-null" in error.message
            problems.append({"path": at, "explanation": "Expected value to not be null" if is_null else error.message})

        if name not in given and definition.default_value is not None:
            continue
        if value is None:
            if str(kind).endswith("!"):
                problems.append({"path": [], "explanation": "Expected value to not be null"})
        else:
            validate_input_value(value, kind, note)  # type: ignore[arg-type]
        if problems:
            said = ", ".join(
                f"{'.'.join(str(part) for part in problem['path'])} ({problem['explanation']})"
                for problem in problems
                if problem["path"]
            )
            token = definition.loc.start_token if definition.loc else None
            errors.append(
                {
                    "message": f"Variable ${name} of type {kind} was provided invalid value" + (f" for {said}" if said else ""),
                    "locations": [{"line": token.line, "column": token.column}] if token else [],
                    "extensions": {"code": "INVALID_VARIABLE", "value": value, "problems": problems},
                }
            )
    return None, errors


def answer(documents: Documents, body: Body, context: Context, *, clock: Callable[[], float] = time.monotonic) -> dict[str, Any]:
    """Run one request. The result is to be encoded as JSON; parts of it may be JSON already."""
    prepared = documents.prepared(body.query or "")
    if prepared.errors:
        return {"errors": prepared.errors}
    operation = prepared.operation(body.operationName)
    if operation is None:
        return {"errors": [{"message": f'No operation named "{body.operationName or ""}"'}]}
    values, errors = _variables(operation, body.variables or {})
    if values is None:
        return {"errors": errors}
    selection = prepared.selection(operation, values.coerced)
    run = Run(context, values)
    points = requested(selection, run)
    if points > MOST:
        return {"errors": [_too_dear(points)]}
    shop = context.shop
    bucket = shop.bucket(context.app)
    if shop.has_limits and not bucket.take(points, clock()):
        costs = {"requestedQueryCost": points, "actualQueryCost": None, "throttleStatus": bucket.status(clock())}
        return {
            "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": _LIMITS}}],
            "extensions": {"cost": costs},
        }
    data, spent = run.root(selection, {})
    if shop.has_limits:
        bucket.give(max(0, points - spent))
    costs = {"requestedQueryCost": points, "actualQueryCost": spent, "throttleStatus": bucket.status(clock())}
    extensions: dict[str, Any] = {"cost": costs}
    if context.searches:
        extensions["search"] = context.searches
    result: dict[str, Any] = {"errors": run.errors} if run.errors else {}
    return result | {"data": data, "extensions": extensions}


_LIMITS = "https://shopify.dev/api/usage/rate-limits"


def _too_dear(points: int) -> dict[str, Any]:
    return {
        "message": f"Query cost is {points}, which exceeds the single query max cost limit ({MOST}).",
        "extensions": {"code": "MAX_COST_EXCEEDED", "cost": points, "maxCost": MOST, "documentation": _LIMITS},
    }
