"""What platforms ask about personal data: believed when it is signed, for the shop that the signed body names, in every account."""

import base64
import hashlib
import hmac
import json

import pytest
from django.test import Client

from crossdock.accounts.testing import an_account
from crossdock.activity.models import PrivacyRequest
from crossdock.connections.models import Store
from crossdock.connections.privacy import masked_person
from crossdock.connections.testing import a_store
from crossdock.tenancy.scope import scoped

SECRET = "the secret of the app"
SHOP = 548380009


@pytest.fixture(autouse=True)
def app(monkeypatch):
    monkeypatch.setenv("CROSSDOCK_APP__SHOPIFY", f"client:{SECRET}")
    monkeypatch.delenv("CROSSDOCK_BASE_URL__SHOPIFY", raising=False)


def a_shop(account, identity=str(SHOP)):
    store = a_store(account)
    with scoped(account.pk):
        Store.objects.filter(pk=store.pk).update(identity=identity)
    return store


def redact(**changes):
    return {
        "shop_id": SHOP,
        "shop_domain": "acme.myshopify.com",
        "customer": {"id": 1, "email": "ada@example.com", "phone": "5550104477"},
        "orders_to_redact": [55, 56],
        **changes,
    }


def told(content, *, topic="customers/redact", secret=SECRET, delivery="d-1", platform="shopify"):
    body = json.dumps(content).encode()
    signature = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    headers = {"X-Shopify-Hmac-Sha256": signature, "X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": delivery}
    return Client().post(f"/apps/{platform}/webhooks/", body, content_type="application/json", headers=headers).status_code


def requests_of(account):
    with scoped(account.pk):
        return list(PrivacyRequest.objects.order_by("pk"))


def test_every_account_that_holds_the_shop_is_told_once(account):
    other, stranger = an_account(), an_account()
    stores = [a_shop(account), a_shop(other)]
    a_shop(stranger, "another")

    assert (told(redact()), told(redact())) == (200, 200)

    (row,), (second,) = requests_of(account), requests_of(other)
    assert (row.kind, row.store_id, row.about) == ("erase_person", stores[0].pk, "a•••@e•••.com")
    assert row.subject == {"email": "ada@example.com", "phone": "5550104477", "orders": ["55", "56"]}
    assert (second.store_id, second.asked_by) == (stores[1].pk, None)
    assert row.digest != second.digest
    assert requests_of(stranger) == []


def test_a_shop_that_was_deleted_here_is_told_too(account):
    store = a_shop(account)
    with scoped(account.pk):
        Store.objects.filter(pk=store.pk).update(deleted_at="2026-01-01T00:00Z")

    assert told({"shop_id": SHOP, "shop_domain": "acme.myshopify.com"}, topic="shop/redact") == 200

    assert [row.kind for row in requests_of(account)] == ["erase_store"]


def test_what_is_not_signed_by_the_platform_is_refused(account):
    a_shop(account)

    assert told(redact(), secret="another") == 401
    assert told(redact(), platform="magento2") == 404
    assert requests_of(account) == []


@pytest.mark.parametrize(
    ("topic", "content"),
    [
        ("shop/redact", redact()),
        ("customers/data_request", redact()),
        ("customers/redact", {"shop_id": SHOP, "shop_domain": "acme.myshopify.com"}),
        ("orders/create", {"id": 5, "shop_id": SHOP}),
    ],
)
def test_a_topic_that_its_signed_body_does_not_fit_asks_for_nothing(account, topic, content):
    a_shop(account)

    assert told(content, topic=topic) == 200

    assert requests_of(account) == []


def test_people_are_written_down_masked():
    assert masked_person("ada@mail.example.com") == "a•••@m•••.com"
    assert masked_person("", "+1 555 010 4477") == "•••77"
    assert masked_person("") == ""
