"""Orders as they come from a store: each stored once, with the cursor that leads to the next."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from uuid import UUID

from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from msgspec import Struct
from psycopg.errors import ProgramLimitExceeded

from crossdock.activity.services import Told, tell
from crossdock.connectors.kit.pages import Rejected
from crossdock.domain.changes import what_changed
from crossdock.domain.orders import Order
from crossdock.orders.content import unpacked
from crossdock.orders.intake import Incoming, Intake, Prepared, only, prepare
from crossdock.orders.not_understood import keep_not_understood, understood
from crossdock.tenancy import statements
from crossdock.tenancy.packing import unpack
from crossdock.tenancy.scope import account_in_scope


class Received(Struct, frozen=True):
    """What a page brought: ids of orders that are new and that changed, how many were as before, how many not understood."""

    new: tuple[int, ...]
    changed: tuple[int, ...]
    unchanged: int
    rejected: int


class Known(Struct, frozen=True):
    """What the database says of a page: orders that are new, changed or were deleted here, by their places and in that order, with
    their ids where they are here; ids of those deleted, and of those whose personal data were erased.
    """

    ids: dict[int, int | None]
    deleted: set[int]
    erased: set[int]


class Landed(Struct, frozen=True):
    """An order that was written: what came, and which revision of which order it is now."""

    place: int
    incoming: Incoming
    id: int
    revision: int

    @property
    def is_new(self) -> bool:
        """It was not here before."""
        return self.revision == 1


# Found by a list of ids, and joined then: in one join, all orders of the store are read for each page until there are statistics.
CHANGED = """
with o as materialized (
  select id, external_id, revision, content_hash, deleted_at, erased_at from sales_order
   where store_id = %(store)s and external_id = any (%(ids)s::text[]))
select p.k, o.id, o.revision, o.deleted_at is not null, o.erased_at is not null
  from unnest(%(ids)s::text[], %(hashes)b::bytea[]) with ordinality p(external_id, hash, k)
  left join o on o.external_id = p.external_id
 where o.id is null or o.content_hash <> p.hash or (o.deleted_at is not null and o.erased_at is null)
"""

# One statement for a page. A version guard keeps a late read from moving an order back; the formula of `to_ship` is
# `domain.units.wanted`. What an earlier part of a `with` wrote is not seen by a later one, only what it returns.
UPSERT = """
with page as materialized (
  select * from jsonb_to_recordset(%(page)s::jsonb) as x(
    k int, public_id uuid, external_id text, number text, status text, wait_until timestamptz, reason text,
    placed_at timestamptz, source_updated_at timestamptz, ship_by timestamptz, currency text, grand_total numeric,
    ship_name text, ship_country text, method_sold text, lines_count int, units numeric, is_test boolean, search text, lines jsonb)),
 o as (
  insert into sales_order (account_id, store_id, merchant_id, public_id, external_id, number, status, wait_until, reason, placed_at,
                           source_updated_at, ship_by, content_hash, currency, grand_total, ship_name, ship_country, method_sold,
                           lines_count, units, is_test)
  select %(account)s, %(store)s, %(merchant)s, p.public_id, p.external_id, p.number, p.status, p.wait_until, p.reason, p.placed_at,
         p.source_updated_at, p.ship_by, h.hash, p.currency, p.grand_total, p.ship_name, p.ship_country, p.method_sold,
         p.lines_count, p.units, p.is_test
    from page p join unnest(%(hashes)b::bytea[]) with ordinality h(hash, k) on h.k = p.k
   order by p.external_id
  on conflict (store_id, external_id) do update set
    number = excluded.number, source_updated_at = excluded.source_updated_at, ship_by = excluded.ship_by,
    content_hash = excluded.content_hash, currency = excluded.currency, grand_total = excluded.grand_total,
    ship_name = excluded.ship_name, ship_country = excluded.ship_country, method_sold = excluded.method_sold,
    lines_count = excluded.lines_count, units = excluded.units, is_test = excluded.is_test, revision = sales_order.revision + 1,
    followed = case when {stays} and sales_order.erased_at is null then sales_order.followed else sales_order.revision + 1 end,
    status = case when {stays} then sales_order.status else excluded.status end,
    giving = case when sales_order.deleted_at is null or sales_order.erased_at is not null then sales_order.giving
                  when {stays} then 2 else 0 end,
    wait_until = case when {stays} then sales_order.wait_until else excluded.wait_until end,
    reason = case when {stays} then sales_order.reason else excluded.reason end,
    deleted_at = case when sales_order.erased_at is null then null else sales_order.deleted_at end
   where excluded.source_updated_at >= sales_order.source_updated_at
     and (excluded.content_hash <> sales_order.content_hash or sales_order.deleted_at is not null)
     and (sales_order.erased_at is null or sales_order.id = any (%(erased)s::bigint[]))
  returning id, external_id, revision),
 m as (select o.id, o.revision, p.* from o join page p using (external_id)),
 c as (
  insert into sales_order_content (order_id, account_id, doc, raw)
  select m.id, %(account)s, d.doc, d.raw
    from m join unnest(%(docs)b::bytea[], %(raws)b::bytea[]) with ordinality d(doc, raw, k) on d.k = m.k
  on conflict (order_id) do update set doc = excluded.doc, raw = excluded.raw),
 l as (
  insert into sales_order_line (account_id, order_id, external_id, position, consignment, sku, name, location, ordered, to_ship,
                                unit_price)
  select %(account)s, m.id, y.external_id, y.position, y.consignment, y.sku, y.name, y.location, y.ordered, y.to_ship, y.unit_price
    from m, jsonb_to_recordset(m.lines) y(external_id text, position int, consignment int, sku text, name text, location text,
                                          ordered numeric, to_ship numeric, unit_price numeric)
  on conflict (order_id, external_id) do update set
    position = excluded.position, consignment = excluded.consignment, sku = excluded.sku, name = excluded.name,
    location = excluded.location, ordered = excluded.ordered, unit_price = excluded.unit_price,
    to_ship = sales_order_line.to_ship
            + greatest(0, excluded.to_ship - (sales_order_line.to_ship - sales_order_line.posted))
            - greatest(0, (sales_order_line.to_ship - sales_order_line.shipped) - excluded.to_ship),
    withdrawn = greatest(0, sales_order_line.allocated - (sales_order_line.to_ship
            + greatest(0, excluded.to_ship - (sales_order_line.to_ship - sales_order_line.posted))
            - greatest(0, (sales_order_line.to_ship - sales_order_line.shipped) - excluded.to_ship)))),
 s as (
  insert into order_search (order_id, account_id, words) select m.id, %(account)s, m.search from m
  on conflict (order_id) do update set words = excluded.words)
