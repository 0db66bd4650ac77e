"""Telling the store what there is: absolute figures for each location, in batches, one call after another.

BigCommerce takes a batch whole or not at all, and takes a figure only under the id it tracks: the product's or the variant's. So SKUs
are looked up first, what cannot be taken fails alone before anything is sent, and a batch that is refused all the same is halved.
Reads lag behind writes, so nothing is left unsent because a read says it is so already.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossdock.connectors.bigcommerce.api import Api
from crossdock.connectors.kit.batches import batches
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData, RateLimited
from crossdock.connectors.kit.settings import Choice
from crossdock.domain.fulfillment import StockFigure

BATCH = 1_000
"""Figures in one call. BigCommerce takes 2,000, counted over locations; smaller ones are done sooner."""

LOOKED_UP = 6_000
"""Characters of SKUs asked for in one call: they are in the address, which may not grow without end."""

DEFAULT_LOCATION = "1"
"""Every store has it; a storefront shows this one's stock alone, unless BigCommerce switched sums on."""

_MOST_STOCK = 2_147_483_647
_MOST_PAGES = 100


class _Pagination(Struct, frozen=True):
    total_pages: int = 1


class _Meta(Struct, frozen=True):
    pagination: _Pagination = _Pagination()


class _Place(Struct, frozen=True):
    id: int
    label: str = ""
    code: str = ""
    enabled: bool = True


class _Places(Struct, frozen=True):
    data: tuple[_Place, ...] = ()
    meta: _Meta = _Meta()


class _Identity(Struct, frozen=True):
    sku: str | None = None
    variant_id: int | None = None
    product_id: int | None = None


class _LevelSettings(Struct, frozen=True):
    safety_stock: int = 0


class _Level(Struct, frozen=True):
    location_id: int
    settings: _LevelSettings | None = None


class _Item(Struct, frozen=True):
    identity: _Identity
    locations: tuple[_Level, ...] = ()


class _Items(Struct, frozen=True):
    data: tuple[_Item, ...] = ()
    meta: _Meta = _Meta()


class _Product(Struct, frozen=True):
    id: int
    inventory_tracking: str = "none"
    base_variant_id: int | None = None


class _Products(Struct, frozen=True):
    data: tuple[_Product, ...] = ()
    meta: _Meta = _Meta()


class _Sent(Struct, frozen=True):
    """One figure ready to be sent: the id it is tracked by, and what is on hand when it is to be available."""

    figure: StockFigure
    location: int
    by: str
    id: int
    quantity: int


class Stock:
    """Sets the figures of one store."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def locations(self) -> list[Choice]:
        """The store's locations that are switched on."""
        return [
            Choice(str(place.id), place.label or place.code or str(place.id)) for place in await self._places() if place.enabled
        ]

    async def publish(self, figures: Sequence[StockFigure]) -> list[Done | Failed]:
        """Set what each SKU shows as available. One outcome for each figure, in their order."""
        if not figures:
            return []
        outcomes: dict[str, Done | Failed] = {}
        try:
            places = {place.id: place for place in await self._places()}
            items = await self._items([figure.sku for figure in figures])
            products = await self._tracked(sorted({item.identity.product_id or 0 for item in items.values()} - {0}))
        except ConnectorError as error:
            return [Failed(figure.key, error) for figure in figures]
        ready: list[_Sent] = []
        for figure in figures:
            try:
                ready.append(_prepared(figure, places, items, products))
            except InvalidData as error:
                outcomes[figure.key] = Failed(figure.key, error)
        ready, superseded = _last_of_each(_without_shared(ready, outcomes))
        by_place: dict[int, list[_Sent]] = defaultdict(list)
        for one in ready:
            by_place[one.location].append(one)
        stopped: ConnectorError | None = None
        # Never at the same time: of two figures for one item that cross, either may win.
        for group in by_place.values():
            for start in range(0, len(group), BATCH):
                batch = group[start : start + BATCH]
                if stopped is None:
                    stopped = await self._send(batch, outcomes)
                else:
                    _fail_all(batch, stopped, outcomes)
        for earlier, later in superseded:
            outcome = outcomes[later]
            outcomes[earlier] = (
                Failed(earlier, outcome.error) if isinstance(outcome, Failed) else Done(earlier, outcome.external_id)
            )
        return [outcomes[figure.key] for figure in figures]

    async def _send(self, batch: Sequence[_Sent], outcomes: dict[str, Done | Failed]) -> ConnectorError | None:
        """Send a batch, halved until what is refused stands alone. An error that would meet all others as well is returned."""
        try:
            await self._api.tell(
                "PUT",
                "v3/inventory/adjustments/absolute",
                what="set stock",
                json={
                    "reason": "Stock at the warehouse",
                    "items": [{"location_id": one.location, one.by: one.id, "quantity": one.quantity} for one in batch],
                },
            )
        except InvalidData as error:
            if len(batch) == 1:
                _fail_all(batch, _refused(batch[0], error), outcomes)
                return None
            half = len(batch) // 2
            stopped = await self._send(batch[:half], outcomes)
            if stopped is None:
                return await self._send(batch[half:], outcomes)
            _fail_all(batch[half:], stopped, outcomes)
            return stopped
        except ConnectorError as error:
            _fail_all(batch, error, outcomes)
            return error if isinstance(error, AuthenticationFailed | RateLimited) else None
        for one in batch:
            outcomes[one.figure.key] = Done(one.figure.key, str(one.id), {one.by: str(one.id), "on_hand": str(one.quantity)})
        return None

    async def _places(self) -> list[_Place]:
        found: list[_Place] = []
        for page in range(1, _MOST_PAGES + 1):
            params = {"limit": "250", "page": str(page)}
            listed = await self._api.ask("v3/inventory/locations", _Places, what="list locations", params=params, empty=_Places())
            found += listed.data
            if page >= listed.meta.pagination.total_pages:
                break
        return found

    async def _items(self, skus: Sequence[str]) -> dict[str, _Item]:
        """Items by SKU. A SKU with a comma cannot be told from two in this list, and is not found."""
        found: dict[str, _Item] = {}
        wanted = [sku for sku in dict.fromkeys(skus) if sku and "," not in sku]
        for asked in batches(wanted, characters=LOOKED_UP):
            for page in range(1, _MOST_PAGES + 1):
                params = {"sku:in": ",".join(asked), "limit": "1000", "page": str(page)}
                listed = await self._api.ask("v3/inventory/items", _Items, what="look SKUs up", params=params, empty=_Items())
                found |= {item.identity.sku: item for item in listed.data if item.identity.sku}
                if page >= listed.meta.pagination.total_pages:
                    break
        return found

    async def _tracked(self, product_ids: Sequence[int]) -> dict[int, _Product]:
        found: dict[int, _Product] = {}
        for start in range(0, len(product_ids), 250):
            asked = ",".join(map(str, product_ids[start : start + 250]))
            params = {"id:in": asked, "include_fields": "inventory_tracking,base_variant_id", "limit": "250"}
            listed = await self._api.ask(
                "v3/catalog/products", _Products, what="look products up", params=params, empty=_Products()
            )
            found |= {product.id: product for product in listed.data}
        return found


