"""Accounts, members, and the link that makes the first administrator."""

import pytest
from django.core.exceptions import ValidationError

from crossdock.accounts import services
from crossdock.accounts.models import Account, Audit, Membership, Person, Role
from crossdock.accounts.rights import Forbidden, system
from crossdock.accounts.services import InvalidSetting
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
