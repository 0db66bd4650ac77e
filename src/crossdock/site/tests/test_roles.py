"""The role that row-level security fences, and the check that nothing else is served."""

import psycopg
import pytest
from django.db import connection, connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from crossdock.site import roles
from crossdock.site.db import APP_ROLE, WrongRole, connection_settings
from crossdock.site.environment import Refused


def a_connection(url, *, role, alias="default"):
    """A wrapper of its own, made as Django makes the thread's."""
    made = connections.create_connection("default")
    made.alias = alias
    made.settings_dict = {**made.settings_dict, **connection_settings(url, role=role)}
    return made


def test_tests_run_as_the_fenced_role(db_ready):
    with connection.cursor() as cursor:
        cursor.execute("select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        row = cursor.fetchone()

    assert row == (APP_ROLE, False, False)


def test_an_account_of_a_test_is_seen_in_its_own_scope_only(account):
    from crossdock.accounts.models import Account
    from crossdock.tenancy.scope import scoped

    with scoped(account.id):
        assert [row.name for row in Account.objects.all()] == [account.name]
    with scoped(account.id + 1_000_000):
        assert not Account.objects.filter(name=account.name).exists()


def test_a_connection_as_the_owner_is_refused(db_ready):
    wrapper = a_connection(db_ready.owner, role=None)

    with pytest.raises(WrongRole, match="not as 'crossdock_app'"):
        wrapper.ensure_connection()

    assert wrapper.connection is None


def test_a_connection_whose_startup_options_were_dropped_is_refused(db_ready):
    wrapper = a_connection(db_ready.app, role=None)

    with pytest.raises(WrongRole, match="pooler"):
        wrapper.ensure_connection()


def test_the_migrating_connection_is_not_asked(db_ready):
    wrapper = a_connection(db_ready.owner, role=None, alias="owner")

    wrapper.ensure_connection()

    assert wrapper.connection is not None
    wrapper.close()


def test_time_outs_travel_with_the_connection(db_ready):
    with connection.cursor() as cursor:
        cursor.execute("select name, setting from pg_settings where name like '%%_timeout'")
        settings = dict(cursor.fetchall())

    assert (settings["statement_timeout"], settings["lock_timeout"]) == ("30000", "5000")
    assert settings["idle_in_transaction_session_timeout"] == "60000"


def test_options_of_the_address_are_kept():
    entry = connection_settings(
        "postgresql://me:p%40ss@db.example.com:6432/hub?sslmode=verify-full&options=-c%20jit%3Doff", role=APP_ROLE
    )

    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"], entry["NAME"]) == (
        "me",
        "p@ss",
        "db.example.com",
        "6432",
        "hub",
    )
    assert entry["OPTIONS"]["sslmode"] == "verify-full"
    assert entry["OPTIONS"]["options"].startswith("-c jit=off -c role=crossdock_app ")


def test_an_address_that_cannot_be_read_is_refused_without_repeating_it():
    with pytest.raises(Refused, match="cannot be read") as error:
        connection_settings("postgresql://me:secret@[broken/", role=APP_ROLE)

    assert "secret" not in str(error.value)


# --- A server of the operator's own -----------------------------------------------------------------------------------------------


@pytest.fixture
def external(server):
    """A login that may make roles and owns a fresh database, as a managed server gives it; its address."""
    name = f"external_{conninfo_to_dict(server.urls.app)['dbname']}_{id(server) % 10_000}"
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        if not admin.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()[0]:
            pytest.skip("making another login takes a superuser")
        owner, database = sql.Identifier(f"{name}_owner"), sql.Identifier(name)
        admin.execute(sql.SQL("create role {} login createrole password 'secret'").format(owner))
        admin.execute(sql.SQL("grant crossdock_app, crossdock_lookup to {} with admin option").format(owner))
        admin.execute(sql.SQL("create database {} owner {}").format(database, owner))
    yield make_conninfo(server.admin_url, user=f"{name}_owner", password="secret", dbname=name)
    server.drop(name)
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop owned by {}").format(owner))
        admin.execute(sql.SQL("drop role {}").format(owner))


def test_roles_are_prepared_on_a_server_of_ones_own_and_again(external):
    roles.prepare(external)
    roles.prepare(external)
    roles.extensions(external)

    with psycopg.connect(external, options=f"-c role={APP_ROLE}") as connected:
        assert connected.execute("select current_user").fetchone() == (APP_ROLE,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connected.execute("create table mine (id int)")


def test_an_unreachable_server_is_one_line_that_names_no_password():
    with pytest.raises(Refused, match="cannot be reached") as error:
        roles.connect("postgresql://me:secret@127.0.0.1:1/hub")

    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)
