"""Tenants, people, who belongs where, the keys of the vault, and the record of who did what."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from crossdock.accounts.slugs import short
from crossdock.tenancy.models import TenantModel, new_public_id
from crossdock.tenancy.scope import ScopeError, current_account


class AccountManager(models.Manager["Account"]):
    """Knows one account: the one whose transaction is open."""

    def get_queryset(self) -> models.QuerySet["Account"]:
        """The open scope's account. Raises ScopeError where there is none."""
        account_id = current_account()
        if account_id is None:
            raise ScopeError("Account was queried outside an account; open scoped(account_id) first")
        return super().get_queryset().filter(pk=account_id)


class Account(models.Model):
    """The tenant: a fulfillment provider, or a merchant that manages itself."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.TextField()
    time_zone = models.TextField(default="UTC")
    abandon_after_days = models.IntegerField(default=45)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AccountManager()

    class Meta:
        db_table = "account"
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(condition=models.Q(abandon_after_days__gt=0), name="account_abandon_after_days"),
            models.CheckConstraint(condition=~models.Q(name=""), name="account_named"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """The account's part of every address below /a/."""
        return short(self.public_id)


class PersonManager(BaseUserManager["Person"]):
    """Finds people by e-mail, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """A person who can sign in; without a password, only after a reset. Raises IntegrityError when the e-mail is taken."""
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        """The person with this e-mail. Raises Person.DoesNotExist."""
        return self.get(email=(username or "").strip().lower())


class Person(AbstractBaseUser):
    """Somebody who signs in. No tenant row: a membership joins a person to an account."""

    id = models.BigAutoField(primary_key=True)
    email = models.EmailField(unique=True, max_length=254)
    name = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = PersonManager()

    class Meta:
        db_table = "person"
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="person_email_lower")]

    def __str__(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    """What a person is in an account; what each may do is the table in `rights`."""

    ADMINISTRATOR = "administrator", "Administrator"
    STAFF = "staff", "Staff"
    MERCHANT = "merchant", "Merchant"


class Membership(TenantModel):
    """A person in an account, with a role; limited to some merchants unless `merchant_ids` is null."""

    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    role = models.TextField(choices=Role.choices)
    merchant_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(fields=["account", "person"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role"),
            models.CheckConstraint(
                condition=models.Q(role=Role.STAFF)
                | models.Q(role=Role.MERCHANT, merchant_ids__isnull=False)
                | models.Q(role=Role.ADMINISTRATOR, merchant_ids__isnull=True),
                name="membership_merchants",
            ),
        ]


class WrappedKey(models.Model):
    """A data key, encrypted by a key of the key file. The newest that is not retired seals; all of them unseal."""

    dek_id = models.UUIDField(unique=True)
    purpose = models.TextField()
    kek_id = models.TextField()
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class VaultKey(WrappedKey, TenantModel):
    """A data key of one account for one purpose. Deleting it destroys what it sealed."""

    class Meta:
        db_table = "vault_key"
        constraints = [
            models.UniqueConstraint(fields=["account", "purpose"], condition=models.Q(retired_at=None), name="vault_key_current"),
        ]


class InstanceKey(WrappedKey):
    """A data key of the installation: for people, who are no tenant's. Made first, so it also tells a wrong key file at start."""

    id = models.BigAutoField(primary_key=True)

    class Meta:
        db_table = "instance_key"
        constraints = [
            models.UniqueConstraint(fields=["purpose"], condition=models.Q(retired_at=None), name="instance_key_current"),
        ]


class Audit(TenantModel):
    """Who changed what, with before and after. Partitioned by month; the application may add and read, nothing else."""

    at = models.DateTimeField(default=timezone.now)
    by = models.BigIntegerField(null=True)
    action = models.TextField()
    subject_kind = models.TextField()
    subject_id = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        db_table = "audit"


class FirstAdminLink(models.Model):
    """The link that makes the first administrator: its token's SHA-256, never the token. Only one is open at a time."""

    id = models.BigAutoField(primary_key=True)
    token_hash = models.BinaryField(unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "first_admin_link"


__all__: list[str] = [
    "Account",
    "Audit",
    "FirstAdminLink",
    "InstanceKey",
    "Membership",
    "Person",
    "Role",
    "VaultKey",
]
