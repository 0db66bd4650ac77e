"""NuORDER as a server: portals with their keys, orders, products and stock, in memory."""

from __future__ import annotations

from crossdock.connectors.kit.simulator import Counting, Preset, SimulatorDeclaration
from crossdock.connectors.nuorder.simulator.levers import SEASON
from crossdock.connectors.nuorder.simulator.server import NuOrderSimulator
from crossdock.connectors.nuorder.simulator.taking import take


def presets(simulator: NuOrderSimulator) -> list[Preset]:
    """Each portal, by a token that is approved already and by approving in the sandbox's page."""
    found = []
    for key, (name, kind) in simulator.consumers.items():
        token = next(((one, secret) for one, (secret, consumer) in simulator.access.tokens.items() if consumer == key), None)
        if token is None:
            made = simulator.give_token(key)
            token = (made["token"], made["token_secret"])
        common = {
            "application_type": kind,
            "consumer_key": key,
            "consumer_secret": simulator.access.consumers[key],
            "seasons": SEASON,
        }
        found += [
            Preset(f"{name}, by token", {**common, "access": "typed", "token": token[0], "token_secret": token[1]}),
            Preset(f"{name}, by approval", {**common, "access": "approve"}),
        ]
    return found


def counting(window: float) -> Counting:
    """Calls under way."""
    return Counting(lambda sim: sim.set_limits(True), None, said="counted are calls under way, five at most")


simulator = SimulatorDeclaration(
    key="nuorder",
    name="NuORDER",
    make=NuOrderSimulator,
    base_url="{url}/nuorder/{application_type}",
    presets=presets,
    take=take,
    counting=counting,
)

__all__ = ["NuOrderSimulator", "presets", "simulator"]
