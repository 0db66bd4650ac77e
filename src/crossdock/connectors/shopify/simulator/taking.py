"""Payloads for `crossdock read`: each distinct state of an order goes into a shop of its own, so that all can be read back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crossdock.connectors.kit.simulator import Part, Taken
from crossdock.connectors.shopify.simulator.loading import Found, LoadReport, decoded, everything_in, merged_states
from crossdock.connectors.shopify.simulator.loading import take as take_found
from crossdock.connectors.shopify.simulator.values import number_of

if TYPE_CHECKING:
    from crossdock.connectors.shopify.simulator.server import ShopifySimulator

_CANONICAL = {
    "createdAt": "placed_at",
    "updatedAt": "updated_at",
    "currencyCode": "currency",
    "totalPriceSet": "grand_total",
    "name": "number",
}


def take(simulator: ShopifySimulator, content: bytes) -> Taken:
    """Put a payload into fresh shops. Raises Unreadable."""
    found = list(everything_in(decoded(content)))
    rest = [one for one in found if one.kind != "graphql order"]
    states = merged_states(found)
    rounds: list[list[Found]] = [[]]
    seen: Counter[object] = Counter()
    for one in [one for one in rest if one.kind == "rest order"] + states:
        key = (one.kind, one.value.get("id"))
        while len(rounds) <= seen[key]:
            rounds.append([])
        rounds[seen[key]].append(one)
        seen[key] += 1
    has_orders = any(rounds)
    if has_orders:
        rounds[0] = [one for one in rest if one.kind != "rest order"] + rounds[0]
    reports = [_taken(simulator, number, batch) for number, batch in enumerate(rounds) if batch]
    others: Counter[str] = Counter(one.kind for one in rest if one.kind != "rest order")
    return Taken(
        parts=tuple(part for part, _ in reports if part.external_ids),
        refused=tuple(entry for _, report in reports for entry in report.refused),
        said=_said(sum(len(report.orders) + len(report.refused) for _, report in reports), others),
    )


def _taken(simulator: ShopifySimulator, number: int, batch: list[Found]) -> tuple[Part, LoadReport]:
    handle = simulator.add_shop(f"read-{number}")
    shop = simulator.shop(handle)
    shop.has_limits = False
    report = take_found(shop, batch)
    settings = {"shop": handle, "access": "token", "admin_token": simulator.give_token(handle)}
    absent = {
        str(number_of(one.id)): frozenset(_CANONICAL[name] for name in one.missing if name in _CANONICAL) for one in report.orders
    }
    return Part(settings, tuple(absent), absent), report


def _said(orders: int, others: Counter[str]) -> str:
    counts = ([("order", orders)] if orders else []) + sorted(others.items())
    if not counts:
        return "an exchange without orders"
    return ", ".join(f"{count} {name}{'s' if count != 1 else ''}" for name, count in counts)
