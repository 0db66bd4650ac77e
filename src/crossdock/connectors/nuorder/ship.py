"""Telling the portal what left: one adapter, since how NuORDER takes shipments is not publicly documented.

A shipment becomes a shipment record through the call in the settings. Where NuORDER has no such call or does not let us use it, and
where the settings say so, it becomes a line in the order's notes. When nothing is left to ship, the order's status becomes Shipped.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import ConnectorError, InvalidData
from crossdock.connectors.kit.in_turn import each_in_turn
from crossdock.connectors.kit.together import together
from crossdock.connectors.nuorder.api import NOT_ALLOWED, Api, part
from crossdock.connectors.nuorder.mapping import CANCELED, SHIPPED, read_order
from crossdock.connectors.nuorder.payloads import NuOrder, text
from crossdock.connectors.nuorder.pull import PROCESSED
from crossdock.connectors.nuorder.settings import NOTE, Settings, label_of
from crossdock.connectors.nuorder.standing import (
    Piece,
    SkuOf,
    Standing,
    canceled_line,
    note_line,
    now_line,
    pieces_of,
    ref_of,
    shipped,
    standing,
    whole_notes,
)
from crossdock.domain.fulfillment import ShipmentCorrection, ShipmentNotice

AT_ONCE = 2
"""Orders worked on at the same time, besides what is being read."""

_NO_SUCH_CALL = frozenset({403, 404, 405, 501})


class Now(Struct, frozen=True):
    """An order as it is now, with its lines and the shipments it shows."""

    order: NuOrder
    pieces: tuple[Piece, ...]
    shipments: tuple[Standing, ...]

    @property
    def room(self) -> dict[str, Decimal]:
        """Units that did not leave yet, by line id."""
        gone = shipped(self.shipments)
        return {piece.id: piece.ordered - gone.get(piece.id, Decimal(0)) for piece in self.pieces}

    @property
    def is_all_gone(self) -> bool:
        """Whether every unit left."""
        return all(left <= 0 for left in self.room.values())

    @property
    def status(self) -> str:
        """Where it stands, in lower case."""
        return self.order.status.lower()


class Shipments:
    """Posts shipments to one portal."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    async def post(self, notices: Sequence[ShipmentNotice], note: Note) -> list[Done | Failed]:
        """Each notice by itself; those of one order one after the other, for they take from the same units."""

        async def act(notice: ShipmentNotice) -> Done:
            return await self._post(notice, note)

        return await each_in_turn(notices, act, key=lambda one: one.key, of=lambda one: one.order_id, at_once=AT_ONCE)

    async def find(self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]) -> list[Found]:
        """Which notices the portal shows in full. Of those, an order with nothing left is made Shipped if a lost answer kept it
        from being so: its shipment is not posted again, so nothing else would.
        """
        ids = list(dict.fromkeys(notice.order_id for notice in notices))
        read = dict(zip(ids, await together(ids, self._read), strict=True))
        found = []
        for notice in notices:
            now = read[notice.order_id]
            if now is None:
                continue
            ours = _ours(notice, now.shipments)
            units = _wanted(notice)
            if ours:
                is_there = not _less(units, shipped(ours))
            else:
                noted = evidence.get(notice.key, {}).get("before")
                before = int(noted) if noted is not None and noted.isdigit() else 0
                is_there = not notice.tracking and len(_alike(units, now.shipments)) > before
            if is_there:
                await self._finish(now)
                found.append(Found(notice.key, ours[0].ref if ours else _alike(units, now.shipments)[-1].ref))
        return found

    async def correct(self, corrections: Sequence[ShipmentCorrection]) -> list[Done | Failed]:
        """Correct or take back what was told, by a line in the order's notes: a record cannot be changed once it is there."""
        return await each_in_turn(
            corrections, self._correct, key=lambda one: one.key, of=lambda one: one.notice.order_id, at_once=AT_ONCE
        )

    async def report(self, order_ids: Sequence[str]) -> list[Done | Failed]:
        """Make orders Processed that are not yet, never one that is Shipped or Cancelled."""
        return await each(order_ids, self._report, key=lambda order_id: order_id, at_once=AT_ONCE)

    async def _post(self, notice: ShipmentNotice, note: Note) -> Done:
        now = await self._now(notice.order_id)
        units = _wanted(notice)
        ours = _ours(notice, now.shipments)
        rest = _less(units, shipped(ours))
        ref = ours[0].ref if ours else _record_ref(notice, units)
        told = "before"
        if rest:
            self._check_room(notice, now, rest)
            await note({notice.key: {"before": str(len(_alike(units, now.shipments)))}})
            told = await self._tell(notice, now, rest)
            if told == "note":
                ref = ref_of(notice.key)
            now = Now(now.order, now.pieces, (*now.shipments, Standing(ref, (), rest)))
        status = await self._finish(now)
        return Done(notice.key, ref, {"told": told, "status": status})

    async def _tell(self, notice: ShipmentNotice, now: Now, units: Mapping[str, Decimal]) -> str:
        # A record that was taken back by a note still counts for NuORDER, and would stand in the way of another.
        is_blocked = any(one.is_record and one.is_canceled for one in now.shipments)
        if self._settings.shipments_as != NOTE and not is_blocked:
            method, _, path = self._settings.shipment_call.partition(" ")
            path = path.replace("{id}", part(notice.order_id))
            answer = await self._api.change(method, path, "tell shipment", _record(notice, now, units))
            if answer.status >= 300 and answer.status not in _NO_SUCH_CALL:
                self._api.must(answer)
            if answer.status < 300:
                after = self._shown_in(answer.body) or await self._now(notice.order_id)
                if _has_more(after, now, units):
                    return "record"
                # Taken, and shown in no way we know: without a note the units would seem to be left, and be shipped again.
                now = after
        by_sku: dict[str, Decimal] = {}
        for piece in now.pieces:
            if piece.id in units:
                by_sku[piece.sku] = by_sku.get(piece.sku, Decimal(0)) + units[piece.id]
        numbers = [one.number for one in notice.tracking]
        line = note_line(ref_of(notice.key), day=notice.shipped_at.date(), carrier=notice.carrier, numbers=numbers, units=by_sku)
        await self._add_note(now.order, line)
        return "note"

    def _shown_in(self, body: bytes) -> Now | None:
        """The order, where the answer to a change is one."""
        try:
            return self._understood(body)
        except InvalidData:
            return None

    async def _correct(self, correction: ShipmentCorrection) -> Done:
        notice, ref = correction.notice, correction.external_id
        now = await self._now(notice.order_id)
        standing_ones = [one for one in now.shipments if one.ref == ref]
        is_gone = not standing_ones or all(one.is_canceled for one in standing_ones)
        if correction.is_void:
            if not is_gone:
                await self._add_note(now.order, canceled_line(ref))
                now = await self._now(notice.order_id)
            if now.status == SHIPPED and not now.is_all_gone:
                await self._set_status(notice.order_id, PROCESSED)
            return Done(correction.key, ref, {"told": "note"})
        if is_gone:
            raise InvalidData(
                f"NuORDER shows no such shipment of {notice.order_number} any more, so its tracking number cannot be corrected.",
                field="tracking",
            )
        numbers = [one.number for one in notice.tracking]
        line = now_line(ref, day=notice.shipped_at.date(), carrier=notice.carrier, numbers=numbers)
        about = [kept for kept in whole_notes(now.order) if kept.startswith(line.split(" | ")[0] + " | ")]
        if not about or about[-1] != line:
            await self._add_note(now.order, line)
        return Done(correction.key, ref, {"told": "note"})

    async def _report(self, order_id: str) -> Done:
        if not self._settings.report_progress:
            return Done(order_id, order_id, {"reported": "off"})
        now = await self._now(order_id)
        if now.status in (PROCESSED, SHIPPED, CANCELED):
            return Done(order_id, order_id, {"reported": f"stays {now.status}"})
        await self._set_status(order_id, PROCESSED)
        return Done(order_id, order_id, {"reported": PROCESSED})

    async def _finish(self, now: Now) -> str:
        """Make an order Shipped that has nothing left. The shipment stands by then, so a refusal is noted and does not undo it."""
        if not self._settings.report_progress or not now.is_all_gone or now.status in (SHIPPED, CANCELED):
            return now.status
        try:
            await self._set_status(now.order.id, SHIPPED)
        except ConnectorError as error:
            return f"not set: {error.message}"[:200]
        return SHIPPED

    async def _set_status(self, order_id: str, status: str) -> None:
        answer = await self._api.change("POST", f"api/order/{part(order_id)}/{status}", f"set {status}")
        if answer.status in (400, 404) and status == PROCESSED:
            # The verb of NuORDER's first years, which older portals know alone.
            answer = await self._api.change("POST", f"api/order/{part(order_id)}/process", "set processed")
        self._api.must(answer)

    async def _add_note(self, order: NuOrder, line: str) -> None:
        kept = (order.notes or "").rstrip()
        notes = f"{kept}\n{line}" if kept else line
        answer = await self._api.change("POST", f"api/order/{part(order.id)}", "update order", {"notes": notes})
        if answer.status == 403:
            raise InvalidData(NOT_ALLOWED)
        self._api.must(answer)

    def _check_room(self, notice: ShipmentNotice, now: Now, units: Mapping[str, Decimal]) -> None:
        room = now.room
        skus = {piece.id: piece.sku for piece in now.pieces}
        if unknown := [line_id for line_id in units if line_id not in room]:
            raise InvalidData(
                f"{notice.order_number} has no line {unknown[0]} in NuORDER any more. It was edited there; read the order again.",
                field="lines",
            )
        over = [(line_id, quantity) for line_id, quantity in units.items() if quantity > room[line_id]]
        if over:
            line_id, quantity = over[0]
            raise InvalidData(
                f"NuORDER shows {max(room[line_id], Decimal(0)):f} × {skus[line_id]} of {notice.order_number} left to ship, and this "
                f"shipment has {quantity:f}. See in NuORDER what shipped already.",
                field="lines",
            )
        if now.status in (SHIPPED, CANCELED):
            raise InvalidData(
                f"NuORDER has {notice.order_number} as {label_of(now.status)}, {_and_more(units, skus)} included. If it shipped all "
                "the same, set it to Processed there, then Reprocess.",
                field="lines",
            )

    async def _now(self, order_id: str) -> Now:
        now = await self._read(order_id)
        if now is None:
            raise InvalidData("The order is no longer in NuORDER.", field="order_id")
        return now

    async def _read(self, order_id: str) -> Now | None:
        raw = await self._api.order(order_id)
        return self._understood(raw) if raw is not None else None

    def _understood(self, raw: bytes) -> Now:
        order = read_order(raw)
        pieces = pieces_of(order, SkuOf(self._settings.sku_from))
        return Now(order, pieces, standing(order, pieces))


