"""Stores told: that a warehouse has an order, and what left. What one effect of each means."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from django.db import connection

from crossdock.activity.services import Told, keep_messages, message_about, tell
from crossdock.connections.effects import Claimed, Settled
from crossdock.connections.gateway import Opened
from crossdock.connections.queries import Link, links_of
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note, PostsShipments, ReportsProgress
from crossdock.domain.fulfillment import ShipmentNotice
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.names import POST_EFFECT
from crossdock.fulfillment.notices import lines_of, notice_for
from crossdock.fulfillment.sending import PROGRESS_EFFECT
from crossdock.orders.models import SalesOrder

# Each step names the rows of the next by their keys. Where the planner knows nothing of the tables yet, it would compare each row with
# each other.
POSTED = """
with s as (update shipment set status = 'completed', reason = case when is_flagged then reason else '' end
            where id = any (%(ids)s) and status <> 'completed' returning id, order_id),
 c as materialized (
   select allocation_id, sum(quantity) units from package_content
    where package_id = any (array(select id from package where shipment_id = any (array(select id from s)))) and not is_flagged
    group by 1),
 u as materialized (
   select a.line_id, sum(c.units) units from allocation a join c on c.allocation_id = a.id
    where a.id = any (array(select allocation_id from c)) group by 1 order by 1),
 l as (update sales_order_line l set posted = l.posted + u.units from u
        where l.id = u.line_id and l.id = any (array(select line_id from u)))
select id, order_id from s
"""

CLOSE = """
update sales_order o set status = 'closed', status_at = clock_timestamp(), reason = ''
 where o.id = any (%(ids)s) and o.status = 'shipped'
   and o.id <> all (array(select h.order_id from shipment h
                           where h.order_id = any (%(ids)s) and h.status not in ('completed', 'voided', 'archived')))
