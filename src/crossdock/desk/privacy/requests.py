"""The life of a privacy request: begun, waiting for orders or an answer, settled; then it no longer says whom it was about."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right, system
from crossdock.activity.models import PrivacyRequest, PrivacyState
from crossdock.connections.models import Store
from crossdock.connections.privacy import masked_person, note_request
from crossdock.connectors.kit.declaration import Privacy
from crossdock.domain.errors import RuleBroken
from crossdock.inbound import erasing as returns
from crossdock.orders import erasing as orders
from crossdock.orders.models import SalesOrder
from crossdock.tenancy.scope import account_in_scope

STILL_THERE = "The store still lets Crossdock in, so nobody left it. Nothing was erased."
NOTHING_HELD = "Nothing of this person was held."
ALL_ERASED = "All of it is erased."
ANSWERED = "Answered."


def next_new(store_id: int) -> PrivacyRequest | None:
    """The oldest request about a store that nobody has begun."""
    return PrivacyRequest.objects.filter(store_id=store_id, state=PrivacyState.NEW).order_by("pk").first()


def has_waiting(store_id: int) -> bool:
    """Whether orders of a store are to be erased that are not finished."""
    return SalesOrder.objects.filter(store_id=store_id, erase_asked_at__isnull=False, erased_at=None).exists()


def begin(row: PrivacyRequest) -> None:
    """Find what a request is about, and have it erased, or laid before an administrator. It may run twice."""
    subject: dict[str, Any] = dict(row.subject or {})
    row.state = PrivacyState.WAITS
    if row.kind == "erase_store":
        row.orders = orders.ask_to_erase(row.store_id, None)
        row.subject = {"all": True}
        orders.erase_not_understood(row.store_id, None, ())
        returns.erase_returns(returns.returns_of(row.store_id, None))
    else:
        named = [str(one) for one in subject.get("orders", ())]
        email, phone = str(subject.get("email") or ""), str(subject.get("phone") or "")
        found = orders.orders_of_person(row.store_id, external_ids=named, email=email, phone=phone)
        row.orders = len(found)
        row.subject = {"found": found, "named": named}
        if row.kind == "erase_person":
            orders.ask_to_erase(row.store_id, found)
            _erase_beside(row.store_id, named, email)
    row.save()
    _recorded(row, "privacy.begun", {"orders": row.orders, "about": row.about, "kind": row.kind})
    if row.kind != "gather":
        _settle_if_done(row)
    elif not row.orders and not _returns_of(row):
        settle(row, NOTHING_HELD)


def _erase_beside(store_id: int, external_ids: Sequence[str], email: str) -> None:
    """Erase at once what belongs to no order that was imported: records nobody understood, returns."""
    mail = email.strip().lower()
    orders.erase_not_understood(store_id, lambda text: bool(mail) and mail in text.lower(), external_ids)
    held = SalesOrder.objects.filter(store_id=store_id, external_id__in=external_ids).values_list("external_id", flat=True)
    returns.erase_returns(returns.returns_of(store_id, set(external_ids) - set(held)))


def refuse(row: PrivacyRequest, why: str) -> None:
    """Do nothing about a request, and say why."""
    settle(row, why, state=PrivacyState.REFUSED)
    _recorded(row, "privacy.refused", {"why": why, "kind": row.kind})


def settle(row: PrivacyRequest, outcome: str, *, state: PrivacyState = PrivacyState.DONE) -> None:
    """End a request, and forget whom it was about."""
    PrivacyRequest.objects.filter(pk=row.pk).update(
        state=state, outcome=outcome, subject=None, settled_at=datetime.now(UTC), orders=row.orders, erased=row.erased
    )


def count_erased(store_id: int) -> None:
    """Note how far the erasing requests about a store are, and settle those that are done."""
    waiting = PrivacyRequest.objects.filter(store_id=store_id, state=PrivacyState.WAITS).exclude(kind="gather")
    for row in waiting.order_by("pk"):
        _settle_if_done(row)


def _settle_if_done(row: PrivacyRequest) -> None:
    subject: dict[str, Any] = dict(row.subject or {})
    those = Q(store_id=row.store_id, erase_asked_at__isnull=False)
    if "found" in subject:
        those &= Q(pk__in=subject["found"])
    left = SalesOrder.objects.filter(those, erased_at=None).count()
    row.erased = max(0, row.orders - left)
    if left:
        PrivacyRequest.objects.filter(pk=row.pk).update(erased=row.erased)
    else:
        settle(row, ALL_ERASED if row.orders else NOTHING_HELD)


def _recorded(row: PrivacyRequest, action: str, after: dict[str, Any], actor: Actor | None = None) -> None:
    record(actor=actor or system(account_in_scope()), action=action, subject_kind="store", subject_id=row.store_id, after=after)


# --- What people do ---------------------------------------------------------------------------------------------------------------


def stores_holding(email: str) -> dict[int, list[int]]:
    """By store, the orders of somebody with this e-mail address."""
    return orders.orders_with_email(email)


def erase_person(*, actor: Actor, email: str) -> int:
    """Have everything erased that is held of somebody, at every store: finished orders now, the others when they are. How many orders.

    Raises Forbidden, and RuleBroken where nothing is held.
    """
    actor.require(Right.MANAGE_ACCOUNT)
    email = email.strip()
    if "@" not in email:
        raise RuleBroken("Enter the person's e-mail address.")
    held = stores_holding(email)
    if not held:
        raise RuleBroken("No order of this person is held here, or they were erased already.")
    for store in Store.objects.filter(pk__in=list(held)).order_by("pk"):
        row = note_request(store, Privacy("erase_person", store.identity, email=email), by=actor)
        _recorded(row, "privacy.asked", {"about": masked_person(email), "kind": row.kind}, actor)
    return sum(map(len, held.values()))


def gathered(*, actor: Actor, row: PrivacyRequest) -> dict[str, Any]:
    """All that is held of the person a request is about; that it was read is written down. Raises Forbidden, RuleBroken."""
    actor.require(Right.MANAGE_ACCOUNT)
    if row.kind != "gather" or row.state != PrivacyState.WAITS:
        raise RuleBroken("This request is settled: it no longer says whom it was about.")
    subject: dict[str, Any] = dict(row.subject or {})
    ids = [int(one) for one in subject.get("found", ())]
    _recorded(row, "privacy.downloaded", {"orders": len(ids), "about": row.about}, actor)
    return {
        "asked_at": row.asked_at,
        "orders": orders.gathered(ids),
        "returns": returns.gathered(_returns_of(row)),
        "archived_exchanges": _exchanges(ids),
    }


def _returns_of(row: PrivacyRequest) -> list[int]:
    subject: dict[str, Any] = dict(row.subject or {})
    known = SalesOrder.objects.filter(pk__in=subject.get("found", ())).values_list("external_id", flat=True)
    return returns.returns_of(row.store_id, {*known, *subject.get("named", ())})


def _exchanges(ids: Sequence[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(distinct message_id) from message_subject where account_id = %s and order_id = any (%s)",
            [account_in_scope(), list(ids)],
        )
        return int(cursor.fetchone()[0])


def answer(*, actor: Actor, row: PrivacyRequest) -> None:
    """Say that the person got an answer; whom it was about is forgotten. Raises Forbidden, RuleBroken."""
    actor.require(Right.MANAGE_ACCOUNT)
    if row.kind != "gather" or row.state != PrivacyState.WAITS:
        raise RuleBroken("This request is settled already.")
    settle(row, ANSWERED)
    _recorded(row, "privacy.answered", {"about": row.about}, actor)
