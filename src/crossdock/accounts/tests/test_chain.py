"""Whoever alters the audit is found: by what the rows, their links, the head and the seals say of one another."""

import importlib
import threading

import psycopg
import pytest
from django.db import ProgrammingError, connection, connections, transaction
from structlog.testing import capture_logs

from crossdock.accounts import audit, chain, vault
from crossdock.accounts.models import Audit
from crossdock.accounts.rights import system
from crossdock.accounts.testing import an_account
from crossdock.site import cli, doctor
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")


@pytest.fixture
def account():
    """An account with five rows: its beginning and four more."""
    made = an_account()
    for number in range(4):
        write(made, number)
    return made


@pytest.fixture
def owner(database):
    """Somebody who has the owner's login and may do everything in the database."""
    with psycopg.connect(database.owner, autocommit=True) as found:
        found.execute("select set_config('app.maintenance', 'on', false)")
        yield found


def write(account, number):
    with scoped(account.pk):
        audit.record(
            actor=system(account.pk),
            action="test",
            subject_kind="test",
            subject_id=number,
            before={"b": 1, "a": "é"},
            after={"x": 2.50},
        )


def found(account):
    return [fault.sentence for fault in chain.examine_account(account.pk)[1]]


def places(account):
    return [fault.seq for fault in chain.examine_account(account.pk)[1]]


def alter(owner, statement, account, number=2):
    """Run a statement on one row of the account, as its owner."""
    done = owner.execute(statement, {"account": account.pk, "number": number})
    assert done.rowcount == 1, statement


# --- What is well ---------------------------------------------------------------------------------------------------------------


def test_each_row_is_linked_in_the_order_of_commits_and_all_is_well(account):
    assert chain.examine_account(account.pk) == (5, [])


def test_rows_of_one_transaction_and_of_none_that_was_rolled_back_are_linked(account):
    with scoped(account.pk):
        for number in (10, 11):
            audit.record(actor=system(account.pk), action="test", subject_kind="test", subject_id=number)
    with scoped(account.pk):
        audit.record(actor=system(account.pk), action="test", subject_kind="test")
        transaction.set_rollback(True)

    assert chain.examine_account(account.pk) == (7, [])


def test_writers_at_the_same_moment_wait_for_one_another_at_their_commit_only(account):
    both_wrote = threading.Barrier(2, timeout=20)

    def work():
        try:
            with scoped(account.pk):
                audit.record(actor=system(account.pk), action="test", subject_kind="test")
                both_wrote.wait()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert chain.examine_account(account.pk) == (7, [])


def test_a_row_of_another_month_is_linked_as_well(account):
    with scoped(account.pk), connection.cursor() as cursor:
        cursor.execute(
            "insert into audit (at, account_id, action, subject_kind) values ('2024-02-29 12:00+00', %s, 'test', 'test')",
            [account.pk],
        )

    assert chain.examine_account(account.pk) == (6, [])


def test_the_application_can_neither_write_links_nor_move_a_head(account):
    for statement in (
        "update audit_head set seq = 1",
        "delete from audit_head",
        "insert into audit_link select * from audit_link",
        "update audit_link set seq = 1",
        "delete from audit_link",
        "update audit_seal set seq = 1",
        "delete from audit_seal",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), scoped(account.pk), connection.cursor() as cursor:
            cursor.execute(statement)


# --- What is found --------------------------------------------------------------------------------------------------------------

ROW = "account_id = %(account)s and subject_id = %(number)s"


def test_an_edited_row_is_named(account, owner):
    alter(owner, f"update audit set action = 'harmless' where {ROW}", account)

    assert places(account) == [4]
    assert found(account)[0].endswith("(harmless) was edited")


def test_a_removed_row_is_named(account, owner):
    alter(owner, f"delete from audit where {ROW}", account)

    assert places(account) == [4]
    assert "was removed" in found(account)[0]


def test_the_newest_row_removed_is_found(account, owner):
    alter(owner, f"delete from audit where {ROW}", account, 3)

    assert places(account) == [5]


def test_a_removed_row_is_found_when_its_link_goes_with_it(account, owner):
    alter(owner, f"delete from audit where {ROW}", account)
    alter(owner, "delete from audit_link where account_id = %(account)s and seq = 4 and %(number)s > 0", account)

    assert "links 4 to 4 were removed" in found(account)


def test_the_end_removed_with_its_links_is_found_by_the_head(account, owner):
    alter(owner, f"delete from audit where {ROW}", account, 3)
    alter(owner, "delete from audit_link where account_id = %(account)s and seq = 5 and %(number)s > 0", account)

    assert found(account) == ["the newest 1 links were removed"]


@pytest.mark.parametrize("change", ["seq = seq - 1", "hash = sha256(hash)"])
def test_a_head_that_was_changed_is_found(account, owner, change):
    owner.execute(f"update audit_head set {change} where account_id = %s", [account.pk])

    assert found(account) == ["the head of the chain was changed"]


def test_two_rows_that_changed_places_are_found(account, owner):
    alter(owner, f"update audit set subject_id = -1 where {ROW}", account, 1)
    alter(owner, f"update audit set subject_id = 1 where {ROW}", account, 2)
    alter(owner, "update audit set subject_id = 2 where account_id = %(account)s and subject_id = -1 and %(number)s > 0", account)

    assert places(account) == [3, 4]


