"""Shopify as a server: the platform's API, its rights, limits, quirks and errors, with state in memory."""

from __future__ import annotations

from crossdock.connectors.kit.simulator import Counting, Preset, SimulatorDeclaration
from crossdock.connectors.shopify.simulator.server import OWN_APP, ShopifySimulator
from crossdock.connectors.shopify.simulator.taking import take


def presets(simulator: ShopifySimulator) -> list[Preset]:
    """Each shop by own app's id and secret, and by a token."""
    app = simulator.access.apps[OWN_APP]
    found = []
    for handle, shop in simulator.shops.items():
        token = next((one.value for one in simulator.access.tokens.values() if one.shop == handle and one.refresh is None), None)
        own_app = {"shop": handle, "access": "own_app", "client_id": app.client_id, "client_secret": app.client_secret}
        by_token = {
            "shop": handle,
            "access": "token",
            "admin_token": token or simulator.give_token(handle),
            "client_secret": app.client_secret,
        }
        found += [Preset(f"{shop.name}, by own app", own_app), Preset(f"{shop.name}, by token", by_token)]
    return found


def counting(window: float) -> Counting:
    """Points of a shop on the smallest plan. One of several locations has to be chosen."""
    return Counting(
        lambda sim: sim.set_limits(True),
        100.0,
        unit="points",
        choose=lambda sim: {"location": next(iter(sim.shop().locations)).rsplit("/", 1)[1]},
    )


simulator = SimulatorDeclaration(
    key="shopify",
    name="Shopify",
    make=ShopifySimulator,
    base_url="{url}/{shop}",
    presets=presets,
    take=take,
    counting=counting,
)

__all__ = ["ShopifySimulator", "presets", "simulator"]
