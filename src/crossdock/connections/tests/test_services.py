"""What changes of connections must not do."""

import pytest

from crossdock.accounts.rights import system
from crossdock.accounts.testing import an_account
from crossdock.connections import services
from crossdock.connections.models import Mode, Store
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.errors import RuleBroken
from crossdock.tenancy.scope import scoped


def test_a_shop_that_is_live_in_another_account_cannot_go_live_in_this_one(account):
    other = an_account()
    mine, theirs = a_store(account), a_store(other)
    with scoped(account.pk):
        Store.objects.filter(pk=mine.pk).update(identity="the-same-shop")
        mine.refresh_from_db()
    with scoped(other.pk):
        Store.objects.filter(pk=theirs.pk).update(identity="the-same-shop")
    a_connection(other, store=theirs, mode="live")
    connection = a_connection(account, store=mine, mode="off")

    with scoped(account.pk), pytest.raises(RuleBroken, match="Live in another account"):
        services.set_mode(actor=system(account.pk), connection=connection, mode=Mode.LIVE)

    with scoped(account.pk):
        services.set_mode(actor=system(account.pk), connection=connection, mode=Mode.OBSERVE)
        assert connection.mode == "observe"
