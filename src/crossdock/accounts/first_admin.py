"""The link that makes the first account and its administrator: printed at the operator's terminal, good for an hour, once."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from crossdock.accounts.models import Account, FirstAdminLink, Person, Role
from crossdock.accounts.rights import system
from crossdock.accounts.services import add_member, create_account_as, create_person, new_account_id
from crossdock.domain.errors import RuleBroken
from crossdock.tenancy.scope import scoped

LIVES = timedelta(hours=1)


class LinkIsDead(RuleBroken):
    """The link was used, is too old, or is not needed any more."""


def administrator_exists() -> bool:
    """Whether any account has an administrator."""
    with connection.cursor() as cursor:
        cursor.execute("select administrator_exists()")
        return bool(cursor.fetchone()[0])


def link() -> str:
    """A new link, whole, on the configured address; earlier ones die. For a terminal only, never for a log.

    Raises LinkIsDead when there is an administrator.
    """
    if administrator_exists():
        raise LinkIsDead("There is an administrator already. Administrators let further people in.")
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        FirstAdminLink.objects.filter(used_at=None).update(used_at=now)
        FirstAdminLink.objects.create(token_hash=_hash(token), expires_at=now + LIVES)
    return f"{settings.PUBLIC_URL}{reverse('accounts:first_admin', kwargs={'token': token})}"


def is_alive(token: str) -> bool:
    """Whether the link would work now. Changes nothing, so that a mail scanner's look does no harm."""
    row = FirstAdminLink.objects.filter(token_hash=_hash(token), used_at=None, expires_at__gt=timezone.now())
    return row.exists() and not administrator_exists()


def claim(
    *, token: str, account_name: str, time_zone: str = "UTC", name: str, email: str, password: str
) -> tuple[Account, Person]:
    """Use the link: one account, and the person who administers it.

    One transaction. Raises LinkIsDead, InvalidSetting, ValidationError (password); then the link stays usable.
    """
    account_id = new_account_id()
    with scoped(account_id):
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext('crossdock first administrator'))")
        now = timezone.now()
        is_used = FirstAdminLink.objects.filter(token_hash=_hash(token), used_at=None, expires_at__gt=now).update(used_at=now)
        if not is_used or administrator_exists():
            raise LinkIsDead(
                "This link was used, or is older than an hour. Ask the operator for a new one: crossdock createadmin."
            )
        account = create_account_as(account_id, name=account_name, time_zone=time_zone)
        person = create_person(email=email, name=name, password=password)
        add_member(actor=system(account_id), person=person, role=Role.ADMINISTRATOR)
    return account, person


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
