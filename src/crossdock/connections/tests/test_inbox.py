"""Announcements that come together are stored together, and each is answered for itself."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import threading

import pytest
from django.db import OperationalError, connection

from crossdock.accounts import vault
from crossdock.activity.models import PrivacyRequest
from crossdock.connections import gateway, inbox
from crossdock.connections.credentials import Owner, Sealed, save
from crossdock.connections.hooks import hook_of
from crossdock.connections.models import Store, WebhookInbox
from crossdock.connections.realms import destination_of
from crossdock.connections.testing import a_store
from crossdock.connections.webhooks import address_of
from crossdock.connectors.shopify import connector as shopify
from crossdock.jobs import leases, wakes
from crossdock.jobs.wakes import open_lane
from crossdock.tenancy.scope import across_accounts, in_db, scoped

pytestmark = pytest.mark.usefixtures("db_ready")

KEY = "the app's secret"


class Shop:
    """A store whose platform announces orders at its own address."""

    def __init__(self, account):
        self.account = account
        self.store = a_store(account)
        self.seal(KEY)
        with scoped(account.pk):
            self.token = address_of("shopify", hook_of(self.store)).rsplit("/", 1)[1]
            self.lane = open_lane("orders.pull", self.store.pk)

    def seal(self, key):
        """Keep the secret by which its platform signs."""
        with scoped(self.account.pk):
            owner = Owner("store", self.store.pk, self.store.realm, destination_of(shopify, gateway.settings_of_row(self.store)))
            save(owner, Sealed({"admin_token": "shpat_x", "client_secret": key}))

    def be(self, identity):
        """Be the shop that the platform knows by this id."""
        with scoped(self.account.pk):
            Store.objects.filter(pk=self.store.pk).update(identity=identity)

    def asked(self):
        """How many privacy requests are written down."""
        with scoped(self.account.pk):
            return PrivacyRequest.objects.count()

    def said(self, order, *, key=KEY, delivery=None, content=None):
        """What the platform sends about an order: token, headers, body."""
        body = json.dumps(content or {"id": order}).encode()
        headers = {
            "x-shopify-topic": "orders/create",
            "x-shopify-webhook-id": delivery or secrets.token_hex(8),
            "x-shopify-hmac-sha256": base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode(),
        }
        return "shopify", self.token, headers, body

    def stored(self):
        with scoped(self.account.pk):
            return sorted(row for row in WebhookInbox.objects.filter(store=self.store).values_list("subjects", flat=True))


@pytest.fixture
def shop(account):
    return Shop(account)


async def taken(shop, *said):
    """Their answers, given to one inbox at the same moment."""
    box = inbox.Inbox()
    return await asyncio.gather(*(box.take(*one) for one in said))


def transactions_of(monkeypatch):
    """How many announcements each transaction took."""
    sizes = []
    real = inbox._take_all

    def counted(hooks):
        sizes.append(len(hooks))
        return real(hooks)

    monkeypatch.setattr(inbox, "_take_all", counted)
    return sizes


async def test_what_comes_at_the_same_moment_is_stored_in_one_transaction(shop, monkeypatch):
    sizes = transactions_of(monkeypatch)

    answers = await taken(shop, *(shop.said(order) for order in range(1, 9)))

    assert answers == [200] * 8
    assert len(await across_accounts(shop.stored)) == 8
    assert sum(sizes) == 8
    assert len(sizes) < 8


async def test_one_that_is_forged_is_refused_alone(shop):
    answers = await taken(shop, shop.said(1), shop.said(2, key="another"), shop.said(3))

    assert answers == [200, 401, 200]
    assert len(await across_accounts(shop.stored)) == 2


async def test_one_that_was_delivered_before_is_stored_once(shop):
    answers = await taken(shop, shop.said(1, delivery="same"), shop.said(1, delivery="same"))

    assert answers == [200, 200]
    assert len(await across_accounts(shop.stored)) == 1


async def test_an_address_that_nobody_has_is_not_found(shop):
    _, _, headers, body = shop.said(1)

    assert await taken(shop, ("shopify", "nobody", headers, body), ("bigcommerce", shop.token, headers, body)) == [404, 404]


async def test_one_that_cannot_be_stored_does_not_keep_the_others_from_it(shop, monkeypatch):
    real = inbox._verified

    def broken(store_id, hook):
        if b"13" in hook.body:
            raise RuntimeError("a fault")
        return real(store_id, hook)

    monkeypatch.setattr(inbox, "_verified", broken)

    answers = await taken(shop, shop.said(1), shop.said(13), shop.said(2))

    assert answers == [200, 503, 200]
    assert len(await across_accounts(shop.stored)) == 2


async def test_a_database_that_is_away_has_the_platform_deliver_again(shop, monkeypatch):
    def away(hooks):
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(inbox, "_take_all", away)

    assert await taken(shop, shop.said(1)) == [503]


async def test_a_lane_that_somebody_writes_is_told_when_he_is_done(shop, monkeypatch):
    def woken():
        with connection.cursor() as cursor:
            cursor.execute("select woken_at is not null from lane where id = %s", [shop.lane])
            return cursor.fetchone()[0]

    monkeypatch.setattr(wakes, "PATIENCE", 30)
    box = inbox.Inbox()
    run = await in_db(shop.account.pk, leases.take, shop.lane, "somebody")
    has_begun, may_end = threading.Event(), threading.Event()

    def write():
        has_begun.set()
        may_end.wait(30)

    writing = asyncio.create_task(run.write(write))
    await asyncio.to_thread(has_begun.wait, 30)

    answer = await box.take(*shop.said(1))
    was_woken = await in_db(shop.account.pk, woken)
    may_end.set()
    await writing
    await asyncio.gather(*box._tasks)

    assert (answer, was_woken) == (200, False)
    assert await in_db(shop.account.pk, woken)


async def test_what_waits_of_an_account_is_bounded_and_delivered_again(shop, monkeypatch):
    one = shop.said(1)
    size = inbox.Hook(*one).size
    monkeypatch.setattr(inbox, "MOST_WAITING", 3 * size + 2)
    box = inbox.Inbox()
    await box.take(*one)

    answers = await asyncio.gather(*(box.take(*shop.said(order)) for order in range(2, 7)))
    later = await box.take(*shop.said(7))

    assert (answers, later) == ([200, 200, 200, 503, 503], 200)
    assert len(await across_accounts(shop.stored)) == 5


async def test_a_fault_has_only_the_next_ones_taken_alone(shop, monkeypatch):
    sizes = transactions_of(monkeypatch)
    real, failed = inbox._verified, []

    def broken_once(store_id, hook):
        if not failed:
            failed.append(hook)
            raise RuntimeError("a fault")
        return real(store_id, hook)

    box = inbox.Inbox()
    await box.take(*shop.said(0))
    monkeypatch.setattr(inbox, "_verified", broken_once)
    sizes.clear()

    answers = await asyncio.gather(*(box.take(*shop.said(order)) for order in range(1, 9)))

    assert answers == [200] * 8
    assert sizes == [8, 1, 2, 4, 1]


async def test_what_was_stored_counts_no_more_while_others_of_the_account_still_wait(shop, monkeypatch):
    monkeypatch.setattr(inbox, "TOGETHER", 1)
    one = shop.said(1)
    monkeypatch.setattr(inbox, "MOST_WAITING", 3 * inbox.Hook(*one).size + 2)
    box = inbox.Inbox()
    await box.take(*one)
    first, *others = [asyncio.create_task(box.take(*shop.said(order))) for order in range(2, 5)]
    await first

    added = await box.take(*shop.said(5))

    assert (added, await asyncio.gather(*others)) == (200, [200, 200])


async def test_one_transaction_takes_no_more_than_it_may(shop, monkeypatch):
    monkeypatch.setattr(inbox, "TOGETHER", 3)
    sizes = transactions_of(monkeypatch)

    answers = await taken(shop, *(shop.said(order) for order in range(1, 9)))

    assert answers == [200] * 8
    assert max(sizes) == 3


async def test_a_body_that_is_too_large_is_not_even_looked_at(shop, monkeypatch):
    monkeypatch.setattr(inbox, "WEBHOOK_BYTES", 3)
    sizes = transactions_of(monkeypatch)

    assert (await taken(shop, shop.said(1)), sizes) == ([413], [])


async def test_one_that_came_without_an_id_is_known_by_what_it_says(shop):
    def nameless(order):
        *address, headers, body = shop.said(order)
        return *address, {name: value for name, value in headers.items() if name != "x-shopify-webhook-id"}, body

    answers = await taken(shop, nameless(1), nameless(1), nameless(2))

    assert answers == [200] * 3
    assert await across_accounts(shop.stored) == [["1"], ["2"]]


async def test_a_secret_that_was_replaced_counts_at_once(shop):
    await taken(shop, shop.said(1))
    await across_accounts(shop.seal, "the new secret")

    assert await taken(shop, shop.said(2, key="the new secret")) == [200]


async def test_while_secrets_are_locked_the_platform_is_asked_to_deliver_again(shop, settings):
    settings.VAULT_KEY_FILE = "/nowhere/keys.json"
    vault.forget_keys()

    answers = await taken(shop, shop.said(1))

    assert (answers, await across_accounts(shop.stored)) == ([503], [])


async def test_a_fault_in_telling_a_lane_is_over_with_the_next_announcement(shop, monkeypatch):
    told, real = [], inbox.tell_lane

    def broken_once(kind, store_id):
        told.append(store_id)
        if len(told) == 1:
            raise OperationalError("the connection is closed")
        return real(kind, store_id)

    monkeypatch.setattr(inbox, "tell_lanes", lambda kind, store_ids: set())
    monkeypatch.setattr(inbox, "tell_lane", broken_once)
    box = inbox.Inbox()

    for order in (1, 2):
        assert await box.take(*shop.said(order)) == 200
        await asyncio.gather(*box._tasks)

    assert len(told) == 2


async def test_a_database_that_cannot_even_say_whose_address_it_is_has_the_platform_deliver_again(shop, monkeypatch):
    def away(token):
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(inbox, "_known", inbox.OrderedDict())
    monkeypatch.setattr(inbox, "_store_of", away)

    assert await taken(shop, shop.said(1)) == [503]


async def test_guessed_addresses_fill_no_memory(shop, monkeypatch):
    monkeypatch.setattr(inbox, "MOST_KNOWN", 2)
    monkeypatch.setattr(inbox, "_known", inbox.OrderedDict())
    _, _, headers, body = shop.said(1)

    await taken(shop, *(("shopify", f"a guess {number}", headers, body) for number in range(5)))

    assert len(inbox._known) == 2


async def test_a_platform_that_hangs_up_keeps_nobody_else_waiting(shop):
    box = inbox.Inbox()
    await box.take(*shop.said(0))
    gone, *others = [asyncio.create_task(box.take(*shop.said(order))) for order in range(1, 4)]
    await asyncio.sleep(0)

    gone.cancel()

    async with asyncio.timeout(10):
        assert await asyncio.gather(*others) == [200, 200]


async def test_a_shop_asks_for_the_privacy_of_its_own_shoppers_only(shop):
    def redact(identity):
        content = {"shop_id": identity, "shop_domain": "acme.myshopify.com", "customer": {"id": 1}, "orders_to_redact": [55]}
        platform, token, headers, body = shop.said(1, content=content)
        return platform, token, {**headers, "x-shopify-topic": "customers/redact"}, body

    await across_accounts(shop.be, "7001")

    assert await taken(shop, redact(7001), redact(7002)) == [200, 401]
    assert await across_accounts(shop.asked) == 1
