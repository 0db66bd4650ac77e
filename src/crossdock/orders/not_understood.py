"""Records of a store that could not be understood: kept with the reason and what was received, until they are or somebody has
seen to them.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection
from django.db.models import QuerySet

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.connectors.kit.pages import Rejected
from crossdock.orders.models import LeftOutRecord
from crossdock.tenancy import statements
from crossdock.tenancy.packing import pack
from crossdock.tenancy.rows import rows_to_tell
from crossdock.tenancy.scope import account_in_scope

KEEP = """
insert into left_out (account_id, store_id, external_id, what, why, raw, last_seen)
select %(account)s, %(store)s, r.external_id, r.what, r.why, d.raw, clock_timestamp()
  from jsonb_to_recordset(%(rows)s::jsonb) r(k int, external_id text, what text, why text)
  join unnest(%(raws)s::bytea[]) with ordinality d(raw, k) on d.k = r.k
on conflict (account_id, store_id, external_id) do update set
  what = excluded.what, why = excluded.why, raw = excluded.raw, last_seen = excluded.last_seen,
  set_aside_at = case when left_out.what = excluded.what and left_out.why = excluded.why then left_out.set_aside_at end
"""

UNDERSTOOD = "delete from left_out where account_id = %s and store_id = %s and external_id = any (%s::text[])"

LONGEST_KEY = 500
"""Characters of the longest id that a row of what was not understood is known by; an index holds a third of a page at most."""


def keep_not_understood(store_id: int, rejected: Sequence[Rejected]) -> None:
    """Keep a row for each of them, in place of what was kept of the same record before. Needs the account's scope."""
    if not rejected:
        return
    by_key = {_key_of(one): one for one in rejected}
    rows = [
        {"k": k, "external_id": key, "what": one.field or one.where or "order", "why": one.reason}
        for k, (key, one) in enumerate(by_key.items(), start=1)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP,
            {
                "account": account_in_scope(),
                "store": store_id,
                "rows": rows_to_tell(rows),
                "raws": [pack(one.raw) for one in by_key.values()],
            },
        )


def understood(store_id: int, external_ids: Sequence[str]) -> None:
    """Forget what was kept of orders that came now and were understood. Needs the account's scope."""
    if external_ids:
        statements.run_kept(UNDERSTOOD, [account_in_scope(), store_id, list(external_ids)])


def waiting() -> QuerySet[LeftOutRecord]:
    """What waits for somebody, of the stores in scope, the last seen first; without what was received."""
    rows = LeftOutRecord.objects.filter(set_aside_at=None, store__deleted_at=None)
    return rows.select_related("store", "store__merchant").defer("raw").order_by("-last_seen", "-pk")


def set_aside(*, actor: Actor, row: LeftOutRecord) -> None:
    """Have a record named no longer, until something else is wrong with it. Raises Forbidden."""
    actor.require(Right.ACT_ON_ORDERS)
    LeftOutRecord.objects.filter(pk=row.pk).update(set_aside_at=datetime.now(UTC))
    record(
        actor=actor,
        action="store.record_set_aside",
        subject_kind="store",
        subject_id=row.store_id,
        after={"record": row.external_id},
    )


def _key_of(one: Rejected) -> str:
    """Its id, where an index can hold that; else what tells it from others."""
    own = one.external_id or ""
    if own and len(own) <= LONGEST_KEY and "\x00" not in own:
        return own
    return hashlib.sha256(own.encode(errors="surrogatepass") or one.raw).hexdigest()[:16]