select m.k, m.id, m.revision from m
""".replace(
    "{stays}",
    "(sales_order.deleted_at is null or sales_order.erased_at is not null or sales_order.id = any (%(sent)s::bigint[]))",
)

# Deleted here though a warehouse had them: when they come back they stand where they stood.
SENT = """
select o.id from sales_order o where o.id = any (%s)
   and exists (select from sales_order_line l where l.order_id = o.id and l.sent > 0)
"""

# Lines that are no longer in the order at all: what was not shipped of them is not wanted.
GONE = """
update sales_order_line l set to_ship = l.shipped, withdrawn = greatest(0, l.allocated - l.shipped)
 where l.order_id = any (%(changed)s) and l.to_ship > l.shipped
   and not exists (select from unnest(%(orders)s::bigint[], %(lines)s::text[]) here(order_id, external_id)
                    where here.order_id = l.order_id and here.external_id = l.external_id)
"""

# Locked in a statement of its own, by ids as everywhere: whoever gives them to a warehouse at this moment is then seen.
LOCK = "select from sales_order where id = any (%s) order by id for no key update"

STORED = """
select o.id, o.content_hash, c.doc, c.raw, exists (select from sales_order_line l where l.order_id = o.id and l.shipped > 0)
  from sales_order o join sales_order_content c on c.order_id = o.id
 where o.id = any (%s) and o.deleted_at is null and o.erased_at is null
"""

# Nothing of it is anybody's business but what was received.
TOUCH = """
with o as (
  update sales_order o set content_hash = x.hash, source_updated_at = x.at
    from unnest(%(ids)s::bigint[], %(hashes)b::bytea[], %(ats)b::timestamptz[]) x(id, hash, at)
   where o.id = x.id and o.source_updated_at <= x.at returning o.id)
update sales_order_content c set doc = x.doc, raw = x.raw
  from o join unnest(%(ids)s::bigint[], %(docs)b::bytea[], %(raws)b::bytea[]) x(id, doc, raw) on x.id = o.id
 where c.order_id = o.id
