"""Acme as a server."""

from crossdock.connectors.acme.simulator.server import CLIENT_ID, CLIENT_SECRET, SHOP, AcmeSimulator
from crossdock.connectors.kit.simulator import Preset, SimulatorDeclaration


def presets(simulator: AcmeSimulator) -> list[Preset]:
    """Settings that connect to the running simulator."""
    return [Preset("Sandbox shop", {"shop": SHOP, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})]


simulator = SimulatorDeclaration(key="acme", name="Acme", make=AcmeSimulator, base_url="{url}/acme/{shop}", presets=presets)
