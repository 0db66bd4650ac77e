"""No row of another account, ever: through errors, threads, nesting, killed connections."""

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import Error, OperationalError, connection, transaction
from django.db.backends.signals import connection_created

from crossdock.accounts import audit
from crossdock.accounts.models import Account, Audit, Membership
from crossdock.accounts.rights import system
from crossdock.accounts.testing import an_account
from crossdock.tenancy import scope
from crossdock.tenancy.scope import ScopeError, across_accounts, current_account, in_db, in_scope, scoped

pytestmark = pytest.mark.usefixtures("db_ready")


def setting(name="app.account_id"):
    with connection.cursor() as cursor:
        cursor.execute("select current_setting(%s, true)", [name])
        return cursor.fetchone()[0] or ""


def accounts_seen():
    """Every account that any table shows, asked in plain SQL so that only the database's policies answer."""
    with connection.cursor() as cursor:
        cursor.execute("select id from account union select account_id from audit union select account_id from membership")
        return {row[0] for row in cursor.fetchall()}


class Broken(Exception):
    pass


def rename(account, name):
    Account.objects.filter(pk=account.pk).update(name=name)


def write_and_break(account):
    with scoped(account.pk):
        audit.record(actor=system(account.pk), action="lost", subject_kind="test")
        raise Broken


def test_outside_an_account_models_refuse_and_the_database_shows_nothing():
    an_account()

    for model in (Account, Audit, Membership):
        with pytest.raises(ScopeError):
            model.objects.count()

    assert accounts_seen() == set()


def test_inside_an_account_only_its_rows_are_there():
    mine, other = an_account(), an_account()

    with scoped(mine.pk):
        assert accounts_seen() == {mine.pk}
        assert not Account.objects.filter(pk=other.pk).exists()


def test_a_row_of_another_account_cannot_be_written():
    mine, other = an_account(), an_account()

    with pytest.raises(Exception, match="row-level security"), scoped(mine.pk):
        audit.record(actor=system(other.pk), action="test", subject_kind="test")


def test_a_nested_scope_of_another_account_is_refused():
    mine, other = an_account(), an_account()

    with scoped(mine.pk):
        with pytest.raises(ScopeError), scoped(other.pk):
            pass
        assert accounts_seen() == {mine.pk}


def test_a_nested_scope_of_the_same_account_is_a_savepoint():
    mine = an_account()

    with scoped(mine.pk):
        with pytest.raises(Broken):
            write_and_break(mine)
        audit.record(actor=system(mine.pk), action="kept", subject_kind="test")

    with scoped(mine.pk):
        assert set(Audit.objects.values_list("action", flat=True)) == {"account.created", "kept"}


def test_a_nested_scope_keeps_the_limit_to_some_merchants():
    mine = an_account()

    with scoped(mine.pk, [3, 1]):
        assert setting("app.merchants") == "{1,3}"
        with scoped(mine.pk):
            assert setting("app.merchants") == "{1,3}"
        with scoped(mine.pk, [1, 3]):
            assert setting("app.merchants") == "{1,3}"


def test_a_nested_scope_cannot_limit_what_is_open_already():
    mine = an_account()

    with scoped(mine.pk), pytest.raises(ScopeError), scoped(mine.pk, [1]):
        pass
    with scoped(mine.pk, [1]), pytest.raises(ScopeError), scoped(mine.pk, [1, 2]):
        pass


def test_somebody_limited_to_no_merchant_is_not_unlimited():
    mine = an_account()

    with scoped(mine.pk, []):
        assert setting("app.merchants") == "{}"


def test_a_scope_inside_another_transaction_is_refused():
    mine = an_account()

    with transaction.atomic(), pytest.raises(ScopeError), scoped(mine.pk):
        pass

    assert current_account() is None


@pytest.mark.parametrize("ends", ["commit", "error"])
def test_after_the_transaction_nothing_of_the_account_is_left(ends):
    mine = an_account()

    try:
        with scoped(mine.pk, [1]):
            if ends == "error":
                raise Broken
    except Broken:
        pass

    assert (setting(), setting("app.merchants"), current_account()) == ("", "", None)
    assert accounts_seen() == set()


@pytest.mark.parametrize("name", ["app.account_id", "app.merchants"])
@pytest.mark.parametrize("is_new", [False, True], ids=["in use", "new, from a pool"])
def test_a_connection_that_still_carries_an_account_is_closed_and_never_used(name, is_new):
    mine, other = an_account(), an_account()

    def carry(connection, **_):
        with connection.cursor() as cursor:
            cursor.execute("select set_config(%s, %s, false)", [name, str(other.pk) if name == "app.account_id" else "{}"])

    if is_new:
        connection.close()
        connection_created.connect(carry)
    else:
        carry(connection)

    with pytest.raises(ScopeError, match="was closed"), scoped(mine.pk):
        pass
    connection_created.disconnect(carry)

    assert connection.connection is None
    with scoped(mine.pk):
        assert accounts_seen() == {mine.pk}


