"""The store behind a folder: order files come out of it, shipment and stock files go in."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from crossdock.connectors.filestore.mapping import Understood, identified, rejection, to_order
from crossdock.connectors.filestore.outgoing import shipment_file, shipment_file_name, stock_file, stock_file_name
from crossdock.connectors.filestore.preview import preview_of
from crossdock.connectors.filestore.reading import newest_first, pickup_of, waiting
from crossdock.connectors.filestore.settings import Settings
from crossdock.connectors.kit.capabilities import (
    Client,
    Done,
    Failed,
    Found,
    Identity,
    Note,
    PostsShipments,
    PreviewsSample,
    PullsOrders,
    SettlesOrders,
    TakesStock,
)
from crossdock.connectors.kit.errors import ConnectorError, InvalidData, OutcomeUnknown, Unavailable
from crossdock.connectors.kit.pages import Page, Position, Rejected, Window
from crossdock.connectors.kit.parcels import Parcel, Parcels, Sought, parcel
from crossdock.connectors.kit.pickup import Receipt, Waits, Whole, receipt_of
from crossdock.connectors.kit.settings import Choice
from crossdock.domain.fulfillment import ShipmentNotice, StockFigure
from crossdock.domain.orders import Order

ORDERS_A_PAGE = 250


class _Cursor(Struct, frozen=True):
    """How far a run has come: the file at hand, and how many of its orders were given."""

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


class FileStore(Client[Settings], PullsOrders, SettlesOrders, PostsShipments, TakesStock, PreviewsSample):
    """One merchant's folder at a cart."""

    async def check(self) -> Identity:
        for field in ("incoming", "outgoing"):
            try:
                await self.files.entries(getattr(self.settings, field), most=1)
            except InvalidData as error:
                raise InvalidData(error.message, field=field, evidence=error.evidence) from error
        if self.settings.incoming.strip("/") == self.settings.outgoing.strip("/"):
            raise InvalidData("Files for the store go into another folder than the one its orders come from.", field="outgoing")
        return Identity(id=self.settings.place, name=self.files.address)

    previewed = "mapping"
    preview = staticmethod(preview_of)

    # Orders

    async def orders_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[Page]:
        """Every order file that stands in the folder and was written until the window's end, oldest first.

        The window's beginning plays no part: what was stored is moved away, and a file that a cart copied here with an old date is
        as new as any. `after` names the last file given in this run, and by its cursor the orders already given of it. An order that
        stands in two files is given as the later one has it, after the earlier one.
        """
        pickup, most = pickup_of(self.files, self.settings), page_size or ORDERS_A_PAGE
        at = after or Position()
        last = _Cursor.read(at.cursor)
        gathered = _Gathered(most)
        for entry in await waiting(self.files, self.settings, window.until):
            place = (entry.changed_at, entry.name)
            is_at_hand = last is not None and place == (last.at, at.id)
            if last is not None and (place < (last.at, at.id or "") or (is_at_hand and last.is_done)):
                continue
            file = await pickup.take(entry)
            if isinstance(file, Waits) and file.why is not None:
                gathered.rejected += file.rejected()
            if not isinstance(file, Whole):
                continue
            # In a thread, for a large file takes seconds.
            found, bad = await asyncio.to_thread(identified, entry.name, file.content, self.settings)
            if bad and gathered.is_full:
                yield await self._page(gathered, at)
            start = last.given if is_at_hand and last is not None and last.sha256 == file.taken.sha256 else 0
            gathered.rejected += bad if start == 0 else ()
            refused: list[Rejected] = list(bad)
            for end, one in enumerate(found[start:], start + 1):
                if gathered.is_full or gathered.has(one.external_id):
                    yield await self._page(gathered, at)
                gathered.take(one, entry.changed_at)
                if end < len(found):
                    at = _position(file, end, is_done=False)
                else:
                    refused += await self._refused(found, entry.changed_at)
            at = _position(file, len(found), is_done=True)
            gathered.receipts.append(receipt_of(file.taken, has_records=len(refused) < len(found) + len(bad), rejected=refused))
        if gathered.ones or gathered.rejected or gathered.receipts:
            yield await self._page(gathered, at)

    async def _refused(self, found: Sequence[Understood], changed_at: datetime) -> list[Rejected]:
        """Orders of a file that cannot be understood, where that is all of them: such a file goes where people look for errors."""
        refused = []
        for one in found:
            _, wrong = _understood(one, self.settings, changed_at)
            if wrong is None:
                return []
            refused.append(wrong)
        return refused

    async def _page(self, gathered: "_Gathered", at: Position) -> Page:
        ones, rejected = gathered.ones, list(gathered.rejected)
        receipt = "\n".join(receipt.text() for receipt in gathered.receipts) or None
        rows = [(one.external_id, one.record.raw) for one, _ in ones]
        known = set(await self.known(rows)) if self.known is not None and rows else set()
        orders, raws = [], []
        for place, (one, changed_at) in enumerate(ones):
            if place in known:
                continue
            order, wrong = _understood(one, self.settings, changed_at)
            if order is not None:
                orders.append(order)
                raws.append(one.record.raw)
            elif wrong is not None:
                rejected.append(wrong)
        gathered.clear()
        return Page(tuple(orders), tuple(raws), tuple(rejected), at, len(known), receipt)

    async def orders_by_id(self, external_ids: Sequence[str]) -> Page:
        """The orders as the newest file has them that is still there: in the folder, or in the archive of the last three months."""
        wanted, orders, raws, rejected = set(external_ids), [], [], []
        for folder, entry in await newest_first(self.files, self.settings):
            if not wanted:
                break
            file = await pickup_of(self.files, self.settings, folder).take(entry)
            if not isinstance(file, Whole):
                continue
            found, _ = await asyncio.to_thread(identified, entry.name, file.content, self.settings)
            for one in found:
                if one.external_id not in wanted:
                    continue
                wanted.discard(one.external_id)
                order, wrong = _understood(one, self.settings, entry.changed_at)
                if order is not None:
                    orders.append(order)
                    raws.append(one.record.raw)
                elif wrong is not None:
                    rejected.append(wrong)
        return Page(tuple(orders), tuple(raws), tuple(rejected), Position())

    async def settle_orders(self, receipt: str) -> None:
        for each in receipt.splitlines():
            await pickup_of(self.files, self.settings).settle(each)

    # Shipments

    async def post_shipments(self, notices: Sequence[ShipmentNotice], note: Note) -> Sequence[Done | Failed]:
        """Put shipment files into the store's folder, once. What stands there or in the store's archive already is not put again."""
        outcomes: list[Done | Failed] = []
        parcels: list[Parcel] = []
        made, refused = self._parcels_of(notices)
        outcomes += refused
        try:
            standing = {found.key: found for found in await self._outbox.find([self._sought(one, {}) for one in made])}
        except ConnectorError as error:
            return [*outcomes, *(Failed(key, error) for one in made for key in one.keys)]
        for one in made:
            known = standing.get(one.keys[0])
            if known is None:
                parcels.append(one)
            elif known.differs is not None:
                message = f"{one.name} was put into the store's folder before, with other content. Look at it, and remove it."
                outcomes += [Failed(key, InvalidData(message, evidence=known.evidence)) for key in one.keys]
            else:
                outcomes += [Done(key, known.external_id, one.evidence) for key in one.keys]
        return [*outcomes, *await self._outbox.send(parcels, note)]

    async def find_shipments(
        self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]
    ) -> Sequence[Found]:
        """Which of these were delivered; finishes a renaming that a crash interrupted.

        A file that was noted, and stands neither here nor in the store's archive, was taken by the store.
        """
        noted: dict[str, list[ShipmentNotice]] = {}
        alone: list[ShipmentNotice] = []
        for notice in notices:
            name = evidence.get(notice.key, {}).get("name")
            if name:
                noted.setdefault(name, []).append(notice)
            else:
                alone.append(notice)
        made, _ = self._parcels_of(alone, together=1)
        sought = [self._sought(one, {}) for one in made]
        for name, some in noted.items():
            keys = tuple(notice.key for notice in some)
            sought.append(Sought(keys, name, self._kept(name), evidence[keys[0]], None))
        try:
            return await self._outbox.find(sought)
        except OutcomeUnknown as error:
            # A look-up that was cut off while it finished a renaming: looking again is safe.
            raise Unavailable(error.message, evidence=error.evidence) from error

    def _parcels_of(
        self, notices: Sequence[ShipmentNotice], together: int | None = None
    ) -> tuple[list[Parcel], list[Done | Failed]]:
        """Files for notices that can be told; those that cannot are refused, and hold up no other."""
        fit: list[ShipmentNotice] = []
        refused: list[Done | Failed] = []
        for notice in notices:
            try:
                shipment_file([notice], self.settings)
            except InvalidData as error:
                refused.append(Failed(notice.key, error))
            else:
                fit.append(notice)
        step = together or self.settings.shipments_per_file
        sets = [fit[start : start + step] for start in range(0, len(fit), step)]
        made = [
            parcel([one.key for one in some], shipment_file_name(some, self.settings), shipment_file(some, self.settings))
            for some in sets
        ]
        return made, refused

    def _sought(self, made: Parcel, known: Mapping[str, str]) -> Sought:
        return Sought(made.keys, made.name, self._kept(made.name), known, made)

    def _kept(self, name: str) -> tuple[str, ...]:
        return (f"{self.settings.taken.rstrip('/')}/{name}",)

    @property
    def _outbox(self) -> Parcels:
        return Parcels(self.files, self.settings.outgoing, at="store", field="outgoing")

    # Stock

    async def publish_stock(self, figures: Sequence[StockFigure]) -> Sequence[Done | Failed]:
        """Write one file with all figures. They are absolute, so that a file which comes twice changes nothing."""
        outcomes: dict[str, Done | Failed] = {}
        told: dict[tuple[str, str | None], StockFigure] = {}
        for figure in figures:
            wrong = self._unfit(figure)
            if wrong is not None:
                outcomes[figure.key] = Failed(figure.key, wrong)
            else:
                told[figure.sku, figure.location] = figure
        fit = [figure for figure in figures if figure.key not in outcomes]
        if fit:
            at = datetime.now(UTC)
            error: ConnectorError | None = None
            name = ""
            try:
                content = stock_file(list(told.values()), at, self.settings)
                name = stock_file_name(at, content, self.settings)
                (outcome,) = await self._outbox.send([parcel(["stock"], name, content)], _not_noted)
                error = outcome.error if isinstance(outcome, Failed) else None
            except (InvalidData, OutcomeUnknown) as raised:
                error = raised
            for figure in fit:
                outcomes[figure.key] = Done(figure.key, name) if error is None else Failed(figure.key, error)
        return [outcomes[figure.key] for figure in figures]

    def _unfit(self, figure: StockFigure) -> InvalidData | None:
        if figure.quantity < 0:
            return InvalidData(f"{figure.sku} cannot be shown below zero.", field="quantity")
        places = self.settings.places()
        if figure.location is not None and figure.location not in places:
            known = f"; there are {', '.join(places)}" if places else ""
            return InvalidData(f"The store has no stock location “{figure.location[:60]}”{known}.", field="location")
        return None

    async def stock_locations(self) -> Sequence[Choice]:
        return [Choice(place, place) for place in self.settings.places()]


