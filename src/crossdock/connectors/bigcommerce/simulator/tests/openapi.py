"""As much of OpenAPI 3.0 as is needed to hold calls to published documents: routes, queries, bodies, answers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_METHODS = frozenset({"get", "put", "post", "delete", "patch"})


class Document:
    """One published document. Problems are short sentences without positions, so that one deviation names them all."""

    def __init__(self, path: Path) -> None:
        self.value: dict[str, Any] = yaml.load(path.read_text(), Loader=_LOADER)  # noqa: S506  (the safe one, in C where it is)
        self.routes = {
            (method.upper(), template): operation
            for template, item in self.value["paths"].items()
            for method, operation in item.items()
            if method in _METHODS
        }

    def route(self, method: str, path: str) -> str | None:
        """The template that a path belongs to; the most exact one."""
        found = [
            template
            for known, template in self.routes
            if known == method and re.fullmatch(re.sub(r"\{[^}]+\}", r"[^/]+", template), path)
        ]
        return min(found, key=lambda template: template.count("{"), default=None)

    def problems(self, method: str, template: str, query: dict[str, str], body: Any, status: int, answer: Any) -> Iterator[str]:
        """What of a call and its answer is not as published."""
        operation, item = self.routes[method, template], self.value["paths"][template]
        parameters = [self._deref(one) for one in (*item.get("parameters", ()), *operation.get("parameters", ()))]
        known = {one["name"] for one in parameters if one["in"] == "query"}
        for name in query:
            if name not in known:
                yield f"query {name} is not published"
        if body is not None:
            sent = self._deref(operation.get("requestBody") or {}).get("content", {}).get("application/json")
            if sent is None:
                yield "a body is not published"
            else:
                yield from (f"body {one}" for one in self.fit(sent["schema"], body))
        answers = operation["responses"]
        shape = answers.get(str(status))
        if shape is None:
            yield f"status {status} is not published"
            return
        content = self._deref(shape).get("content") or {}
        schema = next((part.get("schema") for kind, part in content.items() if "json" in kind), None)
        if answer is not None and schema is not None:
            yield from (f"{status} {one}" for one in self.fit(schema, answer))
        if answer is not None and schema is None:
            yield f"{status} has no published body"

    def fit(self, schema: Any, value: Any, where: str = "", *, is_closed: bool = True) -> Iterator[str]:
        """How a value differs from a schema. Fields that no branch of it names are differences as well."""
        schema = self._deref(schema)
        if value is None:
            if not self._may_be_null(schema):
                yield f"{where or 'it'} is null"
            return
        is_whole = "properties" not in schema and "allOf" not in schema
        branches = [list(self.fit(one, value, where, is_closed=is_closed and is_whole)) for one in self._either(schema)]
        if branches and all(branches):
            yield from min(branches, key=len)
            return
        for one in schema.get("allOf", ()):
            yield from self.fit(one, value, where, is_closed=False)
        expected = schema.get("type")
        if expected in _TYPES and (
            not isinstance(value, _TYPES[expected]) or (isinstance(value, bool) and expected != "boolean")
        ):
            yield f"{where or 'it'} is {type(value).__name__}, not {expected}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where or 'it'} is none of the published values"
        if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
            yield f"{where or 'it'} is too long"
        if isinstance(value, dict):
            yield from self._fields(schema, value, where, is_closed=is_closed)
        if isinstance(value, list) and "items" in schema:
            for part in value:
                yield from self.fit(schema["items"], part, f"{where}[]")

    def _fields(self, schema: dict[str, Any], value: dict[str, Any], where: str, *, is_closed: bool) -> Iterator[str]:
        properties = self._properties(schema)
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{where}.{name} is missing".lstrip(".")
        for name, part in value.items():
            place = f"{where}.{name}".lstrip(".")
            if name in schema.get("properties", {}):
                yield from self.fit(schema["properties"][name], part, place)
            elif is_closed and properties and name not in properties and not schema.get("additionalProperties"):
                yield f"{place} is not published"

    def _properties(self, schema: Any) -> set[str]:
        schema = self._deref(schema)
        parts = (*schema.get("allOf", ()), *self._either(schema))
        return set(schema.get("properties", {})).union(*(self._properties(part) for part in parts))

    def _may_be_null(self, schema: dict[str, Any]) -> bool:
        if schema.get("nullable") or not schema:
            return True
        return any(self._may_be_null(self._deref(one)) for one in (*schema.get("allOf", ()), *self._either(schema)))

    def _either(self, schema: dict[str, Any]) -> list[Any]:
        return [*schema.get("oneOf", ()), *schema.get("anyOf", ())]

    def _deref(self, schema: Any) -> Any:
        while isinstance(schema, dict) and "$ref" in schema:
            found: Any = self.value
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        return schema or {}


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
