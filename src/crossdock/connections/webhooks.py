"""Where platforms announce changes: verified, written down once, and used as a wake-up."""

import hashlib
import json
from collections import OrderedDict
from time import monotonic

from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import SecretStr

from crossdock.accounts.keyring import VaultError
from crossdock.connections import calls, gateway, privacy
from crossdock.connections.models import Store
from crossdock.connections.realms import app_of
from crossdock.connectors.kit.bounds import WEBHOOK_BYTES
from crossdock.connectors.kit.declaration import Connector, Delivery, Privacy
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.secret import Secret
from crossdock.jobs.wakes import tell_lane
from crossdock.tenancy import statements
from crossdock.tenancy.scope import account_in_scope, in_scope

KNOWN_FOR = 60.0
"""Seconds that a token's store is remembered, found or not: a flood of guesses costs no query each."""

OPEN_FOR = 15.0
"""Seconds that a store stays open for verifying: orders come in bursts, and each is announced several times."""

_open: dict[int, tuple[float, gateway.Site]] = {}

_known: "OrderedDict[bytes, tuple[float, tuple[int, int, str] | None]]" = OrderedDict()

RECEIVE = """
insert into webhook_inbox (account_id, store_id, delivery_id, topic, subjects, received_at)
values (%s, %s, %s, %s, %s, clock_timestamp()) on conflict (account_id, store_id, delivery_id) do nothing returning id
"""


def address_of(platform: str, token: str) -> str:
    """Where a platform announces changes of the store with this token: the public address, from outside."""
    return f"{django_settings.PUBLIC_URL.rstrip('/')}/in/{platform}/{token}"


@csrf_exempt
@require_POST
def receive(request: HttpRequest, platform: str, token: str) -> HttpResponse:
    """Take a delivery: 200 once it is stored, 404 for an unknown address, 401 for a signature that does not fit.

    The body is only trusted to name what to read again: a forged topic costs one read.
    """
    found = _store_of(token) if len(token) <= 100 else None
    if found is None or found[2] != platform:
        return HttpResponse(status=404)
    if int(request.headers.get("Content-Length") or 0) > WEBHOOK_BYTES:
        return HttpResponse(status=413)
    account_id, store_id, _ = found
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        return in_scope(account_id, _take, store_id, headers, request.body)
    except VaultError:
        # The platform delivers again later; nothing is lost.
        return HttpResponse(status=503)


def _take(store_id: int, headers: dict[str, str], body: bytes) -> HttpResponse:
    try:
        delivery = _verified(store_id, headers, body)
    except ConnectorError:
        return HttpResponse(status=401)
    if delivery is None:
        return HttpResponse(status=404)
    # One that came without an id is told apart by what it says: all of them would otherwise be the same delivery.
    delivery_id = delivery.delivery_id or hashlib.sha256(body).hexdigest()
    if delivery.privacy is not None:
        store = Store.objects.get(pk=store_id)
        if delivery.privacy.identity != store.identity:
            return HttpResponse(status=401)
        privacy.note_request(store, delivery.privacy, delivery_id=delivery_id)
        return HttpResponse(status=200)
    values = [account_in_scope(), store_id, delivery_id, delivery.topic, json.dumps(delivery.subjects)]
    if statements.run_kept(RECEIVE, values):
        tell_lane("orders.pull", store_id)
    return HttpResponse(status=200)


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


def _verified(store_id: int, headers: dict[str, str], body: bytes) -> Delivery | None:
    """What a delivery says; None where the platform announces nothing. Raises ConnectorError when its signature does not fit."""
    kept = _open.get(store_id)
    if kept is not None and monotonic() - kept[0] < OPEN_FOR:
        try:
            return _read(kept[1], headers, body)
        except ConnectorError:
            pass  # the secret may have been replaced meanwhile
    site = gateway.load_site("store", store_id)
    if len(_open) >= 1_000:
        _open.clear()
    _open[store_id] = (monotonic(), site)
    return _read(site, headers, body)


def _read(site: gateway.Site, headers: dict[str, str], body: bytes) -> Delivery | None:
    if site.connector.webhooks is None:
        return None
    secrets = [Secret(value.get_secret_value()) for value in _secrets_of(site)]
    delivery: Delivery = site.connector.webhooks.receive(headers, body, secrets, site.settings)
    return delivery


def _secrets_of(site: gateway.Site) -> list[SecretStr]:
    values = (getattr(site.settings, name) for name in type(site.settings).model_fields)
    return [value for value in values if isinstance(value, SecretStr)]


def _store_of(token: str) -> tuple[int, int, str] | None:
    digest = hashlib.sha256(token.encode()).digest()
    now = monotonic()
    if (hit := _known.get(digest)) and now - hit[0] < KNOWN_FOR:
        return hit[1]
    with connection.cursor() as cursor:
        cursor.execute("select account_id, store_id, platform from store_of_hook(%s)", [digest])
        row = cursor.fetchone()
    _known[digest] = (now, row)
    while len(_known) > 10_000:
        _known.popitem(last=False)
    return row  # type: ignore[no-any-return]