"""

KEEP_VERSION = """
insert into sales_order_version (account_id, order_id, revision, source_updated_at, hash, doc, kept_at)
select o.account_id, o.id, o.revision, o.source_updated_at, o.content_hash, c.doc, clock_timestamp()
  from sales_order o join sales_order_content c on c.order_id = o.id
 where o.id = any (%(ids)s) and exists (select from sales_order_line l where l.order_id = o.id and l.allocated > 0)
on conflict do nothing
"""

JUDGED_AGAIN = "order.judged_again"
"""Told of known orders that are read again because a setting changed, and are no longer left out by it."""

REFUSED = "It has values that cannot be stored. What was received is kept beside this line."


def receive_page(
    *,
    intake: Intake,
    orders: Sequence[Order],
    raws: Sequence[bytes],
    rejected: Sequence[Rejected] = (),
    now: datetime | None = None,
    message_id: UUID | None = None,
    told_as: str = "order.changed",
    prepared: Prepared | None = None,
) -> Received:
    """Store a page of orders, once; every order that is new or changed is ready to go on. `message_id` is the exchange it came by;
    `told_as` the kind of activity that says why known orders were read.

    Runs in the account's scope, in the transaction that moves the cursor. Unchanged orders cost a hash lookup; an older version
    never replaces a newer one; receiving a page twice changes nothing. What could not be understood becomes a row with its reason.
    `prepared` is what `prepare` made of these orders.
    """
    now = now or datetime.now(UTC)
    ready = prepared or prepare(intake, orders, raws, now=now)
    known = _known(intake.store_id, [(one.order.external_id, one.content_hash) for one in ready.orders])
    what, touched = _what_changed(intake, ready, known)
    _touch(ready, touched)
    fresh = {k: order_id for k, order_id in known.ids.items() if k not in touched}
    sent: set[int] = set()
    landed: list[Landed] = []
    if fresh:
        _keep_versions([order_id for order_id in fresh.values() if order_id is not None])
        sent = _sent(known.deleted)
        landed = _write(intake, ready, fresh, known, sent, now)
        _drop_gone_lines([(one.id, ready.orders[one.place].order) for one in landed if not one.is_new])
        tell(
            [
                Told(
                    kind="order.imported" if one.is_new else "order.came_back" if one.id in known.deleted else told_as,
                    order_id=one.id,
                    params={"revision": one.revision, "what": what.get(one.place, ())}
                    | ({"sent": one.id in sent} if one.id in known.deleted else {}),
                    message_id=message_id,
                )
                for one in landed
                # What is left out as before has no story to tell.
                if not (told_as == JUDGED_AGAIN and not one.is_new and one.incoming.is_left_out)
            ]
        )
    understood(intake.store_id, [one.order.external_id for one in ready.orders])
    keep_not_understood(intake.store_id, rejected)
    new, changed = (tuple(one.id for one in landed if one.is_new is is_new) for is_new in (True, False))
    return Received(new, changed, len(ready.orders) - len(landed), len(rejected))


def receive_each(
    *,
    intake: Intake,
    orders: Sequence[Order],
    raws: Sequence[bytes],
    rejected: Sequence[Rejected] = (),
    message_id: UUID | None = None,
    told_as: str = "order.changed",
    prepared: Prepared | None = None,
) -> Received:
    """As `receive_page`; a page that the database refuses is taken order by order, and what it refuses of it becomes a row with
    its reason. One bad order never holds up the page. A page of orders that are all known costs nothing here.
    """
    if not orders and not rejected:
        return Received((), (), 0, 0)
    try:
        with transaction.atomic():
            return receive_page(
                intake=intake,
                orders=orders,
                raws=raws,
                rejected=rejected,
                message_id=message_id,
                told_as=told_as,
                prepared=prepared,
            )
    except (DataError, IntegrityError, OperationalError) as error:
        # A value that is too long for an index, such as a SKU, comes as an operational error.
        if isinstance(error, OperationalError) and not isinstance(error.__cause__, ProgramLimitExceeded):
            raise
        if len(orders) <= 1:
            bad = [Rejected(order.external_id, None, REFUSED, raw) for order, raw in zip(orders, raws, strict=True)]
            return receive_page(intake=intake, orders=(), raws=(), rejected=[*rejected, *bad])
    parts = [
        receive_each(intake=intake, orders=[order], raws=[raw], message_id=message_id, told_as=told_as)
        for order, raw in zip(orders, raws, strict=True)
    ]
    parts.append(receive_page(intake=intake, orders=(), raws=(), rejected=rejected))
    return Received(
        tuple(order_id for part in parts for order_id in part.new),
        tuple(order_id for part in parts for order_id in part.changed),
        sum(part.unchanged for part in parts),
        sum(part.rejected for part in parts),
    )


def stored_already(intake: Intake, rows: Sequence[tuple[str, bytes]]) -> list[int]:
    """Which of these payloads (external id, as received) are stored exactly so, by their places. Needs the account's scope."""
    known = _known(intake.store_id, [(external_id, intake.hash_of(raw)) for external_id, raw in rows])
    return sorted(set(range(len(rows))) - set(known.ids))


