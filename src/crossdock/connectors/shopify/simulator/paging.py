"""Lists with cursors: what belongs to one query and one order, and to no other."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from crossdock.connectors.shopify.simulator.executor import Refused
from crossdock.connectors.shopify.simulator.values import Record, number_of, short_hash

MOST_A_PAGE = 250
MOST_A_LIST = 25_000
"""Records one list gives, however far one pages."""

Key = Callable[[Record], tuple[Any, int]]
"""What a list is sorted by: a value, then the id's number."""


def by_id(record: Record) -> tuple[int, int]:
    """The order of creation."""
    return 0, number_of(record["id"])


def check(arguments: dict[str, Any]) -> tuple[int, bool]:
    """How many records are asked for, and whether from the end. Raises Refused as the platform does."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise Refused("you must provide one of first or last", "BAD_REQUEST")
    if first is not None and last is not None:
        raise Refused("providing both first and last is not supported", "BAD_REQUEST")
    wanted = first if first is not None else last
    assert wanted is not None  # noqa: S101  (one of them is given)
    if wanted < 0:
        raise Refused("first and last must not be negative", "BAD_REQUEST")
    if wanted > MOST_A_PAGE:
        raise Refused(f"The requested amount of {wanted} is larger than the maximum of {MOST_A_PAGE}.", "MAX_INPUT_SIZE_EXCEEDED")
    return wanted, first is None


def connection(records: Iterable[Record], arguments: dict[str, Any], *, key: Key = by_id, bound_to: str = "") -> Record:
    """A short list: sorted here, cut to the page. `bound_to` names query and sort; a foreign cursor is refused."""
    wanted, from_end = check(arguments)
    items = sorted(records, key=key) if key is not by_id else list(records)
    if arguments.get("reverse"):
        items.reverse()
    mark = short_hash(bound_to)
    start, stop = 0, len(items)
    if after := arguments.get("after"):
        place = _place(after, mark)
        start = next((i + 1 for i, item in enumerate(items) if number_of(item["id"]) == place["last_id"]), 0)
    if before := arguments.get("before"):
        place = _place(before, mark)
        stop = next((i for i, item in enumerate(items) if number_of(item["id"]) == place["last_id"]), len(items))
    page = items[start:stop]
    cut = page[max(0, len(page) - wanted) :] if from_end else page[:wanted]
    has_next = stop < len(items) if from_end else len(page) > wanted
    has_previous = len(page) > wanted if from_end else start > 0
    return as_page(cut, key, mark, has_next=has_next, has_previous=has_previous)


def sorted_page(found: Iterable[Record], wanted: int, *, key: Key, bound_to: str, passed: int, has_previous: bool) -> Record:
    """A page of a long list that already comes sorted and begins behind the cursor. `passed` records were given before."""
    left = max(0, MOST_A_LIST - passed)
    items = list(islice(found, min(wanted, left) + 1))
    has_next = len(items) > wanted and passed + wanted < MOST_A_LIST
    return as_page(
        items[: min(wanted, left)], key, short_hash(bound_to), has_next=has_next, has_previous=has_previous, passed=passed
    )


def as_page(items: list[Record], key: Key, mark: str, *, has_next: bool, has_previous: bool, passed: int = 0) -> Record:
    """A connection of these records."""
    return {
        "nodes": items,
        "_cursor": lambda position: _cursor(items[position], key, mark, passed + position + 1),
        "pageInfo": {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": _cursor(items[0], key, mark, passed + 1) if items else None,
            "endCursor": _cursor(items[-1], key, mark, passed + len(items)) if items else None,
        },
    }


def edges(record: Record, arguments: dict[str, Any], context: Any) -> list[Record]:
    """The nodes of a connection, each with its cursor."""
    return [{"node": node, "cursor": record["_cursor"](position)} for position, node in enumerate(record["nodes"])]


def place_after(cursor: str, bound_to: str) -> dict[str, Any]:
    """What a cursor says: `last_id`, `last_value`, and how many records came up to it. Raises Refused for a foreign one."""
    return _place(cursor, short_hash(bound_to))


def _cursor(item: Record, key: Key, mark: str, count: int) -> str:
    value, number = key(item)
    text = json.dumps({"last_id": number, "last_value": value, "of": mark, "n": count}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def _place(cursor: str, mark: str) -> dict[str, Any]:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        known = {"last_id": int(place["last_id"]), "last_value": place["last_value"], "n": int(place["n"])}
        is_ours = place["of"] == mark
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("Invalid cursor for current pagination sort.", "BAD_REQUEST") from error
    if not is_ours:
        raise Refused("Invalid cursor for current pagination sort.", "BAD_REQUEST")
    return known
