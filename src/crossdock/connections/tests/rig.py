"""A shop and a warehouse as servers beside a test that is no coroutine itself: pages ask them as they ask the real ones."""

import asyncio
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crossdock.connections import checking, gateway
from crossdock.connections.typed import blank
from crossdock.connectors.files.simulator import FileWarehouse
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.connectors.shopify.simulator.server import OWN_APP

MERCHANT = "acme"
PASSWORD = "a password of the sandbox"


class Sandbox:
    """Both simulators, in a loop of their own."""

    def __init__(self, folder: Path) -> None:
        self.handle = f"acme-{secrets.token_hex(3)}"
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.shop = ShopifySimulator(shops=[self.handle])
        self.wms = FileWarehouse(folder=folder)

    def do(self, work: Any) -> Any:
        """Run a coroutine in the simulators' loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def stop(self) -> None:
        self.do(self.shop.stop())
        self.do(self.wms.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    @property
    def own_app(self) -> dict[str, str]:
        """Client id and secret of the shop's own app."""
        app = self.shop.access.apps[OWN_APP]
        return {"client_id": app.client_id, "client_secret": app.client_secret}

    @property
    def locations(self) -> dict[str, str]:
        """The shop's locations: name to number."""
        rows = self.shop.shop(self.handle).locations.values()
        return {row["name"]: str(row["id"]).rsplit("/", 1)[-1] for row in rows}

    def store_fields(self, **changed: Any) -> dict[str, Any]:
        """What is typed for the shop, by an own app, without the location."""
        return {"shop": self.handle, "access": "own_app", **self.own_app, **changed}

    def warehouse_fields(self, **changed: Any) -> dict[str, Any]:
        """What is typed for the warehouse over SFTP."""
        return {
            "host": "127.0.0.1",
            "port": str(self.wms.sftp_port),
            "username": MERCHANT,
            "password": PASSWORD,
            "host_key": self.wms.fingerprint,
            "quiet_seconds": "0",
            **changed,
        }


@contextmanager
def a_sandbox(folder: Path) -> Iterator[Sandbox]:
    """Start both, point the platforms at them, and stop everything at the end."""
    sandbox = Sandbox(folder)
    names = ("CROSSDOCK_BASE_URL__SHOPIFY", "CROSSDOCK_BASE_URL__FILES")
    before = {name: os.environ.get(name) for name in names}
    sandbox.do(sandbox.shop.start())
    sandbox.do(sandbox.wms.start())
    sandbox.wms.add_merchant(MERCHANT, PASSWORD)
    os.environ["CROSSDOCK_BASE_URL__SHOPIFY"] = f"{sandbox.shop.url}/{{shop}}"
    os.environ["CROSSDOCK_BASE_URL__FILES"] = sandbox.wms.sftp_url
    try:
        yield sandbox
    finally:
        checking.stop()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
        sandbox.stop()


def posted(side: str, platform: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A platform's form as a browser posts it: the defaults, these fields over them, switches that are off left out."""
    values = {**blank(gateway.platform_named(platform)), **fields}
    sent = {f"{side}-{name}": "on" if value is True else value for name, value in values.items() if value is not False}
    return {"how": "new", "platform": platform, "rendered": platform, "site_name": "", **sent}
