from django.db import connection


def test_tests_run_as_the_fenced_role(db_ready):
    with connection.cursor() as cursor:
        cursor.execute("select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        row = cursor.fetchone()

    assert row == ("crossdock_app", False, False)


def test_an_account_of_a_test_is_seen_in_its_own_scope_only(account):
    from crossdock.accounts.models import Account
    from crossdock.tenancy.scope import scoped

    with scoped(account.id):
        assert [row.name for row in Account.objects.all()] == [account.name]
    with scoped(account.id + 1_000_000):
        assert not Account.objects.filter(name=account.name).exists()
