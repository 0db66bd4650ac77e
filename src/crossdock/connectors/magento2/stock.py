"""Telling the shop what there is to sell: source items, with what Magento has reserved for open orders understood.

A source item is what physically is at a source. What can be sold is their sum less reservations, and an order reserves its units
from the moment it is placed until it ships. So the figure to show, written as it is, would be lessened twice, and shipping would
fail for want of units that were packed (magento/inventory#2073). What is written is the figure and what is reserved.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from urllib.parse import quote

from msgspec import Struct

from crossdock.connectors.kit.batches import batches
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData, RateLimited
from crossdock.connectors.kit.settings import Choice
from crossdock.connectors.magento2.api import Api, Gone, NoRoute
from crossdock.connectors.magento2.criteria import PAGE, Filter, Group, one_of, query
from crossdock.connectors.magento2.payloads import Id, MgSource, MgStoreView, MgWebsite, Number, text_of, units_of
from crossdock.connectors.magento2.posting import number
from crossdock.connectors.magento2.settings import Settings
from crossdock.domain.fulfillment import StockFigure

BATCH = 20
"""SKUs in one write: shops that index on save take long for more."""

_LOOKED_UP = 4_000
"""Characters of SKUs asked for in one call, as they stand in the address."""

_ROWS = 300
_MOST_PAGES = 100
KEEPS_NO_STOCK = frozenset({"configurable", "bundle", "grouped"})
_IN_STOCK = "1"


class _Kind(Struct, frozen=True):
    sku: str
    type_id: str = ""


class _SourceItem(Struct, frozen=True):
    sku: str
    source_code: str
    quantity: Number = None
    status: Id = 1


class _Salable(Struct, frozen=True):
    sku: str = ""
    qty: Number = None


class _StockId(Struct, frozen=True):
    stock_id: Id = None


class _Sold(Struct, frozen=True):
    """What is sold from where: the website's code, its stock, the stock's sources, and the one that shipments are taken from."""

    website: str
    stock_id: str
    sources: tuple[str, ...]
    ships_from: str


class Stock:
    """Writes stock of one shop."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        self._sold: _Sold | None = None
        self._site: str | None = None
        self._sources: frozenset[str] | None = None

    async def locations(self) -> list[Choice]:
        """The sources that are switched on."""
        page = await self._api.search(
            "inventory/sources", query(sort=("source_code",), size=300), operation="Sources", what="Magento's list of sources"
        )
        sources = [decode(raw, MgSource, what="The source") for raw in page.items or ()]
        return [Choice(one.source_code, one.name or one.source_code) for one in sources if one.enabled]

    async def publish(self, figures: Sequence[StockFigure]) -> list[Done | Failed]:
        """Each figure by itself, some in one call. All are absolute, so doing it twice changes nothing."""
        outcomes: dict[str, Done | Failed] = {}
        stopped: ConnectorError | None = None
        # All places of a SKU together, so that what is reserved is added once.
        ordered = sorted(figures, key=lambda figure: figure.sku)
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            if stopped is None:
                try:
                    outcomes |= await self._publish(batch)
                    continue
                except ConnectorError as error:
                    if isinstance(error, AuthenticationFailed | RateLimited):
                        stopped = error
                    outcomes |= {figure.key: Failed(figure.key, error) for figure in batch}
            else:
                outcomes |= {figure.key: Failed(figure.key, stopped) for figure in batch}
        return [outcomes[figure.key] for figure in figures]

    async def _publish(self, batch: Sequence[StockFigure]) -> dict[str, Done | Failed]:
        kinds = await self._kinds([figure.sku for figure in batch])
        places = await self._places()
        outcomes: dict[str, Done | Failed] = {}
        known: list[StockFigure] = []
        for figure in batch:
            kind = kinds.get(figure.sku.casefold())
            if kind is None:
                refused = InvalidData(f"The shop has no product with the SKU {figure.sku}.", field="sku")
            elif kind.type_id in KEEPS_NO_STOCK:
                refused = InvalidData(
                    f"{figure.sku} is a {kind.type_id} product, and Magento keeps stock only of the products inside it.",
                    field="sku",
                )
            elif figure.location and figure.location not in places:
                refused = InvalidData(f"The shop has no inventory source called {figure.location}.", field="location")
            elif figure.quantity < 0:
                refused = InvalidData(f"The stock of {figure.sku} is negative.", field="quantity")
            else:
                known.append(figure)
                continue
            outcomes[figure.key] = Failed(figure.key, refused)
        if not known:
            return outcomes
        sold = await self._sold_from()
        reserved = await self._reserved([figure.sku for figure in known], sold)
        rows = {figure.key: self._row(figure, kinds, reserved, sold) for figure in known}
        # Of two figures for one place the later one is what counts.
        last = {(str(row["sku"]).casefold(), row["source_code"]): row for row in rows.values()}
        try:
            await self._write(list(last.values()))
        except InvalidData:
            # One of them is refused, a source that is not there for example: the others go by themselves.
            for figure in known:
                outcomes[figure.key] = await self._alone(figure, rows[figure.key])
            return outcomes
        return outcomes | {figure.key: _done(figure, rows[figure.key]) for figure in known}

    def _row(
        self, figure: StockFigure, kinds: Mapping[str, _Kind], reserved: Mapping[str, Decimal], sold: _Sold
    ) -> dict[str, object]:
        source = figure.location or sold.ships_from
        more = reserved.get(figure.sku.casefold(), Decimal(0)) if source == sold.ships_from else Decimal(0)
        return {
            "sku": kinds[figure.sku.casefold()].sku,
            "source_code": source,
            "quantity": number(figure.quantity + more),
            "status": 1 if figure.quantity + more > 0 else 0,
        }

    async def _alone(self, figure: StockFigure, row: dict[str, object]) -> Done | Failed:
        try:
            await self._write([row])
        except ConnectorError as error:
            return Failed(figure.key, error)
        return _done(figure, row)

    async def _write(self, rows: Sequence[dict[str, object]]) -> None:
        await self._api.change(
            "POST", "inventory/source-items", {"sourceItems": list(rows)}, operation="SourceItems", what="The stock of the shop"
        )

    async def _places(self) -> frozenset[str]:
        """The sources that are switched on, asked once."""
        if self._sources is None:
            self._sources = frozenset(choice.value for choice in await self.locations())
        return self._sources

    async def _kinds(self, skus: Sequence[str]) -> dict[str, _Kind]:
        """Products by SKU without regard to case, as Magento's database compares them."""
        asked = query([one_of("sku", list(dict.fromkeys(skus)))], size=PAGE, fields="items[sku,type_id],total_count")
        page = await self._api.search("products", asked, operation="ProductKinds", what="Magento's list of products")
        kinds = [decode(raw, _Kind, what="The product") for raw in page.items or ()]
        return {kind.sku.casefold(): kind for kind in kinds}

    async def _reserved(self, skus: Sequence[str], sold: _Sold) -> dict[str, Decimal]:
        """Units by SKU that open orders hold, an out-of-stock threshold included: what is at the sources less what can be sold."""
        wanted = list(dict.fromkeys(skus))
        groups = [one_of("sku", wanted), (Filter("source_code", ",".join(sold.sources), "in"),)]
        there: dict[str, Decimal] = {}
        for item in await self._source_items(groups):
            key = item.sku.casefold()
            there.setdefault(key, Decimal(0))
            if text_of(item.status) == _IN_STOCK:
                there[key] += units_of(item.quantity, "quantity")
        salable = await self._salable(wanted, sold)
        return {
            key: max(Decimal(0), units - salable[key])
            for key, units in there.items()
            # What the index does not have yet says nothing about reservations.
            if key in salable
        }

    async def _source_items(self, groups: Sequence[Group]) -> list[_SourceItem]:
        """All of them: many sources make more rows than one page has."""
        found: dict[tuple[str, str], _SourceItem] = {}
        for number_of_page in range(1, _MOST_PAGES):
            asked = query(groups, sort=("sku", "source_code"), size=_ROWS, page=number_of_page)
            page = await self._api.search("inventory/source-items", asked, operation="ReadSourceItems", what="Magento's stock")
            items = [decode(raw, _SourceItem, what="The source item") for raw in page.items or ()]
            found |= {(item.sku.casefold(), item.source_code): item for item in items}
            if number_of_page * _ROWS >= (page.total_count or 0):
                break
        return list(found.values())

    async def salable(self, skus: Sequence[str]) -> dict[str, Decimal]:
        """What can be sold of SKUs, by SKU in small letters: one call for a hundred. What the index does not have is absent.

        Raises NoRoute where the shop cannot list it; asking for one after the other would cost a call each.
        """
        if self._site is None:
            self._site = await self._website()
        found: dict[str, Decimal] = {}
        for some in batches(list(dict.fromkeys(skus)), characters=_LOOKED_UP, most=PAGE, length=_encoded):
            listed = await self._listed(some, self._site)
            found |= {key: units for key, units in listed.items() if units is not None}
        return found

    async def _salable(self, skus: Sequence[str], sold: _Sold) -> dict[str, Decimal]:
        try:
            listed = await self._listed(skus, sold.website)
        except NoRoute:
            found = {sku.casefold(): await self._salable_one(sku, sold.stock_id) for sku in skus}
            return {key: units for key, units in found.items() if units is not None}
        return {key: units if units is not None else Decimal(0) for key, units in listed.items()}

    async def _listed(self, skus: Sequence[str], website: str) -> dict[str, Decimal | None]:
        page = await self._api.search(
            f"inventory/export-stock-salable-qty/website/{website}",
            query([one_of("sku", skus)], size=PAGE),
            operation="Salable",
            what="Magento's stock",
        )
        rows = [decode(raw, _Salable, what="The stock") for raw in page.items or ()]
        return {row.sku.casefold(): row.qty for row in rows}

    async def _salable_one(self, sku: str, stock_id: str) -> Decimal | None:
        """None for a product that no source of the stock has yet."""
        path = f"inventory/get-product-salable-quantity/{_in_path(sku)}/{stock_id}"
        try:
            return await self._api.get(path, Decimal, operation="SalableOne", what="The stock")
        except Gone:
            return None

    async def _sold_from(self) -> _Sold:
        """Which stock the shop sells from, asked once. Raises InvalidData where the shop has no sources at all."""
        if self._sold is None:
            website = await self._website()
            try:
                stock = await self._api.get(
                    f"inventory/stock-resolver/website/{website}", _StockId, operation="StockOf", what="The website's stock"
                )
            except NoRoute as error:
                raise InvalidData(
                    "This shop's inventory modules are switched off, so stock cannot be written. Switch them on, or stock off here.",
                    evidence=error.evidence,
                ) from error
            stock_id = text_of(stock.stock_id)
            sources = await self._api.get(
                f"inventory/get-sources-assigned-to-stock-ordered-by-priority/{stock_id}",
                tuple[MgSource, ...],
                operation="SourcesOf",
                what="The stock's sources",
            )
            codes = tuple(source.source_code for source in sources if source.enabled)
            ships_from = self._settings.source_code or (codes[0] if len(codes) == 1 else "default")
            self._sold = _Sold(website, stock_id, codes or ("default",), ships_from)
        return self._sold

    async def _website(self) -> str:
        """The website of the store view in the settings, else the shop's first one."""
        sites = await self._api.get("store/websites", tuple[MgWebsite, ...], operation="Websites", what="The shop's websites")
        wanted = None
        if self._settings.store_view:
            views = await self._api.get(
                "store/storeViews", tuple[MgStoreView, ...], operation="StoreViews", what="The shop's store views"
            )
            wanted = next((text_of(view.website_id) for view in views if view.code == self._settings.store_view), None)
        for site in sorted(sites, key=lambda one: int(text_of(one.id) or 0)):
            if text_of(site.id) == wanted or (wanted is None and text_of(site.id) != "0"):
                return site.code
        raise InvalidData("The shop has no website.", field="store_view")


def _done(figure: StockFigure, row: Mapping[str, object]) -> Done:
    written = f"{row['quantity']} at {row['source_code']}"
    return Done(figure.key, f"{row['sku']}@{row['source_code']}", {"shown": f"{figure.quantity:f}", "written": written})


def _in_path(sku: str) -> str:
    """A SKU inside a path. A slash is encoded twice: web servers before Magento undo it once."""
    return quote(sku.replace("/", "%2F"), safe="")


def _encoded(sku: str) -> int:
    return len(quote(sku, safe="")) + len("%2C") - 1
