"""Who changed what: one row each, added in the transaction that changes it. The database lets nobody edit or delete them.

At the commit a trigger links the row to the account's one before (migration 0002); `chain` seals and examines what is linked.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.accounts.models import Audit
from crossdock.accounts.rights import Actor


def record(
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down one change, in the account's open transaction.

    `action` is a verb of the trade ("store.credentials_replaced"). `before` and `after` hold what changed, as JSON values; never a
    secret, and personal data only masked.
    """
    # Plainly inserted: the role may add and read rows of this table, and nothing else.
    Audit.objects.bulk_create(
        [
            Audit(
                account_id=actor.account_id,
                by=actor.person_id,
                action=action,
                subject_kind=subject_kind,
                subject_id=subject_id,
                before=dict(before) if before is not None else None,
                after=dict(after) if after is not None else None,
            )
        ]
    )
