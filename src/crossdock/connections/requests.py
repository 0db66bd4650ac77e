"""Asking a merchant for credentials: a link that opens their form to somebody without an account, once, in one browser.

The link is a key of 256 bits; its hash is all that is stored. It lives 72 hours, ends at once when it is revoked, after five tests
that failed, when what it was about is gone, and when whoever asked may not ask any more.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings as django_settings
from django.db import connection as database
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from msgspec import Struct

from crossdock.accounts.audit import record
from crossdock.accounts.models import Person, Role
from crossdock.accounts.rights import Actor, Right
from crossdock.accounts.web import Belonging, belongings
from crossdock.activity.services import Told, tell
from crossdock.connections.models import CredentialLink, Store, Warehouse
from crossdock.domain.errors import RuleBroken
from crossdock.tenancy.scope import scoped

LIVES = timedelta(hours=72)
MOST_TESTS = 5
KEPT_FOR = timedelta(days=90)

WAITING, OPENED, ARRIVED, REVOKED, EXPIRED, SPENT = "waiting", "opened", "arrived", "revoked", "expired", "spent"
LIVE = frozenset({WAITING, OPENED})


class LinkIsDead(RuleBroken):
    """The link was used, revoked, tested too often, is too old, or asks for nothing that is there."""


class OtherBrowser(RuleBroken):
    """The link was opened in another browser."""


class Subject(Struct, frozen=True):
    """What credentials are asked for: a store or warehouse that is here, or one side of a draft that will become one."""

    side: str
    platform: str
    site: Store | Warehouse | None = None
    draft: UUID | None = None

    @property
    def rows(self) -> dict[str, object]:
        """The columns of a link that say so."""
        if self.site is None:
            return {"draft": self.draft, "side": self.side}
        return {f"{self.side}_id": self.site.pk}


class Asked(Struct, frozen=True):
    """A request as the person who made it sees it. Never the link itself."""

    public_id: UUID
    state: str
    by: str
    created_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    ended_at: datetime | None
    complaint: str
    tests_left: int

    @property
    def is_live(self) -> bool:
        """Whether the link can still be used."""
        return self.state in LIVE


class Found(Struct, frozen=True):
    """A link that somebody opened: the row, the asking account and person, and the actor that acts for it."""

    link: CredentialLink
    belonging: Belonging
    person: Person

    @property
    def actor(self) -> Actor:
        """Nobody in particular, who may replace credentials of what the asking person sees, and look at nothing else."""
        return Actor(self.link.account_id, None, Role.STAFF, self.belonging.merchants, name="Credential link")

    @property
    def asker(self) -> Actor:
        """The asking person: drafts are theirs alone."""
        return self.belonging.actor(self.person)


def state_of(link: CredentialLink) -> str:
    """Where a link stands now."""
    if link.used_at is not None:
        return ARRIVED
    if link.revoked_at is not None:
        return REVOKED
    if link.tests >= MOST_TESTS:
        return SPENT
    if link.expires_at <= timezone.now():
        return EXPIRED
    return OPENED if link.browser_hash is not None else WAITING


# --- For who asks -------------------------------------------------------------------------------------------------------------------


def ask(actor: Actor, subject: Subject) -> str:
    """Make a link; earlier ones about the same thing end. In the account's transaction. It is returned this once."""
    must_be_allowed(actor, subject)
    actor.require(_right(subject.site is None))
    if actor.person_id is None:
        raise RuleBroken(_("Only a person can ask for credentials."))
    now = timezone.now()
    CredentialLink.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    CredentialLink.objects.filter(**subject.rows, used_at=None, revoked_at=None).update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    CredentialLink.objects.create(
        account_id=actor.account_id,
        token_hash=_hash(token),
        person_id=actor.person_id,
        platform=subject.platform,
        created_at=now,
        expires_at=now + LIVES,
        **{"side": subject.side, **subject.rows},
    )
    _write_down(actor, subject.side, subject.site, "asked")
    return f"{django_settings.PUBLIC_URL.rstrip('/')}{reverse('connections:asked', kwargs={'token': token})}"


def revoke(actor: Actor, subject: Subject) -> None:
    """End the link at once, whatever is under way in somebody's browser. In the account's transaction."""
    must_be_allowed(actor, subject)
    live = CredentialLink.objects.filter(**subject.rows, used_at=None, revoked_at=None)
    if live.update(revoked_at=timezone.now()):
        _write_down(actor, subject.side, subject.site, "revoked")


def latest(subject: Subject) -> Asked | None:
    """The newest request about something; None where nobody asked. In the account's transaction."""
    link = CredentialLink.objects.filter(**subject.rows).order_by("-id").select_related("person").first()
    if link is None:
        return None
    return Asked(
        link.public_id,
        state_of(link),
        link.person.name or link.person.email,
        link.created_at,
        link.expires_at,
        link.opened_at,
        link.used_at or link.revoked_at,
        link.complaint,
        max(0, MOST_TESTS - link.tests),
    )


def must_be_allowed(actor: Actor, subject: Subject) -> None:
    """Raises Forbidden for somebody who may not replace these credentials. Ending a link, or looking at one, is never put off."""
    if not actor.may(_right(subject.site is None)):
        actor.require(_right(subject.site is None))
    if isinstance(subject.site, Warehouse):
        actor.require_all_merchants("change a warehouse, which other merchants may use")


def _right(is_draft: bool) -> Right:
    return Right.MANAGE_CONNECTIONS if is_draft else Right.REPLACE_CREDENTIALS


# --- For who is asked ---------------------------------------------------------------------------------------------------------------


