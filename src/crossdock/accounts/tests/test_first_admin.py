"""The link that makes the first administrator: once, for an hour, and only while there is none."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crossdock.accounts import first_admin
from crossdock.accounts.first_admin import LinkIsDead
from crossdock.accounts.models import Audit, FirstAdminLink, Person, Role
from crossdock.accounts.services import InvalidSetting
from crossdock.accounts.testing import PASSWORD, a_person, actor_of, an_account
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")


def actions(account):
    with scoped(account.pk):
        return list(Audit.objects.order_by("id").values_list("action", flat=True))


def token_of(path):
    return path.rstrip("/").rsplit("/", 1)[1]


def claim(token, **changed):
    values = {"account_name": "Acme Fulfillment", "name": "Robin", "email": "robin@example.com", "password": PASSWORD}
    return first_admin.claim(token=token, **(values | changed))


def test_the_link_makes_one_account_with_its_administrator(no_administrator):
    token = token_of(first_admin.link())
    assert first_admin.is_alive(token)
    assert len(token) >= 43

    account, person = claim(token, time_zone="America/Chicago")

    actor = actor_of(account, person)
    assert (actor.role, account.time_zone, person.check_password(PASSWORD)) == (Role.ADMINISTRATOR, "America/Chicago", True)
    assert actions(account) == ["account.created", "member.added"]


def test_the_link_works_once_and_is_dead_once_an_administrator_exists(no_administrator):
    token = token_of(first_admin.link())
    claim(token)

    assert not first_admin.is_alive(token)
    with pytest.raises(LinkIsDead):
        claim(token, email="second@example.com")
    with pytest.raises(LinkIsDead, match="administrator already"):
        first_admin.link()


def test_a_link_that_was_open_dies_when_an_administrator_comes_otherwise(no_administrator):
    token = token_of(first_admin.link())
    a_person(an_account())

    assert not first_admin.is_alive(token)
    with pytest.raises(LinkIsDead):
        claim(token)


def test_a_newer_link_kills_the_older(no_administrator):
    older, newer = token_of(first_admin.link()), token_of(first_admin.link())

    assert not first_admin.is_alive(older)
    assert first_admin.is_alive(newer)


def test_the_link_dies_after_an_hour(no_administrator):
    token = token_of(first_admin.link())
    row = FirstAdminLink.objects.get(used_at=None)
    assert row.expires_at - row.created_at <= timedelta(hours=1, seconds=1)
    FirstAdminLink.objects.update(expires_at=row.created_at)

    assert not first_admin.is_alive(token)
    with pytest.raises(LinkIsDead):
        claim(token)


def test_a_refused_claim_leaves_nothing_and_the_link_alive(no_administrator):
    token = token_of(first_admin.link())

    with pytest.raises(ValidationError):
        claim(token, password="short")
    with pytest.raises(InvalidSetting):
        claim(token, account_name=" ")

    assert first_admin.is_alive(token)
    assert not Person.objects.exists()
    claim(token)


def test_the_token_itself_is_not_in_the_database(no_administrator):
    token = token_of(first_admin.link())

    row = FirstAdminLink.objects.get()

    assert bytes(row.token_hash) == first_admin._hash(token)
    assert token.encode() not in bytes(row.token_hash)
