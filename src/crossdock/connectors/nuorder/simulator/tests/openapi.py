"""As much of OpenAPI 3.0 as the derived document of NuORDER needs: routes, bodies, answers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


class Document:
    """The derived document. Problems are short sentences without positions, so that one deviation names them all."""

    def __init__(self, path: Path) -> None:
        self.value: dict[str, Any] = json.loads(path.read_text())
        self.routes: dict[tuple[str, str], Any] = {
            (method.upper(), template): operation
            for template, item in self.value["paths"].items()
            for method, operation in item.items()
            if method in ("get", "put", "post", "delete")
        }

    def route(self, method: str, path: str) -> str | None:
        """The template that a path belongs to; the most exact one."""
        found = [
            template
            for known, template in self.routes
            if known == method and re.fullmatch(re.sub(r"\{[^}]+\}", r"[^/]+", template), path)
        ]
        return min(found, key=lambda template: template.count("{"), default=None)

    def confidence(self, method: str, template: str) -> str:
        """How sure the document is of an operation: captured, several clients, one client, inferred."""
        return str(self.routes[method, template].get("x-confidence", "inferred"))

    def problems(self, method: str, template: str, query: Any, body: Any, status: int, answer: Any) -> Iterator[str]:
        """What of a call and its answer is not as the document has it."""
        operation, item = self.routes[method, template], self.value["paths"][template]
        known = {
            one["name"] for one in (*item.get("parameters", ()), *operation.get("parameters", ())) if one.get("in") == "query"
        }
        yield from (f"query {name} is not in it" for name in query if name not in known)
        sent = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None and sent is None:
            yield "a body is not in it"
        elif body is not None:
            yield from (f"body {one}" for one in self.fit(sent["schema"], body))
        shape = operation["responses"].get(str(status))
        if shape is None:
            yield f"status {status} is not in it"
            return
        content = shape.get("content", {}).get("application/json")
        if content is not None and status != 500:
            yield from (f"{status} {one}" for one in self.fit(content["schema"], answer))

    def fit(self, schema: Any, value: Any, where: str = "") -> Iterator[str]:
        """How a value differs from a schema; fields that it does not name are differences, but for objects it leaves open."""
        schema = self._deref(schema)
        if "oneOf" in schema:
            branches = [list(self.fit(one, value, where)) for one in schema["oneOf"]]
            if all(branches):
                yield from branches[0]
            return
        expected = schema.get("type")
        if expected in _TYPES and (
            not isinstance(value, _TYPES[expected]) or (isinstance(value, bool) and expected != "boolean")
        ):
            yield f"{where or 'it'} is {type(value).__name__}, not {expected}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where or 'it'} is none of the known values"
        if "pattern" in schema and not re.search(schema["pattern"], str(value)):
            yield f"{where or 'it'} does not fit its pattern"
        if isinstance(value, dict):
            properties = schema.get("properties", {})
            yield from (f"{where}.{name} is missing".lstrip(".") for name in schema.get("required", ()) if name not in value)
            for name, part in value.items():
                place = f"{where}.{name}".lstrip(".")
                if name in properties:
                    yield from self.fit(properties[name], part, place)
                elif properties and not schema.get("additionalProperties"):
                    yield f"{place} is not in it"
        if isinstance(value, list) and "items" in schema:
            for part in value:
                yield from self.fit(schema["items"], part, f"{where}[]")

    def _deref(self, schema: Any) -> Any:
        while isinstance(schema, dict) and "$ref" in schema:
            found: Any = self.value
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        return schema or {}
