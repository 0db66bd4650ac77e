"""Orders without the person: which are somebody's, and what is left of one when its personal data are erased."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec
from django.db import connection

from crossdock.domain.orders import Address, Order
from crossdock.domain.personal import erased, said_of_person
from crossdock.domain.statuses import FINAL, OrderStatus
from crossdock.orders.content import ERASED_RAW, orders_with, packed, unpacked
from crossdock.orders.intake import search_text
from crossdock.orders.models import SalesOrderVersion
from crossdock.tenancy.packing import pack, unpack
from crossdock.tenancy.scope import account_in_scope

FINISHED = tuple(sorted(status.value for status in FINAL | {OrderStatus.ABANDONED}))
"""Nothing is sent to anybody of such an order any more, unless a person insists."""

Hide = Callable[[str], str]

# An address is one word of the text that orders are searched by: "@" or half an address is nobody's.
CANDIDATES = """
select o.store_id, o.id, c.doc from order_search s
  join sales_order o on o.id = s.order_id join sales_order_content c on c.order_id = o.id
 where s.account_id = %(account)s and o.account_id = %(account)s and (%(store)s::bigint is null or o.store_id = %(store)s)
   and o.erased_at is null and position(%(text)s in s.words) > 0 and position(' ' || %(text)s || ' ' in ' ' || s.words || ' ') > 0
"""


def orders_of_person(store_id: int, *, external_ids: Collection[str] = (), email: str = "", phone: str = "") -> list[int]:
    """Orders of a store that are a person's and not erased: those named, and those with this e-mail, or without one this number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from sales_order where store_id = %s and external_id = any (%s) and erased_at is null",
            [store_id, sorted(external_ids)],
        )
        found = {row[0] for row in cursor.fetchall()}
    return sorted(found.union(_about(email.strip().lower() or _digits(phone), store_id).get(store_id, ())))


def orders_with_email(email: str) -> dict[int, list[int]]:
    """Orders of somebody with this e-mail that are not erased, by store. One look at all texts, however many stores there are."""
    return {store_id: sorted(ids) for store_id, ids in sorted(_about(email.strip().lower(), None).items())}


def _about(text: str, store_id: int | None) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    if len(text) < 7 and "@" not in text:
        return found
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, {"account": account_in_scope(), "store": store_id, "text": text})
        for owner_id, order_id, doc in cursor.fetchall():
            if _is_of(unpacked(bytes(doc)), text):
                found.setdefault(owner_id, []).append(order_id)
    return found


def _is_of(order: Order, text: str) -> bool:
    addresses: list[Address | None] = [order.ship_to, order.bill_to, *(one.ship_to for one in order.consignments)]
    if "@" in text:
        mails = [order.email, *(one.email for one in addresses if one)]
        return any(mail and mail.strip().lower() == text for mail in mails)
    phones = [order.phone, *(one.phone for one in addresses if one)]
    return any(phone and _digits(phone) == text for phone in phones)


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


ASK = """
update sales_order set erase_asked_at = clock_timestamp()
 where id = any (array(select id from sales_order
                        where store_id = %(store)s and erased_at is null and erase_asked_at is null and {those}
                        order by id limit %(most)s for no key update))
"""

ASKED_AT_ONCE = 5_000
"""Orders of a whole store that are marked in one transaction: all of a big store's would take longer than any statement may."""


def ask_to_erase(store_id: int, ids: Sequence[int] | None) -> int:
    """Have orders erased as soon as they are finished; all that a store brought in where `ids` is None. How many wait now."""
    those = "true" if ids is None else "id = any (%(ids)s)"
    values: dict[str, Any] = {"store": store_id, "ids": sorted(ids or ()), "most": None}
    with connection.cursor() as cursor:
        cursor.execute(ASK.format(those=those), values)
        cursor.execute(
            "select count(*) from sales_order where store_id = %(store)s and erased_at is null and erase_asked_at is not null"
            f" and {those}",
            values,
        )
        return int(cursor.fetchone()[0])


