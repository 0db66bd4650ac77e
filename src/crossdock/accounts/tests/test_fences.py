"""Every table is a tenant's and fenced, or on the short list of those that are not."""

import pytest
from django.db import ProgrammingError, connection

from crossdock.accounts import audit
from crossdock.accounts.grants import DEFINERS, NOT_TENANT, grant_on
from crossdock.accounts.models import Audit
from crossdock.accounts.rights import system
from crossdock.accounts.testing import a_person, an_account
from crossdock.tenancy.months import make_months
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")


def rows(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


TABLES = (
    "select c.relname, c.relrowsecurity and c.relforcerowsecurity and exists ("
    "  select from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polroles = array['crossdock_app'::regrole::oid]"
    "  and pg_get_expr(p.polqual, p.polrelid) like '%%account_id%%' and p.polwithcheck is not null)"
    " from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1"
)


def test_every_table_has_a_forced_policy_or_is_on_the_short_list():
    tables = dict(rows(TABLES))

    unfenced = {name for name, is_fenced in tables.items() if not is_fenced}

    assert unfenced == {name for name in tables if grant_on(name) is not None}
    assert {"account", "membership", "vault_key", "audit"} <= tables.keys() - unfenced


def test_the_short_list_names_no_table_that_is_a_tenants():
    for name in NOT_TENANT:
        columns = rows(
            "select 1 from information_schema.columns"
            " where table_schema = 'public' and column_name = 'account_id' and table_name like %s",
            name.replace("*", "%").replace("_", r"\_"),
        )
        assert not columns, name


def test_every_partition_is_fenced_and_granted_to_nobody():
    partitions = rows(
        "select c.relname, has_table_privilege('crossdock_app', c.oid, 'select') from pg_class c"
        " where c.relispartition and c.relnamespace = 'public'::regnamespace and c.relkind = 'r'"
    )

    assert len([name for name, _ in partitions if name.startswith("audit_")]) >= 5
    assert not [name for name, may_read in partitions if may_read]


def test_only_the_listed_functions_look_across_accounts_and_none_is_everybodys():
    functions = rows(
        "select p.proname, pg_get_userbyid(p.proowner), has_function_privilege('public', p.oid, 'execute'),"
        " p.proconfig::text, has_function_privilege('crossdock_app', p.oid, 'execute')"
        " from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef"
    )

    assert {name for name, *_ in functions} <= set(DEFINERS)
    for name, owner, is_public, config, is_ours in functions:
        assert not is_public, name
        assert is_ours, name
        assert "search_path" in config, name
        assert (owner == "crossdock_lookup") is (name not in {"make_months", "link_audit", "note_growth"}), name


def test_the_application_cannot_make_tables():
    with pytest.raises(ProgrammingError, match="permission denied"):
        rows("create table mine (id int)")
    with pytest.raises(ProgrammingError, match="permission denied"):
        rows("create temporary table mine (id int)")


@pytest.mark.parametrize("role", ["crossdock_lookup", "crossdock_owner"])
def test_the_applications_login_cannot_become_another_role(database, role):
    if database.is_single or not database.is_embedded:
        pytest.skip("one login for owner and application is the weaker set-up, which doctor names")

    with pytest.raises(ProgrammingError, match="permission denied"):
        rows(f"set role {role}")


def test_audit_rows_can_be_added_and_read_and_nothing_else():
    account = an_account()
    with scoped(account.pk):
        audit.record(actor=system(account.pk), action="test", subject_kind="test", subject_id=4, before={"a": 1}, after={"a": 2})

    with scoped(account.pk):
        row = Audit.objects.get(action="test")
    assert (row.by, row.subject_id, row.before, row.after) == (None, 4, {"a": 1}, {"a": 2})
    for statement in ("update audit set action = 'x'", "delete from audit", "truncate audit"):
        with pytest.raises(ProgrammingError, match="permission denied"), scoped(account.pk):
            rows(statement)


def test_months_are_made_ahead_and_making_them_again_makes_none():
    assert make_months() == 0


def test_memberships_are_found_for_one_person_and_by_no_other_way():
    account, other = an_account("Zebra"), an_account("apple")
    person = a_person(account)
    with scoped(other.pk):
        rows(
            "insert into membership (account_id, person_id, role, created_at) values (%s, %s, 'staff', now()) returning id",
            other.pk,
            person.pk,
        )

    found = rows("select name, role from memberships_of(%s)", person.pk)

    assert found == [("apple", "staff"), ("Zebra", "administrator")]
    assert rows("select * from memberships_of(%s)", 0) == []
    assert rows("select count(*) from membership") == [(0,)]
