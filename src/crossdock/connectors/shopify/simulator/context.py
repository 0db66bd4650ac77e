"""Who asks, of which shop, with which rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crossdock.connectors.kit.simulator import Faults
from crossdock.connectors.shopify.simulator.executor import Refused
from crossdock.connectors.shopify.simulator.state import Shop


@dataclass
class Context:
    """One request. `searches` collects what the answer says of search queries."""

    shop: Shop
    app: str
    scopes: frozenset[str]
    version: str
    troubles: Faults
    searches: list[dict[str, Any]] = field(default_factory=list)
    is_debugging_search: bool = False
    idempotency_key: str | None = None

    @cached_property
    def sees(self) -> tuple[Any, ...]:
        """What decides how a record looks to this request, besides the record: rights and the shop's places."""
        return self.scopes, self.shop.epoch

    def may(self, scope: str) -> bool:
        """Whether a scope was granted; writing implies reading."""
        return scope in self.scopes or scope.replace("read_", "write_", 1) in self.scopes

    def need(self, scope: str, name: str) -> None:
        """Refuse a field without its scope, as the platform words it."""
        if not self.may(scope):
            raise Refused(
                f"Access denied for {name} field. Required access: `{scope}` access scope.",
                "ACCESS_DENIED",
                documentation="https://shopify.dev/api/usage/access-scopes",
                requiredAccess=f"`{scope}` access scope.",
            )

    def may_see(self, fulfillment_order: dict[str, Any], *, writing: bool = False) -> bool:
        """Whether a fulfillment order is shown at all: who lacks its scope gets fewer of them, not an error."""
        place = self.shop.locations.get(fulfillment_order["_location"])
        service = self.shop.services.get(place["_service"]) if place and place["_service"] else None
        if service is None:
            kinds: tuple[str, ...] = ("merchant_managed",)
        elif service.get("_app") == self.app:
            kinds = ("assigned",)
        else:
            kinds = ("third_party",)
        verb = "write" if writing else "read"
        return any(self.may(f"{verb}_{kind}_fulfillment_orders") for kind in kinds)