def _wanted(notice: ShipmentNotice) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in notice.lines:
        units[line.line_id] = units.get(line.line_id, Decimal(0)) + line.quantity
    return units


def _less(units: Mapping[str, Decimal], gone: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {line_id: left for line_id, quantity in units.items() if (left := quantity - gone.get(line_id, Decimal(0))) > 0}


def _has_more(after: Now, before: Now, units: Mapping[str, Decimal]) -> bool:
    """Whether an order shows these units as gone that it did not show before."""
    had, has = shipped(before.shipments), shipped(after.shipments)
    return all(has.get(line_id, Decimal(0)) >= had.get(line_id, Decimal(0)) + quantity for line_id, quantity in units.items())


def _ours(notice: ShipmentNotice, shipments: Sequence[Standing]) -> list[Standing]:
    """Shipments under the notice's tracking numbers, first or corrected ones, or under the name our note gave it."""
    numbers = {one.number for one in notice.tracking}
    ref = ref_of(notice.key)
    return [
        one
        for one in shipments
        if not one.is_canceled and (one.ref == ref or numbers & {*one.numbers, *(one.ref.split(", ") if one.is_record else ())})
    ]


def _alike(units: Mapping[str, Decimal], shipments: Sequence[Standing]) -> list[Standing]:
    """Shipments without tracking number of exactly these units."""
    return [one for one in shipments if not one.is_canceled and not one.numbers and dict(one.units) == dict(units)]


def _record_ref(notice: ShipmentNotice, units: Mapping[str, Decimal]) -> str:
    return Standing.record([one.number for one in notice.tracking], units).ref


def _record(notice: ShipmentNotice, now: Now, units: Mapping[str, Decimal]) -> dict[str, Any]:
    """The body of a shipment record. Whole units, for NuORDER counts nothing else."""
    lines: dict[int, dict[str, Any]] = {}
    for piece in now.pieces:
        if piece.id in units:
            size = now.order.line_items[piece.row].sizes[piece.column]
            row = lines.setdefault(piece.row, {"id": piece.refs[0], "sizes": []})
            quantity = units[piece.id]
            whole = int(quantity) if quantity == quantity.to_integral_value() else float(quantity)
            row["sizes"].append({"size": text(size.size) or "", "quantity": whole, "price": float(size.price or 0)})
    return {
        "type": notice.carrier or "shipment",
        "tracking_numbers": [one.number for one in notice.tracking],
        "line_items": list(lines.values()),
    }


def _and_more(units: Mapping[str, Decimal], skus: Mapping[str, str]) -> str:
    named = [skus[line_id] for line_id in units]
    return ", ".join(named[:3]) + (" and more" if len(named) > 3 else "")
