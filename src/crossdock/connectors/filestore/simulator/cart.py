"""A cart that is reached through files: it drops order files, takes shipment and stock files, and keeps what they say."""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from crossdock.connectors.filestore.simulator import control
from crossdock.connectors.filestore.simulator.paper import CartLine, CartOrder, order_file, read_shipments, read_stock
from crossdock.connectors.kit.simulator import Panel
from crossdock.connectors.kit.simulator.sftp import SftpSimulator

WORK_EVERY = 0.5
"""Seconds between two looks for files, where the cart works by itself."""

SOMEBODY = {
    "name": "Rosa Lind",
    "company": "",
    "address1": "12 Harbor Street",
    "address2": "",
    "city": "Portland",
    "state": "OR",
    "zip": "97201",
    "country": "US",
    "phone": "+1 503 555 0100",
}
"""Where orders go unless told."""


@dataclass
class Shop:
    """One merchant's login, folder, orders and stock. `public_key` is a fingerprint; `told` counts each tracking number."""

    login: str
    password: str
    public_key: str = ""
    place: str = ""
    format: str = "csv"
    orders: dict[str, CartOrder] = field(default_factory=dict)
    stock: dict[str, dict[str, str]] = field(default_factory=dict)
    shipments: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """Where it puts order files."""
        return Path(self.place) / "orders"

    @property
    def into(self) -> Path:
        """Where files for it arrive."""
        return Path(self.place) / "shipments"


@dataclass
class Kept:
    """What survives a restart."""

    host_key: bytes
    port: int
    merchants: dict[str, Shop]


