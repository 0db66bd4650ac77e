"""Credentials that end: said on pages, and once by e-mail at each stage, until somebody renews them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from smtplib import SMTPException

from django.conf import settings as django_settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import gettext as _
from msgspec import Struct

from crossdock.accounts.models import Membership, Person, Role
from crossdock.connections import gateway
from crossdock.connections.models import Connection, Mode, Store
from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.expiry import WARN_DAYS, Expiry, expiries
from crossdock.connectors.kit.settings import fields_of
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.tenancy.scope import account_in_scope

LOOK_EVERY = timedelta(days=1)


class Ending(Struct, frozen=True):
    """A credential of a store that ends soon or has ended. `at` in UTC; `stage` as in `Expiry.stage`."""

    store: Store
    platform: str
    field: str
    label: str
    at: datetime
    stage: int
    text: str

    @property
    def title(self) -> str:
        """Which credential of which store, and how long it is good for."""
        said = _("{store}: “{label}” has ended.") if self.stage == 0 else _("{store}: “{label}” ends soon.")
        return said.format(store=self.store.name, label=self.label)


class Letter(Struct, frozen=True):
    """What is due to be mailed about one store: to whom, and what to remember once it is sent."""

    to: tuple[str, ...]
    subject: str
    body: str
    said: dict[str, list[str | int]]


def endings(now: datetime | None = None, *, stores: Sequence[Store] | None = None) -> list[Ending]:
    """What ends within 30 days or has ended, soonest first; of the given stores, or of all that whoever asks may see.

    Read from the settings as they are stored, so nothing is left of a warning once a later day was entered.
    """
    moment = now or datetime.now(UTC)
    found = [
        _ending(store, one, stage, moment)
        for store in (_with_ends() if stores is None else stores)
        for one in _ends_of(store)
        if (stage := one.stage(moment)) is not None
    ]
    return sorted(found, key=lambda one: one.at)


def _with_ends() -> list[Store]:
    """Stores on platforms that know an end at all."""
    platforms = [
        connector.key
        for connector in gateway.connectors_of("store")
        if any(spec.expiry_of is not None for spec in fields_of(connector.settings))
    ]
    return list(Store.objects.filter(deleted_at=None, platform__in=platforms).order_by("pk"))


def _ends_of(store: Store) -> tuple[Expiry, ...]:
    try:
        return expiries(gateway.settings_of_row(store))
    except KeyError:  # a platform that is gone
        return ()


def _ending(store: Store, one: Expiry, stage: int, now: datetime) -> Ending:
    platform = gateway.platform_named(store.platform).name
    day = f"{one.at:%Y-%m-%d}"
    left = -int(-(one.at - now).total_seconds() // 86_400)
    if stage == 0:
        said = _(
            "It ended on {day}. Make a new one at {platform} and enter it in the settings of the store: until then nothing goes."
        )
    elif left <= 1:
        said = _("It ends within a day, on {day}. Make a new one at {platform} and enter it in the settings of the store.")
    else:
        said = _("It ends in {left} days, on {day}. Make a new one at {platform} and enter it in the settings of the store.")
    text = said.format(day=day, left=left, platform=platform)
    return Ending(store, platform, one.field, one.label, one.at, stage, text)


@lane("connections.expiry", of="store", slice=timedelta(seconds=20))
async def warn_of_ends(run: Run) -> More:
    """Mail the account's administrators what ends, once at each stage. A store that no connection uses is not written about."""
    letter, next_at = await run.read(_due, run)
    if next_at is None:
        return More.NO
    if letter is not None:
        if letter.to and (letter.subject or letter.body):
            run.sure()
            await asyncio.to_thread(_send, letter)
        # Remembered afterwards: a process that dies in between mails it twice, which is better than never.
        await run.write(save_position, run, letter.said, None)
    run.next_at = next_at
    return More.NO


def _due(run: Run) -> tuple[Letter | None, datetime | None]:
    """What to mail now, None where nothing changed; and when to look again, None where nothing uses the store."""
    now = datetime.now(UTC)
    store = Store.objects.select_related("account").get(pk=run.owner_id)
    is_used = Connection.objects.filter(store_id=store.pk, deleted_at=None).exclude(mode=Mode.OFF).exists()
    if store.deleted_at is not None or not is_used:
        return None, None
    found = endings(now, stores=[store])
    before = dict(run.position or {})
    said: dict[str, list[str | int]] = {one.field: [one.at.isoformat(), one.stage] for one in found}
    news = [one for one in found if before.get(one.field) != said[one.field]]
    next_at = _next_look(_ends_of(store), now)
    if said == before:
        return None, next_at
    return _letter(store, news, said), next_at


def _next_look(ends: Sequence[Expiry], now: datetime) -> datetime:
    """In a day, or when the next stage begins."""
    stages = [one.at - timedelta(days=days) for one in ends for days in (*WARN_DAYS, 0)]
    return min([now + LOOK_EVERY, *(moment for moment in stages if moment > now)])


def _letter(store: Store, news: Sequence[Ending], said: dict[str, list[str | int]]) -> Letter:
    if not news:
        return Letter((), "", "", said)
    page = reverse("connections:store", kwargs={"account": store.account.public_id, "public_id": store.public_id})
    address = f"{django_settings.PUBLIC_URL.rstrip('/')}{page}"
    told = "\n\n".join(f"{one.title} {one.text}" for one in news)
    body = _("{told}\n\nThe settings of {store}: {address}\n").format(told=told, store=store.name, address=address)
    # A name may hold a line break; the head of a message may not.
    return Letter(_administrators(), " ".join(f"[Crossdock] {news[0].title}".split()), body, said)


def _administrators() -> tuple[str, ...]:
    people = Membership.objects.filter(account_id=account_in_scope(), role=Role.ADMINISTRATOR).values_list("person_id", flat=True)
    return tuple(Person.objects.filter(pk__in=list(people), is_active=True).order_by("pk").values_list("email", flat=True))


def _send(letter: Letter) -> None:
    """Raises Unavailable when the mail server does not take it: the lane tries again."""
    try:
        EmailMessage(letter.subject, letter.body, to=list(letter.to)).send()
    except (OSError, SMTPException) as error:
        raise Unavailable(
            "The mail server did not take the warning that a credential ends. Check CROSSDOCK_SMTP_URL; crossdock doctor tests it.",
            evidence={"error": type(error).__name__},
        ) from error
