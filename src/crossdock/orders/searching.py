"""Find orders by any number, name, e-mail, SKU or tracking number: three steps, each bounded, the first that answers wins."""

import re
from collections.abc import Iterable
from typing import Any

from django.db import connection
from msgspec import Struct

from crossdock.orders.beyond import shipping
from crossdock.tenancy.scope import account_in_scope, current_scope
from crossdock.ui.paging import NEWEST, Place

MOST = 2_000
"""Hits that are looked at; the trigram index is asked for no more, and the first walk looks at as many orders."""

FAR = 12_000
"""How many of the newest orders are walked through for a word that is common, but only among old ones."""

OFTEN = 20_000
"""How many lines of a SKU, or orders of the merchants, are looked at for a limited person's own."""

FEW = 8
"""Merchants of a limited person that are walked through one by one; the orders of more are picked from all as they come."""

SHORTEST = 3
"""Fewer letters would have the trigram index read whole: they are looked up as beginnings of numbers only."""


class Found(Struct, frozen=True):
    """Orders that carry the words. Not `is_complete`: there may be more, older than the last of them.

    `is_exact`: a whole number, SKU or tracking number was recognized, and nothing else was looked for. `walked` is how many orders
    were looked at when that was not all of them, and `further` where to look on from there.
    """

    ids: tuple[int, ...]
    is_complete: bool = True
    is_exact: bool = False
    walked: int = 0
    further: Place | None = None


EXACT = """
select id from sales_order where account_id = %(account)s and number = any (%(numbers)s)
union
select id from sales_order where store_id = any (array(select id from store)) and external_id = any (%(numbers)s)
union
select id from sales_order where id = any (%(tracked)s)
"""

SKU = """
select order_id from sales_order_line where account_id = %(account)s and sku = %(sku)s order by order_id desc limit %(most)s
"""

# Lines say nothing of merchants, so more of them are looked at.
SKU_OF_MERCHANTS = """
select o.id from (select order_id from sales_order_line where account_id = %(account)s and sku = %(sku)s
                   order by order_id desc limit %(often)s) l
  join sales_order o on o.id = l.order_id order by o.id desc limit %(most)s
"""

# A range, not `like`: only leakproof comparisons become index conditions under row-level security.
PREFIX = """
select id from sales_order where account_id = %(account)s and number >= %(from)s and number < %(to)s order by number limit %(most)s
"""

# Of a limited person's orders the newest, since the index of numbers says nothing of merchants either.
PREFIX_OF_MERCHANTS = """
select x.id from ({walk}) x join sales_order o on o.id = x.id
 where exists (select from unnest(%(starts)s::text[], %(ends)s::text[]) r(start, after)
                where o.number >= r.start and o.number < r.after)
 limit %(most)s
"""

# The newest orders of the scope, older than a place. Over merchants those of each and of each status are merged, as the index has it.
WALK = """
select placed_at, id from sales_order
 where account_id = %(account)s and deleted_at is null and (placed_at, id) < (%(at)s, %(id)s)
 order by placed_at desc, id desc limit %(walk)s
"""
WALK_OF_MERCHANTS = """
select y.placed_at, y.id from unnest(%(merchants)s::bigint[]) m(id) cross join order_status st cross join lateral (
  select o.placed_at, o.id from sales_order o
   where o.account_id = %(account)s and o.merchant_id = m.id and o.status = st.status and o.deleted_at is null
     and (o.placed_at, o.id) < (%(at)s, %(id)s)
   order by o.placed_at desc, o.id desc limit %(walk)s) y
 order by y.placed_at desc, y.id desc limit %(walk)s
"""


