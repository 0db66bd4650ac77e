"""Telling the shop what there is to sell: absolute figures, by location.

Read first, then written: what is shown already is left alone, an item that is not stocked at a location yet is activated there, and
the rest is set in calls that Shopify does whole or not at all.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

from msgspec import Struct

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData, OutcomeUnknown, RateLimited
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.graphql import GraphQL
from crossdock.connectors.shopify.payloads import ShPage, ShUserError, gid, number_of
from crossdock.connectors.shopify.payloads_goods import ShStocked
from crossdock.connectors.shopify.settings import Settings
from crossdock.domain.fulfillment import StockFigure

T = TypeVar("T")

MOST = 1_000_000_000
"""Units Shopify counts to."""

ROWS = 250
"""Rows of one call, the most that Shopify takes."""

VARIANTS = 100
"""Variants asked for by id at once; each is paid in full."""

SKUS = 40
"""SKUs of one search, so that its text stays well below what Shopify takes."""

_MOST_PAGES = 50


class _VariantsData(Struct, frozen=True, rename="camel"):
    product_variants: ShPage[ShStocked]


class _NodesData(Struct, frozen=True):
    nodes: tuple[ShStocked | None, ...]


class _Changed(Struct, frozen=True, rename="camel"):
    user_errors: tuple[ShUserError, ...] = ()


class _ChangeData(Struct, frozen=True, rename="camel"):
    inventory_set_quantities: _Changed | None = None
    inventory_activate: _Changed | None = None


@dataclass
class _Row:
    """One item at one location, and the figures that say what it shows. The last of them counts."""

    variant: ShStocked
    sku: str
    quantity: int
    keys: list[str] = field(default_factory=list)
    error: ConnectorError | None = None
    was_changed: bool = False

    @property
    def shown(self) -> int | None:
        """Units shown now; None where the item is not stocked."""
        level = self.variant.inventory_item.inventory_level
        return level.quantities[0].quantity if level is not None and level.is_active and level.quantities else None


class Stock:
    """Publishes stock to one shop. `places` are the numbers of its locations."""

    def __init__(self, graphql: GraphQL, settings: Settings) -> None:
        self._graphql = graphql
        self._settings = settings

    async def publish(self, figures: Sequence[StockFigure], places: frozenset[str]) -> list[Done | Failed]:
        """One outcome for each figure. A key that is refused and a pause that is asked for end the whole; nothing else does."""
        outcomes: dict[str, Done | Failed] = {}
        by_place: dict[str, list[StockFigure]] = {}
        for figure in figures:
            place = number_of(figure.location) if figure.location else self._settings.location
            error = _unfit(figure, place, places)
            if error is not None:
                outcomes[figure.key] = Failed(figure.key, error)
            else:
                by_place.setdefault(place, []).append(figure)
        stopped: ConnectorError | None = None
        for place, wanted in by_place.items():
            for some in _cut(wanted, ROWS):
                if stopped is None:
                    try:
                        outcomes.update(await self._some(some, place))
                    except (AuthenticationFailed, RateLimited) as error:
                        stopped = error
                    except ConnectorError as error:
                        outcomes.update({figure.key: Failed(figure.key, error) for figure in some})
                if stopped is not None:
                    outcomes.update({one.key: Failed(one.key, stopped) for one in some if one.key not in outcomes})
        return [outcomes[figure.key] for figure in figures]

    async def _some(self, figures: Sequence[StockFigure], place: str) -> dict[str, Done | Failed]:
        found = await self._variants(figures, place)
        outcomes: dict[str, Done | Failed] = {}
        rows: dict[str, _Row] = {}
        for figure in figures:
            variants = found.get(figure.key, ())
            error = _unknown(figure) if not variants else _unsettable(figure, variants)
            if error is not None:
                outcomes[figure.key] = Failed(figure.key, error)
                continue
            for variant in variants:
                row = rows.setdefault(variant.inventory_item.id, _Row(variant, figure.sku, int(figure.quantity)))
                row.quantity = int(figure.quantity)
                row.keys.append(figure.key)
        await self._write(list(rows.values()), place)
        for figure in figures:
            mine = [row for row in rows.values() if figure.key in row.keys]
            failed = next((row.error for row in mine if row.error is not None), None)
            if failed is not None:
                outcomes[figure.key] = Failed(figure.key, failed)
            elif mine:
                items = " ".join(number_of(row.variant.inventory_item.id) for row in mine)
                changed = "yes" if any(row.was_changed for row in mine) else "no"
                outcomes[figure.key] = Done(figure.key, number_of(mine[0].variant.id), {"items": items, "changed": changed})
        return outcomes

    # Reading

    async def _variants(self, figures: Sequence[StockFigure], place: str) -> dict[str, list[ShStocked]]:
        """By the figures' keys: the variants to set. Several only where duplicate SKUs are all to get the figure."""
        takes_all = self._settings.include_duplicate_skus
        found: dict[str, list[ShStocked]] = {}
        known = {
            figure.key: gid("ProductVariant", figure.product_id) for figure in figures if figure.product_id and not takes_all
        }
        if known:
            by_id = {one.id: one for one in await self._by_id(sorted(set(known.values())), place)}
            for figure in figures:
                variant = by_id.get(known.get(figure.key, ""))
                # A variant whose SKU was changed since is searched for by its SKU, like any other.
                if variant is not None and variant.sku == figure.sku:
                    found[figure.key] = [variant]
        by_sku: dict[str, list[ShStocked]] = {}
        wanted = dict.fromkeys(figure.sku for figure in figures if figure.key not in found)
        for skus in _cut(list(wanted), SKUS):
            for variant in await self._by_skus(skus, place):
                if variant.sku in wanted:
                    by_sku.setdefault(variant.sku, []).append(variant)
        for figure in figures:
            if figure.key not in found and figure.sku in by_sku:
                same = by_sku[figure.sku]
                found[figure.key] = same if takes_all else [_first(same)]
        return found

    async def _by_id(self, ids: Sequence[str], place: str) -> list[ShStocked]:
        found: list[ShStocked] = []
        for some in _cut(ids, VARIANTS):
            data = await self._graphql.query(
                queries.VARIANTS_BY_ID, _NodesData, cost=5 * len(some), variants=some, location=gid("Location", place)
            )
            found += [one for one in data.nodes if one is not None]
        return found

    async def _by_skus(self, skus: Sequence[str], place: str) -> list[ShStocked]:
        found: list[ShStocked] = []
        search = " OR ".join(f"sku:{_quoted(sku)}" for sku in skus)
        after: str | None = None
        for _ in range(_MOST_PAGES):
            data = await self._graphql.query(
                queries.VARIANTS_BY_SKU, _VariantsData, cost=40, query=search, after=after, location=gid("Location", place)
            )
            page = data.product_variants
            found += page.nodes
            after = page.page_info.end_cursor if page.page_info.has_next_page else None
            if after is None:
                return found
        raise InvalidData("Shopify finds too many variants for these SKUs.", field="sku")

    # Writing

    async def _write(self, rows: Sequence[_Row], place: str) -> None:
        """Let the rows show what they should; what stands in the way of one is noted with it."""
        try:
            for row in rows:
                if row.shown is None:
                    await self._try([row], self._activate, place)
            for some in _cut([row for row in rows if row.shown not in (None, row.quantity)], ROWS):
                await self._try(some, self._set, place)
        except (AuthenticationFailed, RateLimited) as error:
            for row in rows:
                if row.error is None and not row.was_changed and row.shown != row.quantity:
                    row.error = error

    async def _try(self, rows: list[_Row], act: Callable[[list[_Row], str], Awaitable[None]], place: str) -> None:
        try:
            await act(rows, place)
        except (AuthenticationFailed, RateLimited):
            raise
        except ConnectorError as error:
            for row in rows:
                row.error = row.error or (None if row.was_changed else error)

    async def _activate(self, rows: list[_Row], place: str) -> None:
        (row,) = rows
        answer = await self._graphql.mutate(
            queries.ACTIVATE_STOCK,
            _ChangeData,
            item=row.variant.inventory_item.id,
            location=gid("Location", place),
            available=row.quantity,
            key=str(uuid4()),
        )
        changed = _judged(answer.inventory_activate)
        if changed.user_errors:
            said = changed.user_errors[0].message
            raise InvalidData(
                f"Shopify does not stock {row.sku} at this location: “{said}”. Stock it there in Shopify, or choose another location.",
                field="location",
                evidence={"said": said},
            )
        row.was_changed = True

    async def _set(self, rows: list[_Row], place: str) -> None:
        """Set rows in one call. Where Shopify names rows that it refuses, the others go again without them."""
        left = rows
        while left:
            answer = await self._graphql.mutate(
                queries.SET_STOCK,
                _ChangeData,
                # A key of its own each time: the same figures are right again on another day.
                key=str(uuid4()),
                input={
                    "name": "available",
                    "reason": "correction",
                    "quantities": [
                        {
                            "inventoryItemId": row.variant.inventory_item.id,
                            "locationId": gid("Location", place),
                            "quantity": row.quantity,
                            "changeFromQuantity": None,
                        }
                        for row in left
                    ],
                },
            )
            errors = _judged(answer.inventory_set_quantities).user_errors
            if not errors:
                for row in left:
                    row.was_changed = True
                return
            refused = {place_: error for error in errors if (place_ := _row_of(error)) is not None and place_ < len(left)}
            if not refused and len(left) > 1:
                # Refused as a whole, without saying why it is: each row by itself then.
                for row in left:
                    await self._try([row], self._set, place)
                return
            for place_, row in enumerate(left):
                error_ = refused.get(place_) or (errors[0] if not refused else None)
                if error_ is not None:
                    row.error = _refusal(row.sku, error_)
            left = [row for row in left if row.error is None]


