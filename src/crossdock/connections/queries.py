"""Reads on connections: what lanes may do now, when they are due, and what people see."""

import json
from datetime import datetime
from typing import Any

from django.db import connection
from msgspec import Struct

from crossdock.jobs.schedules import Rule, next_run, parse
from crossdock.tenancy import statements


class Link(Struct, frozen=True):
    """A connection as lanes need it."""

    id: int
    store_id: int
    warehouse_id: int
    merchant_id: int
    mode: str
    is_default: bool
    accept_after: datetime | None
    realm: str
    channels: frozenset[str]

    @property
    def is_live(self) -> bool:
        """Whether it may change anything anywhere."""
        return self.mode == "live"


LINKS = """
select c.id, c.store_id, c.warehouse_id, c.merchant_id, c.mode, c.is_default, c.accept_after, c.realm,
       array(select kind from channel h where h.connection_id = c.id and h.is_on)
  from connection c where c.deleted_at is null and {} = %s order by c.id
"""


def links_of(*, store_id: int | None = None, warehouse_id: int | None = None, connection_id: int | None = None) -> list[Link]:
    """The connections of a store or a warehouse, or one connection, with the channels that are on."""
    column, value = next(
        (name, value)
        for name, value in (("c.store_id", store_id), ("c.warehouse_id", warehouse_id), ("c.id", connection_id))
        if value is not None
    )
    return [Link(*(*row[:8], frozenset(row[8]))) for row in statements.run_kept(LINKS.format(column), [value])]


def working(links: list[Link], channel: str) -> list[Link]:
    """Those that look or work on a channel: Observe or Live, and switched on."""
    return [link for link in links if link.mode in ("observe", "live") and channel in link.channels]


RULES = """
select s.rule, a.time_zone from connection c
  join channel h on h.connection_id = c.id and h.kind = %(channel)s and h.is_on
  join schedule s on s.channel_id = h.id
  join account a on a.id = c.account_id
 where c.deleted_at is null and c.mode in ('observe', 'live') and {} = %(id)s
"""


def rules_of(channel: str, *, store_id: int | None = None, warehouse_id: int | None = None) -> tuple[list[Rule], str]:
    """The schedules of a channel over all connections of a store or warehouse that run, and the account's time zone."""
    column, value = ("c.store_id", store_id) if store_id is not None else ("c.warehouse_id", warehouse_id)
    rows: list[Any] = statements.run_kept(RULES.format(column), {"channel": channel, "id": value})
    rules = [parse(json.loads(rule) if isinstance(rule, str) else rule) for rule, _ in rows]
    return rules, rows[0][1] if rows else "UTC"


def next_time(channel: str, after: datetime, *, store_id: int | None = None, warehouse_id: int | None = None) -> datetime | None:
    """When the channel runs next at a store or warehouse; None while nothing is scheduled."""
    rules, zone = rules_of(channel, store_id=store_id, warehouse_id=warehouse_id)
    return next_run(rules, after, zone)


def announced_lanes(most: int) -> list[tuple[int, int]]:
    """(account, lane) of stores at which something was announced and nobody has looked since. Looks across accounts.

    For announcements whose lane could not be told, since somebody had its row: older than two seconds, else its wake-up may be under
    way, and an hour at most. A lane that was looked at since then knows by itself when it tries again.
    """
    with connection.cursor() as cursor:
        cursor.execute("select account_id, lane_id from announced_lanes(%s)", [most])
        return [(row[0], row[1]) for row in cursor.fetchall()]
