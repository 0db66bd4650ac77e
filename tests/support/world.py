"""A whole world for tests: a shop and a warehouse as servers, joined by a connection, and the lanes that carry orders between them.

Lanes are run by the test itself, in its own event loop: `settle` looks at whatever is due until nothing is.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection as database

from crossdock.accounts.models import Account
from crossdock.accounts.rights import system
from crossdock.accounts.testing import an_account
from crossdock.connections import gateway, services
from crossdock.connections.models import Connection, Merchant, Mode, Store, Warehouse
from crossdock.connectors.files.settings import Settings as FilesSettings
from crossdock.connectors.files.simulator import FileWarehouse
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.shopify.settings import Settings as ShopifySettings
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.jobs.worker import run_lane
from crossdock.orders.models import SalesOrder
from crossdock.tenancy.scope import across_accounts, in_db, in_scope

T = TypeVar("T")
MERCHANT = "acme"
PASSWORD = "a password of the sandbox"


class World:
    """One account with a store, a warehouse and a connection."""

    def __init__(self, account: Account, shop: ShopifySimulator, warehouse: FileWarehouse) -> None:
        self.account = account
        self.actor = system(account.pk)
        self.shop = shop
        self.wms = warehouse
        self.handle = ""
        self.store: Store
        self.warehouse: Warehouse
        self.connection: Connection

    def within(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call something in the account's scope, in this thread."""
        return in_scope(self.account.pk, fn, *args, **kwargs)

    async def there(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call something in the account's scope, from async code."""
        return await in_db(self.account.pk, fn, *args, **kwargs)

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
        merchant = merchant or services.create_merchant(actor=self.actor, name="Acme Outdoor")
        self.store = services.save_store(
            actor=self.actor,
            merchant=merchant,
            platform="shopify",
            name="Acme shop",
            settings=self.shopify_settings(self.shop.give_token(handle), settings),
            identity=Identity(f"{handle}-id", "Acme"),
        )
        self.warehouse = services.save_warehouse(
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

    async def settle(self, *, rounds: int = 60) -> None:
        """Run every due lane of the account until none is left."""
        for _ in range(rounds):
            due = await self.there(self._due)
            if not due:
                return
            for lane_id in due:
                await run_lane(self.account.pk, lane_id)
        raise AssertionError(f"lanes are still due after {rounds} rounds: {await self.there(self._state)}")

    async def hurry(self) -> None:
        """Let what waits for a moment come now, then settle."""
        await self.there(self._hurry)
        await self.settle()

    async def poll(self, kind: str = "orders.pull") -> None:
        """Have one kind of lane run as if its schedule had come, then settle."""
        await self.there(self._make_due, kind)
        await self.settle()

    def _due(self) -> list[int]:
        with database.cursor() as cursor:
            cursor.execute(
                "select id from lane where due_at <= clock_timestamp() and blocked_reason is null"
                " and (leased_until is null or leased_until < clock_timestamp()) order by due_at"
            )
            return [row[0] for row in cursor.fetchall()]

    def _state(self) -> list[Any]:
        with database.cursor() as cursor:
            cursor.execute("select kind, due_at, leased_until, last_error, failures from lane where due_at is not null")
            return cursor.fetchall()

    def _hurry(self) -> None:
        with database.cursor() as cursor:
            cursor.execute("update effect set next_at = clock_timestamp() where state in ('intended', 'unknown')")
            cursor.execute("update lane set due_at = clock_timestamp() where due_at is not null and kind not in ('orders.age')")

    def _make_due(self, kind: str) -> None:
        with database.cursor() as cursor:
            cursor.execute("update lane set due_at = clock_timestamp() where kind = %s", [kind])

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
