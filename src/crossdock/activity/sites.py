"""Stores, warehouses and merchants as lists name them: in filters, in rows, in addresses.

It stands below the applications that own these tables, for the story is filtered by them too; so it reads the tables by name.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection
from msgspec import Struct

from crossdock.accounts.slugs import short
from crossdock.tenancy.scope import current_scope
from crossdock.ui.filters import Facet, Text


class Site(Struct, frozen=True):
    """A store, warehouse or merchant as filters and rows name it."""

    id: int
    public_id: UUID
    name: str

    @property
    def slug(self) -> str:
        """What stands for it in an address."""
        return short(self.public_id)


Sites = Mapping[int, Site]
"""By id, in the order of their names."""


def stores() -> Sites:
    """Every store this person may see. Deleted ones are among them: their orders stay."""
    return _named("store")


def merchants() -> Sites:
    """Every merchant this person may see."""
    return _named("merchant")


def warehouses() -> Sites:
    """Every warehouse; of people limited to some merchants those their merchants use, which no row policy could say."""
    scope = current_scope()
    is_limited = scope is not None and scope.merchants is not None
    return _named("warehouse", "where id in (select warehouse_id from connection where deleted_at is null)" if is_limited else "")


def _named(table: str, condition: str = "") -> Sites:
    with connection.cursor() as cursor:
        cursor.execute(f"select id, public_id, name from {table} {condition} order by lower(name), id")
        return {row[0]: Site(*row) for row in cursor.fetchall()}


def id_of(slug: str, sites: Sites) -> int | None:
    """The id of the one that an address names; None where it is none of these."""
    return next((site.id for site in sites.values() if site.slug == slug), None) if slug else None


def facet_of(name: str, label: Text, sites: Sites) -> Facet:
    """A list's choice of one of them."""
    return Facet(name, label, tuple((site.slug, site.name) for site in sites.values()))


def facets_of(*named: tuple[str, Text, Sites]) -> list[Facet]:
    """Choices by name, label and what there is. One that is the only one of its kind is no choice."""
    return [facet_of(name, label, sites) for name, label, sites in named if len(sites) > 1]