def test_a_scope_within_djangos_own_test_case_leaves_nothing_to_the_rest_of_the_test():
    mine, other = an_account(), an_account()
    around_the_test = transaction.atomic()
    around_the_test._from_testcase = True

    with around_the_test:
        with scoped(mine.pk):
            assert accounts_seen() == {mine.pk}
        assert accounts_seen() == set()
        with pytest.raises(Broken), scoped(mine.pk):
            raise Broken
        with scoped(other.pk):
            assert accounts_seen() == {other.pk}


@pytest.mark.parametrize("code", ["40P01", "40001"])
def test_work_is_done_again_once_after_a_deadlock_and_not_for_other_errors(code):
    mine = an_account()
    tries = []

    def deadlock():
        tries.append(accounts_seen())
        with connection.cursor() as cursor:
            if len(tries) == 1:
                cursor.execute(f"do $$ begin raise exception 'dead' using errcode = '{code}'; end $$")
        return "done"

    assert in_scope(mine.pk, deadlock) == "done"
    assert tries == [{mine.pk}, {mine.pk}]

    def broken():
        tries.append(None)
        raise Broken

    with pytest.raises(Broken):
        in_scope(mine.pk, broken)
    assert len(tries) == 3


def test_part_of_a_transaction_is_not_done_again_alone_after_a_deadlock():
    mine = an_account()
    tries = []

    def deadlock():
        tries.append(None)
        with connection.cursor() as cursor:
            cursor.execute("do $$ begin raise exception 'dead' using errcode = '40P01'; end $$")

    with scoped(mine.pk), pytest.raises(OperationalError):
        in_scope(mine.pk, deadlock)

    assert len(tries) == 1


async def test_async_work_runs_in_the_accounts_scope_and_work_across_accounts_in_none(db_ready):
    mine = await across_accounts(an_account)

    assert await in_db(mine.pk, accounts_seen) == {mine.pk}
    assert await across_accounts(accounts_seen) == set()


async def test_what_is_written_after_a_thread_was_left_in_a_transaction_is_committed(monkeypatch):
    mine = await across_accounts(an_account)
    with monkeypatch.context() as patched, ThreadPoolExecutor(max_workers=1) as pool:
        patched.setattr(scope, "_pool", pool)
        await across_accounts(lambda: connection.set_autocommit(False))
        await in_db(mine.pk, rename, mine, "Renamed")
        await asyncio.wrap_future(pool.submit(lambda: connection.close()))

    assert await in_db(mine.pk, lambda: Account.objects.get(pk=mine.pk).name) == "Renamed"


def test_two_thousand_mixed_jobs_in_eight_threads_see_no_foreign_row():
    accounts = [an_account().pk for _ in range(20)]
    chance = random.Random(7)

    def job(seed):
        chance = random.Random(seed)
        mine, other = chance.sample(accounts, 2)
        kind = chance.choice(["read", "write", "error", "savepoint", "foreign", "sql error", "killed", "outside"])
        try:
            if kind == "outside":
                assert accounts_seen() == set()
                return kind
            with scoped(mine, chance.choice([None, [1], []])):
                assert accounts_seen() <= {mine}
                match kind:
                    case "write":
                        audit.record(actor=system(mine), action="job", subject_kind="test")
                    case "error":
                        raise Broken
                    case "savepoint":
                        with pytest.raises(Broken), scoped(mine):
                            raise Broken
                    case "foreign":
                        with pytest.raises(ScopeError), scoped(other):
                            pass
                    case "sql error":
                        connection.cursor().execute("select 1/0")
                    case "killed":
                        connection.cursor().execute("select pg_terminate_backend(pg_backend_pid())")
                assert accounts_seen() <= {mine}
        except Broken:
            pass
        except Error:
            if kind not in {"sql error", "killed"}:
                raise
            connection.close_if_unusable_or_obsolete()
        assert current_account() is None
        return kind

    with ThreadPoolExecutor(8) as threads:
        kinds = list(threads.map(job, [chance.random() for _ in range(2_000)]))
        together = threading.Barrier(8)
        list(threads.map(lambda _: (together.wait(), connection.close()), range(8)))

    assert len(kinds) == 2_000
    assert set(kinds) == {"read", "write", "error", "savepoint", "foreign", "sql error", "killed", "outside"}


def test_canceling_the_wait_does_not_leave_a_scope_behind():
    mine, other = an_account(), an_account()

    async def cancel_then_use():
        waits = [asyncio.create_task(in_db(mine.pk, accounts_seen)) for _ in range(16)]
        await asyncio.sleep(0)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return await asyncio.gather(*(in_db(other.pk, accounts_seen) for _ in range(16)))

    assert all(seen == {other.pk} for seen in asyncio.run(cancel_then_use()))
