"""Changes to stores and warehouses: added, brought back, set otherwise, signed in anew; their secrets go to the vault."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from pydantic import SecretStr

from crossdock.accounts.audit import record
from crossdock.accounts.keyring import VaultError
from crossdock.accounts.rights import Actor, Right
from crossdock.connections import credentials, gateway, leaving, refusing
from crossdock.connections.credentials import Owner
from crossdock.connections.models import Connection, Merchant, Mode, Store, Warehouse
from crossdock.connections.realms import destination_of, target_of
from crossdock.connections.services import wake_channels
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import ConnectorSettings, StoreSettings, fields_of, secret_fields
from crossdock.connectors.kit.tokens import Tokens
from crossdock.domain.errors import RuleBroken
from crossdock.jobs import queries as lanes
from crossdock.jobs.wakes import open_lane, wake


def save_store(
    *,
    actor: Actor,
    merchant: Merchant,
    platform: str,
    name: str,
    settings: ConnectorSettings,
    identity: Identity,
    tokens: Tokens | None = None,
) -> Store:
    """Add a store, or bring back the one with this identity: its orders are remembered, so nothing is sent again.

    Raises RuleBroken when it is another merchant's.
    """
    actor.require(Right.MANAGE_CONNECTIONS)
    actor.require_confirmed()
    store, is_new = Store.objects.get_or_create(
        **_whose(actor, platform, settings, identity), defaults={"merchant": merchant, "name": identity.name}
    )
    if store.merchant_id != merchant.pk:
        raise RuleBroken(
            f"{identity.name} is already here as {store.name}, a store of {store.merchant.name}. Choose that merchant."
        )
    _bring_in(actor, store, name.strip() or identity.name, settings, tokens, is_new=is_new)
    return store


def save_warehouse(
    *, actor: Actor, platform: str, name: str, settings: ConnectorSettings, identity: Identity, tokens: Tokens | None = None
) -> Warehouse:
    """Add a warehouse, or bring back the one with this identity. Other merchants may use it, so it takes somebody who sees all."""
    actor.require(Right.MANAGE_CONNECTIONS)
    actor.require_confirmed()
    actor.require_all_merchants("add warehouses")
    warehouse, is_new = Warehouse.objects.get_or_create(
        **_whose(actor, platform, settings, identity), defaults={"name": identity.name}
    )
    _bring_in(actor, warehouse, name.strip() or identity.name, settings, tokens, is_new=is_new)
    return warehouse


def replace_settings(
    *,
    actor: Actor,
    site: Store | Warehouse,
    settings: ConnectorSettings,
    identity: Identity,
    tokens: Tokens | None = None,
    name: str = "",
) -> None:
    """New settings or credentials for a store or warehouse. Raises RuleBroken when they lead to another shop.

    Lanes that were blocked for want of good credentials go again.
    """
    actor.require(Right.REPLACE_CREDENTIALS)
    if isinstance(site, Warehouse):
        actor.require_all_merchants("change a warehouse, which other merchants may use")
    if identity.id != site.identity:
        raise RuleBroken(
            f"These credentials belong to {identity.name}, not to {site.name}. Add {identity.name} as a store or warehouse of its own."
        )
    before = site.settings
    _keep(site, name.strip() or site.name, settings, tokens)
    changed = sorted(key for key in {*before, *site.settings} if before.get(key) != site.settings.get(key))
    kind = _kind_of(site)
    record(actor=actor, action=f"{kind}.settings_changed", subject_kind=kind, subject_id=site.pk, after={"changed": changed})


def _whose(actor: Actor, platform: str, settings: ConnectorSettings, identity: Identity) -> dict[str, Any]:
    """What no two stores share, nor two warehouses."""
    realm = target_of(gateway.platform_named(platform), settings).realm
    return {"account_id": actor.account_id, "platform": platform, "identity": identity.id, "realm": realm}


def _kind_of(site: Store | Warehouse) -> credentials.OwnerKind:
    return "store" if isinstance(site, Store) else "warehouse"


def _bring_in(
    actor: Actor, site: Store | Warehouse, name: str, settings: ConnectorSettings, tokens: Tokens | None, *, is_new: bool
) -> None:
    site.deleted_at = None
    _keep(site, name, settings, tokens, is_new=is_new, also=["deleted_at"])
    kind = _kind_of(site)
    after = {"name": site.name, "platform": site.platform}
    record(actor=actor, action=f"{kind}.saved", subject_kind=kind, subject_id=site.pk, after=after)


def _keep(
    site: Store | Warehouse,
    name: str,
    settings: ConnectorSettings,
    tokens: Tokens | None,
    *,
    is_new: bool = False,
    also: Sequence[str] = (),
) -> None:
    """Keep name, settings and secrets of a site that answered to them, end the session it had with others, and let its lanes go on.

    `also` are more fields to save. Raises RuleBroken where orders that are here would come as new ones.
    """
    kind = _kind_of(site)
    if isinstance(site, Store) and not is_new:
        _require_known_orders(site, settings)
    connector = gateway.platform_named(site.platform)
    session = None if is_new else leaving.session_of(kind, site)
    site.name = name
    site.settings = clear_values(connector, settings)
    site.checked_at = datetime.now(UTC)
    site.trouble = ""
    site.save(update_fields=["name", "settings", "checked_at", "trouble", *also])
    if not _seal(kind, site, connector, settings, tokens):
        leaving.end(session)
    _let_go_on(kind, site)


def _require_known_orders(store: Store, settings: ConnectorSettings) -> None:
    """Raises RuleBroken where orders of a store that was Live would come as new ones with other settings, and ship once more."""
    if not isinstance(settings, StoreSettings) or settings.keeps_orders_known(gateway.settings_of_row(store)):
        return
    if Connection.objects.filter(store=store, live_at__isnull=False).exists():
        raise RuleBroken(
            f"With these settings the orders of {store.name} that are here would come as new ones, and could ship twice. "
            "Keep by what its orders are told apart, or add it as a store of its own."
        )


def _let_go_on(kind: credentials.OwnerKind, site: Store | Warehouse) -> None:
    """Have lanes go again that stopped for want of good credentials, and those look again that are at it with the old ones."""
    unblocked = lanes.unblock(**{f"{kind}_id": site.pk})
    for connection in Connection.objects.filter(**{kind: site}):
        unblocked += lanes.unblock(connection_id=connection.pk)
        if connection.mode != Mode.OFF:
            wake_channels(connection)
            wake([open_lane("connections.expiry", connection.store_id)])
    wake(unblocked)


def clear_values(connector: Connector, settings: ConnectorSettings) -> dict[str, Any]:
    """What of the settings is stored in clear, as JSON values."""
    hidden = secret_fields(connector.settings)
    return settings.model_dump(mode="json", exclude=set(hidden))


def _seal(
    kind: credentials.OwnerKind, site: Store | Warehouse, connector: Connector, settings: ConnectorSettings, tokens: Tokens | None
) -> bool:
    """Whether the tokens of before were kept."""
    owner = Owner(kind, site.pk, site.realm, destination_of(connector, settings))
    hidden: dict[str, str] = {}
    for name in secret_fields(connector.settings):
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and value.get_secret_value():
            hidden[name] = value.get_secret_value()
    sealed = credentials.Sealed(secrets=hidden)
    try:
        before, _ = credentials.load(owner, for_change=True)
    except VaultError:
        # Sealed for another address, or with a key that is lost: it cannot be carried over, and is replaced as a whole.
        before = credentials.Sealed()
    sealed = msgspec.structs.replace(sealed, hook=before.hook)
    if isinstance(site, Store) and before.secrets != hidden:
        refusing.forget(site)
    # A sign-in outlives changes to secrets that have no part in it, such as another service's key.
    signing = {spec.name for spec in fields_of(connector.settings) if spec.group == "credentials"}
    keeps = tokens is None and all(before.secrets.get(name) == hidden.get(name) for name in signing)
    credentials.save(owner, sealed.with_tokens(before.tokens() if keeps else tokens))
    return keeps