def test_links_that_changed_places_are_found(account, owner):
    owner.execute("update audit_link set seq = 100 where account_id = %s and seq = 3", [account.pk])
    owner.execute("update audit_link set seq = 3 where account_id = %s and seq = 4", [account.pk])
    owner.execute("update audit_link set seq = 4 where account_id = %s and seq = 100", [account.pk])

    assert any("does not carry the hash of the one before" in sentence for sentence in found(account))


def test_a_row_slipped_in_past_the_trigger_is_found(account, owner):
    with owner.transaction():
        owner.execute("alter table audit disable trigger audit_linked")
        owner.execute(
            "insert into audit (at, account_id, action, subject_kind) values (now(), %s, 'forged', 'test')", [account.pk]
        )
        owner.execute("alter table audit enable trigger audit_linked")

    assert "(forged) stands in no link" in found(account)[0]


def test_an_account_whose_audit_is_gone_altogether_is_found(account, owner):
    for table in ("audit", "audit_link", "audit_head"):
        owner.execute(f"delete from {table} where account_id = %s", [account.pk])

    assert found(account) == ["there is no audit at all, not even of the account's beginning"]


def test_all_is_examined_part_by_part(account, owner, monkeypatch):
    monkeypatch.setattr(chain, "PAGE", 2)
    other = an_account()
    alter(owner, f"delete from audit where {ROW}", account, 3)

    assert chain.examine_account(account.pk)[0] == 5
    assert len(found(account)) == 1
    assert {account.pk, other.pk} <= {account_id for account_id, _, _ in chain.heads()}


# --- Seals ----------------------------------------------------------------------------------------------------------------------


def rewrite(owner, account):
    """Take a row out and make a new, sound chain of the rest: what an owner can do who knows how this works."""
    alter(owner, f"delete from audit where {ROW}", account)
    for table in ("audit_link", "audit_head"):
        owner.execute(f"delete from {table} where account_id = %s", [account.pk])
    link_all = importlib.import_module("crossdock.accounts.migrations.0002_audit_chain").LINK_ALL
    owner.execute(link_all.replace("from public.audit order", f"from public.audit where account_id = {account.pk} order"))
    owner.execute("select set_config('app.maintenance', 'on', false)")


def test_rows_from_before_are_linked_in_the_order_of_their_time(account, owner):
    rewrite(owner, account)

    assert chain.examine_account(account.pk) == (4, [])


def test_a_chain_that_was_made_anew_is_not_the_one_that_was_sealed(account, owner):
    chain.seal_heads()

    rewrite(owner, account)

    assert found(account) == ["the chain was sealed at row 5 and is shorter now"]


def test_a_chain_that_was_made_anew_and_grew_is_not_the_one_that_was_sealed(account, owner):
    chain.seal_heads()

    rewrite(owner, account)
    write(account, 7)

    assert found(account) == ["the chain up to row 5 is not the one that was sealed"]


def test_a_seal_made_without_the_key_is_told_from_ours(account, owner):
    chain.seal_heads()
    rewrite(owner, account)
    write(account, 7)
    owner.execute(
        "update audit_seal s set hash = h.hash from audit_head h where h.account_id = s.account_id and s.account_id = %s",
        [account.pk],
    )

    assert found(account) == ["the seal at row 5 is not ours"]


def test_a_chain_is_sealed_once_for_what_it_holds_and_its_seal_is_in_the_log(account):
    with capture_logs() as logs:
        chain.seal_heads()
        chain.seal_heads()
    sealed = [one for one in logs if one["event"] == "audit.sealed" and one["account"] == account.pk]
    write(account, 8)
    chain.seal_heads()

    assert [(one["seq"], len(one["mac"])) for one in sealed] == [(5, 96)]
    assert chain.examine_account(account.pk) == (6, [])


def test_while_secrets_are_locked_nothing_is_sealed_and_no_seal_is_called_good(account, settings):
    chain.seal_heads()
    write(account, 9)
    settings.VAULT_KEY_FILE = "/nowhere/keys.json"
    vault.forget_keys()

    with capture_logs() as logs:
        chain.seal_heads()

    assert account.pk in {one["account"] for one in logs if one["event"] == "audit.not_sealed"}
    assert found(account)[0].startswith("the seal at row 5 cannot be tried: ")


# --- Doctor ---------------------------------------------------------------------------------------------------------------------


def test_doctor_names_the_account_and_the_row(fresh_database, capsys):
    account = an_account("Acme Fulfillment")
    well = doctor.examine_audit()
    with scoped(account.pk), connection.cursor() as cursor:
        cursor.execute("insert into audit_seal (account_id, seq, hash, mac) values (%s, 1, '\\x00', '\\x00')", [account.pk])

    code = cli.main(["doctor", "--audit"])

    assert [(one.state, one.sentence) for one in well] == [("ok", "1 rows of 1 accounts are as they were written")]
    assert code == 1
    assert f"Acme Fulfillment ({account.pk}), at 1:" in capsys.readouterr().out
    with scoped(account.pk):
        assert Audit.objects.count() == 1
