"""Telling the portal what there is to sell at once. Stock that is still to come belongs to other periods and is left alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import ConnectorError, InvalidData
from crossdock.connectors.nuorder.api import Api, part
from crossdock.connectors.nuorder.catalog import Catalog, Place, Places
from crossdock.connectors.nuorder.payloads import NuReplenishment, text
from crossdock.connectors.nuorder.periods import day_of, is_at_once, names_of
from crossdock.connectors.nuorder.settings import REPLENISHMENTS, Settings
from crossdock.domain.fulfillment import StockFigure

AT_ONCE = 2

_A_CALL = 200
"""Replenishments sent at once."""


class Stock:
    """Publishes stock figures to one portal."""

    def __init__(self, api: Api, settings: Settings, catalog: Catalog) -> None:
        self._api = api
        self._settings = settings
        self._catalog = catalog

    async def publish(self, figures: Sequence[StockFigure]) -> list[Done | Failed]:
        """Set each figure; of two for the same SKU the later one counts. Every product that has the SKU shows it."""
        if not figures:
            return []
        outcomes: dict[str, Done | Failed] = {}
        checked: dict[str, StockFigure] = {}
        named = [figure.product_id.partition(":")[0] for figure in figures if figure.product_id]
        try:
            places = await self._catalog.places(named if len(named) == len(figures) else ())
        except ConnectorError as error:
            return [Failed(figure.key, error) for figure in figures]
        for figure in figures:
            if (wrong := self._wrong(figure, places)) is not None:
                outcomes[figure.key] = Failed(figure.key, wrong)
            else:
                checked[figure.sku] = figure
        send = self._by_replenishment if self._settings.stock_through == REPLENISHMENTS else self._by_product
        said = await send({code: (figure, _of(figure, places.by_sku[code])) for code, figure in checked.items()})
        for figure in figures:
            if figure.key in outcomes:
                continue
            failed = said.get(figure.sku)
            outcomes[figure.key] = Failed(figure.key, failed) if failed is not None else Done(figure.key, figure.sku)
        return [outcomes[figure.key] for figure in figures]

    def _wrong(self, figure: StockFigure, places: Places) -> ConnectorError | None:
        if figure.quantity < 0:
            return InvalidData(f"{figure.sku} has {figure.quantity:f} units; stock is never less than nothing.", field="quantity")
        if figure.quantity != figure.quantity.to_integral_value():
            return InvalidData(f"{figure.sku} has {figure.quantity:f} units; NuORDER takes whole units.", field="quantity")
        if figure.location not in (None, "", self._settings.stock_warehouse):
            return InvalidData(
                f"This store tells its stock to NuORDER's warehouse {self._settings.stock_warehouse}, not to {figure.location}.",
                field="location",
            )
        if figure.sku not in places.by_sku:
            return places.missed or InvalidData(
                f"No product of NuORDER that Crossdock can see has {figure.sku}. Name its season in the settings of the store.",
                field="sku",
            )
        return None

    async def _by_product(self, wanted: dict[str, tuple[StockFigure, Sequence[Place]]]) -> dict[str, ConnectorError]:
        """One call a product, with all its sizes that are told."""
        products: dict[str, list[tuple[str, Place, Decimal]]] = {}
        for code, (figure, places) in wanted.items():
            for place in places:
                products.setdefault(place.product_id, []).append((code, place, figure.quantity))

        async def tell(product_id: str) -> Done:
            sizes: list[dict[str, Any]] = []
            for _, place, quantity in products[product_id]:
                size: dict[str, Any] = {"size": place.size, "quantity": int(quantity)}
                if place.upc:
                    size["upc"] = place.upc
                sizes.append(size)
            body = {
                "inventory": [
                    {
                        "warehouse": self._settings.stock_warehouse,
                        "prebook": False,
                        "wip": [{"name": "immediate", "sizes": sizes}],
                    }
                ]
            }
            await self._api.changed("POST", f"api/inventory/{part(product_id)}", "set inventory", body)
            return Done(product_id, product_id)

        errors: dict[str, ConnectorError] = {}
        for product_id, outcome in zip(products, await each(list(products), tell, key=str, at_once=AT_ONCE), strict=True):
            if isinstance(outcome, Failed):
                errors |= {code: outcome.error for code, _, _ in products[product_id]}
        return errors

    async def _by_replenishment(self, wanted: dict[str, tuple[StockFigure, Sequence[Place]]]) -> dict[str, ConnectorError]:
        """Replenishments of the warehouse, then the flags that let the catalog show them."""
        warehouse = self._settings.stock_warehouse
        try:
            standing = await self._api.replenishments(warehouse)
        except ConnectorError as error:
            return dict.fromkeys(wanted, error)
        errors: dict[str, ConnectorError] = {}
        rows: list[tuple[str, str, dict[str, Any]]] = []
        for code, (figure, places) in wanted.items():
            for place in places:
                row = _replenishment(warehouse, code, place, figure.quantity, standing)
                if row is None:
                    errors[code] = InvalidData(
                        f"NuORDER does not say its own id of {code}. Enter stock of it once in the portal, or choose Inventory by "
                        "product in the settings.",
                        field="sku",
                    )
                    continue
                rows.append((code, place.product_id, row))
        for start in range(0, len(rows), _A_CALL):
            chunk = rows[start : start + _A_CALL]
            try:
                await self._api.changed(
                    "PUT",
                    f"api/v3.0/warehouse/{part(warehouse)}/replenishments",
                    "set replenishments",
                    {"replenishments": [row for _, _, row in chunk]},
                )
                products = list(dict.fromkeys(product_id for _, product_id, _ in chunk))
                await self._api.changed("PUT", "api/inventory/flags", "refresh flags", {"product_ids": products})
            except ConnectorError as error:
                errors |= {code: error for code, _, _ in chunk}
        return errors


def _of(figure: StockFigure, places: Sequence[Place]) -> Sequence[Place]:
    """The places that are meant: the store's own key of what is sold, where the figure has it, else all with the SKU."""
    named = [place for place in places if figure.product_id in (place.product_id, f"{place.product_id}:{place.size}")]
    return named or places


def _replenishment(
    warehouse: str, code: str, place: Place, quantity: Decimal, standing: Sequence[NuReplenishment]
) -> dict[str, Any] | None:
    """What is there at once, changed to the new figure; else a new one that begins today. None without NuORDER's id of the SKU."""
    today = datetime.now(UTC).date()
    names = {name for name in (code, place.upc, place.sku_id) if name}
    ours = [one for one in standing if not one.prebook and not names.isdisjoint(names_of(one))]
    at_once = [one for one in ours if is_at_once(one, today)]
    sku_id = place.sku_id or next((text(one.sku_id) for one in ours if one.sku_id), None)
    if sku_id is None:
        return None
    row: dict[str, Any] = {
        "warehouse_id": warehouse,
        "sku_id": sku_id,
        "display_name": code,
        "prebook": False,
        "period_start": day_of(at_once[0].period_start) if at_once else today.isoformat(),
        "quantity": int(quantity),
        "active": True,
    }
    if at_once and at_once[0].id:
        row["id"] = text(at_once[0].id)
    return row
