"""The warehouse behind a folder: order files go in, shipment and stock files come out."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from crossdock.connectors.files.delivery import Delivery
from crossdock.connectors.files.pickup import pickup_of, rows_of, waiting
from crossdock.connectors.files.reading import shipments_of, stock_of
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.capabilities import (
    Client,
    Done,
    Failed,
    Found,
    Identity,
    Note,
    PullsShipments,
    PullsStock,
    SendsOrders,
)
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.files import Entry
from crossdock.connectors.kit.pages import Position, ShipmentPage, StockPage, Window
from crossdock.connectors.kit.pickup import Receipt, Taken, Waits, Whole, of_file, receipt_of
from crossdock.domain.fulfillment import FulfillmentRequest

SHIPMENTS_A_PAGE = 250
LEVELS_A_PAGE = 5_000

SMALL = 64 << 10
"""Bytes of a file that may be read beside others."""

AT_ONCE = 12
"""Small files read, and put away, at the same time."""


class _Cursor(Struct, frozen=True):
    """How far a run has come: the file at hand, and how many of its shipments were given."""

    at: datetime
    sha256: str
    given: int
    is_done: bool

    @classmethod
    def read(cls, text: str | None) -> "_Cursor | None":
        """What a position holds; None where there is none that we wrote."""
        try:
            return msgspec.json.decode(text or "", type=cls)
        except msgspec.MsgspecError:
            return None


class FileExchange(Client[Settings], SendsOrders, PullsShipments, PullsStock):
    """One merchant's folder at a warehouse."""

    async def check(self) -> Identity:
        warnings = []
        for field in ("incoming", "outgoing"):
            folder = getattr(self.settings, field)
            try:
                await self.files.entries(folder, most=1)
            except InvalidData as error:
                raise InvalidData(error.message, field=field, evidence=error.evidence) from error
        if self.settings.order_version == 3 and not self.settings.facility:
            warnings.append("No facility is set: version 3 then carries one only for orders that name it themselves.")
        return Identity(id=self.settings.place, name=self.files.address, warnings=tuple(warnings))

    async def send_orders(self, requests: Sequence[FulfillmentRequest], note: Note) -> Sequence[Done | Failed]:
        return await Delivery(self.files, self.settings).send(requests, note)

    async def find_orders(
        self, requests: Sequence[FulfillmentRequest], evidence: Mapping[str, Mapping[str, str]]
    ) -> Sequence[Found]:
        return await Delivery(self.files, self.settings).find(requests, evidence)

    async def shipments_changed(self, window: Window, after: Position | None = None) -> AsyncIterator[ShipmentPage]:
        """Every file that stands in the folder, oldest first; the window plays no part, for what was stored is moved away.

        `after` names the last file given in this run, and by its cursor the shipments already given of a file not yet finished.
        """
        pickup = pickup_of(self.files, self.settings)
        at = after or Position()
        last = _Cursor.read(at.cursor)
        entries = []
        for entry in await waiting(self.files, self.settings, "shp"):
            place = (entry.changed_at, entry.name)
            if last is None or place > (last.at, at.id or "") or (place == (last.at, at.id) and not last.is_done):
                entries.append(entry)
        for some in _side_by_side(entries, alone=at.id):
            found = await asyncio.gather(*(pickup.take(entry) for entry in some))
            joined = await self._joined(found)
            if joined is not None:
                at = joined.position
                yield joined
                continue
            for entry, taken in zip(some, found, strict=True):
                if isinstance(taken, Waits) and taken.why is not None:
                    yield ShipmentPage((), (), taken.rejected(), at)
                if isinstance(taken, Whole):
                    async for page in self._pages(taken, last if entry.name == at.id else None):
                        at = page.position
                        yield page

    async def _joined(self, found: Sequence[Whole | Waits | None]) -> ShipmentPage | None:
        """Several small files as one page, so that a warehouse which writes one for each shipment costs no more than one which
        does not; None where something in them wants to be looked at file by file.
        """
        files = [file for file in found if isinstance(file, Whole)]
        if len(files) < 2 or any(isinstance(file, Waits) and file.why is not None for file in found):
            return None
        reads = [shipments_of(file.taken.name, rows_of(file, self.settings), self.settings) for file in files]
        shipments = [shipment for read in reads for shipment in read.shipments]
        is_plain = not any(read.rejected for read in reads) and len({one.external_id for one in shipments}) == len(shipments)
        if not is_plain or len(shipments) > SHIPMENTS_A_PAGE:
            return None
        end = files[-1].taken
        cursor = _Cursor(end.changed_at, end.sha256, len(reads[-1].shipments), is_done=True)
        return ShipmentPage(
            tuple(shipments),
            tuple(raw for read in reads for raw in read.raws),
            (),
            Position(end.changed_at, end.name, msgspec.json.encode(cursor).decode()),
            Receipt(read=tuple(file.taken for file in files)).text(),
            understood=tuple(file.taken.name for file in files),
        )

    async def _pages(self, file: Whole, last: "_Cursor | None") -> AsyncIterator[ShipmentPage]:
        taken = file.taken
        # In a thread, for a large file takes seconds.
        read = await asyncio.to_thread(shipments_of, taken.name, rows_of(file, self.settings), self.settings)
        start = last.given if last is not None and last.sha256 == taken.sha256 else 0
        rejected = of_file(taken, read.rejected) if start == 0 else ()
        understood = () if read.rejected else (taken.name,)
        receipt = receipt_of(taken, has_records=bool(read.shipments), rejected=read.rejected).text()
        while True:
            end = start + SHIPMENTS_A_PAGE
            is_last = end >= len(read.shipments)
            cursor = _Cursor(taken.changed_at, taken.sha256, end, is_last)
            position = Position(taken.changed_at, taken.name, msgspec.json.encode(cursor).decode())
            shipments, raws = read.shipments[start:end], read.raws[start:end]
            if is_last:
                yield ShipmentPage(shipments, raws, rejected, position, receipt, understood)
                return
            yield ShipmentPage(shipments, raws, rejected, position)
            start, rejected = end, ()

    async def settle(self, receipt: str) -> None:
        await pickup_of(self.files, self.settings).settle(receipt)

    async def stock(self, since: datetime | None) -> AsyncIterator[StockPage]:
        """The newest whole snapshot; older ones are passed over, and settled with it."""
        pickup = pickup_of(self.files, self.settings)
        entries = list(await waiting(self.files, self.settings, "inv"))
        newest: Whole | None = None
        while entries and newest is None:
            taken = await pickup.take(entries.pop())
            if isinstance(taken, Waits) and taken.why is not None:
                yield StockPage((), taken.rejected(), taken.name, is_snapshot=False, is_last=False)
            newest = taken if isinstance(taken, Whole) else None
        if newest is None:
            return
        older = tuple(Taken(entry.name, entry.size, entry.changed_at) for entry in entries if pickup.is_at_rest(entry))
        name, reading = newest.taken.name, f"{newest.taken.name} {newest.taken.sha256[:16]}"
        read = await asyncio.to_thread(stock_of, name, rows_of(newest, self.settings), self.settings)
        receipt = receipt_of(newest.taken, has_records=bool(read.levels), rejected=read.rejected, older=older).text()
        pages = max(1, -(-len(read.levels) // LEVELS_A_PAGE))
        for number in range(pages):
            is_last = number == pages - 1
            yield StockPage(
                read.levels[number * LEVELS_A_PAGE : (number + 1) * LEVELS_A_PAGE],
                of_file(newest.taken, read.rejected) if number == 0 else (),
                reading,
                is_snapshot=bool(read.levels),
                is_last=is_last,
                receipt=receipt if is_last else None,
                at=newest.taken.changed_at,
            )

    async def settle_stock(self, receipt: str) -> None:
        await pickup_of(self.files, self.settings).settle(receipt)


def _side_by_side(entries: Sequence[Entry], *, alone: str | None) -> Iterator[Sequence[Entry]]:
    """Entries in bunches to be read at once: small files a dozen together; large ones, and the one called `alone`, by themselves."""
    bunch: list[Entry] = []
    for entry in entries:
        if entry.size > SMALL or entry.name == alone:
            if bunch:
                yield bunch
            yield [entry]
            bunch = []
        elif len(bunch) == AT_ONCE - 1:
            yield [*bunch, entry]
            bunch = []
        else:
            bunch.append(entry)
    if bunch:
        yield bunch
