"""What the portal sells: the products of the seasons in the settings, and those on orders. NuORDER has no list of all of them."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from crossdock.connectors.kit.errors import ConnectorError, InvalidData, Unavailable
from crossdock.connectors.kit.pages import Position, ProductPage, Rejected
from crossdock.connectors.kit.together import together
from crossdock.connectors.nuorder.api import Api, read_product
from crossdock.connectors.nuorder.mapping import moment, read_order
from crossdock.connectors.nuorder.payloads import NuProduct, NuReplenishment, text
from crossdock.connectors.nuorder.periods import there_now, units_there
from crossdock.connectors.nuorder.pull import PROCESSED, Orders
from crossdock.connectors.nuorder.settings import REPLENISHMENTS, Settings
from crossdock.connectors.nuorder.standing import barcode, sku
from crossdock.domain.products import Product

PAGE = 50
"""Products in a page; each is a call of its own."""

_ORDERS_AT_ONCE = 50


class Place(Struct, frozen=True):
    """Where a SKU is in the catalog."""

    product_id: str
    size: str
    upc: str | None
    sku_id: str | None


class Places(Struct, frozen=True):
    """Where SKUs are. `missed` is what kept some products from being read: a SKU that is absent may be in one of them."""

    by_sku: Mapping[str, Sequence[Place]]
    missed: ConnectorError | None = None


class Catalog:
    """Reads the products of one portal."""

    def __init__(self, api: Api, settings: Settings, orders: Orders) -> None:
        self._api = api
        self._settings = settings
        self._orders = orders

    async def products(self, after: Position | None, page_size: int | None) -> AsyncIterator[ProductPage]:
        """Every size of every product that can be found, by product id. The last page is told by the ids known beforehand."""
        begin = after.id if after is not None and after.id else ""
        ids = [id_ for id_ in sorted(await self._product_ids()) if id_ > begin]
        size = page_size or PAGE
        if not ids:
            yield ProductPage((), (), Position(None, begin or None), is_last=True)
            return
        standing = await self._standing()
        for start in range(0, len(ids), size):
            part = ids[start : start + size]
            raws = await together(part, self._api.product)
            found: list[Product] = []
            rejected: list[Rejected] = []
            for id_, raw in zip(part, raws, strict=True):
                if raw is None:
                    continue
                try:
                    found += to_products(read_product(raw), self._settings.sku_from, standing)
                except InvalidData as error:
                    rejected.append(Rejected(id_, error.field, error.message, raw))
            yield ProductPage(tuple(found), tuple(rejected), Position(None, part[-1]), is_last=start + size >= len(ids))

    async def places(self, products: Collection[str] = ()) -> Places:
        """Where SKUs are: in the named products, or in all that can be found where none are named.

        One SKU may be in several products, a color that is sold in two seasons for example. A product that does not answer holds up
        no other.
        """
        by_sku: dict[str, list[Place]] = {}
        missed: ConnectorError | None = None

        async def read(product_id: str) -> bytes | ConnectorError | None:
            try:
                return await self._api.product(product_id)
            except Unavailable as error:
                return error

        ids = sorted(products or await self._product_ids())
        for start in range(0, len(ids), PAGE):
            for raw in await together(ids[start : start + PAGE], read):
                if isinstance(raw, ConnectorError):
                    missed = raw
                    continue
                try:
                    found = read_product(raw) if raw is not None else None
                except InvalidData:
                    continue
                for place, code in _places(found, self._settings.sku_from) if found is not None else ():
                    by_sku.setdefault(code, []).append(place)
        return Places(by_sku, missed)

    async def _standing(self) -> Mapping[str, Sequence[NuReplenishment]]:
        """What replenishments say is there now, by SKU: some calls for all. Inventory by product can be told, and not asked for."""
        if self._settings.stock_through != REPLENISHMENTS:
            return {}
        try:
            rows = await self._api.replenishments(self._settings.stock_warehouse)
        except InvalidData:
            # Another warehouse, or not allowed: products are read all the same, without it.
            return {}
        return there_now(rows, datetime.now(UTC).date())

    async def _product_ids(self) -> set[str]:
        found: set[str] = set()
        for season in self._settings.season_list:
            found |= set(await self._api.product_ids(season))
        ids: list[str] = []
        for status in dict.fromkeys((*self._settings.import_statuses, PROCESSED)):
            ids += self._orders.recent(await self._orders.ids(status))
        for start in range(0, len(ids), _ORDERS_AT_ONCE):
            for raw in await together(ids[start : start + _ORDERS_AT_ONCE], self._api.order):
                if raw is None:
                    continue
                try:
                    found |= {line.product.id for line in read_order(raw).line_items if line.product.id}
                except InvalidData:
                    continue
        return found


def to_products(nu: NuProduct, sku_from: str, standing: Mapping[str, Sequence[NuReplenishment]] | None = None) -> list[Product]:
    """One entry for each size. The price is the wholesale price where it is given in one currency only.

    `standing` is what replenishments say is there now; see `periods.there_now`.
    """
    title = text(nu.name) or text(nu.style_number) or nu.id
    options = {"style": text(nu.style_number), "season": text(nu.season), "color": text(nu.color), "brand_id": text(nu.brand_id)}
    found = []
    for size in nu.sizes:
        name = text(size.size) or ""
        code = sku(sku_from, upc=text(size.upc), style=text(nu.style_number), color=text(nu.color), size=name)
        found.append(
            Product(
                external_id=f"{nu.id}:{name}",
                product_id=nu.id,
                sku=code or None,
                name=" ".join(part for part in (title, text(nu.color), name if len(nu.sizes) > 1 else None) if part),
                updated_at=moment(nu.modified_on, "modified_on"),
                barcode=barcode(text(size.upc)),
                price=_wholesale(nu),
                options={key: value for key, value in {**options, "size": name}.items() if value},
                is_active=nu.active is not False and nu.cancelled is not True,
                stock=units_there(standing or {}, (code, text(size.upc), text(size.sku_id))),
            )
        )
    return found


def _places(nu: NuProduct, sku_from: str) -> list[tuple[Place, str]]:
    found = []
    for size in nu.sizes:
        name = text(size.size) or ""
        code = sku(sku_from, upc=text(size.upc), style=text(nu.style_number), color=text(nu.color), size=name)
        found.append((Place(nu.id, name, text(size.upc), text(size.sku_id)), code))
    return found


def _wholesale(nu: NuProduct) -> Decimal | None:
    prices = [one.get("wholesale") for one in (nu.pricing or {}).values() if isinstance(one, dict)]
    if len(prices) != 1 or prices[0] in (None, ""):
        return None
    try:
        price = Decimal(str(prices[0]))
    except InvalidOperation:
        return None
    return price if price.is_finite() else None
