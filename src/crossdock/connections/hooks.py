"""The unguessable part of a store's webhook address: made, shown, replaced."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import msgspec

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.connections import credentials, gateway
from crossdock.connections.credentials import Owner
from crossdock.connections.models import Store
from crossdock.connections.realms import destination_of

OLD_HOOK_FOR = timedelta(hours=48)
"""How long a webhook address that was replaced is still taken."""


def new_hook(store: Store) -> str:
    """A fresh unguessable token for a store's webhook address; the database keeps its hash, the vault the token."""
    token = secrets.token_urlsafe(32)
    connector = gateway.platform_named(store.platform)
    owner = Owner("store", store.pk, store.realm, destination_of(connector, gateway.settings_of_row(store)))
    sealed, _ = credentials.load(owner, for_change=True)
    credentials.save(owner, msgspec.structs.replace(sealed, hook=token))
    Store.objects.filter(pk=store.pk).update(hook_hash=hashlib.sha256(token.encode()).digest())
    return token


def replace_hook(*, actor: Actor, store: Store) -> str:
    """A fresh token for the store's webhook address; the one before is taken for 48 hours more, one before that no longer.

    Raises Forbidden.
    """
    actor.require(Right.MANAGE_ACCOUNT)
    until = datetime.now(UTC) + OLD_HOOK_FOR
    row = Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    Store.objects.filter(pk=row.pk).update(old_hook_hash=row.hook_hash, old_hook_until=until)
    token = new_hook(row)
    record(
        actor=actor,
        action="store.webhook_address_replaced",
        subject_kind="store",
        subject_id=row.pk,
        after={"old_until": until.isoformat()},
    )
    return token


def hook_of(store: Store) -> str:
    """The token in a store's webhook address, made when it has none."""
    connector = gateway.platform_named(store.platform)
    owner = Owner("store", store.pk, store.realm, destination_of(connector, gateway.settings_of_row(store)))
    sealed, _ = credentials.load(owner)
    return sealed.hook or new_hook(store)