def find(token: str) -> Found | None:
    """The link with this token, with whoever asked; None where there is none. Looks across accounts; changes nothing.

    Raises LinkIsDead for one that cannot be used any more.
    """
    with database.cursor() as cursor:
        cursor.execute("select account_id, id from credential_link_of(%s)", [_hash(token)])
        row = cursor.fetchone()
    return by_id(row[0], row[1]) if row is not None else None


def by_id(account_id: int, link_id: int) -> Found:
    """A link by its key. Raises LinkIsDead."""
    with scoped(account_id):
        link = CredentialLink.objects.get(pk=link_id)
        person = Person.objects.filter(pk=link.person_id, is_active=True).first()
    if state_of(link) not in LIVE or person is None:
        raise _dead()
    belonging = next((one for one in belongings(person) if one.account.pk == account_id), None)
    if belonging is None or not belonging.actor(person).may(_right(link.draft is not None)):
        raise _dead()
    return Found(link, belonging, person)


def bind(found: Found) -> str:
    """Tie the link to the browser that presses Continue; the secret for its cookie. Raises OtherBrowser, LinkIsDead."""
    secret = secrets.token_urlsafe(32)
    with scoped(found.link.account_id):
        now = timezone.now()
        taken = CredentialLink.objects.filter(
            pk=found.link.pk, browser_hash=None, used_at=None, revoked_at=None, expires_at__gt=now
        )
        if not taken.update(browser_hash=_hash(secret), opened_at=now):
            raise _elsewhere()
    return secret


def cookie_name(link: CredentialLink) -> str:
    """The cookie that says which browser opened a link. One for each, so that a merchant may have several open."""
    prefix = "__Host-" if django_settings.SESSION_COOKIE_SECURE else ""
    return f"{prefix}credentials-{link.public_id.hex}"


def keep(response: HttpResponse, link: CredentialLink, secret: str) -> None:
    """Give the browser what it is known by. Lax, since the way back from a platform comes from another site."""
    response.set_cookie(
        cookie_name(link),
        secret,
        max_age=max(0, int((link.expires_at - timezone.now()).total_seconds())),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=django_settings.SESSION_COOKIE_SECURE,
    )


def forget(response: HttpResponse, link: CredentialLink) -> None:
    """Take the cookie away."""
    response.delete_cookie(cookie_name(link), path="/", samesite="Lax")


def is_bound_here(request: HttpRequest, link: CredentialLink) -> bool:
    """Whether this browser is the one that opened the link."""
    kept = request.COOKIES.get(cookie_name(link), "")
    return bool(kept) and link.browser_hash is not None and constant_time_compare(_hash(kept), bytes(link.browser_hash))


def must_be_here(request: HttpRequest, link: CredentialLink) -> None:
    """Raises OtherBrowser unless this browser is the one that opened the link."""
    if not is_bound_here(request, link):
        raise _elsewhere()


def count_test(found: Found) -> None:
    """Count a test before it is made, so that several at once are counted as well. Raises LinkIsDead after five."""
    with scoped(found.link.account_id), database.cursor() as cursor:
        cursor.execute(
            "update credential_link set tests = tests + 1 where id = %s and tests < %s and used_at is null and revoked_at is null"
            " and expires_at > clock_timestamp() returning tests",
            [found.link.pk, MOST_TESTS],
        )
        row = cursor.fetchone()
    if row is None:
        raise _dead()
    found.link.tests = row[0]


def note(found: Found, complaint: str) -> None:
    """Keep what the platform said of the last test, for who asked; the story tells when it was the last one."""
    with scoped(found.link.account_id):
        CredentialLink.objects.filter(pk=found.link.pk).update(complaint=complaint)
        if found.link.tests >= MOST_TESTS:
            _write_down(found.actor, found.link.side, site_of(found.link), "spent")
    found.link.complaint = complaint


def use(found: Found) -> None:
    """Use the link up, in the transaction that stores what arrived. Raises LinkIsDead when it ended meanwhile."""
    link = found.link
    still = CredentialLink.objects.filter(pk=link.pk, used_at=None, revoked_at=None, expires_at__gt=timezone.now())
    if not still.update(used_at=timezone.now(), complaint=""):
        raise _dead()
    _write_down(found.actor, link.side, site_of(link), "arrived", asked_by=link.person_id)


def site_of(link: CredentialLink) -> Store | Warehouse | None:
    """The store or warehouse a link is about; None for a draft's, and for one out of sight. In the account's transaction."""
    if link.store_id is not None:
        return Store.objects.filter(pk=link.store_id).first()
    return Warehouse.objects.filter(pk=link.warehouse_id).first() if link.warehouse_id is not None else None


_STORY = {
    "asked": "connection.credentials_asked",
    "arrived": "connection.credentials_arrived",
    "revoked": "connection.credentials_link_revoked",
    "spent": "connection.credentials_link_spent",
}


def _write_down(actor: Actor, side: str, site: Store | Warehouse | None, what: str, *, asked_by: int | None = None) -> None:
    """Audit it, and tell it in the story of the store or warehouse. A draft has no story yet."""
    record(
        actor=actor,
        action=f"credentials.{what}",
        subject_kind=side,
        subject_id=site.pk if site is not None else None,
        after={"by_link": True, **({"asked_by": asked_by} if asked_by is not None else {})},
    )
    if isinstance(site, Store):
        tell([Told(kind=_STORY[what], store_id=site.pk, by=actor.person_id)])
    elif site is not None:
        tell([Told(kind=_STORY[what], warehouse_id=site.pk, by=actor.person_id)])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _dead() -> LinkIsDead:
    return LinkIsDead(_("This link does not work any more. Ask whoever sent it for a new one."))


def _elsewhere() -> OtherBrowser:
    return OtherBrowser(_("This link was opened in another browser, or on another device. Go on there, or ask for a new link."))
