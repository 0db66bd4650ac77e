"""The webhook address of a store whose platform is told it by hand: shown to administrators, made when they ask for it."""

from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crossdock.accounts.audit import record
from crossdock.accounts.keyring import VaultError
from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import credentials, gateway, hooks, presenting
from crossdock.connections.credentials import Owner
from crossdock.connections.models import Store
from crossdock.connections.realms import destination_of
from crossdock.connections.views.common import the_store, to, url_of
from crossdock.connections.webhooks import address_of
from crossdock.connectors.kit.declaration import Connector

MAY = Right.MANAGE_ACCOUNT
"""Whoever knows the address and the platform's secret can have a store read at any time: administrators alone see it."""


def panel(request: AccountRequest, store: Store) -> SafeString | None:
    """The address and what to do with it; None for other platforms, other people, and secrets that cannot be opened."""
    connector = by_hand(store)
    if connector is None or connector.webhooks is None or not request.actor.may(MAY):
        return None
    owner = Owner("store", store.pk, store.realm, destination_of(connector, gateway.settings_of_row(store)))
    try:
        sealed, _generation = credentials.load(owner)
    except VaultError:
        return None
    context = {
        "store": store,
        "by_hand": connector.webhooks.by_hand,
        "address": address_of(store.platform, sealed.hook) if sealed.hook else "",
        "old_until": store.old_hook_until if store.old_hook_until and store.old_hook_until > datetime.now(UTC) else None,
    }
    return SafeString(render_to_string("connections/_webhook_address.html", context, request))


@require_POST
@for_account
@requires(MAY)
def make_address(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Make the store's address, unless it has one."""
    store = the_store(public_id)
    if by_hand(store) is None:
        raise Http404
    request.actor.require_confirmed(url_of(request, "store", public_id=public_id))
    had = store.hook_hash is not None
    hooks.hook_of(store)
    if not had:
        record(actor=request.actor, action="store.webhook_address_made", subject_kind="store", subject_id=store.pk)
    messages.success(request, _("The webhook address is made."))
    return to(request, "store", public_id=store.public_id)


def by_hand(store: Store) -> Connector | None:
    """The platform of a store, where a person tells it the address; None for others."""
    connector = presenting.connector_or_none(store.platform)
    return connector if connector is not None and connector.webhooks is not None and connector.webhooks.by_hand else None
