"""Stock out, as adjustments: Acumatica has no “set quantity”, so the difference to its own figure is posted and released.

The difference is taken to what Acumatica shows as available at that moment, not to what it took from us last: its figure also moves by
the shipments we confirm, and a difference between two of our figures would count those twice. So a repeat posts nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.connectors.acumatica.endpoint import Endpoint, any_of, is_since, quoted, wrapped
from crossdock.connectors.acumatica.mapping import figure
from crossdock.connectors.acumatica.payloads import AcAdjustment, AcItem, AcStorage, AcSummary, AcWarehouse
from crossdock.connectors.acumatica.settings import Settings
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData
from crossdock.domain.fulfillment import StockFigure

DESCRIPTION = "Crossdock stock figures"
"""What our adjustments are called; one that was not released is found and deleted by it."""

_AT_ONCE = 25
_ONE_BY_ONE = 5
"""Up to so many items are asked for one by one; for more the whole warehouse is one call."""

_LINES = 100
_STORAGE_SINCE = "23.200.001"

_MOST_WAREHOUSES = 10
"""Warehouses that are asked for what is available; more would take too long, and the license counts every call."""


class _Wanted(Struct, frozen=True):
    figure: StockFigure
    warehouse: str
    item: AcItem


class _Delta(Struct, frozen=True):
    wanted: _Wanted
    units: Decimal


class Stock:
    """Adjusts stock of one tenant."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint = endpoint
        self._settings = settings

    async def publish(self, figures: Sequence[StockFigure]) -> list[Done | Failed]:
        """See `TakesStock`. One adjustment for up to a hundred items."""
        if not self._settings.adjust_stock:
            off = InvalidData(
                "Stock adjustments are switched off for this store, since they change the general ledger. Switch them on to post "
                "them.",
                field="adjust_stock",
            )
            return [Failed(one.key, off) for one in figures]
        outcomes: dict[str, Done | Failed] = {}
        try:
            wanted = await self._wanted(_latest(figures, outcomes), outcomes)
            deltas = await self._deltas(wanted, outcomes)
            for start in range(0, len(deltas), _LINES):
                await self._post(deltas[start : start + _LINES], outcomes)
        except ConnectorError as error:
            for one in figures:
                outcomes.setdefault(one.key, Failed(one.key, error))
        return [outcomes[one.key] for one in figures]

    async def _wanted(self, figures: Sequence[StockFigure], outcomes: dict[str, Done | Failed]) -> list[_Wanted]:
        if not figures:
            return []
        offered = await self._warehouses()
        items: dict[str, AcItem] = {}
        skus = list(dict.fromkeys(one.sku for one in figures))
        for start in range(0, len(skus), _AT_ONCE):
            rows = await self._endpoint.rows(
                "StockItem",
                filter=any_of("InventoryID", skus[start : start + _AT_ONCE]),
                select="InventoryID,BaseUOM,ItemStatus",
            )
            for row in rows:
                found_item = decode(row, AcItem, what="The stock item")
                items[(found_item.inventory_id.plain or "").casefold()] = found_item
        found = []
        for one in figures:
            warehouse = one.location or self._settings.warehouse
            item = items.get(one.sku.strip().casefold())
            if item is None:
                outcomes[one.key] = Failed(
                    one.key, InvalidData(f"Acumatica has no stock item {one.sku}. Make it there, or link the SKU.", field="sku")
                )
            elif not warehouse:
                outcomes[one.key] = Failed(
                    one.key, InvalidData("Choose the Acumatica warehouse whose stock is adjusted.", field="warehouse")
                )
            elif warehouse.casefold() not in offered:
                outcomes[one.key] = Failed(
                    one.key, InvalidData(f"Acumatica has no warehouse {warehouse}. Link another location.", field="location")
                )
            elif one.quantity < 0:
                outcomes[one.key] = Failed(
                    one.key,
                    InvalidData(f"{one.quantity:f} of {one.sku} is less than nothing; it is not posted.", field="quantity"),
                )
            else:
                found.append(_Wanted(one, warehouse, item))
        return found

    async def _warehouses(self) -> frozenset[str]:
        rows = await self._endpoint.rows("Warehouse", select="WarehouseID")
        return frozenset((decode(row, AcWarehouse, what="A warehouse").warehouse_id.plain or "").casefold() for row in rows)

    async def _deltas(self, wanted: Sequence[_Wanted], outcomes: dict[str, Done | Failed]) -> list[_Delta]:
        deltas = []
        for warehouse in dict.fromkeys(one.warehouse for one in wanted):
            here = [one for one in wanted if one.warehouse == warehouse]
            available = await self._available(warehouse, [one.item.inventory_id.plain or "" for one in here])
            for one in here:
                now = available.get((one.item.inventory_id.plain or "").casefold(), Decimal(0))
                if one.figure.quantity == now:
                    outcomes[one.figure.key] = Done(one.figure.key, one.figure.sku, {"available": f"{now:f}", "change": "0"})
                else:
                    deltas.append(_Delta(one, one.figure.quantity - now))
        return deltas

    async def _available(self, warehouse: str, skus: Sequence[str]) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        if len(skus) > _ONE_BY_ONE and is_since(await self._endpoint.version(), _STORAGE_SINCE):
            return await self._whole(warehouse)
        for sku in skus:
            summary = await self._endpoint.inquire(
                "InventorySummaryInquiry", {"InventoryID": sku, "WarehouseID": warehouse}, AcSummary, expand="Results"
            )
            rows = [row for row in summary.results if (row.warehouse_id.plain or warehouse).casefold() == warehouse.casefold()]
            found[sku.casefold()] = sum((figure(row.qty_available, "QtyAvailable") or Decimal(0) for row in rows), Decimal(0))
        return found

    async def available(self) -> Mapping[str, Decimal]:
        """What is available of every item, by InventoryID in small letters: in the warehouse of the settings, else in all of them
        together. One call a warehouse. Empty where the endpoint does not say it, or this user may not see it.
        """
        if not is_since(await self._endpoint.version(), _STORAGE_SINCE):
            return {}
        found: dict[str, Decimal] = {}
        try:
            places = [self._settings.warehouse] if self._settings.warehouse else await self._active()
            if len(places) > _MOST_WAREHOUSES:
                return {}
            for place in places:
                for sku, units in (await self._whole(place)).items():
                    found[sku] = found.get(sku, Decimal(0)) + units
        except InvalidData:
            return {}
        except AuthenticationFailed as error:
            if error.evidence.get("status") != "403":
                raise
            return {}
        return found

    async def _whole(self, warehouse: str) -> dict[str, Decimal]:
        """What is available of every item of a warehouse, its locations together."""
        storage = await self._endpoint.inquire(
            "StorageDetailsInquiry", {"WarehouseID": warehouse}, AcStorage, expand="StorageDetails"
        )
        found: dict[str, Decimal] = {}
        for row in storage.storage_details:
            units = figure(row.qty_available, "QtyAvailable")
            if units is not None:
                sku = (row.inventory_id.plain or "").casefold()
                found[sku] = found.get(sku, Decimal(0)) + units
        return found

    async def _active(self) -> list[str]:
        rows = await self._endpoint.rows("Warehouse", select="WarehouseID,Active")
        places = [decode(row, AcWarehouse, what="A warehouse") for row in rows]
        return [place.warehouse_id.plain for place in places if place.warehouse_id.plain and place.active.value is not False]

    async def _post(self, deltas: Sequence[_Delta], outcomes: dict[str, Done | Failed]) -> None:
        """Post some differences together; where Acumatica refuses them, in halves, so that the one at fault fails alone."""
        try:
            number = await self._adjust(deltas)
        except InvalidData as error:
            if len(deltas) == 1:
                outcomes[deltas[0].wanted.figure.key] = Failed(deltas[0].wanted.figure.key, error)
                return
            middle = len(deltas) // 2
            await self._post(deltas[:middle], outcomes)
            await self._post(deltas[middle:], outcomes)
            return
        for one in deltas:
            said = {"adjustment": number, "change": f"{one.units:f}"}
            outcomes[one.wanted.figure.key] = Done(one.wanted.figure.key, one.wanted.figure.sku, said)

    async def _adjust(self, deltas: Sequence[_Delta]) -> str:
        await self._drop_left_over()
        details = [
            {
                "InventoryID": one.wanted.item.inventory_id.plain,
                "WarehouseID": one.wanted.warehouse,
                "Qty": float(one.units),
                **({"UOM": unit} if (unit := one.wanted.item.base_uom.plain) else {}),
                **({"LocationID": self._settings.location} if self._settings.location else {}),
                **({"ReasonCode": self._settings.reason_code} if self._settings.reason_code else {}),
            }
            for one in deltas
        ]
        fields = {
            "Date": f"{datetime.now(UTC).date().isoformat()}T00:00:00+00:00",
            "Description": DESCRIPTION,
            "Hold": False,
            "Details": details,
        }
        made = await self._endpoint.put("InventoryAdjustment", wrapped(fields), AcAdjustment, insert=True)
        number = made.reference_nbr.plain or ""
        await self._endpoint.act("InventoryAdjustment", "ReleaseAdjustment", {"ReferenceNbr": number})
        return number

    async def _drop_left_over(self) -> None:
        """Delete adjustments of ours that an earlier try made and did not release; released later, they would count twice."""
        rows = await self._endpoint.rows(
            "InventoryAdjustment",
            filter=f"Description eq {quoted(DESCRIPTION)} and Status ne 'Released'",
            select="ReferenceNbr,Status,Description",
        )
        for row in rows:
            left = decode(row, AcAdjustment, what="The adjustment")
            if left.reference_nbr.plain:
                await self._endpoint.delete("InventoryAdjustment", left.reference_nbr.plain)


def _latest(figures: Sequence[StockFigure], outcomes: dict[str, Done | Failed]) -> list[StockFigure]:
    """The last figure for each item and warehouse; what it replaces is done with it."""
    last = {(one.sku.strip().casefold(), one.location): one for one in figures}
    for one in figures:
        if last[one.sku.strip().casefold(), one.location] is not one:
            outcomes[one.key] = Done(one.key, one.sku, {"replaced": "by a later figure"})
    return list(last.values())