class FileCart(SftpSimulator):
    """Merchants' carts, each with a folder over SFTP, which is also a plain folder on this machine.

    With `is_busy` it takes files by itself, as the sandbox wants; else `take_files` is called by whoever tests. Each order is one
    file, which is written anew whenever the order changes.
    """

    key: ClassVar[str] = "filestore"
    name: ClassVar[str] = "File store"
    folders: ClassVar[tuple[str, ...]] = ("orders", "shipments")

    def __init__(self, *, is_busy: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.merchants: dict[str, Shop] = {}
        self.ticks = WORK_EVERY if is_busy else None

    async def tick(self) -> None:
        self.take_files()

    # Merchants

    def add_merchant(
        self, login: str, password: str = "", public_key: str = "", place: str = "", format: str = "csv"
    ) -> dict[str, str]:
        """Open a cart with a folder and a login; a login that is there keeps its password. Gives both back."""
        shop = self.merchants.get(login)
        if shop is None:
            place = place or str(self.root / login)
            shop = Shop(login, password or secrets.token_urlsafe(12), public_key, place, format)
            self.merchants[login] = shop
            self.make_place(place)
            self.is_changed = True
        return {"login": login, "password": shop.password}

    def shop(self, merchant: str = "") -> Shop:
        """A cart by its login; the first one where none is named."""
        return self.merchants[merchant] if merchant else next(iter(self.merchants.values()))

    # Orders

    def add_order(
        self,
        number: int | None = None,
        lines: Sequence[Mapping[str, Any]] | None = None,
        created_at: str | None = None,
        status: str = "processing",
        to: Mapping[str, str] | None = None,
        note: str = "",
        merchant: str = "",
    ) -> str:
        """Let a shopper place an order, and export it; its number."""
        shop = self.shop(merchant)
        name = str(number if number is not None else max((int(one) for one in shop.orders if one.isdigit()), default=1000) + 1)
        wanted = lines or [{"sku": "SKU-1", "quantity": 1}]
        shop.orders[name] = CartOrder(
            number=name,
            placed_at=created_at or self.clock().replace(microsecond=0).isoformat(),
            status=status,
            currency="USD",
            email="rosa@example.com",
            method="Ground",
            note=note,
            to={**SOMEBODY, **(to or {})},
            lines=[
                CartLine(
                    id=str(place),
                    sku=str(line["sku"]),
                    name=str(line.get("name", f"Item {line['sku']}")),
                    quantity=str(line.get("quantity", 1)),
                    price=str(line.get("price", "10.00")),
                )
                for place, line in enumerate(wanted, 1)
            ],
        )
        self._export(shop, name)
        return name

    def touch_order(self, order: str | int, merchant: str = "") -> None:
        """Export an order again as it is."""
        self._export(self.shop(merchant), str(order))

    def edit_order(
        self,
        order: str | int,
        quantities: dict[str, int] | None = None,
        address: dict[str, str] | None = None,
        note: str | None = None,
        merchant: str = "",
    ) -> None:
        """Change units by SKU (0 takes a line out), parts of the address or the note of an order, and export it again."""
        changed = self.shop(merchant).orders[str(order)]
        for sku, quantity in (quantities or {}).items():
            line = next(line for line in changed.lines if line.sku == sku)
            if quantity:
                line.quantity = str(quantity)
            else:
                changed.lines.remove(line)
        changed.to |= address or {}
        changed.note = changed.note if note is None else note
        self._export(self.shop(merchant), str(order))

    def spoil_order(self, order: str | int, merchant: str = "") -> None:
        """Export an order with a total that is no amount."""
        self.shop(merchant).orders[str(order)].is_spoiled = True
        self._export(self.shop(merchant), str(order))

    def cancel_order(self, order: str | int, merchant: str = "") -> None:
        """Cancel an order."""
        self._set_status(order, "canceled", merchant)

    def hold_order(self, order: str | int, merchant: str = "") -> None:
        """Put an order on hold."""
        self._set_status(order, "on hold", merchant)

    def release_order(self, order: str | int, merchant: str = "") -> None:
        """Release it again."""
        self._set_status(order, "processing", merchant)

    def refund_order(self, order: str | int, quantities: dict[str, int], merchant: str = "") -> None:
        """Give money back for units by SKU that did not ship."""
        for line in self.shop(merchant).orders[str(order)].lines:
            line.canceled += quantities.get(line.sku, 0)
        self._export(self.shop(merchant), str(order))

    def fulfill_order(self, order: str | int, quantities: dict[str, int] | None = None, merchant: str = "") -> None:
        """Let somebody else ship an order, or units of it by SKU."""
        for line in self.shop(merchant).orders[str(order)].lines:
            left = float(line.quantity) - line.shipped - line.canceled
            line.shipped += left if quantities is None else quantities.get(line.sku, 0)
        self._export(self.shop(merchant), str(order))

    def delete_order(self, order: str | int, merchant: str = "") -> None:
        """Delete an order, and its file."""
        shop = self.shop(merchant)
        del shop.orders[str(order)]
        (shop.out / self._file_of(shop, str(order))).unlink(missing_ok=True)
        self.is_changed = True

    def put_file(self, name: str, content: str, encoding: str = "utf-8", age: float = 0.0, merchant: str = "") -> None:
        """Put a file of any content among the order files; `age` is how many seconds ago it seems to have been written."""
        self.put(self.shop(merchant).out / name, content.encode(encoding), age=age)

    # What it is told

    def add_product(self, sku: str, quantity: str = "0", location: str = "", merchant: str = "") -> str:
        """Sell a SKU, with so many units at a place."""
        self.shop(merchant).stock.setdefault(sku, {})[location] = str(quantity)
        self.is_changed = True
        return sku

    def take_files(self) -> list[str]:
        """Read what stands in the folders for the carts, and put it into their archives; the names taken."""
        taken = []
        for shop in self.merchants.values():
            for path in sorted(path for path in shop.into.glob("*") if path.is_file() and not path.name.startswith(".")):
                content = path.read_bytes()
                try:
                    self._take(shop, path.name, content)
                except (ValueError, KeyError, StopIteration, SyntaxError) as error:
                    shop.refused.append(f"{path.name}: {error!r}")
                (shop.into / "archive").mkdir(exist_ok=True)
                path.rename(shop.into / "archive" / path.name)
                taken.append(path.name)
                self.is_changed = True
        return taken

    def _take(self, shop: Shop, name: str, content: bytes) -> None:
        if name.startswith("stock_"):
            for sku, location, quantity in read_stock(content, name):
                if sku in shop.stock:
                    shop.stock[sku][location] = quantity
            return
        rows = read_shipments(content, name)
        for row in rows:
            order = shop.orders[row.order]
            line = next(line for line in order.lines if line.id == row.line and line.sku == row.sku)
            line.shipped += row.quantity
        numbers = Counter(number for one in {row.shipment: row for row in rows}.values() for number in one.tracking)
        for number, times in numbers.items():
            shop.told[number] = shop.told.get(number, 0) + times
        for shipment in {row.shipment for row in rows}:
            shop.shipments[shipment] = shop.shipments.get(shipment, 0) + 1
        for order_number in dict.fromkeys(row.order for row in rows):
            self._export(shop, order_number)

    def units(self, sku: str, location: str = "", merchant: str = "") -> Decimal | None:
        """What the cart shows of a SKU at a place; None where it keeps no figure there."""
        found = self.shop(merchant).stock.get(sku, {}).get(location)
        return None if found is None else Decimal(found)

    # The rest

    def write_as(self, format: str, merchant: str = "") -> None:
        """How order files are written from now on: csv, json or xml."""
        self.shop(merchant).format = format

    def levers(self) -> dict[str, Callable[..., Any]]:
        names = (
            "add_merchant add_order touch_order edit_order spoil_order cancel_order hold_order release_order refund_order "
            "fulfill_order delete_order put_file add_product take_files write_as"
        )
        return super().levers() | {name: getattr(self, name) for name in names.split()}

    def panel(self) -> Panel:
        return control.panel(self)

    def state_view(self) -> Any:
        return {
            "sftp_url": self.sftp_url,
            "fingerprint": self.fingerprint,
            "merchants": {
                login: {
                    "orders": msgspec.to_builtins(list(shop.orders.values())),
                    "stock": shop.stock,
                    "told": shop.told,
                    "refused": shop.refused,
                }
                for login, shop in self.merchants.items()
            },
        }

    def dump(self) -> bytes:
        return msgspec.json.encode(Kept(self.dump_key(), self.sftp_port, self.merchants))

    def restore(self, content: bytes) -> None:
        kept = msgspec.json.decode(content, type=Kept)
        self.restore_key(kept.host_key, kept.port)
        self.merchants = kept.merchants

    def _set_status(self, order: str | int, status: str, merchant: str) -> None:
        self.shop(merchant).orders[str(order)].status = status
        self._export(self.shop(merchant), str(order))

    def _export(self, shop: Shop, number: str) -> None:
        self.put(shop.out / self._file_of(shop, number), order_file([shop.orders[number]], shop.format))
        self.is_changed = True

    def _file_of(self, shop: Shop, number: str) -> str:
        return f"order_{number}.{shop.format}"
