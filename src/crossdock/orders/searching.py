"""Find orders by any number, name, e-mail, SKU or tracking number, in steps that are bounded each, and the first that answers wins: as
a whole number, as the end of one, as a part of anything the newest orders carry, by the index of such parts, and further back.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal

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

LITTLE = 6_000
"""So many orders of a limited person are all looked through: quicker than the trigram index, which knows of no merchants."""

ENDING = 4
"""Digits that may be the end of a number, as people say it aloud: three are in too many."""

SHORTEST = 3
"""Fewer letters would have the trigram index read whole: they are looked up as beginnings of numbers only."""


Recognized = Literal["", "whole", "end"]
"""What a text was taken for, nothing else being looked for then: a whole number, SKU or tracking number, or the end of a number."""


class Found(Struct, frozen=True):
    """Orders that carry the words. Not `is_complete`: there may be more, older than the last of them.

    `walked` is how many orders were looked at when that was not all of them, and `further` where to look on from there.
    """

    ids: tuple[int, ...]
    is_complete: bool = True
    recognized: Recognized = ""
    walked: int = 0
    further: Place | None = None


WHOLE = """
select id from sales_order where account_id = %(account)s and number = any (%(numbers)s)
union
select id from sales_order where store_id = any (array(select id from store)) and external_id = any (%(numbers)s)
union
select id from sales_order where id = any (%(tracked)s)
"""

SKU = """
select order_id from sales_order_line where account_id = %(account)s and sku = %(sku)s order by order_id desc limit %(most)s
"""

# Lines say nothing of merchants, so more of them are looked at. Where few orders are theirs, the orders are read from the index that
# has the merchants, and the lines are held against them.
SKU_OF_MERCHANTS = """
select o.id from (select order_id from sales_order_line where account_id = %(account)s and sku = %(sku)s
                   order by order_id desc limit %(often)s) l
  join sales_order o on o.id = l.order_id {theirs} order by o.id desc limit %(most)s
"""
THEIRS = "and o.account_id = %(account)s and o.merchant_id = any (%(merchants)s)"

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

# The newest orders of the scope, older than a place. Over merchants those of each are merged, as the index has it.
WALK = """
select placed_at, id from sales_order
 where account_id = %(account)s and deleted_at is null and (placed_at, id) < (%(at)s, %(id)s)
 order by placed_at desc, id desc limit %(walk)s
"""
WALK_OF_MERCHANTS = """
select y.placed_at, y.id from unnest(%(merchants)s::bigint[]) m(id) cross join lateral (
  select o.placed_at, o.id from sales_order o
   where o.account_id = %(account)s and o.merchant_id = m.id and o.deleted_at is null and (o.placed_at, o.id) < (%(at)s, %(id)s)
   order by o.placed_at desc, o.id desc limit %(walk)s) y
 order by y.placed_at desc, y.id desc limit %(walk)s
"""

COUNT_UP_TO = """
select count(*) from (
  select from unnest(%(merchants)s::bigint[]) m(id) cross join lateral (
    select from sales_order o
     where o.account_id = %(account)s and o.merchant_id = m.id and o.deleted_at is null limit %(most)s) y limit %(most)s) x
"""


def cleaned(text: str) -> str:
    """What people typed, without control characters and idle blanks, of sensible length."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:200]


def pattern_of(text: str) -> str:
    """A `like` pattern that finds the text anywhere; its own signs mean themselves."""
    escaped = re.sub(r"([\\%_])", r"\\\1", text.lower())
    return f"%{escaped}%"


def find(text: str, *, before: Place | None = None, wanted: int = 51, is_anywhere: bool = False) -> Found:
    """Orders of the open scope that carry `text`, older than `before`. With `is_anywhere` it is looked for
    as a part of everything, though it is a number or the end of one.

    Limited people find only their merchants' orders.
    """
    text = cleaned(text)
    if not text:
        return Found(())
    theirs = _theirs()
    if not is_anywhere:
        if ids := _whole(theirs, text):
            return Found(ids, recognized="whole")
        if ids := _ending(text):
            return Found(ids, recognized="end")
    if len(text) < SHORTEST:
        return Found(_prefix(theirs, text))
    found = _anywhere(theirs, text, before or NEWEST, wanted)
    if not found.ids and (digits := _phone_digits(text)):
        found = _anywhere(theirs, digits, before or NEWEST, wanted)
    return found


class _Theirs(Struct, frozen=True):
    """What this person may look through: the orders of these merchants, None for everybody's. `is_little`: LITTLE at most."""

    merchants: list[int] | None = None
    is_little: bool = False

    @property
    def is_by_merchant(self) -> bool:
        """Whether those of each merchant are walked through and merged."""
        return self.merchants is not None and (self.is_little or len(self.merchants) <= FEW)


def _theirs() -> _Theirs:
    scope = current_scope()
    if scope is None or scope.merchants is None:
        return _Theirs()
    merchants = sorted(scope.merchants)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_UP_TO, {"account": account_in_scope(), "merchants": merchants, "most": LITTLE + 1})
        return _Theirs(merchants, is_little=cursor.fetchone()[0] <= LITTLE)


