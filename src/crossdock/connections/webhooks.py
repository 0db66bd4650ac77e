"""Where platforms announce changes: verified, written down once, and used as a wake-up."""

import hashlib

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from crossdock.accounts.keyring import VaultError
from crossdock.connections import calls, gateway, inbox, privacy
from crossdock.connections.models import Store
from crossdock.connections.realms import app_of
from crossdock.connectors.kit.bounds import WEBHOOK_BYTES
from crossdock.connectors.kit.declaration import Connector, Delivery, Privacy
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.tenancy.scope import in_scope


def address_of(platform: str, token: str) -> str:
    """Where a platform announces changes of the store with this token: the public address, from outside."""
    return f"{django_settings.PUBLIC_URL.rstrip('/')}/in/{platform}/{token}"


@csrf_exempt
@require_POST
def receive(request: HttpRequest, platform: str, token: str) -> HttpResponse:
    """Take one announcement, as `inbox.take` says. The web server's shell hands them to an `Inbox` before they come here."""
    if int(request.headers.get("Content-Length") or 0) > WEBHOOK_BYTES:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HttpResponse(status=inbox.take(inbox.Hook(platform, token, headers, request.body)))


@csrf_exempt
@require_POST
def receive_for_app(request: HttpRequest, platform: str) -> HttpResponse:
    """Take what a platform tells the installation's app: 200 once it is stored for every account that holds the store, or none does;
    404 where there is no such app, 401 for a signature that does not fit.

    The store is the one that the signed body names. Only privacy requests are acted on: the rest is told at each store's address.
    """
    if int(request.headers.get("Content-Length") or 0) > WEBHOOK_BYTES:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        connector, delivery = _told_app(platform, headers, request.body)
    except calls.NoApp:
        return HttpResponse(status=404)
    except ConnectorError:
        return HttpResponse(status=401)
    asked = delivery.privacy
    if asked is not None:
        delivery_id = delivery.delivery_id or hashlib.sha256(request.body).hexdigest()
        try:
            for account_id, store_id in calls.holders_of(connector, asked.identity):
                in_scope(account_id, _note, store_id, asked, delivery_id)
        except VaultError:
            return HttpResponse(status=503)
    return HttpResponse(status=200)


def _told_app(platform: str, headers: dict[str, str], body: bytes) -> tuple[Connector, Delivery]:
    connector = next((one for one in gateway.connectors_of("store") if one.key == platform), None)
    app = app_of(connector) if connector else None
    if connector is None or app is None or connector.webhooks is None or connector.webhooks.receive_for_app is None:
        raise calls.NoApp("This Crossdock has no app there.")
    return connector, connector.webhooks.receive_for_app(headers, body, app)


def _note(store_id: int, asked: Privacy, delivery_id: str) -> None:
    privacy.note_request(Store.objects.get(pk=store_id), asked, delivery_id=delivery_id)
