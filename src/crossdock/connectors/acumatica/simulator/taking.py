"""`crossdock read acumatica FILE`: a payload put into a tenant of its own, so that the connector can read it back."""

from __future__ import annotations

from collections import Counter

from crossdock.connectors.acumatica.simulator.loading import Found, everything_in, put_in
from crossdock.connectors.acumatica.simulator.server import DEMO_PASSWORD, DEMO_USER, AcumaticaSimulator
from crossdock.connectors.kit.simulator import Part, Taken

_CANONICAL = {
    "CurrencyID": "currency",
    "OrderTotal": "grand_total",
    "ShipToAddress": "ship_to",
}
"""What of an order is shown as missing when its payload did not have it."""


def take(simulator: AcumaticaSimulator, content: bytes) -> Taken:
    """Put a payload into fresh tenants; a record that comes twice goes into one of its own. Raises Unreadable."""
    rounds: list[list[Found]] = []
    seen: Counter[tuple[str, str]] = Counter()
    for one in everything_in(content):
        key = (one.entity, str(one.value.get("id")))
        while len(rounds) <= seen[key]:
            rounds.append([])
        rounds[seen[key]].append(one)
        seen[key] += 1
    parts: list[Part] = []
    refused: list[tuple[str | None, str | None, str]] = []
    counts: Counter[str] = Counter()
    for number, batch in enumerate(rounds):
        name = simulator.add_tenant(f"Read{number}")
        report = put_in(simulator.tenant(name), batch)
        refused += report.refused
        counts["sales order"] += len(report.orders) + len(report.refused)
        counts.update(report.others)
        if report.orders:
            types = sorted({one.value["OrderType"]["value"] for one in batch if one.entity == "SalesOrder"})
            absent = {
                order_id: frozenset(_CANONICAL[field] for field in missing if field in _CANONICAL)
                for order_id, missing in report.orders
            }
            parts.append(Part(_settings(simulator, name, types), tuple(absent), absent))
    return Taken(tuple(parts), tuple(refused), _said(counts))


def _settings(simulator: AcumaticaSimulator, tenant: str, types: list[str]) -> dict[str, str]:
    app = simulator.app(tenant)
    # With one type alone numbers are shown as they are.
    return {
        "instance_url": f"{simulator.url}/AcumaticaERP",
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "username": DEMO_USER,
        "password": DEMO_PASSWORD,
        "order_types": ", ".join(types),
    }


def _said(counts: Counter[str]) -> str:
    named = [f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in counts.items() if count]
    return ", ".join(named) or "an exchange without orders"
