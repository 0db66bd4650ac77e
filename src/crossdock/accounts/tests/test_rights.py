"""The table of roles and rights, cell by cell, and what a refusal says."""

import pytest

from crossdock.accounts.models import Role
from crossdock.accounts.rights import DOES, RIGHTS, Actor, Forbidden, Right

# Written out once more on purpose: a changed cell has to be changed in both places.
EXPECTED = """
                      administrator  staff  merchant
view_orders                 yes       yes     yes
act_on_orders               yes       yes     no
edit_orders                 yes       yes     no
delete_orders               yes       yes     no
force_delete_orders         yes       no      no
export                      yes       yes     no
see_personal                yes       yes     no
see_messages                yes       yes     no
view_connections            yes       yes     no
manage_connections          yes       yes     no
run_channels                yes       yes     no
replace_credentials         yes       yes     no
go_live                     yes       yes     no
delete_connections          yes       no      no
manage_alerts               yes       no      no
manage_people               yes       no      no
manage_account              yes       no      no
see_audit                   yes       no      no
"""
HEAD, *ROWS = [line.split() for line in EXPECTED.strip().splitlines()]
CELLS = [(Role(role), Right(right), cell == "yes") for right, *cells in ROWS for role, cell in zip(HEAD, cells, strict=True)]


@pytest.mark.parametrize(("role", "right", "may"), CELLS)
def test_a_role_has_exactly_the_rights_of_the_table(role, right, may):
    actor = Actor(account_id=1, person_id=2, role=role)

    assert actor.may(right) is may
    if may:
        actor.require(right)
    else:
        with pytest.raises(Forbidden, match="You may not "):
            actor.require(right)


def test_the_table_names_every_role_and_right_and_each_has_its_words():
    assert {cell[:2] for cell in CELLS} == {(role, right) for role in Role for right in Right}
    assert set(RIGHTS) == set(Role)
    assert set(DOES) == set(Right)


def test_somebody_limited_to_some_merchants_sees_those_only_and_does_nothing_for_all():
    limited = Actor(account_id=1, person_id=2, role=Role.STAFF, merchants=(3, 5))
    unlimited = Actor(account_id=1, person_id=2, role=Role.STAFF)

    assert [limited.sees(merchant) for merchant in (3, 4, 5)] == [True, False, True]
    assert unlimited.sees(4)
    unlimited.require_all_merchants("add merchants")
    with pytest.raises(Forbidden, match="You may not add merchants"):
        limited.require_all_merchants("add merchants")