def _known(store_id: int, page: Sequence[tuple[str, bytes]]) -> Known:
    """Compare external ids and hashes of what came with what is here."""
    values = {"ids": [external_id for external_id, _ in page], "hashes": [content_hash for _, content_hash in page]}
    # A join answers in any order, and who writes the page takes its orders one after the other.
    rows = sorted(statements.run(CHANGED, values | {"store": store_id}), key=itemgetter(0))
    gone, erased = ({row[1] for row in rows if row[at]} for at in (3, 4))
    return Known({row[0] - 1: row[1] for row in rows}, gone - erased, erased)


def _write(
    intake: Intake, ready: Prepared, fresh: Mapping[int, int | None], known: Known, sent: set[int], now: datetime
) -> list[Landed]:
    """Write those of a page that are `fresh`, by their places, with their ids where they are here; which of them were not too old."""
    if len(fresh) < len(ready.orders) or known.erased:
        ready = only(ready, list(fresh), {k for k, order_id in fresh.items() if order_id in known.erased}, intake, now)
    found = statements.run_kept(
        UPSERT,
        {
            "account": account_in_scope(),
            "store": intake.store_id,
            "merchant": intake.merchant_id,
            "page": ready.page,
            "hashes": [one.content_hash for one in ready.orders],
            "docs": [one.doc for one in ready.orders],
            "raws": [one.payload for one in ready.orders],
            "sent": sorted(sent),
            "erased": sorted(known.erased),
        },
    )
    places = list(fresh)
    return [Landed(places[k - 1], ready.orders[k - 1], order_id, revision) for k, order_id, revision in found]


def _sent(ids: set[int]) -> set[int]:
    """Those of orders that a warehouse has or had units of."""
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(SENT, [sorted(ids)])
        return {row[0] for row in cursor.fetchall()}


def _what_changed(intake: Intake, ready: Prepared, known: Known) -> tuple[dict[int, tuple[str, ...]], dict[int, int]]:
    """What is different of orders that are here and came anew, by their places in the page; and those of which nothing is, so that
    nobody has to act, with their ids: the store changed something which no order carries. Locks those that are here.

    Absent are orders that were deleted or erased here, and those that another import setting judges anew. One that has shipped is
    counted again in any case: that the store wants as many as before may mean that it took a shipment back.
    """
    places = {order_id: k for k, order_id in known.ids.items() if order_id is not None}
    what: dict[int, tuple[str, ...]] = {}
    touched: dict[int, int] = {}
    if not places:
        return what, touched
    statements.run_kept(LOCK, [sorted(places)])
    for order_id, content_hash, doc, raw, has_shipped in statements.run_kept(STORED, [sorted(places)]):
        if intake.hash_of(unpack(raw)) == content_hash:
            k = places[order_id]
            what[k] = what_changed(unpacked(doc), ready.orders[k].order)
            if not what[k] and not has_shipped:
                touched[k] = order_id
    return what, touched


def _touch(ready: Prepared, touched: Mapping[int, int]) -> None:
    """Keep what was received of orders, by their places, that say the same as before."""
    if not touched:
        return
    again = [ready.orders[k] for k in touched]
    values = {
        "ids": list(touched.values()),
        "hashes": [one.content_hash for one in again],
        "ats": [one.order.updated_at for one in again],
        "docs": [one.doc for one in again],
        "raws": [one.payload for one in again],
    }
    statements.run_kept(TOUCH, values)


def _keep_versions(ids: list[int]) -> None:
    if ids:
        statements.run_kept(KEEP_VERSION, {"ids": ids})


def _drop_gone_lines(changed: Sequence[tuple[int, Order]]) -> None:
    if not changed:
        return
    here = [(order_id, line.external_id) for order_id, order in changed for line in order.lines]
    with connection.cursor() as cursor:
        cursor.execute(
            GONE,
            {
                "changed": [order_id for order_id, _ in changed],
                "orders": [order_id for order_id, _ in here],
                "lines": [line_id for _, line_id in here],
            },
        )
