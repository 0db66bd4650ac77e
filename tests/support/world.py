"""A whole world for tests: a shop and a warehouse as servers, joined by a connection, and the lanes that carry orders between them.

Lanes are run by the test itself; see `support.lanes`.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from crossdock.accounts.models import Account
from crossdock.accounts.rights import system
from crossdock.accounts.testing import an_account
from crossdock.connections import gateway, merchants, services, sites
from crossdock.connections.models import Connection, Merchant, Mode, Store, Warehouse
from crossdock.connectors.files.settings import Settings as FilesSettings
from crossdock.connectors.files.simulator import FileWarehouse
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.shopify.settings import Settings as ShopifySettings
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.orders.models import SalesOrder
from crossdock.tenancy.scope import across_accounts
from support.lanes import Lanes

MERCHANT = "acme"
PASSWORD = "a password of the sandbox"


class World(Lanes):
    """One account with a store, a warehouse and a connection."""

    def __init__(self, account: Account, shop: ShopifySimulator, warehouse: FileWarehouse) -> None:
        super().__init__(account)
        self.actor = system(account.pk)
        self.shop = shop
        self.wms = warehouse
        self.handle = ""
        self.store: Store
        self.warehouse: Warehouse
        self.connection: Connection

    def shopify_settings(self, token: str, settings: Mapping[str, Any] | None = None) -> ShopifySettings:
        """How the shop is signed in to with a token."""
        location = next(iter(self.shop.shop(self.handle).locations.values()))
        return ShopifySettings.model_validate(
            {
                "shop": self.handle,
                "access": "token",
                "admin_token": token,
                "location": str(location["id"]).rsplit("/", 1)[-1],
                **(settings or {}),
            }
        )

    def join(self, *, handle: str, settings: Mapping[str, Any] | None = None, merchant: Merchant | None = None) -> None:
        """Add the store, the warehouse and a connection between them, as the wizard would. Runs in the scope."""
        self.handle = handle
        merchant = merchant or merchants.create_merchant(actor=self.actor, name="Acme Outdoor")
        self.store = sites.save_store(
            actor=self.actor,
            merchant=merchant,
            platform="shopify",
            name="Acme shop",
            settings=self.shopify_settings(self.shop.give_token(handle), settings),
            identity=Identity(f"{handle}-id", "Acme"),
        )
        self.warehouse = sites.save_warehouse(
            actor=self.actor,
            platform="files",
            name="Reno warehouse",
            settings=files_settings(self.wms, MERCHANT),
            identity=Identity(f"{MERCHANT}-{self.wms.sftp_port}", "Reno"),
        )
        self.connection = services.create_connection(
            actor=self.actor, name="Acme to Reno", store=self.store, warehouse=self.warehouse
        )

    def set_mode(self, mode: str) -> None:
        """Turn the connection Off, to Observe or Live. Runs in the scope."""
        services.set_mode(actor=self.actor, connection=self.connection, mode=Mode(mode))

    async def orders(self) -> dict[str, SalesOrder]:
        """The account's orders by number."""
        return {order.number: order for order in await self.there(lambda: list(SalesOrder.objects.all()))}

    async def statuses(self) -> dict[str, str]:
        """Where each order stands, by number."""
        return {number: order.status for number, order in (await self.orders()).items()}


def files_settings(warehouse: FileWarehouse, login: str) -> FilesSettings:
    """How a merchant's folder at the simulated warehouse is reached."""
    return FilesSettings.model_validate(
        {
            "host": "127.0.0.1",
            "port": warehouse.sftp_port,
            "username": login,
            "password": PASSWORD,
            "host_key": warehouse.fingerprint,
            "quiet_seconds": 0,
            "default_method": "Ground",
        }
    )


@asynccontextmanager
async def a_world(*, live: bool = True, settings: Mapping[str, Any] | None = None) -> AsyncIterator[World]:
    """Start a shop and a warehouse, join them, and stop everything at the end."""
    handle = f"acme-{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory(prefix="crossdock-world-") as folder:
        shop = ShopifySimulator(shops=[handle])
        warehouse = FileWarehouse(folder=Path(folder))
        await shop.start()
        await warehouse.start()
        os.environ["CROSSDOCK_BASE_URL__SHOPIFY"] = f"{shop.url}/{{shop}}"
        os.environ["CROSSDOCK_BASE_URL__FILES"] = warehouse.sftp_url
        warehouse.add_merchant(MERCHANT, PASSWORD)
        try:
            world = World(await across_accounts(an_account), shop, warehouse)
            await world.there(world.join, handle=handle, settings=settings)
            if live:
                await world.there(world.set_mode, "live")
            yield world
        finally:
            await gateway.close_transports()
            del os.environ["CROSSDOCK_BASE_URL__SHOPIFY"], os.environ["CROSSDOCK_BASE_URL__FILES"]
            await shop.stop()
            await warehouse.stop()
