"""The lanes of one account, run by a test itself, in its own event loop: `settle` looks at whatever is due until nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connection as database

from crossdock.accounts.models import Account
from crossdock.jobs.worker import run_lane
from crossdock.tenancy.scope import in_db, in_scope

T = TypeVar("T")


class Lanes:
    """What is to be done in one account."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def within(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call something in the account's scope, in this thread."""
        return in_scope(self.account.pk, fn, *args, **kwargs)

    async def there(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call something in the account's scope, from async code."""
        return await in_db(self.account.pk, fn, *args, **kwargs)

    async def settle(self, *, rounds: int = 60) -> None:
        """Run every due lane of the account until none is left."""
        for _ in range(rounds):
            due = await self.there(self._due)
            if not due:
                return
            for lane_id in due:
                await run_lane(self.account.pk, lane_id)
        raise AssertionError(f"lanes are still due after {rounds} rounds: {await self.there(self._state)}")

    async def hurry(self) -> None:
        """Let what waits for a moment come now, then settle."""
        await self.there(self._hurry)
        await self.settle()

    async def poll(self, kind: str = "orders.pull") -> None:
        """Have one kind of lane run as if its schedule had come, then settle."""
        await self.there(self._make_due, kind)
        await self.settle()

    def _due(self) -> list[int]:
        with database.cursor() as cursor:
            cursor.execute(
                "select id from lane where due_at <= clock_timestamp() and blocked_reason is null"
                " and (leased_until is null or leased_until < clock_timestamp()) order by due_at"
            )
            return [row[0] for row in cursor.fetchall()]

    def _state(self) -> list[Any]:
        with database.cursor() as cursor:
            cursor.execute("select kind, due_at, leased_until, last_error, failures from lane where due_at is not null")
            return cursor.fetchall()

    def _hurry(self) -> None:
        with database.cursor() as cursor:
            cursor.execute("update effect set next_at = clock_timestamp() where state in ('intended', 'unknown')")
            cursor.execute("update lane set due_at = clock_timestamp() where due_at is not null and kind not in ('orders.age')")

    def _make_due(self, kind: str) -> None:
        with database.cursor() as cursor:
            cursor.execute("update lane set due_at = clock_timestamp() where kind = %s", [kind])
