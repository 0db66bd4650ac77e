"""The base of every tenant row."""

import os
import time
import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import models

from crossdock.tenancy.scope import ScopeError, current_account

M = TypeVar("M", bound=models.Model, covariant=True)


def new_public_id() -> uuid.UUID:
    """A version-7 UUID: 48 bits of milliseconds, 74 random bits. Made here, since PostgreSQL 15 cannot."""
    value = (int(time.time() * 1000) << 80) | (0x7 << 76) | (0b10 << 62)
    random = int.from_bytes(os.urandom(10), "big")
    return uuid.UUID(int=value | ((random >> 68) << 64) | (random & ((1 << 62) - 1)))


class TenantManager(models.Manager[M]):
    """Refuses a query outside an account's transaction; inside, row-level security refuses it again."""

    def get_queryset(self) -> models.QuerySet[M]:
        """All rows of the open scope's account. Raises ScopeError where there is none."""
        account_id = current_account()
        if account_id is None:
            raise ScopeError(f"{self.model.__name__} was queried outside an account; open scoped(account_id) first")
        return super().get_queryset().filter(account_id=account_id)


class TenantModel(models.Model):
    """A row that belongs to exactly one account.

    The table gets its policy, its unique (account_id, id) and its composite foreign keys from `tenancy.operations.tenant_table`.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


class RowKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference inside one account: the constraint is `(account_id, x_id)`, made by `tenant_table`, not Django's own."""

    def __init__(self, to: Any, on_delete: Any = models.DO_NOTHING, **kwargs: Any) -> None:
        kwargs.setdefault("db_constraint", False)
        kwargs.setdefault("db_index", False)
        super().__init__(to, on_delete, **kwargs)


def ids(rows: Sequence[models.Model]) -> list[int]:
    """Primary keys, ascending: the order in which sets are locked."""
    return sorted(row.pk for row in rows)
