"""What tests, tools and the control page can do to the portals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crossdock.connectors.kit.simulator import Simulator
from crossdock.connectors.nuorder.simulator.goods import EMPTY_PRODUCT
from crossdock.connectors.nuorder.simulator.state import Portal, new_secret

if TYPE_CHECKING:
    from crossdock.connectors.nuorder.simulator.access import Access

SEASON = "FW26"


class PortalLevers(Simulator):
    """The levers of NuORDER's portals, beside those every simulator has."""

    access: Access
    portals: dict[str, Portal]
    consumers: dict[str, tuple[str, str]]
    """Consumer key to portal and kind."""
    has_limits: bool

    def levers(self) -> dict[str, Callable[..., Any]]:
        """See `Simulator`."""
        own = (
            self.add_portal,
            self.give_token,
            self.approve,
            self.take_signatures,
            self.set_limits,
            self.set_two_way,
            self.set_shipments,
            self.set_verbs,
            self.add_product,
        )
        return {**super().levers(), **{lever.__name__: lever for lever in own}}

    def portal(self, name: str | None = None) -> Portal:
        """A portal by name, the first unless told."""
        return self.portals[name] if name is not None else next(iter(self.portals.values()))

    # Keys

    def add_portal(
        self, name: str, kind: str = "wholesale", consumer_key: str | None = None, consumer_secret: str | None = None
    ) -> dict[str, str]:
        """A further portal; the four values of an application that is approved there."""
        self.portals[name] = Portal(lambda: self.clock())
        key, secret = consumer_key or new_secret(24), consumer_secret or new_secret(40)
        self.access.register(key, secret)
        self.consumers[key] = (name, kind)
        return self.give_token(key)

    def give_token(self, consumer_key: str | None = None) -> dict[str, str]:
        """A new token for a consumer: consumer_key, consumer_secret, token, token_secret."""
        key = consumer_key or next(iter(self.consumers))
        token, secret = self.access.grant(key)
        self.is_changed = True
        return {"consumer_key": key, "consumer_secret": self.access.consumers[key], "token": token, "token_secret": secret}

    def approve(self, name: str | None = None) -> str:
        """Approve the newest pending application, or the newest of that name; its verifier code."""
        for one in reversed(list(self.access.pending.values())):
            if name in (None, one.name):
                return self.access.approve(one.token)
        raise LookupError("no application waits for approval")

    def revoke_key(self) -> None:
        """End all tokens."""
        self.access.tokens.clear()

    def take_signatures(self, legacy: bool = True, rfc5849: bool = True) -> None:
        """Which kinds of signature are taken."""
        self.access.styles = frozenset(name for name, on in (("legacy", legacy), ("rfc5849", rfc5849)) if on)

    # How the platform is

    def set_limits(self, on: bool = True) -> None:
        """Whether calls are refused when too many are under way."""
        self.has_limits = on

    def set_two_way(self, on: bool = True, portal: str | None = None) -> None:
        """Whether the account may change orders."""
        self.portal(portal).is_two_way = on

    def set_shipments(self, on: bool = True, shown: bool = True, portal: str | None = None) -> None:
        """Whether there is a call for shipment records, and whether orders show them."""
        self.portal(portal).takes_shipments, self.portal(portal).shows_shipments = on, shown

    def set_verbs(self, new: bool = True, portal: str | None = None) -> None:
        """Whether statuses are set by their names; off, only by the verbs of the first years."""
        self.portal(portal).knows_new_verbs = new

    # Products

    def add_product(
        self,
        style: str,
        sizes: list[dict[str, Any]] | None = None,
        name: str | None = None,
        color: str = "Red",
        season: str = SEASON,
        price: float = 20,
        stock: int = 0,
        portal: str | None = None,
    ) -> str:
        """A product in one color; its id. `sizes`: size and upc."""
        found = self.portal(portal)
        id_ = found.new_id()
        found.products[id_] = {
            **EMPTY_PRODUCT,
            # As typed in the portal; only what comes through the API is folded.
            "brand_id": f"{style}-{color}".lower(),
            "name": name or style,
            "style_number": style.upper(),
            "_id": id_,
            "season": season,
            "color": color,
            "color_code": "",
            "category": "apparel",
            "sizes": [dict(size) for size in sizes or [{"size": "OS", "upc": style}]],
            "warehouses": list(found.warehouses),
            "pricing": {"USD": {"wholesale": price, "retail": ""}},
            "seasons": [season],
            "available_now": True,
            "created_on": found.stamp(),
            "modified_on": found.stamp(),
        }
        for size in found.products[id_]["sizes"]:
            found.stock[found.warehouses[0], id_, str(size["size"])] = stock
        self.is_changed = True
        return id_

    def _name_of(self, portal: Portal) -> str:
        return next(name for name, one in self.portals.items() if one is portal)
