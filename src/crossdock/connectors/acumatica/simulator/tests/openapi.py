"""The published document of an endpoint, asked about single exchanges: route, query, body and answer. Knows what it needs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import msgspec

_QUERY = ("$select", "$filter", "$expand", "$custom", "$skip", "$top")


class Document:
    """OpenAPI 3.0 of the endpoint Default."""

    def __init__(self, path: Path) -> None:
        found = msgspec.json.decode(path.read_bytes())
        self.paths: dict[str, Any] = found["paths"]
        self.schemas: dict[str, Any] = found["components"]["schemas"]
        self._parameters = found["components"]["parameters"]

    def differences(self, method: str, url: str, status: int | None, request: bytes, response: bytes) -> Iterator[str]:
        """What of an exchange is not as the document says, each as `METHOD /route part`."""
        parts = urlsplit(url)
        place = re.sub(r"^.*/entity/Default/[^/]+", "", unquote(parts.path))
        route = self._route(place, method)
        if route is None:
            yield f"{method} {place} route"
            return
        operation = self.paths[route][method.lower()]
        at = f"{method} {route if '{' in route else place}"
        known = {self._parameter(one)["name"] for one in operation.get("parameters", [])}
        for name, values in parse_qs(parts.query).items():
            if name not in known:
                yield f"{at} query {name}"
            elif name in ("$select", "$expand"):
                yield from self._paths_in(at, place.split("/")[1], name, values[0])
        if request:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            yield from (f"{at} request{rest}" for rest in self._wrong(schema, msgspec.json.decode(request), ""))
        answers = operation["responses"]
        if str(status) not in answers:
            yield f"{at} status {status}"
            return
        content = self._resolved(answers[str(status)]).get("content") or {}
        if response and "application/json" in content:
            body = msgspec.json.decode(response)
            yield from (f"{at} response{rest}" for rest in self._wrong(content["application/json"]["schema"], body, ""))

    def fields(self, name: str) -> dict[str, Any]:
        """Fields of a schema with those it inherits."""
        schema = self.schemas[name]
        found: dict[str, Any] = {}
        for part in schema.get("allOf", [schema]):
            if "$ref" in part:
                found |= self.fields(part["$ref"].rpartition("/")[2])
            found |= part.get("properties", {})
        return found

    def _route(self, place: str, method: str) -> str | None:
        if place in self.paths and method.lower() in self.paths[place]:
            return place
        entity = place.split("/")[1]
        if f"/{entity}/{{ids}}" in self.paths and method in ("GET", "DELETE") and "/status/" not in place:
            return f"/{entity}/{{ids}}"
        return None

    def _parameter(self, one: dict[str, Any]) -> Any:
        return self._parameters[one["$ref"].rpartition("/")[2]] if "$ref" in one else one

    def _paths_in(self, at: str, entity: str, name: str, text: str) -> Iterator[str]:
        for path in text.split(","):
            fields = self.fields(entity)
            for step in path.split("/"):
                if step not in fields:
                    yield f"{at} query {name} {path}"
                    break
                shape = fields[step].get("items", fields[step])
                fields = self.fields(shape["$ref"].rpartition("/")[2]) if "$ref" in shape else {}

    def _resolved(self, one: dict[str, Any]) -> dict[str, Any]:
        return one if "$ref" not in one else {}

    def _wrong(self, schema: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            named = self.schemas[name]
            if "allOf" in named or named.get("type") == "object":
                yield from self._wrong_object(self.fields(name), value, path)
            else:
                yield from self._wrong(named, value, path)
        elif schema.get("type") == "array":
            if not isinstance(value, list):
                yield f"{path} is no list"
                return
            for place, one in enumerate(value):
                yield from self._wrong(schema["items"], one, f"{path}[{place}]")
        elif schema.get("type") == "object":
            if schema.get("properties"):
                yield from self._wrong_object(schema["properties"], value, path)
        elif not _fits(schema, value):
            yield f"{path} is no {schema.get('format') or schema.get('type')}"

    def _wrong_object(self, fields: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path} is no object"
            return
        for name, one in value.items():
            if name not in fields:
                yield f"{path}.{name}"
            else:
                yield from self._wrong(fields[name], one, f"{path}.{name}")


def _fits(schema: dict[str, Any], value: Any) -> bool:
    kind, form = schema.get("type"), schema.get("format")
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("number", "integer"):
        return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    try:
        if form == "uuid":
            UUID(value)
        elif form == "date-time":
            datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
