"""Returns without the person who sends something back: numbers, units and the store's reasons stay."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from django.db import connection

from crossdock.domain.personal import erased, said_of_person
from crossdock.domain.returns import Return
from crossdock.inbound.receiving import ERASED_RAW, content_of
from crossdock.tenancy.packing import pack


def returns_of(store_id: int, order_external_ids: Collection[str] | None) -> list[int]:
    """Returns of these orders of a store, imported or not; all of the store's where that is None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from sales_return where store_id = %s and (%s or order_external_id = any (%s)) order by id",
            [store_id, order_external_ids is None, sorted(order_external_ids or ())],
        )
        return [row[0] for row in cursor.fetchall()]


def known_of_people(ids: Sequence[int]) -> set[str]:
    """Every text about a person in these returns."""
    return {text for one in ids if (content := content_of(one)) is not None for text in said_of_person(content[0])}


def erase_returns(ids: Sequence[int]) -> None:
    """Take what is about a person off returns. Needs the account's scope, and may run twice."""
    with connection.cursor() as cursor:
        for return_id in ids:
            content = content_of(return_id)
            if content is None:
                continue
            doc = pack(msgspec.json.encode(erased(content[0])))
            cursor.execute(
                "update sales_return_content set doc = %s, raw = %s where sales_return_id = %s",
                [doc, pack(ERASED_RAW), return_id],
            )
        cursor.execute("update sales_return_line set note = '' where sales_return_id = any (%s) and note <> ''", [list(ids)])


def gathered(ids: Sequence[int]) -> list[dict[str, Any]]:
    """What is held of returns, for the person they are about."""
    found: list[tuple[Return, bytes]] = [content for one in ids if (content := content_of(one)) is not None]
    return [
        {"number": one.number, "understood": msgspec.to_builtins(one), "received": raw.decode(errors="replace")}
        for one, raw in found
    ]
