"""Older orders when a connection goes Live: taken over as already at the warehouse on a person's word, or left to the earlier tool."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
from django.db import connection as database
from msgspec import Struct

from crossdock.accounts.rights import Actor
from crossdock.activity.services import Told, tell
from crossdock.connections import gateway
from crossdock.connections.models import Connection, Store
from crossdock.connections.queries import links_of
from crossdock.fulfillment.parts import divided, write_parts
from crossdock.fulfillment.preparing import SEND, SEND_EFFECT
from crossdock.fulfillment.previewing import Would, chosen_as_if_live, free_lines, requests_for
from crossdock.fulfillment.sending import OPENED
from crossdock.fulfillment.terms import terms_of
from crossdock.jobs.wakes import open_lane
from crossdock.orders.moves import move

SET = 500
"""Orders taken over in one go; the next follow in the same transaction."""

SAMPLE = 5
"""Orders whose requests are shown before somebody decides."""

# Confirmed at once: nothing is sent, and whoever said so stands in the evidence.
CONFIRM = """
insert into effect (account_id, kind, key, lane_id, warehouse_id, realm, subject_id, state, settled_at, external_id, evidence)
select %(account)s, %(kind)s, r.key, %(lane)s, %(warehouse)s, %(realm)s, r.subject_id, 'confirmed', clock_timestamp(), r.reference,
       %(evidence)s::jsonb
  from jsonb_to_recordset(%(rows)s::jsonb) r(key text, subject_id bigint, reference text)
on conflict (account_id, kind, key) do nothing
"""

OLDER = """
select o.id from sales_order o
 where o.account_id = %(account)s and o.store_id = %(store)s and (o.status = any ('{new,on_hold}') or o.giving > 0)
   and o.status <> all ('{canceled,archived,abandoned,skipped}') and o.deleted_at is null and o.id > %(after)s
   and exists (select from sales_order_line l where l.order_id = o.id and l.to_ship + l.withdrawn > l.allocated)
 order by o.id limit %(most)s for no key update of o
"""


def adopt(*, actor: Actor, connection: Connection) -> int:
    """Take over the store's unsent orders of this connection as already at its warehouse; how many.

    Each gets a fulfillment order under the number an earlier tool would have used, already confirmed, its units counted as sent, and
    is Open. An order whose number the warehouse knows as another's stays as it was.
    """
    terms = terms_of(connection.store_id, links_of(store_id=connection.store_id))
    lane = open_lane(SEND, connection.pk)
    evidence = msgspec.json.encode({"adopted_by": actor.name or "operator", "at": datetime.now(UTC)}).decode()
    adopted = 0
    for ids in _sets(actor.account_id, connection.store_id):
        chosen = chosen_as_if_live(terms, free_lines(ids), only=connection.pk)
        parts, allocations = divided(terms, chosen)
        given = write_parts(parts, allocations)
        parts = [part for part in parts if part["k"] in given]
        rows = [
            {
                "key": f"store:{connection.store_id}/order:{part['external_id']}/part:{part['part']}",
                "subject_id": given[part["k"]],
                "reference": part["reference"],
            }
            for part in parts
        ]
        orders = sorted({part["order_id"] for part in parts})
        with database.cursor() as cursor:
            cursor.execute(
                CONFIRM,
                {
                    "account": actor.account_id,
                    "kind": SEND_EFFECT,
                    "lane": lane,
                    "warehouse": connection.warehouse_id,
                    "realm": connection.realm,
                    "evidence": evidence,
                    "rows": msgspec.json.encode(rows).decode(),
                },
            )
            cursor.execute(OPENED, {"ids": sorted(given.values())})
        for event in ("released", "ready", "confirmed"):
            move(orders, event)
        tell(
            [
                Told(
                    kind="order.adopted",
                    order_id=part["order_id"],
                    params={"warehouse": connection.warehouse.name, "reference": part["reference"]},
                    by=actor.person_id,
                )
                for part in parts
            ]
        )
        adopted += len(orders)
    return adopted


def leave(*, actor: Actor, connection: Connection, now: datetime) -> int:
    """Skip the store's unsent orders that would go to this connection, with the reason; how many."""
    terms = terms_of(connection.store_id, links_of(store_id=connection.store_id))
    live = {link.id for link in terms.links if link.is_live}
    reason = f"Placed before the connection {connection.name} went Live, and left to the earlier tool."
    left = 0
    for ids in _sets(actor.account_id, connection.store_id):
        chosen = chosen_as_if_live(terms, free_lines(ids))
        mine = [
            order_id
            for order_id, lines in chosen.items()
            if any(one and one.id == connection.pk for _, one in lines) and not any(one and one.id in live for _, one in lines)
        ]
        move(mine, "released")
        moved = move(mine, "left_out", reasons=reason)
        tell([Told(kind="order.left_behind", order_id=order_id, by=actor.person_id) for order_id in moved])
        left += len(moved)
    return left


