"""A store whose merchant is asked for credentials, as tests of credential links need it."""

import re
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from django.urls import reverse

from crossdock.accounts.models import Audit
from crossdock.accounts.rights import system
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections import checking, credentials, gateway, merchants, sites
from crossdock.connections.credentials import Owner
from crossdock.connections.models import CredentialLink, Store
from crossdock.connections.realms import destination_of
from crossdock.connectors.shopify import connector as shopify
from crossdock.connectors.shopify.settings import Settings
from crossdock.tenancy.scope import scoped

OLD_TOKEN = "shpat_the_token_of_before"
CALLBACK = "/oauth/shopify/callback"


class Case:
    """An account with a shop, the person who asks, and the merchant's browser."""

    def __init__(self, sandbox, **person):
        self.sandbox = sandbox
        self.account = an_account("Northline Fulfillment")
        self.person = a_person(self.account, name="Robin Example", **person)
        self.operator = signed_in_client(self.person)
        self.merchant = Client()
        location = next(iter(sandbox.locations.values()))
        settings = Settings(shop=sandbox.handle, access="token", admin_token=OLD_TOKEN, location=location)
        good = settings.model_copy(update={"admin_token": type(settings.admin_token)(sandbox.shop.give_token(sandbox.handle))})
        identity = checking.check(shopify, good, account_public_id="x").outcome.found()
        actor = system(self.account.pk)
        with scoped(self.account.pk):
            merchant = merchants.create_merchant(actor=actor, name="Acme Outdoor Holding")
            self.store = sites.save_store(
                actor=actor, merchant=merchant, platform="shopify", name="Acme shop", settings=settings, identity=identity
            )

    @property
    def asking(self):
        """The operator's page."""
        where = {"account": self.account.public_id, "side": "store", "public_id": self.store.public_id}
        return reverse("connections:asking", kwargs=where)

    def ask(self, at=""):
        """Press “Make a link”; the path of the link."""
        return link_on(self.operator.post(at or self.asking, {"do": "ask"}))

    def open(self):
        """Ask, and have the merchant press Continue; the path of the form."""
        link = self.ask()
        return self.merchant.post(link).url

    def typed(self, **changed):
        """The form with a token that works."""
        token = self.sandbox.shop.give_token(self.sandbox.handle)
        return {"credentials-access": "token", "credentials-admin_token": token, **changed}

    def wrong(self):
        """The form with a token that does not work."""
        return self.typed(**{"credentials-admin_token": "shpat_wrong_wrong_wrong"})

    @property
    def link(self):
        """The newest link's row."""
        with scoped(self.account.pk):
            return CredentialLink.objects.order_by("-id").first()

    def stored_token(self):
        """The access token that is stored."""
        with scoped(self.account.pk):
            store = Store.objects.get(pk=self.store.pk)
            owner = Owner("store", store.pk, store.realm, destination_of(shopify, gateway.settings_of_row(store)))
            return credentials.load(owner)[0].secrets.get("admin_token")

    def audited(self):
        """What was done about credentials, by whom."""
        with scoped(self.account.pk):
            rows = Audit.objects.filter(action__startswith="credentials.").order_by("at", "id")
            return [(row.action, row.by) for row in rows]


def link_on(answer):
    """The path of the link on the operator's page."""
    found = re.search(r"(https?://[^\s\"<]+/credentials/[A-Za-z0-9_-]{43}/)", answer.content.decode())
    assert found, answer.status_code
    return urlsplit(found[1]).path


def agree(case, address):
    """What the platform calls back with after consent."""
    asked = parse_qs(urlsplit(address).query)
    scopes = tuple(asked["scope"][0].split(","))
    query = case.sandbox.shop.callback_query(case.sandbox.handle, asked["client_id"][0], scopes, asked["state"][0])
    return f"{CALLBACK}?{query}"
