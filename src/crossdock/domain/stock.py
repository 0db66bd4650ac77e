"""The arithmetic of what a store may sell: levels less what is sold and not in them yet, over warehouses and through bundles. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec import Struct

from crossdock.domain.products import Component

ZERO = Decimal(0)


class Reserved(Struct, frozen=True):
    """Units sold that a warehouse's level may still hold.

    `unsent`: the warehouse was not asked for them yet. `since`: it was, after its level was read. `waiting`: it was asked, whenever,
    and they had not left when its level was read, so that they are on hand though not available.
    """

    unsent: Decimal = ZERO
    since: Decimal = ZERO
    waiting: Decimal = ZERO

    def plus(self, other: "Reserved", times: Decimal = Decimal(1)) -> "Reserved":
        """Both together, the other so many times."""
        return Reserved(
            self.unsent + other.unsent * times, self.since + other.since * times, self.waiting + other.waiting * times
        )


class Stock(Struct, frozen=True):
    """What a warehouse says it has of a SKU, and what of it is sold already. None is not stated, which is not zero."""

    available: Decimal | None = None
    on_hand: Decimal | None = None
    reserved: Reserved = Reserved()

    @property
    def held(self) -> Decimal:
        """Units that are taken off what the warehouse says."""
        more = self.reserved.since if self.available is not None else self.reserved.waiting
        return self.reserved.unsent + more

    @property
    def left(self) -> Decimal | None:
        """What is left to sell, below zero where more was sold than there is; None where the warehouse says nothing.

        What the warehouse calls available is taken as it is, and only without it what it has on hand.
        """
        stated = self.available if self.available is not None else self.on_hand
        return None if stated is None else stated - self.held


def left_of(stocks: Iterable[Stock]) -> Decimal | None:
    """What is left over several warehouses, below zero where more was sold; None where none of them knows the SKU."""
    known = [left for stock in stocks if (left := stock.left) is not None]
    return sum(known, ZERO) if known else None


def to_sell(left: Decimal | None) -> Decimal | None:
    """The figure a store shows: never below zero, and none where nothing is known."""
    return None if left is None else max(ZERO, left)


def bundles_of(components: Sequence[Component], left: Mapping[str, Decimal | None]) -> Decimal | None:
    """How many whole bundles can be made of what is left of their parts, by SKU; None where a part is not known."""
    needs: dict[str, Decimal] = {}
    for part in components:
        needs[part.sku] = needs.get(part.sku, ZERO) + part.quantity
    possible = []
    for sku, quantity in needs.items():
        of_it = left.get(sku)
        if of_it is None or quantity <= 0:
            return None
        possible.append((of_it / quantity).to_integral_value(ROUND_FLOOR))
    return min(possible) if possible else None


class Drop(Struct, frozen=True):
    """How much less a store would show than it was told last, in what its own sales do not explain.

    `units` of `of_units` would vanish; `skus` of `of_skus` that show something would show nothing.
    """

    units: Decimal = ZERO
    of_units: Decimal = ZERO
    skus: int = 0
    of_skus: int = 0

    @property
    def parts(self) -> tuple[tuple[Decimal, Decimal], ...]:
        """What would vanish, each of how much: units, then SKUs."""
        return (self.units, self.of_units), (Decimal(self.skus), Decimal(self.of_skus))

    @property
    def percent(self) -> int:
        """The larger of both parts, in whole percent, rounded up."""
        shares = [part * 100 / whole for part, whole in self.parts if whole > 0]
        return int(max(shares, default=ZERO).to_integral_value(ROUND_CEILING))

    def is_beyond(self, limit: int) -> bool:
        """Whether a person has to look before the store is told."""
        return any(part * 100 > limit * whole for part, whole in self.parts)
