"""Push notifications, where somebody set them up: believed only with the secret, and only as a reason to look.

They are delivered at least once and in no order, and carry rows of whatever inquiry was chosen. So nothing is read from a row but the
id of its record, where it has one.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from crossdock.connectors.acumatica import auth
from crossdock.connectors.acumatica.settings import Settings
from crossdock.connectors.kit.bounds import WEBHOOK_BYTES
from crossdock.connectors.kit.declaration import Delivery
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.secret import Secret

TOPICS = ("SalesOrder",)
"""What one sets up by hand: a push notification for sales orders, or shipments where these are imported."""

HEADER = "x-crossdock-secret"

BY_HAND = (
    "In Acumatica, add a push notification (Push Notifications, SM302000) of type Webhook to this address, on a definition or inquiry "
    "over sales orders with the column NoteID, with the header X-Crossdock-Secret and a long text of your own, which you also enter "
    "here as Push notification secret."
)
"""What a person does there with the store's address."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST = 50


class _Push(Struct, frozen=True, rename="pascal"):
    id: str = ""
    query: str = ""
    inserted: tuple[dict[str, Any], ...] = ()
    deleted: tuple[dict[str, Any], ...] = ()


def receive(headers: Mapping[str, str], body: bytes, secrets: list[Secret], settings: Settings) -> Delivery:
    """Check the secret of a delivery and say which records it is about; no subjects means that all of the store is to be looked at.

    Raises AuthenticationFailed for another secret, and where none was entered.
    """
    if len(body) > WEBHOOK_BYTES:
        raise InvalidData("The delivery is larger than any this platform sends.")
    if not settings.push_secret:
        raise AuthenticationFailed("Push notifications need a secret. Enter one in the store's settings.", field="push_secret")
    if not auth.is_pushed(settings, secrets, headers.get(HEADER, "")):
        raise AuthenticationFailed("The secret of the delivery does not fit.")
    push = decode(body, _Push, what="Acumatica's push notification")
    rows = (*push.inserted, *push.deleted)
    subjects = [value for row in rows if (value := _id_of(row))]
    # Every row has to name its record, else some would be missed.
    is_complete = len(subjects) == len(rows) and len(set(subjects)) <= _MOST
    return Delivery(
        delivery_id=f"{push.id} {push.query}".strip(),
        topic=push.query[:100] or TOPICS[0],
        subjects=tuple(dict.fromkeys(subjects)) if is_complete else (),
    )


def _id_of(row: Mapping[str, Any]) -> str | None:
    for name in ("NoteID", "Noteid", "noteid", "NoteId"):
        value = row.get(name)
        if isinstance(value, str) and _GUID.fullmatch(value):
            return value.lower()
    return None
