"""Holds requests and answers against a Swagger 2 document: route, query, body and answer, field by field."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_CAMEL = {"filter_groups": "filterGroups", "condition_type": "conditionType"}


class Document:
    """A published document. What does not agree comes as short texts, the same for the same kind of difference."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text())
        self._routes = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", route.rstrip("/")) + "/?"), route) for route in self._document["paths"]
        ]

    def route_of(self, path: str) -> str | None:
        """The route a path belongs to; the one without variable parts first."""
        fitting = [route for pattern, route in self._routes if pattern.fullmatch(path)]
        return min(fitting, key=lambda route: route.count("{"), default=None)

    def differences(self, method: str, url: str, request: bytes, status: int, answer: bytes) -> Iterator[str]:
        """What of one exchange the document does not have, or has otherwise."""
        parts = urlsplit(url)
        path = "/V1/" + parts.path.partition("/V1/")[2]
        route = self.route_of(path)
        if route is None or method.lower() not in self._document["paths"][route]:
            yield f"{method} {path} is no route"
            return
        call = self._document["paths"][route][method.lower()]
        named = f"{method} {route}"
        given = call.get("parameters", [])
        known = {one["name"] for one in given if one["in"] == "query"}
        for name, _ in parse_qsl(parts.query, keep_blank_values=True):
            plain = re.sub(r"\[\d+\]", "[0]", re.sub(r"\[(\w+)\]", lambda found: f"[{_CAMEL.get(found[1], found[1])}]", name))
            if plain not in known:
                yield f"{named} query {plain}"
        body = next((one["schema"] for one in given if one["in"] == "body"), None)
        if request:
            if body is None:
                yield f"{named} takes no body"
            else:
                yield from self._wrong(json.loads(request), body, f"{named} body")
        responses = call["responses"]
        answered = responses.get(str(status), responses.get("default", {})).get("schema")
        if answered is not None and answer:
            # An answer cut to the fields that were asked for has no others.
            is_cut = any(name == "fields" for name, _ in parse_qsl(parts.query))
            wrong = self._wrong(json.loads(answer), answered, f"{named} {status}")
            yield from (one for one in wrong if not (is_cut and one.endswith(" is missing")))

    def _wrong(self, value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            yield from self._wrong(value, self._document["definitions"][name], name)
            return
        kind = schema.get("type")
        if kind is not None and (not isinstance(value, _TYPES[kind]) or (kind != "boolean" and isinstance(value, bool))):
            yield f"{where} is {'null' if value is None else type(value).__name__}, not {kind}"
            return
        if isinstance(value, list):
            for one in value:
                yield from self._wrong(one, schema.get("items", {}), f"{where}[]")
        if isinstance(value, dict):
            properties = schema.get("properties")
            for name in schema.get("required", ()):
                if name not in value:
                    yield f"{where}.{name} is missing"
            for name, one in value.items():
                if properties is None:
                    continue
                if name not in properties:
                    yield f"{where}.{name} is not in the document"
                else:
                    yield from self._wrong(one, properties[name], f"{where}.{name}")
