"""Stores as they are connected in the browser: what is typed wrong, what is said to it, what is right, and what is offered."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.connectors.acumatica.simulator import AcumaticaSimulator
from crossdock.connectors.acumatica.simulator.server import DEMO_PASSWORD, DEMO_USER, SITE
from crossdock.connectors.bigcommerce.simulator import BigCommerceSimulator
from crossdock.connectors.bigcommerce.simulator.server import APP
from crossdock.connectors.magento2.simulator import MagentoSimulator


@dataclass(frozen=True)
class Typed:
    """What somebody types and chooses: text by field, and radio buttons by label. `first` is what happens at the platform."""

    text: Mapping[str, str] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()
    first: Callable[[], Any] | None = None


@dataclass(frozen=True)
class Refused:
    """What does not work, the field it is said beside, and words of what is said."""

    typed: Typed
    beside: str
    says: tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """One way into one platform. `offers` are options by field; `place` lets somebody order; `told` are tracking numbers there.

    `agrees` says that somebody agrees at the platform; the last refusal is then met on the way back.
    """

    key: str
    name: str
    simulator: Any
    address: str
    refusals: tuple[Refused, ...]
    right: Typed
    offers: Mapping[str, tuple[str, ...]]
    place: Callable[[], Any]
    told: Callable[[], list[str]]
    agrees: bool = False


def somewhere() -> str:
    """A name that no other test has: what is Live in one account is refused in another."""
    return f"acme{secrets.token_hex(4)}"


def bigcommerce_by_token(sim: BigCommerceSimulator) -> Way:
    """By the token of a store-level API account."""
    hash_ = sim.add_store(somewhere())
    narrow = sim.give_token(hash_, scopes=["store_v2_information_read_only"])
    return Way(
        "bigcommerce",
        "BigCommerce",
        sim,
        f"{sim.url}/stores/{{store_hash}}",
        (
            Refused(
                Typed({"store_hash": hash_, "access_token": "not-the-token"}, ("Store-level API token",)),
                "access_token",
                ("BigCommerce does not know this token at the store", "enter the token of a store-level API account"),
            ),
            Refused(Typed({"access_token": narrow}), "access_token", ("a scope is missing", "enter the token")),
            Refused(
                Typed({"store_hash": "otherstore", "access_token": sim.give_token(hash_)}),
                "access_token",
                ("Check the store hash",),
            ),
        ),
        Typed({"store_hash": hash_, "access_token": sim.give_token(hash_)}),
        {"import_status": ("Awaiting Fulfillment", "Awaiting Pickup")},
        lambda: sim.add_order(store=hash_),
        lambda: [one["tracking_number"] for one in sim.shipments(hash_)],
    )


def bigcommerce_by_consent(sim: BigCommerceSimulator) -> Way:
    """By an app that the store owner agrees to."""
    hash_ = sim.add_store(somewhere())
    app = sim.access.apps[APP]
    return Way(
        "bigcommerce",
        "BigCommerce",
        sim,
        f"{sim.url}/stores/{{store_hash}}",
        (
            Refused(
                Typed(
                    {"store_hash": hash_, "client_id": app.client_id, "client_secret": "not the secret"},
                    ("Authorize in BigCommerce",),
                ),
                "",
                ("BigCommerce does not give access", "check the app's client ID, secret and callback address"),
            ),
        ),
        Typed({"client_secret": app.client_secret}),
        {"import_status": ("Awaiting Fulfillment", "Awaiting Pickup")},
        lambda: sim.add_order(store=hash_),
        lambda: [one["tracking_number"] for one in sim.shipments(hash_)],
        agrees=True,
    )


def magento_by_token(sim: MagentoSimulator) -> Way:
    """By the access token alone, which a new installation refuses until its switch is on."""
    one = sim.shop().integration
    remedies = ("Allow OAuth Access Tokens to be used as standalone Bearer tokens", "give the integration access to Sales")
    sim.shop().address = f"https://{somewhere()}.example.com/"
    sim.set_bearer_switch(False)
    return Way(
        "magento2",
        "Magento 2",
        sim,
        f"{sim.url}/magento2",
        (
            Refused(
                Typed({"store_url": "magento.example.com/rest/V1", "access_token": one.token}, ("Access token",)),
                "access_token",
                ("The consumer isn't authorized to access", *remedies),
            ),
            Refused(
                Typed({"access_token": one.token}, first=lambda: (sim.set_bearer_switch(True), sim.set_rights(["none"]))),
                "access_token",
                remedies,
            ),
        ),
        Typed({"access_token": one.token}, first=lambda: sim.set_rights(None)),
        {"store_view": ("All store views",), "order_import_status": ("Processing",), "source_code": ("Magento chooses",)},
        sim.add_order,
        lambda: list(sim.shipments_by_tracking()),
    )


def magento_by_four_values(sim: MagentoSimulator) -> Way:
    """By the four values of the integration, whatever the switch says."""
    one = sim.shop().integration
    sim.shop().address = f"https://{somewhere()}.example.com/"
    sim.set_bearer_switch(False)
    return Way(
        "magento2",
        "Magento 2",
        sim,
        f"{sim.url}/magento2",
        (
            Refused(
                Typed(
                    {
                        "store_url": "https://magento.example.com",
                        "access_token": one.token,
                        "consumer_key": one.consumer_key,
                        "consumer_secret": one.token_secret,
                        "token_secret": one.consumer_secret,
                    },
                    ("All four values of the integration (OAuth 1.0a)",),
                ),
                "consumer_secret",
                ("Magento refuses the credentials", "Consumer secret or token secret is not right. Copy both again."),
            ),
            Refused(
                Typed({"consumer_secret": one.consumer_secret, "token_secret": one.token_secret, "store_view": "nowhere"}),
                "store_view",
                ("The shop has no store view with the code nowhere", "default"),
            ),
        ),
        Typed({"store_view": ""}),
        {"store_view": ("All store views",), "order_import_status": ("Processing",), "sent_status": ("Leave it as it is",)},
        sim.add_order,
        lambda: list(sim.shipments_by_tracking()),
    )


def acumatica(sim: AcumaticaSimulator) -> Way:
    """By a connected application and a user."""
    tenant = sim.add_tenant(somewhere())
    app = sim.app(tenant)
    address = f"{sim.url}{SITE}"
    return Way(
        "acumatica",
        "Acumatica",
        sim,
        address,
        (
            Refused(
                Typed(
                    {
                        "instance_url": f"{address}/Main?ScreenId=SO301000",
                        "client_id": app.client_id,
                        "client_secret": "not the secret",
                        "username": DEMO_USER,
                        "password": DEMO_PASSWORD,
                    }
                ),
                "client_secret",
                ("Acumatica does not know this Client ID with this secret.", "Copy both from Connected Applications"),
            ),
            Refused(
                Typed({"client_secret": app.client_secret, "password": "not the password"}),
                "password",
                ("Acumatica does not know this username with this password in the tenant", "Try them on its sign-in page"),
            ),
        ),
        Typed({"client_secret": app.client_secret, "password": DEMO_PASSWORD, "default_box": "MEDIUM"}),
        {"endpoint_version": ("24.200.001",), "warehouse": ("All warehouses",), "default_box": ("MEDIUM, Medium box",)},
        lambda: sim.add_order(tenant=tenant),
        lambda: list(sim.shipments_by_tracking()),
    )


WAYS: Mapping[str, tuple[Callable[[], Any], Callable[[Any], Way]]] = {
    "BigCommerce by token": (BigCommerceSimulator, bigcommerce_by_token),
    "BigCommerce by consent": (BigCommerceSimulator, bigcommerce_by_consent),
    "Magento 2 by token": (MagentoSimulator, magento_by_token),
    "Magento 2 by four values": (MagentoSimulator, magento_by_four_values),
    "Acumatica": (AcumaticaSimulator, acumatica),
}
"""By name: how the platform is made, and what it is asked and told once it answers."""
