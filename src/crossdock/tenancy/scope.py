"""Whose rows a transaction may see: scope is an argument, never ambient.

Row-level security compares every row's `account_id` with the setting `app.account_id`, which `scoped` sets first inside its
transaction and which ends with it. A limited person's merchants travel beside it in `app.merchants`.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import ParamSpec, TypeVar

import psycopg.errors
from django.db import OperationalError, close_old_connections, connection, transaction
from psycopg.pq import ExecStatus, TransactionStatus

P = ParamSpec("P")
T = TypeVar("T")

_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="db")

FRESH_FOR = 2.0
"""Seconds after which a thread's connection is looked at before it is used again; in between an error says that it is gone."""

_used = threading.local()


class ScopeError(RuntimeError):
    """A query ran outside an account, or inside another account's transaction. Always a bug."""


@dataclass(frozen=True)
class Scope:
    """What the open transaction may see: one account, and of it these merchants only unless None."""

    account_id: int
    merchants: frozenset[int] | None


def current_scope() -> Scope | None:
    """The scope of the open transaction, or None outside `scoped`."""
    return getattr(connection, "_crossdock_scope", None)


def current_account() -> int | None:
    """The account of the open transaction, or None outside `scoped`."""
    scope = current_scope()
    return scope.account_id if scope else None


def account_in_scope() -> int:
    """The account of the open transaction. Raises ScopeError outside `scoped`."""
    account_id = current_account()
    if account_id is None:
        raise ScopeError("this needs an account's transaction; open scoped(account_id) first")
    return account_id


@contextmanager
def scoped(account_id: int, merchants: Sequence[int] | None = None) -> Iterator[None]:
    """Open a transaction that sees one account's rows only; limited to `merchants` unless None.

    Inside a transaction of the same account it is a savepoint, under the limit that the outer one has. Raises ScopeError inside
    another account's, or when it asks for another limit than the outer one's, or inside any other transaction.
    """
    wanted = Scope(account_id, None if merchants is None else frozenset(map(int, merchants)))
    outer = current_scope()
    if outer is not None:
        _refuse_other(outer, wanted)
        with transaction.atomic():
            yield
        return
    # Django's own test case holds a transaction around each test: the only one that may be there already.
    is_in_test_case = bool(connection.atomic_blocks)
    if not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise ScopeError("an account's scope must be opened outermost, before any other transaction")
    try:
        with transaction.atomic():
            if not _begin(wanted):
                _set(wanted)
            connection._crossdock_scope = wanted  # type: ignore[attr-defined]
            try:
                yield
                if is_in_test_case:
                    # A released savepoint leaves its settings to the transaction around it. A rolled back one does not.
                    _set(None)
            finally:
                connection._crossdock_scope = None  # type: ignore[attr-defined]
    except _Leaked as leak:
        connection.close()
        raise ScopeError(str(leak)) from None


class _Leaked(Exception):
    """The connection came with an account already set: something set it for longer than its transaction."""


def _refuse_other(outer: Scope, wanted: Scope) -> None:
    if outer.account_id != wanted.account_id:
        raise ScopeError(f"a transaction of account {outer.account_id} may not be used for account {wanted.account_id}")
    if wanted.merchants is not None and wanted.merchants != outer.merchants:
        raise ScopeError("a limit to some merchants must be set where the transaction begins")


_ASK = "select current_setting('app.account_id', true), current_setting('app.merchants', true),"


def _begin(scope: Scope) -> bool:
    """Begin the transaction and set both settings in one round trip, which also looks whether the last one cleaned up.

    False where a transaction is open already, or the database did not take it: then the long way says why.
    """
    raw = connection.connection
    if raw is None or raw.info.transaction_status != TransactionStatus.IDLE:
        return False
    account, merchants = _settings(scope)
    # Numbers and braces only, so there is nothing to escape.
    statement = f"begin; {_ASK} set_config('app.account_id', '{account}', true), set_config('app.merchants', '{merchants}', true)"
    result = raw.pgconn.exec_(statement.encode())
    if result.status != ExecStatus.TUPLES_OK:
        return False
    _refuse_left_over(result.get_value(0, 0), result.get_value(0, 1))
    return True


def _set(scope: Scope | None) -> None:
    """Set both settings until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_ASK} set_config('app.account_id', %s, true), set_config('app.merchants', %s, true)",
            list(_settings(scope)),
        )
        left_account, left_merchants, *_ = cursor.fetchone()
    if scope:
        _refuse_left_over(left_account, left_merchants)


def _settings(scope: Scope | None) -> tuple[str, str]:
    if scope is None:
        return "", ""
    merchants = scope.merchants
    return str(scope.account_id), "" if merchants is None else "{" + ",".join(map(str, sorted(merchants))) + "}"


def _refuse_left_over(account: object, merchants: object) -> None:
    if account or merchants:
        raise _Leaked(f"the connection still carried account {account!r}; it was closed")


def in_scope(account_id: int, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `fn` inside the account's transaction; once more when the database chose it as a deadlock's victim.

    `fn` may therefore run twice. Inside an open scope it runs once: the whole transaction would have to be repeated.
    """
    tries = 1 if current_scope() else 2
    while True:
        tries -= 1
        try:
            with scoped(account_id):
                return fn(*args, **kwargs)
        except OperationalError as error:
            if not tries or not isinstance(
                error.__cause__, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure
            ):
                raise


def _in_thread(account_id: int | None, fn: Callable[[], T]) -> T:
    # One that was left in a transaction is dropped there: Django would take ours for a part of that, and never commit it.
    if not connection.autocommit or connection.errors_occurred or monotonic() - getattr(_used, "at", 0.0) > FRESH_FOR:
        close_old_connections()
    try:
        return fn() if account_id is None else in_scope(account_id, fn)
    finally:
        _used.at = monotonic()


async def in_db(account_id: int, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run sync database work of one account from async code: a thread of our small pool, one transaction, one connection.

    Canceling the await does not stop the thread; what it writes must therefore check the lane's fence itself.
    """
    return await asyncio.get_running_loop().run_in_executor(_pool, lambda: _in_thread(account_id, lambda: fn(*args, **kwargs)))


async def across_accounts(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run sync database work that calls the definer functions, which alone look across accounts."""
    return await asyncio.get_running_loop().run_in_executor(_pool, lambda: _in_thread(None, lambda: fn(*args, **kwargs)))


__all__ = [
    "Scope",
    "ScopeError",
    "account_in_scope",
    "across_accounts",
    "current_account",
    "current_scope",
    "in_db",
    "in_scope",
    "scoped",
]
