"""What BigCommerce announces, verified and reduced to the orders that are to be read again; and keeping the announcements alive.

Messages name ids only. They are signed in the Standard Webhooks way with the client secret of the API account or app that made them;
where we do not know that secret, or a message comes without a signature, a secret header we asked for tells ours from others'.
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from crossdock.connectors.bigcommerce.api import Api, Gone
from crossdock.connectors.bigcommerce.auth import header_secret, webhook_secrets
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.connectors.kit.bounds import WEBHOOK_BYTES
from crossdock.connectors.kit.declaration import Delivery
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.webhooks import verify_base64

TOPICS = (
    "store/order/created",
    "store/order/updated",
    "store/order/statusUpdated",
    "store/order/archived",
    "store/order/refund/created",
    "store/shipment/created",
    "store/shipment/updated",
    "store/shipment/deleted",
    "store/app/uninstalled",
)
"""What a store subscribes to. Each by its name: the wildcard would also announce every message and transaction."""

HEADER = "x-crossdock-hook"

_MOST_PAGES = 20
_REFUSED = "The signature of the delivery does not fit."


class _Data(Struct, frozen=True):
    type: str = ""
    id: int | str | None = None
    order_id: int | None = None
    orderId: int | None = None  # noqa: N815  (the platform's name)


class _Message(Struct, frozen=True):
    scope: str
    hash: str
    producer: str = ""
    data: _Data = _Data()


class _Hook(Struct, frozen=True):
    id: int
    scope: str
    destination: str
    is_active: bool = True
    headers: dict[str, Any] | None = None


class _Pagination(Struct, frozen=True):
    total_pages: int = 1


class _Meta(Struct, frozen=True):
    pagination: _Pagination = _Pagination()


class _Hooks(Struct, frozen=True):
    data: tuple[_Hook, ...] = ()
    meta: _Meta = _Meta()


def receive(headers: Mapping[str, str], body: bytes, secrets: list[Secret], settings: Settings) -> Delivery:
    """Verify a delivery and say which order it is about; no subjects means that all of the store is to be looked at.

    The age of a signature is not judged: repetitions come for two days, and a message replayed costs one read. Raises
    AuthenticationFailed when neither signature nor header fits, and InvalidData for what is no message of this store.
    """
    if len(body) > WEBHOOK_BYTES:
        raise InvalidData("The delivery is larger than any this platform sends.")
    known = webhook_secrets(settings, secrets)
    if known and "webhook-signature" in headers:
        _verify_signature(headers, body, known)
    else:
        wanted = header_secret(settings)
        if wanted is None or not hmac.compare_digest(headers.get(HEADER, "").encode(), wanted.encode()):
            raise AuthenticationFailed(_REFUSED)
    message = decode(body, _Message, what="BigCommerce's message")
    if message.producer != f"stores/{settings.store_hash}":
        raise InvalidData("The message is about another store.", field="producer")
    return Delivery(message.hash, message.scope, _subjects(message))


def _verify_signature(headers: Mapping[str, str], body: bytes, secrets: list[Secret]) -> None:
    """Check `webhook-signature`: one or more of `v1,base64`, over id, timestamp and the raw body. Raises AuthenticationFailed."""
    message = b".".join((headers.get("webhook-id", "").encode(), headers.get("webhook-timestamp", "").encode(), body))
    for given in headers["webhook-signature"].split():
        version, _, signature = given.partition(",")
        try:
            if version == "v1":
                verify_base64({"given": signature}, "given", message, secrets)
                return
        except AuthenticationFailed:
            continue  # another one of the list may be by the secret we know
    raise AuthenticationFailed(_REFUSED)


def _subjects(message: _Message) -> tuple[str, ...]:
    found = message.data.id if message.data.type == "order" else message.data.orderId or message.data.order_id
    return (str(found),) if found is not None and str(found).isdigit() else ()


class Hooks:
    """The announcements of one store. A store's list holds those of our own API account or app alone."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    async def ensure(self, address: str) -> Sequence[str]:
        """Make each topic announce to the address: missing ones are made, those that BigCommerce put to sleep or that carry an old
        secret are set right.
        """
        secret = header_secret(self._settings)
        if secret is None:
            return ()
        wanted = {HEADER: secret}
        standing = {hook.scope: hook for hook in await self._of(address)}
        for topic in TOPICS:
            hook = standing.get(topic)
            asked = {"scope": topic, "destination": address, "is_active": True, "headers": wanted}
            if hook is None:
                await self._api.tell("POST", "v3/hooks", what="make a webhook", json=asked)
            elif not hook.is_active or {name.lower(): value for name, value in (hook.headers or {}).items()} != wanted:
                await self._api.tell("PUT", f"v3/hooks/{hook.id}", what="renew a webhook", json=asked)
        return TOPICS

    async def remove(self, address: str) -> None:
        """Take back all that announce to the address."""
        for hook in await self._of(address):
            try:
                await self._api.tell("DELETE", f"v3/hooks/{hook.id}", what="take back a webhook")
            except Gone:
                continue

    async def _of(self, address: str) -> list[_Hook]:
        found: list[_Hook] = []
        for page in range(1, _MOST_PAGES + 1):
            params = {"limit": "250", "page": str(page)}
            listed = await self._api.ask("v3/hooks", _Hooks, what="list webhooks", params=params, empty=_Hooks())
            found += [hook for hook in listed.data if hook.destination == address]
            if page >= listed.meta.pagination.total_pages:
                break
        return found
