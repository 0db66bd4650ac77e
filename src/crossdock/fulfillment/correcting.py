"""Stores told what changed of a shipment: what one effect of correcting means."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from django.db import connection

from crossdock.activity.services import Told, keep_messages, message_about, tell
from crossdock.connections.effects import Claimed, Settled
from crossdock.connections.gateway import Opened
from crossdock.connections.queries import Link, links_of
from crossdock.connectors.kit.capabilities import CorrectsShipments, Done, Failed, Found, Note
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import ShipmentCorrection
from crossdock.fulfillment.corrections import VOIDED_TOLD, apply, ask_person, shipment_of, take_back
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.names import CORRECT_EFFECT, POST_EFFECT
from crossdock.fulfillment.notices import lines_of, notice_for
from crossdock.tenancy.scope import account_in_scope

CANNOT = "This store takes no corrections from us."


class Correcting:
    """The effect "this store was told what is true of a shipment now". Repeating one changes nothing, so none is looked up."""

    kind = CORRECT_EFFECT

    def __init__(self, opened: Opened, link: Link) -> None:
        self._opened = opened
        self._link = link
        self._orders: dict[str, int] = {}
        self._voids: set[str] = set()
        self._whats: dict[str, str] = {}
        self._held_back: Collection[str] = ()

    def held_back(self) -> Collection[str]:
        """See `Ledgered`."""
        return self._held_back

    def load(self, claimed: Sequence[Claimed]) -> Mapping[str, ShipmentCorrection]:
        """The corrections behind effects, by key, each as the shipment is by now. While nobody knows whether the store was told at
        all they wait; what it was never told of needs none.
        """
        ids = sorted({effect.subject_id for effect in claimed})
        told = _told(ids)
        settled = [i for i in ids if told.get(i, ("", ""))[0] in ("confirmed", "refused")]
        docs = Shipment.objects.filter(pk__in=settled).values_list("pk", "order_id", "doc")
        for shipment_id, order_id, doc in docs:
            if order_id is not None and not (now := shipment_of(doc)).is_void:
                apply(shipment_id, order_id, now)
        rows = Shipment.objects.filter(pk__in=ids, order__isnull=False).exclude(status__in=["archived", "voided"])
        shipments = {row.pk: row for row in rows.select_related("order").prefetch_related("packages")}
        lines = lines_of(list(shipments))
        corrections = {}
        waiting = set()
        now_at = datetime.now(UTC)
        for effect in claimed:
            known = shipments.get(effect.subject_id)
            state, external_id = told.get(effect.subject_id, ("", ""))
            notice = notice_for(known, effect.key, lines.get(known.pk, ()), now_at) if known else None
            if known is None or notice is None or known.order is None:
                continue
            if state == "refused" or (state == "confirmed" and not external_id):
                continue
            is_void = shipment_of(known.doc).is_void
            corrections[effect.key] = ShipmentCorrection(effect.key, external_id, notice, is_void)
            self._orders[effect.key] = known.order.pk
            self._voids |= {effect.key} if is_void else set()
            numbers = ", ".join(one.number for one in notice.tracking) or "no tracking number"
            self._whats[effect.key] = "The warehouse voided it" if is_void else f"The warehouse corrected it to {numbers}"
            if state != "confirmed":
                waiting.add(effect.key)
        is_on = any(link.is_live and "shipments" in link.channels for link in links_of(connection_id=self._link.id))
        self._held_back = waiting if is_on else set(corrections)
        return corrections

    async def ask(self, wanted: Sequence[ShipmentCorrection], evidence: Mapping[str, Mapping[str, str]]) -> Sequence[Found]:
        """See `Ledgered`."""
        return []

    async def act(self, wanted: Sequence[ShipmentCorrection], note: Note) -> Sequence[Done | Failed]:
        """See `Ledgered`. Where the store takes none, a person is asked."""
        client = self._opened.client
        if not isinstance(client, CorrectsShipments):
            return [Failed(one.key, InvalidData(CANNOT)) for one in wanted]
        return await client.correct_shipments(wanted)

    def landed(self, settled: Sequence[Settled]) -> None:
        """What the store has taken is so; what it did not take is put before a person."""
        kept = self._opened.recorder.drain()
        keep_messages(kept, store_id=self._link.store_id, subjects=self._orders)
        message = message_about(kept)
        ours = [one for one in settled if one.effect.key in self._orders and not one.is_held_back]
        stories = []
        for one in ours:
            kind = {"confirmed": "shipment.correction_posted", "refused": "shipment.correction_refused"}.get(one.state)
            if kind is None and one.message:
                kind = "shipment.delayed"
            if kind is not None:
                params = {"why": one.message} if one.message else {}
                stories.append(
                    Told(
                        kind=kind,
                        order_id=self._orders[one.effect.key],
                        shipment_id=one.effect.subject_id,
                        params=params,
                        message_id=message.get(one.effect.key),
                    )
                )
        tell(stories)
        confirmed = [one for one in ours if one.state == "confirmed"]
        with connection.cursor() as cursor:
            cursor.execute(
                "update shipment set reason = '', is_flagged = false where id = any (%s) and status = 'completed'"
                " and not exists (select from package p join package_content c on c.package_id = p.id"
                " where p.shipment_id = shipment.id and c.is_flagged)",
                [sorted({one.effect.subject_id for one in confirmed})],
            )
        take_back(sorted({one.effect.subject_id for one in confirmed if one.effect.key in self._voids}), VOIDED_TOLD)
        for one in ours:
            if one.state == "refused":
                what = self._whats[one.effect.key]
                ask_person(
                    one.effect.subject_id, f"{what} after the store was told. {one.message} Change it in the store by hand."
                )


def _told(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """How far the stores were told of shipments, and what they call them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select subject_id, state, coalesce(external_id, '') from effect"
            " where account_id = %s and kind = %s and subject_id = any (%s)",
            [account_in_scope(), POST_EFFECT, list(ids)],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
