"""Statements that are run all the time: which of them keep a plan, and what they raise."""

import pytest
from django.db import DataError, connection

from crossdock.tenancy import statements
from crossdock.tenancy.scope import scoped


def plans_of(marker):
    """How many plans the connection keeps of statements with this word."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_prepared_statements where position(%s in statement) > 0", [marker])
        return cursor.fetchone()[0]


def test_a_plan_is_kept_of_what_is_run_kept_and_of_nothing_else(account):
    with scoped(account.pk):
        for _ in range(10):
            assert statements.run_kept("select %s::int as kept_plan", [1]) == [(1,)]
            assert statements.run("select %s::int as no_plan", [1]) == [(1,)]

        assert (plans_of("kept_plan"), plans_of("no_plan")) == (1, 0)


@pytest.mark.parametrize("run", [statements.run, statements.run_kept])
def test_what_the_database_refuses_is_raised_as_by_djangos_cursors(account, run):
    with pytest.raises(DataError), scoped(account.pk):
        run("select 1 / %s::int", [0])
