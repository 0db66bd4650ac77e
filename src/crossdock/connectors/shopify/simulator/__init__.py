"""Shopify as a server: the platform's API, its rights, limits, quirks and errors, with state in memory."""

from __future__ import annotations

from crossdock.connectors.kit.simulator import Preset, SimulatorDeclaration
from crossdock.connectors.shopify.simulator.server import DEMO_SHOP, OWN_APP, ShopifySimulator
from crossdock.connectors.shopify.simulator.taking import take


def presets(simulator: ShopifySimulator) -> list[Preset]:
    """A shop by own app's id and secret, and the same by a token."""
    app = simulator.access.apps[OWN_APP]
    shop = next(iter(simulator.shops), DEMO_SHOP)
    token = next((one.value for one in simulator.access.tokens.values() if one.shop == shop and one.refresh is None), None)
    return [
        Preset(
            "Sandbox shop, by own app",
            {"shop": shop, "access": "own_app", "client_id": app.client_id, "client_secret": app.client_secret},
        ),
        Preset(
            "Sandbox shop, by token",
            {
                "shop": shop,
                "access": "token",
                "admin_token": token or simulator.give_token(shop),
                "client_secret": app.client_secret,
            },
        ),
    ]


simulator = SimulatorDeclaration(
    key="shopify",
    name="Shopify",
    make=ShopifySimulator,
    base_url="{url}/{shop}",
    presets=presets,
    take=take,
)

__all__ = ["ShopifySimulator", "presets", "simulator"]