def ask_some_to_erase(store_id: int) -> bool:
    """Have a part of all that a store brought in erased as soon as it is finished; whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute(ASK.format(those="true"), {"store": store_id, "most": ASKED_AT_ONCE})
        return int(cursor.rowcount) == ASKED_AT_ONCE


def known_of_people(ids: Sequence[int]) -> set[str]:
    """Every text about a person in these orders, as they stand and as they stood."""
    versions = SalesOrderVersion.objects.filter(order_id__in=list(ids)).values_list("doc", flat=True)
    docs = [*orders_with(ids).values(), *(unpacked(bytes(doc)) for doc in versions)]
    return {text for doc in docs for text in said_of_person(doc)}


BARE = """
update sales_order_content c set doc = x.doc, raw = %(raw)s, edits = null
  from unnest(%(ids)s::bigint[], %(docs)s::bytea[]) x(id, doc) where c.order_id = x.id
"""

FORGET = """
update sales_order o set erased_at = clock_timestamp(), ship_name = '', followed = revision, giving = 0, reason = x.reason,
                         issue = x.issue
  from unnest(%(ids)s::bigint[], %(reasons)s::text[], %(issues)s::text[]) x(id, reason, issue) where o.id = x.id
"""


def erase_orders(ids: Sequence[int], hide: Hide) -> None:
    """Take what is about a person off orders and their versions; ids, numbers, quantities and hashes stay, so nothing is sent again.

    `hide` hides what is known of the person in a sentence. Needs the account's scope, and may run twice.
    """
    bare = {order_id: erased(order) for order_id, order in orders_with(ids).items()}
    known = sorted(bare)
    with connection.cursor() as cursor:
        docs = [packed(bare[order_id]) for order_id in known]
        cursor.execute(BARE, {"ids": known, "docs": docs, "raw": pack(ERASED_RAW)})
        cursor.execute(
            "update order_search s set words = x.words from unnest(%s::bigint[], %s::text[]) x(id, words) where s.order_id = x.id",
            [known, [search_text(bare[order_id]) for order_id in known]],
        )
        cursor.execute("select id, reason, issue from sales_order where id = any (%s) order by id", [known])
        rows = cursor.fetchall()
        cursor.execute(
            FORGET,
            {
                "ids": [row[0] for row in rows],
                "reasons": [hide(row[1]) for row in rows],
                "issues": [hide(row[2]) for row in rows],
            },
        )
    for version in SalesOrderVersion.objects.filter(order_id__in=known).order_by("id"):
        version.doc = packed(erased(unpacked(bytes(version.doc))))
        version.save(update_fields=["doc"])


def erase_not_understood(store_id: int, is_about: Callable[[str], bool] | None, external_ids: Collection[str]) -> int:
    """Take the payload off records of a store that could not be understood and are about a person, all of them where `is_about` is
    None; how many.
    """
    named, erased_rows, after = set(external_ids), 0, 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "select id, external_id, raw from left_out where store_id = %s and why <> %s and id > %s order by id limit %s",
                [store_id, ERASED, after, LOOKED_AT],
            )
            rows = cursor.fetchall()
            gone = [
                row_id
                for row_id, external_id, raw in rows
                if is_about is None or external_id in named or is_about(_text(bytes(raw)))
            ]
            cursor.execute("update left_out set raw = %s, why = %s where id = any (%s)", [pack(ERASED_RAW), ERASED, gone])
            erased_rows += len(gone)
            if len(rows) < LOOKED_AT:
                return erased_rows
            after = rows[-1][0]


LOOKED_AT = 500
"""Records that were not understood which are held in memory at a time."""

ERASED = "Its personal data were erased, and with them what was received."


def _text(raw: bytes) -> str:
    return unpack(raw).decode("utf-8", errors="surrogateescape")


def gathered(ids: Sequence[int]) -> list[dict[str, object]]:
    """What is held of orders, for the person they are about: as understood, and as the store sent them."""
    orders = orders_with(ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.id, o.number, o.external_id, o.status, o.imported_at, c.raw from sales_order o"
            " join sales_order_content c on c.order_id = o.id where o.id = any (%s) order by o.placed_at, o.id",
            [sorted(ids)],
        )
        return [
            {
                "number": number,
                "store_id": external_id,
                "status": status,
                "imported_at": imported_at,
                "understood": msgspec.to_builtins(orders[order_id]),
                "received": _text(bytes(raw)).encode(errors="replace").decode(),
            }
            for order_id, number, external_id, status, imported_at, raw in cursor.fetchall()
        ]
