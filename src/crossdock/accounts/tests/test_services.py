"""Accounts, members, and the link that makes the first administrator."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crossdock.accounts import services
from crossdock.accounts.models import Account, Audit, FirstAdminLink, Membership, Person, Role
from crossdock.accounts.rights import Forbidden, system
from crossdock.accounts.services import InvalidSetting, LinkIsDead
from crossdock.accounts.testing import PASSWORD, a_person, actor_of, an_account
from crossdock.domain.errors import RuleBroken
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")


def actions(account):
    with scoped(account.pk):
        return list(Audit.objects.order_by("id").values_list("action", flat=True))


def test_settings_are_changed_by_an_administrator_and_written_down():
    account = an_account("Old name")
    actor = actor_of(account, a_person(account))

    services.change_settings(actor=actor, name=" New name ", time_zone="America/Chicago", abandon_after_days=30)

    with scoped(account.pk):
        row = Account.objects.get()
        change = Audit.objects.get(action="account.changed")
    assert (row.name, row.time_zone, row.abandon_after_days) == ("New name", "America/Chicago", 30)
    assert (change.by, change.before["name"], change.after["name"]) == (actor.person_id, "Old name", "New name")


def test_settings_saved_unchanged_leave_no_trace():
    account = an_account("Name")

    services.change_settings(actor=system(account.pk), name="Name", time_zone="UTC", abandon_after_days=45)

    assert actions(account) == ["account.created"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"abandon_after_days": 0}, "abandon_after_days"),
        ({"abandon_after_days": 4_000}, "abandon_after_days"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_its_field(account, change, field):
    with pytest.raises(InvalidSetting) as refused:
        services.change_settings(
            actor=system(account.pk), **({"name": "A", "time_zone": "UTC", "abandon_after_days": 45} | change)
        )

    assert refused.value.field == field


@pytest.mark.parametrize("role", [Role.STAFF, Role.MERCHANT])
def test_only_administrators_change_settings_and_people(account, role):
    actor = actor_of(account, a_person(account, role=role, merchants=[1] if role == Role.MERCHANT else None))
    stranger = a_person()

    with pytest.raises(Forbidden):
        services.change_settings(actor=actor, name="A", time_zone="UTC", abandon_after_days=45)
    with pytest.raises(Forbidden):
        services.add_member(actor=actor, person=stranger, role=Role.STAFF)
    with pytest.raises(Forbidden):
        services.change_member(actor=actor, person=stranger, role=Role.STAFF)
    with pytest.raises(Forbidden):
        services.remove_member(actor=actor, person=stranger)


def test_a_member_is_added_once_changed_and_removed(account):
    boss = actor_of(account, a_person(account))
    person = a_person()

    services.add_member(actor=boss, person=person, role=Role.STAFF)
    with pytest.raises(RuleBroken, match="already"):
        services.add_member(actor=boss, person=person, role=Role.STAFF)
    services.change_member(actor=boss, person=person, role=Role.MERCHANT, merchants=[9, 4])
    with scoped(account.pk):
        assert Membership.objects.get(person=person).merchant_ids == [4, 9]
    services.remove_member(actor=boss, person=person)
    with pytest.raises(RuleBroken, match="not in the account"):
        services.remove_member(actor=boss, person=person)

    assert actions(account)[-3:] == ["member.added", "member.changed", "member.removed"]


def test_the_last_administrator_stays(account):
    first = a_person(account)
    boss = actor_of(account, first)

    with pytest.raises(RuleBroken, match="needs an administrator"):
        services.remove_member(actor=boss, person=first)
    with pytest.raises(RuleBroken, match="needs an administrator"):
        services.change_member(actor=boss, person=first, role=Role.STAFF)

    second = a_person(account)
    services.remove_member(actor=boss, person=first)
    with scoped(account.pk):
        assert Membership.objects.get().person_id == second.pk


@pytest.mark.parametrize(("role", "merchants"), [(Role.MERCHANT, None), (Role.MERCHANT, []), (Role.ADMINISTRATOR, [1])])
def test_a_limit_that_does_not_fit_the_role_is_refused(account, role, merchants):
    with pytest.raises(RuleBroken):
        services.add_member(actor=system(account.pk), person=a_person(), role=role, merchants=merchants)


def test_an_email_is_one_persons_whatever_its_case():
    a_person(email="Robin.One@Example.com")

    assert Person.objects.get_by_natural_key("ROBIN.one@example.com").email == "robin.one@example.com"
    with pytest.raises(InvalidSetting) as refused:
        services.create_person(email="robin.ONE@example.com", password=PASSWORD)
    assert refused.value.field == "email"


def test_passwords_are_kept_by_argon2_and_weak_ones_refused():
    assert a_person().password.startswith("argon2$argon2id$")
    for weak in ("short", "q1w2e3r4t5y6"):
        with pytest.raises(ValidationError):
            services.create_person(email="weak@example.com", password=weak)


# --- The first administrator ----------------------------------------------------------------------------------------------------


def token_of(path):
    return path.rstrip("/").rsplit("/", 1)[1]


def claim(token, **changed):
    values = {"account_name": "Acme Fulfillment", "name": "Robin", "email": "robin@example.com", "password": PASSWORD}
    return services.claim_first_admin(token=token, **(values | changed))


def test_the_link_makes_one_account_with_its_administrator(no_administrator):
    token = token_of(services.first_admin_link())
    assert services.is_link_alive(token)
    assert len(token) >= 43

    account, person = claim(token, time_zone="America/Chicago")

    actor = actor_of(account, person)
    assert (actor.role, account.time_zone, person.check_password(PASSWORD)) == (Role.ADMINISTRATOR, "America/Chicago", True)
    assert actions(account) == ["account.created", "member.added"]


def test_the_link_works_once_and_is_dead_once_an_administrator_exists(no_administrator):
    token = token_of(services.first_admin_link())
    claim(token)

    assert not services.is_link_alive(token)
    with pytest.raises(LinkIsDead):
        claim(token, email="second@example.com")
    with pytest.raises(LinkIsDead, match="administrator already"):
        services.first_admin_link()


def test_a_link_that_was_open_dies_when_an_administrator_comes_otherwise(no_administrator):
    token = token_of(services.first_admin_link())
    a_person(an_account())

    assert not services.is_link_alive(token)
    with pytest.raises(LinkIsDead):
        claim(token)


def test_a_newer_link_kills_the_older(no_administrator):
    older, newer = token_of(services.first_admin_link()), token_of(services.first_admin_link())

    assert not services.is_link_alive(older)
    assert services.is_link_alive(newer)


def test_the_link_dies_after_an_hour(no_administrator):
    token = token_of(services.first_admin_link())
    row = FirstAdminLink.objects.get(used_at=None)
    assert row.expires_at - row.created_at <= timedelta(hours=1, seconds=1)
    FirstAdminLink.objects.update(expires_at=row.created_at)

    assert not services.is_link_alive(token)
    with pytest.raises(LinkIsDead):
        claim(token)


def test_a_refused_claim_leaves_nothing_and_the_link_alive(no_administrator):
    token = token_of(services.first_admin_link())

    with pytest.raises(ValidationError):
        claim(token, password="short")
    with pytest.raises(InvalidSetting):
        claim(token, account_name=" ")

    assert services.is_link_alive(token)
    assert not Person.objects.exists()
    claim(token)


def test_the_token_itself_is_not_in_the_database(no_administrator):
    token = token_of(services.first_admin_link())

    row = FirstAdminLink.objects.get()

    assert bytes(row.token_hash) == services._hash(token)
    assert token.encode() not in bytes(row.token_hash)
