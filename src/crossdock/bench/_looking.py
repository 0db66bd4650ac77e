"""What the list of orders is asked for by the bench: everybody's usual questions, and those that are hard to answer."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from crossdock.accounts.models import Account, Person, Role
from crossdock.accounts.rights import system
from crossdock.accounts.services import add_member, create_person
from crossdock.accounts.slugs import short
from crossdock.bench._filling import DAYS, FIRST_NUMBER
from crossdock.connections.models import Merchant, Store
from crossdock.domain.statuses import OrderStatus
from crossdock.tenancy.scope import scoped
from crossdock.ui.paging import Place

Query = Callable[[random.Random], dict[str, str]]
"""The parameters of one request, other ones each time where that is sensible."""

DRAWN = 100


@dataclass(frozen=True)
class Order:
    """What people know of an order when they look for it; lower case as in the search text."""

    number: str
    external_id: str
    name: str
    email: str
    sku: str
    tracking: str


@dataclass(frozen=True)
class Looker:
    """Somebody who looks at the list, with two stores and some orders among what they see. `merchants` None sees everything."""

    name: str
    account: Account
    person: Person
    merchants: tuple[int, ...] | None
    big: Store
    small: Store
    orders: tuple[Order, ...]


def lookers(account: Account) -> list[Looker]:
    """An administrator, and people limited to the smallest and to the biggest merchant."""
    with scoped(account.pk):
        stores = list(Store.objects.select_related("merchant").order_by("pk"))
        merchants = list(Merchant.objects.order_by("pk"))
    small, big = merchants[-1], merchants[0]
    of_small = next(store for store in stores if store.merchant_id == small.pk)
    return [
        _looker("administrator", account, None, stores[0], stores[-1]),
        _looker("limited to a small merchant", account, (small.pk,), of_small, of_small),
        _looker("limited to the big merchant", account, (big.pk,), stores[0], stores[len(merchants)]),
    ]


def _looker(name: str, account: Account, merchants: tuple[int, ...] | None, big: Store, small: Store) -> Looker:
    person = create_person(email=f"{name.replace(' ', '-')}-{account.pk}@example.com", name=name)
    role = Role.ADMINISTRATOR if merchants is None else Role.STAFF
    add_member(actor=system(account.pk), person=person, role=role, merchants=merchants)
    with scoped(account.pk, merchants), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        cursor.execute(
            "select o.number, o.external_id, lower(o.ship_name), t.words, t.tracking"
            "  from sales_order o join order_search t on t.order_id = o.id where t.tracking <> '' and o.merchant_id = any (%s)"
            " order by hashint8extended(o.id, 13) limit %s",
            [list(merchants or (big.merchant_id, small.merchant_id)), DRAWN],
        )
        drawn = [(*row[:3], row[3].split(" "), row[4]) for row in cursor.fetchall()]
    orders = tuple(Order(number, key, who, words[3], words[-1], tracking) for number, key, who, words, tracking in drawn)
    return Looker(name, account, person, merchants, big, small, orders)


def questions(looker: Looker, end: datetime) -> Iterator[tuple[str, Query]]:
    """Every case by its name. The newest order was placed at `end`."""
    big, small = short(looker.big.public_id), short(looker.small.public_id)
    merchant = short(looker.small.merchant.public_id)

    def asks(**query: str) -> Query:
        return lambda chance: query

    def searches(text: Callable[[Order], str], **more: str) -> Query:
        return lambda chance: {"q": text(chance.choice(looker.orders)), **more}

    def deep(**more: str) -> Query:
        def query(chance: random.Random) -> dict[str, str]:
            return {"before": str(Place(end - timedelta(days=chance.uniform(1, DAYS - 1)), 2**62)), **more}

        return query

    def week(**more: str) -> Query:
        def query(chance: random.Random) -> dict[str, str]:
            until = end.date() - timedelta(days=chance.randint(1, DAYS - 10))
            return {"from": str(until - timedelta(days=6)), "until": str(until), **more}

        return query

    yield "all", asks()
    for status in OrderStatus:
        yield f"status {status.value}", asks(status=status.value)
    yield "deep page", deep()
    yield "deep page, closed", deep(status="closed")
    yield "deep page, big store", deep(store=big)
    yield "big store", asks(store=big)
    yield "small store", asks(store=small)
    yield "merchant", asks(merchant=merchant)
    yield "big store, closed", asks(store=big, status="closed")
    yield "big store, error", asks(store=big, status="error")
    yield "merchant, error", asks(merchant=merchant, status="error")
    yield "a week", week()
    yield "a week, big store", week(store=big)
    yield "a week, error", week(status="error")
    yield "since a date", lambda chance: {"from": str((end - timedelta(days=chance.randint(20, DAYS - 5))).date())}
    yield "has an issue", asks(needs="issue")
    yield "held for a person", asks(needs="person")
    yield "search: number", searches(lambda order: order.number)
    yield "search: store's id", searches(lambda order: order.external_id)
    yield "search: beginning of a number", searches(lambda order: order.number[:6])
    yield "search: two characters", asks(q="#1")
    yield "search: end of a number", searches(lambda order: order.number[-4:])
    yield "search: last digits, anywhere", searches(lambda order: order.number[-4:], anywhere="1")
    yield "search: tracking", searches(lambda order: order.tracking.upper())
    yield "search: part of a tracking", searches(lambda order: order.tracking[5:13])
    yield "search: SKU", searches(lambda order: order.sku.upper())
    yield "search: SKU, the most popular", asks(q="JKT-0000-XS")
    yield "search: part of a SKU", searches(lambda order: order.sku[2:8])
    yield "search: SKU, error", searches(lambda order: order.sku.upper(), status="error")
    yield "search: e-mail", searches(lambda order: order.email)
    yield "search: part of an e-mail", searches(lambda order: order.email[2:14])
    yield "search: name", searches(lambda order: order.name)
    yield "search: name, closed", searches(lambda order: order.name, status="closed")
    yield "search: family name", searches(lambda order: order.name.split(" ")[-1])
    yield "search: common word", asks(q="gmail")
    yield "search: common word, deep", deep(q="gmail")
    yield "search: common word, error", asks(q="gmail", status="error")
    yield "search: common only long ago", asks(q=f"#{FIRST_NUMBER}"[:4])
    yield "search: absent", lambda chance: {"q": f"quixotic{chance.randint(100, 999)}"}
