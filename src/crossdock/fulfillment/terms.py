"""What a store and its connections say about preparing orders for warehouses."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct

from crossdock.connections import gateway
from crossdock.connections.models import LocationLink, Store, Warehouse
from crossdock.connections.queries import Link
from crossdock.domain.giving import Candidate


class Terms(Struct, frozen=True):
    """What a store and its connections say about preparing: who may be given lines, by which locations, how long orders rest."""

    store_id: int
    links: tuple[Link, ...]
    locations: Mapping[str, int]
    prefix: str
    delay: timedelta
    references: Mapping[int, Any]

    @property
    def candidates(self) -> list[Candidate]:
        """The connections that may be given lines."""
        return [Candidate(link.id, link.is_live, link.is_default) for link in self.links]

    @property
    def mark(self) -> str:
        """Says whether anything changed that decides to whom lines are given."""
        links = [(link.id, link.is_live, link.is_default, link.accept_after) for link in self.links]
        return hashlib.sha256(repr((links, sorted(self.locations.items()))).encode()).hexdigest()[:16]


def terms_of(store_id: int, links: Sequence[Link]) -> Terms:
    """Read a store's terms. `references` gives, by connection, how its warehouse writes order numbers."""
    settings = gateway.settings_of_row(Store.objects.get(pk=store_id))
    platforms = dict(Warehouse.objects.filter(pk__in=[link.warehouse_id for link in links]).values_list("pk", "platform"))
    return Terms(
        store_id=store_id,
        links=tuple(links),
        locations=dict(LocationLink.objects.filter(store_id=store_id).values_list("location", "connection_id")),
        prefix=getattr(settings, "order_number_prefix", ""),
        delay=timedelta(minutes=getattr(settings, "delay_minutes", 0)),
        references={link.id: gateway.platform_named(platforms[link.warehouse_id]).reference for link in links},
    )