def _prepared(figure: StockFigure, places: dict[int, _Place], items: dict[str, _Item], products: dict[int, _Product]) -> _Sent:
    """The figure as it is sent. Raises InvalidData with the reason why it cannot be."""
    item = items.get(figure.sku)
    if item is None:
        raise InvalidData(f"BigCommerce has no product with the SKU {figure.sku}.", field="sku")
    location = figure.location or DEFAULT_LOCATION
    place = places.get(int(location)) if location.isdigit() else None
    if place is None:
        raise InvalidData(f"BigCommerce has no location {location} any more. Link another one.", field="location")
    if not place.enabled:
        raise InvalidData(f"The location {place.label or location} is switched off in BigCommerce.", field="location")
    if figure.quantity != int(figure.quantity) or not Decimal(0) <= figure.quantity <= _MOST_STOCK:
        raise InvalidData(f"BigCommerce takes whole units from 0 up; {figure.sku} has {figure.quantity:f}.", field="quantity")
    product = products.get(item.identity.product_id or 0)
    tracking = product.inventory_tracking if product is not None else "variant"
    if tracking == "none":
        raise InvalidData(
            f"{figure.sku} does not track stock in BigCommerce. Switch on stock tracking for the product there.", field="sku"
        )
    by = "product_id" if tracking == "product" else "variant_id"
    id_ = item.identity.product_id if tracking == "product" else item.identity.variant_id
    if id_ is None:
        raise InvalidData(f"BigCommerce does not say which variant has the SKU {figure.sku}.", field="sku")
    level = next((level for level in item.locations if level.location_id == place.id), None)
    # What is shown as available is what is on hand less the safety stock set there.
    safety = level.settings.safety_stock if level is not None and level.settings is not None else 0
    return _Sent(figure, place.id, by, id_, min(int(figure.quantity) + max(safety, 0), _MOST_STOCK))


def _without_shared(ready: Sequence[_Sent], outcomes: dict[str, Done | Failed]) -> list[_Sent]:
    """Leave out figures that would overwrite each other: variants of a product that keeps one figure for all of them."""
    skus: dict[tuple[int, str, int], set[str]] = defaultdict(set)
    for one in ready:
        skus[(one.location, one.by, one.id)].add(one.figure.sku)
    kept = []
    for one in ready:
        shared = skus[(one.location, one.by, one.id)]
        if len(shared) == 1:
            kept.append(one)
            continue
        reason = InvalidData(
            f"BigCommerce keeps one stock figure for {', '.join(sorted(shared))} together. Let the product track stock by variant.",
            field="sku",
        )
        outcomes[one.figure.key] = Failed(one.figure.key, reason)
    return kept


def _last_of_each(ready: Sequence[_Sent]) -> tuple[list[_Sent], list[tuple[str, str]]]:
    """One figure for each item and place, the last; and which keys share the outcome of which."""
    last = {(one.location, one.by, one.id): one for one in ready}
    superseded = []
    for one in ready:
        later = last[(one.location, one.by, one.id)]
        if later is not one:
            superseded.append((one.figure.key, later.figure.key))
    return list(last.values()), superseded


def _refused(one: _Sent, error: InvalidData) -> InvalidData:
    said = error.evidence.get("said", "")
    return InvalidData(
        f"BigCommerce refuses the stock of {one.figure.sku}{f': “{said}”' if said else ''}.", field="sku", evidence=error.evidence
    )


def _fail_all(batch: Sequence[_Sent], error: ConnectorError, outcomes: dict[str, Done | Failed]) -> None:
    outcomes.update({one.figure.key: Failed(one.figure.key, error) for one in batch})
