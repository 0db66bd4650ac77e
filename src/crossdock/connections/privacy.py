"""Privacy requests: written down once, whoever asks; what is done about them is for whoever knows orders."""

import re
from typing import Any

from crossdock.accounts import vault
from crossdock.accounts.rights import Actor
from crossdock.activity.models import PrivacyRequest
from crossdock.connections.models import Store
from crossdock.connectors.kit.declaration import Privacy
from crossdock.jobs.wakes import wake_lane
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.scope import account_in_scope

LANE = "privacy.act"


def note_request(store: Store, asked: Privacy, *, delivery_id: str = "", by: Actor | None = None) -> PrivacyRequest:
    """Write a request down and have it acted on; the same delivery is one request. Needs the account's scope."""
    subject: dict[str, Any] = {"email": asked.email.strip(), "phone": asked.phone.strip(), "orders": list(asked.orders)}
    account_id = account_in_scope()
    row, _ = PrivacyRequest.objects.get_or_create(
        account_id=account_id,
        store_id=store.pk,
        delivery_id=delivery_id or str(new_public_id()),
        defaults={
            "merchant_id": store.merchant_id,
            "kind": asked.kind,
            "subject": subject,
            "about": masked_person(asked.email, asked.phone),
            "digest": digest_of(asked.email or asked.phone),
            "asked_by": by.person_id if by else None,
        },
    )
    wake_lane(LANE, store.pk)
    return row


def masked_person(email: str, phone: str = "") -> str:
    """Somebody as far as it may be written down for good: a•••@e•••.com, or the last two digits of a phone number."""
    name, at, host = email.strip().partition("@")
    if at:
        domain, dot, top = host.rpartition(".")
        return f"{name[:1]}•••@{domain[:1]}•••{dot}{top}"
    digits = re.sub(r"\D", "", phone)
    return f"•••{digits[-2:]}" if digits else ""


def digest_of(person: str) -> str:
    """Tells one person from another for whoever holds the account's key; empty for nobody."""
    known = person.strip().lower()
    return vault.digest(account_in_scope(), "privacy", known.encode()).hex() if known else ""
