"""Levels and figures for tests of every package, written as a reading and a plan would."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crossdock.accounts.models import Account
from crossdock.connections.models import Connection, Warehouse
from crossdock.connections.queries import links_of, working
from crossdock.domain.fulfillment import StockLevel
from crossdock.inventory import planning
from crossdock.inventory.models import Publishing
from crossdock.inventory.publishing import publishing_of
from crossdock.inventory.reading import end_reading, take_levels
from crossdock.inventory.reserving import sold_at
from crossdock.inventory.sources import sources_of
from crossdock.tenancy.scope import scoped


def read_levels(account: Account, warehouse: Warehouse, *, facility: str | None = None, **levels: Any) -> None:
    """Have a warehouse name exactly these levels, by SKU."""
    said = [StockLevel(sku, Decimal(units), facility=facility) for sku, units in levels.items()]
    now = datetime.now(UTC)
    with scoped(account.pk):
        take_levels(warehouse_id=warehouse.pk, levels=said, at=now)
        named = {(facility or "", level.sku) for level in said}
        end_reading(warehouse_id=warehouse.pk, name=str(now), at=now, named=named)


def planned(account: Account, connection: Connection) -> Publishing:
    """Work out what the store of a connection is to show."""
    with scoped(account.pk):
        row = publishing_of(connection.store)
        sources = sources_of(working(links_of(store_id=connection.store_id), "inventory"), "")
        sold = sold_at(planning.moments_of(sources))
        planning.begin(connection.store_id, sources)
        planning.plan_some(connection.store_id, sources, sold, 0, full_since=None, is_every_double=False)
        Publishing.objects.filter(pk=row.pk).update(planned_at=datetime.now(UTC))
        return Publishing.objects.get(pk=row.pk)
