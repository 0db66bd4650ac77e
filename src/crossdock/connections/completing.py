"""The end of the wizard: what was filled in becomes a merchant, a warehouse, a store and the connection between them."""

import itertools

from django.utils.translation import gettext as _

from crossdock.accounts.rights import Actor
from crossdock.connections import checking, drafts, gateway, merchants, presenting, services, sites, typed
from crossdock.connections.checking import Outcome
from crossdock.connections.drafts import Division, Draft, SiteDraft, known_id
from crossdock.connections.models import Connection, Merchant, Store, Warehouse
from crossdock.connections.realms import realm_of
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import ConnectorSettings, fields_of
from crossdock.domain.errors import RuleBroken

DEFAULT, LOCATIONS = "default", "locations"


def existing_stores(merchant: Merchant | None) -> list[Store]:
    """The stores that the wizard offers: the merchant's, with those that were deleted, for they are remembered."""
    return list(Store.objects.filter(merchant=merchant).order_by("name")) if merchant is not None else []


def merchant_of(draft: Draft) -> Merchant | None:
    """The merchant that is here already, if one was chosen."""
    chosen = draft.values.merchant
    wanted = known_id(chosen.existing)
    if chosen.how != drafts.EXISTING or wanted is None:
        return None
    return Merchant.objects.filter(public_id=wanted).first()


def warehouse_of(actor: Actor, draft: Draft) -> Warehouse | None:
    """The warehouse that is here already, if one was chosen."""
    site = draft.values.warehouse
    wanted = known_id(site.existing)
    if site.how != drafts.EXISTING or wanted is None:
        return None
    return presenting.warehouses(actor).filter(public_id=wanted).first()


def store_of(draft: Draft) -> Store | None:
    """The store that is here already: chosen, or found to be the one whose credentials were typed."""
    site, merchant = draft.values.store, merchant_of(draft)
    if site.how == drafts.EXISTING:
        wanted = known_id(site.existing)
        return Store.objects.filter(public_id=wanted, merchant=merchant).first() if wanted else None
    if site.outcome is None or not site.outcome.ok or not site.platform:
        return None
    realm = realm_of(gateway.platform_named(site.platform))
    return Store.objects.filter(platform=site.platform, identity=site.outcome.identity, realm=realm).first()


def others_on(store: Store | None, warehouse: Warehouse | None) -> list[Connection]:
    """Connections that already take this store's orders elsewhere: the reason to ask how they are divided."""
    if store is None:
        return []
    links = presenting.connections().filter(store=store)
    return list((links.exclude(warehouse=warehouse) if warehouse is not None else links).order_by("-is_default", "name"))


def proposed_prefix(actor: Actor, draft: Draft) -> str:
    """An order number prefix for a new store whose warehouse ships for other stores already, where equal numbers would collide."""
    warehouse = warehouse_of(actor, draft)
    if warehouse is None or not Connection.objects.filter(warehouse=warehouse, deleted_at=None).exists():
        return ""
    merchant = merchant_of(draft)
    name = merchant.name if merchant is not None else draft.values.merchant.details.get("name", "")
    letters = "".join(letter for letter in name.upper() if letter.isascii() and letter.isalnum())[:8]
    if not letters:
        return ""
    others = Store.objects.filter(pk__in=Connection.objects.filter(warehouse=warehouse, deleted_at=None).values("store_id"))
    taken = {str(settings.get("order_number_prefix", "")) for settings in others.values_list("settings", flat=True)}
    candidates = (f"{letters[:7]}{n}-" if n > 1 else f"{letters}-" for n in itertools.count(1))
    return next(one for one in candidates if one not in taken)


def location_field(connector: Connector | None) -> str | None:
    """The setting whose options are a store's locations; None for platforms without several."""
    if connector is None:
        return None
    return next((spec.name for spec in fields_of(connector.settings) if spec.name == "location" and spec.loads), None)


def complete(actor: Actor, draft: Draft, zone: str) -> Connection:
    """Make whatever is new, and the connection, Off. In the account's transaction. Raises RuleBroken, and then nothing is made."""
    warehouse = warehouse_of(actor, draft) or _new_warehouse(actor, draft, zone)
    merchant = merchant_of(draft)
    if merchant is None:
        if draft.values.merchant.how == drafts.EXISTING:
            raise RuleBroken(_("Choose the merchant again: the one you chose is gone."))
        merchant = merchants.create_merchant(actor=actor, **draft.values.merchant.details)
    store = store_of(draft) if draft.values.store.how == drafts.EXISTING else _new_store(actor, draft, merchant, zone)
    if store is None:
        raise RuleBroken(_("Choose the store again: the one you chose is gone."))
    others = others_on(store, warehouse)
    connection = services.create_connection(actor=actor, name=draft.values.name, store=store, warehouse=warehouse)
    for kind, made, site in (("store", store, draft.values.store), ("warehouse", warehouse, draft.values.warehouse)):
        if site.is_new and site.outcome is not None:
            checking.remember(kind, made.pk, site.outcome)
    if others:
        _divide(actor, connection, draft.values.division)
    drafts.discard(actor, draft.public_id)
    return connection


def _divide(actor: Actor, connection: Connection, division: Division) -> None:
    if division.how == DEFAULT:
        services.make_default(actor=actor, connection=connection)
    elif division.locations:
        services.link_locations(actor=actor, connection=connection, locations=dict.fromkeys(division.locations, ""))


def _new_warehouse(actor: Actor, draft: Draft, zone: str) -> Warehouse:
    site = draft.values.warehouse
    settings, outcome = _tested(site, draft, "warehouse", zone)
    sealed = draft.secrets("warehouse")
    return sites.save_warehouse(
        actor=actor,
        platform=site.platform,
        name=site.name,
        settings=settings,
        identity=outcome.found(),
        tokens=sealed.tokens(),
    )


def _new_store(actor: Actor, draft: Draft, merchant: Merchant, zone: str) -> Store:
    site = draft.values.store
    settings, outcome = _tested(site, draft, "store", zone)
    sealed = draft.secrets("store")
    return sites.save_store(
        actor=actor,
        merchant=merchant,
        platform=site.platform,
        name=site.name,
        settings=settings,
        identity=outcome.found(),
        tokens=sealed.tokens(),
    )


def _tested(site: SiteDraft, draft: Draft, side: str, zone: str) -> tuple[ConnectorSettings, Outcome]:
    if not site.is_new or not site.platform or site.outcome is None or not site.outcome.ok:
        raise RuleBroken(
            _("Test the store first: it says who it is.")
            if side == "store"
            else _("Test the warehouse first: it says who it is.")
        )
    resolved = typed.resolve(gateway.platform_named(site.platform), site.raw, draft.secrets(side).secrets, zone)
    if resolved.settings is None:
        raise RuleBroken(next(iter(resolved.errors.values()))[0])
    return resolved.settings, site.outcome
