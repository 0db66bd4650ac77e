"""Secrets that are replaced while a worker signs in with the old ones."""

import pytest
from django.db import IntegrityError

from crossdock.connections import credentials
from crossdock.connections.credentials import Owner, Sealed, StoredTokens
from crossdock.connections.models import Credential
from crossdock.connections.testing import a_store
from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.tokens import Tokens
from crossdock.jobs import leases
from crossdock.jobs.wakes import open_lane, wake
from crossdock.tenancy.scope import in_db, scoped

OLD, NEW = Sealed(secrets={"client_secret": "old"}), Sealed(secrets={"client_secret": "new"})


@pytest.fixture
def owner(account):
    store = a_store(account)
    owner = Owner("store", store.pk, "live", "https://shop.example.com")
    with scoped(account.pk):
        credentials.save(owner, OLD)
    return owner


@pytest.mark.parametrize("plain", [b"", b"shpat_a_token_in_plain_text_that_is_long_enough_to_be_one", b"\x01" + b"x" * 28])
def test_plain_text_cannot_be_stored_where_a_sealed_record_belongs(account, owner, plain):
    with pytest.raises(IntegrityError, match="credential_is_sealed"), scoped(account.pk):
        Credential.objects.update(sealed=plain)


async def test_what_a_person_saved_is_not_replaced_by_a_sign_in_that_began_before(account, owner):
    async def sign_in(stale):
        await in_db(account.pk, credentials.save, owner, NEW)
        return Tokens(Secret("of the old ones"))

    with pytest.raises(Unavailable, match="changed just now"):
        await StoredTokens(account.pk, owner, sign_in, OLD.signature()).renew(None)

    assert await in_db(account.pk, credentials.load, owner) == (NEW, 2)


async def test_nothing_is_signed_in_with_secrets_that_are_not_stored_any_more(account, owner):
    await in_db(account.pk, credentials.save, owner, NEW)

    async def sign_in(stale):
        raise AssertionError("signed in with what was replaced")

    with pytest.raises(Unavailable, match="changed just now"):
        await StoredTokens(account.pk, owner, sign_in, OLD.signature()).renew(None)


def test_a_lane_that_was_woken_while_it_was_refused_looks_again_before_it_stops(account):
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
    with scoped(account.pk):
        run = leases.take(lane, "test")
    with scoped(account.pk):
        wake([lane])

    with scoped(account.pk):
        is_due = leases.end(run, due_at=None, error="refused", failures=1, blocked="refused")

    assert is_due
    with scoped(account.pk):
        assert leases.take(lane, "test") is not None
