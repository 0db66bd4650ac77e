"""The endpoint's own description, made from the table of what is served: clients build themselves from it."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.acumatica.simulator.schema import ENDPOINT, FIELDS, TOPS, VALUES

_TYPES: dict[str, dict[str, Any]] = {
    "StringValue": {"type": "string"},
    "DecimalValue": {"type": "number", "format": "double"},
    "IntValue": {"type": "integer", "format": "int32"},
    "BooleanValue": {"type": "boolean"},
    "DateTimeValue": {"type": "string", "format": "date-time"},
    "GuidValue": {"type": "string", "format": "uuid"},
}
_QUERY = {
    "select": "string",
    "filter": "string",
    "expand": "string",
    "custom": "string",
    "skip": "integer",
    "top": "integer",
}


def document(address: str, version: str) -> dict[str, Any]:
    """OpenAPI 3.0.1 of one version, rooted at an address."""
    return {
        "openapi": "3.0.1",
        "info": {"title": f"{ENDPOINT}/{version}", "version": "4"},
        "servers": [{"url": address}],
        "paths": {path: item for name in TOPS for path, item in _paths(name).items()},
        "components": {
            "schemas": _schemas(),
            "parameters": {name: {"name": f"${name}", "in": "query", "schema": {"type": kind}} for name, kind in _QUERY.items()},
        },
    }


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {
        name: {"type": "object", "properties": {"value": shape, "error": {"type": "string"}}} for name, shape in _TYPES.items()
    }
    schemas["Entity"] = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "rowNumber": {"type": "integer", "format": "int64"},
            "note": _ref("StringValue"),
            "custom": {"type": "object", "additionalProperties": {"type": "object"}},
            "error": {"type": "string"},
            "files": {"type": "array", "items": {"type": "object"}},
        },
    }
    schemas["HttpError"] = {
        "type": "object",
        "properties": {
            name: {"type": "string"} for name in ("message", "exceptionMessage", "exceptionType", "stackTrace", "messageDetail")
        },
    }
    for name, fields in FIELDS.items():
        properties = {}
        for field, kind in fields.items():
            shape = _ref(kind.entity) if kind.entity else _ref(VALUES[kind.letter])
            properties[field] = {"type": "array", "items": shape} if kind.is_rows else shape
        schemas[name] = {"allOf": [_ref("Entity"), {"type": "object", "properties": properties}]}
    for name, top in TOPS.items():
        for action in top.actions:
            schemas[action] = {
                "type": "object",
                "required": ["entity"],
                "properties": {"entity": _ref(name), "parameters": {"type": "object", "properties": {}}},
            }
    return schemas


def _paths(name: str) -> dict[str, Any]:
    top = TOPS[name]
    body = {"required": True, "content": {"application/json": {"schema": _ref(name)}}}
    one = {"200": {"description": "The record.", "content": {"application/json": {"schema": _ref(name)}}}}
    many = {
        "200": {
            "description": "The records.",
            "content": {"application/json": {"schema": {"type": "array", "items": _ref(name)}}},
        }
    }
    few = [_parameter(word) for word in ("select", "filter", "expand", "custom")]
    paths: dict[str, Any] = {
        f"/{name}": {
            "get": _operation(name, "GetList", many, [*few, _parameter("skip"), _parameter("top")]),
            "put": {**_operation(name, "PutEntity", one, few), "requestBody": body},
        },
        f"/{name}/{{ids}}": {
            "get": _operation(name, "GetByKeys", one, [_parameter("ids"), *few]),
            "delete": _operation(name, "DeleteByKeys", {"204": {"description": "Deleted."}}, [_parameter("ids")]),
        },
        f"/{name}/{{id}}": {
            "get": _operation(name, "GetById", one, [_parameter("id"), *few]),
            "delete": _operation(name, "DeleteById", {"204": {"description": "Deleted."}}, [_parameter("id")]),
        },
        f"/{name}/$adHocSchema": {"get": _operation(name, "GetAdHocSchema", one, [])},
    }
    ended = {"202": {"description": "In progress."}, "204": {"description": "Completed."}}
    for action in top.actions:
        paths[f"/{name}/{action}"] = {
            "post": {
                **_operation(name, f"InvokeAction_{action}", ended, []),
                "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(action)}}},
            }
        }
    return paths


def _operation(name: str, what: str, responses: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "tags": [name],
        "summary": f"{what} of {name}.",
        "operationId": f"{name}_{what}",
        "parameters": parameters,
        "responses": responses,
    }


def _parameter(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/parameters/{name}"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
