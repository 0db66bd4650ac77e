"""Lanes that stores, warehouses and connections have by what their platforms can: opened when a connection goes to work, and, for
those that did before a lane was invented, when the database is migrated.
"""

from collections.abc import Callable

from django.db import connections, transaction
from msgspec import Struct

from crossdock.connections import gateway
from crossdock.connections.models import ChannelKind, Mode
from crossdock.connections.services import LANES
from crossdock.connectors.kit.capabilities import KeepsWebhooks
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import fields_of

WORKING = (Mode.OBSERVE.value, Mode.LIVE.value)


class Standing(Struct, frozen=True):
    """A kind of lane, whose it is (a column of the connection), and which connections it needs: at work in one of these modes, with
    the channel on, the store on a platform that can it. None of the last two means any.
    """

    kind: str
    owner: str
    modes: tuple[str, ...] = WORKING
    channel: str | None = None
    can: Callable[[Connector], bool] | None = None


def _has_ends(connector: Connector) -> bool:
    return any(spec.expiry_of is not None for spec in fields_of(connector.settings))


def _keeps_webhooks(connector: Connector) -> bool:
    return connector.can(KeepsWebhooks)


STANDING = (
    *(Standing(kind, owner, channel=ChannelKind(channel).value) for channel, lanes in LANES.items() for kind, owner in lanes),
    Standing("connections.expiry", "store_id", can=_has_ends),
    Standing("connections.webhooks", "store_id", modes=(Mode.LIVE.value,), can=_keeps_webhooks),
)

# Due at once: what it would have done since is found by the lane itself.
OPEN = """
insert into lane (account_id, kind, {column}, due_at, fence, holder, failures, last_error)
select distinct c.account_id, %(kind)s, c.{owner}, clock_timestamp(), 0, '', 0, ''
  from connection c join store s on s.id = c.store_id
 where c.deleted_at is null and c.mode = any (%(modes)s) and (%(any_platform)s or s.platform = any (%(platforms)s))
   and (%(channel)s::text is null
        or exists (select from channel h where h.connection_id = c.id and h.kind = %(channel)s and h.is_on))
   and not exists (select from lane l where l.kind = %(kind)s and l.{column} = c.{owner})
on conflict do nothing
"""


def open_missing_lanes(*, using: str = "default") -> int:
    """Open every lane that a connection at work should have and has not; how many. Finds none the second time.

    With the owner's connection it looks at all accounts, else at the one in whose scope it is called.
    """
    opened = 0
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        # The policies let the owner see tenants' rows only in maintenance; to the application's role this says nothing.
        cursor.execute("select set_config('app.maintenance', 'on', true)")
        for one in STANDING:
            platforms = [connector.key for connector in gateway.connectors_of("store") if one.can is None or one.can(connector)]
            column = "connection_id" if one.owner == "id" else one.owner
            cursor.execute(
                OPEN.format(column=column, owner=one.owner),
                {
                    "kind": one.kind,
                    "modes": list(one.modes),
                    "channel": one.channel,
                    "any_platform": one.can is None,
                    "platforms": platforms,
                },
            )
            opened += cursor.rowcount
        cursor.execute("select set_config('app.maintenance', '', true)")
    return opened
