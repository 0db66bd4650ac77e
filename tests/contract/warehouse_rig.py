"""What the contract tests of warehouses run on: a connector, the simulator it talks to, and a few words for both.

A further warehouse connector adds a rig to `RIGS`; the tests stay as they are.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crossdock.connectors.files import connector as files
from crossdock.connectors.files.settings import Settings as FilesSettings
from crossdock.connectors.files.simulator import FileWarehouse
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.http import Exchange
from crossdock.connectors.kit.opening import open_client
from crossdock.connectors.kit.pages import Rejected, Window
from crossdock.domain.fulfillment import Shipment, StockLevel

EVERYTHING = Window(since=None, until=datetime(2100, 1, 1, tzinfo=UTC))
MERCHANT = "acme"
PASSWORD = "the right one"


class Notes:
    """Evidence as the hub keeps it: written before the effect goes on."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, str]] = {}

    async def __call__(self, evidence: Mapping[str, Mapping[str, str]]) -> None:
        self.kept.update({key: dict(value) for key, value in evidence.items()})


class FilesRig:
    """The file exchange over one of its transports."""

    connector: Connector = files

    def __init__(self, transport: str, root: Path) -> None:
        self.transport = transport
        self.sim = FileWarehouse(folder=root)
        self.exchanges: list[Exchange] = []
        self.notes = Notes()

    async def start(self) -> None:
        await self.sim.start()
        self.sim.add_merchant(MERCHANT, PASSWORD)

    @property
    def is_networked(self) -> bool:
        """Whether there is a line that can be cut."""
        return self.transport == "sftp"

    @property
    def out(self) -> Path:
        return self.sim.place_of(MERCHANT) / "out"

    @property
    def into(self) -> Path:
        return self.sim.place_of(MERCHANT) / "in"

    def settings(self, **changes: Any) -> FilesSettings:
        where = {
            "sftp": {
                "host": "127.0.0.1",
                "port": self.sim.sftp_port,
                "username": MERCHANT,
                "password": PASSWORD,
                "host_key": self.sim.fingerprint,
            },
            "folder": {"folder": MERCHANT},
        }[self.transport]
        return FilesSettings(**{"transport": self.transport, "quiet_seconds": 0, **where, **changes})

    def client(self, *, may_write: bool = True, **changes: Any) -> AbstractAsyncContextManager[Any]:
        """A client as the hub opens it."""
        return open_client(
            self.connector,
            self.settings(**changes),
            door=Door(realm="sandbox", listeners=frozenset({("127.0.0.1", self.sim.sftp_port)})),
            realm="sandbox",
            record=self.exchanges.append,
            may_write=may_write,
            folder_roots=[self.sim.root],
        )

    def received(self) -> dict[str, int]:
        """How often the warehouse was asked for each order, once it has looked."""
        self.sim.take_orders()
        assert self.sim.merchants[MERCHANT].refused == []
        return self.sim.orders_received(MERCHANT)

    def everything(self) -> dict[str, tuple[bytes, float]]:
        """All that stands at the warehouse: content and time of each file, by path."""
        place = self.sim.place_of(MERCHANT)
        return {
            str(path.relative_to(place)): (path.read_bytes() if path.is_file() else b"", path.lstat().st_mtime)
            for path in sorted(place.rglob("*"))
        }

    async def sent(self, requests: Sequence[Any], **changes: Any) -> list[Any]:
        """Send and keep the notes; one outcome for each."""
        async with self.client(**changes) as client:
            return list(await client.send_orders(requests, self.notes))

    async def found(self, requests: Sequence[Any], **changes: Any) -> dict[str, Any]:
        async with self.client(**changes) as client:
            return {answer.key: answer for answer in await client.find_orders(requests, self.notes.kept)}

    async def shipments(
        self, *, settle: bool = True, may_write: bool = True, **changes: Any
    ) -> tuple[list[Shipment], list[Rejected]]:
        """What one pull gives; stored means settled, where the connection is live."""
        shipments: list[Shipment] = []
        rejected: list[Rejected] = []
        async with self.client(may_write=may_write, **changes) as client:
            async for page in client.shipments_changed(EVERYTHING):
                assert len(page.raws) == len(page.shipments)
                shipments += page.shipments
                rejected += page.rejected
                if page.receipt is not None and settle and may_write:
                    await client.settle(page.receipt)
        return shipments, rejected

    async def stock(
        self, *, settle: bool = True, may_write: bool = True, **changes: Any
    ) -> tuple[dict[str, StockLevel], list[Any]]:
        """Levels by SKU as one pull gives them, and the pages they came in."""
        levels: dict[str, StockLevel] = {}
        pages = []
        async with self.client(may_write=may_write, **changes) as client:
            async for page in client.stock(None):
                levels |= {level.sku: level for level in page.levels}
                pages.append(page)
                if page.receipt is not None and settle and may_write:
                    await client.settle_stock(page.receipt)
        return levels, pages


@asynccontextmanager
async def _files(transport: str) -> AsyncIterator[FilesRig]:
    with tempfile.TemporaryDirectory(prefix="crossdock-contract-") as place:
        rig = FilesRig(transport, Path(place))
        await rig.start()
        try:
            yield rig
        finally:
            await rig.sim.stop()


RIGS: dict[str, tuple[Connector, Any]] = {
    "files-sftp": (files, lambda: _files("sftp")),
    "files-folder": (files, lambda: _files("folder")),
}
"""Ways to a rig, by name."""


def every_warehouse_that(*capabilities: type) -> Any:
    """A fixture that gives each warehouse with these capabilities in turn; assign it to the name the tests ask for."""
    fitting = {name: make for name, (connector, make) in RIGS.items() if all(connector.can(each) for each in capabilities)}

    @pytest.fixture(params=fitting.values(), ids=fitting.keys())
    async def warehouse(request: pytest.FixtureRequest) -> AsyncIterator[FilesRig]:
        async with request.param() as rig:
            yield rig

    return warehouse


def ago(**time: float) -> datetime:
    """A moment some time ago."""
    return datetime.now(UTC) - timedelta(**time)