class _Gathered:
    """Orders of several files until they make a page."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.clear()

    def clear(self) -> None:
        """Begin the next page."""
        self.ones: list[tuple[Understood, datetime]] = []
        self.rejected: list[Rejected] = []
        self.receipts: list[Receipt] = []
        self._ids: set[str] = set()

    @property
    def is_full(self) -> bool:
        """Whether the page has as many orders as it may."""
        return len(self.ones) >= self._most

    def has(self, external_id: str) -> bool:
        """Whether the order stands on this page already: its later version goes onto the next."""
        return external_id in self._ids

    def take(self, one: Understood, changed_at: datetime) -> None:
        """Put an order onto the page."""
        self.ones.append((one, changed_at))
        self._ids.add(one.external_id)


def _understood(one: Understood, settings: Settings, changed_at: datetime) -> tuple[Order | None, Rejected | None]:
    try:
        return to_order(one, settings, changed_at), None
    except InvalidData as error:
        return None, rejection(one, error)


def _position(file: Whole, given: int, *, is_done: bool) -> Position:
    taken = file.taken
    cursor = _Cursor(taken.changed_at, taken.sha256, given, is_done)
    return Position(taken.changed_at, taken.name, msgspec.json.encode(cursor).decode())


async def _not_noted(_: Mapping[str, Mapping[str, str]]) -> None:
    """Stock figures are absolute: what became of a file need not be known before the next one."""
