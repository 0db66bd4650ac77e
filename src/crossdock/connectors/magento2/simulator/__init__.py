"""Magento 2 as a server: the REST API, its rights, quirks and errors, with state in memory."""

from __future__ import annotations

from crossdock.connectors.kit.simulator import Counting, Preset, SimulatorDeclaration
from crossdock.connectors.magento2 import connector
from crossdock.connectors.magento2.simulator.server import MagentoSimulator
from crossdock.connectors.magento2.simulator.taking import take


def presets(simulator: MagentoSimulator) -> list[Preset]:
    """The shop by its access token, and by all four values."""
    one = simulator.shop().integration
    by_token = {"store_url": "https://magento.example.com", "access": "bearer", "access_token": one.token}
    by_four = by_token | {
        "access": "oauth",
        "consumer_key": one.consumer_key,
        "consumer_secret": one.consumer_secret,
        "token_secret": one.token_secret,
    }
    return [Preset("Sandbox shop, by access token", by_token), Preset("Sandbox shop, by all four values", by_four)]


def counting(window: float) -> Counting:
    """As many as the connector begins with: a network in front of the shop may refuse more."""
    calls = connector.rate_limit.calls if connector.rate_limit is not None else 0.0
    return Counting(lambda sim: sim.set_limits(True, calls_per_second=calls), calls, said="no limit is documented")


simulator = SimulatorDeclaration(
    key="magento2",
    name="Magento 2",
    make=MagentoSimulator,
    base_url="{url}/magento2",
    presets=presets,
    take=take,
    counting=counting,
)

__all__ = ["MagentoSimulator", "presets", "simulator"]