def _whole(theirs: _Theirs, text: str) -> tuple[int, ...]:
    bare = text.removeprefix("#")
    forms = list(dict.fromkeys((text, text.upper())))
    values: dict[str, Any] = {
        "account": account_in_scope(),
        "numbers": sorted({f"{sign}{form}" for form in (bare, bare.upper()) for sign in ("", "#")} | set(forms)),
        "tracked": [order_id for form in forms for order_id in shipping().tracked_as(form, MOST)],
        "most": MOST,
        "often": OFTEN,
        "merchants": theirs.merchants,
    }
    by_sku = SKU if theirs.merchants is None else SKU_OF_MERCHANTS.format(theirs=THEIRS if theirs.is_little else "")
    with connection.cursor() as cursor:
        cursor.execute(WHOLE, values)
        found = {row[0] for row in cursor.fetchall()}
        for form in forms:
            cursor.execute(by_sku, values | {"sku": form})
            found.update(row[0] for row in cursor.fetchall())
    return tuple(found)


def _ending(text: str) -> tuple[int, ...]:
    """Orders whose number ends with these digits; none where they are too many to be meant."""
    digits = text.removeprefix("#")
    if len(digits) < ENDING or not re.fullmatch("[0-9]+", digits):
        return ()
    start = digits[::-1]
    with connection.cursor() as cursor:
        cursor.execute("select id from find_orders_by_end(%s, %s, %s)", [start, _after(start), MOST])
        ids = tuple(row[0] for row in cursor.fetchall())
    return ids if len(ids) < MOST else ()


def _prefix(theirs: _Theirs, text: str) -> tuple[int, ...]:
    """Orders whose number begins with the text, with or without a sign in front."""
    starts = list(_beginnings(text))
    statements: list[tuple[str, dict[str, Any]]]
    if theirs.merchants is None:
        statements = [(PREFIX, {"account": account_in_scope(), "from": start, "to": _after(start)}) for start in starts]
    else:
        walk, values = _walking(theirs, NEWEST, OFTEN)
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


def _anywhere(theirs: _Theirs, text: str, before: Place, wanted: int) -> Found:
    """The newest orders first, since that is where people look; then the index; then, for a common word, further back.

    Where there is little to look through, all of it is looked through instead of the index.
    """
    pattern = pattern_of(text)
    near = _walk(theirs, pattern, before, wanted, MOST)
    if len(near) >= wanted:
        return Found(near, is_complete=False)
    if theirs.is_little:
        seen, place = (near, _end_of_walk(theirs, NEWEST, MOST)) if before == NEWEST else ((), NEWEST)
        return Found(seen + (_walk(theirs, pattern, place, LITTLE, LITTLE) if place else ()))
    # Where every tenth of the newest carries the word, the index has too many to be of use, and takes long to say so.
    if len(near) * 10 < MOST and (hits := _by_index(text, pattern)) is not None:
        return Found(hits)
    looked_at = _end_of_walk(theirs, before, MOST)
    if looked_at is None:
        return Found(near, is_complete=before == NEWEST, walked=0 if before == NEWEST else FAR)
    far = near + _walk(theirs, pattern, looked_at, wanted - len(near), FAR - MOST)
    if len(far) >= wanted:
        return Found(far, is_complete=False)
    end = _end_of_walk(theirs, looked_at, FAR - MOST)
    if end is None and before == NEWEST:
        return Found(far)
    return Found(far, is_complete=False, walked=FAR, further=end)


def _by_index(text: str, pattern: str) -> tuple[int, ...] | None:
    """All orders that carry the text; None when they are too many for the index."""
    for piece in dict.fromkeys((pattern_of(piece_of(text)), pattern)):
        with connection.cursor() as cursor:
            cursor.execute("select id from find_orders_by_index(%s, %s, %s)", [piece, pattern, MOST])
            hits = [row[0] for row in cursor.fetchall()]
        if len(hits) < MOST:
            return tuple(order_id for order_id in hits if order_id is not None)
    return None


def piece_of(text: str) -> str:
    """What of a text the trigram index is asked for: an e-mail address without its domain.

    The index reads a list for each three letters in a row, and those of `gmail.com` are as long as all orders are many.
    """
    name, at, _ = text.partition("@")
    return name + at if at and len(name) > SHORTEST else text


def _walking(theirs: _Theirs, before: Place, walk: int) -> tuple[str, dict[str, Any]]:
    """The statement that walks through the newest orders before a place, and its parameters."""
    values = {"account": account_in_scope(), "at": before.at, "id": before.id, "walk": walk, "merchants": theirs.merchants}
    return WALK_OF_MERCHANTS if theirs.is_by_merchant else WALK, values


def _end_of_walk(theirs: _Theirs, before: Place, steps: int) -> Place | None:
    """The last order that a walk of so many looks at; None when it came to the end of all orders."""
    walk, values = _walking(theirs, before, steps)
    with connection.cursor() as cursor:
        cursor.execute(f"select * from ({walk}) x order by placed_at desc, id desc offset %(skip)s", values | {"skip": steps - 1})
        row = cursor.fetchone()
    return Place(*row) if row else None


def _walk(theirs: _Theirs, pattern: str, before: Place, wanted: int, walk: int) -> tuple[int, ...]:
    function = "find_orders_of_merchants" if theirs.is_by_merchant else "find_orders"
    with connection.cursor() as cursor:
        cursor.execute(f"select id from {function}(%s, %s, %s, %s, %s)", [pattern, before.at, before.id, wanted, walk])
        return tuple(row[0] for row in cursor.fetchall())


def _phone_digits(text: str) -> str:
    """The digits of what looks like a phone number, as they are stored; empty when it does not."""
    digits = "".join(char for char in text if char in "0123456789")
    return digits if len(digits) >= 7 and re.fullmatch(r"[\d\s()+./-]+", text) else ""
