"""What a store's rig has to say for itself: words that a platform fills in, and facts that it declares.

A word is needed only where the connector claims the capability that is tested with it. A fact says in one place what a platform
truly does otherwise; no test is skipped for it, it only expects something else.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.kit.declaration import Connector


class StoreWords:
    """Words and facts of one platform. Quantities are whole units unless they are decimals."""

    connector: Connector
    posts_with: str
    """The simulator's name for the call that posts a shipment."""

    sim: Any

    # Facts

    renews: ClassVar[bool] = True
    """A revoked key is renewed by itself. Where it is not, a person has to give a new one: `gives_new_key`."""

    numbers: ClassVar[str] = "#{}"
    """How people read the number that an order was placed with."""

    has_holds: ClassVar[bool] = True
    """The platform can hold an order before it ships: `holds` and `releases` work."""

    lines_shrink: ClassVar[bool] = True
    """Staff can take units off a line (`reduces`), whether in the order itself or by replacing it with a new one."""

    mails: ClassVar[bool] = True
    """The platform mails the shopper about a shipment when asked to: `mailed` counts."""

    void_gives_back: ClassVar[bool] = True
    """Units of a voided shipment are to be shipped again. False where a shipment can only lose its tracking."""

    skus_repeat: ClassVar[bool] = True
    """Several products may have the same SKU."""

    skus_miss: ClassVar[bool] = True
    """A product may have no SKU."""

    keeps: ClassVar[frozenset[str]] = frozenset({"barcode", "weight"})
    """What the platform keeps of a product besides SKU and name."""

    has_bundles: ClassVar[bool] = True
    """The platform says which products are bundles of others: `sells_bundle` works."""

    says_components: ClassVar[bool] = True
    """The platform says what a bundle is made of."""

    products_say_when: ClassVar[bool] = True
    """The platform can list the products that changed after a moment."""

    says_stock: ClassVar[bool] = True
    """The platform says what is available of its products, with them or in few calls beside them: `counts_none_of` works."""

    calls_a_product: ClassVar[float] = 0.05
    """How many calls reading the whole catalog may take for each product, its stock included, besides some at the beginning."""

    begins_at_window: ClassVar[bool] = True
    """What changed before a window begins is not given. False where what waits is given until it is settled, however old."""

    is_paced: ClassVar[bool] = True
    """Calls are counted, by the platform and by us. False where there is no limit to keep, as in a folder."""

    judges_units: ClassVar[bool] = True
    """The platform refuses units that are not left to ship. False where it takes what it is told, and the hub alone judges."""

    knows_skus: ClassVar[bool] = True
    """The platform refuses SKUs that it does not sell. False where nobody answers."""

    looks_again: ClassVar[bool] = False
    """An unclear answer is looked into at once, and a look-up finishes what was cut off: more is found and done than elsewhere."""

    # Orders

    def read_number(self, number: int) -> str:
        """What people read of an order that was placed with this number."""
        return self.numbers.format(number)

    def settings(self, **changes: Any) -> Any:
        """Settings that work, with some changed."""
        raise NotImplementedError

    def base_url(self, settings: Any) -> str:
        """The simulator's address of a store."""
        raise NotImplementedError

    def gives_new_key(self) -> None:
        """Let the settings carry a new key that works, after the old one was revoked. Only where `renews` is False."""
        raise NotImplementedError

    def places(self, **more: Any) -> str:
        """Let a shopper place an order; the external id. At least `number` and `lines` (sku, quantity) are understood."""
        raise NotImplementedError

    def places_at(self, moment: datetime, **more: Any) -> str:
        """Let an order have been placed at a moment, whole seconds; the external id."""
        raise NotImplementedError

    def places_skipped(self, **more: Any) -> str:
        """Let an order be placed that these settings keep as Skipped; the external id."""
        raise NotImplementedError

    def spoils(self, order_id: str) -> None:
        """Let the platform say something of an order that cannot be understood, an amount that is no number for example."""
        raise NotImplementedError

    def cancels(self, order_id: str) -> None:
        """Cancel an order at the platform."""
        self.sim.cancel_order(order_id)

    def reduces(self, order_id: str, units: Mapping[str, int]) -> None:
        """Take units that did not ship off an order: lines by SKU, to these quantities (0 takes a line out)."""
        self.sim.edit_order(order_id, quantities=dict(units))

    def readdresses(self, order_id: str, street: str) -> None:
        """Change the first line of where an order goes."""
        raise NotImplementedError

    def refunds(self, order_id: str, units: Mapping[str, int]) -> None:
        """Give money back for units by SKU that did not ship, so that they need not ship any more."""
        self.sim.refund_order(order_id, quantities=dict(units))

    def holds(self, order_id: str) -> None:
        """Hold an order at the platform."""
        self.sim.hold_order(order_id)

    def releases(self, order_id: str) -> None:
        """Release it again."""
        self.sim.release_order(order_id)

    def ships_elsewhere(self, order_id: str, units: Mapping[str, int] | None = None) -> None:
        """Let somebody else ship an order, or units of it by SKU."""
        self.sim.fulfill_order(order_id, quantities=dict(units) if units is not None else None)

    # Shipments

    def shipped_units(self, order_id: str) -> dict[str, int]:
        """Units the platform counts as shipped, by line id."""
        raise NotImplementedError

    def told(self) -> dict[str, int]:
        """How often the platform shows each tracking number, on shipments that stand."""
        raise NotImplementedError

    def mailed(self) -> int:
        """How many mails about shipments the platform sent to shoppers so far. 0 where it sends none."""
        return 0

    def unships(self, external_id: str) -> None:
        """Let staff take back a shipment at the platform; `external_id` as posting it gave it."""
        raise NotImplementedError

    # Stock and products

    def sells(self, sku: str | None, quantity: int = 0, **more: Any) -> str:
        """Put a product into the store, with so many units at its first place; the external id that `Product` has.

        `more`: name, barcode, weight (decimal kilograms), changed_at (the moment of its last change; now unless told).
        """
        raise NotImplementedError

    def sells_variants(self, name: str, skus: Mapping[str, int]) -> list[str]:
        """Put one product with several variants into the store, units by SKU; the external ids of the variants."""
        raise NotImplementedError

    def sells_bundle(self, sku: str, units: Mapping[str, int], name: str = "A bundle") -> str:
        """Put a bundle into the store that is made of so many units of other SKUs, which are sold already; its external id."""
        raise NotImplementedError

    def renames(self, external_id: str, name: str) -> None:
        """Change the name of a product now."""
        raise NotImplementedError

    def drops(self, external_id: str) -> None:
        """Delete a product."""
        raise NotImplementedError

    def spoils_product(self, external_id: str) -> None:
        """Let the platform say something of a product that cannot be understood."""
        raise NotImplementedError

    def counts_none_of(self, external_id: str) -> None:
        """Let the store keep no stock figure of a product, which is not the same as none left. Only where `says_stock`."""
        raise NotImplementedError

    def stock_places(self) -> list[str]:
        """The places that keep stock, as `StockFigure.location` names them; at least two where the platform has any."""
        return []

    def stock_of(self, sku: str, location: str | None = None) -> Decimal | None:
        """What the store shows as available of a SKU, at its first place unless told; None where it keeps no figure there."""
        raise NotImplementedError

    # Returns

    def returns(self, order_id: str, units: Mapping[str, int], **more: Any) -> str:
        """Let a shopper send back units by SKU, shipped before where the platform wants that; the return's external id.

        `more`: reason and note, where the platform has them.
        """
        raise NotImplementedError

    def touches_return(self, return_id: str) -> None:
        """Change a return now, without changing what comes back."""
        raise NotImplementedError

    def closes_return(self, return_id: str) -> None:
        """Bring a return to its end: received and closed."""
        raise NotImplementedError

    def spoils_return(self, return_id: str) -> None:
        """Let the platform say something of a return that cannot be understood."""
        raise NotImplementedError
