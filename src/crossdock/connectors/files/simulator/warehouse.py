"""A warehouse that is reached through files: it takes order files, keeps orders and stock, ships, and writes files back."""

import csv
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from crossdock.connectors.files.simulator import control
from crossdock.connectors.files.simulator.paper import ReceivedOrder, Style, read_orders, shipment_file, stock_file
from crossdock.connectors.kit.simulator import Panel
from crossdock.connectors.kit.simulator.sftp import SftpSimulator

WORK_EVERY = 0.5
"""Seconds between two looks into /in, where the warehouse works by itself."""


@dataclass
class Merchant:
    """One merchant's login, folder, orders and stock. `public_key` is a fingerprint."""

    login: str
    password: str
    public_key: str = ""
    place: str = ""
    orders: dict[str, ReceivedOrder] = field(default_factory=dict)
    stock: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    shipped: int = 0
    files: int = 0
    last: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def out(self) -> Path:
        """The folder the warehouse writes to."""
        return Path(self.place) / "out"


@dataclass
class Kept:
    """What survives a restart."""

    host_key: bytes
    port: int
    merchants: dict[str, Merchant]
    auto_ship: float | None = None


class FileWarehouse(SftpSimulator):
    """Merchants' folders, served over SFTP, and each of them also a plain folder on this machine.

    With `is_busy` it takes order files by itself, as the sandbox wants; else `take_orders` is called by whoever tests.
    """

    key: ClassVar[str] = "files"
    name: ClassVar[str] = "File exchange"
    folders: ClassVar[tuple[str, ...]] = ("in", "out")

    def __init__(self, *, is_busy: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.merchants: dict[str, Merchant] = {}
        self.is_closed = self.keeps_files = False
        self.auto_ship_after: float | None = None
        self.style = Style()
        self.encoding, self.delimiter = "utf-8", ","
        self.ticks = WORK_EVERY if is_busy else None
        self._half: list[tuple[Path, bytes]] = []

    async def tick(self) -> None:
        self.take_orders()
        self.ship_due()

    # Merchants

    def add_merchant(
        self, login: str, password: str = "", public_key: str = "", place: str = "", folders: bool = True
    ) -> dict[str, str]:
        """Open a folder and a login for a merchant; a login that is there keeps its password. Gives both back."""
        merchant = self.merchants.get(login)
        if merchant is None:
            place = place or str(self.root / login)
            merchant = Merchant(login, password or secrets.token_urlsafe(12), public_key, place)
            self.merchants[login] = merchant
            if folders:
                self.make_place(place)
            self.is_changed = True
        return {"login": login, "password": merchant.password}

    # Orders

    def take_orders(self) -> list[str]:
        """Read what stands in /in; the order numbers taken. Files are deleted, or archived where `keep_files` is on."""
        taken: list[str] = []
        if self.is_closed:
            return taken
        for merchant in self.merchants.values():
            folder = Path(merchant.place) / "in"
            files = sorted(path for path in folder.glob("ord_*.csv") if path.is_file())
            for path in files:
                taken += self._take(merchant, path)
        return taken

    def _take(self, merchant: Merchant, path: Path) -> list[str]:
        content = path.read_bytes()
        now = self.clock().isoformat()
        try:
            orders = read_orders(content, file=path.name, received_at=now, encoding=self.encoding, delimiter=self.delimiter)
        except (ValueError, IndexError, csv.Error) as error:
            merchant.refused.append(f"{path.name}: {error}")
            orders = []
        for order in orders:
            known = merchant.orders.get(order.number)
            if known is not None:
                known.times += 1
            else:
                merchant.orders[order.number] = order
        if self.keeps_files:
            (path.parent / "archive").mkdir(exist_ok=True)
            path.rename(path.parent / "archive" / path.name)
        else:
            path.unlink()
        self.is_changed = True
        return [order.number for order in orders]

    def orders_received(self, merchant: str | None = None) -> dict[str, int]:
        """How often each order came, by `merchant/number`, or by number for one merchant."""
        if merchant is not None:
            return {number: order.times for number, order in self.merchants[merchant].orders.items()}
        received: Counter[str] = Counter()
        for login, each in self.merchants.items():
            received.update({f"{login}/{number}": order.times for number, order in each.orders.items()})
        return dict(received)

    # Shipping and stock

    def ship(
        self,
        merchant: str,
        order: str,
        lines: dict[int, float] | None = None,
        boxes: int = 1,
        carrier: str = "UPS",
        tracking: list[str] | None = None,
        final: bool | None = None,
        shipment_id: str = "",
        lot: str = "",
        serials: dict[int, str] | None = None,
        half: bool = False,
    ) -> str:
        """Ship what is left of an order, or these quantities by line number, in so many boxes; the name of the file written.

        With `half` the file stands half-written under its final name until `finish_writing`.
        """
        holder = self.merchants[merchant]
        received = holder.orders[order]
        wanted = lines or {line.number: line.quantity - line.shipped for line in received.lines if line.shipped < line.quantity}
        holder.shipped += 1
        received.shipments += 1
        identity = shipment_id or f"S{holder.shipped:05}"
        numbers = tracking or [f"1Z{merchant[:4].upper()}{holder.shipped:06}{box:02}" for box in range(1, boxes + 1)]
        now = self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        rows = []
        for place, line in enumerate(line for line in received.lines if wanted.get(line.number)):
            quantity = wanted[line.number]
            line.shipped += quantity
            holder.stock[line.sku] = holder.stock.get(line.sku, 0.0) - quantity
            is_final = "" if final is None else "Y" if final else "N"
            number = numbers[place % len(numbers)]
            serial = (serials or {}).get(line.number, "")
            cells = (order, now, carrier, number, line.sku, _plain(quantity), "7.25", "1.5", str(line.number))
            rows.append((*cells, identity, number, lot, serial, "", is_final))
        return self._write(holder, "shp", identity, shipment_file(rows, self.style), half=half)

    def ship_all(self, merchant: str) -> list[str]:
        """Ship every order that is not shipped; the files written."""
        return [self.ship(merchant, order.number) for order in self.merchants[merchant].orders.values() if not order.is_shipped]

    def adjust_stock(self, merchant: str, sku: str, quantity: float) -> None:
        """Set how many units of a SKU are there."""
        self.merchants[merchant].stock[sku] = quantity
        self.is_changed = True

    def report_stock(self, merchant: str, half: bool = False) -> str:
        """Write a snapshot of all stock; the name of the file."""
        holder = self.merchants[merchant]
        rows = [(sku, _plain(quantity), _plain(quantity), "") for sku, quantity in sorted(holder.stock.items())]
        return self._write(holder, "inv", str(holder.files + 1), stock_file(rows, self.style), half=half)

    def put_file(self, merchant: str, name: str, content: str, encoding: str = "utf-8", age: float = 0.0) -> None:
        """Put a file of any content into /out, in one step; `age` is how many seconds ago it seems to have been written."""
        self.put(self.merchants[merchant].out / name, content.encode(encoding), age=age)

    def send_again(self, merchant: str, kind: str, name: str = "") -> str:
        """Write the last shipment (shp) or stock (inv) file again, under its own or another name."""
        holder = self.merchants[merchant]
        last, content = holder.last[kind]
        self.put(holder.out / (name or last), content)
        return name or last

    def finish_writing(self) -> None:
        """Write the missing halves."""
        for path, rest in self._half:
            with path.open("ab") as file:
                file.write(rest)
        self._half.clear()

    # Moods

    def close_gate(self, on: bool = True) -> None:
        """Take no order files until it is opened again."""
        self.is_closed = on

    def keep_files(self, on: bool = True) -> None:
        """Archive taken order files in /in/archive instead of deleting them."""
        self.keeps_files = on

    def auto_ship(self, seconds: float | None = None) -> None:
        """Ship every order so many seconds after it came; None ends it."""
        self.auto_ship_after = seconds
        self.is_changed = True

    def write_as(
        self,
        header: bool = True,
        bom: bool = False,
        encoding: str = "utf-8",
        newline: str = "\r\n",
        delimiter: str = ",",
        with_ids: bool = True,
    ) -> None:
        """How files are written from now on."""
        self.style = Style(header, bom, encoding, newline, delimiter, with_ids)

    def calm(self) -> None:
        """End all faults and moods."""
        super().calm()
        self.is_closed = False

    def levers(self) -> dict[str, Callable[..., Any]]:
        names = (
            "add_merchant take_orders orders_received ship ship_all adjust_stock report_stock put_file send_again finish_writing "
            "close_gate keep_files auto_ship write_as"
        )
        return super().levers() | {name: getattr(self, name) for name in names.split()}

    def panel(self) -> Panel:
        return control.panel(self)

    # State

    def state_view(self) -> Any:
        return {
            "sftp_url": self.sftp_url,
            "fingerprint": self.fingerprint,
            "merchants": {
                login: {
                    "orders": msgspec.to_builtins(list(merchant.orders.values())),
                    "stock": merchant.stock,
                    "refused": merchant.refused,
                }
                for login, merchant in self.merchants.items()
            },
        }

    def dump(self) -> bytes:
        return msgspec.json.encode(Kept(self.dump_key(), self.sftp_port, self.merchants, self.auto_ship_after))

    def restore(self, content: bytes) -> None:
        kept = msgspec.json.decode(content, type=Kept)
        self.restore_key(kept.host_key, kept.port)
        self.merchants, self.auto_ship_after = kept.merchants, kept.auto_ship

    def ship_due(self) -> None:
        """Ship what has waited long enough, where the warehouse ships by itself."""
        if self.auto_ship_after is None:
            return
        due = (self.clock() - timedelta(seconds=self.auto_ship_after)).isoformat()
        for login, merchant in self.merchants.items():
            for order in [order for order in merchant.orders.values() if order.received_at <= due and not order.is_shipped]:
                self.ship(login, order.number)

    def _write(self, merchant: Merchant, kind: str, identity: str, content: bytes, *, half: bool) -> str:
        merchant.files += 1
        name = f"{kind}_{identity}_{self.clock():%Y%m%d%H%M%S}{merchant.files:04}.csv"
        merchant.last[kind] = (name, content)
        if half:
            path = merchant.out / name
            path.write_bytes(content[: len(content) * 2 // 3])
            self._half.append((path, content[len(content) * 2 // 3 :]))
        else:
            self.put(merchant.out / name, content)
        self.is_changed = True
        return name


def _plain(quantity: float) -> str:
    return f"{quantity:g}" if quantity % 1 else str(int(quantity))
