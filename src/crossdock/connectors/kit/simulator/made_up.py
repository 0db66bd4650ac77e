"""Orders that nobody placed: what a simulator's control page fills a store with, all at once or one by one."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from msgspec import Struct

GOODS = (("BLUE-M", "Blue shirt M", "20.00"), ("RED-L", "Red shirt L", "22.00"), ("MUG", "Mug", "9.50"), ("CAP", "Cap", "14.00"))
"""SKU, name and price of what is sold."""

MOST = 100_000
"""Orders made at once."""

_TOWNS = (("Portland", "OR", "97201"), ("Reno", "NV", "89502"), ("Louisville", "KY", "40202"), ("Austin", "TX", "78701"))


class MadeUp(Struct, frozen=True):
    """One order: lines as `add_order` takes them (sku, title, quantity, price), and a town in the United States."""

    lines: list[dict[str, Any]]
    city: str
    state: str
    postal_code: str


class Flowing(Protocol):
    """A store that goes on selling: seconds between two orders, 0 for none, and when the next is due, as text."""

    places_every: float
    next_at: str | None


def made_up(count: int, seed: int | None) -> Iterator[MadeUp]:
    """So many orders, at most a hundred thousand; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  (made-up goods)
    for _ in range(min(count, MOST)):
        lines = [
            {"sku": sku, "title": title, "quantity": chance.randint(1, 3), "price": price}
            for sku, title, price in chance.sample(GOODS, chance.randint(1, 3))
        ]
        yield MadeUp(lines, *chance.choice(_TOWNS))


def flow(store: Flowing, every: float) -> None:
    """From now on let an order be due every so many seconds, the first of them after that time; 0 ends it."""
    store.places_every, store.next_at = max(0.0, every), None


def is_due(store: Flowing, now: datetime) -> bool:
    """Whether an order is to be placed now. Asked again and again; after a long stop one is due, not all that were missed."""
    if not store.places_every:
        return False
    begun = store.next_at
    if begun is not None and datetime.fromisoformat(begun) > now:
        return False
    store.next_at = (now + timedelta(seconds=store.places_every)).isoformat()
    return begun is not None
