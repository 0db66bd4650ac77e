"""What a platform tells its app: that somebody opens it there, that it was uninstalled. Signed by the platform, with no session."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.db import connection
from django.utils.translation import gettext as _

from crossdock.accounts.audit import record
from crossdock.accounts.keyring import VaultError
from crossdock.accounts.rights import system
from crossdock.connections import credentials, gateway
from crossdock.connections.credentials import Owner
from crossdock.connections.models import Credential, Store
from crossdock.connections.realms import app_of, destination_of, realm_of
from crossdock.connectors.kit.declaration import Call, Connector
from crossdock.domain.errors import RuleBroken
from crossdock.jobs.lanes import our_kinds
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import wake_lane

log = structlog.get_logger(__name__)


class NoApp(RuleBroken):
    """A call for a platform that calls no apps, or at which this installation has none."""


def read(platform: str, query: Mapping[str, str]) -> tuple[Connector, Call]:
    """Verify a call by the installation's app. Raises NoApp, and AuthenticationFailed for one that the platform did not sign."""
    connector = next((one for one in gateway.connectors_of("store") if one.key == platform), None)
    app = app_of(connector) if connector else None
    if connector is None or app is None or connector.oauth is None or connector.oauth.read_call is None:
        raise NoApp(_("This Crossdock has no app there."))
    return connector, connector.oauth.read_call(app, query)


def stores_of(connector: Connector, call: Call) -> list[tuple[int, int]]:
    """(account, store) of every store here that the call is about. Looks across accounts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select account_id, store_id from stores_called(%s, %s, %s)", [connector.key, call.identity, realm_of(connector)]
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def holders_of(connector: Connector, identity: str) -> list[tuple[int, int]]:
    """(account, store) of every store here with this identity, those that were deleted too: of them data are still held. Looks
    across accounts.
    """
    with connection.cursor() as cursor:
        cursor.execute("select account_id, store_id from stores_held(%s, %s, %s)", [connector.key, identity, realm_of(connector)])
        return [(row[0], row[1]) for row in cursor.fetchall()]


def end_sign_in(connector: Connector, call: Call, account_id: int, store_id: int) -> None:
    """Forget the store's tokens and stop its lanes, since the app was uninstalled there. In the account's transaction.

    Leaves a store alone that gets in another way, or that was signed in after the call was signed. People who open the app carry a
    call of the same shape, so only the owner's is believed at once; at anybody else's the store is looked at, and stops by itself
    when it is refused.
    """
    store = Store.objects.get(pk=store_id)
    settings = gateway.settings_of_row(store)
    if not _signs_in_by_app(connector, settings):
        return
    if not call.is_owner:
        wake_lane("orders.pull", store_id)
        return
    if Credential.objects.filter(store=store, changed_at__gt=call.at).exists():
        return
    owner = Owner("store", store.pk, store.realm, destination_of(connector, settings))
    try:
        sealed, _generation = credentials.load(owner, for_change=True)
        credentials.save(owner, sealed.with_tokens(None))
    except VaultError:
        # They stay sealed, and are dead at the platform all the same.
        log.warning("tokens.kept", store=store.pk)
    sentence = _(
        "The app was uninstalled at {platform}, which ended its access. Choose Authorize in the settings to sign in again."
    )
    why = sentence.format(platform=connector.name)
    if not Lane.objects.filter(store_id=store.pk).exclude(kind__in=our_kinds()).update(blocked_reason=why):
        Store.objects.filter(pk=store.pk).update(trouble=why)
    record(actor=system(account_id), action="store.sign_in_ended", subject_kind="store", subject_id=store.pk, after={"why": why})


def _signs_in_by_app(connector: Connector, settings: Any) -> bool:
    """Whether a store is signed in by consent to the installation's app, not by a token of its own or its own app."""
    app = app_of(connector)
    if app is None or connector.oauth is None or not connector.oauth.is_wanted(settings):
        return False
    return (getattr(settings, "client_id", "") or app.client_id) == app.client_id
