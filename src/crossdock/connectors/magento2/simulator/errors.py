"""Magento's refusals: a status and a body with placeholders that the caller has to fill in."""

from typing import Any


class Refusal(Exception):
    """What the platform answers instead. `message` keeps its placeholders, `parameters` has what belongs there."""

    def __init__(self, status: int, message: str, parameters: Any = None, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message}
        if errors:
            self.body["errors"] = errors
        if parameters is not None:
            self.body["parameters"] = parameters


def not_there() -> Refusal:
    """The record is gone, or never was."""
    return Refusal(404, "The entity that was requested doesn't exist. Verify the entity and try again.")


def no_route() -> Refusal:
    """The shop has no such call."""
    return Refusal(404, "Request does not match any route.")


def not_authorized(resource: str) -> Refusal:
    """The one answer for a switch that is off, a right that is missing, and a token nobody knows."""
    return Refusal(401, "The consumer isn't authorized to access %resources.", {"resources": resource})


def required(name: str) -> Refusal:
    """A field is missing from the body or the query."""
    return Refusal(400, '"%fieldName" is required. Enter and try again.', {"fieldName": name})