def _sets(account_id: int, store_id: int) -> Iterator[list[int]]:
    """The store's New and held orders, and those of which a part waits, with units that nobody was given: locked, in sets."""
    after = 0
    while True:
        with database.cursor() as cursor:
            cursor.execute(OLDER, {"account": account_id, "store": store_id, "after": after, "most": SET})
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return
        yield ids
        after = ids[-1]


WAITS = """
deleted_at is null and (status = any ('{new,on_hold}')
  or giving > 0 and status = any ('{queued,delayed,open,partially_shipped,error}'))
"""


class Waiting(Struct, frozen=True):
    """What waits to be decided before a connection goes Live: how many orders, since when, and some of them as they would be sent."""

    new: int
    held: int
    oldest: datetime | None
    sample: tuple[Would, ...]


def waiting_for(connection: Connection) -> Waiting:
    """Unshipped orders of the connection's store: New, held, or with a part that waits. Needs the account's scope."""
    with database.cursor() as cursor:
        cursor.execute(
            "select count(*) filter (where status <> 'on_hold'), count(*) filter (where status = 'on_hold'), min(placed_at)"
            f" from sales_order where account_id = %s and store_id = %s and {WAITS}",
            [connection.account_id, connection.store_id],
        )
        new, held, oldest = cursor.fetchone()
        cursor.execute(
            f"select id from sales_order where account_id = %s and store_id = %s and {WAITS}"
            " order by placed_at desc, id desc limit %s",
            [connection.account_id, connection.store_id, SAMPLE],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return Waiting(new, held, oldest, tuple(requests_for(ids, only=connection.pk)) if ids else ())


class Collision(Struct, frozen=True):
    """Stores that ship from the same warehouse under the same prefix, and one that would keep the numbers apart."""

    stores: tuple[str, ...]
    proposed: str


def collision_at(connection: Connection) -> Collision | None:
    """Other stores whose order numbers could collide with this connection's at its warehouse; None when none could."""
    mine = _prefix(connection.store)
    others = Store.objects.filter(
        pk__in=Connection.objects.filter(warehouse_id=connection.warehouse_id, deleted_at=None)
        .exclude(store_id=connection.store_id)
        .values_list("store_id", flat=True)
    ).order_by("name")
    same = [store for store in others if _prefix(store) == mine]
    if not same:
        return None
    return Collision(tuple(store.name for store in same), _proposed(connection.store.name, {_prefix(store) for store in others}))


def _prefix(store: Store) -> str:
    return str(getattr(gateway.settings_of_row(store), "order_number_prefix", "") or "")


def _proposed(name: str, taken: Collection[str]) -> str:
    """The first word of the store's name in capitals, as long as no other store has it."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in name.upper()).split() or ["STORE"]
    candidates: Sequence[str] = [
        words[0][:8],
        "".join(word[0] for word in words)[:8],
        *(f"{words[0][:6]}{n}" for n in range(2, 100)),
    ]
    return next(f"{word}-" for word in candidates if f"{word}-" not in taken)
