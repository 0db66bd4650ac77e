"""What the contract tests of stores need to know of a store that is reached through files."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from contract.store_rig import StoreRig
from crossdock.connectors.filestore import connector
from crossdock.connectors.filestore.settings import Settings
from crossdock.connectors.filestore.simulator import FileCart, settings_of
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import AuthenticationFailed, Unavailable
from crossdock.connectors.kit.pages import Page
from crossdock.domain.fulfillment import ShipmentNotice, StockFigure
from crossdock.domain.orders import Order

LOGIN = "acme"
PLACES = ("Reno", "Memphis")


class Rig(StoreRig):
    """A cart's folder over SFTP."""

    connector = connector
    posts_with = "rename"

    numbers = "{}"
    renews = False
    mails = False
    skus_repeat = False
    skus_miss = False
    has_bundles = False
    begins_at_window = False
    is_paced = False
    judges_units = False
    knows_skus = False
    looks_again = True

    def __init__(self) -> None:
        super().__init__(FileCart())

    async def start(self) -> None:
        await super().start()
        self.password = self.sim.add_merchant(LOGIN)["password"]

    @property
    def door(self) -> Door:
        return Door(realm="sandbox", listeners=frozenset({("127.0.0.1", self.sim.sftp_port)}))

    def settings(self, **changes: Any) -> Settings:
        values = {**settings_of(self.sim, LOGIN), "password": self.password, "stock_locations": ", ".join(PLACES)}
        return Settings(**values | changes)

    def base_url(self, settings: Any) -> Any:
        return None

    def gives_new_key(self) -> None:
        self.password = self.sim.merchants[LOGIN].password

    # A folder that cannot be opened fails all that was to be done in it, and a session that was ended is begun anew, as the hub does.

    async def orders_changed(self, **more: Any) -> AsyncIterator[Page]:
        try:
            async for page in super().orders_changed(**more):
                yield page
        except Unavailable:
            async with self.client():
                raise

    async def post(self, *notices: ShipmentNotice, **changes: Any) -> list[Done | Failed]:
        try:
            return await super().post(*notices, **changes)
        except (AuthenticationFailed, Unavailable) as error:
            return [Failed(notice.key, error) for notice in notices]
        finally:
            self.sim.take_files()

    async def publish(self, *figures: StockFigure, **changes: Any) -> list[Done | Failed]:
        try:
            return await super().publish(*figures, **changes)
        except (AuthenticationFailed, Unavailable) as error:
            return [Failed(figure.key, error) for figure in figures]
        finally:
            self.sim.take_files()

    async def find(self, *notices: ShipmentNotice, **changes: Any) -> Any:
        try:
            return await super().find(*notices, **changes)
        finally:
            self.sim.take_files()

    async def order(self, external_id: str, **changes: Any) -> Order:
        self.sim.take_files()
        return await super().order(external_id, **changes)

    def places(self, **more: Any) -> str:
        return str(self.sim.add_order(**more))

    def places_at(self, moment: datetime, **more: Any) -> str:
        return self.places(created_at=moment.isoformat(), **more)

    def spoils(self, order_id: str) -> None:
        self.sim.spoil_order(order_id)

    def readdresses(self, order_id: str, street: str) -> None:
        self.sim.edit_order(order_id, address={"address1": street})

    def shipped_units(self, order_id: str) -> dict[str, int]:
        lines = self.sim.shop().orders[order_id].lines
        return {line.id: int(line.shipped) for line in lines if line.shipped}

    def told(self) -> dict[str, int]:
        return dict(self.sim.shop().told)

    def sells(self, sku: str | None, quantity: int = 0, **more: Any) -> str:
        return str(self.sim.add_product(sku, str(quantity), PLACES[0]))

    def stock_places(self) -> list[str]:
        return list(PLACES)

    def stock_of(self, sku: str, location: str | None = None) -> Decimal | None:
        found = self.sim.units(sku, location or PLACES[0])
        assert found is None or isinstance(found, Decimal)
        return found