def cleaned(text: str) -> str:
    """What people typed, without control characters and idle blanks, of sensible length."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:200]


def pattern_of(text: str) -> str:
    """A `like` pattern that finds the text anywhere; its own signs mean themselves."""
    escaped = re.sub(r"([\\%_])", r"\\\1", text.lower())
    return f"%{escaped}%"


def find(text: str, *, before: Place | None = None, wanted: int = 51, is_anywhere: bool = False) -> Found:
    """Orders of the open scope that carry `text`, older than `before`. `is_anywhere` does without the look for whole numbers.

    Limited people find only their merchants' orders.
    """
    text = cleaned(text)
    if not text:
        return Found(())
    if not is_anywhere and (ids := _exact(text)):
        return Found(ids, is_exact=True)
    if len(text) < SHORTEST:
        return Found(_prefix(text))
    found = _anywhere(text, before or NEWEST, wanted)
    if not found.ids and (digits := _phone_digits(text)):
        found = _anywhere(digits, before or NEWEST, wanted)
    return found


def _exact(text: str) -> tuple[int, ...]:
    bare = text.removeprefix("#")
    forms = list(dict.fromkeys((text, text.upper())))
    values: dict[str, Any] = {
        "account": account_in_scope(),
        "numbers": sorted({f"{sign}{form}" for form in (bare, bare.upper()) for sign in ("", "#")} | set(forms)),
        "tracked": [order_id for form in forms for order_id in shipping().tracked_as(form, MOST)],
        "most": MOST,
        "often": OFTEN,
    }
    by_sku = SKU if _merchants() is None else SKU_OF_MERCHANTS
    with connection.cursor() as cursor:
        cursor.execute(EXACT, values)
        found = {row[0] for row in cursor.fetchall()}
        for form in forms:
            cursor.execute(by_sku, values | {"sku": form})
            found.update(row[0] for row in cursor.fetchall())
    return tuple(found)


def _prefix(text: str) -> tuple[int, ...]:
    """Orders whose number begins with the text, with or without a sign in front."""
    starts = list(_beginnings(text))
    statements: list[tuple[str, dict[str, Any]]]
    if _merchants() is None:
        statements = [(PREFIX, {"account": account_in_scope(), "from": start, "to": _after(start)}) for start in starts]
    else:
        walk, values = _walking(NEWEST, OFTEN)
        ranges = {"starts": starts, "ends": [_after(start) for start in starts]}
        statements = [(PREFIX_OF_MERCHANTS.format(walk=walk), values | ranges)]
    found: dict[int, None] = {}
    with connection.cursor() as cursor:
        for statement, values in statements:
            cursor.execute(statement, values | {"most": MOST})
            found |= dict.fromkeys(row[0] for row in cursor.fetchall())
    return tuple(found)[:MOST]


def _beginnings(text: str) -> Iterable[str]:
    bare = text.removeprefix("#") or text
    return dict.fromkeys((text, bare, f"#{bare}", text.upper()))


def _after(start: str) -> str:
    """The least text after all that begin with `start`, by code points, as the columns are ordered."""
    for at in range(len(start) - 1, -1, -1):
        point = ord(start[at]) + 1
        if point <= 0x10FFFF:
            return start[:at] + chr(0xE000 if 0xD800 <= point <= 0xDFFF else point)
    return chr(0x10FFFF)


def _anywhere(text: str, before: Place, wanted: int) -> Found:
    """The newest orders first, since that is where people look; then the index; then, for a common word, further back."""
    pattern = pattern_of(text)
    near = _walk(pattern, before, wanted, MOST)
    if len(near) >= wanted:
        return Found(near, is_complete=False)
    # Where every tenth of the newest carries the word, the index has too many to be of use, and takes long to say so.
    if len(near) * 10 < MOST:
        with connection.cursor() as cursor:
            cursor.execute("select id from find_orders_by_index(%s, %s)", [pattern, MOST])
            hits = [row[0] for row in cursor.fetchall()]
        if len(hits) < MOST:
            return Found(tuple(order_id for order_id in hits if order_id is not None))
    looked_at = _end_of_walk(before, MOST)
    if looked_at is None:
        return Found(near, is_complete=before == NEWEST, walked=0 if before == NEWEST else FAR)
    far = near + _walk(pattern, looked_at, wanted - len(near), FAR - MOST)
    if len(far) >= wanted:
        return Found(far, is_complete=False)
    end = _end_of_walk(looked_at, FAR - MOST)
    if end is None and before == NEWEST:
        return Found(far)
    return Found(far, is_complete=False, walked=FAR, further=end)


def _merchants() -> list[int] | None:
    """Whose orders this person may see; None for everybody's."""
    scope = current_scope()
    return None if scope is None or scope.merchants is None else sorted(scope.merchants)


def _walks_by_merchant() -> bool:
    merchants = _merchants()
    return merchants is not None and len(merchants) <= FEW


def _walking(before: Place, walk: int) -> tuple[str, dict[str, Any]]:
    """The statement that walks through the newest orders before a place, and its parameters."""
    values = {"account": account_in_scope(), "at": before.at, "id": before.id, "walk": walk, "merchants": _merchants()}
    return WALK_OF_MERCHANTS if _walks_by_merchant() else WALK, values


def _end_of_walk(before: Place, steps: int) -> Place | None:
    """The last order that a walk of so many looks at; None when it came to the end of all orders."""
    walk, values = _walking(before, steps)
    with connection.cursor() as cursor:
        cursor.execute(f"select * from ({walk}) x order by placed_at desc, id desc offset %(skip)s", values | {"skip": steps - 1})
        row = cursor.fetchone()
    return Place(*row) if row else None


def _walk(pattern: str, before: Place, wanted: int, walk: int) -> tuple[int, ...]:
    function = "find_orders_of_merchants" if _walks_by_merchant() else "find_orders"
    with connection.cursor() as cursor:
        cursor.execute(f"select id from {function}(%s, %s, %s, %s, %s)", [pattern, before.at, before.id, wanted, walk])
        return tuple(row[0] for row in cursor.fetchall())


def _phone_digits(text: str) -> str:
    """The digits of what looks like a phone number, as they are stored; empty when it does not."""
    digits = "".join(char for char in text if char in "0123456789")
    return digits if len(digits) >= 7 and re.fullmatch(r"[\d\s()+./-]+", text) else ""
