"""The rows of an order by product type: what is sold as one line, what is inside it, and how many units are left. Pure.

Magento writes a configurable product as two rows (the parent has money and units, the child the product), a bundle as a parent and
its items. Which of the two a shipment has to name follows from how the bundle ships: together by the parent, separately by the
items. Source: magento/magento2, Sales/Model/Order/Item.php.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossdock.connectors.magento2.payloads import MgItem, is_yes, text_of, units_of

BUNDLE, CONFIGURABLE = "bundle", "configurable"

_NOT_SHIPPED = frozenset({"virtual", "downloadable"})

ZERO = Decimal(0)


class Row(Struct, frozen=True):
    """A row that stands by itself, with the rows inside it."""

    item: MgItem
    inside: tuple[MgItem, ...] = ()

    @property
    def id(self) -> str:
        """The row's own key: what a shipment names for everything but parts of bundles that ship separately."""
        return text_of(self.item.item_id)

    @property
    def is_bundle(self) -> bool:
        """Whether the warehouse is asked for what is inside."""
        return self.item.product_type == BUNDLE and bool(self.inside)


class Inside(Struct, frozen=True):
    """One item inside bundles: how many of it are in one bundle, and how many are left to ship."""

    item: MgItem
    per_bundle: Decimal
    left: Decimal

    @property
    def id(self) -> str:
        """The row's own key."""
        return text_of(self.item.item_id)


def arranged(items: Sequence[MgItem]) -> list[Row]:
    """Rows that stand by themselves, in the order of the payload. A child whose parent is not there stands by itself."""
    known = {text_of(item.item_id) for item in items}
    inside: dict[str, list[MgItem]] = {}
    for item in items:
        parent = text_of(item.parent_item_id)
        if parent in known:
            inside.setdefault(parent, []).append(item)
    return [
        Row(item, tuple(inside.get(text_of(item.item_id), ()))) for item in items if text_of(item.parent_item_id) not in known
    ]


def is_shipped(item: MgItem) -> bool:
    """Whether it is something to carry."""
    return not is_yes(item.is_virtual) and item.product_type not in _NOT_SHIPPED


def left_of(item: MgItem) -> Decimal:
    """Units of a row that are still to ship, as Magento counts them: none below zero, whatever was refunded."""
    gone = (
        units_of(item.qty_shipped, "qty_shipped")
        + units_of(item.qty_refunded, "qty_refunded")
        + units_of(item.qty_canceled, "qty_canceled")
    )
    return max(ZERO, units_of(item.qty_ordered, "qty_ordered") - gone)


def insides(row: Row) -> list[Inside]:
    """What is inside a bundle. How the bundle ships is not in the payload, so what is left is the smaller of two counts.

    Where it ships together the parent's count falls (and the items' own may stay at nothing shipped, magento2#40460); where it
    ships separately the items' counts fall. The other count never falls below what is true.
    """
    bundles = units_of(row.item.qty_ordered, "qty_ordered")
    found = []
    for item in row.inside:
        if not is_shipped(item):
            continue
        ordered = units_of(item.qty_ordered, "qty_ordered")
        per_bundle = ordered / bundles if bundles else ZERO
        found.append(Inside(item, per_bundle, min(left_of(item), left_of(row.item) * per_bundle)))
    return found


def bundles_left(row: Row) -> Decimal:
    """Whole bundles of which something is still to ship."""
    parts = insides(row)
    counts = ((part.left / part.per_bundle).to_integral_value(rounding="ROUND_CEILING") for part in parts if part.per_bundle)
    return max(counts, default=ZERO)
