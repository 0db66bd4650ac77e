"""Tell administrators by e-mail that somebody asks for his data. Nothing in the letter says who."""

import asyncio
from smtplib import SMTPException

import structlog
from django.conf import settings as django_settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import gettext as _
from msgspec import Struct

from crossdock.accounts.models import Membership, Person, Role
from crossdock.activity.models import PrivacyRequest
from crossdock.connections.models import Store
from crossdock.tenancy.scope import account_in_scope

log = structlog.get_logger(__name__)


class Letter(Struct, frozen=True):
    """What is mailed to whom."""

    to: tuple[str, ...]
    subject: str
    body: str


def letter_about(row: PrivacyRequest) -> Letter | None:
    """The letter about a request; None where nobody would get it. Needs the account's scope."""
    store = Store.objects.select_related("account").get(pk=row.store_id)
    members = Membership.objects.filter(account_id=account_in_scope(), role=Role.ADMINISTRATOR).values_list(
        "person_id", flat=True
    )
    people = Person.objects.filter(pk__in=list(members), is_active=True).order_by("pk").values_list("email", flat=True)
    if not people:
        return None
    page = reverse("desk:privacy", kwargs={"account": store.account.public_id})
    address = f"{django_settings.PUBLIC_URL.rstrip('/')}{page}"
    title = _("A shopper of {store} asks for the data held of them").format(store=store.name)
    body = _(
        "{title}.\n\nDownload what is held, give it to the merchant, who answers the shopper, and then mark the request as answered:\n"
        "{address}\n"
    ).format(title=title, address=address)
    # A name may hold a line break; the head of a message may not.
    return Letter(tuple(people), " ".join(f"[Crossdock] {title}".split()), body)


async def send(letter: Letter) -> None:
    """Mail it. A server that does not take it is logged and holds up nothing: the request stands on the pages."""
    try:
        await asyncio.to_thread(EmailMessage(letter.subject, letter.body, to=list(letter.to)).send)
    except (OSError, SMTPException) as error:
        log.warning("privacy.not_mailed", error=type(error).__name__)
