"""Changes to accounts, people and memberships: who is here, as what, and how the account is set."""

from collections.abc import Sequence
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.db import connection, transaction

from crossdock.accounts import audit
from crossdock.accounts.models import Account, Membership, Person, Role
from crossdock.accounts.rights import Actor, Forbidden, Right, system
from crossdock.domain.errors import RuleBroken
from crossdock.tenancy.scope import scoped


class InvalidSetting(RuleBroken):
    """A value of the account's settings, or of a person, that cannot be. `field` is where it was typed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def create_account(*, name: str, time_zone: str = "UTC", abandon_after_days: int = 45) -> Account:
    """A new account, without anybody in it. Outside any transaction. Raises InvalidSetting."""
    account_id = new_account_id()
    with scoped(account_id):
        return create_account_as(account_id, name=name, time_zone=time_zone, abandon_after_days=abandon_after_days)


def new_account_id() -> int:
    """The id of an account to be. It is what the policy compares, so it has to be known before the row is there."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('account_id_seq')")
        return int(cursor.fetchone()[0])


def create_account_as(account_id: int, *, name: str, time_zone: str, abandon_after_days: int = 45) -> Account:
    """The account of that id, in its transaction that is open already. Raises InvalidSetting."""
    _check_settings(name=name, time_zone=time_zone, abandon_after_days=abandon_after_days)
    account = Account.objects.create(id=account_id, name=name.strip(), time_zone=time_zone, abandon_after_days=abandon_after_days)
    audit.record(
        actor=system(account_id),
        action="account.created",
        subject_kind="account",
        subject_id=account_id,
        after=_settings(account),
    )
    return account


def change_settings(*, actor: Actor, name: str, time_zone: str, abandon_after_days: int) -> Account:
    """Set the account's name, the zone its times are shown in, and after how many days an open order is abandoned.

    Raises Forbidden, InvalidSetting.
    """
    actor.require(Right.MANAGE_ACCOUNT)
    _check_settings(name=name, time_zone=time_zone, abandon_after_days=abandon_after_days)
    with actor.scope():
        account = Account.objects.select_for_update().get()
        before = _settings(account)
        account.name, account.time_zone, account.abandon_after_days = name.strip(), time_zone, abandon_after_days
        account.save(update_fields=["name", "time_zone", "abandon_after_days"])
        if before != (after := _settings(account)):
            audit.record(
                actor=actor, action="account.changed", subject_kind="account", subject_id=account.pk, before=before, after=after
            )
    return account


def _settings(account: Account) -> dict[str, str | int]:
    return {"name": account.name, "time_zone": account.time_zone, "abandon_after_days": account.abandon_after_days}


def _check_settings(*, name: str, time_zone: str, abandon_after_days: int) -> None:
    if not name.strip():
        raise InvalidSetting("name", "The account needs a name.")
    if len(name) > 200:
        raise InvalidSetting("name", "The name may have 200 characters at most.")
    if time_zone not in available_timezones():
        raise InvalidSetting("time_zone", f"“{time_zone}” is not a time zone. Use a name such as America/Chicago.")
    if not 1 <= abandon_after_days <= 3_650:
        raise InvalidSetting("abandon_after_days", "Orders are abandoned after 1 to 3,650 days.")


# --- People ---------------------------------------------------------------------------------------------------------------------


def create_person(*, email: str, name: str = "", password: str | None = None) -> Person:
    """Somebody who can sign in; without a password only after a reset by e-mail.

    Raises InvalidSetting when the e-mail is taken, ValidationError when the password is too weak.
    """
    if password is not None:
        validate_password(password, Person(email=email, name=name))
    if Person.objects.filter(email=email.strip().lower()).exists():
        raise InvalidSetting("email", "Somebody with this e-mail is here already.")
    with transaction.atomic():
        person = Person.objects.create_user(email, password, name=name.strip())
        # Typed by an administrator or the operator, not by a stranger: nobody else's address can be blocked this way.
        EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
    return person


def rename_person(*, person: Person, name: str) -> None:
    """Set how a person is called. Raises InvalidSetting."""
    if len(name) > 200:
        raise InvalidSetting("name", "The name may have 200 characters at most.")
    person.name = name.strip()
    person.save(update_fields=["name"])


def add_member(*, actor: Actor, person: Person, role: Role, merchants: Sequence[int] | None = None) -> Membership:
    """Let a person into the account; limited to `merchants` unless None. Raises Forbidden, RuleBroken."""
    actor.require(Right.MANAGE_PEOPLE)
    _check_limit(role, merchants)
    with actor.scope():
        if Membership.objects.filter(person=person).exists():
            raise RuleBroken(f"{person} is in this account already.")
        member = Membership.objects.create(
            account_id=actor.account_id, person=person, role=role, merchant_ids=None if merchants is None else sorted(merchants)
        )
        audit.record(actor=actor, action="member.added", subject_kind="person", subject_id=person.pk, after=_membership(member))
    return member


def change_member(*, actor: Actor, person: Person, role: Role, merchants: Sequence[int] | None = None) -> Membership:
    """Give a member another role or other merchants. Raises Forbidden, RuleBroken for the last administrator."""
    actor.require(Right.MANAGE_PEOPLE)
    _check_limit(role, merchants)
    with actor.scope():
        member = _locked_member(person)
        if role != Role.ADMINISTRATOR:
            _keep_one_administrator(member)
        before = _membership(member)
        member.role, member.merchant_ids = role, None if merchants is None else sorted(merchants)
        member.save(update_fields=["role", "merchant_ids"])
        audit.record(
            actor=actor,
            action="member.changed",
            subject_kind="person",
            subject_id=person.pk,
            before=before,
            after=_membership(member),
        )
    return member


def remove_member(*, actor: Actor, person: Person) -> None:
    """End a membership; the person stays, and keeps other accounts. Raises Forbidden, RuleBroken for the last administrator."""
    actor.require(Right.MANAGE_PEOPLE)
    with actor.scope():
        member = _locked_member(person)
        _keep_one_administrator(member)
        audit.record(
            actor=actor, action="member.removed", subject_kind="person", subject_id=person.pk, before=_membership(member)
        )
        member.delete()


def _check_limit(role: Role, merchants: Sequence[int] | None) -> None:
    if role == Role.MERCHANT and not merchants:
        raise RuleBroken("A person of a merchant needs at least one merchant to see.")
    if role == Role.ADMINISTRATOR and merchants is not None:
        raise RuleBroken("An administrator sees all merchants. Choose Staff to limit somebody to some of them.")


def _locked_member(person: Person) -> Membership:
    # All of them, in one order: two administrators who remove each other at once must not both succeed.
    members = {member.person_id: member for member in Membership.objects.select_for_update().order_by("id")}
    if person.pk not in members:
        raise RuleBroken("This person is not in the account.")
    return members[person.pk]


def _keep_one_administrator(member: Membership) -> None:
    others = Membership.objects.filter(role=Role.ADMINISTRATOR).exclude(pk=member.pk)
    if member.role == Role.ADMINISTRATOR and not others.exists():
        raise RuleBroken("An account needs an administrator. Make somebody else one first.")


def _membership(member: Membership) -> dict[str, object]:
    return {"role": str(member.role), "merchants": member.merchant_ids}


__all__ = [
    "Forbidden",
    "InvalidSetting",
    "add_member",
    "change_member",
    "change_settings",
    "create_account",
    "create_account_as",
    "create_person",
    "new_account_id",
    "remove_member",
    "rename_person",
]