def _unfit(figure: StockFigure, place: str, places: frozenset[str]) -> InvalidData | None:
    quantity = figure.quantity
    if quantity < 0:
        return InvalidData(f"Stock of {figure.sku} would be below zero, and is not told to Shopify.", field="quantity")
    if quantity != int(quantity):
        return InvalidData(f"Shopify counts whole units; {figure.sku} has {quantity:f}.", field="quantity")
    if quantity > MOST:
        return InvalidData(f"Shopify counts to {MOST:,}; {figure.sku} has {quantity:f}.", field="quantity")
    if not place:
        return InvalidData(
            f"Stock of {figure.sku} has no location. Link the facility to a location of the shop.", field="location"
        )
    if place not in places:
        return InvalidData(
            f"The shop has no such location any more, so the stock of {figure.sku} is not told. Link the facility to another one.",
            field="location",
        )
    return None


def _unknown(figure: StockFigure) -> InvalidData:
    return InvalidData(f"Shopify sells nothing with the SKU {figure.sku}. Enter it there, or leave the SKU out.", field="sku")


def _unsettable(figure: StockFigure, variants: Iterable[ShStocked]) -> InvalidData | None:
    for variant in variants:
        if variant.requires_components:
            return InvalidData(
                f"{figure.sku} is a bundle in Shopify, which works out its stock from its components. Send their stock instead.",
                field="sku",
            )
        if not variant.inventory_item.tracked:
            return InvalidData(
                f"Shopify does not track the quantity of {figure.sku}. Switch it on with the product's inventory, then Reprocess.",
                field="sku",
            )
    return None


def _refusal(sku: str, error: ShUserError) -> InvalidData:
    return InvalidData(
        f"Shopify refused the stock of {sku}. Shopify says: “{error.message}”", field="quantity", evidence={"said": error.message}
    )


def _judged(changed: _Changed | None) -> _Changed:
    if changed is None:
        raise OutcomeUnknown("Shopify did not say what became of the stock it was told.")
    return changed


def _row_of(error: ShUserError) -> int | None:
    """The row at fault, from a path like input, quantities, 3, quantity."""
    return next((int(part) for part in error.field or () if part.isdigit()), None)


def _first(variants: Sequence[ShStocked]) -> ShStocked:
    """The one that gets the figure where several have its SKU: of those Shopify keeps stock of, the oldest."""
    return min(variants, key=lambda one: (one.requires_components or not one.inventory_item.tracked, int(number_of(one.id) or 0)))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _cut(items: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
