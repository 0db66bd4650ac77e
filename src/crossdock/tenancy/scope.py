"""Whose rows a transaction may see: scope is an argument, never ambient.

Row-level security compares every row's `account_id` with the setting `app.account_id`, which `scoped` sets first inside its
transaction and which ends with it. A limited person's merchants travel beside it in `app.merchants`.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import psycopg.errors
from django.db import OperationalError, close_old_connections, connection, transaction

P = ParamSpec("P")
T = TypeVar("T")

_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="db")


class ScopeError(RuntimeError):
    """A query ran outside an account, or inside another account's transaction. Always a bug."""


def current_account() -> int | None:
    """The account of the open transaction, or None outside `scoped`."""
    return getattr(connection, "_account_id", None)


@contextmanager
def scoped(account_id: int, merchants: Sequence[int] | None = None) -> Iterator[None]:
    """Open a transaction that sees one account's rows only; limited to `merchants` unless None.

    Inside a transaction of the same account it is a savepoint. Raises ScopeError inside another account's.
    """
    outer = current_account()
    if outer is not None:
        if outer != account_id:
            raise ScopeError(f"a transaction of account {outer} may not be used for account {account_id}")
        with transaction.atomic():
            yield
        return
    with transaction.atomic():
        if connection.savepoint_ids or getattr(connection, "_atomic_without_scope", False):
            raise ScopeError("an account's scope must be opened outermost, before any other transaction")
        limit = None if merchants is None else "{" + ",".join(str(int(m)) for m in merchants) + "}"
        with connection.cursor() as cursor:
            cursor.execute(
                "select set_config('app.account_id', %s, true), set_config('app.merchants', %s, true)",
                [str(account_id), limit or ""],
            )
        connection._account_id = account_id  # type: ignore[attr-defined]
        try:
            yield
        finally:
            connection._account_id = None  # type: ignore[attr-defined]


def in_scope(account_id: int, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `fn` inside the account's transaction; once more when the database chose it as a deadlock's victim."""
    for last in (False, True):
        try:
            with scoped(account_id):
                return fn(*args, **kwargs)
        except OperationalError as error:
            if last or not isinstance(error.__cause__, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
                raise
    raise AssertionError("unreachable")


def _in_thread(account_id: int | None, fn: Callable[[], T]) -> T:
    close_old_connections()
    return fn() if account_id is None else in_scope(account_id, fn)


async def in_db(account_id: int, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run sync database work of one account from async code: a thread of our small pool, one transaction, one connection.

    Cancelling the await does not stop the thread; what it writes must therefore check the lane's fence itself.
    """
    return await asyncio.get_running_loop().run_in_executor(_pool, lambda: _in_thread(account_id, lambda: fn(*args, **kwargs)))


async def across_accounts(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run sync database work that calls the definer functions, which alone look across accounts."""
    return await asyncio.get_running_loop().run_in_executor(_pool, lambda: _in_thread(None, lambda: fn(*args, **kwargs)))


__all__ = ["ScopeError", "across_accounts", "current_account", "in_db", "in_scope", "scoped"]
