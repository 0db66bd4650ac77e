"""What tests of every package make: accounts, people in them, signed-in browsers. Imported by tests and the demo's maker only."""

import itertools
import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, record_authentication
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.test import Client

from crossdock.accounts import services
from crossdock.accounts.models import Account, Person, Role
from crossdock.accounts.rights import Actor, system
from crossdock.accounts.web import belongings

PASSWORD = "correct horse battery staple"  # noqa: S105  (of people that only tests know)

_numbers = itertools.count(1)
# Hashing is slow on purpose; people of tests may share one hash.
_hashed = cache(make_password)


def an_account(name: str = "", **settings: object) -> Account:
    """A fresh account without people."""
    return services.create_account(name=name or f"Account {next(_numbers)}", **settings)  # type: ignore[arg-type]


def a_person(
    account: Account | None = None,
    *,
    role: Role | str = Role.ADMINISTRATOR,
    merchants: Sequence[int] | None = None,
    email: str = "",
    name: str = "Robin Example",
    password: str = PASSWORD,
) -> Person:
    """A person with `PASSWORD`, a member of the account unless there is none. The e-mail is nobody else's."""
    address = email or f"person-{next(_numbers)}-{secrets.token_hex(4)}@example.com"
    person = services.create_person(email=address, name=name)
    person.password = _hashed(password)
    person.save(update_fields=["password"])
    if account is not None:
        services.add_member(actor=system(account.pk), person=person, role=Role(role), merchants=merchants)
    return person


def actor_of(account: Account, person: Person) -> Actor:
    """The person at work in the account, as a page would make it."""
    return next(one for one in belongings(person) if one.account.pk == account.pk).actor(person)


def signed_in_client(person: Person, *, ago: timedelta = timedelta(0)) -> Client:
    """A browser in which this person signed in with a password, so long ago."""
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, method="password")
    request.session[AUTHENTICATION_METHODS_SESSION_KEY][-1]["at"] -= ago.total_seconds()
    request.session.save()
    return client
