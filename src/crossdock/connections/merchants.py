"""Changes to merchants, the brands that own the stock."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.connections.models import Merchant
from crossdock.domain.errors import RuleBroken

DETAILS = ("name", "company", "contact_name", "contact_email", "contact_phone")
PERSONAL = frozenset({"contact_name", "contact_email", "contact_phone"})


def create_merchant(*, actor: Actor, name: str, **details: str) -> Merchant:
    """A new brand. Raises RuleBroken when the account has one of that name."""
    actor.require(Right.MANAGE_CONNECTIONS)
    actor.require_all_merchants("add merchants")
    name = name.strip()
    if not name:
        raise RuleBroken("Give the merchant a name.")
    try:
        with transaction.atomic():
            merchant = Merchant.objects.create(account_id=actor.account_id, name=name, **details)
    except IntegrityError:
        raise RuleBroken(f"There is a merchant called {name} already. Choose it, or give this one another name.") from None
    record(actor=actor, action="merchant.created", subject_kind="merchant", subject_id=merchant.pk, after={"name": name})
    return merchant


def change_merchant(*, actor: Actor, merchant: Merchant, details: Mapping[str, str]) -> None:
    """Change name, company and contact. Raises RuleBroken when another merchant has the name.

    The audit says which details changed; of a contact not what they were.
    """
    actor.require(Right.MANAGE_CONNECTIONS)
    wanted = {name: details.get(name, getattr(merchant, name)).strip() for name in DETAILS}
    if not wanted["name"]:
        raise RuleBroken("Give the merchant a name.")
    before = {name: getattr(merchant, name) for name in DETAILS}
    changed = sorted(name for name in DETAILS if before[name] != wanted[name])
    if not changed:
        return
    try:
        with transaction.atomic():
            Merchant.objects.filter(pk=merchant.pk).update(**wanted)
    except IntegrityError:
        raise RuleBroken(f"There is a merchant called {wanted['name']} already.") from None
    record(
        actor=actor,
        action="merchant.changed",
        subject_kind="merchant",
        subject_id=merchant.pk,
        before={name: before[name] for name in changed if name not in PERSONAL},
        after={"changed": changed, **{name: wanted[name] for name in changed if name not in PERSONAL}},
    )