returning o.id
"""


class Posting:
    """The effect "this store was told that this left"."""

    kind = POST_EFFECT

    def __init__(self, opened: Opened, link: Link) -> None:
        self._opened = opened
        self._link = link
        self._store_id = link.store_id
        self._orders: dict[str, int] = {}
        self._held_back: Collection[str] = ()

    def held_back(self) -> Collection[str]:
        """See `Ledgered`."""
        return self._held_back

    def load(self, claimed: Sequence[Claimed]) -> Mapping[str, ShipmentNotice]:
        """The notices behind effects, by key. Archived and voided shipments are absent."""
        keys = {effect.subject_id: effect.key for effect in claimed}
        rows = Shipment.objects.filter(pk__in=list(keys), order__isnull=False).exclude(
            status__in=["archived", "voided", "completed"]
        )
        shipments = {row.pk: row for row in rows.select_related("order").prefetch_related("packages")}
        lines = lines_of(list(shipments))
        with connection.cursor() as cursor:
            cursor.execute(
                "update shipment set status = 'open' where id = any (%s) and status in ('new', 'error')", [list(shipments)]
            )
        now = datetime.now(UTC)
        notices = {}
        for shipment_id, row in shipments.items():
            key = keys[shipment_id]
            notice = notice_for(row, key, lines.get(shipment_id, ()), now)
            if notice is None or row.order is None:
                continue
            notices[key] = notice
            self._orders[key] = row.order.pk
        is_on = any(link.is_live and "shipments" in link.channels for link in links_of(connection_id=self._link.id))
        self._held_back = () if is_on else tuple(notices)
        return notices

    async def ask(self, wanted: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]) -> Sequence[Found]:
        """See `Ledgered`."""
        client = self._opened.client
        return await client.find_shipments(wanted, evidence) if isinstance(client, PostsShipments) else []

    async def act(self, wanted: Sequence[ShipmentNotice], note: Note) -> Sequence[Done | Failed]:
        """See `Ledgered`. A shipment of units that belong to no line has nothing to tell the store."""
        client = self._opened.client
        silent = [
            Done(one.key, "", {"told": "nothing"}) for one in wanted if not one.lines or not isinstance(client, PostsShipments)
        ]
        quiet = {one.key for one in silent}
        told = [one for one in wanted if one.key not in quiet]
        return [*silent, *(await client.post_shipments(told, note) if told and isinstance(client, PostsShipments) else [])]

    def landed(self, settled: Sequence[Settled]) -> None:
        """Confirmed shipments are Completed, and with the last of them a Shipped order is Closed; refused ones are Error."""
        kept = self._opened.recorder.drain()
        keep_messages(kept, store_id=self._store_id, subjects=self._orders)
        message = message_about(kept)
        confirmed = [one for one in settled if one.state == "confirmed"]
        with connection.cursor() as cursor:
            cursor.execute(POSTED, {"ids": sorted(one.effect.subject_id for one in confirmed)})
            done = dict(cursor.fetchall())
            cursor.execute(CLOSE, {"ids": sorted({order_id for order_id in done.values() if order_id})})
            closed = [row[0] for row in cursor.fetchall()]
            failed = [one for one in settled if one.state == "refused" and one.effect.key in self._orders]
            cursor.executemany(
                "update shipment set status = 'error', reason = %s where id = %s and status = 'open'",
                [(one.message, one.effect.subject_id) for one in failed],
            )
            later = [one for one in settled if one.state in ("intended", "unknown") and one.message]
            cursor.executemany(
                "update shipment set reason = %s where id = %s and status = 'open'",
                [(one.message, one.effect.subject_id) for one in later],
            )
        stories = [
            Told(
                kind="shipment.posted",
                order_id=done[one.effect.subject_id],
                shipment_id=one.effect.subject_id,
                params={"as": one.external_id, "found": bool(one.evidence and one.evidence.get("found"))},
                message_id=message.get(one.effect.key),
            )
            for one in confirmed
            if one.effect.subject_id in done
        ]
        stories += [
            Told(
                kind=kind,
                order_id=self._orders[one.effect.key],
                shipment_id=one.effect.subject_id,
                params={"why": one.message},
                message_id=message.get(one.effect.key),
            )
            for kind, those in (("shipment.refused", failed), ("shipment.delayed", later))
            for one in those
            if one.effect.key in self._orders
        ]
        stories += [Told(kind="order.closed", order_id=order_id) for order_id in closed]
        tell(stories)


class Progress:
    """The effect "this store was told that a warehouse has the order". A store that refuses it loses nothing: it is only noted."""

    kind = PROGRESS_EFFECT

    def __init__(self, opened: Opened, store_id: int) -> None:
        self._opened = opened
        self._store_id = store_id
        self._orders: dict[str, int] = {}
        self._held_back: Collection[str] = ()

    def held_back(self) -> Collection[str]:
        """See `Ledgered`."""
        return self._held_back

    def load(self, claimed: Sequence[Claimed]) -> Mapping[str, str]:
        """The orders' ids in the store, by key."""
        keys = {effect.subject_id: effect.key for effect in claimed}
        rows = SalesOrder.objects.filter(pk__in=list(keys), status__in=["open", "queued"]).values_list("pk", "external_id")
        orders = dict(rows)
        self._orders |= {keys[order_id]: order_id for order_id in orders}
        is_on = any(link.is_live for link in links_of(store_id=self._store_id))
        self._held_back = () if is_on else tuple(keys[order_id] for order_id in orders)
        return {keys[order_id]: external_id for order_id, external_id in orders.items()}

    async def ask(self, wanted: Sequence[str], evidence: Mapping[str, Mapping[str, str]]) -> Sequence[Found]:
        """Nothing to look up: reporting twice changes nothing."""
        return []

    async def act(self, wanted: Sequence[str], note: Note) -> Sequence[Done | Failed]:
        """See `Ledgered`."""
        client = self._opened.client
        key_of = {external_id: f"store:{self._store_id}/order:{external_id}" for external_id in wanted}
        if not isinstance(client, ReportsProgress):
            return [Done(key, "", {"told": "nothing"}) for key in key_of.values()]
        outcomes = await client.report_sent(wanted)
        return [
            Done(key_of[one.key], one.external_id, one.evidence) if isinstance(one, Done) else Failed(key_of[one.key], one.error)
            for one in outcomes
        ]

    def landed(self, settled: Sequence[Settled]) -> None:
        """Tell it in the order's story."""
        kept = self._opened.recorder.drain()
        by_external = {key.rsplit("order:", 1)[1]: order_id for key, order_id in self._orders.items()}
        keep_messages(kept, store_id=self._store_id, subjects=by_external)
        message = message_about(kept)
        tell(
            [
                Told(
                    kind="order.progress_reported" if one.state == "confirmed" else "order.progress_refused",
                    order_id=self._orders[one.effect.key],
                    params={"why": one.message} if one.message else {},
                    message_id=message.get(one.effect.key.rsplit("order:", 1)[1]),
                )
                for one in settled
                if one.effect.key in self._orders
                and (one.state == "refused" or (one.state == "confirmed" and (one.evidence or {}).get("told") != "nothing"))
            ]
        )
