"""One store and two warehouses joined to it, as histories find them: the platforms as servers that all histories share."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection as database

from crossdock.accounts.testing import an_account
from crossdock.connections import gateway, merchants, services, sites
from crossdock.connections.models import Channel, Connection, Mode, WebhookInbox
from crossdock.connectors.files.settings import Settings as FilesSettings
from crossdock.connectors.files.simulator import FileWarehouse
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.jobs.wakes import open_lane, wake
from support.world import World

WEST, EAST = "Main warehouse", "Newark"
"""The shop's locations; each has a warehouse of its own."""

TAKES = {"financial_statuses": ["paid", "partially_refunded", "refunded"], "include_partial_fulfillments": True}
"""So that no setting of the store leaves out what a history is about."""


@dataclass(frozen=True)
class Platforms:
    """The servers. The warehouses' folders lie on this machine, below `folder`, which is many times faster than SFTP."""

    shop: ShopifySimulator
    wms: FileWarehouse
    folder: Path


@asynccontextmanager
async def platforms() -> AsyncIterator[Platforms]:
    """Start the servers, and stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="crossdock-histories-") as folder:
        both = Platforms(ShopifySimulator(shops=[]), FileWarehouse(folder=Path(folder)), Path(folder))
        await both.shop.start()
        await both.wms.start()
        os.environ["CROSSDOCK_BASE_URL__SHOPIFY"] = f"{both.shop.url}/{{shop}}"
        os.environ["CROSSDOCK_BASE_URL__FILES"] = both.wms.sftp_url
        os.environ["CROSSDOCK_FOLDERS"] = folder
        try:
            yield both
        finally:
            await gateway.close_transports()
            for name in ("CROSSDOCK_BASE_URL__SHOPIFY", "CROSSDOCK_BASE_URL__FILES", "CROSSDOCK_FOLDERS"):
                del os.environ[name]
            await both.shop.stop()
            await both.wms.stop()


class Town(World):
    """An account of one history: lines at the shop's location Newark go to the warehouse in the east, the others west."""

    def __init__(self, both: Platforms) -> None:
        super().__init__(an_account(), both.shop, both.wms)
        self.handle = self.shop.add_shop(f"town-{secrets.token_hex(4)}")
        self.token = self.shop.give_token(self.handle)
        east = self.shop.add_location(EAST, self.handle)
        self.locations = {EAST: east.rsplit("/", 1)[-1]}
        self.logins = {WEST: f"{self.handle}-w", EAST: f"{self.handle}-e"}
        root = both.folder / str(self.account.public_id)
        self.connections: dict[str, Connection] = {}
        for login in self.logins.values():
            self.wms.add_merchant(login, place=str(root / login))
        self.merchant = self.within(merchants.create_merchant, actor=self.actor, name="Acme Outdoor")
        for place in (WEST, EAST):
            self.within(self.add_connection, place)

    def add_connection(self, place: str) -> None:
        """Add the store, a warehouse and the connection between them, as the wizard would, and turn it Live. Runs in the scope."""
        login = self.logins[place]
        self.store = sites.save_store(
            actor=self.actor,
            merchant=self.merchant,
            platform="shopify",
            name="Acme shop",
            settings=self.shopify_settings(self.token, TAKES),
            identity=Identity(f"{self.handle}-id", "Acme"),
        )
        warehouse = sites.save_warehouse(
            actor=self.actor,
            platform="files",
            name=f"Warehouse {place}",
            settings=FilesSettings(transport="folder", folder=login, quiet_seconds=0, default_method="Ground"),
            identity=Identity(login, place),
        )
        made = services.create_connection(actor=self.actor, name=place, store=self.store, warehouse=warehouse)
        if place in self.locations:
            services.link_locations(actor=self.actor, connection=made, locations={self.locations[place]: "NWK"})
        else:
            services.make_default(actor=self.actor, connection=made)
        # Stock, products and returns have no part in this, and their lanes cost time.
        Channel.objects.filter(connection=made).exclude(kind__in=["sales_orders", "shipments"]).update(is_on=False)
        self.connections[place] = made
        self.turn(place, "live")

    def turn(self, place: str, mode: str) -> None:
        """Turn a connection Off, to Observe or Live. Runs in the scope."""
        self.connections[place].refresh_from_db()
        services.set_mode(actor=self.actor, connection=self.connections[place], mode=Mode(mode))

    def remove_connection(self, place: str) -> None:
        """Turn a connection Off and delete it. Runs in the scope."""
        self.turn(place, "off")
        services.delete_connection(actor=self.actor, connection=self.connections[place])

    def is_gone(self, place: str) -> bool:
        """Whether a connection is deleted. Runs in the scope."""
        return Connection.objects.get(pk=self.connections[place].pk).deleted_at is not None

    def announce(self, number: str) -> None:
        """Deliver a message that names an order of the store. Runs in the scope."""
        one = {"store": self.store, "delivery_id": secrets.token_hex(8), "topic": "orders/updated", "subjects": [number]}
        WebhookInbox.objects.create(account_id=self.account.pk, **one)
        wake([open_lane("orders.pull", self.store.pk)])

    def hurry_effects(self) -> None:
        """Let every pause that something waits for be over. Runs in the scope."""
        with database.cursor() as cursor:
            cursor.execute("update effect set next_at = clock_timestamp() where state in ('intended', 'trying', 'unknown')")
            cursor.execute(
                "update lane set due_at = clock_timestamp() where kind = 'fulfillment.prepare' or exists (select from effect e"
                " where e.lane_id = lane.id and e.state in ('intended', 'trying', 'unknown'))"
            )

    def leave(self) -> None:
        """Forget the shop and the folders."""
        del self.shop.shops[self.handle]
        for login in self.logins.values():
            del self.wms.merchants[login]
