"""Small values in the platform's form: ids, moments, money."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
"""An object of the schema by its field names; names with an underscore are ours and never served."""


def gid(kind: str, number: int | str) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def number_of(global_id: str) -> int:
    """The number in a global id, leniently: one of a fulfillment service carries a query. 0 when there is none."""
    tail = global_id.rpartition("/")[2].partition("?")[0]
    return int(tail) if tail.isdigit() else 0


def kind_of(global_id: str) -> str | None:
    """The type in a global id, None when it is not one."""
    parts = global_id.split("/")
    return parts[3] if len(parts) == 5 and global_id.startswith("gid://shopify/") else None


def moment(value: datetime) -> str:
    """UTC to the second, with Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str | None) -> datetime | None:
    """A moment in any offset; without one it is UTC. None for None. Raises ValueError for what is no moment."""
    if not text:
        return None
    value = datetime.fromisoformat(text.strip())
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def amount(value: Decimal | str | float) -> str:
    """A decimal as the platform writes it: at least one place, no idle zeros (20.0, 19.99, 0.0)."""
    text = f"{Decimal(str(value)).normalize():f}"
    return text if "." in text else f"{text}.0"


def money(value: Decimal | str | float, currency: str) -> Record:
    """An amount with its currency."""
    return {"amount": amount(value), "currencyCode": currency}


def bag(
    value: Decimal | str | float, currency: str, presentment: Decimal | str | float | None = None, other: str | None = None
) -> Record:
    """An amount in the shop's currency and in the buyer's; the buyer's is the same unless given."""
    shop = money(value, currency)
    return {"shopMoney": shop, "presentmentMoney": shop if presentment is None else money(presentment, other or currency)}


def shop_amount(value: Record | None) -> Decimal:
    """The shop's side of a bag, 0 for none."""
    return Decimal(value["shopMoney"]["amount"]) if value else Decimal(0)


def presentment_amount(value: Record | None) -> Decimal:
    """The buyer's side of a bag, 0 for none."""
    return Decimal(value["presentmentMoney"]["amount"]) if value else Decimal(0)


def scaled(value: Record, factor: Decimal | int) -> Record:
    """A bag times a number."""
    return bag(
        shop_amount(value) * factor,
        value["shopMoney"]["currencyCode"],
        presentment_amount(value) * factor,
        value["presentmentMoney"]["currencyCode"],
    )


def summed(values: list[Record], currency: str, other: str | None = None) -> Record:
    """Bags added up; `currency` and `other` are used when there are none."""
    if not values:
        return bag(0, currency, 0, other or currency)
    return bag(
        sum((shop_amount(value) for value in values), Decimal(0)),
        values[0]["shopMoney"]["currencyCode"],
        sum((presentment_amount(value) for value in values), Decimal(0)),
        values[0]["presentmentMoney"]["currencyCode"],
    )


def short_hash(text: str) -> str:
    """A few characters that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]
