"""Take a person out of archived exchanges and stories: whole bodies that are about an order, names wherever they stand."""

import html
import json
import re
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
from django.db import connection

from crossdock.accounts.vault import CannotUnseal
from crossdock.activity.services import Said, opened, sealed_side
from crossdock.tenancy.scope import account_in_scope

HIDDEN = "•••"
SET = 200
"""Exchanges looked at in one transaction."""

Place = tuple[datetime, uuid.UUID]
"""Where in the archive to go on."""


class Known:
    """What is known of people, as it may stand in any text: plain, or escaped as JSON, in an address or in HTML.

    A text is about them when it has an e-mail address, a number, or something of several words of theirs; then everything known is
    hidden in it. A first name alone says nothing.
    """

    def __init__(self, values: Collection[str]) -> None:
        whole = {value.strip() for value in values if len(value.strip()) >= 3}
        telling = {value for value in whole if _tells(value)}
        self._all = sorted(whole | {line.strip() for value in whole for line in value.splitlines() if len(line.strip()) >= 3})
        self._telling = sorted(telling)

    @cached_property
    def _finds(self) -> re.Pattern[str] | None:
        return _pattern(self._telling)

    @cached_property
    def _hides(self) -> re.Pattern[str] | None:
        return _pattern(self._all)

    def is_in(self, text: str) -> bool:
        """Whether the text is about these people."""
        return self._finds is not None and self._finds.search(text) is not None

    def hide(self, text: str) -> str:
        """The text without anything known of these people."""
        return self._hides.sub(HIDDEN, text) if self._hides is not None else text


def _tells(value: str) -> bool:
    digits = re.sub(r"\D", "", value)
    return "@" in value or (len(digits) >= 7 and len(digits) * 2 > len(value)) or (len(value) >= 8 and " " in value)


def _pattern(values: Sequence[str]) -> re.Pattern[str] | None:
    forms = sorted({form for value in values for form in _forms(value)}, key=len, reverse=True)
    return re.compile("|".join(_bounded(form) for form in forms), re.IGNORECASE) if forms else None


def _forms(value: str) -> set[str]:
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    # Told inside a text that is JSON itself, it is escaped once more.
    escaped |= {json.dumps(form)[1:-1] for form in escaped}
    return {value, *escaped, quote(value), quote(value, safe=""), quote_plus(value), html.escape(value)}


def _bounded(form: str) -> str:
    """A short form, or a number, only where it stands for itself: not inside another word or number."""
    text = re.escape(form)
    if form[0].isdigit():
        text = r"(?<!\d)" + text
    elif len(form) < 5 and form[0].isalpha():
        text = r"(?:(?<![^\W\d_])|(?<=\\n)|(?<=\\t))" + text
    if form[-1].isdigit():
        return text + r"(?!\d)"
    return text + r"(?![^\W\d_])" if len(form) < 5 and form[-1].isalpha() else text


# --- The archive ----------------------------------------------------------------------------------------------------------------

WALK = """
select at, id, url, request, response from message
 where account_id = %(account)s and erased_at is null and (at, id) > (%(at)s, %(id)s)
   and (store_id = %(store)s or warehouse_id = any (%(warehouses)s))
 order by at, id limit %(most)s
"""

FIRST = uuid.UUID(int=0)


def hide_in_archive(known: Known, *, store_id: int, warehouse_ids: Sequence[int], after: Place) -> Place | None:
    """Hide people in the next exchanges with a store and warehouses that are about them; where to go on, None at the end.

    What cannot be opened any more, since its key is gone, is read by nobody.
    """
    account_id = account_in_scope()
    values: dict[str, Any] = {"account": account_id, "store": store_id, "warehouses": list(warehouse_ids)}
    values |= {"at": after[0], "id": after[1]}
    with connection.cursor() as cursor:
        cursor.execute(WALK, values | {"most": SET})
        rows = cursor.fetchall()
        for at, message_id, url, *sides in rows:
            changed: dict[str, bytes] = {}
            for part, sealed in zip(("request", "response"), sides, strict=True):
                try:
                    said = opened(account_id, message_id, part, bytes(sealed))
                except CannotUnseal:
                    continue
                text = said.body.decode("utf-8", errors="surrogateescape")
                if known.is_in(text):
                    body = known.hide(text).encode("utf-8", errors="surrogateescape")
                    changed[part] = sealed_side(account_id, message_id, part, Said(said.headers, body))
            hidden = known.hide(url) if known.is_in(url) else url
            if changed or hidden != url:
                cursor.execute(
                    "update message set url = %s, request = coalesce(%s, request), response = coalesce(%s, response)"
                    " where at = %s and id = %s",
                    [hidden, changed.get("request"), changed.get("response"), at, message_id],
                )
    return (rows[-1][0], rows[-1][1]) if len(rows) == SET else None


ALONE = """
select m.at, m.message_id from message_subject m
 where m.account_id = %(account)s and m.order_id = any (%(orders)s)
   and not exists (select from message_subject o where o.at = m.at and o.message_id = m.message_id and o.order_id <> all (%(orders)s))
 group by 1, 2 order by 1, 2
"""


def drop_bodies_about(order_ids: Sequence[int]) -> int:
    """Drop the bodies of exchanges that are about these orders and no other; that they took place stays. How many."""
    account_id = account_in_scope()
    with connection.cursor() as cursor:
        cursor.execute(ALONE, {"account": account_id, "orders": list(order_ids)})
        rows = cursor.fetchall()
        for at, message_id in rows:
            nothing = [sealed_side(account_id, message_id, part, Said({}, b"")) for part in ("request", "response")]
            cursor.execute(
                "update message set request = %s, response = %s, erased_at = clock_timestamp() where at = %s and id = %s",
                [*nothing, at, message_id],
            )
    return len(rows)


# --- Stories --------------------------------------------------------------------------------------------------------------------

STORIES = """
select at, id, params::text from activity
 where account_id = %(account)s and params <> '{}'
   and (order_id = any (%(orders)s)
        or (order_id is null and at >= %(since)s and (store_id = %(store)s or warehouse_id = any (%(warehouses)s))))
"""


def hide_in_stories(
    known: Known, *, order_ids: Sequence[int], store_id: int, warehouse_ids: Sequence[int], since: datetime
) -> int:
    """Hide people in what is told of these orders, and of their store and warehouses where it is about them; how often."""
    values: dict[str, Any] = {"account": account_in_scope(), "orders": list(order_ids), "store": store_id, "since": since}
    hidden = 0
    with connection.cursor() as cursor:
        cursor.execute(STORIES, values | {"warehouses": list(warehouse_ids)})
        for at, activity_id, text in cursor.fetchall():
            params = msgspec.json.decode(text)
            less = _hidden(params, known)
            if less != params:
                cursor.execute(
                    "update activity set params = %s::jsonb where at = %s and id = %s",
                    [msgspec.json.encode(less).decode(), at, activity_id],
                )
                hidden += 1
    return hidden


def _hidden(value: Any, known: Known) -> Any:
    if isinstance(value, str):
        return known.hide(value)
    if isinstance(value, list):
        return [_hidden(one, known) for one in value]
    if isinstance(value, dict):
        return {name: _hidden(one, known) for name, one in value.items()}
    return value
